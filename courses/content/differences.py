"""Facts of a course and its lists, and what differs between two versions of it, in words."""

import difflib
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from posixpath import basename

from courses.content.course_settings import COURSE_FIELDS
from courses.content.model import ActivitySource, CourseFolder, LessonSettings, LocalisedText, ModuleSource, SourceState
from courses.content.settings import FieldSpec
from courses.content.typed_values import show_period
from kernel.errors import N_
from kernel.i18n import _, choose, duration, file_size, format_date, format_datetime, language, number

MOST_STEPS = 4_000_000
"""Words of the one text times words of the other; beyond it a paragraph is shown whole, as gone and come."""
ALIKE = 0.3
"""The share of words from which on two paragraphs are one that was reworded."""
CONTEXT = 1
_PARAGRAPHS = re.compile(r"\n[ \t]*\n+")


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A run of words in a difference: 'same', 'gone' or 'new'."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class DiffParagraph:
    """A paragraph in a difference: 'same', 'gone', 'new', 'changed' (with pieces of each kind), or 'skipped' for `count` equal ones."""

    kind: str
    pieces: tuple[DiffPiece, ...] = ()
    count: int = 0


def compared(before: str, after: str) -> tuple[DiffPiece, ...]:
    """Return two texts as runs of words that stay, go and come."""
    old, new = before.split(), after.split()
    if len(old) * len(new) > MOST_STEPS:
        return (DiffPiece("gone", before), DiffPiece("new", after))
    pieces: list[DiffPiece] = []
    for kind, start, end, begin, stop in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(DiffPiece("same", " ".join(old[start:end])))
            continue
        if end > start:
            pieces.append(DiffPiece("gone", " ".join(old[start:end])))
        if stop > begin:
            pieces.append(DiffPiece("new", " ".join(new[begin:stop])))
    return tuple(pieces)


def compared_lines(before: str, after: str) -> tuple[DiffPiece, ...]:
    """Return two texts of several lines as lines that stay, go and come."""
    kinds = {"  ": "same", "- ": "gone", "+ ": "new"}
    compared = difflib.ndiff(before.rstrip("\n").split("\n"), after.rstrip("\n").split("\n"))
    return tuple(DiffPiece(kinds[line[:2]], line[2:]) for line in compared if line[:2] in kinds)


def compared_text(before: str, after: str) -> tuple[DiffParagraph, ...]:
    """Return two texts paragraph by paragraph; of equal ones only the neighbours of what differs, the others are counted."""
    old, new = _paragraphs(before), _paragraphs(after)
    blocks: list[DiffParagraph] = []
    for kind, start, end, begin, stop in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            blocks += [DiffParagraph("same", (DiffPiece("same", paragraph),)) for paragraph in old[start:end]]
        else:
            blocks += _replaced(old[start:end], new[begin:stop])
    return tuple(_without_the_distant(blocks))


def _paragraphs(text: str) -> list[str]:
    return [paragraph.strip("\n") for paragraph in _PARAGRAPHS.split(text) if paragraph.strip()]


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[DiffParagraph]:
    """Pair reworded paragraphs in their order; what has no partner has gone or come."""
    waiting = list(new)
    for paragraph in old:
        index = next((index for index, other in enumerate(waiting) if _are_alike(paragraph, other)), None)
        if index is None:
            yield DiffParagraph("gone", (DiffPiece("gone", paragraph),))
            continue
        yield from (DiffParagraph("new", (DiffPiece("new", other),)) for other in waiting[:index])
        yield DiffParagraph("changed", compared(paragraph, waiting[index]))
        waiting = waiting[index + 1 :]
    yield from (DiffParagraph("new", (DiffPiece("new", other),)) for other in waiting)


def _are_alike(paragraph: str, other: str) -> bool:
    own_words, others = paragraph.split(), other.split()
    if len(own_words) * len(others) > MOST_STEPS:
        return False
    matcher = difflib.SequenceMatcher(None, own_words, others, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _without_the_distant(blocks: Sequence[DiffParagraph]) -> Iterator[DiffParagraph]:
    changed = [index for index, block in enumerate(blocks) if block.kind != "same"]
    near = {index + step for index in changed for step in range(-CONTEXT, CONTEXT + 1)}
    skipped = 0
    for index, block in enumerate(blocks):
        if block.kind == "same" and index not in near:
            skipped += 1
            continue
        if skipped:
            yield DiffParagraph("skipped", count=skipped)
            skipped = 0
        yield block
    if skipped:
        yield DiffParagraph("skipped", count=skipped)


def changed_lines(before: str, after: str) -> tuple[DiffPiece, ...]:
    """Return the lines that go and come with two lines around them; 'skipped' stands for those between."""
    kinds = {" ": "same", "-": "gone", "+": "new", "@": "skipped"}
    compared = difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
    return tuple(DiffPiece(kinds[line[:1]], "" if line.startswith("@") else line[1:]) for line in list(compared)[2:])


@dataclass(frozen=True, slots=True)
class SettingFact:
    """One value: what names it, its label and itself in the reader's words; `text` is for what is compared by paragraphs."""

    name: str
    label: str
    value: str
    language: str = ""
    text: bool = False


Teller = Callable[[ActivitySource], tuple[SettingFact, ...]]
"""Tells what a kind of activity adds to the fields that all share."""
Written = Callable[[object], str]


@dataclass(frozen=True, slots=True)
class SettingLabels:
    """The labels of a settings dataclass: field labels by path (an empty one: not shown), labels of stored values, forms by path."""

    labels: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, Written] = field(default_factory=dict)


def seconds(value: object) -> str:
    """Write a length of time that is stored in seconds."""
    return duration(int(str(value)))


YES, NO = N_("yes"), N_("no")
_OF_MODEL = {
    "certificate.template": "certificate",
    "certificate.valid": "certificate_valid",
    "certificate.renew": "certificate_renew",
    "certificate.print_grade": "print_grade",
}
"""Fields of the file that stand elsewhere in `courses.content.model.CourseFolder`."""


def _compared(settings: Sequence[FieldSpec], others: Mapping[str, str]) -> SettingLabels:
    """Return the labels of settings and of the values that they choose from, as their form has them; `others` no form asks for."""
    labels = {_OF_MODEL.get(setting.name, setting.name): setting.compared or setting.label.message for setting in settings}
    choices = (choice for setting in settings for choice in (*setting.choices, *setting.former))
    periods = dict.fromkeys(("certificate_valid", "certificate_renew"), _period)
    return SettingLabels({**labels, **others}, {value: label.message for value, label in choices}, periods)


def _period(value: object) -> str:
    return show_period(str(value), language())


COURSE = _compared(COURSE_FIELDS, {"completion": N_("To complete it"), "certificate_basis": N_("From what a renewal counts")})
_OF_ALL = {
    "title": N_("Title"),
    "summary": N_("Summary"),
    "requires": N_("Complete first"),
    "opens": N_("Opens"),
    "closes": N_("Closes"),
}
MODULE = SettingLabels({**_OF_ALL, "objectives": N_("Objective"), "numbered": N_("Numbered"), "needed": N_("Activities to complete it")})
ACTIVITY = SettingLabels(
    {
        **_OF_ALL,
        "required": N_("Required"),
        "preview": N_("Open to everyone"),
        "minutes": N_("Minutes"),
        "weight": N_("Weight in the grade"),
        "completion": N_("Completed"),
        "completion.rule": N_("It is completed"),
        "completion.amount": N_("Amount needed to complete it"),
    },
    {
        "marked": N_("when it is marked as done"),
        "viewed": N_("when it is opened"),
        "passed": N_("when it is passed"),
        "graded": N_("when it is graded"),
        "passed_or_used": N_("when it is passed or no attempts are left"),
        "attempted": N_("after a number of attempts"),
        "watched": N_("when it is watched"),
    },
)
COMMON: Mapping[str, str] = {
    "title": N_("Title"),
    "text": N_("Text"),
    "kind": N_("Kind"),
    "language": N_("Language"),
    "path": N_("File"),
    "resource": N_("Resource"),
    "role": N_("Role"),
    "organisation": N_("Organisation"),
    "weight": N_("Weight"),
    "drop_lowest": N_("Lowest results dropped"),
    "mark": N_("Mark"),
    "unit": N_("Unit"),
    "output": N_("Result checked"),
    "low": N_("From"),
    "high": N_("To"),
    "step": N_("Step"),
    "values": N_("Values"),
    "decimals": N_("Decimals"),
    "amount": N_("Amount"),
    "tolerance": N_("Tolerance"),
    "explanation": N_("Explanation"),
    "place": N_("Place"),
}
_UNTOLD_OF_COURSE = frozenset(
    {
        "key",
        "kind",
        "former_keys",
        "objective_keys",
        "words",
        "style_rules",
        "verified_sources",
        "tone",
        "modules",
        "terms",
        "parameters",
        "resources",
        "media",
        "parts",
    }
)
_UNTOLD_OF_PART = frozenset({"key", "kind", "former_keys", "objective_keys", "path", "state", "settings", "activities"})


def facts_of_course(course: CourseFolder) -> tuple[SettingFact, ...]:
    """Return the facts of the course's own file."""
    return facts_of(course, COURSE, _UNTOLD_OF_COURSE)


def facts_of_module(module: ModuleSource) -> tuple[SettingFact, ...]:
    """Return the facts of a module's own file."""
    return facts_of(module, MODULE, _UNTOLD_OF_PART)


def facts_of_activity(activity: ActivitySource, teller: Teller) -> tuple[SettingFact, ...]:
    """Return the facts of the fields that all activities share, and those that its kind adds."""
    return (*facts_of(activity, ACTIVITY, _UNTOLD_OF_PART), *teller(activity))


def describe_lesson(activity: ActivitySource) -> tuple[SettingFact, ...]:
    """Return the texts of a lesson in its languages as facts."""
    settings: LessonSettings = activity.settings
    return tuple(SettingFact("body", _("Text"), lesson.body, lesson.language, text=True) for lesson in settings.lessons)


def facts_of(node: object, wording: SettingLabels, untold: frozenset[str] = frozenset()) -> tuple[SettingFact, ...]:
    """Return the facts of every field of a dataclass that has a value, but those in `untold`."""
    assert is_dataclass(node)
    names = (entry.name for entry in fields(node) if entry.name not in untold)
    return tuple(fact for name in names for fact in _facts(getattr(node, name), name, "", wording))


def _facts(value: object, name: str, within: str, wording: SettingLabels) -> Iterator[SettingFact]:
    label = wording.labels.get(name, COMMON.get(name.rpartition(".")[2], name.rpartition(".")[2].replace("_", " ")))
    if value is None or value == () or value == "" or not label:
        return
    title = _(label)
    title = f"{within}: {title.lower()}" if within else title
    identity = f"{within}|{name}"
    if isinstance(value, LocalisedText) or _is_texts(value):
        yield from (SettingFact(identity, title, str(text), str(tongue)) for tongue, text in value.items())  # type: ignore[attr-defined]  # a mapping
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _facts(inner, name, f"{within} «{key}»".strip(), wording)
    elif isinstance(value, tuple) and (is_dataclass(value[0]) or isinstance(value[0], LocalisedText)):
        for position, inner in enumerate(value, 1):
            mark = _mark_of(inner) or str(position)
            yield from _entry(inner, name, f"{title} «{mark}»", wording)
    elif is_dataclass(value) and name not in wording.forms:
        for entry in fields(value):
            yield from _facts(getattr(value, entry.name), f"{name}.{entry.name}", within, wording)
    else:
        yield SettingFact(identity, title, _in_words(value, name, wording))


def _entry(value: object, name: str, within: str, wording: SettingLabels) -> Iterator[SettingFact]:
    if isinstance(value, LocalisedText):
        yield from (SettingFact(f"{within}|{name}", within, text, tongue) for tongue, text in value.items())
        return
    assert is_dataclass(value)
    for entry in fields(value):
        if entry.name not in ("key", "name", "category") or isinstance(getattr(value, entry.name), Mapping):
            yield from _facts(getattr(value, entry.name), f"{name}.{entry.name}", within, wording)
    if len(fields(value)) == 1 or not any(getattr(value, entry.name) for entry in fields(value)[1:]):
        yield SettingFact(f"{within}|{name}", within, _mark_of(value))


def _mark_of(value: object) -> str:
    mark = next((getattr(value, name) for name in ("key", "name", "category", "activity", "resource") if hasattr(value, name)), "")
    return mark if isinstance(mark, str) else choose(mark)


def _is_texts(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(len(str(key)) == 2 and isinstance(text, str) for key, text in value.items())


def _in_words(value: object, name: str, wording: SettingLabels) -> str:
    form = wording.forms.get(name)
    if form is not None:
        return form(value)
    if isinstance(value, tuple | frozenset):
        parts = [_in_words(inner, name, wording) for inner in value]
        return ", ".join(parts if isinstance(value, tuple) else sorted(parts))
    if isinstance(value, bool):
        return _(YES) if value else _(NO)
    if isinstance(value, StrEnum | str):
        known = wording.values.get(str(value))
        return _(known) if known else str(value)
    return _number_or_day(value)


def _number_or_day(value: object) -> str:
    if isinstance(value, Fraction):
        return number(Decimal(value.numerator) / Decimal(value.denominator))
    if isinstance(value, int):
        return number(value)
    if isinstance(value, datetime):
        return format_datetime(value)
    return format_date(value) if isinstance(value, date) else str(value)


TERM = SettingLabels({"term": N_("Term"), "definition": N_("Definition"), "also": N_("Also written"), "source": N_("Source")})
RESOURCE = SettingLabels(
    {
        "title": N_("Title"),
        "kind": N_("Kind"),
        "language": N_("Language"),
        "host": N_("Where it is"),
        "url": N_("Address"),
        "path": N_("File"),
        "authors": N_("Authors"),
        "dated": N_("Date"),
        "supports": N_("What it supports"),
        "verified": N_("Checked on"),
    }
)
PARAMETER = SettingLabels(
    {
        "written": N_("Figure"),
        "unit": N_("Unit"),
        "year": N_("Year"),
        "label": N_("Label"),
        "source": N_("Source"),
        "formula": N_("Calculated from"),
        "decimals": N_("Decimals"),
        "valid_from": N_("Valid from"),
        "review": N_("Next review on"),
    }
)


@dataclass(frozen=True, slots=True)
class ListEntryDescription:
    """One entry of a list."""

    key: str
    title: str
    facts: tuple[SettingFact, ...]
    path: str = ""


def facts_of_list(course: CourseFolder, name: str) -> Iterator[ListEntryDescription]:
    """Describe the entries of a list: 'term', 'resource', 'parameter' or 'file'."""
    if name == "term":
        yield from (ListEntryDescription(term.key, choose(term.term), facts_of(term, TERM, frozenset({"key"}))) for term in course.terms)
    elif name == "resource":
        yield from (
            ListEntryDescription(entry.key, choose(entry.title), facts_of(entry, RESOURCE, frozenset({"key"})))
            for entry in course.resources
        )
    elif name == "parameter":
        untold = frozenset({"name", "value"})
        yield from (
            ListEntryDescription(entry.name, choose(entry.label) or entry.name, facts_of(entry, PARAMETER, untold))
            for entry in course.parameters
        )
    else:
        for media in course.media:
            content = SettingFact("content", _("Content"), f"{file_size(media.size)} · {media.sha256[:8]}")
            yield ListEntryDescription(media.path, basename(media.path), (content,), media.path)


class PartKind(StrEnum):
    """The kind of a part that differs."""

    COURSE = "course"
    MODULE = "module"
    ACTIVITY = "activity"
    QUESTION = "question"
    TERM = "term"
    RESOURCE = "resource"
    PARAMETER = "parameter"
    FILE = "file"


class DifferenceKind(StrEnum):
    """The kind of a difference between parts; `key` is for a question whose right answer changed."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    RENAMED = "renamed"
    TEXT = "text"
    SETTINGS = "settings"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One value that differs; None where it was not there, or is no more. `pieces` compares two texts by words."""

    label: str
    before: str | None
    after: str | None
    pieces: tuple[DiffPiece, ...] = ()


@dataclass(frozen=True, slots=True)
class TextChange:
    """One text of several paragraphs that differs, and how many words came and went."""

    label: str
    language: str
    blocks: tuple[DiffParagraph, ...]
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class PartDifference:
    """One part that differs. `kind` is an activity's, `path` the file it stands in, `number` its place («1.3»)."""

    place: PartKind
    key: str
    title: str
    marks: tuple[DifferenceKind, ...]
    kind: str = ""
    number: str = ""
    path: str = ""
    before_title: str = ""
    settings: tuple[SettingChange, ...] = ()
    texts: tuple[TextChange, ...] = ()
    asked_in: tuple[tuple[str, int], ...] = ()
    """Of a question: the keys of the quizzes that have asked it, with how many attempts were handed in there."""


def compare(before: CourseFolder, after: CourseFolder, tellers: Mapping[str, Teller]) -> tuple[PartDifference, ...]:
    """Return the differences of the course itself, its modules and activities in the new order, and its lists; what is gone comes last."""
    own = _changed(PartDifference(PartKind.COURSE, after.key, choose(after.title), ()), facts_of_course(before), facts_of_course(after))
    parts = [own, *_modules(before, after), *_activities(before, after, tellers), *_lists(before, after)]
    return tuple(part for part in parts if part.marks)


def _ready_modules(course: CourseFolder) -> list[ModuleSource]:
    return [module for module in course.modules if module.state is SourceState.READY]


def _matched(after_key: str, former_keys: Sequence[str], before: Mapping[str, object], taken: frozenset[str]) -> str | None:
    """Return under which key the earlier folder has a part: its own, or a former one that is not in use again."""
    if after_key in before:
        return after_key
    return next((old for old in former_keys if old in before and old not in taken), None)


def _modules(before: CourseFolder, after: CourseFolder) -> Iterator[PartDifference]:
    old, new = {module.key: module for module in _ready_modules(before)}, _ready_modules(after)
    taken = frozenset(module.key for module in new)
    matches = {module.key: _matched(module.key, module.former_keys, old, taken) for module in new}
    moved = _moved([matches[module.key] for module in new], list(old))
    for module in new:
        part = PartDifference(PartKind.MODULE, module.key, choose(module.title), (), path=module.path)
        match = matches[module.key]
        if match is None:
            yield _with(part, (DifferenceKind.ADDED,))
            continue
        marks = (DifferenceKind.MOVED,) if match in moved else ()
        yield _changed(
            _with(part, marks, _renamed(choose(old[match].title), part.title)), facts_of_module(old[match]), facts_of_module(module)
        )
    for key, gone in old.items():
        if key not in matches.values():
            yield PartDifference(PartKind.MODULE, key, choose(gone.title), (DifferenceKind.REMOVED,), path=gone.path)


@dataclass(frozen=True, slots=True)
class _Placed:
    activity: ActivitySource
    module: str
    number: str


def _placed(course: CourseFolder) -> list[_Placed]:
    placed, count = [], 0
    for module in _ready_modules(course):
        count += module.numbered
        ready = [activity for activity in module.activities if activity.state is SourceState.READY]
        for position, activity in enumerate(ready, 1):
            placed.append(_Placed(activity, module.key, f"{count}.{position}" if module.numbered else ""))
    return placed


def _activities(before: CourseFolder, after: CourseFolder, tellers: Mapping[str, Teller]) -> Iterator[PartDifference]:
    old, new = {placed.activity.key: placed for placed in _placed(before)}, _placed(after)
    taken = frozenset(placed.activity.key for placed in new)
    matches = {placed.activity.key: _matched(placed.activity.key, placed.activity.former_keys, old, taken) for placed in new}
    modules = {module.key: {module.key, *module.former_keys} for module in after.modules}
    moved = _moved_activities(new, matches, old, modules)
    for placed in new:
        match = matches[placed.activity.key]
        yield _activity(placed, old[match] if match else None, tellers, has_moved=match in moved)
    for key, gone in old.items():
        if key not in matches.values():
            yield _of(gone, (DifferenceKind.REMOVED,))


def _moved_activities(
    new: Sequence[_Placed], matches: Mapping[str, str | None], old: Mapping[str, _Placed], modules: Mapping[str, set[str]]
) -> set[str]:
    """Return the earlier keys of what stands in another module, or in another order among those that stayed in theirs."""
    moved: set[str] = set()
    stayed: dict[str, list[str]] = {}
    for placed in new:
        match = matches[placed.activity.key]
        if match is None:
            continue
        if old[match].module not in modules[placed.module]:
            moved.add(match)
        else:
            stayed.setdefault(placed.module, []).append(match)
    order = list(old)
    return moved.union(*(_moved(keys, order) for keys in stayed.values()))


def _activity(placed: _Placed, before: _Placed | None, tellers: Mapping[str, Teller], *, has_moved: bool) -> PartDifference:
    if before is None:
        return _of(placed, (DifferenceKind.ADDED,))
    activity, earlier = placed.activity, before.activity
    marks = (DifferenceKind.MOVED,) if has_moved else ()
    part = _with(_of(placed, ()), marks, _renamed(choose(earlier.title), choose(activity.title)))
    if activity.kind != earlier.kind:
        return _with(part, (*part.marks, DifferenceKind.SETTINGS))
    teller = tellers[activity.kind]
    return _changed(part, facts_of_activity(earlier, teller), facts_of_activity(activity, teller))


def _of(placed: _Placed, marks: tuple[DifferenceKind, ...]) -> PartDifference:
    activity = placed.activity
    return PartDifference(
        PartKind.ACTIVITY, activity.key, choose(activity.title), marks=marks, kind=activity.kind, number=placed.number, path=activity.path
    )


def _lists(before: CourseFolder, after: CourseFolder) -> Iterator[PartDifference]:
    for part_kind in (PartKind.TERM, PartKind.RESOURCE, PartKind.PARAMETER, PartKind.FILE):
        old, new = ({entry.key: entry for entry in facts_of_list(course, part_kind.value)} for course in (before, after))
        for key in dict.fromkeys((*new, *old)):
            entry = new.get(key) or old[key]
            part = PartDifference(part_kind, key, entry.title, (), path=entry.path)
            if key not in old or key not in new:
                yield _with(part, (DifferenceKind.ADDED if key in new else DifferenceKind.REMOVED,))
            else:
                yield _changed(part, old[key].facts, new[key].facts)


def _moved(keys: Sequence[str | None], order: Sequence[str]) -> set[str]:
    """Return which of the keys changed places: the fewest whose leaving lets all others stand in the earlier order."""
    places = {key: position for position, key in enumerate(order)}
    known = [key for key in keys if key is not None]
    tails: list[int] = []
    lengths = []
    for key in known:
        at = bisect_left(tails, places[key])
        tails[at : at + 1] = [places[key]]
        lengths.append(at + 1)
    unmoved: set[str] = set()
    needed, last = len(tails), len(order)
    for key, length in zip(reversed(known), reversed(lengths), strict=True):
        if length == needed and places[key] < last:
            unmoved.add(key)
            needed, last = needed - 1, places[key]
    return set(known) - unmoved


def _renamed(before: str, after: str) -> str:
    return before if before != after else ""


def _with(part: PartDifference, marks: tuple[DifferenceKind, ...], before_title: str = "") -> PartDifference:
    if before_title:
        marks = (*marks, DifferenceKind.RENAMED)
    return PartDifference(
        part.place, part.key, part.title, marks=marks, kind=part.kind, number=part.number, path=part.path, before_title=before_title
    )


def _changed(part: PartDifference, before: Sequence[SettingFact], after: Sequence[SettingFact]) -> PartDifference:
    """Add to a part the differences of its facts; a changed title in the reader's language is already shown by the part itself."""
    old = {(fact.name, fact.language): fact for fact in before}
    new = {(fact.name, fact.language): fact for fact in after}
    settings: list[SettingChange] = []
    texts: list[TextChange] = []
    for identity in dict.fromkeys((*old, *new)):
        was, now = old.get(identity), new.get(identity)
        new_fact = now or was
        if new_fact is None or (was and now and was.value == now.value):
            continue
        if new_fact.text:
            texts.append(_text_change(new_fact, was.value if was else "", now.value if now else ""))
        elif not (part.before_title and now and new_fact.name == "|title" and now.value == part.title):
            settings.append(_setting_change(new_fact, was, now))
    marks = (*part.marks, *((DifferenceKind.TEXT,) if texts else ()), *((DifferenceKind.SETTINGS,) if settings else ()))
    return PartDifference(
        part.place,
        part.key,
        part.title,
        marks=marks,
        kind=part.kind,
        number=part.number,
        path=part.path,
        before_title=part.before_title,
        settings=tuple(settings),
        texts=tuple(texts),
    )


def _setting_change(fact: SettingFact, was: SettingFact | None, now: SettingFact | None) -> SettingChange:
    label = f"{fact.label} ({fact.language})" if fact.language else fact.label
    pieces = compared(was.value, now.value) if was and now and fact.language else ()
    return SettingChange(label, was.value if was else None, now.value if now else None, pieces)


def _text_change(fact: SettingFact, before: str, after: str) -> TextChange:
    blocks = compared_text(before, after)
    counts = {
        kind: sum(len(piece.words.split()) for block in blocks for piece in block.pieces if piece.kind == kind) for kind in ("new", "gone")
    }
    return TextChange(fact.label, fact.language, blocks, counts["new"], counts["gone"])
