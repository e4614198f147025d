"""A satisfaction survey is dialled, answered by keys or not; every contact ends in one state, dialled as often as allowed."""

from __future__ import annotations

import io

import pytest

from config.demo.carrier import Behaviour, BehaviourKind
from tests.support.product import Desk, Product, eventually

HEADER = "姓名,电话\n"


def start_survey(desk: Desk, rows: list[tuple[str, str]], *, title: str, **more: object) -> int:
    """A running survey of these people; its id."""
    made = desk.post("/campaigns", {"title": title, "kind": "survey", "concurrency": 3, "max_attempts": 1, **more})
    content = (HEADER + "".join(f"{name},{number}\n" for name, number in rows)).encode()
    for dry_run in ("true", "false"):
        files = {"file": ("patients.csv", io.BytesIO(content), "text/csv")}
        answer = desk.post(
            f"/campaigns/{made['id']}/contacts?dry_run={dry_run}", files=files, data={"dry_run": dry_run}
        )
        assert (answer["accepted"], answer["refused"]) == (len(rows), 0)
    desk.post(f"/campaigns/{made['id']}/start")
    return int(made["id"])


def invites_to(product: Product, number: str) -> int:
    """How often the telephone company was asked for this number: the oracle outside the program."""
    return sum(invite.number == number for invite in product.carrier.invite_log())


@pytest.mark.capability("C97")
@pytest.mark.capability("C91")
@pytest.mark.fault("F62")
@pytest.mark.invariant("I4")
def test_given_a_survey_when_people_answer_or_not_then_each_outcome_is_right_and_each_was_dialled_once(
    product: Product, chen: Desk
) -> None:
    people = {
        "13511110001": Behaviour(BehaviourKind.ANSWER, ring_s=1, keys="w9,1,w8,5,w8,4,w8,5,w12,#,w30"),
        "13511110002": Behaviour(BehaviourKind.BUSY),
        "13511110003": Behaviour(BehaviourKind.NO_ANSWER),
        "13511110004": Behaviour(BehaviourKind.UNOBTAINABLE),
        "13511110005": Behaviour(BehaviourKind.ANSWER, ring_s=1, keys="w9,2,w20"),
    }
    for number, behaviour in people.items():
        product.carrier.set_behaviour(number, behaviour)
    before = {number: invites_to(product, number) for number in people}
    campaign_id = start_survey(chen, [("阿莎", n) for n in people], title="出院满意度")
    progress = eventually(
        lambda: (p := chen.get(f"/campaigns/{campaign_id}"))["state"] == "finished" and p,
        within_s=120,
        every_s=0.7,
        what="survey finished",
    )
    assert progress["total"] == 5
    assert progress["completed"] == 1
    assert (progress["busy"], progress["no_answer"], progress["unobtainable"], progress["refused"]) == (1, 1, 1, 1)
    assert {number: invites_to(product, number) - before[number] for number in people} == dict.fromkeys(people, 1)
    results = str(chen.get(f"/campaigns/{campaign_id}/results"))
    assert "5" in results
    assert "4" in results


@pytest.mark.capability("C87")
@pytest.mark.fault("F63")
def test_given_a_running_survey_when_stopped_then_no_new_call_leaves(product: Product, chen: Desk) -> None:
    numbers = [f"1352222{index:04d}" for index in range(12)]
    for number in numbers:
        product.carrier.set_behaviour(number, Behaviour(BehaviourKind.ANSWER, ring_s=1, hang_up_after_s=5))
    campaign_id = start_survey(chen, [("某人", n) for n in numbers], title="停止测试", concurrency=2)
    eventually(lambda: sum(invites_to(product, n) for n in numbers) >= 2, within_s=20, what="first calls")
    chen.post(f"/campaigns/{campaign_id}/stop")
    eventually(
        lambda: chen.get(f"/campaigns/{campaign_id}")["in_flight"] == 0,
        within_s=40,
        every_s=0.7,
        what="calls in flight finished",
    )
    dialled = sum(invites_to(product, n) for n in numbers)
    assert dialled < len(numbers)
    assert chen.get(f"/campaigns/{campaign_id}")["state"] == "stopped"


@pytest.mark.fault("F85")
def test_given_an_unusable_csv_when_imported_then_line_errors_and_nothing_kept(product: Product, chen: Desk) -> None:
    made = chen.post("/campaigns", {"title": "坏名单", "kind": "survey", "concurrency": 1, "max_attempts": 1})
    content = "姓名,电话\n阿莎,13800000001\n坏人,abc\n,\n缺列\n".encode("gb18030")
    answer = chen.post(
        f"/campaigns/{made['id']}/contacts?dry_run=true",
        files={"file": ("坏.csv", io.BytesIO(content), "text/csv")}, data={"dry_run": "true"},
    )  # fmt: skip
    assert answer["accepted"] == 1
    assert {error["line"] for error in answer["errors"]} >= {3, 5}
    assert chen.get(f"/campaigns/{made['id']}")["total"] == 0
