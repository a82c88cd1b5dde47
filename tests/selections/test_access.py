"""Who may do what of objections, and what becomes of them with their people (spec/selection 12; spec/security 7)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import and_, delete, select, update
from sqlalchemy.orm import Session

from accounts.access import MergePair
from accounts.models import Notification, Person
from certificates.bulk import SheetSealer
from courses.models import Course
from kernel import clock
from lms import erasure, own_data
from lms.instance import Instance
from quizzes.models import Attempt
from selections.models import ObjectionGroup, ObjectionProposal
from tests.support.access import outcome
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.editions import an_edition
from tests.support.learning import a_batch, actor_of, save, start, submit
from tests.support.objections import PROPOSAL, REASON, WORDS, a_published_selection
from tests.support.selection_access import SelectionCast, a_selection_cast
from tests.support.selections import a_juror, a_selection, all_actas, answer, let_term_pass
from tests.support.wording import in_spanish


def publish_acta(cast: SelectionCast) -> None:
    juror = cast.browsers["J"]
    outcome(juror, f"/selections/{cast.selection.uuid}/actas", "POST")
    juror.deliver_jobs()
    row = all_actas(cast.instance)[-1]
    outcome(juror, f"/selections/actas/{row.uuid}/publication", "POST", {"sha256": row.sha256})


def only(row: type, instance: Instance) -> object:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(row).order_by(row.id.desc())).first()  # type: ignore[attr-defined]  # a table


@pytest.mark.matrix
def test_every_cell_of_an_objection(browser: Browser, instance: Instance) -> None:
    """Access: objection.list_own, objection.open, objection.view, objection.propose, objection.decide."""
    cast = a_selection_cast(browser, instance)
    attempt = answer(instance, actor_of(cast.people["E"]), 2)
    publish_acta(cast)
    own = f"/attempts/{attempt}/objections"
    faults = cast.check("objection.list_own", "own", cast.outcomes(own))
    faults += cast.check("objection.open", "own_in_term", cast.outcomes(f"{own}/5", "POST", WORDS))
    group = only(ObjectionGroup, instance)
    assert isinstance(group, ObjectionGroup)
    listing = f"/selections/{cast.selection.uuid}/objections"
    faults += cast.check("objection.view", "of_a_selection", cast.outcomes(f"{listing}/{group.uuid}"))
    assert cast.outcomes(listing) == cast.outcomes(f"{listing}/{group.uuid}")
    page = f"{listing}/{group.uuid}"
    faults += cast.check("objection.propose", "open", each(cast, f"{page}/proposals", lambda: PROPOSAL | {"outcome": "uphold"}, back=True))
    outcome(cast.browsers["S"], f"{page}/proposals", "POST", PROPOSAL | {"outcome": "uphold"})
    decide = partial(each, cast, f"{page}/decision", lambda: shown_proposal(instance))
    faults += cast.check("objection.decide", "proposed_by_the_same", decide(proposer=lambda letter: letter))
    faults += cast.check("objection.decide", "proposed_by_another", decide(proposer=lambda letter: "J" if letter == "S" else "S"))
    let_term_pass(instance, cast.selection)
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(finished_at=clock.now() - timedelta(days=61)))
    faults += cast.check("objection.open", "out_of_term", cast.outcomes(f"{own}/4", "POST", WORDS))

    assert faults == []


def shown_proposal(instance: Instance) -> Mapping[str, str]:
    proposal = only(ObjectionProposal, instance)
    assert isinstance(proposal, ObjectionProposal)
    return {"proposal": str(proposal.uuid), "objections": "1", "seen": "0"}


def each(
    cast: SelectionCast,
    path: str,
    data: Callable[[], Mapping[str, str]],
    *,
    back: bool = False,
    proposer: Callable[[str], str] | None = None,
) -> dict[str, str]:
    """Let everybody send one request from the same state: what one did is taken back before the next.

    Where ``proposer`` names one for the letter of who asks, a proposal of that person waits each time.
    """
    found = {}
    for letter, visitor in cast.browsers.items():
        if proposer and proposer(letter) in cast.people:
            put_back(cast, by=proposer(letter))
        found[letter] = outcome(visitor, path, "POST", data())
        if back:
            with cast.instance.database.unit_of_work() as session:
                session.execute(delete(ObjectionProposal))
                session.execute(update(ObjectionGroup).values(state="open"))
    return found


def put_back(cast: SelectionCast, by: str) -> None:
    """Let the proposal wait again, as one of this role."""
    values = {"state": "standing", "answered_by": None, "answered_at": None, "proposed_by": cast.people[by].id}
    with cast.instance.database.unit_of_work() as session:
        session.execute(update(ObjectionProposal).values(values))
        session.execute(update(ObjectionGroup).values(state="proposed", decided_at=None))


def person_named(session: Session, name: str) -> Person:
    return session.scalars(select(Person).where(Person.email == f"{name}@example.org")).one()


def test_the_copy_of_one_s_data_has_one_s_objections(browser: Browser, instance: Instance) -> None:
    """spec/security 7.3: with what was decided; who proposed has that."""
    case = a_published_selection(browser, instance)
    case.object_to(5)
    case.propose()
    with instance.database.unit_of_work(write=False) as session:
        own, proposed = (own_data.tables_of(session, person_named(session, name).id, now=clock.now()) for name in ("diana", "julia"))

    assert [(row["question"], row["ground"], row["reason"], row["outcome"]) for row in own["objections"]] == [
        (5, "two_right", REASON, None)
    ]
    assert [row["outcome"] for row in proposed["objections_proposed_on"]] == ["void"]
    assert proposed["objections"] == []


def test_a_merge_moves_objections(browser: Browser, instance: Instance) -> None:
    """spec/security 7: they are the person's, under whichever account."""
    case = a_published_selection(browser, instance)
    case.object_to(5)
    other = a_person(instance, "diana.otra@example.org")
    with instance.database.unit_of_work() as session:
        pair = MergePair(session.get_one(Person, other.id), person_named(session, "diana"))
        erasure.merge(session, actor_of(person_named(session, "admin")), pair, "Dos cuentas.", now=clock.now())

    assert [row.person_id for row in case.objections()] == [other.id]


def test_whose_account_is_erased_leaves_an_objection_without_words(browser: Browser, instance: Instance) -> None:
    """spec/security 7.5: ground and outcome stay."""
    case = a_published_selection(browser, instance)
    case.object_to(5)
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, actor_of(person_named(session, "admin")), person_named(session, "diana"), now=clock.now())

    assert [(row.reason, row.ground) for row in case.objections()] == [("", "two_right")]


def test_the_people_of_an_acta_are_notified_until_when_they_may_object(browser: Browser, instance: Instance) -> None:
    """spec/selection 5.1 and 5.2: once each; whoever noted an objection while answering is asked why."""
    cast = a_selection_cast(browser, instance)
    for letter, parts in (("E", {"objection": ["1"]}), ("P", {})):
        actor = actor_of(cast.people[letter])
        attempt = start(instance, actor, "prueba")
        batch = a_batch({1: ["true"]})
        event = batch.events[0]
        save(instance, actor, attempt, replace(batch, events=(replace(event, payload={**event.payload, **parts}),)))
        submit(instance, actor, attempt)
    publish_acta(cast)
    cast.browsers["J"].deliver_jobs()

    mine = (Notification.person_id == Person.id, Notification.kind == "objection")
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(Person.email, Notification.words).join(Notification, and_(*mine))).all()
    words = {email.partition("@")[0]: text["es"] for email, text in rows}
    assert len(rows) == 2
    message = "The provisional acta is published. You marked %(count)s question to object to it: send the objection, with why."
    assert words["ema"] == in_spanish(message, 1)
    assert words["pia"] == in_spanish("The provisional acta is published. If you think a question is wrong, say why.")


def test_the_jury_of_another_selection_of_the_quiz_is_led_to_a_page_that_it_may_see(browser: Browser, instance: Instance) -> None:
    """spec/selection 5.4 and 5.6: the flaw is the same in every edition, and so is who may decide; each sees their own selection."""
    case = a_published_selection(browser, instance)
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, case.selection.course_id)
    other = a_selection(instance, course, an_edition(instance, course, "Otra"))
    rosa = a_juror(browser.another(), instance, other, "rosa@example.org")
    case.object_to(5)
    case.julia.deliver_jobs()
    case.propose()
    case.julia.deliver_jobs()

    theirs = (Notification.person_id == Person.id, Notification.kind == "objection")
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(Person.email, Notification.path).join(Notification, and_(*theirs))).all()
    paths = {email: path for email, path in rows if "/selections/" in path}
    assert len([path for email, path in rows if email == "rosa@example.org"]) == 2
    assert paths["hugo@example.org"] == case.page
    assert paths["rosa@example.org"] == f"/selections/{other.uuid}/objections/{case.groups()[0].uuid}"
    assert rosa.get(paths["rosa@example.org"]).form("/decision")


def test_administrators_find_nowhere_who_objected(browser: Browser, instance: Instance) -> None:
    """spec/selection 5.5: they may decide, and read the log and copies of data besides."""
    case = a_published_selection(browser, instance)
    case.object_to()
    admin = sign_in(browser.another(), "admin@example.org")
    with instance.database.unit_of_work(write=False) as session:
        diana = session.scalars(select(Person).where(Person.email == "diana@example.org")).one()

        def objections(*, for_another: bool) -> list[object]:
            sealer = SheetSealer("http://localhost", instance.keys, instance.seal_keys)
            copy = own_data.copy_of(session, diana.id, instance.files, sealer, for_another=for_another, now=clock.now())
            return list(json.loads(copy["data.json"])["objections"])

        assert (len(objections(for_another=False)), objections(for_another=True)) == (1, [])
    page = admin.get("/administration/audit?act=objection.opened")
    assert in_spanish("No name is shown here") in page.text
    assert diana.full_name not in page.text
    assert in_spanish("No matching entries") in admin.get("/administration/audit?act=objection.opened&person=diana@example.org").text
