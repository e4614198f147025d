"""One ordinary SIP telephone in software: an agent's desk phone for tests, traces and the bench."""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable

from config.demo.carrier_rtp import RtpLeg
from config.demo.carrier_sip import SipMessage, parse_sip


class SipPhone:
    """Registers at the hotline and takes one call at a time; a second one hears busy.

    Rings until `answer` or `reject` is called, unless `answer_after_s` is set. Its own voice is a steady murmur.
    """

    def __init__(
        self, extension: str, secret: str, *, server: tuple[str, int], local_host: str = "127.0.0.1",
        answer_after_s: float | None = None,
    ) -> None:  # fmt: skip
        self.extension = extension
        self._secret = secret
        self._server = server
        self._answer_after_s = answer_after_s
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((local_host, 0))
        self._address: tuple[str, int] = self._socket.getsockname()
        self._tag = secrets.token_hex(6)
        self._cseq = 0
        self._register_call_id = secrets.token_hex(8)
        self._changed = threading.Condition()
        self._invite: SipMessage | None = None
        self._rtp: RtpLeg | None = None
        self.state = "idle"
        """idle, ringing, talking or held."""
        self.registered = False
        self._closing = False
        self._reader = threading.Thread(target=self._read, name=f"sip-phone-{extension}", daemon=True)
        self._reader.start()

    # ----- what a person does -----

    def register(self, *, expires_s: int = 120, timeout_s: float = 5) -> None:
        """Signs on; raises TimeoutError when the server refuses or is silent. `expires_s` 0 signs off."""
        self._send_register(expires_s, authorization="")
        wanted = expires_s > 0
        if not self._wait(lambda: self.registered is wanted, timeout_s):
            raise TimeoutError(f"telephone {self.extension} could not register")

    def wait_state(self, state: str, timeout_s: float = 10) -> bool:
        """True once the telephone is in that state; False at the limit."""
        return self._wait(lambda: self.state == state, timeout_s)

    def answer(self) -> None:
        """Lifts the receiver of a ringing telephone."""
        invite = self._invite
        if self.state != "ringing" or invite is None:
            raise RuntimeError(f"telephone {self.extension} does not ring")
        self._rtp = RtpLeg(self._address[0])
        self._rtp.aim(invite.body)
        self._respond(invite, 200, "OK", sdp=self._rtp.offer("sendrecv"))
        self._enter("talking")

    def reject(self, status: int = 486) -> None:
        """Refuses a ringing call (486 busy, 603 declined)."""
        if self._invite is not None and self.state == "ringing":
            self._respond(self._invite, status, "Busy Here" if status == 486 else "Decline")
            self._end()

    def hold(self) -> None:
        """Parks the call: the patient hears music."""
        self._reinvite("sendonly")
        self._enter("held")

    def resume(self) -> None:
        """Takes the parked call back."""
        self._reinvite("sendrecv")
        self._enter("talking")

    def hang_up(self) -> None:
        """Puts the receiver down; nothing happens when there is no call."""
        if self.state in {"talking", "held"}:
            self._request("BYE")
        elif self.state == "ringing":
            self.reject()
        self._end()

    @property
    def caller(self) -> str:
        """The From header of the call that rings or rang last; empty before the first."""
        return self._invite.headers.get("from", "") if self._invite else ""

    @property
    def heard(self) -> RtpLeg | None:
        """The sound of the present or last call; None before the first."""
        return self._rtp

    def close(self) -> None:
        """Hangs up, signs off without waiting, and ends the thread."""
        self.hang_up()
        if self.registered:
            self._send_register(0, authorization="")
        self._closing = True
        self._socket.sendto(b"\0", self._address)
        self._reader.join(timeout=5)
        self._socket.close()

    # ----- signalling -----

    def _read(self) -> None:
        self._socket.settimeout(1.0)
        while not self._closing:
            if self.registered and time.monotonic() >= self._refresh_at:
                self._send_register(self._expires_s, authorization="")
            try:
                message = parse_sip(self._socket.recv(65535))
            except (TimeoutError, ValueError):
                continue
            if message.status:
                self._on_response(message)
            else:
                self._on_request(message)

    def _on_request(self, message: SipMessage) -> None:
        handler = {"INVITE": self._on_invite, "BYE": self._on_bye, "CANCEL": self._on_cancel}.get(message.method)
        if handler:
            handler(message)
        elif message.method != "ACK":
            self._respond(message, 200, "OK")

    def _on_invite(self, message: SipMessage) -> None:
        same_call = self._invite and self._invite.headers["call-id"] == message.headers["call-id"]
        if same_call and self._rtp is not None and self.state in {"talking", "held"}:
            self._rtp.aim(message.body)
            self._respond(message, 200, "OK", sdp=self._rtp.offer("sendrecv"))
        elif self.state != "idle" and not same_call:
            self._respond(message, 486, "Busy Here")
        elif self.state == "idle":
            self._invite = message
            self._respond(message, 180, "Ringing")
            self._enter("ringing")
            if self._answer_after_s is not None:
                threading.Timer(self._answer_after_s, self._answer_if_ringing, [message]).start()

    def _answer_if_ringing(self, message: SipMessage) -> None:
        if self.state == "ringing" and self._invite is message and not self._closing:
            self.answer()

    def _on_bye(self, message: SipMessage) -> None:
        self._respond(message, 200, "OK")
        self._end()

    def _on_cancel(self, message: SipMessage) -> None:
        self._respond(message, 200, "OK")
        if self._invite is not None and self.state == "ringing":
            self._respond(self._invite, 487, "Request Terminated")
            self._end()

    def _on_response(self, message: SipMessage) -> None:
        if message.method == "REGISTER":
            if message.status == 401:
                self._send_register(self._expires_s, authorization=self._authorization(message.headers["www-authenticate"]))
            elif message.status == 200:
                with self._changed:
                    self.registered = self._expires_s > 0
                    self._changed.notify_all()
        elif message.method == "INVITE" and message.status >= 200:
            cseq = int(message.headers["cseq"].split(" ")[0])
            self._request("ACK", cseq=cseq)
            if message.status == 200 and self._rtp is not None:
                self._rtp.aim(message.body)

    _expires_s = 0
    _refresh_at = 0.0

    def _send_register(self, expires_s: int, *, authorization: str) -> None:
        self._expires_s = expires_s
        self._refresh_at = time.monotonic() + expires_s / 2
        self._cseq += 1
        host, port = self._server
        lines = [
            f"REGISTER sip:{host}:{port} SIP/2.0", self._via(),
            f"From: <sip:{self.extension}@{host}>;tag={self._tag}", f"To: <sip:{self.extension}@{host}>",
            f"Call-ID: {self._register_call_id}", f"CSeq: {self._cseq} REGISTER", self._contact(),
            f"Expires: {expires_s}", "Max-Forwards: 70",
        ]  # fmt: skip
        self._send([*lines, *([f"Authorization: {authorization}"] if authorization else [])])

    def _authorization(self, challenge: str) -> str:
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
        uri = f"sip:{self._server[0]}:{self._server[1]}"
        realm, nonce, client_nonce = fields["realm"], fields["nonce"], secrets.token_hex(8)

        def digest(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        first = digest(f"{self.extension}:{realm}:{self._secret}")
        second = digest(f"REGISTER:{uri}")
        response = digest(f"{first}:{nonce}:00000001:{client_nonce}:auth:{second}")
        return (
            f'Digest username="{self.extension}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", '
            f'algorithm=MD5, qop=auth, nc=00000001, cnonce="{client_nonce}"'
            + (f', opaque="{fields["opaque"]}"' if "opaque" in fields else "")
        )

    def _respond(self, request: SipMessage, status: int, reason: str, *, sdp: str = "") -> None:
        to = request.headers["to"]
        if status > 100 and ";tag=" not in to:
            to += f";tag={self._tag}"
        lines = [f"SIP/2.0 {status} {reason}", *(f"Via: {via}" for via in request.vias)]
        lines += [f"From: {request.headers['from']}", f"To: {to}", f"Call-ID: {request.headers['call-id']}"]
        lines += [f"CSeq: {request.headers['cseq']}", self._contact()]
        self._send(lines, sdp=sdp)

    def _reinvite(self, direction: str) -> None:
        if self._rtp is None:
            raise RuntimeError(f"telephone {self.extension} has no call")
        self._request("INVITE", sdp=self._rtp.offer(direction))

    def _request(self, method: str, *, cseq: int | None = None, sdp: str = "") -> None:
        """A request within the call: our side is its To, the other side its From."""
        invite = self._invite
        if invite is None:
            return
        if cseq is None:
            self._cseq += 1
        target = re.search(r"<([^>]+)>", invite.headers.get("contact", ""))
        lines = [
            f"{method} {target[1] if target else 'sip:hotline'} SIP/2.0", self._via(),
            f"From: {invite.headers['to']};tag={self._tag}", f"To: {invite.headers['from']}",
            f"Call-ID: {invite.headers['call-id']}", f"CSeq: {self._cseq if cseq is None else cseq} {method}",
            self._contact(), "Max-Forwards: 70",
        ]  # fmt: skip
        self._send(lines, sdp=sdp)

    def _via(self) -> str:
        return f"Via: SIP/2.0/UDP {self._address[0]}:{self._address[1]};branch=z9hG4bK{secrets.token_hex(8)};rport"

    def _contact(self) -> str:
        return f"Contact: <sip:{self.extension}@{self._address[0]}:{self._address[1]}>"

    def _send(self, lines: list[str], *, sdp: str = "") -> None:
        body = sdp.encode()
        if sdp:
            lines = [*lines, "Content-Type: application/sdp"]
        lines = [*lines, f"Content-Length: {len(body)}"]
        self._socket.sendto("\r\n".join(lines).encode() + b"\r\n\r\n" + body, self._server)

    # ----- state -----

    def _enter(self, state: str) -> None:
        with self._changed:
            self.state = state
            self._changed.notify_all()

    def _end(self) -> None:
        if self._rtp is not None:
            self._rtp.close()
        self._enter("idle")

    def _wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            return self._changed.wait_for(condition, max(0.0, deadline - time.monotonic()))
