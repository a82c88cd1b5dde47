"""The kinds of leaves of audience rules as SQL: the condition of each on a person of the statement, and where its value is missing."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Person
from accounts.rules import fold
from kernel.db import HookList
from kernel.errors import N_
from kernel.i18n import choose, site_locale
from organisations import tree
from organisations.models import AudienceList, AudienceListEntry, Employment, Membership, Organisation, Post, PostSpelling
from organisations.rules.audience_leaves import EnteredLeaf, ListLeaf, PersonLeaf, PostLeaf, ProvinceLeaf, UnitLeaf
from organisations.rules.audiences import AudienceLeaf, HeldFact, LeafClasses, first_within
from organisations.rules.units import OrganisationKind, UnitSummary, in_order


@dataclass(frozen=True, slots=True)
class AudienceScope:
    """The institution of an audience, and the day for which it is asked."""

    institution_id: int
    day: date


@dataclass(frozen=True, slots=True)
class LeafChoice:
    """Something that a condition may name: its key in the rule, and how the form calls it."""

    key: str
    label: str
    words: str = ""
    """By which it is found too, folded."""


@dataclass(frozen=True, slots=True)
class LeafQuestion:
    """The question of a form for a condition of a kind: in words to be translated, with what there is to choose."""

    label: str
    choices: Callable[[Session, int], Sequence[LeafChoice]] | None = None
    """All that an institution may choose from, in their order."""
    find: Callable[[Session, int, Collection[str]], Mapping[str, LeafChoice]] | None = None
    """Find what some words mean, by the words as they are, where there is no list to choose from."""
    typed_label: str = ""
    flag_label: str = ""
    takes_one: bool = False
    asks_day: bool = False


@dataclass(frozen=True, slots=True)
class AudienceLeafKind:
    """A kind of leaf as the application knows it: its class, its condition in SQL, and its facts of some people."""

    leaf: type[AudienceLeaf]
    condition: Callable[[Any, AudienceScope], ColumnElement[bool]]
    """True of `Person.id` where the leaf is."""
    question: LeafQuestion
    lacks: Callable[[AudienceScope], ColumnElement[bool]] | None = None
    """True of `Person.id` where there is no value; None: there always is one."""
    names: Callable[[Session, Collection[str]], Mapping[str, str]] | None = None
    """Give the names of what leaves refer to, by key; what has none there does not exist."""
    held: Callable[[Session, Collection[int]], Mapping[int, tuple[HeldFact, ...]]] | None = None
    """Load the completions of some people, for the kinds that ask for them."""


MOST_CHOICES = 1_000
AudienceLeafKinds: TypeAlias = Mapping[str, AudienceLeafKind]

AUDIENCE_LEAVES = HookList[AudienceLeafKind]("audience_leaves")
"""Gives the kinds of leaves that rules may have."""


def kinds_of(session: Session) -> AudienceLeafKinds:
    """Return the kinds of leaves of the application, by the word of each in a rule."""
    return {kind.leaf.kind: kind for kind in AUDIENCE_LEAVES.of(session)}


def leaf_classes(kinds: AudienceLeafKinds) -> LeafClasses:
    """Return the classes by which rules are read."""
    return {word: kind.leaf for word, kind in kinds.items()}


def end_of(day: date) -> datetime:
    """Return the first moment after a day of the institution."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), site_locale().zone)


def covers(day: date, first: InstrumentedAttribute[Any], last: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return the SQL condition that a day is from a first to a last one; NULL: open."""
    return and_(or_(first.is_(None), first <= day), or_(last.is_(None), last >= day))


def employed(scope: AudienceScope, *conditions: ColumnElement[bool]) -> Select[int]:
    """Select the people employed in the institution on the day."""
    in_force = (Employment.institution_id == scope.institution_id, Employment.retracted_at.is_(None))
    return select(Employment.person_id).where(*in_force, covers(scope.day, Employment.entered_on, Employment.left_on), *conditions)


def placed(scope: AudienceScope, *conditions: ColumnElement[bool]) -> Select[int]:
    """Select the people who belong to some place on the day, as their main or a further one."""
    return select(Membership.person_id).where(
        Membership.retracted_at.is_(None), covers(scope.day, Membership.since_on, Membership.until_on), *conditions
    )


def _below(is_root: ColumnElement[bool], scope: AudienceScope) -> Select[int]:
    """Select some places and what stands below them on the day; each use is a statement part of its own."""
    return tree.below_on(select(Organisation.id).where(is_root), scope.day)


def _unit(leaf: UnitLeaf, scope: AudienceScope) -> ColumnElement[bool]:
    named = Organisation.code.in_(leaf.codes)
    places = _below(named, scope) if leaf.below else select(Organisation.id).where(named)
    return Person.id.in_(placed(scope, Membership.organisation_id.in_(places)))


def _province(leaf: ProvinceLeaf, scope: AudienceScope) -> ColumnElement[bool]:
    named = and_(Organisation.kind == OrganisationKind.PROVINCE.value, Organisation.name_key.in_({fold(name) for name in leaf.names}))
    return Person.id.in_(placed(scope, Membership.organisation_id.in_(_below(named, scope))))


def _lacks_province(scope: AudienceScope) -> ColumnElement[bool]:
    within = _below(Organisation.kind == OrganisationKind.PROVINCE.value, scope)
    return Person.id.not_in(placed(scope, Membership.organisation_id.in_(within)))


def _post(leaf: PostLeaf, scope: AudienceScope) -> ColumnElement[bool]:
    spelled = select(PostSpelling.post_id).where(PostSpelling.key.in_(leaf.keys))
    named = union(select(Post.id).where(Post.key.in_(leaf.keys)), spelled)
    return Person.id.in_(placed(scope, Membership.post_id.in_(named)))


def _entered(leaf: EnteredLeaf, scope: AudienceScope) -> ColumnElement[bool]:
    if leaf.less_than_months is not None:
        return Person.id.in_(employed(scope, Employment.entered_on >= first_within(scope.day, leaf.less_than_months)))
    limit = Employment.entered_on < leaf.before if leaf.before is not None else Employment.entered_on >= leaf.since
    return Person.id.in_(employed(scope, limit))


def _list(leaf: ListLeaf, scope: AudienceScope) -> ColumnElement[bool]:
    lists = select(AudienceList.id).where(AudienceList.key.in_(leaf.keys))
    on_it = covers(scope.day, AudienceListEntry.since_on, AudienceListEntry.until_on)
    return Person.id.in_(select(AudienceListEntry.person_id).where(AudienceListEntry.list_id.in_(lists), on_it))


def _person(leaf: PersonLeaf, scope: AudienceScope) -> ColumnElement[bool]:
    return Person.id.in_(employed(scope, Employment.staff_number.in_(leaf.staff_numbers)))


def _unit_names(session: Session, codes: Collection[str]) -> Mapping[str, str]:
    rows = session.execute(select(Organisation.code, Organisation.name).where(Organisation.code.in_(codes)))
    return {row[0] or "": row[1] for row in rows}


def _province_names(session: Session, keys: Collection[str]) -> Mapping[str, str]:
    is_province = Organisation.kind == OrganisationKind.PROVINCE.value
    rows = session.execute(select(Organisation.name_key, Organisation.name).where(is_province, Organisation.name_key.in_(keys)))
    return {row[0]: row[1] for row in rows}


def _post_names(session: Session, keys: Collection[str]) -> Mapping[str, str]:
    spelled = select(PostSpelling.key, Post.name).join(Post, Post.id == PostSpelling.post_id).where(PostSpelling.key.in_(keys))
    own = select(Post.key, Post.name).where(Post.key.in_(keys))
    return {row[0]: row[1] for row in session.execute(union(spelled, own))}


def _list_names(session: Session, keys: Collection[str]) -> Mapping[str, str]:
    rows = session.execute(select(AudienceList.key, AudienceList.title).where(AudienceList.key.in_(keys)))
    return {row[0]: choose(row[1]) for row in rows}


def _places_of(session: Session, institution: int) -> list[UnitSummary]:
    """List the places of an institution in the order of the tree."""
    places = [node.place for node in in_order(tree.list_tree(session))]
    within = {institution}
    for unit in places:  # what stands above comes first
        if unit.parent_id in within:
            within.add(unit.id)
    return [unit for unit in places if unit.id in within]


def _unit_choices(session: Session, institution: int) -> list[LeafChoice]:
    return [LeafChoice(unit.code, f"{unit.name} ({unit.code})", fold(unit.name)) for unit in _places_of(session, institution) if unit.code]


def _province_choices(session: Session, institution: int) -> list[LeafChoice]:
    places = _places_of(session, institution)
    return [LeafChoice(unit.name, unit.name, fold(unit.name)) for unit in places if unit.kind is OrganisationKind.PROVINCE]


def _post_choices(session: Session, institution: int) -> list[LeafChoice]:
    spelled = defaultdict[int, list[str]](list)
    statement = select(PostSpelling.post_id, PostSpelling.key).where(PostSpelling.institution_id == institution).order_by(PostSpelling.id)
    for post, key in session.execute(statement):
        spelled[post].append(key)
    posts = select(Post.id, Post.key, Post.name).where(Post.institution_id == institution).order_by(Post.name, Post.id).limit(MOST_CHOICES)
    return [LeafChoice(row.key, row.name, "\n".join(spelled[row.id])) for row in session.execute(posts)]


def _list_choices(session: Session, institution: int) -> list[LeafChoice]:
    lists = select(AudienceList.key, AudienceList.title).where(AudienceList.institution_id == institution).order_by(AudienceList.key)
    return [LeafChoice(key, choose(title), fold(choose(title))) for key, title in session.execute(lists.limit(MOST_CHOICES))]


def _find_people(session: Session, institution: int, terms: Collection[str]) -> dict[str, LeafChoice]:
    """Find people by staff number or address; who has no staff number cannot be named by a rule."""
    employment = (Employment.institution_id == institution, Employment.retracted_at.is_(None), Employment.staff_number.is_not(None))
    named = or_(Employment.staff_number.in_(terms), Person.email.in_([term.lower() for term in terms]))
    statement = select(Employment.staff_number, Person).join(Person, Person.id == Employment.person_id).where(named, *employment)
    choices = dict[str, LeafChoice]()
    for number, person in session.execute(statement.order_by(Employment.id)):
        for term in terms:
            if term == number or term.lower() == person.email:
                choices[term] = LeafChoice(number or "", f"{person.full_name} ({number})")
    return choices


OWN_KINDS = (
    AudienceLeafKind(
        UnitLeaf,
        _unit,
        LeafQuestion(N_("Unit"), _unit_choices, typed_label=N_("Add by name or code"), flag_label=N_("Also what stands below it")),
        lambda scope: Person.id.not_in(placed(scope)),
        _unit_names,
    ),
    AudienceLeafKind(
        ProvinceLeaf,
        _province,
        LeafQuestion(N_("Province"), _province_choices, typed_label=N_("Add by name")),
        _lacks_province,
        _province_names,
    ),
    AudienceLeafKind(
        PostLeaf,
        _post,
        LeafQuestion(N_("Post"), _post_choices, typed_label=N_("Add by name")),
        lambda scope: Person.id.not_in(placed(scope, Membership.post_id.is_not(None))),
        _post_names,
    ),
    AudienceLeafKind(
        EnteredLeaf,
        _entered,
        LeafQuestion(N_("Day of entry"), asks_day=True),
        lambda scope: Person.id.not_in(employed(scope, Employment.entered_on.is_not(None))),
    ),
    AudienceLeafKind(ListLeaf, _list, LeafQuestion(N_("List of people"), _list_choices, typed_label=N_("Add by name")), names=_list_names),
    AudienceLeafKind(
        PersonLeaf,
        _person,
        LeafQuestion(N_("Person"), find=_find_people, typed_label=N_("Add by staff number or email")),
        lambda scope: Person.id.not_in(employed(scope, Employment.staff_number.is_not(None))),
    ),
)


def may_be_in(scope: AudienceScope) -> ColumnElement[bool]:
    """Return the SQL condition that a person can be in an audience: employed on the day, and the account open (spec/compulsory 3.2)."""
    is_open = or_(Person.suspended_at.is_(None), Person.suspended_at >= end_of(scope.day))
    return and_(is_open, Person.id.in_(employed(scope)))


SHOWN_AT_ONCE = 30
"""As many choices are shown as ticks; of more, those that were chosen, and a field to find others."""
MOST_NEAR = 10


@dataclass(frozen=True, slots=True)
class ChoiceSearch:
    """The meaning of some words: choices that they name, choices that they may mean, and words that mean nothing here."""

    found: tuple[LeafChoice, ...] = ()
    near: tuple[LeafChoice, ...] = ()
    unknown: tuple[str, ...] = ()


def list_choices(session: Session, institution: int | None, question: LeafQuestion) -> Sequence[LeafChoice]:
    """List what an institution may choose from for a condition."""
    return question.choices(session, institution) if question.choices is not None and institution is not None else ()


def search_choices(session: Session, institution: int | None, question: LeafQuestion, typed: str) -> ChoiceSearch:
    """List the meanings of somebody's words; several stand with semicolons between them."""
    terms = tuple(dict.fromkeys(part for part in (" ".join(part_typed.split()) for part_typed in typed.split(";")) if part))
    if not terms or institution is None:
        return ChoiceSearch(unknown=terms)
    if question.find is not None:
        people = question.find(session, institution, terms)
        unnamed = tuple(word for word in terms if word not in people)
        return ChoiceSearch(tuple(people[word] for word in terms if word in people), unknown=unnamed)
    choices, found_people, near, unknown = list_choices(session, institution, question), list[LeafChoice](), list[LeafChoice](), list[str]()
    for word in terms:
        key = fold(word)
        named = [choice for choice in choices if fold(choice.key) == key] or [
            choice for choice in choices if key == fold(choice.label) or key in choice.words.split("\n")
        ]
        alike = named or [choice for choice in choices if key in choice.words or key in fold(choice.label)]
        if len(named) == 1:
            found_people += named
        elif alike:
            near += alike[:MOST_NEAR]
        else:
            unknown.append(word)
    return ChoiceSearch(tuple(found_people), tuple(near), tuple(unknown))
