"""The survey call: consent, questions, comment; what was answered is kept whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.conversation import CallerGone, Recorded
from ivr.flows.ground import GroundCalls
from ivr.flows.survey import SurveyFlow
from tests.support.scripted_caller import HANG_UP, SILENT, FakeSurveys, Talk, quick_ground

ATTEMPT = "att-1795295027-abcdef0123"


@pytest.fixture
def ground() -> Iterator[GroundCalls]:
    calls = quick_ground()
    yield calls
    calls.stop()


def survey(surveys: FakeSurveys, script: list[str], *, ground: GroundCalls, folder: Path) -> Talk:
    talk = Talk(script, call_id=ATTEMPT)
    SurveyFlow(surveys, ground=ground, comments_folder=folder).run(talk.conversation)
    return talk


@pytest.mark.capability("C97")
def test_given_a_willing_patient_when_called_then_three_answers_and_a_comment_are_kept(
    ground: GroundCalls, tmp_path: Path
) -> None:
    surveys = FakeSurveys()
    talk = survey(surveys, ["1", "5", "4", "3"], ground=ground, folder=tmp_path)
    assert surveys.written == [
        ("answer", "q1", 5), ("answer", "q2", 4), ("answer", "q3", 3), ("finish",), ("comment", f"{ATTEMPT}-comment.wav"),
    ]  # fmt: skip
    assert talk.line.variables["HL_NEXT"] == "hangup"
    assert talk.line.heard_keys()[-1] == "survey-thanks"


@pytest.mark.requirement("R42")
def test_given_a_survey_call_when_answered_then_the_first_sentence_names_the_hospital(
    ground: GroundCalls, tmp_path: Path
) -> None:
    talk = survey(FakeSurveys(), ["2"], ground=ground, folder=tmp_path)
    assert talk.line.heard_keys()[0] == "survey-intro"


def test_given_a_refusal_when_called_then_it_is_kept_and_the_call_ends(ground: GroundCalls, tmp_path: Path) -> None:
    surveys = FakeSurveys()
    talk = survey(surveys, ["2"], ground=ground, folder=tmp_path)
    assert surveys.written == [("refuse", False)]
    assert talk.line.heard_keys()[-1] == "survey-refused"


@pytest.mark.capability("C98")
@pytest.mark.requirement("R41")
@pytest.mark.parametrize("script", [["8"], ["1", "8"], ["1", "5", "8"]])
def test_given_the_stop_key_anywhere_when_pressed_then_the_patient_is_never_called_again(
    script: list[str], ground: GroundCalls, tmp_path: Path
) -> None:
    surveys = FakeSurveys()
    talk = survey(surveys, script, ground=ground, folder=tmp_path)
    assert surveys.written[-1] == ("refuse", True)
    assert ("finish",) not in surveys.written
    assert talk.line.heard_keys()[-1] == "survey-stopped"


@pytest.mark.capability("C98")
def test_given_hash_when_asked_then_the_question_is_skipped_and_star_repeats_it(
    ground: GroundCalls, tmp_path: Path
) -> None:
    surveys = FakeSurveys(wants_comment=False)
    talk = survey(surveys, ["1", "#", "*", "4", "3"], ground=ground, folder=tmp_path)
    assert surveys.written == [("answer", "q2", 4), ("answer", "q3", 3), ("finish",)]
    assert talk.line.heard_keys().count("survey-q2") == 2


@pytest.mark.parametrize("wrong", ["6", "7", "A"])
def test_given_a_key_outside_the_scale_when_pressed_then_told_and_asked_again(
    wrong: str, ground: GroundCalls, tmp_path: Path
) -> None:
    surveys = FakeSurveys(questions=1, wants_comment=False)
    talk = survey(surveys, ["1", wrong, "2"], ground=ground, folder=tmp_path)
    assert surveys.written == [("answer", "q1", 2), ("finish",)]
    assert "survey-invalid" in talk.line.heard_keys()


@pytest.mark.capability("C97")
@pytest.mark.parametrize("script", [["1", "5", HANG_UP], ["1", "5", SILENT, SILENT, SILENT], ["1", "5", "7", "7"]])
def test_given_a_survey_that_breaks_off_when_over_then_the_answer_is_kept_and_it_is_not_finished(
    script: list[str], ground: GroundCalls, tmp_path: Path
) -> None:
    surveys = FakeSurveys()
    try:
        talk = survey(surveys, script, ground=ground, folder=tmp_path)
        assert talk.line.variables["HL_NEXT"] == "hangup"
    except CallerGone:
        assert script[-1] == HANG_UP
    assert surveys.written == [("answer", "q1", 5)]


@pytest.mark.capability("C97")
def test_given_an_answered_but_silent_call_when_over_then_nothing_counts_as_done(
    ground: GroundCalls, tmp_path: Path
) -> None:
    surveys = FakeSurveys()
    talk = survey(surveys, [SILENT] * 3, ground=ground, folder=tmp_path)
    assert surveys.written == []
    assert talk.line.heard_keys()[-1] == "goodbye"


@pytest.mark.capability("C97")
def test_given_the_patient_hangs_up_instead_of_a_comment_when_over_then_the_survey_is_finished(
    ground: GroundCalls, tmp_path: Path
) -> None:
    surveys, talk = FakeSurveys(), Talk(["1", "5", "4", "3"], call_id=ATTEMPT)
    talk.line.recorded = Recorded(tmp_path / "x", 0.0, caller_left=True)
    with pytest.raises(CallerGone):
        SurveyFlow(surveys, ground=ground, comments_folder=tmp_path).run(talk.conversation)
    assert surveys.written[-1] == ("finish",)


def test_given_the_patient_hangs_up_while_speaking_when_over_then_the_comment_is_kept(
    ground: GroundCalls, tmp_path: Path
) -> None:
    surveys, talk = FakeSurveys(), Talk(["1", "5", "4", "3"], call_id=ATTEMPT)
    talk.line.recorded = Recorded(tmp_path / "x", 7.0, caller_left=True)
    with pytest.raises(CallerGone):
        SurveyFlow(surveys, ground=ground, comments_folder=tmp_path).run(talk.conversation)
    assert surveys.written[-1] == ("comment", f"{ATTEMPT}-comment.wav")


def test_given_nothing_is_said_as_a_comment_when_over_then_no_comment_and_no_file(
    ground: GroundCalls, tmp_path: Path
) -> None:
    surveys, talk = FakeSurveys(), Talk(["1", "5", "4", "3"], call_id=ATTEMPT)
    talk.line.recorded = Recorded(tmp_path / "x", 1.02, was_silent=True)
    SurveyFlow(surveys, ground=ground, comments_folder=tmp_path).run(talk.conversation)
    assert surveys.written[-1] == ("finish",)
    assert list(tmp_path.iterdir()) == []


def test_given_zero_or_nine_in_a_survey_when_pressed_then_a_person_or_the_emergency(
    ground: GroundCalls, tmp_path: Path
) -> None:
    assert survey(FakeSurveys(), ["1", "0"], ground=ground, folder=tmp_path).way == ("queue", "enquiry")
    assert survey(FakeSurveys(), ["1", "9"], ground=ground, folder=tmp_path).way == ("queue", "emergency")


def test_given_an_attempt_nobody_knows_when_answered_then_the_call_ends_politely(
    ground: GroundCalls, tmp_path: Path
) -> None:
    talk = survey(FakeSurveys(is_known=False), [], ground=ground, folder=tmp_path)
    assert talk.line.heard_keys() == ["goodbye"]
    assert talk.line.variables["HL_NEXT"] == "hangup"


@pytest.mark.fault("F41")
def test_given_a_database_that_fails_for_a_moment_when_answers_come_then_all_are_kept_in_order(
    ground: GroundCalls, tmp_path: Path
) -> None:
    surveys, failures = FakeSurveys(wants_comment=False), [1]

    def fail_once() -> None:
        if failures:
            failures.pop()
            raise RuntimeError("database is locked")

    surveys.before_write = fail_once
    survey(surveys, ["1", "5", "4", "3"], ground=ground, folder=tmp_path)
    assert surveys.written == [("answer", "q1", 5), ("answer", "q2", 4), ("answer", "q3", 3), ("finish",)]
