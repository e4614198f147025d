"""The table of checks behind `hotline doctor`: each looks at one thing and says what to do when it is wrong."""

import datetime
import ipaddress
import os
import shutil
import stat
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from config.ami_probe import AmiProbeError, allowed_actions
from config.first_settings import is_free
from config.program import Program, ask_health
from config.settings import Settings
from config.system_packages import PRODUCT, administrator_command, missing
from config.telephone_switches import Switches

NEEDED_ACTIONS = {
    "Originate", "Hangup", "Redirect", "Atxfer", "BlindTransfer", "CancelAtxfer", "PlayDTMF", "MixMonitorMute",
    "QueueAdd", "QueueRemove", "QueuePause", "QueueStatus", "CoreShowChannels", "PJSIPShowContacts", "Getvar", "Ping",
}  # fmt: skip
NEEDED_MODULES = (
    "app_queue", "app_mixmonitor", "app_chanspy", "res_agi", "chan_pjsip", "res_pjsip_transport_websocket",
    "res_http_websocket", "res_srtp", "codec_opus_open_source", "codec_alaw", "format_wav",
)  # fmt: skip
EQUIVALENT_MODULES = {"codec_opus_open_source": "codec_opus"}
PORTS_A_CALL = 8  # patient, agent and a listening supervisor, each two ports, and one spare pair
SMALLEST_MEMORY_MB = 1500


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """What one check saw. `remedy` is empty when all is well."""

    verdict: Verdict
    text: str
    remedy: str = ""


@dataclass(frozen=True)
class NamedFinding:
    check: str
    finding: Finding


def examine(settings: Settings) -> Iterator[NamedFinding]:
    """Run every check in order; a check that breaks is itself a finding."""
    for name, check in CHECKS.items():
        try:
            found = check(settings)
        except Exception as error:  # one broken check must not hide the others
            found = _wrong(f"the check itself failed: {type(error).__name__}: {error}", "report this")
        yield NamedFinding(name, found)


def _ok(text: str) -> Finding:
    return Finding(Verdict.OK, text)


def _warning(text: str, remedy: str) -> Finding:
    return Finding(Verdict.WARNING, text, remedy)


def _wrong(text: str, remedy: str) -> Finding:
    return Finding(Verdict.WRONG, text, remedy)


def check_secrets_file(settings: Settings) -> Finding:
    file = settings.layout.settings_file
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return _wrong(f"{file} may be read by others (mode {mode:o})", f"chmod 600 {file}")
    return _ok("settings.toml is readable by its owner only")


def check_user(settings: Settings) -> Finding:
    if os.geteuid() == 0:
        return _warning("runs as root", "for real use start it as a user of its own (asterisk issue 333)")
    return _ok("runs as an ordinary user")


def check_packages(settings: Settings) -> Finding:
    left = missing(PRODUCT)
    if left:
        names = ", ".join(f"{need.package} ({need.purpose})" for need in left)
        return _wrong(f"missing: {names}", f"as administrator: {administrator_command(left)}")
    return _ok("ffmpeg is there")


def check_program(settings: Settings) -> Finding:
    if Program(settings.layout).pid() is None:
        return _wrong("the program does not run", "./hotline up")
    health = ask_health(settings.web_url)
    if not health.ok:
        return _wrong(f"not healthy: {health.body or 'no answer'}", "./hotline logs")
    return _ok(f"healthy at {settings.web_url}")


def check_ports(settings: Settings) -> Finding:
    """A port that nobody of ours holds must be free."""
    running = Switches(settings).pids() | {"program": Program(settings.layout).pid()}
    taken = []
    for name, (host, port, protocol) in settings.listening().items():
        owner = "program" if name in ("web.port", "agi.port") else name.partition(".")[0]
        owner = owner if owner in ("program", "carrier") else "asterisk"
        if running.get(owner) is None and not is_free(host, port, protocol):
            taken.append(f"{name} {host}:{port}/{protocol}")
    if taken:
        return _wrong(f"taken by other programs: {', '.join(taken)}", "stop them (`ss -lnp`) or change settings.toml")
    return _ok(f"{len(settings.listening())} addresses are ours or free")


def check_ami_rights(settings: Settings) -> Finding:
    ami = settings.ami
    if settings.asterisk.managed and Switches(settings).pids()["asterisk"] is None:
        return _wrong("Asterisk does not run", "./hotline up")
    try:
        logins = {ami.events_user: ami.events_secret, ami.actions_user: ami.actions_secret}
        allowed = {
            user: allowed_actions(ami.host, ami.port, user=user, secret=secret.get_secret_value())
            for user, secret in logins.items()
        }
    except AmiProbeError as error:
        return _wrong(str(error), "compare [ami] in settings.toml with manager.conf; then: module reload manager")
    lacking = NEEDED_ACTIONS - allowed[ami.actions_user]
    if lacking:
        return _wrong(f"{ami.actions_user} may not: {', '.join(sorted(lacking))}", "correct its `write=` line")
    too_much = {"Command", "UpdateConfig"} & (allowed[ami.actions_user] | allowed[ami.events_user])
    if too_much:
        return _warning(f"needless: {', '.join(sorted(too_much))}", "remove command and config from `write=`")
    return _ok(f"{ami.events_user} and {ami.actions_user} may do what they must")


def check_modules(settings: Settings) -> Finding:
    if not settings.asterisk.managed:
        return _warning("an Asterisk of yours: modules not seen", f"check: module show like ... {NEEDED_MODULES}")
    if Switches(settings).pids()["asterisk"] is None:
        return _wrong("Asterisk does not run", "./hotline up")
    listing = Switches(settings).instance("asterisk").console("module show")
    lines = {line.split()[0].removesuffix(".so") for line in listing.splitlines() if "Running" in line}
    lacking = [name for name in NEEDED_MODULES if not {name, EQUIVALENT_MODULES.get(name, name)} & lines]
    if lacking:
        return _wrong(f"not loaded: {', '.join(lacking)}", "install asterisk-modules, or ./hotline logs console")
    return _ok(f"{len(lines)} modules run, all {len(NEEDED_MODULES)} needed ones among them")


def check_prompts(settings: Settings) -> Finding:
    from config.prompts_of_home import missing_sounds

    lacking = missing_sounds(settings.layout.sounds)
    if lacking:
        return _wrong(f"{len(lacking)} prompts have no sound, first {lacking[0]}", "./hotline up  or  prompts render")
    return _ok("every prompt of the catalogue has a sound")


def check_rtp(settings: Settings) -> Finding:
    rtp = settings.rtp
    ports = rtp.last_port - rtp.first_port + 1
    calls = ports // PORTS_A_CALL
    low, high = _ephemeral_ports()
    if rtp.first_port <= high and rtp.last_port >= low:
        return _warning(f"RTP range overlaps the system's own ports {low}-{high}", "choose a range below it")
    if calls < settings.dial_policy.concurrent_calls_max:
        return _warning(f"{ports} ports are enough for about {calls} calls only", "raise rtp.last_port")
    return _ok(f"{ports} ports, about {calls} calls at once")


def check_disk(settings: Settings) -> Finding:
    usage = shutil.disk_usage(settings.home)
    used_ratio = usage.used / usage.total
    # 16-bit 8 kHz, mix and both legs: 48 kB a second
    hours = usage.free / (48_000 * 3600)
    text = f"{used_ratio:.0%} used, room for about {hours:,.0f} h of recording"
    if used_ratio >= settings.limits.disk_alarm_ratio:
        return _wrong(text, "free space, or shorten recordings.retention_days")
    if used_ratio >= settings.limits.disk_warning_ratio:
        return _warning(text, "free space soon")
    return _ok(text)


def check_memory(settings: Settings) -> Finding:
    total_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    if total_mb < SMALLEST_MEMORY_MB:
        return _warning(f"{total_mb} MB of memory", f"{SMALLEST_MEMORY_MB} MB are needed for Asterisk and the program")
    return _ok(f"{total_mb} MB of memory")


def check_clock(settings: Settings) -> Finding:
    try:
        zone = zoneinfo.ZoneInfo("Asia/Shanghai")
    except zoneinfo.ZoneInfoNotFoundError:
        return _wrong("the time zone Asia/Shanghai is not known", "install tzdata")
    local = datetime.datetime.fromtimestamp(_file_time_s(settings), zone)
    synchronised = Path("/run/systemd/timesync/synchronized").exists() or shutil.which("chronyd") is not None
    text = f"{local:%Y-%m-%d %H:%M} in the hospital"
    if local.year < 2025:
        return _wrong(f"{text}: the clock is wrong", "set the clock, install chrony")
    if not synchronised:
        return _warning(f"{text}; nothing seen that keeps it right", "as administrator: apt-get install chrony")
    return _ok(f"{text}, kept by a time server")


def check_microphone(settings: Settings) -> Finding:
    """Browsers give the microphone to loopback and to https pages only."""
    url = settings.web.public_url
    if url.startswith("https://"):
        if settings.web.secure_cookies:
            return _ok("https: browsers will give the microphone")
        return _warning("https, but cookies are not limited to it", "set web.secure_cookies = true")
    host = url.split("://")[-1].split("/")[0].rsplit(":", 1)[0] or settings.web.host
    if host == "localhost" or _is_loopback(host):
        text = "loopback only: agents on other machines will get no microphone"
        return _warning(text, "put a TLS proxy in front, set web.public_url")
    return _wrong(f"http://{host}: browsers refuse the microphone", "put a TLS proxy in front, set web.public_url")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _ephemeral_ports() -> tuple[int, int]:
    low, high = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
    return int(low), int(high)


def _file_time_s(settings: Settings) -> float:
    """The time a fresh file gets: the machine's clock, without a second clock beside crm_core's."""
    probe = settings.layout.run / "clock"
    probe.touch()
    return probe.stat().st_mtime


CHECKS: dict[str, Callable[[Settings], Finding]] = {
    "program": check_program,
    "AMI rights": check_ami_rights,
    "Asterisk modules": check_modules,
    "prompts": check_prompts,
    "ports": check_ports,
    "RTP range": check_rtp,
    "microphone and TLS": check_microphone,
    "system packages": check_packages,
    "disk": check_disk,
    "memory": check_memory,
    "clock": check_clock,
    "secrets file": check_secrets_file,
    "user": check_user,
}
