"""The rules of the house that no reviewer should have to look for."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
ROOMS = ("cti", "ivr", "agent_desk", "recordings", "scheduler", "crm_core")
PACKAGES = (*ROOMS, "config")
LINES_MAX = 300
TOP_LEVEL = {*PACKAGES, "tests", "pyproject.toml", "README.md", "LICENSE", "hotline", "var"}
NOT_OURS = {"node_modules", "static", "__pycache__", ".venv", "var", "traces", "sounds", "versions"}
TEXT_SUFFIXES = {
    ".py", ".toml", ".j2", ".md", ".vue", ".ts", ".js", ".json", ".css", ".html", ".txt", ".conf", ".yml", ".yaml", ".sh",
    ".service", "",
}  # fmt: skip
SPEAKS_ON_STDOUT = {"ivr/speech_worker.py"}  # a program of its own whose standard output is its protocol
CODE_SUFFIXES = {".py", ".vue", ".ts", ".css", ".j2"}
# the parts are joined here so that this file does not find itself
MACHINE_PATHS = re.compile("|".join(("/" + "work/", "/" + "home/[a-z]", "/" + "root/", "C:" + r"\\\\Users")))
REGISTRY_HOSTS = re.compile("|".join(("pythonhosted" + r"\.org", "registry" + r"\.npmjs", "artifact" + "ory", "/" + "simple/")))


def our_files(*roots: str) -> Iterator[Path]:
    for root in roots:
        for folder, folders, files in os.walk(CHECKOUT / root):
            folders[:] = [name for name in folders if name not in NOT_OURS]
            yield from (Path(folder) / name for name in files)


def python_files(*roots: str) -> list[Path]:
    return [path for path in our_files(*roots) if path.suffix == ".py"]


def text_files() -> list[Path]:
    found = [path for path in our_files(*PACKAGES, "tests", ".ci") if path.suffix in TEXT_SUFFIXES]
    names = ("hotline", "README.md", "pyproject.toml", ".gitignore")
    return found + [CHECKOUT / name for name in names if (CHECKOUT / name).exists()]


def offenders(paths: list[Path], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def calls_in(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))


def dotted(node: ast.expr) -> str:
    return ast.unparse(node)


def test_given_the_house_when_imports_are_followed_then_the_floors_hold() -> None:
    code = "from importlinter.cli import lint_imports_command as c; c()"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_given_any_source_file_when_counted_then_it_is_short_enough_to_read() -> None:
    long = [
        f"{path.relative_to(CHECKOUT)}: {lines} lines"
        for path in our_files(*PACKAGES, "tests")
        if path.suffix in CODE_SUFFIXES
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES_MAX
    ]
    assert long == []


def test_given_any_module_when_read_then_its_first_line_says_its_one_job() -> None:
    silent = [
        str(path.relative_to(CHECKOUT))
        for path in python_files(*PACKAGES)
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


@pytest.mark.fault("F56")
def test_given_the_product_when_it_needs_the_time_then_only_the_clock_module_asks() -> None:
    forbidden = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now", "time.time"}
    found = [
        f"{path.relative_to(CHECKOUT)}:{call.lineno}"
        for path in python_files(*ROOMS)
        if path != CHECKOUT / "crm_core" / "clock.py"
        for call in calls_in(path)
        if dotted(call.func) in forbidden
    ]
    assert found == []


@pytest.mark.requirement("R50")
def test_given_any_subprocess_when_started_then_no_shell_stands_between() -> None:
    found = []
    for path in python_files(*PACKAGES, "tests"):
        for call in calls_in(path):
            with_shell = any(
                key.arg == "shell" and not (isinstance(key.value, ast.Constant) and key.value.value is False)
                for key in call.keywords
            )
            if with_shell or dotted(call.func) in {"os.system", "os.popen", "subprocess.getoutput"}:
                found.append(f"{path.relative_to(CHECKOUT)}:{call.lineno}")
    assert found == []


@pytest.mark.requirement("R29")
def test_given_stored_or_queued_data_when_read_then_never_by_pickle() -> None:
    assert offenders(python_files(*PACKAGES), re.compile(r"^\s*(import|from)\s+(pickle|shelve|marshal|dill)\b")) == []


def test_given_a_room_when_it_has_something_to_say_then_it_logs_and_does_not_print() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}:{call.lineno}"
        for path in python_files(*ROOMS)
        if path.relative_to(CHECKOUT).as_posix() not in SPEAKS_ON_STDOUT
        for call in calls_in(path)
        if dotted(call.func) in {"print", "sys.stdout.write", "sys.stderr.write"}
    ]
    assert found == []


def test_given_any_text_file_when_read_then_it_names_no_machine_path() -> None:
    assert offenders(text_files(), MACHINE_PATHS) == []


@pytest.mark.requirement("R47")
def test_given_any_lock_file_when_read_then_it_names_no_registry_and_pins_by_hash() -> None:
    assert offenders(text_files(), REGISTRY_HOSTS) == []
    for path in (CHECKOUT / "config" / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        pins = re.findall(r"(?m)^[a-zA-Z0-9._\[\]-]+ ?(?:==|@).*$", text)
        assert pins, path.name
        assert all(pin.rstrip().endswith("\\") for pin in pins), f"{path.name} has a pin without hash"


def test_given_the_root_when_listed_then_it_holds_only_what_the_design_names() -> None:
    listed = {path.name for path in CHECKOUT.iterdir() if not path.name.startswith(".")}
    assert listed - TOP_LEVEL == set()


def test_given_the_roof_when_somebody_imports_it_then_it_is_no_room() -> None:
    pattern = re.compile(r"^\s*(from|import) config\b")
    assert offenders(python_files(*ROOMS), pattern) == []
