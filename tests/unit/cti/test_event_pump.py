"""The pump: order, poison, storms, pressure."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from crm_core.bus import RecordingBus
from crm_core.calls import events as e
from crm_core.clock import ManualClock, SystemClock
from crm_core.events import Event
from cti.ami_messages import ContactChanged
from cti.event_pump import EventPump
from tests.support.ami_replay import messages_of, new_tracker, trace

CALL = [raw for raw in messages_of([trace("inbound-answered")]) if b"ContactStatus" not in raw]
CONTACT = b"Event: ContactStatus\r\nAOR: 1001\r\nURI: sip:x\r\nContactStatus: Reachable"


def wait_for(condition: Callable[[], bool]) -> None:
    done = threading.Event()
    for _ in range(1000):
        if condition():
            return
        done.wait(0.005)
    raise AssertionError("it did not happen within 5 s")


@pytest.mark.fault("F10")
def test_given_poison_in_mid_call_when_pumped_then_it_is_parked_and_the_call_goes_on() -> None:
    bus = RecordingBus()
    pump = EventPump(new_tracker(), bus, ManualClock())
    poison = b"Event: Newchannel\r\nCallerIDNum: 13800000001"
    clock = ManualClock()
    half = len(CALL) // 2
    pump.handle_batch([*CALL[:half], poison, *CALL[half:]], at=clock.now(), received_at_s=clock.monotonic_s())
    assert [type(event) for event in bus.events][-1] is e.CallEnded
    assert pump.figures().parked_count == 1
    assert pump.parked[0].event == "Newchannel"
    assert "13800000001" not in repr(pump.parked[0])


def test_given_messages_and_steps_when_pumped_then_they_are_done_in_the_order_of_arrival() -> None:
    bus = RecordingBus()
    clock = SystemClock()
    pump = EventPump(new_tracker(), bus, clock)
    pump.put_messages(CALL[:5])
    pump.put_step(lambda: [e.TelephonyLinkChanged(at=clock.now(), is_up=False, since=clock.now())])
    pump.put_messages(CALL[5:])
    pump.start()
    pump.stop()
    kinds = [type(event) for event in bus.events]
    place = kinds.index(e.TelephonyLinkChanged)
    assert kinds[0] is e.CallArrived
    assert kinds[-1] is e.CallEnded
    assert 0 < place < len(kinds) - 1


@pytest.mark.fault("F05")
def test_given_a_full_queue_when_a_storm_goes_on_then_contacts_are_shed_calls_are_not_and_reading_stops() -> None:
    bus = RecordingBus()
    pressure: list[bool] = []
    seen: list[ContactChanged] = []

    def on_contact(message: ContactChanged) -> list[Event]:
        seen.append(message)
        return []

    pump = EventPump(new_tracker(), bus, SystemClock(), capacity=100, on_pressure=pressure.append, on_contact=on_contact)
    for _ in range(30):
        pump.put_messages([CONTACT] * 10)
    pump.put_messages(CALL)
    assert pressure == [True]
    assert pump.figures().backlog == 100 + len(CALL)
    assert pump.figures().shed_count == 200
    pump.start()
    pump.stop()
    assert pressure == [True, False]
    assert len(seen) == 100
    assert type(bus.events[-1]) is e.CallEnded
    assert pump.figures().backlog == 0


@pytest.mark.fault("F04")
def test_given_a_handler_that_hangs_when_messages_come_then_the_reader_never_waits() -> None:
    gate = threading.Event()

    class SlowBus(RecordingBus):
        def publish(self, event: Event) -> None:
            gate.wait(5)
            super().publish(event)

    bus = SlowBus()
    pump = EventPump(new_tracker(), bus, SystemClock())
    pump.start()
    try:
        for raw in CALL:
            pump.put_messages([raw])
        wait_for(lambda: pump.figures().lag_s > 0.02)
        assert bus.events == []
    finally:
        gate.set()
        pump.stop()
    assert type(bus.events[-1]) is e.CallEnded
    assert pump.figures().peak_lag_s > 0.02


def test_given_a_step_that_fails_when_pumped_then_the_next_message_is_handled() -> None:
    bus = RecordingBus()
    pump = EventPump(new_tracker(), bus, SystemClock())

    def broken() -> list[Event]:
        raise RuntimeError("resync is broken")

    pump.put_step(broken)
    pump.put_messages(CALL)
    pump.start()
    pump.stop()
    assert type(bus.events[-1]) is e.CallEnded
