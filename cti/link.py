"""The room's front door: starts and stops everything, and says whether telephony is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

import structlog

from crm_core.bus import Bus
from crm_core.calls.events import TelephonyLinkChanged
from crm_core.clock import Clock
from crm_core.errors import HotlineError, TelephonyUnavailable
from crm_core.events import Event
from crm_core.ids import AgentId, CallId
from crm_core.ports import HealthFinding
from cti.ami_client import AmiClient
from cti.ami_encoding import Headers
from cti.ami_messages import ContactChanged
from cti.ami_readers import WANTED
from cti.ami_reply import AmiListener, AmiReply
from cti.ami_settings import AmiSettings
from cti.ami_thread import AmiThread
from cti.call_tracker import CallTracker
from cti.event_pump import EventPump
from cti.hangup_causes import NORMAL_CLEARING, NOT_REGISTERED
from cti.pbx_snapshot import PbxSnapshot, take_snapshot
from cti.phones import Phones
from cti.queue_members import Membership, apply_changes, member_changes
from cti.resync import Resync
from cti.status import LinkFigures, findings
from cti.telephony import AmiTelephony, DialplanNames, FeatureCodes

log = structlog.get_logger(__name__)

_RETRY_RESYNC_S = 1.0
UNMIXING_S = 0.3
"""By then a bridge that a third has left no longer mixes."""
RENEWING_TONE_MS = 50


class Cti:
    """Everything between the house and Asterisk. ``start`` returns at once; the link comes up when Asterisk is there."""

    def __init__(self, settings: AmiSettings, *, bus: Bus, clock: Clock,
                 agent_of_extension: Callable[[str], AgentId | None], extension_of: Callable[[AgentId], str | None],
                 memberships: Callable[[], Iterable[Membership]], open_calls: Callable[[], Iterable[CallId]] = tuple,
                 department_number: Callable[[str], str | None] = lambda _: None,
                 names: DialplanNames | None = None, codes: FeatureCodes | None = None) -> None:
        """``memberships``: who shall be in which queue, asked after every reconnect. ``open_calls``: ids of records that
        were open when the program began, asked once. ``department_number``: code -> number to dial for a consultation."""
        self._settings = settings
        self._clock = clock
        self._memberships = memberships
        names = names or DialplanNames()
        self._return_context = names.return_context
        self.tracker = CallTracker(trunk=names.trunk, transfer_context=names.transfer_context,
                                   agent_of_extension=agent_of_extension, on_stranded=self._rescue,
                                   on_unmixed=self._renew_sound)
        self._agent_of_extension = agent_of_extension
        self._phones = Phones(clock, agent_of_extension)
        self.pump = EventPump(self.tracker, bus, clock, on_contact=self._on_contact, on_pressure=self._on_pressure)
        self._resync = Resync(self.tracker, open_before=open_calls)
        self._thread = AmiThread(deadline_s=settings.action_deadline_s)
        self._events: AmiClient | None = None
        self._actions: AmiClient | None = None
        self._is_booted: asyncio.Event | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._rescues: set[asyncio.Task[None]] = set()
        self._is_up = False
        self._was_told_up: bool | None = None
        self._reconnect_count = 0
        self.telephony = AmiTelephony(self, self.tracker, self._phones, clock=clock, extension_of=extension_of,
                                      department_number=department_number, names=names, codes=codes or FeatureCodes())

    def start(self) -> None:
        self.pump.start()
        self._thread.start()
        self._thread.run(self._open())

    def stop(self) -> None:
        """Calls in progress go on; nothing is told to Asterisk."""
        self._is_up = False
        try:
            self._thread.run(self._close())
        except HotlineError:
            log.warning("cti_close_failed")
        self._thread.stop()
        self.pump.stop()

    @property
    def is_up(self) -> bool:
        """Connected on both lines and resynchronised."""
        return self._is_up

    def health(self) -> Sequence[HealthFinding]:
        return findings(self.figures(), self.pump.figures())

    def figures(self) -> LinkFigures:
        clients = [client for client in (self._events, self._actions) if client is not None]
        with self.tracker.lock:
            return LinkFigures(
                is_up=self._is_up, last_error=next((c.last_error for c in clients if not c.is_logged_in), ""),
                reconnect_count=self._reconnect_count, live_calls=len(self.tracker.book.calls),
                live_channels=len(self.tracker.book.channels), lost_count=self._resync.lost_count,
                adopted_count=self._resync.adopted_count, ivr_failed_count=self.tracker.signals.ivr_failed_count)

    async def ask(self, action: Headers, *, is_list: bool = False) -> AmiReply:
        """One command over the actions line; refused while the link is not up. For the AMI thread only."""
        if not self._is_up:
            raise TelephonyUnavailable("the link to Asterisk is down; nothing was sent")
        return await self._act(action, is_list=is_list)

    async def _act(self, action: Headers, *, is_list: bool = False) -> AmiReply:
        if self._actions is None:
            raise TelephonyUnavailable("telephony is not started; nothing was sent")
        return await self._actions.act(action, is_list=is_list)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._thread.run(work)

    def _rescue(self, channels: Sequence[str], patient: str) -> None:
        """The patient, when there is one, goes back into a queue; the others are hung up."""
        actions = _hangups(channels, cause=NORMAL_CLEARING)
        if patient:
            actions.insert(0, {"Action": "Redirect", "Channel": patient, "Context": self._return_context, "Exten": "s",
                               "Priority": "1"})
        self._thread.call_soon(self._send_soon, actions)

    def _on_contact(self, message: ContactChanged) -> list[Event]:
        """A telephone that is gone is not rung any longer: Asterisk would ring it to the end, unheard (F64)."""
        events = self._phones.on_contact(message)
        agent_id = self._agent_of_extension(message.aor) if message.is_removed and message.aor.isdigit() else None
        if agent_id is not None:
            since_s = self._phones.registered_since_s(message.aor)
            with self.tracker.lock:
                dead = self.tracker.legs.lose_telephone(agent_id, before_s=since_s)
            if dead:
                self._thread.call_soon(self._send_soon, _hangups(dead, cause=NOT_REGISTERED))
        return events

    def _renew_sound(self, channels: Sequence[str]) -> None:
        """A short tone to each, once the bridge no longer mixes: it makes Asterisk begin its conversion of the sound afresh.

        Debian's Asterisk (native PLC) takes sound for late, and drops it for minutes, when the sequence number of a new
        source lies behind that of the old one: in half of all cases the one who stays would hear nothing.
        """
        actions: list[Headers] = [
            {"Action": "PlayMF", "Channel": channel, "Digit": "1", "Duration": str(RENEWING_TONE_MS)} for channel in channels
        ]
        self._thread.call_soon(self._send_soon, actions, UNMIXING_S)

    def _send_soon(self, actions: Sequence[Headers], after_s: float = 0.0) -> None:
        task = asyncio.get_running_loop().create_task(self._send(actions, after_s), name="cti-rescue")
        self._rescues.add(task)
        task.add_done_callback(self._rescues.discard)

    async def _send(self, actions: Sequence[Headers], after_s: float) -> None:
        await asyncio.sleep(after_s)
        for action in actions:
            try:
                await self.ask(action)
            except HotlineError as error:
                log.warning("rescue_failed", action=action["Action"], error=error.code)

    async def _open(self) -> None:
        self._is_booted = asyncio.Event()
        news = AmiListener(self.pump.put_messages, self._on_up, self._is_booted.set, self._on_down)
        silent = AmiListener(lambda _: None, self._on_up, lambda: None, self._on_down)
        self._events = AmiClient(self._settings, self._settings.events, wants_events=True, wanted=WANTED, listener=news)
        self._actions = AmiClient(self._settings, self._settings.actions, wants_events=False, wanted={}, listener=silent)
        self._events.start()
        self._actions.start()

    async def _close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        for client in (self._events, self._actions):
            if client is not None:
                await client.aclose()

    def _on_up(self) -> None:
        both = self._events is not None and self._actions is not None
        if both and self._events.is_logged_in and self._actions.is_logged_in:  # type: ignore[union-attr]
            self._keeper = asyncio.get_running_loop().create_task(self._keep_in_step(), name="cti-keeper")

    def _on_down(self, reason: str) -> None:
        """Either line is gone: the desks are told at once, commands are refused."""
        if self._keeper is not None:
            self._keeper.cancel()
            self._keeper = None
        if self._is_booted is not None and self._events is not None and not self._events.is_logged_in:
            self._is_booted.clear()
        self._is_up = False
        self._reconnect_count += 1
        self.pump.put_step(lambda: self._tell(is_up=False))

    async def _keep_in_step(self) -> None:
        """Resynchronise until it succeeds, then compare now and then; cancelled when a line drops."""
        await self._wait_booted()
        while True:
            try:
                if not self._is_up:
                    await self._catch_up()
                else:
                    self._apply(await self._snapshot())
                await asyncio.sleep(self._settings.sweep_interval_s)
            except HotlineError as error:
                log.warning("resync_failed", error=error.code)
                await asyncio.sleep(_RETRY_RESYNC_S)

    async def _wait_booted(self) -> None:
        """FullyBooted comes at login when Asterisk is ready; a login without read=system never gets it."""
        if self._is_booted is None:
            return
        try:
            async with asyncio.timeout(self._settings.boot_wait_s):
                await self._is_booted.wait()
        except TimeoutError:
            log.error("fully_booted_not_seen", hint="the events login needs read=system")

    async def _catch_up(self) -> None:
        snapshot = await self._snapshot()
        wanted = await asyncio.get_running_loop().run_in_executor(None, lambda: list(self._memberships()))
        await apply_changes(self._act, member_changes(wanted, snapshot.members))
        self._apply(snapshot)
        self._is_up = True
        self.pump.put_step(lambda: self._tell(is_up=True))

    async def _snapshot(self) -> PbxSnapshot:
        return await take_snapshot(self._act, now_s=self._clock.monotonic_s())

    def _apply(self, snapshot: PbxSnapshot) -> None:
        def step() -> list[Event]:
            self.tracker.set_time(self._clock.now(), self._clock.monotonic_s())
            return self._resync.apply(snapshot) + self._phones.replace(
                snapshot.contacts, asked_at_s=snapshot.asked_at_s)

        self.pump.put_step(step)

    def _tell(self, *, is_up: bool) -> list[Event]:
        if self._was_told_up is is_up:
            return []
        self._was_told_up = is_up
        return [TelephonyLinkChanged(at=self._clock.now(), is_up=is_up, since=self._clock.now())]

    def _on_pressure(self, is_full: bool) -> None:
        log.warning("cti_pressure", is_full=is_full)
        if self._events is not None:
            self._thread.call_soon(self._events.pause_reading, is_full)


def _hangups(channels: Sequence[str], *, cause: int) -> list[Headers]:
    return [{"Action": "Hangup", "Channel": channel, "Cause": str(cause)} for channel in channels]
