"""Pages of marking by hand: what waits, one answer with its rubric, and the next one."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, render_template, request, url_for
from sqlalchemy.orm import Session

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.access import CourseContext
from courses.models import Course
from kernel import clock
from kernel.i18n import _, choose, language, number
from kernel.web.forms import whole_number
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, current_actor, current_session, requires, see_other
from quizzes.attempt_review import flags_of, review_items
from quizzes.forms.quizzes import MarkForm, chosen_levels
from quizzes.pages import marking as pages
from quizzes.pages.attempt import AttemptView, open_attempt
from quizzes.pages.introduction import activity_header
from quizzes.pages.manage import quiz_lines
from quizzes.permissions import QuizAction, QuizContext, reader_of
from quizzes.queries import teaching
from quizzes.queries.attempts import history_of
from quizzes.queries.marks import (
    MarkedItem,
    MarkingFilter,
    MarkingQueue,
    MarkingQueueRow,
    count_by_question,
    current_events,
    get_marked_item,
    list_marks,
    list_queue,
    lock_marked_item,
    neighbours,
)
from quizzes.rules.manual_marking import rubric_mark, rubric_of
from quizzes.rules.numbers import convention_for, read_number
from quizzes.services import marking as services
from quizzes.services.dry_runs import DecidedByJury
from quizzes.services.marking import AlreadyMarked, ManualMarkValues, OutOfBounds

bp = Blueprint("quizzes_marking", __name__)


def queue_from_address() -> MarkingQueue:
    """Return the order that the address names; what it does not know it leaves out."""
    show = request.args.get("show", "")
    return MarkingQueue(
        question=request.args.get("question", "")[:64],
        show=MarkingFilter(show) if show in set(MarkingFilter) else MarkingFilter.WAITING,
        anonymous=request.args.get("names") == pages.HIDDEN_NAMES,
    )


@bp.get("/teaching/<slug>/quizzes")
@requires(QuizAction.MANAGE, teaching.get_published_course)
def quizzes(subject: CourseContext) -> str:
    """List the quizzes of a course, those first in which something waits to be marked."""
    session, outline = current_session(), teaching.published_outline(current_session(), subject)
    waiting = {row.activity_key: row for row in teaching.list_unmarked(session, current_actor(), [subject.id])}
    return render_template(
        "quizzes/quizzes.html",
        course={"slug": subject.slug, "title": choose(outline.title)},
        quizzes=sorted(quiz_lines(outline, waiting), key=lambda line: line.key not in waiting),
        waiting=waiting,
    )


@bp.get("/courses/<slug>/quizzes/<key>/marking")
@requires(QuizAction.MANAGE, teaching.get_taught_quiz)
def queue(subject: QuizContext) -> Answer:
    """List what waits for a person: the questions, and the answers of one question or of everybody."""
    session, chosen, page = current_session(), queue_from_address(), requested_page()
    access_log.record_list_access(PeopleListKind.MARKING, Course, subject.course_id)
    counts = count_by_question(session, subject)
    lines = list_queue(session, subject, chosen, offset=page.offset, limit=page.size + 1)
    return render_template(
        "quizzes/marking.html",
        **activity_header(subject.outline, subject.key),
        questions=pages.question_rows(session, counts),
        waiting=sum(count.waiting for count in counts),
        queue=chosen,
        arguments=pages.arguments(chosen),
        page=Page(pages.queue_rows(session, lines[: page.size]), page.number, len(lines) > page.size),
    )


@bp.get("/attempts/<uuid:attempt>/marking/<int:position>")
@requires(QuizAction.MARK, get_marked_item)
def item(subject: MarkedItem) -> Answer:
    """Show one answer and the form of its mark."""
    session = current_session()
    opened = open_attempt(session, subject)
    last = current_events(session, [subject.item.id])[subject.item.id]
    question = opened.questions[subject.item.question_version_id]
    form = MarkForm(points=pages.typed_points(question, last, subject), comment=last.comment, seen=str(last.id))
    return _page(opened, subject, form, last.levels)


@bp.post("/attempts/<uuid:attempt>/marking/<int:position>")
@requires(QuizAction.MARK, lock_marked_item)
def mark(subject: MarkedItem) -> Answer:
    """Give the answer its mark and go to the next one; what cannot be accepted comes back as it was typed."""
    session, form = current_session(), MarkForm()
    opened = open_attempt(session, subject)
    question = opened.questions[subject.item.question_version_id]
    levels = chosen_levels(request.form.to_dict(flat=False), rubric_of(question))
    fine = form.validate_on_post()
    given = _submitted_mark(form, opened, subject, levels)
    if given is None or not fine:
        return _page(opened, subject, form, levels), 422
    try:
        services.mark_by_hand(session, current_actor(), subject, given, now=clock.now())
    except OutOfBounds:
        form.refuse(form.points, _bounds(opened, subject))
        return _page(opened, subject, form, levels), 422
    except AlreadyMarked as error:
        last = current_events(session, [subject.item.id])[subject.item.id]
        form.seen.data = str(last.id)
        form.refuse(form.points, _(error.text))
        return _page(opened, subject, form, levels), 409
    except DecidedByJury as error:
        form.refuse(form.points, _(error.text))
        return _page(opened, subject, form, levels), 409
    return _after(session, opened, subject)


def _submitted_mark(form: MarkForm, opened: AttemptView, subject: MarkedItem, levels: dict[str, int]) -> ManualMarkValues | None:
    """Read what was given; None with the fault beside its field."""
    question = opened.questions[subject.item.question_version_id]
    typed, reason = form.points.data or "", form.reason.data or ""
    reading = read_number(typed, convention_for(language())) if typed else None
    value = reading.value if reading else None if typed else rubric_mark(question, levels, subject.item.maximum)
    if value is None:
        form.refuse(form.points, _not_a_mark(typed, has_rubric=bool(rubric_of(question))))
    if not subject.is_by_hand and not reason:
        form.refuse(form.reason, _("Give the reason for changing the automatic mark. It is kept in the record."))
    if form.faults or value is None:
        return None
    return ManualMarkValues(value, whole_number(form.seen.data or ""), form.words, levels, reason)


def _not_a_mark(typed: str, *, has_rubric: bool) -> str:
    if typed:
        return _("“%(typed)s” is not a number.", typed=typed)
    return _("Choose a level for each criterion, or enter the mark.") if has_rubric else _("Enter the mark.")


def _bounds(opened: AttemptView, subject: MarkedItem) -> str:
    least, most = pages.bounds(opened.questions[subject.item.question_version_id], subject)
    return _("The mark must be between %(least)s and %(most)s.", least=number(least), most=number(most))


def _page(opened: AttemptView, subject: MarkedItem, form: MarkForm, levels: Any) -> str:
    session, actor, chosen = current_session(), current_actor(), queue_from_address()
    flags = flags_of(subject, reader_of(actor, subject), history_of(session, subject), now=clock.now())
    shown = review_items(session, opened, flags)[subject.item.position - 1]
    marks = list_marks(session, subject.item.id)
    near = neighbours(session, _taught(session, opened, subject), chosen, subject.item.id)
    return render_template(
        "quizzes/marking_item.html",
        **pages.item_page(session, opened, subject, shown, marks, levels, flags, anonymous=chosen.anonymous),
        form=form,
        here=request.path,
        arguments=pages.arguments(chosen),
        before=_link(near.before, chosen),
        after=_link(near.after, chosen),
    )


def _taught(session: Session, opened: AttemptView, subject: MarkedItem) -> QuizContext:
    return teaching.get_taught_quiz(session, current_actor(), opened.outline.slug, subject.row.activity_key)


def _link(line: MarkingQueueRow | None, chosen: MarkingQueue) -> str:
    return "" if line is None else _address(line.attempt, line.place, chosen)


def _address(attempt: UUID, position: int, chosen: MarkingQueue) -> str:
    return url_for("quizzes_marking.item", attempt=attempt, position=position, **pages.arguments(chosen))


def _after(session: Session, opened: AttemptView, subject: MarkedItem) -> Response:
    """Go to the next answer that waits, or back to the list where that was the last one."""
    flash(_("The mark was saved."), "ok")
    chosen = queue_from_address()
    context = _taught(session, opened, subject)
    near = neighbours(session, context, chosen, subject.item.id)
    following = near.after or near.before
    if following is None or request.form.get("go") == "list":
        target = url_for("quizzes_marking.queue", slug=context.slug, key=context.key, **pages.arguments(chosen))
    else:
        target = _address(following.attempt, following.place, chosen)
    return see_other(target)
