"""Saying that a version of a question changed only its wording, and taking that back (spec/selection 2.2)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import catalogue
from courses.log import LogEntry, LogPart
from kernel import audit
from kernel.errors import N_, Conflict, NotFound
from kernel.i18n import _
from kernel.permissions import Actor
from quizzes.permissions import ItemHistoryContext
from quizzes.queries.correction_log import VersionRow
from quizzes.rules.question_diff import is_judged_otherwise
from quizzes.selection_models import WordingOnly


class WordingVerb(StrEnum):
    """The audit verbs of saying what a version changed."""

    SAID = "wording.said"
    WITHDRAWN = "wording.withdrawn"


class WordingRefused(Conflict):
    """A version whose figures cannot go on from those of the one before."""

    code = "wording_refused"
    message = N_("Version %(number)s changed the key or the parts of the question, not only its wording. Its figures begin anew.")


class WordingChanged(Conflict):
    """The word of an editor on a version, given or taken back by another one meanwhile."""

    code = "wording_changed"
    message = N_("Someone else has said or taken this back in the meantime.")


def mark_wording_only(
    session: Session, actor: Actor, subject: ItemHistoryContext, versions: Sequence[VersionRow], version_id: int, *, now: datetime
) -> None:
    """Let the figures of a version go on from those of the one before it, among the versions of a question, the oldest first.

    Raise NotFound for one that is none of them or the first, WordingRefused where the key changed, WordingChanged where it was said.
    """
    assert actor.person_id is not None
    course = catalogue.lock_course(session, subject.id)
    index = next((index for index, candidate in enumerate(versions) if candidate.id == version_id), 0)
    if not index:
        raise NotFound
    version = versions[index]
    if is_judged_otherwise(versions[index - 1].question, version.question):
        raise WordingRefused(number=version.number)
    if _in_force(session, version_id) is not None:
        raise WordingChanged
    session.add(WordingOnly(question_version_id=version_id, created_at=now, created_by=actor.person_id))
    audit.record(session, actor, WordingVerb.SAID, course, now=now, question=version.question.key, version=version.number)


def withdraw_wording_only(
    session: Session, actor: Actor, subject: ItemHistoryContext, versions: Sequence[VersionRow], version_id: int, *, now: datetime
) -> None:
    """Let a version begin a segment again; raise NotFound for one of another question, WordingChanged where nothing was said of it."""
    course = catalogue.lock_course(session, subject.id)
    version = next((candidate for candidate in versions if candidate.id == version_id), None)
    if version is None:
        raise NotFound
    row = _in_force(session, version_id)
    if row is None:
        raise WordingChanged
    row.ended_at, row.ended_by = now, actor.person_id
    audit.record(session, actor, WordingVerb.WITHDRAWN, course, now=now, question=version.question.key, version=version.number)


def _in_force(session: Session, version_id: int) -> WordingOnly | None:
    statement = select(WordingOnly).where(WordingOnly.question_version_id == version_id, WordingOnly.ended_at.is_(None))
    return session.scalars(statement).one_or_none()


def _which(entry: LogEntry) -> dict[str, object]:
    return {"version": entry.facts.get("version") or "", "question": entry.facts.get("question") or ""}


LOG = LogPart(
    lambda _course_id: (),
    {
        WordingVerb.SAID: lambda entry: _("Said that version %(version)s of “%(question)s” changed only the wording", **_which(entry)),
        WordingVerb.WITHDRAWN: lambda entry: _(
            "Took back that version %(version)s of “%(question)s” changed only the wording", **_which(entry)
        ),
    },
)
"""Sentences for the log of a course; its entries are about the course itself."""
