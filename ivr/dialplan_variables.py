"""The words between the IVR and the dialplan: variable names, and a route as variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from crm_core.errors import InvalidInput

HL_IVR_OK = "HL_IVR_OK"
HL_NEXT = "HL_NEXT"
HL_QUEUE = "HL_QUEUE"
QUEUE_PRIO = "QUEUE_PRIO"
HL_DEPARTMENT = "HL_DEPARTMENT"
HL_DEPARTMENT_NUMBER = "HL_DEPARTMENT_NUMBER"
HL_LANGUAGE = "HL_LANGUAGE"
HL_DIGITS = "HL_DIGITS"
CHANNEL_LANGUAGE = "CHANNEL(language)"
ABSOLUTE_TIMEOUT = "TIMEOUT(absolute)"

CONVERSATION_MAX_S = 900
"""After so long in the IVR the dialplan's extension T takes the caller to the queue."""

BEGIN_VARIABLES: Mapping[str, str] = MappingProxyType(
    {HL_IVR_OK: "1", ABSOLUTE_TIMEOUT: str(CONVERSATION_MAX_S), HL_LANGUAGE: "zh"}
)

EMERGENCY_PRIORITY = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_OUTSIDE_NUMBER = re.compile(r"[0-9]{3,15}")


class Next(StrEnum):
    """What the dialplan does when the flow returns."""

    QUEUE = "queue"
    DEPARTMENT = "department"
    HANGUP = "hangup"


class QueueName(StrEnum):
    BOOKING = "booking"
    ENQUIRY = "enquiry"
    COMPLAINT = "complaint"
    EMERGENCY = "emergency"


@dataclass(frozen=True)
class Route:
    """Where the caller goes next. Every variable is written each time, so no earlier route shines through."""

    next: Next
    queue: str = QueueName.ENQUIRY
    priority: int = 0
    department: str = ""
    department_number: str = ""

    def variables(self) -> dict[str, str]:
        return {
            HL_NEXT: self.next.value,
            HL_QUEUE: str(self.queue),
            QUEUE_PRIO: str(self.priority),
            HL_DEPARTMENT: self.department,
            HL_DEPARTMENT_NUMBER: self.department_number,
        }


TO_PERSON = Route(Next.QUEUE)
TO_EMERGENCY = Route(Next.QUEUE, queue=QueueName.EMERGENCY, priority=EMERGENCY_PRIORITY)
TO_HANGUP = Route(Next.HANGUP)


def to_department(code: str, number: str) -> Route:
    """A listed department only (F97). Raises InvalidInput when code or number could mean anything else."""
    digits = re.sub(r"[\s-]", "", number)
    if not _NAME.fullmatch(code) or not _OUTSIDE_NUMBER.fullmatch(digits):
        raise InvalidInput("the department has no usable code or telephone number")
    return Route(Next.DEPARTMENT, department=code, department_number=digits)
