"""One running product for all scenarios; every scenario leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.demo.carrier_phone import SipPhone
from tests.support.product import Desk, Product, eventually, running_product


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    home: Path = tmp_path_factory.mktemp("real") / "home"
    with running_product(
        home, HOTLINE__TELEPHONY__AGENT_PHONE_KIND="sip", HOTLINE__TELEPHONY__WRAP_UP_S="60"
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def _quiet_house(product: Product) -> Iterator[None]:
    """Nobody is signed on and no call is open before and after each scenario."""
    yield
    telephony_down = not product.ground.calls.open_calls()
    for call in product.ground.calls.open_calls():
        product.switches().instance("asterisk").console("channel request hangup all")
        assert call.id
        break
    if not telephony_down:
        eventually(lambda: not product.ground.calls.open_calls(), within_s=20, what="all calls ended")


class AtWork:
    """An agent at his place: the desk in the browser (REST) and a telephone that he picks up himself."""

    def __init__(self, product: Product, login: str, extension: str) -> None:
        self.product = product
        self.login = login
        self.phone: SipPhone = product.phone(extension)
        self.desk: Desk = product.desk(login)
        self.live = self.desk.live()
        self.id = int(self.desk.user["id"])
        self.extension = extension

    def sign_on(self) -> None:
        eventually(self._signed_on, within_s=8, every_s=0.3, what=f"{self.login} signed on")

    def ready(self) -> None:
        self.sign_on()
        self.desk.post("/desk/ready")
        eventually(lambda: self.state == "ready", what=f"{self.login} ready")

    def _signed_on(self) -> bool:
        return self.desk.post_raw("/desk/sign_on").status_code < 300

    @property
    def state(self) -> str:
        return self.product.desk_agents().status(self.id).state.value

    def leave(self) -> None:
        self.phone.hang_up()
        eventually(lambda: self.state not in ("ringing", "talking", "holding"), within_s=15, what=f"{self.login} free")
        self.desk.post_raw("/desk/sign_off")
        self.live.close()
        self.phone.close()


@pytest.fixture
def bela(product: Product) -> Iterator[AtWork]:
    person = AtWork(product, "bela", "1001")
    yield person
    person.leave()


@pytest.fixture
def bolin(product: Product) -> Iterator[AtWork]:
    person = AtWork(product, "bolin", "1002")
    yield person
    person.leave()


@pytest.fixture
def chen(product: Product) -> Desk:
    return product.desk("chen")
