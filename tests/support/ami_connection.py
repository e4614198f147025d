"""One AMI connection over the stub server, and what its listener was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from cti.ami_client import AmiClient
from cti.ami_reply import AmiListener
from cti.ami_settings import AmiLogin, AmiSettings
from tests.support.ami_stub import AmiStub

WANTED = {b"Newchannel": b"", b"UserEvent": b"UserEvent: Hotline"}


@dataclass
class Heard:
    """What the listener of one connection was told."""

    messages: list[bytes] = field(default_factory=list)
    ups: int = 0
    booted: int = 0
    downs: list[str] = field(default_factory=list)
    is_broken: bool = False

    def listener(self) -> AmiListener:
        return AmiListener(on_messages=self._take, on_up=self._up, on_booted=self._boot, on_down=self.downs.append)

    def _take(self, batch: list[bytes]) -> None:
        self.messages.extend(batch)
        if self.is_broken:
            raise RuntimeError("sink is broken")

    def _up(self) -> None:
        self.ups += 1

    def _boot(self) -> None:
        self.booted += 1


def settings(port: int) -> AmiSettings:
    login = AmiLogin("hl-test", "secret")
    return AmiSettings(host="127.0.0.1", port=port, events=login, actions=login, connect_timeout_s=1.0,
                       action_deadline_s=0.5, ping_interval_s=0.2, silence_limit_s=0.8, backoff_min_s=0.05,
                       backoff_max_s=0.2)


async def until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def connected(stub: AmiStub | None = None, **changes: float) -> AsyncIterator[tuple[AmiStub, AmiClient, Heard]]:
    stub = stub or AmiStub()
    if not stub.port:
        await stub.start()
    heard = Heard()
    used = replace(settings(stub.port), **changes)  # type: ignore[arg-type]
    client = AmiClient(used, used.events, wants_events=True, wanted=WANTED, listener=heard.listener(),
                       pick=lambda low, high: low)
    client.start()
    try:
        await until(lambda: client.is_logged_in)
        yield stub, client, heard
    finally:
        await client.aclose()
        await stub.stop()


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]
