"""The simulated telephone company: runs its Asterisk, places patients' calls and answers ours as told."""

from __future__ import annotations

import csv
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.asterisk.modules import CARRIER_MODULES
from config.demo.carrier_ami import CarrierAmi, Message
from config.demo.carrier_calls import (
    Behaviour,
    BehaviourKind,
    CallHandle,
    CallResult,
    PatientCall,
    caller_id,
    digits_of,
    recording_name,
    script_of,
    sound_name,
)
from config.demo.carrier_sounds import write_carrier_sounds
from config.private_asterisk import AsteriskBinary, AsteriskInstance
from config.render_asterisk import present_modules, render_folder

__all__ = [
    "Behaviour",
    "BehaviourKind",
    "CallHandle",
    "CallResult",
    "Carrier",
    "CarrierConfig",
    "Invite",
    "PatientCall",
    "carrier_instance",
    "render_carrier",
    "start_carrier",
]

TEMPLATES = Path(__file__).resolve().parent / "carrier"
DEFAULT_VOICE = "hlc/voice"
CEL_FILE = Path("log/cel-custom/Master.csv")


@dataclass(frozen=True)
class CarrierConfig:
    """Addresses and secrets; the customer is the hotline's trunk."""

    ami_secret: str
    customer_secret: str
    phone_secret: str
    service_number: str = "95169"
    customer_user: str = "hotline"
    customer_host: str = "127.0.0.1"
    host: str = "127.0.0.2"
    sip_port: int = 5160
    ws_port: int = 8189
    ami_port: int = 5139
    rtp_first_port: int = 21000
    rtp_last_port: int = 21999


@dataclass(frozen=True)
class Invite:
    """One call attempt of the hotline as the telephone company saw it."""

    number: str
    caller: str
    at: datetime
    channel: str


class Carrier:
    """The running telephone company, seen from tests, the demo and the command line.

    Needs its Asterisk to be up (`start_carrier`); several Carrier objects may share one.
    """

    def __init__(self, config: CarrierConfig, home: Path) -> None:
        self._config = config
        self._home = home.absolute()
        self._calls: dict[str, CallHandle] = {}
        self._lock = threading.Lock()
        self._ami = CarrierAmi(config.host, config.ami_port, secret=config.ami_secret, on_event=self._on_event)

    def close(self) -> None:
        """Leaves; calls in progress go on."""
        self._ami.close()

    def place_call(self, call: PatientCall) -> CallHandle:
        """Dials the hotline; returns at once. Raises ValueError for a script that cannot be understood."""
        handle = CallHandle(f"hlc-{uuid.uuid4().hex}", call, self._ami)
        with self._lock:
            self._calls[handle.call_id] = handle
        if call.record is not None:
            call.record.unlink(missing_ok=True)  # MixMonitor would leave the tail of a longer one
        say = sound_name(call.say)
        script = script_of(call.keys)
        if say and "say" not in script.split("|"):
            script = f"{script}|say" if script else "say"
        variables = {
            "HLC_SCRIPT": script, "HLC_SAY": say, "HLC_RECORD": recording_name(call.record), "HLC_MAX_S": str(call.max_s),
        }  # fmt: skip
        self._ami.act(
            "Originate",
            {"Channel": f"PJSIP/{self._config.customer_user}", "Context": "hlc-patient", "Exten": "s", "Priority": "1",
             "ChannelId": handle.call_id, "Async": "true", "Timeout": str(int(call.answer_timeout_s * 1000)),
             "CallerID": caller_id(call)},
            variables=[f"{name}={value}" for name, value in variables.items()],
        )  # fmt: skip
        return handle

    def set_behaviour(self, number: str, behaviour: Behaviour) -> None:
        """From now on `number` reacts so; calls in progress are not touched."""
        murmurs = behaviour.kind is BehaviourKind.ANSWER and not behaviour.keys
        say = sound_name(behaviour.say) or (DEFAULT_VOICE if murmurs else "")
        parts = (
            behaviour.kind.value, str(behaviour.ring_s), str(behaviour.hang_up_after_s), say,
            recording_name(behaviour.record), script_of(behaviour.keys).replace("|", "~"),
        )  # fmt: skip
        self._ami.act("DBPut", {"Family": "hlc", "Key": digits_of(number), "Val": "|".join(parts)})

    def forget_behaviour(self, number: str) -> None:
        """Back to answering after a second."""
        self.set_behaviour(number, Behaviour())

    def registered(self) -> bool:
        """True when the hotline's trunk has registered, so that it can be called."""
        answer = self._ami.act("Getvar", {"Variable": f"PJSIP_AOR({self._config.customer_user},contact)"})
        return bool(answer.get("Value"))

    def wait_registered(self, timeout_s: float) -> bool:
        """Waits for the trunk; False at the limit."""
        deadline = time.monotonic() + timeout_s
        while not self.registered():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)
        return True

    def invite_log(self) -> list[Invite]:
        """Every call the hotline ever sent to the network, oldest first; survives restarts of everything."""
        path = self._home / CEL_FILE
        if not path.exists():
            return []
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            rows = [row for row in csv.reader(file) if len(row) >= 6]
        # Calls that patients place begin in the same context, at extension s.
        invites = (row for row in rows if row[0] == "CHAN_START" and row[4] == "hlc-network" and row[3] != "s")
        return [Invite(row[3], row[2], datetime.fromtimestamp(float(row[1]), UTC), row[5]) for row in invites]

    def _on_event(self, message: Message) -> None:
        at = datetime.now(UTC)
        if message["Event"] == "Disconnected":
            with self._lock:
                lost = list(self._calls.values())
            for handle in lost:
                handle.end(at, cause=0)
            return
        with self._lock:
            handle_or_none = self._calls.get(message.get("Uniqueid", ""))
        if handle_or_none is not None:
            handle_or_none.on_event(message, at)
            if handle_or_none.ended:
                with self._lock:
                    self._calls.pop(handle_or_none.call_id, None)


def carrier_instance(binary: AsteriskBinary, home: Path) -> AsteriskInstance:
    """The carrier's Asterisk below `home`; render it before the first start."""
    return AsteriskInstance(binary, home, "carrier")


def start_carrier(binary: AsteriskBinary, home: Path, config: CarrierConfig, *, timeout_s: float) -> AsteriskInstance:
    """Renders, starts and waits until it is ready; does nothing when it runs already."""
    instance = carrier_instance(binary, home)
    instance.prepare()
    render_carrier(config, instance)
    instance.start()
    instance.wait_ready(timeout_s)
    return instance


def render_carrier(config: CarrierConfig, instance: AsteriskInstance) -> list[Path]:
    """Writes the carrier's files; returns those that changed."""
    directories = instance.directories()
    values: Mapping[str, Any] = {
        **vars(config),
        "directories": directories,
        "modules": present_modules(CARRIER_MODULES, modules_dir=instance.binary.modules_dir),
    }
    write_carrier_sounds(directories["astdatadir"] / "sounds" / "hlc")
    return render_folder(TEMPLATES, instance.etc_dir, values=values)
