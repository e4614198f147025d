"""The rendered files: complete, unbreakable by values, and true to the dial policy and the manager's rights."""

from __future__ import annotations

import array
import re
import stat
import wave
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config import render_asterisk
from config.asterisk.modules import NEEDED_BY_THE_HOTLINE, PBX_MODULES
from config.asterisk.pbx_config import (
    AgentPhone,
    DepartmentNumber,
    FeatureCodes,
    PbxConfig,
    PhoneKind,
    QueueValues,
    Trunk,
    check_path,
)
from config.asterisk.sounds import write_hold_music
from config.render_asterisk import render_pbx

KEYS = ("astetcdir", "astmoddir", "astvarlibdir", "astdatadir", "astdbdir", "astspooldir", "astrundir", "astlogdir")


def _config(home: Path, **changes: Any) -> PbxConfig:
    directories = {key: home / key for key in KEYS}
    directories["astmoddir"].mkdir(parents=True, exist_ok=True)
    for name in PBX_MODULES:
        (directories["astmoddir"] / f"{name}.so").touch()
    values: dict[str, Any] = {
        "directories": directories, "recordings_dir": home / "recordings", "events_secret": "e" * 20,
        "actions_secret": "a" * 20, "trunk": Trunk(password="t" * 20),
        "agents": (AgentPhone(extension="1001", secret="s" * 20),
                   AgentPhone(extension="1002", secret="s" * 20, phone_kind=PhoneKind.SIP)),
        "departments": (DepartmentNumber(code="cardiology", number="80011"),),
        "event_names": ("Newchannel", "Hangup"),
    }  # fmt: skip
    return PbxConfig(**{**values, **changes})


@pytest.fixture(autouse=True)
def _no_music(monkeypatch: pytest.MonkeyPatch) -> None:
    """Composing takes a second; its own test does it once."""
    monkeypatch.setattr(render_asterisk, "write_hold_music", lambda target: None)


def test_given_no_music_when_composed_then_asterisk_can_play_it_and_it_never_clips(tmp_path: Path) -> None:
    target = tmp_path / "moh" / "hold.wav16"
    write_hold_music(target)
    with wave.open(str(target)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16000, 1, 24 * 16000)
        loudest = max(abs(sample) for sample in array.array("h", file.readframes(file.getnframes())))
    assert 4000 < loudest < 8000
    before = target.stat().st_mtime_ns
    write_hold_music(target)
    assert target.stat().st_mtime_ns == before


def _text(config: PbxConfig, name: str) -> str:
    return (config.directories["astetcdir"] / name).read_text(encoding="utf-8")


def _section(text: str, name: str) -> str:
    return text.split(f"[{name}]", 1)[1].split("\n[", 1)[0]


def test_given_a_configuration_when_rendered_twice_then_only_the_first_time_changes_files(tmp_path: Path) -> None:
    config = _config(tmp_path)
    assert {path.name for path in render_pbx(config)} >= {"extensions.conf", "pjsip.conf", "manager.conf"}
    assert render_pbx(config) == []
    changed = config.model_copy(update={"agents": ()})
    assert {path.name for path in render_pbx(changed)} == {"pjsip_agents.conf", "extensions.conf"}


def test_given_secrets_in_the_files_when_rendered_then_only_the_owner_may_read_them(tmp_path: Path) -> None:
    for path in render_pbx(_config(tmp_path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    leftovers = [path for path in tmp_path.rglob(".*") if path.is_file()]
    assert leftovers == []


@pytest.mark.requirement("R45")
def test_given_the_manager_logins_when_rendered_then_neither_may_run_commands_or_change_files(tmp_path: Path) -> None:
    config = _config(tmp_path)
    render_pbx(config)
    manager = _text(config, "manager.conf")
    rights = {word for line in re.findall(r"^(?:read|write) = (.*)$", manager, re.MULTILINE) for word in line.split(",")}
    assert not rights & {"command", "config", "agi", "all", "dialplan", "originate_all"}
    assert "writetimeout = 5000" in manager
    events = _section(manager, "hl-events")
    assert re.search(r"^write = *$", events, re.MULTILINE)
    assert re.findall(r"name\((\w+)\)", events) == ["Newchannel", "Hangup"]
    assert "deny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.0/255.0.0.0" in events


def test_given_the_declines_when_rendered_then_all_seven_are_there(tmp_path: Path) -> None:
    config = _config(tmp_path)
    render_pbx(config)
    assert len(re.findall(r"^decline = ", _text(config, "stasis.conf"), re.MULTILINE)) == 7


def test_given_modules_when_rendered_then_nothing_is_loaded_by_itself_and_no_shell_is_offered(tmp_path: Path) -> None:
    config = _config(tmp_path)
    (config.directories["astmoddir"] / "app_amd.so").unlink()
    render_pbx(config)
    modules = _text(config, "modules.conf")
    assert "autoload = no" in modules
    assert "app_amd" not in modules, "a module this build does not have"
    assert set(PBX_MODULES) >= NEEDED_BY_THE_HOTLINE
    assert not {"app_system", "func_shell", "func_curl", "func_db", "app_externalivr", "pbx_spool"} & set(PBX_MODULES)
    assert "live_dangerously = no" in _text(config, "asterisk.conf")


def test_given_two_kinds_of_telephones_when_rendered_then_each_gets_its_template(tmp_path: Path) -> None:
    config = _config(tmp_path)
    render_pbx(config)
    phones = _text(config, "pjsip_agents.conf")
    assert "[1001](hl-webrtc)" in phones
    assert "[1002](hl-sip)" in phones
    pjsip = _text(config, "pjsip.conf")
    assert "endpoint_identifier_order = auth_username,username,ip" in pjsip
    assert "webrtc = yes\nallow = opus\nrtp_timeout = 15\n" in pjsip
    assert pjsip.index("rtp_timeout = 120\nrtp_timeout_hold = 3600\nmoh") < pjsip.index("rtp_timeout = 15\n"), "the last one counts"
    assert "set_var = CHANNEL(hangup_handler_push)=hl-phone-gone,s,1" in pjsip
    for module in config.directories["astmoddir"].glob("codec_opus*"):
        module.unlink()
    render_pbx(config)
    assert "webrtc = yes\nallow = alaw,ulaw\n" in _text(config, "pjsip.conf")
    assert "allow_transfer = no" in _section(pjsip, "hl-trunk"), "a patient must not transfer himself (F96)"


@pytest.mark.fault("F24")
@pytest.mark.fault("F25")
@pytest.mark.invariant("I8")
def test_given_the_inbound_dialplan_when_read_then_every_way_out_of_the_ivr_leads_to_a_queue(tmp_path: Path) -> None:
    config = _config(tmp_path)
    render_pbx(config)
    dialplan = _text(config, "extensions.conf")
    inbound = _section(dialplan, "hl-inbound")
    steps = ("Answer()", "hl-record", "AGIEXITONHANGUP=yes", "TIMEOUT(absolute)=5", "AGI(agi://127.0.0.1:4673")
    order = [inbound.index(text) for text in steps]
    assert order == sorted(order)
    assert "exten => T,1,Goto(hl-degraded,s,1)" in inbound
    assert "Goto(hl-queue,s,1)" in _section(dialplan, "hl-degraded")
    assert "TIMEOUT(absolute)=0" in _section(dialplan, "hl-queue")
    department = _section(dialplan, "hl-department")
    assert "DepartmentNoAnswer" in department
    assert department.count("Goto(hl-queue,s,1)") == 2


@pytest.mark.fault("F97")
@pytest.mark.fault("F96")
def test_given_agents_numbers_beside_the_outside_pattern_when_read_then_they_sit_in_contexts_of_their_own(
    tmp_path: Path,
) -> None:
    """In one context a pattern wins over exact extensions of an included one: 1002 was dialled as an outside number."""
    config = _config(tmp_path)
    render_pbx(config)
    dialplan = _text(config, "extensions.conf")
    for context in ("hl-transfer", "hl-agent"):
        assert "exten => _X" not in _section(dialplan, context)
        assert _section(dialplan, context).index("hl-transfer-agents") < _section(dialplan, context).index("-outside")


@pytest.mark.requirement("R45")
@pytest.mark.fault("F102")
def test_given_every_dial_and_queue_when_read_then_forwards_are_ignored_and_names_are_ours(tmp_path: Path) -> None:
    config = _config(tmp_path)
    render_pbx(config)
    dialplan = _text(config, "extensions.conf")
    assert all(re.search(r",i[tTU(]?[^,]*\)$", call) for call in re.findall(r"^.*,Dial\(.*\)$", dialplan, re.MULTILINE))
    assert "Queue(${HL_QUEUE},itc," in dialplan
    assert all(name.startswith("hl-") for name in re.findall(r"^\[([^]]+)\]", dialplan, re.MULTILINE)
               if name not in {"general", "globals"})  # fmt: skip


def test_given_filters_of_the_dialplan_when_read_then_a_dash_that_may_stay_is_escaped(tmp_path: Path) -> None:
    """FILTER(a-z_-,x) drops the dash: `att-1` was recorded as att1.wav and announced under an id nobody knew."""
    config = _config(tmp_path)
    render_pbx(config)
    allowed = re.findall(r"FILTER\(([^,]+),", _text(config, "extensions.conf"))
    assert len(allowed) >= 8
    assert not [letters for letters in allowed if letters.endswith("-") and not letters.endswith("\\-")]


def _policy(config: PbxConfig, number: str) -> bool:
    """Runs the rendered rules the way the dialplan does: the first that matches decides."""
    lines = _section(_text(config, "extensions.conf"), "hl-policy").splitlines()
    rules = [re.search(r'REGEX\("([^"]+)" .*\]\?(.*)\)$', line) for line in lines]
    patterns = [(match[1], match[2]) for match in rules if match]
    (digits, _), *rest = patterns
    if not re.search(digits, number):
        return False
    for pattern, target in rest:
        if re.search(pattern, number):
            return target.startswith("yes")
        if target == "yes:no":
            return False
    return False


@pytest.mark.requirement("R45")
@pytest.mark.fault("F95")
@pytest.mark.invariant("I9")
@pytest.mark.parametrize(
    ("number", "allowed"),
    [
        ("13800000001", True), ("01065001234", True), ("80011", True), ("1380000000112345", False), ("13", False),
        ("0012025550123", False), ("16812345678", False), ("09001234567", False), ("96123456", False), ("", False),
        ("138&PJSIP/x", False), ("138,60,t", False), ("+8613800000001", False), ("Local/1@x", False), ("80012", False),
    ],
)  # fmt: skip
def test_given_the_dial_policy_when_a_number_is_asked_then_only_listed_beginnings_pass(
    tmp_path: Path, number: str, allowed: bool
) -> None:
    config = _config(tmp_path)
    render_pbx(config)
    assert _policy(config, number) is allowed


@given(text=st.text(max_size=30))
def test_given_any_text_when_used_as_a_secret_then_it_is_refused_or_stands_alone_on_its_line(text: str) -> None:
    try:
        phone = AgentPhone(extension="1001", secret=text)
    except ValidationError:
        return
    assert not set(phone.secret) & set(';"\\#[]{}()$,&| \t\r\n\0')


@pytest.mark.parametrize("extension", ["1001\n[x]", "0", "12345678", "1001;", "abc", "１００１"])
def test_given_a_bad_extension_when_a_telephone_is_made_then_it_is_refused(extension: str) -> None:
    with pytest.raises(ValidationError):
        AgentPhone(extension=extension, secret="s" * 20)


@pytest.mark.parametrize(
    "changes",
    [
        {"default_queue": "nowhere"},
        {"queues": (QueueValues(name="enquiry"), QueueValues(name="enquiry"))},
        {"rtp_first_port": 20000, "rtp_last_port": 20001},
        {"event_names": ("Hangup)) = \n",)},
        {"service_number": "95169\n"},
        {"allowed_prefixes": ("1|.*",)},
    ],
)
def test_given_values_that_do_not_fit_when_configured_then_they_are_refused(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        _config(tmp_path, **changes)


@pytest.mark.parametrize("path", ["relative", "/a;b", "/a,b", "/a b(c)", "/a${X}", "/a\nb"])
def test_given_a_folder_that_asterisk_would_misread_when_checked_then_it_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        check_path(Path(path))


def test_given_feature_codes_when_one_begins_another_then_they_are_refused() -> None:
    with pytest.raises(ValidationError):
        FeatureCodes(complete="*#7", abort="*#7*#2")
    assert FeatureCodes().start not in {FeatureCodes().complete, FeatureCodes().abort, FeatureCodes().three_way}


@pytest.mark.capability("C36")
def test_given_a_first_start_when_rendered_then_the_sounds_are_there_without_which_a_transfer_is_given_up(
    tmp_path: Path,
) -> None:
    """Atxfer ends silently when pbx-transfer is missing, and needs a code of its own to be played into the channel."""
    config = _config(tmp_path)
    render_pbx(config)
    sounds = config.directories["astdatadir"] / "sounds"
    assert {path.name for path in sounds.iterdir()} == {
        "beep.wav16", "beeperr.wav16", "pbx-invalid.wav16", "pbx-transfer.wav16",
    }  # fmt: skip
    features = _text(config, "features.conf")
    assert re.search(r"^atxfer = \*#7\*#0$", features, re.MULTILINE)
    codes = re.findall(r"^(?:atxfer\w*|blindxfer|disconnect|pickupexten) = (\S*[*#]\S*)$", features, re.MULTILINE)
    assert len(codes) == 8
    assert all(len(code) > 4 for code in codes), "a short code would be pressed by an agent by chance"


@pytest.mark.fault("F104")
def test_given_loopback_addresses_when_rendered_then_no_sound_leaves_the_machine(tmp_path: Path) -> None:
    config = _config(tmp_path)
    render_pbx(config)
    assert _text(config, "pjsip.conf").count("bind_rtp_to_media_address = yes") == 3
    render_pbx(config.model_copy(update={"sip_host": "10.1.2.3", "ws_host": "10.1.2.3"}))
    assert "bind_rtp_to_media_address" not in _text(config, "pjsip.conf")
