"""Writing many rows of a table with one statement."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import JSON, ColumnElement, FromClause, Insert, Select, bindparam, column, func, insert, inspect, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from kernel.compiled_statements import compile_once, insertion
from kernel.db import Base, connection_of


def insert_all(session: Session, rows: Sequence[Base]) -> None:
    """Write new rows of one table with one statement, however many there are; their numbers are not known afterwards.

    All of them have the same columns set. A session that adds rows asks for the number of each, row by row on SQLite.
    """
    if rows:
        _execute_many(session, insert(type(rows[0])), rows)


def insert_rows(session: Session, table: type[Base], rows: list[dict[str, object]]) -> None:
    """Write new rows of a table with one statement that is compiled once; each names the same columns, with all that have a default."""
    if rows:
        connection_of(session).execute(insertion(table, tuple(rows[0])), rows)


def insert_missing(session: Session, rows: Sequence[Base], unique: str) -> None:
    """Write rows as `insert_all` does, but leave out those whose unique column another row has, also one that is written at this moment."""
    if rows:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        _execute_many(session, dialect.insert(type(rows[0])).on_conflict_do_nothing(index_elements=[unique]), rows)


def add_to_rows(
    session: Session,
    table: type[Base],
    rows: Sequence[Mapping[str, int | str]],
    key: Sequence[str],
    *,
    beside: Select[*tuple[Any, ...]],
    values: Mapping[str, object],
) -> None:
    """Add numbers to the rows with the same keys, or write those rows, with one statement; rows come in the order of their keys.

    `beside` selects one row of further columns, named as the table's, which all rows take; where it finds none nothing is written. It is
    kept by who defines it, and `values` are those of its parameters.
    Two transactions that add to the same rows wait for each other, and never in a circle.
    """
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement = _addition(table, tuple(rows[0]), tuple(key), beside, is_sqlite=is_sqlite)
    connection_of(session).execute(statement, {**values, "rows": [dict(row) for row in rows]})


@cache
def _addition(table: type[Base], names: Sequence[str], key: Sequence[str], beside: Select[*tuple[Any, ...]], *, is_sqlite: bool) -> Insert:
    dialect, columns = sqlite if is_sqlite else postgresql, inspect(table).columns
    source, given = _read_rows(names, columns, is_sqlite=is_sqlite)
    joined = beside.join(source, true()).add_columns(*given.values())
    statement = dialect.insert(table).from_select([*beside.selected_columns.keys(), *given], joined, include_defaults=False)
    added = {name: columns[name] + statement.excluded[name] for name in given if name not in key}
    made: Insert = statement.on_conflict_do_update(index_elements=list(key), set_=added)
    return compile_once(made)


def _read_rows(
    names: Sequence[str], columns: ReadOnlyColumnCollection[str, Any], *, is_sqlite: bool
) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    """Return rows as a source and its columns. They travel as one JSON text: the statement is the same for any number of them."""
    document = bindparam("rows", type_=JSON)
    if is_sqlite:
        each = func.json_each(document).table_valued("value")
        return each, {name: func.json_extract(each.c.value, f"$.{name}") for name in names}
    typed = [column(name, columns[name].type) for name in names]
    records = func.json_to_recordset(document).table_valued(*typed).render_derived(with_types=True)
    return records, dict(records.c.items())


def _execute_many(session: Session, statement: Insert, rows: Sequence[Base]) -> None:
    names = [column.key for column in inspect(type(rows[0])).column_attrs if column.key in vars(rows[0])]
    values = [{name: getattr(row, name) for name in names} for row in rows]
    session.execute(statement, values, execution_options={"render_nulls": True})
