"""Names and sentences without a sound are made in the background; the caller always hears something, at once."""

import datetime as dt
import wave
from pathlib import Path

import pytest

from ivr.prompt_catalogue import load_catalogue
from ivr.prompt_sentences import SentenceKind
from ivr.speech import SpeechCache, SpeechService, Utterance
from ivr.speech_live import LiveCatalogue

UNKNOWN = {"date": dt.date(2026, 11, 23), "time": dt.time(9, 30), "department": "心内科", "doctor": "怪思远"}


class Voice:
    """An engine that notes what it said."""

    name, language = "voice/1", "zh"

    def __init__(self) -> None:
        self.said: list[Utterance] = []

    def available(self) -> bool:
        return True

    def speak(self, utterance: Utterance, out: Path) -> float:
        self.said.append(utterance)
        with wave.open(str(out), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(24_000)
            sound.writeframes(b"\x00\x10" * 2_400)
        return 0.1

    def close(self) -> None:
        return


@pytest.fixture
def voice() -> Voice:
    return Voice()


@pytest.fixture
def service(tmp_path: Path, voice: Voice) -> SpeechService:
    return SpeechService([voice], SpeechCache(tmp_path))


@pytest.fixture
def live(service: SpeechService) -> LiveCatalogue:
    return LiveCatalogue(load_catalogue("zh"), service)


def work_off(service: SpeechService) -> None:
    """Everything that was asked for is rendered, in this thread."""
    while service.waiting:
        service.render_next()


def test_given_a_name_without_sound_when_said_then_neutrally_at_once_and_by_name_the_next_time(
    live: LiveCatalogue, service: SpeechService, voice: Voice
) -> None:
    assert live.fragments_for(SentenceKind.BOOKED, UNKNOWN)[-1] == "hl/doctor-unknown"
    work_off(service)
    assert [(one.spoken, one.carrier) for one in voice.said] == [("怪思远医生", "您预约的是，")]
    sounds = live.fragments_for(SentenceKind.BOOKED, UNKNOWN)
    assert sounds[:-1] == load_catalogue("zh").fragments_for(SentenceKind.BOOKED, UNKNOWN)[:-1]
    assert sounds[-1].startswith("live/")
    assert live.text_of(sounds).endswith("心内科怪思远医生")


def test_given_a_sentence_when_wished_twice_then_it_is_made_whole_once(
    live: LiveCatalogue, service: SpeechService, voice: Voice
) -> None:
    values = {**UNKNOWN, "doctor": "王建国"}
    fragments = live.fragments_for(SentenceKind.BOOKED, values)
    assert service.waiting == 0
    assert live.fragments_for(SentenceKind.BOOKED, values) == fragments
    work_off(service)
    (whole,) = live.fragments_for(SentenceKind.BOOKED, values)
    assert whole.startswith("live/")
    assert live.text_of([whole]) == load_catalogue("zh").text_of(fragments)
    assert len(voice.said) == 1


@pytest.mark.requirement("R17")
def test_given_a_sentence_with_a_patients_name_when_wished_often_then_no_sound_of_it_is_kept(
    live: LiveCatalogue, service: SpeechService
) -> None:
    for _ in range(3):
        live.fragments_for(SentenceKind.APPOINTMENT_OF, {**UNKNOWN, "doctor": "王建国", "patient": "阿莎"})
        live.fragments_for(SentenceKind.GREETING_KNOWN, {"patient": "某甲乙"})
    assert service.waiting == 0


def test_given_running_text_when_asked_for_then_none_until_it_is_made(
    live: LiveCatalogue, service: SpeechService
) -> None:
    assert live.sound_for_text("门诊楼3层A区。") is None
    work_off(service)
    sound = live.sound_for_text("门诊楼3层A区。")
    assert sound is not None
    assert live.text(sound) == "门诊楼3层A区。"


def test_given_no_voice_installed_when_said_then_as_without_it(tmp_path: Path) -> None:
    shipped = load_catalogue("zh")
    live = LiveCatalogue(shipped, SpeechService([], SpeechCache(tmp_path)))
    for _ in range(3):
        assert live.fragments_for(SentenceKind.BOOKED, UNKNOWN) == shipped.fragments_for(SentenceKind.BOOKED, UNKNOWN)
    assert live.sound_for_text("您好") is None
