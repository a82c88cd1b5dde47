"""Actas over the pages: frozen, published, signed by two, seen by whom, whatever changes afterwards (spec/selection 4)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from enrolments.models import Edition
from kernel import clock
from kernel.audit import AuditEntry
from kernel.crypto import signing_keys
from kernel.errors import Conflict
from kernel.i18n import reading
from kernel.permissions import Actor
from lms.instance import Instance
from questions.rules.encoding import canonical_text
from quizzes.models import Attempt, MarkEvent
from selections import actas
from selections.actas import freeze, keep_frozen
from selections.models import Selection, SelectionActa, SelectionActaEntry, SelectionIncident
from selections.rules.documents import holds_line, line_hash
from selections.views.actas import caution
from tests.support.access import outcome
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.editions import a_learner_of, an_edition, take_out
from tests.support.learning import all_at_once, start
from tests.support.overrides import accommodate
from tests.support.selection_access import a_selection_cast
from tests.support.selections import (
    a_draft,
    a_juror,
    a_provisional,
    a_sat_selection,
    a_selecting_course,
    a_selection,
    all_actas,
    an_acta,
    answer,
    document,
    let_term_pass,
    name,
    sign_by_two,
)
from tests.support.wording import in_spanish


@pytest.fixture
def selection(instance: Instance) -> Selection:
    return a_sat_selection(instance)


def test_a_provisional_acta_freezes_everybody_with_rank_and_outcome(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.1 to 4.4: 100, 80 = 80, 60 and one who did not sit; it is a draft until it is published."""
    juror = a_juror(browser, instance, selection)

    path = an_acta(juror, selection)
    (draft,) = all_actas(instance)
    juror.submit("/publication")
    (row,) = all_actas(instance)
    found = json.loads(document(instance, row))

    assert (draft.state, row.state, row.kind, row.number, row.people) == ("draft", "in_force", "provisional", 1, 5)
    assert [(line.get("rank"), line.get("percent"), line["outcome"]) for line in found["lines"]] == [
        (1, "100", "passed"),
        (2, "80", "passed"),
        (2, "80", "passed"),
        (4, "60", "not_passed"),
        (None, None, "did_not_sit"),
    ]
    assert (found["pass_mark"], found["grading"], found["previous"], found["whom"]) == ("70", "highest", "", "Marzo")
    assert juror.get(path).text.count(in_spanish("Passed")) == 3


def test_an_acta_is_canonical_and_signed(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.8: sorted keys, the certificates' key, a salted hash of each line, and no name in what is public."""
    a_draft(browser, instance, selection)
    (row,) = all_actas(instance)
    content = document(instance, row)
    keys = signing_keys(instance.settings.data_dir)

    assert content.decode() == canonical_text(json.loads(content))
    assert keys.verifies(row.key_id, content, row.signature)
    assert not keys.verifies(row.key_id, content.replace(b"Marzo", b"Abril"), row.signature)
    assert b"Quinde" not in content
    with instance.database.unit_of_work(write=False) as session:
        lines = session.scalars(select(SelectionActaEntry).order_by(SelectionActaEntry.place)).all()
    assert len({line.salt for line in lines}) == 5
    assert all(holds_line(json.loads(content), line.sealed, line.salt) for line in lines)
    assert [json.loads(line.text)["hash"] for line in lines] == [line_hash(line.sealed, line.salt) for line in lines]


def test_a_final_acta_needs_two_signatures_of_different_people(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.1: the second signature puts it in force, and it names the document before it."""
    juror = a_provisional(browser, instance, selection)
    path = an_acta(juror, selection)
    juror.submit("/signature")
    assert in_spanish("Signed. Another member of the jury has to sign it too.") in juror.page.text
    provisional, signed_once = all_actas(instance)

    with instance.database.unit_of_work(write=False) as session:
        julia = Actor(person_id=session.scalars(select(AuditEntry.actor_id).where(AuditEntry.verb == "selection.acta_signed")).one())
    with instance.database.unit_of_work() as session, pytest.raises(actas.SignedAlready):
        actas.sign_acta(session, julia, signed_once.id, signed_once.sha256, now=clock.now())
    second = a_juror(browser.another(), instance, selection, "hugo@example.org")
    second.get(path)
    second.submit("/signature")

    final = all_actas(instance)[1]
    assert (signed_once.state, final.state, final.kind, final.number) == ("draft", "in_force", "final", 2)
    assert final.previous == provisional.sha256 == json.loads(document(instance, final))["previous"]
    assert provisional.sha256 != final.sha256


def test_an_acta_with_answers_that_wait_cannot_be_final(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.3."""
    juror = a_provisional(browser, instance, selection)
    with instance.database.unit_of_work() as session:
        waiting = session.scalars(select(Attempt).order_by(Attempt.id).limit(1)).one()
        waiting.raw, waiting.percent, waiting.passed = None, None, None

    path = an_acta(juror, selection)

    assert in_spanish("It can be signed once all answers are marked and the acta is prepared anew.") in juror.page.text
    assert "/signature" not in juror.page.html
    row = all_actas(instance)[1]
    page = juror.post(f"{path}/signature", {"sha256": row.sha256}, status=409)
    assert in_spanish(actas.StillWaiting.message) in page.text
    assert row.waiting == 1


def test_who_publishes_or_signs_reads_what_of_the_sitting_is_still_open(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.1: an open sitting, attempts in progress, questions that nobody decided, a term that runs."""
    juror = a_juror(browser, instance, selection)
    with instance.database.unit_of_work() as session:
        session.get_one(Edition, selection.edition_id).ends_at = clock.now() + timedelta(hours=7)
        session.execute(update(Attempt).where(Attempt.id == 1).values(state="in_progress", submitted_at=None))
    path = an_acta(juror, selection)
    page = juror.page

    assert (
        in_spanish("The sitting is open until %(moment)s: anyone who has not submitted yet can still do so.").partition("%")[0] in page.text
    )
    assert in_spanish("%(count)s attempt is in progress.", 1) in page.text
    assert in_spanish("Publish it all the same") in page.text
    with instance.database.unit_of_work() as session:
        session.get_one(Edition, selection.edition_id).ends_at = clock.now() - timedelta(hours=1)
        session.execute(update(Attempt).where(Attempt.id == 1).values(state="submitted", submitted_at=clock.now()))
    page = juror.get(path)
    assert in_spanish("Publish the provisional acta") in page.text
    juror.submit("/publication")

    path = an_acta(juror, selection)
    assert "/signature" in juror.page.html
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionActa).where(SelectionActa.kind == "provisional").values(published_at=clock.now()))
        person_id = session.scalars(select(Attempt.person_id).where(Attempt.id == 1)).one()
        question = {"seen": "{}", "question": "¿?", "asked_at": clock.now(), "asked_by": person_id, "answer_by": clock.now()}
        session.add(SelectionIncident(selection_id=selection.id, person_id=person_id, attempt_id=1, kind="rapid", **question))
    page = juror.get(path)
    assert in_spanish("%(count)s question of the jury to a person is not decided yet: this acta says nothing of it.", 1) in page.text
    assert in_spanish("Objections may be made until %(day)s: it can be signed from the next day on.").partition("%")[0] in page.text
    assert "/signature" not in page.html


def test_what_changes_after_the_freeze_never_changes_an_acta(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.10: byte for byte, also of whoever leaves the course."""
    juror = a_juror(browser, instance, selection)
    path = an_acta(juror, selection)
    (row,) = all_actas(instance)
    before, shown = document(instance, row), juror.get(path).text
    with instance.database.unit_of_work() as session:
        for attempt in session.scalars(select(Attempt)):
            attempt.raw, attempt.percent, attempt.passed = attempt.maximum, 100, True

    assert document(instance, row) == before
    assert juror.get(path).text == shown


def test_marks_that_come_while_it_is_frozen_are_in_it_or_not_at_all(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 12, bad input: an acta is of the moment at which its figures were read, whatever comes before it is written."""
    a_juror(browser, instance, selection)
    with instance.database.unit_of_work() as session:
        person = session.scalars(select(Attempt.person_id).limit(1)).one()
        asked = actas.request_acta(session, Actor(person_id=person), selection.id, now=clock.now())
    with instance.database.unit_of_work(write=False) as session:
        frozen = freeze(session, session.get_one(SelectionActa, asked.id), instance.settings.names, now=clock.now())
    with instance.database.unit_of_work() as session:
        attempt = session.scalars(select(Attempt).order_by(Attempt.id).limit(1)).one()
        attempt.raw, attempt.percent = 0, 0
        newest = session.scalar(select(func.max(MarkEvent.id)))
    keys = signing_keys(instance.settings.data_dir)
    with instance.database.unit_of_work() as session:
        kept = [keep_frozen(session, asked.id, frozen, keys, now=clock.now()) for _time in range(2)]

    (row,) = all_actas(instance)
    assert kept == [True, False]
    assert json.loads(document(instance, row))["lines"][0]["percent"] == "100"
    assert json.loads(row.head)["basis"] == newest


def test_of_two_who_prepare_an_acta_at_once_one_wins(instance: Instance, selection: Selection) -> None:
    """spec/selection 12, bad input: the other is told."""
    people = [name(instance, selection, f"jurado{at}@example.org") for at in range(2)]

    def prepare(at: int) -> int:
        with instance.database.unit_of_work() as session:
            return actas.request_acta(session, Actor(person_id=people[at].id), selection.id, now=clock.now()).number

    came = all_at_once(2, prepare)

    assert sorted(type(one).__name__ for one in came) == ["ActaOpen", "int"]
    assert issubclass(actas.ActaOpen, Conflict)
    assert len(all_actas(instance)) == 1


def test_a_learner_sees_their_own_line_and_no_other(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.14: rank, result, outcome; before the acta is published there is nothing."""
    juror = a_juror(browser, instance, selection)
    ana, path = sign_in(browser.another(), "berta@example.org"), f"/selections/{selection.uuid}/own-line"
    an_acta(juror, selection)
    ana.get(path, status=404)
    juror.submit("/publication")

    ana.get("/selections")
    assert ana.page.has_link(path)
    page = ana.get(path)

    assert in_spanish("Passed") in page.text
    assert "80,00" in page.text
    with instance.database.unit_of_work(write=False) as session:
        salts = list(session.scalars(select(SelectionActaEntry.salt)))
    assert sum(salt in page.text for salt in salts) == 1
    assert in_spanish("This acta is provisional.") in page.text
    assert any("/objections" in address for address, _words in page.links)
    let_term_pass(instance, selection)
    assert in_spanish("This acta is provisional.") not in ana.get(path).text


@pytest.mark.parametrize(("consistency", "said"), [("0.71", "29"), ("0.80", ""), (None, "")])
def test_an_acta_of_a_test_that_decides_little_says_so_before_it_is_signed(consistency: str | None, said: str) -> None:
    """spec/selection 3.7 and 4.5: how many of 100 people would get another decision, from 0.80 on nothing."""
    with reading("en"):
        words = caution(SelectionActa(head=json.dumps({"consistency": consistency})))

    assert words.startswith(f"With other questions about {said} of every 100 people" if said else "")
    assert bool(words) == bool(said)


def test_each_look_at_the_list_is_noted(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.14: in “who looked at my data” of everybody in it."""
    a_draft(browser, instance, selection, given="Julia")

    ana = sign_in(browser.another(), "ana@example.org")

    assert in_spanish("The acta of a selection") in ana.get("/profile/data").text


def test_two_people_who_differ_in_an_accommodation_have_equal_lines(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.7, end-to-end 4: more time and a further attempt leave no trace but the name."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    plain, helped = (a_learner_of(instance, course, edition, email) for email in ("ana@example.org", "eva@example.org"))
    accommodate(instance, helped, "1.5", extra=1, now=clock.now())
    for learner in (plain, helped):
        answer(instance, learner, 4)
    selection = a_selection(instance, course, edition)
    an_acta(a_juror(browser, instance, selection), selection)

    with instance.database.unit_of_work(write=False) as session:
        first, second = (
            json.loads(sealed) for sealed in session.scalars(select(SelectionActaEntry.sealed).order_by(SelectionActaEntry.place))
        )
    assert {name for name in first if first[name] != second[name]} <= {"name", "person"}
    assert first.keys() == second.keys()


def test_an_acta_of_nobody_and_of_one_are_made(browser: Browser, instance: Instance) -> None:
    """spec/selection 12, bad input: 0 people, 1 person, all “did not sit”."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    selection = a_selection(instance, course, edition)
    juror = a_draft(browser, instance, selection)
    assert in_spanish("No one was in it") in juror.page.text
    juror.submit("/discard")
    learner = a_learner_of(instance, course, edition)
    an_acta(juror, selection)
    assert in_spanish("Did not sit") in juror.page.text
    juror.submit("/discard")
    take_out(instance, course, learner)
    an_acta(juror, selection)

    assert [(row.state, row.people) for row in all_actas(instance)] == [("discarded", 0), ("discarded", 1), ("draft", 0)]


def test_an_open_attempt_is_no_sitting(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.3: no graded attempt is “did not sit”."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    start(instance, a_learner_of(instance, course, edition), "prueba")
    selection = a_selection(instance, course, edition)
    an_acta(a_juror(browser, instance, selection), selection)

    (row,) = all_actas(instance)
    assert [line["outcome"] for line in json.loads(document(instance, row))["lines"]] == ["did_not_sit"]


@pytest.mark.matrix
def test_every_cell_of_an_acta(browser: Browser, instance: Instance) -> None:
    """Access: acta.draft, acta.freeze, acta.sign, acta.view, acta.view_own."""
    cast = a_selection_cast(browser, instance)
    juror, others = cast.browsers["J"], f"/selections/{cast.selection.uuid}"
    faults = cast.check("acta.draft", "of_a_selection", cast.outcomes(f"{others}/actas", "POST"))
    juror.deliver_jobs()
    (row,) = all_actas(instance)
    path, seen = f"/selections/actas/{row.uuid}", {"sha256": row.sha256}
    faults += cast.check("acta.view", "draft", cast.outcomes(path))
    faults += cast.check("acta.freeze", "draft", cast.outcomes(f"{path}/publication", "POST", seen))
    faults += cast.check("acta.view", "provisional", cast.outcomes(path))
    faults += cast.check("acta.view_own", "provisional", cast.outcomes(f"{others}/own-line"))
    let_term_pass(instance, cast.selection)
    outcome(juror, f"{others}/actas", "POST")
    juror.deliver_jobs()
    final = all_actas(instance)[1]
    path, seen = f"/selections/actas/{final.uuid}", {"sha256": final.sha256}
    faults += cast.check("acta.sign", "draft", cast.outcomes(f"{path}/signature", "POST", seen))
    faults += cast.check("acta.sign", "signed_by_the_same", cast.outcomes(f"{path}/signature", "POST", seen))

    assert faults == []


def test_two_sign_and_the_chain_goes_on(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.1: after a final acta come amendments alone."""
    juror = a_provisional(browser, instance, selection)
    sign_by_two(browser, instance, selection, juror)

    with instance.database.unit_of_work(write=False) as session:
        chain = actas.list_chain(session, selection.id)
    assert actas.next_kind(chain).value == "amendment"
