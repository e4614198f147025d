"""Messages become tickets with a number, a due time, a sound of their own and dated hops (C13)."""

import wave
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crm_core.calls.kinds import CallOutcome, RecordingState
from crm_core.errors import NotFound, WrongState
from crm_core.ids import CallId
from crm_core.menus.events import VoiceMessageLeft
from crm_core.opening_hours import OpeningHours, Span
from crm_core.patients.cards import NewPatient
from crm_core.tickets.cards import NewMessage
from crm_core.tickets.events import TicketOpened
from crm_core.tickets.kinds import SoundState, TicketKind, TicketState
from crm_core.tickets.rules import due_at
from crm_core.tickets.voice_messages import VoiceMessages
from recordings.library import Library
from tests.support.ground import Ground
from tests.support.waiting_house import WaitingHouse

ASHA = "13800000001"


@pytest.fixture
def house(ground: Ground) -> WaitingHouse:
    return WaitingHouse(ground)


def _message(**changes: object) -> NewMessage:
    values: dict[str, object] = {"call_id": CallId("hl1-1.1"), "file_name": "hl1-1.1-1-message.wav", "length_s": 4.0}
    return NewMessage(**(values | {"number": ASHA} | changes))  # type: ignore[arg-type]


def _write_sound(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\1\0" * 8000)
    return path


@pytest.mark.capability("C13")
def test_given_a_complaint_by_voice_when_left_then_a_ticket_with_number_due_time_and_links(house: WaitingHouse) -> None:
    patient_id = house.ground.patients.register(NewPatient("阿莎", phones=((ASHA, "self"),)))
    house.arrives("hl1-1.1", ASHA)
    house.is_known("hl1-1.1", patient_id)
    ticket = house.tickets.leave_message(_message(kind=TicketKind.COMPLAINT))
    assert ticket.number.isdigit()
    assert len(ticket.number) == 10
    assert ticket.number.startswith("261123")
    assert (ticket.kind, ticket.state, ticket.working_days) == (TicketKind.COMPLAINT, TicketState.OPEN, 5)
    assert (ticket.patient_id, ticket.call_id, ticket.number_masked) == (patient_id, "hl1-1.1", "138****0001")
    assert ticket.due_at == datetime(2026, 11, 30, 9, 30, tzinfo=UTC)  # Monday + 5 working days, 17:30
    assert [(hop.state, hop.by) for hop in ticket.hops] == [(TicketState.OPEN, None)]
    (opened,) = house.bus.of(TicketOpened)
    assert (opened.ticket_id, opened.number) == (ticket.id, ticket.number)


@pytest.mark.capability("C13")
def test_given_a_message_that_is_told_twice_when_counted_then_one_ticket(house: WaitingHouse) -> None:
    first = house.tickets.leave_message(_message())
    house.bus.publish(
        VoiceMessageLeft(
            at=house.clock.now(), call_id=CallId("hl1-1.1"), node="message", name="hl1-1.1-1-message.wav",
            length_s=4.0, number=ASHA, patient_id=None,
        )
    )  # fmt: skip
    assert [one.id for one in house.tickets.listed()] == [first.id]
    assert len(house.bus.of(TicketOpened)) == 1


@pytest.mark.capability("C13")
@pytest.mark.capability("C26")
def test_given_a_caller_who_left_a_message_when_he_hangs_up_then_he_is_not_lost(house: WaitingHouse) -> None:
    house.arrives("hl1-1.1", ASHA)
    house.tickets.leave_message(_message())
    house.ends("hl1-1.1", CallOutcome.IVR_ABANDONED)
    assert house.missed.listed() == []


@pytest.mark.capability("C13")
def test_given_a_recorded_message_when_kept_then_it_lies_in_the_library_and_is_played_and_verified(
    house: WaitingHouse, tmp_path: Path
) -> None:
    incoming = tmp_path / "incoming"
    source = _write_sound(incoming, "hl1-1.1-1-message.wav")
    messages = VoiceMessages(house.ground.database, house.clock, incoming=incoming)
    library = Library(tmp_path / "store", messages)
    messages.use(library)
    (sound,) = house.tickets.leave_message(_message()).sounds
    assert messages.keep_incoming() == 1
    (kept,) = house.tickets.listed()[0].sounds
    assert (sound.state, kept.state) == (SoundState.INCOMING, SoundState.KEPT)
    assert library.playable(kept.id).mime_type == "audio/wav"
    assert library.verify(kept.id)
    assert not source.exists()
    library.playable(kept.id).path.write_bytes(b"changed")
    assert not library.verify(kept.id)


@pytest.mark.capability("C13")
def test_given_a_sound_that_is_gone_or_leads_elsewhere_when_kept_then_missing_and_nothing_is_read(
    house: WaitingHouse, tmp_path: Path
) -> None:
    (tmp_path / "incoming").mkdir()
    (tmp_path / "secret.wav").write_bytes(b"secret")
    (tmp_path / "incoming" / "link.wav").symlink_to(tmp_path / "secret.wav")
    messages = VoiceMessages(house.ground.database, house.clock, incoming=tmp_path / "incoming")
    library = Library(tmp_path / "store", messages)
    messages.use(library)
    for name in ("../secret.wav", "link.wav", "nothing.wav"):
        house.tickets.leave_message(_message(file_name=name))
    assert messages.keep_incoming() == 0
    for ticket in house.tickets.listed():
        assert messages.get(ticket.sounds[0].id).state is RecordingState.MISSING
        with pytest.raises(NotFound):
            library.playable(ticket.sounds[0].id)


@pytest.mark.capability("C13")
def test_given_a_ticket_when_moved_then_each_hop_is_dated_and_a_closed_one_stays_closed(house: WaitingHouse) -> None:
    bela = house.ground.agent()
    ticket = house.tickets.leave_message(_message())
    house.clock.advance(60)
    house.tickets.move(ticket.id, TicketState.FORWARDED, by=bela, department="cardiology", note="请科室回电")
    house.clock.advance(60)
    moved = house.tickets.move(ticket.id, TicketState.ANSWERED, by=bela)
    closed = house.tickets.move(ticket.id, TicketState.CLOSED, by=bela)
    assert [hop.state for hop in closed.hops] == ["open", "forwarded", "answered", "closed"]
    assert moved.department == "cardiology"
    assert closed.closed_at == house.clock.now()
    with pytest.raises(WrongState):
        house.tickets.move(ticket.id, TicketState.OPEN, by=bela)


@pytest.mark.capability("C13")
def test_given_holidays_and_moved_days_when_due_then_working_days_are_counted() -> None:
    overrides = {date(2026, 11, 28): True, date(2026, 11, 24): False}
    hours = OpeningHours(workday=(Span.parse("08:00-12:00"), Span.parse("13:00-17:00")), overrides=overrides)
    monday = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    assert due_at(hours, monday, 1) == datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # Tuesday is a holiday
    assert due_at(hours, monday, 4) == datetime(2026, 11, 28, 9, 0, tzinfo=UTC)  # Saturday is worked
