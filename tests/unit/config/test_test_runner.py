"""The test runner: kinds, pytest calls, honest sums; and the conftest that refuses tests of no kind."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.home import CHECKOUT
from config.test_runner import (
    DEFAULT_KINDS,
    KINDS,
    SIDE_BY_SIDE,
    Tally,
    kinds_of,
    pytest_calls,
    read_report,
    run_lanes,
    run_pytest,
    split_kinds,
    split_targets,
    target_calls,
)


@pytest.mark.parametrize(
    ("words", "kinds", "rest"),
    [
        ((), [], []),
        (("unit",), ["unit"], []),
        (("unit", "desk", "-k", "unit"), ["unit", "desk"], ["-k", "unit"]),
        (("-x", "unit"), [], ["-x", "unit"]),
        (("unit", "--", "-x"), ["unit"], ["-x"]),
        (("tests/unit/config",), [], ["tests/unit/config"]),
    ],
)
def test_given_words_when_split_then_kinds_come_first(
    words: tuple[str, ...], kinds: list[str], rest: list[str]
) -> None:
    assert split_kinds(words) == (kinds, rest)


def test_given_all_kinds_when_planned_then_the_browser_has_a_call_of_its_own(tmp_path: Path) -> None:
    for kind in KINDS:
        (tmp_path / kind / "deep").mkdir(parents=True)
        (tmp_path / kind / "deep" / "test_x.py").touch()
    calls = dict(pytest_calls(DEFAULT_KINDS, tmp_path))
    assert calls["browser"] == [str(tmp_path / "browser")]
    assert str(tmp_path / "browser") not in calls["tests"]
    assert str(tmp_path / "test_house_rules.py") in calls["tests"]
    assert str(tmp_path / "bench") not in calls["tests"]


def test_given_real_calls_when_planned_then_they_have_a_lane_beside_the_others(tmp_path: Path) -> None:
    for kind in ("unit", "real_asterisk", "browser"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "test_x.py").touch()
    lanes = [lane for lane, _ in pytest_calls(["browser", "unit", "real_asterisk"], tmp_path)]
    assert lanes == ["tests", "calls", "browser"]
    assert {"tests", "calls"} == SIDE_BY_SIDE


def test_given_two_lanes_when_run_then_they_overlap_and_both_are_counted_and_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each waits for the other's mark: run one after the other, the first would fail."""
    for mine, other in (("tests", "calls"), ("calls", "tests")):
        (tmp_path / f"test_{mine}.py").write_text(
            "import pathlib, time\n"
            "def test_both():\n"
            f"    here = pathlib.Path({str(tmp_path)!r})\n"
            f"    (here / '{mine}.mark').touch()\n"
            "    ends = time.monotonic() + 60\n"
            f"    while not (here / '{other}.mark').exists():\n"
            "        assert time.monotonic() < ends\n"
            "        time.sleep(0.05)\n",
            encoding="utf-8",
        )
    extra = ["-q", "-v", f"--rootdir={tmp_path}", "-c", "/dev/null"]
    calls = [(lane, [str(tmp_path / f"test_{lane}.py")]) for lane in ("tests", "calls")]
    assert run_lanes(calls, extra=extra, results=tmp_path / "r") == Tally(passed=2)
    assert "test_calls.py" in capfd.readouterr().out


def test_given_one_kind_when_planned_then_only_its_folder_runs(tmp_path: Path) -> None:
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit" / "test_x.py").touch()
    assert pytest_calls(["unit", "desk"], tmp_path) == [("tests", [str(tmp_path / "unit")])]


def test_given_named_files_when_planned_then_only_they_run_and_the_browser_stays_apart(tmp_path: Path) -> None:
    for kind in ("unit", "browser"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "test_x.py").touch()
    one, other = str(tmp_path / "unit" / "test_x.py"), f"{tmp_path / 'browser' / 'test_x.py'}::test_y"
    targets, extra = split_targets([one, "-c", "/dev/null", other, "-k", "name"], tmp_path)
    assert targets == [one, other]
    assert extra == ["-c", "/dev/null", "-k", "name"]
    assert kinds_of(targets, tmp_path) == ["unit", "browser"]
    assert target_calls(targets, tmp_path) == [("tests", [one]), ("browser", [other])]


def test_given_a_red_a_green_and_a_skipped_test_when_run_then_each_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "test_three.py"
    file.write_text(
        "import pytest\n"
        "def test_a(): pass\n"
        "def test_b(): assert False\n"
        "@pytest.mark.skip(reason='no')\n"
        "def test_c(): pass\n"
        "@pytest.fixture\ndef broken(): raise OSError\n"
        "def test_d(broken): pass\n",
        encoding="utf-8",
    )
    tally = run_pytest(
        "three", [str(file)], extra=["-q", f"--rootdir={tmp_path}", "-c", "/dev/null"], results=tmp_path / "r"
    )
    assert tally == Tally(passed=1, failed=1, errors=1, skipped=1)
    assert str(tally) == "1 passed, 1 failed, 1 errors, 1 skipped"
    assert not tally.is_green


def test_given_a_file_that_cannot_be_imported_when_run_then_it_is_no_success(tmp_path: Path) -> None:
    file = tmp_path / "test_broken.py"
    file.write_text("import no_such_module\n", encoding="utf-8")
    tally = run_pytest(
        "broken", [str(file)], extra=["-q", f"--rootdir={tmp_path}", "-c", "/dev/null"], results=tmp_path / "r"
    )
    assert not tally.is_green


def test_given_pytest_that_does_not_start_when_run_then_it_is_no_success(tmp_path: Path) -> None:
    tally = run_pytest("usage", [str(tmp_path)], extra=["--no-such-option"], results=tmp_path / "r")
    assert tally.broken
    assert not tally.is_green


def test_given_no_report_when_read_then_it_counts_as_broken(tmp_path: Path) -> None:
    assert read_report(tmp_path / "none.xml").broken
    (tmp_path / "half.xml").write_text("<testsuites><testsuite", encoding="utf-8")
    assert read_report(tmp_path / "half.xml").broken


def test_given_tallies_when_added_then_one_broken_run_breaks_the_sum() -> None:
    assert Tally(passed=2) + Tally(failed=1) == Tally(passed=2, failed=1)
    assert (Tally(passed=2) + Tally(broken=True)).is_green is False


def test_given_a_test_file_of_no_kind_when_collected_then_the_run_stops(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "conftest.py").write_text(
        (CHECKOUT / "tests" / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (tests / "somewhere").mkdir()
    (tests / "somewhere" / "test_x.py").write_text("def test_x(): pass\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", f"--rootdir={tmp_path}", str(tests)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode not in (0, 5)
    assert "declares no kind" in done.stdout + done.stderr


@pytest.mark.requirement("R22")
def test_given_a_test_when_it_wants_to_leave_this_machine_then_it_fails() -> None:
    import socket

    with socket.socket() as outgoing, pytest.raises(PermissionError, match="leave this machine"):
        outgoing.connect(("8.8.8.8", 53))
