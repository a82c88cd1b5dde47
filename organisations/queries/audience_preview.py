"""The people of a rule before it is saved, beside those of the rule before it (spec/compulsory 3.4)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, Select, and_, case, false, func, literal, not_, select, union_all
from sqlalchemy.orm import Session, aliased

from accounts.models import Person, full_name
from accounts.people import by_name
from organisations.audience_rules.tree import AudienceLeaf, RuleNode, leaves
from organisations.models import Membership, Organisation
from organisations.queries.audience_kinds import AudienceLeafKinds, AudienceScope, kinds_of, may_be_in
from organisations.queries.audiences import condition_of
from organisations.rules import OrganisationKind

SHOWN_NAMES = 10
_GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class ProvinceCount:
    """The number of a rule's people whose main place is in a province; '' for those in none."""

    province: str
    people: int


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
    provinces: tuple[ProvinceCount, ...]
    names: tuple[str, ...]
    coming_in: int
    going_out: int
    names_in: tuple[str, ...]
    names_out: tuple[str, ...]
    missing: tuple[MissingCount, ...]

    @property
    def is_extreme(self) -> bool:
        """Say whether the rule lets in nobody, or everybody."""
        return self.total in (0, self.employed)


def preview(session: Session, rule: RuleNode, before: RuleNode | None, scope: AudienceScope) -> AudiencePreview:
    """Compare a rule with the one before it over the whole institution: both are tried on each person once, in one statement."""
    kinds = kinds_of(session)
    lacks = {leaf.kind: missing(scope) for leaf in leaves(rule) if (missing := kinds[leaf.kind].lacks) is not None}
    people = _compared(condition_of(rule, scope, kinds), _condition_before(before, scope, kinds), lacks, scope)
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


def _condition_before(before: RuleNode | None, scope: AudienceScope, kinds: AudienceLeafKinds) -> ColumnElement[bool]:
    return condition_of(before, scope, kinds) if before is not None else false()


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
    provinces = select(Organisation.id, Organisation.name).where(Organisation.kind == OrganisationKind.PROVINCE.value).cte(recursive=True)
    lower = aliased(Organisation)
    provinces = provinces.union(select(lower.id, provinces.c.name).join(provinces, lower.parent_id == provinces.c.id))
    province, flags = func.coalesce(provinces.c.name, ""), _flags(people)
    return (
        select(literal(_GROUPS).label("part"), func.count().label("number"), province.label("province"), *flags)
        .select_from(people)
        .outerjoin(Membership, and_(Membership.person_id == people.c.id, Membership.is_main, Membership.until.is_(None)))
        .outerjoin(provinces, provinces.c.id == Membership.organisation_id)
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


def _count_provinces(groups: Sequence[Row[Any]]) -> tuple[ProvinceCount, ...]:
    """Count the people of the new rule by province, most first."""
    counts = Counter[str]()
    for row in groups:
        counts[row.province] += row.number * row.new
    province_counts = [ProvinceCount(province, people) for province, people in counts.items() if people]
    return tuple(sorted(province_counts, key=lambda count: (-count.people, count.province)))


def _count_missing(groups: Sequence[Row[Any]], asked_leaves: Sequence[AudienceLeaf]) -> tuple[MissingCount, ...]:
    """Count by leaf who has no value, and who of them comes in, by *not* (spec/compulsory 3.3)."""
    missing = []
    for leaf in asked_leaves:
        lacking = [row for row in groups if row._mapping[f"lacks_{leaf.kind}"]]
        missing.append(MissingCount(leaf, sum(row.number for row in lacking), sum(row.number for row in lacking if row.new)))
    return tuple(count for count in missing if count.people)


@dataclass(frozen=True, slots=True)
class MembersChange:
    """The number of people whom another rule, or other facts, would let in and out."""

    coming_in: int
    going_out: int


def count_changes(session: Session, rule: RuleNode, before: RuleNode, scope: AudienceScope) -> MembersChange:
    """Count whom a rule lets in and out beside another one, in one statement."""
    kinds = kinds_of(session)
    people = _compared(condition_of(rule, scope, kinds), condition_of(before, scope, kinds), {}, scope)
    comes, goes = people.c.new * (1 - people.c.old), people.c.old * (1 - people.c.new)
    row = session.execute(select(func.coalesce(func.sum(comes), 0), func.coalesce(func.sum(goes), 0))).one()
    return MembersChange(row[0], row[1])
