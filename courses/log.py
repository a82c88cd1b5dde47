"""Reads what the audit log says of a course, and puts its entries into sentences."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, union
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import AccountVerb
from courses.audit_verbs import CourseVerb
from courses.models import STAFF_ROLES, Activity, Course
from kernel.audit import AuditEntry, labels
from kernel.errors import N_
from kernel.i18n import _, choose, ngettext
from kernel.own_records import RecordVerb


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An act in a course's log; `by` is empty where the system or the command line did it."""

    at: datetime
    by: str
    verb: str
    facts: Mapping[str, object]
    person: str
    """The name of the person whom the facts speak of, where they do."""
    names: Mapping[int, str] = field(default_factory=dict)
    """Those of the first people of its marks, by their numbers."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """A package's addition to the course log: which entries belong to a course, and the sentence for each verb."""

    entries: Callable[[int], Sequence[ColumnElement[bool]]]
    sentences: Mapping[str, Callable[[LogEntry], str]]


def list_log(session: Session, course_id: int, parts: Sequence[LogPart], *, offset: int, limit: int) -> list[LogEntry]:
    """List what the audit log says of a course and of what belongs to it, the newest first."""
    begun = select(Course.created_at).where(Course.id == course_id).scalar_subquery()  # the number of a deleted one may be given again
    own = (AuditEntry.subject_kind == Course.__tablename__) & (AuditEntry.subject_id == course_id) & (AuditEntry.at >= begun)
    own &= AuditEntry.verb != AccountVerb.LIST_LOOKED_AT.value  # told to those who stand in the list
    conditions = [own, *(condition for part in parts for condition in part.entries(course_id))]
    entries = union(*(select(AuditEntry.id).where(condition) for condition in conditions)).subquery()
    statement = select(AuditEntry).where(AuditEntry.id.in_(select(entries.c.id))).order_by(AuditEntry.id.desc())
    entries_of_page = log_entries(session, session.scalars(statement.offset(offset).limit(limit)))
    return titled(entries_of_page, list_activity_titles(session, [course_id]))


def list_activity_titles(session: Session, courses: Collection[int]) -> dict[str, str]:
    """Return the titles of the activities of published courses, by their keys."""
    statement = select(Activity.key, Activity.title).join(Course, Course.published_version_id == Activity.version_id)
    return {row.key: choose(row.title) for row in session.execute(statement.where(Course.id.in_(courses)))} if courses else {}


def titled(entries: Iterable[LogEntry], titles: Mapping[str, str]) -> list[LogEntry]:
    """Return entries with the titles of their activities in place of the keys; the key of one that is gone stays."""
    return [
        replace(entry, facts={**entry.facts, "activity": titles[str(entry.facts["activity"])]})
        if str(entry.facts.get("activity")) in titles
        else entry
        for entry in entries
    ]


def find_last_entry(session: Session, course_id: int, verb: str) -> LogEntry | None:
    """Return the last thing of a kind that was done to a course."""
    statement = (
        select(AuditEntry)
        .where(AuditEntry.subject_kind == Course.__tablename__, AuditEntry.subject_id == course_id, AuditEntry.verb == verb)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return next(iter(log_entries(session, session.scalars(statement))), None)


def log_entries(session: Session, entries: Iterable[AuditEntry]) -> list[LogEntry]:
    """Return entries of the audit log with the names of those who acted and of whom their facts speak."""
    rows = [(row, json.loads(row.facts)) for row in entries]
    person_ids = {
        number for row, facts in rows for number in (row.actor_id, facts.get("person"), *_marked(facts)) if isinstance(number, int)
    }
    people = session.scalars(select(Person).where(Person.id.in_(person_ids))) if person_ids else ()
    names = {person.id: person.full_name for person in people}
    return [
        LogEntry(
            row.at,
            names.get(row.actor_id or 0, ""),
            row.verb,
            facts,
            names.get(facts.get("person", 0), ""),
            names={number: names[number] for number in _marked(facts) if number in names},
        )
        for row, facts in rows
    ]


NAMED = 20
"""People whose marks an entry names; it counts the others."""


def _marked(facts: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the first people whose marks an entry speaks of."""
    marks = facts.get("marks")
    return [mark[0] for mark in marks[:NAMED] if mark and isinstance(mark[0], int)] if isinstance(marks, list) else []


ROLE_HINTS: Mapping[str, str] = {
    "owner": N_("Edits and publishes, and decides who is in the team."),
    "editor": N_("Edits and publishes."),
    "grader": N_("Marks answers; sees the course and its results."),
}


def sentence(entry: LogEntry, parts: Sequence[LogPart] = ()) -> str:
    """Return the sentence that describes a log entry; the words of its verb where no package says more."""
    label = labels().get(entry.verb)
    return find_sentence(entry, parts) or (_(label) if label else _("Other action: %(verb)s", verb=entry.verb))


def find_sentence(entry: LogEntry, parts: Sequence[LogPart] = ()) -> str | None:
    """Return the sentence of an act, None of those for which courses and the packages above have none."""
    write = next(
        (sentences[entry.verb] for sentences in (_SENTENCES, *(part.sentences for part in parts)) if entry.verb in sentences), None
    )
    return None if write is None else write(entry)


def list_verbs(parts: Sequence[LogPart]) -> set[str]:
    """Return the verbs for which courses and the packages above have a sentence."""
    return {str(verb) for sentences in (_SENTENCES, *(part.sentences for part in parts)) for verb in sentences}


def _role(entry: LogEntry) -> str:
    role = str(entry.facts.get("role", ""))
    return _(STAFF_ROLES[role]) if role in STAFF_ROLES else role


def _saved(entry: LogEntry) -> str:
    changed, gone = (int(str(entry.facts.get(name, 0) or 0)) for name in ("changed", "gone"))
    written = changed or len(list(entry.facts.get("files") or []))  # type: ignore[call-overload]  # a list in JSON
    counted = ngettext("Saved %(count)s file of the draft", "Saved %(count)s files of the draft", written)
    removed = ngettext("removed %(count)s", "removed %(count)s", gone)
    return f"{counted}, {removed}" if gone else counted


def _published(entry: LogEntry) -> str:
    number = entry.facts.get("version", "")
    if entry.facts.get("asks"):
        return _("Published version %(number)s; each learner chooses", number=number)
    if entry.facts.get("nature") == "correction":
        return _("Published version %(number)s as a correction", number=number)
    return _("Published version %(number)s as an improvement", number=number)


def _staffed(entry: LogEntry) -> str:
    if entry.facts.get("before"):
        return _("Made %(person)s %(role)s of the course", person=entry.person, role=_role(entry))
    return _("Added %(person)s to the team as %(role)s", person=entry.person, role=_role(entry))


def _remark(text: str, entry: LogEntry) -> str:
    remark = entry.facts.get("remark")
    return f"{text}: {remark}" if remark else text


_SENTENCES: Mapping[str, Callable[[LogEntry], str]] = {
    RecordVerb.LEFT_OUT: lambda _entry: _("Left their own record out of a bulk action; a colleague has to apply it"),
    CourseVerb.CREATED: lambda _entry: _("Created the course"),
    CourseVerb.ARCHIVED: lambda entry: _("Archived the course: %(reason)s", reason=entry.facts.get("reason", "")),
    CourseVerb.BROUGHT_BACK: lambda entry: _("Restored the course: %(reason)s", reason=entry.facts.get("reason", "")),
    CourseVerb.DRAFT_SAVED: _saved,
    CourseVerb.DRAFT_KEPT: lambda _entry: _("Saved the draft as it was"),
    CourseVerb.PUBLISHED: _published,
    CourseVerb.CHANGES_TOLD: lambda entry: _("Notified learners affected by version %(number)s", number=entry.facts.get("version", "")),
    CourseVerb.STAFF_ADDED: _staffed,
    CourseVerb.STAFF_REMOVED: lambda entry: _("Removed %(person)s from the team", person=entry.person),
    CourseVerb.STAFF_INVITED: lambda entry: _("Invited someone to the team as %(role)s", role=_role(entry)),
    CourseVerb.INVITATION_WITHDRAWN: lambda _entry: _("Withdrew an invitation to the team"),
    CourseVerb.APPROVAL_SWITCHED: lambda entry: (
        _("Turned on approval of publications by a second person")
        if entry.facts.get("needed")
        else _("Turned off approval of publications by a second person")
    ),
    CourseVerb.PUBLICATION_ASKED: lambda _entry: _("Requested approval of a publication"),
    CourseVerb.PUBLICATION_PLANNED: lambda _entry: _("Planned a publication for later"),
    CourseVerb.PUBLICATION_APPROVED: lambda entry: _remark(_("Approved a publication"), entry),
    CourseVerb.PUBLICATION_REFUSED: lambda entry: _remark(_("Rejected a publication"), entry),
    CourseVerb.PUBLICATION_WITHDRAWN: lambda _entry: _("Withdrew a planned publication"),
    CourseVerb.PUBLICATION_VOID: lambda _entry: _(
        "A planned publication was cancelled: the draft had changed or did not pass its check, the person "
        "who planned it could no longer publish, or the course was archived"
    ),
    "course.learners_moved": lambda entry: ngettext(
        "Moved %(count)s learner to a newer version",
        "Moved %(count)s learners to a newer version",
        int(str(entry.facts.get("learners", 0))),
    ),
}
