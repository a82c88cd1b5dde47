"""Rules of audiences and facts of people, drawn and by hand."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from enrolments.audience_leaves import HoldsLeaf
from organisations.rules.audience_leaves import OWN_LEAVES, EnteredLeaf, ListLeaf, PersonLeaf, PostLeaf, ProvinceLeaf, UnitLeaf
from organisations.rules.audiences import AllOf, AnyOf, AudienceCandidate, EmploymentFact, HeldFact, ListFact, Negation, PlaceFact, RuleNode

KINDS = OWN_LEAVES | {HoldsLeaf.kind: HoldsLeaf}
TODAY = date(2026, 10, 1)
UNITS = ("GYE", "GYE-AF", "ACT", "LOJ")
PROVINCES = ("Guayas", "Los Ríos", "Loja")
POSTS = ("inspector", "director")
LISTS = ("brigadistas", "suplentes")
NUMBERS = ("0001", "0002")
COURSES = ("gobernanza", "etica")

_days = st.dates(TODAY - timedelta(days=900), TODAY + timedelta(days=60))


def _some(keys: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(keys), min_size=1, unique=True).map(tuple)


own_leaves: st.SearchStrategy[RuleNode] = st.one_of(
    st.builds(UnitLeaf, _some(UNITS), st.booleans()),
    _some(PROVINCES).map(ProvinceLeaf),
    _some(POSTS).map(PostLeaf),
    _days.map(lambda day: EnteredLeaf(before=day)),
    _days.map(lambda day: EnteredLeaf(since=day)),
    st.integers(1, 36).map(lambda months: EnteredLeaf(less_than_months=months)),
    _some(LISTS).map(ListLeaf),
    _some(NUMBERS).map(PersonLeaf),
)
all_leaves: st.SearchStrategy[RuleNode] = own_leaves | st.builds(HoldsLeaf, st.sampled_from(COURSES), st.booleans())


def rules(leaves: st.SearchStrategy[RuleNode] = all_leaves, levels: int = 5) -> st.SearchStrategy[RuleNode]:
    """Draw rules of at most some levels and 4 parts a joint; of at most 50 leaves up to four levels."""
    drawn = leaves
    for _level in range(levels - 1):
        parts = st.lists(drawn, min_size=1, max_size=3 if levels > 3 else 4).map(tuple)
        drawn = leaves | parts.map(AllOf) | parts.map(AnyOf) | drawn.map(Negation)
    return drawn


_maybe_days = st.none() | _days
_places: st.SearchStrategy[PlaceFact] = st.builds(
    PlaceFact,
    st.sampled_from([("GYE",), ("GYE-AF", "GYE"), ("ACT",), ("LOJ",), ("", "GYE")]),
    st.sampled_from(("", *PROVINCES)),
    st.sampled_from([(), *((key,) for key in POSTS), ("jefe", "director")]),
    _maybe_days,
    _maybe_days,
)
people = st.builds(
    AudienceCandidate,
    st.lists(st.builds(EmploymentFact, st.sampled_from(("", *NUMBERS)), _maybe_days, _maybe_days), max_size=2).map(tuple),
    _maybe_days,
    st.lists(_places, max_size=3).map(tuple),
    st.lists(st.builds(ListFact, st.sampled_from(LISTS), _maybe_days, _maybe_days), max_size=2).map(tuple),
    st.lists(st.builds(HeldFact, st.sampled_from(COURSES), _days, _maybe_days), max_size=3).map(tuple),
)


def a_colleague(
    *places: PlaceFact, entered: date | None = date(2020, 1, 1), left: date | None = None, number: str = "0001", **facts: object
) -> AudienceCandidate:
    """Return the facts of somebody employed since 2020, unless said otherwise."""
    return AudienceCandidate((EmploymentFact(number, entered, left),), places=places, **facts)  # type: ignore[arg-type]  # fields by name
