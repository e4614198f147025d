"""patients whole: every field, own fields, families, merges, the consent ledger, proofs of identity.

Revision 0002, after 0001.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from crm_core.database import UtcDateTime
from crm_core.patients.names import readings_of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CONSENTS = {
    "recording": (("recording", "call"),),
    "outbound": (("follow_up", "call"), ("survey", "call"), ("reminder", "call")),
    "sms": (("reminder", "sms"),),
}
BATCH = 1000
TABLES = (
    "patient_merge_moves",
    "patient_field_values",
    "patient_pins",
    "patient_name_readings",
    "patient_merges",
    "patient_field_definitions",
    "patient_consents",
    "patient_changes",
    "identity_proof_attempts",
    "family_links",
    "tier_rules",
)


def phone_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("owner_name", sa.String(length=64), server_default="", nullable=False),
        sa.Column("may_call", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("may_sms", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    ]


def patient_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("hereditary_disease_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("education", sa.String(length=16), server_default="", nullable=False),
        sa.Column("occupation", sa.String(length=64), server_default="", nullable=False),
        sa.Column("marital_status", sa.String(length=16), server_default="", nullable=False),
        sa.Column("income_band_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("family_situation_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("address_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("email_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("customer_kind", sa.String(length=16), server_default="patient", nullable=False),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("preferred_channel", sa.String(length=8), server_default="call", nullable=False),
        sa.Column("vip_valid_from", sa.Date(), nullable=True),
        sa.Column("vip_valid_until", sa.Date(), nullable=True),
        sa.Column("tier_why", sa.Text(), server_default="", nullable=False),
        sa.Column("tier_figures", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("tier_computed_on", sa.Date(), nullable=True),
        sa.Column("tier_hand_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("tier_hand_by", sa.Integer(), nullable=True),
    ]


def upgrade() -> None:
    create_tables()
    for column in phone_columns():
        op.add_column("patient_phones", column)
    for column in patient_columns():
        op.add_column("patients", column)
    add_merged_into()
    carry_over()
    op.drop_column("patients", "consents")
    index_patients()


def downgrade() -> None:
    for index in ("uq_patients_vip_card", "ix_patients_name_initials", "ix_patients_merged_into_id"):
        op.drop_index(index, "patients")
    op.add_column("patients", sa.Column("consents", sa.JSON(), nullable=False, server_default="{}"))
    carry_back()
    op.drop_column("patients", "merged_into_id")
    for column in reversed(patient_columns()):
        op.drop_column("patients", column.name)
    for column in reversed(phone_columns()):
        op.drop_column("patient_phones", column.name)
    for table in TABLES:
        op.drop_table(table)


def add_merged_into() -> None:
    """SQLite adds a foreign key with its column or not at all; rebuilding the table would delete every telephone."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE patients ADD COLUMN merged_into_id INTEGER "
            "CONSTRAINT fk_patients_merged_into_id REFERENCES patients (id)"
        )
        return
    op.add_column("patients", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.create_foreign_key("fk_patients_merged_into_id", "patients", "patients", ["merged_into_id"], ["id"])


def index_patients() -> None:
    op.create_index("ix_patients_merged_into_id", "patients", ["merged_into_id"])
    op.create_index(
        "ix_patients_name_initials", "patients", ["name_initials"],
        postgresql_ops={"name_initials": "varchar_pattern_ops"},
    )  # fmt: skip
    op.execute(
        "UPDATE patients SET vip_card = vip_card || '#' || id WHERE vip_card <> '' AND EXISTS "
        "(SELECT 1 FROM patients AS other WHERE other.vip_card = patients.vip_card AND other.id < patients.id)"
    )
    op.create_index(
        "uq_patients_vip_card", "patients", ["vip_card"], unique=True,
        sqlite_where=sa.text("vip_card <> ''"), postgresql_where=sa.text("vip_card <> ''"),
    )  # fmt: skip
    if op.get_bind().dialect.name == "postgresql":
        for column in ("name", "name_pinyin"):
            op.drop_index(f"ix_patients_{column}", "patients")
            op.create_index(
                f"ix_patients_{column}", "patients", [column], postgresql_ops={column: "varchar_pattern_ops"}
            )


def carry_over() -> None:
    """The answers of the card become lines of the ledger; names are read by the new table of surnames."""
    bind, now = op.get_bind(), datetime.now(UTC)
    after = 0
    while rows := bind.execute(OLD.select().where(OLD.c.id > after).order_by(OLD.c.id).limit(BATCH)).all():
        after = rows[-1].id
        lines = [
            {"patient_id": row.id, "purpose": purpose, "channel": channel, "is_granted": bool(granted),
             "given_at": row.created_at, "noted_at": now, "source": "migration", "evidence": ""}
            for row in rows
            for word, granted in (row.consents or {}).items()
            for purpose, channel in CONSENTS.get(word, ())
        ]  # fmt: skip
        if lines:
            bind.execute(LEDGER.insert(), lines)
        for row in rows:
            first, *others = readings_of(row.name)
            bind.execute(
                OLD.update().where(OLD.c.id == row.id).values(name_pinyin=first.pinyin, name_initials=first.initials)
            )
            for one in others:
                bind.execute(READINGS.insert().values(patient_id=row.id, pinyin=one.pinyin, initials=one.initials))


def carry_back() -> None:
    """The latest line of each purpose, as the card's three words."""
    bind = op.get_bind()
    after = 0
    while ids := bind.scalars(sa.select(OLD.c.id).where(OLD.c.id > after).order_by(OLD.c.id).limit(BATCH)).all():
        after = ids[-1]
        answers: dict[int, dict[tuple[str, str], bool]] = {one: {} for one in ids}
        lines = LEDGER.select().where(LEDGER.c.patient_id.in_(ids)).order_by(LEDGER.c.given_at, LEDGER.c.id)
        for line in bind.execute(lines):
            answers[line.patient_id][(line.purpose, line.channel)] = line.is_granted
        for one, known in answers.items():
            words = {
                word: all(known[pair] for pair in pairs if pair in known)
                for word, pairs in CONSENTS.items()
                if any(pair in known for pair in pairs)
            }
            bind.execute(OLD.update().where(OLD.c.id == one).values(consents=words))


OLD = sa.table(
    "patients", sa.column("id", sa.Integer), sa.column("name", sa.String), sa.column("name_pinyin", sa.String),
    sa.column("name_initials", sa.String), sa.column("consents", sa.JSON), sa.column("created_at", UtcDateTime()),
)  # fmt: skip
LEDGER = sa.table(
    "patient_consents", sa.column("id", sa.Integer), sa.column("patient_id", sa.Integer),
    sa.column("purpose", sa.String), sa.column("channel", sa.String), sa.column("is_granted", sa.Boolean),
    sa.column("given_at", UtcDateTime()), sa.column("noted_at", UtcDateTime()), sa.column("source", sa.String),
    sa.column("evidence", sa.String),
)  # fmt: skip
READINGS = sa.table(
    "patient_name_readings", sa.column("patient_id", sa.Integer), sa.column("pinyin", sa.String),
    sa.column("initials", sa.String),
)  # fmt: skip


def create_tables() -> None:
    op.create_table(
        "tier_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(length=12), nullable=False),
        sa.Column("visits_min", sa.Integer(), nullable=False),
        sa.Column("spending_min_fen", sa.BigInteger(), nullable=False),
        sa.Column("vip_level_min", sa.Integer(), nullable=False),
        sa.Column("no_shows_max", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_rules")),
    )
    op.create_table(
        "family_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("relative_id", sa.Integer(), nullable=False),
        sa.Column("kin", sa.String(length=12), nullable=False),
        sa.Column("linked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("linked_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("patient_id <> relative_id", name=op.f("ck_family_links_two_people")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_family_links_patient_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["relative_id"], ["patients.id"], name=op.f("fk_family_links_relative_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_links")),
        sa.UniqueConstraint("patient_id", "relative_id", name="uq_family_links_pair"),
    )
    op.create_index(op.f("ix_family_links_relative_id"), "family_links", ["relative_id"], unique=False)
    op.create_table(
        "identity_proof_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("number_hash", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_identity_proof_attempts_patient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_proof_attempts")),
    )
    op.create_index(
        "ix_identity_proof_attempts_number", "identity_proof_attempts", ["number_hash", "day"], unique=False
    )
    op.create_index(
        "ix_identity_proof_attempts_patient", "identity_proof_attempts", ["patient_id", "day"], unique=False
    )
    op.create_table(
        "patient_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(length=48), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("is_secret", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_patient_changes_patient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_changes")),
    )
    op.create_index("ix_patient_changes_patient", "patient_changes", ["patient_id", "at"], unique=False)
    op.create_table(
        "patient_consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("is_granted", sa.Boolean(), nullable=False),
        sa.Column("given_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("noted_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.String(length=120), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_patient_consents_patient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_consents")),
    )
    op.create_index(
        "ix_patient_consents_patient", "patient_consents", ["patient_id", "purpose", "channel"], unique=False
    )
    op.create_table(
        "patient_field_definitions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=48), nullable=False),
        sa.Column("is_builtin", sa.Boolean(), nullable=False),
        sa.Column("label_zh", sa.String(length=64), nullable=False),
        sa.Column("label_en", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.Column("is_masked", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_patient_field_definitions_department_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_field_definitions")),
        sa.UniqueConstraint("key", name=op.f("uq_patient_field_definitions_key")),
    )
    op.create_index(
        op.f("ix_patient_field_definitions_department_id"), "patient_field_definitions", ["department_id"], unique=False
    )
    op.create_table(
        "patient_merges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survivor_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("merged_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("undone_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.Column("undo_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["merged_id"], ["patients.id"], name=op.f("fk_patient_merges_merged_id")),
        sa.ForeignKeyConstraint(["survivor_id"], ["patients.id"], name=op.f("fk_patient_merges_survivor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_merges")),
    )
    op.create_index(op.f("ix_patient_merges_merged_id"), "patient_merges", ["merged_id"], unique=False)
    op.create_index(op.f("ix_patient_merges_survivor_id"), "patient_merges", ["survivor_id"], unique=False)
    op.create_index(
        "uq_patient_merges_open",
        "patient_merges",
        ["merged_id"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_table(
        "patient_name_readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("pinyin", sa.String(length=128), nullable=False),
        sa.Column("initials", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_patient_name_readings_patient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_name_readings")),
    )
    op.create_index(
        "ix_patient_name_readings_initials",
        "patient_name_readings",
        ["initials"],
        unique=False,
        postgresql_ops={"initials": "varchar_pattern_ops"},
    )
    op.create_index(op.f("ix_patient_name_readings_patient_id"), "patient_name_readings", ["patient_id"], unique=False)
    op.create_index(
        "ix_patient_name_readings_pinyin",
        "patient_name_readings",
        ["pinyin"],
        unique=False,
        postgresql_ops={"pinyin": "varchar_pattern_ops"},
    )
    op.create_table(
        "patient_pins",
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("pin_hash", sa.String(length=256), nullable=False),
        sa.Column("set_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_patient_pins_patient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_patient_pins")),
    )
    op.create_table(
        "patient_field_values",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("value_encrypted", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["patient_field_definitions.id"], name=op.f("fk_patient_field_values_definition_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_patient_field_values_patient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_field_values")),
        sa.UniqueConstraint("patient_id", "definition_id", name="uq_patient_field_values_field"),
    )
    op.create_index(
        op.f("ix_patient_field_values_definition_id"), "patient_field_values", ["definition_id"], unique=False
    )
    op.create_table(
        "patient_merge_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merge_id", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("column_name", sa.String(length=64), nullable=False),
        sa.Column("row_key", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["patient_merges.id"], name=op.f("fk_patient_merge_moves_merge_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_merge_moves")),
    )
    op.create_index(op.f("ix_patient_merge_moves_merge_id"), "patient_merge_moves", ["merge_id"], unique=False)
