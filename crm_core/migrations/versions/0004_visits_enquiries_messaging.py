"""visits enquiries messaging.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from crm_core.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("name_en", sa.String(length=128), nullable=False),
        sa.Column("specification", sa.String(length=96), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("usage", sa.String(length=200), nullable=False),
        sa.Column("origin", sa.String(length=96), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_items")),
        sa.UniqueConstraint("code", name=op.f("uq_catalogue_items_code")),
    )
    with op.batch_alter_table("catalogue_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_catalogue_items_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_catalogue_items_valid_until"), ["valid_until"], unique=False)

    op.create_table(
        "knowledge_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=128), nullable=False),
        sa.Column("title_en", sa.String(length=128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("department_code", sa.String(length=32), nullable=False),
        sa.Column("doctor_code", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_items")),
        sa.UniqueConstraint("code", name=op.f("uq_knowledge_items_code")),
    )
    with op.batch_alter_table("knowledge_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_knowledge_items_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_knowledge_items_valid_until"), ["valid_until"], unique=False)

    op.create_table(
        "message_templates",
        sa.Column("key", sa.String(length=48), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "channel", "language", name=op.f("pk_message_templates")),
    )
    op.create_table(
        "verification_tries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("number_hash", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_tries")),
    )
    with op.batch_alter_table("verification_tries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_tries_at"), ["at"], unique=False)

    op.create_table(
        "catalogue_reimbursements",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("insurance", sa.String(length=16), nullable=False),
        sa.Column("ratio_permille", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["catalogue_items.id"], name=op.f("fk_catalogue_reimbursements_item_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "insurance", name=op.f("pk_catalogue_reimbursements")),
    )
    op.create_table(
        "enquiries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("item_code", sa.String(length=48), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("was_solved", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_enquiries_agent_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_enquiries_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enquiries")),
    )
    with op.batch_alter_table("enquiries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enquiries_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_enquiries_call_id"), ["call_id"], unique=False)
        batch_op.create_index("ix_enquiries_patient_at", ["patient_id", "at"], unique=False)

    op.create_table(
        "enquiry_terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("knowledge_id", sa.Integer(), nullable=True),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("term", sa.String(length=128), nullable=False),
        sa.Column("pinyin", sa.String(length=256), nullable=False),
        sa.Column("initials", sa.String(length=64), nullable=False),
        sa.Column("keypad", sa.String(length=64), nullable=False),
        sa.CheckConstraint("(knowledge_id IS NULL) <> (item_id IS NULL)", name=op.f("ck_enquiry_terms_one_owner")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["catalogue_items.id"], name=op.f("fk_enquiry_terms_item_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["knowledge_id"], ["knowledge_items.id"], name=op.f("fk_enquiry_terms_knowledge_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enquiry_terms")),
        sa.UniqueConstraint("item_id", "term", name="uq_enquiry_terms_item_term"),
        sa.UniqueConstraint("knowledge_id", "term", name="uq_enquiry_terms_knowledge_term"),
    )
    with op.batch_alter_table("enquiry_terms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enquiry_terms_keypad"), ["keypad"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=160), nullable=False),
        sa.Column("template_key", sa.String(length=48), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("queued_by", sa.Integer(), nullable=True),
        sa.Column("recipient_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("recipient_hash", sa.String(length=32), nullable=False),
        sa.Column("recipient_masked", sa.String(length=64), nullable=False),
        sa.Column("content_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts_count", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("not_after", UtcDateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.String(length=100), nullable=False),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("error", sa.String(length=120), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("cost_fen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_messages_patient_id")),
        sa.ForeignKeyConstraint(["queued_by"], ["users.id"], name=op.f("fk_messages_queued_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_messages_dedupe_key")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_messages_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_messages_due", ["state", "channel", "next_at"], unique=False)
        batch_op.create_index("ix_messages_patient", ["patient_id", "created_at"], unique=False)
        batch_op.create_index("ix_messages_recipient", ["recipient_hash", "created_at"], unique=False)

    op.create_table(
        "verification_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number_hash", sa.String(length=32), nullable=False),
        sa.Column("code_hash", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("issued_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("checked_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_verification_codes_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_codes")),
    )
    with op.batch_alter_table("verification_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_codes_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index("ix_verification_codes_lookup", ["number_hash", "code_hash"], unique=False)

    op.create_table(
        "visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("department_code", sa.String(length=32), nullable=False),
        sa.Column("department_name", sa.String(length=64), nullable=False),
        sa.Column("doctor_code", sa.String(length=32), nullable=False),
        sa.Column("doctor_name", sa.String(length=64), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ward", sa.String(length=32), nullable=False),
        sa.Column("bed", sa.String(length=16), nullable=False),
        sa.Column("clinical_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("recovery_days", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_visits_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint("external_id", name=op.f("uq_visits_external_id")),
    )
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visits_department_code"), ["department_code"], unique=False)
        batch_op.create_index(
            "ix_visits_open_stays",
            ["patient_id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_visits_patient_started", ["patient_id", "started_at"], unique=False)
        batch_op.create_index("ix_visits_started_at", ["started_at"], unique=False)

    op.create_table(
        "visit_deposits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_visit_deposits_patient_id")),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits.id"], name=op.f("fk_visit_deposits_visit_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_deposits")),
        sa.UniqueConstraint("external_id", name=op.f("uq_visit_deposits_external_id")),
    )
    with op.batch_alter_table("visit_deposits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_deposits_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_deposits_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "visit_fees",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=128), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("insurance_fen", sa.BigInteger(), nullable=False),
        sa.Column("charged_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("is_paid", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_visit_fees_patient_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_fees_visit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_fees")),
        sa.UniqueConstraint("external_id", name=op.f("uq_visit_fees_external_id")),
    )
    with op.batch_alter_table("visit_fees", schema=None) as batch_op:
        batch_op.create_index("ix_visit_fees_charged_at", ["charged_at"], unique=False)
        batch_op.create_index("ix_visit_fees_patient_charged", ["patient_id", "charged_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_fees_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "visit_medications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("specification", sa.String(length=64), nullable=False),
        sa.Column("usage", sa.String(length=128), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("days_supplied", sa.Integer(), nullable=False),
        sa.Column("runs_out_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_visit_medications_patient_id")),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits.id"], name=op.f("fk_visit_medications_visit_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_medications")),
    )
    with op.batch_alter_table("visit_medications", schema=None) as batch_op:
        batch_op.create_index("ix_visit_medications_patient_name", ["patient_id", "name"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_medications_runs_out_on"), ["runs_out_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_medications_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "visit_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=128), nullable=False),
        sa.Column("reported_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("is_abnormal", sa.Boolean(), nullable=False),
        sa.Column("link", sa.String(length=400), nullable=False),
        sa.Column("finding_encrypted", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_visit_reports_patient_id")),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits.id"], name=op.f("fk_visit_reports_visit_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_reports")),
    )
    with op.batch_alter_table("visit_reports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_reports_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_reports_visit_id"), ["visit_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("visit_reports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_reports_visit_id"))
        batch_op.drop_index(batch_op.f("ix_visit_reports_patient_id"))

    op.drop_table("visit_reports")
    with op.batch_alter_table("visit_medications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_medications_visit_id"))
        batch_op.drop_index(batch_op.f("ix_visit_medications_runs_out_on"))
        batch_op.drop_index("ix_visit_medications_patient_name")

    op.drop_table("visit_medications")
    with op.batch_alter_table("visit_fees", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_fees_visit_id"))
        batch_op.drop_index("ix_visit_fees_patient_charged")
        batch_op.drop_index("ix_visit_fees_charged_at")

    op.drop_table("visit_fees")
    with op.batch_alter_table("visit_deposits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_deposits_visit_id"))
        batch_op.drop_index(batch_op.f("ix_visit_deposits_patient_id"))

    op.drop_table("visit_deposits")
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index("ix_visits_started_at")
        batch_op.drop_index("ix_visits_patient_started")
        batch_op.drop_index(
            "ix_visits_open_stays",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_visits_department_code"))

    op.drop_table("visits")
    with op.batch_alter_table("verification_codes", schema=None) as batch_op:
        batch_op.drop_index("ix_verification_codes_lookup")
        batch_op.drop_index(batch_op.f("ix_verification_codes_expires_at"))

    op.drop_table("verification_codes")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_recipient")
        batch_op.drop_index("ix_messages_patient")
        batch_op.drop_index("ix_messages_due")
        batch_op.drop_index(batch_op.f("ix_messages_created_at"))
        batch_op.drop_index(batch_op.f("ix_messages_call_id"))

    op.drop_table("messages")
    with op.batch_alter_table("enquiry_terms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enquiry_terms_keypad"))

    op.drop_table("enquiry_terms")
    with op.batch_alter_table("enquiries", schema=None) as batch_op:
        batch_op.drop_index("ix_enquiries_patient_at")
        batch_op.drop_index(batch_op.f("ix_enquiries_call_id"))
        batch_op.drop_index(batch_op.f("ix_enquiries_at"))

    op.drop_table("enquiries")
    op.drop_table("catalogue_reimbursements")
    with op.batch_alter_table("verification_tries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verification_tries_at"))

    op.drop_table("verification_tries")
    op.drop_table("message_templates")
    with op.batch_alter_table("knowledge_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_knowledge_items_valid_until"))
        batch_op.drop_index(batch_op.f("ix_knowledge_items_kind"))

    op.drop_table("knowledge_items")
    with op.batch_alter_table("catalogue_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_catalogue_items_valid_until"))
        batch_op.drop_index(batch_op.f("ix_catalogue_items_kind"))

    op.drop_table("catalogue_items")
