"""Pages of a course's learners for its team: find them, enrol and invite others, upload lists of people."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, request, url_for
from sqlalchemy.orm import Session
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from accounts import access_log
from accounts.models import Person
from accounts.people import ids_of
from accounts.privacy import PeopleListKind
from accounts.uploads import UploadedList, get_pending_upload
from courses.models import Course
from enrolments import editions as editions_of_enrolments
from enrolments import roster as enrolments_roster
from enrolments.access import EnrolmentListContext, LearnerContext, LearningAction, ParticipantContext
from enrolments.course_context import course_name
from enrolments.invitations import InvitationCounts, count_list, list_taken, require_invitation_quota
from enrolments.learners import get_learner_context
from enrolments.models import Edition, PendingEnrolmentList
from enrolments.people_lists import EnrolmentListCheck, check_list
from enrolments.roster import RosterRow
from kernel import clock
from kernel.errors import N_, require_found
from kernel.i18n import _, lazy_, ngettext
from kernel.left_out import ReadList
from kernel.own_records import LEFT_OUT, is_own
from kernel.permissions import Actor
from kernel.web.forms import as_uuid
from kernel.web.request import Answer, begin_writing, current_actor, current_session, page, reading_file, requires, see_other
from kernel.web.table import Column, Filter, Table, read_words, requested_page
from kernel.web.uploads import PastedListForm
from organisations.address_lists import ListedAddress, find_address, read_list
from organisations.tree import unit_options


class EnrolmentListForm(PastedListForm):
    """A list of people to enrol, and the edition."""

    edition = SelectField(lazy_("Edition"), choices=[])

    def offer(self, editions: Sequence[Edition]) -> None:
        """Let these editions be chosen, or none."""
        none = SelectChoice(value="", label=_("No edition"))
        self.edition.choices = [none, *(SelectChoice(value=str(edition.uuid), label=edition.name) for edition in editions)]


bp = Blueprint("enrolments_roster", __name__)

LEARNERS: Table[RosterRow] = Table(
    N_("Learners"),
    (
        Column(N_("Name"), name="name"),
        Column(N_("Edition"), name="edition", shown=lambda row: row.edition),
        Column(N_("Unit"), name="unit", shown=lambda row: row.unit),
        Column(N_("Since"), kind="moment", name="since", shown=lambda row: row.Enrolment.enrolled_at),
        Column(N_("Done"), kind="number", name="done", shown=lambda row: row.Enrolment),
        Column(N_("Action"), name="action"),
    ),
    filters={"q": Filter(N_("Name or email"), read_words), "edition": Filter(N_("Edition"), as_uuid), "unit": Filter(N_("Unit"), as_uuid)},
)

ROWS, MOST_FOUND, MOST_FAULTS = 50, 30, 200
LARGEST = 5_000_000
"""Bytes of a list."""


def _list_url(context: LearnerContext, pending: UUID) -> str:
    return url_for("enrolments_roster.preview", slug=context.slug, pending=pending)


@bp.get("/teaching/<slug>/learners")
@requires(LearningAction.ENROL_OTHERS, get_learner_context)
def roster(context: LearnerContext) -> Answer:
    """List those who take a course, and those whom a search finds to enrol."""
    session, requested, query = current_session(), requested_page(ROWS), LEARNERS.query()
    access_log.record_list_access(PeopleListKind.LEARNERS, Course, context.course_id)
    newcomer = request.args.get("new", "")[:100].strip()
    rows = enrolments_roster.list_roster(session, context.course_id, **query.filters, offset=requested.offset, limit=ROWS + 1)
    address = find_address(newcomer) if "@" in newcomer else ""
    outsiders = (
        enrolments_roster.list_outsiders(session, current_actor(), context.course_id, newcomer, limit=MOST_FOUND + 1) if newcomer else []
    )
    access_log.record_search_access([row.person_id for row in outsiders[:MOST_FOUND]])
    return page(
        "enrolments/roster.html",
        course=course_name(context),
        page=requested.of(rows),
        table=LEARNERS,
        query=query,
        options={"edition": editions_of_enrolments.class_options(session, context.course_id)["edition"], "unit": unit_options(session)},
        newcomer=newcomer,
        sees_addresses=current_actor().is_administrator,
        too_few=bool(newcomer) and enrolments_roster.names_too_little(current_actor(), newcomer),
        candidates=outsiders[:MOST_FOUND],
        address=address if not outsiders else "",
        address_state=_address_state(session, context, address) if address and not outsiders else "",
        more_found=len(outsiders) > MOST_FOUND,
        archived=context.archived,
    )


def _address_state(session: Session, context: LearnerContext, address: str) -> str:
    """Return an address's state in the course's own lists; whether it has an account is not looked at (spec/security 2.2)."""
    enrolled, invited = list_taken(session, context.course_id, [address], now=clock.now())
    return "inside" if address in enrolled else "invited" if address in invited else "free"


def chosen_edition(session: Session, context: LearnerContext, text: str) -> Edition | None:
    """Return the edition that was chosen; raise NotFound where the course has none such."""
    if not text:
        return None
    number = as_uuid(text)
    return require_found(
        next(
            (
                edition_row.edition
                for edition_row in editions_of_enrolments.list_editions(session, context.course_id)
                if edition_row.edition.uuid == number
            ),
            None,
        )
    )


@bp.post("/teaching/<slug>/learners")
@requires(LearningAction.ENROL_OTHERS, get_learner_context)
def enrol(context: LearnerContext) -> Answer:
    """Enrol the chosen people."""
    session = current_session()
    chosen = [number for text in request.form.getlist("person")[:MOST_FOUND] if (number := as_uuid(text)) is not None]
    edition = chosen_edition(session, context, request.form.get("edition", ""))
    entered, waiting = editions_of_enrolments.enrol_others(
        session, current_actor(), context.course_id, edition, ids_of(session, chosen), now=clock.now()
    )
    if current_actor().person_uuid in chosen:
        flash(_(LEFT_OUT), "warn")
    if chosen != [current_actor().person_uuid]:
        _flash_counts(entered, waiting)
    return see_other(url_for("enrolments_roster.roster", slug=context.slug))


def _flash_counts(entered: int, waiting: int) -> None:
    if entered:
        flash(ngettext("%(count)s person has been enrolled.", "%(count)s people have been enrolled.", entered), "ok")
    if waiting:
        flash(ngettext("%(count)s person is on the waiting list.", "%(count)s people are on the waiting list.", waiting), "warn")
    if not entered and not waiting:
        flash(_("You have not selected anyone."), "warn")


@bp.route("/teaching/<slug>/learners/<uuid:person>/removal", methods=["GET", "POST"])
@requires(LearningAction.ENROL_OTHERS, editions_of_enrolments.get_place)
def remove(subject: ParticipantContext) -> Answer:
    """Ask whether a person's enrolment in a course is to end, with what follows, and end it."""
    if request.method != "POST":
        return page(
            "enrolments/removal.html",
            course=course_name(subject.context),
            person=current_session().get_one(Person, subject.enrolment.person_id),
            has_place=editions_of_enrolments.find_edition_of(current_session(), subject.enrolment.id) is not None,
            follows=editions_of_enrolments.list_consequences(current_session(), subject.enrolment),
        )
    editions_of_enrolments.take_out(current_session(), current_actor(), subject.enrolment, now=clock.now())
    flash(_("Removed from the course. Their work is kept and will be there if they re-enrol."), "ok")
    return see_other(url_for("enrolments_roster.roster", slug=subject.context.slug))


@bp.route("/teaching/<slug>/learners/lists", methods=["GET", "POST"])
@requires(LearningAction.ENROL_OTHERS, get_learner_context, reads_first=True, body_limit=LARGEST)
def upload(context: LearnerContext) -> Answer:
    """Take a list of people; the next page shows what would come of it."""
    form = EnrolmentListForm()
    form.offer([edition_row.edition for edition_row in editions_of_enrolments.list_editions(current_session(), context.course_id)])
    if form.validate_on_submit():
        edition = chosen_edition(current_session(), context, form.edition.data or "")
        people_list = form.read(read_list)
        if people_list is not None:
            sent = UploadedList(form.file_name, form.content, people_list.total)
            row = enrolments_roster.receive_list(begin_writing(), current_actor(), context.course_id, edition, sent, now=clock.now())
            return see_other(_list_url(context, row.uuid))
    return page("enrolments/list_upload.html", course=course_name(context), form=form, largest=LARGEST)


def _list_context(session: Session, actor: Actor, slug: str, pending: UUID) -> EnrolmentListContext:
    context = get_learner_context(session, actor, slug)
    of_course = PendingEnrolmentList.course_id == context.course_id
    return EnrolmentListContext(context, get_pending_upload(session, PendingEnrolmentList, actor.person_id, pending, of_course))


def _check(subject: EnrolmentListContext) -> tuple[EnrolmentListCheck, ReadList[ListedAddress]]:
    """Return the effect that a list would have now, and the list as it was read."""
    with reading_file():
        people_list = read_list(subject.pending.content)
    enrols_accounts = current_actor().is_administrator
    checked = check_list(
        current_session(), subject.context.course_id, people_list.entries, enrols_accounts=enrols_accounts, now=clock.now()
    )
    return checked, people_list


@bp.get("/teaching/<slug>/learners/lists/<uuid:pending>")
@requires(LearningAction.ENROL_OTHERS, _list_context)
def preview(subject: EnrolmentListContext) -> Answer:
    """Show whom a list enrols or invites and what is wrong in it; once confirmed, how far it is. It tells nobody's account."""
    session, row, actor = current_session(), subject.pending, current_actor()
    checked, people_list = _check(subject)
    edition_row = None if row.edition_id is None else editions_of_enrolments.get_edition_row(session, row.edition_id)
    free = None if edition_row is None or edition_row.edition.capacity is None else max(edition_row.edition.capacity - edition_row.taken, 0)
    own = any(is_own(actor, person) for person in checked.people) or any(entry.address == actor.email for entry in checked.invited)
    return page(
        "enrolments/list_preview.html",
        course=course_name(subject.context),
        pending=row,
        checked=checked,
        faults=checked.faults[:MOST_FAULTS],
        first_invited=[(entry.line, entry.address, entry.name) for entry in checked.invited[:MOST_FAULTS]],
        rows=people_list,
        edition=edition_row.edition.name if edition_row else "",
        leaves_out=_(LEFT_OUT) if own else "",
        waiting=0 if free is None else max(len(checked.people) - free, 0),
        free=free,
        counts=count_list(session, subject.context.course_id, row.uuid) if row.confirmed_at else InvitationCounts(),
    )


@bp.post("/teaching/<slug>/learners/lists/<uuid:pending>/confirmation")
@requires(LearningAction.ENROL_OTHERS, _list_context, reads_first=True)
def confirm(subject: EnrolmentListContext) -> Answer:
    """Enrol or invite the people of a list."""
    checked, _list = _check(subject)
    session, actor, now = begin_writing(), current_actor(), clock.now()
    require_invitation_quota(session, actor, len(checked.invited), now=now)
    enrolments_roster.confirm_list(session, actor, subject.pending, now=now)
    return see_other(_list_url(subject.context, subject.pending.uuid))


@bp.post("/teaching/<slug>/learners/lists/<uuid:pending>/discarding")
@requires(LearningAction.ENROL_OTHERS, _list_context)
def discard(subject: EnrolmentListContext) -> Answer:
    """Delete an enrolment list."""
    enrolments_roster.discard_list(current_session(), current_actor(), subject.pending, now=clock.now())
    flash(_("The list has been discarded. No one was enrolled."), "ok")
    return see_other(url_for("enrolments_roster.upload", slug=subject.context.slug))
