"""The bare programs: gunicorn with as many processes and threads as ours, and pages that do the least that our work takes.

`/wsgi` answers without a framework. `/page` is a Flask page with a signed cookie, four rows by their keys (SQLAlchemy Core) and 18.6 kB
of HTML (Jinja); `/orm` the same with entities. `/thread` is such a page with fifty rows of a thread and their authors, each of which has
a heading, 800 characters and two links, and a form. `/save` reads a row and commits another; `/sign-in` verifies an argon2id hash and
saves.

    python -m tests.bench.floors PORT DATABASE [PROCESSES]
"""

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from argon2 import PasswordHasher
from flask import Flask, request, session
from gunicorn.app.base import BaseApplication
from sqlalchemy import Column, Integer, MetaData, String, Table, Text, bindparam, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from kernel.db import Database

POOL = 8
PASSWORD = "cuatro palabras sin relación"
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_TEMPLATE = (
    "<!doctype html><html lang=es><title>{{ rows[0].given_names }}</title><main><h1>{{ rows[1].done }} / {{ rows[1].total }}</h1><ol>"
    "{% for number in range(28) %}<li><a href='/courses/{{ number }}'>{{ number }} {{ rows[0].given_names }}</a> {{ words }}</li>"
    "{% endfor %}"
    "</ol></main></html>"
)
_THREAD = (
    "<!doctype html><html lang=es><title>{{ rows[0].given_names }}</title><main><h1>{{ rows[1].done }} / {{ rows[1].total }}</h1><ol>"
    "{% for post in posts %}<li><article id='m-{{ post.number }}'><h2><a href='/posts/{{ post.key }}'>no. {{ post.number }}</a> · "
    "{{ post.given_names }} · <time>{{ post.written_at }}</time></h2><div lang='{{ post.language }}'>{{ post.html|safe }}</div>"
    "<a href='/answer?reply_to={{ post.number }}'>Answer<span> no. {{ post.number }}</span></a>"
    "<a href='/posts/{{ post.key }}/report'>Report this post<span> no. {{ post.number }}</span></a></article></li>{% endfor %}"
    "</ol><form method=post><textarea name=text></textarea><button>Publish</button></form></main></html>"
)
_WORDS = "La seguridad social protege a las personas ante la enfermedad, la vejez y el desempleo. " * 7
TABLES = MetaData()
LOOKED_AT = [
    Table("person", TABLES, Column("id", Integer, primary_key=True), Column("given_names", String), Column("email", String)),
    Table("enrolment", TABLES, Column("id", Integer, primary_key=True), Column("done", Integer), Column("total", Integer)),
    Table("course_version", TABLES, Column("id", Integer, primary_key=True), Column("number", Integer)),
    Table("activity", TABLES, Column("id", Integer, primary_key=True), Column("key", String)),
]
POSTS = Table(
    "thread_post", TABLES, Column("id", Integer, primary_key=True), Column("key", String), Column("thread_id", Integer),
    Column("number", Integer), Column("person_id", Integer), Column("written_at", String), Column("language", String), Column("html", Text),
)  # fmt: skip
SAVED = Table("bench_answer", TABLES, Column("id", Integer, primary_key=True), Column("item", Integer), Column("payload", Text))
_SELECTS = [select(table).where(table.c.id == bindparam("id")) for table in LOOKED_AT]
_SAVE = insert(SAVED)
_PERSON = LOOKED_AT[0]
_OF_THREAD = (
    select(POSTS.c.key, POSTS.c.number, POSTS.c.written_at, POSTS.c.language, POSTS.c.html, _PERSON.c.given_names)
    .join(_PERSON, _PERSON.c.id == POSTS.c.person_id)
    .where(POSTS.c.thread_id == bindparam("thread"), POSTS.c.number.between(1, 50))
    .order_by(POSTS.c.number)
)


class Entity(DeclarativeBase):
    """The same rows as entities."""


class Person(Entity):
    """Somebody."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    given_names: Mapped[str]
    email: Mapped[str]


class Enrolment(Entity):
    """Somebody in a course."""

    __tablename__ = "enrolment"
    id: Mapped[int] = mapped_column(primary_key=True)
    done: Mapped[int]
    total: Mapped[int]


class Version(Entity):
    """A version of a course."""

    __tablename__ = "course_version"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


class Activity(Entity):
    """A part of a course."""

    __tablename__ = "activity"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]


def floor_app(database: Database) -> Flask:
    """Return the bare application; its first request signs in."""
    app = Flask(__name__)
    app.secret_key = "bench" * 8
    connections = threading.BoundedSemaphore(POOL)  # who finds none free waits, however long: at ten new learners a second some do
    template, of_thread = app.jinja_env.from_string(_TEMPLATE), app.jinja_env.from_string(_THREAD)
    stored = HASHER.hash(PASSWORD)

    @app.get("/page")
    def page() -> str:
        key = session.setdefault("person", 1)
        with connections, database.reading.connect() as connection:
            rows = [connection.execute(statement, {"id": key}).one() for statement in _SELECTS]
        return template.render(rows=rows, words=_WORDS)

    @app.get("/orm")
    def orm() -> str:
        key = session.setdefault("person", 1)
        with connections, Session(database.reading) as opened:
            rows = [opened.get(model, key) for model in (Person, Enrolment, Version, Activity)]
            return template.render(rows=rows, words=_WORDS)

    @app.get("/thread/<int:number>")
    def thread(number: int) -> str:
        key = session.setdefault("person", 1)
        with connections, database.reading.connect() as connection:
            rows = [connection.execute(statement, {"id": key}).one() for statement in _SELECTS]
            posts = connection.execute(_OF_THREAD, {"thread": number}).all()
        return of_thread.render(rows=rows, posts=posts)

    @app.post("/save")
    def save() -> str:
        return keep(request.form["events"])

    @app.post("/sign-in")
    def sign_in() -> str:
        HASHER.verify(stored, request.form["password"])
        return keep("{}")

    def keep(payload: str) -> str:
        key = session.setdefault("person", 1)
        with connections, database.writing.begin() as connection:
            connection.execute(_SELECTS[1], {"id": key}).one()
            connection.execute(_SAVE, {"item": key, "payload": payload})
        return "{}"

    return app


def bare(app: Flask) -> Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]:
    """Answer `/wsgi` before the framework."""

    def answer(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/wsgi":
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
            return [b"ok"]
        return app(environ, start_response)

    return answer


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn as ours is set."""

    def __init__(self, port: int, database: Database, workers: int) -> None:
        self._port, self._database, self._workers = port, database, workers
        super().__init__()

    def load_config(self) -> None:
        """Set the options that ours has."""
        options = {"bind": f"127.0.0.1:{self._port}", "workers": self._workers, "threads": 128, "worker_class": "gthread", "keepalive": 15}
        for name, value in {**options, "timeout": 60, "control_socket_disable": True, "loglevel": "warning"}.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application."""
        return bare(floor_app(self._database))


if __name__ == "__main__":
    port, url, *workers = sys.argv[1:]
    database = Database(url, pool=POOL)
    SAVED.create(database.writing, checkfirst=True)
    database.dispose()
    Server(int(port), database, int(*workers or "1")).run()
