"""Questions of a jury about a sitting: the person is heard, two decide, no mark changes (spec/selection 6.10 to 6.12)."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from accounts.models import Notification
from kernel import clock
from lms.instance import Instance
from quizzes.models import Attempt, MarkEvent
from selections import incidents
from selections.actas import forget_before
from selections.models import ActaCorrection, IncidentOutcome, Selection, SelectionActa, SelectionActaEntry, SelectionIncident
from selections.rules.signs import AttemptSign, PersonSign, SignKind
from selections.selections import get_selection
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.editions import a_learner_of, an_edition, end_edition
from tests.support.learning import actor_of, all_at_once, start
from tests.support.scenes import scene
from tests.support.selection_access import SelectionCast, a_selection_cast
from tests.support.selections import (
    TWICE,
    a_final,
    a_juror,
    a_provisional,
    a_selecting_course,
    a_selection,
    all_actas,
    an_acta,
    answer,
    name,
    note,
    sign_by_two,
)
from tests.support.wording import in_spanish


@pytest.fixture
@scene
def selection(instance: Instance) -> Selection:
    """Two people who sat a selecting quiz, of whom something was recorded; the edition has ended."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    answer(instance, a_learner_of(instance, course, edition, "ana@example.org"), 5)
    answer(instance, a_learner_of(instance, course, edition, "berta@example.org"), 4)
    note(instance, TWICE)
    found = a_selection(instance, course, edition)
    end_edition(instance)
    return found


def incidents_of(instance: Instance) -> list[SelectionIncident]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(SelectionIncident).order_by(SelectionIncident.id)))


def token(browser: Browser) -> str:
    """Return the form token of the page that a browser shows."""
    return dict(browser.page.form("").fields)["csrf_token"]


def signs_page(selection: Selection) -> str:
    return f"/selections/{selection.uuid}/integrity"


def ask(juror: Browser, selection: Selection, kind: str = "sessions", at: int = 0) -> str:
    """Ask the first person who shows a sign; return the incident's address."""
    page = juror.get(signs_page(selection))
    paths = [link for link, _words in page.links if link.endswith(f"/{kind}")]
    juror.get(paths[at])
    juror.submit(paths[at], {"question": "¿Desde qué aparatos respondió?"})
    return juror.path


@scene
def a_question(browser: Browser, instance: Instance, selection: Selection) -> tuple[Browser, str]:
    """Return a member of the jury who has asked the first person, and the incident's address."""
    juror = a_juror(browser, instance, selection)
    return juror, ask(juror, selection)


def test_a_person_gets_a_question_answers_and_two_members_decide(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 6.11: a message, five days, a proposal with its ground, the decision of another member; no mark changes."""
    juror = a_juror(browser, instance, selection)
    assert juror.get(f"/selections/{selection.uuid}").has_link(signs_page(selection))
    path = ask(juror, selection)
    juror.deliver_jobs()
    (row,) = incidents_of(instance)
    marks = marks_of(instance)

    ana = sign_in(browser.another(), "ana@example.org")
    assert ana.get("/selections").has_link(f"{path}/answer")
    ana.get(f"{path}/answer")
    assert "¿Desde qué aparatos respondió?" in ana.page.text
    ana.submit(f"{path}/answer", {"answer": "Cambié del computador al teléfono."})
    assert "Cambié del computador" in juror.get(path).text
    juror.submit("/proposal", {"outcome": "repeat", "ground": "Se cortó la red."})
    assert f"{path}/decision" not in [form.action for form in juror.page.forms]
    colleague = a_juror(browser.another(), instance, selection, "hugo@example.org")
    colleague.get(path)
    colleague.submit("/decision")
    colleague.deliver_jobs()

    (done,) = incidents_of(instance)
    assert (done.outcome, done.ground, done.decided_by != done.proposed_by) == ("repeat", "Se cortó la red.", True)
    assert (row.answer_by - row.asked_at).days >= 5
    assert "Se cortó la red." in ana.get(f"{path}/answer").text
    assert marks_of(instance) == marks
    with instance.database.unit_of_work(write=False) as session:
        keys = session.scalars(select(Notification.key).where(Notification.key.like("incident:%")).order_by(Notification.id)).all()
    assert [key.rpartition(":")[2] for key in keys] == ["asked", "decided"]


def marks_of(instance: Instance) -> list[tuple[object, ...]]:
    with instance.database.unit_of_work(write=False) as session:
        attempts = session.execute(select(Attempt.id, Attempt.state, Attempt.raw, Attempt.percent, Attempt.passed)).all()
        return [*map(tuple, attempts), *map(tuple, session.execute(select(MarkEvent.id, MarkEvent.exact)).all())]


def test_nobody_decides_before_the_person_is_heard(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 6.11: refused while the person may answer; from 24:00 of the fifth day on silence counts as heard."""
    juror, path = a_question(browser, instance, selection)
    assert f"{path}/proposal" not in [form.action for form in juror.get(path).forms]
    early = {"csrf_token": token(juror), "outcome": "nothing", "ground": "Nada."}

    assert juror._request("POST", f"{path}/proposal", data=early).status_code == 409
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionIncident).values(answer_by=clock.now()))
    juror.get(path)
    juror.submit("/proposal", {"outcome": "nothing", "ground": "Nada."})

    assert incidents_of(instance)[0].proposed_at is not None


def test_an_answer_after_its_time_is_refused_and_the_one_before_stays(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 6.11: beside the field; also once the jury went on."""
    _juror, path = a_question(browser, instance, selection)
    ana = sign_in(browser.another(), "ana@example.org")
    ana.get(f"{path}/answer")
    ana.submit(f"{path}/answer", {"answer": "A tiempo."})
    ana.get(f"{path}/answer")
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionIncident).values(answer_by=clock.now()))

    ana.submit(f"{path}/answer", {"answer": "Tarde."}, status=422)

    assert incidents_of(instance)[0].answer == "A tiempo."


@pytest.mark.parametrize("words", ["", " " * 40, "x" * 2001, "<script>alert(1)</script>"], ids=["empty", "spaces", "long", "markup"])
def test_what_a_person_writes_is_bounded_and_never_markup(browser: Browser, instance: Instance, selection: Selection, words: str) -> None:
    """spec/selection 12, bad input."""
    _juror, path = a_question(browser, instance, selection)
    ana = sign_in(browser.another(), "ana@example.org")
    ana.get(f"{path}/answer")

    is_text = words.startswith("<")
    ana.submit(f"{path}/answer", {"answer": words}, status=200 if is_text else 422)

    assert incidents_of(instance)[0].answer == (words if is_text else "")
    assert "<script>alert" not in ana.get(f"{path}/answer").html


def test_the_same_sign_opens_one_incident(browser: Browser, instance: Instance, selection: Selection) -> None:
    juror = a_juror(browser, instance, selection)
    page = juror.get(signs_page(selection))
    (path, *_others) = [link for link, _words in page.links if link.endswith("/absences")]
    juror.get(path)
    sent = {"csrf_token": token(juror), "question": "¿Qué pasó?"}

    answers = [juror._request("POST", path, data=sent).status_code for _time in range(2)]

    assert answers[0] == 303
    assert answers[1] == 409
    assert len(incidents_of(instance)) == 1


def test_a_decision_about_another_proposal_than_the_one_read_is_refused(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 6.11: the colleague reads one proposal, meanwhile another one stands; and two deciding at once decide once."""
    shown = _shown(instance)
    jurors = [actor_of(name(instance, selection, email)) for email in ("julia@example.org", "hugo@example.org", "ines@example.org")]
    now = clock.now()
    with instance.database.unit_of_work() as session:
        context = get_selection(session, jurors[0], selection.uuid)
        row = incidents.ask(session, jurors[0], context, shown, "¿Qué pasó?", now=now)
    late = now + timedelta(days=7)
    with instance.database.unit_of_work() as session:
        incidents.propose(session, jurors[0], row.id, IncidentOutcome.EXCLUDED, "Sin respuesta.", now=late)
    read = late.isoformat()
    with instance.database.unit_of_work() as session:
        incidents.propose(session, jurors[0], row.id, IncidentOutcome.NOTHING, "Mejor no.", now=late + timedelta(minutes=1))
    with pytest.raises(incidents.IncidentChanged), instance.database.unit_of_work() as session:
        incidents.decide(session, jurors[1], row.id, read, now=late)
    with pytest.raises(incidents.SamePerson), instance.database.unit_of_work() as session:
        incidents.decide(session, jurors[0], row.id, (late + timedelta(minutes=1)).isoformat(), now=late)

    def decide(at: int) -> str:
        try:
            with instance.database.unit_of_work() as session:
                incidents.decide(session, jurors[at], row.id, (late + timedelta(minutes=1)).isoformat(), now=late)
        except incidents.IncidentChanged:
            return "refused"
        return "decided"

    assert sorted(str(one) for one in all_at_once(2, lambda at: decide(at + 1))) == ["decided", "refused"]
    assert incidents_of(instance)[0].outcome == "nothing"


def _shown(instance: Instance) -> PersonSign:
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Attempt).order_by(Attempt.id).limit(1)).one()
    return PersonSign(row.person_id, "Ana", row.uuid, 1, AttemptSign(row.id, SignKind.SESSIONS, 1, 2, 2, 1, 2))


def test_whoever_is_left_out_has_no_rank_in_the_acta_and_the_mark_stays(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 6.11 and 4.2: the flag stands in the line as the jury decided; ranks close up."""
    juror, path = a_question(browser, instance, selection)
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionIncident).values(answer_by=clock.now()))
    juror.get(path)
    juror.submit("/proposal", {"outcome": "excluded", "ground": "Respondió otra persona."})
    colleague = a_juror(browser.another(), instance, selection, "hugo@example.org")
    colleague.get(path)
    colleague.submit("/decision")

    page = juror.get(an_acta(juror, selection))

    with instance.database.unit_of_work(write=False) as session:
        lines = [json.loads(one.text) for one in session.scalars(select(SelectionActaEntry).order_by(SelectionActaEntry.place))]
    assert [(line.get("rank"), line["outcome"], line["incidents"]) for line in lines] == [
        (1, "passed", []),
        (None, "excluded", ["excluded"]),
    ]
    assert in_spanish("Left out by the jury") in page.text
    assert {one[3] for one in marks_of(instance) if len(one) == 5} == {100, 80}


def test_a_decision_after_the_final_acta_is_a_task_and_an_amendment_takes_it_in(
    browser: Browser, instance: Instance, selection: Selection
) -> None:
    """spec/selection 4.10 and 6.11: what two members decided never stays without an effect on what is sealed."""
    juror, path = a_question(browser, instance, selection)
    a_final(browser, instance, selection, juror)
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionIncident).values(answer_by=clock.now()))
    juror.get(path)
    juror.submit("/proposal", {"outcome": "excluded", "ground": "Respondió otra persona."})
    colleague = juror.colleague
    colleague.get(path)
    colleague.submit("/decision")
    colleague.deliver_jobs()

    final = all_actas(instance)[-1]
    with instance.database.unit_of_work(write=False) as session:
        task = session.scalars(select(ActaCorrection)).one()
        assert (task.acta_id, task.outcomes, task.closed_at) == (final.id, 1, None)
        assert session.scalar(select(func.count()).select_from(Notification).where(Notification.key.startswith("acta-correction:"))) == 2
    assert in_spanish("Later corrections pending.") in juror.get(f"/selections/actas/{final.uuid}").text
    sign_by_two(browser, instance, selection, juror, "El jurado decidió un incidente.")
    with instance.database.unit_of_work(write=False) as session:
        newest = select(SelectionActaEntry.text).where(SelectionActaEntry.acta_id == all_actas(instance)[-1].id)
        outcomes = sorted(json.loads(text)["outcome"] for text in session.scalars(newest))
    assert outcomes == ["excluded", "passed"]


def test_nothing_is_shown_while_somebody_still_answers(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 6.11: an attempt in progress keeps the sitting open, although its edition has ended."""
    juror = a_juror(browser, instance, selection)
    juror.get(signs_page(selection))
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.number == 1).values(state="in_progress"))

    juror.get(signs_page(selection), status=404)
    assert not juror.get(f"/selections/{selection.uuid}").has_link(signs_page(selection))


def test_signs_are_questions_with_ordinary_explanations(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 6.10: what was seen, how rare, ordinary explanations; people by name."""
    page = a_juror(browser, instance, selection).get(signs_page(selection))

    assert in_spanish("Of %(all)s attempts, as much or more is seen in %(count)s") % {"count": "2", "all": "2"} in page.text
    assert in_spanish("A call, a message, or a colleague at the desk.") in page.text
    names = re.findall(r'<th scope="row">([^<]+)</th>', page.html)
    assert len(names) == 4
    assert names[:2] == names[2:]


@pytest.mark.parametrize(("days", "kept"), [(89, True), (91, False)])
def test_records_go_ninety_days_after_the_final_acta(
    browser: Browser, instance: Instance, selection: Selection, days: int, kept: bool
) -> None:
    """spec/selection 6.12: whenever the attempt ended; a provisional acta changes nothing."""
    juror = a_provisional(browser, instance, selection)
    sign_by_two(browser, instance, selection, juror)
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionActa).where(SelectionActa.kind == "final").values(published_at=clock.now() - timedelta(days=days)))

    with instance.database.unit_of_work() as session:
        gone = forget_before(session, clock.now() + timedelta(days=1))

    assert gone == (0 if kept else 2)


def cells(cast: SelectionCast, action: str, state: str, path: str, data: Mapping[str, str] | None = None) -> list[str]:
    return cast.check(action, state, cast.outcomes(path, "GET" if data is None else "POST", data))


@pytest.mark.matrix
def test_every_cell_of_signs_and_incidents(browser: Browser, instance: Instance) -> None:
    """Access: integrity.view, incident.open, incident.view, incident.propose, incident.decide, incident.answer."""
    cast = a_selection_cast(browser, instance)
    answer(instance, actor_of(cast.people["E"]), 3)
    note(instance, TWICE)
    answering = start(instance, actor_of(cast.people["P"]), "prueba")
    page = signs_page(cast.selection)
    assert cells(cast, "integrity.view", "sitting_open", page) == []
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.uuid == answering).values(state="abandoned"))
    end_edition(instance)
    assert cells(cast, "integrity.view", "sitting_closed", page) == []

    with instance.database.unit_of_work(write=False) as session:
        attempt = session.scalars(select(Attempt.uuid).where(Attempt.person_id == cast.people["E"].id)).one()
    assert cells(cast, "incident.open", "sitting_closed", f"{page}/{attempt}/sessions") == []
    path = ask(cast.browsers["J"], cast.selection)
    assert cells(cast, "incident.view", "asked", path) == []
    assert cells(cast, "incident.answer", "asked", f"{path}/answer") == []
    words = {"outcome": "nothing", "ground": "Nada."}
    assert cells(cast, "incident.propose", "not_heard", f"{path}/proposal", words) == []
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionIncident).values(answer_by=clock.now()))
    assert cells(cast, "incident.propose", "heard", f"{path}/proposal", words) == []
    proposed = {"proposed": _proposed(instance)}
    assert cells(cast, "incident.decide", "same_member", f"{path}/decision", proposed) == []
    with instance.database.unit_of_work() as session:
        other = name(instance, cast.selection, "hugo@example.org")
        session.execute(update(SelectionIncident).values(proposed_by=other.id))
    assert cells(cast, "incident.decide", "heard", f"{path}/decision", {"proposed": _proposed(instance)}) == []


def _proposed(instance: Instance) -> str:
    moment = incidents_of(instance)[0].proposed_at
    return moment.isoformat() if moment else ""
