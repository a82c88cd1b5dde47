"""Signs of a sitting for its jury, and incidents: asking, answering, proposing, deciding (spec/selection 6.10 and 6.11)."""

from flask import Blueprint, Response, flash, render_template, request

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.models import Course
from kernel import clock
from kernel.errors import Conflict, Invalid
from kernel.i18n import _
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from selections.forms import IncidentAnswerForm, IncidentProposalForm, IncidentQuestionForm
from selections.models import IncidentOutcome, Selection
from selections.pages import incidents as pages
from selections.pages.selections import selection_view
from selections.permissions import IntegrityAction, PersonSignContext, SelectionContext, SelectionIncidentAction, SelectionIncidentContext
from selections.queries import incidents as queries
from selections.queries import signs as sign_queries
from selections.services import incidents as services

bp = Blueprint("selections_incidents", __name__)


@bp.get("/selections/<uuid:selection>/integrity")
@requires(IntegrityAction.VIEW, queries.get_ended_selection)
def signs(subject: SelectionContext) -> str:
    """List the signs of a sitting that is over, each as a question."""
    session = current_session()
    listed = sign_queries.list_signs(session, session.get_one(Selection, subject.id))
    incidents = queries.list_incidents(session, subject.id)
    if listed or incidents:
        access_log.record_list_access(PeopleListKind.ACTA, Course, subject.course_id)
    return render_template(
        "selections/signs.html",
        selection=selection_view(subject),
        groups=pages.sign_groups(listed, incidents, clock.now()),
        any=bool(listed),
    )


@bp.route("/selections/<uuid:selection>/integrity/<uuid:attempt>/<kind>", methods=["GET", "POST"])
@requires(SelectionIncidentAction.OPEN, queries.get_sign)
def ask(subject: PersonSignContext) -> Answer:
    """Ask a person about a sign."""
    session, shown = current_session(), subject.shown
    kind = shown.sign.kind.value
    form = IncidentQuestionForm(question=_(pages.TO_ASK[kind]))
    if form.validate_on_post():
        try:
            row = services.ask(session, current_actor(), subject.selection, shown, form.words(), now=clock.now())
        except Conflict as refusal:
            form.refuse(form.question, _(refusal.text))
        else:
            flash(_("The question was sent. The person has five days to answer."), "ok")
            return see_page("selections_incidents.incident", incident=row.uuid)
    page = render_template(
        "selections/ask.html",
        selection=selection_view(subject.selection),
        title=_(pages.TITLES[kind]),
        sign=shown,
        seen=pages.sign_words(shown.sign),
        rarity=pages.rarity_words(shown.sign),
        explanations=pages.explanations(kind),
        form=form,
    )
    return (page, 422) if form.errors else page


@bp.get("/selections/incidents/<uuid:incident>")
@requires(SelectionIncidentAction.VIEW, queries.get_incident)
def incident(subject: SelectionIncidentContext) -> str:
    """Show an incident to the jury: what was seen, the answer, the proposal."""
    return _incident_page(subject, IncidentProposalForm(formdata=None))


@bp.post("/selections/incidents/<uuid:incident>/proposal")
@requires(SelectionIncidentAction.PROPOSE, queries.get_incident)
def propose(subject: SelectionIncidentContext) -> Answer:
    """Propose what becomes of an incident."""
    form = IncidentProposalForm()
    if not form.validate_on_post():
        return _incident_page(subject, form), 422
    outcome = IncidentOutcome(form.outcome.data)
    services.propose(current_session(), current_actor(), subject.incident.id, outcome, form.words(), now=clock.now())
    flash(_("Proposed. Another member of the jury decides."), "ok")
    return see_page("selections_incidents.incident", incident=subject.incident.uuid)


@bp.post("/selections/incidents/<uuid:incident>/decision")
@requires(SelectionIncidentAction.DECIDE, queries.get_incident)
def decide(subject: SelectionIncidentContext) -> Response:
    """Decide as another member of the jury proposed."""
    services.decide(current_session(), current_actor(), subject.incident.id, request.form.get("proposed", ""), now=clock.now())
    flash(_("Decided. The person is notified."), "ok")
    return see_page("selections_incidents.incident", incident=subject.incident.uuid)


def _incident_page(subject: SelectionIncidentContext, form: IncidentProposalForm) -> str:
    row = queries.get_incident_row(current_session(), subject.incident.id)
    return render_template(
        "selections/incident.html",
        selection=selection_view(subject.selection),
        incident=pages.incident_view(row, clock.now()),
        may_decide=subject.incident.proposed_by not in (None, current_actor().person_id),
        form=form,
    )


@bp.route("/selections/incidents/<uuid:incident>/answer", methods=["GET", "POST"])
@requires(SelectionIncidentAction.ANSWER, queries.get_incident)
def own(subject: SelectionIncidentContext) -> Answer:
    """Show a person what they are asked, take their answer, and show what was decided."""
    session, form = current_session(), IncidentAnswerForm(answer=subject.incident.answer)
    if form.validate_on_post():
        try:
            services.answer(session, current_actor(), subject.incident.id, form.words(), now=clock.now())
        except Invalid as refusal:
            form.refuse(form.answer, _(refusal.text))
        else:
            flash(_("Your answer is kept. You can change it until the last day, or until the jury proposes an outcome."), "ok")
            return see_page("selections_incidents.own", incident=subject.incident.uuid)
    row = queries.get_incident_row(session, subject.incident.id)
    view = pages.incident_view(row, clock.now())
    is_open = clock.now() < subject.incident.answer_by and not view.proposed
    of = selection_view(subject.selection)
    page = render_template("selections/own_incident.html", selection=of, incident=view, is_open=is_open, form=form)
    return (page, 422) if form.errors else page
