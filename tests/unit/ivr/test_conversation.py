"""How the hotline asks: repeat, person and emergency keys everywhere, patience that ends with a person."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import InvalidInput
from ivr.conversation import REPEATS_MAX, CallerGone, Reason, WantsEmergency, WantsPerson, clean_keys
from ivr.dialplan_variables import TO_EMERGENCY, TO_PERSON, to_department
from tests.support.scripted_caller import SILENT, Talk


def ask(talk: Talk) -> str:
    return talk.conversation.ask_choice(["main-menu"], {"1", "5"}, node="main")


def test_given_a_listed_key_when_asked_then_it_is_returned_and_told_as_a_step() -> None:
    talk = Talk(["5"])
    assert ask(talk) == "5"
    assert talk.steps == [("main", "5")]
    assert talk.line.heard == ["hl/main-menu"]


@pytest.mark.capability("C3")
@pytest.mark.fault("F29")
@pytest.mark.parametrize("wrong", ["7", "#", "A", "D"])
def test_given_two_wrong_keys_when_asked_then_a_person_takes_over(wrong: str) -> None:
    talk = Talk([wrong, wrong])
    with pytest.raises(WantsPerson) as wish:
        ask(talk)
    assert wish.value.reason is Reason.WRONG_KEYS
    assert talk.line.heard_keys() == ["main-menu", "wrong-key", "main-menu"]


@pytest.mark.capability("C3")
@pytest.mark.fault("F31")
def test_given_three_silences_when_asked_then_a_person_takes_over() -> None:
    talk = Talk([SILENT, SILENT, SILENT])
    with pytest.raises(WantsPerson) as wish:
        ask(talk)
    assert wish.value.reason is Reason.SILENCE
    assert talk.line.heard_keys() == ["main-menu", "no-input", "main-menu", "no-input", "main-menu"]
    assert talk.steps == [("main", "")] * 3


def test_given_a_mistake_when_the_right_key_follows_then_it_counts() -> None:
    assert ask(Talk(["7", SILENT, SILENT, "1"])) == "1"


def test_given_star_when_asked_then_the_question_is_said_again() -> None:
    talk = Talk(["*", "1"])
    assert ask(talk) == "1"
    assert talk.line.heard_keys() == ["main-menu", "main-menu"]


@pytest.mark.fault("F30")
def test_given_a_flood_of_stars_when_asked_then_it_ends_with_a_person() -> None:
    talk = Talk(["*"] * 1000)
    with pytest.raises(WantsPerson) as wish:
        ask(talk)
    assert wish.value.reason is Reason.REPEATS
    assert len(talk.steps) == REPEATS_MAX


@pytest.mark.capability("C14")
def test_given_nine_when_asked_for_a_choice_or_digits_or_told_something_then_it_is_an_emergency() -> None:
    for act in (
        lambda talk: ask(talk),
        lambda talk: talk.conversation.ask_digits(["identity-last-four-ask"], node="proof", length=4),
        lambda talk: talk.conversation.say("greeting"),
    ):
        with pytest.raises(WantsEmergency):
            act(Talk(["9"], during={"hl/greeting": "9"}))


def test_given_zero_when_asked_then_a_person_is_wanted() -> None:
    with pytest.raises(WantsPerson) as wish:
        ask(Talk(["0"]))
    assert wish.value.reason is Reason.ASKED


@pytest.mark.requirement("R29")
def test_given_a_secret_entry_when_taken_then_the_step_does_not_show_it() -> None:
    talk = Talk(["0314"])
    assert talk.conversation.ask_digits(["identity-last-four-ask"], node="proof", length=4, is_secret=True) == "0314"
    assert talk.steps == [("proof", "****")]


@pytest.mark.parametrize("entry", ["0000", "9999", "123*", "9012"])
def test_given_four_digits_when_asked_for_four_then_0_9_and_a_last_star_are_digits(entry: str) -> None:
    assert Talk([entry]).conversation.ask_digits(["identity-last-four-ask"], node="proof", length=4) == entry


@pytest.mark.fault("F29")
@pytest.mark.parametrize("entry", ["12", "1*3", "1#2A", "ABCD", "1" * 200])
def test_given_an_unusable_entry_when_asked_for_four_then_it_is_a_mistake(entry: str) -> None:
    talk = Talk([entry, entry])
    with pytest.raises(WantsPerson):
        talk.conversation.ask_digits(["identity-last-four-ask"], node="proof", length=4)


def test_given_a_hangup_when_asked_then_nothing_more_is_said() -> None:
    talk = Talk([])
    with pytest.raises(CallerGone):
        ask(talk)
    with pytest.raises(CallerGone):
        talk.conversation.say("goodbye")
    assert talk.line.commands == ["read"]


def test_given_a_route_when_set_twice_then_only_one_command_is_sent() -> None:
    talk = Talk()
    talk.conversation.begin(TO_PERSON)
    talk.conversation.set_route(TO_PERSON)
    assert talk.line.commands == ["set"]


def test_given_begin_when_called_then_the_dialplan_hears_that_we_live_and_where_the_caller_goes() -> None:
    talk = Talk()
    talk.conversation.begin(TO_PERSON)
    assert next(iter(talk.line.variables)) == "HL_IVR_OK"
    assert talk.line.variables["TIMEOUT(absolute)"] == "900"
    assert talk.way == ("queue", "enquiry")


def test_given_an_earlier_route_when_another_is_set_then_nothing_of_it_shines_through() -> None:
    talk = Talk()
    talk.conversation.begin(to_department("cardiology", "0519-5550101"))
    assert talk.line.variables["HL_DEPARTMENT_NUMBER"] == "05195550101"
    talk.conversation.set_route(TO_EMERGENCY)
    assert talk.line.variables["HL_DEPARTMENT"] == talk.line.variables["HL_DEPARTMENT_NUMBER"] == ""
    assert talk.line.variables["QUEUE_PRIO"] == "100"


@pytest.mark.fault("F97")
@pytest.mark.parametrize(
    ("code", "number"), [("a,b", "123456"), ("cardiology", "1&PJSIP/x"), ("cardiology", "12"), ("", "123456")]
)
def test_given_a_department_that_could_mean_more_when_routed_then_it_is_refused(code: str, number: str) -> None:
    with pytest.raises(InvalidInput):
        to_department(code, number)


@given(st.text())
def test_given_any_dtmf_text_when_cleaned_then_only_keys_remain_and_it_is_short(text: str) -> None:
    cleaned = clean_keys(text)
    assert set(cleaned) <= set("0123456789*#ABCD")
    assert len(cleaned) <= 32


@given(st.lists(st.sampled_from([*"0123456789*#ABCD", ""]), max_size=40))
@pytest.mark.invariant("I8")
def test_given_any_caller_when_asked_then_it_ends_in_a_choice_a_person_or_an_emergency(keys: list[str]) -> None:
    talk = Talk(keys)
    with contextlib.suppress(WantsPerson, WantsEmergency, CallerGone):
        assert ask(talk) in {"1", "5"}
    assert len(talk.line.asked) <= 2 + 3 + REPEATS_MAX
