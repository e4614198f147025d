"""`hotline doctor` and `hotline check`."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from config.cli_support import Exit, settings_of
from config.home import CHECKOUT

if TYPE_CHECKING:
    from config.test_runner import Tally

CHECK_TIMEOUT_S = 600
COLOURS = {"ok": "green", "warning": "yellow", "wrong": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per finding.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Examine this home and machine.

    Says what to do about each finding. Exit code 1 when something is wrong.
    """
    settings = settings_of(context)
    from config.checks import Verdict, examine

    is_wrong = False
    for named in examine(settings):
        found = named.finding
        is_wrong = is_wrong or found.verdict is Verdict.WRONG
        if as_json:
            row = {"check": named.check, "verdict": found.verdict, "text": found.text, "remedy": found.remedy}
            click.echo(json.dumps(row, ensure_ascii=False))
            continue
        verdict = click.style(f"{found.verdict.value:<8}", fg=COLOURS[found.verdict.value])
        click.echo(f"{verdict} {named.check:<20} {found.text}")
        if found.remedy:
            click.echo(f"{'':<29} -> {found.remedy}")
    if is_wrong:
        context.exit(Exit.FAILED)


def _python(*arguments: str) -> Callable[[], str]:
    """A check by a Python tool; its output when it fails, empty when all is well."""

    def run() -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=CHECK_TIMEOUT_S,
            check=False,
        )
        return done.stdout.decode(errors="replace") or "failed" if done.returncode else ""

    return run


def _npm(script: str) -> Callable[[], str]:
    """A check by a script of the desk's package.json."""

    def run() -> str:
        from config.cli_support import ProgressLine, only_one
        from config.desk_build import DeskBuild, DeskBuildError
        from config.home import DEFAULT_HOME

        desk = DeskBuild()
        try:
            with only_one(DEFAULT_HOME / "run" / "desk.lock", "building the desk"):
                node = desk.install_packages(ProgressLine("npm packages"))
            desk.run_script(node, script, timeout_s=CHECK_TIMEOUT_S)
        except (DeskBuildError, OSError) as error:
            return str(error)
        return ""

    return run


def _prompts() -> str:
    from config.prompts_of_home import catalogue_problems

    return "\n".join(catalogue_problems())


CHECKS: dict[str, Callable[[], str]] = {
    "ruff": _python("-m", "ruff", "check", "."),
    "mypy": _python("-m", "mypy"),
    "import-linter": _python("-c", "from importlinter.cli import lint_imports_command as c; c()"),
    "prompts": _prompts,
    "eslint": _npm("lint"),
    "vue-tsc": _npm("typecheck"),
    "vitest": _npm("test"),
}


def run_static_checks(names: tuple[str, ...] = ()) -> "Tally":
    """Run the checks one after the other, print one line each and the output of the failed ones."""
    from config.test_runner import Tally

    total = Tally()
    for name in names or CHECKS:
        started_at = time.monotonic()
        try:
            output = CHECKS[name]()
        except (subprocess.TimeoutExpired, ImportError, OSError) as error:
            output = f"could not be run: {error}"
        seconds = time.monotonic() - started_at
        click.secho(f"{'failed' if output else 'ok':<7} {name:<14} {seconds:5.1f} s", fg="red" if output else "green")
        if output:
            click.echo(output.rstrip())
        total += Tally(failed=1) if output else Tally(passed=1)
    return total


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(CHECKS)))
@click.pass_context
def check(context: click.Context, names: tuple[str, ...]) -> None:
    """Run the static checks.

    ruff, mypy, import-linter, prompts, eslint, vue-tsc, vitest: all or the named ones.
    """
    total = run_static_checks(names)
    click.echo(str(total))
    if not total.is_green:
        context.exit(Exit.FAILED)
