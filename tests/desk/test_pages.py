"""Pages, health, metrics and the description of the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.ports import HealthFinding
from tests.support.desk_world import DeskWorld


def build(world: DeskWorld) -> Path:
    folder = world.settings.static_folder
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>desk</title>", encoding="utf-8")
    (folder / "build_id.txt").write_text("abc123def456\n", encoding="ascii")
    (folder / "assets" / "app-1a2b.js").write_text("1", encoding="ascii")
    (folder / "favicon.svg").write_text("<svg/>", encoding="ascii")
    return folder


def test_given_a_desk_that_is_not_built_when_opened_then_a_clear_page(world: DeskWorld) -> None:
    answer = world.server.app.test_client().get("/desk")
    assert answer.status_code == 503
    assert "尚未构建" in answer.text
    assert "<script" not in answer.text


def test_given_a_built_desk_when_opened_then_every_page_is_the_index_and_assets_are_kept_long(world: DeskWorld) -> None:
    build(world)
    client = world.server.app.test_client()
    for path in ("/", "/login", "/desk", "/board", "/recordings", "/campaigns", "/campaigns/7", "/phone"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache"), path
    asset = client.get("/assets/app-1a2b.js")
    assert "immutable" in asset.headers["Cache-Control"]
    assert client.get("/favicon.svg").status_code == 200
    assert client.get("/recordings").headers["Content-Security-Policy"]


@pytest.mark.fault("F76")
@pytest.mark.parametrize(
    "path",
    [
        "/assets/../index.html",
        "/assets/..%2f..%2fdesk.db",
        "/assets/%2e%2e/%2e%2e/desk.db",
        "/desk.db",
        "/assets//etc/passwd",
    ],
)
def test_given_a_path_out_of_the_folder_when_asked_then_404(world: DeskWorld, path: str) -> None:
    build(world)
    answer = world.server.app.test_client().get(path)
    assert answer.status_code in (404, 308)
    assert b"SQLite" not in answer.data


def test_given_a_build_when_the_session_is_asked_then_its_id(world: DeskWorld) -> None:
    build(world)
    from agent_desk.app import create_server

    world.server = create_server(world.services, world.settings)
    assert world.browser(world.bela).get("/session").json["build_id"] == "abc123def456"


@pytest.mark.requirement("R33")
def test_given_parts_when_health_is_asked_then_all_of_them_and_503_when_one_is_ill(world: DeskWorld) -> None:
    client = world.server.app.test_client()
    well = client.get("/healthz")
    assert (well.status_code, well.json["status"]) == (200, "ok")
    assert well.json["parts"] == [{"part": "ami", "is_ok": True, "detail": "up"}]
    world.probe.findings.append(HealthFinding("disk", False, "/data 99 %"))
    ill = client.get("/healthz")
    assert (ill.status_code, ill.json["status"]) == (503, "degraded")
    away = client.get("/healthz", environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert {part["detail"] for part in away.json["parts"]} == {""}


def test_given_this_machine_when_metrics_are_asked_then_figures_and_for_others_404(world: DeskWorld) -> None:
    world.sign_on(world.bela)
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id)
    world.offer(call_id, world.bela)
    client = world.server.app.test_client()
    text = client.get("/metrics").text
    for line in (
        'hotline_agents{state="ringing"} 1.0', 'hotline_queue_waiting{queue="enquiry"} 1.0',
        'hotline_part_ok{part="ami"} 1.0', "hotline_pop_latency_seconds_count 1.0", "hotline_desk_sockets 0.0",
        'hotline_part_figure{figure="lag_s",part="ami"} 0.0',
    ):  # fmt: skip
        assert line in text
    assert "阿莎" not in text
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 404


@pytest.mark.requirement("R22")
def test_given_the_description_of_the_api_when_read_then_complete_and_without_foreign_addresses(
    world: DeskWorld,
) -> None:
    bela = world.browser(world.bela)
    spec = bela.http.get("/api/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    assert "/api/v1/calls/{call_id}/transfer" in spec["paths"]
    body = spec["paths"]["/api/v1/calls/{call_id}/transfer"]["post"]["requestBody"]
    assert body["content"]["application/json"]["schema"]
    page = bela.http.get("/api/docs").text
    assert "/api/v1/desk/sign_on" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert world.server.app.test_client().get("/api/openapi.json").status_code == 401
