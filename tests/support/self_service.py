"""Everything a caller can do alone, over a real database: a small clinic, patients on the telephone, scripted callers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from datetime import time as day_time

from argon2 import PasswordHasher

from crm_core.appointments.cards import AppointmentCard
from crm_core.enquiries.library import EnquiryLibrary
from crm_core.enquiries.log import EnquiryLog
from crm_core.enquiries.service import Enquiries
from crm_core.messaging.confirmations import Confirmations
from crm_core.messaging.log import MessageLog
from crm_core.messaging.outbox import House, Outbox
from crm_core.messaging.template_store import Templates
from crm_core.messaging.verification import Verification
from crm_core.patients.cards import NewPatient
from crm_core.patients.whole import patient_services
from crm_core.visits.service import Visits
from ivr.conversation import CallerGone
from ivr.flows.asking import Asking
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.ground import GroundCalls
from ivr.flows.identification import Identification
from ivr.flows.self_service import SelfServicePorts, self_service_flows
from tests.support.booking_house import BookingHouse, broken_promises
from tests.support.ground import Ground
from tests.support.patient_world import Figures
from tests.support.scripted_caller import InboundHouse, Talk, catalogues

ASHA_NUMBER = "13800000001"
ASHA_PROOF = ("2", "002*", "19880615")
ASHA_PIN = "258036"
FAMILY_NUMBER = "13800000002"
HER_DOCTOR, OTHER_DOCTOR = "wang-jianguo", "li-xiuying"


class SelfServiceHouse(InboundHouse):
    """The inbound flow, every self-service flow and the ground below them. Thread-safe where the ground is."""

    def __init__(
        self, made: Ground, ground: GroundCalls, *, wraps: Callable[[str, object], object] | None = None
    ) -> None:
        """``wraps(name, service)`` may put something between a flow and a service: slow, broken, dying."""
        super().__init__(ground)
        self.made = made
        self.clinic = BookingHouse(made.database, made.clock, made.bus)
        self.wraps = wraps or (lambda _name, service: service)
        people = patient_services(
            made.database,
            made.cipher,
            made.clock,
            audit=made.audit,
            figures_of=Figures(),
            hasher=PasswordHasher(1, 64, 1),
        )
        self.people = people
        self.templates = Templates(made.database, made.clock, made.audit)
        self.outbox = Outbox(
            made.database, made.clock, made.cipher, templates=self.templates, house=House("仁爱医院", "95169")
        )
        self.messages = MessageLog(made.database, made.clock, made.cipher)
        self.verification = Verification(made.database, made.clock, made.cipher)
        self.visits = Visits(made.database, made.cipher, made.clock)
        self.library = EnquiryLibrary(made.database, made.clock, made.audit)
        self.enquiry_log = EnquiryLog(made.database, made.clock)
        self.patients = people.patients  # type: ignore[assignment]
        self.appointments = made.appointments  # type: ignore[assignment]
        self.asking_options: dict[str, float] = {}
        self._calls = 0

    def open_clinic(self, *, days: int = 7, capacity: int = 1) -> None:
        """心内科 with two doctors and 骨科 with one, mornings 08:00 to 10:00, from tomorrow on."""
        for code, name, doctors in (
            ("cardiology", "心内科", ((HER_DOCTOR, "王建国"), (OTHER_DOCTOR, "李秀英"))),
            ("orthopedics", "骨科", (("zhang-wei", "张伟"),)),
        ):
            self.clinic.setup.add_department(
                code, name, menu_digit="1" if code == "cardiology" else "2", place="门诊楼3层"
            )
            for doctor, full_name in doctors:
                self.clinic.setup.add_doctor(doctor, full_name, title="主任医师", department_code=code)
            self.clinic.clinic(
                *(one for one, _ in doctors), department=code, days=days, capacity=capacity, starts=day_time(8),
                ends=day_time(10),
            )  # fmt: skip

    def register(self, name: str, number: str, *, born: date = date(1988, 6, 15), tail: str = "002X") -> int:
        id_number = f"110101{born:%Y%m%d}{tail}"
        return self.patients.register(  # type: ignore[attr-defined,no-any-return]
            NewPatient(name=name, gender="female", birth_date=born, id_number=id_number, phones=((number, "self"),))
        )

    def asha(self, *, has_seen_her_doctor: bool = True) -> int:
        """Asha is known on her number and saw her doctor this morning at eight."""
        asha = self.register("阿莎", ASHA_NUMBER)
        if has_seen_her_doctor:
            self.saw_her_doctor(asha)
        return asha

    def saw_her_doctor(self, patient_id: int) -> None:
        self.clinic.setup.add_appointment(patient_id, HER_DOCTOR, starts_at=self.made.clock.now() - timedelta(days=7))

    def call(self, script: Iterable[str], *, number: str = ASHA_NUMBER, **options: object) -> Talk:
        """A whole call; who hangs up is gone, as on the telephone."""
        self._calls += 1
        talk = Talk(script, number=number, call_id=str(options.pop("call_id", f"hl1-{self._calls}.1")), **options)  # type: ignore[arg-type]
        talk.clock = self.made.clock
        try:
            self.receive(talk)
        except CallerGone:
            talk.line.is_gone = True
        return talk

    def ports(self) -> SelfServicePorts:
        wrap = self.wraps
        return SelfServicePorts(
            schedules=wrap("schedules", self.clinic.schedules),  # type: ignore[arg-type]
            booking=wrap("booking", self.clinic.booking),  # type: ignore[arg-type]
            waiting_list=wrap("waiting_list", self.clinic.waiting),  # type: ignore[arg-type]
            confirmations=wrap("confirmations", Confirmations(self.outbox)),  # type: ignore[arg-type]
            outbox=wrap("outbox", self.outbox),  # type: ignore[arg-type]
            proofs=wrap("proofs", self.people.proofs),  # type: ignore[arg-type]
            visits=wrap("visits", self.visits),  # type: ignore[arg-type]
            enquiries=wrap("enquiries", Enquiries(self.made.database, self.made.clock)),  # type: ignore[arg-type]
            enquiry_log=wrap("enquiry_log", self.enquiry_log),  # type: ignore[arg-type]
            verification=wrap("verification", self.verification),  # type: ignore[arg-type]
        )

    def receive(self, talk: Talk) -> Talk:
        phrases = BookingPhrases(catalogues(), talk.clock)
        self.flows = self_service_flows(
            self.ports(), self.appointments, identification=Identification(phrases, bus=talk.bus, clock=talk.clock),
            ground=self.ground, phrases=phrases, clock=talk.clock,
            asking=Asking(self.ground, talk.clock, **self.asking_options),  # type: ignore[arg-type]
        )  # fmt: skip
        return super().receive(talk)

    # -- what is left behind -------------------------------------------------------------------------------------

    def booked(self, patient_id: int) -> list[AppointmentCard]:
        found = self.clinic.booking.of_patient(patient_id)
        return [one for one in found if one.state == "booked" and one.starts_at > self.made.clock.now()]

    def settle(self) -> None:
        """Wait for what was asked and is not waited for: seats given back, messages, enquiries."""
        self.ground.stop(finishes=True)

    def assert_nothing_is_wrong(self) -> None:
        assert broken_promises(self.made.database) == {}
