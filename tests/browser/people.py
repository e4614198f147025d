"""People at their screens: what they see and do, by the names that the desk's elements carry."""

from __future__ import annotations

import re
import time
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.support.chromium import WINDOW, heard_in, last_samples, pitch_share
from tests.support.product import Desk, Product, eventually

PITCH_HZ = {"bela": 600.0, "bolin": 900.0, "chen": 1500.0, "patient": 2100.0}
"""Everybody speaks at a pitch of his own, so that a measurement tells who is heard."""
TO_A_PERSON = "w1,0,w300"
"""What a patient presses to reach a person (while the notice is read); then he stays on the line."""
OWN_VOICE_SHARE = 0.5
LOUD_DB = -60.0
CLEARLY_DB = 20.0


class Screen:
    """One person's tab. `problems` holds every script error that the page had."""

    def __init__(self, product: Product, browser: Browser, *, desk: Desk | None, start_at: str) -> None:
        self.product = product
        self.context: BrowserContext = browser.new_context(viewport=WINDOW, locale="zh-CN", device_scale_factor=1)
        self.context.set_default_timeout(15_000)
        self.problems: list[str] = []
        self.frames: list[str] = []
        if desk is not None:
            self.context.add_cookies(
                [
                    {"name": one.name, "value": one.value or "", "url": product.settings.web_url}
                    for one in desk.http.cookies
                ]
            )
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._keep_frame))
        self.page.goto(product.settings.web_url + start_at)

    def _keep_frame(self, frame: str | bytes) -> None:
        self.frames.append(frame if isinstance(frame, str) else frame.decode("utf-8", "replace"))

    def see(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def click(self, test_id: str) -> None:
        self.see(test_id).click()

    def shows(self, test_id: str, state: str, *, within_s: float = 15) -> None:
        """Waits until the element says it is in this state."""
        expect(self.see(test_id)).to_have_attribute("data-state", state, timeout=within_s * 1000)

    def shoot(self, path: Path) -> None:
        """A picture of what is on the screen now, without waiting for moving parts."""
        self.page.screenshot(path=path, animations="disabled")

    def hears(self, who: str, *, within_s: float = 8) -> None:
        """Waits until this person's pitch is clearly in the loudspeaker, alone or with others."""
        eventually(lambda: self._is_heard(who), within_s=within_s, what=f"{who} heard in the browser")

    def hears_something(self, *, within_s: float = 10) -> None:
        """Waits for any sound, for instance the first words of the IVR."""
        eventually(lambda: heard_in(self.page, 1000)[1] > LOUD_DB, within_s=within_s, what="any sound in the browser")

    def _is_heard(self, who: str) -> bool:
        at_pitch_db, loudest_db = heard_in(self.page, PITCH_HZ[who])
        return at_pitch_db > LOUD_DB and at_pitch_db > loudest_db - CLEARLY_DB

    def close(self) -> None:
        self.context.close()


class AgentScreen(Screen):
    """An agent (or a supervisor) at the desk, logged in, with the telephone of this browser."""

    def __init__(self, product: Product, browser: Browser, login: str, *, start_at: str = "/desk") -> None:
        self.login = login
        self.desk: Desk = product.desk(login)
        self.id = int(self.desk.user["id"])
        super().__init__(product, browser, desk=self.desk, start_at=start_at)

    def ready(self) -> None:
        """Signs on by hand and takes calls from now on."""
        expect(self.see("sign-on").or_(self.see("state-button"))).to_be_visible()
        if self.see("sign-on").count():
            self.click("sign-on")
        self.shows("phone-light", "on")
        self.click("state-button")
        self.click("state-ready")
        self.shows("state-button", "ready")

    @property
    def state(self) -> str:
        return self.product.desk_agents().status(self.id).state.value

    def answer(self, *, by_key: bool = True) -> str:
        """Takes the call that rings; its id."""
        pop = self.see("pop-card")
        pop.wait_for(timeout=30_000)
        call_id = pop.get_attribute("data-call-id")
        expect(self.see("answer")).to_be_enabled()
        if by_key:
            self.page.keyboard.press("F2")
        else:
            self.click("answer")
        self.talks()
        return str(call_id)

    def talks(self) -> None:
        self.shows("call-head", "talking")
        self.shows("state-button", "talking")

    def choose_target(self, extension: str) -> None:
        """Opens the transfer dialog and picks a colleague."""
        self.page.keyboard.press("F10")
        self.click(f"target-{extension}")

    def summarise(self, notes: str) -> None:
        """Fills the summary and goes back to work."""
        self.choose_disposition()
        self.see("notes").fill(notes)
        self.click("save-ready")
        self.shows("state-button", "ready")

    def choose_disposition(self) -> None:
        """An enquiry, settled; choosing it again does no harm."""
        self.click("disposition")
        self.click("disposition-enquiry")
        self.click("sub-disposition")
        self.page.locator("[data-testid^=sub-disposition-]:visible").first.click()
        self.page.locator("label", has=self.see("resolved-yes")).or_(self.see("resolved-yes")).first.click()

    def leave(self) -> None:
        """Goes home whatever went wrong before."""
        self.close()
        if self.desk.user["role"] == "agent":
            eventually(
                lambda: self.state not in ("ringing", "talking", "holding"), within_s=15, what=f"{self.login} free"
            )
            self.desk.post_raw("/desk/sign_off")


def hears_pitch(recording: Path, who: str, *, within_s: float = 10, share: float = OWN_VOICE_SHARE) -> None:
    """Waits until what the patient has heard lately is mostly this person's voice."""
    eventually(
        lambda: pitch_share(last_samples(recording, 2.0), PITCH_HZ[who]) > share,
        within_s=within_s, what=f"patient hears {who}",
    )  # fmt: skip


def hears_not(recording: Path, who: str, *, within_s: float = 10) -> None:
    """Waits until the patient hears something, but nothing of this person's voice."""

    def is_other() -> bool:
        samples = last_samples(recording, 1.0)
        return max(map(abs, samples), default=0) > 500 and pitch_share(samples, PITCH_HZ[who]) < 0.05

    eventually(is_other, within_s=within_s, what=f"patient hears something else than {who}")


def never_hears(recording: Path, who: str, *, during_s: float) -> None:
    """Listens for so long: the patient hears others all the time, and nothing of this person's voice."""
    deadline = time.monotonic() + during_s
    while time.monotonic() < deadline:
        samples = last_samples(recording, 1.0)
        assert max(map(abs, samples), default=0) > 500, "the patient hears nobody at all"
        share = pitch_share(samples, PITCH_HZ[who])
        assert share < 0.01, f"the patient hears {who}: {share:.3f} of the sound"
        time.sleep(0.25)


def masked(text: str) -> bool:
    """Whether no run of digits in the text could be a full telephone or identity number."""
    return re.search(r"\d{11}", text) is None
