"""From the end of a call to a listed recording: files that come late, never, empty, broken, or while the disk is full."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crm_core.calls.events import (
    CallArrived,
    CallEnded,
    PatientLegAnswered,
    RecordingMissing,
    RecordingReady,
    RecordingStarted,
)
from crm_core.calls.kinds import CallOutcome, Direction, HungUpBy, RecordingState
from crm_core.calls.records import RecordingRecord
from crm_core.clock import SystemClock
from crm_core.errors import NotFound
from crm_core.ids import CallId
from recordings import worker
from recordings.incoming import IncomingFiles
from recordings.ingest import Ingest
from recordings.library import Library
from recordings.retention import Retention
from recordings.room import RecordingRoom, RecordingSettings
from recordings.worker_process import WorkerDied, WorkerProcess
from tests.support.ground import Ground, make_ground
from tests.support.sounds import break_header, tone, write_wav

CALL = CallId("hl1-1763721000.17")


class InlineWorker:
    """The worker's code without its process; may be told to fail first."""

    def __init__(self) -> None:
        self.failures: list[Exception | dict[str, Any]] = []
        self.jobs = 0

    def run(self, job: Mapping[str, Any]) -> dict[str, Any]:
        self.jobs += 1
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        return worker.run(dict(job))

    def stop(self, *, wait_s: float = 0.0) -> None:
        pass


class Room:
    """The room over a real ground, driven by hand."""

    def __init__(self, folder: Path) -> None:
        self.ground: Ground = make_ground(f"sqlite:///{folder}/hotline.db")
        self.incoming = folder / "incoming"
        self.store = folder / "store"
        for path in (self.incoming, self.store):
            path.mkdir()
        self.worker = InlineWorker()
        self.reopen()

    def reopen(self) -> None:
        """A new process over the same home."""
        self.library = Library(self.store, self.ground.recordings)
        self.ingest = Ingest(
            self.ground.recordings,
            self.library,
            IncomingFiles(self.incoming),
            bus=self.ground.bus,
            clock=self.ground.clock,
            worker=self.worker,  # type: ignore[arg-type]
        )

    def begin(self, call_id: CallId = CALL, *, is_recorded: bool = True) -> None:
        now, bus = self.ground.clock.now(), self.ground.bus
        bus.publish(CallArrived(at=now, call_id=call_id, direction=Direction.INBOUND, number="13800000001"))
        bus.publish(PatientLegAnswered(at=now, call_id=call_id))
        if is_recorded:
            bus.publish(RecordingStarted(at=now, call_id=call_id))

    def write(self, call_id: CallId = CALL, *, length_s: float = 1.0) -> None:
        for side in ("-in", "-out", ""):
            write_wav(self.incoming / f"{call_id}{side}.wav", tone(length_s))

    def end(self, call_id: CallId = CALL) -> None:
        event = CallEnded(
            at=self.ground.clock.now(), call_id=call_id, outcome=CallOutcome.ANSWERED, hung_up_by=HungUpBy.PATIENT
        )
        self.ground.bus.publish(event)
        self.ingest.on_call_ended(event)

    def pass_time(self, seconds: float, *, step_s: float = 0.5) -> None:
        for _ in range(round(seconds / step_s)):
            self.ground.clock.advance(step_s)
            self.ingest.work()

    def record(self, call_id: CallId = CALL) -> RecordingRecord:
        record = self.ground.recordings.of_call(call_id)
        assert record is not None
        return record


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
    assert len(list(room.incoming.iterdir())) == 3, "nothing is lost"
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
    assert len(list(room.incoming.glob(f"{live}*"))) == 3
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


@pytest.mark.fault("F76")
@pytest.mark.requirement("R44")
def test_given_a_stored_name_that_leads_elsewhere_when_played_then_not_found(room: Room, tmp_path: Path) -> None:
    room.begin()
    room.write()
    room.end()
    room.pass_time(3)
    record = room.record()
    secret = tmp_path / "secret.ogg"
    secret.write_bytes(b"secret")
    path = room.library.playable(record.id).path
    path.unlink()
    path.symlink_to(secret)
    assert record.store_name is not None
    assert room.library.playable(record.id).path == room.store / record.store_name, "the link is not followed"
    original = room.store / record.store_name
    original.unlink()
    with pytest.raises(NotFound):
        room.library.playable(record.id)
    assert not room.library.verify(record.id)
    for name in ("../secret.ogg", "/etc/passwd", "2026/11/23/../../x.wav", "2026／11／23/" + "0" * 32 + ".wav", ""):
        with pytest.raises(NotFound):
            room.library.remove(name)


def test_given_a_changed_file_when_verified_then_it_is_seen(room: Room) -> None:
    room.begin()
    room.write()
    room.end()
    room.pass_time(3)
    record = room.record()
    assert record.store_name is not None
    path = room.store / record.store_name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert not room.library.verify(record.id)


def test_given_hostile_call_ids_when_expected_then_ignored(room: Room) -> None:
    for call_id in ("../../etc/x", "a/b", "", "x\n", "-in", "a" * 300):
        room.ingest.expect(CallId(call_id))
    assert room.ingest.backlog == 0


def test_given_old_recordings_when_retention_runs_then_files_go_and_the_row_says_so(room: Room) -> None:
    room.begin()
    room.write()
    room.end()
    room.pass_time(3)
    retention = Retention(room.ground.recordings, room.library, room.ground.clock, keep_days=180)
    assert retention.run() == 0
    room.ground.clock.set(room.ground.clock.now() + timedelta(days=181))
    assert retention.run() == 1
    assert room.record().reason == "expired"
    assert [path for path in room.store.rglob("*") if path.is_file()] == []
    assert retention.run() == 0


def test_given_the_real_worker_process_when_used_then_low_priority_one_process_and_replaced_when_killed(
    tmp_path: Path,
) -> None:
    for side in ("-in", "-out"):
        write_wav(tmp_path / f"c{side}.wav", tone(1.0))
    files = IncomingFiles(tmp_path).paths(CallId("c"))
    job = files.as_job() | {
        "wav": str(tmp_path / "w.wav"),
        "copy": str(tmp_path / "w.ogg"),
        "copy_format": "opus",
        "kbit_s": 32,
    }
    process = WorkerProcess(limit_s=60)
    try:
        assert process.run(job)["has_copy"]
        first = process.pid
        assert first is not None
        assert os.getpriority(os.PRIO_PROCESS, first) >= 15
        assert process.run({"nonsense": 1})["error"] == "failed"
        assert process.pid == first
        os.kill(first, 9)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        assert process.run(job)["has_copy"]
        assert process.pid != first
    finally:
        process.stop()
    assert process.pid is None


@pytest.mark.fault("F89")
@pytest.mark.parametrize(
    "code", ["import time; time.sleep(60)", "print('nonsense', flush=True); input()", "raise SystemExit", "print('[]')"]
)
def test_given_a_worker_that_hangs_or_talks_nonsense_when_asked_then_killed_by_the_limit(code: str) -> None:
    process = WorkerProcess(limit_s=1.0, command=[sys.executable, "-c", code])
    with pytest.raises(WorkerDied):
        process.run({})
    assert process.pid is None


def test_given_the_room_when_started_and_stopped_then_a_call_goes_through_all_of_it(tmp_path: Path) -> None:
    ground = make_ground(f"sqlite:///{tmp_path}/hotline.db")
    settings = RecordingSettings(tmp_path / "incoming", tmp_path / "store")
    room = RecordingRoom(settings, ground.recordings, ground.bus, SystemClock())
    room.start()
    try:
        done = _Flag(ground)
        now = ground.clock.now()
        ground.bus.publish(CallArrived(at=now, call_id=CALL, direction=Direction.INBOUND, number="13800000001"))
        ground.bus.publish(PatientLegAnswered(at=now, call_id=CALL))
        ground.bus.publish(RecordingStarted(at=now, call_id=CALL))
        for side in ("-in", "-out", ""):
            write_wav(tmp_path / "incoming" / f"{CALL}{side}.wav", tone(1.0))
        ground.bus.publish(CallEnded(at=now, call_id=CALL, outcome=CallOutcome.ANSWERED, hung_up_by=HungUpBy.PATIENT))
        assert done.wait(60)
        assert all(finding.is_ok for finding in room.health()), room.health()
    finally:
        room.stop()
        ground.database.close()


class _Flag:
    """Set when the recording is ready."""

    def __init__(self, ground: Ground) -> None:
        self._event = threading.Event()
        ground.bus.subscribe(RecordingReady, lambda event: self._event.set())

    def wait(self, timeout_s: float) -> bool:
        return self._event.wait(timeout_s)
