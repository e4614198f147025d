"""Campaigns over both databases: surveys, figures, retries, review, windows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core import schema
from crm_core.calls.kinds import CallOutcome
from crm_core.campaigns.cards import NewCampaign, Window
from crm_core.campaigns.events import AttemptEnded, CampaignChanged
from crm_core.campaigns.kinds import CampaignState, ContactState
from crm_core.clock import ManualClock
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound, WrongState
from tests.support.campaign_house import House, mobile


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    database = Database(database_url)
    schema.all_metadata().create_all(database.engine)
    house = House(database)
    yield house
    database.close()


def clock(house: House) -> ManualClock:
    assert isinstance(house.clock, ManualClock)
    return house.clock


def settle(house: House) -> None:
    """What was not seen to end goes to the review list after the grace time."""
    house.reconciler.tick()
    clock(house).advance(11)
    house.reconciler.tick()


def contact_state(house: House, campaign_id: int, index: int = 0) -> str:
    return house.campaigns.contacts(campaign_id)[index].state


@pytest.mark.capability("C97")
def test_given_a_survey_when_all_is_answered_then_completed_and_counted(house: House) -> None:
    campaign_id = house.running_campaign([mobile(1)])
    assert house.dialer.tick() == 1
    ((attempt_id, number),) = house.telephony.invites
    assert number == mobile(1)
    call = house.surveys.survey_of(attempt_id)
    assert call is not None
    assert [question.prompt_key for question in call.questions] == ["survey-q1", "survey-q2", "survey-q3"]
    assert call.patient_name == "患者0"
    house.ring(attempt_id)
    house.pick_up(attempt_id)
    for question, score in zip(call.questions, (5, 4, 1), strict=True):
        house.surveys.record_answer(attempt_id, question.key, score)
    house.surveys.record_answer(attempt_id, "q3", 3)
    house.surveys.record_comment(attempt_id, "c0ffee.wav")
    house.surveys.finish_survey(attempt_id)
    house.end(attempt_id, CallOutcome.ANSWERED)
    progress = house.campaigns.progress(campaign_id)
    assert (progress.total, progress.dialled, progress.answered, progress.completed) == (1, 1, 1, 1)
    assert (progress.remaining, progress.in_flight, progress.to_review) == (0, 0, 0)
    assert [(r.answers, r.mean_score) for r in house.campaigns.results(campaign_id)] == [(1, 5.0), (1, 4.0), (1, 3.0)]
    assert [event.outcome for event in house.bus.of(AttemptEnded)] == ["completed"]
    assert house.campaigns.finish_exhausted() == [campaign_id]
    assert house.campaigns.card(campaign_id).state == CampaignState.FINISHED
    assert house.bus.of(CampaignChanged)


@pytest.mark.capability("C97")
def test_given_the_call_ended_first_when_the_last_answers_arrive_then_they_count(house: House) -> None:
    campaign_id = house.running_campaign([mobile(1)])
    house.dialer.tick()
    attempt_id = house.telephony.invites[0][0]
    house.pick_up(attempt_id)
    house.surveys.record_answer(attempt_id, "q1", 5)
    house.end(attempt_id, CallOutcome.ANSWERED)
    assert house.campaigns.progress(campaign_id).partial == 1
    house.surveys.record_answer(attempt_id, "q2", 5)
    house.surveys.finish_survey(attempt_id)
    assert house.campaigns.progress(campaign_id).completed == 1
    house.surveys.refuse(attempt_id)
    assert contact_state(house, campaign_id) == ContactState.REFUSED


def test_given_a_wrong_answer_when_recorded_then_refused(house: House) -> None:
    house.running_campaign([mobile(1)])
    house.dialer.tick()
    attempt_id = house.telephony.invites[0][0]
    for question, score in (("q1", 0), ("q1", 6), ("q9", 3)):
        with pytest.raises(InvalidInput):
            house.surveys.record_answer(attempt_id, question, score)
    with pytest.raises(InvalidInput):
        house.surveys.record_comment(attempt_id, "../../etc/passwd")
    with pytest.raises(NotFound):
        house.surveys.refuse("att-none")
    assert house.surveys.survey_of("1763721000.17") is None


@pytest.mark.fault("F62")
@pytest.mark.parametrize(
    ("outcome", "state", "figure"),
    [
        (CallOutcome.BUSY, ContactState.WAITING, "busy"),
        (CallOutcome.NO_ANSWER, ContactState.WAITING, "no_answer"),
        (CallOutcome.UNOBTAINABLE, ContactState.INVALID, "unobtainable"),
        (CallOutcome.REJECTED, ContactState.UNREACHED, "rejected"),
        (CallOutcome.FAILED, ContactState.WAITING, "failed"),
        (CallOutcome.LOST_EVENT, ContactState.TO_REVIEW, "to_review"),
        (CallOutcome.PBX_CRASH, ContactState.TO_REVIEW, "to_review"),
    ],
)
def test_given_nobody_picked_up_when_the_call_ends_then_state_figure_and_retry(
    house: House, outcome: CallOutcome, state: ContactState, figure: str
) -> None:
    campaign_id = house.running_campaign([mobile(1)])
    house.dialer.tick()
    house.ring(house.telephony.invites[0][0])
    house.end(house.telephony.invites[0][0], outcome)
    settle(house)
    assert contact_state(house, campaign_id) == state
    assert getattr(house.campaigns.progress(campaign_id), figure) == 1
    house.dialer.tick()
    assert len(house.telephony.invites) == 1, "no hot loop"
    clock(house).advance(3600)
    house.dialer.tick()
    assert len(house.telephony.invites) == (2 if state == ContactState.WAITING else 1)


def test_given_a_contact_in_review_when_a_person_decides_then_it_is_called_or_closed(house: House) -> None:
    campaign_id = house.running_campaign([mobile(1), mobile(2)])
    house.dialer.tick()
    for attempt_id, _ in list(house.telephony.invites):
        house.end(attempt_id, CallOutcome.PBX_CRASH)
    settle(house)
    first, second = house.campaigns.contacts(campaign_id, state=ContactState.TO_REVIEW)
    house.campaigns.settle_review(first.id, redial=True)
    house.campaigns.settle_review(second.id, redial=False)
    house.end(house.telephony.invites[0][0], CallOutcome.BUSY)
    assert [contact.state for contact in house.campaigns.contacts(campaign_id)] == ["waiting", "unreached"]
    assert house.dialer.tick() == 1
    with pytest.raises(WrongState):
        house.campaigns.settle_review(second.id, redial=True)


def test_given_a_window_of_its_own_when_kept_then_it_comes_back_whole(house: House) -> None:
    window = Window(spans=(("10:00", "11:30"),), weekdays=(1, 3), dials_on_holidays=True)
    campaign_id = house.campaigns.create(NewCampaign(title="t", created_by=1, window=window))
    assert house.campaigns.card(campaign_id).window == window
    for bad in (
        Window(spans=()),
        Window(spans=(("9:00", "10:00"),)),
        Window(spans=(("10:00", "09:00"),)),
        Window(spans=(("09:00", "11:00"), ("10:00", "12:00"))),
        Window(weekdays=(0,)),
    ):
        with pytest.raises(InvalidInput):
            house.campaigns.create(NewCampaign(title="t", created_by=1, window=bad))


def test_given_campaigns_when_listed_then_newest_first_with_their_figures(house: House) -> None:
    first = house.running_campaign([mobile(1)])
    second = house.campaigns.create(NewCampaign(title="  第二\x00个 ", created_by=1))
    listed = house.campaigns.all_progress()
    assert [(one.campaign.id, one.campaign.title, one.total) for one in listed] == [
        (second, "第二个", 0),
        (first, "满意度", 1),
    ]
    with pytest.raises(WrongState, match="import"):
        house.campaigns.start(second)
    with pytest.raises(NotFound):
        house.campaigns.progress(999)
