"""Where browsers register their telephones, and with which password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_desk.services import DemoPatientNumber, DemoPhone, PhoneAccess
from config.ground import phone_secret
from crm_core.agents.accounts import Accounts
from crm_core.errors import NotFound

if TYPE_CHECKING:
    from config.settings import Settings

DEMO_NUMBERS = (
    ("13800000001", "阿莎（已登记，金卡）"),
    ("13800000002", "王芳和李小明（一号两人）"),
    ("13800000003", "欧阳娜娜（74岁）"),
    ("13800000005", "张敏"),
    ("18612345678", "未登记的号码"),
    ("anonymous", "隐藏号码"),
)


class HomePhones:
    """The telephones of one home."""

    def __init__(self, settings: Settings, accounts: Accounts) -> None:
        self._settings = settings
        self._accounts = accounts

    @property
    def ws_url(self) -> str:
        return f"ws://{self._settings.ws.host}:{self._settings.ws.port}/ws"

    @property
    def demo_ws_url(self) -> str:
        return f"ws://{self._settings.carrier.host}:{self._settings.carrier.ws_port}/ws"

    def ws_urls(self) -> tuple[str, ...]:
        """Every websocket a page may open beside the desk's own (Content-Security-Policy)."""
        return (self.ws_url, self.demo_ws_url) if self._settings.demo.enabled else (self.ws_url,)

    def softphone(self, extension: str, display_name: str) -> PhoneAccess:
        if not any(account.extension == extension for account in self._accounts.accounts()):
            raise NotFound("no such extension")
        return PhoneAccess(
            ws_url=self.ws_url,
            sip_uri=f"sip:{extension}@{self._settings.sip.host}",
            authorization_user=extension,
            password=phone_secret(self._settings, extension),
            display_name=display_name,
            extension=extension,
            kind=self._settings.telephony.agent_phone_kind.value,
        )

    def demo_phone(self) -> DemoPhone | None:
        settings = self._settings
        if not (settings.demo.enabled and settings.carrier.enabled):
            return None
        return DemoPhone(
            ws_url=self.demo_ws_url,
            sip_uri=f"sip:phone@{settings.carrier.host}",
            authorization_user="phone",
            password=settings.carrier.phone_secret.get_secret_value(),
            service_number=settings.hospital.service_number,
            patients=[DemoPatientNumber(number, label) for number, label in DEMO_NUMBERS],
        )
