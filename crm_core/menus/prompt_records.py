"""The rows behind the prompts page: own prompts, and every sound that was made, with its state."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core.audit.models import AuditLine
from crm_core.audit.service import Audit
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import Conflict, InvalidInput, NotFound, WrongState
from crm_core.menus.cards import Editor, OwnPromptCard, SoundCard, SoundSource, SoundState
from crm_core.menus.kinds import LANGUAGES
from crm_core.menus.models import OwnPrompt, PromptSound
from crm_core.menus.tree import is_key

TEXT_MAX = 500
PUBLISHABLE = (SoundState.DRAFT, SoundState.SUPERSEDED)


class PromptRecords:
    """Thread-safe; knows nothing of files. Everything people do is audited."""

    def __init__(self, database: Database, clock: Clock, *, audit: Audit) -> None:
        self._db = database
        self._clock = clock
        self._audit = audit

    def own_prompts(self) -> list[OwnPromptCard]:
        with self._db.read() as session:
            return [
                OwnPromptCard(row.key, row.text_zh, row.text_en, row.changed_by, row.changed_at)
                for row in session.scalars(select(OwnPrompt).order_by(OwnPrompt.key))
            ]

    def add_prompt(self, key: str, by: Editor, *, text_zh: str, text_en: str) -> None:
        """Raises InvalidInput, Conflict."""
        if not is_key(key):
            raise InvalidInput("the key of a prompt is kebab-case")
        if not text_zh.strip():
            raise InvalidInput("a prompt needs a Chinese text")
        try:
            with self._db.write() as session:
                row = OwnPrompt(
                    key=key, text_zh=checked_text(text_zh), text_en=checked_text(text_en), changed_by=by.id,
                    changed_at=self._clock.now(),
                )  # fmt: skip
                session.add(row)
                session.flush()
                self._note(session, by, "prompt.add", key, detail={})
        except IntegrityError:
            raise Conflict("there is a prompt with this key") from None

    def remove_prompt(self, key: str, by: Editor) -> list[SoundCard]:
        """The sounds that callers heard until now. Raises NotFound."""
        with self._db.write() as session:
            row = session.get(OwnPrompt, key)
            if row is None:
                raise NotFound("no such prompt of one's own")
            session.delete(row)
            heard = [one for language in LANGUAGES if (one := _published(session, key, language))]
            cards = [_card(one) for one in heard]
            for one in heard:
                one.state = SoundState.SUPERSEDED
            self._note(session, by, "prompt.remove", key, detail={})
            return cards

    # -- sounds ---------------------------------------------------------------------------------------------------

    def sounds(self, *, key: str | None = None, state: SoundState | None = None) -> list[SoundCard]:
        """The newest first; discarded ones are left out."""
        query = select(PromptSound).where(PromptSound.state != SoundState.DISCARDED).order_by(PromptSound.id.desc())
        if key is not None:
            query = query.where(PromptSound.key == key)
        if state is not None:
            query = query.where(PromptSound.state == state)
        with self._db.read() as session:
            return [_card(row) for row in session.scalars(query.limit(2000))]

    def sound(self, sound_id: int) -> SoundCard:
        with self._db.read() as session:
            return _card(_sound(session, sound_id))

    def begin(self, key: str, language: str, by: Editor, *, source: SoundSource, text: str) -> SoundCard:
        """A row for a sound that is being made."""
        with self._db.write() as session:
            row = PromptSound(
                key=key, language=language, source=source, state=SoundState.WAITING, text=checked_text(text),
                changed_by=by.id, changed_at=self._clock.now(),
            )  # fmt: skip
            session.add(row)
            session.flush()
            self._note(session, by, f"prompt.{source.value}", f"{language}/{key}", detail={"sound": row.id})
            return _card(row)

    def made(self, sound_id: int, *, file_name: str, sha256: str, length_s: float, level_dbfs: float) -> SoundCard:
        """The file is there: a draft to be listened to."""
        with self._db.write() as session:
            row = _sound(session, sound_id)
            if row.state != SoundState.WAITING:
                raise WrongState("this sound was given up meanwhile")
            row.state, row.file_name, row.sha256 = SoundState.DRAFT, file_name, sha256
            row.length_s, row.level_dbfs = length_s, level_dbfs
            return _card(row)

    def failed(self, sound_id: int, problem: str) -> None:
        with self._db.write() as session:
            row = _sound(session, sound_id)
            if row.state == SoundState.WAITING:
                row.state, row.problem = SoundState.FAILED, problem[:200]

    def fail_waiting(self, problem: str) -> int:
        """What a former process has left unmade; how many."""
        waiting = self.sounds(state=SoundState.WAITING)
        for one in waiting:
            self.failed(one.id, problem)
        return len(waiting)

    def publish(self, sound_id: int, by: Editor) -> SoundCard:
        """A draft, or an earlier sound again. Raises NotFound, WrongState."""
        with self._db.write() as session:
            row = _sound(session, sound_id)
            if row.state not in PUBLISHABLE:
                raise WrongState("only a finished sound can be published")
            action = "prompt.publish" if row.state == SoundState.DRAFT else "prompt.roll_back"
            present = _published(session, row.key, row.language)
            if present is not None:
                present.state = SoundState.SUPERSEDED
            row.state, row.published_at = SoundState.PUBLISHED, self._clock.now()
            self._note(session, by, action, f"{row.language}/{row.key}", detail={"sound": row.id, "sha256": row.sha256})
            return _card(row)

    def withdraw(self, key: str, language: str, by: Editor) -> SoundCard:
        """Callers hear again what came with the house. Raises NotFound: nothing of one's own is published."""
        with self._db.write() as session:
            row = _published(session, key, language)
            if row is None:
                raise NotFound("this prompt is as it came with the house")
            row.state = SoundState.SUPERSEDED
            self._note(session, by, "prompt.restore", f"{language}/{key}", detail={"sound": row.id})
            return _card(row)

    def discard(self, sound_id: int, by: Editor) -> SoundCard:
        """Raises WrongState for the sound that callers hear."""
        with self._db.write() as session:
            row = _sound(session, sound_id)
            if row.state == SoundState.PUBLISHED:
                raise WrongState("callers hear this sound")
            row.state = SoundState.DISCARDED
            self._note(session, by, "prompt.discard", f"{row.language}/{row.key}", detail={"sound": row.id})
            return _card(row)

    def _note(self, session: Session, by: Editor, action: str, object_id: str, *, detail: Mapping[str, object]) -> None:
        line = AuditLine(
            actor_id=by.id, action=action, object_kind="prompt", object_id=object_id, ip=by.ip, reason="", result="ok",
            detail=dict(detail),
        )  # fmt: skip
        self._audit.append(session, line)


def checked_text(text: str) -> str:
    """One line of printable text. Raises InvalidInput."""
    cleaned = " ".join(text.split())
    if len(cleaned) > TEXT_MAX or not cleaned.isprintable():
        raise InvalidInput(f"a text has at most {TEXT_MAX} printable characters")
    return cleaned


def _sound(session: Session, sound_id: int) -> PromptSound:
    row = session.get(PromptSound, sound_id, with_for_update=True)
    if row is None or row.state == SoundState.DISCARDED:
        raise NotFound("no such sound")
    return row


def _published(session: Session, key: str, language: str) -> PromptSound | None:
    return session.scalar(
        select(PromptSound)
        .where(PromptSound.key == key, PromptSound.language == language, PromptSound.state == SoundState.PUBLISHED)
        .with_for_update()
    )


def _card(row: PromptSound) -> SoundCard:
    return SoundCard(
        id=row.id,
        key=row.key,
        language=row.language,
        source=SoundSource(row.source),
        state=SoundState(row.state),
        text=row.text,
        problem=row.problem,
        file_name=row.file_name,
        length_s=row.length_s,
        level_dbfs=row.level_dbfs,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
        published_at=row.published_at,
    )
