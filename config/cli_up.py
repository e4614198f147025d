"""`hotline up`, `down` and `run`: from a fresh machine to a healthy hotline, and back."""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from config.cli_support import Exit, ProgressLine, Stop, checked_settings, only_one, settings_of
from config.home import DEFAULT_HOME, Home

if TYPE_CHECKING:
    from config.settings import Settings

HEALTHY_TIMEOUT_S = 90


@click.command()
@click.option("--rebuild", is_flag=True, help="Build the desk again even when its sources have not changed.")
@click.pass_obj
def up(home: Home, rebuild: bool) -> None:
    """Prepare, start and wait until all is healthy.

    Prepares everything that is missing and starts everything that does not run.
    Safe to run again, to interrupt and to run twice at once.
    """
    started_at = time.monotonic()
    try:
        home.create()
    except OSError as error:
        remedy = "Name another folder with --home DIR."
        raise Stop(f"cannot write {home.root}: {error.strerror}", remedy=remedy) from None
    with only_one(home.run / "up.lock", "starting or stopping this home"):
        settings = _first_settings(home)
        passwords: list[Any] = []
        try:
            for title, step in _steps(rebuild, passwords):
                _take(title, step, settings)
        finally:  # they are shown only once: a later step that fails must not swallow them
            _print_passwords(passwords)
        click.secho(f"\nHotline is up ({time.monotonic() - started_at:.1f} s).", fg="green", bold=True)
        _print_addresses(settings)
        if not passwords:
            click.echo("  forgotten password:  ./hotline user reset LOGIN")


Step = Callable[["Settings", ProgressLine], str]


def _steps(rebuild: bool, passwords: list[Any]) -> tuple[tuple[str, Step], ...]:
    """The start, in order. Every step returns what to print and costs next to nothing when nothing is to do."""
    return (
        ("system packages", _system_packages),
        ("Asterisk", _get_asterisk),
        ("desk", lambda settings, progress: _build_desk(settings, progress, rebuild=rebuild)),
        ("database", lambda settings, progress: _prepare_database(settings, progress, passwords)),
        ("prompts", _install_sounds),
        ("Asterisk files", _render),
        ("switches", _start_switches),
        ("program", _start_program),
    )


def _take(title: str, step: Step, settings: "Settings") -> None:
    progress = ProgressLine(title)
    progress(0, 0)
    try:
        result = step(settings, progress)
    except Stop:
        progress.finish("failed")
        raise
    except KeyboardInterrupt:
        progress.finish("interrupted")
        raise
    progress.finish(result)


def _first_settings(home: Home) -> "Settings":
    from config.first_settings import NoFreePortError, write_first_settings

    try:
        made = write_first_settings(home)
    except NoFreePortError as error:
        raise Stop(str(error), exit_code=Exit.MISSING_ON_MACHINE) from None
    if made:
        click.echo(f"new home {home.root}: ports and secrets are in {home.settings_file}")
    return checked_settings(home)


def _system_packages(settings: "Settings", progress: ProgressLine) -> str:
    from config.system_packages import PRODUCT, administrator_command, install, missing

    still_missing = missing(PRODUCT)
    if still_missing:
        progress(0, 0, "apt-get install")
        still_missing = install(still_missing, settings.layout.logs / "install.log")
    if not still_missing:
        return "ok"
    for need in still_missing:
        click.secho(f"\n  missing: {need.package} ({need.purpose}); going on without it", fg="yellow", err=True)
    click.echo(f"  As administrator run:  {administrator_command(still_missing)}", err=True)
    return "some are missing"


def _get_asterisk(settings: "Settings", progress: ProgressLine) -> str:
    from config.telephone_switches import Switches

    if not settings.asterisk.managed and not settings.carrier.enabled:
        return f"used at {settings.ami.host}:{settings.ami.port}"
    return f"version {Switches(settings).find_binary(progress).version}"


def _build_desk(settings: "Settings", progress: ProgressLine, *, rebuild: bool) -> str:
    from config.desk_build import DeskBuild, DeskBuildError

    desk = DeskBuild()
    if not desk.has_sources() or (desk.is_current() and not rebuild):
        return "ok"
    with only_one(DEFAULT_HOME / "run" / "desk.lock", "building the desk"):
        if desk.is_current() and not rebuild:
            return "ok"
        try:
            desk.build(progress)
        except DeskBuildError as error:
            remedy = "Is the npm registry reachable? Are the sources whole?  ./hotline check vue-tsc"
            raise Stop(f"the desk could not be built: {error}", remedy=remedy) from None
    return "built"


def _prepare_database(settings: "Settings", progress: ProgressLine, passwords: list[Any]) -> str:
    from config import lifecycle

    passwords += lifecycle.prepare(settings, progress)
    return "ok"


def _install_sounds(settings: "Settings", progress: ProgressLine) -> str:
    from ivr.prompt_sounds import install_sounds

    installed = install_sounds(settings.home)
    for name in installed.rejected:
        click.secho(f"\n  {name}: the recording is no sound; the shipped one is played", fg="yellow", err=True)
    changed = installed.copied + installed.recorded + installed.removed
    return f"{changed} installed" if changed else "ok"


def _render(settings: "Settings", progress: ProgressLine) -> str:
    from config.telephone_switches import Switches

    return Switches(settings).render()


def _start_switches(settings: "Settings", progress: ProgressLine) -> str:
    from config.telephone_switches import Switches

    return Switches(settings).start(progress)


def _start_program(settings: "Settings", progress: ProgressLine) -> str:
    from config.program import Program

    program = Program(settings.layout)
    running = program.pid()
    if running is None:
        _require_free_ports(settings)
    pid = program.start()
    progress(0, 0, "waiting until it is healthy")
    health = program.wait_healthy(settings.web_url, HEALTHY_TIMEOUT_S)
    if health.ok:
        return f"{'already up' if running else 'healthy'}, pid {pid}"
    if program.pid() is None:
        raise Stop(f"the program has ended at once:\n{program.last_output()}", remedy="More:  ./hotline logs")
    remedy = "Look:  ./hotline doctor   ./hotline logs"
    raise Stop(f"not healthy after {HEALTHY_TIMEOUT_S} s: {health.body or 'no answer'}", remedy=remedy)


def _require_free_ports(settings: "Settings") -> None:
    from config.first_settings import is_free

    for name in ("web.port", "agi.port"):
        host, port, protocol = settings.listening()[name]
        if not is_free(host, port, protocol):
            section, key = name.split(".")
            remedy = f"Stop the other program (`ss -ltnp`), or set {key} under [{section}] in settings.toml."
            raise Stop(f"{name}: {host}:{port} is taken by another program", remedy=remedy)


def _print_addresses(settings: "Settings") -> None:
    from config.status import addresses_of

    for name, address in addresses_of(settings).items():
        click.echo(f"  {name:<20} {address}")
    click.echo(f"  {'service number':<20} {settings.hospital.service_number}")


def _print_passwords(passwords: list[Any]) -> None:
    if passwords:
        click.echo("\nOne-time passwords, shown only now; each must be changed at the first login:")
        for one_time in passwords:
            click.echo(f"  {one_time.username:<12} {one_time.password:<20} {getattr(one_time, 'role', '')}")


@click.command()
@click.pass_context
def down(context: click.Context) -> None:
    """Stop everything of this home.

    The program, Asterisk and the carrier; calls in progress are ended.
    """
    settings = settings_of(context)
    from config.program import Program
    from config.telephone_switches import Switches

    home: Home = context.obj
    with only_one(home.run / "up.lock", "starting or stopping this home"):
        stopped = Program(home).stop(settings.limits.stop_timeout_s)
        click.echo(f"program    {'stopped' if stopped else 'was not running'}")
        for name, was_running in Switches(settings).stop().items():
            click.echo(f"{name:<10} {'stopped' if was_running else 'was not running'}")


@click.command(hidden=True)
@click.pass_context
def run(context: click.Context) -> None:
    """Run the program in the foreground until SIGTERM (service managers; `up` starts it in the background)."""
    settings = settings_of(context)
    from config import lifecycle, log_setup

    os.umask(0o077)
    log_setup.start_logging(settings.layout.log_file, settings.logging)
    lifecycle.run(settings)
