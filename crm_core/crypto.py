"""Encryption of personal columns and the keyed hash that finds them again (R19)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_NONCE_BYTES = 12
_VERSION = b"\x01"


class CryptoError(Exception):
    """A stored value cannot be read: wrong key, or it was changed."""


class FieldCipher:
    """AES-256-GCM for column values, with a key id in each value so that keys can change without stopping.

    Stored form: version, key id length, key id, nonce, ciphertext+tag. ``hash_of`` is HMAC-SHA256 under a key of its
    own that does not change with rotation; it finds equal values and tells nothing else.
    """

    def __init__(self, keys: Mapping[str, bytes], current: str, hash_key: bytes) -> None:
        if current not in keys:
            raise ValueError("the current key is not among the keys")
        if any(len(key) < 32 for key in [*keys.values(), hash_key]):
            raise ValueError("keys must have 32 bytes")
        self._ciphers = {name: AESGCM(key[:32]) for name, key in keys.items()}
        self._current = current
        self._hash_key = hash_key

    @classmethod
    def from_master(cls, master: bytes, *, key_id: str = "k1") -> FieldCipher:
        """Both keys from one master secret of at least 32 bytes."""
        return cls(
            {key_id: _derive(master, b"hotline field " + key_id.encode())}, key_id, _derive(master, b"hotline hash")
        )

    def encrypt(self, text: str) -> bytes:
        key_id = self._current.encode()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        head = _VERSION + bytes([len(key_id)]) + key_id
        return head + nonce + self._ciphers[self._current].encrypt(nonce, text.encode(), head)

    def decrypt(self, stored: bytes) -> str:
        """Raises CryptoError when the value cannot be read."""
        try:
            id_end = 2 + stored[1]
            head, nonce, body = stored[:id_end], stored[id_end : id_end + _NONCE_BYTES], stored[id_end + _NONCE_BYTES :]
            return self._ciphers[head[2:].decode()].decrypt(nonce, body, head).decode()
        except (InvalidTag, KeyError, IndexError, ValueError) as error:
            raise CryptoError("a stored value cannot be decrypted") from error

    def hash_of(self, text: str) -> str:
        """32 hexadecimal digits; equal texts have equal hashes."""
        return hmac.new(self._hash_key, text.encode(), hashlib.sha256).hexdigest()[:32]


def _derive(master: bytes, purpose: bytes) -> bytes:
    if len(master) < 32:
        raise ValueError("the master key must have 32 bytes")
    return HKDFExpand(hashes.SHA256(), 32, purpose).derive(master)
