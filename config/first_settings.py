"""Writes the settings.toml of a new home: free ports of its own and fresh secrets."""

import base64
import os
import secrets
import socket
import zlib
from collections.abc import Callable
from pathlib import Path

from config.home import DEFAULT_HOME, Home

HEADER = """\
# Settings of this home. What is not here comes from config/defaults.toml; `hotline settings` lists everything.
# This file holds secrets: keep it readable by its owner only, and keep a copy of [security] in a safe place.
"""
# setting -> (address, protocol, port of the default home, offset inside the block of ports of another home)
PORTS: dict[str, tuple[str, str, int, int]] = {
    "web.port": ("127.0.0.1", "tcp", 8080, 0),
    "ami.port": ("127.0.0.1", "tcp", 5138, 1),
    "agi.port": ("127.0.0.1", "tcp", 4673, 2),
    "sip.port": ("127.0.0.1", "udp", 5160, 3),
    "ws.port": ("127.0.0.1", "tcp", 8188, 4),
    "carrier.sip_port": ("127.0.0.2", "udp", 5160, 5),
    "carrier.ws_port": ("127.0.0.2", "tcp", 8189, 6),
    "carrier.ami_port": ("127.0.0.2", "tcp", 5139, 7),
}
FIRST_BLOCK_PORT, BLOCK_SIZE, BLOCKS = 12000, 10, 800
FIRST_RTP_PORT, RTP_PORTS_A_SIDE, RTP_BLOCKS = 22000, 500, 10

SECRETS: dict[str, Callable[[], str]] = {
    "ami.events_secret": lambda: secrets.token_urlsafe(24),
    "ami.actions_secret": lambda: secrets.token_urlsafe(24),
    "trunk.password": lambda: secrets.token_urlsafe(24),
    "carrier.ami_secret": lambda: secrets.token_urlsafe(24),
    "carrier.phone_secret": lambda: secrets.token_urlsafe(24),
    "security.session_secret": lambda: secrets.token_urlsafe(32),
    "security.encryption_key": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "security.lookup_key": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
}


class NoFreePortError(Exception):
    """Every block of ports is taken, or loopback cannot be bound at all."""


def write_first_settings(home: Home) -> bool:
    """Create settings.toml (mode 0600) unless there is one; true when it was made now. Safe against a second start."""
    if home.settings_file.exists():
        return False
    home.create()
    values: dict[str, object] = {**free_ports(home.root), **{name: make() for name, make in SECRETS.items()}}
    # the demo answers at any hour, otherwise a newcomer in the evening hears only "we are closed"
    for day in ("workday", "restday"):
        values[f"hospital.{day}_hours"] = ["00:00-24:00"]
    unfinished = home.settings_file.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(HEADER + as_toml(values))
    try:
        os.link(unfinished, home.settings_file)  # fails when another start was faster: its secrets stay
    except FileExistsError:
        return False
    finally:
        unfinished.unlink()
    return True


def as_toml(values: dict[str, object]) -> str:
    """Write `section.key` values as TOML tables; understands text, whole numbers and lists of text."""
    tables: dict[str, list[str]] = {}
    for name, value in values.items():
        section, key = name.split(".")
        tables.setdefault(section, []).append(f"{key} = {_toml_value(value)}")
    return "".join(f"\n[{section}]\n" + "".join(f"{line}\n" for line in lines) for section, lines in tables.items())


def free_ports(root: Path) -> dict[str, int]:
    """Choose ports: those of the README for the default home, a block by the folder's name for every other."""
    own_block = zlib.crc32(str(root).encode()) % BLOCKS
    blocks = [(own_block + step) % BLOCKS for step in range(BLOCKS)]
    candidates = [_block_ports(block) for block in blocks]
    if root == DEFAULT_HOME:
        candidates.insert(0, _default_ports())
    for ports in candidates:
        if all(is_free(host, ports[name], protocol) for name, (host, protocol, _, _) in PORTS.items()):
            return ports
    raise NoFreePortError("no free ports on 127.0.0.1 and 127.0.0.2; is loopback up? (`ip link set lo up`)")


def is_free(host: str, port: int, protocol: str) -> bool:
    """True when the address can be bound now."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if protocol == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _default_ports() -> dict[str, int]:
    return {name: port for name, (_, _, port, _) in PORTS.items()}


def _block_ports(block: int) -> dict[str, int]:
    first = FIRST_BLOCK_PORT + block * BLOCK_SIZE
    rtp = FIRST_RTP_PORT + (block % RTP_BLOCKS) * RTP_PORTS_A_SIDE * 2
    sound = {
        "rtp.first_port": rtp,
        "rtp.last_port": rtp + RTP_PORTS_A_SIDE - 1,
        "carrier.rtp_first_port": rtp + RTP_PORTS_A_SIDE,
        "carrier.rtp_last_port": rtp + 2 * RTP_PORTS_A_SIDE - 1,
    }
    return {name: first + offset for name, (_, _, _, offset) in PORTS.items()} | sound


def _toml_value(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'
