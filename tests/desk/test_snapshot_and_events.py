"""Snapshot + events = fresh snapshot, for every screen, whatever happens in whatever order (DESIGN §7)."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.calls import events as call
from crm_core.calls.kinds import LegKind, TransferKind
from tests.support.desk_story import BUSY_FLOOR, STEPS, Story
from tests.support.desk_world import Browser, DeskWorld


def assert_same(old: Browser, view: str) -> None:
    old.take()
    fresh = Browser(old.world)
    fresh.http = old.http
    fresh.connect()
    for one in ("desk", "board") if view == "both" else (view,):
        fresh.subscribe(one)
    assert old.screen == fresh.screen
    fresh.socket.disconnect()


@pytest.mark.capability("C31")
@pytest.mark.fault("F66")
@pytest.mark.timeout(600)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=st.lists(STEPS.map(lambda steps: steps[0]), max_size=8), after=STEPS)
def test_given_any_story_when_a_screen_follows_it_then_it_equals_a_fresh_one(
    desk_template: Path, before: list[tuple[str, int, int]], after: list[tuple[str, int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = DeskWorld(Path(folder), desk_template)
        try:
            story = Story(world)
            for step in (*BUSY_FLOOR, *before):
                story.play(*step)
            screens = [(world.browser(agent).connect(), "desk") for agent in story.agents]
            screens.append((world.browser(world.chen).connect(), "both"))
            for browser, view in screens:
                for one in ("desk", "board") if view == "both" else (view,):
                    browser.subscribe(one)
            for step in after:
                story.play(*step)
            world.server.desk.notifier.flush()
            for browser, view in screens:
                assert_same(browser, view)
        finally:
            world.close()


@pytest.mark.capability("C135")
def test_given_changes_while_a_snapshot_is_made_when_they_arrive_then_nothing_is_lost(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    bela = world.browser(world.bela).connect()
    world.sign_on(world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    entities = world.server.desk.entities
    original = entities.desk

    def while_it_ends(agent_id: Any) -> Any:
        made = list(original(agent_id))
        world.end_leg(call_id, world.bela, world.services.calls.record(call_id).legs[0].id)
        world.end(call_id)
        world.services.agents.finish_wrap_up(world.bela.id)
        return iter(made)

    monkeypatch.setattr(entities, "desk", while_it_ends)
    bela.subscribe()
    monkeypatch.undo()
    assert bela.calls() == {}
    assert bela.screen[("me", "me")]["state"] == "ready"


@pytest.mark.capability("C54")
def test_given_queues_when_they_change_then_every_desk_sees_figures_without_personal_data(world: DeskWorld) -> None:
    dora = world.browser(world.dora).connect()
    dora.subscribe()
    world.sign_on(world.bela)
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id)
    world.server.desk.notifier.flush()
    dora.take()
    queue = dora.screen[("queue", "enquiry")]
    assert (queue["waiting"], queue["ready"], queue["signed_on"]) == (1, 1, 1)
    assert queue["longest_since"] == "2026-11-23T02:00:00.000Z"
    world.answer(call_id, world.bela, world.offer(call_id, world.bela))
    world.server.desk.notifier.flush()
    dora.take()
    queue = dora.screen[("queue", "enquiry")]
    assert (queue["waiting"], queue["ready"], queue["talking"]) == (0, 0, 1)
    assert queue["today"]["answered"] == 1
    assert queue["today"]["service_level_ratio"] == 1.0


@pytest.mark.capability("C55")
@pytest.mark.capability("C58")
def test_given_a_board_when_agents_and_callers_move_then_it_shows_them_masked(world: DeskWorld) -> None:
    chen = world.browser(world.chen).connect()
    chen.subscribe("board")
    world.sign_on(world.bela)
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id)
    world.server.desk.notifier.flush()
    chen.take()
    assert chen.screen[("waiting", call_id)]["patient_name_masked"] == "阿*"
    assert chen.screen[("waiting", call_id)]["number_masked"] == "138****0001"
    world.answer(call_id, world.bela, world.offer(call_id, world.bela))
    now = world.clock.now() + timedelta(seconds=0)
    world.publish(
        call.MonitoringStarted(
            at=now, call_id=call_id, agent_id=int(world.bela.id), supervisor_id=int(world.chen.id), mode="listen"
        )
    )
    world.server.desk.notifier.flush()
    chen.take()
    assert ("waiting", call_id) not in chen.screen
    row = chen.screen[("agent", str(world.bela.id))]
    assert (row["state"], row["call"]["id"], row["monitored_by"]) == ("talking", call_id, ["陈"])


@pytest.mark.capability("C61")
def test_given_the_link_when_it_is_lost_then_every_desk_is_told_at_once(world: DeskWorld) -> None:
    dora = world.browser(world.dora).connect()
    dora.subscribe()
    now = world.clock.now()
    world.publish(call.TelephonyLinkChanged(at=now, is_up=False, since=now))
    dora.take()
    assert dora.screen[("link", "ami")] == {"is_up": False, "since": "2026-11-23T02:00:00.000Z"}


def assert_follows(world: DeskWorld, browser: Browser, view: str) -> None:
    world.server.desk.notifier.flush()
    assert_same(browser, view)


@pytest.mark.capability("C54")
def test_given_a_caller_when_moved_to_another_queue_then_the_old_queue_is_shown_without_him(world: DeskWorld) -> None:
    dora = world.browser(world.dora).connect()
    dora.subscribe()
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id, "enquiry")
    world.server.desk.notifier.flush()
    world.queue(call_id, "booking")
    assert_follows(world, dora, "desk")
    assert (dora.screen[("queue", "enquiry")]["waiting"], dora.screen[("queue", "booking")]["waiting"]) == (0, 1)


@pytest.mark.capability("C36")
def test_given_an_attended_transfer_when_done_then_the_recipients_figures_follow_at_his_desk_and_on_the_board(
    world: DeskWorld,
) -> None:
    bolin, chen = world.browser(world.bolin).connect(), world.browser(world.chen).connect()
    bolin.subscribe()
    chen.subscribe("board")
    world.sign_on(world.bela, world.bolin)
    call_id = world.talk(world.bela, patient=world.asha)
    now = world.clock.now()
    world.publish(call.ConsultStarted(at=now, call_id=call_id, agent_id=world.bela.id, target="1002"))
    world.answer(call_id, world.bolin, world.offer(call_id, world.bolin, kind=LegKind.CONSULT), LegKind.CONSULT)
    world.server.desk.notifier.flush()
    world.publish(
        call.CallTransferred(at=now, call_id=call_id, agent_id=world.bela.id, kind=TransferKind.ATTENDED, target="1002")
    )
    assert_follows(world, bolin, "desk")
    assert_follows(world, chen, "board")
    assert bolin.screen[("me", "me")]["today"]["answered"] == 1
