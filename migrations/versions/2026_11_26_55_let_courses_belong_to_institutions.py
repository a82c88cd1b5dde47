"""let courses belong to institutions, and people administer one institution alone."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_55"
down_revision = "2026_11_26_54"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "institution_administrator",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["granted_by"], ["person.id"], name=op.f("fk_institution_administrator_granted_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_institution_administrator_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_institution_administrator_person_id")),
        sa.PrimaryKeyConstraint("person_id", "organisation_id", name=op.f("pk_institution_administrator")),
    )
    op.create_index("ix_institution_administrator_organisation", "institution_administrator", ["organisation_id"])
    with op.batch_alter_table("institution_profile") as table:
        table.add_column(sa.Column("key", sa.String(length=64), server_default="", nullable=False))
        table.add_column(sa.Column("default_template", sa.String(length=64), server_default="", nullable=False))
    _give_keys()
    op.create_index(
        "ix_institution_profile_key",
        "institution_profile",
        ["key"],
        unique=True,
        sqlite_where=sa.text("key <> ''"),
        postgresql_where=sa.text("key <> ''"),
    )
    with op.batch_alter_table("course") as table:
        table.add_column(sa.Column("institution_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_course_institution_id"), "organisation", ["institution_id"], ["id"])
    with op.batch_alter_table("credential") as table:
        table.add_column(sa.Column("key_fingerprint", sa.String(length=64), server_default="", nullable=False))
    with op.batch_alter_table("bulk_download") as table:
        table.add_column(sa.Column("institution_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_bulk_download_institution_id"), "organisation", ["institution_id"], ["id"])


def _give_keys() -> None:
    """Let courses name the institutions that have a profile: by their name, in the form of a key."""
    connection, taken = op.get_bind(), set()
    rows = connection.execute(
        sa.text(
            "SELECT institution_profile.id, organisation.name FROM institution_profile"
            " JOIN organisation ON organisation.id = institution_profile.organisation_id ORDER BY institution_profile.id"
        )
    ).all()
    for number, name in rows:
        plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(sign))
        key = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-")
        if key and key not in taken:
            taken.add(key)
            connection.execute(sa.text("UPDATE institution_profile SET key = :key WHERE id = :id"), {"key": key, "id": number})
