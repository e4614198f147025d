"""The program is killed at every step of dialling: no contact is lost, nobody is dialled twice (F51, I4).

The witness is the telephone company's own list of INVITEs, not our program.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from config.demo.carrier import Behaviour, BehaviourKind
from scheduler.failpoints import NAMES
from tests.support.product import Desk, Product, eventually

CONTACTS = 3


@pytest.mark.fault("F51")
@pytest.mark.capability("C88")
@pytest.mark.invariant("I4")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("failpoint", NAMES)
def test_given_a_survey_when_the_program_is_killed_at_a_step_then_each_number_has_one_invite_and_every_contact_an_end(
    doomed_product: Product, failpoint: str
) -> None:
    product = doomed_product
    numbers = [f"1366{NAMES.index(failpoint)}{index:06d}" for index in range(CONTACTS)]
    for number in numbers:
        behaviour = Behaviour(BehaviourKind.ANSWER, ring_s=1, hang_up_after_s=5)
        product.carrier.set_behaviour(number, behaviour)
    product.kill_program()
    product.start_program(HOTLINE_FAILPOINT=f"{failpoint}:2")
    supervisor, worker = product.pids()
    chen = product.desk("chen")
    campaign_id = _start(chen, numbers, title=f"崩溃 {failpoint}")
    eventually(lambda: product.pids()[1] != worker or not _alive(worker), within_s=60, what=f"killed at {failpoint}")
    product.kill_program()
    assert supervisor
    product.start_program()

    chen = product.desk("chen")
    progress = eventually(
        lambda: (p := chen.get(f"/campaigns/{campaign_id}")) and _is_over(p) and p,
        within_s=150,
        every_s=0.7,
        what="all ended",
    )
    assert progress["total"] == CONTACTS
    invites = [invite.number for invite in product.carrier.invite_log()]
    counts = {number: invites.count(number) for number in numbers}
    assert max(counts.values()) <= 1, counts
    # never dialled at all is only right for a contact that waits for a person's review
    assert sum(count == 0 for count in counts.values()) <= progress["to_review"]


def _is_over(progress: dict[str, int]) -> bool:
    return progress["in_flight"] == 0 and progress["remaining"] == 0


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def _start(desk: Desk, numbers: list[str], *, title: str) -> int:
    made = desk.post("/campaigns", {"title": title, "kind": "survey", "concurrency": 2, "max_attempts": 1})
    content = ("姓名,电话\n" + "".join(f"某人,{number}\n" for number in numbers)).encode()
    desk.post(f"/campaigns/{made['id']}/contacts?dry_run=false", files={"file": ("a.csv", io.BytesIO(content), "text/csv")},
              data={"dry_run": "false"})  # fmt: skip
    desk.post(f"/campaigns/{made['id']}/start")
    return int(made["id"])
