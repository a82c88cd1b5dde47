"""Form fields of a course's settings and lists, with the labels of all fields."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from courses.content import layout, lists
from courses.content.changes import COMMON
from courses.content.kinds import ActivityKind, FieldLabel, FolderPart
from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY
from courses.content.settings import BareValueRule, FieldShape, FieldSpec
from kernel.i18n import _, lazy_

YES_NO = (("true", lazy_("Yes")), ("false", lazy_("No")))
MOMENT = lazy_("A date, or a date and time, in the course's time zone: 2026-12-01 or 2026-12-01 08:00.")

COURSE_ORDER = (
    *(
        "format",
        "kind",
        "key",
        FORMER_KEYS,
        FORMERLY,
        "title",
        "summary",
        "objectives",
        "languages",
        "timezone",
        "hours",
        "hours_basis",
        "words",
        "style_rules",
        "verified_sources",
        "level",
        "topic",
        "tone",
    ),
    *(
        "image",
        "image_alt",
        "authors",
        "licence",
        "visibility",
        "staff_of",
        "audiences",
        "enrolment",
        "opens",
        "closes",
        "completion",
        "grade",
        "institution",
        "certificate",
    ),
)
MODULE_ORDER = (*COMMON[:9], "objectives", "numbered", "completion")
FLOWS = frozenset(
    {"languages", "words", "completion", "requires", FORMER_KEYS, FORMERLY, "pause", "review", "from", "tags", "kinds", "accept", "source"}
    | {"staff_of", "audiences", "balance"}
)
"""Fields that stand on one line where they fit (spec/content-format 11)."""
DEEP_FLOWS = frozenset({"also"})
"""Fields whose values stand on a line each."""

_OBJECTIVES = FieldSpec(
    "objectives", FieldShape.LISTED, lazy_("Learning objectives"), lazy_("One per line, beginning with a verb: Work out the coverage gap.")
)
COURSE: tuple[tuple[object, tuple[FieldSpec, ...]], ...] = (
    (
        lazy_("What it is"),
        (
            FieldSpec("title", FieldShape.WORDS, lazy_("Title")),
            FieldSpec("summary", FieldShape.WORDS, lazy_("Summary"), lazy_("One or two sentences for the catalogue.")),
            _OBJECTIVES,
            FieldSpec(
                "languages",
                FieldShape.KEYS,
                lazy_("Languages"),
                lazy_("The first one is the main language of the course: es, or es, en. You can add a language at any time."),
                usual="es",
            ),
            FieldSpec(
                "level",
                FieldShape.CHOICE,
                lazy_("Level"),
                lazy_("How much prior knowledge it assumes."),
                (("basic", lazy_("Basic")), ("intermediate", lazy_("Intermediate")), ("advanced", lazy_("Advanced"))),
            ),
            FieldSpec(
                "hours",
                FieldShape.NUMBER,
                lazy_("Hours"),
                lazy_("Shown on the certificate. Leave empty to add up the minutes of the activities, or to measure learners."),
            ),
            FieldSpec(
                "hours_basis",
                FieldShape.WORD,
                lazy_("What states the hours"),
                lazy_("Only where the hours differ much from the computed ones: according to resolution 12 of 2026."),
            ),
            FieldSpec(
                "image",
                FieldShape.FILE,
                lazy_("Picture"),
                lazy_("Shown in the catalogue. Upload it first under “Files”."),
                accepts=("image/",),
            ),
            FieldSpec(
                "image_alt",
                FieldShape.WORDS,
                lazy_("Alternative text for the picture"),
                lazy_("What someone who cannot see it needs to know."),
            ),
            FieldSpec(
                "tone",
                FieldShape.CHOICE,
                lazy_("Colour"),
                lazy_("Used for the course's façade."),
                tuple((str(number), str(number)) for number in range(1, 7)),
            ),
        ),
    ),
    (
        lazy_("Access and enrolment"),
        (
            FieldSpec(
                "visibility",
                FieldShape.CHOICE,
                lazy_("Who can find it in the catalogue"),
                help=lazy_("People who cannot find it and are not in the course cannot open it by its address either."),
                choices=(
                    ("public", lazy_("Everyone")),
                    ("staff", lazy_("Signed-in members of an organisation")),
                    ("audience", lazy_("Signed-in members of certain audiences")),
                    ("participants", lazy_("Only learners and the course team")),
                ),
                usual="participants",
                former=(("institution", lazy_("Only learners and the course team (as before)")),),
            ),
            FieldSpec(
                "staff_of",
                FieldShape.KEYS,
                lazy_("Only staff of these units"),
                lazy_("For members of an organisation: codes of units, which include their sub-units. Empty: all staff."),
            ),
            FieldSpec(
                "audiences",
                FieldShape.KEYS,
                lazy_("Audiences"),
                lazy_("For members of audiences: their keys. The training officer of the institution knows them."),
            ),
            FieldSpec(
                "enrolment",
                FieldShape.CHOICE,
                lazy_("How to enrol"),
                help=lazy_("Set codes elsewhere. They are never part of the course content."),
                choices=(("open", lazy_("Anyone")), ("code", lazy_("With a code")), ("invitation", lazy_("By invitation"))),
                usual="invitation",
            ),
            FieldSpec("opens", FieldShape.WORD, lazy_("Enrolment opens"), MOMENT),
            FieldSpec("closes", FieldShape.WORD, lazy_("Enrolment closes"), MOMENT),
            FieldSpec("timezone", FieldShape.WORD, lazy_("Time zone"), lazy_("For all dates in the course."), usual="America/Guayaquil"),
        ),
    ),
    (
        lazy_("What completes it"),
        (
            FieldSpec(
                "completion.modules",
                FieldShape.KEYS,
                lazy_("Modules to complete"),
                lazy_("Leave unselected to include all of them."),
                usual="all",
            ),
            FieldSpec(
                "completion.grade",
                FieldShape.NUMBER,
                lazy_("Grade needed"),
                lazy_("Percentage of the course grade. Leave empty if completing the modules is enough."),
            ),
            FieldSpec(
                "institution",
                FieldShape.CHOICE,
                lazy_("Institution"),
                lazy_("Its name, logo, colours and signatures are printed on certificates issued from now on."),
            ),
            FieldSpec(
                "certificate.template",
                FieldShape.CHOICE,
                lazy_("Certificate"),
                help=lazy_("With a code that anyone can use to verify it."),
                choices=(("constancia", lazy_("For everyone who completes the course")), ("none", lazy_("None"))),
                usual="none",
                bare=BareValueRule.BESIDE,
                is_judged_by_site=True,
            ),
            FieldSpec(
                "certificate.valid",
                FieldShape.WORD,
                lazy_("How long the certificate is valid"),
                lazy_("A number and days, months or years: 24 months. Leave empty for certificates that do not expire."),
            ),
            FieldSpec(
                "certificate.renew",
                FieldShape.WORD,
                lazy_("When the certificate can be renewed"),
                lazy_("From how long before the last valid day: 60 days. Leave empty if learners do not renew it by themselves."),
            ),
            FieldSpec(
                "certificate.print_grade",
                FieldShape.FLAG,
                lazy_("Print the grade of the course on certificates?"),
                help=lazy_("Only where the template has a place for it. The page of the certificate's code then says it too."),
                choices=YES_NO,
                usual="false",
            ),
            FieldSpec(
                "grade",
                FieldShape.ENTRIES,
                lazy_("Parts of the grade"),
                lazy_("The course grade is their weighted mean. Clear a row's key to delete it."),
                fields=(
                    FieldSpec("category", FieldShape.WORD, lazy_("Key")),
                    FieldSpec("title", FieldShape.WORDS, lazy_("Name")),
                    FieldSpec("weight", FieldShape.NUMBER, lazy_("Weight")),
                    FieldSpec("drop_lowest", FieldShape.NUMBER, lazy_("Lowest results dropped")),
                ),
            ),
        ),
    ),
    (
        lazy_("Who made it"),
        (
            FieldSpec(
                "authors",
                FieldShape.ENTRIES,
                lazy_("Authors"),
                lazy_("Clear a row's name to delete it."),
                fields=(
                    FieldSpec("name", FieldShape.WORD, lazy_("Name")),
                    FieldSpec("role", FieldShape.WORDS, lazy_("Role or contribution")),
                    FieldSpec("organisation", FieldShape.WORDS, lazy_("Organisation")),
                ),
            ),
            FieldSpec("licence", FieldShape.WORD, lazy_("Licence"), lazy_("Its short name: CC-BY-4.0, or all-rights-reserved.")),
        ),
    ),
    (
        lazy_("For authors"),
        (
            FieldSpec("words.min", FieldShape.NUMBER, lazy_("Minimum words per lesson"), lazy_("Shown as advice only; never enforced.")),
            FieldSpec("words.max", FieldShape.NUMBER, lazy_("Maximum words per lesson")),
            FieldSpec(
                "style_rules",
                FieldShape.FLAG,
                lazy_("Check the institution's rules of style?"),
                help=lazy_("Length of lessons, objectives of modules, sources and feedback of questions, credits of pictures."),
                choices=YES_NO,
                usual="true",
            ),
            FieldSpec(
                "verified_sources",
                FieldShape.CHOICE,
                lazy_("Sources that must be verified before publishing"),
                help=lazy_("A source is verified once someone has opened it and it says what it is cited for."),
                choices=(("none", lazy_("None")), ("law", lazy_("Laws and regulations")), ("all", lazy_("All"))),
                usual="none",
            ),
            FieldSpec("topic", FieldShape.WORD, lazy_("Topic"), lazy_("Key of one of the site's topics.")),
        ),
    ),
)

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
    FieldSpec("opens", FieldShape.WORD, lazy_("Opens"), MOMENT),
    FieldSpec("closes", FieldShape.WORD, lazy_("Closes"), MOMENT),
)

MODULE: tuple[tuple[object, tuple[FieldSpec, ...]], ...] = (
    (
        lazy_("What it is"),
        (
            *_SHARED,
            _OBJECTIVES,
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


def activity(
    own: tuple[FieldSpec, ...], further: tuple[tuple[object, tuple[FieldSpec, ...]], ...] = (), *, with_texts: bool = True
) -> tuple[tuple[object, tuple[FieldSpec, ...]], ...]:
    """Return what is asked of an activity whose kind adds `own`, and `further` groups; texts stand elsewhere unless `with_texts`."""
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
        return labels_of(_of_groups(COURSE))
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
