"""The page of a quiz's blueprint in the draft, with sample draws, calculated questions, and parallel forms to approve."""

from collections import Counter
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from flask import Blueprint, Response, flash, request
from sqlalchemy import Row
from sqlalchemy.orm import Session

from accounts.models import Person
from courses import authoring, catalogue, draft_checks, drafts, publishing
from courses.access import CourseAction, CourseArchived, PartContext
from courses.authoring import FileChanged
from courses.content.course_file import objectives_of
from courses.content.editing import EditRefused
from courses.content.model import CourseFolder, LocalisedText, ModuleSource
from courses.editor import FormFindings, course_header, course_kinds
from courses.models import Course
from kernel import clock
from kernel.db import HookList
from kernel.i18n import _, choose, ngettext, site_day
from kernel.permissions import Actor
from kernel.web.forms import whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, requires, see_page
from questions import question_bank
from questions.content.banks import questions_of
from questions.content.question_fields import DIFFICULTIES, LEVELS
from questions.question_page import percentage, short_title
from questions.rules.definitions import NOT_SELECTED, QuestionDefinition, QuestionSelection
from questions.rules.variants import numbers_of
from quizzes import snapshots, teaching
from quizzes.content import quiz_fields
from quizzes.content.blueprints import blueprint_draws, draw_entries, is_narrowed, planned_draws
from quizzes.content.pools import DrawSlot, QuizSource
from quizzes.draws import APPROVALS, FormsApproved, FormsChanged, approve_forms, list_approvals
from quizzes.models import FormApproval
from quizzes.rules.balanced_draw import candidates_of, has_even_marks, range_of, spread_of
from quizzes.rules.blueprint import BlueprintDraw, BlueprintItem, BlueprintWeight, ShareRange, counts_by_weight, share_range, sums_off
from quizzes.rules.layout import Candidate, SlotEntry
from quizzes.views.slots import SlotEditor, find_quiz, load_slot_editor

MOST_DRAWN = 200


@dataclass(frozen=True, slots=True)
class BlueprintLineView:
    """A line: what it names, its weight, what attempts have of it, and the questions for it."""

    name: str
    asked: str
    given: str
    holds: bool
    example: tuple[str, ...]
    ready: int
    lacking: str


@dataclass(frozen=True, slots=True)
class QuestionCountRow:
    """The number of ready questions of an objective and a level that the quiz can give, by difficulty."""

    objective: str
    level: str
    counts: tuple[int, ...]
    reserved: int
    """Of these, those that are reserved for quizzes and that nobody saw elsewhere."""

    @property
    def total(self) -> int:
        """Return how many they are together."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class BlueprintPageView:
    """The blueprint of a quiz of the draft."""

    lines: tuple[BlueprintLineView, ...]
    sums: tuple[str, ...]
    """Kinds of lines whose weights are no whole, as sentences."""
    rows: tuple[QuestionCountRow, ...]
    columns: tuple[str, ...]
    objectives: tuple[tuple[str, str, bool], ...]
    """Key, text, and whether a line names it."""
    lone_families: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    """The kinds of lines from which draws can be made: names and words."""
    number: int
    possibly: bool
    balance: tuple[str, ...]
    """What balanced draws give, as sentences; empty where draws are not balanced."""
    seen: tuple[str, ...]
    """The reserved questions that people saw elsewhere, as sentences."""


def blueprint_page(folder: CourseFolder, module: ModuleSource, quiz: QuizSource, seen: Mapping[str, int]) -> BlueprintPageView:
    """Return the blueprint of a quiz as its page shows it; `seen` counts who saw reserved questions outside their quizzes."""
    draws, known = blueprint_draws(folder, module.key, quiz), objectives_of(folder)
    items = {item.key: item for draw in draws for item in draw.items}
    named = {line.objective for line in quiz.blueprint}
    number = sum(slot.count for slot in quiz.slots if isinstance(slot, DrawSlot)) or 10
    places = sum(draw.count for draw in draws) or number
    kinds = {line.kind: ", ".join(_kind(name) for name in line.kind) for line in quiz.blueprint}
    families = Counter(questions_of(folder)[key].selection.family for key in items)
    reserved = {key for key in items if questions_of(folder)[key].selection.only} - seen.keys()
    return BlueprintPageView(
        lines=tuple(_line(line, draws, items, known, places) for line in quiz.blueprint),
        sums=tuple(
            _("The lines by %(kind)s add up to %(total)s, not to 100%%.", kind=kinds[kind], total=percentage(total, 2))
            for kind, total in sums_off(quiz.blueprint).items()
        ),
        rows=tuple(_rows(items.values(), known, reserved)),
        columns=(*(_(label) for label in DIFFICULTIES.values()), _("Not set")),
        objectives=tuple((key, choose(text), key in named) for key, text in known.items()),
        lone_families=tuple(sorted(name for name, count in families.items() if name and count == 1)),
        kinds=tuple((" ".join(kind), label) for kind, label in kinds.items()),
        number=number,
        possibly=is_narrowed(folder, module.key, quiz),
        balance=_balance(folder, module, quiz),
        seen=tuple(
            ngettext("%(key)s: already seen by %(count)s person.", "%(key)s: already seen by %(count)s people.", seen[key], key=key)
            for key in sorted(seen.keys() & items.keys())
        ),
    )


def _balance(folder: CourseFolder, module: ModuleSource, quiz: QuizSource) -> tuple[str, ...]:
    entries = draw_entries(folder, module.key, quiz)
    if quiz.balance is None or not entries or not all(has_even_marks(entry) for entry in entries):
        return ()
    plan = planned_draws(folder, quiz, entries)
    balanced, free = spread_of(plan, balanced=True), spread_of(plan, balanced=False)
    if balanced is None or free is None:
        return ()
    low, high = percentage(balanced.low), percentage(balanced.high)
    return (
        _("By these figures every attempt has the same expected score, %(score)s.", score=low)
        if low == high
        else _(
            "Of 100 attempts, 95 have an expected score between %(low)s and %(high)s. "
            "Drawn freely, it would be between %(least)s and %(most)s.",
            low=low,
            high=high,
            least=percentage(free.low),
            most=percentage(free.high),
        ),
        _("This uses the difficulty and the expected facility that authors gave. When the quiz is published, first answers count too."),
    )


def _kind(name: str) -> str:
    return {"objective": _("objective"), "level": _("level"), "difficulty": _("difficulty")}[name]


def line_name(line: BlueprintWeight, known: Mapping[str, LocalisedText]) -> str:
    """Return the name of a line, in words."""
    objective = choose(known[line.objective]) if line.objective in known else line.objective
    named = [objective, _(LEVELS[line.level]) if line.level else "", _(DIFFICULTIES[line.difficulty]) if line.difficulty else ""]
    return " · ".join(part for part in named if part)


def _line(
    line: BlueprintWeight,
    draws: Sequence[BlueprintDraw],
    items: Mapping[str, BlueprintItem],
    known: Mapping[str, LocalisedText],
    places: int,
) -> BlueprintLineView:
    range_of_share = share_range(draws, line)
    ready = sum(line.fits(item) for item in items.values())
    lacking = max(0, ceil(line.weight * places / 100) - ready)
    required = percentage(line.weight, 2)
    return BlueprintLineView(
        name=line_name(line, known),
        asked=f"{required} ± {percentage(line.tolerance, 2)}" if line.tolerance else required,
        given=_range_in_words(range_of_share),
        holds=range_of_share is not None and ready > 0 and not range_of_share.breaks(line),
        example=range_of_share.breaks(line) if range_of_share is not None else (),
        ready=ready,
        lacking=ngettext("%(count)s more question is needed.", "%(count)s more questions are needed.", lacking) if lacking else "",
    )


def _range_in_words(range_of_share: ShareRange | None) -> str:
    if range_of_share is None:
        return _("The draws cannot be filled.")
    least, most = percentage(range_of_share.least, 2), percentage(range_of_share.most, 2)
    return least if range_of_share.least == range_of_share.most else _("%(least)s to %(most)s", least=least, most=most)


def _rows(items: Collection[BlueprintItem], known: Mapping[str, LocalisedText], reserved: Container[str]) -> list[QuestionCountRow]:
    counts = Counter((item.objective, item.level, item.difficulty) for item in items)
    unseen = Counter((item.objective, item.level) for item in items if item.key in reserved)
    pairs = sorted(
        {(objective, level) for objective, level, _difficulty in counts},
        key=lambda pair: ([*known, pair[0]].index(pair[0]) if pair[0] else len(known) + 1, [*LEVELS, ""].index(pair[1])),
    )
    return [
        QuestionCountRow(
            choose(known[objective]) if objective in known else objective or _("No objective"),
            _(LEVELS[level]) if level else _("No level"),
            tuple(counts[objective, level, difficulty] for difficulty in (*DIFFICULTIES, "")),
            unseen[objective, level],
        )
        for objective, level in pairs
    ]


def draws_of(quiz: QuizSource, kind: str, number: int) -> list[dict[str, str]]:
    """Return the draws that lines of a kind make of so many questions, as the fields of a slot."""
    lines = [line for line in quiz.blueprint if " ".join(line.kind) == kind]
    counts = counts_by_weight([Fraction(line.weight) for line in lines], number)
    return [
        {"draw": str(count), **{name: str(getattr(line, name)) for name in line.kind}}
        for line, count in zip(lines, counts, strict=True)
        if count
    ]


@dataclass(frozen=True, slots=True)
class ParallelFormsView:
    """Forms side by side: letters, expected scores, and for each place the question of every form.

    Of a question there are its key, the first words of its text, its objective and level, and its known facility.
    """

    names: tuple[str, ...]
    expected: tuple[str, ...]
    rows: tuple[tuple[tuple[str, str, str, str], ...], ...]
    difference: str
    """The greatest difference of expected scores."""
    version: int
    """Of the published quiz, by which an approval says what was looked at."""
    approvals: Sequence[Row[FormApproval, Person]]
    may_approve: bool


def forms_view(session: Session, actor: Actor, course: Course, key: str, folder: CourseFolder) -> ParallelFormsView | None:
    """Return the forms of a published quiz; None where it has none. Objectives and levels are those of the draft."""
    snapshot = snapshots.find_published_snapshot(session, course, key)
    balance = snapshot.balance if snapshot is not None else None
    if snapshot is None or balance is None or not balance.forms:
        return None
    slots = [entry for entry in snapshot.entries if isinstance(entry, SlotEntry)]
    forms = [[candidate for own in candidates_of(form, slots) for candidate in own if candidate.numbered] for form in balance.forms]
    texts = question_bank.get_questions(session, [candidate.version for form in forms for candidate in form])
    places, approvals = _places(folder), list_approvals(session, snapshot.quiz_version_id)
    return ParallelFormsView(
        names=tuple(form.name for form in balance.forms),
        expected=tuple(percentage(form.expected, 1) for form in balance.forms),
        rows=tuple(
            tuple(_question(candidate, texts[candidate.version], places, balance.facilities) for candidate in row)
            for row in zip(*forms, strict=True)
        ),
        difference=percentage(range_of(balance.forms), 1),
        version=snapshot.quiz_version_id,
        approvals=approvals,
        may_approve=len(approvals) < APPROVALS and actor.person_id not in [person.id for _approval, person in approvals],
    )


def _places(folder: CourseFolder) -> dict[str, str]:
    known = {key: choose(text) for key, text in objectives_of(folder).items()}
    return {key: _place(question.selection, known) for key, question in questions_of(folder).items()}


def _place(selection: QuestionSelection, known: Mapping[str, str]) -> str:
    if selection == NOT_SELECTED:
        return ""
    named = [known.get(selection.objective, selection.objective), _(LEVELS[selection.level]) if selection.level else ""]
    return " · ".join(part for part in named if part)


def _question(
    candidate: Candidate, question: QuestionDefinition, places: Mapping[str, str], facilities: Mapping[str, int]
) -> tuple[str, str, str, str]:
    key = candidate.question
    return key, short_title(question), places.get(key, ""), percentage(Fraction(facilities[key]))


ValueFindings = Callable[[Session, Course, str], Mapping[str, str]]
"""Says by question of a quiz, named by its key, what was found of the values that it draws."""

VALUE_FINDINGS = HookList[ValueFindings]("value_findings")
"""Gives what statistics found of drawn values."""


def drawn_values(
    session: Session, course: Course, folder: CourseFolder, module: str, key: str, quiz: QuizSource
) -> list[tuple[str, str, str]]:
    """Return the calculated questions of a quiz whose results decide, or whose draws are balanced.

    Each has its key, how its values count in draws, and what the statistics say of them.
    """
    if quiz.selection is None and quiz.balance is None:
        return []
    used = {item.key for draw in blueprint_draws(folder, module, quiz) for item in draw.items}
    calculated = [question for question in questions_of(folder).values() if question.key in used and numbers_of(question) is not None]
    findings = _value_findings(session, course, key) if calculated else {}
    return [(question.key, _words(by_variant=question.selection.by_variant), findings.get(question.key, "")) for question in calculated]


def _words(*, by_variant: bool) -> str:
    if by_variant:
        return _("Each set of values has its own facility in balanced draws.")
    return _("Its values are drawn in each attempt, and draws treat them all as equally hard.")


def _value_findings(session: Session, course: Course, key: str) -> Mapping[str, str]:
    """Return by question what statistics say of its values: that larger ones are harder, or easier."""
    sources = VALUE_FINDINGS.of(session)
    return {question: sentence for source in sources for question, sentence in source(session, course, key).items()}


bp = Blueprint("quizzes_blueprints", __name__)

TOLD = frozenset({"C509", "C512", "C514", "C515", "C517", "C522"})
"""Findings that the page shows, beside those of its lines."""


@bp.route("/teaching/<slug>/parts/<key>/blueprint", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True)
def blueprint(subject: PartContext) -> Answer:
    """Show how the draws of a quiz hold its blueprint, and make draws from its lines."""
    editor = load_slot_editor(subject)
    if request.method != "POST":
        return _page(editor)
    check = draft_checks.cached_draft_check(current_session(), file_store(), editor.course, course_kinds(), now=clock.now())
    located = find_quiz(check.folder, subject.key)
    number, kind = whole_number(request.form.get("number", ""), otherwise=0), request.form.get("by", "")
    draws = draws_of(located[2], kind, number) if located is not None and 0 < number <= MOST_DRAWN else []
    if not draws:
        return _page(editor, _("Enter how many questions to draw, from 1 to %(most)s, and choose the lines.", most=MOST_DRAWN)), 422
    if request.form.get("seen") != str(editor.revision):
        return _page(editor, _("Someone else changed the quiz in the meantime. Look at it again before you make the draws.")), 409
    try:
        text = quiz_fields.with_draws(editor.text, draws)
    except EditRefused as refused:
        return _page(editor, _(refused.text)), 422
    return _saved(subject, editor, text)


@bp.post("/teaching/<slug>/parts/<key>/forms/approval")
@requires(CourseAction.EDIT, catalogue.get_taught_part)
def approve(subject: PartContext) -> Answer:
    """Approve the parallel forms of the published quiz that were looked at."""
    session = current_session()
    course, version = catalogue.lock_course(session, subject.id), whole_number(request.form.get("version", ""), otherwise=0)
    try:
        approve_forms(session, current_actor(), course, subject.key, version, now=clock.now())
    except (FormsChanged, FormsApproved) as refused:
        return _page(load_slot_editor(subject), _(refused.text)), 409
    return see_page("quizzes_blueprints.blueprint", slug=subject.slug, key=subject.key, flash=_("You approved the forms."))


def _saved(subject: PartContext, editor: SlotEditor, text: str) -> Answer:
    text = authoring.in_form(editor.draft_outline, editor.path, text, course_kinds(), today=site_day(clock.now()))
    contents = drafts.draft_files(current_session(), file_store(), subject.id)
    checked = publishing.check({**contents, editor.path: text.encode()}, course_kinds(), today=site_day(clock.now()))
    refusing = [finding for finding in checked.findings if finding.refuses_import and finding.file == editor.path]
    if refusing:
        return _page(editor, FormFindings(course_kinds()).message(refusing[0])), 422
    writing = begin_writing()
    course = catalogue.lock_course(writing, subject.id)
    try:
        authoring.save_text(writing, current_actor(), course, editor.path, text, base_revision=editor.revision, now=clock.now())
    except FileChanged:
        return _page(editor, _("Someone else changed the quiz in the meantime. Look at it again before you make the draws.")), 409
    except CourseArchived as refused:
        return _page(editor, _(refused.text)), 409
    flash(_("There was nothing to change.") if text == editor.text else _("Saved in the draft."), "ok")
    return see_page("quizzes_blueprints.blueprint", slug=subject.slug, key=subject.key)


def _page(editor: SlotEditor, refusal: str = "") -> Response:
    check = draft_checks.cached_draft_check(current_session(), file_store(), editor.course, course_kinds(), now=clock.now())
    located = find_quiz(check.folder, editor.activity.key)
    form_findings = FormFindings(course_kinds())
    own = [finding for finding in check.findings if finding.file == editor.path and finding.code in TOLD]
    folder = check.folder
    seen = teaching.count_seen_elsewhere(current_session(), editor.course.id, folder) if folder is not None else {}
    forms = forms_view(current_session(), current_actor(), editor.course, editor.activity.key, folder) if folder is not None else None
    return page(
        "quizzes/blueprint.html",
        parallel=forms,
        values=drawn_values(current_session(), editor.course, folder, located[0].key, editor.activity.key, located[2])
        if folder is not None and located is not None
        else [],
        asks_forms=located is not None and bool(located[2].forms),
        course=course_header(editor.course),
        key=editor.activity.key,
        title=choose(dict(editor.activity.title)) or editor.activity.key,
        view=blueprint_page(folder, located[0], located[2], seen) if folder is not None and located is not None else None,
        findings=[form_findings.line(finding) for finding in own],
        refusal=refusal,
        seen=editor.revision,
        number=request.form.get("number", ""),
        by=request.form.get("by", ""),
    )
