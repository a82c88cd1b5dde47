"""Keep under what each place stood on which days, by the moves of the audit log, and what stands above each today, however high."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "2026_12_12_01"
down_revision = "2026_12_11_01"
branch_labels = None
depends_on = None

STANDS = sa.text("retracted_at IS NULL AND until_on IS NULL")
ZONE = ZoneInfo("America/Guayaquil")
"""Of the days of an institution, unless it says otherwise."""
ABOVE = """
    INSERT INTO organisation_above (unit_id, above_id)
    WITH RECURSIVE above(unit_id, above_id) AS (
        SELECT id, id FROM organisation
        UNION SELECT above.unit_id, organisation.parent_id FROM above JOIN organisation ON organisation.id = above.above_id
        WHERE organisation.parent_id IS NOT NULL
    )
    SELECT unit_id, above_id FROM above
"""


def upgrade() -> None:
    op.create_table(
        "unit_parent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_assumed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("parent_id <> unit_id", name=op.f("ck_unit_parent_parent")),
        sa.CheckConstraint("until_on IS NULL OR since_on IS NULL OR until_on >= since_on", name=op.f("ck_unit_parent_days")),
        sa.ForeignKeyConstraint(["unit_id"], ["organisation.id"], name=op.f("fk_unit_parent_unit_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["organisation.id"], name=op.f("fk_unit_parent_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_parent")),
    )
    op.create_index("ix_unit_parent_open", "unit_parent", ["unit_id"], unique=True, sqlite_where=STANDS, postgresql_where=STANDS)
    op.create_index("ix_unit_parent_unit", "unit_parent", ["unit_id"])
    op.create_index(op.f("ix_unit_parent_parent_id"), "unit_parent", ["parent_id"])
    op.create_table(
        "organisation_above",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("above_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["organisation.id"], name=op.f("fk_organisation_above_unit_id")),
        sa.ForeignKeyConstraint(["above_id"], ["organisation.id"], name=op.f("fk_organisation_above_above_id")),
        sa.PrimaryKeyConstraint("unit_id", "above_id", name=op.f("pk_organisation_above")),
    )
    op.create_index(op.f("ix_organisation_above_above_id"), "organisation_above", ["above_id"])
    op.execute(ABOVE)
    _rebuild(op.get_bind())


def _rebuild(connection: sa.Connection) -> None:
    unit = sa.table("organisation", sa.column("id"), sa.column("parent_id"), sa.column("created_at", sa.DateTime(timezone=True)))
    entry = sa.table("audit_entry", *map(sa.column, ("id", "verb", "subject_id", "facts")), sa.column("at", sa.DateTime(timezone=True)))
    acts = defaultdict[int, list[tuple[datetime, Mapping[str, Any]]]](list)
    moves = sa.select(entry.c.subject_id, entry.c.at, entry.c.facts).where(entry.c.verb.in_(("organisation.made", "organisation.moved")))
    for number, at, facts in connection.execute(moves.order_by(entry.c.id)):
        acts[number].append((_aware(at), json.loads(facts)))
    rows = [
        {"unit_id": number, **row}
        for number, parent, created_at in connection.execute(sa.select(unit).where(unit.c.parent_id.is_not(None)).order_by(unit.c.id))
        for row in _rows(parent, _aware(created_at), acts[number])
    ]
    table = sa.table(
        "unit_parent",
        *map(sa.column, ("unit_id", "parent_id", "is_assumed")),
        *(sa.column(name, sa.Date()) for name in ("since_on", "until_on")),
        *(sa.column(name, sa.DateTime(timezone=True)) for name in ("recorded_at", "retracted_at")),
    )
    if rows:
        connection.execute(sa.insert(table), rows)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _rows(parent: int, created_at: datetime, acts: Sequence[tuple[datetime, Mapping[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Yield the place above one by the log, or where it stands now where the log does not lead there."""
    moves = [(at, facts["old_parent"], facts["parent"]) for at, facts in acts if "old_parent" in facts]
    made = [facts.get("parent") for _at, facts in acts if "old_parent" not in facts]
    parents = [move[1] for move in moves[:1]] + [move[2] for move in moves] or [parent]
    is_whole = parents[-1] == parent and all(before[2] == after[1] for before, after in zip(moves, moves[1:], strict=False))
    if not is_whole:
        moves, parents = [], [parent]
    is_assumed, known, since = not is_whole or made != parents[:1], created_at, None
    for stood, move in zip(parents, [*moves, None], strict=True):
        row = {"parent_id": stood, "since_on": since, "is_assumed": is_assumed}
        yield {**row, "until_on": None, "recorded_at": known, "retracted_at": move[0] if move else None}
        if move is not None:
            day = move[0].astimezone(ZONE).date()
            if since is None or since < day:
                yield {**row, "until_on": day - timedelta(days=1), "recorded_at": move[0], "retracted_at": None}
                since, is_assumed = day, False
            known = move[0]
