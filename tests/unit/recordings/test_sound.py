"""Joining and measuring the two sides of a call, and reading files that Asterisk left in any condition."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings import worker
from recordings.audio import COPY_FORMATS, CopyFailed, checksum, join_sides, make_copy
from recordings.measures import SILENCE_DBFS, level_dbfs, peaks_of, talk_frames
from recordings.sound_file import DamagedSound, open_side
from tests.support.sounds import break_header, pattern, read_stereo, tone, write_wav

QUIET, VOICE = 0.0005, 0.2


def job(folder: Path, **changes: object) -> dict[str, object]:
    return {
        "patient": str(folder / "c-in.wav"),
        "agent": str(folder / "c-out.wav"),
        "wav": str(folder / "joined.wav"),
        "copy": str(folder / "joined.ogg"),
        "copy_format": "opus",
        "kbit_s": 32,
    } | changes


@pytest.mark.capability("C45")
def test_given_sides_of_unequal_length_when_joined_then_left_is_the_patient_padded_and_nothing_trimmed(
    tmp_path: Path,
) -> None:
    left = pattern([(1.0, VOICE), (0.5, 0.0)])
    right = pattern([(0.25, 0.0), (2.003, VOICE)])
    patient = open_side(write_wav(tmp_path / "in.wav", left))
    agent = open_side(write_wav(tmp_path / "out.wav", right))
    joined = join_sides(patient, agent, tmp_path / "joined.wav")
    one, other, rate_hz = read_stereo(tmp_path / "joined.wav")
    assert rate_hz == 8000
    assert len(one) == len(other) == len(right) // 2
    assert joined.measures.length_s == pytest.approx(2.253)
    assert one[: len(left) // 2] == [
        int.from_bytes(left[i : i + 2], "little", signed=True) for i in range(0, len(left), 2)
    ]
    assert set(one[len(left) // 2 :]) == {0}
    assert joined.sha256 == checksum(tmp_path / "joined.wav")
    assert joined.size_bytes == (tmp_path / "joined.wav").stat().st_size


@pytest.mark.capability("C45")
def test_given_who_talked_when_measured_then_shares_levels_and_silence_are_right(tmp_path: Path) -> None:
    patient = open_side(write_wav(tmp_path / "in.wav", pattern([(2.0, VOICE), (8.0, QUIET)])))
    agent = open_side(write_wav(tmp_path / "out.wav", pattern([(3.0, QUIET), (5.0, 0.1), (2.0, QUIET)])))
    measures = join_sides(patient, agent, tmp_path / "joined.wav").measures
    assert measures.length_s == pytest.approx(10.0)
    assert measures.patient_talk_ratio == pytest.approx(0.2, abs=0.005)
    assert measures.agent_talk_ratio == pytest.approx(0.5, abs=0.005)
    assert measures.silence_ratio == pytest.approx(0.3, abs=0.005)
    assert measures.patient_level_dbfs == pytest.approx(-17.0, abs=0.3)  # 20*log10(0.2/sqrt 2)
    assert measures.agent_level_dbfs == pytest.approx(-23.0, abs=0.3)
    assert measures.peaks.step_s == 0.02
    assert len(measures.peaks.patient) == len(measures.peaks.agent) == 500
    assert measures.peaks.patient[10] == 20
    assert measures.peaks.patient[400] == 0


def test_given_sides_of_different_rates_when_joined_then_both_take_the_higher_and_the_same_time(tmp_path: Path) -> None:
    patient = open_side(write_wav(tmp_path / "in.wav", tone(1.0)))
    agent = open_side(write_wav(tmp_path / "out.wav", tone(1.0, rate_hz=16000), rate_hz=16000))
    joined = join_sides(patient, agent, tmp_path / "joined.wav")
    _, _, rate_hz = read_stereo(tmp_path / "joined.wav")
    assert rate_hz == 16000
    assert joined.measures.length_s == pytest.approx(1.0, abs=0.01)


@given(st.integers(0, 700), st.integers(0, 700))
@settings(max_examples=30, deadline=None)
def test_given_any_lengths_when_joined_then_as_many_samples_as_the_longer_side(
    tmp_path_factory: pytest.TempPathFactory, patient_samples: int, agent_samples: int
) -> None:
    folder = tmp_path_factory.mktemp("join")
    patient = open_side(write_wav(folder / "in.wav", b"\x01\x02" * patient_samples))
    agent = open_side(write_wav(folder / "out.wav", b"\x03\x04" * agent_samples))
    join_sides(patient, agent, folder / "joined.wav")
    one, other, _ = read_stereo(folder / "joined.wav")
    assert len(one) == len(other) == max(patient_samples, agent_samples)
    shutil.rmtree(folder)


def test_given_calls_longer_than_a_block_when_joined_then_the_seams_are_not_heard(tmp_path: Path) -> None:
    samples = [i % 2000 for i in range(8000 * 61)]
    pcm = b"".join(one.to_bytes(2, "little", signed=True) for one in samples)
    patient = open_side(write_wav(tmp_path / "in.wav", pcm))
    agent = open_side(write_wav(tmp_path / "out.wav", pcm[: 8000 * 60 * 2]))
    join_sides(patient, agent, tmp_path / "joined.wav")
    one, other, _ = read_stereo(tmp_path / "joined.wav")
    assert one == samples
    assert other == samples[: 8000 * 60] + [0] * 8000


@pytest.mark.fault("F15")
@pytest.mark.invariant("I6")
def test_given_a_header_with_size_zero_when_opened_then_the_sound_is_found_and_marked_as_not_closed(
    tmp_path: Path,
) -> None:
    whole = open_side(write_wav(tmp_path / "whole.wav", tone(0.5)))
    broken = open_side(break_header(write_wav(tmp_path / "broken.wav", tone(0.5))))
    assert (whole.is_complete, broken.is_complete) == (True, False)
    assert broken.data_bytes == whole.data_bytes == 8000
    assert broken.length_s == 0.5
    cut = tmp_path / "cut.wav"
    cut.write_bytes((tmp_path / "whole.wav").read_bytes()[:1001])
    assert open_side(cut).data_bytes == 956
    assert not open_side(cut).is_complete


def test_given_forty_four_bytes_when_opened_then_empty(tmp_path: Path) -> None:
    side = open_side(write_wav(tmp_path / "empty.wav", b""))
    assert (tmp_path / "empty.wav").stat().st_size == 44
    assert (side.data_bytes, side.length_s, side.is_complete) == (0, 0.0, True)


@pytest.mark.fault("F89")
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"#EXTM3U\nfile:///etc/passwd\n" + b" " * 100,
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x40\x1f\0\0\0\0\0\0\x02\0\x10\0data\0\0\0\0",
        b"RIFF\0\0\0\0WAVEdata\x10\0\0\0" + b"x" * 40,
        b"RIFF\0\0\0\0WAVE" + b"junk\xff\xff\xff\x7f" + b"x" * 100,
        b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 500,
    ],
    ids=["nothing", "short", "playlist", "stereo", "no-format", "endless", "many-chunks"],
)
def test_given_something_else_than_a_call_s_wav_when_opened_then_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(data)
    with pytest.raises(DamagedSound):
        open_side(path)


@given(st.binary(max_size=200))
def test_given_any_bytes_when_opened_then_a_side_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + data)
    try:
        side = open_side(path)
    except DamagedSound:
        return
    assert 0 <= side.data_bytes <= len(data)


@given(st.lists(st.integers(0, 32768), max_size=300))
def test_given_any_levels_when_measured_then_ratios_and_peaks_stay_in_range(levels: list[int]) -> None:
    talk = talk_frames(levels)
    assert len(talk) == len(levels)
    assert SILENCE_DBFS <= level_dbfs(levels, talk) <= 0
    peaks = peaks_of(levels, levels[::-1])
    assert all(0 <= value <= 100 for value in (*peaks.patient, *peaks.agent))


def test_given_pauses_in_a_sentence_and_a_click_when_judged_then_one_speech_and_no_click() -> None:
    loud, low = 2000, 5
    levels = [low] * 50 + [loud] * 20 + [low] * 15 + [loud] * 20 + [low] * 100 + [loud] * 2 + [low] * 50
    talk = talk_frames(levels)
    assert sum(talk) == 55
    assert not any(talk[200:])


def test_given_a_two_hour_call_when_drawn_then_at_most_two_thousand_steps() -> None:
    frames = 2 * 3600 * 50
    peaks = peaks_of([0] * (frames - 1) + [32768], [0] * frames)
    assert len(peaks.patient) <= 2000
    assert peaks.patient[-1] == 100
    assert peaks.step_s * len(peaks.patient) >= 7200


@pytest.mark.capability("C49")
@pytest.mark.parametrize("copy_format", sorted(COPY_FORMATS))
def test_given_a_recording_when_copied_then_small_two_channels_and_as_long(tmp_path: Path, copy_format: str) -> None:
    patient = open_side(write_wav(tmp_path / "in.wav", tone(5.0)))
    agent = open_side(write_wav(tmp_path / "out.wav", tone(5.0, hz=900)))
    joined = join_sides(patient, agent, tmp_path / "joined.wav")
    target = tmp_path / f"joined{COPY_FORMATS[copy_format][0]}"
    make_copy(tmp_path / "joined.wav", target, copy_format=copy_format, kbit_s=32)
    probe = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-show_entries",
            "stream=channels,codec_name:format=duration",
            "-of",
            "json",
            str(target),
        ],
        capture_output=True,
        check=True,
    )
    found = json.loads(probe.stdout)
    assert found["streams"] == [{"codec_name": copy_format, "channels": 2}]
    assert float(found["format"]["duration"]) == pytest.approx(5.0, abs=0.2)
    assert target.stat().st_size < joined.size_bytes / 4


@pytest.mark.fault("F89")
def test_given_a_playlist_with_our_ending_when_copied_then_ffmpeg_refuses(tmp_path: Path) -> None:
    fake = tmp_path / "fake.wav"
    fake.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n")
    with pytest.raises(CopyFailed):
        make_copy(fake, tmp_path / "fake.ogg", copy_format="opus", kbit_s=32)


def test_given_no_ffmpeg_when_worked_on_then_the_recording_is_kept_without_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wav(tmp_path / "c-in.wav", tone(1.0))
    write_wav(tmp_path / "c-out.wav", tone(1.0))
    monkeypatch.setenv("PATH", str(tmp_path))
    result = worker.run(job(tmp_path))
    assert (result["has_copy"], result["is_repaired"]) == (False, False)
    assert "ffmpeg" in result["detail"]
    assert (tmp_path / "joined.wav").exists()


@pytest.mark.invariant("I6")
def test_given_lost_or_broken_sides_when_worked_on_then_what_is_left_becomes_the_recording(tmp_path: Path) -> None:
    write_wav(tmp_path / "c-in.wav", tone(1.0))
    result = worker.run(job(tmp_path))
    assert result["is_repaired"]
    assert (result["measures"]["patient_talk_ratio"], result["measures"]["agent_talk_ratio"]) == (1.0, 0.0)
    (tmp_path / "c-in.wav").rename(tmp_path / "c-out.wav")
    result = worker.run(job(tmp_path))
    assert (result["measures"]["patient_talk_ratio"], result["measures"]["agent_talk_ratio"]) == (0.0, 1.0)
    (tmp_path / "c-out.wav").write_bytes(b"nonsense")
    assert worker.run(job(tmp_path))["error"] == "damaged"
    (tmp_path / "c-out.wav").unlink()
    assert worker.run(job(tmp_path))["error"] == "damaged"


@pytest.mark.capability("C47")
def test_given_empty_sides_when_worked_on_then_empty_and_nothing_is_left_behind(tmp_path: Path) -> None:
    for name in ("c-in.wav", "c-out.wav"):
        write_wav(tmp_path / name, b"")
    assert worker.run(job(tmp_path))["error"] == "empty"
    assert not (tmp_path / "joined.wav").exists()


@pytest.mark.fault("F44")
def test_given_a_full_disk_when_worked_on_then_it_says_so(tmp_path: Path) -> None:
    for name in ("c-in.wav", "c-out.wav"):
        write_wav(tmp_path / name, tone(1.0))
    (tmp_path / "joined.wav").symlink_to("/dev/full")
    result = worker.run(job(tmp_path))
    assert result["error"] == "disk_full"
