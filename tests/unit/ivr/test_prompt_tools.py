"""check finds what is wrong, render makes exactly what check misses, script is what a voice artist gets."""

import csv
import struct
import wave
from pathlib import Path

import pytest

from ivr.prompt_catalogue import PromptCatalogue, load_catalogue
from ivr.prompt_sentences import SentenceKind
from ivr.prompt_sounds import read_manifest, sound_path
from ivr.prompt_tools import check, render, script
from ivr.speech import SpeechError, Utterance

SENTENCES = "[sentences]\n" + "".join(f'{kind.value} = ["greeting"]\n' for kind in SentenceKind)


class ToneEngine:
    """A voice that says one tone; remembers what it was asked."""

    name, language = "tone/1", "zh"

    def __init__(self, failing: tuple[str, ...] = ()) -> None:
        self.asked: list[Utterance] = []
        self._failing = failing

    def available(self) -> bool:
        return True

    def speak(self, utterance: Utterance, out: Path) -> float:
        if utterance.spoken in self._failing:
            raise SpeechError("refused")
        self.asked.append(utterance)
        with wave.open(str(out), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(24_000)
            sound.writeframes(struct.pack("<2400h", *([3_000, -3_000] * 1_200)))
        return 0.1

    def close(self) -> None:
        return


def catalogue(folder: Path, *, prompts: str) -> PromptCatalogue:
    (folder / "zh.toml").write_text(SENTENCES + "[prompts.fixed]\n" + prompts, encoding="utf-8")
    return load_catalogue("zh", folder=folder)


TWO = 'greeting = "您好"\nmenu = "请按1"\n'


def codes(folder: Path, loaded: PromptCatalogue) -> list[str]:
    return [problem.code for problem in check(folder=folder, catalogues=[loaded])]


def test_given_no_sounds_when_rendered_then_all_are_made_and_check_is_content(tmp_path: Path) -> None:
    loaded, sounds = catalogue(tmp_path, prompts=TWO), tmp_path / "sounds"
    assert codes(sounds, loaded).count("PROMPT-002") == 2
    done = render([ToneEngine()], folder=sounds, catalogues=[loaded])
    assert done.made == ("zh/greeting", "zh/menu")
    assert codes(sounds, loaded) == []
    assert read_manifest(sounds)["zh"]["menu"].engine == "tone/1"


def test_given_a_changed_text_when_checked_then_it_fails_until_that_one_is_rendered_again(tmp_path: Path) -> None:
    sounds = tmp_path / "sounds"
    render([ToneEngine()], folder=sounds, catalogues=[catalogue(tmp_path, prompts=TWO)])
    changed = catalogue(tmp_path, prompts='greeting = "您好"\nmenu = "请按2"\n')
    assert codes(sounds, changed) == ["PROMPT-003"]
    engine = ToneEngine()
    render([engine], folder=sounds, catalogues=[changed])
    assert [utterance.spoken for utterance in engine.asked] == ["请按二"]
    assert codes(sounds, changed) == []


def test_given_a_sound_that_was_tampered_with_when_checked_then_it_is_found(tmp_path: Path) -> None:
    loaded, sounds = catalogue(tmp_path, prompts=TWO), tmp_path / "sounds"
    render([ToneEngine()], folder=sounds, catalogues=[loaded])
    sound_path("zh", "menu", folder=sounds).write_bytes(b"other")
    assert codes(sounds, loaded) == ["PROMPT-004"]


def test_given_a_key_that_left_the_catalogue_when_rendered_then_its_sound_goes_too(tmp_path: Path) -> None:
    sounds = tmp_path / "sounds"
    render([ToneEngine()], folder=sounds, catalogues=[catalogue(tmp_path, prompts=TWO)])
    render([ToneEngine()], folder=sounds, catalogues=[catalogue(tmp_path, prompts='greeting = "您好"\n')])
    assert not sound_path("zh", "menu", folder=sounds).exists()
    assert set(read_manifest(sounds)["zh"]) == {"greeting"}


def test_given_an_engine_that_refuses_one_text_when_rendered_then_the_others_are_kept(tmp_path: Path) -> None:
    loaded, sounds = catalogue(tmp_path, prompts=TWO), tmp_path / "sounds"
    done = render([ToneEngine(failing=("您好",))], folder=sounds, catalogues=[loaded])
    assert done.made == ("zh/menu",)
    assert done.failed == (("zh/greeting", "refused"),)
    assert codes(sounds, loaded) == ["PROMPT-002"]


def test_given_an_interruption_when_rendering_then_what_was_made_is_in_the_manifest(tmp_path: Path) -> None:
    loaded, sounds = catalogue(tmp_path, prompts=TWO), tmp_path / "sounds"

    def interrupt(done: int, total: int, key: str) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render([ToneEngine()], folder=sounds, catalogues=[loaded], on_progress=interrupt)
    assert set(read_manifest(sounds)["zh"]) == {"greeting"}


def test_given_a_sentence_with_an_unknown_key_when_checked_then_it_is_named(tmp_path: Path) -> None:
    text = SENTENCES.replace('appointment = ["greeting"]', 'appointment = ["no-such-key", "{no-slot}"]')
    (tmp_path / "zh.toml").write_text(text + "[prompts.fixed]\n" + TWO, encoding="utf-8")
    found = [
        problem.what
        for problem in check(folder=tmp_path / "sounds", catalogues=[load_catalogue("zh", folder=tmp_path)])
    ]
    assert any("no-such-key" in what for what in found)
    assert any("{no-slot}" in what for what in found)


def test_given_the_catalogue_when_a_script_is_written_then_every_prompt_is_a_line_a_spreadsheet_can_open(
    tmp_path: Path,
) -> None:
    table, readable = script(tmp_path)
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} >= {"zh/greeting.wav", "en/greeting.wav"}
    assert len(rows) == len(load_catalogue("zh")) + len(load_catalogue("en"))
    assert "欢迎致电仁爱医院" in readable.read_text(encoding="utf-8")
