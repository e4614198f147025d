"""From settings to the values of both Asterisks: nothing lost, nothing that their files cannot hold."""

from pathlib import Path
from typing import Any

import pytest

from config.asterisk.pbx_config import AgentPhone
from config.cli_support import Exit, Stop
from config.first_settings import write_first_settings
from config.home import Home
from config.private_asterisk import AsteriskBinary, AsteriskInstance
from config.settings import Settings, load_settings
from config.telephone_switches import Switches, carrier_config


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = Home(tmp_path / "home")
    write_first_settings(home)
    return load_settings(home.root)


def changed(settings: Settings, section: str, **values: object) -> Settings:
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})


def instance_of(settings: Settings) -> AsteriskInstance:
    binary = AsteriskBinary(("asterisk",), Path("/usr/lib/asterisk/modules"), Path("/usr/share"), "22.1")
    return AsteriskInstance(binary, settings.layout.asterisk, "asterisk")


PLAN: dict[str, Any] = {"agents": (AgentPhone(extension="1001", secret="a-secret-of-1001"),)}


def test_given_the_demo_when_mapped_then_trunk_and_carrier_are_two_ends_of_one_line(settings: Settings) -> None:
    pbx = Switches(settings).pbx_config(instance_of(settings), PLAN)
    carrier = carrier_config(settings)
    assert (pbx.trunk.host, pbx.trunk.port) == (carrier.host, carrier.sip_port)
    assert (pbx.trunk.username, pbx.trunk.password) == (carrier.customer_user, carrier.customer_secret)
    assert pbx.service_number == carrier.service_number == "95169"
    assert pbx.sip_host == carrier.customer_host
    assert pbx.agents == PLAN["agents"]


def test_given_a_real_trunk_when_mapped_then_its_own_port_counts(settings: Settings) -> None:
    real = changed(settings, "trunk", host="ims.example", port=5060, registers=False)
    trunk = Switches(real).pbx_config(instance_of(real), PLAN).trunk
    assert (trunk.host, trunk.port, trunk.registers) == ("ims.example", 5060, False)


def test_given_every_first_secret_when_mapped_then_asterisks_files_can_hold_it(tmp_path: Path) -> None:
    for number in range(20):
        home = Home(tmp_path / str(number))
        write_first_settings(home)
        made = load_settings(home.root)
        Switches(made).pbx_config(instance_of(made), PLAN)


def test_given_a_secret_that_would_break_out_of_its_line_when_mapped_then_the_start_stops_without_telling_it(
    settings: Settings,
) -> None:
    from pydantic import SecretStr

    evil = changed(settings, "ami", actions_secret=SecretStr("sesame;\nwrite=all-of-it"))
    with pytest.raises(Stop) as caught:
        Switches(evil).pbx_config(instance_of(evil), PLAN)
    assert caught.value.exit_code == Exit.SETTINGS
    assert "SETTINGS-011 actions_secret" in caught.value.message
    assert "sesame" not in caught.value.message


def test_given_an_asterisk_of_the_site_when_listed_then_we_run_only_the_carrier(settings: Settings) -> None:
    assert set(Switches(changed(settings, "asterisk", managed=False)).pids()) == {"carrier"}
    assert set(Switches(changed(settings, "carrier", enabled=False)).pids()) == {"asterisk"}
    assert Switches(settings).stop() == {"asterisk": False, "carrier": False}
