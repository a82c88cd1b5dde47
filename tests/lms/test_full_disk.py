"""A full disk at every door that takes a file: 503 in words, nothing half-written, and the same works again later (spec/security 6.3)."""

import ast
import errno
import os
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from kernel.archives import write_archive
from lms.instance import Instance
from tests.support.attempts import begin
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, folder, sign_in
from tests.support.communities import a_community
from tests.support.lessons import a_picture
from tests.support.pass_marks import a_record, fill, sheet_of
from tests.support.places import a_place, put
from tests.support.project import PACKAGES, ROOT
from tests.support.quizzes import a_quiz_asking
from tests.support.transfers import send as send_questions
from tests.support.uploads import UPLOADS
from tests.support.wording import in_spanish

PDF = b"%PDF-1.4 "
"""Begins each content; every door has one of its own, since what the store holds already is not written."""
MOODLE = (
    b'<?xml version="1.0"?><quiz><question type="truefalse"><name><text>foto</text></name><questiontext format="html">'
    b'<text><![CDATA[<p>Mire <img src="@@PLUGINFILE@@/foto.png" alt="Una casa"> y diga.</p>]]></text>'
    b'<file name="foto.png" path="/" encoding="base64">' + b64encode(a_picture(size=(8, 3))) + b"</file></questiontext>"
    b'<answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer></question></quiz>'
)
Send = Callable[[int], Any]
"""Sends a file, and finds this status."""


def post(browser: Browser, path: str, status: int, **fields: object) -> None:
    """Send a form with the token of the page that the browser shows."""
    token = next(value for form in browser.page.forms for name, value in form.fields if name == "csrf_token")
    browser.path = path
    browser._request("POST", path, data={"csrf_token": token, **fields}, content_type="multipart/form-data")
    browser._arrive(status)


def an_editor(browser: Browser, instance: Instance) -> Browser:
    a_teacher(instance, a_course(instance, modules=1))
    return sign_in(browser, "profe@example.org")


def medium(browser: Browser, instance: Instance) -> Send:
    editor = an_editor(browser, instance)
    editor.get("/teaching/prueba/media")
    return lambda status: post(
        editor, "/teaching/prueba/media", status, file=(BytesIO(a_picture(size=(5, 3))), "foto.png"), folder="", do="send"
    )


def picture_of_a_lesson(browser: Browser, instance: Instance) -> Send:
    editor = an_editor(browser, instance)
    editor.get("/teaching/prueba/lessons/leccion-1")
    fields = {"alternative": "Una foto", "caption": ""}
    return lambda status: post(
        editor, "/teaching/prueba/lessons/leccion-1/files", status, file=(BytesIO(a_picture(size=(6, 3))), "foto.png"), **fields
    )


def picture_of_a_course(browser: Browser, instance: Instance) -> Send:
    editor = an_editor(browser, instance)
    address = "/teaching/prueba/settings"

    def send(status: int) -> None:
        editor.get(address)
        fields: dict[str, list[str]] = {}
        for name, value in editor.page.form("/settings").fields:
            fields.setdefault(name, []).append(value)
        picture = (BytesIO(a_picture(size=(9, 3))), "foto.png")
        post(editor, address, status, **{**fields, "image_alt_es": "Una foto", "image_alt_en": "A picture", "image__upload": picture})

    return send


def course_folder(browser: Browser, instance: Instance) -> Send:
    editor = an_editor(browser, instance)
    target = BytesIO()
    write_archive(target, folder(modules=1) | {"medios/foto.png": a_picture(size=(7, 3))})
    editor.get("/teaching/prueba/folder")
    post(editor, "/teaching/prueba/folder", 200, file=(BytesIO(target.getvalue()), "curso.zip"))
    page = editor.path
    return lambda status: (editor.get(page), editor.submit(page.rpartition("/")[2], status=status))


def pictures_of_questions(browser: Browser, instance: Instance) -> Send:
    editor = an_editor(browser, instance)
    send_questions(editor, MOODLE, "preguntas.xml")
    page = editor.path
    return lambda status: (editor.get(page), editor.submit(page.rpartition("/")[2], status=status))


def answer_with_a_file(browser: Browser, instance: Instance) -> Send:
    course = a_quiz_asking(instance, UPLOADS, "attempts: 0\nper_page: 1\n", ("archivo-1", "ensayo-1"))
    a_learner_in(browser, course)
    path = begin(browser)
    return lambda status: post(browser, f"{path}/files", status, place="1", upload=(BytesIO(PDF + b"informe"), "informe.pdf"))


def evidence_of_a_waiver(browser: Browser, instance: Instance) -> Send:
    put(instance, a_person(instance), a_place(instance, "IESS", code="IESS"))
    learner = sign_in(browser)
    learner.get("/learning/waivers/new")
    fields = {"kind": "commission", "obligation": "", "first_on": "2026-11-01", "last_on": "2027-01-31", "document": "1"}
    return lambda status: post(learner, "/learning/waivers/new", status, evidence=(BytesIO(PDF + b"comision"), "c.pdf"), **fields)


def paper_of_an_expert(browser: Browser, instance: Instance) -> Send:
    names = ("Una", "Dos", "Tres")
    record = a_record(browser, instance, dict.fromkeys(names, 60))
    browser.submit(record, button=("do", "second"))
    for name in names:
        fill(browser, record, name, 60)
    address = f"{sheet_of(browser, record, 'Una')}/paper"
    return lambda status: post(browser, address, status, paper=(BytesIO(PDF + b"hoja"), "hoja.pdf"))


def picture_of_a_community(browser: Browser, instance: Instance) -> Send:
    a_community(instance, a_person(instance))
    founder = sign_in(browser)
    page = "/communities/estadistica-actuarial/manage/links"

    def send(status: int) -> None:
        founder.get(page)
        fields = dict(founder.page.form("/manage/picture").fields)
        picture = (BytesIO(a_picture(size=(11, 3))), "plaza.png")
        post(founder, "/communities/estadistica-actuarial/manage/picture", status, **{**fields, "picture": picture})

    return send


DOORS = {
    "communities/views/links.py": picture_of_a_community,
    "quizzes/views/pass_marks.py": paper_of_an_expert,
    "courses/views/files.py": medium,
    "courses/views/lessons.py": picture_of_a_lesson,
    "courses/views/settings.py": picture_of_a_course,
    "courses/views/folders.py": course_folder,
    "standards/views.py": pytest.param(pictures_of_questions, marks=pytest.mark.slow),
    "quizzes/views/answers.py": answer_with_a_file,
    "compliance/views/claims.py": evidence_of_a_waiver,
}
"""By the module of the views that keep what is sent in."""
KEEPERS = {"put", "put_file", "keep_contents", "keep_evidence"}


def test_every_view_that_keeps_a_file_is_tried() -> None:
    found = set()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        if "views" in path.as_posix():
            calls = (node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
            names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
            if names & KEEPERS:
                found.add(path.relative_to(ROOT).as_posix())

    assert found == set(DOORS)


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_full_disk_is_told_in_words_and_loses_nothing(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch, door: Callable[[Browser, Instance], Send]
) -> None:
    browser.checks = False
    send = door(browser, instance)
    before = set(instance.files.names())

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", no_room)
        send(503)

    assert in_spanish("The server cannot save right now") in browser.page.text
    assert set(instance.files.names()) == before
    send(200)
    assert set(instance.files.names()) > before


def no_room(_file: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
