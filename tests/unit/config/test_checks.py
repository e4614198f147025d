"""The doctor: every finding that is not well says what to do; one broken check hides no other."""

from pathlib import Path

import pytest

from config import checks
from config.checks import CHECKS, Finding, Verdict, examine
from config.first_settings import write_first_settings
from config.home import Home
from config.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = Home(tmp_path / "home")
    write_first_settings(home)
    return load_settings(home.root)


def changed(settings: Settings, section: str, **values: object) -> Settings:
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})


def test_given_a_home_that_is_down_when_examined_then_every_bad_finding_has_a_remedy(settings: Settings) -> None:
    found = list(examine(settings))
    assert [named.check for named in found] == list(CHECKS)
    assert all(named.finding.remedy for named in found if named.finding.verdict is not Verdict.OK)
    by_name = {named.check: named.finding for named in found}
    assert by_name["program"].remedy == "./hotline up"
    assert by_name["AMI rights"].verdict is Verdict.WRONG
    assert by_name["ports"].verdict is Verdict.OK


def test_given_a_check_that_breaks_when_examined_then_the_others_still_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(settings: Settings) -> Finding:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(checks, "CHECKS", {"first": broken, "second": checks.check_user})
    first, second = examine(settings)
    assert first.finding.verdict is Verdict.WRONG
    assert "ZeroDivisionError" in first.finding.text
    assert second.check == "second"


@pytest.mark.requirement("R1")
def test_given_settings_that_others_can_read_when_checked_then_it_is_wrong(settings: Settings) -> None:
    settings.layout.settings_file.chmod(0o644)
    found = checks.check_secrets_file(settings)
    assert found.verdict is Verdict.WRONG
    assert found.remedy.startswith("chmod 600")


@pytest.mark.parametrize(
    ("web", "verdict"),
    [
        ({"public_url": ""}, Verdict.WARNING),
        ({"public_url": "http://localhost:8080"}, Verdict.WARNING),
        ({"public_url": "http://10.0.0.5:8080"}, Verdict.WRONG),
        ({"public_url": "https://desk.example", "secure_cookies": False}, Verdict.WARNING),
        ({"public_url": "https://desk.example", "secure_cookies": True}, Verdict.OK),
    ],
)
def test_given_an_address_of_the_desk_when_checked_then_the_microphone_decides(
    settings: Settings, web: dict[str, object], verdict: Verdict
) -> None:
    assert checks.check_microphone(changed(settings, "web", **web)).verdict is verdict


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [(20000, 20999, Verdict.OK), (20000, 20099, Verdict.WARNING), (32000, 34000, Verdict.WARNING)],
)
def test_given_an_rtp_range_when_checked_then_size_and_place_decide(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, first: int, last: int, verdict: Verdict
) -> None:
    monkeypatch.setattr(checks, "_ephemeral_ports", lambda: (32768, 60999))
    assert checks.check_rtp(changed(settings, "rtp", first_port=first, last_port=last)).verdict is verdict


@pytest.mark.requirement("R34")
@pytest.mark.parametrize(("free", "verdict"), [(500, Verdict.OK), (150, Verdict.WARNING), (50, Verdict.WRONG)])
def test_given_a_filling_disk_when_checked_then_80_and_90_percent_count(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict
) -> None:
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda path: _Usage(1000, 1000 - free, free))
    assert checks.check_disk(settings).verdict is verdict


class _Usage:
    def __init__(self, total: int, used: int, free: int) -> None:
        self.total, self.used, self.free = total, used, free


def test_given_logins_with_too_little_when_checked_then_the_missing_actions_are_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = changed(settings, "asterisk", managed=False)
    monkeypatch.setattr(checks, "allowed_actions", lambda *_, **__: checks.NEEDED_ACTIONS - {"Originate"})
    assert "Originate" in checks.check_ami_rights(outside).text
    monkeypatch.setattr(checks, "allowed_actions", lambda *_, **__: checks.NEEDED_ACTIONS | {"Command"})
    assert checks.check_ami_rights(outside).verdict is Verdict.WARNING
    monkeypatch.setattr(checks, "allowed_actions", lambda *_, **__: set(checks.NEEDED_ACTIONS))
    assert checks.check_ami_rights(outside).verdict is Verdict.OK
