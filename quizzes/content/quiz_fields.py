"""Form fields of a quiz and its slots, changes of the slots in its file, and its settings in the words of the screen."""

from collections.abc import Mapping, Sequence

from courses.content import editing
from courses.content.differences import SettingFact, SettingLabels, facts_of, seconds
from courses.content.editing import Written, list_entries, read_fields, with_entry_moved, without_entries
from courses.content.model import ActivitySource
from courses.content.settings import BareValueRule, FieldShape, FieldSpec
from courses.content.writing import scalar
from kernel.errors import N_
from kernel.i18n import _, choose, lazy_, ngettext, number
from questions.content.question_fields import DIFFICULTIES, LEVELS
from questions.rules.feedback import ReviewFlag
from quizzes.content.pools import SORTS, DrawSlot, FixedSlot, PageBreak, QuizSource, SectionSlot, SlotSource, TextSlot
from quizzes.rules.blueprint import BlueprintWeight
from quizzes.rules.result_use import ObjectionRules, PassBasis, TieRules
from quizzes.rules.states import IntegrityRules

_YES_NO = (("true", lazy_("Yes")), ("false", lazy_("No")))
_LENGTH = lazy_("In minutes, hours or days: 30 minutes, 1 h 30, 7 days.")
_PRESETS = (
    ("learning", lazy_("Marks and feedback; the right answers once the quiz is closed")),
    ("practice", lazy_("Everything, at any time")),
    ("exam", lazy_("Marks only; once the quiz is closed all but the right answers")),
    ("hidden", lazy_("Nothing until the quiz is closed, and then the marks")),
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
    FieldSpec("pause.first", FieldShape.LENGTH, lazy_("Pause before the second attempt"), _LENGTH, bare=BareValueRule.EACH),
    FieldSpec("pause.later", FieldShape.LENGTH, lazy_("Pause before later attempts"), _LENGTH, bare=BareValueRule.EACH),
    FieldSpec(
        "grading",
        FieldShape.CHOICE,
        lazy_("Which attempt counts"),
        help=lazy_(
            "If there are several. With three attempts of which the best counts, usually more than twice as many people pass by luck "
            "as with one. To keep that rare: one attempt, the mean of all attempts, or a longer quiz."
        ),
        choices=(
            ("highest", lazy_("The best")),
            ("average", lazy_("The mean of all")),
            ("first", lazy_("The first")),
            ("last", lazy_("The last")),
        ),
        usual="highest",
    ),
    FieldSpec(
        "build_on_last",
        FieldShape.FLAG,
        lazy_("Start each attempt with the last answers?"),
        help=lazy_("Yes: learners correct what was wrong and keep the rest."),
        choices=_YES_NO,
        usual="false",
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
    FieldSpec("limit", FieldShape.LENGTH, lazy_("Time limit"), lazy_("For example 45 minutes, or 1 h 30. Leave empty for no limit.")),
    FieldSpec(
        "at_end",
        FieldShape.CHOICE,
        lazy_("When the time ends"),
        help=lazy_("What happens to an attempt that is still open."),
        choices=(
            ("submit", lazy_("Saved answers are submitted")),
            ("grace", lazy_("There is a grace period to submit, but not to answer")),
            ("abandon", lazy_("Only attempts submitted in time count")),
        ),
        usual="submit",
    ),
    FieldSpec("grace", FieldShape.LENGTH, lazy_("Grace period"), lazy_("Only with a grace period to submit: 2 minutes.")),
    FieldSpec(
        "offline_window",
        FieldShape.LENGTH,
        lazy_("Answers written offline"),
        lazy_("How long after the end to accept answers written offline before it: 10 minutes. Leave empty not to accept any."),
    ),
)
_PAGES = (
    FieldSpec("per_page", FieldShape.NUMBER, lazy_("Questions per page"), lazy_("0: all on one page."), usual="0"),
    FieldSpec(
        "navigation",
        FieldShape.CHOICE,
        lazy_("Going back"),
        help=lazy_("Going forward only requires several pages."),
        choices=(("free", lazy_("Learners can go back and forth")), ("sequential", lazy_("Learners can only go forward"))),
        usual="free",
    ),
    FieldSpec(
        "behaviour",
        FieldShape.CHOICE,
        lazy_("When learners find out what was right"),
        help=lazy_("Long texts and files are always marked by a person, afterwards."),
        choices=(
            ("deferred", lazy_("After submitting")),
            ("immediate", lazy_("After each answer")),
            ("interactive", lazy_("After each answer, with hints and another try")),
            ("adaptive", lazy_("After each answer, which can be changed for fewer points")),
            ("certainty", lazy_("After submitting, with a certainty rating for each answer")),
        ),
        usual="deferred",
    ),
    FieldSpec(
        "shuffle_options",
        FieldShape.FLAG,
        lazy_("Show options in a different order to each learner?"),
        help=lazy_("Individual questions can turn this off."),
        choices=_YES_NO,
        usual="true",
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
    FieldSpec(
        "final",
        FieldShape.FLAG,
        lazy_("Is it the final assessment of the course?"),
        help=lazy_(
            "Yes: certificates say that it was passed. A required quiz in an unnumbered module after the last numbered one is it anyway."
        ),
        choices=_YES_NO,
        usual="false",
    ),
    FieldSpec("category", FieldShape.WORD, lazy_("Part of the grade"), lazy_("One of the parts of the course grade."), is_chosen=True),
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
        help=lazy_("Only if wrong answers lose marks."),
        choices=_YES_NO,
        usual="false",
    ),
)
_MOMENT = lazy_("If you choose none, the setting above applies. “Nothing at all” on its own hides everything.")
_SHOWN = (
    FieldSpec(
        "review.preset",
        FieldShape.CHOICE,
        lazy_("What is shown afterwards"),
        help=lazy_("Applies at every moment unless set otherwise below."),
        choices=_PRESETS,
        usual="learning",
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
            FieldSpec("objective", FieldShape.WORD, lazy_("Objective"), is_chosen=True),
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
            "In a final test: the initial test. Both need two parallel forms and the same draws; "
            "who gets one form first gets the other one at the end."
        ),
        is_chosen=True,
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
        help=lazy_("Yes: publishing asks for a signed record of judges that chose just this pass mark."),
        choices=_YES_NO,
        usual="false",
    ),
)
_OBJECTIONS = (
    FieldSpec(
        "objections.term",
        FieldShape.LENGTH,
        lazy_("Days to object to questions"),
        lazy_("Days of the calendar from the publication of the provisional acta, until midnight of the last one: 5 days."),
        usual="5 d",
    ),
    FieldSpec(
        "objections.decide",
        FieldShape.LENGTH,
        lazy_("Days to decide on objections"),
        lazy_("Days of the calendar after that: 10 days."),
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
        help=lazy_("Approximate, and not known where the browser does not allow it."),
        choices=_YES_NO,
        usual="false",
    ),
    FieldSpec(
        "integrity.focus",
        FieldShape.FLAG,
        lazy_("Record when the page is left?"),
        help=lazy_("Learners see it at once. It is not recorded for people with an accommodation."),
        choices=_YES_NO,
        usual="false",
    ),
    FieldSpec(
        "integrity.sessions",
        FieldShape.FLAG,
        lazy_("Record from how many devices and networks it is answered?"),
        help=lazy_("Networks are shortened. Moving from home to a mobile network is usual."),
        choices=_YES_NO,
        usual="false",
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


SLOTS = "slots"
_MARKED = (
    FieldSpec("mark", FieldShape.NUMBER, lazy_("Mark"), lazy_("For each question here. Leave empty to use the question's own.")),
    FieldSpec(
        "require_previous",
        FieldShape.FLAG,
        lazy_("Only after the previous question?"),
        help=lazy_("It opens once the previous question is answered. Requires answers that are marked immediately."),
        choices=_YES_NO,
        usual="false",
    ),
)

SLOT_FIELDS: Mapping[str, tuple[FieldSpec, ...]] = {
    "question": (FieldSpec("question", FieldShape.WORD, lazy_("Question"), lazy_("Its key in the bank.")), *_MARKED),
    "draw": (
        FieldSpec("draw", FieldShape.NUMBER, lazy_("How many"), lazy_("This many questions, drawn again for each attempt.")),
        FieldSpec("from", FieldShape.KEYS, lazy_("From these banks"), lazy_("If you choose none: those of the quiz's module.")),
        FieldSpec("tags", FieldShape.KEYS, lazy_("With all these tags")),
        FieldSpec("kinds", FieldShape.KEYS, lazy_("Of these kinds"), lazy_("If you choose none: any kind.")),
        FieldSpec(
            "difficulty", FieldShape.CHOICE, lazy_("Difficulty"), "", tuple((value, lazy_(label)) for value, label in DIFFICULTIES.items())
        ),
        FieldSpec("objective", FieldShape.WORD, lazy_("Objective"), lazy_("If you choose none: any objective."), is_chosen=True),
        FieldSpec("level", FieldShape.CHOICE, lazy_("Level"), "", tuple((value, lazy_(label)) for value, label in LEVELS.items())),
        FieldSpec(
            "every",
            FieldShape.CHOICE,
            lazy_("Variants of one idea"),
            lazy_("An attempt gets at most one question of a family in any case."),
            (("family", lazy_("Each family is as likely as any other, however many variants it has")),),
        ),
        *_MARKED,
    ),
    "section": (
        FieldSpec("section", FieldShape.WORDS, lazy_("Title of the section")),
        FieldSpec(
            "shuffle",
            FieldShape.FLAG,
            lazy_("Show its questions in a different order to each learner?"),
            help="",
            choices=_YES_NO,
            usual="false",
        ),
        FieldSpec("text", FieldShape.MARKDOWN, lazy_("Text below the title")),
    ),
    "page": (),
    "text": (FieldSpec("text", FieldShape.MARKDOWN, lazy_("Text between questions")),),
}
NAMES: Mapping[str, str] = {
    "question": N_("Question"),
    "draw": N_("Random draw"),
    "section": N_("Section"),
    "page": N_("New page"),
    "text": N_("Text"),
}
ALWAYS_SHOWN: Mapping[str, frozenset[str]] = {
    "question": frozenset({"mark"}),
    "draw": frozenset({"draw", "mark"}),
    "section": frozenset({"section"}),
    "text": frozenset({"text"}),
}
"""What the list of slots shows at once, by the sort of a slot; everything else is folded."""
SLOT_LIST = FieldSpec(
    SLOTS, FieldShape.ENTRIES, lazy_("Questions and pages"), fields=tuple(field for fields in SLOT_FIELDS.values() for field in fields)
)
ORDER: Mapping[str, tuple[str, ...]] = {
    "question": ("question", "mark", "require_previous"),
    "draw": ("draw", "from", "tags", "kinds", "difficulty", "objective", "level", "every", "mark", "require_previous"),
    "section": ("section", "shuffle", "text"),
    "page": ("page",),
    "text": ("text",),
}


def slot_kind(fields: Mapping[str, Written]) -> str:
    """Return the sort of a slot by its fields, '' where it is none that is known."""
    return next((sort for sort in SORTS if sort in fields), "")


def slot_texts(text: str) -> list[str]:
    """Return the slots of a quiz's file as texts of their own; raises EditRefused where they cannot be parted."""
    return [entry.text for entry in list_entries(text, SLOTS)]


def with_slots(text: str, slots: Sequence[str]) -> str:
    """Return a quiz's file with the text of each slot as given; those that are the same are not touched."""
    for index, (entry, slot) in enumerate(zip(list_entries(text, SLOTS), slots, strict=True)):
        if entry.text != slot:
            text = editing.replace_entry(text, SLOTS, index, slot)
    return text


def with_slot_moved(text: str, index: int, step: int) -> str:
    """Return a quiz's file with a slot one place up (-1) or down (1); at the end of its way it stays."""
    to = index + step
    if not 0 <= to < len(list_entries(text, SLOTS)):
        return text
    return with_entry_moved(text, SLOTS, index, to)


def with_slot_copied(text: str, index: int, question: str) -> str:
    """Return a quiz's file with a copy of a slot behind it; that of a question asks another one."""
    entry = list_entries(text, SLOTS)[index].text
    if question:
        entry = editing.set_field(entry, "question", question, ORDER["question"])
    text = editing.add_alike(text, SLOTS, entry)
    return with_entry_moved(text, SLOTS, len(list_entries(text, SLOTS)) - 1, index + 1)


def without_slot(text: str, index: int) -> str:
    """Return a quiz's file without a slot."""
    return without_entries(text, SLOTS, [index])


def with_new_slot(text: str, sort: str, content: str) -> str:
    """Return a quiz's file with a slot at the end: `words` is a question's key, how many to draw, a title or a text."""
    value = "new" if sort == "page" else content
    entry = f"{sort}: {scalar(value, flow=False)}\n" if "\n" not in value else editing.write_field("", sort, value, [sort])
    return editing.add_alike(text, SLOTS, entry)


def with_question(text: str, key: str) -> str:
    """Return a quiz's file with a question at the end."""
    return with_new_slot(text, "question", key)


def with_draws(text: str, draws: Sequence[Mapping[str, str]]) -> str:
    """Return a quiz's file with these draws at the end instead of its own; they draw from where its first draw does."""
    fields = [read_fields(slot) for slot in slot_texts(text)]
    present = [index for index, slot in enumerate(fields) if slot_kind(slot) == "draw"]
    source = fields[present[0]].get("from") if present else None
    if present:
        text = without_entries(text, SLOTS, present)
    for draw in draws:
        entry = ""
        for name, value in {**draw, **({"from": source} if source else {})}.items():
            entry = editing.write_field(entry, name, value, ORDER["draw"], flow=name == "from")
        text = editing.add_alike(text, SLOTS, entry)
    return text


def shown_fields(slot: str) -> dict[str, Written]:
    """Return the fields of a slot."""
    return read_fields(slot)


SETTINGS = SettingLabels(
    {
        "per_page": N_("Questions per page (0: all)"),
        "navigation": N_("Order of answering"),
        "behaviour": N_("When answers are marked"),
        "shuffle_options": N_("Options shuffled"),
        "build_on_last": N_("Each attempt builds on the last"),
        "attempts": N_("Attempts (0: no limit)"),
        "pause": N_("Pause"),
        "pause.first": N_("Pause after the first attempt"),
        "pause.later": N_("Pause after later attempts"),
        "grading": N_("Attempt that counts"),
        "limit": N_("Time limit"),
        "at_end": N_("When the time ends"),
        "grace": N_("Grace period"),
        "pass_mark": N_("Pass mark"),
        "max_grade": N_("Maximum grade"),
        "decimals": N_("Decimals of the grade"),
        "question_decimals": N_("Decimals of a question"),
        "allow_negative_total": N_("The total may be below 0"),
        "offline_window": N_("Time for answers written offline"),
        "category": N_("Part of the grade"),
        "weight": "",
        "feedback": N_("Overall feedback"),
        "feedback.start": N_("from percent"),
        "feedback.text": N_("text"),
        "review": N_("Review"),
        "review.preset": N_("What is shown afterwards"),
        "review.overrides": N_("Shown at each moment"),
        "completion": "",
    },
    {
        "free": N_("free"),
        "sequential": N_("one after the other"),
        "deferred": N_("after submitting"),
        "immediate": N_("at once, one try"),
        "interactive": N_("at once, several tries"),
        "adaptive": N_("at once, with penalties"),
        "certainty": N_("with a certainty rating"),
        "highest": N_("the best"),
        "average": N_("the average"),
        "first": N_("the first"),
        "last": N_("the last"),
        "submit": N_("it is submitted"),
        "grace": N_("there is a grace period to submit"),
        "abandon": N_("it does not count"),
        "practice": N_("everything at once"),
        "learning": N_("marks and feedback; the right answers once it is closed"),
        "exam": N_("marks only; all but the right answers once it is closed"),
        "hidden": N_("nothing until it is closed, and then the marks"),
        "during": N_("during the attempt"),
        "after": N_("right after it"),
        "later": N_("later"),
        "closed": N_("when it is closed"),
        "attempt": N_("the answers"),
        "correctness": N_("whether answers are right"),
        "max_marks": N_("maximum marks"),
        "marks": N_("marks"),
        "specific": N_("feedback on the answer"),
        "general": N_("explanation"),
        "right_answer": N_("the right answer"),
        "overall": N_("overall feedback"),
        "source": N_("sources"),
    },
    {"limit": seconds, "grace": seconds, "offline_window": seconds, "pause.first": seconds, "pause.later": seconds},
)


def describe_quiz(activity: ActivitySource) -> tuple[SettingFact, ...]:
    """Describe a quiz's settings, its instructions, and its slots, one per line."""
    quiz: QuizSource = activity.settings
    described = tuple(SettingFact("instructions", _("Instructions"), text, tongue, text=True) for tongue, text in quiz.instructions.items())
    slots = "\n\n".join(_slot(slot) for slot in quiz.slots)
    lines = "\n\n".join(_line(line) for line in quiz.blueprint)
    if quiz.selection is not None:
        described = (
            *described,
            *(
                SettingFact("selection.use", _("Use of results outside the course"), text, tongue)
                for tongue, text in quiz.selection.use.items()
            ),
            *(SettingFact("selection.contact", _("Whom learners ask"), text, tongue) for tongue, text in quiz.selection.contact.items()),
            *_objections(quiz.selection.objections),
            *_ties(quiz.selection.ties),
        )
    if quiz.basis is not None:
        described = (*described, *_basis(quiz.basis))
    if quiz.balance is not None:
        balance = _("within %(within)s points of the expected score", within=number(float(quiz.balance.within)))
        described = (*described, SettingFact("balance", _("Equally hard attempts"), balance, text=True))
    if quiz.forms:
        described = (*described, SettingFact("forms", _("Parallel forms"), str(quiz.forms), text=True))
    if quiz.integrity is not None:
        described = (
            *described,
            SettingFact("integrity", _("What is recorded beside the answers"), _recorded(quiz.integrity), text=True),
            *(
                SettingFact("integrity.declaration", _("Words of the declaration"), text, code)
                for code, text in quiz.integrity.declaration.items()
            ),
        )
    if quiz.pairs_with:
        described = (*described, SettingFact("pairs_with", _("Initial test to compare with"), quiz.pairs_with))
    if quiz.is_final:
        described = (*described, SettingFact("final", _("Final assessment of the course"), _("yes"), text=True))
    blueprint = (SettingFact("blueprint", _("Blueprint"), lines, text=True),) if lines else ()
    return (*facts_of(quiz.settings, SETTINGS), *described, *blueprint, SettingFact("slots", _("Questions and pages"), slots, text=True))


def _objections(rules: ObjectionRules | None) -> tuple[SettingFact, ...]:
    if rules is None:
        return ()
    days = _("%(term)s days to object, %(decide)s to decide", term=rules.term, decide=rules.decide)
    return (SettingFact("objections", _("Objections"), days, text=True),)


def _ties(rules: TieRules | None) -> tuple[SettingFact, ...]:
    if rules is None:
        return ()
    named = [*rules.objectives, *([_("draw: %(text)s", text=rules.draw)] if rules.draw else [])]
    return (SettingFact("ties", _("Equal results"), ", ".join(named), text=True),)


def _basis(basis: PassBasis) -> tuple[SettingFact, ...]:
    if basis.by_judges:
        return (SettingFact("pass_basis", _("What the pass mark goes by"), _("the record of judges"), text=True),)
    return tuple(SettingFact("pass_basis", _("What the pass mark goes by"), norm, tongue) for tongue, norm in basis.norm.items())


def _recorded(rules: IntegrityRules) -> str:
    """Write what a quiz records beside the answers."""
    parts = (
        (rules.honour, _("declaration before an attempt")),
        (rules.times, _("time of each question")),
        (rules.focus, _("times when the page is left")),
        (rules.sessions, _("number of devices and networks")),
    )
    return ", ".join(label for is_on, label in parts if is_on) or _("nothing")


def _line(line: BlueprintWeight) -> str:
    """Write a line of a blueprint: what it names, its weight and its tolerance."""
    named = [line.objective, _(LEVELS[line.level]) if line.level else "", _(DIFFICULTIES[line.difficulty]) if line.difficulty else ""]
    what = " · ".join(part for part in named if part)
    weight, tolerance = number(float(line.weight)), number(float(line.tolerance))
    if not line.tolerance:
        return _("%(what)s: %(weight)s%%", what=what, weight=weight)
    return _("%(what)s: %(weight)s%%, plus or minus %(tolerance)s", what=what, weight=weight, tolerance=tolerance)


def _slot(slot: SlotSource) -> str:
    match slot:
        case FixedSlot():
            sentence = _("The question “%(key)s”", key=slot.question)
            return _worth(sentence + ", " + _("after the one before") if slot.require_previous else sentence, slot)
        case DrawSlot():
            return _worth(_drawn(slot), slot)
        case SectionSlot():
            sentence = _("Section “%(title)s”", title=choose(slot.title))
            return sentence + ", " + _("mixed") if slot.shuffle else sentence
        case PageBreak():
            return _("New page")
        case TextSlot():
            return choose(slot.text)


def _drawn(slot: DrawSlot) -> str:
    pool = slot.pool
    sentence = ngettext("%(count)s random question", "%(count)s random questions", slot.count)
    limits = (
        (_("from %(banks)s"), ", ".join(pool.banks)),
        (_("tagged %(banks)s"), ", ".join(pool.tags)),
        (_("of the kinds %(banks)s"), ", ".join(pool.kinds)),
        (_("of the difficulty %(banks)s"), pool.difficulty),
        (_("of the objective %(banks)s"), pool.objective),
        (_("of the level %(banks)s"), pool.level),
    )
    family = [_("each family as likely as any other")] if slot.by_family else []
    return ", ".join([sentence, *(limit % {"banks": value} for limit, value in limits if value), *family])


def _worth(sentence: str, slot: FixedSlot | DrawSlot) -> str:
    return sentence if slot.mark is None else _("%(what)s, mark %(mark)s", what=sentence, mark=number(float(slot.mark)))
