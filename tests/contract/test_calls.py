"""The call record: one per call, one end, whatever the order of events; desks reload from it."""

import random
from datetime import timedelta

import pytest

from crm_core.agents.kinds import AgentState
from crm_core.calls import events as e
from crm_core.calls.kinds import CallOutcome, CallState, Direction, HungUpBy, LegKind, LegOutcome, TransferKind
from crm_core.calls.recordings import RecordingFilter
from crm_core.errors import InvalidInput, NotAllowed, WrongState
from crm_core.ids import AgentId, CallId, LegId
from crm_core.patients.cards import NewPatient
from tests.support.ground import Ground

CALL = CallId("pbx-1.1")


class Story:
    """Tells the events of one call in the order given, the clock moving one second for each."""

    def __init__(self, ground: Ground, call_id: CallId = CALL) -> None:
        self._ground = ground
        self._call_id = call_id

    def tell(self, kind: type[e.CallEvent], /, **more: object) -> None:
        self._ground.bus.publish(kind(at=self._ground.clock.now(), call_id=self._call_id, **more))
        self._ground.clock.advance(1)

    def arrives(self, number: str = "13800000001") -> None:
        self.tell(e.CallArrived, direction=Direction.INBOUND, number=number, name="Asha", dialled_number="95169")
        self.tell(e.PatientLegAnswered)

    def reaches(self, agent_id: AgentId, leg: str = "leg-1", queue: str | None = "enquiry") -> None:
        self.tell(e.CallOffered, agent_id=agent_id, leg_id=LegId(leg), queue=queue)
        self.tell(e.CallLeftQueue, queue="enquiry", answered=True, waited_s=3.0)
        self.tell(e.CallAnswered, agent_id=agent_id, leg_id=LegId(leg))

    def ends(self) -> None:
        self.tell(e.CallEnded, outcome=CallOutcome.ANSWERED, hung_up_by=HungUpBy.PATIENT, cause=16)


@pytest.fixture
def story(ground: Ground) -> Story:
    return Story(ground)


@pytest.mark.invariant("I1")
@pytest.mark.capability("C29")
def test_given_a_whole_call_when_told_then_the_record_has_every_part(ground: Ground, story: Story) -> None:
    bela = ground.agent()
    asha = ground.patients.register(NewPatient(name="阿莎", phones=(("13800000001", "self"),)))
    story.arrives()
    story.tell(e.NoticePlayed)
    story.tell(e.CallerIdentified, patient_id=asha)
    story.tell(e.IvrStepTaken, node="main-menu", key="0")
    story.tell(e.CallQueued, queue="enquiry", priority=2)
    story.reaches(bela)
    assert ground.calls.record(CALL).state is CallState.TALKING
    story.tell(e.AgentLegEnded, agent_id=bela, leg_id=LegId("leg-1"), talked_s=12.5)
    story.ends()
    record = ground.calls.record(CALL)
    assert (record.state, record.outcome, record.hung_up_by) == (
        CallState.ENDED,
        CallOutcome.ANSWERED,
        HungUpBy.PATIENT,
    )
    assert (record.patient_id, record.queue, record.priority, record.waited_s) == (asha, "enquiry", 2, 3.0)
    assert [(step.node, step.key) for step in record.ivr_path] == [("main-menu", "0")]
    assert record.notice_played_at is not None
    assert record.number_masked == "138****0001"
    assert record.legs[0].talked_s == 12.5


@pytest.mark.fault("F08")
def test_given_a_call_that_ended_when_late_events_come_then_it_stays_ended(ground: Ground, story: Story) -> None:
    bela = ground.agent()
    story.arrives()
    story.ends()
    story.reaches(bela)
    story.tell(e.CallEnded, outcome=CallOutcome.FAILED, hung_up_by=HungUpBy.SYSTEM)
    record = ground.calls.record(CALL)
    assert (record.state, record.outcome) == (CallState.ENDED, CallOutcome.ANSWERED)


@pytest.mark.fault("F07")
@pytest.mark.fault("F08")
@pytest.mark.parametrize("seed", range(8))
def test_given_events_twice_and_in_any_order_when_told_then_one_record_with_its_number_and_end(
    ground: Ground, seed: int
) -> None:
    bela = ground.agent()
    at = ground.clock.now()
    parts: list[e.CallEvent] = [
        e.CallArrived(at=at, call_id=CALL, direction=Direction.INBOUND, number="13800000001"),
        e.CallQueued(at=at + timedelta(seconds=1), call_id=CALL, queue="enquiry"),
        e.CallOffered(at=at + timedelta(seconds=2), call_id=CALL, agent_id=bela, leg_id=LegId("l"), queue="enquiry"),
        e.CallAnswered(at=at + timedelta(seconds=3), call_id=CALL, agent_id=bela, leg_id=LegId("l")),
        e.AgentLegEnded(at=at + timedelta(seconds=9), call_id=CALL, agent_id=bela, leg_id=LegId("l"), talked_s=6),
        e.CallEnded(
            at=at + timedelta(seconds=9), call_id=CALL, outcome=CallOutcome.ANSWERED, hung_up_by=HungUpBy.AGENT
        ),
    ]
    mixed = [*parts, *parts]
    random.Random(seed).shuffle(mixed)
    for event in mixed:
        ground.bus.publish(event)
    record = ground.calls.record(CALL)
    assert (record.state, record.number, record.ended_at) == (
        CallState.ENDED,
        "+8613800000001",
        at + timedelta(seconds=9),
    )
    assert [leg.id for leg in record.legs] == ["l"]


@pytest.mark.capability("C31")
def test_given_a_talk_when_the_desk_reloads_then_call_and_notes_are_there_until_the_wrap_up_is_saved(
    ground: Ground, story: Story
) -> None:
    bela = ground.agent()
    story.arrives()
    story.tell(e.CallQueued, queue="enquiry")
    story.reaches(bela)
    ground.calls.save_notes(CALL, bela, "问了明天的门诊")
    (open_call,) = ground.calls.open_calls_of(bela)
    assert open_call.wrap_up_of(bela).notes == "问了明天的门诊"  # type: ignore[union-attr]
    with pytest.raises(WrongState):
        ground.calls.finish_wrap_up(CALL, bela, disposition="enquiry")
    story.tell(e.AgentLegEnded, agent_id=bela, leg_id=LegId("leg-1"), talked_s=4)
    story.ends()
    assert [call.id for call in ground.calls.open_calls_of(bela)] == [CALL]
    ground.calls.finish_wrap_up(CALL, bela, disposition="enquiry", sub_disposition="price", is_resolved=True)
    assert ground.calls.open_calls_of(bela) == []


@pytest.mark.capability("C39")
def test_given_wrap_up_time_over_when_the_state_moves_on_then_the_default_code_is_listed(
    ground: Ground, story: Story
) -> None:
    bela = ground.agent()
    ground.agents.sign_on(bela)
    ground.agents.ready(bela)
    story.arrives()
    story.tell(e.CallQueued, queue="enquiry")
    story.reaches(bela)
    story.tell(e.AgentLegEnded, agent_id=bela, leg_id=LegId("leg-1"), talked_s=4)
    story.ends()
    assert ground.agents.status(bela).state is AgentState.WRAP_UP
    ground.clock.advance(60)
    assert [agent for agent, _ in ground.agents.expired_wrap_ups()] == [bela]
    ground.agents.finish_wrap_up(bela)
    assert ground.agents.status(bela).state is AgentState.READY
    assert ground.calls.overdue_wrap_ups(bela) == [CALL]
    ground.calls.finish_wrap_up(CALL, bela, disposition="other", sub_disposition="silent")
    assert ground.calls.overdue_wrap_ups(bela) == []


@pytest.mark.invariant("I5")
@pytest.mark.requirement("R15")
def test_given_another_agents_call_when_dora_writes_then_refused(ground: Ground, story: Story) -> None:
    bela, dora = ground.agent(), ground.agent("dora", "1003")
    story.arrives()
    story.reaches(bela)
    with pytest.raises(NotAllowed):
        ground.calls.save_notes(CALL, dora, "x")
    assert ground.calls.open_calls_of(dora) == []


def test_given_unusable_wrap_up_when_saved_then_refused(ground: Ground, story: Story) -> None:
    bela = ground.agent()
    story.arrives()
    story.reaches(bela)
    with pytest.raises(InvalidInput):
        ground.calls.finish_wrap_up(CALL, bela, disposition="no-such-code")
    with pytest.raises(InvalidInput):
        ground.calls.save_notes(CALL, bela, "x" * 4001)


@pytest.mark.capability("C36")
@pytest.mark.capability("C46")
def test_given_an_attended_transfer_when_complete_then_both_agents_are_in_the_history(
    ground: Ground, story: Story
) -> None:
    bela, bolin = ground.agent(), ground.agent("bolin", "1002")
    story.arrives()
    story.tell(e.CallQueued, queue="enquiry")
    story.reaches(bela)
    story.tell(e.ConsultStarted, agent_id=bela, target="1002")
    story.tell(e.CallOffered, agent_id=bolin, leg_id=LegId("leg-2"), queue=None, kind=LegKind.CONSULT)
    story.tell(e.CallAnswered, agent_id=bolin, leg_id=LegId("leg-2"), kind=LegKind.CONSULT)
    assert ground.calls.record(CALL).state is CallState.CONSULTING
    story.tell(e.CallTransferred, agent_id=bela, kind=TransferKind.ATTENDED, target="1002")
    story.tell(e.AgentLegEnded, agent_id=bela, leg_id=LegId("leg-1"), talked_s=8)
    record = ground.calls.record(CALL)
    assert record.state is CallState.TALKING
    assert [(leg.agent_id, leg.kind, leg.is_open) for leg in record.legs] == [
        (bela, LegKind.AGENT, False), (bolin, LegKind.AGENT, True),
    ]  # fmt: skip


@pytest.mark.capability("C18")
def test_given_waiting_callers_when_listed_then_priority_first_then_entry_time(ground: Ground) -> None:
    for index, priority in enumerate((0, 5, 0, 5)):
        story = Story(ground, CallId(f"pbx-1.{index}"))
        story.arrives(f"1380000000{index}")
        story.tell(e.CallQueued, queue="enquiry", priority=priority)
    assert [call.id for call in ground.calls.waiting("enquiry")] == ["pbx-1.1", "pbx-1.3", "pbx-1.0", "pbx-1.2"]


@pytest.mark.capability("C28")
def test_given_no_answer_when_withdrawn_then_the_agent_is_paused_by_the_system(ground: Ground, story: Story) -> None:
    bela = ground.agent()
    ground.agents.sign_on(bela)
    ground.agents.ready(bela)
    story.arrives()
    story.tell(e.CallQueued, queue="enquiry")
    story.tell(e.CallOffered, agent_id=bela, leg_id=LegId("leg-1"), queue="enquiry")
    assert ground.agents.status(bela).state is AgentState.RINGING
    story.tell(e.OfferWithdrawn, agent_id=bela, leg_id=LegId("leg-1"), outcome=LegOutcome.NO_ANSWER)
    status = ground.agents.status(bela)
    assert (status.state, status.reason, status.by.value) == (AgentState.PAUSED, "no_answer", "system")
    assert ground.calls.record(CALL).state is CallState.QUEUED


@pytest.mark.capability("C47")
def test_given_answered_calls_without_recording_when_listed_then_only_the_long_one(ground: Ground) -> None:
    for name, seconds in (("long", 30), ("short", 2)):
        story = Story(ground, CallId(f"pbx-{name}"))
        story.arrives()
        ground.clock.advance(seconds)
        story.ends()
    found = ground.recordings.answered_without_recording(ended_before=ground.clock.now())
    assert found == ["pbx-long"]


@pytest.mark.capability("C48")
def test_given_recordings_when_searched_then_filters_agree_with_the_count(ground: Ground) -> None:
    bela = ground.agent()
    for index in range(5):
        story = Story(ground, CallId(f"pbx-{index}"))
        story.arrives(f"1380000000{index % 2}")
        story.tell(e.RecordingStarted)
        if index % 2:
            story.reaches(bela, f"leg-{index}")
    rows, total = ground.recordings.search(RecordingFilter(number="+86 13800000001"))
    assert (total, [call.id for _, call in rows]) == (2, ["pbx-3", "pbx-1"])
    rows, total = ground.recordings.search(RecordingFilter(agent_id=bela), limit=1)
    assert (total, [call.id for _, call in rows]) == (2, ["pbx-3"])
    rows, total = ground.recordings.search(RecordingFilter(agent_id=bela), limit=1, before_id=rows[0][0].id)
    assert [call.id for _, call in rows] == ["pbx-1"]


@pytest.mark.capability("C39")
def test_given_a_call_that_came_back_after_the_wrap_up_when_it_ends_then_it_is_written_up_once_more(
    ground: Ground, story: Story
) -> None:
    bela = ground.agent()
    story.arrives()
    story.reaches(bela, "leg-1", queue=None)
    story.tell(e.AgentLegEnded, agent_id=bela, leg_id=LegId("leg-1"), talked_s=4)
    ground.calls.finish_wrap_up(CALL, bela, disposition="transfer", sub_disposition="connected", notes="转接")
    ground.clock.advance(30)
    story.reaches(bela, "leg-2", queue=None)
    story.tell(e.AgentLegEnded, agent_id=bela, leg_id=LegId("leg-2"), talked_s=4)
    assert [call.id for call in ground.calls.open_calls_of(bela)] == [CALL]
    story.tell(e.AgentLegEnded, agent_id=bela, leg_id=LegId("leg-2"), talked_s=4)
    ground.calls.finish_wrap_up(CALL, bela, disposition="transfer", sub_disposition="connected")
    assert ground.calls.open_calls_of(bela) == []
    assert ground.calls.record(CALL).wrap_up_of(bela).notes == "转接"  # type: ignore[union-attr]
