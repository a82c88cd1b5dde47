"""Keep boards with their threads, posts, drafts, reports, subscriptions and read marks."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_04_01"
down_revision = "2026_12_02_03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=12), nullable=False),
        sa.Column("owner", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("first_posts", sa.String(length=4), nullable=False),
        sa.Column("mail_text", sa.Boolean(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board")),
        sa.UniqueConstraint("key", name=op.f("uq_board_key")),
    )
    op.create_table(
        "thread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=12), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=False),
        sa.Column("anchor_kind", sa.String(length=12), nullable=False),
        sa.Column("anchor_key", sa.String(length=64), nullable=False),
        sa.Column("anchor_part", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lock_reason", sa.String(length=500), nullable=False),
        sa.Column("continued_id", sa.Integer(), nullable=True),
        sa.Column("pinned_until", sa.Date(), nullable=True),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("shown_number", sa.Integer(), nullable=False),
        sa.Column("last_post_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=True),
        sa.Column("summary", sa.Integer(), nullable=True),
        sa.Column("comments", sa.Boolean(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_thread_board_id")),
        sa.ForeignKeyConstraint(["continued_id"], ["thread.id"], name=op.f("fk_thread_continued_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_thread_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("key", name=op.f("uq_thread_key")),
    )
    op.create_index("ix_thread_anchor", "thread", ["board_id", "anchor_key"], unique=False)
    op.create_index("ix_thread_board", "thread", ["board_id", "last_post_at", "id"], unique=False)
    op.create_index(op.f("ix_thread_person_id"), "thread", ["person_id"], unique=False)
    op.create_table(
        "thread_post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=12), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("badge", sa.String(length=12), nullable=False),
        sa.Column("reply_to", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_by", sa.Integer(), nullable=True),
        sa.Column("hide_class", sa.String(length=13), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("edited_after_answers", sa.Boolean(), nullable=False),
        sa.Column("token", sa.String(length=36), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_thread_post_person_id")),
        sa.ForeignKeyConstraint(["state_by"], ["person.id"], name=op.f("fk_thread_post_state_by")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_thread_post_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_post")),
        sa.UniqueConstraint("key", name=op.f("uq_thread_post_key")),
        sa.UniqueConstraint("person_id", "token", name=op.f("uq_thread_post_person_id_token")),
        sa.UniqueConstraint("thread_id", "number", name=op.f("uq_thread_post_thread_id_number")),
    )
    op.create_index("ix_thread_post_written", "thread_post", ["person_id", "written_at"], unique=False)
    op.create_table(
        "post_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["thread_post.id"], name=op.f("fk_post_revision_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_revision")),
        sa.UniqueConstraint("post_id", "number", name=op.f("uq_post_revision_post_id_number")),
    )
    op.create_table(
        "post_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=True),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("reply_to", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=False),
        sa.Column("anchor_kind", sa.String(length=12), nullable=False),
        sa.Column("anchor_key", sa.String(length=64), nullable=False),
        sa.Column("anchor_part", sa.String(length=200), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_post_draft_board_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_post_draft_person_id")),
        sa.ForeignKeyConstraint(["post_id"], ["thread_post.id"], name=op.f("fk_post_draft_post_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_post_draft_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_draft")),
        sa.UniqueConstraint("key", name=op.f("uq_post_draft_key")),
        sa.UniqueConstraint("person_id", "board_id", "slot", name=op.f("uq_post_draft_person_id_board_id_slot")),
    )
    op.create_table(
        "post_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stored_file_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("alternative", sa.String(length=300), nullable=False),
        sa.CheckConstraint("(post_id IS NULL) != (draft_id IS NULL)", name=op.f("ck_post_file_one_owner")),
        sa.ForeignKeyConstraint(["draft_id"], ["post_draft.id"], name=op.f("fk_post_file_draft_id")),
        sa.ForeignKeyConstraint(["post_id"], ["thread_post.id"], name=op.f("fk_post_file_post_id")),
        sa.ForeignKeyConstraint(["stored_file_id"], ["stored_file.id"], name=op.f("fk_post_file_stored_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_file")),
        sa.UniqueConstraint("post_id", "number", name=op.f("uq_post_file_post_id_number")),
    )
    op.create_index(op.f("ix_post_file_draft_id"), "post_file", ["draft_id"], unique=False)
    op.create_index(op.f("ix_post_file_stored_file_id"), "post_file", ["stored_file_id"], unique=False)
    op.create_table(
        "post_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("report_class", sa.String(length=13), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_post_report_decided_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_post_report_person_id")),
        sa.ForeignKeyConstraint(["post_id"], ["thread_post.id"], name=op.f("fk_post_report_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_report")),
        sa.UniqueConstraint("post_id", "person_id", name=op.f("uq_post_report_post_id_person_id")),
    )
    op.create_index(op.f("ix_post_report_person_id"), "post_report", ["person_id"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(length=6), nullable=False),
        sa.Column("read_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_subscription_board_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_subscription_person_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_subscription_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    op.create_index(op.f("ix_subscription_board_id"), "subscription", ["board_id"], unique=False)
    op.create_index(op.f("ix_subscription_thread_id"), "subscription", ["thread_id"], unique=False)
    op.create_index(
        "uq_subscription_board",
        "subscription",
        ["person_id", "board_id"],
        unique=True,
        sqlite_where=sa.text("thread_id IS NULL"),
        postgresql_where=sa.text("thread_id IS NULL"),
    )
    op.create_index(
        "uq_subscription_thread",
        "subscription",
        ["person_id", "thread_id"],
        unique=True,
        sqlite_where=sa.text("thread_id IS NOT NULL"),
        postgresql_where=sa.text("thread_id IS NOT NULL"),
    )
    op.create_table(
        "board_read",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_board_read_board_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_board_read_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_read")),
        sa.UniqueConstraint("person_id", "board_id", name=op.f("uq_board_read_person_id_board_id")),
    )
    op.create_index(op.f("ix_board_read_board_id"), "board_read", ["board_id"], unique=False)
