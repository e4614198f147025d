"""Collects what runs in one home: program, Asterisk, carrier, addresses, disk."""

import shutil
from typing import Any

from config.program import Program, ask_health
from config.settings import Settings


def collect_status(settings: Settings) -> dict[str, Any]:
    """One JSON-ready object; `running` is true when the program answers as healthy."""
    from config.telephone_switches import Switches

    home = settings.layout
    pid = Program(home).pid()
    health = ask_health(settings.web_url) if pid else None
    disk = shutil.disk_usage(home.root)
    return {
        "home": str(home.root),
        "running": bool(health and health.ok),
        "program": {"pid": pid, "healthy": bool(health and health.ok), "health": health.body if health else {}},
        "switches": {name: {"pid": switch_pid} for name, switch_pid in Switches(settings).pids().items()},
        "addresses": addresses_of(settings),
        "disk": {"used_ratio": round(disk.used / disk.total, 3), "free_bytes": disk.free},
    }


def addresses_of(settings: Settings) -> dict[str, str]:
    """Where people and programs find this home."""
    found = {
        "desk": f"{settings.web_url}/",
        "API": f"{settings.web_url}/docs",
        "SIP": f"{settings.sip.host}:{settings.sip.port}/udp",
        "agents' websocket": f"ws://{settings.ws.host}:{settings.ws.port}/ws",
    }
    if settings.demo.enabled and settings.carrier.enabled:
        found["browser telephone"] = f"{settings.web_url}/phone"
    return found
