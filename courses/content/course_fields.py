"""Form fields of modules and activities, and the labels of the fields of all files of a course."""

import re
from collections.abc import Iterable, Mapping

from courses.content import layout, lists
from courses.content.changes import COMMON
from courses.content.course_settings import COURSE_FIELDS, MOMENT, OBJECTIVES, YES_NO
from courses.content.kinds import ActivityKind, FieldLabel, FolderPart
from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY
from courses.content.settings import FieldShape, FieldSpec, Groups
from kernel.i18n import _, lazy_

MODULE_ORDER = (*COMMON[:9], "objectives", "numbered", "completion")
FLOWS = frozenset(
    {"languages", "words", "completion", "requires", FORMER_KEYS, FORMERLY, "pause", "review", "from", "tags", "kinds", "accept", "source"}
    | {"staff_of", "audiences", "balance"}
)
"""Fields that stand on one line where they fit (spec/content-format 11)."""
DEEP_FLOWS = frozenset({"also"})
"""Fields whose values stand on a line each."""

_SHARED = (
    FieldSpec("title", FieldShape.WORDS, lazy_("Title")),
    FieldSpec("summary", FieldShape.WORDS, lazy_("Summary"), lazy_("One or two sentences for the course outline.")),
)
STATE = FieldSpec(
    "state",
    FieldShape.CHOICE,
    lazy_("State"),
    help=lazy_("Drafts are not published."),
    choices=(("ready", lazy_("Ready to publish")), ("draft", lazy_("Draft"))),
    usual="ready",
)
_WHEN = (
    STATE,
    FieldSpec(
        "requires",
        FieldShape.KEYS,
        lazy_("Opens after"),
        lazy_("What learners must complete first. Leave unselected to open it from the start."),
    ),
    FieldSpec("opens", FieldShape.MOMENT, lazy_("Opens"), MOMENT),
    FieldSpec("closes", FieldShape.MOMENT, lazy_("Closes"), MOMENT),
)

MODULE: Groups = (
    (
        lazy_("What it is"),
        (
            *_SHARED,
            OBJECTIVES,
            FieldSpec(
                "numbered",
                FieldShape.FLAG,
                lazy_("Is it counted?"),
                help=lazy_("Choose No for a pre-test or final test, so that “module 3 of 7” does not count it."),
                choices=YES_NO,
                usual="true",
            ),
        ),
    ),
    (
        lazy_("When it is open, and what completes it"),
        (
            *_WHEN,
            FieldSpec(
                "completion",
                FieldShape.WORD,
                lazy_("Activities to complete"),
                lazy_("A number, or “all”: how many required activities complete the module."),
                usual="all",
            ),
        ),
    ),
)


def activity(own: tuple[FieldSpec, ...], further: Groups = (), *, with_texts: bool = True) -> Groups:
    """Return the fields of an activity whose kind adds `own`, and `further` groups; texts stand elsewhere unless `with_texts`."""
    conditions = (
        *_WHEN,
        FieldSpec(
            "required",
            FieldShape.FLAG,
            lazy_("Is it required?"),
            help=lazy_("Required activities count towards completing their module."),
            choices=YES_NO,
            usual="true",
        ),
        FieldSpec(
            "preview",
            FieldShape.FLAG,
            lazy_("Open to everyone?"),
            help=lazy_("Lessons and recordings can be viewed without enrolling."),
            choices=YES_NO,
            usual="false",
        ),
    )
    groups = (
        (lazy_("What it is"), (*(_SHARED if with_texts else ()), *own)),
        *further,
        (lazy_("When it is open, and whether it counts"), conditions),
    )
    return tuple(group for group in groups if group[1])


LESSON = (
    FieldSpec("minutes", FieldShape.NUMBER, lazy_("Reading time in minutes"), lazy_("Leave empty to estimate them from the word count.")),
    FieldSpec(
        "completion",
        FieldShape.CHOICE,
        lazy_("What completes it"),
        help="",
        choices=(("marked", lazy_("The learner marks it as done")), ("viewed", lazy_("Opening it is enough"))),
        usual="marked",
    ),
)


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
        return labels_of(COURSE_FIELDS)
    if path.endswith(f"/{layout.MODULE}"):
        return labels_of(_of_groups(MODULE))
    listing = next((candidate for candidate in lists.LISTINGS.values() if candidate.path == path), None)
    if listing is not None:
        return {"": FieldLabel("", labels_of(listing.settings(("es", "en"))), is_named=True)}
    part = next((candidate for candidate in parts if candidate.claims(path)), None)
    if part is not None:
        return part.labels
    kind = next((candidate for candidate in kinds if path.endswith(candidate.suffix)), None)
    if kind is None:
        return {}
    return labels_of((*_of_groups(activity(kind.settings, kind.groups)), *kind.elsewhere))


def _of_groups(groups: Groups) -> tuple[FieldSpec, ...]:
    return tuple(setting for _title, settings in groups for setting in settings)


def labelled_place(labels: Mapping[str, FieldLabel], path: str) -> tuple[str, Mapping[str, FieldLabel]]:
    """Return the place that a finding names (`authors[2].role`, `title.es`) in the words of a form; what no form asks for ends it.

    With it come the labels of the fields inside and beside it.
    """
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
    return ", ".join(word for word in parts if word), {**beside, **inner}
