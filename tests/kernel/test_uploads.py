"""Files that are reviewed before they do anything: the form that takes one, what its reader refuses, the pages of its faults."""

from functools import partial
from io import BytesIO

import pytest
from flask import Flask
from flask.ctx import RequestContext
from openpyxl import Workbook

from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import reading
from kernel.left_out import LineFault
from kernel.web.uploads import FAULTS, UploadForm, page_of_faults, send_faults


def sending(app: Flask, name: str, content: bytes = b"x") -> RequestContext:
    return app.test_request_context("/", method="POST", data={"file": (BytesIO(content), name)})


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("lista.csv", "lista.csv"),
        ("a/b/lista\u202e.csv", "lista.csv"),
        (f"{'x' * 200}.csv", f"{'x' * 116}.csv"),
    ],
)
def test_a_file_is_known_by_its_own_name(app: Flask, name: str, shown: str) -> None:
    with sending(app, name, b"correo\n"):
        form = UploadForm()

        assert form.validate_on_submit()
        assert (form.file_name, form.content) == (shown, b"correo\n")


def test_where_nothing_is_chosen_the_field_says_so(app: Flask) -> None:
    with sending(app, ""), reading("en"):
        form = UploadForm()

        assert not form.validate_on_submit()
        assert [text for _field, text in form.faults] == ["Choose a file."]


def refuse(kind: type[Invalid | Conflict], content: bytes) -> bytes:
    raise kind(N_("The list is empty."), size=len(content))


def test_a_refusal_of_the_reader_stands_beside_the_file(app: Flask) -> None:
    with sending(app, "lista.csv"), reading("en"):
        form = UploadForm()

        assert form.read(bytes.upper) == b"X"
        assert form.read(partial(refuse, Invalid)) is None
        assert [text for _field, text in form.faults] == ["The list is empty."]
        with pytest.raises(Conflict):
            form.read(partial(refuse, Conflict))
        assert form.read(partial(refuse, Conflict), refused_by=Conflict) is None


def test_faults_are_shown_by_pages_and_sent_as_a_whole(app: Flask) -> None:
    second = LineFault(2, "", "The name is missing.")
    faults = [
        LineFault(number, "=1", "This code is already on line %(first)s.", {"first": 1}, (second,)) for number in range(2, FAULTS + 3)
    ]
    content = ("clave;texto\n" + "\n".join(f"{number:03};=1" for number in range(2, FAULTS + 3))).encode()
    with app.test_request_context("/"):
        first_page = page_of_faults(faults)
    with app.test_request_context("/?page=2"), reading("en"):
        last_page, sent = page_of_faults(faults), send_faults(faults, content)
        sent.direct_passthrough = False
        lines = sent.get_data().decode("utf-8-sig").splitlines()
        sent.close()

    assert (len(first_page.rows), first_page.has_next) == (FAULTS, True)
    assert (last_page.rows, last_page.number, last_page.has_next) == (faults[FAULTS:], 2, False)
    assert lines[:2] == ["clave;texto;Line;What is wrong", "002;'=1;2;This code is already on line 1. The name is missing."]
    assert len(lines) == FAULTS + 2


def test_the_faults_of_a_sheet_have_its_columns_alone(app: Flask) -> None:
    """A workbook's rows end in empty cells; a formula stands as an empty cell, to be filled in."""
    book = Workbook()
    for row in (["clave", "texto"], ["001", "=1+1"], ["002", "dos"]):
        book.worksheets[0].append(row)
    target = BytesIO()
    book.save(target)
    with app.test_request_context("/"), reading("en"):
        sent = send_faults([LineFault(2, "", "The name is missing.")], target.getvalue())
        sent.direct_passthrough = False
        lines = sent.get_data().decode("utf-8-sig").splitlines()
        sent.close()

    assert lines == ["clave;texto;Line;What is wrong", "001;;2;The name is missing."]
