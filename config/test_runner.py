"""Runs the kinds of tests: calls pytest once for each lane, some lanes side by side, and adds up what they reported."""

import contextlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from config.home import CHECKOUT

# kind -> what it proves; the folder directly below tests/ is the kind. `bench` runs by `hotline bench` only.
KINDS: dict[str, str] = {
    "unit": "pure rules",
    "contract": "every port, both databases, both buses",
    "replay": "recorded AMI traces",
    "desk": "REST and Socket.IO",
    "real_asterisk": "real calls",
    "faults": "what must hold while things break",
    "browser": "a real Chromium",
    "bench": "measurements of the bench itself",
}
ALWAYS = "test_house_rules.py"
DEFAULT_KINDS = tuple(kind for kind in KINDS if kind != "bench")
NEEDS_ASTERISK = {"real_asterisk", "faults", "browser", "bench"}
NEEDS_LISTENING = {"real_asterisk", "faults", "browser"}
NEEDS_DESK = {"desk", "browser", "faults", "bench"}
LANES = {"real_asterisk": "calls", "browser": "browser"}
"""Kinds with a pytest of their own. playwright keeps an event loop running in the main thread (TRAPS 3); real calls
mostly wait, so they run beside the tests that compute."""
FIRST_LANE = "tests"
SIDE_BY_SIDE = {"tests", "calls"}
NO_TESTS_COLLECTED = 5


@dataclass(frozen=True)
class Tally:
    """What pytest counted; `broken` is true when it ended in a way that the counts do not show."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    broken: bool = False

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.passed + other.passed,
            self.failed + other.failed,
            self.errors + other.errors,
            self.skipped + other.skipped,
            self.broken or other.broken,
        )

    @property
    def is_green(self) -> bool:
        return not (self.failed or self.errors or self.broken)

    def __str__(self) -> str:
        parts = [f"{self.passed} passed", f"{self.failed} failed"]
        parts += [f"{self.errors} errors"] if self.errors else []
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        return ", ".join(parts)


def split_kinds(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Leading words that are kinds, and the rest, which belongs to pytest."""
    kinds = []
    rest = list(words)
    while rest and rest[0] in KINDS:
        kinds.append(rest.pop(0))
    if rest[:1] == ["--"]:
        rest.pop(0)
    return kinds, rest


def split_targets(words: Sequence[str], tests: Path) -> tuple[list[str], list[str]]:
    """Words that name a file, folder or test below tests/, and the other arguments for pytest."""
    targets = [word for word in words if _kind_of_target(word, tests)]
    return targets, [word for word in words if word not in targets]


def kinds_of(targets: Sequence[str], tests: Path) -> list[str]:
    """The kinds that these targets belong to, each once."""
    return list(dict.fromkeys(_kind_of_target(target, tests) for target in targets))


def target_calls(targets: Sequence[str], tests: Path) -> list[tuple[str, list[str]]]:
    """Like `pytest_calls`, for targets the caller has named himself."""
    return _by_lane((LANES.get(_kind_of_target(target, tests), FIRST_LANE), target) for target in targets)


def _kind_of_target(word: str, tests: Path) -> str:
    """The folder below tests/ that a target lies in; empty when the word is no target."""
    path = Path(word.partition("::")[0]).absolute()
    if word.startswith("-") or not path.exists() or not path.is_relative_to(tests) or path == tests:
        return ""
    return path.relative_to(tests).parts[0]


def pytest_calls(kinds: Sequence[str], tests: Path) -> list[tuple[str, list[str]]]:
    """(lane, targets) of each pytest call, in the order of LANES; kinds without a single test are left out."""
    always = [(FIRST_LANE, str(tests / ALWAYS))] if set(kinds) == set(DEFAULT_KINDS) else []
    with_tests = [kind for kind in kinds if any((tests / kind).rglob("test_*.py"))]
    return _by_lane([*always, *((LANES.get(kind, FIRST_LANE), str(tests / kind)) for kind in with_tests)])


def _by_lane(targets: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    lanes: dict[str, list[str]] = {lane: [] for lane in (FIRST_LANE, *LANES.values())}
    for lane, target in targets:
        lanes[lane].append(target)
    return [(lane, found) for lane, found in lanes.items() if found]


def run_lanes(calls: Sequence[tuple[str, list[str]]], *, extra: Sequence[str], results: Path) -> Tally:
    """All pytest calls: the first on the screen, those beside it into a file that is shown when they have ended."""
    beside = [call for call in calls[1:] if calls[0][0] in SIDE_BY_SIDE and call[0] in SIDE_BY_SIDE]
    with ThreadPoolExecutor(max_workers=max(1, len(beside))) as lanes:
        waiting = [
            lanes.submit(run_pytest, name, targets, extra=extra, results=results, screen=results / f"{name}.txt")
            for name, targets in beside
        ]
        total = sum((run_pytest(*call, extra=extra, results=results) for call in calls[:1]), Tally())
        for (name, _), lane in zip(beside, waiting, strict=True):
            total += lane.result()
            print((results / f"{name}.txt").read_text(encoding="utf-8", errors="replace"), flush=True)
    after = [call for call in calls[1:] if call not in beside]
    return sum((run_pytest(*call, extra=extra, results=results) for call in after), total)


def run_pytest(
    name: str, targets: Sequence[str], *, extra: Sequence[str], results: Path, screen: Path | None = None
) -> Tally:
    """One pytest call, its output on the screen or in the file `screen`; a JUnit file in `results` gives the numbers."""
    results.mkdir(parents=True, exist_ok=True)
    report = results / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", f"--junitxml={report}", *targets, *extra]
    with screen.open("wb") if screen else contextlib.nullcontext() as output:
        done = subprocess.run(command, cwd=CHECKOUT, check=False, stdout=output, stderr=output)
    tally = read_report(report)
    shown = tally.failed + tally.errors > 0
    unexplained = done.returncode not in (0, NO_TESTS_COLLECTED) and not shown
    return tally + Tally(broken=unexplained)


def read_report(report: Path) -> Tally:
    """Add up a JUnit file; a missing or broken one means pytest did not get to its end."""
    try:
        suites = list(ElementTree.parse(report).getroot().iter("testsuite"))  # written by our own pytest
    except (OSError, ElementTree.ParseError):
        return Tally(broken=True)
    total, failed, errors, skipped = (
        sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    return Tally(max(total - failed - errors - skipped, 0), failed, errors, skipped)
