"""One person never moves a mark that decides: marks by hand and reopenings by two of the jury, seen wherever results are (4.16, 4.17)."""

from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import select, update

from accounts.models import Notification, Person
from courses.models import Course, StaffRole
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import marks
from quizzes.attempts import lock_attempt
from quizzes.jury import NeedsJury
from quizzes.marking import ManualMarkValues, mark_by_hand, needs_jury_to_mark, reopen_attempt
from quizzes.models import Attempt, MarkEvent
from selections.jury_decisions import NoJury
from selections.models import JuryDecision, SelectionActaEntry
from selections.standing import walk_lines
from tests.support.browser import Browser
from tests.support.builders import a_teacher, sign_in
from tests.support.editions import a_learner_of
from tests.support.objections import Objecting, a_published_selection, notices_of
from tests.support.regrading import regrade_row
from tests.support.selections import all_actas, an_acta, an_editor, answer, let_term_pass, try_to_void
from tests.support.wording import in_spanish

REASON = "La respuesta se acepta según el artículo 12."
DIANA = "diana@example.org"
BY_HAND = "Question %(number)s marked by hand by %(people)s, reason: %(reason)s"


@pytest.fixture
def objecting(browser: Browser, instance: Instance) -> Objecting:
    """A selection with a provisional acta and a jury of two, Julia and Hugo; Diana has three of five."""
    return a_published_selection(browser, instance)


@pytest.fixture
def owner(browser: Browser, instance: Instance, objecting: Objecting) -> Browser:
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, objecting.selection.course_id)
    a_teacher(instance, course, "olga@example.org", StaffRole.OWNER)
    return sign_in(browser.another(), "olga@example.org")


def percent_of(instance: Instance, attempt: UUID) -> tuple[str, str]:
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Attempt).where(Attempt.uuid == attempt)).one()
        return row.state, str(row.percent and round(row.percent))


def decisions(instance: Instance) -> list[JuryDecision]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(JuryDecision).order_by(JuryDecision.id)))


def ask_to_mark(owner: Browser, attempt: UUID, reason: str = REASON, *, status: int = 200) -> None:
    """Send the mark of the last question, which Diana left out, as the owner of the course."""
    owner.get(f"/attempts/{attempt}/marking/5")
    owner.submit("/marking/5", {"points": "1", "reason": reason}, button=("go", "list"), status=status)


def let_two_agree(objecting: Objecting) -> None:
    for juror in (objecting.julia, objecting.hugo):
        juror.get(f"/selections/decisions/{decisions(objecting.instance)[-1].uuid}")
        juror.submit("/agreement")
    objecting.hugo.deliver_jobs()


def test_the_owner_alone_moves_no_mark(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    """The verb refuses it, whoever calls; the page asks the jury instead."""
    attempt, editor = objecting.attempt(DIANA), an_editor(instance)
    with instance.database.unit_of_work() as session:
        subject = marks.lock_marked_item(session, editor, attempt, 5)
        seen = marks.current_events(session, [subject.item.id])[subject.item.id].id
        with pytest.raises(NeedsJury):
            mark_by_hand(session, editor, subject, ManualMarkValues(Fraction(1), seen, reason=REASON), now=clock.now())
        with pytest.raises(NeedsJury):
            reopen_attempt(session, editor, lock_attempt(session, editor, attempt), REASON, now=clock.now())

    ask_to_mark(owner, attempt)

    assert in_spanish("Requested: it is done once two of those who sign the results agree.") in owner.page.text
    assert percent_of(instance, attempt) == ("finished", "60")


@pytest.mark.parametrize("reason", [".", "Vale.", ""])
def test_a_reason_of_no_substance_is_refused_beside_its_field(
    instance: Instance, objecting: Objecting, owner: Browser, reason: str
) -> None:
    ask_to_mark(owner, objecting.attempt(DIANA), reason, status=422)

    assert decisions(instance) == []


def test_two_of_the_jury_move_it_and_everybody_sees_by_whom_and_why(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    """Draft and final acta, own line, file, notice."""
    attempt = objecting.attempt(DIANA)
    ask_to_mark(owner, attempt)
    objecting.julia.get(f"/selections/decisions/{decisions(instance)[0].uuid}")
    assert "0 → 1 de 1" in objecting.julia.page.text
    assert REASON in objecting.julia.page.text
    objecting.julia.submit("/agreement")
    assert percent_of(instance, attempt) == ("finished", "60")

    let_two_agree_again(objecting)

    assert percent_of(instance, attempt) == ("finished", "80")
    words = in_spanish(BY_HAND, number="5", people="Julia Quinde y Hugo Quinde", reason=REASON)
    let_term_pass(instance, objecting.selection)
    path = an_acta(objecting.julia, objecting.selection)
    assert words in objecting.julia.page.text
    objecting.julia.submit("/signature")
    objecting.hugo.get(path)
    objecting.hugo.submit("/signature")
    with instance.database.unit_of_work(write=False) as session:
        diana = session.scalars(select(Person).where(Person.email == DIANA)).one()
        (line,) = [line for line in walk_lines(session, all_actas(instance)[-1].id) if line.entry.person_id == diana.id]
        notice = session.scalars(
            select(Notification).where(Notification.person_id == diana.id, Notification.key.startswith("jury-moved"))
        ).one()
    assert line.fields["by_hand"] == [{"question": 5, "by": ["Julia Quinde", "Hugo Quinde"], "reason": REASON}]
    assert words in objecting.learner(DIANA).get(f"/selections/{objecting.selection.uuid}/own-line").text
    assert REASON in str(vars(notice))
    assert words in objecting.hugo.get(f"/selections/actas/{all_actas(instance)[-1].uuid}/exports/csv").text


def test_whoever_asked_sees_that_it_waits_and_hears_what_became_of_it(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    """The history of the mark names who asked and both who decided; the person reads the reason beside the result."""
    attempt = objecting.attempt(DIANA)
    ask_to_mark(owner, attempt)
    waits = in_spanish("Asked for by %(asker)s on %(moment)s: it waits for two of those who sign the results.", asker="X", moment="Y")
    assert waits.partition("X")[0] + "Pilar Maestra" in owner.get(f"/attempts/{attempt}/marking/5").text
    let_two_agree(objecting)

    page = owner.get(f"/attempts/{attempt}/marking/5").text
    assert "Lo decidieron Julia Quinde y Hugo Quinde. Lo pidió Pilar Maestra" in page
    assert [
        in_spanish("Two of the jury agreed: it is done.") in text
        for text in notices_of(instance, "olga@example.org", "jury-answered", "selection")
    ] == [True]
    words = in_spanish(BY_HAND, number="5", people="Julia Quinde y Hugo Quinde", reason=REASON)
    assert words in objecting.learner(DIANA).get(f"/attempts/{attempt}").text


def test_whoever_asked_hears_that_it_was_declined(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    attempt = objecting.attempt(DIANA)
    owner.get(f"/attempts/{attempt}/reopening")
    owner.submit("/reopening", {"reason": REASON})
    assert "Lo pidió Pilar Maestra el" in owner.get(f"/attempts/{attempt}/reopening").text
    objecting.julia.get(f"/selections/decisions/{decisions(instance)[0].uuid}")
    objecting.julia.submit("/refusal")
    objecting.julia.deliver_jobs()

    (notice,) = notices_of(instance, "olga@example.org", "jury-answered", "selection")
    assert in_spanish("The jury declined it: nothing changes.") in notice
    listed = objecting.julia.get(f"/selections/{objecting.selection.uuid}/jury").text
    assert "Lo rechazó Julia Quinde. Lo pidió Pilar Maestra" in listed


def let_two_agree_again(objecting: Objecting) -> None:
    objecting.hugo.get(f"/selections/decisions/{decisions(objecting.instance)[-1].uuid}")
    objecting.hugo.submit("/agreement")
    objecting.hugo.deliver_jobs()


def test_a_reopening_needs_two_and_stands_beside_the_attempt(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    attempt = objecting.attempt(DIANA)
    owner.get(f"/attempts/{attempt}/reopening")
    owner.submit("/reopening", {"reason": REASON})
    assert percent_of(instance, attempt)[0] == "finished"

    let_two_agree(objecting)

    assert percent_of(instance, attempt)[0] == "in_progress"
    dry_run = regrade_row(instance, try_to_void(instance, "p5"))
    assert dry_run is not None
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.uuid == attempt).values(state="finished", raw=3, percent=60, passed=False))
    words = in_spanish("Attempt reopened by %(people)s, reason: %(reason)s", people="Julia Quinde y Hugo Quinde", reason=REASON)
    an_acta(objecting.julia, objecting.selection)
    assert words in objecting.julia.page.text


def test_a_dry_run_names_what_was_done_by_hand(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    ask_to_mark(owner, objecting.attempt(DIANA))
    let_two_agree(objecting)

    dry_run = regrade_row(instance, try_to_void(instance, "p4"))

    page = owner.get(f"/courses/prueba/quizzes/cuestionario-1/regrades/{dry_run.uuid}?show=all")
    assert in_spanish(BY_HAND, number="5", people="Julia Quinde y Hugo Quinde", reason=REASON) in page.text


def test_the_task_after_a_final_acta_says_by_whom_and_why(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    path = an_acta(objecting.julia, objecting.selection)
    objecting.julia.submit("/signature")
    objecting.hugo.get(path)
    objecting.hugo.submit("/signature")
    ask_to_mark(owner, objecting.attempt(DIANA))
    let_two_agree(objecting)

    page = objecting.julia.get(f"/selections/{objecting.selection.uuid}/amendment")

    assert in_spanish(BY_HAND, number="5", people="Julia Quinde y Hugo Quinde", reason=REASON) in page.text


def test_a_mark_that_changed_meanwhile_is_not_overwritten(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    attempt = objecting.attempt(DIANA)
    ask_to_mark(owner, attempt)
    editor = an_editor(instance)
    give(instance, editor, attempt, Fraction(1, 2))
    decision = f"/selections/decisions/{decisions(instance)[0].uuid}"
    objecting.julia.get(decision)
    objecting.julia.submit("/agreement")
    objecting.hugo.get(decision)

    objecting.hugo.submit("/agreement", status=409)

    assert percent_of(instance, attempt) == ("finished", "70")
    assert decisions(instance)[0].closed_at is None


def give(instance: Instance, editor: Actor, attempt: UUID, points: Fraction) -> None:
    with instance.database.unit_of_work() as session:
        subject = marks.lock_marked_item(session, editor, attempt, 5)
        seen = marks.current_events(session, [subject.item.id])[subject.item.id].id
        given = ManualMarkValues(points, seen, reason="Antes.")
        mark_by_hand(session, editor, subject, given, agreed_by=editor.person_id, now=clock.now())


def test_what_one_person_did_before_stands_in_the_acta_too(instance: Instance, objecting: Objecting) -> None:
    """Read from the log, with the reason that was written then."""
    give(instance, an_editor(instance), objecting.attempt(DIANA), Fraction(1))

    an_acta(objecting.julia, objecting.selection)

    with instance.database.unit_of_work(write=False) as session:
        texts = session.scalars(select(SelectionActaEntry.text).where(SelectionActaEntry.acta_id == all_actas(instance)[-1].id)).all()
    assert [text.count('"reason":"Antes."') for text in texts] == [
        1 if '"percent":"80"' in text and "by_hand" in text else 0 for text in texts
    ]
    assert sum("by_hand" in text for text in texts) == 1


def test_the_first_mark_of_what_waits_needs_nobody_new(instance: Instance, objecting: Objecting) -> None:
    editor, attempt = an_editor(instance), objecting.attempt(DIANA)
    with instance.database.unit_of_work() as session:
        subject = marks.lock_marked_item(session, editor, attempt, 5)
        assert needs_jury_to_mark(session, subject)
        waits = {"state": "needs_grading", "fraction": None, "exact": ""}
        session.execute(update(MarkEvent).where(MarkEvent.item_id == subject.item.id).values(waits))

        assert not needs_jury_to_mark(session, subject)


def test_without_a_jury_nobody_moves_it(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, objecting.selection.course_id)
    attempt = answer(instance, a_learner_of(instance, course, None, "fina@example.org"), 3)

    ask_to_mark(owner, attempt, status=409)

    assert in_spanish(NoJury.message) in owner.page.text
    assert percent_of(instance, attempt) == ("finished", "60")
