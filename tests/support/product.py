"""The whole product in a home of its own: two Asterisks, the program, people who log in, patients who call."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import requests

from config.demo.carrier import Carrier, PatientCall
from config.demo.carrier_phone import SipPhone
from config.ground import Ground, build_ground, phone_secret
from config.home import CHECKOUT, DEFAULT_HOME, Home
from config.settings import Settings, load_settings
from config.telephone_switches import Switches, carrier_config
from crm_core.agents.service import Agents
from crm_core.clock import SystemClock, at_hospital
from tests.support.ground import FakeTelephony
from tests.support.live_desk import LiveDesk

T = TypeVar("T")
PASSWORD = "Winter-Lantern-41"

QUICK: Mapping[str, str] = {
    "HOTLINE__DEMO__SIZE": "small",
    "HOTLINE__TELEPHONY__RING_TIMEOUT_S": "8",
    "HOTLINE__TELEPHONY__DEPARTMENT_TIMEOUT_S": "6",
    "HOTLINE__TELEPHONY__CONSULT_TIMEOUT_S": "12",
    "HOTLINE__DIALLER__WINDOW_START": "08:00",
    "HOTLINE__DIALLER__TICK_S": "0.3",
}
"""Settings that make a test short and independent of the hour; everything else is as shipped."""


def eventually(look: Callable[[], T], *, within_s: float = 10.0, every_s: float = 0.05, what: str = "") -> T:
    """Ask every ``every_s`` until the answer is true; its value. Fails with the last answer after ``within_s``."""
    deadline = time.monotonic() + within_s
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not within {within_s} s: {what or getattr(look, '__name__', look)}; last: {answer!r}"
            )
        time.sleep(every_s)


class Desk:
    """One person's REST session, as the browser has it."""

    def __init__(self, base_url: str, login: str, password: str = PASSWORD) -> None:
        self.base = base_url + "/api/v1"
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Origin"] = base_url
        self.get_raw("/session")  # brings the CSRF cookie
        answer = self.post("/login", {"login": login, "password": password})
        self.user = answer["user"]

    def live(self, view: str = "desk") -> LiveDesk:
        """The live view over the socket; close it yourself."""
        return LiveDesk(self.base.removesuffix("/api/v1"), self.http, view)

    def get_raw(self, path: str, **options: Any) -> requests.Response:
        return self.http.get(self.base + path, timeout=20, **options)

    def get(self, path: str, **query: Any) -> Any:
        return _json(self.get_raw(path, params=query))

    def post_raw(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        token = self.http.cookies.get("hotline_csrf", "")
        if "files" not in options:
            options["json"] = body if body is not None else {}
        return self.http.post(self.base + path, headers={"X-CSRF-Token": token}, timeout=20, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return _json(self.post_raw(path, body, **options))

    def put(self, path: str, body: Any) -> Any:
        token = self.http.cookies.get("hotline_csrf", "")
        return _json(self.http.put(self.base + path, json=body, headers={"X-CSRF-Token": token}, timeout=20))


def _json(answer: requests.Response) -> Any:
    if answer.status_code >= 400:
        raise AssertionError(
            f"{answer.request.method} {answer.request.path_url}: {answer.status_code} {answer.text[:500]}"
        )
    return answer.json() if answer.content else {}


class Product:
    """A running home. ``ground`` reads the same database from the test's own process: the oracle beside the API."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self.home = home
        working_hours = {"HOTLINE__DEMO__CLOCK_OFFSET_S": str(_until_monday_ten())}
        self.environment = {**os.environ, "HOTLINE_TREE": _tree(), **QUICK, **working_hours, **environment}
        self._phones: list[SipPhone] = []

    def command(self, *words: str, timeout_s: float = 300) -> str:
        """Run ``hotline --home ... words``; its output. Fails loudly."""
        command = [sys.executable, "-P", "-m", "config.cli", "--home", str(self.home), *words]
        done = subprocess.run(
            command, env={**self.environment, "PYTHONPATH": str(CHECKOUT)}, cwd=CHECKOUT, timeout=timeout_s,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise AssertionError(
                f"hotline {' '.join(words)}: exit {done.returncode}\n{done.stdout[-4000:]}\n{self.log_tail()}"
            )
        return done.stdout

    def up(self) -> None:
        self.command("up")
        self.settings = self._load_settings()
        self.ground: Ground = build_ground(self.settings)
        self.carrier = Carrier(carrier_config(self.settings), self.settings.layout.carrier)
        for account in self.ground.accounts.accounts():
            self.ground.accounts.set_password(account.id, PASSWORD, must_change=False)

    def down(self) -> None:
        for phone in self._phones:
            with contextlib.suppress(Exception):
                phone.close()
        with contextlib.suppress(Exception):
            self.carrier.close()
        with contextlib.suppress(Exception):
            self.ground.close()
        self.command("down")

    def desk(self, login: str) -> Desk:
        return Desk(self.settings.web_url, login)

    def phone(self, extension: str, **options: Any) -> SipPhone:
        """An ordinary SIP telephone that has registered as this extension."""
        phone = SipPhone(
            extension, phone_secret(self.settings, extension),
            server=(self.settings.sip.host, self.settings.sip.port), **options,
        )  # fmt: skip
        self._phones.append(phone)
        phone.register()
        return phone

    def call(self, number: str, keys: str = "", **options: Any) -> Any:
        """A patient dials the hotline; the call's handle."""
        return self.carrier.place_call(PatientCall(from_number=number, keys=keys, **options))

    def call_of(self, number: str, *, after: float = 0.0) -> Any:
        """The newest call record from this number, None when there is none."""
        records = self.ground.calls.recent_calls(patient_id=None, number=number, limit=1)
        return records[0] if records and records[0].arrived_at.timestamp() >= after else None

    def desk_agents(self) -> Agents:
        """For reading states only; it sends nothing."""
        return Agents(self.ground.database, self.ground.bus, self.ground.clock, FakeTelephony())  # type: ignore[arg-type]

    def switches(self) -> Switches:
        return Switches(self.settings)

    def pids(self) -> tuple[int, int]:
        """The supervising process and the one that does the work."""
        worker = int(json.loads((self.home / "run" / "hotline.json").read_text())["pid"])
        return int((self.home / "run" / "program.pid").read_text()), worker

    def kill_program(self) -> None:
        """Both processes are gone at once, as in a power cut; Asterisk and the carrier go on."""
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        eventually(lambda: not any(_is_alive(pid) for pid in self.pids()), what="program dead")

    def start_program(self, **environment: str) -> None:
        """``hotline up`` again: what runs is left alone."""
        saved = self.environment
        self.environment = {**saved, **environment}
        try:
            self.command("up")
        finally:
            self.environment = saved

    def log_tail(self, lines: int = 40) -> str:
        parts = []
        for name in ("logs/hotline.log", "logs/program.out"):
            path = self.home / name
            if path.exists():
                parts += [f"--- {name}", *path.read_text(errors="replace").splitlines()[-lines:]]
        return "\n".join(parts)

    def _load_settings(self) -> Settings:
        saved = dict(os.environ)
        os.environ.update({k: v for k, v in self.environment.items() if k.startswith("HOTLINE")})
        try:
            return load_settings(self.home)
        finally:
            os.environ.clear()
            os.environ.update(saved)


@contextlib.contextmanager
def running_product(home: Path, **environment: str) -> Iterator[Product]:
    """Up, then down at the end of the block whatever happens.

    A developer may name a home that is up already (HOTLINE_TEST_HOME, made with the same settings): it is left up.
    """
    kept = os.environ.get("HOTLINE_TEST_HOME")
    product = Product(Path(kept) if kept else home, environment)
    if kept:
        product.up()
        yield product
        return
    try:
        product.up()
        yield product
    finally:
        product.down()


def _until_monday_ten() -> int:
    """Seconds from now to the next Monday 10:00 in the hospital: patients may be called then, at any hour of the test."""
    local = at_hospital(SystemClock().now())
    monday = local.replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=(7 - local.weekday()) % 7)
    return int((monday - local).total_seconds())


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in ("Z", "X")


def _tree() -> str:
    return os.environ.get("HOTLINE_TREE") or str(Home(DEFAULT_HOME).tree)
