"""The database: base class, column types, two engines and the unit of work, the only place that commits.

SQLite runs with WAL and `synchronous=FULL`; whatever writes begins IMMEDIATE (`kernel.optimistic`) and all writers of a machine stand
behind one lock, which is given back by the dialect's own commit and rollback (an engine event named `commit` would fire before the
database commits).
"""

import json
import re
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, TypeVar
from urllib.parse import quote

from sqlalchemy import (
    URL,
    DateTime,
    Dialect,
    Engine,
    Index,
    MetaData,
    Numeric,
    SQLColumnExpression,
    String,
    Text,
    TypeDecorator,
    Uuid,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as TurnTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, declared_attr, mapped_column, sessionmaker

from kernel import codes, deadline
from kernel.compiled_statements import StatementConnection, insertion
from kernel.errors import NoRoom
from kernel.locks import WRITERS_TURN, WriterLock
from kernel.optimistic import WritingConnection
from kernel.session_pool import POOL_TURN, SessionPool, own_connection

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC on both databases; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into what the database keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class LocalisedTextType(TypeDecorator[Mapping[str, str]]):
    """A text by language, {"es": …, "en": …}, the course's own language first. Shown, never grouped by or ruled on."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, str] | None, dialect: Dialect) -> str | None:
        """Write the mapping as JSON."""
        return None if value is None else json.dumps(dict(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, str] | None:
        """Read the mapping."""
        return None if value is None else json.loads(value)


class WordListType(TypeDecorator[tuple[str, ...]]):
    """A few words in order: keys, languages."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        """Write the words as a JSON list."""
        return None if value is None else json.dumps(list(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        """Read the words."""
        return None if value is None else tuple(json.loads(value))


class CountByLanguageType(TypeDecorator[Mapping[str, int]]):
    """A number by language, {"es": …, "en": …}, the course's own language first. Shown, never grouped by or ruled on."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, int] | None, dialect: Dialect) -> str | None:
        """Write the mapping as JSON."""
        return None if value is None else json.dumps(dict(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, int] | None:
        """Read the mapping."""
        return None if value is None else json.loads(value)


class WordFormsType(TypeDecorator[Mapping[str, tuple[str, ...]]]):
    """A few words by language."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Sequence[str]] | None, dialect: Dialect) -> str | None:
        """Write the mapping as JSON."""
        return None if value is None else json.dumps({key: list(forms) for key, forms in value.items()}, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, tuple[str, ...]] | None:
        """Read the mapping."""
        return None if value is None else {key: tuple(forms) for key, forms in json.loads(value).items()}


Key = Annotated[int, mapped_column(primary_key=True, sort_order=-1)]
PublicId = Annotated[uuid.UUID, mapped_column(Uuid, unique=True, default=uuid.uuid4)]
Slug = Annotated[str, mapped_column(String(64))]
ShortText = Annotated[str, mapped_column(String(300))]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]


class Base(DeclarativeBase):
    """Parent of every table, which is called as its class is, in lower case with underscores, unless the class states another name."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, uuid.UUID: Uuid, Mapping[str, str]: LocalisedTextType, tuple[str, ...]: WordListType}  # noqa: RUF012 - SQLAlchemy reads it from the class
    noun: ClassVar[str] = ""
    """What the audit log calls a row, marked for translation; nothing where no act is about one."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - SQLAlchemy calls it with the class
        """Return the name of the table."""
        return codes.snake_case(cls.__name__)


class Entity(Base):
    """Parent of tables whose rows have a number of their own as their key."""

    __abstract__ = True
    id: Mapped[Key]


class UnnumberedRow(Entity):
    """Parent of tables whose new rows nothing refers to by id: those of a flush are written with one statement, which asks for none."""

    __abstract__ = True


MARK = Numeric(14, 7)
"""Marks keep seven decimals (spec/quiz-engine 5.1.5)."""


QUIET: dict[str, Any] = {"hide_parameters": True}
"""Errors must not carry what people wrote into the logs (spec/security 8.2)."""


DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
"""What PostgreSQL must not have switched off."""


def unique_where(condition: str, name: str, *columns: str) -> Index:
    """Return an index that lets each combination of values of some columns stand once among the rows that fulfil a condition."""
    where = text(condition)
    return Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


SAFE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
"""What SQLite has to answer on a connection that writes, where 2 is FULL: it takes another journal silently where WAL cannot be kept."""
WRITING = ".writing"
"""End of the name of the file beside an SQLite database whose lock its writer holds."""
STATEMENTS = 512
"""Statements that are kept prepared on each connection; pages and saves have some three hundred."""
BESIDE_SESSIONS = 8
"""Connections to an SQLite database beside those of its sessions: of backups, of copies, of what is asked without a session."""
PROBES_TURN = 1.0
"""Seconds that a probe waits for the connection of the probes, and SQLite's for a lock."""
PATIENCE = {"connect_timeout": 3, "tcp_user_timeout": 4000, "keepalives_idle": 2, "keepalives_interval": 1}
"""How long PostgreSQL may take to let us in, in seconds, and its machine to say that it has heard us, in milliseconds; after how many
seconds without a word it is asked whether it is there. One that is gone without a word counts as away soon, also while it is to answer.
What the address says comes first."""
SESSION_SETTINGS = "SET jit = off; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_user_timeout = 10000"
"""Said to PostgreSQL on each connection. To compile a long statement takes longer than to run it; and where the line was cut, the server
looks for us as we look for it: a connection that we gave up would else count against its `max_connections` for two hours."""


def reason_away(error: Exception) -> str:
    """Return in one line why a database cannot be read or written at all; nothing of an error that has another cause."""
    is_refusal = isinstance(error, DataError | IntegrityError | NotSupportedError)
    is_fault = isinstance(error, ProgrammingError) and bool(error.statement)  # without one it is the address that is wrong
    if is_refusal or is_fault or not isinstance(error, DBAPIError | TurnTimeout | sqlite3.Error):
        return ""
    return str(getattr(error, "orig", error)).strip().partition("\n")[0]


TELLING = re.compile(r"SQLITE_(?!ERROR$|CONSTRAINT|MISMATCH)\w+|(08|25|40|53|55|57|58|F0|XX)\w{3}")
"""Codes of faults whose words speak of the database and never of what was to be kept in it: SQLite's and SQLSTATE's."""


def cause_of(error: Exception) -> dict[str, str]:
    """Name an error for the log and for administrators: its class, the database's code, and why where that repeats nobody's words."""
    origin = getattr(error, "orig", None) or error
    code = str(getattr(origin, "sqlite_errorname", None) or getattr(origin, "sqlstate", None) or "")
    reason = (reason_away(error) or getattr(error, "strerror", None) or "") if not code or TELLING.fullmatch(code) else ""
    return {name: value for name, value in (("error", type(error).__name__), ("code", code), ("reason", str(reason))) if value}


def _sqlite_connection(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    connection.set_progress_handler(deadline.has_passed, deadline.STEPS)
    cursor.execute("PRAGMA busy_timeout=5000")
    _switch_to_wal(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _switch_to_wal(cursor: DBAPICursor) -> None:
    """Keep the journal as WAL. SQLite does not wait its busy time where servers that start together switch a new file at once."""
    last = time.monotonic() + WRITERS_TURN
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
            time.sleep(0.01)
        else:
            return


def _sqlite_reading_connection(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
    connection.set_progress_handler(deadline.has_passed, deadline.STEPS)


def _one_writer(dialect: Dialect, lock: WriterLock) -> None:
    """Begin behind a lock, and give the lock back when the database has committed or rolled back."""
    commit, rollback = dialect.do_commit, dialect.do_rollback

    def do_begin(connection: Any) -> None:
        deadline.check()
        connection.dbapi_connection.begin(lock)

    def do_commit(connection: Any) -> None:
        connection.dbapi_connection.forget_reads()
        try:
            commit(connection)
        except BaseException:
            do_rollback(connection)  # SQLAlchemy holds a transaction whose commit failed for ended; SQLite keeps it open
            raise
        lock.give_back()

    def do_rollback(connection: Any) -> None:
        connection.dbapi_connection.forget_reads()
        try:
            rollback(connection)
        finally:
            lock.give_back()

    dialect.do_begin = do_begin  # type: ignore[method-assign, assignment]  # replaced for this engine
    dialect.do_commit = do_commit  # type: ignore[method-assign, assignment]  # the documented hook fires too early
    dialect.do_rollback = do_rollback  # type: ignore[method-assign, assignment]  # replaced for this engine


def _keep_to_deadlines(dialect: Dialect) -> None:
    """Refuse statements after the deadline; SQLite checks during a statement by itself, PostgreSQL has to be cancelled.

    The dialect's own functions are wrapped: for an engine with events SQLAlchemy prepares them anew on each connection that is asked for.
    """

    def in_time(run: Callable[..., None]) -> Callable[..., None]:
        def do(cursor: Any, *about: Any) -> None:
            deadline.check()
            run(cursor, *about)

        return do

    def stoppable(run: Callable[..., None]) -> Callable[..., None]:
        def do(cursor: Any, *about: Any) -> None:
            deadline.asks(cursor.connection.cancel)
            try:
                run(cursor, *about)
            finally:
                deadline.asks(None)

        return do

    for name in ("do_execute", "do_executemany", "do_execute_no_params"):
        run = getattr(dialect, name)
        setattr(dialect, name, in_time(run if dialect.name == "sqlite" else stoppable(run)))


def _sqlite_engines(url: str, pool: int, lock: WriterLock) -> tuple[Engine, Engine]:
    address = URL.create("sqlite", database=f"file:{quote(make_url(url).database or '')}", query={"mode": "ro", "uri": "true"})
    arguments = {"isolation_level": None, "check_same_thread": False, "cached_statements": STATEMENTS}
    options = {**QUIET, "connect_args": arguments, "pool_size": pool, "max_overflow": BESIDE_SESSIONS, "pool_timeout": POOL_TURN}
    write = create_engine(url, **{**options, "connect_args": {**arguments, "factory": WritingConnection}})
    event.listen(write, "connect", _sqlite_connection)
    _one_writer(write.dialect, lock)
    _keep_to_deadlines(write.dialect)
    read = create_engine(address, **options)
    event.listen(read, "connect", _sqlite_reading_connection)
    read.dialect.do_begin = lambda connection: connection.execute("BEGIN")  # type: ignore[method-assign, assignment]  # replaced for this engine
    _keep_to_deadlines(read.dialect)
    return write, read


def _postgres_engines(url: str, pool: int) -> tuple[Engine, Engine]:
    patience = {name: value for name, value in PATIENCE.items() if name not in make_url(url).query}
    write = create_engine(url, **QUIET, pool_size=pool, max_overflow=0, pool_timeout=POOL_TURN, pool_pre_ping=True, connect_args=patience)
    event.listen(write, "connect", _postgres_connection)
    _keep_prepared(write.dialect)
    _keep_to_deadlines(write.dialect)
    return write, write.execution_options(postgresql_readonly=True)


def _postgres_connection(connection: DBAPIConnection, _record: object) -> None:
    """Apply the session settings, and keep prepared what comes again."""
    connection.cursor().execute(SESSION_SETTINGS)
    connection.commit()
    connection.prepared_max = STATEMENTS


def _keep_prepared(dialect: Dialect) -> None:
    """End what only reads with COMMIT, which is the same to the server: at a ROLLBACK the driver forgets every prepared statement."""
    rollback = dialect.do_rollback

    def do_rollback(connection: Any) -> None:
        if connection.read_only:
            connection.commit()
        else:
            rollback(connection)

    dialect.do_rollback = do_rollback  # type: ignore[method-assign, assignment]  # replaced for this engine


def _probing_engine(url: str, *, is_sqlite: bool) -> Engine:
    """Return the engine whose one connection probes the database; a caller that finds it in use waits a second."""
    options: dict[str, Any] = {**QUIET, "pool_size": 1, "max_overflow": 0, "pool_timeout": PROBES_TURN, "pool_pre_ping": True}
    if is_sqlite:
        address = URL.create("sqlite", database=f"file:{quote(make_url(url).database or '')}", query={"mode": "ro", "uri": "true"})
        return create_engine(address, connect_args={"check_same_thread": False, "timeout": PROBES_TURN}, **options)
    patience = {name: value for name, value in PATIENCE.items() if name not in make_url(url).query}
    probing = create_engine(url, connect_args=patience, isolation_level="AUTOCOMMIT", **options)
    event.listen(probing, "connect", _postgres_connection)
    return probing


Aliased = TypeVar("Aliased", bound="Base")


def shared_alias(table: type[Aliased]) -> type[Aliased]:
    """Return an alias of a table that a module keeps and all threads use.

    What SQLAlchemy works out at the first use of an alias is not made for two threads at once: one of them got the columns of the table
    itself, in a statement that was then kept. It is worked out here, while modules are loaded.
    """
    alias = aliased(table)
    for column in table.__table__.columns:
        getattr(alias, table.__mapper__.get_property_by_column(column).key).__clause_element__()
    return alias


Bound = TypeVar("Bound")
_MISSING: Any = object()


class Hook(Generic[Bound]):
    """A typed key of what the application gives to every session; the package that reads it declares it, and names nobody above.

    What nobody gives has a default, or raises LookupError.
    """

    def __init__(self, name: str, *, default: Bound = _MISSING) -> None:
        self.name, self._default = name, default

    def __repr__(self) -> str:
        return f"Hook({self.name})"

    def bind(self, value: Bound) -> "HookPair":
        """Return the pair by which an application gives it (`Database.configure`)."""
        return self, value

    def of(self, session: Session) -> Bound:
        """Return the value that the application of a session gave; raise LookupError where it gave nothing and nothing else holds."""
        return self.given_in(session.info)

    def given_in(self, info: Mapping[Any, Any]) -> Bound:
        """Return the value that is among what was gathered; raise LookupError where none is and nothing else holds."""
        value: Bound = info.get(self, self._default)
        if value is _MISSING:
            raise LookupError(self.name)
        return value


class HookList(Hook[tuple[Bound, ...]]):
    """A hook to which every package may give something; what it gives is all of it, in the order of the packages."""

    def __init__(self, name: str) -> None:
        super().__init__(name, default=())

    def add(self, *values: Bound) -> "HookPair":
        """Return the pair by which a package gives some."""
        return self, values


HookPair = tuple[Hook[Any], Any]
"""A hook, and what is given to it."""


def gather(pairs: Iterable[HookPair]) -> dict[object, object]:
    """Collect the values that all packages give, by hook; raise ValueError where two give what there is one of."""
    info: dict[object, Any] = {}
    for hook, value in pairs:
        if isinstance(hook, HookList):
            info[hook] = (*info.get(hook, ()), *value)
        elif hook in info:
            raise ValueError(f"{hook} is given twice")
        else:
            info[hook] = value
    return info


CacheKey = TypeVar("CacheKey")
_CACHES = object()


class Cache(Generic[CacheKey, Bound]):
    """A dictionary that all sessions of an application share, empty when it starts; the module that fills it declares it."""

    def of(self, session: Session) -> dict[CacheKey, Bound]:
        """Return the dictionary of a session's application."""
        caches: dict[object, dict[CacheKey, Bound]] = session.info[_CACHES]
        return caches.setdefault(self, {})


_threads: dict[Session, int] = {}
"""The thread that began each session that is not finished."""


def holds_session() -> bool:
    """Return whether the present thread began a session and has not finished it, and with it may hold a connection."""
    return threading.get_ident() in tuple(_threads.values())


class Database:
    """The two engines of an instance and the unit of work over them; one that is `alone` no other process writes to, a copy say."""

    def __init__(self, url: str, *, pool: int = 8, alone: bool = False) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        name = make_url(url).database if self.is_sqlite and not alone else None
        self._lock = WriterLock(Path(f"{name}{WRITING}") if name else None)
        self.writing, self.reading = _sqlite_engines(url, pool, self._lock) if self.is_sqlite else _postgres_engines(url, pool)
        self._probing = _probing_engine(url, is_sqlite=self.is_sqlite)
        self._writer = sessionmaker(self.writing, expire_on_commit=False)
        event.listen(self._writer, "before_flush", _insert_unnumbered)
        self._reader = sessionmaker(self.reading, expire_on_commit=False)
        sides = ((self.reading, self._reader), (self.writing, self._writer)) if self.is_sqlite else ()
        self._pools = tuple(SessionPool(engine, make, pool) for engine, make in sides)
        self._after_commit: list[Callable[[Session], None]] = []

    def configure(self, info: dict[object, object]) -> None:
        """Give every session what `lms.app` collected from all packages, in its `info`, by the hook that reads it."""
        shared = {_CACHES: {}, **info}
        self._writer.configure(info=shared)
        self._reader.configure(info=shared)

    def follow_commits(self, follow: Callable[[Session], None]) -> None:
        """Call this after each commit, with the session that was committed."""
        self._after_commit.append(follow)

    def begin(self, *, write: bool, optimistic: bool = False) -> Session:
        """Open a session; its transaction begins with its first statement. Read-only ones cannot write: the connection refuses.

        An `optimistic` one takes SQLite's lock of writers with its first statement that writes, which raises ReadsChanged where what
        it has read is another by then. On PostgreSQL it is as any other.
        """
        session = self._pools[write].take() if self._pools else (self._writer if write else self._reader)()
        _threads[session] = threading.get_ident()
        if write and self._pools:
            own_connection(session).connection.dbapi_connection.is_optimistic = optimistic  # type: ignore[union-attr]  # a WritingConnection
        return session

    def finish(self, session: Session, *, commit: bool) -> None:
        """Commit (`commit`) or let go of everything, then do what follows a commit. What was read stays usable as plain values.

        The session is another's from here on.
        """
        is_whole = False
        _threads.pop(session, None)
        try:
            try:
                if commit:
                    session.commit()
            finally:
                session.close()
            is_whole = True
            if commit:
                for follow in self._after_commit:
                    follow(session)
        finally:
            for sessions in self._pools:
                sessions.give_back(session, is_whole=is_whole)

    @property
    def sessions_in_use(self) -> int:
        """Return how many connections of this process are in use by sessions."""
        return sum(sessions.in_use for sessions in self._pools) if self._pools else self.writing.pool.checkedout()  # type: ignore[attr-defined]  # a pool that counts

    @contextmanager
    def unit_of_work(self, *, write: bool = True) -> Iterator[Session]:
        """Give a session whose changes are all kept at the end, or none where the block raises."""
        session = self.begin(write=write)
        try:
            yield session
        except BaseException:
            self.finish(session, commit=False)
            raise
        self.finish(session, commit=write)

    def check(self) -> None:
        """See that the database answers, by a connection that nobody else waits for; raise what SQLAlchemy raises where it does not.

        Where a table is locked every connection of the pool may wait for it, and the database is well all the same.
        """
        with self._probing.connect() as connection:
            connection.execute(text("SELECT count(*) FROM sqlite_master" if self.is_sqlite else "SELECT 1"))

    def beside(self) -> AbstractContextManager[Connection]:
        """Return the connection that no request waits for, to read a row with it."""
        return self._probing.connect()

    def size(self) -> int:
        """Return how many bytes the database takes on its disk."""
        pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        with self.reading.connect() as connection:
            return int(connection.execute(text(pages if self.is_sqlite else "SELECT pg_database_size(current_database())")).scalar_one())

    def durability_faults(self) -> list[str]:
        """List what keeps an acknowledged change from being safe (spec/security 6.1): what the database answers,
        not what it was asked for.
        """
        if self.is_sqlite:
            with self.writing.connect() as connection:
                answers = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one_or_none() for name in SAFE}
            return [f"{name} is {answers[name]}" for name, expected in SAFE.items() if answers[name] != expected]
        with self.reading.connect() as connection:
            shown = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in DURABLE}
        return [f"{name} is off" for name, value in shown.items() if value == "off"]

    def dispose(self) -> None:
        """Close every connection: before forking, and at the end of a test."""
        for sessions in self._pools:
            sessions.dispose()
        self.writing.dispose()
        self._lock.close()
        self.reading.dispose()
        self._probing.dispose()


def count_rows(session: Session, table: type[Base], *conditions: SQLColumnExpression[bool]) -> int:
    """Count the rows of a table that fulfil all conditions."""
    return session.scalars(select(func.count()).select_from(table).where(*conditions)).one()


def require_room(session: Session, most: int, table: type[Base], *conditions: SQLColumnExpression[bool]) -> None:
    """Raise NoRoom where so many rows of a table fulfil all conditions already."""
    if count_rows(session, table, *conditions) >= most:
        raise NoRoom(most=most)


def connection_of(session: Session) -> StatementConnection:
    """Return a session's connection, for statements of columns that every page asks: the object mapper costs as much as they do.

    What waits in the session is written first, as the session itself would.
    """
    if session.autoflush:
        session.flush()
    return StatementConnection(session.connection())


def _insert_unnumbered(session: Session, *_flush: object) -> None:
    """Write the new rows of each table whose ids are not asked for with one statement; on SQLite the mapper writes row by row."""
    tables: dict[type[UnnumberedRow], list[UnnumberedRow]] = {}
    for row in session.new:
        if isinstance(row, UnnumberedRow):
            tables.setdefault(type(row), []).append(row)
    for table, rows in tables.items():
        names = tuple([attribute.key for attribute in inspect(table).column_attrs if attribute.key != "id"])
        values = [{name: getattr(row, name) for name in names} for row in rows]
        StatementConnection(session.connection()).execute(insertion(table, names), values)
        for row in rows:
            session.expunge(row)


@contextmanager
def rehearsal(session: Session) -> Iterator[None]:
    """Take back at the end what a block writes, with the jobs that it adds to the transaction: somebody asks what would come of it."""
    info = {name: list(value) if isinstance(value, list) else value for name, value in session.info.items()}
    trial = session.begin_nested()
    try:
        yield
    finally:
        trial.rollback()
        session.info.clear()
        session.info.update(info)
        session.expire_all()


class PageDirection(StrEnum):
    """The part of a long list that is requested: what follows a row, what comes before it, or the end."""

    AFTER = "after"
    BEFORE = "before"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Bound]):
    """Some rows of a long list, and whether there are others before and after them."""

    rows: Sequence[Bound]
    has_previous: bool = False
    has_next: bool = False


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """A part of a long list: its way and, but for the end, the row from which it is counted; none: from the beginning."""

    way: PageDirection = PageDirection.AFTER
    row: uuid.UUID | None = None

    @property
    def is_backwards(self) -> bool:
        """Return whether its rows are read from the end of the list to its beginning."""
        return self.way is not PageDirection.AFTER

    def of(self, rows: Sequence[Bound], limit: int) -> Stretch[Bound]:
        """Return the stretch of rows as they were read: one more than it has were asked for, which tells whether it goes on."""
        has_more, rows = len(rows) > limit, rows[:limit]
        if self.is_backwards:
            return Stretch(rows[::-1], has_more, self.way is PageDirection.BEFORE)
        return Stretch(rows, self.row is not None, has_more)
