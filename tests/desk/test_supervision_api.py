"""A supervisor's commands and campaigns over HTTP (C56, C57, C82-C88)."""

from __future__ import annotations

import io

import pytest

from crm_core.calls.kinds import MonitorMode
from tests.support.desk_world import DeskWorld


@pytest.mark.capability("C56")
@pytest.mark.parametrize("mode", ["listen", "whisper", "barge"])
def test_given_an_agent_in_talk_when_a_supervisor_listens_then_sent_and_noted(world: DeskWorld, mode: str) -> None:
    world.sign_on(world.bela)
    call_id = world.talk(world.bela)
    answer = world.browser(world.chen).post("/monitor", {"agent_id": int(world.bela.id), "mode": mode})
    assert answer.status_code == 202
    assert world.telephony.commands[-1] == ("monitor", world.bela.id, "1900", MonitorMode(mode))
    noted = world.services.audit.entries(action="agent.monitor")[0]
    assert noted.detail == {"mode": mode, "call_id": call_id}
    assert world.browser(world.bela).post("/monitor", {"agent_id": 1, "mode": mode}).status_code == 403


@pytest.mark.capability("C57")
def test_given_a_supervisor_when_he_forces_a_state_then_done_told_and_noted(world: DeskWorld) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    chen = world.browser(world.chen)
    path = f"/agents/{world.bela.id}/force"
    assert chen.post(path, {"state": "paused", "reason": "排队太多，请支援"}).status_code == 202
    bela.take()
    me = bela.screen[("me", "me")]
    assert (me["state"], me["by"]) == ("paused", "supervisor")
    assert chen.post(path, {"state": "ready"}).status_code == 202
    assert chen.post(path, {"state": "offline", "reason": "下班"}).status_code == 202
    assert chen.post(path, {"state": "talking"}).status_code == 422
    assert chen.post("/agents/999/force", {"state": "ready"}).status_code == 404
    noted = world.services.audit.entries(action="agent.force")
    assert [one.reason for one in noted] == ["下班", "", "排队太多，请支援"]


def make_campaign(world: DeskWorld) -> tuple[object, int]:
    chen = world.browser(world.chen)
    answer = chen.post("/campaigns", {"title": "出院满意度", "concurrency": 3})
    assert answer.status_code == 201
    return chen, answer.json["id"]


def upload(browser: object, campaign_id: int, text: str, *, dry_run: bool) -> object:
    return browser.http.post(  # type: ignore[attr-defined]
        f"/api/v1/campaigns/{campaign_id}/contacts?dry_run={str(dry_run).lower()}",
        data={"file": (io.BytesIO(text.encode()), "list.csv")},
        headers={"X-CSRF-Token": browser.csrf},  # type: ignore[attr-defined]
    )


def test_given_a_csv_when_tried_dry_then_line_errors_and_nothing_kept_then_imported(world: DeskWorld) -> None:
    chen, campaign_id = make_campaign(world)
    text = "姓名,电话\n阿莎,13800000001\n坏,12\n甲,13800000002\n"
    dry = upload(chen, campaign_id, text, dry_run=True).json  # type: ignore[attr-defined]
    assert (dry["accepted"], dry["refused"], dry["errors"][0]["line"]) == (2, 1, 3)
    assert dry["errors"][0]["message_zh"]
    assert dry["preview"][0]["number_masked"] == "138****0001"
    assert chen.get(f"/campaigns/{campaign_id}").json["total"] == 0  # type: ignore[attr-defined]
    assert chen.post(f"/campaigns/{campaign_id}/start").json["error"]["code"] == "no_contacts"  # type: ignore[attr-defined]
    done = upload(chen, campaign_id, text, dry_run=False).json  # type: ignore[attr-defined]
    assert done["accepted"] == 2
    contacts = chen.get(f"/campaigns/{campaign_id}/contacts?state=waiting&limit=1").json  # type: ignore[attr-defined]
    assert [one["number_masked"] for one in contacts["items"]] == ["138****0001"]
    more = chen.get(f"/campaigns/{campaign_id}/contacts?limit=1&cursor={contacts['next_cursor']}").json  # type: ignore[attr-defined]
    assert len(more["items"]) == 1
    assert chen.get(f"/campaigns/{campaign_id}/results").json["questions"][0]["title"]  # type: ignore[attr-defined]


@pytest.mark.capability("C87")
def test_given_a_campaign_when_started_paused_and_stopped_then_the_board_follows_and_it_is_noted(
    world: DeskWorld,
) -> None:
    chen, campaign_id = make_campaign(world)
    upload(chen, campaign_id, "姓名,电话\n阿莎,13800000001\n", dry_run=False)
    chen.connect()  # type: ignore[attr-defined]
    chen.subscribe("board")  # type: ignore[attr-defined]
    for action, state in (("start", "running"), ("pause", "paused"), ("start", "running"), ("stop", "stopped")):
        assert chen.post(f"/campaigns/{campaign_id}/{action}").status_code == 202  # type: ignore[attr-defined]
        world.server.desk.notifier.flush()
        chen.take()  # type: ignore[attr-defined]
        assert chen.screen[("campaign", str(campaign_id))]["state"] == state  # type: ignore[attr-defined]
    assert chen.post(f"/campaigns/{campaign_id}/start").status_code == 409  # type: ignore[attr-defined]
    assert world.actions()[-4:] == ["campaign.start", "campaign.pause", "campaign.start", "campaign.stop"]


@pytest.mark.fault("F85")
@pytest.mark.parametrize(("text", "status"), [("", 422), ("no header at all", 422), ("姓名,电话\n\x00,\x00\n", 200)])
def test_given_an_unusable_file_when_uploaded_then_a_clear_refusal(world: DeskWorld, text: str, status: int) -> None:
    chen, campaign_id = make_campaign(world)
    answer = upload(chen, campaign_id, text, dry_run=True)
    assert answer.status_code == status, answer.text  # type: ignore[attr-defined]
    assert chen.get(f"/campaigns/{campaign_id}").json["total"] == 0  # type: ignore[attr-defined]


@pytest.mark.fault("F91")
def test_given_too_large_or_missing_files_when_uploaded_then_refused(world: DeskWorld) -> None:
    chen, campaign_id = make_campaign(world)
    token = {"X-CSRF-Token": chen.csrf}  # type: ignore[attr-defined]
    path = f"/api/v1/campaigns/{campaign_id}/contacts"
    assert chen.http.post(path, data={}, headers=token).status_code == 422  # type: ignore[attr-defined]
    many = {f"f{i}": "x" for i in range(40)}
    assert chen.http.post(path, data=many, headers=token, content_type="multipart/form-data").status_code == 413  # type: ignore[attr-defined]
    big = {"file": (io.BytesIO(b"x" * (21 * 1024 * 1024)), "x.csv")}
    assert chen.http.post(path, data=big, headers=token).status_code == 413  # type: ignore[attr-defined]


def test_given_a_bad_campaign_when_made_then_422(world: DeskWorld) -> None:
    chen = world.browser(world.chen)
    for body in ({}, {"title": ""}, {"title": "x", "concurrency": 0}, {"title": "x", "caller_id": "1;2"}):
        assert chen.post("/campaigns", body).status_code == 422
    window = {"spans": [["09:00", "11:30"]], "weekdays": [1, 2, 3, 4, 5]}
    made = chen.post("/campaigns", {"title": "x", "window": window})
    assert made.status_code == 201
    assert chen.get(f"/campaigns/{made.json['id']}").json["window"]["weekdays"] == [1, 2, 3, 4, 5]
