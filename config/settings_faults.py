"""Turns what pydantic says about a wrong setting into a stable id, the setting's name, the problem and a hint."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

HINT_LIST = "`hotline settings` lists every setting with unit and range"

# kind of pydantic error -> (id, hint); the ids are stable, monitoring may rely on them
FAULTS: dict[str, tuple[str, str]] = {
    "extra_forbidden": ("SETTINGS-002", f"remove it or correct its name; {HINT_LIST}"),
    "missing": ("SETTINGS-003", "add it to settings.toml, to the environment or as a secret file"),
    "greater_than_equal": ("SETTINGS-005", "raise it into the range"),
    "less_than_equal": ("SETTINGS-005", "lower it into the range"),
    "enum": ("SETTINGS-006", "take one of the allowed values"),
    "string_pattern_mismatch": ("SETTINGS-007", HINT_LIST),
    "string_too_short": ("SETTINGS-008", "make it longer; secrets need 16 characters"),
    "string_too_long": ("SETTINGS-008", "make it shorter"),
    "too_short": ("SETTINGS-008", "make it longer; secrets need 16 characters"),
    "too_long": ("SETTINGS-008", "make it shorter"),
    "value_error": ("SETTINGS-009", HINT_LIST),
    "disagreement": ("SETTINGS-010", "change one of the two"),
}
WRONG_TYPE = ("SETTINGS-004", HINT_LIST)


@dataclass(frozen=True)
class SettingFault:
    """One thing that is wrong: stable code, name of the setting, problem, what to do."""

    code: str
    setting: str
    problem: str
    hint: str

    def __str__(self) -> str:
        return f"{self.code} {self.setting}: {self.problem} ({self.hint})"


class WrongSettingsError(Exception):
    """The settings stop the start; `faults` says why. Messages never hold the value, which may be a secret."""

    def __init__(self, faults: Sequence[SettingFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def fault_from(detail: ErrorDetails) -> SettingFault:
    """Translate one pydantic error."""
    code, hint = FAULTS.get(detail["type"], WRONG_TYPE)
    context: dict[str, Any] = detail.get("ctx", {})
    setting = str(context.get("setting") or ".".join(str(part) for part in detail["loc"]))
    problem = detail["msg"].removeprefix("Value error, ")
    return SettingFault(code, setting, problem[:1].lower() + problem[1:], hint)
