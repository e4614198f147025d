"""Proof of identity: two of four facts or number and PIN; three failures lock until the next day, over all calls."""

import threading

import pytest
from argon2 import PasswordHasher

from crm_core.errors import InvalidInput
from crm_core.patients.cards import NewPatient
from crm_core.patients.kinds import Fact
from crm_core.patients.proofs import WITHHELD_FAILURES_MAX, Caller, ProofResult, Proofs
from crm_core.patients.trail import Actor, Trail
from crm_core.patients.whole import PatientServices
from tests.support.ground import Ground
from tests.support.patient_world import ASHA, BELA, whole_of

HER = Caller("13800000001", "in-1")
STRANGER = Caller("13911112222", "in-2")
IVR = Actor(None, source="ivr")
RIGHT = {Fact.ID_TAIL: "002*", Fact.BIRTH_DATE: "19880615"}
WRONG = {Fact.ID_TAIL: "0020", Fact.BIRTH_DATE: "19880615"}
PROVEN, NOT_PROVEN, LOCKED = ProofResult
DAY_S = 86_400


@pytest.fixture
def whole(ground: Ground) -> PatientServices:
    return whole_of(ground)


@pytest.fixture
def asha(whole: PatientServices) -> int:
    return whole.registration.register(ASHA, actor=BELA)


@pytest.mark.requirement("R46")
@pytest.mark.capability("C110")
@pytest.mark.parametrize(
    ("facts", "result"),
    [
        (RIGHT, PROVEN),
        ({Fact.ID_TAIL: "００2x", Fact.CARD_NUMBER: "0000001"}, PROVEN),
        ({Fact.NAME: "阿 莎", Fact.CARD_NUMBER: "c0000001"}, PROVEN),
        ({Fact.NAME: "阿莎", Fact.BIRTH_DATE: "1988-06-15"}, PROVEN),
        (WRONG, NOT_PROVEN),
        (RIGHT | {Fact.NAME: "别人"}, NOT_PROVEN),
        ({Fact.ID_TAIL: "002*"}, NOT_PROVEN),
        ({Fact.ID_TAIL: "", Fact.BIRTH_DATE: ""}, NOT_PROVEN),
        ({Fact.BIRTH_DATE: "0615", Fact.ID_TAIL: "002X"}, NOT_PROVEN),
        ({}, NOT_PROVEN),
    ],
)
def test_given_facts_when_two_are_right_and_none_wrong_then_proven(
    whole: PatientServices, asha: int, facts: dict[Fact, str], result: ProofResult
) -> None:
    assert whole.proofs.prove(asha, facts, caller=STRANGER, actor=IVR) is result


@pytest.mark.capability("C12")
def test_given_a_pin_when_keyed_from_his_own_number_then_proven_and_from_another_not(
    whole: PatientServices, asha: int
) -> None:
    pin = {Fact.PIN: "274913"}
    assert whole.proofs.prove(asha, pin, caller=HER, actor=IVR) is NOT_PROVEN
    whole.proofs.set_pin(asha, "274913", actor=BELA)
    assert whole.proofs.has_pin(asha)
    assert whole.proofs.prove(asha, pin, caller=HER, actor=IVR) is PROVEN
    assert whole.proofs.prove(asha, pin, caller=STRANGER, actor=IVR) is NOT_PROVEN
    assert whole.proofs.prove(asha, {Fact.PIN: "274914"}, caller=HER, actor=IVR) is NOT_PROVEN
    whole.proofs.clear_pin(asha, actor=BELA, reason="本人忘记")
    assert not whole.proofs.has_pin(asha)


@pytest.mark.parametrize(
    "pin", ["", "12345", "1234567", "123456", "654321", "111111", "121212", "880615", "000001", "abcdef", "２74913"]
)
def test_given_an_easy_pin_when_set_then_refused(whole: PatientServices, asha: int, pin: str) -> None:
    with pytest.raises(InvalidInput):
        whole.proofs.set_pin(asha, pin, actor=BELA)
    assert not whole.proofs.has_pin(asha)


@pytest.mark.fault("F35")
@pytest.mark.requirement("R46")
def test_given_three_failures_over_several_calls_and_numbers_when_tried_again_then_locked_until_the_next_day(
    whole: PatientServices, ground: Ground, asha: int
) -> None:
    for digit in range(3):
        assert not whole.proofs.is_locked(asha, HER)
        caller = Caller(f"1390000000{digit}", f"in-{digit}")
        assert whole.proofs.prove(asha, WRONG, caller=caller, actor=IVR) is NOT_PROVEN
    assert whole.proofs.is_locked(asha, HER)
    assert whole.proofs.prove(asha, RIGHT, caller=HER, actor=IVR) is LOCKED
    assert whole_of(ground).proofs.prove(asha, RIGHT, caller=HER, actor=IVR) is LOCKED
    ground.clock.advance(DAY_S)
    assert whole.proofs.prove(asha, RIGHT, caller=HER, actor=IVR) is PROVEN


@pytest.mark.fault("F35")
def test_given_one_number_that_guesses_at_many_patients_when_three_failed_then_the_number_is_locked(
    whole: PatientServices, asha: int
) -> None:
    others = [whole.patients.register(NewPatient(name="王芳")) for _ in range(2)]
    for one in (*others, None):
        assert whole.proofs.prove(one, WRONG, caller=STRANGER, actor=IVR) is NOT_PROVEN
    assert whole.proofs.is_locked(None, STRANGER)
    assert whole.proofs.prove(asha, RIGHT, caller=Caller("0086 139 1111 2222"), actor=IVR) is LOCKED
    assert whole.proofs.prove(asha, RIGHT, caller=HER, actor=IVR) is PROVEN


@pytest.mark.fault("F34")
def test_given_withheld_numbers_when_they_guess_then_together_they_have_a_limit(
    whole: PatientServices, asha: int
) -> None:
    withheld = Caller("", "in-3")
    for _ in range(WITHHELD_FAILURES_MAX):
        assert whole.proofs.prove(None, WRONG, caller=withheld, actor=IVR) is NOT_PROVEN
    assert whole.proofs.prove(asha, RIGHT, caller=withheld, actor=IVR) is LOCKED


@pytest.mark.fault("F35")
def test_given_failures_of_a_caller_when_he_succeeds_then_they_are_not_forgotten_but_a_person_can_lift_them(
    whole: PatientServices, ground: Ground, asha: int
) -> None:
    for facts in (WRONG, WRONG, RIGHT, WRONG):
        whole.proofs.prove(asha, facts, caller=HER, actor=IVR)
    assert whole.proofs.is_locked(asha, STRANGER)
    whole.proofs.unlock(asha, actor=BELA, reason="窗口核验身份证", caller_number=HER.number)
    assert whole.proofs.prove(asha, RIGHT, caller=HER, actor=IVR) is PROVEN
    (line,) = ground.audit.entries(action="identity.unlock")
    assert (line.actor_id, line.reason) == (7, "窗口核验身份证")


@pytest.mark.requirement("R46")
@pytest.mark.requirement("R29")
def test_given_any_attempt_when_audited_then_without_the_digits(
    whole: PatientServices, ground: Ground, asha: int
) -> None:
    whole.proofs.set_pin(asha, "274913", actor=BELA)
    for facts in (RIGHT, {Fact.PIN: "274913"}, {Fact.PIN: "555012"}):
        whole.proofs.prove(asha, facts, caller=HER, actor=IVR)
    lines = ground.audit.entries(object_id=str(asha))
    assert [line.action for line in lines].count("identity.attempt") == 3
    assert [line.action for line in lines].count("identity.proven") == 2
    told = repr(lines)
    assert not any(secret in told for secret in ("274913", "555012", "19880615", "002*", "13800000001"))
    assert ground.audit.verify() == []


@pytest.mark.requirement("R6")
def test_given_nobody_or_no_pin_when_a_pin_is_tried_then_the_same_answer_after_the_same_work(
    whole: PatientServices, ground: Ground, asha: int
) -> None:
    hasher = CountingHasher()
    proofs = Proofs(
        ground.database, ground.cipher, ground.clock, trail=Trail(ground.audit, ground.clock), hasher=hasher
    )
    answers = {proofs.prove(one, {Fact.PIN: "274913"}, caller=HER, actor=IVR) for one in (asha, None, 999)}
    assert answers == {NOT_PROVEN}
    assert hasher.verified == 3


@pytest.mark.fault("F35")
def test_given_ten_calls_at_once_when_all_guess_wrong_then_no_more_than_three_are_compared(
    whole: PatientServices, asha: int
) -> None:
    results: list[ProofResult] = []
    gate = threading.Barrier(10)

    def guess(place: int) -> None:
        gate.wait()
        caller = Caller(f"139000000{place:02d}", f"in-{place}")
        results.append(whole.proofs.prove(asha, WRONG, caller=caller, actor=IVR))

    threads = [threading.Thread(target=guess, args=(place,)) for place in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (results.count(NOT_PROVEN), results.count(LOCKED)) == (3, 7)


class CountingHasher(PasswordHasher):
    def __init__(self) -> None:
        super().__init__(1, 64, 1)
        self.verified = 0

    def verify(self, *args: object, **options: object) -> bool:  # type: ignore[override]
        self.verified += 1
        return super().verify(*args, **options)  # type: ignore[arg-type]
