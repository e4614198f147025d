"""kill -9 of the dialling process at every named place: no contact lost, nobody dialled twice (F51, I4).

The carrier here is a file beside the process: one line per INVITE, written and synced before the process goes on. It is
the witness; the app's own tables are only what is judged. The same is done against a real carrier elsewhere.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from crm_core.campaigns.kinds import CampaignState, ContactState
from crm_core.database import Database
from scheduler.failpoints import NAMES, VARIABLE
from tests.support.campaign_house import House, mobile, sqlite_at

CONTACTS = 6
PROCESS = Path(__file__).parents[1] / "support" / "dialler_process.py"


def run_process(folder: Path, *, failpoint: str = "") -> int:
    environment = os.environ | {VARIABLE: failpoint, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, str(PROCESS), str(folder)], env=environment, timeout=100, capture_output=True
    )
    if done.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(done.stderr.decode())
    return done.returncode


def invites(folder: Path) -> list[tuple[str, str]]:
    path = folder / "invites"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(line.split()[0], line.split()[1]) for line in lines]


@pytest.mark.fault("F51")
@pytest.mark.fault("F53")
@pytest.mark.invariant("I4")
@pytest.mark.parametrize(("name", "passage"), [*((name, 1) for name in NAMES), ("written", 3), ("result", 3)])
def test_given_the_dialler_is_killed_at_a_place_when_started_again_then_each_contact_is_dialled_at_most_once(
    tmp_path: Path, name: str, passage: int
) -> None:
    house = House(sqlite_at(tmp_path))
    campaign_id = house.running_campaign([mobile(i) for i in range(CONTACTS)], concurrency=2)
    house.database.close()
    assert run_process(tmp_path, failpoint=f"{name}:{passage}") == -signal.SIGKILL, "the place was passed"
    before = len(invites(tmp_path))
    assert run_process(tmp_path) == 0
    sent = invites(tmp_path)
    assert len({attempt_id for attempt_id, _ in sent}) == len(sent)
    assert max(Counter(number for _, number in sent).values()) == 1, "everybody answers: nobody may be called again"
    house = House(Database(f"sqlite:///{tmp_path / 'hotline.db'}"))
    contacts = house.campaigns.contacts(campaign_id)
    states = Counter(contact.state for contact in contacts)
    in_review = states[ContactState.TO_REVIEW]
    assert states[ContactState.DONE] + in_review == CONTACTS, states
    assert in_review <= (1 if name == "written" else 0), "only what nobody can know needs a person"
    assert len(sent) == CONTACTS - in_review
    assert before <= CONTACTS
    assert house.campaigns.card(campaign_id).state == CampaignState.FINISHED
    assert house.attempts.in_flight() == 0
    house.database.close()
