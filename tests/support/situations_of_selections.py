"""Rare situations of selections: juries and their actas, questions about a sitting, objections to a question."""

from __future__ import annotations

from itertools import product

from sqlalchemy import select, update

from accounts.models import Person
from courses.models import Course
from enrolments.models import Edition
from kernel import clock
from kernel.codes import printed_code
from quizzes.models import Attempt
from selections.models import (
    ActaKind,
    JuryDecision,
    MemberRole,
    Selection,
    SelectionActa,
    SelectionActaEntry,
    SelectionIncident,
    SelectionMember,
)
from selections.rules.objections import UNDECIDED_STATES, ObjectionState
from tests.support.browser import Browser
from tests.support.editions import a_learner_of, an_edition, end_edition
from tests.support.objections import PROPOSAL, WORDS, Objecting, a_published_selection
from tests.support.selections import (
    QUIZ,
    SCORES,
    TWICE,
    a_final,
    a_selecting_course,
    a_selection,
    add_factor,
    all_actas,
    an_acta,
    answer,
    appoint,
    document,
    note,
    void,
)
from tests.support.situations import Room, Scene, Stage

LIST = "/selections"
QUESTION = {"question": "¿Desde qué aparatos respondió?"}
OUTCOME = {"outcome": "nothing", "ground": "Se cortó la red."}


def _jury(stage: Stage) -> list[tuple[Person, Browser]]:
    """Return two people with a second factor and their browsers; the second signs what the first has signed."""

    def make() -> list[tuple[Person, Browser]]:
        members = [(person, stage.signed_in(person)) for person in (stage.person(), stage.person())]
        for person, _browser in members:
            add_factor(stage.instance, person)
        members[0][1].colleague = members[1][1]  # type: ignore[attr-defined]  # as `sign_by_two` looks for them
        return members

    return stage.once("jury", make)


def _julia(stage: Stage) -> Browser:
    return _jury(stage)[0][1]


def _hugo(stage: Stage) -> Browser:
    return _jury(stage)[1][1]


def _edition(stage: Stage) -> tuple[Course, Edition]:
    """Return the course, and an edition of it that nobody has sat yet."""
    course = stage.once("selecting course", lambda: a_selecting_course(stage.instance))
    return course, an_edition(stage.instance, course, f"Turno {stage.number()}")


def _sat(stage: Stage) -> Selection:
    """Let somebody sit for a selection that has its jury."""
    assert stage.boss
    course, edition = _edition(stage)
    answer(stage.instance, a_learner_of(stage.instance, course, edition, f"aspirante.{stage.number()}@example.org"), 4)
    selection = a_selection(stage.instance, course, edition)
    for person, _browser in _jury(stage):
        appoint(stage.instance, selection, person)
    return selection


# --- Juries and actas --------------------------------------------------------------------------------------------------------------------


def a_selection_to_make(stage: Stage) -> Scene:
    """An edition of a selecting quiz has no selection yet."""
    return Scene(stage.boss, f"{QUIZ}/selections", {"people": f"edition:{_edition(stage)[1].uuid}"})


def a_jury_to_name(stage: Stage) -> Scene:
    """Somebody with a second factor is to read the actas."""
    reader = add_factor(stage.instance, stage.person())
    return Scene(stage.boss, f"{LIST}/{_sat(stage).uuid}/members", {"email": reader.email, "role": "reader"})


def a_jury_that_ends(stage: Stage) -> Scene:
    """A selection has its jury."""
    return Scene(stage.boss, f"{LIST}/{_sat(stage).uuid}/members")


def an_acta_to_prepare(stage: Stage) -> Scene:
    """A selection has no acta."""
    return Scene(_julia(stage), f"{LIST}/{_sat(stage).uuid}")


def a_drafted_acta(stage: Stage) -> Scene:
    """A member of the jury looks at the draft of a provisional acta."""
    return Scene(_julia(stage), an_acta(_julia(stage), _sat(stage)))


def an_acta_to_sign(stage: Stage) -> Scene:
    """A member of the jury looks at the draft of a final acta."""
    julia, selection = _julia(stage), _sat(stage)
    an_acta(julia, selection)
    julia.submit("/publication")
    return Scene(julia, an_acta(julia, selection))


def _final(stage: Stage) -> tuple[Selection, SelectionActa]:
    """Return a selection with its final acta."""

    def make() -> tuple[Selection, SelectionActa]:
        selection = _sat(stage)
        a_final(stage.browser, stage.instance, selection, _julia(stage))
        return selection, all_actas(stage.instance)[-1]

    return stage.once("final acta", make)


NAMING = {"role": "reader", "reason": "Control interno pidió revisar la lista."}


def a_reader_to_name_by_two(stage: Stage) -> Scene:
    """A selection has an acta, and somebody with a second factor is to read it."""
    selection, reader = _final(stage)[0], add_factor(stage.instance, stage.person())
    return Scene(_julia(stage), f"{LIST}/{selection.uuid}/jury", {"email": reader.email, **NAMING}, is_used_up=True)


def a_member_to_end_by_two(stage: Stage) -> Scene:
    """A selection has an acta and a reader who is to read it no more."""
    selection, reader = _final(stage)[0], add_factor(stage.instance, stage.person())
    appoint(stage.instance, selection, reader, MemberRole.READER)
    with stage.instance.database.unit_of_work(write=False) as session:
        member = session.scalars(select(SelectionMember.uuid).where(SelectionMember.person_id == reader.id)).one()
    return Scene(_julia(stage), f"{LIST}/{selection.uuid}/jury/{member}/ending", {"reason": NAMING["reason"]}, is_used_up=True)


def an_act_to_agree_to(stage: Stage) -> Scene:
    """One of the jury has asked for something, another looks at it."""
    asked = a_reader_to_name_by_two(stage)
    asked.visitor.get(asked.page)
    asked.visitor.submit("/naming", dict(asked.good))
    with stage.instance.database.unit_of_work(write=False) as session:
        decision = session.scalars(select(JuryDecision.uuid).order_by(JuryDecision.id.desc()).limit(1)).one()
    return Scene(_hugo(stage), f"{LIST}/decisions/{decision}")


def an_amendment(stage: Stage) -> Scene:
    """A question was made void after a final acta; no amendment is drafted."""
    julia, selection = _julia(stage), _final(stage)[0]
    stage.once("void", lambda: void(stage.instance, "p5"))
    julia.deliver_jobs()
    drafted = all_actas(stage.instance)[-1]
    if drafted.kind == ActaKind.AMENDMENT.value:
        julia.get(f"{LIST}/actas/{drafted.uuid}")
        julia.submit("/discard")
    return Scene(julia, f"{LIST}/{selection.uuid}/amendment", {"reason": "La pregunta admitía dos respuestas."})


def identities_to_take(stage: Stage) -> Scene:
    """An administrator takes a final acta out with whole identity numbers."""
    return Scene(stage.boss, f"{LIST}/actas/{_final(stage)[1].uuid}/identity-numbers", {"reason": "Auditoría 12", "kind": "csv"})


def a_file_to_compare(stage: Stage) -> Scene:
    """Somebody holds the signed document of an acta."""
    acta = _final(stage)[1]
    content = document(stage.instance, acta)
    return Scene(stage.nobody(), f"/acta/selection/{printed_code(acta.code)}", files={"file": ("acta.json", content)})


def a_line_to_compare(stage: Stage) -> Scene:
    """Somebody holds their own line of an acta."""
    acta = _final(stage)[1]
    with stage.instance.database.unit_of_work(write=False) as session:
        line = session.scalars(select(SelectionActaEntry).where(SelectionActaEntry.acta_id == acta.id)).one()
    return Scene(stage.nobody(), f"/acta/selection/{printed_code(acta.code)}", {"line": line.sealed, "salt": line.salt})


SELECTIONS: Room = {
    "selections.quiz": a_selection_to_make,
    "selections.members": a_jury_to_name,
    "selections.end_member": a_jury_that_ends,
    "selections_jury.name": a_reader_to_name_by_two,
    "selections_jury.end": a_member_to_end_by_two,
    "selections_jury.agree": an_act_to_agree_to,
    "selections_jury.decline": an_act_to_agree_to,
    "selections_actas.prepare": an_acta_to_prepare,
    "selections_actas.discard": a_drafted_acta,
    "selections_actas.publish": a_drafted_acta,
    "selections_actas.sign": an_acta_to_sign,
    "selections_exports.identities": identities_to_take,
    "selections_verification.compare_file": a_file_to_compare,
    "selections_verification.compare_line": a_line_to_compare,
    "selections_actas.amendment": an_amendment,
}


# --- Questions about a sitting -----------------------------------------------------------------------------------------------------------


def a_sign_to_ask_about(stage: Stage) -> Scene:
    """Something was recorded of a sitting that is over."""
    selection = _sat(stage)
    note(stage.instance, TWICE)
    end_edition(stage.instance)
    with stage.instance.database.unit_of_work(write=False) as session:
        attempt = session.scalars(select(Attempt.uuid).order_by(Attempt.id.desc())).first()
    return Scene(_julia(stage), f"{LIST}/{selection.uuid}/integrity/{attempt}/sessions", QUESTION, is_used_up=True)


def _asked(stage: Stage) -> str:
    """Let the jury ask somebody; return the address of the incident."""
    sign, julia = a_sign_to_ask_about(stage), _julia(stage)
    julia.get(sign.page)
    julia.submit("/sessions", QUESTION)
    return julia.path


def a_question_to_answer(stage: Stage) -> Scene:
    """Somebody is asked by the jury."""
    path, asked = _asked(stage), select(Person).join(SelectionIncident, SelectionIncident.person_id == Person.id)
    with stage.instance.database.unit_of_work(write=False) as session:
        person = session.scalars(asked.order_by(SelectionIncident.id.desc())).first()
    return Scene(stage.signed_in(person), f"{path}/answer", {"answer": "Cambié del computador al teléfono."})


def an_incident(stage: Stage) -> Scene:
    """Whoever was asked has not answered in time."""
    path = _asked(stage)
    with stage.instance.database.unit_of_work() as session:
        session.execute(update(SelectionIncident).values(answer_by=clock.now()))
    return Scene(_julia(stage), path, OUTCOME)


def a_proposed_outcome(stage: Stage) -> Scene:
    """Another member of the jury has proposed what becomes of an incident."""
    incident = an_incident(stage)
    _julia(stage).get(incident.page)
    _julia(stage).submit("/proposal", OUTCOME)
    return Scene(_hugo(stage), incident.page)


INCIDENTS: Room = {
    "selections_incidents.ask": a_sign_to_ask_about,
    "selections_incidents.own": a_question_to_answer,
    "selections_incidents.propose": an_incident,
    "selections_incidents.decide": a_proposed_outcome,
}


# --- Objections --------------------------------------------------------------------------------------------------------------------------


def _objecting(stage: Stage) -> Objecting:
    """Return a selection in the term in which people object."""

    def make() -> Objecting:
        assert stage.boss
        found = a_published_selection(stage.nobody(), stage.instance)
        found.hugo.checks = False
        return found

    return stage.once("objecting", make)


def _question(stage: Stage) -> tuple[int, str]:
    """Return the place of a question and the address of a person who has not objected to it."""
    left = stage.once("places", lambda: product(range(1, 6), SCORES))
    return next(left)


def a_question_to_object_to(stage: Stage) -> Scene:
    """Somebody looks at a question of their attempt."""
    place, email = _question(stage)
    return Scene(_objecting(stage).learner(email), _objecting(stage).path(place, email), WORDS)


def an_objection_of_ones_own(stage: Stage) -> Scene:
    """Somebody has objected to a question."""
    place, email = _question(stage)
    return Scene(_objecting(stage).object_to(place, email), _objecting(stage).path(place, email))


def _objections(stage: Stage, *, are_proposed: bool) -> Objecting:
    """Return objections that are open, or whose outcome Julia has proposed."""
    found = _objecting(stage)
    if not found.groups() or found.states()[-1] not in UNDECIDED_STATES:
        found.object_to(*_question(stage))
    is_open = found.states()[-1] == ObjectionState.OPEN.value
    if are_proposed and is_open:
        found.propose(outcome="uphold")
    elif not are_proposed and not is_open:
        found.julia.get(found.page)
        found.julia.submit("/return")
    return found


def objections_to_judge(stage: Stage) -> Scene:
    """A member of the jury looks at objections that nobody has judged."""
    found = _objections(stage, are_proposed=False)
    return Scene(found.julia, found.page, PROPOSAL, more=("version", "option", "added"))


def a_proposal_to_return(stage: Stage) -> Scene:
    """Another member of the jury does not agree with what was proposed."""
    found = _objections(stage, are_proposed=True)
    return Scene(found.hugo, found.page, {"answer": "Falta la fuente."})


def a_proposal_to_decide_on(stage: Stage) -> Scene:
    """Another member of the jury decides as it was proposed."""
    found = _objections(stage, are_proposed=True)
    return Scene(found.hugo, found.page, more=("lowered",))


OBJECTIONS: Room = {
    "selections_objections.object_to": a_question_to_object_to,
    "selections_objections.withdraw": an_objection_of_ones_own,
    "selections_objection_groups.propose": objections_to_judge,
    "selections_objection_groups.return_proposal": a_proposal_to_return,
    "selections_objection_groups.decide": a_proposal_to_decide_on,
}
