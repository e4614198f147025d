"""The log: one JSON object a line, whatever a caller sends; no personal data unless asked for."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from config.log_setup import as_one_line, drop_personal_data, start_logging
from config.settings_sections import LoggingSettings


def logging_settings(**changes: Any) -> LoggingSettings:
    return LoggingSettings(**{"level": "INFO", "personal_data": False, "file_size_mb": 1, "files_kept": 2} | changes)


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(log_file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.requirement("R29")
def test_given_personal_fields_when_logged_then_they_do_not_reach_the_file(tmp_path: Path) -> None:
    start_logging(tmp_path / "hotline.log", logging_settings())
    structlog.get_logger("cti").info("call arrived", call_id="hl1-1.2", pii_number="13800000001", legs=[{"pii_name": "阿莎"}])
    (line,) = logged(tmp_path / "hotline.log")
    assert line["event"] == "call arrived"
    assert line["call_id"] == "hl1-1.2"
    assert line["legs"] == [{}]
    assert "13800000001" not in (tmp_path / "hotline.log").read_text(encoding="utf-8")


def test_given_personal_data_is_asked_for_when_logged_then_it_is_written(tmp_path: Path) -> None:
    start_logging(tmp_path / "hotline.log", logging_settings(personal_data=True))
    structlog.get_logger("cti").info("call arrived", pii_name="阿莎")
    assert logged(tmp_path / "hotline.log")[0]["pii_name"] == "阿莎"


@pytest.mark.fault("F93")
@pytest.mark.parametrize("hostile", ["a\r\nb", "a\x85b", "a\u2028b", "a\x1b[2Jb", "a\x00b", "a\u202eb", "\x7f"])
def test_given_hostile_text_when_logged_then_it_stays_one_harmless_line(tmp_path: Path, hostile: str) -> None:
    start_logging(tmp_path / "hotline.log", logging_settings())
    structlog.get_logger("cti").warning("hostile", name=hostile)
    written = (tmp_path / "hotline.log").read_text(encoding="utf-8")
    assert len(written.splitlines()) == 1
    assert written.isascii()
    assert all(letter.isprintable() for letter in written.rstrip("\n"))
    assert json.loads(written)["name"] == hostile


def test_given_a_library_that_logs_when_it_fails_then_its_line_is_json_too(tmp_path: Path) -> None:
    start_logging(tmp_path / "hotline.log", logging_settings())
    try:
        raise ValueError("broken\nin two")
    except ValueError:
        logging.getLogger("some.library").exception("it broke: %s", "x\ny")
    (line,) = logged(tmp_path / "hotline.log")
    assert line["event"] == "it broke: x\ny"
    assert line["level"] == "error"
    assert "ValueError" in line["exception"]


def test_given_the_level_when_less_important_then_nothing_is_written(tmp_path: Path) -> None:
    start_logging(tmp_path / "hotline.log", logging_settings(level="WARNING"))
    structlog.get_logger("cti").info("not this")
    structlog.get_logger("cti").warning("but this")
    assert [line["event"] for line in logged(tmp_path / "hotline.log")] == ["but this"]


def test_given_an_object_that_is_no_json_when_rendered_then_its_text_is_taken() -> None:
    assert json.loads(as_one_line(None, "info", {"event": "x", "path": Path("a/b")}))["path"] == "a/b"


def test_given_nested_personal_fields_when_dropped_then_the_rest_stays() -> None:
    assert drop_personal_data(None, "info", {"a": {"pii_b": 1, "c": ({"pii_d": 2}, 3)}}) == {"a": {"c": [{}, 3]}}
