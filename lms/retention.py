"""Retention periods of each kind of data (spec/security 7.3, 8.1): settings, one daily job that applies them, and texts that state them."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, not_, or_, select
from sqlalchemy.orm import Session

from accounts.models import Device, Person, RoleGrant
from accounts.people import CONFIRMS_SINCE
from kernel import audit, clock, outbox
from kernel.db import Base
from kernel.errors import N_
from kernel.files import files_of
from kernel.i18n import _, ngettext
from kernel.outbox import Delivery, Effect
from kernel.permissions import SYSTEM
from kernel.personal import FORGET_LINKS, RETENTION, RetentionRule, personal_columns
from kernel.settings import Settings
from lms import erasure

YEAR = 365


class RetentionVerb(audit.Verb):
    """The audit-log verbs of expired data."""

    APPLIED = "retention.applied", N_("Removed data whose retention period was over")


FORGOTTEN_AT_ONCE = 200


def forget_unconfirmed(session: Session, moment: datetime) -> int:
    """Erase accounts created, invited and last used before a moment, never confirmed, of which no package has anything but the account."""
    rows = ((mapper, name) for mapper, name, _column in personal_columns() if _shows_use(mapper.class_))
    takes_part = [exists().where(mapper.columns[name] == Person.id) for mapper, name in rows]
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


def _shows_use(model: type[Base]) -> bool:
    return model.__module__ != Person.__module__ or model is RoleGrant


def forget_links(session: Session, moment: datetime) -> int:
    """Delete the mailed links that ended before a moment, those into course teams and courses among them."""
    return sum(forget(session, moment) for forget in FORGET_LINKS.of(session))


RULES = (
    RetentionRule("keep_audit_days", N_("The record of important actions"), audit.forget_before),
    RetentionRule("keep_links_days", N_("Traces of expired links sent by email (confirmation, password, invitation)"), forget_links),
    RetentionRule(
        "keep_unconfirmed_days",
        N_("Accounts with an unconfirmed address and no activity"),
        forget_unconfirmed,
        lambda settings: settings.sends_mail,  # else an account is used without being confirmed
    ),
    RetentionRule(
        "keep_jobs_days", N_("Background jobs that finished or failed permanently: which emails were sent, and when"), outbox.forget_before
    ),
)
"""What no package has alone."""


def apply(delivery: Delivery) -> Effect:
    """Let go of what was kept long enough, and write into the audit log how much of each kind.

    Files that were broken off a day ago while they were written go too.
    """
    files_of(delivery.settings).clear_leftovers(delivery.now - timedelta(days=1))

    def write(session: Session) -> None:
        settings = delivery.settings
        due = [(rule, delivery.now - timedelta(days=rule.days(settings))) for rule in RETENTION.of(session) if rule.applies(settings)]
        counts = {rule.setting: rule.forget(session, moment) for rule, moment in due if rule.forget is not None}
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


def periods(session: Session, settings: Settings) -> list[tuple[str, str]]:
    """Return the periods of the privacy page: each kind, and how long it is kept."""
    return [(_(rule.label), period(rule.days(settings))) for rule in RETENTION.of(session) if rule.applies(settings)]
