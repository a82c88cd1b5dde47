"""Pages of signs and incidents for a jury and for the person concerned (spec/selection 6.10 and 6.11)."""

from collections.abc import Iterable, Mapping

from flask import Blueprint, Response, flash, request
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf

from accounts import access_log
from accounts.privacy import AccessPurpose
from kernel import clock
from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import _, lazy_
from kernel.web.forms import Form, area, clean_text
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_page
from selections import incidents as selections_incidents
from selections import selections
from selections.access import IntegrityAction, PersonSignContext, SelectionContext, SelectionIncidentAction, SelectionIncidentContext
from selections.incidents import is_heard
from selections.messages import rarity_words, read_sign, sign_words
from selections.models import IncidentOutcome, Selection
from selections.rules.signs import PersonSign, SignKind
from selections.views.selections import state_words
from selections.wording import INCIDENT_OUTCOMES, SIGN_TITLES


class IncidentQuestionForm(Form):
    """The question to a person about a sign in their attempt."""

    question = area(lazy_("Your question"), most=2000, required=lazy_("Write the question."))

    def words(self) -> str:
        """Return the question."""
        return clean_text(self.question.data or "", lines=True)


class IncidentAnswerForm(Form):
    """A person's answer to the jury."""

    answer = area(lazy_("Your answer"), most=2000, required=lazy_("Write your answer."))

    def words(self) -> str:
        """Return the answer."""
        return clean_text(self.answer.data or "", lines=True)


class IncidentProposalForm(Form):
    """The outcome that a member of the jury proposes, and on what ground."""

    outcome = RadioField(
        lazy_("Outcome"),
        choices=[SelectChoice(value=value, label=lazy_(label)) for value, label in INCIDENT_OUTCOMES.items()],
        validators=[AnyOf(list(INCIDENT_OUTCOMES), message=lazy_("Choose one."))],
    )
    ground = area(lazy_("Ground"), most=2000, required=lazy_("Write the ground."))

    def words(self) -> str:
        """Return the ground."""
        return clean_text(self.ground.data or "", lines=True)


EXPLANATIONS: Mapping[str, tuple[str, ...]] = {
    SignKind.SESSIONS: (
        N_("The quiz was open on a computer and on a phone, and the person changed from one to the other."),
        N_("The office network and the mobile network took turns during a bad connection."),
        N_("Someone else used an account left open on another computer."),
    ),
    SignKind.ABSENCES: (
        N_("A call, a message, or a colleague at the desk."),
        N_("The screen locked itself, or another program came to the front."),
        N_("The person looked something up where the rules of the quiz allow it."),
    ),
    SignKind.RAPID: (
        N_("The person knew these questions well, or had seen similar ones."),
        N_("The time ran out, and the last questions were answered in a hurry."),
        N_("Someone read all questions first and answered them afterwards."),
    ),
}
TO_ASK: Mapping[str, str] = {
    SignKind.SESSIONS: N_("From which devices did you answer, and why did you change from one to the other?"),
    SignKind.ABSENCES: N_("What happened when the page was not in view?"),
    SignKind.RAPID: N_("How did you go through the questions that you answered within seconds?"),
}


def sign_groups(signs: Iterable[PersonSign]) -> dict[SignKind, list[tuple[PersonSign, str, str]]]:
    """Return the signs of a sitting by kind, each with what was seen and how rare it is, in words; people by name."""
    groups: dict[SignKind, list[tuple[PersonSign, str, str]]] = {kind: [] for kind in SignKind}
    for listed in signs:
        groups[listed.sign.kind].append((listed, sign_words(listed.sign), rarity_words(listed.sign)))
    return groups


bp = Blueprint("selections_incidents", __name__)


@bp.get("/selections/<uuid:selection>/integrity")
@requires(IntegrityAction.VIEW, selections_incidents.get_ended_selection)
def signs(subject: SelectionContext) -> Response:
    """List the signs of a sitting that is over, each as a question."""
    session, now = current_session(), clock.now()
    listed = selections.list_signs(session, session.get_one(Selection, subject.id))
    incidents = selections_incidents.list_incidents(session, subject.id)
    shown = {sign.person_id for sign in listed} | {incident.person_id for incident, _attempt in incidents}
    access_log.record_people_access(sorted(shown), AccessPurpose.ANSWERS, role=subject.role or "")
    return page(
        "selections/signs.html",
        selection=subject,
        groups=sign_groups(listed),
        titles=SIGN_TITLES,
        explanations=EXPLANATIONS,
        asked={(attempt, row.kind): (row.uuid, state_words(row, now)) for row, attempt in incidents},
        any=bool(listed),
    )


@bp.route("/selections/<uuid:selection>/integrity/<uuid:attempt>/<kind>", methods=["GET", "POST"])
@requires(SelectionIncidentAction.OPEN, selections_incidents.get_sign)
def ask(subject: PersonSignContext) -> Answer:
    """Ask a person about a sign."""
    session, shown = current_session(), subject.shown
    kind = shown.sign.kind.value
    form = IncidentQuestionForm(question=_(TO_ASK[kind]))
    if form.validate_on_submit():
        with form.refusals(form.question, Conflict):
            row = selections_incidents.ask(session, current_actor(), subject.selection, shown, form.words(), now=clock.now())
            flash(_("The question was sent. The person has five days to answer."), "ok")
            return see_page("selections_incidents.incident", incident=row.uuid)
    return page(
        "selections/ask.html",
        selection=subject.selection,
        title=_(SIGN_TITLES[kind]),
        sign=shown,
        seen=sign_words(shown.sign),
        rarity=rarity_words(shown.sign),
        explanations=EXPLANATIONS[kind],
        form=form,
    )


@bp.get("/selections/incidents/<uuid:incident>")
@requires(SelectionIncidentAction.VIEW, selections_incidents.get_incident)
def incident(subject: SelectionIncidentContext) -> Response:
    """Show an incident to the jury: what was seen, the answer, the proposal."""
    return _incident_page(subject, IncidentProposalForm(formdata=None))


@bp.post("/selections/incidents/<uuid:incident>/proposal")
@requires(SelectionIncidentAction.PROPOSE, selections_incidents.get_incident)
def propose(subject: SelectionIncidentContext) -> Answer:
    """Propose what becomes of an incident."""
    form = IncidentProposalForm()
    if not form.validate_on_submit():
        return _incident_page(subject, form)
    outcome = IncidentOutcome(form.outcome.data)
    selections_incidents.propose(current_session(), current_actor(), subject.incident.id, outcome, form.words(), now=clock.now())
    flash(_("Proposed. Another member of the jury decides."), "ok")
    return see_page("selections_incidents.incident", incident=subject.incident.uuid)


@bp.post("/selections/incidents/<uuid:incident>/decision")
@requires(SelectionIncidentAction.DECIDE, selections_incidents.get_incident)
def decide(subject: SelectionIncidentContext) -> Response:
    """Decide as another member of the jury proposed."""
    selections_incidents.decide(current_session(), current_actor(), subject.incident.id, request.form.get("proposed", ""), now=clock.now())
    return see_page("selections_incidents.incident", incident=subject.incident.uuid, flash=_("Decided. The person is notified."))


def _incident_page(subject: SelectionIncidentContext, form: IncidentProposalForm) -> Response:
    incident, now = subject.incident, clock.now()
    return page(
        "selections/incident.html",
        **_incident_facts(subject),
        person=subject.person.full_name,
        explanations=EXPLANATIONS[incident.kind],
        state=state_words(incident, now),
        is_heard=is_heard(incident, now),
        may_decide=incident.proposed_by not in (None, current_actor().person_id),
        form=form,
    )


def _incident_facts(subject: SelectionIncidentContext) -> dict[str, object]:
    """Return the facts on both pages of an incident: that of its jury and that of its person."""
    sign = read_sign(subject.incident)
    return {
        "selection": subject.selection,
        "incident": subject.incident,
        "number": subject.number,
        "title": _(SIGN_TITLES[subject.incident.kind]),
        "seen": sign_words(sign),
        "rarity": rarity_words(sign),
        "outcomes": INCIDENT_OUTCOMES,
    }


@bp.route("/selections/incidents/<uuid:incident>/answer", methods=["GET", "POST"])
@requires(SelectionIncidentAction.ANSWER, selections_incidents.get_incident)
def own(subject: SelectionIncidentContext) -> Answer:
    """Show a person what they are asked, take their answer, and show what was decided."""
    session, form = current_session(), IncidentAnswerForm(answer=subject.incident.answer)
    if form.validate_on_submit():
        with form.refusals(form.answer, Invalid):
            selections_incidents.answer(session, current_actor(), subject.incident.id, form.words(), now=clock.now())
            flash(_("Your answer is kept. You can change it until the last day, or until the jury proposes an outcome."), "ok")
            return see_page("selections_incidents.own", incident=subject.incident.uuid)
    is_open = clock.now() < subject.incident.answer_by and subject.incident.proposed_at is None
    return page("selections/own_incident.html", **_incident_facts(subject), is_open=is_open, form=form)
