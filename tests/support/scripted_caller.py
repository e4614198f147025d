"""A caller who follows a script: a telephone line without a telephone, for tests of conversations and flows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from crm_core.appointments.cards import AppointmentCard, DepartmentCard
from crm_core.bus import RecordingBus
from crm_core.calls.events import IvrStepTaken
from crm_core.campaigns.cards import SurveyCall, SurveyQuestion
from crm_core.clock import ManualClock
from crm_core.ids import AttemptId, CallId, PatientId
from crm_core.patients.cards import PatientCard
from ivr.conversation import Caller, CallerGone, Conversation, Patience, Recorded
from ivr.dialplan_variables import Next
from ivr.flows.asking import Asking
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.departments import Departments
from ivr.flows.ground import GroundCalls
from ivr.flows.identification import Identification
from ivr.flows.inbound import InboundFlow
from ivr.flows.my_appointments import MyAppointments
from ivr.flows.proving import Proving
from ivr.menu_flows import standard_flows
from ivr.menu_runner import MenuRunner
from ivr.menu_visit import MenuFlow
from ivr.menus import MenuSource, PublishedMenu
from ivr.prompt_catalogue import PromptCatalogue, load_catalogue
from tests.support.proof_stand_ins import FakeProofs, NobodyWaits, NoChanges

HANG_UP = "hang up"
SILENT = ""


class ScriptedLine:
    """Answers every question with the next entry of the script; at its end the caller hangs up.

    ``during`` maps a sound to the key pressed while it plays (only ``play`` looks at it).
    """

    def __init__(self, script: Iterable[str] = (), *, during: Mapping[str, str] | None = None) -> None:
        self._script = list(script)
        self._during = dict(during or {})
        self.heard: list[str] = []
        self.asked: list[tuple[list[str], int]] = []
        self.variables: dict[str, str] = {}
        self.commands: list[str] = []
        self.is_gone = False
        self.recorded = Recorded(Path("comment.wav"), 5.0)

    def set_variables(self, variables: Mapping[str, str]) -> None:
        self._command("set")
        self.variables.update(variables)

    def play(self, sounds: Sequence[str], *, stop_keys: str) -> str:
        self._command("play")
        for sound in sounds:
            self.heard.append(sound)
            key = self._during.pop(sound, "")
            if key == HANG_UP:
                self._hang_up()
            if key and key in stop_keys:
                return key
        return ""

    def play_to_end(self, sound: str, *, stop_keys: str) -> tuple[str, str]:
        self._command("play")
        self.heard.append(sound)
        keys = self._during.pop(sound, "")
        if keys == HANG_UP:
            self._hang_up()
        stop = next((key for key in keys if key in stop_keys), "")
        return stop, "" if stop else keys

    def read_digits(self, sounds: Sequence[str], *, max_digits: int, timeout_s: float) -> str:
        self._command("read")
        self.heard += sounds
        self.asked.append((list(sounds), max_digits))
        entry = self._script.pop(0) if self._script else HANG_UP
        if entry == HANG_UP:
            self._hang_up()
        return entry

    def record(self, path: Path, *, max_s: float, silence_s: float) -> Recorded:
        self._command("record")
        if self.recorded.length_s:
            path.write_bytes(b"RIFF")
        self.is_gone = self.recorded.caller_left
        return Recorded(
            path, self.recorded.length_s, was_silent=self.recorded.was_silent, caller_left=self.recorded.caller_left
        )

    def heard_keys(self) -> list[str]:
        """Prompt keys in the order in which they began."""
        return [sound.removeprefix("hl/") for sound in self.heard]

    def _command(self, name: str) -> None:
        if self.is_gone:
            raise CallerGone
        self.commands.append(name)

    def _hang_up(self) -> None:
        self.is_gone = True
        raise CallerGone


class Talk:
    """A conversation over a scripted line, with what it told the bus."""

    def __init__(
        self,
        script: Iterable[str] = (),
        *,
        during: Mapping[str, str] | None = None,
        number: str = "13800000001",
        call_id: str = "hl1-1.1",
        patience: Patience | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.bus = RecordingBus()
        self.line = ScriptedLine(script, during=during)
        self.conversation = Conversation(
            self.line,
            call_id=CallId(call_id),
            caller=Caller(number),
            on_step=lambda node, key: self.bus.publish(
                IvrStepTaken(at=self.clock.now(), call_id=CallId(call_id), node=node, key=key)
            ),
            patience=patience,
        )

    @property
    def steps(self) -> list[tuple[str, str]]:
        return [(step.node, step.key) for step in self.bus.of(IvrStepTaken)]

    @property
    def way(self) -> tuple[str, str]:
        """(HL_NEXT, queue or department) as the dialplan would read it."""
        target = "HL_DEPARTMENT" if self.line.variables["HL_NEXT"] == Next.DEPARTMENT else "HL_QUEUE"
        return self.line.variables["HL_NEXT"], self.line.variables[target]


ASHA = PatientCard(PatientId(1), "阿莎", "female", date(1990, 3, 14), 36)
WANG_FANG = PatientCard(PatientId(2), "王芳", "female", date(1985, 7, 2), 41)
WANG_GANG = PatientCard(PatientId(3), "王刚", "male", date(2015, 1, 9), 11, relation="child")


class FakePatients:
    def __init__(self, *patients: PatientCard) -> None:
        self.patients = list(patients)
        self.looked_up: list[str] = []

    def find_by_number(self, number: str) -> list[PatientCard]:
        self.looked_up.append(number)
        return self.patients


class FakeAppointments:
    def __init__(self, *, upcoming: int = 1, departments: Sequence[DepartmentCard] | None = None) -> None:
        self.count = upcoming
        self._departments = list(departments) if departments is not None else [
            DepartmentCard("cardiology", "心内科", "Cardiology", "0519-5550101", "1", True),
            DepartmentCard("orthopedics", "骨科", "Orthopaedics", "05195550102", "2", False),
        ]  # fmt: skip

    def upcoming(self, patient_id: int, limit: int = 3) -> list[AppointmentCard]:
        starts_at = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
        return [
            AppointmentCard(i, starts_at, "cardiology", "心内科", "d1", "王建国", "二楼", "booked")
            for i in range(self.count)
        ]

    def departments(self) -> list[DepartmentCard]:
        return self._departments


class FakeHours:
    def __init__(self, *, is_open: bool = True) -> None:
        self.open = is_open

    def is_open(self, moment: datetime, calendar: str = "hospital") -> bool:
        return self.open


class FakeSurveys:
    """Remembers what was written, in order."""

    def __init__(self, *, questions: int = 3, wants_comment: bool = True, is_known: bool = True) -> None:
        self._questions = tuple(SurveyQuestion(f"q{i}", f"survey-q{i}") for i in range(1, questions + 1))
        self._wants_comment = wants_comment
        self._is_known = is_known
        self.written: list[tuple[object, ...]] = []
        self.before_write: Callable[[], None] = lambda: None

    def survey_of(self, attempt_id: str) -> SurveyCall | None:
        if not self._is_known:
            return None
        return SurveyCall(AttemptId(attempt_id), "出院满意度", "阿莎", self._questions, self._wants_comment)

    def record_answer(self, attempt_id: str, question: str, score: int) -> None:
        self._write("answer", question, score)

    def record_comment(self, attempt_id: str, name: str) -> None:
        self._write("comment", name)

    def refuse(self, attempt_id: str, *, for_ever: bool = False) -> None:
        self._write("refuse", for_ever)

    def finish_survey(self, attempt_id: str) -> None:
        self._write("finish")

    def _write(self, *what: object) -> None:
        self.before_write()
        self.written.append(what)


@functools.cache
def catalogues() -> dict[str, PromptCatalogue]:
    return {language: load_catalogue(language) for language in ("zh", "en")}


def quick_ground() -> GroundCalls:
    """Waits long enough for every fake and not long for a ground that hangs."""
    return GroundCalls(timeout_s=0.5, workers=4)


class InboundHouse:
    """The inbound flow over fakes."""

    def __init__(self, ground: GroundCalls) -> None:
        self.ground = ground
        self.patients = FakePatients(ASHA)
        self.appointments = FakeAppointments()
        self.hours = FakeHours()
        self.proofs = FakeProofs()
        self.menu: MenuSource = PublishedMenu(None)
        self.flows: dict[str, MenuFlow] = {}
        """Further named flows, beside those of the room."""
        self.folder = Path()

    def receive(self, talk: Talk) -> Talk:
        phrases = BookingPhrases(catalogues(), talk.clock)
        asking = Asking(self.ground, talk.clock)
        identification = Identification(phrases, bus=talk.bus, clock=talk.clock)
        departments = Departments(self.appointments, ground=self.ground, phrases=phrases)
        my_appointments = MyAppointments(
            self.appointments, NobodyWaits(), identification=identification, changes=NoChanges(), asking=asking,
            phrases=phrases, proving=Proving(self.proofs, asking=asking),
        )  # fmt: skip
        flows = standard_flows(departments) | {"my_appointments": my_appointments} | self.flows
        runner = MenuRunner(
            flows,
            identification=identification,
            departments=departments,
            hours=self.hours,
            ground=self.ground,
            bus=talk.bus,
            clock=talk.clock,
            folder=self.folder,
        )
        flow = InboundFlow(
            self.menu,
            runner,
            patients=self.patients,
            identification=identification,
            ground=self.ground,
            bus=talk.bus,
            clock=talk.clock,
        )
        flow.run(talk.conversation)
        return talk
