"""A gateway that hangs, drips, redirects, answers 500 or rubbish: what it means for the message (C123, F83)."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from crm_core.messaging.cards import MaybeSent, NotSent, OutgoingMessage
from crm_core.messaging.kinds import Channel
from crm_core.messaging.outgoing import OutgoingGuard
from crm_core.messaging.sms_gateway import GatewaySettings, SmsGateway
from tests.support.message_gateway import OK, GatewayStub, running_gateway

TEXT = '他说："好"\\ </script> {number} %s & =1+1'
MESSAGE = OutgoingMessage(7, Channel.SMS, "hl7-abc", "+8613800000001", "", TEXT, 1, 1)
GUARD = OutgoingGuard(("localhost",), private_networks=("127.0.0.0/8", "::1/128"), allows_plain_http=True)


@pytest.fixture
def stub() -> Iterator[GatewayStub]:
    with running_gateway() as made:
        yield made


def settings(stub: GatewayStub, **changes: object) -> GatewaySettings:
    made = GatewaySettings(
        url=stub.url, body={"to": ["{number}"], "msg": {"text": "{text}"}, "ref": "{reference}"}, success_path="code",
        success_values=("0",), final_values=("4003",), id_path="data.id", timeout_s=2.0, headers={"X-Key": "secret"},
    )  # fmt: skip
    return replace(made, **changes)


@pytest.mark.capability("C123")
def test_given_a_gateway_when_a_message_is_sent_then_it_gets_exactly_this_text_once(stub: GatewayStub) -> None:
    receipt = SmsGateway(settings(stub), GUARD).send(MESSAGE)
    assert receipt.provider_id == "m-77"
    (request,) = stub.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert json.loads(body) == {"to": ["13800000001"], "msg": {"text": TEXT}, "ref": "hl7-abc"}
    assert head.startswith(b"POST /sms/send HTTP/1.1")
    assert b"X-Key: secret" in head


def test_given_a_form_gateway_when_sent_then_fields_and_address_are_encoded(stub: GatewayStub) -> None:
    url = f"{stub.url}?to={{e164}}&t={{text}}"
    SmsGateway(settings(stub, url=url, body={"text": "{text}"}, is_form=True), GUARD).send(MESSAGE)
    head, _, body = stub.requests[0].partition(b"\r\n\r\n")
    assert parse_qs(body.decode(), strict_parsing=True) == {"text": [TEXT]}
    query = head.split(b" ")[1].decode().partition("?")[2]
    assert parse_qs(query) == {"to": ["+8613800000001"], "t": [TEXT]}


@pytest.mark.parametrize(
    ("answer", "code", "is_final"),
    [
        (b"HTTP/1.1 500 no\r\n\r\n", "http_500", False),
        (b"HTTP/1.1 503 no\r\n\r\n<html>", "http_503", False),
        (b"HTTP/1.1 429 slow\r\n\r\n", "http_429", False),
        (b"HTTP/1.1 401 who\r\n\r\n", "http_401", True),
        (b"HTTP/1.1 302 there\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "http_302", False),
        (b'HTTP/1.1 200 OK\r\n\r\n{"code": 4003}', "gateway_4003", True),
        (b'HTTP/1.1 200 OK\r\n\r\n{"code": "7\\r\\nX: <b>"}', "gateway_7__X___b_", False),
    ],
)
def test_given_a_gateway_that_refuses_when_sent_then_nothing_left(
    stub: GatewayStub, answer: bytes, code: str, is_final: bool
) -> None:
    stub.says(answer)
    with pytest.raises(NotSent) as refused:
        SmsGateway(settings(stub), GUARD).send(MESSAGE)
    assert (refused.value.code, refused.value.is_final) == (code, is_final)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n<html>hello</html>",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n[]",
        b'HTTP/1.1 200 OK\r\n\r\n{"code": {"a": 1}}',
        b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe\x00",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 50_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x00\x01\x02 rubbish\r\n\r\n",
        b"",
    ],
)
def test_given_a_gateway_that_talks_rubbish_when_sent_then_nobody_knows(stub: GatewayStub, answer: bytes) -> None:
    stub.says(answer)
    with pytest.raises(MaybeSent):
        SmsGateway(settings(stub), GUARD).send(MESSAGE)


@pytest.mark.parametrize("behaviour", ["hangs", "drips"])
def test_given_a_gateway_that_hangs_or_drips_when_sent_then_given_up_in_time(stub: GatewayStub, behaviour: str) -> None:
    getattr(stub, behaviour)()
    with pytest.raises(MaybeSent) as lost:
        SmsGateway(settings(stub, timeout_s=0.4), GUARD).send(MESSAGE)
    assert lost.value.code == "timeout"


@pytest.mark.fault("F83")
def test_given_a_redirect_when_sent_then_the_other_place_is_never_visited(stub: GatewayStub) -> None:
    with running_gateway() as other:
        stub.says(f"HTTP/1.1 307 there\r\nLocation: {other.url}\r\n\r\n".encode())
        with pytest.raises(NotSent):
            SmsGateway(settings(stub), GUARD).send(MESSAGE)
        assert other.requests == []


@pytest.mark.fault("F83")
def test_given_an_address_that_is_not_allowed_when_sent_then_refused_for_good(stub: GatewayStub) -> None:
    strict = OutgoingGuard(("localhost",), allows_plain_http=True)
    for guard in (
        strict,
        OutgoingGuard(("other.example",), allows_plain_http=True),
        replace(GUARD, allows_plain_http=False),
    ):
        with pytest.raises(NotSent) as refused:
            SmsGateway(settings(stub), guard).send(MESSAGE)
        assert (refused.value.code, refused.value.is_final) == ("address_refused", True)
    assert stub.requests == []


def test_given_a_proxy_in_the_environment_when_sent_then_not_used(
    stub: GatewayStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert SmsGateway(settings(stub), GUARD).send(MESSAGE).provider_id == "m-77"


def test_given_nobody_at_the_address_when_sent_then_nothing_left(stub: GatewayStub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NotSent) as refused:
        SmsGateway(settings(stub, url=f"http://localhost:{port}/"), GUARD).send(MESSAGE)
    assert (refused.value.code, refused.value.is_final) == ("unreachable", False)


def test_given_a_plain_server_behind_an_https_address_when_sent_then_nothing_left(stub: GatewayStub) -> None:
    stub.says(OK)
    with pytest.raises(NotSent) as refused:
        SmsGateway(settings(stub, url=stub.url.replace("http:", "https:")), GUARD).send(MESSAGE)
    assert refused.value.code == "tls_failed"


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "https://{number}.example.cn/"},
        {"timeout_s": 0},
        {"timeout_s": 600},
        {"headers": {"X": "a\r\nHost: evil"}},
    ],
)
def test_given_settings_that_a_message_could_bend_when_made_then_refused(
    stub: GatewayStub, changes: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"gateway|header"):
        settings(stub, **changes)
