"""The people of a rule before it is saved, beside those of the rule before it (spec/compulsory 3.4)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, not_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person, full_name
from accounts.queries import by_name
from organisations.audience_rules.tree import AudienceLeaf, RuleNode, signed_leaves
from organisations.models import Membership, Organisation
from organisations.queries.audience_kinds import AudienceLeafKinds, AudienceScope, kinds_of, may_be_in
from organisations.queries.audiences import condition_of
from organisations.rules import OrganisationKind

SHOWN_NAMES = 10


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
    """Compare a rule with the one before it over the whole institution, in at most five statements."""
    kinds = kinds_of(session)
    new = condition_of(rule, scope, kinds)
    old = condition_of(before, scope, kinds) if before is not None else not_(may_be_in(scope))
    comes, goes = and_(new, not_(old)), and_(old, not_(new))
    provinces, employed, coming_in, going_out = _count_by_province(session, new, comes, goes, scope)
    return AudiencePreview(
        total=sum(count.people for count in provinces),
        employed=employed,
        provinces=provinces,
        names=_first_names(session, new, scope),
        coming_in=coming_in,
        going_out=going_out,
        names_in=_first_names(session, comes, scope) if coming_in and before is not None else (),
        names_out=_first_names(session, goes, scope) if going_out else (),
        missing=_count_missing(session, rule, new, scope, kinds),
    )


def _count_by_province(
    session: Session, new: ColumnElement[bool], comes: ColumnElement[bool], goes: ColumnElement[bool], scope: AudienceScope
) -> tuple[tuple[ProvinceCount, ...], int, int, int]:
    provinces = select(Organisation.id, Organisation.name).where(Organisation.kind == OrganisationKind.PROVINCE.value).cte(recursive=True)
    lower = aliased(Organisation)
    provinces = provinces.union(select(lower.id, provinces.c.name).join(provinces, lower.parent_id == provinces.c.id))
    people = (
        select(
            func.coalesce(provinces.c.name, "").label("province"),
            case((new, 1), else_=0).label("new"),
            case((comes, 1), else_=0).label("comes"),
            case((goes, 1), else_=0).label("goes"),
        )
        .select_from(Person)
        .outerjoin(Membership, and_(Membership.person_id == Person.id, Membership.is_main, Membership.until.is_(None)))
        .outerjoin(provinces, provinces.c.id == Membership.organisation_id)
        .where(may_be_in(scope))
        .subquery()
    )
    sums = [func.sum(column) for column in (people.c.new, people.c.comes, people.c.goes)]
    rows = session.execute(
        select(people.c.province, func.count(), *sums).group_by(people.c.province).order_by(sums[0].desc(), people.c.province)
    ).all()
    counts = tuple(ProvinceCount(row[0], row[2]) for row in rows if row[2])
    return counts, sum(row[1] for row in rows), sum(row[3] for row in rows), sum(row[4] for row in rows)


def _first_names(session: Session, condition: ColumnElement[bool], scope: AudienceScope) -> tuple[str, ...]:
    columns = (Person.given_names, Person.first_surname, Person.second_surname)
    rows = session.execute(select(*columns).where(may_be_in(scope), condition).order_by(*by_name()).limit(SHOWN_NAMES))
    return tuple(full_name(*row) for row in rows)


def _count_missing(
    session: Session, rule: RuleNode, new: ColumnElement[bool], scope: AudienceScope, kinds: AudienceLeafKinds
) -> tuple[MissingCount, ...]:
    """Count by leaf who has no value, and who of them comes in, by *not*, in one statement (spec/compulsory 3.3)."""
    asked = {leaf: lacks for leaf, _negated in signed_leaves(rule) if (lacks := kinds[leaf.kind].lacks) is not None}
    if not asked:
        return ()
    columns = [case((new, 1), else_=0).label("new")]
    columns += [case((lacks(scope), 1), else_=0).label(f"lacks_{number}") for number, lacks in enumerate(asked.values())]
    people = select(*columns).select_from(Person).where(may_be_in(scope)).subquery()
    sums = [
        part
        for number in range(len(asked))
        for part in (func.sum(people.c[f"lacks_{number}"]), func.sum(people.c[f"lacks_{number}"] * people.c.new))
    ]
    row = session.execute(select(*sums)).one()
    found = [MissingCount(leaf, row[2 * number] or 0, row[2 * number + 1] or 0) for number, leaf in enumerate(asked)]
    return tuple(count for count in found if count.people)


@dataclass(frozen=True, slots=True)
class MembersChange:
    """The number of people whom another rule, or other facts, would let in and out."""

    coming_in: int
    going_out: int


def count_changes(session: Session, rule: RuleNode, before: RuleNode, scope: AudienceScope) -> MembersChange:
    """Count whom a rule lets in and out beside another one, in one statement."""
    kinds = kinds_of(session)
    new, old = condition_of(rule, scope, kinds), condition_of(before, scope, kinds)
    people = select(case((and_(new, not_(old)), 1), else_=0).label("comes"), case((and_(old, not_(new)), 1), else_=0).label("goes")).where(
        may_be_in(scope)
    )
    rows = people.subquery()
    found = session.execute(select(func.coalesce(func.sum(rows.c.comes), 0), func.coalesce(func.sum(rows.c.goes), 0))).one()
    return MembersChange(found[0], found[1])
