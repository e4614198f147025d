"""Measures the IVR against bare Asterisk: the same Asterisk, the same load generator, the same sound, one after the other."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench import machine
from tests.bench.bench_home import BenchFailed, BenchHome
from tests.bench.ivr_figures import Held, Load, find_limit
from tests.bench.sipp import CallScript, Sipp, SippResult

BARE, BARE_MENU, RECORDED, BARE_HOLD = "700001", "700002", "700003", "700004"
CALLER = "17750000001"
"""A number no patient has; calls from it end after the IVR instead of waiting for a person."""

SOUND_S = 0.1
HOLD_SOUND_S = 30.0
G722_BYTES_PER_S = 8000
FIRST_KEY_S = 1.15
"""Answer() waits half a second for a caller who sends no sound, then comes the notice (SOUND_S), then the menu.

A key that comes before the menu listens is lost, so this is also how late the menu may be: half a second, which is the time
SIP's timer gives bare Asterisk before a message counts as sent twice. Both sides fail at the same delay.
"""

PERSON_KEYS = ((FIRST_KEY_S, "0"),)
MENU_KEYS = ((FIRST_KEY_S, "5"), (1.0, "*"), (1.0, "#"), (0.4, "*"), (0.4, "0"))
"""Departments, repeat, back, repeat, a person: 4 s, of which 2.5 s are sound."""

RTP_PORTS = {"HOTLINE__RTP__FIRST_PORT": "6000", "HOTLINE__RTP__LAST_PORT": "9999"}
SETTINGS = {**RTP_PORTS, "HOTLINE__AGI__CALLERS_MAX": "2000"}
"""What the bench's home has otherwise than a shipped one: sound ports and IVR places for more callers than it can bear."""

AT_ONCE_MAX = 900
DRAIN_LIMIT_S = 120.0
BARE_FIRST_RATE, IVR_FIRST_RATE = 60.0, 16.0


@dataclass(frozen=True)
class Route:
    """One way through the switch. ``first_rate``: where the search for its limit begins. Bare: our program is stopped."""

    name: str
    dialled: str
    script: CallScript
    first_rate: float
    is_bare: bool = False


@dataclass(frozen=True)
class Effort:
    """How long to try."""

    step_s: float
    refinements: int
    common_rate: float
    common_s: float
    held: Sequence[int]
    hold_s: float
    with_recorded: bool = True


FULL = Effort(step_s=5, refinements=2, common_rate=20, common_s=15, held=(50, 100, 200, 400), hold_s=10)
QUICK = Effort(step_s=2, refinements=1, common_rate=20, common_s=4, held=(50, 100), hold_s=4, with_recorded=False)


class IvrLoad:
    """Needs a home that is up; replaces its sounds by short ones, so use a home of the bench's own."""

    def __init__(self, home: BenchHome, effort: Effort) -> None:
        program = shutil.which("sipp")
        if program is None:
            raise BenchFailed("SIPp is missing (package sip-tester)")
        settings = home.settings
        self._home = home
        self._effort = effort
        self._number = settings.hospital.service_number
        self._sipp = Sipp(program, home.home.run / "sipp", local_host=settings.carrier.host,
                          server=(settings.sip.host, settings.sip.port))  # fmt: skip
        self._instance = _switches(home)

    def prepare(self) -> None:
        """The bare extensions, and prompts of one length."""
        dialplan = self._home.home.root / "dialplan"
        dialplan.mkdir(exist_ok=True)
        (dialplan / "bench.conf").write_text(DIALPLAN, encoding="utf-8")
        self._sounds(SOUND_S)
        self._instance("dialplan reload")

    def routes(self) -> list[Route]:
        as_menu = [(0.3, "1")] * len(MENU_KEYS)  # bare Asterisk gets as many messages as the IVR
        routes = [
            Route("bare", BARE, CallScript(CALLER, keys=[(0.1, "1")]), BARE_FIRST_RATE, is_bare=True),
            Route("bare, recorded", RECORDED, CallScript(CALLER, keys=[(0.1, "1")]), BARE_FIRST_RATE, is_bare=True),
            Route("IVR to a person", self._number, CallScript(CALLER, keys=PERSON_KEYS), IVR_FIRST_RATE),
            Route("bare, as long as the menu", BARE_MENU, CallScript(CALLER, keys=as_menu), BARE_FIRST_RATE, is_bare=True),
            Route("IVR, whole menu", self._number, CallScript(CALLER, keys=MENU_KEYS), IVR_FIRST_RATE),
        ]
        return [route for route in routes if route.dialled != RECORDED or self._effort.with_recorded]

    def measure(self, route: Route) -> Load:
        self._home.run_program(not route.is_bare)
        effort = self._effort
        calls = int(effort.common_rate * effort.common_s)
        self.drain()
        asterisk_s, program_s = self._home.asterisk_cpu_s(), self._home.program_cpu_s()
        result = self._run(route, effort.common_rate, effort.common_s)
        drain_s = self.drain()
        asterisk_s, program_s = self._home.asterisk_cpu_s() - asterisk_s, self._home.program_cpu_s() - program_s
        if not result.good:
            raise BenchFailed(f"{route.name}: no call succeeded at {effort.common_rate:g}/s: {result}")
        best = find_limit(lambda rate: self._is_borne(route, rate), first=route.first_rate, refinements=effort.refinements)
        return Load(route.name, best, 1000 * asterisk_s / calls, 1000 * program_s / calls, drain_s)

    def hold(self, callers: int, *, is_bare: bool) -> Held:
        """Callers come at 25/s and stay; measured while all of them are there."""
        self._home.run_program(not is_bare)
        hold_s = self._effort.hold_s
        stay_s = callers / 25 + hold_s + 3
        script = CallScript(CALLER, hang_up_after_s=stay_s)
        self.drain()
        watch = _Watch(self._home, begin_s=callers / 25 + 1, length_s=hold_s)
        result = watch.during(lambda: self._sipp.run(
            script, dialled=BARE_HOLD if is_bare else self._number, rate_per_s=25, calls=callers, at_once_max=callers))
        return Held(callers, result.failed == 0, watch.asterisk_cores, watch.program_cores, watch.program_mb,
                    watch.asterisk_mb)

    def long_sounds(self) -> None:
        """From now on every prompt lasts longer than a held call."""
        self._sounds(HOLD_SOUND_S)

    def drain(self) -> float:
        """Wait until no call is open in the records; seconds it took. Raises BenchFailed at the limit."""
        if not self._home.worker_pid:
            return 0.0
        began_s = time.monotonic()
        with self._home.ground() as ground:
            while ground.calls.open_calls():
                if time.monotonic() - began_s > DRAIN_LIMIT_S:
                    raise BenchFailed(f"the program had not closed all calls {DRAIN_LIMIT_S:.0f} s after the last one")
                time.sleep(0.2)
        return time.monotonic() - began_s

    def _is_borne(self, route: Route, rate_per_s: float) -> bool:
        is_clean = self._run(route, rate_per_s, self._effort.step_s).is_clean
        self.drain()
        return is_clean

    def _run(self, route: Route, rate_per_s: float, seconds: float) -> SippResult:
        return self._sipp.run(route.script, dialled=route.dialled, rate_per_s=rate_per_s,
                              calls=max(1, int(rate_per_s * seconds)), at_once_max=AT_ONCE_MAX)

    def _sounds(self, length_s: float) -> None:
        folder = self._home.home.sounds / "zh" / "hl"
        source = (folder / "greeting.g722").read_bytes() if (folder / "greeting.g722").exists() else b"\xff"
        size_bytes = int(length_s * G722_BYTES_PER_S)
        sound = (source * (size_bytes // len(source) + 1))[:size_bytes]
        for path in folder.iterdir():
            if path.suffix == ".g722":
                path.write_bytes(sound)
            else:
                path.unlink()
        (folder / "bench.g722").write_bytes(sound)


class _Watch:
    """Looks at both processes for a while in the middle of something that runs meanwhile in another thread."""

    def __init__(self, home: BenchHome, *, begin_s: float, length_s: float) -> None:
        self._home = home
        self._begin_s = begin_s
        self._length_s = length_s
        self.asterisk_cores = self.program_cores = self.program_mb = self.asterisk_mb = 0.0

    def during(self, work: Callable[[], SippResult]) -> SippResult:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(work)
            time.sleep(self._begin_s)
            asterisk_s, program_s, began_s = self._home.asterisk_cpu_s(), self._home.program_cpu_s(), time.monotonic()
            time.sleep(self._length_s)
            passed_s = time.monotonic() - began_s
            self.asterisk_cores = (self._home.asterisk_cpu_s() - asterisk_s) / passed_s
            self.program_cores = (self._home.program_cpu_s() - program_s) / passed_s
            self.program_mb = machine.resident_mb(self._home.worker_pid) if self._home.worker_pid else 0.0
            self.asterisk_mb = machine.resident_mb(self._home.asterisk_pid)
            return running.result()


def _switches(home: BenchHome) -> Callable[[str], str]:
    """Asterisk's console."""
    from config.cli_support import ProgressLine
    from config.private_asterisk import AsteriskInstance
    from config.telephone_switches import Switches

    binary = Switches(home.settings).find_binary(ProgressLine("Asterisk"))
    return AsteriskInstance(binary, home.home.asterisk, "asterisk", sounds_dir=home.home.sounds).console


DIALPLAN = f"""; The bench's own extensions: what Asterisk does without us.
[hl-trunk-in]
exten => {BARE},1,Set(CHANNEL(language)=zh)
 same => n,Answer()
 same => n,Playback(hl/bench&hl/bench&hl/bench)
 same => n,Wait(0.4)
 same => n,Hangup()
exten => {RECORDED},1,Set(CHANNEL(language)=zh)
 same => n,Answer()
 same => n,Gosub(hl-record,s,1)
 same => n,Playback(hl/bench&hl/bench&hl/bench)
 same => n,Wait(0.4)
 same => n,Hangup()
exten => {BARE_MENU},1,Set(CHANNEL(language)=zh)
 same => n,Answer()
 same => n,Playback({"&".join(["hl/bench"] * 25)})
 same => n,Wait(0.95)
 same => n,Hangup()
exten => {BARE_HOLD},1,Set(CHANNEL(language)=zh)
 same => n,Answer()
 same => n,Playback(hl/bench&hl/bench&hl/bench)
 same => n,Wait(600)

[hl-custom-post]
exten => s,1,ExecIf($["${{CALLERID(num)}}" = "{CALLER}"]?Hangup(16))
 same => n,Return()
"""
