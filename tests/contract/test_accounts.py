"""Accounts: right password, wrong password, guessing, and what ends a session."""

import pytest
from argon2 import PasswordHasher

from crm_core.agents.accounts import Accounts, Throttled
from crm_core.agents.events import SessionsRevoked
from crm_core.agents.kinds import Role
from crm_core.errors import Conflict, InvalidInput, NotAllowed
from tests.support.ground import PASSWORD, Ground


def test_given_a_user_when_the_password_is_right_then_he_is_let_in(ground: Ground) -> None:
    agent = ground.agent()
    assert ground.accounts.authenticate(" Bela ", PASSWORD, "127.0.0.1").id == agent


@pytest.mark.requirement("R6")
@pytest.mark.parametrize(
    ("login", "password"), [("bela", "wrong-password"), ("nobody", PASSWORD), ("", ""), ("bela", "x" * 5000)]
)
def test_given_anything_wrong_when_tried_then_the_same_refusal(ground: Ground, login: str, password: str) -> None:
    ground.agent()
    with pytest.raises(NotAllowed, match="login or password is wrong"):
        ground.accounts.authenticate(login, password, "127.0.0.1")


@pytest.mark.requirement("R5")
@pytest.mark.fault("F81")
def test_given_five_failures_when_tried_again_then_throttled_there_but_not_for_the_agent_at_her_desk(
    ground: Ground,
) -> None:
    ground.agent()
    for _ in range(5):
        with pytest.raises(NotAllowed):
            ground.accounts.authenticate("bela", "guess-guess-guess", "192.0.2.9")
    with pytest.raises(Throttled):
        ground.accounts.authenticate("bela", PASSWORD, "192.0.2.9")
    assert ground.accounts.authenticate("bela", PASSWORD, "127.0.0.1").login == "bela"
    ground.clock.advance(901)
    assert ground.accounts.authenticate("bela", PASSWORD, "192.0.2.9").login == "bela"


@pytest.mark.requirement("R5")
def test_given_a_longer_throttle_than_window_when_the_window_is_over_then_still_throttled(ground: Ground) -> None:
    ground.agent()
    strict = Accounts(
        ground.database, ground.bus, ground.clock, failures_max=3, failure_window_s=60, throttle_s=1800,
        hasher=PasswordHasher(1, 64, 1),
    )  # fmt: skip
    for _ in range(2):
        with pytest.raises(NotAllowed):
            strict.authenticate("bela", "guess-guess-guess", "192.0.2.9")
    ground.clock.advance(61)
    with pytest.raises(NotAllowed):
        strict.authenticate("bela", "guess-guess-guess", "192.0.2.9")
    assert strict.authenticate("bela", PASSWORD, "192.0.2.9").login == "bela", "never three within the window"
    for _ in range(3):
        with pytest.raises(NotAllowed):
            strict.authenticate("bela", "guess-guess-guess", "192.0.2.9")
    ground.clock.advance(1799)
    with pytest.raises(Throttled) as refusal:
        strict.authenticate("bela", PASSWORD, "192.0.2.9")
    assert refusal.value.retry_after_s == pytest.approx(1)
    ground.clock.advance(2)
    assert strict.authenticate("bela", PASSWORD, "192.0.2.9").login == "bela"


@pytest.mark.requirement("R9")
def test_given_a_log_out_when_ended_then_the_sessions_epoch_grows_and_it_is_told(ground: Ground) -> None:
    agent = ground.agent()
    before = ground.accounts.account(agent).session_epoch
    ground.accounts.end_sessions(agent, "logged out")
    assert ground.accounts.account(agent).session_epoch == before + 1
    assert [event.reason for event in ground.bus.of(SessionsRevoked)] == ["logged out"]


@pytest.mark.requirement("R9")
def test_given_changes_of_an_account_when_made_then_every_session_is_revoked(ground: Ground) -> None:
    agent = ground.agent()
    before = ground.accounts.account(agent).session_epoch
    ground.accounts.set_password(agent, "Another-Lantern-42")
    ground.accounts.set_role(agent, Role.SUPERVISOR)
    ground.accounts.set_disabled(agent, True)
    assert ground.accounts.account(agent).session_epoch == before + 3
    assert [event.user_id for event in ground.bus.of(SessionsRevoked)] == [agent] * 3
    with pytest.raises(NotAllowed):
        ground.accounts.authenticate("bela", "Another-Lantern-42", "127.0.0.1")


@pytest.mark.requirement("R3")
@pytest.mark.parametrize(
    "password", ["short", "1234567890", "aaaaaaaaaaaa", "bela-bela-bela", "仁爱医院-abcdef-1", "my-hotline-pass"]
)
def test_given_a_weak_password_when_set_then_refused(ground: Ground, password: str) -> None:
    with pytest.raises(InvalidInput):
        ground.accounts.set_password(ground.agent(), password)


@pytest.mark.requirement("R1")
def test_given_a_login_that_exists_when_created_again_then_refused(ground: Ground) -> None:
    ground.agent()
    with pytest.raises(Conflict):
        ground.agent(extension="1009")


@pytest.mark.requirement("R4")
def test_given_a_user_when_the_table_is_read_then_only_an_argon2id_hash_is_there(ground: Ground) -> None:
    from sqlalchemy import text

    ground.agent()
    with ground.database.read() as session:
        stored = str(session.execute(text("SELECT * FROM users")).all())
    assert PASSWORD not in stored
    assert "$argon2id$" in stored
