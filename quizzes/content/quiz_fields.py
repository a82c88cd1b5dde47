"""What the web asks of a quiz, field by field (format, section 9); its places for questions are asked by `asked_slots`."""

from courses.content.settings import BareValueRule, FieldShape, FieldSpec
from kernel.i18n import lazy_
from quizzes.rules.settings import ReviewFlag

_YES_NO = (("true", lazy_("Yes")), ("false", lazy_("No")))
_LENGTH = lazy_("A number and a unit: 60 s, 30 min, 24 h, 7 d.")
_PRESETS = (
    ("learning", lazy_("Marks and feedback; the right answers once the quiz is closed")),
    ("practice", lazy_("Everything, at any time")),
    ("exam", lazy_("Marks only; the rest once the quiz is closed")),
    ("hidden", lazy_("Nothing until the quiz is closed")),
)
NOTHING = "nothing"
_FLAGS = (
    (NOTHING, lazy_("Nothing at all")),
    (ReviewFlag.ATTEMPT, lazy_("The questions and one's answers")),
    (ReviewFlag.CORRECTNESS, lazy_("Whether each answer is right")),
    (ReviewFlag.MAX_MARKS, lazy_("What each question counts")),
    (ReviewFlag.MARKS, lazy_("The marks")),
    (ReviewFlag.SPECIFIC, lazy_("The feedback of what one chose")),
    (ReviewFlag.GENERAL, lazy_("The explanation of each question")),
    (ReviewFlag.RIGHT_ANSWER, lazy_("The right answers")),
    (ReviewFlag.OVERALL, lazy_("The words about the whole result")),
    (ReviewFlag.SOURCE, lazy_("The sources and where to read again")),
)

ASKED = (FieldSpec("instructions", FieldShape.MARKDOWN, lazy_("Instructions"), lazy_("Read before the start.")),)

_ATTEMPTS = (
    FieldSpec("attempts", FieldShape.NUMBER, lazy_("Attempts"), lazy_("0: as many as one likes."), usual="0"),
    FieldSpec("pause.first", FieldShape.NUMBER, lazy_("Pause before the second attempt"), _LENGTH, bare=BareValueRule.EACH),
    FieldSpec("pause.later", FieldShape.NUMBER, lazy_("Pause before later ones"), _LENGTH, bare=BareValueRule.EACH),
    FieldSpec(
        "grading",
        FieldShape.CHOICE,
        lazy_("Which attempt counts"),
        lazy_("Where there are several."),
        (("highest", lazy_("The best")), ("average", lazy_("The mean of all")), ("first", lazy_("The first")), ("last", lazy_("The last"))),
        "highest",
    ),
    FieldSpec(
        "build_on_last",
        FieldShape.FLAG,
        lazy_("Does an attempt begin with the last answers?"),
        lazy_("Yes: one corrects what was wrong and leaves the rest."),
        _YES_NO,
        "false",
    ),
)
_TIME = (
    FieldSpec("limit", FieldShape.NUMBER, lazy_("Time limit"), lazy_("A number and a unit: 45 min. Left empty: no limit.")),
    FieldSpec(
        "at_end",
        FieldShape.CHOICE,
        lazy_("When the time ends"),
        lazy_("What becomes of an attempt that is still open."),
        (
            ("submit", lazy_("What is saved is handed in")),
            ("grace", lazy_("There is time to hand in, not to answer")),
            ("abandon", lazy_("Only what was handed in before counts")),
        ),
        "submit",
    ),
    FieldSpec("grace", FieldShape.NUMBER, lazy_("Time to hand in"), lazy_("Only where there is time to hand in: 2 min.")),
    FieldSpec(
        "offline_window",
        FieldShape.NUMBER,
        lazy_("Answers given without a line"),
        lazy_("How long after the end answers still count that were given before it without a connection: 10 min. Left empty: not at all."),
    ),
)
_PAGES = (
    FieldSpec("per_page", FieldShape.NUMBER, lazy_("Questions on a page"), lazy_("0: all on one."), usual="0"),
    FieldSpec(
        "navigation",
        FieldShape.CHOICE,
        lazy_("Going back"),
        lazy_("Forward only needs several pages."),
        (("free", lazy_("One may go back and forth")), ("sequential", lazy_("One only goes forward"))),
        "free",
    ),
    FieldSpec(
        "behaviour",
        FieldShape.CHOICE,
        lazy_("When one learns what was right"),
        lazy_("Long texts and files are always marked by a person, afterwards."),
        (
            ("deferred", lazy_("After handing in")),
            ("immediate", lazy_("After each answer")),
            ("interactive", lazy_("After each answer, with hints and another try")),
            ("adaptive", lazy_("After each answer, and one may change it for fewer points")),
            ("certainty", lazy_("After handing in, and one says how sure one is")),
        ),
        "deferred",
    ),
    FieldSpec(
        "shuffle_options",
        FieldShape.FLAG,
        lazy_("Options in another order for each learner?"),
        lazy_("A question may say no for itself."),
        _YES_NO,
        "true",
    ),
)
_GRADE = (
    FieldSpec("pass_mark", FieldShape.NUMBER, lazy_("Pass mark"), lazy_("Percent needed to pass, or none: nobody fails."), usual="70"),
    FieldSpec(
        "completion.rule",
        FieldShape.CHOICE,
        lazy_("What completes it"),
        lazy_("Not said: passing it, or handing it in where there is no pass mark."),
        (
            ("passed", lazy_("Passing it")),
            ("graded", lazy_("A result, whatever it is")),
            ("passed_or_used", lazy_("Passing it, or using up all attempts")),
            ("viewed", lazy_("Opening it is enough")),
        ),
        bare=BareValueRule.INSTEAD,
    ),
    FieldSpec(
        "completion.attempted",
        FieldShape.NUMBER,
        lazy_("Or: attempts that complete it"),
        lazy_("So many, whatever came of them; it replaces the above."),
    ),
    FieldSpec("category", FieldShape.WORD, lazy_("Part of the grade"), lazy_("Key of one of the course's parts of the grade.")),
    FieldSpec("weight", FieldShape.NUMBER, lazy_("Weight in that part"), lazy_("0: it does not count."), usual="1"),
    FieldSpec("max_grade", FieldShape.NUMBER, lazy_("Scale"), lazy_("The highest grade that is shown."), usual="100"),
    FieldSpec("decimals", FieldShape.NUMBER, lazy_("Decimals of grades"), lazy_("Of what is shown; what decides is exact."), usual="2"),
    FieldSpec("question_decimals", FieldShape.NUMBER, lazy_("Decimals of the marks of questions"), lazy_("Left empty: the same.")),
    FieldSpec(
        "allow_negative_total",
        FieldShape.FLAG,
        lazy_("May a result be below zero?"),
        lazy_("Only where wrong answers take marks away."),
        _YES_NO,
        "false",
    ),
)
_MOMENT = lazy_("None chosen: as said above. “Nothing at all” alone hides everything.")
_SHOWN = (
    FieldSpec(
        "review.preset",
        FieldShape.CHOICE,
        lazy_("What is shown afterwards"),
        lazy_("At each moment, unless it is said below."),
        _PRESETS,
        "learning",
        bare=BareValueRule.BESIDE,
    ),
    FieldSpec("review.during", FieldShape.KEYS, lazy_("During the attempt"), _MOMENT, _FLAGS, nothing=NOTHING),
    FieldSpec("review.after", FieldShape.KEYS, lazy_("In the two minutes after handing in"), _MOMENT, _FLAGS, nothing=NOTHING),
    FieldSpec("review.later", FieldShape.KEYS, lazy_("Later, while the quiz is open"), _MOMENT, _FLAGS, nothing=NOTHING),
    FieldSpec("review.closed", FieldShape.KEYS, lazy_("Once the quiz is closed"), _MOMENT, _FLAGS, nothing=NOTHING),
    FieldSpec(
        "feedback",
        FieldShape.ENTRIES,
        lazy_("Words about the whole result"),
        lazy_("From a percentage on; the first from 0, then rising. A row whose percentage is emptied goes."),
        fields=(FieldSpec("from", FieldShape.NUMBER, lazy_("From percent")), FieldSpec("text", FieldShape.MARKDOWN, lazy_("Words"))),
    ),
)
GROUPS = (
    (lazy_("Attempts"), _ATTEMPTS),
    (lazy_("Time"), _TIME),
    (lazy_("Pages and answers"), _PAGES),
    (lazy_("Result"), _GRADE),
    (lazy_("What one sees afterwards"), _SHOWN),
)
