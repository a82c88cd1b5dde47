"""The search page and its index with a kind of collections besides course versions: asked of its owner with every search."""

from collections.abc import Iterator, Mapping, Sequence

import pytest
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from courses.models import Course
from enrolments.models import Enrolment
from kernel import clock
from kernel.outbox import Delivery
from kernel.permissions import Actor
from kernel.search import index
from kernel.search.index import Passage, SearchDocument, entry
from kernel.search.results import ResultGroup
from kernel.search.sources import SEARCH_COLLECTIONS, SEARCH_KINDS, CollectionKind, Located, ResultKind
from lms import search as search_indexing
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, sign_in
from tests.support.learning import a_learner

POST = ResultKind("post", "Mensajes", "book-open", 50)
HIDDEN = 7
"""A thread that a guard takes away."""


def list_needed(session: Session) -> set[int]:
    return set(session.scalars(select(Course.id)))


def list_entries(_session: Session, _course: int) -> list[tuple[int | None, SearchDocument]]:
    passages = [Passage("#m-1", "El zaguán tiene una puerta de guayacán.")]
    return [
        (part, entry("post", "es", f"Hilo {part}", passages, readers=("es", "en"), facets=(index.facet("kind", "question"),)))
        for part in (1, HIDDEN)
    ]


def select_readable(_session: Session, actor: Actor) -> Select[int]:
    return select(Enrolment.course_id).where(Enrolment.person_id == actor.person_id, Enrolment.left_at.is_(None))


def locate(_session: Session, _actor: Actor, groups: Sequence[ResultGroup]) -> Mapping[ResultGroup, Located]:
    return {group: Located(f"/threads/{group.part}", f"Hilo {group.part}", "Foro") for group in groups if group.part != HIDDEN}


@pytest.fixture
def boards(instance: Instance) -> Iterator[None]:
    """Have a board of each course among what is searched."""
    with instance.database.unit_of_work(write=False) as session:
        known = dict(session.info)
    kind = CollectionKind("shelf", list_needed, list_entries, select_readable, locate)
    instance.database.configure({**known, SEARCH_COLLECTIONS: (kind,), SEARCH_KINDS: (*SEARCH_KINDS.given_in(known), POST)})
    yield
    instance.database.configure(known)


def tend(instance: Instance) -> None:
    effect = search_indexing.refresh_index(Delivery(instance.database, instance.settings, 1, {}, clock.now()))
    with instance.database.unit_of_work() as session:
        effect(session)


def boards_indexed(instance: Instance) -> set[int]:
    with instance.database.unit_of_work(write=False) as session:
        return index.list_versions(session, "shelf")


def test_who_joins_and_leaves_finds_it_and_does_not_at_once(boards: None, browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    tend(instance)
    assert not browser.get("/search?q=guayacán").has_link("/threads/1#m-1")
    assert "guayacán" not in browser.get("/search?q=guayacun").text
    ana = a_learner(instance, course)
    reader = sign_in(browser.another())

    page = reader.get("/search?q=guayacán")

    assert page.has_link("/threads/1#m-1")
    assert not page.has_link(f"/threads/{HIDDEN}#m-1")
    assert "Mensajes" in page.text
    assert reader.get("/search?q=guayacan&kind=post").has_link("/threads/1#m-1")
    assert not reader.get(f"/search?q=guayacán&course={course.slug}").has_link("/threads/1#m-1")
    assert "guayacán" in reader.get("/search?q=guayacun").text
    with instance.database.unit_of_work() as session:
        session.execute(update(Enrolment).where(Enrolment.person_id == ana.person_id).values(left_at=clock.now()))
    assert not reader.get("/search?q=guayacán").has_link("/threads/1#m-1")
    assert "guayacán" not in reader.get("/search?q=guayacun").text


def test_the_index_of_all_kinds_is_kept_up_and_made_anew(boards: None, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    tend(instance)
    assert boards_indexed(instance) == {course.id}
    with instance.database.unit_of_work() as session:
        versions = index.list_versions(session)
        index.forget(session, {course.id}, collection="shelf")
        assert index.list_versions(session) == versions

    collections, entries = search_indexing.reindex(instance.database)

    assert boards_indexed(instance) == {course.id}
    assert (collections, entries > 2) == (len(versions) + 1, True)


def test_what_no_kind_needs_any_more_is_let_go(boards: None, instance: Instance) -> None:
    a_course(instance, modules=1)
    with instance.database.unit_of_work() as session:
        index.write(session, 999, 1, [made for _part, made in list_entries(session, 999)[:1]], collection="shelf")

    tend(instance)

    assert 999 not in boards_indexed(instance)
