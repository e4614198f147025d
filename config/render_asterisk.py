"""Writes the whole configuration folder of an Asterisk from its templates, complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.asterisk.modules import PBX_MODULES
from config.asterisk.pbx_config import PbxConfig
from config.asterisk.sounds import write_hold_music, write_signal_sounds

TEMPLATES = Path(__file__).resolve().parent / "asterisk" / "templates"


def render_pbx(config: PbxConfig) -> list[Path]:
    """Renders the hospital's Asterisk; returns the files whose text changed (empty: nothing to reload)."""
    etc = config.directories["astetcdir"]
    modules = present_modules(PBX_MODULES, modules_dir=config.directories["astmoddir"])
    values = {
        **{name: getattr(config, name) for name in type(config).model_fields},
        "dialplan_custom_dir": config.dialplan_custom_dir,
        "modules": modules,
        # Beside alaw, opus would never be chosen: Asterisk offers the caller's codec first.
        "webrtc_codecs": "opus" if any(name.startswith("codec_opus") for name in modules) else "alaw,ulaw",
        "ami_permit": permitted_network(config.ami_host),
        # On loopback the sound stays there too; elsewhere the system and ICE choose the address.
        "media_host": config.sip_host if config.sip_host.startswith("127.") else None,
        "browser_media_host": config.ws_host if config.ws_host.startswith("127.") else None,
    }
    config.recordings_dir.mkdir(parents=True, exist_ok=True)
    config.dialplan_custom_dir.mkdir(parents=True, exist_ok=True)
    write_hold_music(config.directories["astdatadir"] / "moh" / "hold.wav16")
    write_signal_sounds(config.directories["astdatadir"] / "sounds")
    return render_folder(TEMPLATES, etc, values=values)


def render_folder(templates: Path, target: Path, *, values: Mapping[str, Any]) -> list[Path]:
    """Renders every *.j2 of a folder; a changed file appears by rename and is readable by its owner only."""
    environment = Environment(
        loader=FileSystemLoader(templates), undefined=StrictUndefined, autoescape=False,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    texts = {name.removesuffix(".j2"): environment.get_template(name).render(values) for name in _names(templates)}
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [target / name for name, text in texts.items() if _write_if_changed(target / name, text)]


def _names(templates: Path) -> list[str]:
    return sorted(path.name for path in templates.glob("*.j2"))


def _write_if_changed(path: Path, text: str) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return True


def present_modules(wanted: tuple[str, ...], *, modules_dir: Path) -> tuple[str, ...]:
    """Those of `wanted` that this build has: distributions leave different ones out."""
    return tuple(name for name in wanted if (modules_dir / f"{name}.so").exists())


def permitted_network(host: str) -> str:
    """Who may log in to the manager interface: this machine's loopback, or the one address it listens on."""
    return "127.0.0.0/255.0.0.0" if host.startswith("127.") else f"{host}/255.255.255.255"
