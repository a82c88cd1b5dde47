"""Compulsory training: statuses computed again, the report, its files and bundles, beside bare programs (spec/compulsory 17)."""

import csv
import gc
import tempfile
import time
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import TextIOWrapper
from itertools import pairwise
from typing import Any

from sqlalchemy import delete, insert, select, text

from accounts.models import Person
from compliance import assignments, report
from compliance.bundles import BundleCover, BundleScope, BundleSource, pack_bundle
from compliance.models import Assignment, AssignmentState, DoneFact, Obligation, StartedFact
from compliance.report import ReportTime, TrainingFilter, list_report_obligations
from compliance.rules.terms import WorkingDays
from compliance.views import report_exports
from courses.models import Course
from enrolments.models import Enrolment
from kernel.db import KeysetPage, PageDirection
from kernel.tables import write_csv
from lms.instance import Instance
from organisations.models import AudienceStayRecord, Organisation
from tests.bench.libraries import alternating
from tests.bench.processes import processor_clock
from tests.bench.table import Row, ratio
from tests.support.builders import a_course
from tests.support.obligations import BEGINNING, JOINED
from tests.support.sizes import TRAINED
from tests.support.training_cases import COURSE, QUITO
from tests.support.training_crowd import a_training_crowd

OBLIGATIONS, UNITS = 20, 300
NOW = datetime(2026, 11, 20, 12, tzinfo=QUITO)
PAST = datetime(2026, 6, 30, 12, tzinfo=QUITO)
BEGUN, DONE = 8, 7
"""Of ten people so many have begun, and so many of them are done."""

_READ = [
    "SELECT * FROM audience_stay WHERE audience_id = :audience AND person_id > :after AND person_id <= :last",
    "SELECT * FROM done_fact WHERE person_id > :after AND person_id <= :last",
    "SELECT * FROM started_fact WHERE person_id > :after AND person_id <= :last",
    "SELECT person_id, enrolled_at FROM enrolment WHERE person_id > :after AND person_id <= :last",
    "SELECT * FROM membership WHERE is_main AND person_id > :after AND person_id <= :last",
    (
        "SELECT s.* FROM assignment_state s JOIN assignment a ON a.id = s.assignment_id"
        " WHERE a.obligation_id = :obligation AND a.person_id > :after AND a.person_id <= :last AND s.known_to IS NULL"
    ),
]
_ROWS = text("SELECT id, state, flags FROM assignment WHERE obligation_id = :obligation AND person_id > :after AND person_id <= :last")
_WRITE = text("UPDATE assignment SET state = :state, flags = :flags, computed_at = :now WHERE id = :id")


@dataclass(frozen=True, slots=True)
class TrainedInstitution:
    """An institution whose people have to take courses: its number, its obligations with their audiences, and its people."""

    id: int
    audiences: Mapping[int, int]
    people: Sequence[int]

    def portions(self) -> Iterator[Sequence[int]]:
        """Yield its people as jobs read them."""
        for start in range(0, len(self.people), assignments.PORTION):
            yield self.people[start : start + assignments.PORTION]


def statuses_and_report(instance: Instance, institution: TrainedInstitution) -> list[Row]:
    """spec/compulsory K1, K2, K5, K6, K7, K9: all statuses again; report, lists and files of an institution; a bundle."""
    _recompute(instance, institution, NOW)
    _analyze(instance)
    gc.collect()
    gc.freeze()  # as `lms` does when it has started: what is loaded is no garbage
    return [
        *_computing(instance, institution),
        *_reading(instance, institution),
        *_files(instance, institution),
    ]


def fill_institution(instance: Instance) -> TrainedInstitution:
    """Let people join, begin and complete; their statuses are computed from that."""
    a_course(instance, COURSE)
    uuid = a_training_crowd(instance, people=TRAINED, units=UNITS, obligations=OBLIGATIONS)
    with instance.database.unit_of_work() as session:
        session.execute(delete(AssignmentState))
        session.execute(delete(Assignment))
        root = session.scalars(select(Organisation.id).where(Organisation.uuid == uuid)).one()
        people = list(session.scalars(select(Person.id).where(Person.email.like("persona%")).order_by(Person.id)))
        audiences = dict(session.execute(select(Obligation.id, Obligation.audience_id)).all())
        course, version = session.execute(select(Course.id, Course.published_version_id).where(Course.slug == COURSE)).one()
        takes: list[dict[str, Any]] = [
            {"person_id": person, "course_id": course, "course_version_id": version, "enrolled_at": BEGINNING, "done": 0, "total": 1}
            for person in people
            if person % 10 < BEGUN
        ]
        for audience in audiences.values():
            session.execute(
                insert(AudienceStayRecord),
                [{"audience_id": audience, "person_id": person, "since_on": JOINED, "recorded_at": BEGINNING} for person in people],
            )
        session.execute(insert(Enrolment), takes)
        begun = session.execute(select(Enrolment.id, Enrolment.person_id).where(Enrolment.course_id == course)).all()
        facts = [{"enrolment_id": number, "person_id": person, "course_id": course} for number, person in begun]
        session.execute(insert(StartedFact), [{**fact, "at": BEGINNING} for fact in facts])
        moments = [BEGINNING + timedelta(days=fact["person_id"] % 300) for fact in facts]
        done = [
            {**fact, "version": 1, "achieved_at": moment, "recorded_at": moment}
            for fact, moment in zip(facts, moments, strict=True)
            if fact["person_id"] % 10 < DONE
        ]
        session.execute(insert(DoneFact), done)
    _analyze(instance)
    return TrainedInstitution(root, audiences, people)


def _analyze(instance: Instance) -> None:
    """Let the database count its rows, as a server's own housekeeping does in time."""
    with instance.database.unit_of_work() as session:
        session.connection().exec_driver_sql("ANALYZE")


def _recompute(instance: Instance, institution: TrainedInstitution, now: datetime) -> int:
    """Compute all statuses in portions, each in its transaction, as the nightly job does; return how many rows were written."""
    return sum(portion.written for portion in _portions(instance, institution, now))


def _portions(instance: Instance, institution: TrainedInstitution, now: datetime) -> Iterator[assignments.RecomputeCount]:
    after: int | None = 0
    while after is not None:
        with instance.database.unit_of_work() as session:
            portion = assignments.recompute_next(session, institution.id, after, now=now)
        yield portion
        after = portion.last


def _rewrite(instance: Instance, institution: TrainedInstitution) -> None:
    """Read the same facts with bare statements, and write every row again."""
    for number, audience in institution.audiences.items():
        for people in institution.portions():
            span = {"obligation": number, "audience": audience, "after": people[0] - 1, "last": people[-1]}
            with instance.database.unit_of_work() as session:
                connection = session.connection()
                for statement in _READ:
                    connection.execute(text(statement), {name: span[name] for name in span if f":{name}" in statement}).all()
                rows = connection.execute(_ROWS, {name: span[name] for name in ("obligation", "after", "last")}).all()
                connection.execute(_WRITE, [{"id": row.id, "state": row.state, "flags": row.flags, "now": NOW.isoformat()} for row in rows])


def _computing(instance: Instance, institution: TrainedInstitution) -> list[Row]:
    later = NOW + timedelta(minutes=1)

    def ours() -> None:
        assert _recompute(instance, institution, later) == 0, "a second computation writes nothing"

    pairs = alternating(ours, lambda: _rewrite(instance, institution), clock=processor_clock(instance.database))
    moments = [time.perf_counter(), *(time.perf_counter() for _portion in _portions(instance, institution, later))]
    longest = max(end - begun for begun, end in pairwise(moments))
    count = len(institution.people) * len(institution.audiences)
    return [
        ratio("K1", f"{count} statuses computed again against bare rewriting", pairs, 7, 3, "s", 1),
        Row("K2", "seconds of its longest transaction", longest, 0.3, 0.3),
    ]


def report_request(instance: Instance, institution: TrainedInstitution, at: datetime) -> tuple[ReportTime, TrainingFilter]:
    """Return of which moment, and of whom, the report of the whole institution is."""
    with instance.database.unit_of_work(write=False) as session:
        obligations = tuple(list_report_obligations(session, institution.id))
    return ReportTime(at.date(), at, NOW, is_past=at != NOW), TrainingFilter(institution.id, True, obligations)


_COUNT = text(
    "SELECT a.obligation_id, m.organisation_id, a.state, count(*) FROM assignment a"
    " JOIN membership m ON m.person_id = a.person_id AND m.is_main AND m.until IS NULL"
    " GROUP BY a.obligation_id, m.organisation_id, a.state"
)


def _reading(instance: Instance, institution: TrainedInstitution) -> list[Row]:
    def count(at: datetime) -> None:
        when, wanted = report_request(instance, institution, at)
        with instance.database.unit_of_work(write=False) as session:
            assert report.count_states(session, when, wanted, WorkingDays())

    def bare() -> None:
        with instance.database.unit_of_work(write=False) as session:
            assert session.connection().execute(_COUNT).all()

    def page(way: PageDirection) -> None:
        when, wanted = report_request(instance, institution, NOW)
        with instance.database.unit_of_work(write=False) as session:
            assert report.list_training_people(session, when, wanted, WorkingDays(), KeysetPage(way), limit=50).rows

    clock = processor_clock(instance.database)
    statuses = f"{len(institution.people) * len(institution.audiences)} statuses"
    return [
        ratio("K5", f"report of an institution, {statuses}, against bare GROUP BY", alternating(lambda: count(NOW), bare, 1, clock), 2, 2),
        ratio("K6", "the same of a past day as known now", alternating(lambda: count(PAST), lambda: count(NOW), 1, clock), 3, 3),
        ratio(
            "K7",
            "list of people: last page against the first",
            alternating(lambda: page(PageDirection.LAST), lambda: page(PageDirection.AFTER), 1, clock),
            1.5,
            1.1,
        ),
    ]


_STREAM = text(
    "SELECT p.first_surname, p.given_names, p.email, o.name, a.obligation_id, a.state, a.flags, a.due_on, a.done_on, a.valid_until"
    " FROM assignment a JOIN person p ON p.id = a.person_id"
    " JOIN membership m ON m.person_id = p.id AND m.is_main AND m.until IS NULL JOIN organisation o ON o.id = m.organisation_id"
    " ORDER BY p.name_key, a.id"
)


def _files(instance: Instance, institution: TrainedInstitution) -> list[Row]:
    when, wanted = report_request(instance, institution, NOW)

    def ours() -> None:
        with instance.database.unit_of_work(write=False) as session, tempfile.TemporaryFile() as target:
            rows = report.stream_training_people(session, when, wanted, WorkingDays())
            table = report_exports.ExportTable.PEOPLE
            write_csv(target, report_exports.table_headings(table), report_exports.people_rows(rows, wanted.obligations, when))

    def bare() -> None:
        with instance.database.unit_of_work(write=False) as session, tempfile.TemporaryFile() as target:
            lines = csv.writer(TextIOWrapper(target, "utf-8", newline=""))
            lines.writerows(session.connection().execution_options(yield_per=1000).execute(_STREAM))

    pairs = alternating(ours, bare, clock=processor_clock(instance.database))
    tracemalloc.start()
    began = time.process_time()
    scope = BundleScope(institution.id, wanted, when)
    with tempfile.TemporaryFile() as target:
        pack_bundle(target, BundleSource(instance.database, instance.keys), scope, BundleCover({"place": "all"}, "bench", {}))
    spent, (_size, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    count = len(institution.people) * len(institution.audiences)
    return [
        ratio("K9", f"{count} statuses as CSV against streamed SQL", pairs, 3, 1.5, "s", 1),
        Row("K9", f"seconds of the processor for a bundle of {len(institution.people)} people", spent, 300, 60),
        Row("K9", "MB of memory of it", peak / 1e6, 60, 30),
    ]
