"""Reading what can be found of a published version: for making the search's index anew."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.content.search_texts import activity_entries, course_entries, lesson_entries, resource_entries, term_entries
from courses.models import Activity, Course, CourseResource, CourseVersion, LessonPage, Objective, Term
from kernel.markup.model import SafeHtml
from kernel.search.index import SearchDocument


def list_lesson_entries(session: Session, version_id: int) -> Iterator[tuple[int, SearchDocument]]:
    """Yield what can be found of a version's lessons, each with its activity's id."""
    statement = (
        select(LessonPage.activity_id, LessonPage.language, LessonPage.title, LessonPage.body)
        .join(Activity, Activity.id == LessonPage.activity_id)
        .where(Activity.version_id == version_id)
        .order_by(LessonPage.id)
    )
    rows = session.execute(statement).all()
    written: dict[int, list[str]] = {}
    for row in rows:
        written.setdefault(row.activity_id, []).append(row.language)
    for row in rows:
        for entry in lesson_entries(row.language, row.title, SafeHtml.stored(row.body), written[row.activity_id]):
            yield row.activity_id, entry


def list_own_entries(session: Session, version_id: int) -> Iterator[SearchDocument]:
    """Yield what can be found of a version itself, of its terms and of its resources."""
    version = session.get_one(CourseVersion, version_id)
    objectives = (
        select(Objective.text).where(Objective.version_id == version_id, Objective.module_id.is_(None)).order_by(Objective.position)
    )
    yield from course_entries(version.title, version.summary, session.scalars(objectives))
    for term in session.scalars(select(Term).where(Term.version_id == version_id).order_by(Term.id)):
        yield from term_entries(term.key, term.term, term.also, term.definition)
    for resource in session.scalars(select(CourseResource).where(CourseResource.version_id == version_id).order_by(CourseResource.id)):
        yield from resource_entries(resource.key, resource.title, resource.host)


def list_activity_entries(session: Session, version_id: int, kind: str) -> Iterator[tuple[int, SearchDocument]]:
    """Yield what can be found of a version's activities of a kind by title and summary, each with its activity's id."""
    statement = select(Activity.id, Activity.title, Activity.summary).where(Activity.version_id == version_id, Activity.kind == kind)
    for row in session.execute(statement.order_by(Activity.id)):
        for entry in activity_entries(kind, row.title, row.summary):
            yield row.id, entry


def list_published_versions(session: Session) -> set[int]:
    """Return the versions that courses give at present."""
    return set(session.scalars(select(Course.published_version_id).where(Course.published_version_id.is_not(None))))
