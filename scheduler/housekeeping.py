"""Small regular work: campaigns that are through, and hourly tasks that the wiring hands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from crm_core.campaigns.service import Campaigns

log = structlog.get_logger(__name__)


class Housekeeping:
    """``hourly_tasks``: name -> what to do (recordings' retention, …); one that fails does not keep the others from running."""

    def __init__(self, campaigns: Campaigns, hourly_tasks: Mapping[str, Callable[[], object]] | None = None) -> None:
        self._campaigns = campaigns
        self._hourly_tasks = dict(hourly_tasks or {})

    def finish_campaigns(self) -> list[int]:
        """Returns the ids of campaigns that have just finished."""
        return self._campaigns.finish_exhausted()

    def hourly(self) -> None:
        failed = [name for name, task in self._hourly_tasks.items() if not _succeeds(name, task)]
        if failed:
            raise RuntimeError(f"hourly tasks failed: {', '.join(failed)}")


def _succeeds(name: str, task: Callable[[], object]) -> bool:
    try:
        task()
    except Exception:
        log.exception("hourly_task_failed", task=name)
        return False
    return True
