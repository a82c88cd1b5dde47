"""Pages of lists of recognitions: sent in, reviewed, confirmed, and decided on by another person (spec/compulsory 4.11)."""

from flask import Blueprint, Response, flash

from accounts.uploads import UploadedList
from compliance import claim_lists, claims
from compliance.access import RecognitionAction, RecognitionListContext, WaiverAction
from compliance.claim_lists import RecognitionListCheck, RecognitionListRows, judge_recognitions, read_recognitions
from compliance.claims import list_entries
from compliance.models import PendingRecognitionList, RecognitionList
from compliance.views.claims import ClaimDecisionForm, claim_view, record_views
from kernel import clock
from kernel.i18n import _, ngettext, site_locale
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, page, reading_file, requires, see_page
from kernel.web.table import requested_page
from kernel.web.uploads import UploadForm, page_of_faults, send_faults

bp = Blueprint("compliance_recognition_lists", __name__, url_prefix="/training/recognition-lists")

LARGEST = 10_000_000
"""Bytes of a list."""
RATE = limit("recognition-lists", "30 per hour")
ROWS = 100


@bp.route("", methods=["GET", "POST"])
@requires(RecognitionAction.LOAD, claim_lists.get_new_list, reads_first=True, body_limit=LARGEST)
def lists(subject: RecognitionListContext) -> Answer:
    """Take a list of recognitions; the next page shows what would come of it."""
    form = UploadForm()
    listed = form.read(_read) if form.validate_on_submit() else None
    if listed is not None:
        limiter().use(RATE, str(current_actor().person_id))
        sent = UploadedList(form.file_name, form.content, listed.total)
        row = claims.receive_list(begin_writing(), current_actor(), sent, now=clock.now())
        return see_page("compliance_recognition_lists.pending", pending=row.uuid)
    rows = claim_lists.list_recognition_lists(current_session(), subject.scope, waiting=False)
    return page("compliance/recognition_lists.html", form=form, rows=rows, largest=LARGEST)


def _read(content: bytes) -> RecognitionListRows:
    return read_recognitions(content, clock.now().astimezone(site_locale().zone).date())


def _judge(subject: RecognitionListContext) -> tuple[PendingRecognitionList, RecognitionListRows, RecognitionListCheck]:
    row = subject.pending
    assert row is not None
    with reading_file():
        rows = _read(row.content)
    return row, rows, judge_recognitions(current_session(), current_actor(), rows, subject.scope, now=clock.now())


@bp.get("/pending/<uuid:pending>")
@requires(RecognitionAction.LOAD, claim_lists.get_pending_list)
def pending(subject: RecognitionListContext) -> Answer:
    """Show what a list would propose and what is wrong in it."""
    row, rows, check = _judge(subject)
    return page("compliance/recognition_list_upload.html", pending=row, check=check, rows=rows, page=page_of_faults(check.faults))


@bp.get("/pending/<uuid:pending>/faults.csv")
@requires(RecognitionAction.LOAD, claim_lists.get_pending_list)
def faults(subject: RecognitionListContext) -> Response:
    """Send the lines that propose nothing, each with its cause."""
    row, _rows, check = _judge(subject)
    return send_faults(check.faults, row.content)


@bp.post("/pending/<uuid:pending>/confirmation")
@requires(RecognitionAction.LOAD, claim_lists.get_pending_list, reads_first=True)
def confirm(subject: RecognitionListContext) -> Answer:
    """Propose the recognitions of a list; another person decides on them."""
    row, _rows, check = _judge(subject)
    if not check.new and row.list_id is None:
        return see_page("compliance_recognition_lists.pending", pending=row.uuid)
    made = claims.propose_list(begin_writing(), current_actor(), row, check.new, now=clock.now())
    return see_page("compliance_recognition_lists.made", made=made.uuid)


@bp.post("/pending/<uuid:pending>/discarding")
@requires(RecognitionAction.LOAD, claim_lists.get_pending_list)
def discard(subject: RecognitionListContext) -> Answer:
    """Discard a list."""
    assert subject.pending is not None
    claims.discard_list(current_session(), current_actor(), subject.pending, now=clock.now())
    return see_page("compliance_recognition_lists.lists", flash=_("The list was discarded. Nothing was changed."))


@bp.get("/<uuid:made>")
@requires(WaiverAction.LIST, claim_lists.get_proposed_list)
def made(subject: RecognitionListContext) -> Response:
    """Show a list of recognitions with what became of each."""
    return _made_page(subject, ClaimDecisionForm(formdata=None))


def _made_page(subject: RecognitionListContext, form: ClaimDecisionForm) -> Response:
    session, requested, row = current_session(), requested_page(ROWS), _proposed(subject)
    listed = claim_lists.list_of_list(session, subject.scope, row.id, offset=requested.offset, limit=ROWS + 1)
    entries = list_entries(session, [entry.claim.person_id for entry in listed])
    record_views([entry.claim.person_id for entry in listed[:ROWS]])
    known = claim_lists.list_recognition_lists(session, subject.scope, waiting=False, only=row.id)
    proposer, waiting, approved = known[0][1:] if known else (None, 0, 0)
    is_proposer = row.proposed_by == current_actor().person_id
    decides = allows(RecognitionAction.APPROVE_MANY, subject) and waiting and not is_proposer
    return page(
        "compliance/recognition_list.html",
        made=row,
        proposer=proposer,
        waiting=waiting,
        approved=approved,
        page=requested.of([claim_view(entry, entries, ()) for entry in listed]),
        form=form if decides else None,
        is_proposer=is_proposer,
    )


def _proposed(subject: RecognitionListContext) -> RecognitionList:
    assert subject.proposed is not None
    return subject.proposed


@bp.post("/<uuid:made>/decision")
@requires(RecognitionAction.APPROVE_MANY, claim_lists.get_proposed_list)
def decide(subject: RecognitionListContext) -> Answer:
    """Approve every recognition of a list that waits, or none."""
    form, row = ClaimDecisionForm(), _proposed(subject)
    if not form.validate_on_submit():
        return _made_page(subject, form)
    answer, now = form.words.data or "", clock.now()
    count = claims.decide_list(current_session(), current_actor(), row, answer, subject.scope, approves=form.approves, now=now)
    if count:
        flash(
            ngettext("Your decision on %(count)s recognition was saved.", "Your decision on %(count)s recognitions was saved.", count), "ok"
        )
    else:
        flash(_("Nothing of this list was waiting any more: someone else decided on it in the meantime."), "warn")
    return see_page("compliance_recognition_lists.made", made=row.uuid)
