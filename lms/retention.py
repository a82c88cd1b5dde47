"""Retention periods of each kind of data (spec/security 7.3, 8.1): settings, one daily job that applies them, and texts that state them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, not_, or_, select
from sqlalchemy.orm import Session

from accounts import accounts, notices
from accounts.models import Device, Person, RoleGrant
from accounts.people import CONFIRMS_SINCE
from compliance.models import Assignment, Recognition, Waiver
from courses import team
from courses.models import CourseStaff
from enrolments import calendar, invitations, mistakes
from enrolments.models import Enrolment, WaitingPlace
from kernel import audit, clock, outbox
from kernel.errors import N_
from kernel.files import files_of
from kernel.i18n import _, ngettext
from kernel.outbox import Delivery, Effect
from kernel.permissions import SYSTEM
from kernel.settings import Settings
from lms import erasure
from organisations.models import (
    AudienceListEntry,
    AudienceStayRecord,
    Employment,
    InstitutionAdministrator,
    Membership,
    TrainingGrant,
    UnitManager,
)
from quizzes.models import Attempt
from selections import actas, own_data

YEAR = 365


class RetentionVerb(StrEnum):
    """The audit-log verbs of expired data."""

    APPLIED = "retention.applied"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """A kind of data with the setting of its days, its name for people, and how rows from before a moment go; it returns how many went.

    Without `forget` they go by a job of their own, in portions.
    """

    setting: str
    label: str
    forget: Callable[[Session, datetime], int] | None
    applies: Callable[[Settings], bool] = lambda _settings: True

    def days(self, settings: Settings) -> int:
        """Return how many days this kind is kept."""
        return int(getattr(settings, self.setting))


FORGOTTEN_AT_ONCE = 200
TRAINED = (AudienceListEntry, AudienceStayRecord, Assignment, Recognition, Waiver)
"""The tables of compulsory training that say of a person that they take part in it."""


def forget_unconfirmed(session: Session, moment: datetime) -> int:
    """Erase accounts created, invited and last used before a moment, never confirmed, without role, unit, course or obligation."""
    granted = (RoleGrant, UnitManager, TrainingGrant, InstitutionAdministrator, CourseStaff)
    parts = (*granted, Membership, Employment, Enrolment, WaitingPlace, Attempt, *TRAINED)
    takes_part = [exists().where(table.person_id == Person.id) for table in parts]
    is_used = exists().where(Device.person_id == Person.id, Device.last_seen_at >= moment)  # as where no mail was sent until now
    before: tuple[ColumnElement[bool], ...] = (Person.created_at < moment, or_(Person.invited_at.is_(None), Person.invited_at < moment))
    since = CONFIRMS_SINCE.of(session)()
    if since is not None:  # who was here before mail was sent was never asked to confirm
        before = (*before, Person.created_at >= since)
    never = (Person.email_confirmed_at.is_(None), Person.suspended_at.is_(None), *before)
    statement = select(Person).where(*never, not_(or_(*takes_part, is_used))).order_by(Person.id).limit(FORGOTTEN_AT_ONCE)
    people = session.scalars(statement).all()
    for person in people:
        erasure.erase_person(session, SYSTEM, person, now=clock.now())
    return len(people)


def forget_links(session: Session, moment: datetime) -> int:
    """Delete the mailed links that ended before a moment, those into course teams and courses among them."""
    invited = team.forget_invitations_before(session, moment) + invitations.forget_before(session, moment)
    return accounts.forget_links_before(session, moment) + invited


KINDS = (
    RetentionRule("keep_audit_days", N_("The record of important actions"), audit.forget_before),
    RetentionRule("keep_notices_days", N_("Notifications on the site (bell icon)"), notices.forget_before),
    RetentionRule("keep_mistake_reports_days", N_("Mistake reports, once corrected or declined"), mistakes.forget_before),
    RetentionRule("keep_reminders_days", N_("Reminders that you wrote in your calendar, after their day"), calendar.forget_before),
    RetentionRule(
        "keep_integrity_days",
        N_(
            "What some quizzes record beside your answers (times, when the page was left, devices), after the attempt; "
            "where results decide about people, 90 days after the final acta"
        ),
        actas.forget_before,
    ),
    RetentionRule(
        "keep_withdrawn_lines_days",
        N_("Your lines in signed actas of selections, after your data were deleted: sealed, and shown without your name"),
        own_data.forget_lines_before,
    ),
    RetentionRule(
        "keep_sessions_days", N_("Sessions that have ended: browser, shortened network and time"), accounts.forget_devices_before
    ),
    RetentionRule(
        "keep_links_days",
        N_("Traces of expired links sent by email (confirmation, password, invitation)"),
        forget_links,
    ),
    RetentionRule(
        "keep_unconfirmed_days",
        N_("Accounts with an unconfirmed address and no activity"),
        forget_unconfirmed,
        lambda settings: settings.sends_mail,  # else an account is used without being confirmed
    ),
    RetentionRule("keep_training_days", N_("Records of compulsory training, after it ended or you left the institution"), None),
    RetentionRule(
        "keep_jobs_days", N_("Background jobs that finished or failed permanently: which emails were sent, and when"), outbox.forget_before
    ),
)


def apply(delivery: Delivery) -> Effect:
    """Let go of what was kept long enough, and write into the audit log how much of each kind.

    Files that were broken off a day ago while they were written go too.
    """
    files_of(delivery.settings).clear_leftovers(delivery.now - timedelta(days=1))

    def write(session: Session) -> None:
        settings = delivery.settings
        due = [(kind, delivery.now - timedelta(days=kind.days(settings))) for kind in KINDS if kind.applies(settings)]
        counts = {kind.setting: kind.forget(session, moment) for kind, moment in due if kind.forget is not None}
        if gone := {name: count for name, count in counts.items() if count}:
            audit.record(session, SYSTEM, RetentionVerb.APPLIED, None, now=delivery.now, **gone)

    return write


def period(days: int) -> str:
    """Return a number of days in words, in years where it is whole years and some leap days."""
    years, rest = divmod(days, YEAR)
    return (
        ngettext("%(count)s year", "%(count)s years", years)
        if years and rest <= years
        else ngettext("%(count)s day", "%(count)s days", days)
    )


def periods(settings: Settings) -> list[tuple[str, str]]:
    """Return what the privacy page says: each kind, and how long it is kept."""
    return [(_(kind.label), period(kind.days(settings))) for kind in KINDS if kind.applies(settings)]
