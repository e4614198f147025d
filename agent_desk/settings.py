"""What the desk needs to know from the roof: addresses, limits, secrets; made by the wiring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

STATIC_FOLDER = Path(__file__).with_name("static")


@dataclass(frozen=True)
class DeskSettings:
    """Settings of one desk server. Times in seconds, sizes in bytes."""

    secret_key: str
    """Signs session cookies."""
    hospital_name: str
    service_number: str
    ws_urls: Sequence[str] = ()
    """Websockets of the telephone servers that browsers may connect to (softphone, demo telephone)."""
    public_url: str = ""
    """Address seen by browsers when a proxy stands in front; empty: the request's own host."""
    trusted_hosts: Sequence[str] = ("127.0.0.1", "localhost")
    """Host headers that are answered; others get 400 (F90)."""
    proxy_hops: int = 0
    """How many proxies in front may be believed about the client's address."""
    has_secure_cookies: bool = False
    idle_s: float = 15 * 60
    session_s: float = 12 * 3600
    upload_bytes: int = 20 * 1024 * 1024
    sockets_per_user: int = 8
    sockets_max: int = 300
    """Open sockets of this server; each holds a thread, so this stays well below the threads of the web server."""
    is_demo: bool = False
    static_folder: Path = STATIC_FOLDER
    board_interval_s: float = 0.25
    """Changes of queues and boards are gathered this long, so that they never stand before a pop."""
    session_check_s: float = 2.0
    """How often sockets of ended sessions are looked for."""

    @property
    def session_cookie_name(self) -> str:
        return "__Host-hotline" if self.has_secure_cookies else "hotline_session"


CSRF_COOKIE_NAME = "hotline_csrf"
CSRF_HEADER_NAME = "X-CSRF-Token"
SMALL_BODY_BYTES = 64 * 1024
"""Largest body of everything that is not an upload."""
