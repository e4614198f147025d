"""The Asterisks of one home: the hospital's own and the simulated carrier, rendered, started and stopped together."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from config.asterisk.pbx_config import FeatureCodes, PbxConfig, Trunk
from config.cli_support import Exit, ProgressLine, Stop
from config.private_asterisk import (
    AsteriskBinary,
    AsteriskDidNotStart,
    AsteriskFetchFailed,
    AsteriskInstance,
    AsteriskMissing,
    find_asterisk,
)
from config.render_asterisk import render_pbx
from config.settings import Settings

if TYPE_CHECKING:
    from config.demo.carrier import CarrierConfig

BINARY_VARIABLE = "HOTLINE_ASTERISK"
ANY_BINARY = AsteriskBinary(("asterisk",), Path("/"), Path("/"), "0")  # enough to find and stop what runs


class Switches:
    """Knows which of the two this home runs; every method may be called again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = settings.layout

    def find_binary(self, progress: ProgressLine) -> AsteriskBinary:
        """The Asterisk to run; fetched when the machine has none. Stop with the administrator's command otherwise."""
        try:
            return find_asterisk(self._home.tree, os.environ.get(BINARY_VARIABLE), progress)
        except AsteriskMissing as error:
            raise Stop(str(error), exit_code=Exit.MISSING_ON_MACHINE) from None
        except AsteriskFetchFailed as error:
            raise Stop(str(error), remedy="Run it again: what was downloaded is kept.") from None

    def render(self) -> str:
        """Write the configuration of both; a running Asterisk is told to read what changed."""
        from config import lifecycle

        changed = 0
        for name, instance in self._instances(self.find_binary(ProgressLine("Asterisk"))):
            if name == "asterisk":
                instance.prepare()
                files = render_pbx(self.pbx_config(instance, lifecycle.telephone_plan(self._settings)))
            else:
                from config.demo.carrier import render_carrier

                instance.prepare()
                files = render_carrier(carrier_config(self._settings), instance)
            changed += len(files)
            if files and instance.is_running():
                instance.console("core reload")
        return f"{changed} written" if changed else "ok"

    def start(self, progress: ProgressLine) -> str:
        """Start what does not run, both at once, and wait until they can take calls."""
        found = list(self._instances(self.find_binary(progress)))
        try:
            for name, instance in found:
                if not instance.is_running():
                    self._require_free_ports(name)
                instance.start()
            for number, (name, instance) in enumerate(found):
                progress(number, len(found), f"waiting for {name}")
                instance.wait_ready(self._settings.asterisk.start_timeout_s)
        except AsteriskDidNotStart as error:
            raise Stop(str(error), remedy="More:  ./hotline logs asterisk") from None
        if len(found) == 2:
            progress(len(found), len(found), "waiting for the trunk to register")
            self._wait_registered(dict(found)["asterisk"])
        return ", ".join(f"{name} ready, pid {instance.pid}" for name, instance in found) or "none of our own"

    def _wait_registered(self, asterisk: AsteriskInstance) -> None:
        """Asterisk may have asked before the carrier was there, and would ask again much later."""
        from config.demo.carrier import Carrier
        from config.demo.carrier_ami import CarrierRefused, CarrierUnreachable

        try:
            carrier = Carrier(carrier_config(self._settings), self._home.carrier)
        except (CarrierUnreachable, CarrierRefused) as error:
            raise Stop(str(error), remedy="More:  ./hotline logs carrier") from None
        try:
            for patience_s in (1.0, 3.0, 6.0, 10.0, 10.0):
                if carrier.wait_registered(patience_s):
                    return
                asterisk.console("pjsip send register *all")
        finally:
            carrier.close()
        raise Stop("the trunk has not registered at the carrier", remedy="Look:  ./hotline logs asterisk")

    def stop(self) -> dict[str, bool]:
        """Stop both; name -> was it running."""
        result = {}
        for name, instance in self._instances(ANY_BINARY):
            result[name] = instance.is_running()
            instance.stop()
        return result

    def pids(self) -> dict[str, int | None]:
        """name -> pid, None when it does not run."""
        return {name: instance.pid for name, instance in self._instances(ANY_BINARY)}

    def instance(self, name: str) -> AsteriskInstance:
        """`asterisk` or `carrier`, with the real program behind it (console commands)."""
        return dict(self._instances(self.find_binary(ProgressLine("Asterisk"))))[name]

    def pbx_config(self, instance: AsteriskInstance, plan: Mapping[str, Any]) -> PbxConfig:
        """Settings and the telephone plan (agents, departments, queues, event names) as values for the templates."""
        settings = self._settings
        carrier = settings.carrier
        trunk = settings.trunk
        telephony = settings.telephony
        try:
            return PbxConfig(
                system_name=settings.asterisk.system_name,
                directories=instance.directories(),
                recordings_dir=self._home.recordings_incoming,
                custom_dir=self._home.root / "dialplan",
                service_number=settings.hospital.service_number,
                sip_host=settings.sip.host,
                sip_port=settings.sip.port,
                ws_host=settings.ws.host,
                ws_port=settings.ws.port,
                ami_host=settings.ami.host,
                ami_port=settings.ami.port,
                rtp_first_port=settings.rtp.first_port,
                rtp_last_port=settings.rtp.last_port,
                agi_host=settings.agi.host,
                agi_port=settings.agi.port,
                events_user=settings.ami.events_user,
                events_secret=settings.ami.events_secret.get_secret_value(),
                actions_user=settings.ami.actions_user,
                actions_secret=settings.ami.actions_secret.get_secret_value(),
                trunk=Trunk(
                    host=trunk.host or carrier.host,
                    port=trunk.port if trunk.host else carrier.sip_port,
                    registers=trunk.registers,
                    username=trunk.username,
                    password=trunk.password.get_secret_value(),
                ),
                feature_codes=FeatureCodes(
                    complete=telephony.code_complete,
                    abort=telephony.code_abort,
                    three_way=telephony.code_three_way,
                    start=telephony.code_start,
                ),
                allowed_prefixes=settings.dial_policy.allowed_prefixes,
                refused_prefixes=settings.dial_policy.refused_prefixes,
                ring_timeout_s=telephony.ring_timeout_s,
                department_timeout_s=telephony.department_timeout_s,
                consult_timeout_s=telephony.consult_timeout_s,
                emergency_number=settings.waiting.emergency_number,
                emergency_wait_s=settings.waiting.emergency_wait_s,
                wait_max_s={queue: one.wait_max_s for queue, one in settings.waiting.limits.items()},
                last_agent_s=settings.waiting.last_agent_s,
                announce_every_s=settings.waiting.announce_every_s,
                **plan,
            )
        except ValidationError as error:
            names = ", ".join(".".join(map(str, one["loc"])) + ": " + one["msg"] for one in error.errors())
            remedy = f"Asterisk's files cannot hold these values; correct {self._home.settings_file}."
            raise Stop(f"SETTINGS-011 {names}", remedy=remedy, exit_code=Exit.SETTINGS) from None

    def _instances(self, binary: AsteriskBinary) -> Iterator[tuple[str, AsteriskInstance]]:
        """The carrier first: a registration that finds nobody is tried again only after half a minute."""
        if self._settings.carrier.enabled:
            yield "carrier", AsteriskInstance(binary, self._home.carrier, "carrier")
        if self._settings.asterisk.managed:
            yield "asterisk", AsteriskInstance(binary, self._home.asterisk, "asterisk", sounds_dir=self._home.sounds)

    def _require_free_ports(self, name: str) -> None:
        from config.first_settings import is_free

        for setting, (host, port, protocol) in self._settings.listening().items():
            belongs = setting.startswith("carrier.") == (name == "carrier") and setting not in ("web.port", "agi.port")
            if belongs and not is_free(host, port, protocol):
                remedy = f"Stop the other program (`ss -lnp`), or set {setting} to a free port in settings.toml."
                raise Stop(f"{setting}: {host}:{port}/{protocol} is taken by another program", remedy=remedy)


def carrier_config(settings: Settings) -> "CarrierConfig":
    """The simulated telephone company whose customer is this home's trunk."""
    from config.demo.carrier import CarrierConfig

    carrier = settings.carrier
    return CarrierConfig(
        ami_secret=carrier.ami_secret.get_secret_value(),
        customer_secret=settings.trunk.password.get_secret_value(),
        phone_secret=carrier.phone_secret.get_secret_value(),
        service_number=settings.hospital.service_number,
        customer_user=settings.trunk.username,
        customer_host=settings.sip.host,
        host=carrier.host,
        sip_port=carrier.sip_port,
        ws_port=carrier.ws_port,
        ami_port=carrier.ami_port,
        rtp_first_port=carrier.rtp_first_port,
        rtp_last_port=carrier.rtp_last_port,
    )
