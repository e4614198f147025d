"""Serves the desk: gunicorn with one threaded worker for the product, a small server in a thread for tests."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from werkzeug.serving import BaseWSGIServer, make_server

from agent_desk.app import DeskServer
from crm_core.errors import InvalidInput

STOP_TIMEOUT_S = 20
"""From SIGTERM to the end; it includes ``on_stop``. After it gunicorn kills the worker."""
BACKLOG = 512
SPARE_THREADS = 20
"""For everything that is no socket: with fewer a full house of desks could not load a page."""


class TooFewThreads(InvalidInput):
    """Each open desk holds a thread; the start is refused, because the desks would stand still one by one."""

    code = "web_threads"

    def __init__(self, threads: int, sockets_max: int) -> None:
        wanted = sockets_max + SPARE_THREADS
        super().__init__(f"web.threads is {threads}; {sockets_max} desks need {wanted}: raise web.threads to {wanted}")


def check_threads(threads: int, sockets_max: int) -> None:
    """Raises TooFewThreads."""
    if threads < sockets_max + SPARE_THREADS:
        raise TooFewThreads(threads, sockets_max)


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Runs until SIGTERM. ``make_server`` is called in the worker process, after the fork: everything with threads or
    connections is made there. ``on_start`` runs when the worker is ready to accept, ``on_stop`` before it ends.

    One worker, always: a second one would lose half of the pops (TRAPS §2). No max_requests, no preload.
    """

    def __init__(
        self,
        make_server: Callable[[], DeskServer],
        *,
        host: str,
        port: int,
        threads: int,
        on_start: Sequence[Callable[[], None]] = (),
        on_stop: Sequence[Callable[[], None]] = (),
        stop_timeout_s: int = STOP_TIMEOUT_S,
    ) -> None:
        self._stop_timeout_s = stop_timeout_s
        self._make_server = make_server
        self._address = f"{host}:{port}"
        self._threads = threads
        self._on_start = on_start
        self._on_stop = on_stop
        self._server: DeskServer | None = None
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": [self._address],
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._threads,
            "backlog": BACKLOG,
            "graceful_timeout": self._stop_timeout_s,
            "timeout": 60,
            "keepalive": 5,
            "limit_request_line": 4094,
            "limit_request_fields": 60,
            "limit_request_field_size": 8190,
            "control_socket_disable": True,
            "proc_name": "hotline-web",
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "post_worker_init": self._started,
            "worker_exit": self._stopped,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        self._server = self._make_server()
        check_threads(self._threads, self._server.desk.settings.sockets_max)
        return self._server.app

    def _started(self, worker: Any) -> None:
        if self._server is not None:
            self._server.start()
        for start in self._on_start:
            start()
        self._close_sockets_on_stop(worker)

    def _close_sockets_on_stop(self, worker: Any) -> None:
        """Open sockets hold threads: left alone they would use up the whole time for stopping, and gunicorn would kill
        the worker before ``on_stop``. Browsers come back by themselves."""

        def on_term(number: int, frame: Any) -> None:
            if self._server is not None:
                closing = threading.Thread(target=self._server.close_sockets, name="desk-closing", daemon=True)
                closing.start()
            worker.handle_exit(number, frame)

        signal.signal(signal.SIGTERM, on_term)

    def _stopped(self, _arbiter: Any, _worker: Any) -> None:
        for stop in self._on_stop:
            stop()
        if self._server is not None:
            self._server.stop()


class ThreadServer:
    """The same application in a thread of this process, on a free port: for tests and trials."""

    def __init__(self, server: DeskServer, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = server
        self._http: BaseWSGIServer = make_server(host, port, server.app, threaded=True)
        self._thread = threading.Thread(target=self._http.serve_forever, name="desk-http", daemon=True)
        self.host = host
        self.port = int(self._http.server_port)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def __enter__(self) -> ThreadServer:
        self._server.start()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.shutdown()
        self._thread.join(5)
        self._http.server_close()
        self._server.stop()
