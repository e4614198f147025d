"""The whole appointment office: dated sessions with seats, holds, waiting list, missed visits, history.

Revision 0003, after 0002. Appointments that are there already keep their rows: they have no seat, but their department
and day, so that the rule of one booking per department and day sees them.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from pypinyin import Style, lazy_pinyin

from crm_core.clock import hospital_date
from crm_core.database import UtcDateTime
from crm_core.patients.names import pinyin_of

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEEPS_ITS_SEAT = "slot_id IS NOT NULL AND state IN ('booked', 'visited', 'missed')"
KEYS = {letter: key for key, letters in {
    "2": "abc", "3": "def", "4": "ghi", "5": "jkl", "6": "mno", "7": "pqrs", "8": "tuv", "9": "wxyz",
}.items() for letter in letters}  # fmt: skip

TEXT_COLUMNS = {
    "departments": ("introduction_en", "directions", "cautions"),
    "doctors": ("introduction", "introduction_en"),
}
SPELLING_COLUMNS = {"pinyin": 128, "initials": 16, "keypad": 16}
AROUND_APPOINTMENTS = ("holds", "waiting_entries", "visit_slips", "no_shows", "appointment_steps")
UNDER_APPOINTMENTS = ("seats", "slots", "clinic_sessions", "schedule_templates")
"""In the order in which they can be dropped."""


def upgrade() -> None:
    _create_tables()
    _widen_appointments()
    for table, texts in TEXT_COLUMNS.items():
        for name in texts:
            op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=""))
        for name, length in SPELLING_COLUMNS.items():
            op.add_column(table, sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    op.add_column("doctors", sa.Column("is_bookable", sa.Boolean(), nullable=False, server_default=sa.true()))
    _spell("departments", lambda name: lazy_pinyin(name, style=Style.NORMAL, v_to_u=False))
    _spell("doctors", pinyin_of)
    _date_appointments()


def downgrade() -> None:
    """Appointments go back to what 0001 knew of them; those of closed or moved sessions stay as rows."""
    for table in AROUND_APPOINTMENTS:
        op.drop_table(table)
    with op.batch_alter_table("appointments", schema=None) as batch_op:
        batch_op.drop_index("uq_appointments_one_per_day")
        batch_op.drop_index("ix_appointments_slot_id")
        batch_op.drop_index("ix_appointments_day_state")
        batch_op.drop_constraint(op.f("ck_appointments_booked_has_seat"), type_="check")
        for name in ("department_id", "slot_id", "seat_id", "moved_from_id"):
            batch_op.drop_constraint(op.f(f"fk_appointments_{name}"), type_="foreignkey")
        for name in ("seat_id", "idempotency_key"):
            batch_op.drop_constraint(op.f(f"uq_appointments_{name}"), type_="unique")
        for name in (
            "moved_from_id", "reason", "ended_by", "ended_at", "uses_phone_quota", "booked_at", "booked_by", "channel",
            "idempotency_key", "seat_id", "slot_id", "day", "department_id",
        ):  # fmt: skip
            batch_op.drop_column(name)
        batch_op.alter_column("state", existing_type=sa.String(length=20), type_=sa.String(length=16))
    for table in UNDER_APPOINTMENTS:
        op.drop_table(table)
    # not in a batch: SQLite would rebuild tables to which others point
    op.execute("ALTER TABLE doctors DROP COLUMN is_bookable")
    for table, texts in TEXT_COLUMNS.items():
        for name in (*texts, *SPELLING_COLUMNS):
            op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")


def _widen_appointments() -> None:
    op.execute("UPDATE appointments SET state = 'booked' WHERE state = ''")
    with op.batch_alter_table("appointments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("department_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("day", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("slot_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("seat_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("idempotency_key", sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column("channel", sa.String(length=8), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("booked_by", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("booked_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("uses_phone_quota", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ended_by", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("reason", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("moved_from_id", sa.Integer(), nullable=True))
        batch_op.alter_column("state", existing_type=sa.String(length=16), type_=sa.String(length=20))
        batch_op.create_unique_constraint(op.f("uq_appointments_idempotency_key"), ["idempotency_key"])
        batch_op.create_unique_constraint(op.f("uq_appointments_seat_id"), ["seat_id"])
        batch_op.create_check_constraint(
            op.f("ck_appointments_booked_has_seat"), "slot_id IS NULL OR state <> 'booked' OR seat_id IS NOT NULL"
        )
        for name, table in (
            ("department_id", "departments"), ("slot_id", "slots"), ("seat_id", "seats"), ("moved_from_id", "appointments"),
        ):  # fmt: skip
            batch_op.create_foreign_key(op.f(f"fk_appointments_{name}"), table, [name], ["id"])
        batch_op.create_index("ix_appointments_day_state", ["day", "state"], unique=False)
        batch_op.create_index(op.f("ix_appointments_slot_id"), ["slot_id"], unique=False)
        batch_op.create_index(
            "uq_appointments_one_per_day", ["patient_id", "department_id", "day"], unique=True,
            sqlite_where=sa.text(KEEPS_ITS_SEAT), postgresql_where=sa.text(KEEPS_ITS_SEAT),
        )  # fmt: skip


def _spell(table_name: str, syllables_of: object) -> None:
    """Names that are there already become findable by pinyin, initials and telephone keys."""
    assert callable(syllables_of)
    table = sa.table(table_name, sa.column("id"), sa.column("name"), *map(sa.column, SPELLING_COLUMNS))
    connection = op.get_bind()
    for number, name in connection.execute(sa.select(table.c.id, table.c.name)).all():
        syllables: Sequence[str] = [part.lower().replace("ü", "v") for part in syllables_of(name) if part.strip()]
        initials = "".join(part[0] for part in syllables)[:16]
        keypad = "".join(char if char in "0123456789" else KEYS.get(char, "") for char in initials)
        connection.execute(
            table.update()
            .where(table.c.id == number)
            .values(pinyin="".join(syllables)[:128], initials=initials, keypad=keypad)
        )


def _date_appointments() -> None:
    appointments = sa.table(
        "appointments", sa.column("id"), sa.column("doctor_id"), sa.column("department_id"), sa.column("day", sa.Date()),
        sa.column("starts_at", UtcDateTime()),
    )  # fmt: skip
    doctors = sa.table("doctors", sa.column("id"), sa.column("department_id"))
    connection = op.get_bind()
    connection.execute(
        appointments.update().values(
            department_id=sa.select(doctors.c.department_id)
            .where(doctors.c.id == appointments.c.doctor_id)
            .scalar_subquery()
        )
    )
    rows = connection.execute(sa.select(appointments.c.id, appointments.c.starts_at)).all()
    for number, starts_at in rows:
        connection.execute(
            appointments.update().where(appointments.c.id == number).values(day=hospital_date(starts_at))
        )


def _create_tables() -> None:
    op.create_table(
        "schedule_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=12), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("phone_quota", sa.Integer(), nullable=True),
        sa.Column("fee_fen", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint("capacity > 0 AND slot_minutes > 0", name=op.f("ck_schedule_templates_some_seats")),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name=op.f("fk_schedule_templates_doctor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_templates")),
    )
    with op.batch_alter_table("schedule_templates", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_schedule_templates_doctor_id"), ["doctor_id"], unique=False)

    op.create_table(
        "clinic_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("period", sa.String(length=12), nullable=False),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("fee_fen", sa.Integer(), nullable=False),
        sa.Column("phone_quota", sa.Integer(), nullable=True),
        sa.Column("phone_taken", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("close_reason", sa.String(length=200), nullable=False),
        sa.Column("closed_by", sa.String(length=64), nullable=False),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "phone_taken >= 0 AND (phone_quota IS NULL OR phone_taken <= phone_quota)",
            name=op.f("ck_clinic_sessions_phone_quota"),
        ),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_clinic_sessions_department_id")),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name=op.f("fk_clinic_sessions_doctor_id")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["schedule_templates.id"], name=op.f("fk_clinic_sessions_template_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic_sessions")),
        sa.UniqueConstraint("doctor_id", "day", "period", name="uq_clinic_sessions_doctor_day_period"),
    )
    with op.batch_alter_table("clinic_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_clinic_sessions_department_day", ["department_id", "day"], unique=False)

    op.create_table(
        "slots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["clinic_sessions.id"], name=op.f("fk_slots_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slots")),
        sa.UniqueConstraint("session_id", "starts_at", name="uq_slots_session_starts"),
    )
    op.create_table(
        "seats",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_taken", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.id"], name=op.f("fk_seats_slot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seats")),
        sa.UniqueConstraint("slot_id", "number", name="uq_seats_slot_number"),
    )
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.create_index("ix_seats_slot_taken", ["slot_id", "is_taken"], unique=False)

    op.create_table(
        "appointment_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("announced_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_appointment_steps_appointment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_steps")),
    )
    with op.batch_alter_table("appointment_steps", schema=None) as batch_op:
        batch_op.create_index("ix_appointment_steps_announced", ["announced_at", "id"], unique=False)
        batch_op.create_index(op.f("ix_appointment_steps_appointment_id"), ["appointment_id"], unique=False)

    op.create_table(
        "no_shows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("appeal_state", sa.String(length=12), nullable=False),
        sa.Column("appeal_text", sa.String(length=500), nullable=False),
        sa.Column("appealed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name=op.f("fk_no_shows_appointment_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_no_shows_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_no_shows")),
        sa.UniqueConstraint("appointment_id", name=op.f("uq_no_shows_appointment_id")),
    )
    with op.batch_alter_table("no_shows", schema=None) as batch_op:
        batch_op.create_index("ix_no_shows_patient_day", ["patient_id", "day"], unique=False)

    op.create_table(
        "visit_slips",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(length=32), nullable=False),
        sa.Column("assignee", sa.String(length=64), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("assigned_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name=op.f("fk_visit_slips_appointment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_slips")),
    )
    with op.batch_alter_table("visit_slips", schema=None) as batch_op:
        batch_op.create_index("ix_visit_slips_assignee_state", ["assignee", "state", "due_at"], unique=False)
        batch_op.create_index("uq_visit_slips_duty", ["appointment_id", "duty"], unique=True)

    op.create_table(
        "waiting_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("period", sa.String(length=12), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("joined_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("joined_by", sa.String(length=64), nullable=False),
        sa.Column("offered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("answer_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_waiting_entries_appointment_id")
        ),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_waiting_entries_department_id")),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name=op.f("fk_waiting_entries_doctor_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_waiting_entries_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_entries")),
    )
    with op.batch_alter_table("waiting_entries", schema=None) as batch_op:
        batch_op.create_index("ix_waiting_entries_line", ["department_id", "day", "state", "id"], unique=False)
        batch_op.create_index(
            "uq_waiting_entries_one_per_day",
            ["patient_id", "department_id", "day"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'offered')"),
            postgresql_where=sa.text("state IN ('waiting', 'offered')"),
        )

    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("leg_key", sa.String(length=120), nullable=False),
        sa.Column("active_leg_key", sa.String(length=120), nullable=True),
        sa.Column("waiting_entry_id", sa.Integer(), nullable=True),
        sa.Column("uses_phone_quota", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_holds_patient_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name=op.f("fk_holds_seat_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.id"], name=op.f("fk_holds_slot_id")),
        sa.ForeignKeyConstraint(["waiting_entry_id"], ["waiting_entries.id"], name=op.f("fk_holds_waiting_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        sa.UniqueConstraint("active_leg_key", name=op.f("uq_holds_active_leg_key")),
        sa.UniqueConstraint("seat_id", name=op.f("uq_holds_seat_id")),
    )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_holds_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index("ix_holds_slot", ["slot_id"], unique=False)
        batch_op.create_index("ix_holds_state_expires", ["state", "expires_at"], unique=False)
