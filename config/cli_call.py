"""`hotline call`, `demo` and `bench`: the simulated public network at work."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.cli_support import Exit, Stop, settings_of
from config.home import CHECKOUT, Home

if TYPE_CHECKING:
    from config.demo.carrier import CallHandle, Carrier, PatientCall

BENCH = CHECKOUT / "tests" / "bench" / "run.py"
KEYS_HELP = "Steps with commas: w4 waits 4 s, digits are pressed, say:FILE speaks, hangup ends. Example: w4,5,w2,0"
# what callers of the demo do: the way into each queue, and impatience
DEMO_SCRIPTS = ("w8,0,w60", "w10,5,w4,1,w60", "w12,1,w20,0,w45", "w5,9,w40", "w3,hangup", "w6,7,w6,8,w6,0,w60")
DEMO_NUMBERS = ("13800000001", "13800000002", "13800000003", "13912345678", "01066667777", "18600000009")


@click.command()
@click.option("--from", "from_number", default="13800000001", show_default=True, help="Number of the caller.")
@click.option("--name", default="", help="Name that the caller's telephone sends.")
@click.option("--keys", default="", help=KEYS_HELP)
@click.option("--say", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The patient's voice.")
@click.option("--record", type=click.Path(path_type=Path), help="Keep what the patient hears in this WAV file.")
@click.option("--max-s", default=120.0, show_default=True, help="Hang up after so many seconds.")
@click.pass_context
def call(
    context: click.Context,
    from_number: str,
    name: str,
    keys: str,
    say: Path | None,
    record: Path | None,
    max_s: float,
) -> None:
    """Call the hotline as a patient.

    Through the simulated carrier. Exit code 1 when nobody answers.
    """
    from config.demo.carrier import PatientCall

    patient_call = PatientCall(
        from_number=from_number, from_name=name, keys=keys, say=say, record=record and record.absolute(), max_s=max_s
    )
    with _carrier(context) as carrier:
        handle = _place(carrier, patient_call)
        click.echo(f"{from_number} is calling ...")
        try:
            if handle.wait_answered(patient_call.answer_timeout_s):
                click.echo("answered")
            result = handle.wait_ended(max_s + patient_call.answer_timeout_s)
        except KeyboardInterrupt:
            _hang_up(handle)
            raise
        except TimeoutError:
            _hang_up(handle)
            raise Stop("the call did not end by itself", remedy="Look:  ./hotline logs carrier") from None
    if result.answered_at is None:
        click.echo(f"not answered, cause {result.cause}")
        context.exit(Exit.FAILED)
    seconds = (result.ended_at - result.answered_at).total_seconds()
    click.echo(f"ended after {seconds:.1f} s, cause {result.cause}")
    if result.heard_path:
        click.echo(f"what the patient heard: {result.heard_path}")


@click.command()
@click.option("--calls", default=12, show_default=True, help="How many patients call.")
@click.option("--every-s", default=10.0, show_default=True, help="Mean pause between two of them.")
@click.pass_context
def demo(context: click.Context, calls: int, every_s: float) -> None:
    """Let demo patients call, one after the other.

    Desks and boards come to life.
    """
    from config.demo.carrier import PatientCall

    with _carrier(context) as carrier:
        handles = []
        try:
            for number in range(calls):
                caller, keys = random.choice(DEMO_NUMBERS), random.choice(DEMO_SCRIPTS)
                handles.append(_place(carrier, PatientCall(from_number=caller, keys=keys, max_s=180)))
                click.echo(f"{number + 1}/{calls}  {caller}  {keys}")
                time.sleep(random.expovariate(1 / every_s) if number + 1 < calls else 0)
            click.echo("all have called; waiting for the last to hang up (Ctrl-C ends them)")
            for handle in handles:
                handle.wait_ended(240)
        except KeyboardInterrupt:
            for handle in handles:
                _hang_up(handle)
            raise
        except TimeoutError:
            raise Stop("a call did not end by itself", remedy="Look:  ./hotline logs carrier") from None


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def bench(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Measure against the floors, write a table.

    Bare Asterisk, stock panoramisk and the product in one run.
    Arguments go to the bench itself: `./hotline bench --help`.
    """
    home: Home = context.obj
    if not BENCH.exists():
        raise Stop(f"{BENCH} is missing", remedy="This checkout is not complete.")
    done = subprocess.run([sys.executable, "-P", str(BENCH), "--home", str(home.root), *arguments], check=False)
    context.exit(done.returncode)


@contextmanager
def _carrier(context: click.Context) -> "Iterator[Carrier]":
    settings = settings_of(context)
    from config.demo.carrier import Carrier
    from config.demo.carrier_ami import CarrierRefused, CarrierUnreachable
    from config.telephone_switches import carrier_config

    if not settings.carrier.enabled:
        raise Stop("this home has no simulated carrier", remedy="Set carrier.enabled = true, then ./hotline up.")
    try:
        carrier = Carrier(carrier_config(settings), settings.layout.carrier)
    except (CarrierUnreachable, CarrierRefused) as error:
        raise Stop(str(error), remedy="Run:  ./hotline up", exit_code=Exit.NOT_RUNNING) from None
    try:
        yield carrier
    except CarrierRefused as error:
        raise Stop(str(error), remedy="Look:  ./hotline logs carrier") from None
    finally:
        carrier.close()


def _place(carrier: "Carrier", patient_call: "PatientCall") -> "CallHandle":
    try:
        return carrier.place_call(patient_call)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _hang_up(handle: "CallHandle") -> None:
    """Put the receiver down; a call that has ended meanwhile is no error."""
    from config.demo.carrier_ami import CarrierRefused

    with suppress(CarrierRefused):
        handle.hang_up()
