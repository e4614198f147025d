"""Turns one AMI action into bytes, or refuses it before a single byte is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from crm_core.errors import InvalidInput

HeaderValue = str | Sequence[str]
Headers = Mapping[str, HeaderValue]

MAX_LINE_BYTES = 1024
"""Asterisk throws longer lines away in silence (its input buffer); the end of line counts."""

MAX_HEADERS = 128
"""Asterisk's AST_MAX_MANHEADERS: further headers are ignored in silence."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def encode_action(headers: Headers) -> bytes:
    """The bytes of one action, blank line included.

    Raises InvalidInput when a value holds a control character (CR and LF would start a second action), when a line is
    longer than Asterisk reads, or when there are more headers than it keeps.
    """
    lines = [_line(name, value) for name, value in _pairs(headers)]
    if len(lines) > MAX_HEADERS:
        raise InvalidInput(f"AMI action with {len(lines)} headers; at most {MAX_HEADERS}", code="ami_too_many_headers")
    return b"".join(lines) + b"\r\n"


def _pairs(headers: Headers) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if isinstance(value, str):
            yield name, value
        else:
            for item in value:
                yield name, item


def _line(name: str, value: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise InvalidInput("AMI header name is not a plain word", code="ami_unsafe_header")
    if _CONTROL.search(value):
        raise InvalidInput(f"AMI header {name} holds a control character", code="ami_unsafe_value")
    try:
        line = f"{name}: {value}\r\n".encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"AMI header {name} is not valid text", code="ami_unsafe_value") from error
    if len(line) > MAX_LINE_BYTES:
        raise InvalidInput(f"AMI header {name} is longer than {MAX_LINE_BYTES} bytes", code="ami_line_too_long")
    return line
