"""Which telephones can be reached."""

from __future__ import annotations

import math

import pytest

from crm_core.calls.events import PhoneRegistrationChanged
from crm_core.clock import ManualClock
from crm_core.events import Event
from crm_core.ids import AgentId
from cti.ami_messages import ContactChanged
from cti.phones import Phones
from tests.support.ami_replay import EXTENSIONS


def told(events: list[Event]) -> list[tuple[int, bool]]:
    return [(event.agent_id, event.is_registered) for event in events if isinstance(event, PhoneRegistrationChanged)]


def contact(status: str, *, aor: str = "1001", uri: str = "sip:a") -> ContactChanged:
    return ContactChanged(aor, uri, status)


@pytest.mark.fault("F22")
def test_given_a_phone_that_vanishes_when_told_then_its_agent_is_told_once() -> None:
    phones = Phones(ManualClock(), EXTENSIONS.get)
    assert told(phones.on_contact(contact("NonQualified"))) == [(1, True)]
    assert told(phones.on_contact(contact("Reachable"))) == []
    assert phones.is_registered("1001")
    assert told(phones.on_contact(contact("Unreachable"))) == [(1, False)]
    assert told(phones.on_contact(contact("Removed"))) == []
    assert not phones.is_registered("1001")


@pytest.mark.capability("C27")
def test_given_a_browser_that_reloads_when_the_new_contact_comes_first_then_the_phone_stays_registered() -> None:
    phones = Phones(ManualClock(), EXTENSIONS.get)
    phones.on_contact(contact("Reachable", uri="sip:old"))
    assert told(phones.on_contact(contact("Reachable", uri="sip:new"))) == [(1, True)]
    assert told(phones.on_contact(contact("Removed", uri="sip:old"))) == []
    assert phones.is_registered("1001")


def test_given_a_list_when_it_replaces_memory_then_only_differences_are_told() -> None:
    clock = ManualClock()
    phones = Phones(clock, EXTENSIONS.get)
    phones.on_contact(contact("Reachable"))
    clock.advance(5)
    listed = [contact("Reachable", aor="1002"), contact("Unreachable", aor="1003"), contact("Reachable", aor="hl-trunk")]
    assert told(phones.replace(listed, asked_at_s=clock.monotonic_s())) == [(1, False), (2, True)]
    assert told(phones.replace(listed, asked_at_s=clock.monotonic_s())) == []


def test_given_news_since_the_question_when_the_list_is_older_then_the_news_counts() -> None:
    clock = ManualClock()
    phones = Phones(clock, EXTENSIONS.get)
    asked_at_s = clock.monotonic_s()
    clock.advance(1)
    phones.on_contact(contact("Reachable"))
    assert told(phones.replace([], asked_at_s=asked_at_s)) == []
    assert phones.is_registered("1001")


@pytest.mark.capability("C27")
def test_given_a_telephone_without_an_account_when_the_account_appears_then_the_next_look_tells_it() -> None:
    clock, accounts = ManualClock(), dict(EXTENSIONS)
    phones = Phones(clock, accounts.get)
    assert told(phones.on_contact(contact("Reachable", aor="1004"))) == []
    clock.advance(1)
    listed = [contact("Reachable", aor="1004")]
    assert told(phones.replace(listed, asked_at_s=clock.monotonic_s())) == []
    accounts["1004"] = AgentId(4)
    assert told(phones.replace(listed, asked_at_s=clock.monotonic_s())) == [(4, True)]
    assert told(phones.replace(listed, asked_at_s=clock.monotonic_s())) == []
    assert told(phones.replace([], asked_at_s=clock.monotonic_s())) == [(4, False)]


@pytest.mark.fault("F64")
def test_given_telephones_that_come_and_go_when_asked_then_since_when_the_oldest_has_been_there() -> None:
    clock = ManualClock()
    phones = Phones(clock, EXTENSIONS.get)
    assert phones.registered_since_s("1001") == math.inf
    phones.on_contact(contact("Reachable", uri="sip:old"))
    began_s = clock.monotonic_s()
    clock.advance(10)
    phones.on_contact(contact("Reachable", uri="sip:old"))
    assert phones.registered_since_s("1001") == began_s
    phones.on_contact(contact("NonQualified", uri="sip:new"))
    phones.on_contact(contact("Removed", uri="sip:old"))
    assert phones.registered_since_s("1001") == began_s + 10
