"""A new home: its own ports, its own secrets, written once."""

import socket
import stat
from pathlib import Path

import pytest

from config import first_settings
from config.first_settings import PORTS, free_ports, is_free, write_first_settings
from config.home import CHECKOUT, DEFAULT_HOME, Home
from config.settings import load_settings


@pytest.mark.requirement("R1")
def test_given_two_new_homes_when_made_then_no_secret_and_no_port_is_the_same(tmp_path: Path) -> None:
    first, second = Home(tmp_path / "one"), Home(tmp_path / "two")
    assert write_first_settings(first)
    assert write_first_settings(second)
    one, two = load_settings(first.root), load_settings(second.root)
    assert one.security.session_secret != two.security.session_secret
    assert one.ami.actions_secret != one.ami.events_secret != two.ami.events_secret
    assert not set(one.listening().values()) & set(two.listening().values())


def test_given_a_new_home_when_made_then_only_its_owner_can_read_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    write_first_settings(home)
    assert stat.S_IMODE(home.settings_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700


def test_given_a_home_when_made_again_then_its_secrets_stay(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert write_first_settings(home)
    before = home.settings_file.read_bytes()
    assert not write_first_settings(home)
    assert home.settings_file.read_bytes() == before


def test_given_the_second_of_two_starts_when_the_first_was_faster_then_its_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")

    def other_start_is_faster(root: Path) -> dict[str, int]:
        home.settings_file.write_text("# of the first\n", encoding="utf-8")
        return {"web.port": 8080}

    monkeypatch.setattr(first_settings, "free_ports", other_start_is_faster)
    assert not write_first_settings(home)
    assert home.settings_file.read_text(encoding="utf-8") == "# of the first\n"
    assert [path.name for path in home.root.iterdir() if path.is_file()] == ["settings.toml"]


def test_given_a_taken_port_when_ports_are_chosen_then_another_block_is_taken(tmp_path: Path) -> None:
    wanted = free_ports(tmp_path)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", wanted["web.port"]))
        holder.listen()
        assert not is_free("127.0.0.1", wanted["web.port"], "tcp")
        chosen = free_ports(tmp_path)
    assert chosen["web.port"] != wanted["web.port"]


def test_given_any_home_when_ports_are_chosen_then_none_is_privileged_or_ephemeral(tmp_path: Path) -> None:
    for number in range(30):
        chosen = free_ports(tmp_path / str(number))
        assert all(1024 <= port < 32768 for port in chosen.values())
        assert chosen["rtp.last_port"] < chosen["carrier.rtp_first_port"]


def test_given_the_default_home_when_all_is_free_then_it_gets_the_ports_of_the_readme(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(first_settings, "is_free", lambda host, port, protocol: True)
    assert free_ports(DEFAULT_HOME) == {name: port for name, (_, _, port, _) in PORTS.items()}


def test_given_no_free_port_at_all_when_chosen_then_the_error_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(first_settings, "is_free", lambda host, port, protocol: False)
    with pytest.raises(first_settings.NoFreePortError, match="ip link set lo up"):
        free_ports(tmp_path)


def test_given_homes_when_asked_for_the_tree_then_those_inside_the_checkout_share_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOTLINE_TREE", raising=False)
    assert Home(CHECKOUT / "var" / "second").tree == DEFAULT_HOME / "tree" == Home(DEFAULT_HOME).tree
    assert Home(tmp_path).tree == tmp_path / "tree"
    monkeypatch.setenv("HOTLINE_TREE", str(tmp_path / "shared"))
    assert Home(DEFAULT_HOME).tree == tmp_path / "shared"
