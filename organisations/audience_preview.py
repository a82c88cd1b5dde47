"""The people whom a rule, a list or a merge adds or removes, today and on past days, and why a rule holds (spec/compulsory 3.4)."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import CTE, ColumnElement, Row, Select, and_, case, false, func, literal, not_, select, union_all
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from accounts.people import by_name, name_matches
from accounts.rules import fold
from kernel.db import Hook, count_rows, rehearsal
from kernel.i18n import _, choose, format_date
from organisations import audiences, tree
from organisations.audience_kinds import AudienceScope, end_of, kinds_of, may_be_in
from organisations.audiences import condition_of
from organisations.models import Audience, AudienceList, AudienceListEntry, Employment, Membership, Organisation, OrganisationAbove
from organisations.rules.audiences import (
    AllOf,
    AnyOf,
    AudienceCandidate,
    AudienceLeaf,
    LeafFinding,
    LeafNames,
    Negation,
    PlaceFact,
    RuleExplanation,
    RuleInForce,
    RuleNode,
    find_stays,
    leaves,
)
from organisations.rules.units import OrganisationKind, TreeHistory
from organisations.tree import EMPLOYED, MAIN

SHOWN_NAMES = 10
_GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class MissingCount:
    """The number of the institution's people without a value for a leaf, and of those whom the rule lets in all the same."""

    leaf: AudienceLeaf
    people: int
    let_in: int


@dataclass(frozen=True, slots=True)
class AudiencePreview:
    """The people of a rule, before it is saved, beside those of the version in force."""

    total: int
    employed: int
    """Of the whole institution."""
    provinces: Sequence[tuple[str, int]]
    """The people of each province in which a main place is, most first; '' for those in none."""
    names: tuple[str, ...]
    coming_in: int
    going_out: int
    names_in: tuple[str, ...]
    names_out: tuple[str, ...]
    missing: tuple[MissingCount, ...]

    @property
    def is_extreme(self) -> bool:
        """Return whether the rule lets in nobody, or everybody."""
        return self.total in (0, self.employed)


def preview(session: Session, rule: RuleNode, before: RuleNode | None, scope: AudienceScope) -> AudiencePreview:
    """Compare a rule with the one before it over the whole institution: both are tried on each person once, in one statement."""
    kinds = kinds_of(session)
    lacks = {leaf.kind: missing(scope) for leaf in leaves(rule) if (missing := kinds[leaf.kind].lacks) is not None}
    earlier = condition_of(before, scope, kinds) if before is not None else false()
    people = _compared(condition_of(rule, scope, kinds), earlier, lacks, scope)
    new, old = people.c.new == 1, people.c.old == 1
    names = {"names": new, "names_out": and_(old, not_(new))} | ({"names_in": and_(new, not_(old))} if before is not None else {})
    first = [_first_people(people, part, condition) for part, condition in names.items()]
    rows = session.execute(union_all(_groups(people), *first)).all()

    groups = [row for row in rows if row.part == _GROUPS]
    named = _name_people(session, [(row.part, row.number) for row in rows if row.part != _GROUPS])
    return AudiencePreview(
        total=sum(row.number for row in groups if row.new),
        employed=sum(row.number for row in groups),
        provinces=_count_provinces(groups),
        names=named["names"],
        coming_in=sum(row.number for row in groups if row.new and not row.old),
        going_out=sum(row.number for row in groups if row.old and not row.new),
        names_in=named["names_in"],
        names_out=named["names_out"],
        missing=_count_missing(groups, [leaf for leaf in dict.fromkeys(leaves(rule)) if leaf.kind in lacks]),
    )


def _compared(new: ColumnElement[bool], old: ColumnElement[bool], lacks: Mapping[str, ColumnElement[bool]], scope: AudienceScope) -> CTE:
    """Select each person of the institution, with 1 where two rules let them in and where they have no value for a kind of leaves."""
    conditions = {"new": new, "old": old} | {f"lacks_{kind}": condition for kind, condition in lacks.items()}
    flags = [case((condition, 1), else_=0).label(name) for name, condition in conditions.items()]
    people = select(Person.id, Person.name_key, *flags).where(may_be_in(scope)).cte("compared")
    return people.prefix_with("MATERIALIZED")  # else a database may work conditions out wherever their result is used


def _flags(people: CTE) -> list[ColumnElement[int]]:
    return [column for column in people.c if column.name not in ("id", "name_key")]


def _groups(people: CTE) -> Select[*tuple[Any, ...]]:
    """Count the people by province and by what was found of them."""
    provinces = (
        select(OrganisationAbove.unit_id, Organisation.name)
        .join(Organisation, Organisation.id == OrganisationAbove.above_id)
        .where(Organisation.kind == OrganisationKind.PROVINCE.value)
        .subquery()
    )
    province, flags = func.coalesce(provinces.c.name, ""), _flags(people)
    return (
        select(literal(_GROUPS).label("part"), func.count().label("number"), province.label("province"), *flags)
        .select_from(people)
        .outerjoin(Membership, and_(Membership.person_id == people.c.id, Membership.is_main, Membership.until.is_(None)))
        .outerjoin(provinces, provinces.c.unit_id == Membership.organisation_id)
        .group_by(province, *flags)
    )


def _first_people(people: CTE, part: str, condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Select the first people by name of whom a condition is true, in the columns of the groups."""
    first = select(people.c.id).where(condition).order_by(people.c.name_key, people.c.id).limit(SHOWN_NAMES).subquery()
    return select(literal(part), first.c.id, literal(""), *(literal(0) for _flag in _flags(people)))


def _name_people(session: Session, shown: Sequence[tuple[str, int]]) -> Mapping[str, tuple[str, ...]]:
    """Return the names of people by the part of the preview that shows them."""
    columns = (Person.id, Person.given_names, Person.first_surname, Person.second_surname)
    rows = session.execute(select(*columns).where(Person.id.in_({person for _part, person in shown})).order_by(*by_name()))
    names = {row[0]: full_name(*row[1:]) for row in rows}
    return {part: tuple(name for person, name in names.items() if (part, person) in shown) for part in ("names", "names_in", "names_out")}


def _count_provinces(groups: Sequence[Row[Any]]) -> list[tuple[str, int]]:
    """Count the people of the new rule by province, most first."""
    counts = Counter[str]()
    for row in groups:
        counts[row.province] += row.number * row.new
    return [(province, people) for province, people in sorted(counts.items(), key=lambda count: (-count[1], count[0])) if people]


def _count_missing(groups: Sequence[Row[Any]], asked_leaves: Sequence[AudienceLeaf]) -> tuple[MissingCount, ...]:
    """Count by leaf who has no value, and who of them comes in, by *not* (spec/compulsory 3.3)."""
    missing = []
    for leaf in asked_leaves:
        lacking = [row for row in groups if row._mapping[f"lacks_{leaf.kind}"]]
        missing.append(MissingCount(leaf, sum(row.number for row in lacking), sum(row.number for row in lacking if row.new)))
    return tuple(count for count in missing if count.people)


def count_changes(session: Session, rule: RuleNode, before: RuleNode, scope: AudienceScope) -> tuple[int, int]:
    """Count whom a rule lets in and out beside another one, in one statement."""
    kinds = kinds_of(session)
    people = _compared(condition_of(rule, scope, kinds), condition_of(before, scope, kinds), {}, scope)
    comes, goes = people.c.new * (1 - people.c.old), people.c.old * (1 - people.c.new)
    coming_in, going_out = session.execute(select(func.coalesce(func.sum(comes), 0), func.coalesce(func.sum(goes), 0))).one()
    return coming_in, going_out


def explanation_lines(why: RuleExplanation, names: LeafNames, depth: int = 0) -> Iterator[tuple[int, str, bool, str]]:
    """Yield the conditions of a rule from above: how deep each stands, what it says, whether it is so for the person, and the fact."""
    node = why.node
    if isinstance(node, AllOf | AnyOf | Negation):
        label = _("All of these:") if isinstance(node, AllOf) else _("At least one of these:") if isinstance(node, AnyOf) else _("Not:")
        yield depth, label, why.holds, ""
        for part in why.parts:
            yield from explanation_lines(part, names, depth + 1)
        return
    assert why.finding is not None
    text = node.describe(names, negated=False)
    yield depth, text[:1].upper() + text[1:], why.holds, _fact(why.finding)


def _fact(finding: LeafFinding) -> str:
    if finding.is_missing:
        return _("There is no value on record.")
    if not finding.fact:
        return ""
    fact = _fact_day(finding.fact) or finding.fact
    return (
        _("On record: %(fact)s, since %(day)s", fact=fact, day=format_date(finding.since))
        if finding.since
        else _("On record: %(fact)s", fact=fact)
    )


def _fact_day(text: str) -> str:
    try:
        return format_date(date.fromisoformat(text)) if len(text) == len("2026-07-01") else ""
    except ValueError:
        return ""


PORTION = 500
MOST_NAMED = 50

FindObligingAudiences: TypeAlias = Callable[[Session], Sequence[Audience]]

OBLIGING_AUDIENCES = Hook[FindObligingAudiences | None]("obliging_audiences", default=None)
"""Gives the audiences of which something is asked."""


LoadCandidates: TypeAlias = Callable[[int, Collection[int]], Mapping[int, AudienceCandidate]]
"""Loads some people as the audiences of an institution would see them."""


def list_obliging(session: Session) -> list[tuple[int, list[RuleInForce]]]:
    """Return the audiences of which something is asked: their institution, and the versions of their rule."""
    return [(row.institution_id, audiences.rules_in_force(session, row.id)) for row in _obliging_audiences(session)]


def _obliging_audiences(session: Session) -> Sequence[Audience]:
    find = OBLIGING_AUDIENCES.of(session)
    return find(session) if find is not None else ()


def past_stays(versions: Sequence[RuleInForce], person: AudienceCandidate, today: date) -> list[tuple[date, date]]:
    """Return the first and last days of a person's stays in an audience, up to yesterday."""
    eve = today - timedelta(days=1)
    return [(stay.since_on, min(stay.until_on or eve, eve)) for stay in find_stays(versions, person, today) if stay.since_on < today]


def list_rewritten(session: Session, people: Sequence[int], load: LoadCandidates, today: date) -> list[int]:
    """Return who of some people would have been in an audience on other days before today, seen as a function loads them."""
    changed = set[int]()
    obliging = list_obliging(session)
    for start in range(0, len(people) if obliging else 0, PORTION):
        portion = people[start : start + PORTION]
        for institution in sorted({institution for institution, _versions in obliging}):
            before, after = audiences.load_candidates(session, institution, portion), load(institution, portion)
            for own, versions in obliging:
                differ = (
                    person
                    for person in portion
                    if own == institution and past_stays(versions, before[person], today) != past_stays(versions, after[person], today)
                )
                changed.update(differ)
    return sorted(changed)


def list_people_of_changed(session: Session, after: TreeHistory) -> list[int]:
    """Return who belongs or belonged to a place that a history says otherwise than the tree, or to one below it on any day."""
    before = tree.load_history(session)
    present, would_be = ({number: (each.units.get(number), each.spans.get(number)) for number in before.units} for each in (before, after))
    changed = {number for number in before.units if present[number] != would_be[number]}
    there = {number for number in before.units if any(unit.id in changed for span in before.lines(number) for unit in span.line)}
    if not there:
        return []
    statement = select(Membership.person_id).where(Membership.organisation_id.in_(there), Membership.retracted_at.is_(None)).distinct()
    return list(session.scalars(statement.order_by(Membership.person_id)))


def list_rewritten_by_tree(session: Session, after: TreeHistory, today: date) -> list[int]:
    """Return who would have been in an audience on other days before today, if the tree stood as a history says."""
    people = list_people_of_changed(session, after)

    def load(institution: int, some: Collection[int]) -> Mapping[int, AudienceCandidate]:
        return audiences.load_candidates(session, institution, some, history=after)

    return list_rewritten(session, people, load, today)


def list_rewritten_by_merge(session: Session, posts: Collection[int], keys: Collection[str], today: date) -> list[int]:
    """Return who would have been in an audience on other days before today, if some posts with these keys were one."""
    statement = select(Membership.person_id).where(Membership.post_id.in_(posts), Membership.retracted_at.is_(None)).distinct()
    people = list(session.scalars(statement.order_by(Membership.person_id)))

    def merged(unit: PlaceFact) -> PlaceFact:
        both = tuple(dict.fromkeys((*unit.posts, *sorted(keys))))
        return replace(unit, posts=both) if set(unit.posts) & set(keys) else unit

    def load(institution: int, some: Collection[int]) -> Mapping[int, AudienceCandidate]:
        present = audiences.load_candidates(session, institution, some)
        return {person: replace(candidate, places=tuple(map(merged, candidate.places))) for person, candidate in present.items()}

    return list_rewritten(session, people, load, today)


def name_some(session: Session, people: Iterable[int]) -> list[str]:
    """Return the names of the first of some people."""
    statement = select(Person).where(Person.id.in_(list(people))).order_by(*by_name()).limit(MOST_NAMED)
    return [person.full_name for person in session.scalars(statement)]


MOST_SPANS = 500


def list_spans_on_lists(session: Session, person_id: int) -> list[tuple[int, datetime, datetime | None]]:
    """List on which list a person stands or stood, and from when until when, by the institution's days."""
    statement = select(AudienceListEntry).where(AudienceListEntry.person_id == person_id).order_by(AudienceListEntry.id).limit(MOST_SPANS)
    return [
        (row.list_id, end_of(row.since_on - timedelta(days=1)), end_of(row.until_on) if row.until_on is not None else None)
        for row in session.scalars(statement)
    ]


def count_listed(session: Session, people_list: AudienceList) -> int:
    """Count who stands on a list now."""
    on_it = (AudienceListEntry.list_id == people_list.id, AudienceListEntry.until_on.is_(None))
    return count_rows(session, AudienceListEntry, *on_it)


def list_listed(
    session: Session, people_list: AudienceList, query: str, *, offset: int, limit: int
) -> Sequence[Row[Person, str | None, str | None, date]]:
    """List who stands on a list now and since when, by name, with their staff number and the name of their main unit."""
    numbers = select(func.max(Employment.staff_number)).where(
        Employment.person_id == Person.id, Employment.institution_id == people_list.institution_id, EMPLOYED
    )
    statement = (
        select(Person, numbers.scalar_subquery(), Organisation.name, AudienceListEntry.since_on)
        .join(AudienceListEntry, AudienceListEntry.person_id == Person.id)
        .outerjoin(Membership, and_(Membership.person_id == Person.id, MAIN))
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(AudienceListEntry.list_id == people_list.id, AudienceListEntry.until_on.is_(None), *name_matches(query, with_address=False))
        .order_by(*by_name())
        .offset(offset)
        .limit(limit)
    )
    return session.execute(statement).all()


class TrainingEffectKind(StrEnum):
    """The ways in which a change of the register may concern a person under a compulsory training."""

    BEGINS = "begins"
    LEAVES = "leaves"
    OVERDUE = "overdue"
    """Its last day would be over already; who begins so is counted there too."""


@dataclass(frozen=True, slots=True)
class TrainingDuty:
    """A compulsory training: its title by language, who of some people has to do it, and for whom of them its last day is over."""

    title: Mapping[str, str]
    people: frozenset[int] = frozenset()
    overdue: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class TrainingEffect:
    """The number of people whom a change would concern so under one compulsory training, and the names of the first of them."""

    obligation: int
    title: Mapping[str, str]
    kind: TrainingEffectKind
    people: int
    names: Sequence[str]


ReadTrainingDuties: TypeAlias = Callable[[Session, Collection[int], datetime], Mapping[int, TrainingDuty]]
"""Reads the compulsory training of some people at a moment, by the number of its obligation."""

TRAINING_DUTIES = Hook[ReadTrainingDuties]("training_duties")
"""Gives the compulsory training of people."""


def try_training(
    session: Session,
    people: Collection[int],
    act: Callable[[], Collection[int] | None],
    *,
    now: datetime,
) -> list[TrainingEffect]:
    """Try the effect of a change of the register on the compulsory training of some people, and of those whom it adds and returns.

    It is made, the people are judged as of the next day, for whoever leaves a place belongs to it until midnight, and all of it is taken
    back: what is shown is what would be.
    """
    if not _obliging_audiences(session):
        return []
    tomorrow, concerned = now + timedelta(days=1), set(people)
    with rehearsal(session):
        before = _read_as_of(session, concerned, tomorrow)
        concerned |= set(act() or ())
        return _effects(session, before, _read_as_of(session, concerned, tomorrow + timedelta(minutes=1)))


def _read_as_of(session: Session, people: Collection[int], moment: datetime) -> Mapping[int, TrainingDuty]:
    for audience in _obliging_audiences(session):
        audiences.record_stays(session, audience, people, now=moment)
    read = TRAINING_DUTIES.of(session)
    return read(session, people, moment)


def _effects(session: Session, before: Mapping[int, TrainingDuty], after: Mapping[int, TrainingDuty]) -> list[TrainingEffect]:
    effects = list[TrainingEffect]()
    for number, would_be in after.items():
        present = before.get(number, TrainingDuty(would_be.title))
        groups = {
            TrainingEffectKind.BEGINS: would_be.people - present.people,
            TrainingEffectKind.LEAVES: present.people - would_be.people,
            TrainingEffectKind.OVERDUE: would_be.overdue - present.overdue,
        }
        effects += [
            TrainingEffect(number, would_be.title, kind, len(some), name_some(session, some)) for kind, some in groups.items() if some
        ]
    return effects


def join_effects(effects: Iterable[TrainingEffect]) -> list[TrainingEffect]:
    """Return the effects of several portions of people as of all of them: by title, then by kind."""
    joined = dict[tuple[str, int, str], TrainingEffect]()
    for effect in effects:
        key = (fold(choose(effect.title)), effect.obligation, effect.kind.value)
        first = joined.get(key, replace(effect, people=0, names=()))
        joined[key] = replace(first, people=first.people + effect.people, names=[*first.names, *effect.names][:MOST_NAMED])
    return [joined[key] for key in sorted(joined)]
