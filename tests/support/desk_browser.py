"""A person's browser for the desk tests: REST with CSRF, and a screen that follows the socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.desk_world import DeskWorld

PASSWORD = "correct horse battery"


class Browser:
    """A person's browser against the application, without network."""

    def __init__(self, world: DeskWorld) -> None:
        self.world = world
        self.http = world.server.app.test_client()
        self.socket: Any = None
        self.screen: dict[tuple[str, str], Any] = {}
        self.version = 0
        self.get("/session")

    @property
    def csrf(self) -> str:
        cookie = self.http.get_cookie("hotline_csrf")
        return cookie.value if cookie else ""

    def log_in(self, login: str, password: str = PASSWORD) -> Any:
        return self.post("/login", {"login": login, "password": password})

    def get(self, path: str, **arguments: Any) -> Any:
        return self.http.get(f"/api/v1{path}", **arguments)

    def send(self, method: str, path: str, body: Any = None, **arguments: Any) -> Any:
        headers = {"X-CSRF-Token": self.csrf} | arguments.pop("headers", {})
        return self.http.open(f"/api/v1{path}", method=method, json=body, headers=headers, **arguments)

    def post(self, path: str, body: Any = None, **arguments: Any) -> Any:
        return self.send("POST", path, body, **arguments)

    def put(self, path: str, body: Any = None, **arguments: Any) -> Any:
        return self.send("PUT", path, body, **arguments)

    # -- socket ---------------------------------------------------------------------------------------------------

    def connect(self) -> Browser:
        self.socket = self.world.server.socketio.test_client(self.world.server.app, flask_test_client=self.http)
        return self

    def subscribe(self, view: str = "desk") -> dict[str, Any]:
        answer: dict[str, Any] = self.socket.emit("subscribe", {"view": view}, callback=True)
        if "entities" in answer:
            self.version = answer["version"]
            self.screen |= {(one["kind"], one["id"]): one["value"] for one in answer["entities"]}
        return answer

    def take(self) -> list[dict[str, Any]]:
        """Apply what has come; returns the changes."""
        changes = [message["args"][0] for message in self.socket.get_received() if message["name"] == "change"]
        for change in changes:
            if change["version"] <= self.version:
                continue
            key = (change["kind"], change["id"])
            if change["value"] is None:
                self.screen.pop(key, None)
            else:
                self.screen[key] = change["value"]
        return changes

    def calls(self) -> dict[str, Any]:
        self.take()
        return {entity_id: value for (kind, entity_id), value in self.screen.items() if kind == "call"}
