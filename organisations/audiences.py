"""Audiences: their rules and versions, their uses by other packages, the lists of people that rules name, and the stays of people."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, insert, not_, or_, select, update
from sqlalchemy.orm import Session

from accounts.models import AccountMerge, NationalIdentity, Person
from accounts.rules import fold
from kernel import audit, outbox
from kernel.db import Hook, HookList, count_rows
from kernel.errors import N_, Conflict, Invalid, require_found
from kernel.i18n import choose, site_locale
from kernel.permissions import Actor
from organisations import tree
from organisations.audience_kinds import AudienceLeafKinds, AudienceScope, kinds_of, leaf_classes, may_be_in
from organisations.models import (
    Audience,
    AudienceList,
    AudienceListEntry,
    AudienceReference,
    AudienceStayRecord,
    AudienceVersion,
    Employment,
    Membership,
    Organisation,
    Post,
    PostSpelling,
)
from organisations.rules import audiences
from organisations.rules.audience_drafts import read_yaml, write_yaml
from organisations.rules.units import TreeHistory

FindAudienceUses: TypeAlias = Callable[[Session, Audience], Sequence[str]]

AUDIENCE_USES = HookList[FindAudienceUses]("audience_uses")
"""Gives the titles of what names audiences."""


def list_uses(session: Session, audience: Audience) -> list[str]:
    """List the titles of what names an audience, so that it cannot be deleted.

    Each package above this one brings a function that names its own uses; they are put together in `lms/app.py`.
    """
    sources = AUDIENCE_USES.of(session)
    return [title for find in sources for title in find(session, audience)]


@dataclass(frozen=True, slots=True)
class WaitingRule:
    """Another rule of an audience that waits for a second person, with who planned it, and when."""

    uuid: UUID
    author_id: int | None
    created_at: datetime
    effective_on: date


WAITING_RULES = Hook[Callable[[Session, Audience], Sequence[WaitingRule]]]("waiting_audience_rules")
"""Gives the rules of an audience that wait for a second person."""


def list_waiting_rules(session: Session, audience: Audience) -> Sequence[WaitingRule]:
    """List the rules of an audience that wait for a second person."""
    find = WAITING_RULES.of(session)
    return find(session, audience)


MOST_AUDIENCES = 500
AT_ONCE = 2_000


def condition_of(rule: audiences.RuleNode, scope: AudienceScope, kinds: AudienceLeafKinds) -> ColumnElement[bool]:
    """Return a rule as a condition on `Person.id`, without who may be in any audience."""
    if isinstance(rule, audiences.AllOf | audiences.AnyOf):
        parts = [condition_of(part, scope, kinds) for part in rule.parts]
        return and_(*parts) if isinstance(rule, audiences.AllOf) else or_(*parts)
    return not_(condition_of(rule.part, scope, kinds)) if isinstance(rule, audiences.Negation) else kinds[rule.kind].condition(rule, scope)


def members_condition(rule: audiences.RuleNode, scope: AudienceScope, kinds: AudienceLeafKinds) -> ColumnElement[bool]:
    """Return the condition that a person of the statement is in an audience on a day, the SQL of `audience_rules.tree.is_in`."""
    return and_(may_be_in(scope), condition_of(rule, scope, kinds))


def find_audience(session: Session, key: str) -> Audience | None:
    """Return the audience with a key."""
    return session.scalar(select(Audience).where(Audience.key == key))


def get_audience(session: Session, uuid: UUID, *, lock: bool = False) -> Audience:
    """Return an audience by what addresses name it; raise NotFound."""
    statement = select(Audience).where(Audience.uuid == uuid)
    return require_found(session.scalar(statement.with_for_update().execution_options(populate_existing=True) if lock else statement))


def list_audiences(session: Session, institutions: Collection[int] | None = None) -> list[Audience]:
    """List the audiences, of some institutions or of all, by key."""
    statement = select(Audience).order_by(Audience.key).limit(MOST_AUDIENCES)
    return list(session.scalars(statement if institutions is None else statement.where(Audience.institution_id.in_(institutions))))


def list_versions(session: Session, audience_id: int) -> list[AudienceVersion]:
    """List the versions of an audience's rule, oldest first."""
    statement = select(AudienceVersion).where(AudienceVersion.audience_id == audience_id).order_by(AudienceVersion.number)
    return list(session.scalars(statement))


def people_names(session: Session, people: Collection[int | None]) -> dict[int, str]:
    """Return the names of some people, by their number."""
    known = [person for person in people if person is not None]
    return {person.id: person.full_name for person in session.scalars(select(Person).where(Person.id.in_(known)))}


def read_stored(session: Session, text: str) -> audiences.RuleNode:
    """Return the rule of a version."""
    rule = read_yaml(text, leaf_classes(kinds_of(session))).rule
    assert rule is not None, "a stored rule was read before it was stored"
    return rule


def rules_in_force(session: Session, audience_id: int) -> list[audiences.RuleInForce]:
    """Return the versions of an audience's rule as they take effect."""
    return [audiences.RuleInForce(row.effective_on, read_stored(session, row.rule)) for row in list_versions(session, audience_id)]


def find_rule_on(session: Session, audience_id: int, day: date) -> audiences.RuleNode | None:
    """Return the rule that holds on a day; None before the first."""
    statement = (
        select(AudienceVersion.rule)
        .where(AudienceVersion.audience_id == audience_id, AudienceVersion.effective_on <= day)
        .order_by(AudienceVersion.effective_on.desc(), AudienceVersion.number.desc())
        .limit(1)
    )
    text = session.scalar(statement)
    return None if text is None else read_stored(session, text)


def list_naming(session: Session, kind: str, keys: Collection[str]) -> list[Audience]:
    """List the audiences whose newest rule names something, by key."""
    names = AudienceReference.audience_id == Audience.id
    named = exists().where(names, AudienceReference.kind == kind, AudienceReference.key.in_(keys))
    return list(session.scalars(select(Audience).where(named).order_by(Audience.key).limit(MOST_AUDIENCES)))


def name_references(session: Session, rule: audiences.RuleNode) -> dict[tuple[str, str], str]:
    """Return the names of what a rule refers to, by the leaf's kind and key; what does not exist is not there."""
    keys_by_kind = defaultdict[str, set[str]](set)
    for kind, key in audiences.references(rule):
        keys_by_kind[kind].add(key)
    kinds = kinds_of(session)
    return {
        (kind, key): name
        for kind, keys in keys_by_kind.items()
        if (names := kinds[kind].names) is not None
        for key, name in names(session, keys).items()
    }


def leaf_names(session: Session, rule: audiences.RuleNode) -> audiences.LeafNames:
    """Return how the sentence of a rule names what it refers to: by its name, or by the key where there is none."""
    names = name_references(session, rule)
    return lambda kind, key: names.get((kind, key)) or names.get((kind, fold(key))) or key


def count_members(session: Session) -> dict[int, int]:
    """Count who is in each audience now, by the stays that are kept."""
    in_it = (AudienceStayRecord.until_on.is_(None), AudienceStayRecord.retracted_at.is_(None))
    statement = select(AudienceStayRecord.audience_id, func.count()).where(*in_it).group_by(AudienceStayRecord.audience_id)
    return {row[0]: row[1] for row in session.execute(statement)}


def find_candidate_person(session: Session, institution_id: int, term: str) -> Person | None:
    """Return the person with a staff number, or with an address, who works or worked at an institution."""
    working = select(Employment.person_id).where(Employment.institution_id == institution_id, Employment.retracted_at.is_(None))
    numbered = Person.id.in_(working.where(Employment.staff_number == term))
    addressed = and_(Person.email == term.lower(), Person.id.in_(working))
    return session.scalar(select(Person).where(or_(numbered, addressed)).order_by(Person.id).limit(1))


# --- Lists of people ----------------------------------------------------------------------------------------------------------------------


def list_audience_lists(session: Session, institutions: Collection[int] | None = None) -> Sequence[Row[AudienceList, int]]:
    """List the uploaded lists, of some institutions or of all, by key, each with how many `people` stand on it now."""
    on_it = and_(AudienceListEntry.list_id == AudienceList.id, AudienceListEntry.until_on.is_(None))
    statement = (
        select(AudienceList, func.count(AudienceListEntry.id).label("people"))
        .outerjoin(AudienceListEntry, on_it)
        .group_by(AudienceList.id)
        .order_by(AudienceList.key)
        .limit(MOST_AUDIENCES)
    )
    return session.execute(statement if institutions is None else statement.where(AudienceList.institution_id.in_(institutions))).all()


def get_audience_list(session: Session, people_list: UUID) -> AudienceList:
    """Return an uploaded list by what addresses name it; raise NotFound."""
    return require_found(session.scalar(select(AudienceList).where(AudienceList.uuid == people_list)))


def find_listed_people(session: Session, institution_id: int, lines: Sequence[str]) -> dict[str, set[int]]:
    """Return whom each line names: by staff number of the institution, else by identity number, else by address (spec/compulsory 2.5).

    Only people who work or worked at the institution, or belong or belonged to one of its places, are found: the answer says of nobody
    else whether they have an account.
    """
    by_line = dict[str, set[int]]()
    worked = select(Employment.person_id).where(Employment.institution_id == institution_id, Employment.retracted_at.is_(None))
    places = tree.below(select(Organisation.id).where(Organisation.id == institution_id))
    own = worked.union(select(Membership.person_id).where(Membership.organisation_id.in_(places)))
    for start in range(0, len(lines), AT_ONCE):
        portion = lines[start : start + AT_ONCE]
        in_force = (Employment.institution_id == institution_id, Employment.retracted_at.is_(None))
        statements = (
            select(Employment.staff_number, Employment.person_id).where(Employment.staff_number.in_(portion), *in_force),
            select(NationalIdentity.number, NationalIdentity.person_id).where(
                NationalIdentity.number.in_(portion), NationalIdentity.person_id.in_(own)
            ),
            select(Person.email, func.coalesce(AccountMerge.kept_id, Person.id))
            .outerjoin(AccountMerge, AccountMerge.closed_id == Person.id)
            .where(Person.email.in_([line.lower() for line in portion]), func.coalesce(AccountMerge.kept_id, Person.id).in_(own)),
        )
        for statement in statements:
            named = defaultdict[str, set[int]](set)
            for text, person in session.execute(statement):
                named[str(text)].add(person)
            for line in portion:
                if line not in by_line and (people := named.get(line) or named.get(line.lower())):
                    by_line[line] = people
    return by_line


# --- Facts of people ----------------------------------------------------------------------------------------------------------------------


def load_candidates(
    session: Session, institution_id: int, people: Collection[int], *, history: TreeHistory | None = None
) -> dict[int, audiences.AudienceCandidate]:
    """Return the facts of some hundreds of people, as far as rules ask for them, in a fixed number of statements.

    With `history` the places stand and stood as this says.
    """
    history = history or tree.load_history(session)
    closed = {
        row[0]: row[1] for row in session.execute(select(Person.id, Person.suspended_at).where(Person.id.in_(people)).order_by(Person.id))
    }
    employments, places, lists = _employments(session, institution_id, people), _places(session, people, history), _lists(session, people)
    held = defaultdict[int, tuple[audiences.HeldFact, ...]](tuple)
    for kind in kinds_of(session).values():
        if kind.held is not None:
            for person, facts in kind.held(session, people).items():
                held[person] += facts
    zone = site_locale().zone
    return {
        person: audiences.AudienceCandidate(
            tuple(employments[person]),
            moment.astimezone(zone).date() if moment is not None else None,
            tuple(places[person]),
            tuple(lists[person]),
            held[person],
        )
        for person, moment in closed.items()
    }


def _employments(session: Session, institution_id: int, people: Collection[int]) -> Mapping[int, list[audiences.EmploymentFact]]:
    employments = defaultdict[int, list[audiences.EmploymentFact]](list)
    statement = (
        select(Employment.person_id, Employment.staff_number, Employment.entered_on, Employment.left_on)
        .where(Employment.person_id.in_(people), Employment.institution_id == institution_id, Employment.retracted_at.is_(None))
        .order_by(Employment.id)
    )
    for person, number, entered, left in session.execute(statement):
        employments[person].append(audiences.EmploymentFact(number or "", entered, left))
    return employments


def _places(session: Session, people: Collection[int], history: TreeHistory) -> Mapping[int, list[audiences.PlaceFact]]:
    units_of_people = defaultdict[int, list[audiences.PlaceFact]](list)
    posts = defaultdict[int | None, tuple[str, ...]](tuple)
    for number, key in session.execute(select(Post.id, Post.key)):
        posts[number] = (key,)
    for number, key in session.execute(select(PostSpelling.post_id, PostSpelling.key).order_by(PostSpelling.id)):
        posts[number] = tuple(dict.fromkeys((*posts[number], key)))
    statement = (
        select(Membership.person_id, Membership.organisation_id, Membership.post_id, Membership.since_on, Membership.until_on)
        .where(Membership.person_id.in_(people), Membership.retracted_at.is_(None))
        .order_by(Membership.is_main.desc(), Membership.id)
    )
    for person, unit, post, since, until in session.execute(statement):
        units_of_people[person] += audiences.place_facts(history, unit, posts[post], since, until)
    return units_of_people


def _lists(session: Session, people: Collection[int]) -> Mapping[int, list[audiences.ListFact]]:
    lists = defaultdict[int, list[audiences.ListFact]](list)
    statement = (
        select(AudienceListEntry.person_id, AudienceList.key, AudienceListEntry.since_on, AudienceListEntry.until_on)
        .join(AudienceList, AudienceList.id == AudienceListEntry.list_id)
        .where(AudienceListEntry.person_id.in_(people))
        .order_by(AudienceListEntry.id)
    )
    for person, key, since, until in session.execute(statement):
        lists[person].append(audiences.ListFact(key, since, until))
    return lists


# --- Stays --------------------------------------------------------------------------------------------------------------------------------


def list_stays(session: Session, audience_id: int, people: Collection[int]) -> Mapping[int, list[AudienceStayRecord]]:
    """Return the stays of some people in an audience, as known now, oldest first."""
    stays = defaultdict[int, list[AudienceStayRecord]](list)
    statement = select(AudienceStayRecord).where(
        AudienceStayRecord.audience_id == audience_id, AudienceStayRecord.person_id.in_(people), AudienceStayRecord.retracted_at.is_(None)
    )
    for row in session.scalars(statement.order_by(AudienceStayRecord.since_on)):
        stays[row.person_id].append(row)
    return stays


def list_changed_people(session: Session, audience_id: int, rule: audiences.RuleNode | None, scope: AudienceScope) -> list[int]:
    """Return who is in by the rule and has no open stay, or has one and is not, in one statement."""
    stays = exists().where(
        AudienceStayRecord.audience_id == audience_id,
        AudienceStayRecord.person_id == Person.id,
        AudienceStayRecord.until_on.is_(None),
        AudienceStayRecord.retracted_at.is_(None),
    )
    if rule is None:
        return list(session.scalars(select(Person.id).where(stays).order_by(Person.id)))
    inside = members_condition(rule, scope, kinds_of(session))
    differs = or_(and_(inside, not_(stays)), and_(stays, not_(inside)))
    return list(session.scalars(select(Person.id).where(differs).order_by(Person.id)))


FOLLOWED_WITHIN = timedelta(hours=1)
"""Time within which stays and statuses follow a change of the register, even on a busy machine."""
_FOLLOWING = ("organisations.bring_in", "organisations.recompute_audience", "organisations.recompute_audiences")


def awaits_stays(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a job has yet to record the stays that a list, a move or a rule changed lately."""
    lately = (outbox.Job.available_at > now - FOLLOWED_WITHIN, outbox.Job.arguments != "{}")
    return exists().where(*lately, outbox.Job.kind.in_(_FOLLOWING), outbox.Job.done_at.is_(None), outbox.Job.failed_at.is_(None))


def _may_ever_be_in(audience: Audience) -> ColumnElement[bool]:
    """Return the SQL condition that a person was ever employed in the institution or in the audience."""
    ever = select(Employment.person_id).where(Employment.institution_id == audience.institution_id)
    stayed = select(AudienceStayRecord.person_id).where(AudienceStayRecord.audience_id == audience.id)
    return or_(Person.id.in_(ever), Person.id.in_(stayed))


def list_people_after(session: Session, audience: Audience, after: int, limit: int) -> list[int]:
    """Return the numbers of a portion of the people who were ever employed in the institution or in the audience, in order."""
    statement = select(Person.id).where(Person.id > after, _may_ever_be_in(audience)).order_by(Person.id).limit(limit)
    return list(session.scalars(statement))


def count_candidates(session: Session, audience: Audience) -> int:
    """Count the people who were ever employed in the institution or in the audience."""
    return count_rows(session, Person, _may_ever_be_in(audience))


PORTION = 500
"""People whose stays are written in one transaction (spec/compulsory K2)."""


class AudienceVerb(
    audit.Verb,
    facts={
        "ended": N_("Ended"),
    },
):
    """The audit-log verbs of audiences and their lists."""

    MADE = "audience.made", N_("Created an audience")
    CHANGED = "audience.changed", N_("Changed the rule of an audience")
    DELETED = "audience.deleted", N_("Deleted an audience")
    LIST_CHANGED = "audience_list.changed", N_("Changed a list of people for audiences")
    LIST_DELETED = "audience_list.deleted", N_("Deleted a list of people for audiences")


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

    message = N_("A rule that applies from a day before today needs a second person.")


class ReasonRequired(Invalid):
    """A change that reaches back, or may concern many people, says why it is made."""

    message = N_("Give the reason: this change applies from a day before today, or may affect many people.")


class NamedByAudiences(Conflict):
    """Rules of audiences name what should be deleted or renamed."""

    message = N_("Audience rules use it: %(audiences)s. Change these rules first.")


class AudienceInUse(Conflict):
    """Compulsory trainings or courses name the audience that should be deleted."""

    message = N_("It is in use: %(titles)s. Let these name another audience first.")


@dataclass(frozen=True, slots=True)
class AudienceRuleValues:
    """A version of a rule as somebody wants it: from which day on, why, and the number of the version they saw."""

    rule: audiences.RuleNode
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
    if find_audience(session, key) is not None:
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
    newest = list_versions(session, row.id)[-1]
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

PLAN_RULE = Hook[RulePlanner | None]("plan_audience_rule", default=None)
"""Gives who looks first at another rule of an audience."""


def plan_rule(session: Session, actor: Actor, audience: Audience, values: AudienceRuleValues, *, now: datetime) -> UUID | None:
    """Let the application look first at what another rule changes for obligations; return what names the planned change.

    None where nothing depends on the audience and no day before today changes: the rule can be changed at once. Raise
    AudienceEditConflict or ReasonRequired.
    """
    planner = PLAN_RULE.of(session)
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
    named = sorted(audiences.references(values.rule))
    if named:
        session.execute(insert(AudienceReference), [{"audience_id": row.id, "kind": kind, "key": key} for kind, key in named])


def delete_audience(session: Session, actor: Actor, audience: Audience, *, now: datetime) -> None:
    """Delete an audience that nothing names, with its versions and stays; else raise AudienceInUse."""
    row = session.get_one(Audience, audience.id, with_for_update=True, populate_existing=True)
    uses = list_uses(session, row)
    if uses:
        raise AudienceInUse(None, titles=", ".join(f"«{title}»" for title in uses))
    audit.record(session, actor, AudienceVerb.DELETED, row, now=now, key=row.key, name=choose(row.title), version=row.latest)
    for table in (AudienceStayRecord, AudienceReference, AudienceVersion):
        session.execute(delete(table).where(table.audience_id == row.id))
    session.delete(row)


def refuse_named(session: Session, kind: str, keys: Collection[str]) -> None:
    """Raise NamedByAudiences, with the audiences' names, where a rule names one of these (spec/compulsory 3.6)."""
    named = list_naming(session, kind, keys)
    if named:
        raise NamedByAudiences(None, audiences=", ".join(f"«{choose(row.title)}»" for row in named))


def refuse_named_before(session: Session, kind: str, key: str, today: date) -> None:
    """Raise NamedByAudiences where the rule of a day before today names something: who was in the audience then goes by it."""
    named = list[str]()
    for audience in list_audiences(session):
        held = {version.effective_on: version.rule for version in rules_in_force(session, audience.id)}
        if any((kind, key) in audiences.references(rule) for day, rule in held.items() if day < today):
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
    refuse_named_before(session, "list", row.key, today_of(now))
    audit.record(session, actor, AudienceVerb.LIST_DELETED, row, now=now, key=row.key)
    session.execute(delete(AudienceListEntry).where(AudienceListEntry.list_id == row.id))
    session.delete(row)


def record_stays(session: Session, audience: Audience, people: Collection[int], *, now: datetime) -> int:
    """Let the kept stays of some hundreds of people be those of their facts; return how many rows were written.

    What is no longer so is retracted and what is so now is added: what was known before stays readable. A second time writes nothing.
    """
    today, versions = today_of(now), rules_in_force(session, audience.id)
    locked = select(Person.id).where(Person.id.in_(people)).order_by(Person.id).with_for_update(key_share=True)
    session.execute(locked).all()
    candidates = load_candidates(session, audience.institution_id, people)
    stored = list_stays(session, audience.id, people)
    wrong, added = list[int](), list[dict[str, object]]()
    for person, candidate in candidates.items():
        computed = set(audiences.find_stays(versions, candidate, today))
        for row in stored.get(person, ()):
            days = audiences.StayDays(row.since_on, row.until_on)
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


def forget_stays(session: Session, people: Collection[int]) -> None:
    """Delete in which audiences people were who left long ago."""
    session.execute(delete(AudienceStayRecord).where(AudienceStayRecord.person_id.in_(people)))


def transfer_list_entries(session: Session, closed: int, remaining: int) -> None:
    """Let the account that stays stand on the lists of the one that closes; its stays follow from that."""
    own = select(AudienceListEntry.list_id).where(AudienceListEntry.person_id == remaining, AudienceListEntry.until_on.is_(None))
    doubled = (AudienceListEntry.person_id == closed, AudienceListEntry.until_on.is_(None), AudienceListEntry.list_id.in_(own))
    session.execute(delete(AudienceListEntry).where(*doubled))
    session.execute(update(AudienceListEntry).where(AudienceListEntry.person_id == closed).values(person_id=remaining))
