"""Pages on which judges fill their sheets and sign the record of a quiz's pass mark."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session

from accounts.models import Person
from courses import catalogue, draft_checks
from courses.access import PartContext
from courses.content import scalars
from courses.content.model import CourseFolder
from courses.editor import course_header, course_kinds
from courses.rendering import Renderer
from kernel import clock
from kernel.errors import Conflict, DomainError, NotFound, require_found
from kernel.files import StoredFile, note_stored
from kernel.filetypes import media_type
from kernel.i18n import _, choose, lazy_, ngettext, shortened
from kernel.markup.model import SafeHtml
from kernel.markup.passages import plain_text
from kernel.web.file_responses import send_content
from kernel.web.forms import FileField, Form, as_uuid, clean_text
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, requires, see_page
from questions.question_page import figure, percentage, problem_words
from questions.rules.answers import MEGABYTE, UploadLimits
from questions.rules.definitions import is_marked
from quizzes import pass_marks, snapshots
from quizzes.access import JudgingContext, QuizAction
from quizzes.content.selecting import list_questions
from quizzes.files import ready
from quizzes.models import JudgeSheet, PassMarkRecord
from quizzes.pass_marks import (
    LONGEST_REASON,
    JudgedItem,
    JudgingRound,
    NotYours,
    RecordClosed,
    confirmation_of,
    items_of,
    known_facilities,
    list_sheets,
    ratings_of,
    second_ratings,
)
from quizzes.publication import embed_question
from quizzes.rules.balanced_draw import FrozenBalance
from quizzes.rules.result_use import ADVISED_JUDGES, FAR, LEAST_JUDGES, RATINGS, JudgedCut, cut_of
from quizzes.views.slots import SlotEditor, find_quiz, load_slot_editor

LONGEST_WORDS = 80
_FIRST_BLOCK = re.compile(r"</p>|<(?:ul|ol|table|figure|details)\b")


@dataclass(frozen=True, slots=True)
class JudgeRow:
    """The sheet of a judge of an open record: how far it is, and whether the reader may fill it."""

    sheet: JudgeSheet
    done: int
    own: bool
    confirmation: str
    """By what the judge confirmed the sheet, in words; empty where that is still to come."""
    ratings: Sequence[int | None]
    """In the round that goes on: shown to the expert who confirms them."""


@dataclass(frozen=True, slots=True)
class CutView:
    """The cut of judges in words: sentences, formulas, and the cut without each of them as (name, mean, cut)."""

    said: str
    advice: str
    formulas: tuple[str, ...]
    judges: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class RecordView:
    """An open record before whoever leads it."""

    row: PassMarkRecord
    questions: int
    judges: Sequence[JudgeRow]
    missing: str
    """How many complete sheets are still needed, as a sentence."""
    has_own: bool
    cut: CutView | None
    """Once the second round may be signed."""


@dataclass(frozen=True, slots=True)
class SheetItem:
    """A question on a judge's sheet: its place, its HTML, the rating so far, and what is told of the others and of answers."""

    place: int
    html: SafeHtml
    rating: int | None
    others: str
    facility: str


def judged_items(
    session: Session, course_id: int, folder: CourseFolder, key: str, renderer: Renderer, only: Sequence[str] | None = None
) -> list[JudgedItem]:
    """Return the marked questions that a quiz of the draft can give, as judges see them; with `only` those of a form."""
    located = find_quiz(folder, key)
    if located is None:
        return []
    module, _activity, quiz = located
    keys = [
        question.key
        for question in list_questions(folder, module.key, quiz)
        if is_marked(question) and (only is None or question.key in only)
    ]
    facilities = known_facilities(session, course_id, keys)
    return [
        JudgedItem(
            question_key,
            {language: str(embed_question(folder, question_key, renderer, language) or "") for language in folder.languages},
            facilities.get(question_key),
        )
        for question_key in keys
    ]


def form_keys(balance: FrozenBalance | None, name: str) -> list[str] | None:
    """Return the keys of a parallel form's questions; None where there is no such form."""
    form = next((candidate for candidate in balance.forms if candidate.name == name), None) if balance is not None else None
    return [key for cell in form.cells for key in cell] if form is not None else None


def record_view(session: Session, record: PassMarkRecord, person_id: int | None) -> RecordView:
    """Return an open record; what judges said of single questions stays with them."""
    number, sheets = len(items_of(record)), list_sheets(session, record.id)
    first = record.second_at is None
    ratings_by_sheet = {sheet.id: ratings_of(sheet.first if first else sheet.second, number) for sheet in sheets}
    done = {sheet.id: sum(rating is not None for rating in ratings_by_sheet[sheet.id]) for sheet in sheets}
    complete = [sheet for sheet in sheets if done[sheet.id] == number]
    lacking = max(0, LEAST_JUDGES - len(complete))
    cut = None
    if not first and not lacking:
        ratings = [[rating for rating in ratings_by_sheet[sheet.id] if rating is not None] for sheet in complete]
        cut = cut_view(cut_of(ratings), [sheet.name for sheet in complete])
    return RecordView(
        row=record,
        questions=number,
        judges=[
            JudgeRow(
                sheet,
                done[sheet.id],
                own=sheet.entered_by == person_id,
                confirmation=confirmation_words(confirmation_of(session, sheet)),
                ratings=ratings_by_sheet[sheet.id],
            )
            for sheet in sheets
        ],
        missing=ngettext(
            "One more complete sheet is needed.", "%(count)s more complete sheets are needed.", lacking, advised=ADVISED_JUDGES
        )
        if lacking
        else "",
        has_own=any(sheet.own and sheet.entered_by == person_id for sheet in sheets),
        cut=cut,
    )


def confirmation_words(confirmation: Mapping[str, str]) -> str:
    """Describe by what a judge confirmed a sheet."""
    match confirmation.get("by"):
        case "account":
            return _("by the account of %(name)s", name=confirmation["name"])
        case "paper":
            return _("by a signed paper")
        case _:
            return ""


def cut_view(judged: JudgedCut, names: Sequence[str], *, open_to_choice: bool = True) -> CutView:
    """Return the view of the judges' cut, and how much it hangs on each of them; until it is signed, also what may be chosen."""
    error, cut = figure(Fraction(judged.error).limit_denominator(10**9), 6), percentage(judged.cut, 1)
    return CutView(
        said=_(
            "The judges expect a person who just deserves to pass to reach %(cut)s. "
            "Other judges of the same kind would probably say between %(low)s and %(high)s.",
            cut=cut,
            low=percentage(judged.interval[0], 1),
            high=percentage(judged.interval[1], 1),
        ),
        advice=" ".join(
            [
                *(
                    [
                        _(
                            "Choose a pass mark from %(low)s to %(high)s, two standard errors from the cut. For any other, write why.",
                            low=percentage(judged.within(FAR)[0], 1),
                            high=percentage(judged.within(FAR)[1], 1),
                        )
                    ]
                    if open_to_choice
                    else []
                ),
                _("Three judges are enough; with five the range would be narrower.")
                if len(names) < ADVISED_JUDGES
                else _("The table shows how much one judge moves it."),
            ]
        ),
        formulas=(
            _("Angoff: each judge says of each question how many of 100 people who just deserve to pass answer it rightly."),
            _("Cut = mean of the judges' means = %(cut)s%%.", cut=figure(judged.cut, 6)),
            _("Standard error = standard deviation of the judges' means ÷ √%(judges)s = %(error)s.", judges=len(names), error=error),
        ),
        judges=tuple(
            (name, percentage(mean, 2), percentage(without, 2))
            for name, mean, without in zip(names, judged.means, judged.without, strict=True)
        ),
    )


def _first_words(html: str) -> str:
    """Return the beginning of what a question asks, from its HTML."""
    return shortened(plain_text(_FIRST_BLOCK.split(html, maxsplit=1)[0]), LONGEST_WORDS)


def sheet_items(session: Session, record: PassMarkRecord, sheet: JudgeSheet) -> list[SheetItem]:
    """Return the questions of a judge's sheet; in the second round with what all judges said in the first, without names."""
    items, second = items_of(record), record.state == JudgingRound.SECOND.value
    own = second_ratings(sheet, len(items)) if second else ratings_of(sheet.first, len(items))
    all_ratings = [ratings_of(judge_sheet.first, len(items)) for judge_sheet in list_sheets(session, record.id)] if second else []
    return [
        SheetItem(
            place=index,
            html=SafeHtml.stored(choose(item.html)),
            rating=own[index],
            others=_others([ratings[index] for ratings in all_ratings]),
            facility=_facility_words(item.facility) if second and record.shows_facilities else "",
        )
        for index, item in enumerate(items)
    ]


def _others(ratings: Sequence[int | None]) -> str:
    known = [rating for rating in ratings if rating is not None]
    if not known:
        return ""
    mean = percentage(Fraction(sum(known), len(known)), 0)
    return _("First round: from %(low)s to %(high)s, mean %(mean)s.", low=min(known), high=max(known), mean=mean)


def _facility_words(facility: int | None) -> str:
    if facility is None:
        return _("Too few answers so far to say how hard it was.")
    return _("So far, learners got %(share)s of its mark on average.", share=percentage(Fraction(facility), 0))


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
    snapshot = snapshots.find_published_snapshot(session, editor.course, subject.key)
    only = form_keys(snapshot.balance if snapshot is not None else None, form) if form else None
    if form and only is None:
        raise NotFound
    folder = check.folder
    renderer = course_kinds().renderer(folder) if folder is not None else None
    items = judged_items(session, subject.id, folder, subject.key, renderer, only) if folder is not None and renderer is not None else []
    if not items:
        return _overview(subject, _("The draft's quiz has no marked questions to judge, or its draft has errors.")), 422
    course = catalogue.lock_course(session, subject.id)
    shows_facilities = request.form.get("facilities") == "yes"
    try:
        record = pass_marks.open_record(
            session, current_actor(), course, subject.key, items, form=form, shows_facilities=shows_facilities, now=clock.now()
        )
    except Conflict as refused:
        return _overview(subject, _(refused.text)), 409
    return _to_record(subject, record)


def _overview(subject: PartContext, refusal: str = "") -> Response:
    session, editor = current_session(), load_slot_editor(subject)
    snapshot = snapshots.find_published_snapshot(session, editor.course, subject.key)
    balance = snapshot.balance if snapshot is not None else None
    return page(
        "quizzes/pass_mark.html",
        **_header(editor),
        refusal=refusal,
        open_records=[
            record_view(session, row, current_actor().person_id) for row in pass_marks.list_open(session, subject.id, subject.key)
        ],
        discarded=[(record_view(session, row, None), name) for row, name in pass_marks.list_discarded(session, subject.id, subject.key)],
        signed=[(signed, percentage(signed.pass_mark, 2)) for signed in pass_marks.list_signed(session, subject.id, subject.key)],
        letters=[parallel_form.name for parallel_form in balance.forms] if balance is not None else [],
    )


def _header(editor: SlotEditor) -> dict[str, object]:
    title = choose(dict(editor.activity.title)) or editor.activity.key
    return {"course": course_header(editor.course), "key": editor.activity.key, "title": title}


@bp.get("/teaching/<slug>/parts/<key>/pass-mark/<uuid:record>")
@requires(QuizAction.ANGOFF, pass_marks.get_judging)
def record(subject: JudgingContext) -> Answer:
    """Show a record: its judges while it is open, everything once it is signed."""
    return _record(subject)


def _record(subject: JudgingContext, refusal: str = "") -> Response:
    session, editor, row = current_session(), load_slot_editor(subject), subject.record
    if row.state == JudgingRound.SIGNED.value:
        signed = pass_marks.find_signed(session, row.uuid)
        assert signed is not None
        return page(
            "quizzes/pass_mark_signed.html",
            **_header(editor),
            record=signed,
            pass_mark=percentage(signed.pass_mark, 2),
            cut=cut_view(signed.cut, [judge.name for judge in signed.judges], open_to_choice=False),
            first_words=[_first_words(choose(html)) for html in signed.texts],
            confirmation_words=confirmation_words,
        )
    return page(
        "quizzes/pass_mark_record.html",
        **_header(editor),
        record=record_view(session, row, current_actor().person_id),
        refusal=refusal,
        sent={name: request.form.get(name, "") for name in ("name", "pass_mark", "reason", "discard_reason")},
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
                pass_marks.add_judge(session, actor, row, person.full_name, own=True, now=now)
            case "judge":
                name = clean_text(request.form.get("name", ""))[:LONGEST_NAME]
                if not name:
                    return _record(subject, _("Write the name of the judge.")), 422
                pass_marks.add_judge(session, actor, row, name, own=False, now=now)
            case "confirm":
                pass_marks.confirm_sheet(session, actor, row, _named_sheet(subject), now=now)
            case "second":
                pass_marks.begin_second_round(session, actor, row, now=now)
            case "sign":
                return _signed(subject)
            case "discard":
                why = clean_text(request.form.get("discard_reason", ""), lines=True)[:LONGEST_REASON]
                pass_marks.discard_record(session, actor, row, why, now=now)
                return see_page("quizzes_pass_marks.overview", slug=subject.slug, key=subject.key, flash=_("The record was discarded."))
            case _:
                raise NotFound
    except DomainError as refused:
        if isinstance(refused, NotFound):
            raise
        return _record(subject, _(refused.text, **refused.facts)), refused.status
    return _to_record(subject, row)


def _named_sheet(subject: JudgingContext) -> JudgeSheet:
    uuid = require_found(as_uuid(request.form.get("sheet", "")))
    return pass_marks.find_sheet(current_session(), subject.record, uuid)


def _signed(subject: JudgingContext) -> Answer:
    typed = request.form.get("pass_mark", "").strip().removesuffix("%").strip().replace(",", ".")
    reason = clean_text(request.form.get("reason", ""), lines=True)
    try:
        mark = scalars.percent(typed)
    except scalars.RefusedError:
        return _record(subject, _("Write the pass mark as a percentage from 0 to 100.")), 422
    if len(reason) > LONGEST_REASON:
        return _record(subject, _("The reason is too long: at most %(most)s characters.", most=LONGEST_REASON)), 422
    pass_marks.sign_record(current_session(), current_actor(), subject.record, Fraction(mark), reason, now=clock.now())
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


def _sheet(subject: JudgingContext, refusal: str = "") -> Response:
    assert subject.sheet is not None
    return page(
        "quizzes/judge_sheet.html",
        **_header(load_slot_editor(subject)),
        record=subject.record.uuid,
        sheet=subject.sheet.uuid,
        judge=subject.sheet.name,
        state=subject.record.state,
        items=sheet_items(current_session(), subject.record, subject.sheet),
        choices=[("", _("Choose")), *((str(rating), str(rating)) for rating in RATINGS)],
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
        pass_marks.save_sheet(current_session(), current_actor(), subject.record, subject.sheet, ratings, seen, now=clock.now())
    except RecordClosed as refused:
        if subject.record.state != JudgingRound.SECOND.value:
            flash(_(refused.text), "bad")
            return _to_record(subject, subject.record)
        return _sheet(subject, _(refused.text)), 409
    left = ratings.count(None)
    message = _("Saved. Questions that are still to be judged: %(number)s.", number=left) if left else _("Saved. Every question is judged.")
    flash(message, "ok")
    return _to_record(subject, subject.record)


PAPERS = UploadLimits(("pdf", "png", "jpg", "jpeg"), files=1, size=10 * MEGABYTE)


class ScanForm(Form):
    """The scan of a paper that an expert signed."""

    paper = FileField(lazy_("Scan of the signed paper"))


@bp.get("/teaching/<slug>/parts/<key>/pass-mark/<uuid:record>/sheets/<uuid:sheet>/paper")
@requires(QuizAction.ANGOFF, pass_marks.get_scan)
def scan(subject: JudgingContext) -> Response:
    """Send the scan of the paper that an expert signed, always as an attachment."""
    assert subject.sheet is not None
    stored = current_session().get_one(StoredFile, subject.sheet.paper_id)
    return send_content(file_store(), stored.sha256, stored.media_type, subject.sheet.paper_name, inline=False, cache_control="no-store")


@bp.post("/teaching/<slug>/parts/<key>/pass-mark/<uuid:record>/sheets/<uuid:sheet>/paper")
@requires(QuizAction.ANGOFF, pass_marks.get_judging, reads_first=True, body_limit=PAPERS.size + 100_000)
def attach_scan(subject: JudgingContext) -> Answer:
    """Keep the scan of the paper that an expert signed, beside the sheet that the actor typed."""
    assert subject.sheet is not None
    sent = ScanForm().paper.data
    upload, content = ready(clean_text(str(getattr(sent, "filename", "") or "")), sent.read() if sent else b"", PAPERS)
    if upload.refusal is not None:
        return _record(subject, problem_words(upload.refusal, PAPERS)), 422
    file_store().put(content)
    session, actor, now = begin_writing(), current_actor(), clock.now()
    locked = pass_marks.lock_judging(session, actor, subject.slug, subject.key, subject.record.uuid, subject.sheet.uuid)
    assert locked.sheet is not None
    stored = note_stored(session, upload.sha256, size=upload.size, media_type=media_type(upload.name), now=now)
    try:
        pass_marks.attach_scan(session, actor, locked.record, locked.sheet, upload.name, stored, now=now)
    except NotYours as refused:
        return _record(locked, _(refused.text)), refused.status
    return _to_record(locked, locked.record)


def _rating(typed: str) -> int | None:
    """Return a rating that is offered, else none: the list lets nobody send another one by mistake."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 and int(typed) in RATINGS else None
