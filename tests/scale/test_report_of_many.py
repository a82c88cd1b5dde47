"""The report and the statistics of many attempts, in memory that does not grow with them; `make bench` measures 36,000."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Course
from kernel import clock
from kernel.tables import write_csv, write_xlsx
from lms.instance import Instance
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent
from quizzes.pages.reports import download_rows, headings
from quizzes.queries import analysis, reports
from quizzes.queries.reports import ReportFilter, ReportOrder
from quizzes.rules.statistics import CountedAttempts
from quizzes.services import analysis as services
from quizzes.services.attempts import SaveRequest
from tests.support import sizes
from tests.support.builders import a_course
from tests.support.learning import a_learner, right_batch, start, submit

FEW = 240
MODELS = 12
"""Attempts that are really made; the others are copies of theirs by other people."""
KEY = "cuestionario-1"
CHUNK = 1000
SECONDS = {"csv": 20, "xlsx": 60, "statistics": 45}
"""Bars for 36,000, of processor time: downloads within a minute, the statistics within the lease of a job."""
PEAK = 150_000_000
"""Bytes that the statistics of 36,000 attempts may take at most."""


def a_class(instance: Instance) -> Course:
    """Publish a quiz of seven questions that a few people took, some better, some worse."""
    course, now = a_course(instance, modules=1), clock.now() - timedelta(days=1)
    for at in range(MODELS):
        learner = a_learner(instance, course, f"modelo{at}@example.org", now=now)
        attempt = start(instance, learner, "prueba", now=now)
        batch = right_batch(instance, learner, attempt)
        answered = tuple(event for event in batch.events if (event.item * 5 + at * 3) % MODELS >= at // 2)
        submit(instance, learner, attempt, SaveRequest(batch.lease, answered, batch.kind), now=now + timedelta(minutes=at + 1))
    return course


def rows_of(session: Session, model: type, *conditions: object) -> list[dict[str, object]]:
    """Return rows as values of columns."""
    columns = list(model.__table__.columns)  # type: ignore[attr-defined]  # a mapped class
    found = session.execute(select(*columns).where(*conditions).order_by(columns[0]))  # type: ignore[arg-type]  # conditions
    return [dict(row._mapping) for row in found]


def copy(instance: Instance, count: int) -> None:
    """Let so many other people have taken the quiz as those few did."""
    with instance.database.unit_of_work() as session:
        attempts = rows_of(session, Attempt)
        person = rows_of(session, Person)[0]
        items = {one["id"]: rows_of(session, AttemptItem, AttemptItem.attempt_id == one["id"]) for one in attempts}
        wanted = [item["id"] for found in items.values() for item in found]
        marks = {row["item_id"]: row for row in rows_of(session, MarkEvent, MarkEvent.item_id.in_(wanted))}
        answers = {row["item_id"]: row for row in rows_of(session, AnswerEvent, AnswerEvent.item_id.in_(wanted))}
        first = {model: (session.scalar(select(func.max(model.id))) or 0) + 1 for model in (Person, Attempt, AttemptItem)}
    for begin in range(0, count, CHUNK):
        with instance.database.unit_of_work() as session:
            people, taken, laid, marked, given = [], [], [], [], []
            for at in range(begin, min(count, begin + CHUNK)):
                model = attempts[at % MODELS]
                person_id, attempt_id = first[Person] + at, first[Attempt] + at
                people.append(person | {"id": person_id, "uuid": uuid4(), "email": f"copia{at}-{person_id}@example.org"})
                taken.append(model | {"id": attempt_id, "uuid": uuid4(), "person_id": person_id})
                for place, item in enumerate(items[model["id"]]):
                    item_id = first[AttemptItem] + at * len(items[model["id"]]) + place
                    laid.append(item | {"id": item_id, "attempt_id": attempt_id})
                    marked.append({name: value for name, value in marks[item["id"]].items() if name != "id"} | {"item_id": item_id})
                    if item["id"] in answers:
                        given.append({name: value for name, value in answers[item["id"]].items() if name != "id"} | {"item_id": item_id})
            for table, rows in ((Person, people), (Attempt, taken), (AttemptItem, laid), (MarkEvent, marked), (AnswerEvent, given)):
                session.execute(insert(table), rows)
    with instance.database.unit_of_work() as session:
        session.execute(text("ANALYZE"))  # a server does so by itself soon after so many rows


def report_as(kind: str, instance: Instance, course: Course) -> BytesIO:
    """Write the report into memory that is counted apart."""
    target = BytesIO()
    with instance.database.unit_of_work(write=False) as session:
        stream = reports.stream_report(session, course.id, KEY, ReportFilter(), ReportOrder())
        rows = download_rows(stream)
        if kind == "csv":
            write_csv(target, headings(), rows)
        else:
            write_xlsx(target, [("Intentos", headings(), rows)])
    return target


def statistics_of(instance: Instance, course: Course) -> int:
    """Compute the statistics; return how many attempts they are of."""
    with instance.database.unit_of_work(write=False) as session:
        quiz = analysis.list_compositions(session, course.id, KEY)
        found = analysis.attempt_set(session, quiz, CountedAttempts.FIRST, quiz.choices[0])
        return services.compute(session, found).quiz.attempts


@pytest.fixture
def traced() -> Iterator[Callable[[Callable[[], object]], int]]:
    """Measure the peak of memory that a function takes."""

    def peak(act: Callable[[], object]) -> int:
        tracemalloc.start()
        act()
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    yield peak
    tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_attempts(instance: Instance, traced: Callable[[Callable[[], object]], int]) -> None:
    """Six times as many attempts cost the statistics and the report's rows no more memory."""
    course = a_class(instance)

    def rows() -> None:
        with instance.database.unit_of_work(write=False) as session:
            stream = reports.stream_report(session, course.id, KEY, ReportFilter(), ReportOrder())
            assert sum(1 for _row in download_rows(stream)) > MODELS

    copy(instance, FEW // 3)
    statistics_of(instance, course)  # fills what a process keeps
    few = traced(lambda: statistics_of(instance, course)), traced(rows)
    copy(instance, FEW * 5 // 3)
    many = traced(lambda: statistics_of(instance, course)), traced(rows)

    assert statistics_of(instance, course) == MODELS + FEW // 3 + FEW * 5 // 3
    assert many[0] < few[0] * 1.5 + analysis.BATCH * 3000, (few, many)
    assert many[1] < few[1] * 1.5 + reports.BATCH * 3000, (few, many)


def test_many_attempts_are_reported_in_time(
    instance: Instance, traced: Callable[[Callable[[], object]], int], say: Callable[[str], None]
) -> None:
    """The report of 36,000 attempts streams; its statistics stay within the lease of a job."""
    course = a_class(instance)
    copy(instance, sizes.ATTEMPTS - MODELS)

    def timed(act: Callable[[], object]) -> float:
        began = time.process_time()
        act()
        return time.process_time() - began

    seconds = {
        "csv": timed(lambda: report_as("csv", instance, course)),
        "xlsx": timed(lambda: report_as("xlsx", instance, course)),
        "statistics": timed(lambda: statistics_of(instance, course)),
    }
    peak = traced(lambda: statistics_of(instance, course))
    if sizes.ATTEMPTS > FEW:
        each = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        say(f"reports of {sizes.ATTEMPTS} attempts, processor time: {each}; statistics at most {peak / 1e6:.0f} MB")

    assert report_as("csv", instance, course).getvalue().count(b"\r\n") == sizes.ATTEMPTS + 1
    assert {name: value for name, value in seconds.items() if value > SECONDS[name]} == {}
    assert peak < PEAK
