"""The outbox: one message per key, encrypted, masked, told to nobody who does not want it (C102, C123)."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from crm_core.errors import Conflict, InvalidInput, NotFound
from crm_core.messaging.confirmations import About, AppointmentFacts, Confirmations
from crm_core.messaging.kinds import Channel, MessageState, Purpose
from crm_core.messaging.templates import Template
from crm_core.patients.cards import NewPatient
from tests.support.ground import Ground
from tests.support.message_house import ASHA_NUMBER, MessageHouse


@pytest.fixture
def house(ground: Ground) -> MessageHouse:
    return MessageHouse(ground)


def facts(**changes: object) -> AppointmentFacts:
    given = {
        "appointment_id": 7, "patient_id": None, "patient_name": "张三丰", "recipient": ASHA_NUMBER,
        "starts_at": datetime(2026, 11, 24, 6, 30, tzinfo=UTC), "department": "心内科", "place": "门诊楼3层",
        "doctor": "王建国主任医师",
    }  # fmt: skip
    return AppointmentFacts(**(given | changes))  # type: ignore[arg-type]


@pytest.mark.capability("A5.4")
@pytest.mark.capability("C102")
def test_given_a_booking_when_confirmed_then_the_sms_has_time_place_doctor_and_cautions(house: MessageHouse) -> None:
    card = Confirmations(house.outbox).queue(About.BOOKED, facts(cautions="请空腹"))
    assert house.log.text(card.id).text == (
        "【仁爱医院】张*您好，已为您预约11月24日(周二)下午2:30，门诊楼3层心内科，王建国主任医师。注意事项：请空腹。改约或取消请拨95169。"
    )
    assert (card.state, card.recipient_masked, card.parts) == (MessageState.QUEUED, "138****0001", 2)


@pytest.mark.capability("A5.4")
def test_given_a_booking_when_confirmed_by_mail_in_english_then_the_subject_tells_nothing(house: MessageHouse) -> None:
    card = Confirmations(house.outbox).queue(
        About.BOOKED, facts(recipient="asha@example.cn", language="en", doctor=""), channel=Channel.EMAIL
    )
    mail = house.log.text(card.id)
    assert mail.subject == "仁爱医院: your appointment"
    assert "Tue 24 Nov 14:30, 心内科 (门诊楼3层), doctor on duty" in mail.text
    assert "bring your ID" in mail.text
    assert card.recipient_masked == "a***@example.cn"


def test_given_every_kind_of_confirmation_when_queued_then_each_is_one_message(house: MessageHouse) -> None:
    confirmations = Confirmations(house.outbox)
    made = {confirmations.queue(about, facts()).id for about in About for _ in range(2)}
    assert len(made) == len(About)
    assert confirmations.queue(About.MOVED, facts(version=2)).id not in made


@pytest.mark.invariant("I3")
def test_given_a_transaction_that_fails_when_a_message_was_added_then_it_was_never_there(house: MessageHouse) -> None:
    def book() -> None:
        with house.ground.database.write() as session:
            Confirmations(house.outbox).queue(About.BOOKED, facts(), session=session)
            raise RuntimeError("the booking failed")

    with pytest.raises(RuntimeError):
        book()
    assert house.log.messages() == []


def test_given_the_same_key_when_queued_again_then_it_is_the_first_message(house: MessageHouse) -> None:
    once = house.queue("k1", answer="A")
    assert house.queue("k1", answer="B") == once
    assert house.log.text(once).text == "【仁爱医院】您咨询的内容：A"


def test_given_the_same_key_from_many_threads_when_queued_then_one_message(house: MessageHouse) -> None:
    start, made = threading.Barrier(8), []

    def queue() -> None:
        start.wait()
        made.append(house.queue("k1"))

    threads = [threading.Thread(target=queue) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


@pytest.mark.requirement("R19")
@pytest.mark.requirement("R17")
def test_given_a_message_when_the_tables_are_read_raw_then_neither_number_nor_text_is_there(
    house: MessageHouse,
) -> None:
    house.queue("k1", answer="CANARY")
    with house.ground.database.read() as session:
        raw = str(session.execute(text("SELECT * FROM messages")).all())
    assert "CANARY" not in raw
    assert ASHA_NUMBER not in raw
    assert "138****0001" in raw


@pytest.mark.requirement("R23")
def test_given_a_patient_who_wants_no_messages_when_queued_then_refused_and_seen(house: MessageHouse) -> None:
    asha = house.ground.patients.register(NewPatient(name="阿莎"))
    house.unwilling.add(asha)
    message = house.queue("k1", patient_id=asha)
    card = house.log.card(message)
    assert (card.state, card.error) == (MessageState.REFUSED, "no_consent")
    assert house.deliveries.claim(Channel.SMS, "a", lease_s=60) is None
    assert [one.id for one in house.log.of_patient(asha)] == [message]


@pytest.mark.requirement("R45")
@pytest.mark.parametrize(
    "recipient",
    [
        "", "abc", "01066778801", "95169", "+14155550123", "0044 20 7946 0018", "13800000001\r\nBcc: 1", "13800000001;13800000002",
        "138000000011234", "' OR 1=1", "110",
    ],
)  # fmt: skip
def test_given_what_is_no_domestic_mobile_when_queued_then_refused(house: MessageHouse, recipient: str) -> None:
    with pytest.raises(InvalidInput):
        house.outbox.queue("enquiry_answer", recipient, {"answer": "x"}, dedupe_key="k")
    assert house.log.messages() == []


@pytest.mark.parametrize(
    "address",
    [
        "", "asha", "asha@", "@example.cn", "a@b", "asha@example.cn\r\nBcc: x@y.cn", "asha@example.cn\n", "a b@example.cn",
        "<asha@example.cn>", '"a"@example.cn', "asha@[127.0.0.1]", "asha@example..cn", ".asha@example.cn", "a..b@example.cn",
        "asha@example.cn,eve@example.cn", "asha@-example.cn", "x" * 250 + "@example.cn", "阿莎@example.cn", "asha@example.cn\x00",
    ],
)  # fmt: skip
def test_given_what_is_no_mail_address_when_queued_then_refused(house: MessageHouse, address: str) -> None:
    with pytest.raises(InvalidInput):
        house.outbox.queue("enquiry_answer", address, {"answer": "x"}, dedupe_key="k", channel=Channel.EMAIL)


@pytest.mark.parametrize(
    ("template", "options", "error"),
    [
        ("no_such", {}, NotFound),
        ("enquiry_answer", {"channel": Channel.FAX}, NotFound),
        ("call_verification", {"channel": Channel.EMAIL}, NotFound),
        ("enquiry_answer", {"dedupe_key": ""}, InvalidInput),
        ("enquiry_answer", {"dedupe_key": "x" * 161}, InvalidInput),
        ("enquiry_answer", {"dedupe_key": "a\r\nb"}, InvalidInput),
        ("enquiry_answer", {"call_id": "../../etc"}, InvalidInput),
    ],
)
def test_given_an_impossible_order_when_queued_then_refused(
    house: MessageHouse, template: str, options: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        house.outbox.queue(template, ASHA_NUMBER, {"answer": "x"}, **({"dedupe_key": "k"} | options))  # type: ignore[arg-type]


def test_given_messages_when_listed_then_filtered_and_paged_newest_first(house: MessageHouse) -> None:
    ids = [house.queue(f"k{number}", call_id="c-1") for number in range(5)]
    assert [one.id for one in house.log.messages(limit=2)] == ids[:-3:-1]
    assert [one.id for one in house.log.messages(before_id=ids[2])] == ids[1::-1]
    assert house.log.messages(states=[MessageState.DEAD]) == []
    assert house.log.messages(channel=Channel.EMAIL) == []
    assert len(house.log.messages(recipient_hash_of="+8613800000001")) == 5
    assert [one.id for one in house.log.of_call("c-1")] == ids
    assert house.log.counts()[MessageState.QUEUED] == 5
    with pytest.raises(NotFound):
        house.log.text(4711)


@pytest.mark.capability("C123")
def test_given_an_own_wording_when_changed_then_used_audited_and_guarded_against_two_editors(
    house: MessageHouse,
) -> None:
    chen = house.ground.agent()
    new = Template("enquiry_answer", Channel.SMS, "zh", "", Purpose.ENQUIRY, "【{hospital}】答：{answer}")
    assert house.templates.change(new, chen, version=1).version == 2
    assert house.log.text(house.queue("k1", answer="A")).text == "【仁爱医院】答：A"
    with pytest.raises(Conflict):
        house.templates.change(new, chen, version=1)
    with pytest.raises(NotFound):
        house.templates.change(Template("own_key", Channel.SMS, "zh", "", Purpose.NOTICE, "x"), chen)
    assert house.ground.audit.entries(action="template.change")[0].object_id == "enquiry_answer/sms/zh"
    english = house.queue("k2", answer="A", language="en")
    assert house.log.text(english).text == "[仁爱医院] Your enquiry: A"


def test_given_a_message_for_later_when_its_time_comes_then_it_may_leave(house: MessageHouse) -> None:
    house.queue("k1", not_before=house.ground.clock.now() + timedelta(hours=2))
    assert house.deliveries.claim(Channel.SMS, "a", lease_s=60) is None
    house.ground.clock.advance(7200)
    assert house.deliveries.claim(Channel.SMS, "a", lease_s=60) is not None
