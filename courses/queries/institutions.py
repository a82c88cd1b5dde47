"""The institution of a course: the one that its text names, and who may let it belong to another."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from courses.content.model import CourseFolder, Finding
from courses.content.published import unknown_institution
from courses.content.scalars import nearest_of
from courses.models import Course
from kernel.permissions import Actor
from organisations.institutions import Institution, get_institution_scope, list_institutions, list_institutions_of
from organisations.profile import list_signatories_on


def find_named_institution(institutions: Sequence[Institution], key: str) -> Institution | None:
    """Return the institution with a key, the first one where there is no key; nothing where there is none."""
    return next((institution for institution in institutions if (institution.key == key if key else institution.is_first)), None)


def unknown_institutions(session: Session, folder: CourseFolder) -> list[Finding]:
    """Tell of the institution that a course names and that the site does not have; no statement where it names none."""
    if not folder.institution:
        return []
    institutions = list_institutions(session)
    if find_named_institution(institutions, folder.institution) is not None:
        return []
    keys = tuple(institution.key for institution in institutions if institution.key)
    return [unknown_institution(folder.institution, nearest_of(folder.institution, keys) if keys else "")]


def open_institutions(session: Session, actor: Actor, course: Course) -> list[Institution]:
    """List the institutions that the actor may let a course belong to (spec/certificates 11, `course.set_institution`).

    To its own always. To another one whoever administers both, or belongs to both and edits the course; to a course that was never
    published the first one is open to all.
    """
    institutions = list_institutions(session)
    if actor.person_id is None or actor.is_administrator:
        return institutions
    theirs = get_institution_scope(session, actor).own | list_institutions_of(session, actor.person_id)
    own = (
        institution.id
        for institution in institutions
        if institution.id == course.institution_id or (course.institution_id is None and institution.is_first)
    )
    present = next(own, None)
    is_new = course.published_version_id is None
    moves = is_new or present in theirs
    return [
        institution
        for institution in institutions
        if institution.id == present or (institution.is_first and is_new) or (moves and institution.id in theirs)
    ]


def is_unsigned(session: Session, course: Course, certificate: str, day: date, *, by_environment: bool) -> bool:
    """Say whether the certificates of a course, issued on a day, would carry no signature (spec/certificates I3).

    `certificate` is the template that its text names; `by_environment`: the first institution's signatories are set there.
    """
    if certificate == "none" or (course.institution_id is None and by_environment):
        return False
    return not list_signatories_on(session, day, course.institution_id)
