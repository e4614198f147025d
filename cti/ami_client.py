"""The door to panoramisk: one AMI connection that stays up, keeps order and sends nothing twice."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from crm_core.errors import HotlineError, OutcomeUnknown, TelephonyUnavailable
from cti.ami_encoding import Headers, encode_action
from cti.ami_framing import AmiFramer, FramingError, event_name, is_wanted
from cti.ami_reply import AmiListener, AmiReply
from cti.ami_settings import AmiLogin, AmiSettings

log = structlog.get_logger(__name__)

_WATCH_TICK_S = 0.1
_SUCCESS = frozenset({"Success", "Follows", "Goodbye"})


class _Request(Action):  # type: ignore[misc]  # panoramisk has no types
    """An action whose end is known: one response, or a list up to its Complete event; an error always ends it."""

    @property
    def multi(self) -> bool:
        return bool(self.as_list) and self.responses[0].response not in ("Error", "Fail", "Failure", "Failed")

    @property
    def completed(self) -> bool:
        if not self.multi:
            return True
        last = self.responses[-1]
        return len(self.responses) > 1 and (last.eventlist == "Complete" or last.event.endswith("Complete"))


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol with framing on bytes, a name filter before any decoding, and no replay."""

    def __init__(self, owner: AmiClient) -> None:
        self._owner = owner
        self._framer = AmiFramer()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.encoding = "utf-8"

    def send(self, data: Action, as_list: bool | None = False) -> asyncio.Future[Any]:
        """Refuses (InvalidInput) before anything is written or remembered."""
        raw = encode_action(data)
        self.responses[data.id] = data
        self.transport.write(raw)
        return data.future  # type: ignore[no-any-return]

    def data_received(self, data: bytes) -> None:
        self._owner.heard()
        try:
            messages = self._framer.feed(data)
        except FramingError as error:
            log.error("ami_framing_failed", error=str(error))
            self.transport.abort()
            return
        wanted = self._owner.wanted
        batch = []
        for message in messages:
            name = event_name(message)
            if name and is_wanted(message, name, wanted):
                batch.append(message)
            elif self.responses and b"ActionID: " in message:
                self._answered(message)
            if name == b"FullyBooted":
                self._owner.booted()
        if batch:
            self._owner.deliver(batch)

    def _answered(self, raw: bytes) -> None:
        message = Message.from_line(raw.decode("utf-8", "replace").strip("\r\n"))
        if message is not None:
            self.handle_message(message)

    def handle_message(self, message: Message) -> None:
        request = self.responses.get(message.id)
        if request is not None and request.add_message(message):
            self.responses.pop(message.id, None)

    def forget(self, request: Action) -> None:
        self.responses.pop(request.id, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.close()
        self._owner.lost(exc)

    def close(self) -> None:
        """Fails what is in flight; nothing is kept to be sent again after the reconnect."""
        requests = list(self.responses.values())
        self.responses.clear()
        for request in requests:
            if not request.future.done():
                request.future.set_exception(ConnectionResetError("AMI connection lost"))
                request.future.exception()  # pings have no reader: mark as seen
        self.closed = True
        self.transport.close()


class AmiClient(Manager):  # type: ignore[misc]
    """One login, kept up by one task. Everything here runs in the loop's thread."""

    def __init__(self, settings: AmiSettings, login: AmiLogin, *, wants_events: bool, wanted: Mapping[bytes, bytes],
                 listener: AmiListener, pick: Callable[[float, float], float] = random.uniform) -> None:
        super().__init__(host=settings.host, port=settings.port, events="on" if wants_events else "off",
                         protocol_factory=lambda: _Protocol(self), log=logging.getLogger("panoramisk"))
        self.callbacks.clear()  # panoramisk would send unanswered actions again at FullyBooted
        self.patterns.clear()
        self.wanted = wanted
        self._settings = settings
        self._login = login
        self._listener = listener
        self._pick = pick
        self._task: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._gone_reason = ""
        self._last_heard_s = 0.0
        self._is_reading_paused = False
        self.authenticated: bool = False
        self.attempt_count = 0
        """Connection attempts since the last success; 0 while connected."""
        self.last_error = ""
        """Why the last attempt failed: "" | refused | timeout | login_refused | lost."""

    def start(self) -> None:
        """Begin to connect; must be called in the loop's thread."""
        self.loop = asyncio.get_running_loop()
        self._task = self.loop.create_task(self._stay_connected(), name=f"ami-{self._login.username}")

    async def aclose(self) -> None:
        """Stop for good: also during the wait before a reconnect."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    @property
    def is_logged_in(self) -> bool:
        return bool(self.authenticated)

    async def act(self, action: Headers, *, is_list: bool = False, deadline_s: float | None = None) -> AmiReply:
        """Send one action and wait for its answer.

        Raises InvalidInput (nothing sent), TelephonyUnavailable (nothing sent), OutcomeUnknown (sent; no answer by the
        deadline, default ``action_deadline_s``, or the connection broke first). A refusal is a reply, not an error.
        """
        if not self.authenticated:
            raise TelephonyUnavailable("No connection to Asterisk; nothing was sent")
        return await self._ask(action, is_list=is_list, deadline_s=deadline_s or self._settings.action_deadline_s)

    async def _ask(self, action: Headers, *, is_list: bool, deadline_s: float) -> AmiReply:
        request = _Request(dict(action), as_list=is_list)
        if request["Action"].lower() == "originate":
            request["Async"] = "true"  # without it panoramisk raises inside data_received and the link dies
        future = self.protocol.send(request)
        try:
            async with asyncio.timeout(deadline_s):
                result = await future
        except TimeoutError:
            raise OutcomeUnknown(f"{request['Action']}: no answer in {deadline_s:g} s", code="ami_no_answer") from None
        except ConnectionResetError:
            raise OutcomeUnknown(f"{request['Action']}: link lost before the answer", code="ami_link_lost") from None
        finally:
            self.protocol.forget(request)
        return _reply(result if isinstance(result, list) else [result])

    async def _stay_connected(self) -> None:
        while True:
            self.attempt_count += 1
            try:
                await self._connect()
                await self._log_in()
            except (OSError, HotlineError) as error:
                self._note_failure(error)
            else:
                await self._serve()
            finally:
                self.authenticated = False
                if self.protocol is not None:
                    self.protocol.close()
            await asyncio.sleep(self._backoff_s())

    async def _connect(self) -> None:
        self._gone.clear()
        self._gone_reason, self._is_reading_paused = "", False
        async with asyncio.timeout(self._settings.connect_timeout_s):
            factory = self.config["protocol_factory"]
            _, self.protocol = await self.loop.create_connection(factory, self._settings.host, self._settings.port)
        self.heard()

    async def _log_in(self) -> None:
        headers = {"Action": "Login", "Username": self._login.username, "Secret": self._login.secret,
                   "Events": self.config["events"]}
        reply = await self._ask(headers, is_list=False, deadline_s=self._settings.action_deadline_s)
        if not reply.is_success:
            raise PermissionError("login_refused")

    async def _serve(self) -> None:
        self.authenticated = True
        self.attempt_count, self.last_error = 0, ""
        log.info("ami_up", user=self._login.username)
        self._listener.on_up()
        try:
            await self._watch()
        finally:
            self.authenticated = False
            self.last_error = "lost"
            reason = self._gone_reason or "closed"
            log.warning("ami_down", user=self._login.username, reason=reason)
            self._listener.on_down(reason)

    async def _watch(self) -> None:
        """Ping, and count silence in own ticks, so that a stall of this process is not taken for a dead peer."""
        silent_s = since_ping_s = 0.0
        heard_s = self._last_heard_s
        while not self._gone.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_WATCH_TICK_S):
                    await self._gone.wait()
            is_silent = heard_s == self._last_heard_s and not self._is_reading_paused
            silent_s = silent_s + _WATCH_TICK_S if is_silent else 0.0
            heard_s = self._last_heard_s
            since_ping_s += _WATCH_TICK_S
            if silent_s >= self._settings.silence_limit_s:
                self._gone_reason = "silent"
                self.protocol.transport.abort()
                return
            if since_ping_s >= self._settings.ping_interval_s and not self._gone.is_set():
                since_ping_s = 0.0
                self.protocol.send(_Request({"Action": "Ping"}))
        self._gone_reason = self._gone_reason or "connection_lost"

    def heard(self) -> None:
        self._last_heard_s = asyncio.get_running_loop().time()

    def booted(self) -> None:
        self._listener.on_booted()

    def deliver(self, batch: list[bytes]) -> None:
        try:
            self._listener.on_messages(batch)
        except Exception:
            log.exception("ami_sink_failed")

    def lost(self, exc: Exception | None) -> None:
        self._gone.set()

    def pause_reading(self, is_paused: bool) -> None:
        """Let TCP hold the peer back while our queue is full."""
        self._is_reading_paused = is_paused
        if self.protocol is not None and not self.protocol.closed:
            transport = self.protocol.transport
            (transport.pause_reading if is_paused else transport.resume_reading)()

    def _note_failure(self, error: Exception) -> None:
        kinds: dict[type[Exception], str] = {PermissionError: "login_refused", ConnectionRefusedError: "refused",
                                             TimeoutError: "timeout", OutcomeUnknown: "timeout"}
        self.last_error = kinds.get(type(error), "unreachable")
        log.warning("ami_connect_failed", user=self._login.username, reason=self.last_error, attempt=self.attempt_count)

    def _backoff_s(self) -> float:
        """Full jitter between the minimum and a ceiling that doubles up to the maximum."""
        lowest, highest = self._settings.backoff_min_s, self._settings.backoff_max_s
        ceiling_s = min(highest, lowest * 2 ** min(self.attempt_count, 16))
        return self._pick(lowest, max(lowest, ceiling_s))


def _reply(messages: list[Message]) -> AmiReply:
    first = messages[0]
    items = tuple(_plain(message) for message in messages[1:-1])
    is_success = first.response in _SUCCESS
    return AmiReply(is_success=is_success, message=str(first.message), headers=_plain(first), events=items)


def _plain(message: Message) -> dict[str, str]:
    """Header values as text, whatever their number was; several values are joined by newlines."""
    return {name: "\n".join(value) if isinstance(value, list) else str(value) for name, value in message.items()}
