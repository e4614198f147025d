"""The bench: measures pops, IVR, pump, memory and start, and writes the table to HOME/bench.md and bench.json."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from subprocess import SubprocessError

from playwright.sync_api import Error as BrowserError

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from config.home import Home
from tests.bench import booking, booking_by_phone, demo_load, ivr_figures, ivr_load, lookup, machine, pops, start_time
from tests.bench.bench_home import BenchFailed, bench_home
from tests.bench.pump import measure_pump
from tests.bench.table import Row, at_least, markdown, write_table

PUMP_TARGET = 4.0
FAILURES = (BenchFailed, AssertionError, OSError, TimeoutError, ValueError, SubprocessError, BrowserError)


@dataclass
class Bench:
    """What is measured where, and what came out so far."""

    home: Home
    work: Path
    is_quick: bool
    rows: list[Row] = field(default_factory=list)
    details: dict[str, object] = field(default_factory=dict)

    def pump(self) -> None:
        speed = measure_pump(calls=100 if self.is_quick else 400)
        self.details["pump"] = asdict(speed)
        self.rows += [
            at_least("pump : stock panoramisk with as many handlers", speed.ratio, PUMP_TARGET, text=f"{speed.ratio:.1f}",
                     how=f"{speed.pump_per_s:,.0f} events/s from bytes to domain events on the bus against "
                     f"{speed.stock_named_per_s:,.0f}; CPU time of this process, unfiltered stream of recorded queue calls"),
            Row("our AMI door : stock panoramisk", f"{speed.door_ratio:.1f}",
                how=f"framing and filter {speed.door_per_s:,.0f} events/s, stock with one empty callback {speed.stock_per_s:,.0f}"),
        ]  # fmt: skip

    def pops(self) -> None:
        times = pops.measure_pops(self.work / "pops", self.home.tree, pops.QUICK if self.is_quick else pops.FULL)
        self.details["pops"] = [asdict(one) for one in times]
        self.rows += pops.rows(times)

    def telephony(self) -> None:
        """Start times, IVR and memory share one home."""
        effort = ivr_load.QUICK if self.is_quick else ivr_load.FULL
        with bench_home(self.work / "pbx", self.home.tree, **ivr_load.SETTINGS) as home:
            times = start_time.measure_start(home, rounds=1 if self.is_quick else 3)
            self.details["start"] = asdict(times)
            self.rows += start_time.rows(times)
            load = ivr_load.IvrLoad(home, effort)
            load.prepare()
            loads = [load.measure(route) for route in load.routes()]
            self.details["ivr"] = [asdict(one) for one in loads]
            self.rows += ivr_figures.load_rows(loads)
            load.long_sounds()
            bare = [load.hold(callers, is_bare=True) for callers in effort.held]
            home.run_program(True)
            idle_mb = machine.resident_mb(home.worker_pid)
            held = [load.hold(callers, is_bare=False) for callers in effort.held]
            self.details["held"] = {"bare": [asdict(one) for one in bare], "ivr": [asdict(one) for one in held]}
            self.rows += ivr_figures.held_rows(held, bare, idle_mb=idle_mb)


    def phone_booking(self) -> None:
        """Known patients book by keys on real calls."""
        seconds = 10.0 if self.is_quick else 600.0
        times = booking_by_phone.measure_booking(self.work / "phone", self.home.tree, rate_per_s=1.0, seconds=seconds)
        self.rows += booking_by_phone.rows(times)

    def contended_booking(self) -> None:
        attempts = 5_000 if self.is_quick else 100_000
        self.rows += booking.rows(booking.measure_booking(self.work / "contended", attempts=attempts))

    def lookup(self) -> None:
        self.rows += lookup.measure_lookup(self.work / "lookup", patients=lookup.QUICK if self.is_quick else lookup.FULL)

    def demo(self) -> None:
        self.rows += demo_load.measure_demo_load(self.work / "demo")


PARTS: dict[str, Callable[[Bench], None]] = {
    "pump": Bench.pump, "pops": Bench.pops, "telephony": Bench.telephony, "phone-booking": Bench.phone_booking,
    "contended-booking": Bench.contended_booking, "lookup": Bench.lookup, "demo": Bench.demo,
}  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hotline bench", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the table is written here; its own hotline is not touched")
    parser.add_argument("--quick", action="store_true", help="about 3 minutes instead of 15")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part only; may be given again")
    options = parser.parse_args(arguments)
    home = Home(options.home.resolve())
    facts = {**machine.facts(), "run": "quick" if options.quick else "full"}
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hlb-") as work:
        bench = Bench(home, Path(work), is_quick=options.quick)
        _build_desk()
        failures = [failure for name in options.only or PARTS if (failure := _measured(bench, name))]
    facts |= {"load at the end": f"{machine.load_average():.1f}", "took": f"{time.monotonic() - began_s:.0f} s"}
    home.root.mkdir(parents=True, exist_ok=True)
    write_table(home.root, bench.rows, facts, details=bench.details)
    print(markdown(bench.rows, facts))
    print(f"written to {home.root / 'bench.md'} and bench.json")
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _measured(bench: Bench, name: str) -> str:
    """One part; a part that cannot be measured does not take the others with it. Empty when all went well."""
    print(f"measuring {name} ...", file=sys.stderr)
    try:
        PARTS[name](bench)
    except FAILURES as error:
        bench.rows.append(Row(name, "not measured", how=str(error).splitlines()[0][:200]))
        return f"{name}: {error}"
    return ""


def _build_desk() -> None:
    """Before the clock runs: a start time is no build time."""
    from config.cli_support import ProgressLine
    from config.desk_build import DeskBuild

    desk = DeskBuild()
    if desk.has_sources() and not desk.is_current():
        desk.build(ProgressLine("desk"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
