"""Pages of an instance that former versions filled, after the upgrade: every role reads what was stored then."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from accounts.models import Person
from accounts.passwords import hash_password
from kernel import migrations
from kernel.codes import printed_code
from kernel.db import Database
from kernel.i18n import number
from kernel.settings import load
from lms.app import create_app, open_instance
from lms.instance import Instance
from questions.question_page import figure
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, sign_in
from tests.support.former_versions import DUMPS, of_then, restore

ATTEMPTS = """
SELECT attempt.uuid, attempt.person_id, course.slug, attempt.activity_key, attempt.raw, attempt.percent, attempt.preview, attempt.state
FROM attempt JOIN course ON course.id = attempt.course_id WHERE NOT attempt.preview
"""
LESSONS = """
SELECT course.slug, activity.key, activity.title FROM activity JOIN course ON course.published_version_id = activity.version_id
WHERE activity.kind = 'page' ORDER BY activity.id
"""
CREDENTIALS = "SELECT uuid, person_id, code, person_name FROM credential"
HIDDEN = ("prueba-inicial-del-curso", "encuesta-de-bienvenida")
"""Quizzes whose results their learners are not shown."""
STAFF = "SELECT person.email FROM course_staff JOIN person ON person.id = course_staff.person_id WHERE course_staff.role = ? LIMIT 1"
ADMINISTRATORS = "SELECT person.email FROM role_grant JOIN person ON person.id = role_grant.person_id WHERE role = 'administrator' LIMIT 1"


@dataclass(frozen=True)
class FormerSite:
    """An instance after the upgrade, and how the version before would have answered: rows of its dump."""

    instance: Instance
    rows: sqlite3.Connection

    def all(self, statement: str, *given: object) -> list[tuple[Any, ...]]:
        """Return the rows of a statement on the dump."""
        return self.rows.execute(statement, given).fetchall()

    def visitor(self, email: str) -> Browser:
        """Return a browser in which somebody of then has signed in."""
        return sign_in(Browser(create_app(self.instance), self.instance), email)


def written(raw: object) -> str:
    """Return how pages write points."""
    return figure(Fraction(str(raw)))


def in_a_title(raw: object) -> str:
    """Return how the title of a review writes points: with two decimals, or none."""
    value = Decimal(str(raw)).quantize(Decimal("0.01"))
    return number(value, 2 if value % 1 else 0)


@pytest.fixture(params=DUMPS, ids=lambda dump: dump.parent.name)
def site(request: pytest.FixtureRequest, tmp_path: Path, database_kind: str) -> Iterator[FormerSite]:
    """Restore what a version left, and upgrade it."""
    kept = tmp_path / "kept.sqlite"
    restore(request.param, kept)
    with of_then(request.param, database_kind, tmp_path) as url:
        database = Database(url)
        migrations.upgrade(database)
        database.dispose()
        instance = open_instance(load(data_dir=tmp_path, database_url=url, public_url="http://localhost:8000"))
        with instance.database.unit_of_work() as session:
            session.execute(update(Person).values(password_hash=hash_password(PASSWORD)))
        with closing(sqlite3.connect(kept)) as rows:
            yield FormerSite(instance, rows)
        instance.database.dispose()


@pytest.mark.slow
def test_learners_find_their_results_and_certificates(site: FormerSite) -> None:
    """Names, marks to two places and codes are those that were stored."""
    [(person, email)] = site.all(
        "SELECT person.id, person.email FROM person JOIN credential ON credential.person_id = person.id"
        " JOIN attempt ON attempt.person_id = person.id GROUP BY person.id ORDER BY count(*) DESC, person.id LIMIT 1"
    )
    visitor = site.visitor(email)
    visitor.get("/learning")
    ended = [row for row in site.all(f"{ATTEMPTS} AND person_id = ?", person) if row[7] == "finished" and row[4] is not None]
    assert ended
    for uuid, _person, slug, key, raw, _percent, _preview, _state in ended:
        visitor.get(f"/courses/{slug}/quizzes/{key}")
        page = visitor.get(f"/attempts/{UUID(uuid)}/review")
        assert key in HIDDEN or in_a_title(raw) in page.headings[0], (slug, key, raw)
    for uuid, _person, code, name in site.all(f"{CREDENTIALS} WHERE person_id = ?", person):
        page = visitor.get(f"/certificates/{UUID(uuid)}")
        assert printed_code(code) in page.text
        assert name in page.text


@pytest.mark.slow
def test_teams_find_lessons_and_every_result_of_their_courses(site: FormerSite) -> None:
    """Lessons, the report of each quiz and the gradebook, for owners, editors and graders."""
    for role in ("owner", "editor", "grader"):
        [(email,)] = site.all(STAFF, role)
        visitor = site.visitor(email)
        for slug, key in sorted({(row[2], row[3]) for row in site.all(ATTEMPTS)})[:: 1 if role == "owner" else 9]:
            page = visitor.get(f"/courses/{slug}/quizzes/{key}/report")
            for row in site.all(f"{ATTEMPTS} AND course.slug = ? AND attempt.activity_key = ? AND attempt.raw IS NOT NULL", slug, key)[:20]:
                assert written(row[4]) in page.text, (slug, key, row)
        for slug, key, title in site.all(LESSONS)[::9]:
            assert json.loads(title)["es"] in visitor.get(f"/courses/{slug}/activities/{key}").text
        for (slug,) in site.all("SELECT slug FROM course WHERE published_version_id IS NOT NULL"):
            visitor.get(f"/teaching/{slug}/gradebook")


@pytest.mark.slow
def test_administrators_find_people_and_certificates(site: FormerSite) -> None:
    """The list of people, the register of certificates and what strangers are told of a code."""
    [(email,)] = site.all(ADMINISTRATORS)
    visitor = site.visitor(email)
    for surname, address in site.all("SELECT first_surname, email FROM person ORDER BY id LIMIT 15"):
        assert surname in visitor.get(f"/administration/people?q={address}").text
    for _uuid, _person, code, name in site.all(CREDENTIALS):
        assert name in visitor.get(f"/administration/certificates?code={code}").text
        assert visitor.another().get(f"/verify/{code}", status=200).headings
