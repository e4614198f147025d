"""Waiting and tickets: original places in the line, missed callers, call-backs, nuisance list, tickets with messages.

Revision 0006, after 0005. Calls that are there already keep their rows: their place in the line is when they queued.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm_core.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    "voice_messages", "ticket_hops", "tickets", "nuisance_numbers", "call_back_attempts", "call_backs", "missed_calls",
    "missed_callers",
)  # fmt: skip
"""In the order in which they can be dropped."""


def upgrade() -> None:
    for column in call_columns():
        op.add_column("calls", column)
    create_missed()
    create_call_backs()
    create_nuisance()
    create_tickets()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for column in reversed(call_columns()):
        op.drop_column("calls", column.name)


def call_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("entered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("marks", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("overflow", sa.String(length=8), nullable=True),
        sa.Column("loss_reason", sa.String(length=12), nullable=True),
    ]


def create_missed() -> None:
    op.create_table(
        "missed_callers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("number_hash", sa.String(length=32), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("first_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("calls_count", sa.Integer(), nullable=False),
        sa.Column("is_repeated", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_how", sa.String(length=16), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("closed_call_id", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_callers")),
    )
    op.create_index(op.f("ix_missed_callers_patient_id"), "missed_callers", ["patient_id"])
    op.create_index("ix_missed_callers_list", "missed_callers", ["state", "last_at"])
    unique_where("uq_missed_callers_open", "missed_callers", where="state = 'open'")
    op.create_table(
        "missed_calls",
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("number_hash", sa.String(length=32), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("wanted_person", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["missed_callers.id"], name=op.f("fk_missed_calls_item_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_missed_calls")),
    )
    op.create_index(op.f("ix_missed_calls_item_id"), "missed_calls", ["item_id"])
    op.create_index("ix_missed_calls_number_at", "missed_calls", ["number_hash", "at"])


def create_call_backs() -> None:
    op.create_table(
        "call_backs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("number_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("entered_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("requested_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("was_open", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("attempts_count", sa.Integer(), nullable=False),
        sa.Column("last_outcome", sa.String(length=16), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_backs")),
        sa.UniqueConstraint("call_id", name=op.f("uq_call_backs_call_id")),
    )
    op.create_index("ix_call_backs_state", "call_backs", ["state", "queue", "due_at"])
    unique_where("uq_call_backs_in_line", "call_backs", where="state IN ('waiting', 'calling')")
    op.create_table(
        "call_back_attempts",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("number_hash", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("fencing_token", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("written_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("served_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("missing_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["call_backs.id"], name=op.f("fk_call_back_attempts_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_back_attempts")),
    )
    op.create_index(op.f("ix_call_back_attempts_request_id"), "call_back_attempts", ["request_id"])
    unique_where("uq_call_back_attempts_live", "call_back_attempts", where="ended_at IS NULL")


def create_nuisance() -> None:
    op.create_table(
        "nuisance_numbers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Integer(), nullable=True),
        sa.Column("removed_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nuisance_numbers")),
    )
    op.create_index("ix_nuisance_numbers_number", "nuisance_numbers", ["number_hash", "expires_at"])


def create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=True),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("call_id", sa.String(length=120), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("number_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("number_hash", sa.String(length=32), nullable=True),
        sa.Column("department", sa.String(length=32), nullable=True),
        sa.Column("opened_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("number", name=op.f("uq_tickets_number")),
        sa.UniqueConstraint("origin", name=op.f("uq_tickets_origin")),
    )
    for column in ("call_id", "patient_id", "number_hash"):
        op.create_index(op.f(f"ix_tickets_{column}"), "tickets", [column])
    op.create_index("ix_tickets_list", "tickets", ["state", "due_at"])
    op.create_table(
        "ticket_hops",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_hops_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_hops")),
    )
    op.create_index(op.f("ix_ticket_hops_ticket_id"), "ticket_hops", ["ticket_id"])
    op.create_table(
        "voice_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("incoming_name", sa.String(length=160), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("recorded_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("length_s", sa.Double(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("store_name", sa.String(length=160), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_voice_messages_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_messages")),
        sa.UniqueConstraint("incoming_name", name=op.f("uq_voice_messages_incoming_name")),
    )
    op.create_index(op.f("ix_voice_messages_ticket_id"), "voice_messages", ["ticket_id"])
    op.create_index("ix_voice_messages_state", "voice_messages", ["state"])


def unique_where(name: str, table: str, *, where: str) -> None:
    column = "number_hash"
    op.create_index(name, table, [column], unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
