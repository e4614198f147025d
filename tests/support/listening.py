"""The ear of the tests: what a recorded call really said, and whether a prompt was in it (see ivr/prompt_hearing.py)."""

from ivr.prompt_hearing import (
    CannotHear,
    Ear,
    best_error_rate,
    can_hear,
    contains_prompt,
    error_rate,
    plain,
    telephone_samples,
    transcribe,
)

__all__ = [
    "CannotHear",
    "Ear",
    "best_error_rate",
    "can_hear",
    "contains_prompt",
    "error_rate",
    "plain",
    "telephone_samples",
    "transcribe",
]
