"""An acta of many people: frozen and compared by jobs in time, shown with few statements, replayed byte for byte (spec/selection 12)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from io import BytesIO

import pytest
from sqlalchemy import insert, select, update

from courses.models import Course
from enrolments.models import Edition, EditionPlace, Enrolment
from kernel import clock
from kernel.crypto import signing_keys
from kernel.outbox import Delivery
from kernel.permissions import Actor
from kernel.tables import write_csv
from lms.instance import Instance
from quizzes.models import Attempt
from selections.actas import RegisterVerdict, freeze, judge_acta, request_acta
from selections.models import ActaCorrection, Selection, SelectionActa, SelectionActaEntry
from selections.standing import read_document, walk_lines
from selections.views import exports
from tests.support import sizes
from tests.support.browser import Browser, every_statement
from tests.support.builders import publish
from tests.support.crowds import MODELS, copy_class
from tests.support.editions import a_learner_of, an_edition
from tests.support.selections import a_folder_with_ties, a_juror, a_selecting_course, a_selection, all_actas, answer, document

FREEZE_SECONDS, COMPARE_SECONDS, CSV_SECONDS = 20, 20, 20
"""Bars for 36,000 lines, of processor time."""
STATEMENTS = 8
LAST_JOB = 10**9
"""No request of the same is newer."""
QUESTIONS = 7


def a_crowd(instance: Instance, people: int, course: Course | None = None, *, juror: Browser | None = None) -> Selection:
    """Return the selection of an edition in which so many people sat a quiz, usually one of seven questions; sign a juror of it in."""
    course = course or a_selecting_course(instance, QUESTIONS)
    edition = an_edition(instance, course)
    for at in range(MODELS):
        answer(instance, a_learner_of(instance, course, edition, f"modelo{at}@example.org"), at % 6, QUESTIONS)
    selection = a_selection(instance, course, edition)
    if juror is not None:
        a_juror(juror, instance, selection)
    copy_class(instance, people - MODELS)  # last: PostgreSQL's counters know nothing of numbers that are given
    _place_all(instance, course, edition)
    return selection


def _place_all(instance: Instance, course: Course, edition: Edition) -> None:
    with instance.database.unit_of_work() as session:
        placed = select(EditionPlace.enrolment_id)
        others = session.scalars(select(Enrolment.id).where(Enrolment.course_id == course.id, Enrolment.id.not_in(placed))).all()
        for start in range(0, len(others), 1000):
            portion = [{"enrolment_id": one, "edition_id": edition.id} for one in others[start : start + 1000]]
            session.execute(insert(EditionPlace), portion)


def run(instance: Instance, kind: str, **arguments: object) -> float:
    """Do a job; return its processor time."""
    began = time.process_time()
    effect = instance.worker.handlers[kind](Delivery(instance.database, instance.worker.settings, LAST_JOB, arguments, clock.now()))
    if effect is not None:
        with instance.database.unit_of_work() as session:
            effect(session)
    return time.process_time() - began


def timed(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


@pytest.mark.slow
def test_an_acta_of_many_is_frozen_in_time_and_shown_with_few_statements(
    browser: Browser, instance: Instance, say: Callable[[str], None]
) -> None:
    """spec/selection 12: 36,000 lines, freeze ≤ 20 s as a job, page ≤ 8 statements, export streamed."""
    juror, selection = browser, a_crowd(instance, sizes.ATTEMPTS, juror=browser)
    with instance.database.unit_of_work() as session:
        acta = request_acta(session, Actor(person_id=1), selection.id, now=clock.now())
    frozen = run(instance, "selections.freeze", acta=acta.id)
    juror.get(f"/selections/actas/{acta.uuid}")
    juror.submit("/publication")
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.raw == 0).values(raw=QUESTIONS, percent=100))
    compared = run(instance, "selections.compare", acta=acta.id)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(ActaCorrection.results)).one() >= sizes.ATTEMPTS // (QUESTIONS + 2)
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionActa).values(kind="final"))  # as amendments see it: by the people of the acta
    amended = run(instance, "selections.compare", acta=acta.id)

    counter = every_statement(instance.database)
    for path in (f"/selections/actas/{acta.uuid}", f"/selections/actas/{acta.uuid}?page={sizes.ATTEMPTS // 50}"):
        counter.reset()
        juror.get(path)
        assert len(counter.statements) <= STATEMENTS, counter.statements
    csv = timed(lambda: export(instance, acta.id))
    verified = timed(lambda: judge(instance, acta.id))
    if sizes.ATTEMPTS > 120:
        say(
            f"acta of {sizes.ATTEMPTS} lines, processor time: freeze {frozen:.1f} s, compare {compared:.1f} and {amended:.1f} s, "
            f"CSV {csv:.1f} s, signature {verified:.2f} s"
        )

    (row,) = all_actas(instance)
    assert (row.people, row.state) == (sizes.ATTEMPTS, "in_force")
    assert frozen < FREEZE_SECONDS
    assert max(compared, amended) < COMPARE_SECONDS
    assert csv < CSV_SECONDS


def test_ties_of_many_are_broken_in_time(instance: Instance, say: Callable[[str], None]) -> None:
    """spec/selection 4.4 and 12: with criteria, nearly everybody of a large list shares a result with others."""
    ties = "ties:\n  objectives: [sumar, contar]\n  draw: Sorteo ante notaría del 3 de mayo\n"
    selection = a_crowd(instance, sizes.ATTEMPTS, publish(instance, a_folder_with_ties(ties))[0])
    with instance.database.unit_of_work() as session:
        acta = request_acta(session, Actor(person_id=1), selection.id, now=clock.now())

    frozen = run(instance, "selections.freeze", acta=acta.id)

    if sizes.ATTEMPTS > 120:
        say(f"acta of {sizes.ATTEMPTS} lines with ties broken by two subtotals, processor time: freeze {frozen:.1f} s")
    assert all("subtotals" in json.loads(line.sealed) for line in lines_of(instance))
    assert frozen < FREEZE_SECONDS


def lines_of(instance: Instance) -> Sequence[SelectionActaEntry]:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(SelectionActaEntry).limit(100)).all()


def export(instance: Instance, acta_id: int) -> None:
    with instance.database.unit_of_work(write=False) as session:
        row = session.get_one(SelectionActa, acta_id)
        target = BytesIO()
        write_csv(target, exports.headings(), exports.table_rows(walk_lines(session, acta_id), row.people))
    assert target.getvalue().count(b"\r\n") == sizes.ATTEMPTS + 1


def judge(instance: Instance, acta_id: int) -> None:
    with instance.database.unit_of_work(write=False) as session:
        row = session.get_one(SelectionActa, acta_id)
        assert judge_acta(session, row, signing_keys(instance.settings.data_dir)) is RegisterVerdict.GENUINE


@pytest.mark.parametrize("people", [60])
@pytest.mark.slow
def test_what_was_frozen_is_frozen_again_byte_for_byte(instance: Instance, people: int) -> None:
    """spec/selection 4.2 and 12: replay equal, from the same marks with the same salts."""
    selection = a_crowd(instance, people)
    with instance.database.unit_of_work() as session:
        acta = request_acta(session, Actor(person_id=1), selection.id, now=clock.now())
    run(instance, "selections.freeze", acta=acta.id)
    (row,) = all_actas(instance)
    assert row.frozen_at is not None
    with instance.database.unit_of_work(write=False) as session:
        salts = iter([line.entry.salt for line in walk_lines(session, row.id)])
        again = freeze(session, row, instance.worker.settings.names, now=row.frozen_at, salts=lambda: next(salts))
        kept = json.loads(b"".join(read_document(session, row)))

    assert kept["lines"] == [json.loads(entry.text) for _ranked, entry, _changed in again.lines]
    assert {name: one for name, one in kept.items() if name != "lines"} == json.loads(json.dumps(again.head))
    assert len(document(instance, row)) > 100 * people
