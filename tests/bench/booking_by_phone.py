"""Measures booking on real calls: keys and seconds to the booked sentence, and how soon a key is answered under load."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from config.demo.carrier import Carrier, PatientCall
from config.home import Home
from config.telephone_switches import Switches, carrier_config
from crm_core.patients.cards import NewPatient
from tests.bench import machine
from tests.bench.agi_watch import MANAGER, AgiWatch, answers_s, began_s
from tests.bench.bench_home import BenchFailed, BenchHome, bench_home
from tests.bench.ivr_load import RTP_PORTS
from tests.bench.table import Row, at_most, markdown, percentile
from tests.support.booking_house import broken_promises

SCRIPT = "w7.5,1,w4,1,w4,1,w7,1,w16,hangup"
"""Booking, the last doctor, the first time, yes: behind the notice, each while its question is being said."""
KEYS = SCRIPT.count(",1,")
KEYS_LIMIT, SECONDS_LIMIT, ANSWER_LIMIT_MS = 8.0, 60.0, 300.0
CALL_S = 60.0
RESTART_LIMIT_S, SETTLE_S = 60.0, 8.0
"""The second: until our program has its connection again and the trunk is registered."""


@dataclass(frozen=True)
class BookingTimes:
    """``to_booked_s``: from the answer of the call to the beginning of 预约成功; ``answers_ms``: key taken to next sound."""

    calls: int
    booked: int
    said: int
    to_booked_s: tuple[float, ...]
    answers_ms: tuple[float, ...]
    broken: tuple[str, ...]
    seconds: float


def measure_booking(work: Path, tree: Path, *, rate_per_s: float, seconds: float) -> BookingTimes:
    """One call after the other at ``rate_per_s``, each of another patient with a last doctor of the demo hospital."""
    with bench_home(work, tree, **RTP_PORTS) as home:
        home.command("up")
        _let_asterisk_tell(home)
        patients = _patients(home, max(1, int(rate_per_s * seconds)))
        settings = home.settings
        watch = AgiWatch(settings.ami.host, settings.ami.port)
        carrier = Carrier(carrier_config(settings), settings.layout.carrier)
        try:
            answered = _call_all(carrier, list(patients), rate_per_s=rate_per_s)
        finally:
            carrier.close()
            watch.close()
        return _times(home, patients, watch, answered, seconds)


def _let_asterisk_tell(home: BenchHome) -> None:
    """A login for the bench, and the AGI messages that a hospital's Asterisk leaves out; they are read at its start."""
    folder, asterisk = home.home.asterisk / "etc", Switches(home.settings).instance("asterisk")
    with (folder / "manager.conf").open("a", encoding="utf-8") as manager:
        manager.write(MANAGER)
    told = [line for line in (folder / "stasis.conf").read_text("utf-8").splitlines() if "agi_exec" not in line]
    (folder / "stasis.conf").write_text("\n".join(told) + "\n", encoding="utf-8")
    asterisk.stop()
    asterisk.start()
    asterisk.wait_ready(RESTART_LIMIT_S)
    time.sleep(SETTLE_S)


def _patients(home: BenchHome, count: int) -> dict[str, int]:
    """By number. Registered as a desk does it; the doctor is the one they saw a month ago."""
    made: dict[str, int] = {}
    with home.ground() as ground:
        doctors = [one for one in ground.bookings.schedules.doctors(days=14) if one.left]
        if not doctors:
            raise BenchFailed("the demo hospital has no free seat")
        seen_at = ground.clock.now() - timedelta(days=30)
        for at in range(count):
            number, born = f"136{at:08d}", date(1980, 1, 1) + timedelta(days=at % 5000)
            made[number] = ground.patients.register(
                NewPatient(name="赵敏", gender="female", birth_date=born, phones=((number, "self"),),
                           id_number=f"110102{born:%Y%m%d}{at % 1000:03d}X")
            )  # fmt: skip
            ground.appointment_setup.add_appointment(made[number], doctors[at % len(doctors)].code, starts_at=seen_at)
    return made


def _call_all(carrier: Carrier, numbers: Sequence[str], *, rate_per_s: float) -> dict[str, float]:
    """When each call was answered, monotonic."""
    calls = {}
    began = time.monotonic()
    for at, number in enumerate(numbers):
        time.sleep(max(0.0, began + at / rate_per_s - time.monotonic()))
        calls[number] = carrier.place_call(PatientCall(from_number=number, keys=SCRIPT, max_s=CALL_S))
    answered: dict[str, float] = {}
    for number, call in calls.items():
        result = call.wait_ended(CALL_S + 30)
        if result.answered_at is not None:
            age_s = result.ended_at.timestamp() - result.answered_at.timestamp()
            answered[number] = time.monotonic() - (time.time() - result.ended_at.timestamp()) - age_s
    return answered


def _times(
    home: BenchHome, patients: dict[str, int], watch: AgiWatch, answered: dict[str, float], seconds: float
) -> BookingTimes:
    said = {number: began_s(commands, "hl/booked") for number, commands in watch.calls.items()}
    to_booked = [said_s - answered[number] for number, said_s in said.items() if said_s and number in answered]
    waits = [1000 * one for commands in watch.calls.values() for one in answers_s(commands)]
    with home.ground() as ground:
        booked = sum(
            any(one.slot_id is not None for one in ground.bookings.booking.of_patient(patient))
            for patient in patients.values()
        )
        broken = tuple(broken_promises(ground.database))
    return BookingTimes(len(patients), booked, len(to_booked), tuple(to_booked), tuple(waits), broken, seconds)


def rows(times: BookingTimes) -> list[Row]:
    crowd = f"{times.calls} calls of {times.calls} patients, one new call every {times.seconds / times.calls:.1f} s"
    broken = ", ".join(times.broken) or "none"
    is_whole = times.booked == times.calls and not times.broken
    to_booked_s, answer_ms = percentile(times.to_booked_s, 0.95), percentile(times.answers_ms, 0.95)
    return [
        at_most("booking by phone, keys of a known patient", float(KEYS), KEYS_LIMIT, unit="keys",
                how="menu, last doctor, time, yes"),
        at_most("booking by phone, answer to 预约成功, p95", to_booked_s, SECONDS_LIMIT, unit="s",
                how=f"real calls, notice included, keys pressed after the pauses of a listener; {crowd}"),
        at_most("answer to a key while others book, p95", answer_ms, ANSWER_LIMIT_MS, unit="ms",
                how="Asterisk's AGIExecEnd of the reading to AGIExecStart of the next sound, "
                f"{len(times.answers_ms)} keys; {crowd}"),
        Row("booked of those who called", f"{times.booked} of {times.calls}", target="all", met=is_whole,
            how=f"{times.said} heard it; promises broken in the tables: {broken}"),
    ]  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--home", type=Path, required=True, help="whose unpacked Asterisk is used; nothing else is touched"
    )
    parser.add_argument("--rate", type=float, default=1.0, help="new calls a second")
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="hlb-") as work:
        times = measure_booking(
            Path(work) / "booking", Home(options.home.resolve()).tree, rate_per_s=options.rate, seconds=options.seconds
        )
    sys.stdout.write(markdown(rows(times), machine.facts()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
