"""The command line: help, exit codes, refusals that name the remedy."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from config import cli, cli_up
from config.cli_support import Exit, ProgressLine, Stop, only_one
from config.first_settings import write_first_settings
from config.home import CHECKOUT, Home
from config.settings import Settings, load_settings

NO_HOME = ("--home", "/nonexistent")


def hotline(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "config.cli", *words]
    return subprocess.run(
        command, cwd="/", env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    write_first_settings(made)
    return made


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_given_any_command_when_asked_for_help_then_it_explains_itself(name: str) -> None:
    if name == "bench":  # its help belongs to the bench itself
        return
    shown = CliRunner().invoke(cli.main, [name, "--help"])
    assert shown.exit_code == 0
    assert cli.main.commands[name].help


def test_given_the_command_line_when_imported_then_nothing_heavy_comes_along() -> None:
    code = "import sys, config.cli; print([name for name in ('pydantic', 'sqlalchemy', 'flask', 'jinja2') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nonsense"], Exit.USAGE, "No such command"),
        (["--home", "/nonexistent", "status"], Exit.NOT_RUNNING, "up"),
        (["--home", "/proc/none", "up"], Exit.FAILED, "--home DIR"),
        ([*NO_HOME, "settings", "nonsense"], Exit.USAGE, "no section nonsense"),
        (["--help"], Exit.OK, "Exit codes"),
        (["--version"], Exit.OK, "hotline, version"),
    ],
)
def test_given_words_when_run_then_exit_code_and_remedy_fit(words: list[str], code: Exit, said: str) -> None:
    done = hotline(*words)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_given_a_wrong_setting_when_started_then_nothing_starts_and_its_id_is_told(home: Home) -> None:
    text = home.settings_file.read_text(encoding="utf-8").replace("[web]\nport = ", "[web]\nport = 1")
    home.settings_file.write_text(text, encoding="utf-8")
    done = hotline("--home", str(home.root), "up")
    assert done.returncode == Exit.SETTINGS
    assert "SETTINGS-005 web.port" in done.stderr
    assert not home.asterisk.exists()


def test_given_a_home_that_does_not_run_when_asked_then_status_says_so_in_both_forms(home: Home) -> None:
    plain = hotline("--home", str(home.root), "status")
    assert plain.returncode == Exit.NOT_RUNNING
    assert "not running" in plain.stdout
    machine = hotline("--home", str(home.root), "status", "--json")
    found = json.loads(machine.stdout)
    assert found["running"] is False
    assert found["switches"] == {"asterisk": {"pid": None}, "carrier": {"pid": None}}


def test_given_a_home_when_settings_are_printed_then_no_secret_is_shown(home: Home) -> None:
    secret = load_settings(home.root).trunk.password.get_secret_value()
    for words in (["settings"], ["settings", "--json"], ["settings", "trunk"]):
        shown = hotline("--home", str(home.root), *words)
        assert shown.returncode == 0, shown.stderr
        assert secret not in shown.stdout
    assert "[port, 1024-65535]" in hotline(*NO_HOME, "settings", "web").stdout


def test_given_a_home_that_is_down_when_stopped_then_that_is_no_error(home: Home) -> None:
    done = hotline("--home", str(home.root), "down")
    assert done.returncode == 0
    assert done.stdout.count("was not running") == 3


def test_given_no_carrier_when_called_then_the_remedy_is_told(home: Home) -> None:
    done = hotline("--home", str(home.root), "call", "--keys", "w1")
    assert done.returncode == Exit.NOT_RUNNING
    assert "./hotline up" in done.stderr


def test_given_a_rotated_log_when_its_end_is_printed_then_it_goes_on_from_the_beginning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from config.cli_status import _print_from, _print_tail

    log = tmp_path / "hotline.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)), encoding="utf-8")
    position = _print_tail(log, 2)
    log.write_text("after rotation\n", encoding="utf-8")
    _print_from(log, position)
    assert capsys.readouterr().out == "line 98\nline 99\nafter rotation\n"


def test_given_a_failing_step_when_up_runs_it_then_the_step_is_marked_and_the_error_goes_on(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(settings: Settings, progress: ProgressLine) -> str:
        raise Stop("no room", remedy="make room")

    with pytest.raises(Stop, match="no room"):
        cli_up._take("database", broken, load_settings(home.root))
    assert "failed" in capsys.readouterr().err


def test_given_passwords_just_made_when_a_later_step_fails_then_they_are_shown_all_the_same(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.demo.hospital import OneTimePassword

    def steps(rebuild: bool, passwords: list[object]) -> tuple[tuple[str, cli_up.Step], ...]:
        def make(settings: Settings, progress: ProgressLine) -> str:
            passwords.append(OneTimePassword("bela", "abcd-efgh", "agent"))
            return "ok"

        def fail(settings: Settings, progress: ProgressLine) -> str:
            raise Stop("no room")

        return (("database", make), ("switches", fail))

    monkeypatch.setattr(cli_up, "_steps", steps)
    shown = CliRunner().invoke(cli.main, ["--home", str(home.root), "up"])
    assert shown.exit_code == Exit.FAILED
    assert "abcd-efgh" in shown.output


def test_given_a_lock_that_is_held_when_wanted_then_the_second_waits_and_says_so(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from config.cli_support import only_one\n"
        "with only_one(Path(sys.argv[1]), 'trying'): print('in', flush=True)"
    )
    with only_one(tmp_path / "x.lock", "trying"):
        waiting = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "x.lock")],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert waiting.stderr is not None
        assert "waiting" in waiting.stderr.readline()
        assert waiting.poll() is None
    assert waiting.communicate(timeout=20)[0] == "in\n"


def test_given_an_error_when_shown_then_problem_and_remedy_stand_on_lines_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Stop("it failed", remedy="do this", exit_code=Exit.MISSING_ON_MACHINE).show()
    assert click.unstyle(capsys.readouterr().err) == "error: it failed\ndo this\n"
