"""A quiz's settings and slots in the words of the screen, for differences."""

from courses.content.facts import SettingFact, SettingLabels, facts_of, seconds
from courses.content.model import ActivitySource
from kernel.errors import N_
from kernel.i18n import _, choose, ngettext, number
from quizzes.content.model import DrawSlot, FixedSlot, PageBreak, QuizSource, SectionSlot, SlotSource, TextSlot
from quizzes.content.wording import DIFFICULTIES, LEVELS
from quizzes.rules.blueprint import BlueprintWeight
from quizzes.rules.integrity import IntegrityRules
from quizzes.rules.objections import ObjectionRules
from quizzes.rules.pass_marks import PassBasis
from quizzes.rules.ties import TieRules

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
        "learning": N_("everything after submitting"),
        "exam": N_("everything after it closes"),
        "hidden": N_("nothing"),
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
            return _worth(f"{sentence}, {_('after the one before')}" if slot.require_previous else sentence, slot)
        case DrawSlot():
            return _worth(_drawn(slot), slot)
        case SectionSlot():
            sentence = _("Section “%(title)s”", title=choose(slot.title))
            return f"{sentence}, {_('mixed')}" if slot.shuffle else sentence
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
