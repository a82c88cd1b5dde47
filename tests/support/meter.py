"""What comes out of the database into the program: rows, and how much text they hold."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from kernel.compiled_statements import CompiledStatement
from kernel.db import Database


@dataclass
class Meter:
    """How many rows were read, and of how many characters."""

    rows: int = 0
    characters: int = 0

    def note(self, rows: Sequence[Sequence[object]]) -> None:
        """Count what a cursor gave."""
        self.rows += len(rows)
        self.characters += sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))


class _Read:
    """A driver's cursor that tells what it gives."""

    def __init__(self, cursor: Any, meter: Meter) -> None:
        self._cursor, self._meter = cursor, meter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def fetchone(self) -> Any:
        """Give one row."""
        row = self._cursor.fetchone()
        self._meter.note([] if row is None else [row])
        return row

    def fetchmany(self, *size: int) -> Any:
        """Give some rows."""
        rows = self._cursor.fetchmany(*size)
        self._meter.note(rows)
        return rows

    def fetchall(self) -> Any:
        """Give every row."""
        rows = self._cursor.fetchall()
        self._meter.note(rows)
        return rows


@contextmanager
def metered(database: Database) -> Iterator[Meter]:
    """Count what is read while this is open; on PostgreSQL both engines are one."""
    meter = Meter()

    def watch(_connection: Any, _cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
        if context is not None:
            context.cursor = _Read(context.cursor, meter)

    def read(statement: CompiledStatement, cursor: Any, dialect: Any) -> Any:
        return of_the_driver(statement, _Read(cursor, meter), dialect)

    of_the_driver = CompiledStatement.read
    engines = {id(engine): engine for engine in (database.writing, database.reading)}.values()
    for engine in engines:
        event.listen(engine, "after_cursor_execute", watch)
    CompiledStatement.read = read  # type: ignore[method-assign]  # statements that run on the driver have no context
    try:
        yield meter
    finally:
        CompiledStatement.read = of_the_driver  # type: ignore[method-assign]  # the method as it was
        for engine in engines:
            event.remove(engine, "after_cursor_execute", watch)
