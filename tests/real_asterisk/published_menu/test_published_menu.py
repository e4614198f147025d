"""An administrator publishes another menu while a patient is in it: he stays on his version, the next one hears the new (C6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.menus.departures import LEFT_KEY, Departures
from tests.support.product import Desk, Product, eventually

IN_THE_MENU, NEXT_CALLER, WHO_LEAVES, ON_HOLIDAY = (f"1860000{n}" for n in (8301, 8302, 8303, 8304))


@pytest.fixture
def admin(product: Product) -> Iterator[Desk]:
    """Afterwards the menu and the hours are as they were."""
    desk = product.desk("admin")
    before = desk.get("/menus")["published_id"]
    yield desk
    if desk.get("/menus")["published_id"] != before:
        desk.post(f"/menus/versions/{before}/roll_back", {"note": "test is over"})
    for one in desk.get("/hours")["exceptions"]:
        desk.http.delete(
            f"{desk.base}/hours/exceptions/{one['id']}", headers={"X-CSRF-Token": desk.http.cookies["hotline_csrf"]}
        )


def publish_five_to_booking(admin: Desk) -> int:
    """Key 5 leads to the booking queue instead of the departments."""
    draft = admin.post("/menus/draft", {})
    tree: Any = draft["tree"]
    main = next(node for node in tree["nodes"] if node["key"] == "main")
    main["choices"]["5"] = "to-booking"
    tree["nodes"].append(
        {"key": "to-booking", "kind": "queue", "title_zh": "预约组", "parameters": {"queue": "booking", "priority": 5}}
    )
    saved = admin.put("/menus/draft", {"tree": tree, "lock_version": draft["lock_version"]})
    done = admin.post("/menus/draft/publish", {"lock_version": saved["lock_version"], "note": "5 键改为预约组"})
    return int(done["number"])


@pytest.mark.capability("C6")
@pytest.mark.capability("C2")
def test_given_a_new_version_when_published_in_mid_call_then_the_caller_stays_on_his_and_the_next_hears_it(
    product: Product, admin: Desk
) -> None:
    first = product.call(IN_THE_MENU, keys="w90")
    eventually(lambda: (c := product.call_of(IN_THE_MENU)) and c.notice_played_at, within_s=25, what="notice heard")
    publish_five_to_booking(admin)
    first.press("5")
    eventually(lambda: steps(product, IN_THE_MENU)[-1:] == [("main", "5")], within_s=15, what="5 in the old menu")
    first.press("0")
    eventually(lambda: product.call_of(IN_THE_MENU).queue, within_s=20, what="queued by the department menu")
    assert product.call_of(IN_THE_MENU).queue == "enquiry"
    assert ("departments", "0") in steps(product, IN_THE_MENU)
    first.hang_up()

    second = product.call(NEXT_CALLER, keys="w3,5,w60")
    call = eventually(lambda: (c := product.call_of(NEXT_CALLER)) and c.queued_at and c, within_s=45, what="queued")
    assert (call.queue, call.priority) == ("booking", 5)
    second.hang_up()
    eventually(lambda: product.call_of(NEXT_CALLER).ended_at, what="end")


@pytest.mark.capability("C5")
def test_given_a_day_closed_in_the_browser_when_a_patient_calls_then_he_hears_the_closed_menu(
    product: Product, admin: Desk
) -> None:
    today = admin.get("/hours")["today"]
    admin.post("/hours/exceptions", {"calendar": "hospital", "day": today, "spans": [], "reason": "停电检修"})
    patient = product.call(ON_HOLIDAY, keys="w3,0,w60")
    eventually(lambda: ("closed", "0") in steps(product, ON_HOLIDAY), within_s=30, what="the closed menu")
    patient.hang_up()


@pytest.mark.capability("C7")
def test_given_a_caller_who_hangs_up_in_the_menu_when_gone_then_the_report_counts_him_there(product: Product) -> None:
    patient = product.call(WHO_LEAVES, keys="w90")
    call = eventually(
        lambda: (c := product.call_of(WHO_LEAVES)) and c.notice_played_at and c, within_s=25, what="notice"
    )
    patient.hang_up()
    eventually(lambda: ("main", LEFT_KEY) in steps(product, WHO_LEAVES), within_s=20, what="where he left")
    now = product.ground.clock.now()
    (main,) = [one for one in Departures(product.ground.database).between(call.arrived_at, now) if one.node == "main"]
    assert main.left >= 1


def steps(product: Product, number: str) -> list[tuple[str, str]]:
    found = product.call_of(number)
    if found is None:
        return []
    record = product.ground.calls.record(found.id)
    return [(step.node, step.key) for step in record.ivr_path]
