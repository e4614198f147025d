"""Templates: a closed set of placeholders, checked when written, filled once and never read twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from crm_core.errors import InvalidInput
from crm_core.messaging.kinds import PUSH_CHANNELS, Channel, Purpose
from crm_core.phone_number import clean_text

TEXT_MAX = 500
SUBJECT_MAX = 60


class Placeholder(StrEnum):
    """All that a message can say about a person. Nothing here holds a diagnosis, a result or a medicine of his (R18)."""

    HOSPITAL = "hospital"
    SERVICE_NUMBER = "service_number"
    NAME = "name"
    """Masked by the outbox: 张* (R17)."""
    TIME = "time"
    PLACE = "place"
    DEPARTMENT = "department"
    DOCTOR = "doctor"
    CAUTIONS = "cautions"
    NUMBER = "number"
    """Of a slip or a ticket."""
    CODE = "code"
    UNTIL = "until"
    ANSWER = "answer"
    """What the patient asked for himself: directions, a price."""
    MINUTES = "minutes"


LENGTHS: Mapping[Placeholder, int] = {
    Placeholder.ANSWER: 300,
    Placeholder.CAUTIONS: 120,
    Placeholder.PLACE: 64,
    Placeholder.CODE: 8,
    Placeholder.MINUTES: 4,
}
LENGTH = 40
IN_PUSH = frozenset(
    {
        Placeholder.HOSPITAL,
        Placeholder.SERVICE_NUMBER,
        Placeholder.TIME,
        Placeholder.NUMBER,
        Placeholder.UNTIL,
        Placeholder.MINUTES,
    }
)
"""What may stand on a locked screen."""
IN_SUBJECT = frozenset({Placeholder.HOSPITAL, Placeholder.NUMBER})
"""What may stand in the subject of a mail (R18)."""
_HEALTH_WORDS = (
    "诊断", "确诊", "病情", "病理", "阳性", "阴性", "肿瘤", "癌", "艾滋", "HIV", "梅毒", "乙肝",
    "精神科", "妊娠", "流产", "化验结果", "检查结果",
)  # fmt: skip
_GSM_DOUBLE = "[]{}\\^~|"
"""3GPP TS 23.038: these take two places."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_KEY = re.compile(r"[a-z][a-z0-9_]{1,47}")


@dataclass(frozen=True)
class Template:
    """One message in one language for one channel. ``subject`` is for mails only."""

    key: str
    channel: Channel
    language: str
    title: str
    """What it is called on screens."""
    purpose: Purpose
    text: str
    subject: str = ""
    version: int = 1
    placeholders: frozenset[Placeholder] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class Rendered:
    subject: str
    text: str


def checked(template: Template) -> Template:
    """The same template with its placeholders. Raises InvalidInput that names what is wrong; code ``health_data`` for R18."""
    if not _KEY.fullmatch(template.key) or template.language not in ("zh", "en"):
        raise InvalidInput("a template has a plain key and a language")
    if not template.text.strip() or len(template.text) > TEXT_MAX or len(template.subject) > SUBJECT_MAX:
        raise InvalidInput(f"a text has 1 to {TEXT_MAX} characters, a subject at most {SUBJECT_MAX}")
    if template.text != _clean_lines(template.text) or template.subject != clean_text(template.subject):
        raise InvalidInput("a template holds no control characters and no space at its ends")
    if (template.channel is Channel.EMAIL) != bool(template.subject):
        raise InvalidInput("a mail has a subject, other messages have none")
    found = _placeholders_in(template.text)
    _refuse(found - IN_PUSH if template.channel in PUSH_CHANNELS else frozenset(), "a pushed text")
    _refuse(_placeholders_in(template.subject) - IN_SUBJECT, "a subject")
    if any(word in template.text + template.subject for word in _HEALTH_WORDS):
        raise InvalidInput("a message does not speak of a diagnosis or a result", code="health_data")
    return Template(**{**vars(template), "placeholders": found | _placeholders_in(template.subject)})


def render(template: Template, values: Mapping[str, str]) -> Rendered:
    """Fill a checked template. Raises InvalidInput when a value is missing or unknown; values are cleaned and cut."""
    unknown = set(values) - set(Placeholder)
    missing = template.placeholders - set(values)
    if unknown or missing:
        raise InvalidInput(f"values missing: {sorted(missing)}; unknown: {sorted(unknown)}")
    cleaned = {name: clean_text(values[name], limit=LENGTHS.get(Placeholder(name), LENGTH)) for name in values}
    return Rendered(_filled(template.subject, cleaned), _filled(template.text, cleaned))


def masked_name(name: str) -> str:
    """``张*``, ``欧阳*`` stays short: the first character only, as on screens (R17)."""
    text = clean_text(name)
    return f"{text[0]}*" if text else ""


def sms_parts(text: str) -> int:
    """How many messages the network counts: 70 characters alone and 67 in a chain (UCS-2), 160 and 153 in plain Latin."""
    if text.isascii():
        alone, chained, units = 160, 153, len(text) + sum(text.count(c) for c in _GSM_DOUBLE)
    else:
        alone, chained, units = 70, 67, len(text.encode("utf-16-be")) // 2
    return 1 if units <= alone else -(-units // chained)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """One pass: a value that looks like a placeholder stays what it is."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def _placeholders_in(text: str) -> frozenset[Placeholder]:
    names = _PLACEHOLDER.findall(text)
    if set("{}") & set(_PLACEHOLDER.sub("", text)) or not set(names) <= set(Placeholder):
        raise InvalidInput(f"only these placeholders exist: {', '.join(Placeholder)}")
    return frozenset(Placeholder(name) for name in names)


def _refuse(found: frozenset[Placeholder], where: str) -> None:
    if found:
        raise InvalidInput(f"{where} does not tell {', '.join(sorted(found))}", code="health_data")


def _clean_lines(text: str) -> str:
    return "\n".join(clean_text(line, limit=TEXT_MAX) for line in text.split("\n"))
