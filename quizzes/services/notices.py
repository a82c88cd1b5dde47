"""Telling learners what others did to their quiz: more time or attempts, marks that changed. Each of them once for each event."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message, was_notified
from accounts.rules import NoticeKind
from courses.models import Course
from courses.rules import activity_url
from courses.team import list_editors
from courses.versions import get_outline
from kernel.i18n import _, choose, in_every_language, ngettext
from quizzes.models import Incident, QuizOverride, Regrade
from quizzes.queries import notices as queries
from quizzes.services.regrade_offers import RegradeOffer


def _message(
    session: Session,
    kind: NoticeKind,
    key: str,
    of: QuizOverride | Incident | Regrade,
    subject: Callable[[str], str],
    text: Callable[[str], str],
) -> Message:
    """Return a message about a quiz: its subject names the quiz, its words the course."""
    course = session.get_one(Course, of.course_id)
    outline = None if course.published_version_id is None else get_outline(session, course.published_version_id)
    activity = None if outline is None else outline.by_key.get(outline.renames.get(of.activity_key, of.activity_key))
    title: Mapping[str, str] = course.title if activity is None else activity.title
    path = activity_url(course.slug, "quiz", of.activity_key if activity is None else activity.key)
    texts = in_every_language(lambda: subject(choose(title))), in_every_language(lambda: text(choose(course.title)))
    return Message(kind, key, *texts, path)


def notify_override(session: Session, override_id: int, *, after: int, now: datetime) -> int | None:
    """Notify the next learners who are better off by an override, while it is in force; return after whom it goes on."""
    row = session.get_one(QuizOverride, override_id)
    if row.ended_at is not None:
        return None
    portion = queries.list_improved_results(session, row, after=after)
    message = _message(
        session,
        NoticeKind.TIME,
        f"override:{row.uuid}",
        row,
        lambda title: _("Different dates, more time or more attempts in “%(title)s”", title=title),
        lambda course: _(
            "The team of the course “%(course)s” set this for you. See the quiz page for the settings that apply to you.", course=course
        ),
    )
    notices.notify(session, message, portion.people, now=now)
    return portion.last


def notify_incident(session: Session, incident_id: int, *, after: int, now: datetime) -> int | None:
    """Notify the next learners whose open attempt was given time, unless it was taken back; return after whom it goes on."""
    row = session.get_one(Incident, incident_id)
    if row.undone_at is not None:
        return None
    portion, minutes = queries.list_given_time(session, row, after=after), row.seconds // 60
    message = _message(
        session,
        NoticeKind.TIME,
        f"incident:{row.uuid}",
        row,
        lambda title: ngettext("%(count)s extra minute in “%(title)s”", "%(count)s extra minutes in “%(title)s”", minutes, title=title),
        lambda course: _("The team of the course “%(course)s” gave it to everyone with an open attempt.", course=course),
    )
    notices.notify(session, message, portion.people, now=now)
    return portion.last


def notify_regrade(session: Session, regrade_id: int, *, after: int, now: datetime, without: Collection[int] = ()) -> int | None:
    """Notify the next learners of a mark that a regrade changed, or that this was undone; return after whom it goes on.

    Learners not notified of the change are not notified of its undoing; those `without` are told otherwise. The marks stay behind the
    sign-in and the review.
    """
    row = session.get_one(Regrade, regrade_id)
    if row.state not in ("committed", "undone"):
        return None
    portion, key = queries.list_marked_again(session, row, after=after), f"regrade:{row.uuid}"
    person_id = row.committed_by if row.state == "committed" else row.undone_by
    name = None if row.for_objection or person_id is None else session.get_one(Person, person_id).full_name

    def by(reason: str) -> str:
        """Say who changed the mark, and why."""
        author = _("The jury of the selection decided this.") if name is None else _("Changed by: %(name)s.", name=name)
        return f"\n\n{author} " + (_("Why: %(ground)s", ground=reason) if reason else "")

    if row.state == "committed":
        message = _message(
            session,
            NoticeKind.REMARKED,
            key,
            row,
            lambda title: _("Your grade in “%(title)s” has changed", title=title),
            lambda course: _("In the course “%(course)s”, some of your answers were regraded.", course=course) + by(row.reason),
        )
        people = [person_id for person_id in portion.people if person_id not in without]
    else:
        message = _message(
            session,
            NoticeKind.REMARKED,
            f"{key}:undone",
            row,
            lambda title: _("Your grade in “%(title)s” is back to what it was", title=title),
            lambda course: _("In the course “%(course)s”, a regrade of your answers was undone.", course=course) + by(row.undo_reason),
        )
        people = sorted(was_notified(session, key, portion.people))
    notices.notify(session, message, people, now=now)
    return portion.last


def notify_offers(session: Session, course_id: int, activity_key: str, offers: Sequence[RegradeOffer], *, now: datetime) -> None:
    """Notify those who edit a course, once, that answers in a quiz would be marked otherwise now (spec/quiz-engine 5.11.6)."""
    message = _message(
        session,
        NoticeKind.REMARKED,
        f"regrade-offer:{course_id}:{activity_key}",
        Regrade(course_id=course_id, activity_key=activity_key),
        lambda title: ngettext(
            "%(count)s answer in “%(title)s” would now be marked differently",
            "%(count)s answers in “%(title)s” would now be marked differently",
            sum(offer.answers for offer in offers),
            title=title,
        ),
        lambda course: _(
            "Questions affected in “%(course)s”: %(count)s. Typographic variants no longer make a difference in typed answers: ’ counts as "
            "', and – as -. Nothing has been changed: look at these answers, and regrade them if you agree.",
            course=course,
            count=len(offers),
        ),
    )
    path = f"/courses/{session.get_one(Course, course_id).slug}/quizzes/{activity_key}/regrades"
    notices.notify(session, replace(message, path=path), list_editors(session, course_id), now=now)
