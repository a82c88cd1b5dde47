"""The leaf `holds` of audience rules: who completed a course, in SQL and as facts."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.rules import fold
from courses.models import Course
from enrolments.audience_leaves import HoldsLeaf
from enrolments.models import Completion, Enrolment
from kernel.errors import N_
from kernel.i18n import choose, site_locale
from organisations.audience_kinds import MOST_CHOICES, AudienceLeafKind, AudienceScope, LeafChoice, LeafQuestion, end_of
from organisations.rules.audiences import HeldFact


def _holds(leaf: HoldsLeaf, scope: AudienceScope) -> ColumnElement[bool]:
    """Find who completed the course until the day, where the rule asks so only those whose completion is valid on it."""
    done = (
        select(Enrolment.person_id)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Course.slug == leaf.course, Completion.completed_at < end_of(scope.day))
    )
    if leaf.valid:
        done = done.where(or_(Completion.valid_until.is_(None), Completion.valid_until >= scope.day))
    return Person.id.in_(done)


def _held(session: Session, people: Collection[int]) -> Mapping[int, tuple[HeldFact, ...]]:
    facts = defaultdict[int, tuple[HeldFact, ...]](tuple)
    statement = (
        select(Enrolment.person_id, Course.slug, Completion.completed_at, Completion.valid_until)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id.in_(people))
        .order_by(Completion.id)
    )
    zone = site_locale().zone
    for person, slug, moment, valid_until in session.execute(statement):
        facts[person] += (HeldFact(slug, moment.astimezone(zone).date(), valid_until),)
    return facts


def _names(session: Session, slugs: Collection[str]) -> Mapping[str, str]:
    rows = session.execute(select(Course.slug, Course.title).where(Course.slug.in_(slugs)))
    return {row[0]: choose(row[1]) for row in rows}


def _choices(session: Session, _institution: int) -> list[LeafChoice]:
    """List the published courses, by title."""
    courses = session.execute(select(Course.slug, Course.title).where(Course.published_version_id.is_not(None)).limit(MOST_CHOICES))
    titled = [LeafChoice(slug, choose(title), fold(choose(title))) for slug, title in courses]
    return sorted(titled, key=lambda choice: (choice.words, choice.key))


HOLDS = AudienceLeafKind(
    HoldsLeaf,
    _holds,
    LeafQuestion(N_("Completed course"), _choices, flag_label=N_("Only while the completion is valid"), takes_one=True),
    names=_names,
    held=_held,
)
