"""A link from the course folder to the learner's progress. `tests/structure/test_developer_examples.py` runs it in a process of its own.

What stands in `with_links` is what a real kind changes in the product's own files.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select

from courses import publishing, rules
from enrolments.models import ActivityResult
from kernel import migrations
from kernel.db import Database, gather
from lms import app as roof
from lms.app import Instance
from tests.samples.link_activity import feature, migration
from tests.samples.link_activity.publication import LINK
from tests.support import builders
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, folder, publish

pytestmark = pytest.mark.fresh
PAGE = "/courses/prueba/links/ley"
FILE = b"key: ley\ntitle: {es: La ley, en: The act}\nurl: https://example.org/ley\n"


@pytest.fixture(autouse=True)
def with_links(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[None]:
    """Add the kind to the lists of the product, and its table to the database."""
    kinds = replace(roof.KINDS, publishers=(*roof.KINDS.publishers, LINK))
    monkeypatch.setattr(roof, "KINDS", kinds)
    monkeypatch.setattr(builders, "KINDS", kinds)
    monkeypatch.setattr(roof, "FEATURES", (*roof.FEATURES, feature.FEATURE))
    monkeypatch.setattr(roof, "GIVEN", gather(pair for package in roof.FEATURES for pair in package.hooks))
    monkeypatch.setitem(rules._COLLECTIONS, "link", "links")
    database = Database(database_url)
    with database.writing.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration.upgrade()
    yield
    assert migrations.differences(database) == []
    database.dispose()


def a_folder(link: bytes = FILE) -> dict[str, bytes]:
    """Return a course folder with a link."""
    return {**folder(modules=1), "01-parte/04-ley.link.yaml": link}


def test_a_learner_completes_a_link(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, publish(instance, a_folder())[0])
    browser.get(PAGE)
    assert ("https://example.org/ley", "Abrir en example.org") in browser.page.links

    browser.submit(f"{PAGE}/completion")

    assert "Completado" in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        result = session.scalars(select(ActivityResult).where(ActivityResult.activity_key == "ley")).one()
        assert result.completed_at is not None


def test_a_stranger_completes_no_link(browser: Browser, instance: Instance) -> None:
    publish(instance, a_folder())

    browser.get("/courses")
    browser.post(f"{PAGE}/completion", status=401)

    assert "Ingresar" in browser.page.headings


def test_a_link_is_found(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, publish(instance, a_folder())[0])

    browser.get("/search?q=ley")

    assert any(address.startswith(PAGE) for address, _words in browser.page.links)


def test_an_address_that_is_not_secure_refuses_publishing() -> None:
    checked = publishing.prepare(a_folder(FILE.replace(b"https", b"http")), roof.KINDS, today=date(2026, 11, 20))

    assert "C111" in {found.code for found in checked.findings}
    assert checked.prepared is None
