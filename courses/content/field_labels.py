"""The labels that forms give to the fields of files: what a finding calls `gaps.anio.answers[1]` a form calls “Gap, Answers 1”."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from courses.content import course_fields, layout, list_fields
from courses.content.kinds import ActivityKind, FieldLabel, FolderPart
from courses.content.settings import FieldShape, FieldSpec
from kernel.i18n import _

_PIECES = re.compile(r"[^.\[\]]+")


def labels_of(settings: Iterable[FieldSpec]) -> dict[str, FieldLabel]:
    """Return the labels of fields by their names in the file, those inside another field inside of it."""
    labels: dict[str, FieldLabel] = {}
    for setting in settings:
        label = FieldLabel(setting.label, labels_of(setting.fields), is_named=setting.shape is FieldShape.NAMED)
        _outer, dot, inner = setting.name.partition(".")
        if dot:
            known = labels.get(setting.outer, FieldLabel(""))
            label = FieldLabel(known.label, {**known.inner, inner: label})
        elif setting.name in labels:
            label = FieldLabel(label.label, {**labels[setting.name].inner, **label.inner})
        labels[setting.outer] = label
    return labels


def labels_of_file(path: str, kinds: Iterable[ActivityKind], parts: Iterable[FolderPart]) -> Mapping[str, FieldLabel]:
    """Return the labels of a file's fields; none where no form asks for them."""
    if path == layout.COURSE:
        return labels_of(_of_groups(course_fields.COURSE))
    if path.endswith(f"/{layout.MODULE}"):
        return labels_of(_of_groups(course_fields.MODULE))
    listing = next((candidate for candidate in list_fields.LISTINGS.values() if candidate.path == path), None)
    if listing is not None:
        return {"": FieldLabel("", labels_of(listing.settings(("es", "en"))), is_named=True)}
    part = next((candidate for candidate in parts if candidate.claims(path)), None)
    if part is not None:
        return part.labels
    kind = next((candidate for candidate in kinds if path.endswith(candidate.suffix)), None)
    if kind is None:
        return {}
    return labels_of((*_of_groups(course_fields.activity(kind.settings, kind.groups)), *kind.elsewhere))


def _of_groups(groups: Iterable[tuple[object, tuple[FieldSpec, ...]]]) -> tuple[FieldSpec, ...]:
    return tuple(setting for _title, settings in groups for setting in settings)


@dataclass(frozen=True, slots=True)
class LabelledPlace:
    """Where a finding is in the words of a form, and the labels of the fields that stand there."""

    words: str = ""
    inner: Mapping[str, FieldLabel] = field(default_factory=dict)
    beside: Mapping[str, FieldLabel] = field(default_factory=dict)
    """Those among which the field itself stands."""


def labelled_place(labels: Mapping[str, FieldLabel], path: str) -> LabelledPlace:
    """Return the place that a finding names (`authors[2].role`, `title.es`); what no form asks for ends it."""
    parts: list[str] = []
    inner, beside, is_named = labels, labels, False
    if "" in labels:  # the entries of a list of the course, each under its key
        inner, is_named = labels[""].inner, True
        parts.append("")
    for piece in _PIECES.findall(path):
        if is_named or piece.isdigit():
            if parts:
                name = piece if piece.isdigit() else _("“%(name)s”", name=piece)
                parts[-1] = f"{parts[-1]} {name}".strip()
            is_named = False
            continue
        known = inner.get(piece)
        if known is None:
            break
        if str(known.label):
            parts.append(str(known.label))
        beside, inner, is_named = inner, known.inner, known.is_named
    return LabelledPlace(", ".join(word for word in parts if word), inner, beside)
