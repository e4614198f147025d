"""Shipped sounds fit their texts; recordings win; an installation is incremental and never leaves a hole."""

import os
import subprocess
import wave
from pathlib import Path

import pytest

from ivr.prompt_catalogue import LANGUAGES, load_catalogue
from ivr.prompt_sounds import SHIPPED_FOLDER, TONES, install_sounds, read_manifest, sound_path
from ivr.prompt_tools import check

G722_BYTES_PER_S = 8_000
SHIPPED_LIMIT_BYTES = 20 * 1024 * 1024  # both languages


def write_tone(path: Path, *, seconds: float = 0.2, rate_hz: int = 44_100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes(b"\x00\x10\x00\xf0" * int(seconds * rate_hz / 2))


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    for name, content in (("hl/greeting", b"g" * 800), ("hl/goodbye", b"b" * 800), ("beep", b"p" * 80)):
        path = folder / "zh" / f"{name}.g722"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_given_the_repository_when_checked_then_every_prompt_has_the_sound_of_its_text() -> None:
    assert [str(problem) for problem in check()] == []


def test_given_the_shipped_sounds_when_measured_then_length_and_manifest_agree_and_all_is_small() -> None:
    manifest = read_manifest()
    total = 0
    for language in LANGUAGES:
        for key, sound in manifest[language].items():
            size = sound_path(language, key).stat().st_size
            total += size
            assert size / G722_BYTES_PER_S == pytest.approx(sound.seconds, abs=0.03), key
            assert 0.25 < sound.seconds < 30, key
        assert manifest[language].keys() == load_catalogue(language).keys()
    assert total < SHIPPED_LIMIT_BYTES


def test_given_the_tones_when_shipped_then_asterisks_own_names_are_there_in_both_languages() -> None:
    for language in LANGUAGES:
        for name in TONES:
            assert (SHIPPED_FOLDER / language / f"{name}.g722").stat().st_size > 1_000


def test_given_a_shipped_sound_when_decoded_then_it_is_speech_between_short_silences(tmp_path: Path) -> None:
    wav = tmp_path / "greeting.wav"
    source = str(sound_path("zh", "greeting"))
    subprocess.run(["ffmpeg", "-v", "error", "-f", "g722", "-i", source, "-f", "wav", str(wav)], check=True, timeout=30)
    with wave.open(str(wav), "rb") as sound:
        rate_hz = sound.getframerate()
        raw = sound.readframes(sound.getnframes())
    samples = [int.from_bytes(raw[at : at + 2], "little", signed=True) for at in range(0, len(raw), 2)]
    loud = [index for index, sample in enumerate(samples) if abs(sample) > 600]
    assert rate_hz == 16_000
    assert 0.03 < loud[0] / rate_hz < 0.2
    assert 0.03 < (len(samples) - loud[-1]) / rate_hz < 0.25
    assert 8_000 < max(map(abs, samples)) < 32_700


def test_given_an_empty_home_when_installed_then_asterisk_finds_prompts_and_tones(
    tmp_path: Path, shipped: Path
) -> None:
    done = install_sounds(tmp_path / "home", shipped=shipped)
    assert (done.copied, done.recorded, done.removed) == (3, 0, 0)
    assert (tmp_path / "home/sounds/zh/hl/greeting.g722").read_bytes() == b"g" * 800
    assert (tmp_path / "home/sounds/zh/beep.g722").exists()


def test_given_an_installed_home_when_installed_again_then_nothing_is_written(tmp_path: Path, shipped: Path) -> None:
    install_sounds(tmp_path / "home", shipped=shipped)
    again = install_sounds(tmp_path / "home", shipped=shipped)
    assert (again.copied, again.recorded, again.removed) == (0, 0, 0)


def test_given_sounds_the_voice_made_in_a_home_when_installed_again_then_they_stay(
    tmp_path: Path, shipped: Path
) -> None:
    live = tmp_path / "home/sounds/zh/live/abc.g722"
    live.parent.mkdir(parents=True)
    live.write_bytes(b"l" * 80)
    assert install_sounds(tmp_path / "home", shipped=shipped).removed == 0
    assert live.exists()


def test_given_a_recording_when_installed_then_it_wins_and_leaving_it_out_brings_the_shipped_one_back(
    tmp_path: Path, shipped: Path
) -> None:
    home = tmp_path / "home"
    recording = home / "sounds-recorded/zh/greeting.wav"
    write_tone(recording)
    assert install_sounds(home, shipped=shipped).recorded == 1
    installed = home / "sounds/zh/hl/greeting.g722"
    assert installed.stat().st_size == pytest.approx(0.2 * G722_BYTES_PER_S, rel=0.1)
    assert install_sounds(home, shipped=shipped).recorded == 0
    recording.unlink()
    assert install_sounds(home, shipped=shipped).copied == 1
    assert installed.read_bytes() == b"g" * 800


def test_given_a_newer_recording_when_installed_then_it_replaces_the_old_one(tmp_path: Path, shipped: Path) -> None:
    home = tmp_path / "home"
    recording = home / "sounds-recorded/zh/greeting.wav"
    write_tone(recording)
    install_sounds(home, shipped=shipped)
    write_tone(recording, seconds=0.4)
    os.utime(recording, (1_000_000, 1_000_000))
    assert install_sounds(home, shipped=shipped).recorded == 1


@pytest.mark.fault("F37")
def test_given_a_broken_recording_when_installed_then_the_shipped_sound_stays(tmp_path: Path, shipped: Path) -> None:
    home = tmp_path / "home"
    broken = home / "sounds-recorded/zh/greeting.wav"
    broken.parent.mkdir(parents=True)
    broken.write_text("this is no sound")
    done = install_sounds(home, shipped=shipped)
    assert done.rejected == ("zh/greeting",)
    assert (home / "sounds/zh/hl/greeting.g722").read_bytes() == b"g" * 800


def test_given_a_prompt_that_left_the_catalogue_when_installed_then_its_sound_leaves_the_home(
    tmp_path: Path, shipped: Path
) -> None:
    install_sounds(tmp_path / "home", shipped=shipped)
    (shipped / "zh/hl/goodbye.g722").unlink()
    assert install_sounds(tmp_path / "home", shipped=shipped).removed == 1
    assert not (tmp_path / "home/sounds/zh/hl/goodbye.g722").exists()
