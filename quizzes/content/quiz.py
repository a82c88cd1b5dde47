"""Read a quiz (spec/content-format 9), and contribute the activity kind `quiz` and the question banks to courses."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial

from courses.content import editing, model, scalars
from courses.content.kinds import ActivityKind, ActivitySettings, FolderPart
from courses.content.mapping_cursor import LocatedValue, MappingCursor, MarkupLevel, ReadingSession
from courses.content.model import ActivityCompletion
from enrolments.rules import GradedCompletionRule, GradingMethod
from kernel.errors import N_
from kernel.i18n import lazy_
from questions.content import banks, parts
from questions.content.banks import BankSource
from questions.content.question_fields import question_labels
from questions.rules.feedback import ReviewFlag
from quizzes.content import blueprints, pools, selecting
from quizzes.content.blueprints import read_line
from quizzes.content.pools import DrawSlot, FixedSlot, QuizSource, read_slot
from quizzes.content.quiz_fields import GROUPS, QUIZ_FIELDS, SLOT_LIST
from quizzes.content.selecting import check_basis, check_ties, read_basis, read_integrity, read_objections, read_ties
from quizzes.rules.balanced_draw import Balance
from quizzes.rules.settings import (
    AtEnd,
    AttemptPause,
    Behaviour,
    FeedbackBand,
    Navigation,
    QuizCompletion,
    QuizSettings,
    ReviewMoment,
    ReviewOptions,
    ReviewPreset,
)

NO_PASS_MARK = Fraction(-1)
AT_ONCE = (Behaviour.IMMEDIATE, Behaviour.INTERACTIVE)


def read_quiz(table: MappingCursor, session: ReadingSession) -> ActivitySettings:
    """Read everything after the fields of every activity."""
    instructions = table.text("instructions", MarkupLevel.MARKDOWN)
    placed = table.listed("slots", read_slot, required=True)
    selection, objections, basis = selecting.read_selection(table), read_objections(table), read_basis(table)
    ties = read_ties(table)
    selection = replace(selection, objections=objections, ties=ties) if selection is not None else None
    blueprint = table.listed("blueprint", read_line)
    balance, forms = blueprints.read_balance(table), blueprints.read_forms(table)
    integrity = read_integrity(table)
    pairs_with, minutes = table.value("pairs_with", scalars.key, ""), table.value("minutes", scalars.whole(1))
    is_final = table.flag("final", False)
    settings = _settings(table)
    lines = tuple(line for line, _cursor in blueprint)
    balance = Balance() if forms and balance is None else balance
    placed_slots = tuple(entry.slot for entry in placed)
    quiz = QuizSource(
        placed_slots,
        settings,
        instructions,
        blueprint=lines,
        balance=balance,
        forms=forms,
        pairs_with=pairs_with,
        integrity=integrity,
        selection=selection,
        basis=basis,
        is_final=is_final,
    )
    _check_settings(table, quiz)
    check_basis(table, quiz)
    session.later(partial(pools.check_quiz, table, parts.peek(table, "key"), quiz, placed))
    session.later(partial(blueprints.check_balance, table, quiz))
    session.later(partial(blueprints.check_blueprint, table, quiz, placed, blueprint))
    session.later(partial(blueprints.check_pair, table, quiz))
    session.later(partial(selecting.check_selecting, table, quiz))
    session.later(partial(check_ties, table, quiz))
    session.later(partial(pools.check_slots, session, parts.peek(table, "key"), quiz, placed))
    by_limit = settings.limit // 60 if settings.limit else None
    return ActivitySettings(quiz, _completion_of(settings.completion), minutes or by_limit, settings.weight)


def _settings(table: MappingCursor) -> QuizSettings:
    per_page = table.value("per_page", scalars.whole(0, 200), 0)
    navigation = table.choice("navigation", Navigation, Navigation.FREE)
    behaviour = table.choice("behaviour", Behaviour, Behaviour.DEFERRED)
    shuffle, build = table.flag("shuffle_options", True), table.flag("build_on_last", False)
    attempts, pause = table.value("attempts", scalars.whole(0), 0), _pause(table)
    grading = table.choice("grading", GradingMethod, GradingMethod.HIGHEST)
    limit, at_end = table.value("limit", scalars.duration), table.choice("at_end", AtEnd, AtEnd.SUBMIT)
    grace = table.value("grace", scalars.duration, 0)
    pass_mark = table.value("pass_mark", scalars.either("none", NO_PASS_MARK, scalars.percent), Fraction(70))
    top = table.value("max_grade", scalars.number_between(1), Fraction(100))
    decimals, own = table.value("decimals", scalars.whole(0, 7), 2), table.value("question_decimals", scalars.whole(0, 7))
    negative, window = table.flag("allow_negative_total", False), table.value("offline_window", scalars.duration, 0)
    category, weight = table.value("category", scalars.key, ""), table.value("weight", scalars.number_between(0), Fraction(1))
    feedback, review = table.listed("feedback", _band), _review(table)
    passed = None if pass_mark == NO_PASS_MARK else pass_mark
    usual = QuizCompletion(GradedCompletionRule.PASSED if passed is not None else GradedCompletionRule.GRADED)
    return QuizSettings(
        per_page=per_page,
        navigation=navigation,
        behaviour=behaviour,
        shuffle_options=shuffle,
        build_on_last=build,
        attempts=attempts,
        pause=pause,
        grading=grading,
        limit=limit,
        at_end=at_end,
        grace=grace,
        pass_mark=passed,
        max_grade=top,
        decimals=decimals,
        question_decimals=own,
        allow_negative_total=negative,
        offline_window=window,
        category=category,
        weight=weight,
        feedback=feedback,
        review=review,
        completion=_completion(table, usual),
    )


def _pause(table: MappingCursor) -> AttemptPause:
    value = table.get("pause")
    if value is None:
        return AttemptPause()
    if not value.is_table:
        seconds = value.read(scalars.duration) or 0
        return AttemptPause(seconds, seconds)
    table.flows.add("pause")
    inner = value.table()
    if inner is None:
        return AttemptPause()
    return AttemptPause(inner.value("first", scalars.duration, 0), inner.value("later", scalars.duration, 0))


def _band(value: LocatedValue) -> FeedbackBand | None:
    table = value.table()
    if table is None:
        return None
    start = table.value("from", scalars.percent, required=True)
    text = table.text("text", MarkupLevel.MARKDOWN, required=True)
    return FeedbackBand(start, text) if start is not None else None


def _review(table: MappingCursor) -> ReviewOptions:
    value = table.get("review")
    if value is None:
        return ReviewOptions()
    if not value.is_table:
        preset = value.read(scalars.one_of(ReviewPreset)) or ReviewPreset.LEARNING
        if preset is ReviewPreset.LEARNING:
            table.redundant.add("review")
        return ReviewOptions(preset)
    inner = value.table()
    if inner is None:
        return ReviewOptions()
    preset = inner.choice("preset", ReviewPreset, ReviewPreset.LEARNING)
    flags = {moment: _flags(inner, moment) for moment in ReviewMoment}
    return ReviewOptions(preset, {moment: chosen for moment, chosen in flags.items() if chosen is not None})


def _flags(inner: MappingCursor, moment: ReviewMoment) -> tuple[ReviewFlag, ...] | None:
    inner.flows.add(moment)
    if not inner.has(moment):
        inner.get(moment)
        return None
    return inner.listed(moment, lambda value: value.read(scalars.one_of(ReviewFlag)))


def _completion(table: MappingCursor, usual: QuizCompletion) -> QuizCompletion:
    value = table.get("completion")
    if value is None:
        return usual
    if value.is_table:
        table.flows.add("completion")
        inner = value.table()
        attempts = inner.value("attempted", scalars.whole(1), required=True) if inner is not None else None
        return QuizCompletion(GradedCompletionRule.ATTEMPTED, attempts or 1)
    rule = value.read(scalars.one_of(GradedCompletionRule))
    if rule is GradedCompletionRule.ATTEMPTED:
        value.report("C111", N_("The number of attempts is missing."), N_("Write {attempted: 1}."))
    if rule == usual.rule:
        table.redundant.add("completion")
    return QuizCompletion(rule) if rule is not None else usual


def _completion_of(completion: QuizCompletion) -> ActivityCompletion:
    amount = completion.attempts if completion.rule is GradedCompletionRule.ATTEMPTED else None
    return ActivityCompletion(model.CompletionRule(completion.rule.value), amount)


def _check_settings(table: MappingCursor, quiz: QuizSource) -> None:
    settings = quiz.settings
    if settings.at_end is AtEnd.GRACE and not settings.grace:
        table.report("C505", N_("When the time ends there is a grace period, but its length is missing."), N_("Add “grace:”."), at="at_end")
    if settings.behaviour is Behaviour.CERTAINTY and settings.pass_mark is not None:
        table.report(
            "C508",
            N_("With certainty ratings a result can reach 300%, yet the pass mark is compared with it as it is."),
            N_("Choose the pass mark knowing that 100% means all answers right and “not very sure”."),
            at="pass_mark" if table.has("pass_mark") else "behaviour",
        )
    if settings.grace and settings.at_end is not AtEnd.GRACE:
        table.report("C505", N_("The grace period has no effect: when the time ends there is none to submit."), at="grace")
    _check_previous(table, quiz)
    _check_bands(table, settings)
    _check_completion(table, settings)
    if quiz.is_final and (parts.peek(table, "required") == "false" or settings.completion.rule is not GradedCompletionRule.PASSED):
        table.report(
            "C505",
            N_("Certificates would say that the final assessment was passed, but the course can be completed without passing this quiz."),
            N_("Make it required and completed by passing it, or delete “final”."),
            at="final",
        )


def _check_previous(table: MappingCursor, quiz: QuizSource) -> None:
    locked = any(isinstance(slot, FixedSlot | DrawSlot) and slot.require_previous for slot in quiz.slots)
    if locked and quiz.settings.behaviour not in AT_ONCE:
        table.report("C505", N_("A question can wait for the previous one only if answers are marked immediately."), at="slots")


def _check_bands(table: MappingCursor, settings: QuizSettings) -> None:
    starts = [band.start for band in settings.feedback]
    if starts and (starts[0] != 0 or starts != sorted(set(starts))):
        table.report("C505", N_("The feedback bands must start at 0 and go up."), at="feedback")


def _check_completion(table: MappingCursor, settings: QuizSettings) -> None:
    rule, attempts = settings.completion.rule, settings.attempts
    if rule in (GradedCompletionRule.PASSED, GradedCompletionRule.PASSED_OR_USED) and settings.pass_mark is None:
        table.report("C209", N_("The quiz is completed by passing it but has no pass mark."), at="completion")
    if rule is GradedCompletionRule.PASSED_OR_USED and not attempts:
        table.report("C209", N_("The attempts can never be used up: there is no limit."), N_("Add “attempts:”."), at="completion")
    if rule is GradedCompletionRule.ATTEMPTED and attempts and settings.completion.attempts > attempts:
        table.report("C209", N_("More attempts are required than are allowed."), at="completion")


def _read(tables: Mapping[str, MappingCursor], session: ReadingSession) -> tuple[BankSource, ...]:
    session.at_last(partial(pools.check_questions, session))
    session.at_last(partial(blueprints.check_selection, session))
    session.at_last(partial(pools.check_reserved, session))
    return banks.read_banks(tables, session)


def draw_from(text: str, module: str) -> str:
    """Return a quiz whose draws without `from`, which are from its own module, name the module."""
    try:
        entries = editing.list_entries(text, "slots")
        for index, entry in enumerate(entries):
            fields = editing.read_fields(entry.text)
            if "draw" in fields and "from" not in fields:
                text = editing.replace_entry(text, "slots", index, editing.set_field(entry.text, "from", [module], ("draw", "from")))
    except editing.EditRefused:
        return text
    return text


BEGIN = "slots: []\n"
"""A new quiz is empty, and stops publishing until it has questions (spec/content-format C523)."""
KIND = ActivityKind(
    "quiz",
    ".quiz.yaml",
    lazy_("Quiz"),
    "list-checks",
    read_quiz,
    begin=BEGIN,
    beside=(("banco.yaml", "questions: []\n"),),
    settings=QUIZ_FIELDS,
    groups=GROUPS,
    moving=draw_from,
    elsewhere=(SLOT_LIST,),
)
BANKS = FolderPart(banks.PART, banks.claims, _read, banks.is_embeddable, question_labels())
