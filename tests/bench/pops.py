"""Measures from Asterisk's event to the pop: in the DOM of a real Chromium, and at a plain websocket client."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from config import lifecycle
from config.first_settings import write_first_settings
from crm_core.agents.kinds import Role
from tests.bench.bench_home import PASSWORD, BenchFailed, BenchHome, bench_home
from tests.bench.offers import AsteriskThread, Offer, OfferingAsterisk
from tests.bench.table import Row, percentile
from tests.support.live_desk import LiveDesk
from tests.support.product import Desk, eventually

AGENTS = 12
NUMBERS = ("13800000001", "13800000003", "13800000005", "13800000006")
"""Demo patients with a telephone of their own: the pop carries their record."""

POP_LIMIT_MS = 100.0
RING_S = 0.09
PATIENCE_S = 40.0
"""After the last offer: a pop that has not come by then is lost, not late. The next step begins with nothing waiting."""

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
OBSERVER = """
window.__pops = {};
const note = () => {
  for (const card of document.querySelectorAll('[data-testid="pop-card"]'))
    window.__pops[card.dataset.callId] ??= Date.now();
};
new MutationObserver(note).observe(document, { subtree: true, childList: true, attributeFilter: ['data-call-id'] });
"""


@dataclass(frozen=True)
class Plan:
    """One step. Every ``browser_every``-th call is for the agent with the browser, the others for the sockets."""

    rate_per_s: float
    seconds: float
    browser_every: int


FULL = (Plan(1, 40, 1), Plan(10, 60, 5), Plan(50, 20, 25))
QUICK = (Plan(1, 12, 1), Plan(10, 15, 5), Plan(50, 8, 25))


@dataclass(frozen=True)
class PopTimes:
    """Milliseconds from the first byte of the offer; a pop that never came is in ``lost``."""

    plan: Plan
    dom_ms: Sequence[float]
    socket_ms: Sequence[float]
    dom_lost: int
    socket_lost: int


def measure_pops(root: Path, tree: Path, plans: Sequence[Plan]) -> list[PopTimes]:
    """Real program, real page; Asterisk and the telephones are played by a stub in this process."""
    extensions = [str(2001 + number) for number in range(AGENTS)]
    with bench_home(root, tree, **_settings()) as home:
        home.home.create()
        write_first_settings(home.home)
        settings = home.settings
        stub = OfferingAsterisk(extensions, events_user=settings.ami.events_user, agi=(settings.agi.host, settings.agi.port))
        with AsteriskThread(stub) as asterisk:
            home.environment["HOTLINE__AMI__PORT"] = str(stub.port)
            _create_agents(home, extensions)
            home.command("up")
            with _staffed(settings.web_url, extensions) as (page, lives):
                return [_measure(plan, asterisk, page, lives) for plan in plans]


def rows(times: Sequence[PopTimes]) -> list[Row]:
    return [row for one in times for row in (_dom_row(one), _socket_row(one))]


def _dom_row(one: PopTimes) -> Row:
    rate = one.plan.rate_per_s
    has_target = rate == 10
    if not one.dom_ms:
        return Row(f"pop in the browser at {rate:g}/s", f"none of {one.dom_lost} came", met=False if has_target else None)
    p99_ms = percentile(one.dom_ms, 0.99)
    met = p99_ms <= POP_LIMIT_MS and not one.dom_lost if has_target else None
    how = (f"{len(one.dom_ms)} pops in the browser's DOM out of {rate:g}/s for the house, {one.dom_lost} lost; from the first "
           "byte of the offer at the AMI socket; patient recognised by the IVR before")  # fmt: skip
    return Row(f"pop in the browser at {rate:g}/s", _spread(one.dom_ms), f"p99 <= {POP_LIMIT_MS:g} ms" if has_target else "",
               met, how)  # fmt: skip


def _socket_row(one: PopTimes) -> Row:
    what = f"pop at a websocket client at {one.plan.rate_per_s:g}/s"
    if one.socket_lost and not one.socket_ms:
        return Row(what, f"none of {one.socket_lost} came")
    if not one.socket_ms:
        return Row(what, "not measured", how="every call of this step was for the browser")
    return Row(what, _spread(one.socket_ms), how=f"{len(one.socket_ms)} pops, {one.socket_lost} lost")


def _spread(values_ms: Sequence[float]) -> str:
    return " / ".join(f"{percentile(values_ms, share):.0f}" for share in (0.5, 0.95, 0.99)) + " ms (p50/p95/p99)"


def _settings() -> dict[str, str]:
    return {
        "HOTLINE__ASTERISK__MANAGED": "false", "HOTLINE__CARRIER__ENABLED": "false", "HOTLINE__TRUNK__HOST": "127.0.0.3",
        "HOTLINE__TRUNK__REGISTERS": "false", "HOTLINE__TELEPHONY__AGENT_PHONE_KIND": "sip",
    }  # fmt: skip


def _create_agents(home: BenchHome, extensions: Sequence[str]) -> None:
    """Before the program begins, so that it knows whose telephones it finds registered."""
    lifecycle.prepare(home.settings)
    with home.ground() as ground:
        for extension in extensions:
            ground.accounts.create(f"bench{extension}", PASSWORD, name=f"席{extension}", role=Role.AGENT, extension=extension,
                                   queues=("enquiry",), must_change_password=False)  # fmt: skip


@contextlib.contextmanager
def _staffed(url: str, extensions: Sequence[str]) -> Iterator[tuple[Page, dict[str, LiveDesk]]]:
    """The first agent sits before a browser, the others have a socket each; all are ready."""
    lives: dict[str, LiveDesk] = {}
    with contextlib.ExitStack() as leaving:
        for extension in extensions[1:]:
            desk = _at_work(url, extension)
            lives[extension] = desk.live()
            leaving.callback(lives[extension].close)
        page = leaving.enter_context(_browser())
        _log_in(page, url, f"bench{extensions[0]}")
        yield page, lives


def _at_work(url: str, extension: str) -> Desk:
    desk = Desk(url, f"bench{extension}", PASSWORD)
    eventually(lambda: desk.post_raw("/desk/sign_on").status_code < 300, within_s=15, what=f"{extension} signed on")
    desk.post("/desk/ready")
    return desk


@contextlib.contextmanager
def _browser() -> Iterator[Page]:
    program = next((path for path in map(shutil.which, CHROMIUM) if path), None)
    if program is None:
        raise BenchFailed("Chromium is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        try:
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.add_init_script(OBSERVER)
            yield page
        finally:
            browser.close()


def _log_in(page: Page, url: str, login: str) -> None:
    page.goto(url)
    page.fill('[data-testid="login-name"], [data-testid="login-name"] input', login)
    page.fill('[data-testid="login-password"], [data-testid="login-password"] input', PASSWORD)
    page.click('[data-testid="login-submit"]')
    page.wait_for_selector('[data-testid="phone-light"][data-state="on"]', timeout=20_000)
    state = page.evaluate(_READY)
    if state != [202, 202]:
        raise BenchFailed(f"the agent with the browser could not get ready: {state}")


_READY = """async () => {
  const token = document.cookie.split('; ').find((c) => c.startsWith('hotline_csrf='))?.split('=')[1] ?? '';
  const send = async (path) => (await fetch('/api/v1/desk/' + path, {
    method: 'POST', headers: { 'X-CSRF-Token': decodeURIComponent(token), 'Content-Type': 'application/json' }, body: '{}',
  })).status;
  return [await send('sign_on'), await send('ready')];
}"""


def _measure(plan: Plan, asterisk: AsteriskThread, page: Page, lives: dict[str, LiveDesk]) -> PopTimes:
    others = list(lives)
    mine = str(int(others[0]) - 1)

    def who(number: int) -> tuple[str, str]:
        turn = mine if number % plan.browser_every == 0 else others[number % len(others)]
        return turn, NUMBERS[number % len(NUMBERS)]

    work = asterisk.offer_steadily(rate_per_s=plan.rate_per_s, seconds=plan.seconds, ring_s=RING_S, who=who)
    while not work.done():
        page.wait_for_timeout(200)
    offers = work.result()
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        dom_at_ms: dict[str, float] = page.evaluate("window.__pops")
        socket_at_ms = _seen_at_ms(lives)
        if time.monotonic() > deadline_s or all(offer.call_id in dom_at_ms | socket_at_ms for offer in offers):
            break
        page.wait_for_timeout(500)
    dom = [_delay_ms(dom_at_ms, offer) for offer in offers if offer.extension == mine]
    sockets = [_delay_ms(socket_at_ms, offer) for offer in offers if offer.extension != mine]
    return PopTimes(plan, [ms for ms in dom if ms is not None], [ms for ms in sockets if ms is not None],
                    dom.count(None), sockets.count(None))  # fmt: skip


def _delay_ms(at_ms: dict[str, float], offer: Offer) -> float | None:
    seen = at_ms.get(offer.call_id)
    return None if seen is None else seen - offer.at_s * 1000


def _seen_at_ms(lives: dict[str, LiveDesk]) -> dict[str, float]:
    """Wall time of the first ringing value of each call at its agent's socket."""
    shift_s = time.time() - time.monotonic()
    seen: dict[str, float] = {}
    for live in lives.values():
        for at_s, kind, entity_id, value in list(live.seen):
            if kind == "call" and _rings(value):
                seen.setdefault(entity_id, (at_s + shift_s) * 1000)
    return seen


def _rings(value: Any) -> bool:
    return isinstance(value, dict) and value.get("state") == "ringing"
