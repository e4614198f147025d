"""The table event -> screens, and the rule that guards it."""

from __future__ import annotations

import inspect

import pytest

from agent_desk.entities import EntityKind
from agent_desk.notices import NOTICES, PERSONAL, Audience, Notice, Which, check_table
from crm_core.agents import events as agent
from crm_core.calls import events as call
from crm_core.campaigns import events as campaign
from crm_core.events import Event, ToAgent, ToDesks, ToSupervisors


@pytest.mark.invariant("I5")
@pytest.mark.parametrize(
    ("event_class", "notice"),
    [
        (call.CallOffered, Notice(EntityKind.CALL, Audience.DESKS, Which.CALL)),
        (call.CallOffered, Notice(EntityKind.CALL, Audience.SUPERVISORS, Which.CALL)),
        (call.CallOffered, Notice(EntityKind.ME, Audience.DESKS, Which.AGENT)),
        (call.CallEnded, Notice(EntityKind.ME, Audience.AGENT, Which.AGENT)),
        (call.QueueChanged, Notice(EntityKind.WAITING, Audience.DESKS, Which.QUEUE)),
        (call.IvrStepTaken, Notice(EntityKind.WAITING, Audience.SUPERVISORS, Which.CALL)),
        (call.RecordingStarted, Notice(EntityKind.AGENT, Audience.SUPERVISORS, Which.AGENT)),
        (call.CallOffered, Notice(EntityKind.AGENT, Audience.DESKS, Which.AGENT)),
    ],
)
def test_given_a_notice_to_the_wrong_room_when_checked_then_refused(event_class: type[Event], notice: Notice) -> None:
    with pytest.raises(ValueError, match="must not send"):
        check_table({event_class: (notice,)})


def test_given_the_table_when_checked_then_it_holds() -> None:
    check_table(NOTICES)


@pytest.mark.invariant("I5")
def test_given_personal_kinds_when_the_table_is_read_then_only_rooms_of_one_user() -> None:
    for changes in NOTICES.values():
        for notice in changes:
            if notice.kind in PERSONAL:
                assert notice.audience in (Audience.AGENT, Audience.PARTIES)


def test_given_every_event_that_may_be_shown_when_the_table_is_read_then_it_has_a_row() -> None:
    shown = {
        value
        for module in (call, agent, campaign)
        for value in vars(module).values()
        if inspect.isclass(value)
        and value.__module__ == module.__name__
        and issubclass(value, Event)
        and issubclass(value, ToAgent | ToSupervisors | ToDesks)
    }
    assert shown - set(NOTICES) == set()
