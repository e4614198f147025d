"""Speech is never made in the path of a call: cached answers at once, request renders later, engines fall back."""

import os
import threading
import wave
from pathlib import Path

import pytest

from ivr.speech import SpeechCache, SpeechError, SpeechService, Utterance, encode_g722
from ivr.speech_engines import engines_of
from ivr.speech_flite import FliteEngine
from ivr.speech_kokoro import KokoroEngine, KokoroFiles, SpeechWorker

WAIT_S = 20.0
HELLO = Utterance("您好", "zh")


class Engine:
    def __init__(self, name: str, *, language: str = "zh", fails: bool = False, installed: bool = True) -> None:
        self.name, self.language = name, language
        self._fails, self._installed = fails, installed
        self.spoken: list[str] = []
        self.done = threading.Event()
        self.closed = False

    def available(self) -> bool:
        return self._installed

    def speak(self, utterance: Utterance, out: Path) -> float:
        if self._fails:
            raise SpeechError(f"{self.name} failed")
        self.spoken.append(utterance.spoken)
        with wave.open(str(out), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(24_000)
            sound.writeframes(b"\x00\x10" * 2_400)
        self.done.set()
        return 0.1

    def close(self) -> None:
        self.closed = True


def test_given_nothing_rendered_when_asked_then_none_at_once_and_no_engine_is_called(tmp_path: Path) -> None:
    engine = Engine("a")
    assert SpeechService([engine], SpeechCache(tmp_path)).find(HELLO) is None
    assert engine.spoken == []


def test_given_a_request_when_the_thread_has_run_then_the_sound_is_cached_and_made_once(tmp_path: Path) -> None:
    engine = Engine("a")
    service = SpeechService([engine], SpeechCache(tmp_path))
    assert service.request(HELLO)
    assert service.request(HELLO)
    service.start()
    assert engine.done.wait(WAIT_S)
    service.stop(wait_s=WAIT_S)
    found = service.find(HELLO)
    assert found is not None
    assert found.suffix == ".g722"
    assert engine.spoken == ["您好"]
    assert engine.closed


def test_given_a_failing_engine_when_rendering_then_the_next_one_speaks(tmp_path: Path) -> None:
    missing, broken, good = Engine("missing", installed=False), Engine("broken", fails=True), Engine("good")
    service = SpeechService([missing, broken, good], SpeechCache(tmp_path))
    assert service.render(Utterance("您好", "zh")) is not None
    assert service.find(HELLO) is not None


def test_given_only_failing_engines_when_rendering_then_none_and_the_text_may_be_asked_again(tmp_path: Path) -> None:
    service = SpeechService([Engine("broken", fails=True)], SpeechCache(tmp_path))
    assert service.request(HELLO)
    assert service.render(Utterance("您好", "zh")) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_given_no_engine_for_a_language_when_requested_then_it_is_refused(tmp_path: Path) -> None:
    assert not SpeechService([Engine("a")], SpeechCache(tmp_path)).request(Utterance("hello", "en"))


def test_given_an_engine_that_is_not_installed_when_requested_then_nothing_waits_for_it(tmp_path: Path) -> None:
    service = SpeechService([Engine("a", installed=False)], SpeechCache(tmp_path))
    assert not service.speaks("zh")
    assert not service.request(HELLO)


def test_given_nothing_to_do_for_a_while_when_idle_then_the_engines_are_closed_and_come_back(tmp_path: Path) -> None:
    engine = Engine("a")
    closed = threading.Event()
    engine.close = closed.set  # type: ignore[method-assign]
    service = SpeechService([engine], SpeechCache(tmp_path), idle_s=0.01)
    service.start()
    assert closed.wait(WAIT_S)
    assert service.request(HELLO)
    assert engine.done.wait(WAIT_S)
    service.stop(wait_s=WAIT_S)


def test_given_more_sounds_than_the_limit_when_pruned_then_the_oldest_go(tmp_path: Path) -> None:
    cache, engine = SpeechCache(tmp_path, limit_bytes=2_000), Engine("a")
    made = [cache.render(engine, Utterance(text, "zh")) for text in ("一", "二", "三")]
    for age, path in enumerate(reversed(made)):
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    assert cache.prune() == 1
    assert [path.exists() for path in made] == [False, True, True]


def test_given_a_full_queue_when_requested_then_it_is_refused_and_the_caller_does_not_wait(tmp_path: Path) -> None:
    service = SpeechService([Engine("a")], SpeechCache(tmp_path), waiting_limit=1)
    assert service.request(Utterance("一", "zh"))
    assert not service.request(Utterance("二", "zh"))
    service.stop()


def test_given_text_voice_or_speed_differ_when_cached_then_the_files_differ(tmp_path: Path) -> None:
    cache, a, b = SpeechCache(tmp_path), Engine("a"), Engine("b")
    paths = {
        cache.path(a, Utterance("您好", "zh")),
        cache.path(b, Utterance("您好", "zh")),
        cache.path(a, Utterance("您好", "zh", 0.9)),
        cache.path(a, Utterance("再见", "zh")),
        cache.path(a, Utterance("您好", "zh", 1.0, "号码是，")),
    }
    assert len(paths) == 5
    assert all("您好" not in path.name for path in paths)


def test_given_a_file_that_is_no_sound_when_encoded_then_an_error_and_no_half_file(tmp_path: Path) -> None:
    source, target = tmp_path / "x.wav", tmp_path / "x.g722"
    source.write_text("no sound")
    with pytest.raises(SpeechError, match="could not encode"):
        encode_g722(source, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.wav"]


def test_given_a_home_without_models_when_engines_are_listed_then_kokoro_says_it_is_not_there(tmp_path: Path) -> None:
    kokoro, flite = engines_of(tmp_path)
    assert (kokoro.language, kokoro.available()) == ("zh", False)
    assert flite.language == "en"
    with pytest.raises(SpeechError, match="prompts render"):
        kokoro.speak(Utterance("您好", "zh"), tmp_path / "x.wav")


def test_given_flite_is_not_installed_when_speaking_then_the_error_names_the_package(tmp_path: Path) -> None:
    engine = FliteEngine(program="no-such-flite")
    assert not engine.available()
    with pytest.raises(SpeechError, match="package flite"):
        engine.speak(Utterance("hello", "en"), tmp_path / "x.wav")


def worker_home(folder: Path, *, script: str) -> KokoroFiles:
    """A speech environment whose Python is a shell script: the protocol without a model."""
    files = KokoroFiles(folder)
    files.python.parent.mkdir(parents=True)
    files.python.write_text(f"#!/bin/sh\n{script}\n")
    files.python.chmod(0o755)
    return files


def test_given_a_worker_when_it_answers_then_seconds_come_back_and_close_ends_it(tmp_path: Path) -> None:
    files = worker_home(tmp_path, script="""while read line; do echo '{"seconds": 1.5}'; done""")
    engine = KokoroEngine(files)
    assert engine.speak(Utterance("您好", "zh"), tmp_path / "x.wav") == 1.5
    assert engine.speak(Utterance("您好", "zh"), tmp_path / "x.wav") == 1.5
    engine.close()


def test_given_a_worker_that_dies_when_asked_then_an_error_and_the_next_request_starts_another(tmp_path: Path) -> None:
    script = f"""read line; test -e {tmp_path}/once && echo '{{"seconds": 1}}'; touch {tmp_path}/once"""
    worker = SpeechWorker(worker_home(tmp_path / "env", script=script))
    with pytest.raises(SpeechError, match="no answer"):
        worker.ask({"do": "speak"})
    assert worker.ask({"do": "speak"}) == 1.0
    worker.close()


def test_given_a_worker_that_refuses_when_asked_then_its_reason_is_told(tmp_path: Path) -> None:
    files = worker_home(tmp_path, script="""read line; echo '{"error": "no phoneme"}'; read line""")
    worker = SpeechWorker(files)
    with pytest.raises(SpeechError, match="no phoneme"):
        worker.ask({"do": "speak"})
    worker.close()
