"""What changes after an acta: a task of its jury, an amendment, and the former that stays (spec/selection 4.10 to 4.12)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from accounts.access import MergePair
from accounts.models import Notification, Person
from courses.models import Course
from enrolments.models import Edition
from kernel import clock, outbox
from kernel.codes import printed_code
from kernel.crypto import signing_keys
from kernel.outbox import Delivery
from kernel.permissions import Actor
from lms import erasure
from lms.instance import Instance
from quizzes.attempts import load_attempt
from quizzes.marking import reopen_attempt
from quizzes.models import Attempt
from selections import actas, corrections
from selections.corrections import compare_acta, keep_comparison
from selections.models import ActaCorrection, Selection, SelectionActa
from selections.standing import list_own_lines
from tests.support.access import outcome
from tests.support.browser import Browser
from tests.support.builders import a_person, publish, sign_in
from tests.support.editions import a_learner_of, an_edition, take_out
from tests.support.learning import actor_of, all_at_once
from tests.support.objections import PROPOSAL, Objecting
from tests.support.regrading import regrade_row, undo
from tests.support.selection_access import a_selection_cast
from tests.support.selections import (
    a_final,
    a_juror,
    a_sat_selection,
    a_selecting_folder,
    a_selection,
    all_actas,
    an_acta,
    an_editor,
    answer,
    document,
    name,
    sign_by_two,
    try_to_void,
    void,
)
from tests.support.wording import in_spanish

REASON = "La pregunta 5 admitía dos respuestas."


@pytest.fixture
def selection(instance: Instance) -> Selection:
    """Four people who sat a selecting quiz of five questions, and one who did not."""
    return a_sat_selection(instance)


@pytest.fixture
def juror(browser: Browser, instance: Instance, selection: Selection) -> Browser:
    """Return a member of the jury of a selection whose final acta is in force."""
    return a_final(browser, instance, selection)


def tasks(instance: Instance) -> list[ActaCorrection]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(ActaCorrection).order_by(ActaCorrection.id)))


def counted(task: ActaCorrection) -> tuple[int, int, int, int]:
    return task.results, task.outcomes, task.ranks, task.others


def told(instance: Instance, key: str) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        people = select(Person.email).join(Notification, Notification.person_id == Person.id)
        return sorted(session.scalars(people.where(Notification.key.startswith(key))))


def spaced(text: str) -> str:
    return text.replace("\xa0", " ")


def test_a_void_after_a_final_acta_changes_nothing_of_it_and_opens_a_task(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.10: “3 results, 1 outcome, 2 ranks”; the acta says that corrections are pending, byte for byte as before."""
    final = all_actas(instance)[-1]
    before = document(instance, final)
    public = f"/acta/selection/{printed_code(final.code)}"
    sentence = in_spanish("Something changed since it was made: its jury has yet to decide whether it is amended.")
    assert sentence not in juror.another().get(public).text

    void(instance, "p5")
    juror.deliver_jobs()

    (task,) = tasks(instance)
    assert (task.acta_id, counted(task), task.closed_at) == (final.id, (3, 1, 2, 0), None)
    assert document(instance, final) == before
    assert in_spanish("Later corrections pending.") in juror.get(f"/selections/actas/{final.uuid}").text
    assert in_spanish("Later corrections pending") in juror.get("/selections").text
    assert sentence in juror.another().get(public).text
    assert told(instance, "acta-correction:") == ["hugo@example.org", "julia@example.org"]


def test_the_page_of_the_task_shows_each_line_before_and_after(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.10: outcomes before results before ranks."""
    void(instance, "p5")
    juror.deliver_jobs()

    text = spaced(juror.get(f"/selections/{selection.uuid}/amendment").text)

    assert "60,00 % → 75,00 %" in text
    assert "80,00 % → 100,00 %" in text
    assert f"{in_spanish('Not passed')} → {in_spanish('Passed')}" in text
    assert text.index("60,00 % → 75,00 %") < text.index("80,00 % → 100,00 %")


@pytest.mark.slow
def test_an_amendment_is_signed_by_two_with_reason_differences_and_the_document_before(
    browser: Browser, juror: Browser, instance: Instance, selection: Selection
) -> None:
    """spec/selection 4.10, end-to-end 3: nobody is lower, the former document still verifies, both stay readable."""
    final = all_actas(instance)[-1]
    former, keys = document(instance, final), signing_keys(instance.settings.data_dir)
    void(instance, "p5")
    juror.deliver_jobs()

    sign_by_two(browser, instance, selection, juror, REASON)
    juror.deliver_jobs()

    amendment = all_actas(instance)[-1]
    found = json.loads(document(instance, amendment))
    assert (amendment.kind, amendment.state, found["reason"]) == ("amendment", "in_force", REASON)
    assert found["previous"] == final.sha256
    assert found["differences"] == {"results": 3, "outcomes": 1, "ranks": 2, "others": 0}
    assert [line.get("was") for line in found["lines"]] == [
        None,
        {"person": "p2", "percent": "80", "shown": "80.00", "rank": 2},
        {"person": "p3", "percent": "80", "shown": "80.00", "rank": 2},
        {"person": "p4", "percent": "60", "shown": "60.00", "outcome": "not_passed"},
        None,
    ]
    raised = {line["person"]: line.get("shown") for line in found["lines"]}
    assert raised == {"p1": "100.00", "p2": "100.00", "p3": "100.00", "p4": "75.00", "p5": None}
    assert document(instance, final) == former
    assert keys.verifies(final.key_id, former, final.signature)
    assert in_spanish("Another acta followed this one.") in juror.get(f"/selections/actas/{final.uuid}").text
    assert [(task.ending, counted(task)) for task in tasks(instance)] == [("amended", (3, 1, 2, 0))]


def test_those_whom_an_amendment_touches_are_told_and_see_before_and_after(
    browser: Browser, juror: Browser, instance: Instance, selection: Selection
) -> None:
    """spec/selection 4.10: a notice to three, none to the others; the own line says what it was."""
    void(instance, "p5")
    juror.deliver_jobs()
    sign_by_two(browser, instance, selection, juror, REASON)
    juror.deliver_jobs()

    assert told(instance, "acta-amended:") == ["berta@example.org", "carla@example.org", "diana@example.org"]
    diana = sign_in(browser.another(), "diana@example.org").get(f"/selections/{selection.uuid}/own-line")
    assert in_spanish("result %(result)s", result="60,00 %") in spaced(diana.text)
    assert REASON in diana.text
    juror.get(f"/selections/actas/{all_actas(instance)[-1].uuid}?show=changed")
    assert juror.page.text.count(in_spanish("before: %(words)s", words="")[:-1]) == 3


def test_everybody_in_an_acta_is_notified_once_it_is_final(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.1: whether their line differs from the provisional one or not."""
    juror.deliver_jobs()

    (final,) = (acta for acta in all_actas(instance) if acta.kind == "final")
    assert told(instance, f"acta-published:{final.uuid}") == [f"{name}@example.org" for name in ("ana", "berta", "carla", "diana", "eva")]


def test_an_undone_regrade_closes_the_task_and_the_page_keeps_it(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.12, end-to-end 8: never a return to silence."""
    regrade = void(instance, "p5")
    juror.deliver_jobs()

    undo(instance, an_editor(instance), regrade)
    juror.deliver_jobs()

    (task,) = tasks(instance)
    assert (task.ending, counted(task)) == ("reverted", (3, 1, 2, 0))
    page = juror.get(f"/selections/{selection.uuid}")
    assert in_spanish("Later corrections pending.") not in page.text
    assert in_spanish("Closed: the results are again those of the acta") in page.text
    juror.get(f"/selections/{selection.uuid}/amendment", status=409)
    assert len(told(instance, f"acta-correction:{task.id}:closed")) == 2


@pytest.mark.slow
def test_a_regrade_that_is_undone_after_its_amendment_asks_for_another(
    browser: Browser, juror: Browser, instance: Instance, selection: Selection
) -> None:
    """spec/selection 4.12, end-to-end 8: the second amendment says what the first took in, backwards."""
    regrade = void(instance, "p5")
    juror.deliver_jobs()
    sign_by_two(browser, instance, selection, juror, REASON)
    first = all_actas(instance)[-1]
    undo(instance, an_editor(instance), regrade)
    juror.deliver_jobs()

    sign_by_two(browser, instance, selection, juror, "La pregunta 5 vuelve a contar.")

    second = all_actas(instance)[-1]
    found = json.loads(document(instance, second))
    assert [task.ending for task in tasks(instance)] == ["amended", "amended"]
    assert (second.number, found["previous"]) == (4, first.sha256)
    assert [line.get("shown") for line in found["lines"]] == ["100.00", "80.00", "80.00", "60.00", None]


def test_what_is_undone_while_an_amendment_is_frozen_leaves_no_empty_amendment(
    juror: Browser, instance: Instance, selection: Selection
) -> None:
    """spec/selection 4.12: an amendment that says nothing is not made."""
    regrade = void(instance, "p5")
    juror.deliver_jobs()
    juror.get(f"/selections/{selection.uuid}/amendment")
    juror.submit("/amendment", {"reason": REASON})
    path = juror.path
    undo(instance, an_editor(instance), regrade)
    juror.deliver_jobs()

    assert all_actas(instance)[-1].state == "discarded"
    assert in_spanish("This acta was not made") in juror.get(path).text


def test_an_amendment_needs_a_reason_and_a_difference(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 12: without a difference nobody amends."""
    juror.get(f"/selections/{selection.uuid}/amendment", status=409)
    with instance.database.unit_of_work() as session, pytest.raises(actas.NothingToAmend):
        actas.request_acta(session, Actor(person_id=1), selection.id, reason=REASON, now=clock.now())
    void(instance, "p5")
    juror.deliver_jobs()

    juror.get(f"/selections/{selection.uuid}/amendment")
    juror.submit("/amendment", {"reason": " "}, status=422)

    assert len(all_actas(instance)) == 2


def test_of_two_members_who_amend_at_once_one_wins(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 12: the other is told; there is one draft."""
    void(instance, "p5")
    juror.deliver_jobs()
    people = [name(instance, selection, f"jurado{at}@example.org") for at in range(2)]

    def amend(at: int) -> int:
        with instance.database.unit_of_work() as session:
            return actas.request_acta(session, Actor(person_id=people[at].id), selection.id, reason=REASON, now=clock.now()).number

    came = all_at_once(2, amend)

    assert sorted(type(one).__name__ for one in came) == ["ActaOpen", "int"]
    assert [row.kind for row in all_actas(instance)] == ["provisional", "final", "amendment"]


def test_a_dry_run_shows_which_actas_it_touches(juror: Browser, instance: Instance, selection: Selection, browser: Browser) -> None:
    """spec/selection 4.11: before it is committed; how many people of it, and how many would pass or fail instead."""
    dry_run = regrade_row(instance, try_to_void(instance, "p5"))
    editor = sign_in(browser.another(), "editora@example.org")

    page = editor.get(f"/courses/prueba/quizzes/cuestionario-1/regrades/{dry_run.uuid}")

    assert f"{in_spanish('Final acta')} {printed_code(all_actas(instance)[-1].code)}, Marzo" in page.text
    assert in_spanish("%(count)s person in it would have another result", 3) in page.text
    assert tasks(instance) == []


def test_a_dry_run_counts_no_attempt_that_does_not_count(browser: Browser, instance: Instance) -> None:
    """Who has full marks in one attempt and not in another keeps the result: the best one counts."""
    course = publish(instance, a_selecting_folder(more="attempts: 2\n"))[0]
    edition = an_edition(instance, course)
    for email, rights in (("ana@example.org", (5, 3)), ("diana@example.org", (3,))):
        learner = a_learner_of(instance, course, edition, email)
        for right in rights:
            answer(instance, learner, right)
    selection = a_selection(instance, course, edition)
    a_final(browser, instance, selection)
    dry_run = regrade_row(instance, try_to_void(instance, "p5"))

    with instance.database.unit_of_work(write=False) as session:
        touched = [(one.people, one.outcomes) for one in corrections.list_touched(session, dry_run)]

    assert touched == [(1, 1)]


def test_a_reopened_attempt_opens_a_task_until_it_is_submitted_again(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.10: while it is open its person has no result; the comparison comes again by itself."""
    editor = an_editor(instance)
    with instance.database.unit_of_work() as session:
        attempt = session.scalars(select(Attempt).order_by(Attempt.id).limit(1)).one()
        reopen_attempt(session, editor, load_attempt(session, attempt.id), "Se cortó la luz.", agreed_by=editor.person_id, now=clock.now())
    juror.deliver_jobs()

    (task,) = tasks(instance)
    assert (task.outcomes, task.results, task.closed_at) == (1, 1, None)
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.id == attempt.id).values(state="finished", raw=5, percent=100, passed=True))
    outbox.deliver_waiting(instance.worker, now=clock.now() + timedelta(minutes=11))

    assert tasks(instance)[0].ending == "reverted"


def test_who_leaves_after_a_final_acta_stays_in_its_amendments(
    browser: Browser, juror: Browser, instance: Instance, selection: Selection
) -> None:
    """spec/selection 4.3 and 4.10: an amendment is about the people of the acta that it amends."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course)).one()
        berta = session.scalars(select(Person).where(Person.email == "berta@example.org")).one()
    take_out(instance, course, actor_of(berta))
    compare(instance, all_actas(instance)[-1])
    assert tasks(instance) == []
    void(instance, "p5")
    juror.deliver_jobs()

    sign_by_two(browser, instance, selection, juror, REASON)

    assert len(json.loads(document(instance, all_actas(instance)[-1]))["lines"]) == 5


def test_who_comes_into_the_edition_later_counts_once_they_have_sat(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.10: whoever was left out by mistake can be added, newcomers without a result are no difference."""
    with instance.database.unit_of_work(write=False) as session:
        course, edition = session.scalars(select(Course)).one(), session.scalars(select(Edition)).one()
    fabia = a_learner_of(instance, course, edition, "fabia@example.org")
    compare(instance, all_actas(instance)[-1])
    assert tasks(instance) == []

    answer(instance, fabia, 5)
    with instance.database.unit_of_work(write=False) as session:
        assert corrections.list_stale(session, after=0) == [all_actas(instance)[-1].id]
    juror.instance.worker.handlers["selections.compare_stale"](a_delivery(instance))
    juror.deliver_jobs()

    assert [counted(task) for task in tasks(instance)] == [(0, 0, 3, 1)]


def test_a_comparison_of_before_changes_nothing_of_a_later_one(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.10: two workers at once; what was read last stands."""
    final = all_actas(instance)[-1]
    with instance.database.unit_of_work(write=False) as session:
        early = compare_acta(session, session.get_one(SelectionActa, final.id), at=clock.now())
    assert early is not None
    void(instance, "p5")
    juror.deliver_jobs()

    with instance.database.unit_of_work() as session:
        keep_comparison(session, early, now=clock.now())

    assert [task.closed_at for task in tasks(instance)] == [None]


def test_rules_that_are_published_later_do_not_reach_an_acta(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.2: the pass mark and the grading of an amendment are those of the acta that it amends."""
    publish(instance, a_selecting_folder(more="attempts: 1\npass_mark: 10\n"))

    compare(instance, all_actas(instance)[-1])

    assert tasks(instance) == []


def test_what_changes_after_a_provisional_acta_is_no_task_of_the_jury(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 5.11: the final acta takes it in; the provisional one says that something is pending."""
    juror = a_juror(browser, instance, selection)
    path = an_acta(juror, selection)
    juror.submit("/publication")
    void(instance, "p5")
    juror.deliver_jobs()

    assert in_spanish("The final acta takes it in.") in juror.get(path).text
    listed = juror.get(f"/selections/{selection.uuid}").text
    assert in_spanish("Open: the final acta takes it in") in listed
    assert in_spanish("Open: the jury decides on an amendment") not in listed
    assert told(instance, "acta-correction:") == []
    juror.get(f"/selections/{selection.uuid}/amendment", status=403)
    sign_by_two(browser, instance, selection, juror)
    assert [task.ending for task in tasks(instance)] == ["amended"]


def test_lines_follow_an_account_that_is_merged(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.14: the person sees the own line with the account that stays; the acta says what it said."""
    final = all_actas(instance)[-1]
    before = document(instance, final)
    other = a_person(instance, "ana.otra@example.org", given="Ana")
    with instance.database.unit_of_work() as session:
        boss, closed = (session.scalars(select(Person).where(Person.email == f"{one}@example.org")).one() for one in ("admin", "ana"))
        pair = MergePair(session.get_one(Person, other.id), closed)
        erasure.merge(session, actor_of(boss), pair, "Dos cuentas.", now=clock.now())
    juror.deliver_jobs()

    with instance.database.unit_of_work(write=False) as session:
        assert [line.entry.place for line in list_own_lines(session, final.id, other.id)] == [1]
        assert list_own_lines(session, final.id, closed.id) == []
    assert document(instance, final) == before
    assert tasks(instance) == []


@pytest.mark.matrix
def test_every_cell_of_an_amendment(browser: Browser, instance: Instance) -> None:
    """Access: acta.amend."""
    cast = a_selection_cast(browser, instance)
    others = f"/selections/{cast.selection.uuid}/amendment"
    with instance.database.unit_of_work(write=False) as session:
        ema = session.scalars(select(Person).where(Person.email == "ema@example.org")).one()
    answer(instance, actor_of(ema), 4)
    a_final(browser, instance, cast.selection, cast.browsers["J"])
    faults = cast.check("acta.amend", "final_without_difference", cast.outcomes(others, "POST", {"reason": REASON}))
    void(instance, "p5")
    cast.browsers["J"].deliver_jobs()

    faults += cast.check("acta.amend", "final_with_difference", cast.outcomes(others))

    assert faults == []


def compare(instance: Instance, acta: SelectionActa) -> None:
    """Compare an acta with the results at once."""
    with instance.database.unit_of_work() as session:
        found = compare_acta(session, session.get_one(SelectionActa, acta.id), at=clock.now())
        assert found is not None
        keep_comparison(session, found, now=clock.now())


def a_delivery(instance: Instance) -> Delivery:
    """Return the delivery of a job that was not stored."""
    return Delivery(instance.database, instance.settings, 0, {}, clock.now())


def test_a_regrade_that_another_jury_ordered_changes_an_acta_only_with_the_two_of_its_own(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.16: the task names what was regraded, why and by whom; the others' jury neither amends nor signs."""
    selection = a_sat_selection(instance)
    juror = a_final(browser, instance, selection)
    before = document(instance, all_actas(instance)[-1])
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, selection.course_id)
    edition = an_edition(instance, course, "Otra")
    answer(instance, a_learner_of(instance, course, edition, "pia@example.org"), 3)
    other = a_selection(instance, course, edition)
    rosa = a_juror(browser.another(), instance, other, "rosa@example.org", given="Rosa")
    an_acta(rosa, other)
    rosa.submit("/publication")
    theirs = Objecting(instance, other, rosa, a_juror(browser.another(), instance, other, "omar@example.org", given="Omar"))
    theirs.object_to(5, "pia@example.org")
    theirs.propose()
    rosa.deliver_jobs()
    theirs.decide()
    rosa.deliver_jobs()

    newest = max((row for row in all_actas(instance) if row.selection_id == selection.id), key=lambda row: row.number)
    assert [task.results > 0 for task in tasks(instance) if task.acta_id == newest.id] == [True]
    page = juror.get(f"/selections/{selection.uuid}/amendment").text
    said = in_spanish("By objections; proposed by %(proposer)s, decided by %(decider)s", proposer="Rosa", decider="Omar")
    assert PROPOSAL["ground"] in page
    assert said.partition("Omar")[0].partition("Rosa")[0] in page
    assert "Rosa" in page
    assert "Omar" in page
    assert (newest.state, document(instance, newest)) == ("in_force", before)
    assert outcome(rosa, f"/selections/{selection.uuid}/amendment", "POST", {"reason": REASON}) == "deny"
    path = an_acta(juror, selection, REASON)
    draft = max((row for row in all_actas(instance) if row.selection_id == selection.id), key=lambda row: row.number)
    assert outcome(rosa, f"{path}/signature", "POST", {"sha256": draft.sha256}) == "deny"
    assert draft.state == "draft"
