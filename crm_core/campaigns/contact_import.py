"""Takes a contact list into a campaign: all of its good lines or none, without holding the database for long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO, TypeVar

from sqlalchemy import delete, insert, select, update

from crm_core import phone_number
from crm_core.campaigns.cards import ContactLine, ImportReport, LineError, PreviewLine
from crm_core.campaigns.csv_import import ContactFile, Limits
from crm_core.campaigns.kinds import CampaignState, ContactState
from crm_core.campaigns.models import Campaign, Contact, DoNotCall
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import Conflict, NotFound, WrongState

ERRORS_SHOWN = 200
PREVIEW_LINES = 20
_CHUNK_ROWS = 500
_OPEN_STATES = (CampaignState.DRAFT, CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.FINISHED)

T = TypeVar("T")


class ContactImport:
    """Lines are staged in short transactions and become visible in one: an interrupted import leaves nothing behind."""

    def __init__(self, database: Database, clock: Clock, cipher: FieldCipher, limits: Limits) -> None:
        self._db = database
        self._clock = clock
        self._cipher = cipher
        self._limits = limits
        self._one_at_a_time = threading.Lock()

    def run(self, campaign_id: int, file: BinaryIO, *, is_dry_run: bool) -> ImportReport:
        """Refused lines are reported, good ones taken (or, in a dry run, only counted).

        Raises UnusableFile (nothing was taken), NotFound, WrongState, Conflict (another import is running).
        """
        if not self._one_at_a_time.acquire(blocking=False):
            raise Conflict("another import is running")
        try:
            self._check(campaign_id)
            self.purge_staged()
            return self._run(campaign_id, file, is_dry_run)
        finally:
            self._one_at_a_time.release()

    def purge_staged(self) -> int:
        """Remove what an interrupted import left; returns the number of rows."""
        with self._db.write() as session:
            staged = session.scalars(select(Contact.id).where(Contact.state == ContactState.STAGED).limit(1)).first()
            if staged is None:
                return 0
            return _rows(session.execute(delete(Contact).where(Contact.state == ContactState.STAGED)))

    def _check(self, campaign_id: int) -> None:
        with self._db.read() as session:
            campaign = session.get(Campaign, campaign_id)
            if campaign is None:
                raise NotFound("no such campaign")
            if campaign.state not in _OPEN_STATES:
                raise WrongState("a stopped campaign takes no contacts")

    def _run(self, campaign_id: int, file: BinaryIO, is_dry_run: bool) -> ImportReport:
        contacts = ContactFile(file, self._limits)
        tally = _Tally()
        with self._staging(is_dry_run):
            for chunk in _chunks(tally.usable(contacts.lines(), self._cipher), _CHUNK_ROWS):
                new = tally.without(chunk, self._known([number_hash for _, number_hash in chunk], campaign_id))
                if new and not is_dry_run:
                    self._stage(campaign_id, new)
            if not is_dry_run:
                self._publish_staged(campaign_id)
        return ImportReport(
            accepted=tally.accepted,
            refused=tally.refused,
            errors=tuple(sorted(tally.errors, key=lambda error: error.line)[:ERRORS_SHOWN]),
            preview=tuple(tally.preview),
            is_dry_run=is_dry_run,
            encoding=contacts.encoding,
        )

    @contextmanager
    def _staging(self, is_dry_run: bool) -> Iterator[None]:
        try:
            yield
        except BaseException:
            if not is_dry_run:
                self.purge_staged()
            raise

    def _known(self, hashes: list[str], campaign_id: int) -> dict[str, tuple[str, str]]:
        """Code and Chinese text for numbers that may not be added."""
        with self._db.read() as session:
            there = session.scalars(
                select(Contact.number_hash).where(Contact.campaign_id == campaign_id, Contact.number_hash.in_(hashes))
            ).all()
            forbidden = session.scalars(select(DoNotCall.number_hash).where(DoNotCall.number_hash.in_(hashes))).all()
        known = dict.fromkeys(there, ("already_there", "这个号码已在本活动名单中"))
        return known | dict.fromkeys(forbidden, ("do_not_call", "患者要求不再来电"))

    def _stage(self, campaign_id: int, chunk: list[tuple[ContactLine, str]]) -> None:
        now = self._clock.now()
        rows = [
            {
                "campaign_id": campaign_id,
                "name": line.name,
                "number_encrypted": self._cipher.encrypt(line.number),
                "number_hash": number_hash,
                "state": ContactState.STAGED,
                "due_at": now,
                "attempts_count": 0,
                "last_outcome": "",
            }
            for line, number_hash in chunk
        ]
        with self._db.write() as session:
            session.execute(insert(Contact), rows)

    def _publish_staged(self, campaign_id: int) -> None:
        with self._db.write() as session:
            session.execute(
                update(Contact)
                .where(Contact.campaign_id == campaign_id, Contact.state == ContactState.STAGED)
                .values(state=ContactState.WAITING, due_at=self._clock.now())
            )


class _Tally:
    """Counts lines, keeps the first errors and the preview, and knows the numbers seen in this file."""

    def __init__(self) -> None:
        self.accepted = 0
        self.refused = 0
        self.errors: list[LineError] = []
        self.preview: list[PreviewLine] = []
        self._seen: set[bytes] = set()

    def usable(
        self, lines: Iterator[ContactLine | LineError], cipher: FieldCipher
    ) -> Iterator[tuple[ContactLine, str]]:
        """Good lines with the hash of their number; the first of several equal numbers counts (F60)."""
        for line in lines:
            if isinstance(line, LineError):
                self._refuse(line)
                continue
            number_hash = cipher.hash_of(line.number)
            digest = bytes.fromhex(number_hash)
            if digest in self._seen:
                self._refuse(LineError(line.line, "", "duplicate", "这个号码在文件中出现过"))
                continue
            self._seen.add(digest)
            yield line, number_hash

    def without(
        self, chunk: list[tuple[ContactLine, str]], known: dict[str, tuple[str, str]]
    ) -> list[tuple[ContactLine, str]]:
        new = []
        for line, number_hash in chunk:
            if number_hash in known:
                self._refuse(LineError(line.line, "", *known[number_hash]))
                continue
            self.accepted += 1
            if len(self.preview) < PREVIEW_LINES:
                self.preview.append(PreviewLine(line.line, line.name, phone_number.mask(line.number)))
            new.append((line, number_hash))
        return new

    def _refuse(self, error: LineError) -> None:
        self.refused += 1
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append(error)


def _chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while chunk := list(islice(items, size)):
        yield chunk


def _rows(result: object) -> int:
    return int(getattr(result, "rowcount", 0) or 0)
