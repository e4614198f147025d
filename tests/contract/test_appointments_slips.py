"""电子派单: each booked visit is prepared by somebody, by a time, and acknowledged (C107)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.appointments.kinds import Channel
from crm_core.appointments.slips import SlipRule, VisitSlips
from crm_core.errors import InvalidInput, NotFound, WrongState
from tests.support.booking_house import DEPARTMENT, BookingHouse
from tests.support.ground import Ground

RULES = (
    SlipRule("病历准备", ("窗口1", "窗口2"), minutes_before=60),
    SlipRule("心电图", ("护士站",), minutes_before=30, department_code=DEPARTMENT),
    SlipRule("视力表", ("眼科窗口",), minutes_before=30, department_code="ophthalmology"),
)


@pytest.mark.capability("C107")
def test_given_rules_when_visits_are_booked_then_slips_are_given_out_in_turns_received_and_passed_on(
    ground: Ground,
) -> None:
    house = BookingHouse(ground.database, ground.clock, ground.bus)
    house.clinic("wang")
    slips = VisitSlips(house.work, RULES)
    slips.subscribe(ground.bus)
    cards = [
        house.booking.book(
            patient_id=house.patient(), slot_id=slot.id, idempotency_key=f"k{slot.id}", channel=Channel.DESK, by="x"
        )
        for slot in house.slots()
    ]
    assert {slip.assignee for slip in slips.open_slips()} == {"窗口1", "窗口2", "护士站"}
    assert slips.assign(cards[0].id) == 0, "a second time makes none"
    first, second = slips.open_slips("护士站")
    assert (first.duty, first.due_at, first.state) == ("心电图", cards[0].starts_at - timedelta(minutes=30), "assigned")
    slips.receive(first.id, by="护士甲")
    slips.receive(first.id, by="护士乙")
    assert slips.open_slips("护士站")[0].received_by == "护士甲"
    slips.reassign(first.id, assignee="护士站2")
    assert slips.open_slips("护士站2")[0].state == "assigned"
    with pytest.raises(WrongState):
        slips.finish(second.id, by="x")
    slips.receive(second.id, by="x")
    slips.finish(second.id, by="x")
    house.booking.cancel(cards[0].id, by="p")
    assert {slip.appointment_id for slip in slips.open_slips()} == {cards[1].id}
    ground.clock.advance(22 * 3600)
    assert all(slip.is_late for slip in slips.open_slips())
    with pytest.raises(NotFound):
        slips.receive(999, by="x")
    with pytest.raises(InvalidInput):
        VisitSlips(house.work, [SlipRule("x", (), 1)])
