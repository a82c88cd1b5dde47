"""Pages of manual marking, of self-assessment, and of reopening attempts or deleting previews."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy.orm import Session
from wtforms import HiddenField

from accounts import access_log
from accounts.people import get_person
from accounts.privacy import PeopleListKind
from courses.access import CourseContext
from courses.models import Course
from enrolments.course_context import activity_header
from kernel import clock
from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import _, choose, language, lazy_, ngettext, number
from kernel.web.forms import Form, LineField, area, clean_text, line, whole_number
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_other, see_page
from kernel.web.table import Column, requested_page
from questions import question_bank
from questions.answer_fields import FormFields
from questions.question_page import html, points, rubric_view, short_title
from questions.question_review import QuestionReview
from questions.rules.answers import ANSWER
from questions.rules.definitions import EssayBody, QuestionDefinition, RubricCriterion
from questions.rules.feedback import ReviewFlag
from questions.rules.marking import MarkState, lowest_fraction, rubric_mark, rubric_of
from questions.rules.numbers import convention_for, read_number, write_number
from quizzes import jury, marking, teaching
from quizzes import marks as quizzes_marks
from quizzes.access import QuizAction, QuizContext, reader_of
from quizzes.agreements import list_mark_agreements
from quizzes.attempt_page import AttemptView, flags_of, open_attempt, review_items
from quizzes.attempts import LoadedAttempt, get_attempt, history_of, lock_attempt
from quizzes.dry_runs import DecidedByJury
from quizzes.jury import JuryAct, PendingActFilter
from quizzes.marking import AlreadyMarked, ManualMarkValues, OutOfBounds, QuestionVoided
from quizzes.marks import (
    MarkedItem,
    MarkingFilter,
    MarkingQueue,
    MarkingQueueRow,
    MarkRecord,
    NoLevelChosen,
    SelfReviewedItem,
    assess_own_text,
    count_by_question,
    current_events,
    get_marked_item,
    list_marks,
    list_queue,
    lock_marked_item,
    lock_self_reviewed,
    neighbours,
)
from quizzes.quiz_page import quiz_lines
from quizzes.rules.states import OPEN_STATES
from quizzes.views.answers import _RECORDED_REASON, first


class MarkForm(Form):
    """The mark that a person gives; the levels of a rubric stand beside it, as fields of their own."""

    points = line(lazy_("Mark"), most=40)
    comment = area(lazy_("Comment for the learner"), most=10000)
    reason = line(lazy_("Reason"), most=500)
    seen = HiddenField()

    @property
    def words(self) -> str:
        """Return the comment, cleaned."""
        return clean_text(self.comment.data or "", lines=True)


def chosen_levels(form: FormFields, rubric: Sequence[RubricCriterion]) -> dict[str, int]:
    """Return the levels that a form chooses, by criterion the place from 0; `level-1` is the field of the first criterion."""
    given = {criterion.key: first(form, f"level-{at}") for at, criterion in enumerate(rubric, 1)}
    levels = {key: whole_number(text, otherwise=-1) for key, text in given.items()}
    return {criterion.key: level for criterion in rubric if 0 <= (level := levels[criterion.key]) < len(criterion.levels)}


class AttemptActionForm(Form):
    """The reason for an action of the course team on an attempt."""

    reason = LineField(lazy_("Reason"), _RECORDED_REASON)


HIDDEN_NAMES = "hidden"
MARK_DECIMALS = 7


def pseudonym(attempt: UUID) -> str:
    """Name the learner of an attempt where names are hidden: the same on every page, and nobody's."""
    return _("Answer %(code)s", code=attempt.hex[:6].upper())


def arguments(queue: MarkingQueue) -> dict[str, Any]:
    """Return a queue as the fields of an address; what is usual is left out."""
    chosen = {
        "question": queue.question,
        "show": "" if queue.show is quizzes_marks.MarkingFilter.WAITING else queue.show.value,
        "names": HIDDEN_NAMES if queue.anonymous else "",
    }
    return {name: value for name, value in chosen.items() if value}


def _queue_columns(session: Session, lines: Sequence[MarkingQueueRow]) -> tuple[Column[MarkingQueueRow], ...]:
    """Return the columns of the answers of a page of the list, with what was asked."""
    questions = question_bank.get_questions(session, [line.question_version_id for line in lines])
    return (
        Column(N_("Learner"), name="name", shown=lambda line: line.name or pseudonym(line.attempt)),
        Column(N_("Question"), shown=lambda line: short_title(questions[line.question_version_id])),
        Column(N_("Attempt"), kind="number", shown=lambda line: line.number),
        Column(N_("Submitted"), kind="moment", shown=lambda line: line.submitted_at),
        Column(N_("State"), name="state", shown=lambda line: line.state is MarkState.NEEDS_GRADING),
        Column(N_("Mark"), kind="number", name="mark", shown=_mark_words),
    )


def _mark_words(line: MarkingQueueRow) -> str:
    if line.fraction is None:
        return ""
    return _("%(mark)s of %(maximum)s", mark=number(points(line.fraction * line.maximum)), maximum=number(points(line.maximum)))


def paragraphs_of_lines(text: str) -> list[list[str]]:
    """Part what a learner wrote into paragraphs of lines, so that a page shows it as it was typed."""
    return [paragraph.split("\n") for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if paragraph.strip()]


def typed_points(question: QuestionDefinition, mark: MarkRecord, item: MarkedItem) -> str:
    """Return the first value of the mark's field: the mark that a person gave, unless the rubric's levels make it already."""
    if mark.origin != "manual" or mark.fraction is None:
        return ""
    given = mark.fraction * item.item.maximum
    if rubric_mark(question, mark.levels, item.item.maximum) == given:
        return ""
    return write_number(given, convention_for(language()), MARK_DECIMALS, keep_zeros=False)


def item_page(
    session: Session,
    opened: AttemptView,
    item: MarkedItem,
    shown: QuestionReview,
    marks: Sequence[MarkRecord],
    levels: Mapping[str, int],
    flags: frozenset[ReviewFlag],
    *,
    anonymous: bool,
) -> dict[str, object]:
    """Return the values of one answer's page besides its form and its neighbours."""
    question = opened.questions[item.item.question_version_id]
    parts = opened.responses.get(item.item.id, {})
    text = next(iter(parts.get(ANSWER, ())), "") if item.is_by_hand and isinstance(question.body, EssayBody) else ""
    return {
        **opened.activity_header,
        "attempt": item.row,
        "name": pseudonym(item.uuid) if anonymous else get_person(session, item.person_id).full_name,
        "question": {"number": item.item.number, "text": shown.text, "language": shown.language, "kind": shown.kind},
        "paragraphs": paragraphs_of_lines(text),
        "words": len(text.split()),
        "files": shown.files,
        "rows": [] if item.is_by_hand else shown.rows,
        "model": html(question.body.model)
        if ReviewFlag.RIGHT_ANSWER in flags and isinstance(question.body, EssayBody) and question.body.model
        else "",
        "limits": _limits(question),
        "rubric": rubric_view(question, item.item.maximum, levels),
        "bounds": bounds(question, item),
        "history": [(mark, None if mark.fraction is None else points(mark.fraction * item.item.maximum)) for mark in reversed(marks)],
        "void_effect": item.item.void_effect,
        "overrules": not item.is_by_hand,
    }


def _limits(question: QuestionDefinition) -> str:
    """Describe how long an essay was asked to be; advice, so it decides nothing."""
    if not isinstance(question.body, EssayBody):
        return ""
    least, most = question.body.words.minimum, question.body.words.maximum
    if least is not None and most is not None:
        return _("Between %(least)s and %(most)s words were required.", least=least, most=most)
    if most is not None:
        return _("At most %(most)s words were allowed.", most=most)
    return "" if least is None else _("At least %(least)s words were required.", least=least)


def bounds(question: QuestionDefinition, item: MarkedItem) -> tuple[Decimal, Decimal]:
    """Return the least and the most points that an answer can have (spec/quiz-engine 5.11.1)."""
    return points(lowest_fraction(question) * item.item.maximum), points(item.item.maximum)


marking_bp = Blueprint("quizzes_marking", __name__)


def queue_from_address() -> MarkingQueue:
    """Return the order that the address names; what it does not know it leaves out."""
    show = request.args.get("show", "")
    return MarkingQueue(
        question=request.args.get("question", "")[:64],
        show=MarkingFilter(show) if show in set(MarkingFilter) else MarkingFilter.WAITING,
        anonymous=request.args.get("names") == HIDDEN_NAMES,
    )


@marking_bp.get("/teaching/<slug>/quizzes")
@requires(QuizAction.MANAGE, teaching.get_published_course)
def quizzes(subject: CourseContext) -> Response:
    """List the quizzes of a course, those first in which something waits to be marked."""
    session, outline = current_session(), teaching.published_outline(current_session(), subject)
    waiting = {row.activity_key: row for row in teaching.list_unmarked(session, current_actor(), [subject.id])}
    return page(
        "quizzes/quizzes.html",
        course={"slug": subject.slug, "title": choose(outline.title)},
        quizzes=sorted(quiz_lines(outline, waiting), key=lambda line: line[0] not in waiting),
        waiting=waiting,
    )


@marking_bp.get("/courses/<slug>/quizzes/<key>/marking")
@requires(QuizAction.MANAGE, teaching.get_taught_quiz)
def queue(subject: QuizContext) -> Answer:
    """List what waits for a person: the questions, and the answers of one question or of everybody."""
    session, chosen, paging = current_session(), queue_from_address(), requested_page()
    access_log.record_list_access(PeopleListKind.MARKING, Course, subject.course_id)
    counts = count_by_question(session, subject)
    questions = question_bank.get_questions(session, [count.version_id for count in counts])
    lines = list_queue(session, subject, chosen, offset=paging.offset, limit=paging.size + 1)
    return page(
        "quizzes/marking.html",
        **activity_header(subject.outline, subject.key),
        questions=[(count, short_title(questions[count.version_id])) for count in counts],
        waiting=sum(count.waiting for count in counts),
        queue=chosen,
        arguments=arguments(chosen),
        columns=_queue_columns(session, lines),
        page=paging.of(lines),
    )


@marking_bp.get("/attempts/<uuid:attempt>/marking/<int:position>")
@requires(QuizAction.MARK, get_marked_item)
def item(subject: MarkedItem) -> Answer:
    """Show one answer and the form of its mark."""
    session = current_session()
    opened = open_attempt(session, subject)
    last = current_events(session, [subject.item.id])[subject.item.id]
    question = opened.questions[subject.item.question_version_id]
    form = MarkForm(points=typed_points(question, last, subject), comment=last.comment, seen=str(last.id))
    return _page(opened, subject, form, last.levels)


@marking_bp.post("/attempts/<uuid:attempt>/marking/<int:position>")
@requires(QuizAction.MARK, lock_marked_item)
def mark(subject: MarkedItem) -> Answer:
    """Give the answer its mark and go to the next one; what cannot be accepted comes back as it was typed."""
    session, form = current_session(), MarkForm()
    opened = open_attempt(session, subject)
    question = opened.questions[subject.item.question_version_id]
    levels = chosen_levels(request.form.to_dict(flat=False), rubric_of(question))
    fine = form.validate_on_submit()
    given = _submitted_mark(form, opened, subject, levels)
    if given is None or not fine:
        return _page(opened, subject, form, levels), 422
    try:
        is_requested = marking.needs_jury_to_mark(session, subject)
        (marking.ask_to_mark if is_requested else marking.mark_by_hand)(session, current_actor(), subject, given, now=clock.now())
    except OutOfBounds:
        form.refuse(form.points, _bounds(opened, subject))
        return _page(opened, subject, form, levels)
    except AlreadyMarked as error:
        last = current_events(session, [subject.item.id])[subject.item.id]
        form.seen.data = str(last.id)
        form.refuse(form.points, _(error.text))
        return _page(opened, subject, form, levels), 409
    except (DecidedByJury, QuestionVoided) as error:
        form.refuse(form.points, _(error.text))
        return _page(opened, subject, form, levels), 409
    except (Conflict, Invalid) as error:  # what asking a jury refuses
        form.refuse(form.reason, _(error.text, **error.facts))
        return _page(opened, subject, form, levels), error.status
    return _after(session, opened, subject, is_requested=is_requested)


def _submitted_mark(form: MarkForm, opened: AttemptView, subject: MarkedItem, levels: dict[str, int]) -> ManualMarkValues | None:
    """Read what was given; None with the fault beside its field."""
    question = opened.questions[subject.item.question_version_id]
    typed, reason = form.points.data or "", form.reason.data or ""
    reading = read_number(typed, convention_for(language())) if typed else None
    value = reading.value if reading else None if typed else rubric_mark(question, levels, subject.item.maximum)
    if value is None:
        form.refuse(form.points, _not_a_mark(typed, has_rubric=bool(rubric_of(question))))
    if not reason and (not subject.is_by_hand or marking.needs_jury_to_mark(current_session(), subject)):
        form.refuse(form.reason, _("Give the reason for changing the automatic mark. It is kept in the record."))
    if form.faults or value is None:
        return None
    return ManualMarkValues(value, whole_number(form.seen.data or ""), form.words, levels, reason)


def _not_a_mark(typed: str, *, has_rubric: bool) -> str:
    if typed:
        return _("“%(typed)s” is not a number.", typed=typed)
    return _("Choose a level for each criterion, or enter the mark.") if has_rubric else _("Enter the mark.")


def _bounds(opened: AttemptView, subject: MarkedItem) -> str:
    least, most = bounds(opened.questions[subject.item.question_version_id], subject)
    return _("The mark must be between %(least)s and %(most)s.", least=number(least), most=number(most))


def _page(opened: AttemptView, subject: MarkedItem, form: MarkForm, levels: Any) -> Response:
    session, actor, chosen = current_session(), current_actor(), queue_from_address()
    flags = flags_of(subject, reader_of(actor, subject), history_of(session, subject), now=clock.now())
    shown = review_items(session, opened, flags)[subject.item.position - 1]
    marks = list_marks(session, subject.item.id)
    before, after = neighbours(session, _taught(session, opened, subject), chosen, subject.item.id)
    return page(
        "quizzes/marking_item.html",
        **item_page(session, opened, subject, shown, marks, levels, flags, anonymous=chosen.anonymous),
        form=form,
        needs_jury=marking.needs_jury_to_mark(session, subject),
        pending_acts=jury.LIST_PENDING.of(session)(session, PendingActFilter(JuryAct.MARK, item_id=subject.item.id)),
        agreements=list_mark_agreements(session, subject.id, subject.item.position),
        here=request.path,
        arguments=arguments(chosen),
        before=_link(before, chosen),
        after=_link(after, chosen),
    )


def _taught(session: Session, opened: AttemptView, subject: MarkedItem) -> QuizContext:
    return teaching.get_taught_quiz(session, current_actor(), opened.outline.slug, subject.row.activity_key)


def _link(line: MarkingQueueRow | None, chosen: MarkingQueue) -> str:
    return "" if line is None else _address(line.attempt, line.place, chosen)


def _address(attempt: UUID, position: int, chosen: MarkingQueue) -> str:
    return url_for("quizzes_marking.item", attempt=attempt, position=position, **arguments(chosen))


def _after(session: Session, opened: AttemptView, subject: MarkedItem, *, is_requested: bool) -> Response:
    """Go to the next answer that waits, or back to the list where that was the last one."""
    flash(_("Requested: it is done once two of those who sign the results agree.") if is_requested else _("The mark was saved."), "ok")
    chosen = queue_from_address()
    context = _taught(session, opened, subject)
    before, after = neighbours(session, context, chosen, subject.item.id)
    following = after or before
    if following is None or request.form.get("go") == "list":
        target = url_for("quizzes_marking.queue", slug=context.slug, key=context.key, **arguments(chosen))
    else:
        target = _address(following.attempt, following.place, chosen)
    return see_other(target)


reopening_bp = Blueprint("quizzes_reopening", __name__)


@reopening_bp.get("/attempts/<uuid:attempt>/reopening")
@requires(QuizAction.REOPEN, get_attempt)
def ask(subject: LoadedAttempt) -> Answer:
    """Ask why an attempt is to be opened again."""
    return _reopening_page(subject, AttemptActionForm())


@reopening_bp.post("/attempts/<uuid:attempt>/reopening")
@requires(QuizAction.REOPEN, lock_attempt)
def reopen(subject: LoadedAttempt) -> Answer:
    """Reopen an attempt; where its time is past it is submitted and marked at once."""
    form = AttemptActionForm()
    if form.validate_on_submit():
        with form.refusals(form.reason, Conflict, Invalid):
            if jury.decides(current_session(), subject):
                marking.ask_to_reopen(current_session(), current_actor(), subject, form.reason.data or "", now=clock.now())
                flash(_("Requested: it is done once two of those who sign the results agree."), "ok")
                return see_page("quizzes.review", attempt=subject.uuid)
            state = marking.reopen_attempt(current_session(), current_actor(), subject, form.reason.data or "", now=clock.now())
            flash(
                _("The attempt was reopened.")
                if state in OPEN_STATES
                else _("Its time had already ended, so it was submitted and marked."),
                "ok",
            )
            return see_page("quizzes.review", attempt=subject.uuid)
    return _reopening_page(subject, form)


def _reopening_page(subject: LoadedAttempt, form: AttemptActionForm) -> Response:
    opened, now = open_attempt(current_session(), subject), clock.now()
    return page(
        "quizzes/reopening.html",
        **opened.activity_header,
        attempt={"uuid": subject.uuid, "number": subject.row.number, "state": subject.row.state},
        name=get_person(current_session(), subject.person_id).full_name,
        ends_at=subject.end,
        is_past=subject.end is not None and subject.end <= now,
        has_left=marking.waits_for_its_learner(subject, now=now),
        refused=_(marking.OF_EARLIER_TAKE) if subject.is_superseded else "",
        needs_jury=jury.decides(current_session(), subject),
        pending_acts=jury.LIST_PENDING.of(current_session())(current_session(), PendingActFilter(JuryAct.REOPENING, attempt_id=subject.id)),
        form=form,
    )


@reopening_bp.post("/courses/<slug>/quizzes/<key>/previews/deletion")
@requires(QuizAction.REGRADE, teaching.get_taught_quiz)
def delete_previews(subject: QuizContext) -> Response:
    """Delete every preview of a quiz."""
    count = marking.delete_previews(current_session(), current_actor(), subject, now=clock.now())
    flash(ngettext("%(count)s preview was deleted.", "%(count)s previews were deleted.", count), "ok")
    return see_page("quizzes_manage.manage", slug=subject.slug, key=subject.key)


self_assessments_bp = Blueprint("quizzes_self_assessments", __name__)


@self_assessments_bp.post("/attempts/<uuid:attempt>/questions/<int:position>/self-assessment")
@requires(QuizAction.SELF_ASSESS, lock_self_reviewed)
def assess(subject: SelfReviewedItem) -> Response:
    """Keep the levels that the writer of a text chose, and show the review again at its question."""
    levels = chosen_levels(request.form.to_dict(flat=False), rubric_of(subject.question))
    try:
        assess_own_text(current_session(), current_actor(), subject, levels, now=clock.now())
    except NoLevelChosen as error:
        flash(_(error.text), "warn")
    else:
        flash(_("Your self-assessment is saved. It changes no mark."), "ok")
    return see_page("quizzes.review", attempt=subject.uuid, _anchor=f"p{subject.item.position}")
