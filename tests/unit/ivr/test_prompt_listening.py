"""What the shipped prompts really say, heard by a recogniser at telephone quality."""

import datetime as dt
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ivr.prompt_catalogue import load_catalogue
from ivr.prompt_sounds import SHIPPED_FOLDER

SUPPORT = Path(__file__).parents[2] / "support" / "listening.py"


def _load_listening() -> ModuleType:
    spec = importlib.util.spec_from_file_location("listening", SUPPORT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("listening", module)
    spec.loader.exec_module(module)
    return module


listening = _load_listening()
needs_ears = pytest.mark.skipif(not listening.can_hear(), reason="install config/requirements/test-models.txt")


@needs_ears
@pytest.mark.parametrize("key", ["greeting", "recording-notice", "service-degraded", "main-menu", "survey-intro"])
def test_given_a_shipped_prompt_when_heard_on_the_telephone_then_it_says_its_text(key: str) -> None:
    heard = listening.transcribe(SHIPPED_FOLDER / "zh" / "hl" / f"{key}.g722")
    assert listening.error_rate(heard, load_catalogue("zh").text(key)) <= 0.15, heard


@needs_ears
def test_given_an_appointment_made_of_fragments_when_heard_then_day_hour_department_and_doctor_are_understood(
    tmp_path: Path,
) -> None:
    catalogue = load_catalogue("zh")
    values = {"date": dt.date(2026, 11, 23), "time": dt.time(9, 30), "department": "心内科", "doctor": "王建国"}
    sounds = catalogue.fragments_for("appointment", values)
    joined, whole = tmp_path / "joined.g722", tmp_path / "whole.wav"
    joined.write_bytes(b"".join((SHIPPED_FOLDER / "zh" / f"{sound}.g722").read_bytes() for sound in sounds))
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-f", "g722", "-i", str(joined), str(whole)]
    subprocess.run(argv, check=True, timeout=30)
    heard = listening.transcribe(whole)
    assert listening.contains_prompt(heard, catalogue.text_of(sounds), max_cer=0.2), heard


@pytest.mark.parametrize(
    ("heard", "expected", "is_there"),
    [
        ("您好欢迎致电仁爱医院服务热线", "欢迎致电仁爱医院", True),
        ("你好幺幺零", "您好110", True),
        ("请按五", "请按9", False),
        ("", "您好", False),
    ],
)
def test_given_heard_text_when_compared_then_a_prompt_is_found_inside_it(
    heard: str, expected: str, is_there: bool
) -> None:
    assert listening.contains_prompt(heard, expected, max_cer=0.2) is is_there
