"""Imports and exports of questions for tests: a file sent through the page, and the bank that it becomes."""

from io import BytesIO

from sqlalchemy import select

from courses import drafts
from courses.models import Course
from lms.instance import Instance
from tests.support.browser import Browser

IMPORTS = "/teaching/prueba/imports"
EXPORTS = "/teaching/prueba/exports"
BANK = "01-parte/banco.yaml"


def send(browser: Browser, content: bytes, name: str = "preguntas.gift", form: str = "", status: int = 200) -> None:
    """Send a file on the page that takes one, and look at what follows."""
    browser.get(IMPORTS)
    fields = {**dict(browser.page.form("/imports").fields), "format": form, "file": (BytesIO(content), name)}
    browser.path = IMPORTS
    browser._request("POST", IMPORTS, data=fields, content_type="multipart/form-data")
    browser._arrive(status)


def body(instance: Instance, path: str = BANK) -> str:
    """Return the text of a bank of the draft, '' where there is none."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
        return drafts.draft_bodies(session, course.id, [path]).get(path, "")
