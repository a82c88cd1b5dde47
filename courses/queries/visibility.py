"""Finding those for whom a course is visible: what its version names, and the SQL twin of `courses.rules.is_found`."""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, case, exists, false, not_, or_, select
from sqlalchemy.orm import Session

from courses.content.model import CourseFolder, Visibility
from courses.models import Course, CourseVersion, VersionViewer
from kernel.i18n import choose
from organisations.audiences import AudienceUse
from organisations.employment import is_staff, known_audiences, known_unit_codes, own_audience_keys, own_unit_codes
from organisations.models import Audience

UNIT, AUDIENCE = "unit", "audience"
MOST_NAMED = 100


def viewers_of(course: CourseFolder) -> list[tuple[str, str]]:
    """Return the units and audiences that a course is for, each by its kind and its code or key."""
    units = course.staff_of if course.visibility is Visibility.STAFF else ()
    audiences = course.audiences if course.visibility is Visibility.AUDIENCE else ()
    return [*((UNIT, code) for code in units), *((AUDIENCE, key) for key in audiences)]


def unknown_viewers(session: Session, course: CourseFolder) -> list[tuple[str, str]]:
    """Return the units and audiences that a course is for and that do not exist; no statement where it names none."""
    named = viewers_of(course)
    if not named:
        return []
    codes, keys = ([key for kind, key in named if kind == viewer_kind] for viewer_kind in (UNIT, AUDIENCE))
    known = {UNIT: known_unit_codes(session, codes) if codes else set(), AUDIENCE: known_audiences(session, keys) if keys else set()}
    return [(kind, key) for kind, key in named if key not in known[kind]]


def list_courses_of_audience(session: Session, audience: Audience) -> list[AudienceUse]:
    """List the courses whose published version is for the people of an audience, by their address."""
    named = and_(VersionViewer.version_id == Course.published_version_id, VersionViewer.kind == AUDIENCE, VersionViewer.key == audience.key)
    statement = select(Course.title).where(exists().where(named)).order_by(Course.slug).limit(MOST_NAMED)
    return [AudienceUse(choose(title)) for title in session.scalars(statement)]


def _names(kind: str, keys: Select[Any]) -> ColumnElement[bool]:
    return exists().where(VersionViewer.version_id == CourseVersion.id, VersionViewer.kind == kind, VersionViewer.key.in_(keys))


def _belongs(person_id: BindParameter[int]) -> ColumnElement[bool]:
    narrowed = exists().where(VersionViewer.version_id == CourseVersion.id, VersionViewer.kind == UNIT)
    staff = or_(_names(UNIT, own_unit_codes(person_id)), and_(not_(narrowed), is_staff(person_id)))
    return case(
        (CourseVersion.visibility == Visibility.STAFF.value, staff),
        (CourseVersion.visibility == Visibility.AUDIENCE.value, _names(AUDIENCE, own_audience_keys(person_id))),
        else_=false(),
    )


BELONGS = _belongs(bindparam("person_id"))
"""Says in SQL that `:person_id` belongs to those whom a version of the statement is for; of public courses nothing is looked up."""
