"""The consent ledger: the latest word counts, at once, per purpose and channel; the card reads from it."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from crm_core import schema
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound
from crm_core.patients.cards import NewPatient
from crm_core.patients.kinds import Channel, Purpose
from crm_core.patients.trail import Actor
from crm_core.patients.whole import PatientServices
from tests.support.ground import Ground, make_ground
from tests.support.patient_world import ASHA, BELA, whole_of

PATIENT_HIMSELF = Actor(None, source="ivr")


@pytest.fixture
def whole(ground: Ground) -> PatientServices:
    return whole_of(ground)


@pytest.mark.capability("C121")
@pytest.mark.requirement("R23")
def test_given_a_patient_when_he_grants_and_withdraws_then_each_purpose_and_channel_follows_his_last_word(
    whole: PatientServices, ground: Ground
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    asked = (asha, Purpose.SURVEY, Channel.CALL)
    assert not whole.consents.may(*asked)
    whole.consents.grant(*asked, actor=BELA, evidence="in-1")
    assert whole.consents.may(*asked)
    assert not whole.consents.may(asha, Purpose.SURVEY, Channel.SMS)
    assert not whole.consents.may(asha, Purpose.MARKETING, Channel.CALL)
    ground.clock.advance(60)
    whole.consents.withdraw(*asked, actor=PATIENT_HIMSELF, evidence="out-2")
    assert not whole.consents.may(*asked)
    last, first, *_ = whole.consents.ledger(asha)
    assert (last.is_granted, last.source, last.actor_id, last.evidence) == (False, "ivr", None, "out-2")
    assert (first.is_granted, first.source, first.actor_id) == (True, "desk", 7)
    assert [line.action for line in ground.audit.entries(object_kind="patient", limit=2)] == [
        "consent.withdraw", "consent.grant",
    ]  # fmt: skip


def test_given_a_paper_of_last_week_when_noted_after_todays_refusal_then_the_refusal_still_counts(
    whole: PatientServices, ground: Ground
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    asked = (asha, Purpose.FOLLOW_UP, Channel.CALL)
    whole.consents.withdraw(*asked, actor=BELA)
    week_ago = ground.clock.now() - timedelta(days=7)
    whole.consents.grant(*asked, actor=BELA, given_at=week_ago, evidence="paper 12")
    assert not whole.consents.may(*asked)
    with pytest.raises(InvalidInput):
        whole.consents.grant(*asked, actor=BELA, given_at=ground.clock.now() + timedelta(days=1))


def test_given_a_word_about_every_channel_when_asked_then_it_covers_all_until_a_newer_one(
    whole: PatientServices, ground: Ground
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    whole.consents.grant(asha, Purpose.REMINDER, Channel.CALL, actor=BELA)
    ground.clock.advance(1)
    whole.consents.withdraw(asha, Purpose.REMINDER, Channel.ANY, actor=BELA)
    assert not any(whole.consents.may(asha, Purpose.REMINDER, channel) for channel in Channel)
    ground.clock.advance(1)
    whole.consents.grant(asha, Purpose.REMINDER, Channel.SMS, actor=BELA)
    assert whole.consents.may(asha, Purpose.REMINDER, Channel.SMS)
    assert not whole.consents.may(asha, Purpose.REMINDER, Channel.CALL)


@pytest.mark.requirement("R38")
def test_given_consent_when_one_number_is_closed_then_that_number_may_not_be_dialled(whole: PatientServices) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    mine, fixed = whole.patients.card(asha).phones
    whole.consents.grant(asha, Purpose.FOLLOW_UP, Channel.ANY, actor=BELA)
    whole.phones.change(mine.id, actor=BELA, may_call=False)

    def may(channel: Channel, number: str) -> bool:
        return whole.consents.may_reach(asha, Purpose.FOLLOW_UP, channel, number=number)

    assert (may(Channel.CALL, "138 0000 0001"), may(Channel.SMS, "+8613800000001")) == (False, True)
    assert may(Channel.CALL, "01066778801")
    assert not may(Channel.CALL, "13911112222")
    assert not may(Channel.CALL, "withheld")
    whole.consents.withdraw(asha, Purpose.FOLLOW_UP, Channel.CALL, actor=BELA)
    assert not may(Channel.CALL, "01066778801")
    assert fixed.may_call


def test_given_somebody_died_when_asked_then_nothing_is_sent_to_him(whole: PatientServices) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    whole.consents.grant(asha, Purpose.SURVEY, Channel.CALL, actor=BELA)
    whole.changes.change(asha, {"died_on": "2026-11-01"}, actor=BELA)
    assert not whole.consents.may(asha, Purpose.SURVEY, Channel.CALL)
    assert not whole.consents.may(asha, Purpose.APPOINTMENT, Channel.SMS)
    assert whole.patients.card(asha).is_dead


def test_given_the_old_words_of_the_card_when_registered_then_the_card_reads_them_from_the_ledger(
    whole: PatientServices,
) -> None:
    one = whole.patients.register(NewPatient(name="王芳", consents={"recording": True, "outbound": True}))
    assert whole.patients.card(one).consents == {"recording": True, "outbound": True}
    assert whole.consents.may(one, Purpose.FOLLOW_UP, Channel.CALL)
    whole.consents.withdraw(one, Purpose.SURVEY, Channel.CALL, actor=BELA)
    assert whole.patients.card(one).consents == {"recording": True, "outbound": False}
    with pytest.raises(InvalidInput):
        whole.patients.register(NewPatient(name="王芳", consents={"everything": True}))
    with pytest.raises(NotFound):
        whole.consents.may(999, Purpose.SURVEY, Channel.CALL)


def test_given_every_purpose_and_channel_when_the_table_is_asked_then_each_has_its_state(
    whole: PatientServices,
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    states = {(one.purpose, one.channel): (one.answer, one.may) for one in whole.consents.state(asha)}
    assert len(states) == len(Purpose) * 4
    assert states["recording", "call"] == (None, True)
    assert states["reminder", "sms"] == (True, True)
    assert states["marketing", "wechat"] == (None, False)


@pytest.mark.capability("C121")
def test_given_patients_of_the_first_version_when_migrated_then_their_answers_are_in_the_ledger_and_back(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    schema.upgrade(database, "0001")
    people = [
        ("单雄信", '{"recording": true, "outbound": false}', "VIP-1"),
        ("阿莎", "{}", "VIP-1"),
        ("王芳", '{"sms": true}', ""),
    ]
    with database.write() as session:
        for place, (name, consents, vip_card) in enumerate(people, start=1):
            session.execute(
                text(
                    "INSERT INTO patients (id, name, name_pinyin, name_initials, gender, tier, vip_level, vip_card, "
                    "insurance, allergies, cautions, preferred_language, preferred_time, tags, consents, created_at) "
                    "VALUES (:id, :name, 'x', 'x', 'female', 'iron', 0, :vip, '', '', '', 'zh', '', '[]', :consents, :at)"
                ),
                {"id": place, "name": name, "consents": consents, "vip": vip_card, "at": "2026-01-01 00:00:00+00:00"},
            )
        session.execute(
            text(
                "INSERT INTO patient_phones (patient_id, number_encrypted, number_hash, relation, is_owner, position) "
                "VALUES (1, :secret, 'abc', 'self', true, 0)"
            ),
            {"secret": b"x"},
        )
    schema.upgrade(database, "0002")
    database.close()
    ground = make_ground(empty_database_url)
    whole = whole_of(ground)
    first = whole.consents.ledger(1)
    assert {(one.purpose, one.channel, one.is_granted, one.source) for one in first} == {
        ("recording", "call", True, "migration"), ("follow_up", "call", False, "migration"),
        ("survey", "call", False, "migration"), ("reminder", "call", False, "migration"),
    }  # fmt: skip
    assert first[0].given_at == datetime(2026, 1, 1, tzinfo=UTC)
    with ground.database.read() as session:
        found = session.execute(text("SELECT name_pinyin, vip_card FROM patients ORDER BY id")).all()
        assert [tuple(row) for row in found] == [("shanxiongxin", "VIP-1"), ("asha", "VIP-1#2"), ("wangfang", "")]
        assert session.scalar(text("SELECT count(*) FROM patient_phones WHERE may_call")) == 1
    schema.downgrade(ground.database, "0001")
    with ground.database.read() as session:
        kept = session.execute(text("SELECT consents FROM patients ORDER BY id")).scalars().all()
    parsed = [one if isinstance(one, dict) else json.loads(one) for one in kept]
    assert parsed == [{"recording": True, "outbound": False}, {}, {"sms": True}]
    ground.database.close()


def test_given_a_birthday_when_the_patient_died_then_the_age_stands_still(whole: PatientServices) -> None:
    one = whole.patients.register(NewPatient(name="王芳", birth_date=date(1950, 1, 1)))
    whole.changes.change(one, {"died_on": "2020-06-01"}, actor=BELA)
    assert whole.patients.card(one).age == 70
