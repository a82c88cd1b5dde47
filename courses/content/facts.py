"""Facts of a course, module or activity, as named values in the words of the interface: the input of comparisons."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from courses.content.model import ActivitySource, CourseFolder, LessonSettings, LocalisedText, ModuleSource
from kernel.errors import N_
from kernel.i18n import _, choose, duration, format_date, format_datetime, number


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
COURSE = SettingLabels(
    {
        "objectives": N_("Objective"),
        "languages": N_("Languages"),
        "authors": N_("Authors"),
        "licence": N_("Licence"),
        "timezone": N_("Time zone"),
        "hours": N_("Hours"),
        "hours_basis": N_("What states the hours"),
        "level": N_("Level"),
        "topic": N_("Topic"),
        "image": N_("Picture"),
        "image_alt": N_("Description of the picture"),
        "visibility": N_("Who can find it"),
        "staff_of": N_("Only staff of these units"),
        "audiences": N_("Audiences"),
        "enrolment": N_("How to enrol"),
        "opens": N_("Enrolment opens"),
        "closes": N_("Enrolment closes"),
        "completion": N_("To complete it"),
        "completion.modules": N_("Modules to complete"),
        "completion.grade": N_("Grade to complete it"),
        "grade": N_("Part of the grade"),
        "institution": N_("Institution"),
        "certificate": N_("Certificate"),
        "certificate_valid": N_("How long the certificate is valid"),
        "certificate_renew": N_("When the certificate can be renewed"),
        "certificate_basis": N_("From what a renewal counts"),
        "print_grade": N_("Whether certificates print the grade"),
        "summary": N_("Summary"),
        "title": N_("Title"),
    },
    {
        "basic": N_("basic"),
        "intermediate": N_("intermediate"),
        "advanced": N_("advanced"),
        "public": N_("everyone"),
        "staff": N_("members of an organisation"),
        "audience": N_("members of certain audiences"),
        "participants": N_("only learners and the course team"),
        "institution": N_("only learners and the course team"),
        "open": N_("open to all"),
        "code": N_("with a code"),
        "invitation": N_("by invitation"),
        "none": N_("none"),
    },
)
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
    elif is_dataclass(value):
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
