"""The services of waiting over a running product's database: the oracle beside the desk."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.bus import RecordingBus
from crm_core.tickets.service import Tickets
from crm_core.waiting.call_backs import CallBacks
from crm_core.waiting.missed import MissedCallers
from crm_core.waiting.nuisance import NuisanceList
from tests.support.product import Product


@dataclass(frozen=True)
class WaitingDesk:
    call_backs: CallBacks
    missed: MissedCallers
    nuisance: NuisanceList
    tickets: Tickets


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
