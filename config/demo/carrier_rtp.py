"""The sound of one SIP call in software: sends a tone, keeps and measures what comes back (G.711 A-law)."""

from __future__ import annotations

import array
import bisect
import math
import re
import socket
import struct
import threading
import wave
from pathlib import Path

SAMPLE_RATE_HZ = 8000
FRAME_SAMPLES = 160
ALAW_PAYLOAD_TYPE = 8


def _alaw_value(code: int) -> int:
    """G.711 §3, table 1a."""
    code ^= 0x55
    magnitude = (code & 0x0F) << 4
    segment = (code & 0x70) >> 4
    magnitude = magnitude + 8 if segment == 0 else (magnitude + 0x108) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


ALAW_VALUES = tuple(_alaw_value(code) for code in range(256))
_SORTED = sorted((value, code) for code, value in enumerate(ALAW_VALUES))


def alaw_encode(samples: list[int]) -> bytes:
    """The nearest code not above each sample."""
    return bytes(_SORTED[max(0, bisect.bisect_right(_SORTED, (sample, 256)) - 1)][1] for sample in samples)


def alaw_decode(payload: bytes) -> array.array[int]:
    """16-bit samples."""
    return array.array("h", (ALAW_VALUES[code] for code in payload))


def tone(frequency_hz: float, *, peak: int = 6000) -> bytes:
    """One second of a sine in A-law; a whole number of hertz repeats without a seam."""
    step = 2 * math.pi * frequency_hz / SAMPLE_RATE_HZ
    return alaw_encode([int(peak * math.sin(step * index)) for index in range(SAMPLE_RATE_HZ)])


class RtpLeg:
    """Sends from the moment it knows where to; `heard` grows until `close`."""

    def __init__(self, host: str, *, voice_hz: float = 330.0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.settimeout(0.2)
        self._host = host
        self._voice = tone(voice_hz)
        self._target: tuple[str, int] | None = None
        self._lock = threading.Lock()
        self._heard = bytearray()
        self._version = 0
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=job, name="rtp", daemon=True) for job in (self._receive, self._send)]
        for thread in self._threads:
            thread.start()

    def offer(self, direction: str) -> str:
        """The SDP of this leg: `sendrecv`, `sendonly` (hold), `inactive`."""
        self._version += 1
        port = self._socket.getsockname()[1]
        return "\r\n".join([
            "v=0", f"o=- 1 {self._version} IN IP4 {self._host}", "s=-", f"c=IN IP4 {self._host}", "t=0 0",
            f"m=audio {port} RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-16", "a=ptime:20", f"a={direction}", "",
        ])  # fmt: skip

    def aim(self, sdp: str) -> None:
        """Learns from the other side's SDP where to send; an SDP without sound changes nothing."""
        port = re.search(r"^m=audio (\d+)", sdp, re.MULTILINE)
        host = re.search(r"^c=IN IP4 (\S+)", sdp, re.MULTILINE)
        if port and host and int(port[1]):
            self._target = (host[1], int(port[1]))

    def level(self, last_s: float = 1.0) -> float:
        """Root mean square of the last seconds that were heard, 0 (silence) to 32767."""
        with self._lock:
            samples = alaw_decode(bytes(self._heard[-int(last_s * SAMPLE_RATE_HZ) :]))
        return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) if samples else 0.0

    def heard_s(self) -> float:
        """Length of what was heard."""
        with self._lock:
            return len(self._heard) / SAMPLE_RATE_HZ

    def save(self, target: Path) -> None:
        """Writes what was heard as WAV, 8 kHz mono."""
        with self._lock:
            samples = alaw_decode(bytes(self._heard))
        with wave.open(str(target), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE_HZ)
            file.writeframes(samples.tobytes())

    def close(self) -> None:
        """Ends both threads; what was heard stays."""
        if not self._closing.is_set():
            self._closing.set()
            for thread in self._threads:
                if thread is not threading.current_thread():
                    thread.join(timeout=2)
            self._socket.close()

    def _receive(self) -> None:
        while not self._closing.is_set():
            try:
                packet = self._socket.recv(2048)
            except OSError:
                continue
            if len(packet) > 12 and packet[1] & 0x7F == ALAW_PAYLOAD_TYPE:
                with self._lock:
                    self._heard += packet[12:]

    def _send(self) -> None:
        sequence, position = 0, 0
        while not self._closing.wait(FRAME_SAMPLES / SAMPLE_RATE_HZ):
            if self._target is None:
                continue
            frame = self._voice[position : position + FRAME_SAMPLES]
            header = struct.pack("!BBHII", 0x80, ALAW_PAYLOAD_TYPE, sequence & 0xFFFF, sequence * FRAME_SAMPLES, 0x484C)
            try:
                self._socket.sendto(header + frame, self._target)
            except OSError:
                continue
            sequence += 1
            position = (position + FRAME_SAMPLES) % len(self._voice)
