"""The one door to pyst2: one FastAGI session as a telephone line, with every known defect of the library closed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from asterisk.agi import AGI, AGIAppError, AGIInvalidCommand, AGIUsageError
from asterisk.agi import AGIHangup as LibraryHangup

from crm_core.errors import InvalidInput
from ivr.agi_stream import COMMAND_TIMEOUT_S, AgiStream, NotAgi, request_of
from ivr.agi_values import COMMAND_MAX_BYTES, chunks, quote, recorded_length_s, safe_sounds
from ivr.conversation import ANY_KEY, CallerGone, Recorded
from ivr.dialplan_variables import HL_DIGITS

log = structlog.get_logger(__name__)

SOUND_TIMEOUT_S = 300.0
"""No prompt list is longer; added to the waiting time of the command itself."""

_USAGE_LINES_MAX = 200
_REPLY = re.compile(r"(\d{3})(?:[ -](.*))?$", re.DOTALL)
_RESULT = re.compile(r"result=(-?[^\s(]*)(?:\s+\((.*)\))?")
_END_POSITION = re.compile(r"endpos=(\d+)")
_VARIABLE = re.compile(r"[A-Z_]{1,40}(?:\([a-z]{1,20}\))?")
_VALUE = re.compile(r"[A-Za-z0-9_.+/:@-]{0,120}")
_PURE_SILENCE_S = 1.25
"""When silence ends a recording, Asterisk cuts it back to its last second: 1.02 s are left when nobody spoke at all."""


class AgiHangup(CallerGone, LibraryHangup):  # type: ignore[misc]
    """The caller hung up (HANGUP line, 511, end of file) or the link broke."""


class AgiSilent(AgiHangup):
    """Asterisk did not answer in time: it is gone or frozen; the thread is freed."""


class SoundMissing(AGIAppError):  # type: ignore[misc]
    """A sound file is not there (F37). The caller is still on the line."""


@dataclass(frozen=True)
class Reply:
    """One ``200`` reply: ``result=<value> (<note>)``; ``end_position`` in samples."""

    value: str
    note: str | None
    end_position: int = 0


class _Nowhere:
    """pyst2 tells stderr everything, caller numbers included; here it tells nobody."""

    def write(self, text: str) -> None:
        pass


class AgiSession(AGI):  # type: ignore[misc]
    """A Line over FastAGI. Not thread-safe: one thread, one caller."""

    def __init__(self, stream: AgiStream) -> None:
        """Reads the header. Raises NotAgi or AgiHangup. (The library's own __init__ installs a signal handler.)"""
        self.stdin = self.stdout = stream
        self.stderr = _Nowhere()
        self._got_sighup = False
        self._is_over = False
        self.command_count = 0
        self.env: dict[str, str] = {}
        self._get_agi_env()
        self.request = request_of(self.env)

    # Line

    def set_variables(self, variables: Mapping[str, str]) -> None:
        """All in one command."""
        for name, value in variables.items():
            if not _VARIABLE.fullmatch(name) or not _VALUE.fullmatch(value):
                raise InvalidInput(f"this value cannot be given to the dialplan in {name}")
        self.appexec("MSet", ",".join(f"{name}={value}" for name, value in variables.items()))

    def play(self, sounds: Sequence[str], *, stop_keys: str) -> str:
        """One command for one sound or without stop keys, two for many sounds with all keys."""
        sounds = safe_sounds(sounds)
        if len(sounds) > 1 and not stop_keys:
            self.appexec("Playback", "&".join(sounds), wait_s=SOUND_TIMEOUT_S)
            return ""
        if len(sounds) > 1 and stop_keys == ANY_KEY:
            return self._read(sounds, max_digits=1, timeout_s=0.01)
        for sound in sounds:
            try:
                if key := self.stream_file(sound, stop_keys):
                    return key
            except SoundMissing:
                log.error("sound_missing", sound=sound)
        return ""

    def play_to_end(self, sound: str, *, stop_keys: str, ahead_max: int = 8) -> tuple[str, str]:
        """A sound that is heard whole: (key of ``stop_keys`` that ended it or "", other keys pressed meanwhile).

        Asterisk drops keys pressed under a plain playback: so each one stops the sound, which goes on where it was.
        """
        (sound,) = safe_sounds([sound])
        ahead, position = "", 0
        while True:
            escape = ANY_KEY if len(ahead) < ahead_max else stop_keys
            try:
                key, position = self._stream(sound, escape, position)
            except SoundMissing:
                log.error("sound_missing", sound=sound)
                return "", ahead
            if not key or key in stop_keys:
                return key, ahead
            ahead += key

    def read_digits(self, sounds: Sequence[str], *, max_digits: int, timeout_s: float) -> str:
        sounds = safe_sounds(sounds)
        if len(sounds) == 1:
            try:
                return self.get_data(sounds[0], timeout=int(timeout_s * 1000), max_digits=max_digits)
            except SoundMissing:
                log.error("sound_missing", sound=sounds[0])
        return self._read(sounds, max_digits=max_digits, timeout_s=timeout_s)

    def record(self, path: Path, *, max_s: float, silence_s: float) -> Recorded:
        """As wav; ``path`` ends in .wav and lies in a folder that Asterisk may write."""
        target = str(path.with_suffix(""))
        silence = f"s={max(1, round(silence_s))}"
        try:
            reply = self._command(
                "RECORD FILE", quote(target), "wav", '"#"', int(max_s * 1000), "BEEP", silence,
                wait_s=max_s + COMMAND_TIMEOUT_S, hangup_is_over=False,
            )  # fmt: skip
        except AgiHangup:
            return Recorded(path, recorded_length_s(path, 0), caller_left=True)
        if reply.note == "hangup":
            self._is_over = True
        length_s = recorded_length_s(path, reply.end_position)
        was_silent = reply.note == "timeout" and length_s < _PURE_SILENCE_S
        return Recorded(path, length_s, was_silent=was_silent, caller_left=self._is_over)

    # commands

    def appexec(self, application: str, options: str = "", *, wait_s: float = COMMAND_TIMEOUT_S) -> str:
        """EXEC; raises AGIAppError when the application is not there (-2)."""
        value = self._command("EXEC", application, quote(options), wait_s=wait_s).value
        if value == "-2":
            raise AGIAppError(f"Asterisk has no application {application}")
        if value == "-1":
            self._raise_if_gone()
        return value

    def stream_file(self, filename: str, escape_digits: str = "", sample_offset: int = 0) -> str:
        """The key that stopped it or ""; raises SoundMissing."""
        return self._stream(filename, escape_digits, sample_offset)[0]

    def _stream(self, sound: str, escape_digits: str, position: int) -> tuple[str, int]:
        """(key or "", sample where it stopped)."""
        reply = self._command("STREAM FILE", quote(sound), quote(escape_digits), position, wait_s=SOUND_TIMEOUT_S)
        if reply.value == "-1":
            self._raise_if_gone()
            raise SoundMissing(sound)
        return "" if reply.value == "0" else chr(int(reply.value)), reply.end_position

    def get_data(self, filename: str, timeout: int = 6000, max_digits: int = 255) -> str:
        """The digits; "" when the time ran out, "#" when only that was pressed. ``timeout`` in milliseconds."""
        wait_s = SOUND_TIMEOUT_S + timeout / 1000 * max_digits
        reply = self._command("GET DATA", quote(filename), timeout, max_digits, wait_s=wait_s)
        if reply.value == "-1":
            self._raise_if_gone()
            raise SoundMissing(filename)
        return reply.value or ("" if reply.note == "timeout" else "#")

    def get_full_variable(self, name: str) -> str:
        """``name`` is an expression like ``${A}:${B}``."""
        return self._command("GET FULL VARIABLE", quote(name)).note or ""

    def _read(self, sounds: Sequence[str], *, max_digits: int, timeout_s: float) -> str:
        """The application Read plays several sounds in one command; a list too long for one becomes several."""
        *early, last = chunks(sounds)
        for part in early:
            if key := self._read_once(part, max_digits=1, timeout_s=0.01):
                if max_digits == 1 or key == "#":
                    return key
                return key + self._read_once([], max_digits=max_digits - 1, timeout_s=timeout_s).rstrip("#")
        return self._read_once(last, max_digits=max_digits, timeout_s=timeout_s)

    def _read_once(self, sounds: Sequence[str], *, max_digits: int, timeout_s: float) -> str:
        """Option e: a lone # is told from silence."""
        options = f"{HL_DIGITS},{'&'.join(sounds)},{max_digits},e,1,{timeout_s:g}"
        self.appexec("Read", options, wait_s=SOUND_TIMEOUT_S + timeout_s * max_digits)
        status, _, digits = self.get_full_variable(f"${{READSTATUS}}:${{{HL_DIGITS}}}").partition(":")
        if status == "HANGUP":
            self._end("hung up while reading")
        if status == "ERROR" and sounds and not digits:
            log.error("sound_missing", sound="&".join(sounds))  # the caller may still press a key (F37)
            return self._read_once([], max_digits=max_digits, timeout_s=timeout_s)
        return digits

    def _raise_if_gone(self) -> None:
        """-1 means a hang-up or a failure: ask whether the channel lives (a dead one answers 511)."""
        self._command("CHANNEL STATUS")

    # protocol: everything below replaces the library's own

    def _get_agi_env(self) -> None:
        try:
            lines = self.stdin.read_header()
        except (EOFError, OSError) as error:
            raise NotAgi(f"no header: {type(error).__name__}") from error
        for line in lines:
            key, _, value = line.partition(":")
            self.env[key.strip()] = value.strip()

    def _quote(self, string: object) -> str:
        return quote(string)

    def _command(
        self, command: str, *args: object, wait_s: float = COMMAND_TIMEOUT_S, hangup_is_over: bool = True
    ) -> Reply:
        """One command and its reply. Raises AgiHangup; nothing is sent after the end or for an unsafe value."""
        if self._is_over:
            raise AgiHangup("the conversation is over")
        self.command_count += 1
        try:
            self.send_command(command, *args)
            return self.get_result(wait_s, hangup_is_over=hangup_is_over)
        except TimeoutError as error:
            self._is_over = True
            raise AgiSilent(f"no answer to {command} within {wait_s:g} s") from error
        except (EOFError, OSError, NotAgi) as error:
            self._is_over = True
            raise AgiHangup(f"link lost: {type(error).__name__}") from error

    def execute(self, command: str, *args: object) -> dict[str, tuple[str, str]]:
        """The library's form, for its inherited commands."""
        reply = self._command(command, *args)
        return {"result": (reply.value, reply.note or "")}

    def send_command(self, command: str, *args: object) -> None:
        line = " ".join([command, *map(str, args)])
        if any(unicodedata.category(c) == "Cc" for c in line):
            raise InvalidInput("control characters cannot be sent to Asterisk")
        if len(line.encode("utf-8", "replace")) > COMMAND_MAX_BYTES:
            raise InvalidInput("this command is too long for Asterisk")
        self.stdout.write(line + "\n")

    def get_result(self, wait_s: float = COMMAND_TIMEOUT_S, *, hangup_is_over: bool = True) -> Reply:
        line = self.stdin.readline(wait_s)
        if line.startswith("HANGUP"):
            self._end("caller hung up")
        found = _REPLY.match(line)
        code, text = (found[1], found[2] or "") if found else ("", line)
        if code == "511":
            self._end("dead channel")
        if code == "510":
            raise AGIInvalidCommand(text[:200])
        if code == "520":
            raise AGIUsageError(self._usage(line))
        result = _RESULT.search(text)
        if code != "200" or result is None:
            raise NotAgi("not a reply")
        if result[2] == "hangup" and hangup_is_over:
            self._end("caller hung up")
        position = _END_POSITION.search(text)
        return Reply(result[1], result[2], int(position[1]) if position else 0)

    def _usage(self, first: str) -> str:
        lines = [first]
        while not lines[-1].startswith("520 ") and len(lines) < _USAGE_LINES_MAX:
            lines.append(self.stdin.readline(COMMAND_TIMEOUT_S))
        return "\n".join(lines)[:1000]

    def _end(self, why: str) -> None:
        self._is_over = True
        raise AgiHangup(why)
