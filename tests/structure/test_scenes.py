"""Scenes of tests hold what their builders wrote, are shared by name alone, and are not taken where something else was written."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import select

from accounts.models import Person
from lms.instance import Instance
from tests.support import scenes
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.reused import ReusedInstance, reused_of

Build = Callable[..., Person]


@pytest.fixture
def reused(instance: Instance) -> Iterator[ReusedInstance]:
    """Return the shared instance; no scene is kept yet, and each is kept the first time."""
    found = reused_of(instance)
    if found is None or found.path is None:
        pytest.skip("scenes are kept where SQLite tests share an instance: not here")
    with pytest.MonkeyPatch.context() as patches:  # of its own: where the test's replaces something, builders do their work
        for name, value in (("_SCENES", {}), ("_BUILT", set()), ("LONG", -1.0)):
            patches.setattr(scenes, name, value)
        yield found


@pytest.fixture
def calls() -> list[str]:
    """Return what builders were called for."""
    return []


@pytest.fixture
def build(calls: list[str]) -> Build:
    """Return a builder of people whose files and visitors count too."""

    @scenes.scene
    def built(browser: Browser, instance: Instance, email: str) -> Person:
        calls.append(email)
        person = a_person(instance, email)
        instance.files.put(email.encode())
        sign_in(browser, email)
        return person

    return built


def people(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Person.email).order_by(Person.id)))


def test_the_next_test_gets_rows_files_visitors_and_result_without_building(
    reused: ReusedInstance, instance: Instance, calls: list[str], build: Build
) -> None:
    build(Browser(reused.app, instance), instance, "ana@example.org")
    reused.put_back()
    visitor = Browser(reused.app, instance)

    person = build(visitor, instance, "ana@example.org")

    assert calls == ["ana@example.org"]
    assert (person.email, people(instance), len(list(instance.files.names()))) == ("ana@example.org", ["ana@example.org"], 1)
    assert person.email in visitor.get("/profile").text


def test_what_a_test_changes_is_not_in_the_scene(reused: ReusedInstance, instance: Instance, calls: list[str], build: Build) -> None:
    build(Browser(reused.app, instance), instance, "ana@example.org")
    a_person(instance, "luis@example.org")
    reused.put_back()

    build(Browser(reused.app, instance), instance, "ana@example.org")

    assert calls == ["ana@example.org"]
    assert people(instance) == ["ana@example.org"]


def test_another_argument_or_another_scene_before_is_another_scene(
    reused: ReusedInstance, instance: Instance, calls: list[str], build: Build
) -> None:
    build(Browser(reused.app, instance), instance, "ana@example.org")
    build(Browser(reused.app, instance), instance, "luis@example.org")
    reused.put_back()

    build(Browser(reused.app, instance), instance, "luis@example.org")

    assert calls == ["ana@example.org", "luis@example.org", "luis@example.org"]
    assert people(instance) == ["luis@example.org"]


@pytest.mark.parametrize("by_another_connection", [False, True])
def test_in_a_database_that_something_else_was_written_to_builders_do_their_work(
    reused: ReusedInstance, instance: Instance, calls: list[str], build: Build, by_another_connection: bool
) -> None:
    build(Browser(reused.app, instance), instance, "ana@example.org")
    reused.put_back()
    if by_another_connection:
        assert reused.path is not None
        with closing(sqlite3.connect(reused.path)) as other, other:
            other.execute("CREATE TABLE test_other (id INTEGER)")
    else:
        a_person(instance, "luis@example.org")

    build(Browser(reused.app, instance), instance, "ana@example.org")

    assert calls == ["ana@example.org", "ana@example.org"]
