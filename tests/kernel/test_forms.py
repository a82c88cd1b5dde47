"""Forms: what is cleaned from what people type, and the language of a fault (spec/security 4.2)."""

import json
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from werkzeug.exceptions import BadRequest
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from kernel.i18n import reading
from kernel.web.forms import Form, LineField, MomentField, area, clean_text, read_json
from tests.support.soon import within


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ana   María  ", "Ana María"),
        ("Ana\tMaría\nQuinde", "Ana María Quinde"),
        ("Nun\u0303ez", "Nuñez"),
        ("Ana\u202eadmin", "Anaadmin"),
        ("Ana\u2066x\u2069", "Anax"),
        ("A\u200fB\u061cC\ufeffD", "ABCD"),
        ("Ana\U000e0041\U000e007f", "Ana"),
        ("Ana\x00\x1b[31m", "Ana[31m"),
        ("Ana\ud800", "Ana"),
        ("Ana\x0bMaría\rQuinde", "Ana María Quinde"),
        ("O\u2019Higgins-Ñ", "O\u2019Higgins-Ñ"),
        ("👩\u200d🏫", "👩\u200d🏫"),
        ("<b>&", "<b>&"),
        ("", ""),
    ],
)
def test_a_line_of_text_keeps_what_can_be_seen(typed: str, kept: str) -> None:
    assert clean_text(typed) == kept


def test_text_of_several_lines_keeps_its_lines() -> None:
    assert clean_text(" uno\n\n  dos\x07 \n", lines=True) == "uno\n\n  dos"


class Sample(Form):
    """A form of the tests."""

    name = LineField("Name", [DataRequired()])
    kind = SelectField("Kind", choices=[SelectChoice("a", "A")])
    when = MomentField("When")


def faults(app: Flask, **fields: str) -> list[str]:
    with app.test_request_context("/", method="POST", data=fields):
        form = Sample()
        return [] if form.validate_on_submit() else [text for _field, text in form.faults]


@pytest.mark.parametrize(("language", "required", "choice"), [("en", "This field is required.", "Not a valid choice."), ("es", None, None)])
def test_the_librarys_own_faults_are_told_in_the_readers_language(
    app: Flask, language: str, required: str | None, choice: str | None
) -> None:
    with reading(language):
        assert faults(app, name="x", kind="a") == []
        told = faults(app, name="", kind="b")
    if required is None:
        assert not {"This field is required.", "Not a valid choice."} & set(told)
        assert len(told) == 2
    else:
        assert told == [required, choice]


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "America/Guayaquil", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    ("typed", "fits"),
    [
        ("1900-01-01T00:00", True),
        ("2999-12-31 23:59", True),
        ("31/12/2999 23:59", True),
        ("1899-12-31T23:59", False),
        ("3000-01-01T00:00", False),
        ("0001-01-01T00:00", False),
        ("9999-12-31T18:30", False),
        ("9999-12-31T23:59", False),
    ],
)
def test_a_moment_lies_in_years_that_every_zone_can_tell(app: Flask, typed: str, fits: bool, zone: str) -> None:
    with reading("en", ZoneInfo(zone)):
        told = faults(app, name="x", kind="a", when=typed)

    assert told == ([] if fits else ["Enter a date between the years 1900 and 2999."])


def test_a_head_or_get_is_no_sent_form(app: Flask) -> None:
    for method in ("GET", "HEAD"):
        with app.test_request_context("/?name=x&kind=a", method=method):
            assert not Sample().validate_on_submit()


class NoteForm(Form):
    text = area("Text", most=100)


def test_an_area_holds_no_sign_that_postgresql_refuses(app: Flask) -> None:
    with app.test_request_context("/", method="POST", data={"text": "uno\x00dos\r\ntres\t\u202e"}):
        assert NoteForm().text.data == "unodostres\t" or NoteForm().text.data == "unodos\ntres\t"


@pytest.mark.parametrize("sent", [{"json": {"text": "x"}}, {"json": [1, 2]}, {"data": {"text": (BytesIO(b"x"), "x.txt")}}])
def test_what_no_page_of_ours_sends_is_refused(app: Flask, sent: dict[str, Any]) -> None:
    """A body that is JSON, and a file in the place of a text: 400, and no fault of the server."""
    with app.test_request_context("/", method="POST", **sent):
        assert NoteForm(formdata=None).text.data is None, "a form that takes nothing of the request is drawn"
        with pytest.raises(BadRequest):
            NoteForm()


def test_a_fault_that_only_the_service_found_is_told_beside_its_field(app: Flask) -> None:
    with app.test_request_context("/", method="POST", data={"name": "x", "kind": "a"}):
        form = Sample()
        assert form.validate_on_submit()
        form.refuse(form.name, "Taken.")

        assert form.faults == [(form.name, "Taken.")]


def test_a_string_that_nothing_closes_is_looked_at_once() -> None:
    """spec/security 3.5: what a learner's page sends may have a megabyte."""
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the library says of it
        within(1, lambda: read_json('"' + '\\"' * 400_000))


@pytest.mark.parametrize("text", ['["a\\"[[{", "\\\\", {"b": "["}]', '"\\u00e9"', "[]"])
def test_brackets_within_strings_nest_nothing(text: str) -> None:
    assert read_json(text) == json.loads(text)
