"""Declares every setting once: its type, unit, range and meaning. Values come from defaults.toml, home, environment."""

import re
from datetime import time
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

SPAN = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$")


def minutes_of_span(span: str) -> tuple[int, int]:
    """Turn `08:00-17:30` into minutes after midnight; `24:00` is the end of the day. Raises ValueError."""
    found = SPAN.match(span)
    if not found:
        raise ValueError("write it like 08:00-17:30")
    hours_1, minutes_1, hours_2, minutes_2 = (int(part) for part in found.groups(default="24"))
    minutes_2 = 0 if hours_2 == 24 else minutes_2
    opens, closes = hours_1 * 60 + minutes_1, hours_2 * 60 + minutes_2
    if opens >= closes:
        raise ValueError("must end after it begins, on the same day")
    return opens, closes


def _checked_span(span: str) -> str:
    minutes_of_span(span)
    return span


Port = Annotated[int, Field(ge=1024, le=65535, json_schema_extra={"unit": "port"})]
Span = Annotated[str, AfterValidator(_checked_span)]


class PasswordProfile(StrEnum):
    """Two rule books that contradict one another; a site picks one."""

    ASVS = "asvs"
    CN_MLPS3 = "cn-mlps3"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class PhoneKind(StrEnum):
    WEBRTC = "webrtc"
    SIP = "sip"


class DemoSize(StrEnum):
    """``small`` has the departments of the menu, the named doctors with free seats and a few hundred patients."""

    SMALL = "small"
    FULL = "full"


class CopyFormat(StrEnum):
    OPUS = "opus"
    MP3 = "mp3"


def _text(doc: str, **limits: Any) -> Any:
    return Field(description=doc, **limits)


def _number(doc: str, unit: str, low: float, high: float) -> Any:
    return Field(description=doc, ge=low, le=high, json_schema_extra={"unit": unit})


def _secret(doc: str) -> Any:
    return Field(description=doc, min_length=16)


class Section(BaseModel):
    """One table of settings.toml; a key that is not declared here is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class HospitalSettings(Section):
    name: str = _text("Name of the hospital, spoken and shown", min_length=1, max_length=60)
    service_number: str = _text("The number patients dial", pattern=r"^\d{3,15}$")
    area_code: str = _text("Area code of the hospital's city", pattern=r"^0\d{2,3}$")
    workday_hours: tuple[Span, ...] = _text("Opening hours on working days, moved ones too; empty means closed")
    restday_hours: tuple[Span, ...] = _text("Opening hours on weekends and public holidays; empty means closed")


class WebSettings(Section):
    host: str = _text("Address the web server listens on; loopback behind a proxy")
    port: Port = _text("Port of desk, API and sockets")
    public_url: str = _text("Address seen by browsers when a proxy stands in front; empty means host and port")
    secure_cookies: bool = _text("Send cookies over TLS only; false is for loopback, true behind a TLS proxy")
    threads: int = _number("Threads of the web server; each open desk holds one", "threads", 20, 1000)
    second_factor: str = _text(
        "One-time codes for supervisors and administrators: off, optional, required",
        pattern="^(off|optional|required)$",
    )


class AmiSettings(Section):
    host: str = _text("Address of Asterisk's manager interface")
    port: Port = _text("Port of Asterisk's manager interface")
    events_user: str = _text("Login that only receives events", pattern=r"^[a-z0-9-]{1,40}$")
    events_secret: SecretStr = _secret("Password of the events login")
    actions_user: str = _text("Login that only sends actions", pattern=r"^[a-z0-9-]{1,40}$")
    actions_secret: SecretStr = _secret("Password of the actions login")
    ping_interval_s: float = _number("Time between two pings; two lost ones mean the link is dead", "s", 0.2, 30)
    action_timeout_s: float = _number("Longest wait for the answer to one action", "s", 1, 60)
    connect_timeout_s: float = _number("Longest wait for connecting and login", "s", 1, 60)
    reconnect_min_s: float = _number("First pause before connecting again", "s", 0.1, 30)
    reconnect_max_s: float = _number("Longest pause before connecting again", "s", 1, 300)


class AgiSettings(Section):
    host: str = _text("Address our FastAGI server listens on")
    port: Port = _text("Port of our FastAGI server")
    backlog: int = _number("Connections the system may hold before we accept them", "connections", 16, 4096)
    callers_max: int = _number("Callers in the IVR at once; more go straight to the queue", "callers", 1, 5000)
    command_timeout_s: float = _number("Longest wait for the answer to one command beyond its own duration", "s", 1, 60)
    conversation_max_s: float = _number("Longest stay of one caller in the IVR", "s", 60, 3600)


class AddressSettings(Section):
    host: str = _text("Address Asterisk listens on")
    port: Port = _text("Port Asterisk listens on")


class RtpSettings(Section):
    first_port: Port = _text("First port for sound, even")
    last_port: Port = _text("Last port for sound; two ports a leg")


class AsteriskSettings(Section):
    managed: bool = _text("true: a private Asterisk is rendered and run; false: one that runs elsewhere is used")
    system_name: str = _text("Makes call ids unique over several Asterisks", pattern=r"^[a-z0-9-]{1,20}$")
    start_timeout_s: float = _number("Longest wait until Asterisk is fully booted", "s", 5, 300)


class TrunkSettings(Section):
    host: str = _text("SIP server of the telephone company; empty means the simulated carrier")
    port: Port = _text("SIP port of the telephone company; ignored when host is empty")
    registers: bool = _text("true: log in with username and password; false: known by our address")
    username: str = _text("Login at the telephone company", pattern=r"^[A-Za-z0-9+@._-]{1,80}$")
    password: SecretStr = _secret("Password at the telephone company")


class CarrierSettings(Section):
    enabled: bool = _text("Run the simulated public network (demo and tests)")
    host: str = _text("Loopback address of its own: an endpoint matched by IP swallows every client of that address")
    sip_port: Port = _text("SIP port of the carrier")
    ws_port: Port = _text("Websocket port of the carrier, for the browser telephone")
    ami_port: Port = _text("Manager port of the carrier")
    ami_secret: SecretStr = _secret("Password of the carrier's manager login")
    phone_secret: SecretStr = _secret("SIP password of the browser telephone")
    rtp_first_port: Port = _text("First port for sound of the carrier, even")
    rtp_last_port: Port = _text("Last port for sound of the carrier")


class TelephonySettings(Section):
    ring_timeout_s: int = _number("How long one agent's phone rings before the next is tried", "s", 5, 120)
    department_timeout_s: int = _number("How long a department's phone rings before the caller returns", "s", 5, 120)
    consult_timeout_s: int = _number("How long the recipient of an attended transfer rings", "s", 5, 120)
    wrap_up_s: int = _number("Time for notes after a call before the agent is ready again", "s", 0, 900)
    agent_phone_kind: PhoneKind = _text("What agents speak through: the browser or a SIP telephone")
    code_start: str = _text("Feature code that the Atxfer action needs", pattern=r"^[0-9*#]{5,10}$")
    code_complete: str = _text("Feature code played by us to complete an attended transfer", pattern=r"^[0-9*#]{5,10}$")
    code_abort: str = _text("Feature code played by us to cancel an attended transfer", pattern=r"^[0-9*#]{5,10}$")
    code_three_way: str = _text("Feature code played by us to make it a conference", pattern=r"^[0-9*#]{5,10}$")


class DialPolicySettings(Section):
    allowed_prefixes: tuple[str, ...] = _text("Numbers that may be dialled begin so; all others are refused")
    refused_prefixes: tuple[str, ...] = _text("Refused even when a longer or shorter prefix allows them")
    calls_per_user_and_day: int = _number("Outside calls of one agent a day", "calls", 1, 2000)
    concurrent_calls_max: int = _number("Outside calls of the whole house at once", "calls", 1, 500)


class RecordingSettings(Section):
    retention_days: int = _number("Age at which a recording is deleted", "days", 30, 3650)
    copy_format: CopyFormat = _text("Format of the small copy made for listening")
    copy_kbit_s: int = _number("Bit rate of the small copy", "kbit/s", 16, 128)
    notice_required: bool = _text("Say the recording notice before anything else")


class DiallerSettings(Section):
    enabled: bool = _text("Let campaigns dial")
    window_start: time = _text("No outbound call before this time of day")
    window_end: time = _text("No outbound call from this time of day on")
    pause_start: time = _text("Beginning of the midday pause; equal to pause_end means no pause")
    pause_end: time = _text("End of the midday pause")
    dials_on_holidays: bool = _text("Dial on public holidays too")
    calls_per_number_and_day: int = _number("Calls to one number in 24 hours over all campaigns", "calls", 1, 5)
    concurrent_calls_max: int = _number("Campaign calls at once", "calls", 1, 200)
    ring_timeout_s: int = _number("How long a called patient's phone rings", "s", 10, 120)
    tick_s: float = _number("Time between two looks for due contacts", "s", 0.2, 60)
    lease_s: int = _number("How long a claimed contact belongs to one dialler", "s", 30, 3600)
    attempts_max: int = _number("Attempts for one contact", "attempts", 1, 10)
    retry_delay_minutes: int = _number("Pause before the next attempt after no answer", "minutes", 1, 1440)


class SecuritySettings(Section):
    session_secret: SecretStr = _secret("Signs session cookies; a new one logs everybody out")
    encryption_key: SecretStr = _secret("Encrypts personal data: 32 bytes in base64; lost key, lost data")
    lookup_key: SecretStr = _secret("Keyed hash for finding encrypted numbers: 32 bytes in base64")
    idle_minutes: int = _number("Session ends after this much idleness; never during a call", "minutes", 5, 30)
    session_hours: int = _number("Longest life of a session", "hours", 1, 24)
    login_failures_max: int = _number("Wrong passwords before throttling", "tries", 3, 20)
    login_window_minutes: int = _number("Window in which wrong passwords are counted", "minutes", 5, 120)
    login_throttle_minutes: int = _number("How long account and address are throttled", "minutes", 15, 1440)
    password_profile: PasswordProfile = _text("asvs (long, no forced change) or cn-mlps3 (mixed, 90 days)")
    audit_retention_days: int = _number("Age at which audit rows may go; the law asks for 180", "days", 180, 36500)


class DatabaseSettings(Section):
    url: SecretStr = _text("postgresql://... ; empty means SQLite in the home")
    pool_size: int = _number("Connections kept open (PostgreSQL)", "connections", 1, 200)
    busy_timeout_s: float = _number("Longest wait for a locked database", "s", 1, 60)


class RedisSettings(Section):
    url: SecretStr = _text("redis://... for several web instances; empty means everything in one process")


class LoggingSettings(Section):
    level: LogLevel = _text("Least important level that is written")
    personal_data: bool = _text("Write fields marked pii_; only while hunting a fault")
    file_size_mb: int = _number("Size at which the log file is rotated", "MB", 1, 1000)
    files_kept: int = _number("Rotated log files that are kept", "files", 1, 400)


class LimitSettings(Section):
    bus_events_max: int = _number("Events waiting on the bus before publishers are slowed", "events", 100, 1_000_000)
    pump_events_max: int = _number("AMI events waiting before status events are shed", "events", 1000, 1_000_000)
    upload_mb: int = _number("Largest upload", "MB", 1, 500)
    import_rows_max: int = _number("Largest contact list", "rows", 100, 5_000_000)
    disk_warning_ratio: float = _number("Filled part of the disk that is reported", "ratio", 0.5, 0.95)
    disk_alarm_ratio: float = _number("Filled part of the disk that raises the alarm", "ratio", 0.5, 0.99)
    stop_timeout_s: float = _number("Longest wait for calls and requests at a stop", "s", 1, 300)


class SmsSettings(Section):
    url: str = _text("HTTPS address of the SMS gateway; empty: none (a demo keeps its messages on the page)")
    body: str = _text("JSON sent to it; may hold {number}, {e164}, {text}, {reference}")
    headers: SecretStr = Field(description="JSON object of headers, e.g. with the gateway's key")
    is_form: bool = _text("Send form fields instead of JSON")
    success_path: str = _text("Where in the answer success is told (dots between keys); empty: the status says it")
    success_values: list[str] = _text("Values there that mean accepted")
    final_values: list[str] = _text("Values there after which another try is useless")
    id_path: str = _text("Where in the answer the gateway's own id is")
    timeout_s: float = _number("Time for the whole exchange", "s", 1, 60)
    sends_once: bool = _text("The gateway drops a second message with the same {reference}")
    price_fen: int = _number("Price of one message", "fen", 0, 10_000)


class MailSettings(Section):
    host: str = _text("SMTP server; empty: none")
    port: int = _number("Port of the SMTP server", "port", 1, 65535)
    sender: str = _text("Address mails come from")
    username: str = _text("Login at the server; empty: none")
    password: SecretStr = Field(description="Password at the server")
    security: str = _text("starttls, tls or plain", pattern="^(starttls|tls|plain)$")


class OutgoingSettings(Section):
    hosts: list[str] = _text("The only names this hotline connects to by itself (SMS gateway, mail server)")
    private_networks: list[str] = _text("Inner networks those names may lie in, e.g. 10.1.2.0/24; empty: none")


class DemoSettings(Section):
    enabled: bool = _text("Load the demo hospital, its patients and staff; serve /phone")
    size: DemoSize = _text(
        "How much is loaded on the first start: small (seconds) or full (30 departments, 20,000 patients)"
    )
    seed: int = _number("The demo hospital is generated from it; the same value, the same people", "seed", 0, 2**31)
    clock_offset_s: int = _number(
        "Moves the wall clock of a demo or test; refused with a real trunk", "s", -31_622_400, 31_622_400
    )
