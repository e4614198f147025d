"""What a doctor wrote about a visit, in its encrypted form (R19)."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass

from crm_core.crypto import FieldCipher

TEXT_MAX = 4000
_KEPT = frozenset("\n\t")


@dataclass(frozen=True)
class Clinical:
    condition: str = ""
    diagnosis: str = ""
    treatment: str = ""
    cautions: str = ""


def seal(cipher: FieldCipher, clinical: Clinical) -> bytes | None:
    """None when nothing was written."""
    texts = {name: prose(text) for name, text in vars(clinical).items() if text.strip()}
    return cipher.encrypt(json.dumps(texts, ensure_ascii=False)) if texts else None


def unseal(cipher: FieldCipher, stored: bytes | None) -> Clinical:
    """Raises CryptoError when the key is wrong or the value was changed."""
    return Clinical(**json.loads(cipher.decrypt(stored))) if stored else Clinical()


def prose(text: str, *, limit: int = TEXT_MAX) -> str:
    """Longer text from outside: line ends stay, other control and direction characters go."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in unified if c in _KEPT or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    return "".join(kept).strip()[:limit]
