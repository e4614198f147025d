"""Prepares a home's database and runs the program of that home from start to stop."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import structlog

from config.demo import hospital
from config.ground import Ground, build_ground, phone_secret
from config.menus import seed_menus
from crm_core import schema
from crm_core.agents.kinds import Role
from crm_core.calls.queues import QUEUES

if TYPE_CHECKING:
    from agent_desk.app import DeskServer
    from config.settings import Settings
    from config.wiring import House

log = structlog.get_logger(__name__)


def prepare(settings: Settings, progress: hospital.Progress | None = None) -> list[hospital.OneTimePassword]:
    """Migrate, and fill an empty database: the demo hospital, or one administrator. Safe to repeat and to interrupt."""
    ground = build_ground(settings)
    try:
        schema.upgrade(ground.database)
        seed_menus(settings, ground)
        return _fill(settings, ground, progress)
    finally:
        ground.close()


def _fill(settings: Settings, ground: Ground, progress: hospital.Progress | None) -> list[hospital.OneTimePassword]:
    """The hospital first, for it takes longest: passwords that exist are always shown."""
    if settings.demo.enabled:
        target = hospital.DemoGround(ground.database, ground.cipher, ground.clock, ground.hours)
        hospital.load_hospital(target, size=settings.demo.size, seed=settings.demo.seed, progress=progress)
    if ground.accounts.accounts():
        return []
    return hospital.load_cast(ground.accounts) if settings.demo.enabled else [_administrator(ground)]


def _administrator(ground: Ground) -> hospital.OneTimePassword:
    password = hospital.new_password()
    ground.accounts.create("admin", password, name="管理员", role=Role.ADMIN)
    return hospital.OneTimePassword("admin", password, Role.ADMIN.value)


def telephone_plan(settings: Settings) -> dict[str, Any]:
    """What Asterisk's files need from the database: telephones, queues, departments, the events we read."""
    from config.asterisk.pbx_config import AgentPhone, DepartmentNumber, PhoneKind, QueueValues
    from cti.ami_readers import EVENT_NAMES

    ground = build_ground(settings)
    kind = PhoneKind(settings.telephony.agent_phone_kind.value)
    try:
        return {
            "agents": tuple(
                AgentPhone(
                    extension=account.extension, secret=phone_secret(settings, account.extension), phone_kind=kind
                )
                for account in ground.accounts.accounts()
                if account.extension and not account.is_disabled
            ),
            "queues": tuple(QueueValues(name=queue.name, weight=queue.base_priority) for queue in QUEUES),
            "departments": tuple(
                DepartmentNumber(code=department.code, number=department.phone_number)
                for department in ground.appointments.departments()
                if department.phone_number
            ),
            "event_names": tuple(sorted(EVENT_NAMES)),
        }
    finally:
        ground.close()


THREAD_TURN_S = 0.0005
"""How long one thread computes before another may: a key pressed between two commands to Asterisk is lost, so the
conversation must not wait for the boards (measured: p90 of the gap 48 -> 26 ms at 60 new calls a second)."""


def run(settings: Settings) -> None:
    """Run the program in the foreground until SIGTERM: a supervisor and one worker process that does everything.

    A worker that dies is replaced at once by a fresh one; the telephone calls go on meanwhile (I8).
    """
    from agent_desk.server import WebServer
    from config.wiring import build_house

    houses: list[House] = []

    def make_desk() -> DeskServer:
        houses.append(build_house(settings))
        return houses[0].desk

    def start() -> None:
        sys.setswitchinterval(THREAD_TURN_S)
        houses[0].start()
        _write_program_file(settings, houses[0])
        log.info("program_started", web=settings.web_url)

    def stop() -> None:
        settings.layout.program_file.unlink(missing_ok=True)
        houses[0].stop()
        log.info("program_stopped")

    WebServer(
        make_desk,
        host=settings.web.host,
        port=settings.web.port,
        threads=settings.web.threads,
        on_start=[start],
        on_stop=[stop],
    ).run()


def _write_program_file(settings: Settings, house: House) -> None:
    told = {"pid": os.getpid(), "web": settings.web_url, "started_at": house.ground.clock.now().isoformat()}
    settings.layout.program_file.write_text(json.dumps(told), encoding="utf-8")
