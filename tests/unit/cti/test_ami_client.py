"""The AMI door against a stub server: every known defect of panoramisk has its regression test here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from crm_core.errors import InvalidInput, OutcomeUnknown, TelephonyUnavailable
from cti.ami_client import AmiClient
from cti.ami_framing import headers_of
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


def test_given_an_originate_without_async_when_sent_then_async_is_added_and_the_link_stays() -> None:
    async def story() -> None:
        async with connected() as (stub, client, heard):
            stub.answers["originate"] = lambda action: (
                "Response: Success\r\nMessage: Originate successfully queued\r\n\r\n")
            reply = await client.act({"Action": "Originate", "Channel": "PJSIP/1001"})
            assert reply.is_success
            assert stub.actions[-1]["async"] == "true"
            assert heard.downs == []

    run(story)


def test_given_queue_add_when_asterisk_answers_added_then_the_reply_comes_at_once() -> None:
    async def story() -> None:
        async with connected() as (stub, client, _):
            stub.answers["queueadd"] = lambda action: (
                "Response: Success\r\nMessage: Added interface to queue\r\n\r\n")
            reply = await client.act({"Action": "QueueAdd", "Queue": "booking", "Interface": "PJSIP/1001"})
            assert reply.message == "Added interface to queue"

    run(story)


@pytest.mark.fault("F10")
def test_given_a_sink_that_raises_when_events_come_then_the_link_stays_and_the_rest_is_delivered() -> None:
    async def story() -> None:
        async with connected() as (stub, _, heard):
            heard.is_broken = True
            await stub.send("Event: Newchannel\r\nChannel: a\r\n\r\n")
            await until(lambda: len(heard.messages) == 1)
            await stub.send("Event: Newchannel\r\nChannel: b\r\n\r\nEvent: Newchannel\r\nChannel: c\r\n\r\n")
            await until(lambda: len(heard.messages) == 3)
            assert heard.downs == []
            assert stub.connection_count == 1

    run(story)


def test_given_many_events_when_they_arrive_then_their_order_is_the_order_of_the_wire() -> None:
    async def story() -> None:
        async with connected() as (stub, _, heard):
            stub.chunk_bytes = 333
            await stub.send("".join(f"Event: Newchannel\r\nChannel: {n}\r\n\r\n" for n in range(500)))
            await until(lambda: len(heard.messages) == 500)
            assert [headers_of(message)["Channel"] for message in heard.messages] == [str(n) for n in range(500)]

    run(story)


@pytest.mark.fault("F06")
@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7, 64])
def test_given_chinese_text_when_tcp_cuts_it_anywhere_then_no_character_is_lost(chunk_bytes: int) -> None:
    async def story() -> None:
        async with connected() as (stub, _, heard):
            stub.chunk_bytes = chunk_bytes
            await stub.send("Event: Newchannel\r\nCallerIDName: 欧阳娜娜测试\r\n\r\n" * 4)
            await until(lambda: len(heard.messages) == 4)
            assert {headers_of(message)["CallerIDName"] for message in heard.messages} == {"欧阳娜娜测试"}

    run(story)


@pytest.mark.fault("F52")
def test_given_an_originate_in_flight_when_the_link_breaks_then_it_fails_and_is_never_sent_again() -> None:
    async def story() -> None:
        async with connected(action_deadline_s=3.0) as (stub, client, heard):
            stub.answers["originate"] = lambda action: None
            asked = asyncio.create_task(client.act({"Action": "Originate", "Channel": "PJSIP/1001"}))
            await until(lambda: "Originate" in stub.names())
            await stub.drop()
            with pytest.raises(OutcomeUnknown) as refusal:
                await asked
            assert refusal.value.code == "ami_link_lost"
            await until(lambda: heard.booted == 2)
            await client.act({"Action": "CoreStatus"})
            assert stub.names() == ["Originate", "CoreStatus"]

    run(story)


def test_given_no_fully_booted_event_when_an_action_is_sent_then_it_does_not_hang() -> None:
    async def story() -> None:
        stub = AmiStub()
        stub.says_booted = False
        async with connected(stub) as (_, client, heard):
            assert (await client.act({"Action": "CoreStatus"})).is_success
            assert heard.booted == 0

    run(story)


@pytest.mark.fault("F02")
def test_given_a_frozen_peer_when_it_says_nothing_then_the_link_is_declared_dead_in_two_seconds() -> None:
    async def story() -> None:
        async with connected() as (stub, client, heard):
            stub.is_frozen = True
            began_s = asyncio.get_running_loop().time()
            await until(lambda: bool(heard.downs))
            assert asyncio.get_running_loop().time() - began_s < 2.0
            assert heard.downs == ["silent"]
            assert len(client.protocol.responses) <= 1  # unanswered pings do not pile up
            stub.is_frozen = False
            await until(lambda: heard.ups == 2)

    run(story)


def test_given_the_default_settings_when_the_peer_freezes_then_down_is_told_within_two_seconds() -> None:
    used = settings(1)
    shipped = AmiSettings(host=used.host, port=used.port, events=used.events, actions=used.actions)
    assert shipped.silence_limit_s + 0.2 <= 2.0
    assert shipped.ping_interval_s * 2 < shipped.silence_limit_s


@pytest.mark.fault("F03")
def test_given_a_wrong_secret_when_connecting_then_the_waits_grow_and_the_reason_is_known() -> None:
    async def story() -> None:
        stub = AmiStub()
        stub.login_is_refused = True
        await stub.start()
        ceilings: list[float] = []

        def pick(low: float, high: float) -> float:
            ceilings.append(high)
            return 0.01

        used = settings(stub.port)
        client = AmiClient(used, used.events, wants_events=True, wanted=WANTED, listener=Heard().listener(), pick=pick)
        client.start()
        await until(lambda: len(ceilings) == 4)
        assert client.last_error == "login_refused"
        assert ceilings == [0.1, 0.2, 0.2, 0.2]
        stub.login_is_refused = False
        await until(lambda: client.is_logged_in)
        assert client.attempt_count == 0
        await client.aclose()
        await stub.stop()

    run(story)


def test_given_a_peer_that_accepts_and_never_answers_the_login_when_connecting_then_it_gives_up_in_time() -> None:
    async def story() -> None:
        stub = AmiStub()
        stub.is_frozen = True
        await stub.start()
        used = settings(stub.port)
        client = AmiClient(used, used.events, wants_events=True, wanted=WANTED, listener=Heard().listener())
        client.start()
        await until(lambda: client.last_error == "timeout", timeout_s=2.0)
        await client.aclose()
        await stub.stop()

    run(story)


def test_given_the_wait_before_a_reconnect_when_closed_then_it_never_connects_again() -> None:
    async def story() -> None:
        async with connected() as (stub, client, heard):
            await stub.drop()
            await until(lambda: bool(heard.downs))
            await client.aclose()
            before = stub.connection_count
            await asyncio.sleep(0.4)  # longer than any back-off of these settings
            assert stub.connection_count == before

    run(story)


@pytest.mark.fault("F12")
@pytest.mark.parametrize("value", ["busy\r\nAction: Originate", "a\nb", "a\rb", "a\x00b", "a\x0bb", "a\u2028b", "\ud800"])
def test_given_a_control_character_in_a_value_when_sent_then_it_is_refused_and_not_one_byte_leaves(value: str) -> None:
    async def story() -> None:
        async with connected(ping_interval_s=60.0, silence_limit_s=60.0) as (stub, client, _):
            before = stub.received
            with pytest.raises(InvalidInput):
                await client.act({"Action": "QueuePause", "Reason": value})
            await client.act({"Action": "CoreStatus"})
            assert stub.received[len(before):].startswith(b"Action: CoreStatus")
            assert client.protocol.responses == {}

    run(story)


def test_given_no_connection_yet_when_an_action_is_sent_then_it_says_that_nothing_was_sent() -> None:
    async def story() -> None:
        used = settings(1)
        client = AmiClient(used, used.events, wants_events=True, wanted=WANTED, listener=Heard().listener())
        with pytest.raises(TelephonyUnavailable):
            await client.act({"Action": "Ping"})
        client.start()
        with pytest.raises(TelephonyUnavailable):
            await client.act({"Action": "Ping"})
        await client.aclose()

    run(story)


def test_given_another_thread_when_it_asks_through_the_loop_then_the_action_is_made_inside_it() -> None:
    async def story() -> None:
        async with connected() as (_, client, _heard):
            loop = asyncio.get_running_loop()
            replies: list[bool] = []

            def ask() -> None:
                future = asyncio.run_coroutine_threadsafe(client.act({"Action": "CoreStatus"}), loop)
                replies.append(future.result(2).is_success)

            thread = threading.Thread(target=ask)
            thread.start()
            await until(lambda: bool(replies))
            thread.join()
            assert replies == [True]

    run(story)


@pytest.mark.fault("F13")
def test_given_no_answer_when_the_deadline_passes_then_the_outcome_is_unknown_and_nothing_is_kept() -> None:
    async def story() -> None:
        async with connected(action_deadline_s=0.2) as (stub, client, _):
            stub.answers["redirect"] = lambda action: None
            with pytest.raises(OutcomeUnknown) as refusal:
                await client.act({"Action": "Redirect", "Channel": "x"})
            assert refusal.value.code == "ami_no_answer"
            assert not [kept for kept in client.protocol.responses.values() if kept["Action"] == "Redirect"]

    run(story)


CHANNELS = ("Response: Success\r\nEventList: start\r\nMessage: Channels will follow\r\n\r\n"
            "Event: CoreShowChannel\r\nChannel: a\r\n\r\nEvent: CoreShowChannel\r\nChannel: b\r\n\r\n"
            "Event: CoreShowChannelsComplete\r\nEventList: Complete\r\nListItems: 2\r\n\r\n")
NO_CHANNELS = ("Response: Success\r\nEventList: start\r\nMessage: Channels will follow\r\n\r\n"
               "Event: CoreShowChannelsComplete\r\nEventList: Complete\r\nListItems: 0\r\n\r\n")
NO_CONTACTS = "Response: Error\r\nMessage: No Contacts found\r\n\r\n"


@pytest.mark.parametrize(("answer", "is_success", "items"), [
    (CHANNELS, True, ["a", "b"]), (NO_CHANNELS, True, []), (NO_CONTACTS, False, [])])
def test_given_a_list_action_when_it_is_full_empty_or_an_error_then_the_shape_is_the_same(
        answer: str, is_success: bool, items: list[str]) -> None:
    async def story() -> None:
        async with connected() as (stub, client, _):
            stub.answers["coreshowchannels"] = lambda action: answer
            reply = await client.act({"Action": "CoreShowChannels"}, is_list=True)
            assert reply.is_success is is_success
            assert [item["Channel"] for item in reply.events] == items

    run(story)


def test_given_a_repeated_header_when_read_then_one_value_and_two_have_the_same_type() -> None:
    async def story() -> None:
        async with connected() as (stub, client, _):
            stub.answers["getvar"] = lambda action: "Response: Success\r\nOutput: one\r\nOutput: two\r\n\r\n"
            assert (await client.act({"Action": "Getvar"})).headers["Output"] == "one\ntwo"
            stub.answers["getvar"] = lambda action: "Response: Success\r\nOutput: one\r\n\r\n"
            assert (await client.act({"Action": "Getvar"})).headers["Output"] == "one"

    run(story)


def test_given_events_nobody_wants_when_they_come_then_they_are_dropped_before_decoding() -> None:
    async def story() -> None:
        async with connected() as (stub, _, heard):
            await stub.send("Event: VarSet\r\nChannel: x\r\n\r\nEvent: UserEvent\r\nUserEvent: Noise\r\n\r\n"
                            "Event: UserEvent\r\nUserEvent: Hotline\r\nHlEvent: NoticePlayed\r\n\r\n")
            await until(lambda: len(heard.messages) == 1)
            assert b"NoticePlayed" in heard.messages[0]

    run(story)


def test_given_a_peer_that_never_ends_a_message_when_the_bound_is_reached_then_the_link_is_dropped() -> None:
    async def story() -> None:
        async with connected() as (stub, client, heard):
            with_no_end = b"x" * 1_200_000
            sending = asyncio.create_task(stub.send(with_no_end))
            await until(lambda: bool(heard.downs))
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await until(lambda: client.is_logged_in)

    run(story)
