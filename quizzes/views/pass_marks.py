"""The pass mark of a quiz: judges say of each question how many who just deserve to pass get it right (spec/selection 3.10 and 3.11)."""

from collections.abc import Sequence
from fractions import Fraction

from flask import Blueprint, Response, flash, render_template, request

from accounts.models import Person
from courses import catalogue, draft_checks
from courses.access import PartContext
from courses.content import scalars
from courses.editor import course_header
from kernel import clock
from kernel.errors import Conflict, DomainError, NotFound
from kernel.i18n import _, choose
from kernel.web.forms import clean_text
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from quizzes.pages import pass_marks as pages
from quizzes.pages.figures import percentage
from quizzes.permissions import JudgingContext, QuizAction
from quizzes.queries import attempts, pass_marks
from quizzes.queries.pass_marks import JudgingRound
from quizzes.rules.pass_marks import RATINGS
from quizzes.selection_models import PassMarkRecord
from quizzes.services import pass_marks as services
from quizzes.services.pass_marks import LONGEST_REASON, NewRecord, RecordClosed
from quizzes.views.slots import SlotEditor, course_kinds, file_store, load_slot_editor

bp = Blueprint("quizzes_pass_marks", __name__)

LONGEST_NAME = 200


@bp.get("/teaching/<slug>/parts/<key>/pass-mark")
@requires(QuizAction.ANGOFF, catalogue.get_taught_part)
def overview(subject: PartContext) -> Answer:
    """List the records of judges on a quiz's pass mark."""
    return _overview(subject)


@bp.post("/teaching/<slug>/parts/<key>/pass-mark")
@requires(QuizAction.ANGOFF, catalogue.get_taught_part)
def new(subject: PartContext) -> Answer:
    """Open a record on the questions of the draft's quiz, or of one of the published quiz's forms."""
    session, editor = current_session(), load_slot_editor(subject)
    check = draft_checks.cached_draft_check(session, file_store(), editor.course, course_kinds(), now=clock.now())
    form = request.form.get("form", "")
    snapshot = attempts.find_published_snapshot(session, editor.course, subject.key)
    only = pages.form_keys(snapshot.balance if snapshot is not None else None, form) if form else None
    if form and only is None:
        raise NotFound
    folder = check.folder
    renderer = course_kinds().renderer(folder) if folder is not None else None
    items = (
        pages.judged_items(session, subject.id, folder, subject.key, renderer, only) if folder is not None and renderer is not None else []
    )
    if not items:
        return _overview(subject, _("The draft's quiz has no marked questions to judge, or its draft has errors.")), 422
    course = catalogue.lock_course(session, subject.id)
    new_record = NewRecord(items, form, shows_facilities=request.form.get("facilities") == "yes")
    try:
        record = services.open_record(session, current_actor(), course, subject.key, new_record, now=clock.now())
    except Conflict as refused:
        return _overview(subject, _(refused.text)), 409
    return _to_record(subject, record)


def _overview(subject: PartContext, refusal: str = "") -> str:
    session, editor = current_session(), load_slot_editor(subject)
    snapshot = attempts.find_published_snapshot(session, editor.course, subject.key)
    balance = snapshot.balance if snapshot is not None else None
    return render_template(
        "quizzes/pass_mark.html",
        **_header(editor),
        refusal=refusal,
        open_records=[pages.record_view(session, row, current_actor().person_id) for row in _open(subject)],
        signed=[pages.signed_view(signed_record) for signed_record in pass_marks.list_signed(session, subject.id, subject.key)],
        letters=[parallel_form.name for parallel_form in balance.forms] if balance is not None else [],
    )


def _open(subject: PartContext) -> Sequence[PassMarkRecord]:
    return pass_marks.list_open(current_session(), subject.id, subject.key)


def _header(editor: SlotEditor) -> dict[str, object]:
    title = choose(dict(editor.activity.title)) or editor.activity.key
    return {"course": course_header(editor.course), "key": editor.activity.key, "title": title}


@bp.get("/teaching/<slug>/parts/<key>/pass-mark/<uuid:record>")
@requires(QuizAction.ANGOFF, pass_marks.get_judging)
def record(subject: JudgingContext) -> Answer:
    """Show a record: its judges while it is open, everything once it is signed."""
    return _record(subject)


def _record(subject: JudgingContext, refusal: str = "") -> str:
    session, editor, row = current_session(), load_slot_editor(subject), subject.record
    if row.state == JudgingRound.SIGNED.value:
        signed_record = pass_marks.find_signed(session, row.uuid)
        assert signed_record is not None
        return render_template("quizzes/pass_mark_signed.html", **_header(editor), record=pages.signed_view(signed_record))
    return render_template(
        "quizzes/pass_mark_record.html",
        **_header(editor),
        record=pages.record_view(session, row, current_actor().person_id),
        refusal=refusal,
        sent={name: request.form.get(name, "") for name in ("name", "pass_mark", "reason")},
        longest_reason=LONGEST_REASON,
        longest_name=LONGEST_NAME,
    )


@bp.post("/teaching/<slug>/parts/<key>/pass-mark/<uuid:record>")
@requires(QuizAction.ANGOFF, pass_marks.lock_judging)
def change(subject: JudgingContext) -> Answer:
    """Add a judge, begin the second round, sign or discard a record, as the button says."""
    session, actor, now, row = current_session(), current_actor(), clock.now(), subject.record
    act = request.form.get("do", "")
    try:
        match act:
            case "join":
                person = session.get_one(Person, actor.person_id)
                services.add_judge(session, actor, row, person.full_name, own=True, now=now)
            case "judge":
                name = clean_text(request.form.get("name", ""))[:LONGEST_NAME]
                if not name:
                    return _record(subject, _("Write the name of the judge.")), 422
                services.add_judge(session, actor, row, name, own=False, now=now)
            case "second":
                services.begin_second_round(session, actor, row, now=now)
            case "sign":
                return _signed(subject)
            case "discard":
                services.discard_record(session, actor, row, now=now)
                flash(_("The record was discarded."), "ok")
                return see_page("quizzes_pass_marks.overview", slug=subject.slug, key=subject.key)
            case _:
                raise NotFound
    except DomainError as refused:
        if isinstance(refused, NotFound):
            raise
        return _record(subject, _(refused.text)), refused.status
    return _to_record(subject, row)


def _signed(subject: JudgingContext) -> Answer:
    typed = request.form.get("pass_mark", "").strip().removesuffix("%").strip().replace(",", ".")
    reason = clean_text(request.form.get("reason", ""), lines=True)
    try:
        mark = scalars.percent(typed)
    except scalars.RefusedError:
        return _record(subject, _("Write the pass mark as a percentage from 0 to 100.")), 422
    if len(reason) > LONGEST_REASON:
        return _record(subject, _("The reason is too long: at most %(most)s characters.", most=LONGEST_REASON)), 422
    services.sign_record(current_session(), current_actor(), subject.record, Fraction(mark), reason, now=clock.now())
    flash(
        _(
            "The record is signed at %(mark)s. Now set the pass mark of the quiz to it, and publish the quiz.",
            mark=percentage(Fraction(mark), 2),
        ),
        "ok",
    )
    return _to_record(subject, subject.record)


def _to_record(subject: PartContext, row: PassMarkRecord) -> Response:
    return see_page("quizzes_pass_marks.record", slug=subject.slug, key=subject.key, record=row.uuid)


@bp.get("/teaching/<slug>/parts/<key>/pass-mark/<uuid:record>/sheets/<uuid:sheet>")
@requires(QuizAction.ANGOFF, pass_marks.get_judging)
def sheet(subject: JudgingContext) -> Answer:
    """Show a judge the questions of a record."""
    if subject.record.state == JudgingRound.SIGNED.value:
        return _to_record(subject, subject.record)
    return _sheet(subject)


def _sheet(subject: JudgingContext, refusal: str = "") -> str:
    assert subject.sheet is not None
    return render_template(
        "quizzes/judge_sheet.html",
        **_header(load_slot_editor(subject)),
        record=subject.record.uuid,
        sheet=subject.sheet.uuid,
        judge=subject.sheet.name,
        state=subject.record.state,
        items=pages.sheet_items(current_session(), subject.record, subject.sheet),
        choices=pages.rating_choices(),
        refusal=refusal,
    )


@bp.post("/teaching/<slug>/parts/<key>/pass-mark/<uuid:record>/sheets/<uuid:sheet>")
@requires(QuizAction.ANGOFF, pass_marks.lock_judging)
def save_sheet(subject: JudgingContext) -> Answer:
    """Keep what a judge says; a sheet may be saved before every question is judged."""
    assert subject.sheet is not None
    ratings = [_rating(request.form.get(f"rating-{index}", "")) for index in range(len(pass_marks.items_of(subject.record)))]
    seen = request.form.get("round", "")
    try:
        services.save_sheet(current_session(), current_actor(), subject.record, subject.sheet, ratings, seen, now=clock.now())
    except RecordClosed as refused:
        if subject.record.state != JudgingRound.SECOND.value:
            flash(_(refused.text), "bad")
            return _to_record(subject, subject.record)
        return _sheet(subject, _(refused.text)), 409
    left = ratings.count(None)
    message = _("Saved. Questions that are still to be judged: %(number)s.", number=left) if left else _("Saved. Every question is judged.")
    flash(message, "ok")
    return _to_record(subject, subject.record)


def _rating(typed: str) -> int | None:
    """Return a rating that is offered, else none: the list lets nobody send another one by mistake."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 and int(typed) in RATINGS else None
