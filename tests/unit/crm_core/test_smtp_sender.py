"""Mails: what leaves, what each refusal means, and headers that nobody can break (C123, A5.4)."""

import datetime
import email
import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import replace
from email.policy import default
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from crm_core.clock import ManualClock
from crm_core.errors import InvalidInput
from crm_core.messaging.cards import MaybeSent, NotSent, OutgoingMessage
from crm_core.messaging.kinds import Channel
from crm_core.messaging.mail_sender import MailSecurity, MailSender, MailSettings
from crm_core.messaging.outgoing import OutgoingGuard
from tests.support.message_mail_server import MailStub, running_mail_server

MESSAGE = OutgoingMessage(
    7, Channel.EMAIL, "hl7-abc", "asha@example.cn", "仁爱医院预约确认", "张*您好\n.\r\n第二行", 1, 1
)
GUARD = OutgoingGuard(("localhost",), private_networks=("127.0.0.0/8", "::1/128"))


@pytest.fixture
def stub() -> Iterator[MailStub]:
    with running_mail_server() as made:
        yield made


def sender(stub: MailStub, guard: OutgoingGuard = GUARD, **changes: object) -> MailSender:
    settings = MailSettings(
        "localhost", stub.port, "hotline@hospital.example.cn", "仁爱医院", security=MailSecurity.PLAIN, timeout_s=3.0
    )
    return MailSender(replace(settings, **changes), guard, ManualClock())


@pytest.mark.capability("A5.4")
def test_given_a_mail_when_sent_then_the_server_has_exactly_it(stub: MailStub) -> None:
    receipt = sender(stub).send(MESSAGE)
    assert receipt.provider_id == "queued as 4F7"
    mail = email.message_from_bytes(stub.mails[0], policy=default)
    assert (mail["To"], mail["Subject"]) == ("asha@example.cn", "仁爱医院预约确认")
    assert mail["From"] == "仁爱医院 <hotline@hospital.example.cn>"
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<hl7-abc@hospital.example.cn>", "auto-generated")
    assert mail["Date"] == "Mon, 23 Nov 2026 10:00:00 +0800"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == ["张*您好", ".", "第二行"]


@pytest.mark.parametrize(
    ("verb", "reply", "code", "is_final"),
    [
        ("MAIL", "451 later", "smtp_451", False),
        ("RCPT", "550 no such user", "smtp_550", True),
        ("RCPT", "452 full", "smtp_452", False),
        ("DATA", "554 no", "smtp_554", True),
        (".", "554 spam", "smtp_554", True),
        (".", "451 later", "smtp_451", False),
        ("MAIL", "die", "connection_lost", False),
        ("RCPT", "die", "connection_lost", False),
        ("EHLO", "die", "unreachable", False),
        ("AUTH", "535 wrong", "login_refused", False),
    ],
)
def test_given_a_server_that_refuses_when_sent_then_nothing_left(
    stub: MailStub, verb: str, reply: str, code: str, is_final: bool
) -> None:
    stub.replies[verb] = reply
    login = {"username": "u", "password": "p"} if verb == "AUTH" else {}
    if login:
        stub.replies["EHLO"] = "250-stub\r\n250 AUTH PLAIN"
    with pytest.raises(NotSent) as refused:
        sender(stub, **login).send(MESSAGE)
    assert (refused.value.code, refused.value.is_final) == (code, is_final)


@pytest.mark.parametrize("verb", [".", "DATA"])
def test_given_a_server_that_dies_with_the_mail_when_sent_then_nobody_knows(stub: MailStub, verb: str) -> None:
    stub.replies[verb] = "die"
    with pytest.raises(MaybeSent):
        sender(stub).send(MESSAGE)


@pytest.mark.parametrize(
    "broken",
    [
        {"subject": "a\r\nBcc: eve@example.cn"},
        {"subject": "a\nBcc: eve@example.cn"},
        {"recipient": "asha@example.cn\r\nRCPT TO:<eve@example.cn>"},
        {"recipient": "asha@example.cn\nBcc: eve@example.cn"},
    ],
)
def test_given_line_ends_in_a_header_when_sent_then_refused_before_anything_leaves(
    stub: MailStub, broken: dict[str, str]
) -> None:
    with pytest.raises(NotSent) as refused:
        sender(stub).send(replace(MESSAGE, **broken))
    assert (refused.value.code, refused.value.is_final) == ("bad_header", True)
    assert stub.lines == []


@pytest.mark.fault("F83")
def test_given_a_server_that_is_not_allowed_when_sent_then_refused(stub: MailStub) -> None:
    for guard in (OutgoingGuard(("localhost",)), OutgoingGuard(("mail.example.cn",))):
        with pytest.raises(NotSent) as refused:
            sender(stub, guard).send(MESSAGE)
        assert refused.value.code == "address_refused"
    assert stub.lines == []


def test_given_settings_that_break_a_header_when_made_then_refused(stub: MailStub) -> None:
    with pytest.raises(ValueError, match="one line"):
        sender(stub, sender_name="a\r\nBcc: x")
    with pytest.raises(InvalidInput):
        sender(stub, sender="not an address")


def _certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for localhost, and the file that a client must trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    )
    builder = builder.not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=36_500))
    made = (
        builder.add_extension(names, False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return context, pem


@pytest.mark.requirement("R20")
def test_given_starttls_when_sent_then_under_tls_and_only_to_a_trusted_server(tmp_path: Path) -> None:
    context, pem = _certificate(tmp_path)
    with running_mail_server(context) as stub:
        sender(stub, security=MailSecurity.STARTTLS, ca_file=str(pem)).send(MESSAGE)
        assert stub.lines.index("STARTTLS") < stub.lines.index("mail FROM:<hotline@hospital.example.cn>")
        assert len(stub.mails) == 1
        with pytest.raises(NotSent) as refused:
            sender(stub, security=MailSecurity.STARTTLS).send(MESSAGE)
        assert refused.value.code == "tls_failed"


@pytest.mark.requirement("R20")
def test_given_a_server_without_tls_when_starttls_is_wanted_then_nothing_leaves_in_the_clear(stub: MailStub) -> None:
    with pytest.raises(NotSent) as refused:
        sender(stub, security=MailSecurity.STARTTLS).send(MESSAGE)
    assert refused.value.code == "tls_failed"
    assert stub.mails == []
