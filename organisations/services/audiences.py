"""Verbs of audiences: make and change their rules, keep lists of people, and record who is in on which days."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel import audit
from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import choose, site_locale
from kernel.permissions import Actor
from organisations.audience_rules.tree import RuleNode, StayDays, find_stays, references
from organisations.audience_rules.yaml_text import write_yaml
from organisations.models import (
    Audience,
    AudienceList,
    AudienceListEntry,
    AudienceReference,
    AudienceStayRecord,
    AudienceVersion,
    Organisation,
)
from organisations.queries import audiences as queries
from organisations.queries.audience_uses import list_uses

PORTION = 500
"""People whose stays are written in one transaction (spec/compulsory K2)."""


class AudienceVerb(StrEnum):
    """The audit-log verbs of audiences and their lists."""

    MADE = "audience.made"
    CHANGED = "audience.changed"
    DELETED = "audience.deleted"
    LIST_CHANGED = "audience_list.changed"
    LIST_DELETED = "audience_list.deleted"


class AudienceKeyConflict(Conflict):
    """Two audiences or two lists would have one key."""

    code = "audience_key_taken"
    message = N_("Another audience or list has this key.")


class AudienceEditConflict(Conflict):
    """The rule was changed since it was opened."""

    code = "audience_changed"
    message = N_("Someone else changed this rule while you were editing. Compare both and save again.")


class RuleFromBefore(Conflict):
    """A rule that holds from a day before today was approved by nobody but its author."""

    code = "rule_from_before"
    message = N_("A rule that applies from a day before today needs a second person.")


class ReasonRequired(Invalid):
    """A change that reaches back, or may concern many people, says why it is made."""

    code = "reason_required"
    message = N_("Give the reason: this change applies from a day before today, or may affect many people.")


class NamedByAudiences(Conflict):
    """Rules of audiences name what should be deleted or renamed."""

    code = "named_by_audiences"
    message = N_("Audience rules use it: %(audiences)s. Change these rules first.")


class AudienceInUse(Conflict):
    """Compulsory trainings or courses name the audience that should be deleted."""

    code = "audience_in_use"
    message = N_("It is in use: %(titles)s. Let these name another audience first.")


@dataclass(frozen=True, slots=True)
class AudienceRuleValues:
    """A version of a rule as somebody wants it: from which day on, why, and the number of the version they saw."""

    rule: RuleNode
    effective_on: date
    reason: str = ""
    seen: int = 0


def today_of(now: datetime) -> date:
    """Return the institution's day."""
    return now.astimezone(site_locale().zone).date()


def make_audience(
    session: Session,
    actor: Actor,
    institution: Organisation,
    key: str,
    title: Mapping[str, str],
    values: AudienceRuleValues,
    *,
    now: datetime,
) -> Audience:
    """Add an audience with its first rule; raise AudienceKeyConflict, and RuleFromBefore where it would hold from a day before today."""
    if queries.find_audience(session, key) is not None:
        raise AudienceKeyConflict
    row = Audience(institution_id=institution.id, key=key, title=dict(title), latest=0, created_at=now)
    session.add(row)
    session.flush()  # the version names it
    _add_version(session, actor, row, values, now=now)
    facts = {"effective": values.effective_on.isoformat(), "rule": write_yaml(values.rule)}
    audit.record(session, actor, AudienceVerb.MADE, row, now=now, key=key, reason=values.reason, **facts)
    return row


def propose_audience(
    session: Session,
    actor: Actor,
    institution: Organisation,
    key: str,
    title: Mapping[str, str],
    values: AudienceRuleValues,
    *,
    now: datetime,
) -> tuple[Audience, UUID | None]:
    """Add an audience from today on; that its rule holds from a day before is planned, and waits for a second person.

    Return it with what names the planned change, if there is one. Raise AudienceKeyConflict or ReasonRequired.
    """
    today = today_of(now)
    if values.effective_on < today and not values.reason:
        raise ReasonRequired
    present = replace(values, effective_on=max(today, values.effective_on))
    row = make_audience(session, actor, institution, key, title, present, now=now)
    if values.effective_on >= today:
        return row, None
    session.flush()  # the plan compares with the first version
    return row, plan_rule(session, actor, row, replace(values, seen=row.latest), now=now)


def change_rule(
    session: Session,
    actor: Actor,
    audience: Audience,
    values: AudienceRuleValues,
    *,
    author_id: int | None = None,
    approved_by: int | None = None,
    now: datetime,
) -> bool:
    """Add a version of the rule, the actor's or that of its author; return whether anything is new.

    Raise AudienceEditConflict where another was saved meanwhile, RuleFromBefore where it holds from a day before today and nobody else
    approved it.
    """
    row = session.get_one(Audience, audience.id, with_for_update=True, populate_existing=True)
    newest = queries.list_versions(session, row.id)[-1]
    is_same = newest.rule == write_yaml(values.rule) and newest.effective_on == values.effective_on
    if is_same:
        return False
    if row.latest != values.seen:
        raise AudienceEditConflict
    _add_version(session, actor, row, values, author_id=author_id, approved_by=approved_by, now=now)
    author = actor.person_id if author_id is None else author_id
    facts = {"author": author, "effective": values.effective_on.isoformat(), "was": newest.rule, "rule": write_yaml(values.rule)}
    audit.record(session, actor, AudienceVerb.CHANGED, row, now=now, version=row.latest, reason=values.reason, **facts)
    return True


RulePlanner = Callable[[Session, Actor, Audience, AudienceRuleValues, datetime], "UUID | None"]
"""Plans another rule for those who ask something of an audience; gives what names the plan, or nothing where nobody does."""


def plan_rule(session: Session, actor: Actor, audience: Audience, values: AudienceRuleValues, *, now: datetime) -> UUID | None:
    """Let the application look first at what another rule changes for obligations; return what names the planned change.

    None where nothing depends on the audience and no day before today changes: the rule can be changed at once. Raise
    AudienceEditConflict or ReasonRequired.
    """
    planner = cast("RulePlanner | None", session.info.get("plan_audience_rule"))
    return planner(session, actor, audience, values, now) if planner is not None else None


def _add_version(
    session: Session,
    actor: Actor,
    row: Audience,
    values: AudienceRuleValues,
    *,
    author_id: int | None = None,
    approved_by: int | None = None,
    now: datetime,
) -> None:
    author = actor.person_id if author_id is None else author_id
    if values.effective_on < today_of(now) and author is not None and approved_by in (None, author):
        raise RuleFromBefore
    row.latest += 1
    session.add(
        AudienceVersion(
            audience_id=row.id,
            number=row.latest,
            rule=write_yaml(values.rule),
            effective_on=values.effective_on,
            recorded_at=now,
            author_id=author,
            approved_by=approved_by,
            reason=values.reason,
        )
    )
    session.execute(delete(AudienceReference).where(AudienceReference.audience_id == row.id))
    named = sorted(references(values.rule))
    if named:
        session.execute(insert(AudienceReference), [{"audience_id": row.id, "kind": kind, "key": key} for kind, key in named])


def delete_audience(session: Session, actor: Actor, audience: Audience, *, now: datetime) -> None:
    """Delete an audience that nothing names, with its versions and stays; else raise AudienceInUse."""
    row = session.get_one(Audience, audience.id, with_for_update=True, populate_existing=True)
    uses = list_uses(session, row)
    if uses:
        raise AudienceInUse(None, titles=", ".join(f"«{use.title}»" for use in uses))
    audit.record(session, actor, AudienceVerb.DELETED, row, now=now, key=row.key, name=choose(row.title), version=row.latest)
    for table in (AudienceStayRecord, AudienceReference, AudienceVersion):
        session.execute(delete(table).where(table.audience_id == row.id))
    session.delete(row)


def refuse_named(session: Session, kind: str, keys: Collection[str]) -> None:
    """Raise NamedByAudiences, with the audiences' names, where a rule names one of these (spec/compulsory 3.6)."""
    named = queries.list_naming(session, kind, keys)
    if named:
        raise NamedByAudiences(None, audiences=", ".join(f"«{choose(row.title)}»" for row in named))


def _refuse_named_before(session: Session, row: AudienceList, today: date) -> None:
    """Raise NamedByAudiences where the rule of a day before today names a list: who was in the audience then goes by it."""
    named = list[str]()
    for audience in queries.list_audiences(session, [row.institution_id]):
        held = {version.effective_on: version.rule for version in queries.rules_in_force(session, audience.id)}
        if any(("list", row.key) in references(rule) for day, rule in held.items() if day < today):
            named.append(f"«{choose(audience.title)}»")
    if named:
        message = N_("Audience rules used it on earlier days: %(audiences)s. It stays, because who was in them goes by it.")
        raise NamedByAudiences(message, audiences=", ".join(named))


def set_list(
    session: Session,
    actor: Actor,
    institution: Organisation,
    key: str,
    title: Mapping[str, str],
    people: Collection[int],
    *,
    now: datetime,
) -> AudienceList:
    """Let a list hold these people from today on: who is not among them stood on it until yesterday."""
    row = session.scalar(select(AudienceList).where(AudienceList.key == key).with_for_update())
    if row is not None and row.institution_id != institution.id:
        raise AudienceKeyConflict
    if row is None:
        row = AudienceList(institution_id=institution.id, key=key, title=dict(title), created_at=now)
        session.add(row)
        session.flush()  # its entries name it
    today, members = today_of(now), set(people)
    present = select(AudienceListEntry).where(AudienceListEntry.list_id == row.id, AudienceListEntry.until_on.is_(None))
    before = {entry.person_id: entry for entry in session.scalars(present)}
    for person in sorted(before.keys() - members):
        _end_entry(session, before[person], today)
    new = sorted(members - before.keys())
    if new:
        session.execute(insert(AudienceListEntry), [{"list_id": row.id, "person_id": person, "since_on": today} for person in new])
    row.title = dict(title)
    gone = len(before.keys() - members)
    audit.record(session, actor, AudienceVerb.LIST_CHANGED, row, now=now, key=key, added=len(new), ended=gone)
    return row


def _end_entry(session: Session, entry: AudienceListEntry, today: date) -> None:
    if entry.since_on >= today:
        session.delete(entry)
    else:
        entry.until_on = date.fromordinal(today.toordinal() - 1)


def delete_list(session: Session, actor: Actor, row: AudienceList, *, now: datetime) -> None:
    """Delete a list that no rule names, nor named on a day before today; else raise NamedByAudiences."""
    refuse_named(session, "list", [row.key])
    _refuse_named_before(session, row, today_of(now))
    audit.record(session, actor, AudienceVerb.LIST_DELETED, row, now=now, key=row.key)
    session.execute(delete(AudienceListEntry).where(AudienceListEntry.list_id == row.id))
    session.delete(row)


def record_stays(session: Session, audience: Audience, people: Collection[int], *, now: datetime) -> int:
    """Let the kept stays of some hundreds of people be those of their facts; return how many rows were written.

    What is no longer so is retracted and what is so now is added: what was known before stays readable. A second time writes nothing.
    """
    today, versions = today_of(now), queries.rules_in_force(session, audience.id)
    locked = select(Person.id).where(Person.id.in_(people)).order_by(Person.id).with_for_update(key_share=True)
    session.execute(locked).all()
    candidates = queries.load_candidates(session, audience.institution_id, people)
    stored = queries.list_stays(session, audience.id, people)
    wrong, added = list[int](), list[dict[str, object]]()
    for person, candidate in candidates.items():
        computed = set(find_stays(versions, candidate, today))
        for row in stored.get(person, ()):
            days = StayDays(row.since_on, row.until_on)
            if days in computed:
                computed.remove(days)
            else:
                wrong.append(row.id)
        days_in_order = sorted(computed, key=lambda days: days.since_on)
        added += [{"person_id": person, "since_on": days.since_on, "until_on": days.until_on} for days in days_in_order]
    if wrong:
        session.execute(update(AudienceStayRecord).where(AudienceStayRecord.id.in_(wrong)).values(retracted_at=now))
    if added:
        session.execute(insert(AudienceStayRecord), [{**row, "audience_id": audience.id, "recorded_at": now} for row in added])
    return len(wrong) + len(added)


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Keep nothing of the lists and audiences in which a person was: they say where they worked."""
    for table in (AudienceListEntry, AudienceStayRecord):
        session.execute(delete(table).where(table.person_id == person.id))


def forget_stays(session: Session, people: Collection[int]) -> None:
    """Delete in which audiences people were who left long ago."""
    session.execute(delete(AudienceStayRecord).where(AudienceStayRecord.person_id.in_(people)))


def transfer_list_entries(session: Session, closed: int, remaining: int) -> None:
    """Let the account that stays stand on the lists of the one that closes; its stays follow from that."""
    own = select(AudienceListEntry.list_id).where(AudienceListEntry.person_id == remaining, AudienceListEntry.until_on.is_(None))
    doubled = (AudienceListEntry.person_id == closed, AudienceListEntry.until_on.is_(None), AudienceListEntry.list_id.in_(own))
    session.execute(delete(AudienceListEntry).where(*doubled))
    session.execute(update(AudienceListEntry).where(AudienceListEntry.person_id == closed).values(person_id=remaining))
