"""The enquiry record by type, with the answer given and whether it was solved at once (C108)."""

from datetime import timedelta

import pytest

from crm_core.enquiries.log import EnquiryLog
from crm_core.errors import InvalidInput, NotFound
from crm_core.patients.cards import NewPatient
from tests.support.ground import Ground


@pytest.fixture
def log(ground: Ground) -> EnquiryLog:
    return EnquiryLog(ground.database, ground.clock)


@pytest.mark.capability("C108")
def test_given_enquiries_of_calls_when_read_then_in_order_and_counted_by_kind(ground: Ground, log: EnquiryLog) -> None:
    asha = ground.patients.register(NewPatient(name="阿莎"))
    since = ground.clock.now()
    bela = ground.agent()
    first = log.record("c-1", "drug", item="YP00017", was_solved=True, answer="12.50元\x00", patient_id=asha)
    second = log.record("c-1", "drug", patient_id=asha, agent_id=bela)
    log.record("c-2", "price", was_solved=False)
    assert [(one.id, one.kind_title, one.answer, one.agent_id) for one in log.of_call("c-1")] == [
        (first, "药品", "12.50元", None),
        (second, "药品", "", bela),
    ]
    assert [one.id for one in log.of_patient(asha)] == [second, first]
    drug, price = log.figures(since, since + timedelta(seconds=1))
    assert (drug.kind, drug.total, drug.solved, drug.unsolved, drug.solved_ratio) == ("drug", 2, 1, 0, 1.0)
    assert (price.kind, price.solved_ratio) == ("price", 0.0)
    log.settle(second, False)
    assert log.figures(since, since + timedelta(seconds=1))[0].solved_ratio == 0.5
    assert log.figures(since - timedelta(days=1), since) == []


def test_given_an_impossible_enquiry_when_recorded_then_refused(log: EnquiryLog) -> None:
    for call_id, kind in (("", "drug"), ("../x", "drug"), ("c-1", "gossip"), ("c-1\r\n", "drug")):
        with pytest.raises(InvalidInput):
            log.record(call_id, kind)
    with pytest.raises(NotFound):
        log.settle(4711, True)
