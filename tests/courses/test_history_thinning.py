"""What a page saves by itself within some minutes is one change of the history; what somebody saved, published or planned stays one."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from courses import authoring, catalogue, history
from courses.models import Course, DraftFileVersion, DraftRevision
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.builders import a_course, a_teacher, publish
from tests.support.drafts import draft_texts
from tests.support.learning import actor_of

PATH = "01-parte/01-leccion.es.md"
NOW = clock.now()


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a published course."""
    return a_course(instance, modules=1)


@pytest.fixture
def author(instance: Instance, course: Course) -> Actor:
    """Return somebody who edits it."""
    return actor_of(a_teacher(instance, course))


def save(instance: Instance, author: Actor, words: str, *, minutes: float = 0, automatic: bool = True, path: str = PATH) -> int:
    """Save the text of a lesson; return its revision."""
    with instance.database.unit_of_work() as session:
        course = catalogue.lock_course(session, session.scalars(select(Course.id)).one())
        present = session.execute(select(func.max(DraftFileVersion.revision)).where(DraftFileVersion.path == path)).scalar_one()
        key = "key: leccion-1\n" if path == PATH else ""
        text = f"---\n{key}title: Contar 1\n---\n{words}\n"
        now = NOW + timedelta(minutes=minutes)
        return authoring.save_text(session, author, course, path, text, base_revision=present, automatic=automatic, now=now)


def changes(instance: Instance) -> list[int]:
    """Return the numbers of the changes that the history knows."""
    with instance.database.unit_of_work(write=False) as session:
        numbers = list(session.scalars(select(DraftRevision.number).order_by(DraftRevision.number)))
        files = set(session.scalars(select(DraftFileVersion.revision)))
    assert files <= set(numbers)
    return numbers


def test_savings_of_a_page_within_ten_minutes_are_one_change(instance: Instance, author: Actor) -> None:
    numbers = [save(instance, author, f"Texto {minute}.", minutes=minute) for minute in (0, 3, 6, 9)]

    assert numbers == [2, 3, 4, 5]
    assert changes(instance) == [1, 5]
    assert "Texto 9." in draft_texts(instance)[PATH]
    save(instance, author, "Más tarde.", minutes=11)
    assert changes(instance) == [1, 5, 6]
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course.id)).one()
        assert "Texto 9." in (history.find_text_at(session, course, PATH, 5) or "")
        assert "dedos" in (history.find_text_at(session, course, PATH, 4) or "")


def test_what_somebody_saved_stays_also_where_it_was_saved_as_it_stood(instance: Instance, author: Actor) -> None:
    save(instance, author, "Uno.")
    save(instance, author, "Dos.", minutes=1, automatic=False)
    save(instance, author, "Tres.", minutes=2)
    save(instance, author, "Tres.", minutes=3, automatic=False)
    save(instance, author, "Cuatro.", minutes=4)

    assert changes(instance) == [1, 2, 3, 4, 5]


def test_another_person_another_file_and_a_publication_keep_a_change(instance: Instance, author: Actor, course: Course) -> None:
    other = actor_of(a_teacher(instance, course, "otra@example.org"))
    save(instance, author, "Uno.")
    save(instance, other, "Dos.", minutes=1)
    save(instance, other, "Tres.", minutes=1, path="01-parte/01-leccion.en.md")
    assert changes(instance) == [1, 2, 3, 4]

    save(instance, other, "One counts.", minutes=2, path="01-parte/01-leccion.en.md")
    assert changes(instance) == [1, 2, 3, 5]
    before = draft_texts(instance)
    publish(instance, {path: text.encode() for path, text in before.items()})
    save(instance, other, "Después.", minutes=3, path="01-parte/01-leccion.en.md")
    assert changes(instance) == [1, 2, 3, 5, 6]
