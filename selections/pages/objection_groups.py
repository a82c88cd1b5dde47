"""Objections before those who decide: the question with its key, what learners say, the proposal with its dry run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from kernel.i18n import _, choose, find_zone, ngettext, number, percent
from questions.question_page import points, short_title, text_language, words_of
from questions.question_review import MarkingResult, QuestionReview, answered_question, response_lines
from questions.rules.answers import SubmittedFile
from questions.rules.definitions import QuestionDefinition
from questions.rules.feedback import ReviewFlag
from questions.rules.marking import wrong_options
from questions.rules.numbers import convention_for
from quizzes.dry_runs import RegradeChangeRow
from quizzes.files import files_in
from quizzes.rules.regrade import can_regrade
from selections.objection_permissions import ProposalRow
from selections.pages.objections import QUESTION_ALONE
from selections.permissions import SelectionContext
from selections.queries.objection_groups import ObjectionGroupRow, ObjectionRow
from selections.rules.objections import DeciderHindrances, ObjectionFigures, ObjectionOutcome, day_that_ends, is_of_own_hand
from selections.wording import GROUNDS, PROPOSALS

WITH_KEY = frozenset(ReviewFlag)


@dataclass(frozen=True, slots=True)
class ObjectionGroupView:
    """Objections to a version in a list."""

    uuid: UUID
    title: str
    language: str
    """Of the title; '' where it is the reader's."""
    version: int
    objections: int
    state: str
    due_day: date
    is_late: bool
    outcome: str


def group_views(
    rows: Sequence[ObjectionGroupRow], questions: Mapping[int, QuestionDefinition], zone: str, *, now: datetime
) -> list[ObjectionGroupView]:
    """Return the objections of a selection, in words."""
    return [
        ObjectionGroupView(
            uuid=row.uuid,
            title=short_title(questions[row.question_version_id]),
            language=text_language(questions[row.question_version_id]),
            version=row.number,
            objections=row.objections,
            state=row.state.value,
            due_day=day_that_ends(row.due_at, find_zone(zone)),
            is_late=row.is_late and row.state.is_undecided,
            outcome=_(PROPOSALS[row.outcome]) if row.outcome else "",
        )
        for row in rows
    ]


def figure_lines(figures: ObjectionFigures) -> list[tuple[str, str, str]]:
    """Return the statistics of objections as tiles (spec/selection 5.12)."""

    def figure(value: float | None, decimals: int) -> str:
        return "–" if value is None else number(round(value, decimals), decimals)

    share = "–" if figures.share_with_effect is None else percent(100 * figures.share_with_effect)
    return [
        (_("Objections"), number(figures.objections), ""),
        (
            _("Per thousand answers"),
            figure(figures.per_thousand, 2),
            ngettext("of %(count)s answer", "of %(count)s answers", figures.answers),
        ),
        (_("With an effect on marks"), share, ngettext("of %(count)s decided", "of %(count)s decided", figures.decided)),
        (_("Days to the decision"), figure(figures.days, 1), _("on average")),
    ]


@dataclass(frozen=True, slots=True)
class DecidedObjectionView:
    """An objection as those who decide see it."""

    number: int
    """In the list, from 1."""
    ground: str
    reason: str
    opened_at: datetime
    answer: tuple[str, ...]
    files: tuple[SubmittedFile, ...]
    name: str
    """'' unless it is about the person's own hand."""


def objection_views(
    rows: Sequence[ObjectionRow], question: QuestionDefinition, files: Mapping[str, SubmittedFile]
) -> list[DecidedObjectionView]:
    """Return what learners say of a question, with their answers and without their names."""
    shows_name = is_of_own_hand(question.kind)
    return [
        DecidedObjectionView(
            number=at,
            ground=_(GROUNDS[row.objection.ground]),
            reason=row.objection.reason,
            opened_at=row.objection.opened_at,
            answer=response_lines(
                answered_question(row.item, question, row.parts, QUESTION_ALONE, convention_for(row.language), MarkingResult())
            ),
            files=tuple(files_in(row.parts, row.item.id, files)),
            name=row.name if shows_name else "",
        )
        for at, row in enumerate(rows, 1)
    ]


def question_with_key(row: ObjectionRow, question: QuestionDefinition) -> QuestionReview:
    """Return the question with its key, as one attempt laid it out, and nobody's answer."""
    return answered_question(row.item, question, {}, WITH_KEY, convention_for(row.language), MarkingResult())


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal in words, with the state of its dry run."""

    uuid: UUID
    outcome: str
    ground: str
    source: str
    state: str
    proposed_by: str
    proposed_at: datetime
    answered_by: str
    answered_at: datetime | None
    answer: str
    run: str
    """State of the dry run; '' where there is none."""
    reopens: bool
    """Whether it takes a decision back."""
    seen: int
    is_outdated: bool


def proposal_view(row: ProposalRow) -> ProposalView:
    """Return a proposal, in words."""
    return ProposalView(
        uuid=row.proposal.uuid,
        outcome=_(PROPOSALS[row.proposal.outcome]),
        ground=row.proposal.ground,
        source=row.proposal.source,
        state=row.proposal.state,
        proposed_by=row.proposed_by,
        proposed_at=row.proposal.proposed_at,
        answered_by=row.answered_by,
        answered_at=row.proposal.answered_at,
        answer=row.proposal.answer,
        run=row.regrade.state if row.regrade is not None else "",
        reopens=row.proposal.outcome == ObjectionOutcome.REOPEN.value,
        seen=row.regrade.seen if row.regrade is not None else 0,
        is_outdated=row.regrade is not None and row.regrade.outdated,
    )


@dataclass(frozen=True, slots=True)
class UnnamedChange:
    """A change of a dry run without a name."""

    before: Decimal | None
    after: Decimal | None
    pass_change: str


def change_views(lines: Sequence[RegradeChangeRow]) -> list[UnnamedChange]:
    """Return the changes of a dry run, none of them with a name."""
    return [
        UnnamedChange(
            before=None if line.percent_before is None else points(line.percent_before),
            after=None if line.percent_after is None else points(line.percent_after),
            pass_change="gains" if line.gains else "loses" if line.loses else "",
        )
        for line in sorted(lines, key=lambda change: (change.percent_before is None, change.percent_before or 0))
    ]


def version_choices(versions: Mapping[int, tuple[int, QuestionDefinition]], answered: int) -> list[tuple[str, str]]:
    """Return the versions by which answers to the asked one can be judged, by number."""
    question = versions[answered][1]
    fitting = [shown for version, (shown, other) in versions.items() if version != answered and can_regrade(question, other)]
    return [("", _("None")), *((str(shown), _("Version %(number)s", number=shown)) for shown in sorted(fitting, reverse=True))]


def addition_choices(question: QuestionDefinition) -> list[tuple[str, str]]:
    """Return the options that could be right too, by key; empty where another right answer is typed or cannot be added."""
    return [("", _("None")), *((option.key, words_of(choose(option.text))) for option in wrong_options(question))]


def hindrance(facts: DeciderHindrances) -> str:
    """Say why the reader may not propose or decide; '' where they may."""
    if facts.takes_part:
        return _("You take this quiz, so you cannot decide on objections to it.")
    if facts.is_author:
        return _("You wrote or published this version of the question, so others decide on it.")
    if facts.marked_by_hand:
        return _("You marked answers to this question by hand, so others decide on it.")
    return ""


def title_of(subject: SelectionContext) -> str:
    """Return the title of the quiz."""
    return choose(subject.outline.by_key[subject.key].title)
