"""The log of messages over HTTP: masked, only for those who lead, sent again on purpose and audited (C123)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from agent_desk.app import create_server
from agent_desk.offices import MessageDesk, Offices
from crm_core.messaging.cards import NotSent
from crm_core.messaging.deliveries import Deliveries
from crm_core.messaging.kinds import Channel
from crm_core.messaging.log import MessageLog
from crm_core.messaging.outbox import House, Outbox
from crm_core.messaging.template_store import Templates
from tests.support.desk_world import DeskWorld

NUMBER = "13800000001"


class Post:
    """A desk with messages; ``stores_only`` as in a home with the development sender."""

    def __init__(self, make_world: Callable[..., DeskWorld], *, stores_only: bool) -> None:
        self.world = world = make_world()
        clock, audit = world.clock, world.services.audit
        self.log = MessageLog(world.database, clock, world.cipher)
        self.deliveries = Deliveries(world.database, clock, world.cipher, audit=audit)
        templates = Templates(world.database, clock, audit)
        self.outbox = Outbox(world.database, clock, world.cipher, templates=templates, house=House("仁爱医院", "95169"))

        office = MessageDesk(self.log, self.deliveries, stores_only)
        world.server = create_server(replace(world.services, offices=Offices(messages=office)), world.settings)

    def queue(self, key: str, text: str = "地铁2号线A口") -> int:
        return self.outbox.queue("enquiry_answer", NUMBER, {"answer": text}, dedupe_key=key).id

    def fail(self) -> None:
        claimed = self.deliveries.claim(Channel.SMS, "test", lease_s=60)
        assert claimed is not None
        self.deliveries.not_sent(claimed, NotSent("gateway_blocked").code, is_final=True)


@pytest.fixture
def demo(make_world: Callable[..., DeskWorld]) -> Post:
    return Post(make_world, stores_only=True)


@pytest.fixture
def real(make_world: Callable[..., DeskWorld]) -> Post:
    return Post(make_world, stores_only=False)


@pytest.mark.capability("C123")
def test_given_the_development_sender_when_listed_then_texts_are_seen_masked_and_paged(demo: Post) -> None:
    ids = [demo.queue(f"k{number}", f"<script>alert({number})</script>") for number in range(3)]
    for account in (demo.world.chen, demo.world.admin):
        page = demo.world.browser(account).get("/messages?limit=2").json
        assert [one["id"] for one in page["items"]] == ids[:0:-1]
        assert page["next_cursor"] == str(ids[1])
        assert page["stores_only"] is True
    item = page["items"][0]
    assert (item["recipient_masked"], item["state"], item["state_title"]) == ("138****0001", "queued", "待发送")
    assert item["text"] == "【仁爱医院】您咨询的内容：<script>alert(2)</script>"
    assert next(one["count"] for one in page["states"] if one["state"] == "queued") == 3


@pytest.mark.requirement("R14")
def test_given_an_agent_or_nobody_when_asking_for_messages_then_refused(demo: Post) -> None:
    message = demo.queue("k1")
    for browser in (demo.world.browser(demo.world.bela), demo.world.browser(demo.world.dora)):
        assert browser.get("/messages").status_code == 403
        assert browser.get(f"/messages/{message}/text").status_code == 403
        assert browser.post(f"/messages/{message}/retry").status_code == 403
    assert demo.world.browser().get("/messages").status_code == 401


@pytest.mark.requirement("R17")
@pytest.mark.requirement("R26")
def test_given_a_real_gateway_when_listed_then_no_text_and_reading_one_is_for_supervisors_and_noted(real: Post) -> None:
    message = real.queue("k1")
    chen = real.world.browser(real.world.chen)
    listed = chen.get("/messages").json
    assert (listed["items"][0]["text"], listed["stores_only"]) == (None, False)
    assert NUMBER not in str(listed)
    assert chen.get(f"/messages/{message}/text").json["text"] == "【仁爱医院】您咨询的内容：地铁2号线A口"
    assert real.world.browser(real.world.admin).get(f"/messages/{message}/text").status_code == 403
    assert "message.read" in real.world.actions()
    assert chen.get("/messages/4711/text").status_code == 404


@pytest.mark.capability("C93")
def test_given_a_verification_code_when_a_supervisor_reads_then_it_stays_the_patients(real: Post) -> None:
    values = {"code": "123456", "until": "明天"}
    message = real.outbox.queue("call_verification", NUMBER, values, dedupe_key="v1").id
    answer = real.world.browser(real.world.chen).get(f"/messages/{message}/text")
    assert answer.status_code == 403
    assert "123456" not in answer.text


@pytest.mark.capability("C123")
def test_given_a_dead_letter_when_sent_again_then_it_waits_once_more_and_a_second_click_is_told_so(real: Post) -> None:
    message = real.queue("k1")
    real.fail()
    chen = real.world.browser(real.world.chen)
    (item,) = chen.get("/messages?state=dead").json["items"]
    assert (item["error"], item["may_retry"], item["attempts"]) == ("gateway_blocked", True, 1)
    again = chen.post(f"/messages/{message}/retry")
    assert (again.status_code, again.json["state"]) == (202, "queued")
    assert chen.post(f"/messages/{message}/retry").status_code == 409
    assert real.world.actions().count("message.retry") == 1


@pytest.mark.fault("F80")
@pytest.mark.parametrize("query", ["state=lost", "channel=pigeon", "cursor=0", "cursor=x'--", "limit=0", "limit=9999"])
def test_given_a_bad_query_when_listed_then_422(demo: Post, query: str) -> None:
    assert demo.world.browser(demo.world.chen).get(f"/messages?{query}").status_code == 422
