"""What the web asks of a course, a module and an activity, field by field (format, section 5).

The reader of the format judges the answers.
"""

from courses.content.changes import COMMON
from courses.content.settings import Setting, Shape
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

_OBJECTIVES = Setting(
    "objectives", Shape.LISTED, lazy_("What one learns"), lazy_("One on each line, beginning with a verb: Work out the coverage gap.")
)
COURSE: tuple[tuple[object, tuple[Setting, ...]], ...] = (
    (
        lazy_("What it is"),
        (
            Setting("title", Shape.WORDS, lazy_("Title")),
            Setting("summary", Shape.WORDS, lazy_("Summary"), lazy_("One or two sentences for the catalogue.")),
            _OBJECTIVES,
            Setting(
                "languages",
                Shape.KEYS,
                lazy_("Languages"),
                lazy_("The first is the one in which the course is written: es, or es, en. A language can be added at any time."),
                usual="es",
            ),
            Setting(
                "level",
                Shape.CHOICE,
                lazy_("Level"),
                lazy_("How much it takes for granted."),
                (("basic", lazy_("Basic")), ("intermediate", lazy_("Intermediate")), ("advanced", lazy_("Advanced"))),
            ),
            Setting(
                "hours",
                Shape.NUMBER,
                lazy_("Hours"),
                lazy_("Told on the certificate. Left empty, the minutes of the activities are added up."),
            ),
            Setting(
                "image", Shape.FILE, lazy_("Picture"), lazy_("Shown in the catalogue. Send it first under “Files”."), accepts=("image/",)
            ),
            Setting(
                "image_alt", Shape.WORDS, lazy_("Alternative text of the picture"), lazy_("What somebody who does not see it has to know.")
            ),
            Setting(
                "tone",
                Shape.CHOICE,
                lazy_("Colour"),
                lazy_("Of the course's façade."),
                tuple((str(number), str(number)) for number in range(1, 7)),
            ),
        ),
    ),
    (
        lazy_("Who may take it"),
        (
            Setting(
                "visibility",
                Shape.CHOICE,
                lazy_("Who finds it in the catalogue"),
                lazy_("Whoever does not find it, and does not take part, cannot open it by its address either."),
                (
                    ("public", lazy_("Everybody")),
                    ("staff", lazy_("Whoever is signed in and belongs to an institution")),
                    ("participants", lazy_("Only those who take part")),
                ),
                "participants",
            ),
            Setting(
                "enrolment",
                Shape.CHOICE,
                lazy_("How one enrols"),
                lazy_("Codes are set elsewhere: they are never in the course's text."),
                (("open", lazy_("Whoever wants to")), ("code", lazy_("With a code")), ("invitation", lazy_("By invitation"))),
                "invitation",
            ),
            Setting("opens", Shape.WORD, lazy_("Enrolment opens"), MOMENT),
            Setting("closes", Shape.WORD, lazy_("Enrolment closes"), MOMENT),
            Setting("timezone", Shape.WORD, lazy_("Time zone"), lazy_("Of all dates of the course."), usual="America/Guayaquil"),
        ),
    ),
    (
        lazy_("What completes it"),
        (
            Setting(
                "completion.modules",
                Shape.KEYS,
                lazy_("Modules to complete"),
                lazy_("None chosen: all of them."),
                usual="all",
            ),
            Setting(
                "completion.grade",
                Shape.NUMBER,
                lazy_("Grade needed"),
                lazy_("Percent of the course's grade. Left empty: completing the modules is enough."),
            ),
            Setting(
                "certificate",
                Shape.CHOICE,
                lazy_("Certificate"),
                lazy_("With a code by which anybody can check it."),
                (("constancia", lazy_("For everybody who completes the course")), ("none", lazy_("None"))),
                "none",
            ),
            Setting(
                "grade",
                Shape.ENTRIES,
                lazy_("Parts of the grade"),
                lazy_("The course's grade is their weighted mean. A row whose key is emptied goes."),
                fields=(
                    Setting("category", Shape.WORD, lazy_("Key")),
                    Setting("title", Shape.WORDS, lazy_("Name")),
                    Setting("weight", Shape.NUMBER, lazy_("Weight")),
                    Setting("drop_lowest", Shape.NUMBER, lazy_("Lowest results left out")),
                ),
            ),
        ),
    ),
    (
        lazy_("Who made it"),
        (
            Setting(
                "authors",
                Shape.ENTRIES,
                lazy_("Authors"),
                lazy_("A row whose name is emptied goes."),
                fields=(
                    Setting("name", Shape.WORD, lazy_("Name")),
                    Setting("role", Shape.WORDS, lazy_("What they did")),
                    Setting("organisation", Shape.WORDS, lazy_("Institution")),
                ),
            ),
            Setting("licence", Shape.WORD, lazy_("Licence"), lazy_("Its short name: CC-BY-4.0, or all-rights-reserved.")),
        ),
    ),
    (
        lazy_("For those who write it"),
        (
            Setting("words.min", Shape.NUMBER, lazy_("Fewest words of a lesson"), lazy_("Only told, never refused.")),
            Setting("words.max", Shape.NUMBER, lazy_("Most words of a lesson")),
            Setting("topic", Shape.WORD, lazy_("Topic"), lazy_("Key of one of the site's topics.")),
        ),
    ),
)

_SHARED = (
    Setting("title", Shape.WORDS, lazy_("Title")),
    Setting("summary", Shape.WORDS, lazy_("Summary"), lazy_("One or two sentences for the outline of the course.")),
)
STATE = Setting(
    "state",
    Shape.CHOICE,
    lazy_("State"),
    lazy_("A draft is left out of what is published."),
    (("ready", lazy_("Ready to be published")), ("draft", lazy_("Draft"))),
    "ready",
)
_WHEN = (
    STATE,
    Setting(
        "requires", Shape.KEYS, lazy_("Opens after"), lazy_("What one has to complete first. None chosen: it is open from the beginning.")
    ),
    Setting("opens", Shape.WORD, lazy_("Opens"), MOMENT),
    Setting("closes", Shape.WORD, lazy_("Closes"), MOMENT),
)

MODULE: tuple[tuple[object, tuple[Setting, ...]], ...] = (
    (
        lazy_("What it is"),
        (
            *_SHARED,
            _OBJECTIVES,
            Setting(
                "numbered",
                Shape.FLAG,
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
            Setting(
                "completion",
                Shape.WORD,
                lazy_("Activities to complete"),
                lazy_("A number, or all: so many of the required ones complete it."),
                usual="all",
            ),
        ),
    ),
)


def activity(
    own: tuple[Setting, ...], further: tuple[tuple[object, tuple[Setting, ...]], ...] = (), *, words: bool = True
) -> tuple[tuple[object, tuple[Setting, ...]], ...]:
    """Return what is asked of an activity whose kind adds `own`, and `further` groups; without `words` these are written elsewhere."""
    conditions = (
        *_WHEN,
        Setting("required", Shape.FLAG, lazy_("Is it required?"), lazy_("Required activities complete their module."), YES_NO, "true"),
        Setting(
            "preview",
            Shape.FLAG,
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
    Setting("minutes", Shape.NUMBER, lazy_("Minutes of reading"), lazy_("Left empty, they are counted from the words.")),
    Setting(
        "completion",
        Shape.CHOICE,
        lazy_("What completes it"),
        "",
        (("marked", lazy_("The learner says so")), ("viewed", lazy_("Opening it is enough"))),
        "marked",
    ),
)
