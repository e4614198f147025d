"""A process that dials a campaign against a carrier made of files: every INVITE is a synced line, every end another."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crm_core.calls.kinds import CallOutcome
from crm_core.campaigns.cards import CallTrace
from crm_core.clock import ManualClock
from crm_core.database import Database
from crm_core.ids import AttemptId, CallId
from crm_core.ports import LiveCall
from scheduler.failpoints import Failpoints
from tests.support.campaign_house import House

LEADER_LEASE_S = 15
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class FileCarrier:
    """Survives the process, as a carrier does. A call lives until its second look, then it ended answered."""

    is_up = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def originate_survey(self, attempt_id: AttemptId, number: str, *, ring_timeout_s: float) -> None:
        self._append("invites", f"{attempt_id} {number}")

    def live_calls(self) -> Sequence[LiveCall]:
        ended = set(self._lines("ends"))
        return [
            LiveCall(CallId(line.split()[0]), True, START)
            for line in self._lines("invites")
            if line.split()[0] not in ended
        ]

    def hang_up(self, attempt_id: str) -> None:
        self._append("ends", attempt_id)

    def trace(self, call_id: CallId) -> CallTrace | None:
        """The CDR: knows every call that was dialled and has ended."""
        if call_id not in self._lines("ends"):
            return None
        return CallTrace(CallOutcome.ANSWERED, True, START)

    def _append(self, name: str, line: str) -> None:
        with (self._folder / name).open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _lines(self, name: str) -> list[str]:
        path = self._folder / name
        return path.read_text().splitlines() if path.exists() else []


def main(folder: Path) -> None:
    """Tick until the campaign is finished; each pass plays the whole life of the calls it placed."""
    carrier = FileCarrier(folder)
    clock = ManualClock(START + timedelta(seconds=_next_start(folder)))
    house = House(
        Database(f"sqlite:///{folder / 'hotline.db'}"),
        clock=clock,
        owner=f"process-{os.getpid()}",
        failpoint=Failpoints(),
    )
    house.telephony = carrier  # type: ignore[assignment]
    house.reconciler._telephony = carrier  # type: ignore[assignment]
    house.reconciler._find_trace = carrier.trace
    house.dialer = house.new_dialer(house.owner)
    campaign_id = house.campaigns.all_progress()[0].campaign.id
    deadline = time.monotonic() + 90
    while house.campaigns.card(campaign_id).state == "running" and time.monotonic() < deadline:
        house.reconciler.tick()
        house.dialer.tick()
        for call in carrier.live_calls():
            house.ring(call.call_id)
            house.pick_up(call.call_id)
            house.surveys.record_answer(call.call_id, "q1", 5)
            carrier.hang_up(call.call_id)
            house.end(call.call_id, CallOutcome.ANSWERED)
        house.campaigns.finish_exhausted()
        clock.advance(4)
    house.database.close()


def _next_start(folder: Path) -> int:
    """Hospital seconds since the first start: each process begins when the lease of a killed one has run out."""
    path = folder / "starts"
    count = len(path.read_text()) if path.exists() else 0
    with path.open("a") as file:
        file.write("x")
    return count * 600


if __name__ == "__main__":
    main(Path(sys.argv[1]))
