"""Statements that are known when the program is loaded: compiled once, and run on the driver itself.

SQLAlchemy takes some thirty microseconds around a statement of which the database needs four. A request asks the same few statements of
columns each time: `compile_once` marks them where they are defined, and `StatementConnection` runs them. All others go their usual way.
The text of one that takes a list depends on how many values that has: it is compiled once for each number; with a long list it is not.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import CursorResult, Dialect, Executable, Insert, bindparam, insert
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.sql.compiler import SQLCompiler

Statement = TypeVar("Statement", bound=Executable)
Processor = Callable[[Any], Any] | None


class DriverResult:
    """All that a statement found on the driver, and how many rows it changed.

    A row is a tuple whose values have the names of their columns too: SQLAlchemy's own takes ten times as long to find one by its name.
    """

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Sequence[Any], rowcount: int) -> None:
        self._rows, self.rowcount = rows, rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> Sequence[Any]:
        """Return all rows."""
        return self._rows

    def first(self) -> Any:
        """Return the first row, None where there is none."""
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Any:
        """Return the only row, None where there is none; raise MultipleResultsFound where there are several."""
        if len(self._rows) > 1:
            raise MultipleResultsFound
        return self.first()

    def one(self) -> Any:
        """Return the only row; raise NoResultFound where there is none, and MultipleResultsFound where there are several."""
        if not self._rows:
            raise NoResultFound
        return self.one_or_none()

    def scalars(self) -> "DriverResult":
        """Return the first column of all rows."""
        return DriverResult([row[0] for row in self._rows], self.rowcount)

    def scalar(self) -> Any:
        """Return the first column of the first row, None where there is none."""
        return self._rows[0][0] if self._rows else None


@dataclass(slots=True)
class CompiledStatement:
    """The text of a statement for one kind of database, and what turns values into the driver's and back."""

    text: str
    bound: tuple[tuple[str, Processor, Any], ...]
    """Of each parameter the name, what prepares a value, and the value where none is given, or the function that returns it each time."""
    names: tuple[str, ...] | None
    """The driver's names of the parameters; None where it takes them by their places."""
    columns: tuple[tuple[str, Any], ...]
    """Name and type of each."""
    lists: tuple[tuple[str, Sequence[str]], ...]
    """Of each parameter that is a list the name, and the parameters of its values."""
    row: Callable[[Sequence[Any]], Any] | None = None
    """Makes a row of its values; known from the first answer on, as is what reads a column: it depends on what the driver says of it."""
    readers: tuple[tuple[int, Callable[[Any], Any]], ...] = ()
    """Of each column whose values are not the driver's the place, and what reads one."""
    usual: list[Any] = field(default_factory=list)
    """The value of each parameter that is the same each time, prepared; a long statement has some hundreds."""
    changing: tuple[int, ...] = ()
    """The places in `bound` of all others. A parameter with a value of its own takes no other."""

    def __post_init__(self) -> None:
        """Prepare what is the same each time."""
        for index, (_key, prepare, default) in enumerate(self.bound):
            if default is REQUIRED or callable(default):
                self.changing = (*self.changing, index)
                self.usual.append(None)
            else:
                self.usual.append(default if prepare is None else prepare(default))

    def parameters(self, given: Mapping[str, Any]) -> Any:
        """Return the values as the driver takes them; raise KeyError where one is missing."""
        for name, places in self.lists:
            given = {**given, **dict(zip(places, given[name], strict=True))}
        values = self.usual.copy()
        for index in self.changing:
            key, prepare, default = self.bound[index]
            value = given[key] if default is REQUIRED or key in given else default()
            values[index] = value if prepare is None else prepare(value)
        return values if self.names is None else dict(zip(self.names, values, strict=True))

    def read(self, cursor: DBAPICursor, dialect: Dialect) -> DriverResult:
        """Return the rows, each column read as SQLAlchemy reads it."""
        described = cursor.description
        if described is None:
            return DriverResult((), cursor.rowcount)
        if self.row is None:
            readers = [
                kind._cached_result_processor(dialect, about[1]) for (_name, kind), about in zip(self.columns, described, strict=True)
            ]
            self.readers = tuple((index, reader) for index, reader in enumerate(readers) if reader is not None)
            self.row = partial(tuple.__new__, namedtuple("Row", [name for name, _kind in self.columns], rename=True))
        rows: Sequence[Any] = cursor.fetchall()
        if self.readers:
            rows = [*map(list, rows)]
            for row in rows:
                for index, read in self.readers:
                    row[index] = read(row[index])
        return DriverResult([*map(self.row, rows)], cursor.rowcount)


REQUIRED = object()
"""Stands where a parameter has no value of its own."""
MOST_LISTED = 20
"""Values of a list up to which a statement is compiled once for each number of them."""


@dataclass(slots=True)
class _KnownStatement:
    """A statement for one kind of database, and what is made of it for each number of values in its lists."""

    compiler: SQLCompiler
    lists: tuple[str, ...]
    by_list_lengths: dict[tuple[int, ...], CompiledStatement]


_known: WeakKeyDictionary[Executable, dict[str, _KnownStatement | None]] = WeakKeyDictionary()
"""By statement and by the name of the kind of database. Statements that are made from a known one are not known."""


def compile_once(statement: Statement) -> Statement:
    """Let a statement of columns, kept by who defines it, be compiled once and run on the driver."""
    _known[statement] = {}
    return statement


@cache
def insertion(table: Any, names: tuple[str, ...]) -> Insert:
    """Return the known statement that inserts rows with these columns, which are all that have a default in the program."""
    return compile_once(insert(table).values({name: bindparam(name) for name in names}))


def known_statements() -> list[Executable]:
    """List the statements that are compiled once."""
    return list(_known)


def compiled_for(dialect: Dialect, statement: Executable, given: Mapping[str, Any]) -> CompiledStatement | None:
    """Return a known statement as it is compiled for a kind of database and for what it is given; raise KeyError where a list is missing.

    None where it is not known, where it has to be compiled each time, and where one of its lists is long.
    """
    kinds = _known.get(statement)
    if kinds is None:
        return None
    if dialect.name not in kinds:
        kinds[dialect.name] = _compile(dialect, statement)
    known = kinds[dialect.name]
    if known is None:
        return None
    numbers = tuple([len(given[name]) for name in known.lists])
    if numbers not in known.by_list_lengths:
        if max(numbers, default=0) > MOST_LISTED:
            return None
        known.by_list_lengths[numbers] = _expanded(known.compiler, known.lists, given)
    return known.by_list_lengths[numbers]


def _compile(dialect: Dialect, statement: Executable) -> _KnownStatement | None:
    made = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every statement that can be executed can be compiled
    assert isinstance(made, SQLCompiler)
    if made.literal_execute_params or made.insert_prefetch or made.update_prefetch:
        return None
    return _KnownStatement(made, tuple(parameter.key for parameter in made.post_compile_params if parameter.required), {})


def _expanded(made: SQLCompiler, lists: Sequence[str], given: Mapping[str, Any]) -> CompiledStatement:
    """Return the text for lists with as many values as these have, and what it takes and gives."""
    required = dict.fromkeys(name for name, parameter in made.binds.items() if parameter.required)
    state = made.construct_expanded_state({**required, **given})
    expansion = state.parameter_expansion
    places = [parameter for expanded in expansion.values() for parameter in expanded]
    names = state.positiontup if made.positional else [*(name for name in made.bind_names.values() if name not in expansion), *places]
    processors = cast("Mapping[str, Processor]", {**made._bind_processors, **state.processors})  # tuples have several: none is known
    defaults = {
        name: REQUIRED if parameter.required else parameter.callable or parameter.effective_value for name, parameter in made.binds.items()
    }
    defaults |= {
        parameter: REQUIRED if name in lists else state.parameters[parameter] for name in expansion for parameter in expansion[name]
    }
    return CompiledStatement(
        text=state.statement,
        bound=tuple((name, processors.get(name), defaults[name]) for name in names or ()),
        names=None if made.positional else tuple(made.escaped_bind_names.get(name, name) for name in names or ()),
        columns=tuple((column.keyname, column.type) for column in made._result_columns),
        lists=tuple((name, expansion[name]) for name in lists),
    )


class StatementConnection:
    """A session's connection for statements of columns; those that are known run on the driver, in the same transaction."""

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None, **options: Any
    ) -> CursorResult[*tuple[Any, ...]] | DriverResult:
        """Run a statement and return its result."""
        given = parameters if isinstance(parameters, list) and parameters else [cast("Mapping[str, Any]", parameters or {})]
        compiled = None if options else compiled_for(self.connection.dialect, statement, given[0])
        if compiled is None:
            return self.connection.execute(statement, parameters, **options)
        values = [compiled.parameters(row) for row in given]
        return self._run(compiled, values if len(values) > 1 else values[0], is_many=len(values) > 1)

    def scalar(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Any:
        """Run a statement and return the first column of its first row, None where there is none."""
        return self.execute(statement, parameters).scalar()

    def scalars(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Any:
        """Run a statement and return the first column of its rows."""
        return self.execute(statement, parameters).scalars()

    def _run(self, compiled: CompiledStatement, parameters: Any, *, is_many: bool) -> DriverResult:
        """Run a statement as SQLAlchemy does: by its dialect, which keeps to deadlines, with its events and with its errors."""
        connection, text, dialect = self.connection, compiled.text, self.connection.dialect
        has_events = connection._has_events or connection.engine._has_events
        cursor = None
        try:
            cursor = connection.connection.cursor()
            for follow in connection.dispatch.before_cursor_execute if has_events else ():
                text, parameters = follow(connection, cursor, text, parameters, None, is_many)
            (dialect.do_executemany if is_many else dialect.do_execute)(cursor, text, parameters)
            if has_events:
                connection.dispatch.after_cursor_execute(connection, cursor, text, parameters, None, is_many)
            return compiled.read(cursor, dialect)
        except dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, text, parameters, cursor, None)
        finally:
            if cursor is not None:
                cursor.close()
