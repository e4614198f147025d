"""One running product and three Chromiums for all stories; every story begins and ends with a quiet house."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from config.demo.carrier_calls import CallHandle
from tests.browser.people import PITCH_HZ, TO_A_PERSON, AgentScreen, Screen
from tests.support.chromium import PATIENT_RATE_HZ, program, speaking_browser, write_voice
from tests.support.product import Product, eventually, running_product

Shoot = Callable[[Screen, str], None]
Ring = Callable[..., CallHandle]


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    home: Path = tmp_path_factory.mktemp("browser") / "home"
    with running_product(home, HOTLINE__TELEPHONY__WRAP_UP_S="60") as running:
        yield running


@pytest.fixture(scope="session")
def voices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What everybody says; the patient's at telephone quality, long enough for any story."""
    folder = tmp_path_factory.mktemp("voices")
    made = {who: write_voice(folder / f"{who}.wav", hz) for who, hz in PITCH_HZ.items() if who != "patient"}
    patient = folder / "patient.wav"
    return made | {"patient": write_voice(patient, PITCH_HZ["patient"], rate_hz=PATIENT_RATE_HZ, length_s=120)}


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if program() is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def bela_browser(playwright: Playwright, voices: dict[str, Path]) -> Iterator[Browser]:
    with speaking_browser(playwright, voices["bela"]) as browser:
        yield browser


@pytest.fixture(scope="session")
def bolin_browser(playwright: Playwright, voices: dict[str, Path]) -> Iterator[Browser]:
    with speaking_browser(playwright, voices["bolin"]) as browser:
        yield browser


@pytest.fixture(scope="session")
def chen_browser(playwright: Playwright, voices: dict[str, Path]) -> Iterator[Browser]:
    """Chen's, and of those who say nothing."""
    with speaking_browser(playwright, voices["chen"]) as browser:
        yield browser


@pytest.fixture(autouse=True)
def _quiet_house(product: Product) -> Iterator[None]:
    """Whatever a story has left on the line is hung up when its screens are closed."""
    yield
    if product.ground.calls.open_calls():
        product.switches().instance("asterisk").console("channel request hangup all")
        eventually(lambda: not product.ground.calls.open_calls(), within_s=20, what="all calls ended")


@pytest.fixture
def bela(_quiet_house: None, product: Product, bela_browser: Browser) -> Iterator[AgentScreen]:
    yield from _at_work(product, bela_browser, "bela")


@pytest.fixture
def bolin(_quiet_house: None, product: Product, bolin_browser: Browser) -> Iterator[AgentScreen]:
    yield from _at_work(product, bolin_browser, "bolin")


@pytest.fixture
def dora(_quiet_house: None, product: Product, chen_browser: Browser) -> Iterator[AgentScreen]:
    yield from _at_work(product, chen_browser, "dora")


@pytest.fixture
def chen(_quiet_house: None, product: Product, chen_browser: Browser) -> Iterator[AgentScreen]:
    yield from _at_work(product, chen_browser, "chen", start_at="/board")


def _at_work(product: Product, browser: Browser, login: str, *, start_at: str = "/desk") -> Iterator[AgentScreen]:
    """Nobody is left with the call when he goes, and no page had a script error."""
    person = AgentScreen(product, browser, login, start_at=start_at)
    yield person
    if product.ground.calls.open_calls_of(person.id):
        product.switches().instance("asterisk").console("channel request hangup all")
    person.leave()
    assert person.problems == [], f"script errors in {login}'s page"


@pytest.fixture
def ring(product: Product, voices: dict[str, Path], tmp_path: Path) -> Ring:
    """A patient dials the hotline and asks for a person; `heard.wav` below tmp_path gets what he hears."""

    def dial(number: str, *, keys: str = TO_A_PERSON, **options: object) -> CallHandle:
        handle: CallHandle = product.call(number, keys=keys, record=tmp_path / "heard.wav", **options)
        return handle

    return dial


@pytest.fixture
def heard(tmp_path: Path) -> Path:
    return tmp_path / "heard.wav"


@pytest.fixture
def shoot(tmp_path: Path) -> Shoot:
    """Pictures for the README: into HOTLINE_TEST_SHOTS when it is set, else among the files of the test."""
    folder = Path(os.environ.get("HOTLINE_TEST_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return lambda screen, name: screen.shoot(folder / f"{name}.png")
