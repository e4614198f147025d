"""Money as whole fen: reading amounts that people wrote, and writing them for screens and messages."""

from __future__ import annotations

import re
import unicodedata

from crm_core.errors import InvalidInput

FEN_MAX = 100_000_000_00
"""一亿元: nothing a hospital charges is above it; sums of a million such rows still fit into 63 bits."""

_AMOUNT = re.compile(r"[¥￥]?(\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(?:\.(\d{1,2}))?元?", re.ASCII)


def yuan(amount_fen: int) -> str:
    """``1250`` -> ``12.50``; always two places, never rounded."""
    sign, rest = ("-" if amount_fen < 0 else ""), abs(amount_fen)
    return f"{sign}{rest // 100}.{rest % 100:02d}"


def fen_of(text: str) -> int:
    """``12.5``, ``￥1,200.00``, ``１２元`` -> fen. Raises InvalidInput: negative, three places, letters, above the limit."""
    found = _AMOUNT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        raise InvalidInput("this is not an amount of money")
    return checked_fen(int(found[1].replace(",", "")) * 100 + int((found[2] or "0").ljust(2, "0")))


def checked_fen(amount_fen: int, *, may_be_negative: bool = False) -> int:
    """The same amount. Raises InvalidInput when it is no whole number or beyond the limit."""
    if isinstance(amount_fen, bool) or not isinstance(amount_fen, int):
        raise InvalidInput("money is a whole number of fen")
    if not (-FEN_MAX if may_be_negative else 0) <= amount_fen <= FEN_MAX:
        raise InvalidInput("this amount of money is out of range")
    return amount_fen
