"""A drawn row for every table that has none, valid by the table's own constraints, so that copies meet whatever can be stored."""

import random
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnClause, Table, TypeDecorator, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from kernel import database_copy
from kernel.db import Base, Database

TRIES = 2000
"""How many rows are drawn at most until one fulfils the constraints of its table."""
DAY = date(2026, 11, 20)
EXAMPLES: dict[type, tuple[object, ...]] = {
    bool: (True, False),
    int: (1, 2, 3, 40, 0, -5),
    float: (0.1, 1e300, -2.5, 3.0),
    Decimal: (Decimal("12.3400000"), Decimal("0.0000001"), Decimal(1), Decimal(-3)),
    str: ("ñandú 1/2", "", "x" * 64, "0" * 40),
    bytes: (b"\x00\xff", b""),
    date: (DAY, DAY + timedelta(days=9)),
    datetime: (datetime(2026, 11, 20, 3, 0, 0, 123456, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
    UUID: (),
}
"""Values by the type in which a column's values travel; identifiers are always drawn anew."""


def fill_empty_tables(database: Database, seed: int = 1) -> list[str]:
    """Write a row into each table without rows and return the tables for which none was found that fulfils its constraints."""
    chance, left = random.Random(seed), []  # noqa: S311 - chance, not a secret
    with database.writing.begin() as connection:
        for name in database_copy.table_names():
            filled = Base.metadata.tables[name]
            is_empty = connection.execute(select(1).select_from(filled).limit(1)).first() is None
            if is_empty and not _fill(connection, filled, chance):
                left.append(name)
    return left


def _fill(connection: Connection, filled: Table, chance: random.Random) -> bool:
    checks = sorted(str(constraint.sqltext) for constraint in filled.constraints if isinstance(constraint, CheckConstraint))
    named = {column.name: [word for check in checks for word in _words_of(column.name, check)] for column in filled.columns}
    known = {key.parent.name: connection.scalars(select(key.column).limit(20)).all() for key in filled.foreign_keys}
    plain = database_copy.plain_table(filled.name)
    for _time in range(TRIES):
        row = {column.name: _draw(filled, column, named[column.name], known, chance) for column in plain.columns}
        try:
            with connection.begin_nested():
                connection.execute(insert(plain).values(row))
        except IntegrityError:
            continue
        return True
    return False


def _words_of(column: str, check: str) -> list[str]:
    """Return the words in quotation marks of a constraint that names a column."""
    return re.findall(r"'([^']*)'", check) if re.search(rf"\b{column}\b", check) else []


def _draw(
    filled: Table, column: ColumnClause[Any], words: Sequence[str], known: Mapping[str, Sequence[object]], chance: random.Random
) -> object:
    model = filled.columns[column.name]
    if model.nullable and chance.random() < 0.3:
        return None
    if column.name == "id":
        return chance.randrange(1, 10_000)
    if column.name in known:
        return chance.choice(known[column.name] or [None])
    kind = getattr(column.type, "impl_instance", column.type).python_type
    if isinstance(model.type, TypeDecorator) and kind is str:
        return '{"es": "ñandú"}'
    if kind is UUID:
        return UUID(int=chance.getrandbits(128))
    value = chance.choice(words if kind is str and words and chance.random() < 0.6 else EXAMPLES[kind])
    return value[: getattr(model.type, "length", None)] if isinstance(value, str) else value
