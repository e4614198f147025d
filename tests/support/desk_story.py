"""Random stories on the floor of the desk tests: what a network and people may do, in any order."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import strategies as st

from crm_core.agents.kinds import AgentState
from crm_core.calls import events as call
from crm_core.calls.kinds import CallOutcome, LegKind, LegOutcome, TransferKind
from crm_core.errors import HotlineError
from tests.support.desk_world import ASHA_NUMBER, SHARED_NUMBER, DeskWorld


class Story:
    """Plays random steps; each step may be impossible, late or double, as on a real network."""

    def __init__(self, world: DeskWorld) -> None:
        self.world = world
        self.calls: list[Any] = []
        self.legs: list[tuple[Any, Any, Any]] = []
        self.agents = (world.bela, world.bolin, world.dora)
        world.sign_on(*self.agents)

    def play(self, action: str, one: int, two: int) -> None:
        world, agent = self.world, self.agents[one % 3]
        call_id = self.calls[two % len(self.calls)] if self.calls else None
        with contextlib.suppress(HotlineError):
            getattr(self, f"_{action}")(agent, call_id, two)
        world.clock.advance(1 + two)

    def _arrive(self, _agent: Any, _call_id: Any, two: int) -> None:
        number, patient = ((ASHA_NUMBER, self.world.asha), (SHARED_NUMBER, None), ("", None))[two % 3]
        self.calls.append(self.world.call_arrives(number, patient=patient))

    def _queue(self, _agent: Any, call_id: Any, two: int) -> None:
        if call_id:
            self.world.queue(call_id, ("enquiry", "booking", "complaint")[two % 3], two)

    def _offer(self, agent: Any, call_id: Any, two: int) -> None:
        if call_id:
            kind = LegKind.CONSULT if two % 5 == 4 else LegKind.AGENT
            self.legs.append((call_id, agent, self.world.offer(call_id, agent, kind=kind)))

    def _leg(self, two: int) -> tuple[Any, Any, Any]:
        if not self.legs:
            raise HotlineError("no leg")
        return self.legs[two % len(self.legs)]

    def _withdraw(self, _agent: Any, _call_id: Any, two: int) -> None:
        call_id, agent, leg_id = self._leg(two)
        self.world.withdraw(call_id, agent, leg_id, list(LegOutcome)[two % len(LegOutcome)])

    def _answer(self, _agent: Any, _call_id: Any, two: int) -> None:
        call_id, agent, leg_id = self._leg(two)
        self.world.answer(call_id, agent, leg_id)

    def _hold(self, _agent: Any, _call_id: Any, two: int) -> None:
        call_id, agent, _ = self._leg(two)
        kind = call.CallHeld if two % 2 else call.CallRetrieved
        self.world.publish(kind(at=self.world.clock.now(), call_id=call_id, agent_id=agent.id))

    def _consult(self, _agent: Any, _call_id: Any, two: int) -> None:
        call_id, agent, _ = self._leg(two)
        now = self.world.clock.now()
        kinds: tuple[Any, ...] = (call.ConsultStarted, call.ConsultAnswered, call.ConsultEnded, call.ConferenceStarted)
        kind = kinds[two % 4]
        more = {"target": "1002"} if two % 4 < 2 else {}
        self.world.publish(kind(at=now, call_id=call_id, agent_id=agent.id, **more))

    def _transfer(self, _agent: Any, _call_id: Any, two: int) -> None:
        call_id, agent, _ = self._leg(two)
        self.world.publish(
            call.CallTransferred(
                at=self.world.clock.now(), call_id=call_id, agent_id=agent.id,
                kind=list(TransferKind)[two % 2], target="q-booking",
            )
        )  # fmt: skip

    def _end_leg(self, _agent: Any, _call_id: Any, two: int) -> None:
        self.world.end_leg(*self._leg(two))

    def _end(self, _agent: Any, call_id: Any, two: int) -> None:
        if call_id:
            self.world.end(call_id, list(CallOutcome)[two % len(CallOutcome)])

    def _link(self, _agent: Any, _call_id: Any, two: int) -> None:
        now = self.world.clock.now()
        self.world.publish(call.TelephonyLinkChanged(at=now, is_up=bool(two % 2), since=now))

    def _phone(self, agent: Any, _call_id: Any, two: int) -> None:
        self.world.publish(
            call.PhoneRegistrationChanged(at=self.world.clock.now(), agent_id=agent.id, is_registered=bool(two % 2))
        )

    def _state(self, agent: Any, _call_id: Any, two: int) -> None:
        agents = self.world.services.agents
        state = (AgentState.READY, AgentState.PAUSED, AgentState.OFFLINE)[two % 3]
        if two % 4 == 3:
            agents.sign_on(agent.id)
        else:
            agents.force(agent.id, state, "")

    def _notes(self, agent: Any, call_id: Any, two: int) -> None:
        if call_id:
            self.world.browser(agent).put(f"/calls/{call_id}/notes", {"text": f"note {two}"})

    def _wrap_up(self, agent: Any, call_id: Any, two: int) -> None:
        if call_id:
            body = {"disposition": "enquiry", "next": "pause" if two % 2 else "ready"}
            self.world.browser(agent).post(f"/calls/{call_id}/wrap_up", body)

    def _hang_up(self, agent: Any, call_id: Any, _two: int) -> None:
        if call_id:
            self.world.browser(agent).post(f"/calls/{call_id}/hang_up")

    def _monitor(self, agent: Any, call_id: Any, two: int) -> None:
        if call_id:
            now, chen = self.world.clock.now(), int(self.world.chen.id)
            event: Any = (
                call.MonitoringStarted(at=now, call_id=call_id, agent_id=agent.id, supervisor_id=chen, mode="listen")
                if two % 2
                else call.MonitoringEnded(at=now, call_id=call_id, agent_id=agent.id, supervisor_id=chen)
            )
            self.world.publish(event)


OFTEN = {"arrive": 2, "queue": 4, "offer": 6, "answer": 6, "end_leg": 4, "end": 3, "wrap_up": 3, "state": 3}
"""Weights: most stories must hold calls that go somewhere."""
ACTIONS = [
    name[1:]
    for name in sorted(vars(Story))
    if name.startswith("_") and not name.startswith("__") and name != "_leg"
    for _ in range(OFTEN.get(name[1:], 1))
]
STEPS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 2), st.integers(0, 9)), min_size=3, max_size=30)
BUSY_FLOOR = (
    *(("arrive", 0, n) for n in range(3)),
    *(("queue", 0, n) for n in range(3)),
    *(("offer", n, n) for n in range(3)),
    ("answer", 0, 0),
    ("answer", 0, 1),
    ("end_leg", 0, 1),
    ("arrive", 0, 0),
    ("queue", 0, 3),
)
"""One call in talk, one in wrap-up, one ringing, one waiting."""
