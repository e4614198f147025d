"""`hotline status` and `hotline logs`."""

import json
import time
from pathlib import Path

import click

from config.cli_support import Exit, settings_of
from config.home import Home


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object for programs.")
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Tell what runs and where. Exit code 5 when the program does not run or is not healthy."""
    settings = settings_of(context)
    from config.status import collect_status

    found = collect_status(settings)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        click.echo(f"home      {found['home']}")
        _print_part("program", found["program"]["pid"], "healthy" if found["running"] else "NOT HEALTHY")
        for name, switch in found["switches"].items():
            _print_part(name, switch["pid"], "running")
        for name, address in found["addresses"].items():
            click.echo(f"{name:<18} {address}")
        click.echo(f"disk      {found['disk']['used_ratio']:.0%} used")
    if not found["running"]:
        context.exit(Exit.NOT_RUNNING)


def _print_part(name: str, pid: int | None, state: str) -> None:
    text = f"{state}, pid {pid}" if pid else "not running"
    click.secho(f"{name:<9} {text}", fg="green" if pid and state.islower() else "red")


LOGS = {
    "program": "logs/hotline.log",
    "output": "logs/program.out",
    "asterisk": "asterisk/log/messages.log",
    "console": "asterisk/log/console.log",
    "carrier": "carrier/log/messages.log",
    "install": "logs/install.log",
}


@click.command()
@click.argument("which", type=click.Choice(list(LOGS)), default="program")
@click.option("-n", "--lines", default=50, show_default=True, help="How many of the last lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.pass_obj
def logs(home: Home, which: str, lines: int, follow: bool) -> None:
    """Print the end of a log.

    program: JSON lines; output: what the program printed; asterisk, console, carrier; install: packages.
    """
    path = home.root / LOGS[which]
    position = _print_tail(path, lines)
    while follow:
        time.sleep(0.3)
        position = _print_from(path, position)


def _print_tail(path: Path, lines: int) -> int:
    if not path.exists():
        click.echo(f"{path} does not exist yet", err=True)
        return 0
    with path.open("rb") as file:
        size_bytes = file.seek(0, 2)
        file.seek(max(0, size_bytes - 300 * max(lines, 1) - 4096))
        for line in file.read().splitlines()[-lines:] if lines > 0 else ():
            click.echo(line.decode(errors="replace"))
        return size_bytes


def _print_from(path: Path, position: int) -> int:
    """Print what was added; a smaller file was rotated and is read from its beginning."""
    if not path.exists():
        return position
    with path.open("rb") as file:
        size_bytes = file.seek(0, 2)
        file.seek(position if size_bytes >= position else 0)
        click.echo(file.read().decode(errors="replace"), nl=False)
        return size_bytes
