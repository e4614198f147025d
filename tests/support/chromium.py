"""A Chromium with a voice of its own: its microphone is a file, and what its loudspeaker plays can be measured."""

from __future__ import annotations

import contextlib
import math
import shutil
import struct
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

from tests.support.sounds import tone, write_wav

FLAGS = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",  # loopback is the only network here
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
    "--no-sandbox",
)
WINDOW = {"width": 1366, "height": 768}
VOICE_RATE_HZ = 48_000
PATIENT_RATE_HZ = 8_000
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Loudest moment of a second, at one pitch and over all; listens to the newest call's stream itself, not to the device.
_LISTEN = """async (hz) => {
  const streams = [...document.querySelectorAll('[data-testid=remote-audio]')].map((one) => one.srcObject)
    .filter((one) => one?.getAudioTracks().length)
  const stream = streams.at(-1)
  if (!stream) return { at_pitch: -200, loudest: -200 }
  const ear = (window.__ear ??= new AudioContext())
  await ear.resume()
  const source = ear.createMediaStreamSource(stream)
  const analyser = ear.createAnalyser()
  analyser.fftSize = 4096
  analyser.smoothingTimeConstant = 0
  source.connect(analyser)
  const bins = new Float32Array(analyser.frequencyBinCount)
  const loudest = new Float32Array(bins.length).fill(-200)
  const end = performance.now() + 900
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 40))
    analyser.getFloatFrequencyData(bins)
    bins.forEach((value, bin) => { if (value > loudest[bin]) loudest[bin] = value })
  }
  source.disconnect()
  const bin = Math.round(hz * analyser.fftSize / ear.sampleRate)
  return { at_pitch: Math.max(...loudest.slice(bin - 1, bin + 2)), loudest: Math.max(...loudest.slice(2)) }
}"""


def program() -> str | None:
    """Path of the machine's Chromium; None when there is none."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


@contextlib.contextmanager
def speaking_browser(playwright: Playwright, voice: Path) -> Iterator[Browser]:
    """One Chromium process; all its pages say what is in `voice` (48 kHz), over and over."""
    browser = playwright.chromium.launch(
        executable_path=program(), headless=True, args=[*FLAGS, f"--use-file-for-fake-audio-capture={voice}"]
    )
    try:
        yield browser
    finally:
        browser.close()


def write_voice(path: Path, hz: float, *, rate_hz: int = VOICE_RATE_HZ, length_s: float = 6.0) -> Path:
    """Beeps of one pitch, half a second apart: noise suppression would take a steady tone away."""
    beep, gap = tone(0.3, level=0.5, hz=hz, rate_hz=rate_hz), tone(0.2, level=0, rate_hz=rate_hz)
    return write_wav(path, (beep + gap) * round(length_s / 0.5), rate_hz=rate_hz)


def pitch_share(samples: Sequence[int], hz: float, *, rate_hz: int = PATIENT_RATE_HZ) -> float:
    """How much of the energy lies at this pitch (0..1), by Goertzel over blocks of 50 ms; 0 for silence."""
    size = rate_hz // 20
    at_pitch = total = 0.0
    for start in range(0, len(samples) - size + 1, size):
        block = samples[start : start + size]
        at_pitch += _goertzel(block, hz, rate_hz=rate_hz)
        total += sum(sample * sample for sample in block)
    return at_pitch / total if total > size * 100 else 0.0


def _goertzel(block: Sequence[int], hz: float, *, rate_hz: int) -> float:
    factor = 2 * math.cos(2 * math.pi * hz / rate_hz)
    before = earlier = 0.0
    for sample in block:
        before, earlier = sample + factor * before - earlier, before
    power = before * before + earlier * earlier - factor * before * earlier
    return 2 * power / len(block)


def last_samples(recording: Path, seconds: float) -> list[int]:
    """The end of a 16-bit mono WAV, also of one still being written (its header says length 0)."""
    data = recording.read_bytes()[44:]
    count = min(len(data) // 2, round(seconds * PATIENT_RATE_HZ))
    return list(struct.unpack(f"<{count}h", data[len(data) // 2 * 2 - 2 * count : len(data) // 2 * 2]))


def samples_of(recording: Path) -> list[int]:
    """All samples of a finished 16-bit WAV, first channel."""
    with wave.open(str(recording), "rb") as sound:
        raw = sound.readframes(sound.getnframes())
        return list(struct.unpack(f"<{len(raw) // 2}h", raw))[:: sound.getnchannels()]


def heard_in(page: Page, hz: float) -> tuple[float, float]:
    """(level at this pitch, level of the loudest one), in dB, of what this page plays in the next second; -200 is silence."""
    found = page.evaluate(_LISTEN, hz)
    return float(found["at_pitch"]), float(found["loudest"])
