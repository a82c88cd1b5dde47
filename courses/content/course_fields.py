"""What the web asks of a course, a module and an activity, field by field (format, section 5).

The reader of the format judges the answers.
"""

from courses.content.changes import COMMON
from courses.content.settings import FieldShape, FieldSpec
from kernel.i18n import lazy_

YES_NO = (("true", lazy_("Yes")), ("false", lazy_("No")))
MOMENT = lazy_("A day or a moment in the course's time zone: 2026-12-01 or 2026-12-01 08:00.")

COURSE_ORDER = (
    *(
        "format",
        "kind",
        "key",
        "was",
        "title",
        "summary",
        "objectives",
        "languages",
        "timezone",
        "hours",
        "words",
        "level",
        "topic",
        "tone",
    ),
    *("image", "image_alt", "authors", "licence", "visibility", "enrolment", "opens", "closes", "completion", "grade", "certificate"),
)
MODULE_ORDER = (*COMMON[:8], "objectives", "numbered", "completion")
FLOWS = frozenset({"languages", "words", "completion", "requires", "was", "pause", "review", "from", "tags", "kinds", "accept", "source"})
"""Fields that stand on one line where they fit (format, section 11)."""
DEEP_FLOWS = frozenset({"also"})
"""Fields whose values stand on a line each."""

_OBJECTIVES = FieldSpec(
    "objectives", FieldShape.LISTED, lazy_("What one learns"), lazy_("One on each line, beginning with a verb: Work out the coverage gap.")
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
                lazy_("The first is the one in which the course is written: es, or es, en. A language can be added at any time."),
                usual="es",
            ),
            FieldSpec(
                "level",
                FieldShape.CHOICE,
                lazy_("Level"),
                lazy_("How much it takes for granted."),
                (("basic", lazy_("Basic")), ("intermediate", lazy_("Intermediate")), ("advanced", lazy_("Advanced"))),
            ),
            FieldSpec(
                "hours",
                FieldShape.NUMBER,
                lazy_("Hours"),
                lazy_("Told on the certificate. Left empty, the minutes of the activities are added up."),
            ),
            FieldSpec(
                "image",
                FieldShape.FILE,
                lazy_("Picture"),
                lazy_("Shown in the catalogue. Send it first under “Files”."),
                accepts=("image/",),
            ),
            FieldSpec(
                "image_alt",
                FieldShape.WORDS,
                lazy_("Alternative text of the picture"),
                lazy_("What somebody who does not see it has to know."),
            ),
            FieldSpec(
                "tone",
                FieldShape.CHOICE,
                lazy_("Colour"),
                lazy_("Of the course's façade."),
                tuple((str(number), str(number)) for number in range(1, 7)),
            ),
        ),
    ),
    (
        lazy_("Who may take it"),
        (
            FieldSpec(
                "visibility",
                FieldShape.CHOICE,
                lazy_("Who finds it in the catalogue"),
                lazy_("Whoever does not find it, and does not take part, cannot open it by its address either."),
                (
                    ("public", lazy_("Everybody")),
                    ("staff", lazy_("Whoever is signed in and belongs to an institution")),
                    ("participants", lazy_("Only those who take part")),
                ),
                "participants",
            ),
            FieldSpec(
                "enrolment",
                FieldShape.CHOICE,
                lazy_("How one enrols"),
                lazy_("Codes are set elsewhere: they are never in the course's text."),
                (("open", lazy_("Whoever wants to")), ("code", lazy_("With a code")), ("invitation", lazy_("By invitation"))),
                "invitation",
            ),
            FieldSpec("opens", FieldShape.WORD, lazy_("Enrolment opens"), MOMENT),
            FieldSpec("closes", FieldShape.WORD, lazy_("Enrolment closes"), MOMENT),
            FieldSpec("timezone", FieldShape.WORD, lazy_("Time zone"), lazy_("Of all dates of the course."), usual="America/Guayaquil"),
        ),
    ),
    (
        lazy_("What completes it"),
        (
            FieldSpec(
                "completion.modules",
                FieldShape.KEYS,
                lazy_("Modules to complete"),
                lazy_("None chosen: all of them."),
                usual="all",
            ),
            FieldSpec(
                "completion.grade",
                FieldShape.NUMBER,
                lazy_("Grade needed"),
                lazy_("Percent of the course's grade. Left empty: completing the modules is enough."),
            ),
            FieldSpec(
                "certificate",
                FieldShape.CHOICE,
                lazy_("Certificate"),
                lazy_("With a code by which anybody can check it."),
                (("constancia", lazy_("For everybody who completes the course")), ("none", lazy_("None"))),
                "none",
            ),
            FieldSpec(
                "grade",
                FieldShape.ENTRIES,
                lazy_("Parts of the grade"),
                lazy_("The course's grade is their weighted mean. A row whose key is emptied goes."),
                fields=(
                    FieldSpec("category", FieldShape.WORD, lazy_("Key")),
                    FieldSpec("title", FieldShape.WORDS, lazy_("Name")),
                    FieldSpec("weight", FieldShape.NUMBER, lazy_("Weight")),
                    FieldSpec("drop_lowest", FieldShape.NUMBER, lazy_("Lowest results left out")),
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
                lazy_("A row whose name is emptied goes."),
                fields=(
                    FieldSpec("name", FieldShape.WORD, lazy_("Name")),
                    FieldSpec("role", FieldShape.WORDS, lazy_("What they did")),
                    FieldSpec("organisation", FieldShape.WORDS, lazy_("Institution")),
                ),
            ),
            FieldSpec("licence", FieldShape.WORD, lazy_("Licence"), lazy_("Its short name: CC-BY-4.0, or all-rights-reserved.")),
        ),
    ),
    (
        lazy_("For those who write it"),
        (
            FieldSpec("words.min", FieldShape.NUMBER, lazy_("Fewest words of a lesson"), lazy_("Only told, never refused.")),
            FieldSpec("words.max", FieldShape.NUMBER, lazy_("Most words of a lesson")),
            FieldSpec("topic", FieldShape.WORD, lazy_("Topic"), lazy_("Key of one of the site's topics.")),
        ),
    ),
)

_SHARED = (
    FieldSpec("title", FieldShape.WORDS, lazy_("Title")),
    FieldSpec("summary", FieldShape.WORDS, lazy_("Summary"), lazy_("One or two sentences for the outline of the course.")),
)
STATE = FieldSpec(
    "state",
    FieldShape.CHOICE,
    lazy_("State"),
    lazy_("A draft is left out of what is published."),
    (("ready", lazy_("Ready to be published")), ("draft", lazy_("Draft"))),
    "ready",
)
_WHEN = (
    STATE,
    FieldSpec(
        "requires",
        FieldShape.KEYS,
        lazy_("Opens after"),
        lazy_("What one has to complete first. None chosen: it is open from the beginning."),
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
                lazy_("No for a pre-test or a final test: “module 3 of 7” does not count it."),
                YES_NO,
                "true",
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
                lazy_("A number, or all: so many of the required ones complete it."),
                usual="all",
            ),
        ),
    ),
)


def activity(
    own: tuple[FieldSpec, ...], further: tuple[tuple[object, tuple[FieldSpec, ...]], ...] = (), *, words: bool = True
) -> tuple[tuple[object, tuple[FieldSpec, ...]], ...]:
    """Return what is asked of an activity whose kind adds `own`, and `further` groups; without `words` these are written elsewhere."""
    conditions = (
        *_WHEN,
        FieldSpec(
            "required", FieldShape.FLAG, lazy_("Is it required?"), lazy_("Required activities complete their module."), YES_NO, "true"
        ),
        FieldSpec(
            "preview",
            FieldShape.FLAG,
            lazy_("Open to everybody?"),
            lazy_("Lessons and recordings may be looked at without enrolling."),
            YES_NO,
            "false",
        ),
    )
    groups = (
        (lazy_("What it is"), (*(_SHARED if words else ()), *own)),
        *further,
        (lazy_("When it is open, and whether it counts"), conditions),
    )
    return tuple(group for group in groups if group[1])


LESSON = (
    FieldSpec("minutes", FieldShape.NUMBER, lazy_("Minutes of reading"), lazy_("Left empty, they are counted from the words.")),
    FieldSpec(
        "completion",
        FieldShape.CHOICE,
        lazy_("What completes it"),
        "",
        (("marked", lazy_("The learner says so")), ("viewed", lazy_("Opening it is enough"))),
        "marked",
    ),
)
