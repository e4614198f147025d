"""Recordings over HTTP: search, detail, sound with Range and audit, 验真, missing (C45-C52, F76, F77)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.calls import events as call
from crm_core.calls.kinds import RecordingState
from tests.support.desk_world import DeskWorld

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def recorded(world: DeskWorld) -> int:
    world.sign_on(world.bela)
    call_id = world.call_arrives(patient=world.asha)
    world.publish(call.RecordingStarted(at=world.clock.now(), call_id=call_id))
    world.clock.advance(2)
    world.queue(call_id)
    world.clock.advance(3)
    leg_id = world.offer(call_id, world.bela)
    world.answer(call_id, world.bela, leg_id)
    world.clock.advance(1)
    world.publish(call.CallHeld(at=world.clock.now(), call_id=call_id, agent_id=world.bela.id))
    world.clock.advance(1)
    world.publish(call.CallRetrieved(at=world.clock.now(), call_id=call_id, agent_id=world.bela.id))
    world.clock.advance(3)
    world.end_leg(call_id, world.bela, leg_id)
    world.end(call_id)
    return world.recorded(call_id, CONTENT)


@pytest.mark.capability("C48")
def test_given_recordings_when_searched_then_masked_and_paged(world: DeskWorld, recorded: int) -> None:
    world.services.agents.finish_wrap_up(world.bela.id)
    second = world.recorded(world.talk(world.bela, patient=world.asha))
    chen = world.browser(world.chen)
    page = chen.get("/recordings?limit=1").json
    assert (page["total"], [one["id"] for one in page["items"]], page["next_cursor"]) == (2, [second], str(second))
    rest = chen.get(f"/recordings?limit=1&cursor={page['next_cursor']}").json
    assert [one["id"] for one in rest["items"]] == [recorded]
    item = rest["items"][0]
    assert (item["number_masked"], item["patient"]["name_masked"]) == ("138****0001", "阿*")
    assert item["agents"] == [{"id": world.bela.id, "name": "贝拉"}]
    for query, count in (
        ("number=0086-138 0000 0001", 2), ("number=13900000000", 0), (f"agent_id={world.bela.id}", 2),
        (f"agent_id={world.dora.id}", 0), ("queue=enquiry", 2), ("min_s=9&max_s=11", 2), ("min_s=11", 0),
        ("state=missing", 0), ("direction=outbound", 0), ("from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z", 2),
    ):  # fmt: skip
        assert chen.get(f"/recordings?{query}").json["total"] == count, query


@pytest.mark.fault("F80")
@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=100000",
        "cursor=x",
        "cursor=1;drop",
        "min_s=nan",
        "from=yesterday",
        "state=any'--",
        "agent_id=0",
    ],
)
def test_given_a_bad_query_when_searched_then_422(world: DeskWorld, query: str) -> None:
    assert world.browser(world.chen).get(f"/recordings?{query}").status_code == 422


@pytest.mark.capability("C49")
def test_given_a_recording_when_opened_then_waveform_parts_and_listeners(world: DeskWorld, recorded: int) -> None:
    chen = world.browser(world.chen)
    chen.get(f"/recordings/{recorded}/audio")
    detail = chen.get(f"/recordings/{recorded}").json
    assert detail["peaks"] == {"step_s": 0.1, "patient": [10, 20], "agent": [0, 5]}
    assert [(one["kind"], one["from_s"], one["to_s"]) for one in detail["segments"]] == [
        ("ivr", 0.0, 2.0), ("queue", 2.0, 5.0), ("talk", 5.0, 6.0), ("hold", 6.0, 7.0), ("talk", 7.0, 10.0),
    ]  # fmt: skip
    assert detail["segments"][2]["label"] == "通话 贝拉"
    assert [one["name"] for one in detail["listens"]] == ["陈"]
    assert detail["sha256"] == "ab" * 32


@pytest.mark.capability("C50")
@pytest.mark.requirement("R26")
def test_given_a_player_that_asks_for_many_ranges_when_noted_then_one_listen_in_five_minutes(
    world: DeskWorld, recorded: int
) -> None:
    chen = world.browser(world.chen)
    for first in (0, 100, 0, 5000):
        answer = chen.get(f"/recordings/{recorded}/audio", headers={"Range": f"bytes={first}-"})
        assert (answer.status_code, answer.data) == (206, CONTENT[first:])
        assert answer.headers["Content-Range"] == f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert world.actions().count("recording.play") == 1
    world.clock.advance(301)
    chen.get(f"/recordings/{recorded}/audio", headers={"Range": "bytes=7000-"})
    assert world.actions().count("recording.play") == 2


@pytest.mark.fault("F77")
@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("bytes=999999-", 416),
        ("bytes=" + ",".join("0-1" for _ in range(1000)), 416),
        ("bytes=x", 200),
        ("bytes=0-1,9-9", 206),
    ],
)
def test_given_odd_ranges_when_asked_then_the_right_answer(
    world: DeskWorld, recorded: int, header: str, status: int
) -> None:
    answer = world.browser(world.chen).get(f"/recordings/{recorded}/audio", headers={"Range": header})
    assert answer.status_code == status
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "no-store" in answer.headers["Cache-Control"]
    assert len(answer.data) == int(answer.headers["Content-Length"])
    if status == 416:
        assert "recording.play" not in world.actions()


@pytest.mark.fault("F76")
@pytest.mark.parametrize("path", ["../1", "%2e%2e/etc/passwd", "1%00", "-1", "999", "1/../2", "／etc"])
def test_given_a_path_instead_of_an_id_when_asked_then_404(world: DeskWorld, recorded: int, path: str) -> None:
    assert world.browser(world.chen).get(f"/recordings/{path}/audio").status_code in (404, 308)


def test_given_a_file_that_vanished_when_played_then_404(world: DeskWorld, recorded: int) -> None:
    world.library.files[recorded].unlink()
    answer = world.browser(world.chen).get(f"/recordings/{recorded}/audio")
    assert answer.status_code == 404
    assert "recording.play" not in world.actions()


@pytest.mark.capability("C52")
def test_given_a_file_when_verified_then_told_and_noted(world: DeskWorld, recorded: int) -> None:
    chen = world.browser(world.chen)
    assert chen.post(f"/recordings/{recorded}/verify").json == {"is_unchanged": True}
    world.library.is_unchanged = False
    assert chen.post(f"/recordings/{recorded}/verify").json == {"is_unchanged": False}
    assert [one.result for one in world.services.audit.entries(action="recording.verify")] == ["changed", "ok"]


@pytest.mark.capability("C47")
def test_given_a_missing_or_empty_file_when_listed_then_with_its_reason(world: DeskWorld) -> None:
    world.sign_on(world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    world.services.recordings.missing(call_id, RecordingState.EMPTY, "0 bytes")
    bare = world.call_arrives()
    world.clock.advance(60)
    world.end(bare)
    world.clock.advance(timedelta(minutes=1).total_seconds())
    listed = world.browser(world.chen).get("/recordings/missing").json
    assert [(one["state"], one["reason"]) for one in listed["items"]] == [("empty", "0 bytes")]
    assert listed["calls_without_recording"] == [bare]
