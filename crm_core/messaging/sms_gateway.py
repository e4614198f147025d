"""SMS through a gateway's HTTP interface, described by settings: address, body, how a good answer looks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from crm_core import phone_number
from crm_core.messaging import guarded_http
from crm_core.messaging.cards import MaybeSent, NotSent, OutgoingMessage, Receipt
from crm_core.messaging.guarded_http import HttpAnswer, NoAnswer, NothingLeft
from crm_core.messaging.kinds import Channel
from crm_core.messaging.outgoing import OutgoingGuard

_VALUE = re.compile(r"\{(number|e164|text|reference)\}")
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""The gateway says that it has not taken the message, for now."""


@dataclass(frozen=True)
class GatewaySettings:
    """``url`` and the texts of ``body`` may hold {number} (national), {e164}, {text}, {reference}.

    ``body`` is sent as JSON or, with ``is_form``, as form fields. A 2xx answer is good when the value at ``success_path``
    (dots between keys, "" when the status says it all) is one of ``success_values``; ``id_path`` finds the gateway's id.
    ``sends_once``: the gateway drops a second message with the same {reference}.
    """

    url: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    is_form: bool = False
    success_path: str = ""
    success_values: tuple[str, ...] = ()
    id_path: str = ""
    final_values: tuple[str, ...] = ()
    """Values at ``success_path`` after which another try is useless (blocked number, wrong template)."""
    timeout_s: float = 10.0
    sends_once: bool = False
    ca_file: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for settings that could not be sent or would let a value choose the host."""
        host = self.url.split("//", 1)[-1].split("/", 1)[0]
        if "{" in host or not 0.1 <= self.timeout_s <= 60:
            raise ValueError("the gateway's host is fixed and its time limit is 0.1 to 60 s")
        if any(re.search(r"[\r\n\0]", name + value) for name, value in self.headers.items()):
            raise ValueError("a header has one line")


class SmsGateway:
    """Port ``Sender``. Thread-safe; no retry of its own: the outbox knows when."""

    channel = Channel.SMS

    def __init__(self, settings: GatewaySettings, guard: OutgoingGuard) -> None:
        self._settings = settings
        self._guard = guard

    @property
    def sends_once(self) -> bool:
        return self._settings.sends_once

    def send(self, message: OutgoingMessage) -> Receipt:
        """Raises NotSent or MaybeSent."""
        settings = self._settings
        values = _values(message)
        url = _filled(settings.url, values, lambda text: quote(text, safe=""))
        body, kind = self._body(values)
        try:
            answer = guarded_http.post(
                self._guard, url, body, headers={"Accept": "application/json", **settings.headers, "Content-Type": kind},
                timeout_s=settings.timeout_s, ca_file=settings.ca_file,
            )  # fmt: skip
        except NothingLeft as error:
            raise NotSent(str(error), is_final=str(error) == "address_refused") from None
        except NoAnswer as error:
            raise MaybeSent(str(error)) from None
        return self._receipt(answer)

    def _body(self, values: Mapping[str, str]) -> tuple[bytes, str]:
        filled = _filled_tree(self._settings.body, values)
        if self._settings.is_form:
            return urlencode(filled).encode(), "application/x-www-form-urlencoded; charset=utf-8"
        return json.dumps(filled, ensure_ascii=False).encode(), "application/json; charset=utf-8"

    def _receipt(self, answer: HttpAnswer) -> Receipt:
        if answer.status in _AGAIN:
            raise NotSent(f"http_{answer.status}")
        if not 200 <= answer.status < 300:  # a redirect is no acceptance, and is never followed
            raise NotSent(f"http_{answer.status}", is_final=400 <= answer.status < 500)
        settings = self._settings
        found = _json_of(answer.body)
        if settings.success_path:
            if found is None:
                raise MaybeSent("answer_not_understood")
            said = _at(found, settings.success_path)
            if said is None:
                raise MaybeSent("answer_not_understood")
            if said not in settings.success_values:
                raise NotSent(f"gateway_{_word(said)}", is_final=said in settings.final_values)
        provider_id = _at(found, settings.id_path) if found is not None and settings.id_path else None
        return Receipt(provider_id or "")


def _values(message: OutgoingMessage) -> dict[str, str]:
    return {
        "number": phone_number.national(message.recipient),
        "e164": message.recipient,
        "text": message.text,
        "reference": message.reference,
    }


def _filled(template: str, values: Mapping[str, str], encode: Callable[[str], str]) -> str:
    return _VALUE.sub(lambda found: encode(values[found[1]]), template)


def _filled_tree(template: Any, values: Mapping[str, str]) -> Any:
    """Values are put into the parsed tree, never into JSON text: nothing in a message can end a string."""
    if isinstance(template, str):
        return _filled(template, values, str)
    if isinstance(template, Mapping):
        return {key: _filled_tree(one, values) for key, one in template.items()}
    if isinstance(template, list | tuple):
        return [_filled_tree(one, values) for one in template]
    return template


def _json_of(body: bytes) -> Any | None:
    """None for what is no JSON, or JSON deeper than anybody means it."""
    try:
        return json.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        return None


def _at(tree: Any, path: str) -> str | None:
    """The value at ``a.b.0`` as text; None when it is not there or is no plain value."""
    for key in path.split("."):
        if isinstance(tree, dict) and key in tree:
            tree = tree[key]
        elif isinstance(tree, list) and key.isdecimal() and int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return None
    if isinstance(tree, bool):
        return "true" if tree else "false"
    return str(tree) if isinstance(tree, str | int | float) else None


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)[:40]
