"""The world of the desk tests: real services on SQLite, the fixed cast, a telephone system that only writes down."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from agent_desk.app import DeskServer, create_server
from agent_desk.dial_policy import DialPolicy
from agent_desk.services import DeskServices
from agent_desk.settings import DeskSettings
from crm_core.agents.accounts import Account, Accounts
from crm_core.agents.kinds import AgentState, Role
from crm_core.agents.second_factor import SecondFactorPolicy, SecondFactors
from crm_core.agents.service import Agents
from crm_core.appointments.models import Appointment, Department, Doctor
from crm_core.appointments.service import Appointments
from crm_core.audit.service import Audit
from crm_core.bus import RecordingBus
from crm_core.calls import events as call
from crm_core.calls.kinds import CallOutcome, Direction, HungUpBy, LegKind, LegOutcome
from crm_core.calls.recordings import RecordingRecords
from crm_core.calls.service import CallRecords
from crm_core.campaigns.service import Campaigns
from crm_core.clock import ManualClock
from crm_core.crypto import FieldCipher
from crm_core.database import Base, Database
from crm_core.ids import CallId, LegId, PatientId
from crm_core.opening_hours import OpeningHours, Span
from crm_core.patients.cards import NewPatient
from crm_core.patients.registration import Registration
from crm_core.patients.service import Patients
from crm_core.patients.trail import Trail
from crm_core.ports import Peaks, RecordingMeasures
from crm_core.reports.metrics import Metrics
from tests.support.desk_browser import PASSWORD, Browser
from tests.support.desk_stand_ins import ASHA_NUMBER, FileLibrary, KnownPhones, Probe, WrittenTelephony

SHARED_NUMBER = "13800000002"
CANARY = "青霉素过敏-CANARY-7731"
"""Nobody but the agents of Asha's calls may ever receive this."""


class DeskWorld:
    """Everything one test needs. ``bus`` delivers at once, in this thread."""

    def __init__(
        self,
        folder: Path,
        template: Path | None = None,
        *,
        second_factor: SecondFactorPolicy = SecondFactorPolicy.OPTIONAL,
        **settings: Any,
    ) -> None:
        """``template``: a database file that holds the cast already (hashing passwords is slow on purpose)."""
        self.clock = ManualClock()
        self.bus = RecordingBus()
        self.cipher = FieldCipher.from_master(b"k" * 32)
        self.database_file = folder / "desk.db"
        if template is not None:
            shutil.copyfile(template, self.database_file)
        self.database = Database(f"sqlite:///{self.database_file}")
        Base.metadata.create_all(self.database.engine)
        self.telephony = WrittenTelephony()
        self.library = FileLibrary(folder)
        self.probe = Probe()
        self._ids = itertools.count(1)
        self._second_factor = second_factor
        self.services = self._make_services()
        static = folder / "static"
        defaults = DeskSettings(
            secret_key="s" * 40,
            hospital_name="仁爱医院",
            service_number="95169",
            ws_urls=("ws://127.0.0.1:8188",),
            is_demo=True,
            static_folder=static,
            board_interval_s=0.01,
            session_check_s=0.05,
        )
        self.settings = replace(defaults, **settings)
        if template is None:
            self._make_cast()
        self._find_cast()
        self.server: DeskServer = create_server(self.services, self.settings)

    def _make_services(self) -> DeskServices:
        db, bus, clock, cipher = self.database, self.bus, self.clock, self.cipher
        hours = OpeningHours(workday=(Span.parse("08:00-17:30"),))
        calls = CallRecords(db, cipher, clock)
        calls.subscribe(bus)
        recordings = RecordingRecords(db, cipher, clock)
        recordings.subscribe(bus)
        agents = Agents(db, bus, clock, self.telephony)
        agents.subscribe(bus)
        return DeskServices(
            clock=clock,
            bus=bus,
            accounts=Accounts(db, bus, clock, hasher=PasswordHasher(1, 64, 1)),
            agents=agents,
            calls=calls,
            recordings=recordings,
            library=self.library,
            patients=Patients(db, cipher, clock),
            appointments=Appointments(db, clock, hours),
            campaigns=Campaigns(db, bus, clock=clock, cipher=cipher),
            metrics=Metrics(db, clock),
            audit=Audit(db, clock),
            telephony=self.telephony,
            phones=KnownPhones(),
            dial_policy=DialPolicy(
                clock, allowed_prefixes=("01", "02", "05", "13", "15", "18"), refused_prefixes=("00",)
            ),
            second_factors=SecondFactors(db, cipher, clock, policy=self._second_factor, issuer="仁爱医院"),
            registration=Registration(db, cipher, clock, trail=Trail(Audit(db, clock), clock)),
            probes=[self.probe],
        )

    def _make_cast(self) -> None:
        both = ("booking", "enquiry")
        self._account("bela", "贝拉", Role.AGENT, "1001", both)
        self._account("bolin", "柏林", Role.AGENT, "1002", both)
        self._account("dora", "朵拉", Role.AGENT, "1003", ("complaint",))
        self._account("chen", "陈", Role.SUPERVISOR, "1900", ())
        self._account("admin", "管理员", Role.ADMIN, None, ())
        register = self.services.patients.register
        register(
            NewPatient(
                "阿莎", "female", date(1958, 3, 2), id_number="110101195803021234", card_number="C001",
                phones=((ASHA_NUMBER, "self"),), tier="platinum", vip_level=2, allergies=CANARY,
                consents={"recording": True, "outbound": True, "sms": False},
            )
        )  # fmt: skip
        register(NewPatient("甲一", "male", phones=((SHARED_NUMBER, "self"),)))
        register(NewPatient("乙二", "female", phones=((SHARED_NUMBER, "child"),)))
        register(NewPatient("外人", "male", phones=(("13800000009", "self"),)))
        self._make_appointment()

    def _account(self, login: str, name: str, role: Role, extension: str | None, queues: tuple[str, ...]) -> None:
        self.services.accounts.create(
            login, PASSWORD, name=name, role=role, extension=extension, queues=queues, must_change_password=False
        )

    def _find_cast(self) -> None:
        by_login = {one.login: one for one in self.services.accounts.accounts()}
        self.bela, self.bolin, self.dora = by_login["bela"], by_login["bolin"], by_login["dora"]
        self.chen, self.admin = by_login["chen"], by_login["admin"]
        self.telephony.registered |= {"1001", "1002", "1003", "1900"}
        self.asha, self.twin_one, self.twin_two, self.stranger = (PatientId(i) for i in (1, 2, 3, 4))

    def _make_appointment(self) -> None:
        with self.database.write() as session:
            cardiology = Department(
                code="cardiology", name="心内科", place="门诊楼3层", phone_number="01088880001", hours=[]
            )
            session.add(cardiology)
            session.flush()
            doctor = Doctor(code="wang", department_id=cardiology.id, name="王建国")
            session.add(doctor)
            session.flush()
            session.add(Appointment(patient_id=1, doctor_id=doctor.id, starts_at=self.clock.now() + timedelta(days=1)))

    # -- the network ----------------------------------------------------------------------------------------------

    def publish(self, event: Any) -> None:
        self.bus.publish(event)

    def call_arrives(self, number: str = ASHA_NUMBER, *, patient: PatientId | None = None, name: str = "") -> CallId:
        """A call that was answered by the IVR and identified."""
        call_id = CallId(f"hl1-{next(self._ids)}.1")
        now = self.clock.now()
        self.publish(call.CallArrived(at=now, call_id=call_id, direction=Direction.INBOUND, number=number, name=name))
        self.publish(call.PatientLegAnswered(at=now, call_id=call_id))
        if patient is not None:
            self.publish(call.CallerIdentified(at=now, call_id=call_id, patient_id=patient))
        self.publish(call.IvrStepTaken(at=now, call_id=call_id, node="main", key="0"))
        return call_id

    def queue(self, call_id: CallId, queue: str = "enquiry", priority: int = 0) -> None:
        now = self.clock.now()
        self.publish(call.CallQueued(at=now, call_id=call_id, queue=queue, priority=priority))
        self.publish(call.QueueChanged(at=now, queue=queue, waiting=1, longest_since=now))

    def offer(
        self, call_id: CallId, agent: Account, *, queue: str | None = "enquiry", kind: LegKind = LegKind.AGENT
    ) -> LegId:
        leg_id = LegId(f"leg-{next(self._ids)}")
        self.publish(
            call.CallOffered(
                at=self.clock.now(), call_id=call_id, agent_id=agent.id, leg_id=leg_id, queue=queue, kind=kind
            )
        )
        return leg_id

    def withdraw(self, call_id: CallId, agent: Account, leg_id: LegId, outcome: LegOutcome) -> None:
        self.publish(
            call.OfferWithdrawn(at=self.clock.now(), call_id=call_id, agent_id=agent.id, leg_id=leg_id, outcome=outcome)
        )

    def answer(self, call_id: CallId, agent: Account, leg_id: LegId, kind: LegKind = LegKind.AGENT) -> None:
        now = self.clock.now()
        if kind is LegKind.AGENT:
            self.publish(call.CallLeftQueue(at=now, call_id=call_id, queue="enquiry", answered=True, waited_s=4.0))
            self.publish(call.QueueChanged(at=now, queue="enquiry", waiting=0, longest_since=None))
        self.publish(call.CallAnswered(at=now, call_id=call_id, agent_id=agent.id, leg_id=leg_id, kind=kind))

    def end_leg(self, call_id: CallId, agent: Account, leg_id: LegId) -> None:
        self.publish(
            call.AgentLegEnded(at=self.clock.now(), call_id=call_id, agent_id=agent.id, leg_id=leg_id, talked_s=30.0)
        )

    def end(self, call_id: CallId, outcome: CallOutcome = CallOutcome.ANSWERED) -> None:
        self.publish(call.CallEnded(at=self.clock.now(), call_id=call_id, outcome=outcome, hung_up_by=HungUpBy.PATIENT))

    def talk(self, agent: Account, *, patient: PatientId | None = None, number: str = ASHA_NUMBER) -> CallId:
        """A queued call, answered by this agent."""
        call_id = self.call_arrives(number, patient=patient)
        self.queue(call_id)
        leg_id = self.offer(call_id, agent)
        self.answer(call_id, agent, leg_id)
        return call_id

    def sign_on(self, *agents: Account, ready: bool = True) -> None:
        for agent in agents:
            self.services.agents.sign_on(agent.id)
            if ready:
                self.services.agents.ready(agent.id)

    def state_of(self, agent: Account) -> AgentState:
        return self.services.agents.status(agent.id).state

    def recorded(self, call_id: CallId, content: bytes = b"x" * 1000) -> int:
        """A finished recording with this sound file."""
        peaks = Peaks(0.1, [10, 20], [0, 5])
        measures = RecordingMeasures(10.0, 0.4, 0.4, 0.2, -20.0, -21.0, peaks)
        recording_id = self.services.recordings.ready(
            call_id, store_name="s.wav", copy_name="c.ogg", sha256="ab" * 32, size_bytes=len(content), measures=measures
        )
        path = self.library.folder / f"{recording_id}.ogg"
        path.write_bytes(content)
        self.library.files[recording_id] = path
        return recording_id

    def actions(self) -> list[str]:
        """What the audit holds, the oldest first."""
        return [entry.action for entry in reversed(self.services.audit.entries(limit=1000))]

    # -- browsers -------------------------------------------------------------------------------------------------

    def browser(self, account: Account | None = None) -> Browser:
        """Logged in by the front door's own code, without the slow check of the password."""
        made = Browser(self)
        if account is not None:
            with made.http.session_transaction() as cookie:
                self.server.desk.sessions.begin(cookie, account)
            made.get("/session")
        return made

    def close(self) -> None:
        self.database.close()


__all__ = ["ASHA_NUMBER", "CANARY", "PASSWORD", "SHARED_NUMBER", "Browser", "DeskWorld"]
