"""The audit log: found by person, course, act, day and place; each entry in words; its export, and the job that seals it."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask import Blueprint, request, url_for
from sqlalchemy import Column, ColumnElement, Select, Table, and_, exists, func, literal, or_, select, tuple_, union
from sqlalchemy.orm import Session
from wtforms import DateField, ValidationError
from wtforms.validators import Length, Optional

from accounts.models import NationalIdentity, Person
from accounts.people import find_person_by_email, people_statement
from accounts.rules import fold
from courses import log as course_log
from courses.editor import course_kinds
from courses.models import Course
from discussions.moderation import ModerationVerb, hides_no_report
from kernel import audit, audit_words, clock
from kernel.audit import AuditEntry
from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.crypto import signing_keys
from kernel.db import Base
from kernel.errors import N_, NotFound
from kernel.i18n import _, lazy_, zone
from kernel.outbox import Delivery
from kernel.permissions import Actor
from kernel.tables import csv_line
from kernel.web.forms import DAYS, Form, LineField
from kernel.web.request import Answer, current_actor, current_session, page, requires
from kernel.web.table import requested_page
from lms import access_log, own_data
from lms.access import SiteAction
from lms.people import EVENTS, event_words
from organisations.models import Employment, Organisation
from organisations.training_scope import get_training_scope, in_places, list_training_places
from organisations.tree import below
from selections.audit_verbs import NAMELESS_VERBS
from selections.models import Objection, ObjectionGroup

bp = Blueprint("lms_auditing", __name__, url_prefix="/administration/audit")

ROWS = 50
SEAL_EVERY = 300
BATCHES = 100
"""Seals that one job makes at most."""
MOST_FOUND = 20
"""People whom a search may name; more are asked for in other words."""
NAMELESS = NAMELESS_VERBS | {ModerationVerb.REPORTED.value}
"""Acts that the log shows without who did them."""
AUDITED = frozenset(
    {
        *("accounts", "organisations", "federation", "compliance", "courses", "enrolments", "quizzes", "questions", "selections"),
        *("certificates", "analysis", "simulators", "webinars", "standards"),
    }
)
"""Packages on training, people and places. Of rows of all others, which somebody wrote under a promise, auditors read kind and number."""
COLUMNS = ("id", "at", "actor", "via", "address", "request", "verb", "subject_kind", "subject_id", "facts")
OWNERS: Mapping[str, tuple[str, ...]] = {
    "person": ("person_id",),
    "course": ("course_id",),
    "organisation": ("organisation_id", "institution_id", "place_id"),
}
"""The columns by which a row belongs to a person, a course or a place, by the table of these."""
LINES: Mapping[str, tuple[str, str]] = {
    "regrade": ("regrade_line", "regrade_id"),
    "selection_acta": ("acta_line", "acta_id"),
    "incident": ("incident_attempt", "incident_id"),
}
"""What an act on many changed for each of them: the table, and its column that names the act."""
TITLES = ("title", "name", "key", "activity_key", "code", "number")
"""The columns by which a row is called, the first that it has."""
PERSON_NAME = ("given_names", "first_surname", "second_surname")
LINKS: Mapping[str, tuple[str, str]] = {
    "person": ("compliance_report.person", "person"),
    "credential": ("certificates.certificate", "credential"),
    "certificate_template": ("certificates_templates.versions", "template"),
    "obligation": ("compliance_obligations.obligation", "obligation"),
    "audience": ("organisations_audiences.audience", "audience"),
    "waiver": ("compliance_waivers.waiver", "waiver"),
    "recognition": ("compliance_recognitions.recognition", "recognition"),
}
"""The pages of subjects that everybody who reads the log may open, and what their addresses name."""
ADMINISTRATOR_LINKS = {"person": ("lms_people.record", "person"), "organisation": ("organisations.organisation", "organisation")}
Condition = Callable[[ColumnElement[Any]], ColumnElement[bool]]


class AuditVerb(
    audit.Verb,
    facts={
        "list": audit.Fact(values=own_data.PURPOSES),
        "role": audit.Fact(values=own_data.ROLES),
    },
):
    """The audit-log verbs of the log itself."""

    EXPORTED = "audit.exported", N_("Exported the audit log")


def _table(kind: str) -> Table:
    return Base.metadata.tables[kind]


def _parent(column: Column[Any]) -> Table:
    return next(iter(column.foreign_keys)).column.table


@cache
def _private_kinds() -> frozenset[str]:
    """Return the tables of which an institution's auditor learns nothing but the number of a row."""
    models = (mapper.class_ for mapper in Base.registry.mappers)
    return frozenset(model.__tablename__ for model in models if model.__module__.partition(".")[0] not in AUDITED)


@cache
def path_to_owner(kind: str, owner: str) -> tuple[Column[Any], ...]:
    """Return the columns that lead from a table to its person, course or place (a key of OWNERS), the nearest first; () where none do."""
    table = _table(kind)
    if kind == owner:
        return (table.c.id,)
    own = next((table.c[name] for name in OWNERS[owner] if name in table.c), None)
    if own is not None:
        return (own,)
    steps = [column for column in table.c if column.foreign_keys and not column.nullable and _parent(column).name != "person"]
    paths = [(column, *path) for column in steps if (path := path_to_owner(_parent(column).name, owner))]
    return min(paths, key=len, default=())


def _belongs(kind: str, owner: str, condition: Condition) -> ColumnElement[bool] | None:
    """Return the condition that a row of a table belongs to a person, course or place that is so; None where it belongs to none."""
    path = path_to_owner(kind, owner)
    if not path:
        return None
    belongs = condition(path[-1])
    for column in reversed(path[:-1]):
        belongs = column.in_(select(_parent(column).c.id).where(belongs))
    return belongs


def _owner(kind: str, owner: str) -> ColumnElement[Any]:
    """Return the number of a row's person, course or place as a column of a statement on its table."""
    path = path_to_owner(kind, owner)
    number: ColumnElement[Any] = path[-1] if path else literal(None)
    for column in reversed(path[:-1]):
        number = select(number).where(_parent(column).c.id == column).scalar_subquery()
    return number


def _subjects(owner: str, condition: Condition, *, each: bool = False) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on entries whose subject belongs to a person, course or place that is so, or changed something of theirs.

    `each` asks entry by entry, which is cheap where most entries match; without it, the rows that match are sought first.
    """
    tables = [*((kind, kind, "id") for kind in sorted(audit_words.nouns())), *((kind, *lines) for kind, lines in LINES.items())]
    for kind, table, column in tables:
        belongs = _belongs(table, owner, condition)
        if belongs is not None:
            number = _table(table).c[column]
            is_one = exists().where(number == AuditEntry.subject_id, belongs)
            yield and_(AuditEntry.subject_kind == kind, is_one if each else AuditEntry.subject_id.in_(select(number).where(belongs)))


def _named(key: str, number: int) -> ColumnElement[bool]:
    """Return the condition that the facts of an entry name a row by its number, which is always followed by a sign of JSON."""
    return or_(*(AuditEntry.facts.contains(f'"{key}": {number}{sign}') for sign in ",}"))


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """The filter of audit entries; None: no matter which."""

    since: datetime | None = None
    until: datetime | None = None
    people: Collection[int] | None = None
    verbs: Collection[str] | None = None
    reference: str | None = None
    """Of the request in which they were written, as a page of an error has it."""
    courses: Collection[int] | None = None
    places: Select[int] | None = None
    """Places, with everything below them."""
    scope: Collection[int] | None = None
    """All places that the reader audits; None: everything."""
    reader: Actor | None = None
    """Who reads them; None: an operator."""

    def conditions(self, session: Session) -> list[ColumnElement[bool]]:
        """Return them for a statement."""
        places = [places for places in (self.places, self.scope) if places is not None]
        return [
            *([AuditEntry.at >= self.since] if self.since else []),
            *([AuditEntry.at < self.until] if self.until else []),
            *([AuditEntry.verb.in_(self.verbs)] if self.verbs is not None else []),
            *([AuditEntry.request_id == self.reference] if self.reference is not None else []),
            *([_of_people(session, self.people)] if self.people is not None else []),
            *([AuditEntry.subject_kind.not_in(_private_kinds())] if self.people is not None and self.scope is not None else []),
            *([hides_no_report(self.reader)] if self.reader is not None else []),
            *([_of_courses(self.courses)] if self.courses is not None else []),
            *(_of_places(each) for each in places),
        ]


def _of_people(session: Session, people: Collection[int]) -> ColumnElement[bool]:
    """Return the condition on what people did, on what was done to them or changed something of theirs, and on lists with them."""
    own = [AuditEntry.actor_id.in_(people), *_subjects("person", lambda column: column.in_(people))]
    named = [_named("person", number) for number in people]
    lists = [AuditEntry.id.in_(access_log.select_list_entries(session, number)) for number in people]
    entries = union(*(select(AuditEntry.id).where(condition) for condition in (*own, or_(*named), *lists))).subquery()
    return and_(AuditEntry.id.in_(select(entries.c.id)), AuditEntry.verb.not_in(NAMELESS))


def _of_courses(courses: Collection[int]) -> ColumnElement[bool]:
    return or_(*_subjects("course", lambda column: column.in_(courses)), *(_named("course", number) for number in courses))


def _of_places(places: Select[int] | Collection[int]) -> ColumnElement[bool]:
    """Return the condition on acts on places and on their people.

    What was decided on objections is found by places alone: by person, it would say who objected (spec/selection 5.5).
    """
    of_places = _subjects("organisation", lambda column: column.in_(places), each=True)
    of_objectors = exists().where(Objection.group_id == AuditEntry.subject_id, in_places(_table("objection").c.person_id, places))
    return or_(
        *of_places,
        *_subjects("person", lambda column: in_places(column, places), each=True),
        and_(AuditEntry.subject_kind == ObjectionGroup.__tablename__, of_objectors),
    )


def audit_filter(session: Session, *, since: datetime | None, until: datetime | None, email: str | None) -> AuditFilter:
    """Return the filter of a command; raise NotFound where no account has the address."""
    person = find_person_by_email(session, email.strip().lower()) if email else None
    if email and person is None:
        raise NotFound(N_("No account has this email address."))
    return AuditFilter(since, until, [person.id] if person else None)


def note_export(session: Session, actor: Actor, selected: AuditFilter, *, now: datetime) -> None:
    """Write down that the log was exported, and which part."""
    audit.record(session, actor, AuditVerb.EXPORTED, None, now=now, since=selected.since, until=selected.until, people=selected.people)


def lines(session: Session, selected: AuditFilter) -> Iterator[str]:
    """Write the entries as CSV, the oldest first."""
    yield csv_line(COLUMNS)
    after = 0
    statement = select(AuditEntry).where(*selected.conditions(session)).order_by(AuditEntry.id).limit(1000)
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


_REFERENCE = re.compile(r"[0-9a-f]{16}")


class AuditFilterForm(Form):
    """A search in the audit log."""

    person = LineField(lazy_("Person who acted or was affected"), [Length(max=100)])
    act = LineField(lazy_("Act or reference"), [Length(max=60)])
    course = LineField(lazy_("Course"), [Length(max=100)])
    unit = LineField(lazy_("Institution or unit"), [Length(max=100)])
    since = DateField(lazy_("From"), [Optional()], format=DAYS, name="from")
    until = DateField(lazy_("To"), [Optional()], format=DAYS, name="to")

    def validate_since(self, field: DateField) -> None:
        """Refuse days that not every time zone can represent."""
        if field.data is not None and not FIRST_DAY <= field.data <= LAST_DAY:
            raise ValidationError(_("Enter a date between the years %(first)s and %(last)s.", first=FIRST_DAY.year, last=LAST_DAY.year))

    def validate_until(self, field: DateField) -> None:
        """Refuse also a last day before the first, which no entry could match."""
        self.validate_since(field)
        if field.data is not None and self.since.data is not None and field.data < self.since.data:
            raise ValidationError(_("The last day is before the first."))


def _chosen(session: Session, actor: Actor, form: AuditFilterForm) -> AuditFilter:
    """Return the filter that a form asks for, in the reader's days; where nothing is called as was typed, the form says so."""
    until = form.until.data and form.until.data + timedelta(days=1)
    typed = (form.act.data or "").strip().lower()
    reference = typed if _REFERENCE.fullmatch(typed) else None
    return AuditFilter(
        since=_midnight(form.since.data),
        until=_midnight(until),
        people=_people(session, form) if form.person.data else None,
        verbs=_verbs(session, form) if typed and reference is None else None,
        reference=reference,
        courses=_courses(session, form) if form.course.data else None,
        places=_places(session, form) if form.unit.data else None,
        scope=None if actor.is_administrator else get_training_scope(session, actor).auditor,
        reader=actor,
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), zone()) if day else None


def _people(session: Session, form: AuditFilterForm) -> Sequence[int]:
    """Return the people of a name, address, staff number or identity number, former names included."""
    typed = form.person.data or ""
    numbered = select(Employment.person_id).where(Employment.staff_number == typed)
    identified = select(NationalIdentity.person_id).where(NationalIdentity.number == typed)
    named = people_statement(typed, None).with_only_columns(Person.id)
    called = or_(*(Person.id.in_(statement) for statement in (named, numbered, identified)))
    people = session.scalars(select(Person.id).where(called).limit(MOST_FOUND + 1)).all()
    if len(people) > MOST_FOUND:
        form.refuse(form.person, _("Many people are called so. Enter more of the name, or the email address."))
    elif not people:
        form.refuse(form.person, _("No person has this name, address or number."))
    return people


def _verbs(session: Session, form: AuditFilterForm) -> list[str]:
    """Return the verbs whose words hold what was typed, or that begin with it."""
    typed = form.act.data or ""
    known = sorted({*audit_words.acts(), *(name.partition(" ")[0] for name in EVENTS), *course_log.list_verbs(_parts())})
    sentences = entries_in_words(session, [AuditEntry(at=clock.now(), verb=verb, facts="{}") for verb in known])
    verbs = [verb for verb, text in zip(known, sentences, strict=True) if fold(typed) in fold(text) or verb.startswith(typed.lower())]
    if not verbs:
        form.refuse(form.act, _("No act is called so. Enter a part of the words of the list, for example “certificate”."))
    return verbs


def _courses(session: Session, form: AuditFilterForm) -> list[int]:
    typed = fold(form.course.data or "")
    titles = session.execute(select(Course.id, Course.slug, Course.title))
    courses = [row.id for row in titles if typed == row.slug or any(typed in fold(title) for title in row.title.values())]
    if not courses:
        form.refuse(form.course, _("No course is called so."))
    return courses


def _places(session: Session, form: AuditFilterForm) -> Select[int]:
    typed = form.unit.data or ""
    called = or_(Organisation.name_key.contains(fold(typed), autoescape=True), Organisation.code == typed)
    if session.scalar(select(Organisation.id).where(called).limit(1)) is None:
        form.refuse(form.unit, _("No institution or unit is called so."))
    return below(select(Organisation.id).where(called))


def _parts() -> Sequence[course_log.LogPart]:
    return course_kinds().logs


def entries_in_words(session: Session, entries: Sequence[AuditEntry], titles: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Return each entry in words, its activity by title where one is given; '' of a verb that this program does not know."""
    return [
        event_words(line.verb, str(line.facts.get("role", "")))
        or course_log.find_sentence(line, _parts())
        or audit_words.act_words(line.verb)
        for line in course_log.titled(course_log.log_entries(session, entries), titles)
    ]


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row that the log names: how it is called, its address, and its person, course and place by number."""

    name: str
    uuid: UUID | None
    owners: Mapping[str, int | None]


Names = Mapping[tuple[str, int], NamedRow]


def name_rows(session: Session, rows: Iterable[tuple[str, int]]) -> dict[tuple[str, int], NamedRow]:
    """Return how rows are called, by their tables and numbers, in one statement a table; rows that are gone are left out."""
    numbers = defaultdict[str, set[int]](set)
    for kind, number in rows:
        numbers[kind].add(number)
    names = {}
    for kind in numbers.keys() & Base.metadata.tables.keys():
        columns = _table(kind).c
        called = PERSON_NAME if PERSON_NAME[0] in columns else [name for name in TITLES if name in columns][:1]
        owners = [_owner(kind, owner).label(f"of_{owner}") for owner in OWNERS]
        statement = select(columns.id, *(columns[name] for name in (*called, *(["uuid"] if "uuid" in columns else []))), *owners)
        for row in session.execute(statement.where(columns.id.in_(numbers[kind]))).mappings():
            name = " ".join(audit_words.plain(row[part]) for part in called).strip()
            names[kind, row["id"]] = NamedRow(name, row.get("uuid"), {owner: row[f"of_{owner}"] for owner in OWNERS})
    return names


@dataclass(frozen=True, slots=True)
class LogPage:
    """The names on a page of the log, and what its reader may open."""

    names: Names
    activities: Mapping[str, str]
    is_administrator: bool
    audited: Collection[int]
    """People whose records an auditor may open."""
    deletions: Mapping[tuple[str, int], int]
    """The entry by which a row was deleted: a later row may bear its number."""

    def name_of(self, kind: str, number: int) -> str:
        """Return how a row is called; '' of one that is gone."""
        row = self.names.get((kind, number))
        return self.activities.get(row.name, row.name) if row else ""

    def url_of(self, kind: str, number: int) -> str:
        """Return the address of a row's page; '' where the reader may open none."""
        row, links = self.names.get((kind, number)), {**LINKS, **(ADMINISTRATOR_LINKS if self.is_administrator else {})}
        is_hidden = kind == "person" and not self.is_administrator and number not in self.audited
        if row is None or row.uuid is None or kind not in links or is_hidden:
            return ""
        endpoint, name = links[kind]
        values: dict[str, Any] = {name: row.uuid}
        return url_for(endpoint, **values)

    def link(self, kind: str, number: int | None) -> tuple[str, str] | None:
        """Return the name and address of a person, course or place; None of none."""
        name = self.name_of(kind, number) if number is not None else ""
        return (name, self.url_of(kind, number)) if name and number is not None else None

    def subject(self, entry: AuditEntry) -> list[tuple[str, str]]:
        """Return the subject of an entry, and whose it is, each with its address."""
        if entry.subject_id is None or entry.subject_kind not in audit_words.nouns():
            return []
        subject, word = (entry.subject_kind, entry.subject_id), _(audit_words.nouns()[entry.subject_kind])
        row = self.names.get(subject)
        if row is None or entry.id <= self.deletions.get(subject, 0):
            return [(_("%(record)s, no longer kept", record=word), "")]
        name = self.name_of(entry.subject_kind, entry.subject_id)
        if self.is_private(entry):
            return [(f"{word} {entry.subject_id}", "")]
        own = (f"{word}: {name}" if name else word, self.url_of(entry.subject_kind, entry.subject_id))
        others = [owner for owner in OWNERS if owner != entry.subject_kind and entry.verb not in NAMELESS]
        links = [self.link(owner, row.owners[owner]) for owner in others]
        return [own, *(link for link in links if link)]

    def is_private(self, entry: AuditEntry) -> bool:
        """Return whether the reader learns of an entry's subject no more than its number, and nothing of who acted and how."""
        return not self.is_administrator and entry.subject_kind in _private_kinds()

    def line(self, entry: AuditEntry, sentence: str) -> dict[str, Any]:
        """Return an entry as the page shows it."""
        facts = {} if self.is_private(entry) else json.loads(entry.facts)
        is_nameless = self.is_private(entry) or entry.verb in NAMELESS
        by = None if is_nameless else self.link("person", entry.actor_id)
        return {
            "entry": entry,
            "is_nameless": is_nameless,
            "by": by,
            "via": audit_words.channel_words(entry.via),
            "words": sentence or entry.verb,
            "about": self.subject(entry),
            "facts": audit_words.FactWriter(self.name_of, self.activities).lines(entry.verb, facts),
            "json": json.dumps(_as_json(entry, facts, is_nameless=is_nameless), ensure_ascii=False, indent=1),
        }


def _as_json(entry: AuditEntry, facts: object, *, is_nameless: bool) -> dict[str, object]:
    """Return an entry as it is kept, without who acted where its reader does not learn it."""
    columns = {name: getattr(entry, {"actor": "actor_id", "request": "request_id"}.get(name, name)) for name in COLUMNS}
    hidden = {"actor": None, "address": ""} if is_nameless else {}
    return {**columns, "at": entry.at.isoformat(), "facts": facts, **hidden}


def _read_page(session: Session, actor: Actor, entries: Sequence[AuditEntry]) -> LogPage:
    """Return the names of all that entries are about: their subjects, whose these are, and what their facts name."""
    subjects = {(entry.subject_kind, entry.subject_id) for entry in entries if entry.subject_id is not None}
    actors = {("person", entry.actor_id) for entry in entries if entry.actor_id is not None}
    facts = {pair for entry in entries for pair in audit_words.named_in(entry.verb, json.loads(entry.facts))}
    names = name_rows(session, subjects | actors | facts)
    owners = {(owner, number) for row in names.values() for owner, number in row.owners.items() if number is not None}
    names |= name_rows(session, owners - names.keys())
    scope = get_training_scope(session, actor)
    places = {} if actor.is_administrator else list_training_places(session, [number for kind, number in names if kind == "person"])
    audited = {person for person, theirs in places.items() if scope.auditor_of(theirs)}
    activities = course_log.list_activity_titles(session, {number for kind, number in names if kind == "course"})
    return LogPage(names, activities, actor.is_administrator, audited, _deletions(session, subjects))


def _deletions(session: Session, subjects: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
    """Return the newest entries by which rows were deleted; people stay, without their names."""
    about = tuple_(AuditEntry.subject_kind, AuditEntry.subject_id)
    statement = (
        select(AuditEntry.subject_kind, AuditEntry.subject_id, func.max(AuditEntry.id))
        .where(about.in_(subjects), AuditEntry.verb.endswith(".deleted"), AuditEntry.subject_kind != Person.__tablename__)
        .group_by(AuditEntry.subject_kind, AuditEntry.subject_id)
    )
    return {(kind, number): newest for kind, number, newest in session.execute(statement) if number is not None}


@bp.get("")
@requires(SiteAction.VIEW_AUDIT)
def log() -> Answer:
    """Show the audit log, the newest first, those entries that are asked for: to auditors, those of their places."""
    session, actor, paging = current_session(), current_actor(), requested_page(ROWS)
    form = AuditFilterForm(request.args)
    is_sound = form.validate()
    selected = _chosen(session, actor, form) if is_sound else None
    entries: Sequence[AuditEntry] = []
    if selected is not None and not form.errors:
        statement = select(AuditEntry).where(*selected.conditions(session)).order_by(AuditEntry.id.desc())
        entries = session.scalars(statement.offset(paging.offset).limit(ROWS + 1)).all()
    names = _read_page(session, actor, entries)
    sentences = entries_in_words(session, entries, names.activities)
    return page(
        "lms/audit.html",
        page=paging.of([names.line(*each) for each in zip(entries, sentences, strict=True)]),
        form=form,
        fields={field.name: request.args[field.name] for field in form if request.args.get(field.name)},
        sealed_until=session.scalar(select(func.max(audit.AuditSeal.last_id))) or 0,
    )
