"""The one thread with an event loop: both AMI connections live in it, everybody else asks through it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from crm_core.errors import OutcomeUnknown, TelephonyUnavailable


class AmiThread:
    """Named 'ami'. ``run`` must not be called from inside it."""

    def __init__(self, *, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_ready = threading.Event()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._serve, name="ami", daemon=True)
        self._thread.start()
        self._is_ready.wait()

    def stop(self, timeout_s: float = 5.0) -> None:
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout_s)
        self._loop = self._thread = None
        self._is_ready.clear()

    def call_soon(self, function: Callable[..., object], *arguments: object) -> None:
        """From any thread; nothing happens when the loop has ended."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(function, *arguments)

    def run(self, work: Coroutine[Any, Any, Any], *, deadline_s: float | None = None) -> Any:
        """Result of ``work``, or its error. OutcomeUnknown when it has not ended after three deadlines."""
        loop = self._loop
        if loop is None:
            work.close()
            raise TelephonyUnavailable("telephony is not started; nothing was sent")
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result(deadline_s or 3 * self._deadline_s)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise OutcomeUnknown("the telephone system did not answer in time") from None
        except concurrent.futures.CancelledError:
            raise OutcomeUnknown("telephony was stopped before the answer") from None

    def _serve(self) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        self._loop = loop
        loop.call_soon(self._is_ready.set)
        try:
            loop.run_forever()
        finally:
            rest = asyncio.all_tasks(loop)
            for task in rest:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
            loop.close()
