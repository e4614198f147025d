"""The services of waiting over a running product's database: the oracle beside the desk."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from crm_core.bus import RecordingBus
from crm_core.phone_number import mask
from crm_core.tickets.service import Tickets
from crm_core.waiting.call_backs import CallBacks
from crm_core.waiting.cards import CallBackCard, MissedCallerCard
from crm_core.waiting.kinds import CallBackState
from crm_core.waiting.missed import MissedCallers
from crm_core.waiting.nuisance import NuisanceList
from tests.support.product import Product


@dataclass(frozen=True)
class WaitingDesk:
    call_backs: CallBacks
    missed: MissedCallers
    nuisance: NuisanceList
    tickets: Tickets

    def request_of(self, number: str) -> CallBackCard | None:
        """The newest call-back of this number, whatever its state."""
        found = self.call_backs.listed(tuple(CallBackState))
        return next((one for one in found if one.number_masked == mask(number)), None)

    def missed_of(self, number: str) -> MissedCallerCard | None:
        return next((one for one in self.missed.listed(state=None) if one.number_masked == mask(number)), None)


def fresh_number() -> str:
    """A mobile number that has never called: a home that is kept between runs remembers the others."""
    return f"186{secrets.randbelow(10**8):08d}"


def waiting_services_of(product: Product) -> WaitingDesk:
    """Reads and writes the same database as the program; what it publishes is heard by nobody."""
    ground, bus = product.ground, RecordingBus()
    keys = {"clock": ground.clock, "cipher": ground.cipher}
    return WaitingDesk(
        CallBacks(ground.database, bus, hours=ground.hours, **keys),
        MissedCallers(ground.database, bus, **keys),
        NuisanceList(ground.database, bus, audit=ground.audit, **keys),
        Tickets(ground.database, bus, hours=ground.hours, **keys),
    )
