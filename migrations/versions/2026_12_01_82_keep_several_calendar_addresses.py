"""keep several addresses of a person's calendar, each with a name and an alarm; the one of before goes on under its secret"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_82"
down_revision = "2026_12_01_81"
branch_labels = None
depends_on = None


def upgrade() -> None:
    address = op.create_table(
        "calendar_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("alarm_minutes", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.CheckConstraint("alarm_minutes >= 0", name=op.f("ck_calendar_address_alarm_minutes")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_calendar_address_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_address")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_calendar_address_secret_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_calendar_address_uuid")),
    )
    op.create_index(op.f("ix_calendar_address_person_id"), "calendar_address", ["person_id"])
    former = sa.table(
        "calendar_feed",
        sa.column("person_id"),
        sa.column("secret_hash"),
        sa.column("made_at", sa.DateTime(timezone=True)),
        sa.column("entries"),
    )
    person = sa.table("person", sa.column("id"), sa.column("language"))
    rows = op.get_bind().execute(sa.select(former, person.c.language).join(person, person.c.id == former.c.person_id)).all()
    copies = [
        {
            "uuid": uuid4(),
            "person_id": row.person_id,
            "name": "Mi calendario" if row.language == "es" else "My calendar",
            "alarm_minutes": 0,
            "secret_hash": row.secret_hash,
            "made_at": row.made_at,
            "entries": row.entries,
        }
        for row in rows
    ]
    if copies:
        op.bulk_insert(address, copies)
