"""From the end of a call to a listed recording: files that come late, never, empty, broken, or while the disk is full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.calls.events import (
    CallArrived,
    CallEnded,
    RecordingMissing,
    RecordingReady,
)
from crm_core.calls.kinds import CallOutcome, Direction, HungUpBy, RecordingState
from crm_core.errors import NotFound
from crm_core.ids import CallId
from recordings.incoming import IncomingFiles
from recordings.worker_process import WorkerDied
from tests.support.recording_room import CALL, Room
from tests.support.sounds import break_header, tone, write_wav


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.ground.database.close()


@pytest.mark.capability("C45")
@pytest.mark.requirement("R44")
def test_given_an_ended_call_when_its_files_are_whole_then_stored_measured_linked_and_told(room: Room) -> None:
    room.begin()
    room.write(length_s=2.0)
    room.end()
    room.pass_time(3)
    record = room.record()
    assert record.state == RecordingState.READY
    assert record.length_s == pytest.approx(2.0)
    assert [event.recording_id for event in room.ground.bus.of(RecordingReady)] == [record.id]
    assert record.store_name is not None
    assert record.store_name.startswith("2026/11/23/")
    assert CALL not in record.store_name
    assert list(room.incoming.iterdir()) == []
    copy = room.library.playable(record.id)
    assert (copy.mime_type, copy.path.suffix) == ("audio/ogg", ".ogg")
    assert copy.size_bytes == copy.path.stat().st_size > 0
    assert len(room.library.peaks(record.id).patient) == 100
    assert room.library.verify(record.id)
    assert (copy.path.stat().st_mode & 0o777) == 0o600


def test_given_files_still_growing_when_looked_at_then_not_touched_until_closed(room: Room) -> None:
    """TRAPS 1.3: a WAV still being written reads as length 0 without an error."""
    room.begin()
    room.end()
    for second in range(1, 5):
        for side in ("-in", "-out"):
            break_header(write_wav(room.incoming / f"{CALL}{side}.wav", tone(float(second))))
        room.pass_time(1)
        assert room.worker.jobs == 0
    room.write(length_s=5.0)
    room.pass_time(2)
    assert room.record().length_s == pytest.approx(5.0)


@pytest.mark.fault("F15")
@pytest.mark.invariant("I6")
def test_given_asterisk_was_killed_when_the_headers_stay_zero_then_the_sound_is_saved(room: Room) -> None:
    room.begin()
    for side in ("-in", "-out"):
        break_header(write_wav(room.incoming / f"{CALL}{side}.wav", tone(3.0)))
    room.end()
    room.pass_time(4)
    assert room.record().state == RecordingState.READY
    assert room.record().length_s == pytest.approx(3.0)


@pytest.mark.capability("C47")
def test_given_an_answered_call_without_file_when_time_is_up_then_listed_as_missing(room: Room) -> None:
    room.begin()
    room.end()
    room.pass_time(9)
    assert room.record().state == RecordingState.RECORDING
    room.pass_time(3)
    assert (room.record().state, room.record().reason) == (RecordingState.MISSING, "no_file")
    assert len(room.ground.bus.of(RecordingMissing)) == 1
    assert room.ingest.backlog == 0


@pytest.mark.capability("C47")
def test_given_forty_four_bytes_when_ingested_then_listed_as_empty(room: Room) -> None:
    room.begin()
    room.write(length_s=0.0)
    room.end()
    room.pass_time(3)
    assert room.record().state == RecordingState.EMPTY
    with pytest.raises(NotFound):
        room.library.playable(room.record().id)


@pytest.mark.capability("C47")
def test_given_recording_never_began_when_swept_then_the_answered_call_is_listed(room: Room) -> None:
    room.begin(is_recorded=False)
    room.ground.clock.advance(30)
    room.end()
    room.pass_time(180, step_s=5)
    assert (room.record().state, room.record().reason) == (RecordingState.MISSING, "not_started")


def test_given_a_call_nobody_answered_when_it_ends_then_nothing_is_listed(room: Room) -> None:
    now = room.ground.clock.now()
    room.ground.bus.publish(CallArrived(at=now, call_id=CALL, direction=Direction.OUTBOUND, number="13800000001"))
    room.end()
    room.pass_time(200, step_s=5)
    assert room.ground.recordings.of_call(CALL) is None
    assert room.ground.bus.of(RecordingMissing) == []
    assert room.ingest.backlog == 0


@pytest.mark.fault("F44")
@pytest.mark.invariant("I6")
def test_given_the_disk_is_full_when_ingested_then_the_gap_is_listed_and_closed_when_there_is_room(room: Room) -> None:
    room.worker.failures = [{"error": "disk_full", "detail": "No space left on device"}] * 2
    room.begin()
    room.write()
    room.end()
    room.pass_time(3)
    assert room.record().state == RecordingState.DAMAGED
    assert room.record().reason.startswith("disk_full")
    assert len(list(room.incoming.iterdir())) == 2, "nothing is lost"
    assert "disk_full" in room.ingest.last_problem
    room.pass_time(120, step_s=5)
    assert room.record().state == RecordingState.READY
    assert room.ingest.last_problem == ""
    assert room.worker.jobs == 3
    assert len(room.ground.bus.of(RecordingMissing)) == 1


@pytest.mark.capability("C140")
def test_given_a_poison_recording_when_the_worker_dies_then_the_others_go_through(room: Room) -> None:
    room.worker.failures = [WorkerDied("killed")]
    other = CallId("hl1-1763721000.18")
    for call_id in (CALL, other):
        room.begin(call_id)
        room.write(call_id)
        room.end(call_id)
    room.pass_time(3)
    assert {room.record().state, room.record(other).state} == {RecordingState.DAMAGED, RecordingState.READY}
    room.pass_time(60, step_s=5)
    assert room.record().state == room.record(other).state == RecordingState.READY


@pytest.mark.fault("F28")
@pytest.mark.invariant("I6")
def test_given_the_program_was_down_at_the_end_when_started_then_leftovers_are_taken_and_live_calls_left_alone(
    room: Room,
) -> None:
    live = CallId("hl1-1763721000.99")
    for call_id in (CALL, live):
        room.begin(call_id)
        room.write(call_id)
    room.ground.bus.publish(
        CallEnded(at=room.ground.clock.now(), call_id=CALL, outcome=CallOutcome.ANSWERED, hung_up_by=HungUpBy.SYSTEM)
    )
    (room.incoming / "notes.txt").write_text("not ours")
    room.reopen()
    room.pass_time(5)
    assert room.record().state == RecordingState.READY
    assert room.record(live).state == RecordingState.RECORDING
    assert len(list(room.incoming.glob(f"{live}*"))) == 2
    assert (room.incoming / "notes.txt").exists()


@pytest.mark.invariant("I6")
@pytest.mark.parametrize("crash_after", ["keep", "ready"])
def test_given_a_crash_between_the_steps_when_started_again_then_one_whole_recording(
    room: Room, monkeypatch: pytest.MonkeyPatch, crash_after: str
) -> None:
    class Killed(BaseException):
        pass

    def killed(*args: object, **options: object) -> int:
        raise Killed

    room.begin()
    room.write()
    room.end()
    if crash_after == "keep":
        monkeypatch.setattr(room.ground.recordings, "ready", killed)
    else:
        monkeypatch.setattr(IncomingFiles, "remove", killed)
    with pytest.raises(Killed):
        room.pass_time(3)
    monkeypatch.undo()
    room.reopen()
    room.pass_time(70, step_s=1)
    assert room.record().state == RecordingState.READY
    assert room.library.verify(room.record().id)
    assert list(room.incoming.iterdir()) == []
