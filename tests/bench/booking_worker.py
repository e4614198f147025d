"""One process of the booking bench: wishes for slots that everybody wants, one line for each answer."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import select

from crm_core import schema
from crm_core.appointments.kinds import Channel
from crm_core.appointments.models import Slot
from crm_core.database import Database
from crm_core.errors import HotlineError
from crm_core.patients.models import Patient
from tests.support.booking_house import BookingHouse

HOT_SLOTS = 8
"""So many slots are wanted at a time; the hot ones wander through the week as the run goes on."""


def main(url: str, number: int, attempts: int, processes: int) -> None:
    schema.all_metadata()
    house = BookingHouse(Database(url))
    with house.database.read() as session:
        slots = list(session.scalars(select(Slot.id).where(Slot.starts_at > house.clock.now()).order_by(Slot.id)))
        patients = list(session.scalars(select(Patient.id).order_by(Patient.id)))
    chance = random.Random(number)
    print("ready", flush=True)
    sys.stdin.readline()
    lines = []
    for attempt in range(attempts):
        first = attempt * len(slots) // attempts
        slot_id = slots[min(len(slots) - 1, first + chance.randrange(HOT_SLOTS))]
        patient_id = chance.choice(patients)
        began_s = time.perf_counter()
        try:
            card = house.booking.book(
                patient_id=patient_id,
                slot_id=slot_id,
                idempotency_key=f"{number}:{attempt}",
                channel=Channel.DESK,
                by="bench",
            )
            answer, said = "booked", card.id
        except HotlineError as error:
            answer, said = error.code, 0
        lines.append(f"{answer} {(time.perf_counter() - began_s) * 1000:.3f} {said}")
    print("\n".join(lines))
    house.database.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
