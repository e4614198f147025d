"""What the commands of a call take, with their limits."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from crm_core.calls.kinds import TransferTargetKind
from crm_core.calls.service import MAX_NOTES
from crm_core.patients.kinds import Gender, Relation


class DialBody(BaseModel):
    """Exactly one of the three says whom to dial; the last two let an agent dial numbers he only sees masked."""

    number: str | None = Field(default=None, min_length=3, max_length=40)
    patient_phone_id: int | None = Field(default=None, ge=1)
    call_id: str | None = Field(default=None, min_length=1, max_length=120)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(value is not None for value in (self.number, self.patient_phone_id, self.call_id)) != 1:
            raise ValueError("give one of number, patient_phone_id, call_id")
        return self


class TargetBody(BaseModel):
    kind: TransferTargetKind
    value: str = Field(min_length=1, max_length=40)
    """agent: extension; queue: name; department: code; number: any spelling."""


class TransferBody(BaseModel):
    kind: Literal["blind", "attended"]
    target: TargetBody


class DigitsBody(BaseModel):
    digits: str = Field(pattern=r"^[0-9*#A-D]{1,32}$")


class PatientBody(BaseModel):
    patient_id: int = Field(ge=1)


class NewPatientBody(BaseModel):
    """The caller's number is the call's own; it is never taken from the browser."""

    name: str = Field(min_length=1, max_length=64)
    gender: Gender = Gender.UNKNOWN
    birth_date: date | None = None
    relation: Relation = Relation.SELF
    id_number: str = Field(default="", max_length=18)
    despite: list[int] = Field(default_factory=list, max_length=20)
    """Ids of people who were shown as possibly the same, and are not."""
    same_as: int | None = Field(default=None, ge=1)
    """Id of the one among them who is the caller: nobody is created."""


class NotesBody(BaseModel):
    text: str = Field(max_length=MAX_NOTES)


class ReasonBody(BaseModel):
    reason: str = Field(min_length=2, max_length=200)


class WrapUpBody(BaseModel):
    disposition: str = Field(min_length=1, max_length=32)
    sub_disposition: str | None = Field(default=None, max_length=32)
    is_resolved: bool | None = None
    notes: str | None = Field(default=None, max_length=MAX_NOTES)
    next: Literal["ready", "pause"] = "ready"
    pause_reason: str = Field(default="busy", max_length=32)


class CallListQuery(BaseModel):
    scope: Literal["mine", "open"] = "mine"
    """``open``: every call now, for those who may view all."""
