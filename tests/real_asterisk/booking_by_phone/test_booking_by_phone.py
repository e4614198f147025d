"""A known patient books her last doctor alone: four keys, and her own recording has the prompts and the booked time."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from crm_core.appointments.cards import AppointmentCard
from crm_core.patients.cards import NewPatient
from ivr.prompt_catalogue import load_catalogue
from tests.support.listening import can_hear, contains_prompt, transcribe
from tests.support.product import Product, eventually

PROMPTS = load_catalogue("zh")
HER_DOCTOR = "wang-jianguo"


def register(product: Product, number: str, tail: str) -> int:
    """A patient who saw her doctor a month ago."""
    born = date(1983, 5, 17)
    patient = product.ground.patients.register(
        NewPatient(
            name="赵敏",
            gender="female",
            birth_date=born,
            id_number=f"110101{born:%Y%m%d}{tail}",
            phones=((number, "self"),),
        )
    )
    month_ago = product.ground.clock.now() - timedelta(days=30)
    product.ground.appointment_setup.add_appointment(patient, HER_DOCTOR, starts_at=month_ago)
    return patient


def booked(product: Product, patient: int) -> list[AppointmentCard]:
    return [one for one in product.ground.bookings.booking.of_patient(patient) if one.slot_id is not None]


@pytest.mark.capability("C10")
@pytest.mark.capability("C102")
@pytest.mark.invariant("I3")
@pytest.mark.skipif(not can_hear(), reason="the recogniser is installed by ./hotline test")
def test_given_a_known_patient_when_she_presses_four_keys_then_she_is_booked_and_hears_it(
    product: Product, tmp_path: Path
) -> None:
    number = f"139{product.ground.clock.now():%H%M%S}01"
    patient = register(product, number, f"{product.ground.clock.now():%S}2X")
    call = product.call(number, keys="w9,1,w6,1,w6,1,w12,1,w18,hangup", record=tmp_path / "heard.wav", max_s=120)
    (one,) = eventually(lambda: booked(product, patient), within_s=60, what="booked")
    assert (one.state, one.doctor_code, one.channel) == ("booked", HER_DOCTOR, "phone")
    sent = eventually(lambda: product.ground.messages.log.of_patient(patient), what="the message")
    assert [message.template_key for message in sent] == ["appointment_booked"]
    heard = transcribe(call.wait_ended(60).heard_path)
    for key in ("recording-notice", "option-last-doctor", "booking-confirm", "booked"):
        assert contains_prompt(heard, PROMPTS.text(key), max_cer=0.4), (key, PROMPTS.text(key), heard)


@pytest.mark.fault("F27")
@pytest.mark.invariant("I2")
def test_given_a_caller_who_hangs_up_at_the_confirmation_when_gone_then_her_seat_is_free_again(
    product: Product,
) -> None:
    number = f"138{product.ground.clock.now():%H%M%S}02"
    patient = register(product, number, f"{product.ground.clock.now():%S}3X")
    free = product.ground.bookings.schedules.open_slots("cardiology", HER_DOCTOR, limit=1)[0]
    call = product.call(number, keys="w9,1,w5,1,w5,1,w60", max_s=120)

    def first_free() -> int:
        return product.ground.bookings.schedules.open_slots("cardiology", HER_DOCTOR, limit=1)[0].id

    eventually(lambda: first_free() != free.id or _left(product, free.id) < free.left, within_s=45, what="kept")
    call.hang_up()
    eventually(lambda: _left(product, free.id) == free.left, within_s=20, what="given back")
    assert booked(product, patient) == []


def _left(product: Product, slot_id: int) -> int:
    return product.ground.bookings.schedules.slot(slot_id).left
