"""The pages of menus, hours and prompts over REST: editing, conflicts, findings, the rehearsal, sounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_core.calls.events import IvrStepTaken
from crm_core.menus.departures import LEFT_KEY
from tests.support.desk_browser import Browser
from tests.support.menu_world import MenuWorld

MONDAY_TEN = "2026-11-23T10:00:00+08:00"
SUNDAY = "2026-11-22T10:00:00+08:00"


@pytest.fixture
def world(tmp_path: Path, desk_template: Path) -> Iterator[MenuWorld]:
    made = MenuWorld(tmp_path, desk_template)
    yield made
    made.close()


@pytest.fixture
def admin(world: MenuWorld) -> Browser:
    return world.browser(world.admin)


def draft_of(browser: Browser) -> Any:
    return browser.post("/menus/draft", {}).get_json()


def node(tree: Any, key: str) -> Any:
    return next(one for one in tree["nodes"] if one["key"] == key)


@pytest.mark.requirement("R14")
def test_given_each_role_when_it_asks_then_admins_edit_supervisors_look_and_agents_do_nothing(world: MenuWorld) -> None:
    bela, chen, admin = (world.browser(one) for one in (world.bela, world.chen, world.admin))
    for path in ("/menus", "/menus/kinds", "/menus/departures", "/hours", "/prompts", "/prompts/zh/greeting/audio"):
        assert (bela.get(path).status_code, chen.get(path).status_code, admin.get(path).status_code) == (403, 200, 200)
    tree = chen.get(f"/menus/versions/{chen.get('/menus').get_json()['published_id']}").get_json()["tree"]
    played = {"tree": tree, "keys": [], "at": MONDAY_TEN}
    assert chen.post("/menus/rehearsal", played).status_code == 200
    exception = {"calendar": "hospital", "day": "2026-11-24", "reason": "x"}
    for method, path, body in (
        ("POST", "/menus/draft", {}),
        ("POST", "/menus/versions/1/roll_back", {"note": "x"}),
        ("POST", "/hours/exceptions", exception),
        ("POST", "/prompts/zh/greeting/synthesis", {"text": "您好"}),
        ("POST", "/prompts/zh/greeting/restore", {}),
    ):
        assert chen.send(method, path, body).status_code == 403


@pytest.mark.capability("C6")
def test_given_an_admin_when_he_edits_and_publishes_then_new_calls_hear_it_and_it_can_be_rolled_back(
    world: MenuWorld, admin: Browser
) -> None:
    draft = draft_of(admin)
    node(draft["tree"], "person")["parameters"]["queue"] = "booking"
    saved = admin.put("/menus/draft", {"tree": draft["tree"], "lock_version": draft["lock_version"]}).get_json()
    assert all(one["is_warning"] for one in saved["findings"])
    done = admin.post("/menus/draft/publish", {"lock_version": saved["lock_version"], "note": "转预约组"}).get_json()
    assert (done["number"], done["state"], done["published_by"]) == (2, "published", "管理员")
    first = admin.get("/menus").get_json()["versions"][-1]
    assert (first["number"], first["changed_by"]) == (1, "系统")
    back = admin.post(f"/menus/versions/{first['id']}/roll_back", {"note": "撤回"}).get_json()
    assert (back["number"], back["based_on"]) == (3, 1)
    assert world.editing.menus.version(back["id"]).tree == world.editing.menus.version(first["id"]).tree
    assert {"menu.draft", "menu.save", "menu.publish", "menu.roll_back"} <= set(world.actions())


def test_given_two_editors_when_the_second_saves_then_409_says_when_and_the_first_text_stays(
    world: MenuWorld, admin: Browser
) -> None:
    draft = draft_of(admin)
    other = world.browser(world.admin)
    body = {"tree": draft["tree"], "lock_version": draft["lock_version"]}
    assert admin.put("/menus/draft", body).status_code == 200
    refused = other.put("/menus/draft", body)
    assert refused.status_code == 409
    assert refused.get_json()["error"]["changed_by"] == int(world.admin.id)
    assert other.post("/menus/draft", {}).status_code == 409


@pytest.mark.capability("C4")
def test_given_a_menu_without_zero_when_published_then_422_with_findings(admin: Browser) -> None:
    draft = draft_of(admin)
    del node(draft["tree"], "main")["choices"]["0"]
    saved = admin.put("/menus/draft", {"tree": draft["tree"], "lock_version": draft["lock_version"]}).get_json()
    assert [one["id"] for one in saved["findings"] if not one["is_warning"]] == ["no_person_key"]
    refused = admin.post("/menus/draft/publish", {"lock_version": saved["lock_version"], "note": "x"})
    assert refused.status_code == 422
    assert refused.get_json()["error"]["findings"][0]["node"] == "main"


@pytest.mark.parametrize("tree", [{}, {"entry": 1}, {"entry": "a", "nodes": [{"key": "a", "kind": "bomb"}]}])
def test_given_a_tree_of_wrong_shape_when_sent_anywhere_then_422(admin: Browser, tree: Any) -> None:
    lock = draft_of(admin)["lock_version"]
    assert admin.put("/menus/draft", {"tree": tree, "lock_version": lock}).status_code == 422
    assert admin.post("/menus/check", {"tree": tree}).status_code == 422
    assert admin.post("/menus/rehearsal", {"tree": tree, "at": MONDAY_TEN}).status_code == 422


# -- the rehearsal ------------------------------------------------------------------------------------------------


def play(admin: Browser, keys: list[str], *, at: str = MONDAY_TEN, caller: str = "unknown") -> Any:
    tree = admin.get("/menus/versions/1").get_json()["tree"]
    return admin.post("/menus/rehearsal", {"tree": tree, "keys": keys, "at": at, "caller": caller}).get_json()


@pytest.mark.capability("C5")
def test_given_a_date_when_rehearsed_then_the_hours_of_that_day_are_heard(admin: Browser) -> None:
    weekday, sunday = play(admin, []), play(admin, [], at=SUNDAY)
    assert (weekday["end"], weekday["digits_wanted"]) == ("waits", 1)
    assert weekday["nodes"] == ["office-hours", "welcome", "which-patient", "main"]
    assert "我的预约" in weekday["lines"][-1]["text"]
    assert sunday["nodes"] == ["office-hours", "closed"]
    assert "非工作时间" in sunday["lines"][-1]["text"]


@pytest.mark.parametrize(
    ("keys", "caller", "end", "target"),
    [
        (["0"], "unknown", "queue", "enquiry"),
        (["9"], "unknown", "queue", "emergency"),
        (["#", "#"], "unknown", "queue", "enquiry"),
        (["", "", ""], "unknown", "queue", "enquiry"),
        (["2"], "unknown", "queue", "enquiry"),
        (["1"], "member", "flow", "booking"),
        (["2", "2", "0315", "19850315"], "member", "waits", ""),
        (["2", "2", "1111", "1", "1"], "member", "queue", "enquiry"),
        ([], "elderly", "queue", "enquiry"),
        (["2", "0"], "shared", "queue", "enquiry"),
    ],
)
def test_given_keys_and_a_caller_when_rehearsed_then_the_same_end_as_on_the_telephone(
    admin: Browser, keys: list[str], caller: str, end: str, target: str
) -> None:
    played = play(admin, keys, caller=caller)
    assert (played["end"], played["target"]) == (end, target)


def test_given_a_member_when_rehearsed_then_only_invented_data_is_said_and_nothing_is_written(
    world: MenuWorld, admin: Browser
) -> None:
    before = len(world.bus.events)
    told = "".join(line["text"] for line in play(admin, ["2", "2", "0315", "19850315"], caller="member")["lines"])
    assert "阿莎" not in told
    assert "心内科" in told
    assert len(world.bus.events) == before


def test_given_a_telephone_that_sends_letters_when_rehearsed_then_refused(admin: Browser) -> None:
    tree = admin.get("/menus/versions/1").get_json()["tree"]
    for keys in (["x"], ["1"] * 61, ["12 3"]):
        assert admin.post("/menus/rehearsal", {"tree": tree, "keys": keys, "at": MONDAY_TEN}).status_code == 422


# -- hours --------------------------------------------------------------------------------------------------------


@pytest.mark.capability("C5")
def test_given_an_exception_when_added_then_the_trial_and_the_rehearsal_obey_it(
    world: MenuWorld, admin: Browser
) -> None:
    made = admin.post(
        "/hours/exceptions", {"calendar": "hospital", "day": "2026-11-23", "spans": [], "reason": "停电检修"}
    ).get_json()
    (tried,) = admin.get("/hours/trial", query_string={"at": MONDAY_TEN}).get_json()["items"]
    assert (tried["is_open"], tried["kind"], tried["reason"]) == (False, "exception", "停电检修")
    assert play(admin, [])["nodes"][-1] == "closed"
    assert admin.send("DELETE", f"/hours/exceptions/{made['id']}").status_code == 200
    assert play(admin, [])["nodes"][-1] == "main"
    assert {"hours.exception", "hours.exception_removed"} <= set(world.actions())


def test_given_a_calendar_when_saved_twice_from_one_page_then_the_second_is_a_conflict(admin: Browser) -> None:
    one = admin.get("/hours").get_json()["calendars"][0]
    assert len(one["days"]) == 42
    body = {"title_zh": "医院", "weekly": {"1": ["08:00-12:00", "14:00-17:00"]}, "lock_version": one["lock_version"]}
    assert admin.put("/hours/calendars/hospital", body).get_json()["weekly"]["1"] == ["08:00-12:00", "14:00-17:00"]
    assert admin.put("/hours/calendars/hospital", body).status_code == 409
    assert admin.put("/hours/calendars/..", body | {"lock_version": 0}).status_code in (404, 405, 422)


# -- where callers leave ------------------------------------------------------------------------------------------


@pytest.mark.capability("C7")
def test_given_callers_who_hung_up_when_reported_then_each_node_has_its_title_and_ratio(
    world: MenuWorld, admin: Browser
) -> None:
    for keys in (["0"], [LEFT_KEY], ["", LEFT_KEY]):
        call_id = world.call_arrives()
        for key in keys:
            world.publish(IvrStepTaken(at=world.clock.now(), call_id=call_id, node="closed", key=key))
    world.clock.advance(1)
    items = admin.get("/menus/departures").get_json()["items"]
    assert items[0] == {
        "node": "closed", "title": "非工作时间", "arrivals": 3, "left": 2, "left_ratio": 0.6667,
        "keys": [{"key": "", "count": 1}, {"key": "0", "count": 1}],
    }  # fmt: skip
