"""Finding in SQL who is staff of what: by present places, by the units that somebody heads, by grants over compulsory training."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, exists, or_, select, union
from sqlalchemy.orm import Session, aliased

from organisations.models import Audience, AudienceStayRecord, Employment, Membership, Organisation, TrainingGrant, UnitManager
from organisations.queries.tree import PRESENT, belongs
from organisations.rules import TrainingRole

Reader = int | BindParameter[int]


def is_staff(person_id: Reader) -> ColumnElement[bool]:
    """Say in SQL that a person belongs to a place at present, heads one, or has a grant over the compulsory training of one."""
    heads = exists().where(UnitManager.person_id == person_id)
    granted = exists().where(TrainingGrant.person_id == person_id)
    return or_(belongs(person_id), heads, granted)


def has_employment(session: Session, person_id: int) -> bool:
    """Return whether an institution employs or employed a person, as far as its records say."""
    known = exists().where(Employment.person_id == person_id, Employment.retracted_at.is_(None))
    return bool(session.scalar(select(known)))


def own_unit_codes(person_id: Reader) -> Select[Any]:
    """Select the codes of the units whose staff a person is: their places, what these stand under, and what they head or look after."""
    member = select(Membership.organisation_id).where(Membership.person_id == person_id, PRESENT)
    granted = union(
        select(UnitManager.organisation_id.label("place")).where(UnitManager.person_id == person_id),
        select(TrainingGrant.organisation_id).where(TrainingGrant.person_id == person_id),
    ).cte("own_grants")
    own = or_(Organisation.id.in_(member), Organisation.id.in_(select(granted.c.place)))
    up = select(Organisation.id, Organisation.parent_id).where(own).cte("own_lineage", recursive=True)
    upper = aliased(Organisation)
    up = up.union(select(upper.id, upper.parent_id).join(up, upper.id == up.c.parent_id))
    down = select(granted.c.place).cte("own_reach", recursive=True)
    lower = aliased(Organisation)
    down = down.union(select(lower.id).join(down, lower.parent_id == down.c.place))
    unit_id = aliased(Organisation)
    here = or_(unit_id.id.in_(select(up.c.id)), unit_id.id.in_(select(down.c.place)))
    return select(unit_id.code).where(unit_id.code.is_not(None), here)


def own_audience_keys(person_id: Reader) -> Select[str]:
    """Select the keys of the audiences in which a person is now, by the stays that are kept, or whose institution they are officer of."""
    in_it = exists().where(
        AudienceStayRecord.audience_id == Audience.id,
        AudienceStayRecord.person_id == person_id,
        AudienceStayRecord.until_on.is_(None),
        AudienceStayRecord.retracted_at.is_(None),
    )
    looks_after = exists().where(
        TrainingGrant.organisation_id == Audience.institution_id,
        TrainingGrant.person_id == person_id,
        TrainingGrant.role == TrainingRole.OFFICER.value,
    )
    return select(Audience.key).where(or_(in_it, looks_after))


def known_unit_codes(session: Session, codes: Collection[str]) -> set[str]:
    """Return which of some codes a unit has."""
    return {code for code in session.scalars(select(Organisation.code).where(Organisation.code.in_(codes))) if code}


def known_audiences(session: Session, keys: Collection[str]) -> set[str]:
    """Return which of some keys an audience has."""
    return set(session.scalars(select(Audience.key).where(Audience.key.in_(keys))))
