"""Form fields of a quiz (spec/content-format 9); those of its slots are in `slot_fields`."""

from courses.content.settings import BareValueRule, FieldShape, FieldSpec
from kernel.i18n import lazy_
from quizzes.content.wording import DIFFICULTIES, LEVELS
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
    (ReviewFlag.ATTEMPT, lazy_("The questions and the learner's answers")),
    (ReviewFlag.CORRECTNESS, lazy_("Whether each answer is right")),
    (ReviewFlag.MAX_MARKS, lazy_("The maximum mark of each question")),
    (ReviewFlag.MARKS, lazy_("The marks")),
    (ReviewFlag.SPECIFIC, lazy_("Feedback on the chosen answer")),
    (ReviewFlag.GENERAL, lazy_("The explanation of each question")),
    (ReviewFlag.RIGHT_ANSWER, lazy_("The right answers")),
    (ReviewFlag.OVERALL, lazy_("The overall feedback")),
    (ReviewFlag.SOURCE, lazy_("Sources and what to read again")),
)

QUIZ_FIELDS = (FieldSpec("instructions", FieldShape.MARKDOWN, lazy_("Instructions"), lazy_("Shown before the attempt starts.")),)

_ATTEMPTS = (
    FieldSpec("attempts", FieldShape.NUMBER, lazy_("Attempts"), lazy_("0: unlimited."), usual="0"),
    FieldSpec("pause.first", FieldShape.NUMBER, lazy_("Pause before the second attempt"), _LENGTH, bare=BareValueRule.EACH),
    FieldSpec("pause.later", FieldShape.NUMBER, lazy_("Pause before later attempts"), _LENGTH, bare=BareValueRule.EACH),
    FieldSpec(
        "grading",
        FieldShape.CHOICE,
        lazy_("Which attempt counts"),
        lazy_(
            "If there are several. With three attempts of which the best counts, usually more than twice as many people pass by luck "
            "as with one. To keep that rare: one attempt, the mean of all attempts, or a longer quiz."
        ),
        (("highest", lazy_("The best")), ("average", lazy_("The mean of all")), ("first", lazy_("The first")), ("last", lazy_("The last"))),
        "highest",
    ),
    FieldSpec(
        "build_on_last",
        FieldShape.FLAG,
        lazy_("Start each attempt with the last answers?"),
        lazy_("Yes: learners correct what was wrong and keep the rest."),
        _YES_NO,
        "false",
    ),
)
_TIME = (
    FieldSpec(
        "minutes",
        FieldShape.NUMBER,
        lazy_("Expected time in minutes"),
        lazy_(
            "Shown to learners, and part of the course's hours. Leave empty to estimate it from the time limit or the number of questions."
        ),
    ),
    FieldSpec("limit", FieldShape.NUMBER, lazy_("Time limit"), lazy_("A number and a unit: 45 min. Leave empty for no limit.")),
    FieldSpec(
        "at_end",
        FieldShape.CHOICE,
        lazy_("When the time ends"),
        lazy_("What happens to an attempt that is still open."),
        (
            ("submit", lazy_("Saved answers are submitted")),
            ("grace", lazy_("There is a grace period to submit, but not to answer")),
            ("abandon", lazy_("Only attempts submitted in time count")),
        ),
        "submit",
    ),
    FieldSpec("grace", FieldShape.NUMBER, lazy_("Grace period"), lazy_("Only with a grace period to submit: 2 min.")),
    FieldSpec(
        "offline_window",
        FieldShape.NUMBER,
        lazy_("Answers written offline"),
        lazy_("How long after the end to accept answers written offline before it: 10 min. Leave empty not to accept any."),
    ),
)
_PAGES = (
    FieldSpec("per_page", FieldShape.NUMBER, lazy_("Questions per page"), lazy_("0: all on one page."), usual="0"),
    FieldSpec(
        "navigation",
        FieldShape.CHOICE,
        lazy_("Going back"),
        lazy_("Going forward only requires several pages."),
        (("free", lazy_("Learners can go back and forth")), ("sequential", lazy_("Learners can only go forward"))),
        "free",
    ),
    FieldSpec(
        "behaviour",
        FieldShape.CHOICE,
        lazy_("When learners find out what was right"),
        lazy_("Long texts and files are always marked by a person, afterwards."),
        (
            ("deferred", lazy_("After submitting")),
            ("immediate", lazy_("After each answer")),
            ("interactive", lazy_("After each answer, with hints and another try")),
            ("adaptive", lazy_("After each answer, which can be changed for fewer points")),
            ("certainty", lazy_("After submitting, with a certainty rating for each answer")),
        ),
        "deferred",
    ),
    FieldSpec(
        "shuffle_options",
        FieldShape.FLAG,
        lazy_("Show options in a different order to each learner?"),
        lazy_("Individual questions can turn this off."),
        _YES_NO,
        "true",
    ),
)
_GRADE = (
    FieldSpec(
        "pass_mark",
        FieldShape.NUMBER,
        lazy_("Pass mark"),
        lazy_("Percentage needed to pass, or none if no one can fail. With certainty ratings a result can reach 300%, not 100%."),
        usual="70",
    ),
    FieldSpec(
        "completion.rule",
        FieldShape.CHOICE,
        lazy_("What completes it"),
        lazy_("If not set: passing it, or submitting it if there is no pass mark."),
        (
            ("passed", lazy_("Passing it")),
            ("graded", lazy_("Getting a result, whatever it is")),
            ("passed_or_used", lazy_("Passing it, or using up all attempts")),
            ("viewed", lazy_("Opening it is enough")),
        ),
        bare=BareValueRule.INSTEAD,
    ),
    FieldSpec(
        "completion.attempted",
        FieldShape.NUMBER,
        lazy_("Or: number of attempts that completes it"),
        lazy_("This many, whatever the results; replaces the setting above."),
    ),
    FieldSpec("category", FieldShape.WORD, lazy_("Part of the grade"), lazy_("Key of one of the parts of the course grade.")),
    FieldSpec("weight", FieldShape.NUMBER, lazy_("Weight in that part"), lazy_("0: it does not count."), usual="1"),
    FieldSpec("max_grade", FieldShape.NUMBER, lazy_("Scale"), lazy_("The highest grade that is shown."), usual="100"),
    FieldSpec(
        "decimals", FieldShape.NUMBER, lazy_("Decimals of grades"), lazy_("For display only; pass decisions use exact values."), usual="2"
    ),
    FieldSpec("question_decimals", FieldShape.NUMBER, lazy_("Decimals of marks"), lazy_("Leave empty to use the same.")),
    FieldSpec(
        "allow_negative_total",
        FieldShape.FLAG,
        lazy_("Allow results below zero?"),
        lazy_("Only if wrong answers lose marks."),
        _YES_NO,
        "false",
    ),
)
_MOMENT = lazy_("If you choose none, the setting above applies. “Nothing at all” on its own hides everything.")
_SHOWN = (
    FieldSpec(
        "review.preset",
        FieldShape.CHOICE,
        lazy_("What is shown afterwards"),
        lazy_("Applies at every moment unless set otherwise below."),
        _PRESETS,
        "learning",
        bare=BareValueRule.BESIDE,
    ),
    FieldSpec("review.during", FieldShape.KEYS, lazy_("During the attempt"), _MOMENT, _FLAGS, nothing=NOTHING),
    FieldSpec("review.after", FieldShape.KEYS, lazy_("In the two minutes after submitting"), _MOMENT, _FLAGS, nothing=NOTHING),
    FieldSpec("review.later", FieldShape.KEYS, lazy_("Later, while the quiz is open"), _MOMENT, _FLAGS, nothing=NOTHING),
    FieldSpec("review.closed", FieldShape.KEYS, lazy_("Once the quiz is closed"), _MOMENT, _FLAGS, nothing=NOTHING),
    FieldSpec(
        "feedback",
        FieldShape.ENTRIES,
        lazy_("Overall feedback"),
        lazy_("Each text applies from its percentage upwards; the first from 0, then rising. Clear a row's percentage to delete it."),
        fields=(FieldSpec("from", FieldShape.NUMBER, lazy_("From percent")), FieldSpec("text", FieldShape.MARKDOWN, lazy_("Words"))),
    ),
)
_BLUEPRINT = (
    FieldSpec(
        "blueprint",
        FieldShape.ENTRIES,
        lazy_("Lines of the blueprint"),
        lazy_("Each line says how much of the marks its questions have. Clear a row's percentage to delete it."),
        fields=(
            FieldSpec("weight", FieldShape.NUMBER, lazy_("Percent of the marks")),
            FieldSpec("objective", FieldShape.WORD, lazy_("Objective"), lazy_("Its key.")),
            FieldSpec("level", FieldShape.CHOICE, lazy_("Level"), "", tuple((value, lazy_(label)) for value, label in LEVELS.items())),
            FieldSpec(
                "difficulty",
                FieldShape.CHOICE,
                lazy_("Difficulty"),
                "",
                tuple((value, lazy_(label)) for value, label in DIFFICULTIES.items()),
            ),
            FieldSpec("tolerance", FieldShape.NUMBER, lazy_("More or less"), lazy_("Percentage points that it may differ."), usual="0"),
        ),
    ),
)
_BALANCE = (
    FieldSpec(
        "balance.within",
        FieldShape.NUMBER,
        lazy_("Equally hard attempts: within how many points"),
        lazy_("The expected score of attempts differs from the target by at most this many points of 100: 1. Leave empty to draw freely."),
    ),
    FieldSpec(
        "balance.target",
        FieldShape.NUMBER,
        lazy_("Expected score of attempts"),
        lazy_("Percentage that learners should reach on average. Leave empty for the mean of the questions that can be drawn."),
    ),
    FieldSpec(
        "forms",
        FieldShape.NUMBER,
        lazy_("Parallel forms"),
        lazy_("Fixed sets of questions, from 2 to 6, equally hard and without a common drawn question. Leave empty to draw each attempt."),
    ),
    FieldSpec(
        "pairs_with",
        FieldShape.WORD,
        lazy_("Initial test to compare with"),
        lazy_(
            "In a final test: the key of the initial test. Both need two parallel forms and the same draws; "
            "who gets one form first gets the other one at the end."
        ),
    ),
)
_SELECTION = (
    FieldSpec(
        "selection.use",
        FieldShape.WORDS,
        lazy_("What results are used for outside the course, and by whom"),
        lazy_(
            "For example: promotion 2027, by the personnel department. Learners read it before they begin. "
            "The quiz then has to meet more conditions to be published. Leave empty if results are only used in the course."
        ),
    ),
    FieldSpec(
        "selection.contact",
        FieldShape.WORDS,
        lazy_("Whom learners ask about that"),
        lazy_("An address, a telephone number or an office."),
    ),
    FieldSpec(
        "pass_basis.norm",
        FieldShape.WORDS,
        lazy_("Norm that sets the pass mark"),
        lazy_("Its citation, with the article. Leave empty if judges set the pass mark."),
    ),
    FieldSpec(
        "pass_basis.judges",
        FieldShape.FLAG,
        lazy_("Do judges set the pass mark?"),
        lazy_("Yes: publishing asks for a signed record of judges that chose just this pass mark."),
        _YES_NO,
        "false",
    ),
)
_OBJECTIONS = (
    FieldSpec(
        "objections.term",
        FieldShape.NUMBER,
        lazy_("Days to object to questions"),
        lazy_("Days of the calendar from the publication of the provisional acta, until midnight of the last one: 5 d."),
        usual="5 d",
    ),
    FieldSpec(
        "objections.decide",
        FieldShape.NUMBER,
        lazy_("Days to decide on objections"),
        lazy_("Days of the calendar after that: 10 d."),
        usual="10 d",
    ),
)
_TIES = (
    FieldSpec(
        "ties.objectives",
        FieldShape.KEYS,
        lazy_("Objectives that decide between equal results"),
        lazy_("Their keys, in order: the higher result in the first one goes ahead. Leave empty if equal results share a rank."),
    ),
    FieldSpec(
        "ties.draw",
        FieldShape.WORD,
        lazy_("Text of a public draw between results that are still equal"),
        lazy_("Announce it before the sitting. The draw is made of it and of the provisional acta, so that anybody can make it again."),
    ),
)
_INTEGRITY = (
    FieldSpec(
        "integrity.honour",
        FieldShape.FLAG,
        lazy_("Ask for a declaration before an attempt?"),
        lazy_("One box that learners tick to begin. Asked for where results are used outside the course, unless you choose No."),
        _YES_NO,
    ),
    FieldSpec(
        "integrity.declaration",
        FieldShape.WORDS,
        lazy_("Words of the declaration"),
        lazy_("Leave empty for the usual ones: that they answer by themselves and do not pass the questions on."),
    ),
    FieldSpec(
        "integrity.times",
        FieldShape.FLAG,
        lazy_("Record the time that each question takes?"),
        lazy_("Approximate, and not known where the browser does not allow it."),
        _YES_NO,
        "false",
    ),
    FieldSpec(
        "integrity.focus",
        FieldShape.FLAG,
        lazy_("Record when the page is left?"),
        lazy_("Learners see it at once. It is not recorded for people with an accommodation."),
        _YES_NO,
        "false",
    ),
    FieldSpec(
        "integrity.sessions",
        FieldShape.FLAG,
        lazy_("Record from how many devices and networks it is answered?"),
        lazy_("Networks are shortened. Moving from home to a mobile network is usual."),
        _YES_NO,
        "false",
    ),
)
GROUPS = (
    (lazy_("Blueprint"), (*_BLUEPRINT, *_BALANCE)),
    (lazy_("Attempts"), _ATTEMPTS),
    (lazy_("Time"), _TIME),
    (lazy_("Pages and answers"), _PAGES),
    (lazy_("Result"), _GRADE),
    (lazy_("Use outside the course"), (*_SELECTION, *_OBJECTIONS, *_TIES)),
    (lazy_("What is recorded beside the answers"), _INTEGRITY),
    (lazy_("What learners see afterwards"), _SHOWN),
)
