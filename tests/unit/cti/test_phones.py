"""Which telephones can be reached."""

from __future__ import annotations

import pytest

from crm_core.calls.events import PhoneRegistrationChanged
from crm_core.clock import ManualClock
from crm_core.events import Event
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
    assert told(phones.on_contact(contact("Reachable", uri="sip:new"))) == []
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
