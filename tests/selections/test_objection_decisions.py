"""Proposing and deciding on objections: two people, outcomes with dry runs, one result (spec/selection 5.4 to 5.6 and 5.9 to 5.13)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Activity, Course, CourseVersion, DraftFileVersion, DraftRevision, PublicationNature
from kernel import clock
from kernel.audit import AuditEntry
from kernel.errors import Conflict
from kernel.outbox import Delivery
from lms.instance import Instance
from organisations.rules.units import TrainingRole
from questions.models import Question, QuestionVersion
from quizzes.models import MarkEvent, Regrade
from quizzes.snapshots import QUIZ_SNAPSHOTS
from selections import objection_decisions
from selections.jobs import mind_objections
from selections.models import Objection, ObjectionAuthor, SelectionActa
from selections.objection_decisions import DecisionResult, DecisionValues
from selections.objection_groups import list_deciders, lock_group
from selections.objections import list_authors
from selections.standing import count_open_objections
from tests.support.browser import Browser
from tests.support.builders import a_person, a_teacher, publish, sign_in
from tests.support.learning import At, a_batch, a_learner, actor_of, all_at_once, start, submit
from tests.support.objections import PROPOSAL, REASON, SINGLE, Objecting, an_objected_choice, an_objected_question, facts, notices_of
from tests.support.places import a_place, give_training, put
from tests.support.selection_folders import BANK
from tests.support.selections import QUIZ, a_selecting_folder, add_factor, all_actas, an_acta, appoint, document
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


@pytest.fixture
def case(at: At, browser: Browser, instance: Instance) -> Objecting:
    """A selection in its term, with two who object to the fifth question."""
    return an_objected_question(browser, instance)


def test_objections_to_a_version_are_decided_together_and_without_names(case: Objecting) -> None:
    """spec/selection 5.5."""
    page = case.julia.get(case.page)

    assert case.states() == ["open"]
    assert page.text.count(REASON) == 2
    for name in ("Diana", "Carla", "diana@", "carla@"):
        assert name not in page.html
    assert in_spanish("%(count)s objection", 2) in page.text


def test_one_proposes_and_another_decides(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.4: open, proposed, decided, told; the proposer does not decide, and every step is on record."""
    case.propose()
    assert case.states() == ["proposed"]
    assert "/decision" not in case.julia.page.html
    token = dict(case.julia.page.form("/return").fields)["csrf_token"]
    case.julia.post(f"{case.page}/decision", {"csrf_token": token, "proposal": str(case.proposals()[0].uuid)}, status=403)

    case.decide()
    assert case.states() == ["decided"]
    case.hugo.deliver_jobs()

    assert case.states() == ["told"]
    (proposal,) = case.proposals()
    assert (proposal.state, proposal.outcome, proposal.answered_by != proposal.proposed_by) == ("decided", "void", True)
    with instance.database.unit_of_work(write=False) as session:
        verbs = list(session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.like("objection.%")).order_by(AuditEntry.id)))
    assert verbs == ["objection.opened"] * 2 + ["objection.proposed", "objection.decided", "objection.told"]
    assert REASON not in json.dumps([facts(instance, verb) for verb in set(verbs)])


def test_the_dry_run_stands_beside_the_proposal_and_changes_nothing(case: Objecting) -> None:
    """spec/selection 5.6: over everybody who had the version."""
    before = case.percents()
    case.propose()

    page = case.hugo.get(case.page)
    assert in_spanish("Dry run: what would change") in page.text
    assert case.percents() == before
    assert in_spanish("Provisional acta") in page.text  # spec/selection 4.11: it says which actas it touches


@pytest.mark.parametrize(
    ("outcome", "after"),
    [
        ("uphold", {"ana": 100.0, "berta": 80.0, "carla": 80.0, "diana": 60.0}),
        ("void", {"ana": 100.0, "berta": 100.0, "carla": 100.0, "diana": 75.0}),
        ("full_credit", {"ana": 100.0, "berta": 100.0, "carla": 100.0, "diana": 80.0}),
        ("removed", {"ana": 100.0, "berta": 100.0, "carla": 100.0, "diana": 75.0}),
    ],
)
def test_each_outcome_changes_the_marks_as_it_says(case: Objecting, outcome: str, after: dict[str, float]) -> None:
    """spec/selection 5.6."""
    case.propose(outcome=outcome)
    case.decide()
    case.hugo.deliver_jobs()

    assert case.percents() == after
    assert case.states() == ["told"]


@pytest.mark.slow
def test_removing_asks_twice_and_says_for_how_many(case: Objecting) -> None:
    """spec/selection 5.6: the first question was right for all, so that leaving it out lowers three."""
    case.object_to(1)
    case.propose(outcome="removed")
    case.hugo.get(case.page)

    refused = case.hugo.submit("/decision", status=422)
    assert in_spanish("This outcome lowers results. Confirm for how many people before you decide.") in refused.text
    assert case.states()[-1] == "proposed"
    case.decide(lowered="3")
    case.hugo.deliver_jobs()

    assert case.percents() == {"ana": 100.0, "berta": 75.0, "carla": 75.0, "diana": 50.0}


def test_a_returned_proposal_leaves_no_mark_and_another_follows(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.4."""
    case.propose()
    case.hugo.get(case.page)
    case.hugo.submit("/return", {"answer": "Falta la fuente."})

    assert case.states() == ["open"]
    with instance.database.unit_of_work(write=False) as session:
        assert list(session.scalars(select(Regrade.state))) == ["discarded"]
    assert "Falta la fuente." in case.julia.get(case.page).text
    case.propose(outcome="uphold")
    case.julia.submit("/return")
    assert [(one.state, one.answered_by is None) for one in case.proposals()] == [("returned", False), ("returned", True)]


def test_whoever_wrote_marked_or_takes_it_neither_proposes_nor_decides(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.4 and 12: objection.propose."""
    group = case.groups()[0]
    with instance.database.unit_of_work() as session:
        hugo = session.scalars(select(Person.id).where(Person.email == "hugo@example.org")).one()
        julia = session.scalars(select(Person.id).where(Person.email == "julia@example.org")).one()
        session.add(ObjectionAuthor(group_id=group.id, person_id=hugo))
        item = session.scalars(select(Objection.item_id)).first()
        last = session.scalars(select(MarkEvent).where(MarkEvent.item_id == item)).one()
        session.add(MarkEvent(item_id=item, origin="manual", fraction=last.fraction, state=last.state, marked_at=NOON, marked_by=julia))
    for juror, words in (
        (case.hugo, "You wrote or published this version of the question, so others decide on it."),
        (case.julia, "You marked answers to this question by hand, so others decide on it."),
    ):
        page = juror.get(case.page)
        assert in_spanish(words) in page.text
        assert "/proposals" not in page.html
        token = dict(page.form("/language").fields)["csrf_token"]
        juror.post(f"{case.page}/proposals", {**PROPOSAL, "csrf_token": token}, status=403)

    with instance.database.unit_of_work(write=False) as session:
        assert list_deciders(session, group.id) == {}
    assert in_spanish("Too few members of the jury can decide on these objections.") in case.julia.get(case.page).text
    assert case.proposals() == []


def test_where_too_few_can_decide_administrators_are_notified_to_name_one(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.4 and 4.16: two of the jury name another; administrators learn of it."""
    group = case.groups()[0]
    with instance.database.unit_of_work() as session:
        hugo = session.scalars(select(Person.id).where(Person.email == "hugo@example.org")).one()
        session.add(ObjectionAuthor(group_id=group.id, person_id=hugo))
    case.hugo.deliver_jobs()
    boss = sign_in(case.julia.another(), "admin@example.org")

    assert len(notices_of(instance, "admin@example.org", "objection-few:")) == 1
    assert boss.get(case.page).has_link(f"/selections/{case.selection.uuid}/jury")
    assert notices_of(instance, "julia@example.org", "objection-open:")
    assert not notices_of(instance, "hugo@example.org", "objection-open:")


def test_an_auditor_of_the_place_of_who_objected_reads_what_was_proposed(case: Objecting, instance: Instance) -> None:
    """spec/compulsory 16: proposals and decisions on objections of the people of their places, without whose they are."""
    place, elsewhere = a_place(instance, "IESS"), a_place(instance, "BIESS")
    for name, where in (("aldo", place), ("elsa", elsewhere)):
        give_training(instance, a_person(instance, f"{name}@example.org"), where, TrainingRole.AUDITOR)
    with instance.database.unit_of_work() as session:
        diana = session.scalars(select(Person).where(Person.email == "diana@example.org")).one()
    put(instance, diana, place)
    case.propose()

    pages = [sign_in(case.julia.another(), f"{name}@example.org").get("/administration/audit") for name in ("aldo", "elsa")]

    words = in_spanish("Proposed an outcome of objections")
    assert [words in page.text for page in pages] == [True, False]
    found = sign_in(case.julia.another(), "aldo@example.org").get("/administration/audit?person=diana@example.org")
    assert words not in found.text


def a_draft(session: Session, course: int, number: int, person: int | None, body: str) -> None:
    """Note a save of a bank."""
    session.add(DraftRevision(course_id=course, number=number, origin="edited", changed_at=NOON, changed_by=person))
    session.flush()
    session.add(DraftFileVersion(course_id=course, path=BANK, revision=number, body=body, sha256=str(number)))


def test_the_author_of_a_version_is_who_published_it_and_who_changed_its_text(instance: Instance) -> None:
    """spec/selection 5.4: found in the history of the draft; who changed another question or an earlier version is none."""
    people = [a_person(instance, f"{name}@example.org").id for name in ("vieja", "otra", "nueva", "jefa")]
    former, other, writer, publisher = people
    course = publish(instance, a_selecting_folder(2))[0]
    publish(instance, a_selecting_folder(2) | {BANK: a_selecting_folder(2)[BANK].replace(b"cierto p1", b"verdad p1")})
    text = a_selecting_folder(2)[BANK].decode()
    with instance.database.unit_of_work() as session:
        session.execute(delete(DraftFileVersion).where(DraftFileVersion.course_id == course.id))
        session.execute(delete(DraftRevision).where(DraftRevision.course_id == course.id))
        versions = list(session.scalars(select(CourseVersion).where(CourseVersion.course_id == course.id).order_by(CourseVersion.number)))
        versions[0].draft_revision, versions[1].draft_revision, versions[1].published_by = 101, 104, publisher
        a_draft(session, course.id, 100, former, text)
        a_draft(session, course.id, 102, other, text.replace("cierto p2", "verdad p2"))
        a_draft(session, course.id, 103, writer, text.replace("cierto p1", "verdad p1"))
        a_draft(session, course.id, 105, other, text.replace("cierto p1", "falso p1"))
        found = {
            (key, number): list_authors(session, version)
            for version, key, number in session.execute(
                select(QuestionVersion.id, Question.key, QuestionVersion.number).join(Question, Question.id == QuestionVersion.question_id)
            )
        }

    assert found["p1", 2] == sorted([writer, publisher])
    assert found["p1", 1] == [former]


def decision(case: Objecting, **changes: int) -> DecisionValues:
    (proposal,) = case.proposals()
    with case.instance.database.unit_of_work(write=False) as session:
        seen = session.get_one(Regrade, proposal.regrade_id).seen if proposal.regrade_id else 0
    values = {"seen": seen, "objections": 2} | changes
    return DecisionValues(proposal.uuid, values["seen"], values["objections"])


def test_of_two_who_decide_at_once_one_does(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.4: one result; for the other a conflict, and the same decision again changes nothing."""
    case.propose()
    third = add_factor(instance, a_person(instance, "tercera@example.org", given="Tercera"))
    appoint(instance, case.selection, third)
    with instance.database.unit_of_work(write=False) as session:
        hugo = session.scalars(select(Person).where(Person.email == "hugo@example.org")).one()
    people, values, group = [actor_of(hugo), actor_of(third)], decision(case), case.groups()[0]

    def act(place: int) -> object:
        with instance.database.unit_of_work() as session:
            subject = lock_group(session, people[place], case.selection.uuid, group.uuid)
            return objection_decisions.decide(session, people[place], subject, values, now=NOON)

    results = all_at_once(2, act)
    winner = results.index(DecisionResult.DECIDED)

    assert isinstance(results[1 - winner], Conflict)
    assert act(winner) is DecisionResult.DECIDED
    with instance.database.unit_of_work(write=False) as session:
        decided = list(session.scalars(select(AuditEntry.actor_id).where(AuditEntry.verb == "objection.decided")))
        assert decided == [people[winner].person_id]
        assert list(session.scalars(select(Regrade.state))) == ["committed"]
    with pytest.raises(objection_decisions.NothingToDecide):
        act(1 - winner)


def test_an_objection_that_came_meanwhile_has_to_be_seen(case: Objecting) -> None:
    """spec/selection 5.5."""
    case.propose()
    case.hugo.get(case.page)
    case.object_to(5, "berta@example.org")

    case.hugo.submit("/decision", status=409)

    assert case.states() == ["proposed"]
    case.decide()
    assert case.states() == ["decided"]


def test_where_marks_changed_the_new_dry_run_is_shown_first(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.6 and spec/quiz-engine 5.11.3."""
    case.propose()
    case.hugo.get(case.page)
    with instance.database.unit_of_work() as session:
        item = session.scalars(select(Objection.item_id)).first()
        last = session.scalars(select(MarkEvent).where(MarkEvent.item_id == item)).one()
        session.add(MarkEvent(item_id=item, origin="auto", fraction=last.fraction, state=last.state, marked_at=NOON))

    case.hugo.submit("/decision")

    assert case.states() == ["proposed"]
    assert in_spanish("Marks have changed since this dry run. Check the new one before you decide.") in case.hugo.page.text
    case.hugo.submit("/decision")
    assert case.states() == ["decided"]


def test_nobody_else_commits_the_dry_run_of_objections(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.4: the regrade's own page does not go around the two."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, case.selection.course_id)
    a_teacher(instance, course, "editora@example.org")
    case.propose()
    editor = sign_in(case.julia.another(), "editora@example.org")
    with instance.database.unit_of_work(write=False) as session:
        regrade = session.scalars(select(Regrade.uuid)).one()
    page = editor.get(f"{QUIZ}/regrades/{regrade}")

    assert in_spanish("This dry run belongs to objections.") in page.text
    assert "/commitment" not in page.html
    token = dict(page.form("/language").fields)["csrf_token"]
    for act in ("commitment", "renewal", "discard"):
        editor.post(f"{QUIZ}/regrades/{regrade}/{act}", {"csrf_token": token}, status=409)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Regrade.state)).one() == "ready"


def test_each_is_notified_once(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.10: objectors the outcome with the change of their own percentage, others whose mark changed one notice."""
    case.propose()
    case.decide()
    case.hugo.deliver_jobs()

    (diana,), (carla,) = (notices_of(instance, f"{name}@example.org", "regrade:") for name in ("diana", "carla"))
    for words in ("La ley admite las dos respuestas.", "60", "75", "talento@example.org"):
        assert words in diana
    assert "100" in carla
    changed = {name: notices_of(instance, f"{name}@example.org", "regrade:", "remarked") for name in ("ana", "berta", "carla", "diana")}
    assert {name: len(found) for name, found in changed.items()} == {"ana": 0, "berta": 1, "carla": 0, "diana": 0}
    assert "Diana" not in changed["berta"][0]
    page = case.learner().get(f"/attempts/{case.attempt()}/objections")
    for words in ("La ley admite las dos respuestas.", "Ley, art. 12", "75"):
        assert words in page.text


def test_what_is_not_decided_in_time_is_reported_as_late(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.9: to learner and administrators, with a new date, and no outcome by silence."""

    def mind(now: datetime) -> None:
        mind_objections(Delivery(instance.database, instance.settings, 1, {}, now))  # type: ignore[arg-type]  # as the worker makes it

    due = datetime(2026, 6, 17, 5, tzinfo=UTC)
    mind(due - timedelta(seconds=1))
    assert not notices_of(instance, "diana@example.org", "objection-late:")
    for _time in range(2):
        mind(due)

    assert {one.due_at for one in case.objections()} == {datetime(2026, 6, 28, 5, tzinfo=UTC)}
    (late,) = notices_of(instance, "diana@example.org", "objection-late:")
    assert "27 de junio de 2026" in late
    assert len(notices_of(instance, "admin@example.org", "objection-late:")) == 1
    assert case.states() == ["open"]
    assert len(facts(instance, "objection.late")) == 2


def test_an_acta_takes_the_outcomes_in_and_waits_for_them(case: Objecting, instance: Instance) -> None:
    """spec/selection 4.1, 4.2 and 5.11."""
    with instance.database.unit_of_work(write=False) as session:
        assert count_open_objections(session, case.selection) == 2
    path = an_acta(case.julia, case.selection)
    case.julia.post(f"{path}/signature", {"sha256": all_actas(instance)[-1].sha256}, status=409)
    case.julia.get(path)
    case.julia.submit("/discard")
    case.propose()
    case.decide()
    case.hugo.deliver_jobs()
    an_acta(case.julia, case.selection)

    lines = json.loads(document(instance, all_actas(instance)[-1]))["lines"]
    assert sorted(tuple(line["objections"]) for line in lines) == [(), (), (), ("void",), ("void",)]
    case.julia.submit("/signature")


def test_a_final_acta_waits_for_the_end_of_the_term(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.1."""
    case.propose(outcome="uphold")
    case.decide()
    path = an_acta(case.julia, case.selection)
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionActa).where(SelectionActa.kind == "provisional").values(published_at=clock.now()))

    assert "/signature" not in case.julia.get(path).html
    refused = case.julia.post(f"{path}/signature", {"sha256": all_actas(instance)[-1].sha256}, status=409)

    assert "6 de junio de 2026" in refused.text


def test_the_list_shows_figures(case: Objecting) -> None:
    """spec/selection 5.12: 2 objections to 4 × 5 answers."""
    case.propose()
    case.decide()

    page = case.julia.get(case.listing)

    assert in_spanish("Per thousand answers") in page.text
    for figure in ("100,00", "100 %", in_spanish("of %(count)s answer", 20)):
        assert figure in page.text.replace("\u00a0", " ")


def test_a_further_objection_after_a_decision_is_decided_anew(case: Objecting) -> None:
    """spec/selection 5.5: what was decided stays."""
    case.propose(outcome="uphold")
    case.decide()
    case.hugo.deliver_jobs()
    case.object_to(5, "berta@example.org")

    assert case.states() == ["told", "open"]


@pytest.fixture
def choosing(at: At, browser: Browser, instance: Instance) -> Objecting:
    """A selection of one single choice, with one who chose the second option and objects."""
    return an_objected_choice(browser, instance)


@pytest.mark.slow
def test_another_right_answer_raises_who_gave_it_and_lowers_nobody(choosing: Objecting, instance: Instance) -> None:
    """spec/selection 5.6: rescore by an added key, policy only raise."""
    choosing.julia.get(choosing.page)
    refused = choosing.julia.submit("/proposals", {**PROPOSAL, "outcome": "rescore"}, status=422)
    assert in_spanish("Choose the version to mark by, or another right answer.") in refused.text
    refused = choosing.julia.submit("/proposals", {**PROPOSAL, "outcome": "rescore", "option": "uno"}, status=422)
    assert in_spanish("This cannot be another right answer of the question.") in refused.text

    choosing.propose(outcome="rescore", option="dos")
    choosing.decide()
    choosing.hugo.deliver_jobs()

    assert choosing.percents() == {"ana": 100.0, "berta": 100.0, "carla": 0.0}
    with instance.database.unit_of_work(write=False) as session:
        (regrade,) = session.scalars(select(Regrade))
        assert (regrade.policy, regrade.version_id != regrade.target_id) == ("only_raise", True)


def test_a_published_version_is_what_answers_are_marked_by(choosing: Objecting, instance: Instance) -> None:
    """spec/selection 5.6: rescore by another version; who loses by it keeps what they have."""
    other = SINGLE.replace("{right: Uno", "{wrong: Uno").replace("{wrong: Tres", "{right: Tres")
    files = a_selecting_folder(1, "attempts: 1\nintegrity: {honour: false}\n")
    publish(instance, files | {BANK: other.encode()}, nature=PublicationNature.CORRECTION)

    choosing.propose(outcome="rescore", version="2")
    choosing.decide()

    assert choosing.percents() == {"ana": 100.0, "berta": 0.0, "carla": 100.0}


def test_only_the_questioned_version_is_touched(choosing: Objecting, instance: Instance) -> None:
    """spec/selection 5.6: everybody who had that version, and nobody else."""
    files = a_selecting_folder(1, "attempts: 1\nintegrity: {honour: false}\n")
    publish(instance, files | {BANK: SINGLE.replace("¿Qué es?", "¿Qué será?").encode()}, nature=PublicationNature.CORRECTION)
    choosing.julia.deliver_jobs()
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, choosing.selection.course_id)
    learner = a_learner(instance, course, "nueva@example.org")
    start(instance, learner, "prueba")
    submit(instance, learner, choosing.attempt("nueva@example.org"), a_batch({1: ["2"]}, kind="submit"))

    choosing.propose(outcome="full_credit")
    choosing.decide()
    choosing.hugo.deliver_jobs()

    assert choosing.percents() == {"ana": 100.0, "berta": 100.0, "carla": 100.0, "nueva": 0.0}


def test_explanations_wait_until_the_term_is_over(choosing: Objecting, instance: Instance, at: At) -> None:
    """spec/selection 0.2: a quiz that has closed explains nothing while its questions may be objected to."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Activity).where(Activity.kind == "quiz").values(closes_at=NOON + timedelta(hours=1)))
        QUIZ_SNAPSHOTS.of(session).clear()
    review = f"/attempts/{choosing.attempt('berta@example.org')}/review"
    at.moment = NOON + timedelta(hours=2)

    during = choosing.learner("berta@example.org").get(review)
    at.moment = datetime(2026, 6, 7, 5, tzinfo=UTC)
    after = choosing.learner("berta@example.org").get(review)

    assert "Uno es." not in during.text
    assert in_spanish("More will be shown when no question can be objected to any more.") in during.text
    assert "Uno es." in after.text
