"""One conversation with one caller: say, ask, record, route; repeat, person and emergency keys work everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from crm_core.ids import CallId
from ivr.dialplan_variables import BEGIN_VARIABLES, CHANNEL_LANGUAGE, HL_LANGUAGE, Route

PERSON_KEY = "0"
EMERGENCY_KEY = "9"
REPEAT_KEY = "*"
ANY_KEY = "0123456789*#"
REPEATS_MAX = 5
"""How often one prompt is repeated on request before a person takes over (F30: a flood of ``*`` ends)."""

_NOT_A_KEY = re.compile(r"[^0-9*#A-D]")
_KEYS_MAX = 32


class CallerGone(Exception):
    """The caller hung up, or the line to Asterisk is lost: an outcome, not an error. Nothing more can be said."""


class Reason(StrEnum):
    """Why a person takes over."""

    ASKED = "asked"
    WRONG_KEYS = "wrong_keys"
    SILENCE = "silence"
    REPEATS = "repeats"
    NOT_PROVEN = "not_proven"
    UNKNOWN_CALLER = "unknown_caller"
    NOTHING_TO_OFFER = "nothing_to_offer"


class WantsPerson(Exception):
    """The conversation is over: a person takes over."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class WantsEmergency(Exception):
    """The caller pressed the emergency key."""


@dataclass(frozen=True)
class Caller:
    """Who calls, as the network says: cleaned, but never proof of anything."""

    number: str
    name: str = ""
    dialled_number: str = ""


@dataclass(frozen=True)
class Recorded:
    """What was recorded. ``length_s`` 0 means nothing was written; ``was_silent`` when it ended because nobody spoke."""

    path: Path
    length_s: float
    was_silent: bool = False
    caller_left: bool = False


class Line(Protocol):
    """What a telephone line can do. Every method raises CallerGone; sounds are names as Asterisk plays them."""

    def set_variables(self, variables: Mapping[str, str]) -> None: ...

    def play(self, sounds: Sequence[str], *, stop_keys: str) -> str:
        """Play in order; the key of ``stop_keys`` that stopped it, or ""."""

    def play_to_end(self, sound: str, *, stop_keys: str) -> tuple[str, str]:
        """Play it whole: (key of ``stop_keys`` that ended it or "", other keys pressed meanwhile)."""

    def read_digits(self, sounds: Sequence[str], *, max_digits: int, timeout_s: float) -> str:
        """Play and collect; any key stops the sounds. "" when nothing was pressed, "#" when only that was."""

    def record(self, path: Path, *, max_s: float, silence_s: float) -> Recorded:
        """Record after a beep until ``#``, silence, the limit or hang-up (told by ``caller_left``, not raised)."""


@dataclass(frozen=True)
class Patience:
    """How long we wait and how many mistakes are borne before a person takes over (C3)."""

    key_timeout_s: float = 6.0
    digit_timeout_s: float = 8.0
    wrong_max: int = 2
    silent_max: int = 3


@dataclass(frozen=True)
class Reprompts:
    """What is said before a question is asked again."""

    wrong: Sequence[str] = ("wrong-key",)
    silent: Sequence[str] = ("no-input",)


class Conversation:
    """Speaks through a Line. ``on_step(node, key)`` is told every step the caller takes. One thread, one caller."""

    def __init__(
        self,
        line: Line,
        *,
        call_id: CallId,
        caller: Caller,
        on_step: Callable[[str, str], None],
        patience: Patience | None = None,
    ) -> None:
        self._line = line
        self.call_id = call_id
        self.caller = caller
        self.language = "zh"
        self._on_step = on_step
        self._patience = patience or Patience()
        self._route: Route | None = None
        self._typed_ahead = ""

    @property
    def route(self) -> Route | None:
        """Where the dialplan will take the caller; None before ``begin``."""
        return self._route

    @property
    def has_typed_ahead(self) -> bool:
        """Keys pressed during the notice wait for their question."""
        return bool(self._typed_ahead)

    def begin(self, route: Route) -> None:
        """The first command: we are alive (the dialplan's silence watchdog may rest), and where to go if we die."""
        self._line.set_variables({**BEGIN_VARIABLES, **route.variables()})
        self._route = route

    def set_route(self, route: Route) -> None:
        """Where the caller goes when the flow returns. Costs nothing when it is set already."""
        if route != self._route:
            self._line.set_variables(route.variables())
            self._route = route

    def set_language(self, language: str) -> None:
        """``zh`` or ``en`` for all prompts from now on, and for the agent to see."""
        if language != self.language:
            self._line.set_variables({HL_LANGUAGE: language, CHANNEL_LANGUAGE: language})
            self.language = language

    def say(self, *prompts: str, node: str = "", stop_keys: str = ANY_KEY) -> str:
        """Say prompts; the key that stopped them or "". Person and emergency keys raise, ``*`` says it again."""
        for _ in range(REPEATS_MAX):
            key = clean_keys(self._line.play(sounds_of(prompts), stop_keys=stop_keys))
            if key:
                self._on_step(node, key)
            _raise_shortcut(key)
            if key != REPEAT_KEY:
                return key
        raise WantsPerson(Reason.REPEATS)

    def say_whole(self, prompt: str, *, node: str, stop_keys: str) -> str:
        """A prompt that must be heard; keys pressed meanwhile answer the next question. The key that stopped it or ""."""
        (sound,) = sounds_of([prompt])
        key, ahead = self._line.play_to_end(sound, stop_keys=stop_keys)
        self._typed_ahead = clean_keys(ahead)
        if key:
            self._on_step(node, key)
        _raise_shortcut(key)
        return key

    def ask_choice(
        self,
        prompts: Sequence[str],
        choices: Collection[str],
        *,
        node: str,
        again: Sequence[str] | None = None,
        reprompts: Reprompts | None = None,
    ) -> str:
        """One key of ``choices``. ``again`` is said (instead of ``prompts``) after a mistake. Raises WantsPerson."""
        return self._ask(
            prompts, again or prompts, node=node, max_digits=1, reprompts=reprompts, accepts=choices.__contains__
        )

    def ask_digits(self, prompts: Sequence[str], *, node: str, length: int, is_secret: bool = False) -> str:
        """Exactly ``length`` digits (``*`` counts as one behind the first), or "#" alone. Raises WantsPerson.

        Alone, the keys 0, 9 and ``*`` keep their meaning. A secret entry is told to nobody: the step shows ``****``.
        """
        return self._ask(
            prompts,
            prompts,
            node=node,
            max_digits=length,
            is_secret=is_secret,
            accepts=lambda entry: entry == "#" or (len(entry) == length and entry.rstrip("*").isdigit()),
        )

    def ask_entry(
        self, prompts: Sequence[str], *, node: str, shortest: int, longest: int, is_secret: bool = False
    ) -> str:
        """``shortest`` (2 or more) to ``longest`` digits, ended by # or a pause, or "#" alone. Raises WantsPerson."""
        return self._ask(
            prompts, prompts, node=node, max_digits=longest, is_secret=is_secret,
            accepts=lambda entry: entry == "#" or (shortest <= len(entry) <= longest and entry.isdigit()),
        )  # fmt: skip

    def record(self, path: Path, *, node: str, max_s: float, silence_s: float) -> Recorded:
        """Record the caller; the file exists when ``length_s`` > 0, also when the caller left meanwhile."""
        recorded = self._line.record(path, max_s=max_s, silence_s=silence_s)
        self._on_step(node, "")
        return recorded

    def _ask(
        self,
        prompts: Sequence[str],
        again: Sequence[str],
        *,
        node: str,
        max_digits: int,
        accepts: Callable[[str], bool],
        reprompts: Reprompts | None = None,
        is_secret: bool = False,
    ) -> str:
        mistakes = _Mistakes(self._patience)
        words = reprompts or Reprompts()
        timeout_s = self._patience.key_timeout_s if max_digits == 1 else self._patience.digit_timeout_s
        said = list(prompts)
        while True:
            entry = self._take_ahead(max_digits) or clean_keys(
                self._line.read_digits(sounds_of(said), max_digits=max_digits, timeout_s=timeout_s)
            )
            self._on_step(node, "*" * len(entry) if is_secret and len(entry) > 1 else entry)
            if accepts(entry):
                return entry
            self._typed_ahead = ""
            _raise_shortcut(entry)
            if entry.startswith(REPEAT_KEY):
                mistakes.repeated()
                said = list(prompts)
            elif entry == "":
                mistakes.silent()
                said = [*words.silent, *again]
            else:
                mistakes.wrong()
                said = [*words.wrong, *again]

    def _take_ahead(self, count: int) -> str:
        """What was typed before the question, when it is enough for an answer."""
        if len(self._typed_ahead) < count:
            return ""
        entry, self._typed_ahead = self._typed_ahead[:count], self._typed_ahead[count:]
        return entry


class _Mistakes:
    """Counts what went wrong in one question; raises WantsPerson when patience ends."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._wrong = self._silent = self._repeats = 0

    def wrong(self) -> None:
        self._wrong += 1
        if self._wrong >= self._patience.wrong_max:
            raise WantsPerson(Reason.WRONG_KEYS)

    def silent(self) -> None:
        self._silent += 1
        if self._silent >= self._patience.silent_max:
            raise WantsPerson(Reason.SILENCE)

    def repeated(self) -> None:
        self._repeats += 1
        if self._repeats >= REPEATS_MAX:
            raise WantsPerson(Reason.REPEATS)


def clean_keys(text: str) -> str:
    """What came as DTMF, only 0-9 * # A-D, bounded."""
    return _NOT_A_KEY.sub("", text)[:_KEYS_MAX]


def sounds_of(prompts: Sequence[str]) -> list[str]:
    """Prompt keys become ``hl/<key>``; names with a folder stay."""
    return [prompt if "/" in prompt else f"hl/{prompt}" for prompt in prompts]


def _raise_shortcut(entry: str) -> None:
    if entry == EMERGENCY_KEY:
        raise WantsEmergency
    if entry == PERSON_KEY:
        raise WantsPerson(Reason.ASKED)
