"""Where a person's work begins: the page that the logo and a sign-in without a destination lead to."""

from datetime import datetime

from sqlalchemy.orm import Session

from compliance.team_digests import find_work
from courses.waiting import list_waiting
from enrolments.learners import list_own_courses
from kernel.permissions import Actor

ADMINISTRATION = "lms.administration"
CLAIMS = "compliance_waivers.claims"
OBLIGATIONS = "compliance_obligations.obligations"
REPORT = "compliance_report.places"
UNITS = "enrolments_units.units"
INSTITUTIONS = "organisations_institutions.institutions"
TEACHING = "lms.teaching"
LEARNING = "lms.learning"


def find_start(session: Session, actor: Actor, *, now: datetime) -> str:
    """Return the endpoint of the page that a signed-in person starts on.

    Administrators start on Administration. Everybody else starts where something waits for their decision, first in compulsory training,
    then in their courses; without that on the report (auditors where they take no course), their units, their institutions, Teaching
    where they take no course, and My learning, in this order.
    """
    if actor.is_administrator:
        return ADMINISTRATION
    return _find_waiting(session, actor, now=now) or _find_usual(session, actor)


def _find_waiting(session: Session, actor: Actor, *, now: datetime) -> str | None:
    """Return the endpoint of the page where something waits for the actor's decision; None if nothing does."""
    if actor.is_training_officer and actor.person_id is not None:
        work = find_work(session, actor.person_id, [])
        if work.requests or work.drafts:
            return CLAIMS if work.requests else OBLIGATIONS
    if actor.is_staff_anywhere and any(not item.is_dated for item in list_waiting(session, actor, now=now)):
        return TEACHING  # dates to come wait for nobody
    return None


def _find_usual(session: Session, actor: Actor) -> str:
    """Return the endpoint of the actor's usual page: staff places before My learning."""
    takes_none = (actor.is_auditor or actor.is_staff_anywhere) and not list_own_courses(session, actor)
    if actor.is_training_officer or (actor.is_auditor and takes_none):
        return REPORT
    if actor.manages_units:
        return UNITS
    if actor.administers_institution:
        return INSTITUTIONS
    return TEACHING if actor.is_staff_anywhere and takes_none else LEARNING
