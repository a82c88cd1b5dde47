"""The audit log for administrators: a page, an export, and the job that seals it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import cast

from flask import Blueprint, current_app, render_template, request
from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from accounts import people
from accounts.models import Person
from courses import log as course_log
from courses.kinds import CourseKinds
from courses.log import log_entries
from kernel import audit
from kernel.audit import AuditEntry
from kernel.crypto import signing_keys
from kernel.errors import N_, NotFound
from kernel.outbox import Delivery
from kernel.permissions import Actor
from kernel.tables import csv_line
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, current_session, requires
from lms.access import SiteAction
from lms.audit_words import act_words
from lms.people import event_words
from selections.audit_verbs import NAMELESS_VERBS

bp = Blueprint("lms_auditing", __name__, url_prefix="/administration/audit")

ROWS = 100
SEAL_EVERY = 300
BATCHES = 100
"""Seals that one job makes at most."""
COLUMNS = ("id", "at", "actor", "via", "address", "request", "verb", "subject_kind", "subject_id", "facts")


class AuditVerb(StrEnum):
    """The audit-log verbs of the log itself."""

    EXPORTED = "audit.exported"


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """The filter of audit entries."""

    since: datetime | None = None
    until: datetime | None = None
    person_id: int | None = None
    verb: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return them for a statement."""
        of_person = and_(AuditEntry.subject_kind == Person.__tablename__, AuditEntry.subject_id == self.person_id)
        return [
            *([AuditEntry.at >= self.since] if self.since else []),
            *([AuditEntry.at < self.until] if self.until else []),
            *([or_(AuditEntry.actor_id == self.person_id, of_person)] if self.person_id is not None else []),
            *([AuditEntry.verb.startswith(self.verb, autoescape=True)] if self.verb else []),
        ]


def audit_filter(session: Session, *, since: datetime | None, until: datetime | None, email: str | None, verb: str = "") -> AuditFilter:
    """Return what is asked for; raise NotFound where no account has the address."""
    person = people.find_person_by_email(session, email.strip().lower()) if email else None
    if email and person is None:
        raise NotFound(N_("No account has this email address."))
    return AuditFilter(since, until, person.id if person else None, verb)


def note_export(session: Session, actor: Actor, selected: AuditFilter, *, now: datetime) -> None:
    """Write down that the log was exported, and which part."""
    audit.record(session, actor, AuditVerb.EXPORTED, None, now=now, since=selected.since, until=selected.until, person=selected.person_id)


def lines(session: Session, selected: AuditFilter) -> Iterator[str]:
    """Write the entries as CSV, the oldest first."""
    yield csv_line(COLUMNS)
    after = 0
    statement = select(AuditEntry).where(*selected.conditions()).order_by(AuditEntry.id).limit(1000)
    while rows := list(session.scalars(statement.where(AuditEntry.id > after))):
        for row in rows:
            names = (row.id, row.at.isoformat(), row.actor_id, row.via, row.address, row.request_id)
            yield csv_line((*names, row.verb, row.subject_kind, row.subject_id, row.facts))
        after = rows[-1].id
        session.expunge_all()


def seal(delivery: Delivery) -> None:
    """Seal the entries written up to some minutes ago, and publish each seal outside the database."""
    folder = delivery.settings.data_dir
    keys = signing_keys(folder)
    for _batch in range(BATCHES):
        with delivery.database.unit_of_work() as session:
            made = audit.seal(session, keys, now=delivery.now, known=audit.known_newest(folder))
        if made is None:
            return
        audit.publish_seal(folder, made)
        if made.entries < audit.BATCH:
            return


def _day(name: str) -> datetime | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return datetime.combine(day, time(), UTC) if day < date.max else None


def entries_in_words(session: Session, entries: Sequence[AuditEntry]) -> list[str]:
    """Return each entry in words; '' of a verb that this program does not know."""
    parts = cast("CourseKinds", current_app.extensions["course_kinds"]).logs
    return [
        event_words(line.verb, str(line.facts.get("role", ""))) or course_log.find_sentence(line, parts) or act_words(line.verb)
        for line in log_entries(session, entries)
    ]


@bp.get("")
@requires(SiteAction.VIEW_AUDIT)
def log() -> Answer:
    """Show the audit log, the newest first, those entries that are asked for."""
    session, page, email = current_session(), requested_page(ROWS), request.args.get("user", "")[:254]
    until = _day("to")
    unknown = False
    try:
        selected = audit_filter(
            session,
            since=_day("from"),
            until=until + timedelta(days=1) if until else None,
            email=email,
            verb=request.args.get("verb", "")[:60],
        )
    except NotFound:
        selected, unknown = AuditFilter(person_id=0), True
    statement = (
        select(AuditEntry, Person)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(*selected.conditions(), AuditEntry.verb.not_in(NAMELESS_VERBS) if email else true())
        .order_by(AuditEntry.id.desc())
        .offset(page.offset)
        .limit(ROWS + 1)
    )
    listed = session.execute(statement).all()
    rows = [
        {
            "entry": row.AuditEntry,
            "is_nameless": row.AuditEntry.verb in NAMELESS_VERBS,
            "by": row.Person.full_name if row.Person else "",
            "uuid": row.Person.uuid if row.Person else None,
            "words": sentence,
        }
        for row, sentence in zip(listed, entries_in_words(session, [row.AuditEntry for row in listed]), strict=True)
    ]
    return render_template(
        "lms/audit.html",
        page=Page(rows[:ROWS], page.number, len(rows) > ROWS),
        asked={name: request.args.get(name, "") for name in ("user", "verb", "from", "to")},
        unknown=unknown,
        sealed_until=session.scalar(select(func.max(audit.AuditSeal.last_id))) or 0,
    )
