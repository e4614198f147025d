"""What every request must pass and every answer must carry: headers, content policy, CSRF, Origin, loopback."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request, session
from werkzeug.exceptions import SecurityError

from agent_desk.errors import DeskError
from agent_desk.settings import CSRF_COOKIE_NAME, CSRF_HEADER_NAME, DeskSettings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), autoplay=(self), camera=(), geolocation=()",
}


def content_security_policy(ws_urls: tuple[str, ...]) -> str:
    """No inline script, nothing from elsewhere; Element Plus sets inline styles (TRAPS §3)."""
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' blob:",
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "connect-src": " ".join(("'self'", *ws_urls)),
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Gate:
    """Checks unsafe requests before they reach a route and dresses every answer."""

    def __init__(self, settings: DeskSettings) -> None:
        self._settings = settings

    def install(self, app: Flask) -> None:
        app.after_request(self.dress)

    def check(self, incoming: Request) -> None:
        """Origin and CSRF token of an unsafe request (R51). Raises DeskError."""
        if incoming.method in SAFE_METHODS:
            return
        self._check_origin(incoming)
        expected = str(session.get("csrf", ""))
        given = incoming.headers.get(CSRF_HEADER_NAME, "")
        if not expected or not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            raise DeskError("csrf", "the CSRF token is missing or wrong")

    def _check_origin(self, incoming: Request) -> None:
        origin = incoming.headers.get("Origin")
        site = incoming.headers.get("Sec-Fetch-Site", "same-origin")
        if site not in ("same-origin", "none") or (origin is not None and origin not in self._own_origins(incoming)):
            raise DeskError("origin", "the request comes from another site")

    def _own_origins(self, incoming: Request) -> set[str]:
        own = {f"{incoming.scheme}://{incoming.host}"}
        if self._settings.public_url:
            parts = urlsplit(self._settings.public_url)
            own.add(f"{parts.scheme}://{parts.netloc}")
        return own

    def dress(self, response: Response) -> Response:
        response.headers["Content-Security-Policy"] = content_security_policy(self._ws_sources())
        for name, value in FIXED_HEADERS.items():
            response.headers[name] = value
        if self._settings.has_secure_cookies:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        self._show_csrf_token(response)
        return response

    def _ws_sources(self) -> tuple[str, ...]:
        """Our own socket (not every browser takes it for 'self') and the telephone servers."""
        try:
            own = f"{'wss' if request.scheme == 'https' else 'ws'}://{request.host}"
        except SecurityError:  # a Host that is not trusted is being refused right now
            return tuple(self._settings.ws_urls)
        return (own, *self._settings.ws_urls)

    def _show_csrf_token(self, response: Response) -> None:
        token = str(session.get("csrf", ""))
        if token and request.cookies.get(CSRF_COOKIE_NAME) != token:
            response.set_cookie(
                CSRF_COOKIE_NAME, token, secure=self._settings.has_secure_cookies, httponly=False, samesite="Lax"
            )


def ensure_csrf_token() -> str:
    """The token of this browser's session; made when there is none (before the login)."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


def client_address() -> str:
    """Address of the browser (the proxy's word counts only when one is configured)."""
    return request.remote_addr or ""


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def configure(app: Flask, settings: DeskSettings) -> None:
    """Cookies, limits of what a request may hold, accepted hosts."""
    public_host = urlsplit(settings.public_url).hostname
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME=settings.session_cookie_name,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.has_secure_cookies,
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_FORM_PARTS=20,
        TRUSTED_HOSTS=[*settings.trusted_hosts, *([public_host] if public_host else [])],
    )
