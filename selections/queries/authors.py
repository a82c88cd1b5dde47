"""The authors of a version of a question: its publisher, and all who changed its text since the version before (spec/selection 5.4)."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.models import CourseVersion, DraftFileVersion, DraftRevision
from questions.models import Question, QuestionVersion
from selections.rules.objections import find_block


def list_authors(session: Session, question_version_id: int) -> list[int]:
    """List the authors of a question version by number: who published it, and whose saves made its text what it was then.

    Versions without a revision, as folders published by command have them, know their publisher alone.
    """
    version, question = session.execute(
        select(QuestionVersion, Question)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(QuestionVersion.id == question_version_id)
    ).one()
    before = select(QuestionVersion.created_at).where(
        QuestionVersion.question_id == version.question_id, QuestionVersion.number == version.number - 1
    )
    published = _published_with(session, question.course_id, [version.created_at, session.scalar(before)])
    made = published.get(version.created_at)
    if made is None:
        return []
    former = next((publisher for at, publisher in published.items() if at != version.created_at), None)
    authors = {made.published_by}
    if made.draft_revision is not None:
        since = former.draft_revision if former is not None else None
        authors |= _changed_by(session, question, since or 0, made.draft_revision)
    return sorted(author for author in authors if author is not None)


def _published_with(session: Session, course_id: int, moments: Sequence[object]) -> dict[object, CourseVersion]:
    known = [moment for moment in moments if moment is not None]
    statement = select(CourseVersion).where(CourseVersion.course_id == course_id, CourseVersion.published_at.in_(known))
    return {row.published_at: row for row in session.scalars(statement.order_by(CourseVersion.number.desc()))}


def _changed_by(session: Session, question: Question, since: int, until: int) -> set[int | None]:
    """Return who saved another text of the question after one revision and up to another; files are read one after the other."""
    holds = (
        DraftFileVersion.course_id == question.course_id,
        DraftFileVersion.path.like("%.yaml"),
        DraftFileVersion.body.contains(question.key, autoescape=True),
    )
    last = session.scalar(select(func.max(DraftFileVersion.revision)).where(*holds, DraftFileVersion.revision <= since))
    statement = (
        select(DraftFileVersion.revision, DraftFileVersion.body, DraftRevision.changed_by)
        .join(
            DraftRevision,
            (DraftRevision.course_id == DraftFileVersion.course_id) & (DraftRevision.number == DraftFileVersion.revision),
        )
        .where(*holds, DraftFileVersion.revision.between(last or 0, until))
        .order_by(DraftFileVersion.revision)
        .execution_options(yield_per=20)
    )
    text, authors = "", set[int | None]()
    for row in session.execute(statement):
        block = find_block(row.body or "", question.key)
        if block and block != text:
            text = block
            if row.revision > since:
                authors.add(row.changed_by)
    return authors
