"""Actions through the AMI door: deadlines, threads, shapes of replies, bounds."""

from __future__ import annotations

import asyncio
import threading

import pytest

from crm_core.errors import OutcomeUnknown, TelephonyUnavailable
from cti.ami_client import AmiClient
from tests.support.ami_connection import WANTED, Heard, connected, run, settings, until


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
