"""Entities read by statements of columns that are known when the program is loaded: the object mapper costs more than they do."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, set_committed_value

from kernel.db import Base

Entity = TypeVar("Entity", bound=Base)


def columns_of(*tables: type[Base]) -> list[ColumnElement[Any]]:
    """Return the columns of tables, one table after the other, for the beginning of a statement of which `entity_rows` reads the rows."""
    return [column for table in tables for column in table.__table__.columns]


def entity_rows(session: Session, rows: Iterable[Iterable[Any]], *tables: type[Base], anew: bool = False) -> Iterator[list[Any]]:
    """Give each row with the session's entities instead of the columns of these tables, None where an outer join found no row of one.

    What stands behind them in a row stays as it is. An entity that the session has already keeps its values, unless it is read `anew`.
    """
    for row in rows:
        left, entities = list(row), []
        for table in tables:
            number = len(table.__table__.columns)
            entities.append(None if left[0] is None else entity_of(session, table, left[:number], anew=anew))
            left = left[number:]
        yield [*entities, *left]


def entity_of(session: Session, table: type[Entity], values: Sequence[Any], *, anew: bool = False) -> Entity:
    """Return a session's entity with the values of all columns of its table, in their order, as if the object mapper had just read it.

    One that the session has already is returned as it is, which is what the mapper does; `anew` gives it these values, as
    `populate_existing` does.
    """
    columns = dict(zip(table.__table__.columns.keys(), values, strict=True))
    known: Entity | None = session.identity_map.get(table.__mapper__.identity_key_from_primary_key((columns["id"],)))
    if known is not None:
        for name, value in columns.items() if anew else ():
            set_committed_value(known, name, value)
        return known
    entity = table()
    instance_dict(entity).update(columns)
    make_transient_to_detached(entity)
    session.add(entity)
    return entity
