"""Chen sees the floor live, hears and speaks into a call, and finds and replays what was recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Ring, Shoot
from tests.browser.people import AgentScreen, hears_pitch, never_hears
from tests.support.product import Product, eventually


@pytest.mark.capability("C54")
@pytest.mark.capability("C55")
@pytest.mark.capability("C58")
def test_given_chens_board_when_a_call_comes_and_goes_then_every_change_is_seen_without_a_reload(
    bela: AgentScreen, chen: AgentScreen, ring: Ring, shoot: Shoot
) -> None:
    row = "agent-row-1001"
    chen.shows(row, "offline")
    patient = ring("13800000001")
    expect(chen.see("waiting-row")).to_contain_text("138****0001", timeout=20_000)
    expect(chen.see("queue-waiting-enquiry")).to_have_text("1")
    expect(chen.see("waiting-row")).not_to_contain_text("阿莎")
    shoot(chen, "board-waiting")
    bela.ready()
    chen.shows(row, "ringing")
    bela.answer()
    expect(chen.see("waiting-row")).to_have_count(0)
    chen.shows(row, "talking")
    expect(chen.see(row)).to_contain_text("138****0001")
    bela.page.keyboard.press("F9")
    chen.shows(row, "holding")
    bela.page.keyboard.press("F9")
    chen.shows(row, "talking")
    patient.hang_up()
    chen.shows(row, "wrap_up")
    bela.summarise("已答复")
    chen.shows(row, "ready")


@pytest.mark.capability("C56")
def test_given_a_talk_when_chen_listens_whispers_and_barges_in_then_each_is_heard_by_whom_it_should(
    bela: AgentScreen, chen: AgentScreen, ring: Ring, heard: Path, voices: dict[str, Path], shoot: Shoot
) -> None:
    bela.ready()
    patient = ring("13800000001")
    bela.answer()
    patient.say(voices["patient"])
    bela.hears("patient")

    chen.click("start-phone")
    chen.shows("phone-light", "on")
    chen.click("listen-1001")
    expect(chen.see("monitored-1001")).to_be_visible()
    chen.hears("patient")
    shoot(chen, "board-listening")
    hears_pitch(heard, "bela")
    chen.page.keyboard.press("F2")
    expect(chen.see("monitored-1001")).to_have_count(0)

    chen.click("whisper-1001")
    expect(chen.see("monitored-1001")).to_be_visible()
    bela.hears("chen", within_s=12)
    hears_pitch(heard, "bela")
    never_hears(heard, "chen", during_s=4)
    bela.hears("chen")
    chen.page.keyboard.press("F2")
    expect(chen.see("monitored-1001")).to_have_count(0)

    chen.click("barge-1001")
    expect(chen.see("monitored-1001")).to_be_visible()
    hears_pitch(heard, "chen", share=0.2)
    bela.hears("chen")
    bela.hears("patient")
    chen.page.keyboard.press("F2")
    expect(chen.see("monitored-1001")).to_have_count(0)
    hears_pitch(heard, "bela")
    patient.hang_up()
    bela.shows("state-button", "wrap_up")


@pytest.mark.capability("C57")
def test_given_a_ready_agent_when_chen_forces_a_pause_then_bela_sees_who_did_it(
    bela: AgentScreen, chen: AgentScreen
) -> None:
    bela.ready()
    chen.click("force-1001")
    chen.click("force-paused-1001")
    chen.see("force-reason").fill("晨会")
    chen.click("force-go")
    bela.shows("state-button", "paused")
    expect(bela.see("state-button")).to_contain_text("班长")
    chen.shows("agent-row-1001", "paused")


# What the player's loudspeaker really plays, by the browser's own decoder.
LISTEN_TO_PLAYER = """async () => {
  const media = window.__media
  const ear = new AudioContext()
  await ear.resume()
  const analyser = ear.createAnalyser()
  const source = ear.createMediaStreamSource(media.captureStream())
  source.connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  let loudest = 0
  const end = performance.now() + 1500
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    analyser.getFloatTimeDomainData(samples)
    loudest = Math.max(loudest, ...samples.map(Math.abs))
  }
  await ear.close()
  return loudest
}"""
KEEP_MEDIA = """const Real = window.Audio
window.Audio = class extends Real { constructor(...more) { super(...more); window.__media = this } }"""


@pytest.mark.capability("C45")
@pytest.mark.capability("C46")
@pytest.mark.capability("C49")
@pytest.mark.capability("C50")
@pytest.mark.capability("C52")
@pytest.mark.requirement("R44")
def test_given_a_recorded_call_when_chen_replays_it_then_both_lanes_sound_seek_and_speed_work(
    product: Product,
    bela: AgentScreen,
    chen: AgentScreen,
    ring: Ring,
    heard: Path,
    voices: dict[str, Path],
    shoot: Shoot,
) -> None:
    bela.ready()
    patient = ring("13800000001")
    call_id = bela.answer()
    patient.say(voices["patient"])
    bela.hears("patient")
    bela.page.keyboard.press("F9")
    bela.shows("call-head", "held")
    bela.page.keyboard.press("F9")
    bela.talks()
    hears_pitch(heard, "bela")
    patient.hang_up()
    bela.shows("state-button", "wrap_up")
    recording = eventually(
        lambda: (found := product.ground.recordings.of_call(call_id)) and found.state.value == "ready" and found,
        within_s=30,
        what="recording ready",
    )

    chen.page.add_init_script(KEEP_MEDIA)
    chen.page.goto(product.settings.web_url + "/recordings")
    chen.see("filter-number").fill("13800000001")
    chen.click("search")
    shoot(chen, "recordings")
    chen.click(f"open-recording-{recording.id}")
    expect(chen.see("waveform")).to_be_visible()
    expect(chen.see("player")).to_contain_text("贝拉")
    chen.click("play")
    chen.page.wait_for_function("() => window.__media && window.__media.currentTime > 0.5", timeout=15_000)
    loudest = chen.page.evaluate(LISTEN_TO_PLAYER)
    assert loudest > 0.02, "the player plays silence"
    shoot(chen, "player")

    box = chen.see("waveform").bounding_box()
    assert box is not None
    chen.page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + 20)
    chen.page.wait_for_function(f"() => window.__media.currentTime > {recording.length_s * 0.75}", timeout=5_000)
    chen.page.keyboard.press("j")
    chen.page.wait_for_function(f"() => window.__media.currentTime < {recording.length_s * 0.5}", timeout=5_000)
    chen.page.locator("label", has=chen.see("rate-1.5")).or_(chen.see("rate-1.5")).first.click()
    chen.page.wait_for_function("() => window.__media.playbackRate === 1.5", timeout=5_000)
    chen.click("verify")
    expect(chen.see("verified")).to_have_text("文件未被改动")
    (played,) = product.ground.audit.entries(
        object_kind="recording", object_id=str(recording.id), action="recording.play"
    )
    assert played.actor_id == chen.id
