"""Loads the settings of one home: defaults.toml, then settings.toml, then secret files, then the environment."""

import os
import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from config import settings_sections as sections
from config.home import Home
from config.settings_faults import SettingFault, WrongSettingsError, fault_from
from config.settings_waiting import WaitingSettings

DEFAULTS_FILE = Path(__file__).with_name("defaults.toml")
ENVIRONMENT_PREFIX = "HOTLINE__"
SECRETS_FOLDER_VARIABLE = "HOTLINE_SECRETS_DIR"


class Settings(BaseSettings):
    """All settings, frozen. Build it with `load_settings`, which explains every fault."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    home: Path = Field(description="Folder with everything this hotline keeps; given by --home")
    hospital: sections.HospitalSettings
    web: sections.WebSettings
    ami: sections.AmiSettings
    agi: sections.AgiSettings
    sip: sections.AddressSettings
    ws: sections.AddressSettings
    rtp: sections.RtpSettings
    asterisk: sections.AsteriskSettings
    trunk: sections.TrunkSettings
    carrier: sections.CarrierSettings
    telephony: sections.TelephonySettings
    dial_policy: sections.DialPolicySettings
    recordings: sections.RecordingSettings
    waiting: WaitingSettings
    dialler: sections.DiallerSettings
    security: sections.SecuritySettings
    database: sections.DatabaseSettings
    redis: sections.RedisSettings
    logging: sections.LoggingSettings
    limits: sections.LimitSettings
    sms: sections.SmsSettings
    mail: sections.MailSettings
    outgoing: sections.OutgoingSettings
    demo: sections.DemoSettings

    @property
    def layout(self) -> Home:
        """Paths below the home."""
        return Home(self.home)

    @property
    def database_url(self) -> str:
        """Where data are kept; SQLite in the home unless a server is named."""
        return self.database.url.get_secret_value() or f"sqlite:///{self.layout.database}"

    @property
    def web_url(self) -> str:
        return self.web.public_url or f"http://{self.web.host}:{self.web.port}"

    def listening(self) -> dict[str, tuple[str, int, str]]:
        """Setting name -> (address, port, tcp or udp) of everything that this home binds."""
        bound = {"web.port": (self.web.host, self.web.port, "tcp"), "agi.port": (self.agi.host, self.agi.port, "tcp")}
        if self.asterisk.managed:
            bound |= {
                "ami.port": (self.ami.host, self.ami.port, "tcp"),
                "sip.port": (self.sip.host, self.sip.port, "udp"),
                "ws.port": (self.ws.host, self.ws.port, "tcp"),
            }
        if self.carrier.enabled:
            host = self.carrier.host
            bound |= {
                "carrier.sip_port": (host, self.carrier.sip_port, "udp"),
                "carrier.ws_port": (host, self.carrier.ws_port, "tcp"),
                "carrier.ami_port": (host, self.carrier.ami_port, "tcp"),
            }
        return bound

    @model_validator(mode="after")
    def _agree_with_one_another(self) -> Self:
        taken: dict[tuple[str, int, str], str] = {}
        for name, address in self.listening().items():
            other = taken.setdefault(address, name)
            _require(other == name, name, f"the same address as {other}")
        rtp, carrier, dialler = self.rtp, self.carrier, self.dialler
        _require(rtp.first_port % 2 == 0, "rtp.first_port", "must be even")
        _require(rtp.last_port - rtp.first_port >= 19, "rtp.last_port", "must be at least 19 above rtp.first_port")
        _require(carrier.rtp_first_port % 2 == 0, "carrier.rtp_first_port", "must be even")
        _require(
            carrier.rtp_last_port - carrier.rtp_first_port >= 19,
            "carrier.rtp_last_port",
            "must be at least 19 above carrier.rtp_first_port",
        )
        apart = carrier.rtp_first_port > rtp.last_port or carrier.rtp_last_port < rtp.first_port
        _require(apart or not carrier.enabled, "carrier.rtp_first_port", "its range overlaps rtp")
        _require(dialler.window_start < dialler.window_end, "dialler.window_end", "must be after dialler.window_start")
        _require(dialler.window_start.hour >= 8, "dialler.window_start", "no call before 08:00 (SAFETY R39)")
        _require(str(dialler.window_end) <= "21:00:00", "dialler.window_end", "no call after 21:00 (SAFETY R39)")
        _require(dialler.pause_start <= dialler.pause_end, "dialler.pause_end", "before dialler.pause_start")
        ami = self.ami
        _require(ami.reconnect_min_s <= ami.reconnect_max_s, "ami.reconnect_max_s", "below ami.reconnect_min_s")
        limits = self.limits
        _require(
            limits.disk_warning_ratio <= limits.disk_alarm_ratio, "limits.disk_alarm_ratio", "below disk_warning_ratio"
        )
        is_real = bool(self.trunk.host)
        _require(not (is_real and self.demo.clock_offset_s), "demo.clock_offset_s", "patients would be called at night")
        _require(carrier.enabled or is_real, "trunk.host", "needed when carrier.enabled is false")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment beats the files, which `load_settings` has read and merged."""
        return env_settings, init_settings


def load_settings(home: Path) -> Settings:
    """Read and check the settings of a home. Raises WrongSettingsError with every fault that was found."""
    root = home.expanduser().resolve()
    faults: list[SettingFault] = []
    values = merged(read_toml(DEFAULTS_FILE, faults), read_toml(Home(root).settings_file, faults))
    values = merged(values, _secret_files(Path(os.environ.get(SECRETS_FOLDER_VARIABLE) or Home(root).secrets), faults))
    faults += _environment_faults()
    if "home" in values:
        faults.append(SettingFault("SETTINGS-002", "home", "is no key of the file", "use --home DIR"))
    if faults:
        raise WrongSettingsError(faults)
    try:
        return Settings(**(values | {"home": root}))
    except ValidationError as error:
        details: list[ErrorDetails] = error.errors(include_url=False)
        raise WrongSettingsError([fault_from(detail) for detail in details]) from None
    except SettingsError:
        hint = "write lists in the environment as JSON"
        fault = SettingFault("SETTINGS-004", "environment", "a value cannot be read", hint)
        raise WrongSettingsError([fault]) from None


def read_toml(path: Path, faults: list[SettingFault]) -> dict[str, Any]:
    """Read one TOML file; a missing file is empty, an unreadable one is a fault."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        faults.append(SettingFault("SETTINGS-001", path.name, f"is no TOML: {error}", "correct that line"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        faults.append(SettingFault("SETTINGS-001", path.name, f"cannot be read: {reason}", "check owner and rights"))
    return {}


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay one tree of settings over another; tables are merged, everything else is replaced."""
    result = dict(below)
    for key, value in above.items():
        both_tables = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both_tables else value
    return result


def _secret_files(folder: Path, faults: list[SettingFault]) -> dict[str, Any]:
    """Read `section__key` files (systemd credentials, container secrets); the line end is no part of the secret."""
    tables: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("*__*")) if folder.is_dir() else ():
        section, _, key = file.name.lower().partition("__")
        try:
            tables.setdefault(section, {})[key] = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            faults.append(SettingFault("SETTINGS-001", file.name, "cannot be read", "check owner and rights"))
    return dict(tables)


def _environment_faults() -> list[SettingFault]:
    known = set(Settings.model_fields) - {"home"}
    found = []
    for variable in os.environ:
        if variable.upper().startswith(ENVIRONMENT_PREFIX):
            section, _, key = variable[len(ENVIRONMENT_PREFIX) :].lower().partition("__")
            if section not in known or not key:
                hint = "the name is HOTLINE__SECTION__KEY; `hotline settings` lists all"
                found.append(SettingFault("SETTINGS-002", variable, "names no setting", hint))
    return found


def _require(holds: bool, setting: str, problem: str) -> None:
    if not holds:
        raise PydanticCustomError("disagreement", "{problem}", {"setting": setting, "problem": problem})
