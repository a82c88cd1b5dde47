"""Words of the audit log: acts that no package says in a sentence of its own, what they are about, and their facts."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from communities.members import ROLE_NAMES
from communities.models import PARTS
from communities.panels import GROUP_REACHES, LEVELS, REACHES
from courses.log import ROLES
from discussions.moderation import CLASSES
from kernel.audit import labels
from kernel.codes import printed_code
from kernel.db import Base
from kernel.errors import N_
from kernel.i18n import _, choose, format_date, format_datetime, number, trimmed
from lms import own_data
from selections import wording

FORMER_ACTS = {"certificate.review_settled": N_("Settled a certificate review")}
"""Acts that are recorded no more; entries that earlier versions wrote have them."""


@cache
def acts() -> Mapping[str, str]:
    """Return the words of acts by verb, of those whose package says no sentence of its own; not yet translated."""
    return {**FORMER_ACTS, **labels()}


def act_words(verb: str) -> str:
    """Return an act in words, '' of one that is not listed."""
    return _(acts()[verb]) if verb in acts() else ""


@cache
def nouns() -> Mapping[str, str]:
    """Return what the rows are called that acts are about, by table; not yet translated."""
    models = (mapper.class_ for mapper in Base.registry.mappers)
    return {model.__tablename__: model.noun for model in models if model.noun}


FACTS: Mapping[str, str] = {
    "authentication": N_("How this site proves who it is"),
    "claims": N_("Claims"),
    "client_id": N_("Client ID"),
    "creates": N_("Who is not known gets an account"),
    "domains": N_("The institution’s own domains"),
    "factor_values": N_("Values that stand for a second step"),
    "fault": N_("Fault"),
    "instructor_groups": N_("Groups whose people are instructors"),
    "issuer": N_("Issuer"),
    "local_password": N_("Who came in so may also choose a password here"),
    "provider": N_("Identity provider"),
    "refusal": N_("Refused because"),
    "scopes": N_("Scopes"),
    "secret": N_("Client secret"),
    "sessions": N_("Sessions"),
    "sources": N_("What follows the provider at each sign-in"),
    "uses_object_id": N_("Microsoft Entra: know people by tenant and object"),
    "uses_userinfo": N_("Ask the provider for more about the person (userinfo)"),
    "accounts": N_("Accounts"),
    "achieved": N_("Completed on"),
    "acta": N_("Acta"),
    "activities": N_("Activities"),
    "activity": N_("Activity"),
    "added": N_("Added"),
    "after": N_("Value"),
    "approved": N_("Approved"),
    "approved_by": N_("Approved by"),
    "asks": N_("Each learner is asked"),
    "attempts": N_("Attempts"),
    "author": N_("Author"),
    "bank": N_("Question bank"),
    "basis": N_("How a renewal counts"),
    "before": N_("Before"),
    "board": N_("Board"),
    "break_seconds": N_("Breaks, seconds"),
    "bundle": N_("Bundle"),
    "by": N_("By"),
    "bytes": N_("Size, bytes"),
    "capacity": N_("Places"),
    "category": N_("Category"),
    "cause": N_("Cause"),
    "certificates": N_("Certificates"),
    "changed": N_("Changed"),
    "class": N_("Kind of reason"),
    "closed": N_("Closed account"),
    "closes_at": N_("Closes"),
    "code": N_("Code"),
    "comments": N_("Comments"),
    "community": N_("Community"),
    "completed": N_("Have completed it"),
    "contact_email": N_("Email for questions"),
    "count": N_("How many"),
    "counts_from": N_("What was completed counts from"),
    "course": N_("Course"),
    "courses": N_("Courses"),
    "day": N_("Day"),
    "days": N_("Days"),
    "deadline": N_("Deadline"),
    "decision": N_("Decision"),
    "deleted": N_("Removed"),
    "differing": N_("Different"),
    "done": N_("Done"),
    "due": N_("Due"),
    "edition": N_("Edition"),
    "effective": N_("In effect from"),
    "ended": N_("Ended"),
    "ending": N_("How it ended"),
    "endpoint": N_("Page"),
    "ends": N_("Applies until"),
    "ends_at": N_("Ends"),
    "enrolment": N_("Enrolment"),
    "enrols_from": N_("Enrolment from"),
    "enrols_until": N_("Enrolment until"),
    "entered_on": N_("Day of entry"),
    "everywhere": N_("All sessions"),
    "existing": N_("People who completed an earlier version"),
    "export": N_("Copy of the community"),
    "extra_attempts": N_("Further attempts"),
    "factor": N_("Time, times"),
    "faults": N_("Faults"),
    "faulty": N_("Lines with faults"),
    "fields": N_("Fields"),
    "file": N_("File"),
    "files": N_("Files"),
    "format": N_("Format"),
    "former": N_("Before"),
    "former_name": N_("Former name"),
    "from": N_("From"),
    "front_texts": N_("Text of the front page"),
    "gained": N_("Learners who pass now"),
    "gap": N_("Days of absence that do not interrupt"),
    "gone": N_("Removed files"),
    "grace": N_("Days of grace"),
    "grade": N_("Grade"),
    "ground": N_("Ground"),
    "group": N_("Group"),
    "head": N_("Head of the unit"),
    "heir": N_("Further enrolment"),
    "identities": N_("With identity numbers"),
    "idle": N_("Days without activity"),
    "invitation": N_("Invitation"),
    "kept": N_("Account that stays"),
    "key": N_("Key"),
    "kind": N_("Kind"),
    "kinds": N_("Kinds"),
    "language": N_("Language"),
    "last": N_("Last day"),
    "learners": N_("Learners"),
    "level": N_("Privacy"),
    "limit_seconds": N_("Time limit, seconds"),
    "line": N_("Line"),
    "lines": N_("Lines"),
    "link": N_("Link"),
    "list": N_("List"),
    "lost": N_("Learners who pass no longer"),
    "lowest_versions": N_("Lowest versions that count"),
    "made": N_("New"),
    "marks": N_("Marks"),
    "maximum": N_("Maximum"),
    "members_write": N_("Members write pages too, not the administrators alone"),
    "message": N_("By email"),
    "method": N_("Method"),
    "minimum": N_("Valid at least"),
    "minutes": N_("Minutes"),
    "months": N_("Months"),
    "moved": N_("Moved"),
    "moves": N_("Moves to it"),
    "name": N_("Name"),
    "nature": N_("Kind of change"),
    "needed": N_("Needed"),
    "new": N_("New value"),
    "next": N_("Next"),
    "note": N_("Note"),
    "notice": N_("Days of notice"),
    "notifies": N_("Notified"),
    "number": N_("Number"),
    "obligation": N_("Compulsory training"),
    "obligations": N_("Compulsory trainings"),
    "old": N_("Old value"),
    "on": N_("As of"),
    "only_open": N_("Only those who have not completed it"),
    "opens_at": N_("Opens"),
    "organisation": N_("Institution or unit"),
    "organisation_id": N_("Institution or unit"),
    "origin": N_("From where"),
    "outcome": N_("Outcome"),
    "overruled": N_("In place of the automatic mark"),
    "own": N_("Own result"),
    "owner": N_("Who answers for it"),
    "page": N_("Page"),
    "parent": N_("Under"),
    "people": N_("People"),
    "person": N_("Person"),
    "person_id": N_("Person"),
    "picture": N_("Picture"),
    "place": N_("Question"),
    "plan": N_("Plan"),
    "policy": N_("Which marks count"),
    "post": N_("Number of the post"),
    "preview": N_("Preview"),
    "proposal": N_("Proposal"),
    "province": N_("Province"),
    "publish_at": N_("To be published"),
    "purpose": N_("What for"),
    "question": N_("Question"),
    "questions": N_("Questions"),
    "reach": N_("Who finds it"),
    "reached": N_("Reached"),
    "reason": N_("Reason"),
    "reason_class": N_("Kind of reason"),
    "recorded": N_("Recorded"),
    "records": N_("Completions"),
    "remark": N_("Remark"),
    "removed": N_("Removed"),
    "reports": N_("Reports of the post"),
    "request": N_("Request"),
    "requirement": N_("What they have to complete"),
    "retroactive": N_("Applies from before it was recorded"),
    "revision": N_("Revision of the draft"),
    "revoked": N_("Revoked at"),
    "rewritten": N_("Rewritten rules"),
    "role": N_("Role"),
    "rule": N_("Rule"),
    "rules": N_("Rules"),
    "scope": N_("For whom"),
    "seals": N_("Seals"),
    "selection": N_("Selection"),
    "self_enrolment": N_("People enrol themselves"),
    "server": N_("Server"),
    "sets_closes": N_("Changes the closing"),
    "sets_opens": N_("Changes the opening"),
    "sha256": N_("Digest (SHA-256)"),
    "shows_institution": N_("Shows their institution"),
    "signed": N_("Signed"),
    "since": N_("From"),
    "size": N_("Size, bytes"),
    "slug": N_("Address"),
    "source": N_("Source"),
    "staff_number": N_("Staff number"),
    "starts": N_("Begins on"),
    "starts_at": N_("Begins"),
    "take": N_("Take"),
    "texts": N_("Texts"),
    "thread": N_("Thread"),
    "title": N_("Title"),
    "to": N_("To"),
    "topic": N_("Topic"),
    "transition": N_("Days to take it again"),
    "turned_entries": N_("Entries of the menus that are turned on or off"),
    "unit": N_("Unit"),
    "unsound": N_("Certificates that lose it"),
    "until": N_("Until"),
    "validity": N_("Valid for"),
    "version": N_("Version"),
    "was": N_("Before"),
    "weight": N_("Weight"),
    "what": N_("What"),
    "window": N_("Renewal window in days"),
    "words": N_("Words"),
    "zone": N_("Time zone"),
}
"""The facts of entries, by their keys; another key is shown as it is kept."""
CHANGES = (
    *(("before", "after"), ("old", "new"), ("old_name", "name"), ("former_name", "name"), ("old_code", "code")),
    *(("old_zone", "zone"), ("old_parent", "parent"), ("old", "organisation"), ("was", "rule"), ("was", "rules"), ("former", "role")),
    *((f"former_{name}", name) for name in ("topic", "language", "reach", "level", "organisation_id", "slug")),
)
"""Keys of what was, and of what it is now."""
TABLES: Mapping[str, str] = {
    **dict.fromkeys(
        ("person", "person_id", "author", "owner", "approved_by", "closed", "kept", "certificate.called_replaced by"), "person"
    ),
    **dict.fromkeys(
        ("organisation", "organisation_id", "former_organisation_id", "unit", "parent", "old_parent", "membership.placed old"),
        "organisation",
    ),
    **dict.fromkeys(("certificate.replaced by", "certificate.renewed by"), "credential"),
    **dict.fromkeys(("account.profile_changed name", "former_name", "account.name_corrected name"), "person_name"),
    **dict.fromkeys(
        ("obligation.reminder_requested place", "membership.further_changed added", "membership.further_changed ended"), "organisation"
    ),
    "course": "course",
    "provider": "identity_provider",
    "edition": "edition",
    "group": "learner_group",
    "selection": "selection",
    "enrolment.moved version": "course_version",
    "objection.opened group": "objection_group",
}
"""The tables of the rows that facts name by number, by the key or by the verb and the key."""
PEOPLE_LISTS = frozenset({"added", "removed", "people", "marks"})
"""Facts that list people by number, some with what was and what is; a number alone says how many they are."""
NAMED_BY_REASON = (
    *("membership.placed", "unit_manager.named", "unit_manager.ended", "training_grant.given", "training_grant.ended"),
    *("institution_administrator.given", "institution_administrator.ended"),
)
"""Verbs of which older entries keep the name of the institution or unit as `reason`."""
LABELS: Mapping[str, str] = {
    "obligation.reminder_requested place": N_("Institution or unit"),
    "objection.opened group": N_("Objections to a question"),
    **dict.fromkeys((f"{verb} reason" for verb in NAMED_BY_REASON), N_("Name")),
}
"""Labels of facts that one verb keeps under the key of another."""
LINKS: Mapping[str, str] = {
    "course": N_("Courses"),
    "related": N_("Related communities"),
    "supporter": N_("Sponsors and champions"),
    "tool": N_("Tools"),
}
"""What the front page of a community leads to."""
VALUES: Mapping[str, Mapping[Any, str]] = {
    "role": {**ROLE_NAMES, **own_data.ROLES, **ROLES, "officer": N_("Training officer")},
    "level": LEVELS,
    "reach": {**GROUP_REACHES, **REACHES},
    "texts": PARTS,
    "class": CLASSES,
    **dict.fromkeys(("added", "moved", "removed"), LINKS),
    "fields": FACTS,
    "basis": {
        "expiry": N_("From the day on which it would have expired"),
        "completion": N_("From the day on which it is done again"),
    },
    "existing": {"keep": N_("What they completed counts"), "again": N_("They take the course again")},
    "origin": {
        "imported": N_("Imported"),
        "merged": N_("Merged with what was changed meanwhile"),
        "edited": N_("Edited"),
        "restored": N_("Restored"),
    },
    "scope": {"person": N_("One person"), "group": N_("One group"), "everyone": N_("Everyone")},
    "list": own_data.PURPOSES,
    "purpose": {
        "record": N_("The account and its courses"),
        "progress": N_("The progress in a course"),
        "answers": N_("The answers"),
        "evidence": N_("A waiver or recognition"),
        "copy": N_("A copy of everything"),
        "found": N_("A search for people to enrol"),
        "training": N_("The compulsory training"),
        "transcript": N_("The transcript"),
    },
    "changed": {
        "given_names": N_("Given names"),
        "first_surname": N_("First surname"),
        "second_surname": N_("Second surname"),
        "language": N_("Language"),
        "zone": N_("Time zone"),
        "theme": N_("Theme"),
        "national_id": N_("Identity number"),
    },
    "reason_class": {
        "name": N_("The person's name was corrected"),
        "data": N_("Another detail was wrong"),
        "template": N_("The design of the certificate was corrected"),
        "merged": N_("The person's accounts were merged"),
        "issued_by_mistake": N_("It was issued by mistake"),
        "conditions_not_met": N_("The course's requirements were not met"),
        "irregularity": N_("Irregularity in the course or the assessment"),
        "on_request": N_("At the holder's request"),
    },
    "kind": {
        "same": N_("Regraded with the same version"),
        "other": N_("Regraded with another version"),
        "full_credit": N_("Voided: full marks for everyone"),
        "removed": N_("Voided: left out of the total"),
        "void_unless_lower": N_("Voided: left out only where that lowers no mark"),
        "people": N_("People"),
        "units": N_("Units"),
    },
    "policy": {
        "replace": N_("The new marks replace the old ones"),
        "keep_best": N_("For each question, the better mark counts"),
        "only_raise": N_("New marks only in attempts whose total goes up"),
    },
    "outcome": {**wording.PROPOSALS, **wording.INCIDENT_OUTCOMES},
    "ground": wording.GROUNDS,
    "refusal": {
        "unknown_person": N_("No account was recognised"),
        "address_not_proven": N_("The provider does not confirm the address"),
        "several_people": N_("Two accounts were recognised"),
        "linked_elsewhere": N_("The account is linked with another one of the institution"),
        "account_closed": N_("The account is closed"),
        "own_proof_needed": N_("The account has a role over others and is not linked yet"),
        "provider_refused_site": N_("The provider refused this site"),
        "time": N_("The clocks differ"),
    },
    "sources": {"names": N_("Names"), "email": N_("Email address"), "language": N_("Language")},
    "nature": {"correction": N_("Correction"), "improvement": N_("Improvement")},
}
"""The words of values that come from a list, by the key."""
CHANNELS: Mapping[str, str] = {"web": N_("on the site"), "cli": N_("on the command line"), "job": N_("by a background job")}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,12}|E[-+]\d+)")


def channel_words(via: str) -> str:
    """Return through what somebody acted."""
    return _(CHANNELS[via]) if via in CHANNELS else via


def plain(value: object) -> str:
    """Return what a row is called by the value of a column: a text by language, a code, a number, or nothing."""
    if isinstance(value, Mapping):
        return choose(value)
    text = "" if value is None else str(value)
    return printed_code(text) if len(text) == 16 and text.isalnum() and text.isupper() else text


def _table_of(verb: str, key: str) -> str:
    return TABLES.get(f"{verb} {key}") or TABLES.get(key, "")


def named_in(verb: str, facts: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    """Yield the rows that the facts of an entry name, by their tables and numbers."""
    for key, value in facts.items():
        kind = _table_of(verb, key)
        if kind and isinstance(value, int):
            yield kind, value
        elif isinstance(value, list) and (kind or key in PEOPLE_LISTS):
            rows = (each[0] if isinstance(each, list) and each else each for each in value)
            yield from ((kind or "person", row) for row in rows if isinstance(row, int))


@dataclass(frozen=True, slots=True)
class FactWriter:
    """Writes the facts of entries in words, with the names of rows and the titles of activities that a page of the log has."""

    name_of: Callable[[str, int], str]
    """By table and number; '' of a row that is gone."""
    activities: Mapping[str, str]

    def lines(self, verb: str, facts: Mapping[str, object]) -> list[tuple[str, str]]:
        """Return what an entry says besides its sentence: label and text of each fact, what was and what is in one line.

        What is empty, or is not so, is left out.
        """
        left: dict[str, object] = dict(facts)
        changes: list[tuple[str, str]] = []
        for before, after in CHANGES:
            if before in left and after in left:
                changes += self._change(verb, before, left.pop(before), after, left.pop(after))
        rest = ((key, value) for key, value in left.items() if value not in (None, False, "", [], {}))
        return [*changes, *((_label(verb, key), self.text(verb, key, value)) for key, value in rest)]

    def _change(self, verb: str, before: str, old: object, after: str, new: object) -> Iterator[tuple[str, str]]:
        if isinstance(old, dict) and isinstance(new, dict):
            for key in new:
                yield from self._change(verb, key, old.get(key), key, new[key])
        elif old != new:
            yield _label(verb, after), f"{self.text(verb, before, old)} → {self.text(verb, after, new)}"

    def text(self, verb: str, key: str, value: object) -> str:
        """Return a fact in words: rows by name, days and numbers as people write them, choices from a list as their pages say them."""
        if value is None or value == "None":
            return "–"
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(value, dict):
            return "; ".join(f"{_label(verb, part)}: {self.text(verb, part, each)}" for part, each in value.items())
        if isinstance(value, list):
            is_of_people = key in PEOPLE_LISTS and not _table_of(verb, key)
            return ", ".join(self._person(verb, each) if is_of_people else self.text(verb, key, each) for each in value)
        if isinstance(value, int):
            kind = _table_of(verb, key)
            return (kind and self.name_of(kind, value)) or number(value)
        choice = VALUES.get("role" if key == "former" else key.removeprefix("former_"), {}).get(str(value), "")
        return _(choice) if choice else self.activities.get(str(value)) or _localised(str(value))

    def _person(self, verb: str, each: object) -> str:
        """Return an item of a list of people: the name, and of marks what it was and what it is."""
        person, *marks = each if isinstance(each, list) else [each]
        name = (isinstance(person, int) and self.name_of("person", person)) or str(person)
        return f"{name}: {' → '.join(self.text(verb, '', mark) for mark in marks)}" if marks else name


def _label(verb: str, key: str) -> str:
    label = LABELS.get(f"{verb} {key}") or FACTS.get(key)
    return _(label) if label else key


def _localised(value: str) -> str:
    """Return a text with its day, moment or decimal number as readers write it."""
    try:
        if _MOMENT.fullmatch(value):
            return format_datetime(datetime.fromisoformat(value), "short")
        if _DAY.fullmatch(value):
            return format_date(date.fromisoformat(value), "short")
        return number(trimmed(Decimal(value))) if _DECIMAL.fullmatch(value) else value
    except ValueError:
        return value
