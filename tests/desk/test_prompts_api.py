"""The prompts page over REST: upload, synthesise, listen, publish, go back, and what is refused."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.desk_browser import Browser
from tests.support.menu_world import MenuWorld
from tests.support.sounds import tone, write_wav


@pytest.fixture
def world(tmp_path: Path, desk_template: Path) -> Iterator[MenuWorld]:
    made = MenuWorld(tmp_path, desk_template)
    yield made
    made.close()


@pytest.fixture
def admin(world: MenuWorld) -> Browser:
    return world.browser(world.admin)


def draft_of(browser: Browser) -> Any:
    return browser.post("/menus/draft", {}).get_json()


def node(tree: Any, key: str) -> Any:
    return next(one for one in tree["nodes"] if one["key"] == key)


def errors(found: Any) -> set[str]:
    return {one["id"] for one in found if not one["is_warning"]}


def recording(tmp_path: Path, *, length_s: float = 1.0, level: float = 0.3) -> bytes:
    return write_wav(
        tmp_path / "r.wav", tone(length_s, level=level, hz=440, rate_hz=16_000), rate_hz=16_000
    ).read_bytes()


def upload(browser: Browser, content: bytes, path: str = "/prompts/zh/greeting/recordings") -> Any:
    return browser.http.post(
        f"/api/v1{path}", data={"file": (io.BytesIO(content), "a.wav")}, headers={"X-CSRF-Token": browser.csrf}
    )


@pytest.mark.capability("C6")
def test_given_a_recording_when_uploaded_then_heard_by_callers_only_after_publishing_and_can_be_taken_back(
    world: MenuWorld, admin: Browser, tmp_path: Path
) -> None:
    playing = world.home / "sounds" / "zh" / "hl" / "greeting.g722"
    shipped = playing.read_bytes()
    made = upload(admin, recording(tmp_path)).get_json()
    assert (made["state"], made["source"], made["length_s"]) == ("draft", "recorded", 1.0)
    assert playing.read_bytes() == shipped
    audition = admin.get("/prompts/zh/greeting/audio", query_string={"sound": made["id"]})
    with wave.open(io.BytesIO(audition.data)) as sound:
        assert round(sound.getnframes() / sound.getframerate(), 1) == 1.0
    admin.post(f"/prompts/sounds/{made['id']}/publish")
    assert playing.read_bytes() != shipped
    assert admin.get("/prompts/zh/greeting").get_json()["source"] == "recorded"
    second = upload(admin, recording(tmp_path, length_s=2.0)).get_json()
    admin.post(f"/prompts/sounds/{second['id']}/publish")
    two = playing.read_bytes()
    admin.post(f"/prompts/sounds/{made['id']}/publish")
    assert playing.read_bytes() != two
    assert admin.post("/prompts/zh/greeting/restore").get_json()["source"] == "synthesised"
    assert playing.read_bytes() == shipped
    assert {"prompt.recorded", "prompt.publish", "prompt.roll_back", "prompt.restore"} <= set(world.actions())


@pytest.mark.fault("F89")
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"#!/bin/sh\nrm -rf /", "sound_format"),
        (b"RIFF\x00\x00\x00\x00WAVEgarbage" * 20, "sound_format"),
        (b"ID3" + b"\x00" * 2000, "sound_format"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "sound_format"),
        (b"", "sound_format"),
    ],
)
def test_given_a_file_that_is_no_recording_when_uploaded_then_refused_and_nothing_is_kept(
    world: MenuWorld, admin: Browser, content: bytes, code: str
) -> None:
    answer = upload(admin, content)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, code)
    assert not list(world.home.glob("prompt-sounds/*"))


SQUARE_WAVE = struct.pack("<16h", *([32767] * 8 + [-32768] * 8)) * 1000


@pytest.mark.parametrize(
    ("pcm", "code"),
    [
        (tone(0.05, rate_hz=16_000), "sound_length"),
        (tone(125.0, rate_hz=16_000), "sound_length"),
        (tone(1.0, level=0.0005, rate_hz=16_000), "sound_quiet"),
        (tone(1.0, level=0.0, rate_hz=16_000), "sound_quiet"),
        (SQUARE_WAVE, "sound_overdriven"),
    ],
    ids=["short", "long", "quiet", "silent", "overdriven"],
)
def test_given_a_recording_too_short_long_quiet_or_loud_when_uploaded_then_the_reason_is_told(
    admin: Browser, tmp_path: Path, pcm: bytes, code: str
) -> None:
    content = write_wav(tmp_path / "bad.wav", pcm, rate_hz=16_000).read_bytes()
    assert upload(admin, content).get_json()["error"]["code"] == code


@pytest.mark.parametrize("path", ["/prompts/zh/nobody", "/prompts/fr/greeting", "/prompts/zh/..%2f..%2fetc"])
def test_given_a_prompt_nobody_has_when_uploaded_then_404(admin: Browser, tmp_path: Path, path: str) -> None:
    assert upload(admin, recording(tmp_path), f"{path}/recordings").status_code == 404
    assert admin.get(f"{path}/audio").status_code == 404


def test_given_an_own_prompt_when_spoken_by_the_voice_then_a_menu_may_use_it(world: MenuWorld, admin: Browser) -> None:
    admin.post("/prompts", {"key": "flu-season", "text_zh": "流感高发，请戴口罩。", "text_en": "Please wear a mask."})
    draft = draft_of(admin)
    node(draft["tree"], "welcome")["prompts"].append("flu-season")
    found = admin.post("/menus/check", {"tree": draft["tree"]}).get_json()["findings"]
    assert errors(found) == {"prompt_silent_zh", "prompt_silent_en"}
    asked = admin.post("/prompts/zh/flu-season/synthesis", {"text": "流感高发，请戴口罩。"})
    assert (asked.status_code, asked.get_json()["state"]) == (202, "waiting")
    card = world.eventually_sound("flu-season")
    admin.post(f"/prompts/sounds/{card.id}/publish")
    found = admin.post("/menus/check", {"tree": draft["tree"]}).get_json()["findings"]
    assert errors(found) == {"prompt_silent_en"}
    assert admin.post("/prompts/en/flu-season/synthesis", {"text": "x"}).get_json()["error"]["code"] == "no_voice"
    assert admin.send("DELETE", "/prompts/own/flu-season").status_code == 200
    assert not (world.home / "sounds" / "zh" / "hl" / "flu-season.g722").exists()
    assert admin.send("DELETE", "/prompts/own/greeting").status_code == 422


def test_given_a_published_sound_when_the_house_starts_again_then_it_is_laid_over_the_shipped_one(
    world: MenuWorld, admin: Browser, tmp_path: Path
) -> None:
    made = upload(admin, recording(tmp_path)).get_json()
    admin.post(f"/prompts/sounds/{made['id']}/publish")
    playing = world.home / "sounds" / "zh" / "hl" / "greeting.g722"
    mine = playing.read_bytes()
    world.reinstall()
    assert playing.read_bytes() != mine
    world.studio.start()
    assert playing.read_bytes() == mine
