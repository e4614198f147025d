"""The store, the worker process, retention, and the whole room started and stopped."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from crm_core.calls.events import (
    CallArrived,
    CallEnded,
    PatientLegAnswered,
    RecordingReady,
    RecordingStarted,
)
from crm_core.calls.kinds import CallOutcome, Direction, HungUpBy
from crm_core.clock import SystemClock
from crm_core.errors import NotFound
from crm_core.ids import CallId
from recordings.incoming import IncomingFiles
from recordings.retention import Retention
from recordings.room import RecordingRoom, RecordingSettings
from recordings.worker_process import WorkerDied, WorkerProcess
from tests.support.ground import Ground, make_ground
from tests.support.recording_room import CALL, Room
from tests.support.sounds import tone, write_wav


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.ground.database.close()


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
