"""Entities read by statements of columns that are known when the program is loaded: the object mapper costs more than they do."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from kernel.db import Base, entity_of


def columns_of(*tables: type[Base]) -> list[ColumnElement[Any]]:
    """Return the columns of tables, one table after the other, for the beginning of a statement of which `entity_rows` reads the rows."""
    return [column for table in tables for column in table.__table__.columns]


def entity_rows(session: Session, rows: Iterable[Iterable[Any]], *tables: type[Base], anew: bool = False) -> Iterator[list[Any]]:
    """Give each row with the session's entities instead of the columns of these tables, None where an outer join found no row of one.

    What stands behind them in a row stays as it is. An entity that the session has already keeps its values, unless it is read `anew`.
    """
    for row in rows:
        left, found = list(row), []
        for table in tables:
            number = len(table.__table__.columns)
            found.append(None if left[0] is None else entity_of(session, table, left[:number], anew=anew))
            left = left[number:]
        yield [*found, *left]
