"""A process that books one wish and writes down what it heard; it dies where the environment says."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from crm_core.appointments.kinds import Channel
from crm_core.database import Database
from tests.support.booking_house import BookingHouse

VARIABLE = "HOTLINE_TEST_DIES_AT"


def dying_at(wanted: str) -> Callable[[str], None]:
    """SIGKILL at the named place: no cleanup, no goodbye."""

    def failpoint(name: str) -> None:
        if name == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    return failpoint


def main(url: str, use_case: str, patient_id: str, number: str, key: str, answers: str) -> None:
    """``number`` is a slot for book and hold, an appointment (to the slot of its key's tail) for move and cancel."""
    house = BookingHouse(Database(url), failpoint=dying_at(os.environ.get(VARIABLE, "")))
    booking = house.booking
    if use_case == "book":
        said = booking.book(
            patient_id=int(patient_id), slot_id=int(number), idempotency_key=key, channel=Channel.PHONE, by="ivr"
        ).id
    elif use_case == "hold":
        said = booking.hold(int(number), leg_key=key, patient_id=int(patient_id)).id
    elif use_case == "move":
        said = booking.move(
            int(number), int(key.rpartition(":")[2]), idempotency_key=key, channel=Channel.PHONE, by="ivr"
        ).id
    else:
        said = booking.cancel(int(number), by="ivr").id
    with Path(answers).open("a") as file:
        file.write(f"{use_case} {said}\n")
    house.database.close()


if __name__ == "__main__":
    main(*sys.argv[1:7])
