"""Objecting to questions of one's attempt: the term, what is shown of questions, extending and withdrawing (spec/selection 5.1 to 5.5)."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from kernel.audit import AuditEntry
from lms.instance import Instance
from quizzes.models import AnswerEvent, Attempt, AttemptItem
from tests.support import selections
from tests.support.browser import Browser, every_statement
from tests.support.builders import sign_in
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import At, a_batch, save, start, submit
from tests.support.objections import REASON, WORDS, Objecting, a_published_selection
from tests.support.selections import a_juror, a_selecting_course, a_selection, an_acta
from tests.support.statements import cost
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
"""Noon of 1 June in Guayaquil: the term is over with the 6th, at five in the morning of the 7th."""


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


@pytest.fixture
def case(at: At, browser: Browser, instance: Instance) -> Objecting:
    """A selection in its term."""
    return a_published_selection(browser, instance)


def verbs(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.like("objection.%")).order_by(AuditEntry.id)))


def test_a_learner_objects_in_the_term(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.3: one question of one attempt, a ground and a reason."""
    learner = case.object_to(5)

    (row,) = case.objections()
    assert (row.ground, row.reason, row.opened_at) == ("two_right", REASON, NOON)
    assert row.due_at == datetime(2026, 6, 17, 5, tzinfo=UTC)
    assert case.states() == ["open"]
    assert REASON in learner.page.text
    assert verbs(instance) == ["objection.opened"]


def test_the_same_form_again_changes_nothing(case: Objecting, instance: Instance) -> None:
    """spec/selection 12: by a replayed form."""
    learner = case.object_to(5)
    token = dict(learner.get(case.path(5)).form("objections/5").fields)["csrf_token"]
    for _time in range(2):
        learner.post(case.path(5), {**WORDS, "csrf_token": token})

    assert len(case.objections()) == 1
    assert case.objections()[0].extended_at is None
    assert verbs(instance) == ["objection.opened"]


def test_a_second_one_extends_the_first(case: Objecting, at: At, instance: Instance) -> None:
    """spec/selection 5.3: twice for the same question."""
    case.object_to(5)
    at.pass_(days=2)

    case.object_to(5, ground="law_changed", reason=f"{REASON} Véase el artículo 12.")

    (row,) = case.objections()
    assert (row.ground, row.reason.endswith("artículo 12."), row.extended_at) == ("law_changed", True, at.moment)
    assert row.due_at == datetime(2026, 6, 17, 5, tzinfo=UTC)
    assert verbs(instance) == ["objection.opened", "objection.extended"]


OVER = datetime(2026, 6, 7, 5, tzinfo=UTC)


@pytest.mark.parametrize(("moment", "status"), [(OVER - timedelta(seconds=1), 200), (OVER, 409)])
def test_at_24_00_it_is_refused_with_the_date_and_whom_to_write_to(case: Objecting, at: At, moment: datetime, status: int) -> None:
    """spec/selection 5.1 and 12: at 24:00:00 nothing is written."""
    at.moment = moment - timedelta(seconds=10)
    learner = case.learner()
    learner.get(case.path(5))
    at.moment = moment

    page = learner.submit("objections/5", WORDS, status=status)

    assert len(case.objections()) == (status == 200)
    if status == 409:
        assert "6 de junio de 2026" in page.text
        assert "talento@example.org" in page.text


UNFIT = ("", " " * 50, "Muy corta.", "<script>alert(1)</script>", "x" * 2001, "x" * 10**5, "<b>" * 500)


@pytest.mark.parametrize("reason", UNFIT, ids=lambda words: f"{len(words)}")
def test_a_reason_that_says_too_little_or_too_much_is_refused(case: Objecting, reason: str) -> None:
    """spec/selection 12: with 0 characters, with very many, with a script."""
    page = case.object_to(5, reason=reason, status=422).page

    assert case.objections() == []
    assert in_spanish("Why") in page.text


def test_a_million_characters_are_refused(case: Objecting) -> None:
    """spec/selection 12."""
    learner = case.learner()
    learner.get(case.path(5))

    learner.submit("objections/5", {**WORDS, "reason": "x" * 10**6}, status=413)

    assert case.objections() == []


def test_a_reason_with_a_script_is_shown_as_it_was_written(case: Objecting) -> None:
    """spec/selection 12: nothing of it runs."""
    learner = case.object_to(5, reason=f"{REASON} <script>alert(1)</script>")
    case.julia.get(case.page)

    for page in (learner.page, case.julia.page):
        assert "&lt;script&gt;alert(1)" in page.html
        assert "<script>alert" not in page.html


def test_what_is_withdrawn_stays_withdrawn(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.13 and 12: after withdrawal nothing is written."""
    learner = case.object_to(5)
    learner.get(case.path(5))
    learner.submit("/withdrawal")

    learner.get(case.path(5))
    refused = learner.submit("objections/5", {**WORDS, "reason": f"{REASON} Otra vez."}, status=409)

    assert in_spanish("You withdrew your objection to this question. It cannot be made again.") in refused.text
    assert case.objections()[0].reason == REASON
    assert case.states() == ["withdrawn"]
    assert verbs(instance) == ["objection.opened", "objection.withdrawn"]


def test_it_is_withdrawn_until_an_outcome_is_proposed(case: Objecting) -> None:
    """spec/selection 5.13: withdrawn until proposed."""
    learner = case.object_to(5)
    page = learner.get(case.path(5))
    token = dict(page.form("/withdrawal").fields)["csrf_token"]
    case.propose()

    learner.post(f"{case.path(5)}/withdrawal", {"csrf_token": token}, status=409)

    assert case.objections()[0].withdrawn_at is None


def test_before_the_acta_there_is_no_term(at: At, browser: Browser, instance: Instance) -> None:
    """spec/selection 5.1 and 4.1: the provisional acta opens it; who is in no selection has none."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    inside, outside = a_learner_of(instance, course, edition), a_learner_of(instance, course, None, "otra@example.org")
    attempts = [sit(instance, one) for one in (inside, outside)]
    selection = a_selection(instance, course, edition)
    julia = a_juror(browser, instance, selection, given="Julia")
    path = an_acta(julia, selection)
    learner = sign_in(browser.another(), "ana@example.org")

    before = learner.get(f"/attempts/{attempts[0]}/objections")
    assert in_spanish("You cannot object yet.") in before.text
    learner.get(f"/attempts/{attempts[0]}/objections/1", status=409)
    julia.get(path)
    julia.submit("/publication")

    assert learner.get(f"/attempts/{attempts[0]}/objections/1").form("objections/1")
    other = sign_in(browser.another(), "otra@example.org")
    assert in_spanish("You cannot object yet.") in other.get(f"/attempts/{attempts[1]}/objections").text


def sit(instance: Instance, learner: object, *noted: int) -> object:
    """Submit an attempt in which some questions are objected to while answering."""
    attempt = start(instance, learner, "prueba")  # type: ignore[arg-type]  # an actor
    batch = a_batch({place: ["true"] for place in range(1, 6)})
    save(instance, learner, attempt, batch)  # type: ignore[arg-type]  # an actor
    submit(instance, learner, attempt)  # type: ignore[arg-type]  # an actor
    return attempt


def test_a_note_written_while_answering_is_no_objection_and_waits_in_its_form(case: Objecting, instance: Instance) -> None:
    """spec/selection 5.2: what the box and the page say of it is what happens."""
    with instance.database.unit_of_work() as session:
        of_attempt = select(AnswerEvent, AttemptItem.position).join(AttemptItem, AttemptItem.id == AnswerEvent.item_id)
        of_attempt = of_attempt.join(Attempt, Attempt.id == AttemptItem.attempt_id).where(Attempt.uuid == case.attempt())
        event, position = session.execute(of_attempt.order_by(AnswerEvent.id.desc()).limit(1)).one()
        event.payload = json.dumps(json.loads(event.payload) | {"objection": ["1"], "objection-reason": ["Hay dos respuestas."]})
    learner = case.learner()

    page = learner.get(f"/attempts/{case.attempt()}/objections")

    assert in_spanish("A mark, or a note that you wrote with it, is not an objection yet: send it within the term.") in page.text
    assert "Hay dos respuestas." in learner.get(case.path(position)).text
    assert case.objections() == []


def test_nobody_objects_in_another_s_attempt(case: Objecting) -> None:
    """spec/selection 12: objection.open, other's."""
    other = case.learner("berta@example.org")

    other.get(f"/attempts/{case.attempt()}/objections", status=404)
    other.get(case.path(5), status=404)


@pytest.mark.usefixtures("at")
def test_the_language_of_a_question_is_marked_where_it_is_not_the_readers(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WCAG 3.1.2: a screen reader pronounces the first words of the other questions as Spanish."""
    monkeypatch.setattr(selections, "RULES", selections.RULES.replace("exam\n", "{preset: exam, after: [attempt, marks]}\n"))
    case = a_published_selection(browser, instance)
    learner = case.learner()
    own = f"/attempts/{case.attempt('diana@example.org')}/objections"
    others = re.compile(r'</a>: <span lang="es">[^<]')
    assert "</a>: <span>" in learner.get(own).html

    learner.post("/language", {"language": "en", "next": "/"})

    page = learner.get(own).html
    assert others.search(page)
    assert "</a>: <span>" not in page


def test_the_jury_sees_the_language_of_a_question_marked_too(case: Objecting) -> None:
    """WCAG 3.1.2: a screen reader pronounces the words of the question as Spanish, on the list and on its page."""
    case.object_to(5)
    marked = re.compile(r'<(?:h1|a [^>]*) lang="es">[^<]')
    pages = (case.listing, case.page)
    assert not [path for path in pages if marked.search(case.julia.get(path).html)]

    case.julia.post("/language", {"language": "en", "next": "/"})

    assert [path for path in pages if marked.search(case.julia.get(path).html)] == list(pages)


def test_pages_of_objections_keep_to_ten_statements(case: Objecting) -> None:
    """spec/selection 12: the bars, with one objection and with many."""
    learner, counter = case.object_to(5), every_statement(case.instance.database)
    case.object_to(5, "carla@example.org")
    case.propose()
    learner.checks = case.hugo.checks = False
    found = {}
    for name, visitor, path in (
        ("own", learner, f"/attempts/{case.attempt()}/objections"),
        ("form", learner, case.path(4)),
        ("list", case.hugo, case.listing),
        ("group", case.hugo, case.page),
    ):
        cost(visitor, counter, path)
        found[name] = cost(visitor, counter, path).statements

    assert {name: number for name, number in found.items() if number > 10} == {}
