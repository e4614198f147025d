"""The second factor over both databases: a code counts once, also for two who come at the same moment (R7)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from crm_core.agents.accounts import Account
from crm_core.agents.kinds import Role
from crm_core.agents.second_factor import SecondFactorPolicy, SecondFactors
from crm_core.errors import InvalidInput, NotAllowed, NotFound, WrongState
from tests.support.ground import Ground

pytestmark = pytest.mark.requirement("R7")


@pytest.fixture
def chen(ground: Ground) -> Account:
    return ground.accounts.account(ground.agent("chen", "1900", role=Role.SUPERVISOR))


def factors(ground: Ground, policy: SecondFactorPolicy = SecondFactorPolicy.OPTIONAL) -> SecondFactors:
    return SecondFactors(ground.database, ground.cipher, ground.clock, policy=policy, issuer="仁爱医院")


def enrolled(ground: Ground, account: Account) -> pyotp.TOTP:
    totp = pyotp.TOTP(factors(ground).begin(account).secret)
    factors(ground).confirm(account, totp.at(ground.clock.now()))
    ground.clock.advance(30)
    return totp


def test_given_one_code_when_many_come_with_it_at_once_then_one_is_let_in(ground: Ground, chen: Account) -> None:
    code = enrolled(ground, chen).at(ground.clock.now())
    with ThreadPoolExecutor(8) as pool:
        let_in = list(pool.map(lambda _: factors(ground).verify(chen, code), range(8)))
    assert let_in.count(True) == 1


@pytest.mark.parametrize("code", ["", "123", "abcdef", "１２３４５６", "0000000", "'; drop table", "\x00" * 6])
def test_given_nonsense_when_sent_as_code_then_refused(ground: Ground, chen: Account, code: str) -> None:
    enrolled(ground, chen)
    assert factors(ground).verify(chen, code) is False


def test_given_a_code_when_two_steps_old_or_ahead_then_refused_one_step_is_accepted(
    ground: Ground, chen: Account
) -> None:
    totp = enrolled(ground, chen)
    ground.clock.advance(300)
    now = ground.clock.now()
    assert not factors(ground).verify(chen, totp.at(now, counter_offset=-2))
    assert not factors(ground).verify(chen, totp.at(now, counter_offset=2))
    assert factors(ground).verify(chen, totp.at(now, counter_offset=-1))
    assert factors(ground).verify(chen, totp.at(now))


def test_given_the_roles_and_policies_when_asked_then_the_table(ground: Ground, chen: Account) -> None:
    bela = ground.accounts.account(ground.agent())
    table = [
        (policy.value, account.login, state.may_have, state.is_enrolled, state.must_enrol)
        for policy in SecondFactorPolicy
        for account in (bela, chen)
        for state in [factors(ground, policy).state(account)]
    ]
    assert table == [
        ("off", "bela", False, False, False), ("off", "chen", False, False, False),
        ("optional", "bela", False, False, False), ("optional", "chen", True, False, False),
        ("required", "bela", False, False, False), ("required", "chen", True, False, True),
    ]  # fmt: skip
    with pytest.raises(NotAllowed):
        factors(ground).begin(bela)
    with pytest.raises(NotFound):
        factors(ground).confirm(chen, "123456")


def test_given_one_in_force_when_begun_again_then_refused_and_removed_then_begun(ground: Ground, chen: Account) -> None:
    enrolled(ground, chen)
    with pytest.raises(WrongState):
        factors(ground).begin(chen)
    assert factors(ground).remove(int(chen.id))
    assert not factors(ground).remove(int(chen.id))
    first = factors(ground).begin(chen)
    second = factors(ground).begin(chen)
    with pytest.raises(InvalidInput):
        factors(ground).confirm(chen, pyotp.TOTP(first.secret).at(ground.clock.now()))
    factors(ground).confirm(chen, pyotp.TOTP(second.secret).at(ground.clock.now()))
    assert factors(ground, SecondFactorPolicy.REQUIRED).state(chen).must_enrol is False
