"""make selections of a quiz, each with its jury and its readers."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_71"
down_revision = "2026_11_26_60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "selection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("activity_key", sa.String(length=64), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("(edition_id IS NULL) <> (group_id IS NULL)", name=op.f("ck_selection_whom")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_selection_course_id")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_selection_created_by")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_selection_edition_id")),
        sa.ForeignKeyConstraint(["group_id"], ["learner_group.id"], name=op.f("fk_selection_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection")),
        sa.UniqueConstraint("uuid", name=op.f("uq_selection_uuid")),
    )
    with op.batch_alter_table("selection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_selection_edition_id"), ["edition_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_selection_group_id"), ["group_id"], unique=False)
        batch_op.create_index(
            "uq_selection_edition",
            ["course_id", "activity_key", "edition_id"],
            unique=True,
            sqlite_where=sa.text("group_id IS NULL"),
            postgresql_where=sa.text("group_id IS NULL"),
        )
        batch_op.create_index(
            "uq_selection_group",
            ["course_id", "activity_key", "group_id"],
            unique=True,
            sqlite_where=sa.text("edition_id IS NULL"),
            postgresql_where=sa.text("edition_id IS NULL"),
        )

    op.create_table(
        "selection_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("selection_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=6), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("named_by", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("role IN ('jury', 'reader')", name=op.f("ck_selection_member_role")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_selection_member_ended_by")),
        sa.ForeignKeyConstraint(["named_by"], ["person.id"], name=op.f("fk_selection_member_named_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_selection_member_person_id")),
        sa.ForeignKeyConstraint(["selection_id"], ["selection.id"], name=op.f("fk_selection_member_selection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection_member")),
        sa.UniqueConstraint("uuid", name=op.f("uq_selection_member_uuid")),
    )
    with op.batch_alter_table("selection_member", schema=None) as batch_op:
        batch_op.create_index("ix_selection_member_person", ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_selection_member_selection_id"), ["selection_id"], unique=False)
        batch_op.create_index(
            "uq_selection_member_in_force",
            ["selection_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
