"""Objections as their learner sees them: in the term the questions with the own answer, never the key; then what came of each."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from uuid import UUID

from kernel.i18n import _, choose, find_zone
from questions.question_page import short_title
from questions.question_review import MarkingResult, QuestionReview, answered_question
from questions.rules.answers import objection_in
from questions.rules.feedback import ReviewFlag
from questions.rules.item_layout import LoadedItem
from questions.rules.numbers import convention_for
from quizzes.attempt_page import AttemptView, flags_of
from quizzes.rules.settings import Reader
from selections.objection_permissions import OwnObjectionsContext
from selections.queries.objections import OwnObjectionRow
from selections.rules.objections import ObjectionState, day_that_ends
from selections.services.objection_notices import change_words
from selections.wording import GROUNDS, TOLD

QUESTION_ALONE = frozenset({ReviewFlag.ATTEMPT})
"""The text and the own answer: neither key nor credits nor feedback."""


@dataclass(frozen=True, slots=True)
class TermView:
    """The term of an attempt in words: whether it runs, its last day, and whom to write to."""

    is_begun: bool
    is_running: bool
    last_day: date | None
    decided_by: date | None
    contact: str


def term_view(subject: OwnObjectionsContext, *, now: datetime) -> TermView:
    """Return the term of an attempt."""
    use, attempt_term = subject.loaded.snapshot.selection, subject.term
    contact = choose(use.contact) if use is not None else ""
    if attempt_term is None or now < attempt_term.term.begins_at:
        return TermView(is_begun=False, is_running=False, last_day=None, decided_by=None, contact=contact)
    term = attempt_term.term
    return TermView(True, term.is_running(now), term.last_day, term.due_day, contact)


@dataclass(frozen=True, slots=True)
class OwnObjectionView:
    """An objection with what came of it."""

    uuid: UUID
    ground: str
    reason: str
    opened_at: datetime
    state: str
    """'open', 'proposed', 'decided' or 'withdrawn'."""
    due_day: date
    is_late: bool
    taken_back: str
    """Why the jury took its decision back, while it decides again; else ''."""
    outcome: str
    why: str
    source: str
    change: str


@dataclass(frozen=True, slots=True)
class AttemptQuestionView:
    """A question of the attempt: as far as it may be shown, with the objection to it."""

    place: int
    number: int
    title: str
    """Its first words; '' where its text is not shown."""
    review: QuestionReview | None
    is_noted: bool
    objection: OwnObjectionView | None
    may_object: bool


def own_lines(
    opened: AttemptView, subject: OwnObjectionsContext, rows: list[OwnObjectionRow], *, now: datetime
) -> list[AttemptQuestionView]:
    """Return the questions of an attempt, or the one before the person: in the term with the text of those noted, objected to, or
    shown by the review anyway.
    """
    by_item = {row.objection.item_id: row for row in rows}
    runs = subject.term is not None and subject.term.term.is_running(now)
    shows_all = ReviewFlag.ATTEMPT in flags_of(subject.loaded, Reader.LEARNER, subject.history, now=now)
    noted = subject.list_noted()
    lines = []
    for item in subject.loaded.items if subject.item is None else [subject.item]:
        if item.number is None:
            continue
        row = by_item.get(item.id)
        is_shown = shows_all or (runs and (item.id in noted or row is not None))
        lines.append(
            AttemptQuestionView(
                place=item.position,
                number=item.number,
                title=short_title(opened.questions[item.question_version_id]) if is_shown else "",
                review=question_alone(opened, item) if is_shown else None,
                is_noted=item.id in noted,
                objection=_objection(row, find_zone(opened.outline.zone)) if row is not None else None,
                may_object=runs and _is_open(row),
            )
        )
    return lines


def _is_open(row: OwnObjectionRow | None) -> bool:
    return row is None or (row.objection.withdrawn_at is None and ObjectionState(row.group.state).is_undecided)


def question_alone(opened: AttemptView, item: LoadedItem) -> QuestionReview:
    """Return a question with the own answer and nothing beyond."""
    parts = opened.responses.get(item.id, {})
    question, convention = opened.questions[item.question_version_id], convention_for(opened.loaded.row.language)
    return answered_question(item, question, parts, QUESTION_ALONE, convention, MarkingResult(files=tuple(opened.files_of(item))))


def _objection(row: OwnObjectionRow, zone: tzinfo) -> OwnObjectionView:
    objection, group, proposal = row.objection, ObjectionState(row.group.state), row.proposal
    state = "withdrawn" if objection.withdrawn_at is not None else "decided" if proposal is not None else group.value
    is_decided = proposal is not None and objection.withdrawn_at is None
    return OwnObjectionView(
        uuid=objection.uuid,
        ground=_(GROUNDS[objection.ground]),
        reason=objection.reason,
        opened_at=objection.opened_at,
        state=state,
        due_day=day_that_ends(objection.due_at, zone),
        is_late=objection.late_at is not None and group.is_undecided,
        taken_back=row.taken_back if group.is_undecided else "",
        outcome=_(TOLD[proposal.outcome]) if proposal is not None and is_decided else "",
        why=proposal.ground if proposal is not None and is_decided else "",
        source=proposal.source if proposal is not None and is_decided else "",
        change=change_words(objection.percent_before, objection.percent_after) if is_decided else "",
    )


def noted_reason(subject: OwnObjectionsContext) -> str:
    """Return the reason that was written while answering, for the form."""
    assert subject.item is not None
    answer = subject.loaded.responses.get(subject.item.id)
    note = objection_in(answer.payload) if answer is not None else None
    return note.reason if note is not None else ""
