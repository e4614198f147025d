"""Asks Asterisk which calls it has and settles attempts whose end we have missed; at start and ever after."""

from __future__ import annotations

import structlog

from crm_core.campaigns.cards import Reconciled
from crm_core.campaigns.reconciliation import FindTrace, Reconciliation
from crm_core.errors import HotlineError
from crm_core.ports import Telephony

log = structlog.get_logger(__name__)


class Reconciler:
    """One scheduler job. While Asterisk cannot be asked nothing is decided: silence is no proof."""

    def __init__(self, reconciliation: Reconciliation, telephony: Telephony, find_trace: FindTrace) -> None:
        self._reconciliation = reconciliation
        self._telephony = telephony
        self._find_trace = find_trace

    def tick(self) -> Reconciled:
        released = self._reconciliation.release_expired()
        if not self._telephony.is_up or not self._reconciliation.has_doubtful():
            return released
        try:
            live_calls = self._telephony.live_calls()
        except HotlineError as error:
            log.warning("reconcile_postponed", code=error.code)
            return released
        found = self._reconciliation.reconcile(live_calls, self._find_trace)
        if found != Reconciled():
            log.info("reconciled", adopted=found.adopted, closed=found.closed, to_review=found.to_review)
        return Reconciled(found.adopted, found.closed, released.released, found.to_review)
