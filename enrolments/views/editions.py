"""Pages of editions: those that a course's team keeps, and those by which people enrol themselves."""

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session
from wtforms import BooleanField, ValidationError
from wtforms.validators import InputRequired

from enrolments import editions as enrolments_editions
from enrolments.access import EditionContext, LearnerContext, LearningAction
from enrolments.course_context import course_name
from enrolments.course_view import course_url
from enrolments.editions import EditionNameConflict, EditionValues, EnrolOutcome, LaterEnd
from enrolments.learners import get_learner_context
from enrolments.models import Edition
from kernel import clock
from kernel.codes import printed_code
from kernel.errors import NotFound
from kernel.i18n import _, lazy_, ngettext
from kernel.own_records import LEFT_OUT
from kernel.permissions import Actor
from kernel.web.forms import Form, LineField, MomentField, WholeField, line
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, page, requires, see_other, see_page


class EditionForm(Form):
    """An edition: its name, who gets in and when, when it is given, and for how many."""

    name = line(lazy_("Name of the edition"), most=100, required=lazy_("Give the edition a name."))
    starts_at = MomentField(lazy_("Begins"))
    ends_at = MomentField(lazy_("Ends"))
    self_enrolment = BooleanField(lazy_("Anyone who can see the course can enrol"))
    enrols_from = MomentField(lazy_("Enrolment opens"))
    enrols_until = MomentField(lazy_("Enrolment closes"))
    capacity = WholeField(lazy_("Places"), least=1, most=1_000_000)

    def validate_ends_at(self, field: MomentField) -> None:
        """Refuse an end before the beginning."""
        _refuse_disorder(self.starts_at, field)

    def validate_enrols_until(self, field: MomentField) -> None:
        """Refuse an enrolment that closes before it opens."""
        _refuse_disorder(self.enrols_from, field)

    def show(self, edition: Edition) -> None:
        """Fill the form with an edition."""
        self.name.data, self.self_enrolment.data = edition.name, edition.self_enrolment
        self.capacity.data = "" if edition.capacity is None else str(edition.capacity)
        self.starts_at.data, self.ends_at.data = MomentField.format_moment(edition.starts_at), MomentField.format_moment(edition.ends_at)
        self.enrols_from.data = MomentField.format_moment(edition.enrols_from)
        self.enrols_until.data = MomentField.format_moment(edition.enrols_until)

    def command(self) -> EditionValues:
        """Return the values of the edition."""
        return EditionValues(
            name=self.name.data or "",
            self_enrolment=bool(self.self_enrolment.data),
            enrols_from=self.enrols_from.moment,
            enrols_until=self.enrols_until.moment,
            starts_at=self.starts_at.moment,
            ends_at=self.ends_at.moment,
            capacity=self.capacity.number,
        )


def _refuse_disorder(first: MomentField, last: MomentField) -> None:
    if first.moment is not None and last.moment is not None and last.moment <= first.moment:
        raise ValidationError(_("This must be after “%(field)s”.", field=first.label.text))


class EditionCodeForm(Form):
    """The code of an edition."""

    code = LineField(lazy_("Code"), [InputRequired(lazy_("Enter the code."))])


bp = Blueprint("enrolments_editions", __name__)

WAITING = 200
MOST_TYPED = 40
WRONG_CODES = limit("edition-codes", "30 per 15 minutes")


def see_edition(context: EditionContext) -> Response:
    """Redirect to the edition's page."""
    return see_page("enrolments_editions.edition", slug=context.context.slug, edition=context.edition.uuid)


@bp.route("/teaching/<slug>/editions", methods=["GET", "POST"])
@requires(LearningAction.ENROL_OTHERS, get_learner_context)
def editions(context: LearnerContext) -> Answer:
    """List the editions of a course, and make one."""
    session, form = current_session(), EditionForm()
    if form.validate_on_submit():
        with form.refusals(form.name, EditionNameConflict):
            made = enrolments_editions.make_edition(session, current_actor(), context.course_id, form.command(), now=clock.now())
            return see_page("enrolments_editions.edition", slug=context.slug, edition=made.uuid, flash=_("The edition has been created."))
    listed = enrolments_editions.list_editions(session, context.course_id)
    return page("enrolments/editions.html", course=course_name(context), lines=listed, form=form, now=context.now)


@bp.route("/teaching/<slug>/editions/<uuid:edition>", methods=["GET", "POST"])
@requires(LearningAction.ENROL_OTHERS, enrolments_editions.get_edition_context)
def edition(subject: EditionContext) -> Answer:
    """Show an edition, and change it."""
    session, form = current_session(), EditionForm()
    if is_read_only_request():
        form.show(subject.edition)
    elif form.validate_on_submit():
        with form.refusals(form.name, EditionNameConflict), form.refusals(form.ends_at, LaterEnd):
            entered = enrolments_editions.change_edition(session, current_actor(), subject.edition, form.command(), now=clock.now())
            flash(_("The edition has been saved."), "ok")
            _flash_entered(entered)
            _flash_left_out(subject)
            return see_edition(subject)
    return page(
        "enrolments/edition.html",
        course=course_name(subject.context),
        edition_row=enrolments_editions.get_edition_row(session, subject.edition.id),
        waiting=enrolments_editions.list_waiting(session, subject.edition.id, limit=WAITING),
        code=printed_code(subject.edition.code or ""),
        form=form,
    )


@bp.post("/teaching/<slug>/editions/<uuid:edition>/code")
@requires(LearningAction.ENROL_OTHERS, enrolments_editions.get_edition_context)
def make_code(subject: EditionContext) -> Answer:
    """Give an edition a new code."""
    enrolments_editions.make_code(current_session(), current_actor(), subject.edition, now=clock.now())
    flash(_("The code has been created. Any earlier code no longer works."), "ok")
    return see_edition(subject)


@bp.post("/teaching/<slug>/editions/<uuid:edition>/code/removal")
@requires(LearningAction.ENROL_OTHERS, enrolments_editions.get_edition_context)
def take_code(subject: EditionContext) -> Answer:
    """Let an edition have no code."""
    enrolments_editions.remove_code(current_session(), current_actor(), subject.edition, now=clock.now())
    flash(_("The code can no longer be used to enrol."), "ok")
    return see_edition(subject)


@bp.post("/teaching/<slug>/editions/<uuid:edition>/closing")
@requires(LearningAction.ENROL_OTHERS, enrolments_editions.get_edition_context)
def close(subject: EditionContext) -> Answer:
    """Let nobody enrol in an edition any more."""
    enrolments_editions.close_edition(current_session(), current_actor(), subject.edition, now=clock.now())
    flash(_("Enrolment in this edition is closed. People already enrolled can continue."), "ok")
    return see_edition(subject)


@bp.post("/teaching/<slug>/editions/<uuid:edition>/opening")
@requires(LearningAction.ENROL_OTHERS, enrolments_editions.get_edition_context)
def reopen(subject: EditionContext) -> Answer:
    """Let people enrol in an edition again."""
    entered = enrolments_editions.open_edition(current_session(), current_actor(), subject.edition, now=clock.now())
    flash(_("People can enrol in this edition again, within its dates."), "ok")
    _flash_entered(entered)
    _flash_left_out(subject)
    return see_edition(subject)


def _flash_left_out(subject: EditionContext) -> None:
    """Warn an actor who changes an edition and waits for it that they go on waiting: someone else has to give them the place."""
    session = current_session()
    if (
        enrolments_editions.waits_for(session, current_actor().person_id, [subject.edition.id])
        and not enrolments_editions.get_edition_row(session, subject.edition.id).is_full
    ):
        flash(_(LEFT_OUT), "warn")


def _flash_entered(count: int) -> None:
    if count:
        flash(
            ngettext(
                "%(count)s person from the waiting list now has a place.", "%(count)s people from the waiting list now have a place.", count
            ),
            "ok",
        )


@bp.post("/courses/<slug>/editions/<uuid:edition>/enrolment")
@requires(LearningAction.JOIN, enrolments_editions.get_edition_context)
def join(subject: EditionContext) -> Answer:
    """Enrol the actor in an edition that is open to anyone who sees the course."""
    return _join(subject)


def _join(subject: EditionContext) -> Response:
    if subject.context.version_id is None:
        raise NotFound
    joined = enrolments_editions.join(current_session(), current_actor(), subject.edition, subject.context.version_id, now=clock.now())
    if joined is EnrolOutcome.ENROLLED:
        flash(_("You are enrolled. Start with the first activity."), "ok")
        return see_other(course_url(subject.context.slug))
    flash(_("This edition is full. You are on the waiting list, and we will notify you when a place becomes available."), "warn")
    return see_page("lms.learning")


@bp.get("/join")
@requires(LearningAction.LOOK_UP_CODE)
def code() -> Answer:
    """Ask for the code of an edition."""
    typed = request.args.get("code", "")[:MOST_TYPED]
    form = EditionCodeForm(formdata=None, code=typed)
    if typed:
        try:
            with form.keeping(_code_page, form):
                subject = find_by_code(current_session(), current_actor(), typed)
        except NotFound:
            form.refuse(form.code, _("We couldn't find an edition with this code. Check it and try again."))
        else:
            return see_page("enrolments_editions.invitation", code=subject.edition.code)
    return _code_page(form), 404 if form.errors else 200


def _code_page(form: EditionCodeForm) -> Response:
    return page("enrolments/code.html", form=form)


def find_by_code(session: Session, actor: Actor, code: str) -> EditionContext:
    """Return the edition context that a code leads to; wrong ones are counted against the person, else the client."""
    key = str(actor.person_id or client_key())
    limiter().slow_down(WRONG_CODES, key)
    try:
        return enrolments_editions.get_context_by_code(session, actor, code)
    except NotFound:
        limiter().count(WRONG_CODES, key)
        raise


@bp.get("/join/<code>")
@requires(LearningAction.LOOK_UP_CODE, find_by_code)
def invitation(subject: EditionContext) -> Answer:
    """Show what a code leads to, with the button to enrol."""
    if subject.context.is_learner:
        return see_other(course_url(subject.context.slug))
    session = current_session()
    edition_row = enrolments_editions.get_edition_row(session, subject.edition.id)
    return page(
        "enrolments/invitation.html",
        course=course_name(subject.context),
        waits=bool(enrolments_editions.waits_for(session, current_actor().person_id, [subject.edition.id])),
        edition=subject.edition,
        refusal=subject.refusal.value if subject.refusal else "",
        is_full=edition_row.is_full,
        code=subject.edition.code,
    )


@bp.post("/join/<code>")
@requires(LearningAction.JOIN, find_by_code)
def accept(subject: EditionContext) -> Answer:
    """Enrol the actor with a code."""
    return _join(subject)


@bp.post("/courses/<slug>/editions/<uuid:edition>/waiting/end")
@requires(LearningAction.STOP_WAITING, enrolments_editions.get_edition_context)
def stop_waiting(subject: EditionContext) -> Answer:
    """Take the actor off a waiting list."""
    enrolments_editions.stop_waiting(current_session(), current_actor(), subject.edition, current_actor().person_id or 0, now=clock.now())
    return see_page("lms.learning", flash=_("You are no longer on the waiting list."))
