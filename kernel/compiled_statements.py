"""Statements that are known when the program is loaded: compiled once, and run on the driver itself.

SQLAlchemy takes some thirty microseconds around a statement of which the database needs four. A request asks the same few statements of
columns each time: `compile_once` marks them where they are defined, and `StatementConnection` runs them. All others go their usual way, and
so does a marked one whose text depends on what it is given (a list of values).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import CursorResult, Dialect, Executable, Result
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.sql.compiler import SQLCompiler

Statement = TypeVar("Statement", bound=Executable)
Processor = Callable[[Any], Any] | None


class DriverResult(IteratorResult[*tuple[Any, ...]]):
    """The rows of a statement that ran on the driver, all of them read, and how many it changed."""

    def __init__(self, metadata: SimpleResultMetaData, rows: Sequence[Any], rowcount: int) -> None:
        super().__init__(metadata, iter(rows))
        self.rowcount = rowcount


_NO_COLUMNS = SimpleResultMetaData(())


@dataclass(slots=True)
class CompiledStatement:
    """The text of a statement for one kind of database, and what turns values into the driver's and back."""

    text: str
    bound: tuple[tuple[str, Processor, Any], ...]
    """Of each parameter the name, what prepares a value, and the value where none is given."""
    names: tuple[str, ...] | None
    """The driver's names of the parameters; None where it takes them by their places."""
    columns: tuple[tuple[str, Any], ...]
    """Name and type of each."""
    metadata: SimpleResultMetaData | None = field(default=None)
    """Known from the first answer on: what reads a column depends on what the driver says of it."""

    def parameters(self, given: Mapping[str, Any]) -> Any:
        """Return the values as the driver takes them; raise KeyError where one is missing."""
        values = []
        for key, prepare, default in self.bound:
            value = given[key] if default is REQUIRED or key in given else default
            values.append(value if prepare is None else prepare(value))
        return values if self.names is None else dict(zip(self.names, values, strict=True))

    def read(self, cursor: DBAPICursor, dialect: Dialect) -> DriverResult:
        """Return the rows, each column read as SQLAlchemy reads it."""
        described = cursor.description
        if described is None:
            return DriverResult(_NO_COLUMNS, (), cursor.rowcount)
        if self.metadata is None:
            readers = [
                kind._cached_result_processor(dialect, about[1]) for (_name, kind), about in zip(self.columns, described, strict=True)
            ]
            self.metadata = SimpleResultMetaData([name for name, _kind in self.columns], _processors=readers)
        return DriverResult(self.metadata, cursor.fetchall(), cursor.rowcount)


REQUIRED = object()
"""Stands where a parameter has no value of its own."""
_known: WeakKeyDictionary[Executable, dict[str, CompiledStatement | None]] = WeakKeyDictionary()
"""By statement and by the name of the kind of database. Statements that are made from a known one are not known."""


def compile_once(statement: Statement) -> Statement:
    """Let a statement of columns, kept by who defines it, be compiled once and run on the driver."""
    _known[statement] = {}
    return statement


def known_statements() -> list[Executable]:
    """List the statements that are compiled once."""
    return list(_known)


def compiled_for(dialect: Dialect, statement: Executable) -> CompiledStatement | None:
    """Return a known statement as it is compiled for a kind of database; None where it is not known, or has to be compiled each time."""
    kept = _known.get(statement)
    if kept is None:
        return None
    if dialect.name not in kept:
        kept[dialect.name] = _compile(dialect, statement)
    return kept[dialect.name]


def _compile(dialect: Dialect, statement: Executable) -> CompiledStatement | None:
    made = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every statement that can be executed can be compiled
    assert isinstance(made, SQLCompiler)
    if made.post_compile_params or made.literal_execute_params or made.insert_prefetch or made.update_prefetch:
        return None
    processors = cast("Mapping[str, Processor]", made._bind_processors)  # several for one parameter belong to tuples, which have more text
    names = tuple(made.positiontup or ()) if made.positional else tuple(made.bind_names.values())
    escaped = made.escaped_bind_names
    bound = tuple((name, processors.get(name), _default(made, name)) for name in names)
    columns = tuple((column.keyname, column.type) for column in made._result_columns)
    return CompiledStatement(made.string, bound, None if made.positional else tuple(escaped.get(name, name) for name in names), columns)


def _default(made: SQLCompiler, name: str) -> Any:
    parameter = made.binds[name]
    return REQUIRED if parameter.required else parameter.effective_value


class StatementConnection:
    """A session's connection for statements of columns; those that are known run on the driver, in the same transaction."""

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None, **options: Any
    ) -> CursorResult[*tuple[Any, ...]] | DriverResult:
        """Run a statement and return its result."""
        compiled = None if options or isinstance(parameters, list) else compiled_for(self.connection.dialect, statement)
        if compiled is None:
            return self.connection.execute(statement, parameters, **options)
        assert parameters is None or isinstance(parameters, Mapping)
        return self._run(compiled, compiled.parameters(parameters or {}))

    def scalar(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Any:
        """Run a statement and return the first column of its first row, None where there is none."""
        return self.execute(statement, parameters).scalar()

    def scalars(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Any:
        """Run a statement and return the first column of its rows."""
        found: Result[*tuple[Any, ...]] = self.execute(statement, parameters)
        return found.scalars()

    def _run(self, compiled: CompiledStatement, parameters: Any) -> DriverResult:
        """Run a statement as SQLAlchemy does: with its events, which keep to deadlines, and with its errors."""
        connection, text = self.connection, compiled.text
        cursor = None
        try:
            cursor = connection.connection.cursor()
            for follow in connection.dispatch.before_cursor_execute:
                text, parameters = follow(connection, cursor, text, parameters, None, False)
            cursor.execute(text, parameters)
            connection.dispatch.after_cursor_execute(connection, cursor, text, parameters, None, False)
            return compiled.read(cursor, connection.dialect)
        except connection.dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, text, parameters, cursor, None)
        finally:
            if cursor is not None:
                cursor.close()
