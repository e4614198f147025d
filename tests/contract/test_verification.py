"""防诈骗核验: a patient asks whether a call was ours; nobody learns it by guessing (C93)."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from crm_core.errors import InvalidInput
from crm_core.messaging.kinds import MessageState
from crm_core.messaging.verification import Verdict, Verification, VerificationRules
from tests.support.ground import Ground
from tests.support.message_house import ASHA_NUMBER, MessageHouse


@pytest.fixture
def verification(ground: Ground) -> Verification:
    return Verification(ground.database, ground.clock, ground.cipher)


@pytest.mark.capability("C93")
def test_given_an_announced_call_when_the_code_is_keyed_then_was_ours_until_it_ends(
    ground: Ground, verification: Verification
) -> None:
    issued = verification.issue(ASHA_NUMBER, "随访", "att-1")
    assert len(issued.code) == 6
    assert issued.expires_at == ground.clock.now() + timedelta(days=1)
    found = verification.check(issued.code + "#", "+86 138 0000 0001")
    assert (found.verdict, found.purpose, found.reference) == (Verdict.WAS_OURS, "随访", "att-1")
    assert found.announced_at == ground.clock.now()
    ground.clock.advance(86_400)
    assert verification.check(issued.code, ASHA_NUMBER).verdict is Verdict.EXPIRED
    ground.clock.advance(31 * 86_400)
    assert verification.purge() == 1
    assert verification.check(issued.code, ASHA_NUMBER).verdict is Verdict.NOT_OURS


@pytest.mark.capability("C93")
@pytest.mark.fault("F34")
def test_given_a_code_of_another_number_when_keyed_then_not_ours_and_nothing_is_told(
    verification: Verification,
) -> None:
    code = verification.issue(ASHA_NUMBER, "随访", "att-1").code
    found = verification.check(code, "13900000009")
    assert (found.verdict, found.purpose, found.announced_at) == (Verdict.NOT_OURS, "", None)
    assert verification.check(code, "anonymous").verdict is Verdict.NOT_OURS


@pytest.mark.parametrize(
    "keys", ["", "#", "1", "12", "*123", "1234567", "abcdef", "１２３４５６", "٠١٢٣٤٥", "12 456", "123456\n", "9" * 300]
)
def test_given_garbage_when_keyed_then_not_ours(verification: Verification, keys: str) -> None:
    verification.issue(ASHA_NUMBER, "随访", "att-1")
    assert verification.check(keys, ASHA_NUMBER).verdict is Verdict.NOT_OURS


@pytest.mark.fault("F35")
def test_given_a_guesser_when_he_goes_on_then_throttled_even_with_the_right_code_until_time_passes(
    ground: Ground, verification: Verification
) -> None:
    code = verification.issue(ASHA_NUMBER, "随访", "att-1").code
    other = verification.issue("13900000009", "随访", "att-2").code
    wrong = "000000" if code != "000000" else "000001"
    assert [verification.check(wrong, ASHA_NUMBER).verdict for _ in range(6)] == [Verdict.NOT_OURS] * 5 + [
        Verdict.THROTTLED
    ]
    assert verification.check(code, ASHA_NUMBER).verdict is Verdict.THROTTLED
    assert verification.check(other, "13900000009").verdict is Verdict.WAS_OURS, "others are not disturbed"
    ground.clock.advance(901)
    assert verification.check(code, ASHA_NUMBER).verdict is Verdict.WAS_OURS


@pytest.mark.fault("F35")
def test_given_a_guesser_with_many_numbers_when_he_goes_on_then_all_are_slowed(ground: Ground) -> None:
    strict = Verification(ground.database, ground.clock, ground.cipher, rules=VerificationRules(wrong_of_all=8))
    verdicts = [strict.check("123456", f"139000000{number:02d}").verdict for number in range(10)]
    assert verdicts == [Verdict.NOT_OURS] * 8 + [Verdict.THROTTLED] * 2


@pytest.mark.requirement("R19")
def test_given_a_code_when_the_tables_are_read_raw_then_neither_code_nor_number_is_there(
    ground: Ground, verification: Verification
) -> None:
    code = verification.issue(ASHA_NUMBER, "随访", "att-1").code
    with ground.database.read() as session:
        row = session.execute(text("SELECT number_hash, code_hash, purpose, reference FROM verification_codes")).one()
    assert code not in row
    assert ASHA_NUMBER not in str(row)


def test_given_two_codes_of_one_number_when_drawn_alike_then_the_second_is_another(ground: Ground) -> None:
    draws = iter([1234, 1234, 77])
    made = Verification(
        ground.database, ground.clock, ground.cipher, rules=VerificationRules(digits=4), draw=lambda _limit: next(draws)
    )
    assert [made.issue(ASHA_NUMBER, "随访", reference).code for reference in ("a", "b")] == ["1234", "0077"]


@pytest.mark.capability("C93")
def test_given_an_announcement_when_made_twice_then_one_sms_whose_code_is_right(
    ground: Ground, verification: Verification
) -> None:
    house = MessageHouse(ground)
    cards = [verification.announce(house.outbox, ASHA_NUMBER, "随访", "att-1") for _ in range(2)]
    assert cards[0].id == cards[1].id
    body = house.log.text(cards[0].id).text
    assert "切勿转账" in body
    assert "11月24日(周二)上午10:00前有效" in body
    code = body.split("核验码")[1][:6]
    assert verification.check(code, ASHA_NUMBER).verdict is Verdict.WAS_OURS
    with ground.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM verification_codes")).scalar_one() == 1
    ground.clock.advance(2 * 86_400)
    assert house.deliveries.claim(cards[0].channel, "a", lease_s=60) is None
    assert house.log.card(cards[0].id).state is MessageState.DEAD, "a code that is over is not sent any more"


def test_given_impossible_orders_when_issued_then_refused(ground: Ground, verification: Verification) -> None:
    with pytest.raises(InvalidInput):
        verification.issue("anonymous", "随访", "att-1")
    for digits in (3, 7):
        with pytest.raises(ValueError, match="4 to 6"):
            VerificationRules(digits=digits)
    stuck = Verification(ground.database, ground.clock, ground.cipher, draw=lambda _limit: 5)
    stuck.issue(ASHA_NUMBER, "随访", "a")
    with pytest.raises(InvalidInput):
        stuck.issue(ASHA_NUMBER, "随访", "b")
