"""Every value that goes into the files of the hospital's Asterisk, checked so that none can break out of its line."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
"""A word of ours: queue, department code, login."""

Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{3,15}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$")]
Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+@._-]{1,80}$")]
Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/=.~-]{8,128}$")]
"""No `;` (starts a comment), no `"`, `\\`, `#`, `[` or space: Asterisk's files have no safe way to quote them."""

FeatureCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-D*#]{2,10}$")]
Strategy = Literal["leastrecent", "rrmemory", "fewestcalls", "ringall", "linear", "random"]
EventName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,40}$")]
Port = Annotated[int, Field(ge=1024, le=65535)]


class PhoneKind(StrEnum):
    """What an agent speaks through."""

    WEBRTC = "webrtc"
    SIP = "sip"


class _Values(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class AgentPhone(_Values):
    """One telephone of our own: an agent's or a supervisor's."""

    extension: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{2,5}$")]
    secret: Secret
    phone_kind: PhoneKind = PhoneKind.WEBRTC


class QueueValues(_Values):
    """One waiting line. A member of several queues is offered the call of the heaviest first."""

    name: Name
    weight: Annotated[int, Field(ge=0, le=100)] = 0
    strategy: Strategy = "leastrecent"


class DepartmentNumber(_Values):
    """Where a department's telephone is reached through the trunk; always allowed by the dial policy."""

    code: Name
    number: Number


class FeatureCodes(_Values):
    """Digits that only our program plays into a call (AMI PlayDTMF with Receive=true), one set for all calls."""

    complete: FeatureCode = "*#7*#1"
    abort: FeatureCode = "*#7*#2"
    three_way: FeatureCode = "*#7*#3"
    start: FeatureCode = "*#7*#0"
    """Used by Asterisk itself for the Atxfer action; without a code the action is refused."""

    swap: FeatureCode = "*#7*#4*#7"
    blind: FeatureCode = "*#7*#5*#7"
    disconnect: FeatureCode = "*#7*#6*#7"
    pickup: FeatureCode = "*#7*#8*#7"
    """These four only keep Asterisk's own short codes (#, *, *4, *8) away from agents' keys."""

    @model_validator(mode="after")
    def _no_code_begins_another(self) -> Self:
        codes = list(self.model_dump().values())
        if any(a is not b and b.startswith(a) for a in codes for b in codes):
            raise ValueError("no feature code may begin another one")
        return self


class Trunk(_Values):
    """The line to the telephone company."""

    host: Host = "127.0.0.2"
    port: Port = 5160
    registers: bool = True
    username: Login = "hotline"
    password: Secret
    match: tuple[Host, ...] = ()
    """Addresses that calls come from; empty: the host itself."""


class PbxConfig(_Values):
    """The hospital's Asterisk. Defaults are the demo's; folders are absolute."""

    system_name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,20}$")] = "hl1"
    directories: dict[str, Path]
    """[directories] of asterisk.conf (AsteriskInstance.directories())."""

    recordings_dir: Path
    custom_dir: Path | None = None
    """Folder with the site's own *.conf for the dialplan; None: `hl-custom` in the etc folder."""

    service_number: Number = "95169"
    sip_host: Host = "127.0.0.1"
    sip_port: Port = 5160
    ws_host: Host = "127.0.0.1"
    ws_port: Port = 8188
    ami_host: Host = "127.0.0.1"
    ami_port: Port = 5138
    rtp_first_port: Port = 20000
    rtp_last_port: Port = 20999
    agi_host: Host = "127.0.0.1"
    agi_port: Port = 4673
    events_user: Login = "hl-events"
    events_secret: Secret
    actions_user: Login = "hl-actions"
    actions_secret: Secret
    event_names: tuple[EventName, ...] = ()
    """AMI events that the events login gets; empty: all of them (traces, debugging)."""

    trunk: Trunk
    agents: tuple[AgentPhone, ...] = ()
    queues: tuple[QueueValues, ...] = (
        QueueValues(name="booking"),
        QueueValues(name="enquiry"),
        QueueValues(name="complaint"),
        QueueValues(name="emergency", weight=100),
    )
    default_queue: Name = "enquiry"
    departments: tuple[DepartmentNumber, ...] = ()
    feature_codes: FeatureCodes = FeatureCodes()
    allowed_prefixes: tuple[Digits, ...] = ("01", "02", "03", "04", "05", "06", "07", "08", "09",
                                            "13", "14", "15", "16", "17", "18", "19")  # fmt: skip
    refused_prefixes: tuple[Digits, ...] = ("00", "0900", "160", "168", "96")
    ring_timeout_s: Annotated[int, Field(ge=5, le=120)] = 20
    department_timeout_s: Annotated[int, Field(ge=5, le=120)] = 25
    consult_timeout_s: Annotated[int, Field(ge=5, le=120)] = 30
    emergency_number: Annotated[str, StringConstraints(pattern=r"^([0-9]{3,15})?$")] = ""
    """急诊/总值班, rung through the trunk when no agent takes an emergency in time; "": nobody (C14)."""

    emergency_wait_s: Annotated[int, Field(ge=5, le=120)] = 20
    wait_max_s: dict[Name, Annotated[int, Field(ge=0, le=7200)]] = {}
    """By queue: after so long a caller is offered a call-back; 0 or not named: never (C21)."""

    last_agent_s: Annotated[int, Field(ge=5, le=60)] = 10
    announce_every_s: Annotated[int, Field(ge=15, le=600)] = 40
    """Pause between two announcements to a caller who waits."""

    agi_silence_s: Annotated[int, Field(ge=1, le=30)] = 5
    """A FastAGI server that has not raised the limit by then is taken for dead (I8)."""

    concurrent_calls_max: Annotated[int, Field(ge=1, le=10000)] = 1000

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [queue.name for queue in self.queues]
        if self.default_queue not in names:
            raise ValueError(f"default_queue {self.default_queue} is no queue")
        for kind, values in (
            ("queue", names),
            ("extension", [agent.extension for agent in self.agents]),
            ("department", [department.code for department in self.departments]),
        ):
            if len(set(values)) != len(values):
                raise ValueError(f"a {kind} is named twice")
        if self.rtp_last_port - self.rtp_first_port < 20:
            raise ValueError("rtp_last_port must be at least 20 above rtp_first_port")
        for path in (*self.directories.values(), self.recordings_dir, self.custom_dir or Path("/")):
            check_path(path)
        return self

    @property
    def dialplan_custom_dir(self) -> Path:
        """Where the site's own dialplan files are looked for."""
        return self.custom_dir or self.directories["astetcdir"] / "hl-custom"


def check_path(path: Path) -> None:
    """Raises ValueError for a folder whose name would be read as something else in a dialplan or a file of Asterisk."""
    text = str(path)
    if not path.is_absolute() or any(letter in text for letter in ';"\\,&|()[]{}$^#\'`') or not text.isprintable():
        raise ValueError("a folder for Asterisk must be absolute, without ; \" \\ , & | ( ) [ ] { } $ ^ # ' `")
