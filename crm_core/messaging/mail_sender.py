"""Mail through the hospital's mail server: STARTTLS or TLS, one message a connection."""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from enum import StrEnum

from crm_core.clock import Clock, at_hospital
from crm_core.messaging.cards import MaybeSent, NotSent, OutgoingMessage, Receipt
from crm_core.messaging.kinds import Channel
from crm_core.messaging.outgoing import AddressRefused, OutgoingGuard
from crm_core.messaging.recipients import mail_address


class MailSecurity(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    PLAIN = "plain"
    """Only for a server on the same machine."""


@dataclass(frozen=True)
class MailSettings:
    host: str
    port: int
    sender: str
    sender_name: str = ""
    username: str = ""
    password: str = ""
    security: MailSecurity = MailSecurity.STARTTLS
    timeout_s: float = 15.0
    ca_file: str | None = None

    def __post_init__(self) -> None:
        """Raises InvalidInput for a sender that is no address, ValueError for a name with line ends."""
        mail_address(self.sender)
        if any(c in self.sender_name for c in "\r\n\0"):
            raise ValueError("the sender's name has one line")


class MailSender:
    """Port ``Sender``. Thread-safe. The Message-ID is the same at every try, so mail programs show one mail."""

    channel = Channel.EMAIL
    sends_once = False

    def __init__(self, settings: MailSettings, guard: OutgoingGuard, clock: Clock) -> None:
        self._settings = settings
        self._guard = guard
        self._clock = clock

    def send(self, message: OutgoingMessage) -> Receipt:
        """Raises NotSent or MaybeSent."""
        mail = self._mail(message)
        server = self._connected()
        try:
            self._address(server, message.recipient)
            return self._hand_over(server, mail)
        finally:
            server.close()

    def _mail(self, message: OutgoingMessage) -> EmailMessage:
        settings = self._settings
        local, _, domain = settings.sender.rpartition("@")
        mail = EmailMessage(policy=SMTP_POLICY)
        try:
            mail["From"] = Address(settings.sender_name, local, domain)
            mail["To"] = message.recipient
            mail["Subject"] = message.subject
            mail["Date"] = format_datetime(at_hospital(self._clock.now()))
            mail["Message-ID"] = f"<{message.reference}@{domain}>"
            mail["Auto-Submitted"] = "auto-generated"
            mail.set_content(message.text + "\n", charset="utf-8", cte="base64")
        except ValueError:  # a line end in a header: the email library refuses, and so do we
            raise NotSent("bad_header", is_final=True) from None
        return mail

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        server: smtplib.SMTP | None = None
        try:
            server = _GuardedSmtp(self._guard, settings)
            if settings.security is MailSecurity.STARTTLS:
                server.starttls(context=_tls_context(settings))
            server.ehlo_or_helo_if_needed()
            if settings.username:
                server.login(settings.username, settings.password)
            return server
        except AddressRefused:
            raise NotSent("address_refused", is_final=True) from None
        except smtplib.SMTPAuthenticationError:
            code = "login_refused"
        except (smtplib.SMTPNotSupportedError, ssl.SSLError):
            code = "tls_failed"
        except (smtplib.SMTPException, OSError):
            code = "unreachable"
        if server is not None:
            server.close()
        raise NotSent(code)

    def _address(self, server: smtplib.SMTP, recipient: str) -> None:
        try:
            for code, _ in (server.mail(self._settings.sender), server.rcpt(recipient)):
                if code not in (250, 251):
                    raise NotSent(f"smtp_{code}", is_final=500 <= code < 600)
        except (smtplib.SMTPException, OSError):
            raise NotSent("connection_lost") from None

    def _hand_over(self, server: smtplib.SMTP, mail: EmailMessage) -> Receipt:
        try:
            code, answer = server.data(mail.as_bytes())
        except smtplib.SMTPDataError as error:  # refused before the first line of it
            raise NotSent(f"smtp_{error.smtp_code}", is_final=500 <= error.smtp_code < 600) from None
        except (smtplib.SMTPException, OSError):
            raise MaybeSent("connection_lost") from None
        if code != 250:
            raise NotSent(f"smtp_{code}", is_final=500 <= code < 600)
        return Receipt(answer.decode("ascii", "replace"), cost_fen=0)


class _GuardedSmtp(smtplib.SMTP):
    """Connects through the guard; TLS from the first byte when the settings say so. Raises what smtplib raises."""

    def __init__(self, guard: OutgoingGuard, settings: MailSettings) -> None:
        self._guard = guard
        self._settings = settings
        domain = settings.sender.rpartition("@")[2]
        super().__init__(settings.host, settings.port, local_hostname=domain, timeout=settings.timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = self._guard.connect(host, port, timeout)
        if self._settings.security is MailSecurity.TLS:
            return _tls_context(self._settings).wrap_socket(connection, server_hostname=host)
        return connection


def _tls_context(settings: MailSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
