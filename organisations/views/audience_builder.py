"""The form that builds a rule: its fields become a draft, and its buttons add and remove parts.

Fields are named by where they stand: `r.0.1.kind` is that of the second part of the first part. Numbers are read, not trusted.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.orm import Session

from accounts.rules import fold
from kernel.errors import N_
from kernel.i18n import _
from kernel.web.forms import DAYS, clean_text, whole_number
from organisations.audience_kinds import (
    SHOWN_AT_ONCE,
    AudienceLeafKinds,
    ChoiceSearch,
    LeafChoice,
    LeafQuestion,
    kinds_of,
    leaf_classes,
    list_choices,
    search_choices,
)
from organisations.rules.audience_drafts import (
    DraftPath,
    GroupDraft,
    LeafDraft,
    RuleDraft,
    add_part,
    change_at,
    plain_leaf,
    remove_part,
    walk,
)
from organisations.rules.audiences import FaultCollector, LeafFields

GROUP = "group"
MOST_FIELDS = 4_000
"""Of the whole form: fifty conditions with their values."""
_NODE = re.compile(r"(r(?:\.\d{1,2}){0,7})\.kind\Z")
_EDIT = re.compile(r"(add|group|remove) (r(?:\.\d{1,2}){0,7})\Z")
_LONGEST = 300

SentFields: TypeAlias = Mapping[str, Sequence[str]]
"""The fields of a form as they were sent, each with its values."""


def place_of(path: DraftPath) -> str:
    """Return how the fields of a part begin."""
    return ".".join(("r", *map(str, path)))


def _path_of(name: str) -> DraftPath:
    return tuple(int(number) for number in name.split(".")[1:])


def _first(sent: SentFields, name: str) -> str:
    return next(iter(sent.get(name, ())), "")


def read_draft(sent: SentFields, kinds: Iterable[str]) -> GroupDraft:
    """Return the draft that a form holds; what is no part of one is left out."""
    known, below = frozenset(kinds), defaultdict[DraftPath, list[int]](list)
    for name in sent:
        if match := _NODE.match(name):
            path = _path_of(match[1])
            if path:
                below[path[:-1]].append(path[-1])
    root = _read(sent, (), known, below)
    return root if isinstance(root, GroupDraft) else GroupDraft()


def _read(sent: SentFields, path: DraftPath, known: frozenset[str], below: dict[DraftPath, list[int]]) -> RuleDraft | None:
    prefix = place_of(path)
    kind, nots = (
        _first(sent, f"{prefix}.kind"),
        bool(_first(sent, f"{prefix}.not")) + 2 * min(whole_number(_first(sent, f"{prefix}.more")), 3),
    )
    if kind == GROUP:
        read = (_read(sent, (*path, number), known, below) for number in sorted(set(below.get(path, ()))))
        parts = tuple(part for part in read if part is not None)
        joint = "any" if _first(sent, f"{prefix}.joint") == "any" else "all"
        return GroupDraft(joint, parts, nots, bool(_first(sent, f"{prefix}.bare")) and not nots)
    if kind not in known:
        return None
    values = (clean_text(value)[:_LONGEST] for value in sent.get(f"{prefix}.value", ()))
    fields = LeafFields(
        tuple(dict.fromkeys(value for value in values if value)),
        flag=bool(_first(sent, f"{prefix}.flag")),
        word=clean_text(_first(sent, f"{prefix}.word"))[:_LONGEST],
        day=_day(clean_text(_first(sent, f"{prefix}.day"))[:_LONGEST]),
        count=clean_text(_first(sent, f"{prefix}.count"))[:_LONGEST],
    )
    return LeafDraft(kind, fields, nots, clean_text(_first(sent, f"{prefix}.typed"))[:_LONGEST])


def _day(text: str) -> str:
    """Return a day as rules write it, what is none as it was typed."""
    for form in DAYS:
        with suppress(ValueError):
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a day alone
    return text


def apply_edit(draft: GroupDraft, sent: SentFields, kinds: Iterable[str]) -> GroupDraft:
    """Return the draft as the pressed button wants it: a part more or less."""
    match = _EDIT.match(_first(sent, "edit"))
    if match is None:
        return draft
    path, kind = _path_of(match[2]), _first(sent, f"{match[2]}.new")
    if match[1] == "remove":
        return remove_part(draft, path) if path else draft
    if match[1] == GROUP:
        return _unwrapped(add_part(draft, path, GroupDraft("any")))
    return _unwrapped(add_part(draft, path, LeafDraft(kind))) if kind in kinds else draft


def _unwrapped(draft: GroupDraft) -> GroupDraft:
    """Let a rule of several parts have its joint, also once parts are taken out again."""
    return replace(draft, is_bare=False) if len(draft.parts) > 1 else draft


MOST_OFFERED = 500
"""Choices that a browser is handed while somebody types."""
ENTRY_WORDS: Mapping[str, str] = {
    "before": N_("before the day"),
    "from": N_("on the day or later"),
    "months": N_("less than (months) ago"),
}


@dataclass(frozen=True, slots=True)
class RulePartView:
    """A condition or a group of a rule in its form."""

    place: str
    title: str
    draft: RuleDraft
    is_negated: bool
    more_nots: int
    """Pairs of further *not*, which a typed rule may have."""
    faults: tuple[str, ...] = ()
    parts: tuple["RulePartView", ...] = ()
    question: LeafQuestion | None = None
    choices: Sequence[tuple[str, str, bool]] = ()
    """What the condition names or may name: key, label, and whether it is chosen."""
    offers_all: bool = True
    """Every choice is among `choices`: nothing has to be typed."""


@dataclass(frozen=True, slots=True)
class RuleBuilderView:
    """A rule in its form: the outermost group, and what is offered while somebody types, by kind."""

    root: RulePartView
    offered: Mapping[str, tuple[str, ...]]
    kinds: tuple[tuple[str, str], ...]
    entry_words: tuple[tuple[str, str], ...]
    is_complete: bool
    """No condition has a mistake."""


_Offers: TypeAlias = dict[str, tuple[Sequence[LeafChoice], Mapping[str, LeafChoice]]]
"""What there is to choose by kind, and the labels of what is chosen, by folded key."""


def find_typed(session: Session, institution: int | None, draft: GroupDraft) -> tuple[GroupDraft, dict[DraftPath, ChoiceSearch]]:
    """Add what was typed and is known to the values of each condition; return also what the words did not settle."""
    kinds, left = kinds_of(session), dict[DraftPath, ChoiceSearch]()
    changed: RuleDraft = draft
    for path, part in walk(draft):
        if not isinstance(part, LeafDraft) or not part.typed:
            continue
        search = search_choices(session, institution, kinds[part.kind].question, part.typed)
        values = dict.fromkeys((*part.fields.values, *(choice.key for choice in search.found)))
        settled = replace(part, fields=replace(part.fields, values=tuple(values)), typed="; ".join(search.unknown))
        changed = change_at(changed, path, lambda _part, settled=settled: settled)  # type: ignore[misc]  # bound here
        if search.near or search.unknown:
            left[path] = search
    assert isinstance(changed, GroupDraft)
    return changed, left


def build_view(
    session: Session, institution: int | None, draft: GroupDraft, left: Mapping[DraftPath, ChoiceSearch], *, judges: bool
) -> RuleBuilderView:
    """Return a draft as its form shows it; what is not filled in yet is a mistake only where that is judged."""
    kinds = kinds_of(session)
    offers = _offers(session, institution, draft, kinds)
    root = _part(draft, (), kinds, offers, left, judges=judges)
    offered = {kind: tuple(choice.label for choice in choices[:MOST_OFFERED]) for kind, (choices, _labels) in offers.items()}
    return RuleBuilderView(
        root,
        {kind: labels for kind, labels in offered.items() if len(labels) > SHOWN_AT_ONCE},
        tuple((kind, _(known.question.label)) for kind, known in kinds.items()),
        tuple((word, _(label)) for word, label in ENTRY_WORDS.items()),
        _is_complete(root),
    )


def _is_complete(view: RulePartView) -> bool:
    return not view.faults and all(map(_is_complete, view.parts))


def _offers(session: Session, institution: int | None, draft: GroupDraft, kinds: AudienceLeafKinds) -> _Offers:
    """Load what there is to choose, once for each kind that the draft has."""
    offers = _Offers()
    filled = [part for _path, part in walk(draft) if isinstance(part, LeafDraft)]
    for kind in {part.kind for part in filled}:
        question = kinds[kind].question
        choices = list_choices(session, institution, question)
        labels = {fold(choice.key): choice for choice in choices}
        if question.find is not None and institution is not None:
            values = {value for part in filled if part.kind == kind for value in part.fields.values}
            labels = {fold(value): choice for value, choice in question.find(session, institution, values).items()}
        offers[kind] = (choices, labels)
    return offers


def _part(
    draft: RuleDraft,
    path: DraftPath,
    kinds: AudienceLeafKinds,
    offers: _Offers,
    left: Mapping[DraftPath, ChoiceSearch],
    *,
    judges: bool,
) -> RulePartView:
    prefix, negated = place_of(path), bool(draft.nots % 2)
    if isinstance(draft, GroupDraft):
        parts = tuple(_part(part, (*path, number), kinds, offers, left, judges=judges) for number, part in enumerate(draft.parts))
        faults: tuple[str, ...] = (_("An empty rule is a mistake: list at least one condition here."),) if judges and not parts else ()
        return RulePartView(
            prefix, _("Group") if path else _("Rule"), draft, is_negated=negated, more_nots=draft.nots // 2, faults=faults, parts=parts
        )
    question, search = kinds[draft.kind].question, left.get(path, ChoiceSearch())
    faults = _search_faults(search)
    if judges and not faults:
        collector = FaultCollector()
        classes = leaf_classes(kinds)
        classes[draft.kind].read(plain_leaf(draft, classes)[draft.kind], collector)
        faults = tuple(fault.sentence for fault in collector.faults)
    choices, offers_all = _choices(draft, *offers[draft.kind], search, takes_one=question.takes_one)
    return RulePartView(
        prefix,
        _(question.label),
        draft,
        is_negated=negated,
        more_nots=draft.nots // 2,
        faults=faults,
        parts=(),
        question=question,
        choices=choices,
        offers_all=offers_all and question.find is None,
    )


def _search_faults(search: ChoiceSearch) -> tuple[str, ...]:
    faults = list[str]()
    if search.near:
        faults.append(_("Several could be meant. Tick the right ones."))
    if search.unknown:
        faults.append(_("There is nothing with these names or codes: %(names)s.", names=", ".join(search.unknown)))
    return tuple(faults)


def _choices(
    draft: LeafDraft, offered: Sequence[LeafChoice], labels: Mapping[str, LeafChoice], search: ChoiceSearch, *, takes_one: bool
) -> tuple[list[tuple[str, str, bool]], bool]:
    """Return the chosen values, then the others; of more than can be shown at once only those that words may mean."""
    values = draft.fields.values
    chosen = [(value, labels[fold(value)].label if fold(value) in labels else value, True) for value in values]
    taken, shows_all = set(map(fold, values)), takes_one or len(offered) <= SHOWN_AT_ONCE
    rest = dict.fromkeys(choice for choice in (offered if shows_all else search.near) if fold(choice.key) not in taken)
    return [*chosen, *((choice.key, choice.label, False) for choice in rest)], shows_all
