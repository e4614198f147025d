"""The simulator of the menu editor: the runner that serves callers, over a line that only writes down what is heard (C5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from crm_core.appointments.cards import AppointmentCard, DepartmentCard, WaitingCard
from crm_core.bus import Bus, RecordingBus
from crm_core.clock import Clock, ManualClock
from crm_core.errors import InvalidInput
from crm_core.ids import CallId, PatientId
from crm_core.menus.ports import FlowCard, Rehearsal, Rehearsed, TestCaller
from crm_core.menus.tree import MenuTree
from crm_core.patients.cards import PatientCard
from crm_core.patients.kinds import Fact
from crm_core.patients.proofs import ProofResult
from ivr.conversation import Caller, CallerGone, Conversation, Recorded, clean_keys
from ivr.dialplan_variables import HL_LANGUAGE, Next
from ivr.flows.asking import Asking
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.departments import Departments
from ivr.flows.ground import GroundCalls, HoursPort, Pending
from ivr.flows.identification import Identification
from ivr.flows.inbound import InboundFlow
from ivr.flows.my_appointments import MyAppointments
from ivr.flows.proving import Proving
from ivr.menu_flows import flow_cards, standard_flows
from ivr.menu_runner import MenuRunner
from ivr.menu_visit import MenuFlow, Visit
from ivr.menus import FixedMenu
from ivr.prompt_catalogue import PromptCatalogue

T = TypeVar("T")

ANSWERS_MAX = 60
TEST_PIN = "258036"
TEST_FACTS: Mapping[Fact, str] = {Fact.ID_TAIL: "0315", Fact.BIRTH_DATE: "19850315"}
"""What the rehearsal accepts as proof of every invented patient: these two, or the PIN."""
_BORN = date(1985, 3, 15)
_MEMBER = PatientCard(PatientId(1), "王芳", "female", _BORN, 41)
_ELDERLY = PatientCard(PatientId(2), "李秀英", "female", date(1950, 3, 15), 76)
_CHILD = PatientCard(PatientId(3), "王刚", "male", date(2015, 3, 15), 11, relation="child")
_CALLERS: Mapping[TestCaller, Sequence[PatientCard]] = {
    TestCaller.UNKNOWN: (),
    TestCaller.MEMBER: (_MEMBER,),
    TestCaller.ELDERLY: (_ELDERLY,),
    TestCaller.SHARED: (_MEMBER, _CHILD),
}


class DepartmentList(Protocol):
    def departments(self) -> list[DepartmentCard]: ...


class Rehearser:
    """Implements MenuRehearsal. ``text_of(language, sound)`` tells what a sound says."""

    def __init__(
        self,
        catalogues: Mapping[str, PromptCatalogue],
        *,
        appointments: DepartmentList,
        hours: HoursPort,
        text_of: Callable[[str, str], str],
        flow_names: Callable[[], Sequence[str]],
    ) -> None:
        self._catalogues = catalogues
        self._appointments = appointments
        self._hours = hours
        self._text_of = text_of
        self._flow_names = flow_names

    def flows(self) -> Sequence[FlowCard]:
        return flow_cards(self._flow_names())

    def play(self, tree: MenuTree, *, keys: Sequence[str], at: datetime, caller: TestCaller) -> Rehearsal:
        """Raises InvalidInput for answers that no telephone can send."""
        if len(keys) > ANSWERS_MAX or any(clean_keys(key) != key for key in keys):
            raise InvalidInput("the answers are too many, or not keys of a telephone")
        visit = Visit()
        line = RehearsalLine(keys, visit=visit, text_of=self._text_of)
        bus, clock = RecordingBus(), ManualClock(at)
        talk = Conversation(line, call_id=CallId("rehearsal"), caller=Caller(""), on_step=lambda _node, _key: None)
        end, target = "", ""
        try:
            self._flow(tree, caller, bus=bus, clock=clock).run(talk, visit)
        except _WaitsForKeys:
            end = "waits"
        except _NotRehearsed as flow:
            end, target = "flow", str(flow)
        if talk.route is not None and not end:
            end = talk.route.next.value
            target = talk.route.department if talk.route.next is Next.DEPARTMENT else str(talk.route.queue)
        return Rehearsal(
            lines=tuple(line.lines),
            nodes=tuple(visit.path),
            end=end,
            target="" if end in ("waits", Next.HANGUP.value) else target,
            priority=talk.route.priority if talk.route and end == Next.QUEUE.value else 0,
            digits_wanted=line.digits_wanted if end == "waits" else 0,
        )

    def _flow(self, tree: MenuTree, caller: TestCaller, *, bus: Bus, clock: Clock) -> InboundFlow:
        ground = _AtOnce()
        patients = _InventedPatients(_CALLERS[caller])
        appointments = _InventedAppointments(self._appointments, self._hours, clock)
        phrases = BookingPhrases(self._catalogues, clock)
        asking = Asking(ground, clock)
        identification = Identification(phrases, bus=bus, clock=clock)
        departments = Departments(appointments, ground=ground, phrases=phrases)
        played = standard_flows(departments)
        played["my_appointments"] = MyAppointments(
            appointments, _NobodyWaits(), identification=identification, asking=asking, phrases=phrases,
            proving=Proving(_InventedProofs(), asking=asking), changes=_ChangesNothing(),
        )  # fmt: skip
        flows: dict[str, MenuFlow] = {name: played.get(name) or _StopsHere(name) for name in self._flow_names()}
        runner = MenuRunner(
            flows,
            identification=identification,
            departments=departments,
            hours=self._hours,
            ground=ground,
            bus=bus,
            clock=clock,
            folder=Path("/nonexistent"),
        )
        return InboundFlow(
            FixedMenu(tree),
            runner,
            patients=patients,
            identification=identification,
            ground=ground,
            bus=bus,
            clock=clock,
        )


class _WaitsForKeys(CallerGone):
    """The answers are used up: the question stands."""


class _NotRehearsed(Exception):
    """A flow that works on real data is not played."""


class _StopsHere:
    def __init__(self, name: str) -> None:
        self._name = name

    def run(self, _talk: Conversation, _visit: Visit) -> bool:
        raise _NotRehearsed(self._name)


class RehearsalLine:
    """A Line that answers from a list and writes down what would be heard."""

    def __init__(self, keys: Sequence[str], *, visit: Visit, text_of: Callable[[str, str], str]) -> None:
        self._keys = list(keys)
        self._visit = visit
        self._text_of = text_of
        self._language = "zh"
        self.lines: list[Rehearsed] = []
        self.digits_wanted = 0

    def set_variables(self, variables: Mapping[str, str]) -> None:
        self._language = variables.get(HL_LANGUAGE, self._language)

    def play(self, sounds: Sequence[str], *, stop_keys: str) -> str:
        self._note("say", sounds)
        return ""

    def play_to_end(self, sound: str, *, stop_keys: str) -> tuple[str, str]:
        self._note("say", [sound])
        return "", ""

    def read_digits(self, sounds: Sequence[str], *, max_digits: int, timeout_s: float) -> str:
        self._note("ask", sounds)
        if not self._keys:
            self.digits_wanted = max_digits
            raise _WaitsForKeys
        entry = self._keys.pop(0)[:max_digits]
        self.lines.append(Rehearsed("key", self._visit.node, entry, self._language))
        return entry

    def record(self, path: Path, *, max_s: float, silence_s: float) -> Recorded:
        self.lines.append(Rehearsed("record", self._visit.node, language=self._language))
        return Recorded(path, 5.0)

    def _note(self, kind: str, sounds: Sequence[str]) -> None:
        text = "".join(self._text_of(self._language, sound) for sound in sounds)
        self.lines.append(Rehearsed(kind, self._visit.node, language=self._language, prompts=tuple(sounds), text=text))


class _AtOnce(GroundCalls):
    """Answers in the asking thread: a rehearsal takes no thread from callers."""

    def begin(self, function: Callable[..., T], *args: object) -> Pending[T]:
        future: Future[T] = Future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return Pending(future, 0.0, getattr(function, "__name__", "question"))

    def ask(self, function: Callable[..., T], *args: object) -> T:
        return self.begin(function, *args).result()


class _InventedPatients:
    def __init__(self, patients: Sequence[PatientCard]) -> None:
        self._patients = list(patients)

    def find_by_number(self, _number: str) -> list[PatientCard]:
        return self._patients


class _InventedProofs:
    def is_locked(self, _patient_id: int | None, _caller: object) -> bool:
        return False

    def prove(self, patient_id: int | None, facts: Mapping[Fact, str], *, caller: object, actor: object) -> ProofResult:
        is_right = facts == TEST_FACTS or facts == {Fact.PIN: TEST_PIN}
        return ProofResult.PROVEN if is_right else ProofResult.NOT_PROVEN


class _NobodyWaits:
    """The waiting list of the rehearsal: the only question that is asked of it is answered."""

    def of_patient(self, patient_id: int) -> list[WaitingCard]:
        return []

    def place(self, entry_id: int) -> int:
        return 0

    def leave(self, entry_id: int) -> None:
        raise _NotRehearsed("my_appointments")


class _ChangesNothing:
    """A rehearsal reads and never writes."""

    def cancel(self, _talk: Conversation, _appointment: AppointmentCard, _patient: PatientCard) -> None:
        raise _NotRehearsed("my_appointments")

    def move(self, _talk: Conversation, _appointment: AppointmentCard, _patient: PatientCard) -> None:
        raise _NotRehearsed("my_appointments")


class _InventedAppointments:
    """One appointment tomorrow morning; the departments are the real ones, at the rehearsed moment."""

    def __init__(self, real: DepartmentList, hours: HoursPort, clock: Clock) -> None:
        self._real = real
        self._hours = hours
        self._clock = clock

    def upcoming(self, _patient_id: int, limit: int = 3) -> list[AppointmentCard]:
        starts_at = self._clock.now() + timedelta(days=1)
        return [AppointmentCard(1, starts_at, "cardiology", "心内科", "test", "王建国", "", "booked")][:limit]

    def departments(self) -> list[DepartmentCard]:
        is_open = self._hours.is_open(self._clock.now())
        return [replace(one, is_open_now=is_open) for one in self._real.departments()]
