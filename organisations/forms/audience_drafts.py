"""The form that builds a rule: its fields become a draft, and its buttons add and remove parts.

Fields are named by where they stand: `r.0.1.kind` is that of the second part of the first part. Numbers are read, not trusted.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from kernel.web.forms import DAYS, clean_text, whole_number
from organisations.audience_rules.drafts import DraftPath, GroupDraft, LeafDraft, RuleDraft, add_part, remove_part
from organisations.audience_rules.leaf_fields import LeafFields

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
