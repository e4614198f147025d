"""We call a patient after a visit: consent, questions by key, a spoken comment; what was answered is kept (C97, C98)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import structlog

from crm_core.campaigns.cards import SurveyCall, SurveyQuestion
from crm_core.ids import AttemptId
from ivr.conversation import Conversation, Reason, Reprompts, WantsEmergency, WantsPerson
from ivr.dialplan_variables import TO_EMERGENCY, TO_HANGUP, TO_PERSON
from ivr.flows.ground import GroundCalls, GroundSilent, SurveysPort

log = structlog.get_logger(__name__)

AGREE_KEY, REFUSE_KEY, STOP_KEY, SKIP_KEY = "1", "2", "8", "#"
COMMENT_MAX_S = 60.0
COMMENT_SILENCE_S = 4.0
COMMENT_LEAST_S = 1.0
_REPROMPTS = Reprompts(wrong=("survey-invalid",), silent=("survey-no-input",))


class SurveyFlow:
    """Path /survey; the call id is the attempt id. ``comments_folder`` must be writable for Asterisk."""

    def __init__(self, surveys: SurveysPort, *, ground: GroundCalls, comments_folder: Path) -> None:
        self._surveys = surveys
        self._ground = ground
        self._comments_folder = comments_folder

    def run(self, talk: Conversation) -> None:
        """A patient who was called is never put into a queue against his will: silence and mistakes end politely."""
        talk.begin(TO_HANGUP)
        attempt_id = AttemptId(str(talk.call_id))
        answers = _Answers(self._ground, attempt_id)
        try:
            self._interview(talk, attempt_id, answers)
        except WantsEmergency:
            talk.set_route(TO_EMERGENCY)
            talk.say("emergency", node="emergency", stop_keys="")
        except WantsPerson as wish:
            if wish.reason is Reason.ASKED:
                talk.set_route(TO_PERSON)
            else:
                talk.say("goodbye", node="survey_end", stop_keys="")
        except GroundSilent:
            talk.say("goodbye", node="survey_end", stop_keys="")
        finally:
            answers.save_again()

    def _interview(self, talk: Conversation, attempt_id: AttemptId, answers: _Answers) -> None:
        survey = self._ground.ask(self._surveys.survey_of, attempt_id)
        if survey is None:
            log.error("survey_unknown", call_id=talk.call_id)
            talk.say("goodbye", node="survey_end", stop_keys="")
            return
        if not self._has_consent(talk, answers) or not self._ask_all(talk, survey, answers):
            return
        answers.keep(self._surveys.finish_survey, attempt_id)
        if survey.wants_comment:
            self._take_comment(talk, attempt_id, answers)
        talk.say("survey-thanks", node="survey_end", stop_keys="")

    def _has_consent(self, talk: Conversation, answers: _Answers) -> bool:
        """The first sentence says which hospital calls (R42)."""
        key = talk.ask_choice(
            ["survey-intro", "survey-consent", "survey-stop-hint"],
            {AGREE_KEY, REFUSE_KEY, STOP_KEY},
            node="survey_consent",
        )
        if key == AGREE_KEY:
            return True
        if key == STOP_KEY:
            self._opt_out(talk, answers)
        else:
            answers.keep(self._surveys.refuse, answers.attempt_id)
            talk.say("survey-refused", node="survey_end", stop_keys="")
        return False

    def _opt_out(self, talk: Conversation, answers: _Answers) -> None:
        """不再来电: for every campaign and for ever (R41)."""
        answers.keep(functools.partial(self._surveys.refuse, for_ever=True), answers.attempt_id)
        talk.say("survey-stopped", node="survey_end", stop_keys="")

    def _ask_all(self, talk: Conversation, survey: SurveyCall, answers: _Answers) -> bool:
        """False when the stop key was pressed on the way."""
        for question in survey.questions:
            key = self._ask(talk, question)
            if key == STOP_KEY:
                self._opt_out(talk, answers)
                return False
            if key != SKIP_KEY:
                answers.keep(self._surveys.record_answer, answers.attempt_id, question.key, int(key))
        return True

    @staticmethod
    def _ask(talk: Conversation, question: SurveyQuestion) -> str:
        scores = {str(score) for score in range(question.min, question.max + 1) if 1 <= score <= 7}
        return talk.ask_choice(
            [question.prompt_key], {*scores, SKIP_KEY, STOP_KEY}, node=f"survey_{question.key}", reprompts=_REPROMPTS
        )

    def _take_comment(self, talk: Conversation, attempt_id: AttemptId, answers: _Answers) -> None:
        """Kept also when the caller hangs up while speaking; nothing said means no comment."""
        talk.say("survey-comment", node="survey_comment")
        path = self._comments_folder / f"{attempt_id}-comment.wav"
        recorded = talk.record(path, node="survey_comment", max_s=COMMENT_MAX_S, silence_s=COMMENT_SILENCE_S)
        if recorded.was_silent or recorded.length_s < COMMENT_LEAST_S:
            path.unlink(missing_ok=True)
        else:
            answers.keep(self._surveys.record_comment, attempt_id, path.name)


class _Answers:
    """Writes each answer at once; what the ground did not take in time is written again when the call is over."""

    def __init__(self, ground: GroundCalls, attempt_id: AttemptId) -> None:
        self._ground = ground
        self.attempt_id = attempt_id
        self._open: list[tuple[Callable[..., object], tuple[object, ...]]] = []

    def keep(self, write: Callable[..., object], *args: object) -> None:
        """The patient is never held up by our database. Order is kept: behind a failed write nothing overtakes."""
        if not self._open:
            try:
                self._ground.ask(write, *args)
                return
            except GroundSilent:
                pass
        self._open.append((write, args))

    def save_again(self) -> None:
        """Directly, in the caller's thread: the caller has gone, the database's own time limit is limit enough."""
        for write, args in self._open:
            try:
                write(*args)
            except Exception as error:
                log.error("survey_answer_lost", attempt_id=self.attempt_id, error=type(error).__name__)
        self._open.clear()
