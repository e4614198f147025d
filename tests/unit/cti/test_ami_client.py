"""The AMI door against a stub server: every known defect of panoramisk has its regression test here."""

from __future__ import annotations

import asyncio

import pytest

from crm_core.errors import InvalidInput, OutcomeUnknown
from cti.ami_client import AmiClient
from cti.ami_framing import headers_of
from cti.ami_settings import AmiSettings
from tests.support.ami_connection import WANTED, Heard, connected, run, settings, until
from tests.support.ami_stub import AmiStub


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
