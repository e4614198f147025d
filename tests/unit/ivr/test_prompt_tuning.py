"""Of several recipes the one that is understood best is kept, with its sound; nothing gets worse."""

import wave
from pathlib import Path

import pytest

from ivr.prompt_catalogue import PromptCatalogue, load_catalogue
from ivr.prompt_hearing import telephone_samples
from ivr.prompt_listening import CONTEXTS, Listener, listen, passages, sounding
from ivr.prompt_sentences import SentenceKind
from ivr.prompt_sounds import sound_path
from ivr.prompt_tools import check, render
from ivr.prompt_tuning import Tuner
from ivr.speech import Utterance

SENTENCES = "[sentences]\n" + "".join(f'{kind.value} = ["hello"]\n' for kind in SentenceKind)
WORDS = '[prompts.fixed]\nhello = "您好"\n[voicing.surnames]\ncarrier = "是，"\n[prompts.surnames]\nsurname-wang-mr = "王先生"\n'
RATE_HZ, WIDE_HZ = 8_000, 16_000
LOUD, SOFT = 12_000, 3_000


class LoudnessVoice:
    """Slow speech comes out loud, natural speech soft: a recipe can be heard in the samples."""

    name, language = "loud/1", "zh"

    def available(self) -> bool:
        return True

    def speak(self, utterance: Utterance, out: Path) -> float:
        level = LOUD if utterance.speed == 0.8 else SOFT
        with wave.open(str(out), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(16_000)
            sound.writeframes(
                b"".join((level if at // 8 % 2 else -level).to_bytes(2, "little", signed=True) for at in range(8_000))
            )
        return 0.5

    def close(self) -> None:
        return


class LoudEar:
    """Understands loud speech only."""

    rate_hz = RATE_HZ

    def hear(self, pcm: bytes) -> str:
        loudest = max(abs(int.from_bytes(pcm[at : at + 2], "little", signed=True)) for at in range(0, len(pcm), 2))
        return "王先生您好" if loudest > (LOUD + SOFT) // 2 else "黄先生您好"


@pytest.fixture
def words(tmp_path: Path) -> PromptCatalogue:
    (tmp_path / "zh.toml").write_text(SENTENCES + WORDS, encoding="utf-8")
    return load_catalogue("zh", folder=tmp_path)


def test_given_a_badly_understood_prompt_when_improved_then_the_best_recipe_and_its_sound_are_kept(
    tmp_path: Path, words: PromptCatalogue
) -> None:
    sounds = tmp_path / "sounds"
    render([LoudnessVoice()], folder=sounds, catalogues=[words])
    listener = Listener(words, LoudEar(), folder=sounds)
    tuner = Tuner(words, LoudnessVoice(), listener, folder=sounds, prompts_folder=tmp_path)
    (tuned,) = tuner.improve(["surname-wang-mr"])
    assert (tuned.before > 0.0, tuned.after) == (True, 0.0)
    again = load_catalogue("zh", folder=tmp_path)
    assert again.prompt("surname-wang-mr").voicing.speed == 0.8
    assert check(folder=sounds, catalogues=[again]) == []
    assert listener.sentence(["surname-wang-mr"]).rate < 1.0


def test_given_a_prompt_that_nothing_improves_when_improved_then_sound_and_recipe_stay(
    tmp_path: Path, words: PromptCatalogue
) -> None:
    sounds = tmp_path / "sounds"
    render([LoudnessVoice()], folder=sounds, catalogues=[words])

    class DeafEar(LoudEar):
        def hear(self, pcm: bytes) -> str:
            return ""

    before = sorted((path.name, path.read_bytes()) for path in sounds.rglob("*.g722"))
    listener = Listener(words, DeafEar(), folder=sounds)
    (tuned,) = Tuner(words, LoudnessVoice(), listener, folder=sounds, prompts_folder=tmp_path).improve(
        ["surname-wang-mr"]
    )
    assert tuned.before == tuned.after == 1.0
    assert sorted((path.name, path.read_bytes()) for path in sounds.rglob("*.g722")) == before
    assert not (tmp_path / "recipes.json").exists()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_given_the_contexts_when_sentences_are_made_then_every_fragment_of_their_groups_is_said(language: str) -> None:
    catalogue = load_catalogue(language)
    groups = {part[1:] for template in CONTEXTS[language] for part in template if part.startswith("@")}
    said = {key for one in passages(catalogue) for key in one}
    assert [prompt.key for prompt in catalogue.prompts() if prompt.group in groups and prompt.key not in said] == []


def test_given_an_error_on_one_fragment_when_heard_then_it_is_charged_to_that_fragment(
    tmp_path: Path, words: PromptCatalogue
) -> None:
    sounds = tmp_path / "sounds"
    render([LoudnessVoice()], folder=sounds, catalogues=[words])
    measures, sentences = listen(Listener(words, LoudEar(), folder=sounds), words)
    rates = {one.key: one.rate for one in measures}
    assert rates == {"hello": 0.0, "surname-wang-mr": pytest.approx(1 / 3)}
    assert [one.expected for one in sentences] == ["王先生您好"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_given_the_shipped_fragments_when_measured_then_they_join_to_one_voice(language: str) -> None:
    """Same level within 3 dB and little silence at both ends, so that fragments sound like one sentence."""
    catalogue = load_catalogue(language)
    groups = {"months", "weekdays", "digits", "departments", "options"}
    joined = [prompt.key for prompt in catalogue.prompts() if prompt.group in groups][::4]
    wide = {key: telephone_samples(sound_path(language, key), WIDE_HZ, through_hz=WIDE_HZ) for key in joined}
    soundings = {key: sounding(pcm, WIDE_HZ) for key, pcm in wide.items()}
    levels = [one.level_dbfs for one in soundings.values()]
    assert max(levels) - min(levels) <= 3.0, soundings
    assert max(one.before_s for one in soundings.values()) <= 0.25
    assert max(one.after_s for one in soundings.values()) <= 0.25
