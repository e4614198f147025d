"""Settings: order of the sources, refusals with a stable id, no secret in a message."""

import tomllib
from pathlib import Path

import pytest

from config.first_settings import write_first_settings
from config.home import Home
from config.settings import DEFAULTS_FILE, Settings, load_settings
from config.settings_faults import WrongSettingsError
from config.settings_sections import minutes_of_span


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("HOTLINE_SECRETS_DIR", "HOTLINE_TREE"):
        monkeypatch.delenv(name, raising=False)
    made = Home(tmp_path / "home")
    assert write_first_settings(made)
    return made


def codes(home: Home) -> list[tuple[str, str]]:
    with pytest.raises(WrongSettingsError) as caught:
        load_settings(home.root)
    return [(fault.code, fault.setting) for fault in caught.value.faults]


def append(home: Home, text: str) -> None:
    home.settings_file.write_text(home.settings_file.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_given_a_new_home_when_loaded_then_defaults_and_own_ports_hold(home: Home) -> None:
    settings = load_settings(home.root)
    assert settings.telephony.ring_timeout_s == 20
    assert settings.hospital.service_number == "95169"
    assert len(settings.security.session_secret.get_secret_value()) >= 32
    assert settings.database_url == f"sqlite:///{home.database}"
    assert settings.web_url == f"http://127.0.0.1:{settings.web.port}"


def test_given_every_declared_setting_when_defaults_are_read_then_only_secrets_have_none() -> None:
    defaults = tomllib.loads(DEFAULTS_FILE.read_text(encoding="utf-8"))
    for section, section_field in Settings.model_fields.items():
        if section == "home":
            continue
        fields = section_field.annotation.model_fields  # type: ignore[union-attr]
        without = {key for key in fields if key not in defaults[section]}
        assert all("secret" in key or key in {"password", "encryption_key", "lookup_key"} for key in without), without
        assert set(defaults[section]) <= set(fields)


def test_given_every_declared_setting_when_read_by_people_then_it_is_described() -> None:
    for section, section_field in Settings.model_fields.items():
        if section != "home":
            for key, field in section_field.annotation.model_fields.items():  # type: ignore[union-attr]
                assert field.description, f"{section}.{key}"


def test_given_file_secret_file_and_environment_when_all_set_one_then_the_environment_wins(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.secrets.mkdir()
    (home.secrets / "ami__actions_secret").write_text("from-the-secret-file\n", encoding="utf-8")
    (home.secrets / "ami__events_secret").write_text("from-the-secret-file\n", encoding="utf-8")
    monkeypatch.setenv("HOTLINE__AMI__ACTIONS_SECRET", "from-the-environment")
    ami = load_settings(home.root).ami
    assert ami.actions_secret.get_secret_value() == "from-the-environment"
    assert ami.events_secret.get_secret_value() == "from-the-secret-file"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("HOTLINE__WEB__PORT", "80", ("SETTINGS-005", "web.port")),
        ("HOTLINE__WEB__PORT", "70000", ("SETTINGS-005", "web.port")),
        ("HOTLINE__WEB__PORT", "http", ("SETTINGS-004", "web.port")),
        ("HOTLINE__WEB__PROT", "8080", ("SETTINGS-002", "web.prot")),
        ("HOTLINE__WEBB__PORT", "8080", ("SETTINGS-002", "HOTLINE__WEBB__PORT")),
        ("HOTLINE__HOME", "elsewhere", ("SETTINGS-002", "HOTLINE__HOME")),
        ("HOTLINE__HOSPITAL__SERVICE_NUMBER", "95169;x", ("SETTINGS-007", "hospital.service_number")),
        ("HOTLINE__HOSPITAL__WORKDAY_HOURS", '["17:00-08:00"]', ("SETTINGS-009", "hospital.workday_hours.0")),
        ("HOTLINE__SECURITY__PASSWORD_PROFILE", "weak", ("SETTINGS-006", "security.password_profile")),
        ("HOTLINE__AMI__EVENTS_SECRET", "short", ("SETTINGS-008", "ami.events_secret")),
        ("HOTLINE__SECURITY__IDLE_MINUTES", "31", ("SETTINGS-005", "security.idle_minutes")),
        ("HOTLINE__SECURITY__AUDIT_RETENTION_DAYS", "30", ("SETTINGS-005", "security.audit_retention_days")),
        ("HOTLINE__DIALLER__WINDOW_END", "22:00", ("SETTINGS-010", "dialler.window_end")),
        ("HOTLINE__DIALLER__WINDOW_START", "07:00", ("SETTINGS-010", "dialler.window_start")),
        ("HOTLINE__DIALLER__CALLS_PER_NUMBER_AND_DAY", "6", ("SETTINGS-005", "dialler.calls_per_number_and_day")),
        ("HOTLINE__RTP__FIRST_PORT", "20001", ("SETTINGS-010", "rtp.first_port")),
        ("HOTLINE__CARRIER__ENABLED", "false", ("SETTINGS-010", "trunk.host")),
        ("HOTLINE__WEB", "{", ("SETTINGS-002", "HOTLINE__WEB")),
    ],
)
def test_given_a_wrong_setting_when_loaded_then_its_id_and_name_are_told(
    home: Home, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: tuple[str, str]
) -> None:
    monkeypatch.setenv(variable, value)
    assert expected in codes(home)


def test_given_two_settings_on_one_address_when_loaded_then_the_second_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE__WEB__PORT", "9090")
    monkeypatch.setenv("HOTLINE__AGI__PORT", "9090")
    assert codes(home) == [("SETTINGS-010", "agi.port")]


def test_given_broken_toml_when_loaded_then_file_and_line_are_told(home: Home) -> None:
    append(home, "\n[web\n")
    with pytest.raises(WrongSettingsError, match=r"SETTINGS-001 settings\.toml.*line"):
        load_settings(home.root)


def test_given_unknown_keys_and_sections_when_loaded_then_all_are_refused_at_once(home: Home) -> None:
    append(home, "\n[telefony]\nring = 1\n[limits]\nupload = 3\n")
    assert set(codes(home)) == {("SETTINGS-002", "telefony"), ("SETTINGS-002", "limits.upload")}


def test_given_home_in_the_file_when_loaded_then_it_is_refused(home: Home) -> None:
    home.settings_file.write_text('home = "elsewhere"\n' + home.settings_file.read_text(encoding="utf-8"))
    assert ("SETTINGS-002", "home") in codes(home)


@pytest.mark.requirement("R29")
def test_given_a_wrong_secret_when_refused_then_the_message_does_not_hold_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE__AMI__ACTIONS_SECRET", "sesame")
    with pytest.raises(WrongSettingsError) as caught:
        load_settings(home.root)
    assert "sesame" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.requirement("R29")
def test_given_settings_when_printed_then_secrets_are_masked(home: Home) -> None:
    settings = load_settings(home.root)
    secret = settings.security.encryption_key.get_secret_value()
    assert secret not in repr(settings)
    assert secret not in settings.model_dump_json()


@pytest.mark.parametrize(("span", "minutes"), [("08:00-17:30", (480, 1050)), ("00:00-24:00", (0, 1440))])
def test_given_a_span_when_read_then_it_is_minutes_after_midnight(span: str, minutes: tuple[int, int]) -> None:
    assert minutes_of_span(span) == minutes


@pytest.mark.parametrize("span", ["", "8:00-17:00", "08:00", "17:00-08:00", "08:00-08:00", "00:00-24:01", "24:00-24:00"])
def test_given_a_wrong_span_when_read_then_it_is_refused(span: str) -> None:
    with pytest.raises(ValueError, match=r"write it like|must end"):
        minutes_of_span(span)
