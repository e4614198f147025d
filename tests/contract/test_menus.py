"""Versions of the menu, calendars, prompt records and the report of departures, over both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from crm_core.calls.events import CallArrived, IvrStepTaken
from crm_core.calls.kinds import Direction
from crm_core.errors import Conflict, HotlineError, InvalidInput, NotFound
from crm_core.ids import CallId
from crm_core.menus.cards import Editor
from crm_core.menus.departures import LEFT_KEY, Departures
from crm_core.menus.errors import MenuChanged, MenuRefused
from crm_core.menus.events import MenuPublished
from crm_core.menus.kinds import VersionState
from crm_core.menus.service import Menus
from crm_core.menus.shipped import SHIPPED_TREE
from tests.support.ground import Ground
from tests.support.menu_trees import KNOWN, changed

ALICE, BOB = Editor(7, "10.0.0.7"), Editor(8)
OTHER = changed("person", parameters={"queue": "booking"})
BROKEN = changed("main", choices={"1": "my-appointments", "*": "main"})


@pytest.fixture
def menus(ground: Ground) -> Menus:
    made = Menus(ground.database, ground.bus, ground.clock, audit=ground.audit, known=lambda: KNOWN)
    made.seed()
    return made


def publish(menus: Menus, tree: object = OTHER, note: str = "") -> int:
    draft = menus.begin_draft(ALICE)
    saved = menus.save_draft(tree, ALICE, lock_version=draft.card.lock_version)  # type: ignore[arg-type]
    return menus.publish(ALICE, lock_version=saved.card.lock_version, note=note).id


# -- versions -----------------------------------------------------------------------------------------------------


def test_given_a_new_home_when_seeded_twice_then_the_shipped_menu_is_version_one(menus: Menus) -> None:
    assert menus.seed() is False
    (only,) = menus.versions()
    assert (only.number, only.state, only.changed_by) == (1, VersionState.PUBLISHED, None)
    assert menus.version(only.id).tree == SHIPPED_TREE
    assert menus.published_id() == only.id


def test_given_a_newer_program_when_seeded_then_an_untouched_menu_follows_and_an_own_one_stays(
    menus: Menus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_core.menus.service.SHIPPED_TREE", OTHER)
    assert menus.seed() is True
    assert menus.version(menus.published_id() or 0).tree == OTHER
    monkeypatch.setattr("crm_core.menus.service.SHIPPED_TREE", SHIPPED_TREE)
    own = publish(menus)
    assert menus.seed() is False
    assert menus.published_id() == own


@pytest.mark.capability("C6")
def test_given_a_draft_when_published_then_the_former_is_superseded_and_it_is_told(
    ground: Ground, menus: Menus
) -> None:
    first = menus.published_id()
    second = publish(menus, note="冬季排班")
    states = {one.id: (one.number, one.state, one.note, one.published_by) for one in menus.versions()}
    assert states[second] == (2, VersionState.PUBLISHED, "冬季排班", ALICE.id)
    assert states[first or 0][1] is VersionState.SUPERSEDED
    assert menus.draft() is None
    assert [(one.version_id, one.number) for one in ground.bus.of(MenuPublished)] == [(second, 2)]


@pytest.mark.capability("C6")
def test_given_an_old_version_when_rolled_back_to_then_a_copy_is_published_and_the_draft_stays(menus: Menus) -> None:
    first = menus.published_id() or 0
    publish(menus)
    draft = menus.begin_draft(BOB)
    card = menus.roll_back(first, BOB, note="错了")
    assert (card.number, card.based_on, card.state) == (3, 1, VersionState.PUBLISHED)
    assert menus.version(card.id).tree == SHIPPED_TREE
    assert menus.version(first).card.state is VersionState.SUPERSEDED
    kept = menus.draft()
    assert kept is not None
    assert kept.card.id == draft.card.id
    with pytest.raises(InvalidInput):
        menus.roll_back(draft.card.id, BOB, note="")


def test_given_two_editors_when_the_second_saves_then_he_is_told_who_was_first(menus: Menus) -> None:
    read = menus.begin_draft(ALICE).card.lock_version
    menus.save_draft(OTHER, ALICE, lock_version=read)
    with pytest.raises(MenuChanged) as refused:
        menus.save_draft(SHIPPED_TREE, BOB, lock_version=read)
    assert refused.value.code == "conflict"
    assert refused.value.details["changed_by"] == ALICE.id
    kept = menus.draft()
    assert kept is not None
    assert kept.tree == OTHER
    for late in (menus.publish, menus.discard_draft):
        with pytest.raises(MenuChanged):
            late(BOB, lock_version=read, **({"note": ""} if late == menus.publish else {}))  # type: ignore[operator]


@pytest.mark.capability("C4")
def test_given_a_menu_with_errors_when_published_then_refused_with_findings_and_nothing_changes(menus: Menus) -> None:
    before = menus.published_id()
    with pytest.raises(MenuRefused) as refused:
        publish(menus, BROKEN)
    assert [one.id for one in refused.value.findings] == ["no_person_key"]
    assert refused.value.details["findings"][0]["node"] == "main"
    assert menus.published_id() == before
    assert menus.draft() is not None


def test_given_a_target_that_has_gone_when_rolled_back_to_then_refused(ground: Ground) -> None:
    known = [KNOWN]
    menus = Menus(ground.database, ground.bus, ground.clock, audit=ground.audit, known=lambda: known[0])
    menus.seed()
    first = menus.published_id() or 0
    publish(menus)
    known[0] = replace(KNOWN, queues=frozenset({"booking"}))
    with pytest.raises(MenuRefused):
        menus.roll_back(first, BOB, note="")


def test_given_a_discarded_draft_when_begun_again_then_from_the_published_or_the_chosen_version(menus: Menus) -> None:
    first = menus.published_id() or 0
    publish(menus)
    draft = menus.begin_draft(ALICE)
    assert (draft.tree, draft.card.based_on) == (OTHER, 2)
    with pytest.raises(Conflict):
        menus.begin_draft(BOB)
    menus.discard_draft(ALICE, lock_version=draft.card.lock_version)
    assert menus.begin_draft(ALICE, version_id=first).tree == SHIPPED_TREE
    with pytest.raises(NotFound):
        menus.version(999)


@pytest.mark.requirement("R26")
def test_given_everything_that_is_done_when_read_in_the_audit_then_who_what_from_where(
    ground: Ground, menus: Menus
) -> None:
    first = menus.published_id() or 0
    publish(menus, note="新")
    menus.roll_back(first, BOB, note="旧")
    menus.discard_draft(ALICE, lock_version=menus.begin_draft(ALICE).card.lock_version)
    lines = list(reversed(ground.audit.entries(object_kind="menu")))
    assert [line.action for line in lines] == [
        "menu.draft", "menu.save", "menu.publish", "menu.roll_back", "menu.draft", "menu.discard",
    ]  # fmt: skip
    assert (lines[2].actor_id, lines[2].ip, lines[2].reason) == (7, "10.0.0.7", "新")
    assert ground.audit.verify() == []


def test_given_many_who_publish_at_once_when_done_then_one_draft_is_published_once(menus: Menus) -> None:
    lock = menus.save_draft(OTHER, ALICE, lock_version=menus.begin_draft(ALICE).card.lock_version).card.lock_version
    done: list[int] = []
    refused: list[HotlineError] = []
    together = threading.Barrier(8)

    def press() -> None:
        together.wait()
        try:
            done.append(menus.publish(BOB, lock_version=lock, note="").id)
        except HotlineError as error:
            refused.append(error)

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert len(refused) == 7
    assert sorted((one.number or 0, one.state) for one in menus.versions()) == [
        (1, VersionState.SUPERSEDED), (2, VersionState.PUBLISHED),
    ]  # fmt: skip


# -- where callers leave ------------------------------------------------------------------------------------------


@pytest.mark.capability("C7")
def test_given_steps_of_many_calls_when_counted_then_arrivals_keys_and_who_left(ground: Ground) -> None:
    now = ground.clock.now()
    stories = {
        "a": [("main", "1"), ("identity_proof", "****"), ("my-appointments", LEFT_KEY)],
        "b": [("main", ""), ("main", "7"), ("main", LEFT_KEY)],
        "c": [("main", LEFT_KEY)],
        "d": [("main", "0")],
    }
    for name, steps in stories.items():
        call_id = CallId(f"hl-{name}")
        ground.bus.publish(CallArrived(at=now, call_id=call_id, direction=Direction.INBOUND, number="1", name=""))
        for node, key in steps:
            ground.bus.publish(IvrStepTaken(at=now, call_id=call_id, node=node, key=key))
    figures = Departures(ground.database).between(now, now + timedelta(seconds=1))
    main = figures[0]
    assert (main.node, main.arrivals, main.left, main.left_ratio) == ("main", 4, 2, 0.5)
    assert main.keys == {"1": 1, "": 1, "7": 1, "0": 1}
    assert [(one.node, one.left) for one in figures[1:]] == [("my-appointments", 1), ("identity_proof", 0)]
    assert figures[2].keys == {"…": 1}
    assert Departures(ground.database).between(now - timedelta(days=1), now) == []
