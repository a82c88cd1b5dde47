"""Periods, lengths of time, dates and languages as people type them in either language, and what is refused with an example."""

import pytest

from courses.content.settings import FieldShape
from courses.content.typed_values import (
    CONVERSIONS,
    LANGUAGES,
    read_dated,
    read_day,
    read_day_or_no,
    read_language,
    read_length,
    read_moment,
    read_period,
    show_date,
    show_language,
    show_length,
    show_period,
    shown_value,
    typed_value,
)
from kernel.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("24 meses", "24 months"),
        ("24 months", "24 months"),
        ("24meses", "24 months"),
        ("1 mes", "1 month"),
        ("2 años", "2 years"),
        ("2 anos", "2 years"),
        ("2 AÑOS", "2 years"),
        ("un año", "1 year"),
        ("a year", "1 year"),
        ("año y medio", None),
        ("1 año y medio", "18 months"),
        ("un año y medio", "18 months"),
        ("a year and a half", "18 months"),
        ("medio año", "6 months"),
        ("half a year", "6 months"),
        ("1,5 años", "18 months"),
        ("1.5 years", "18 months"),
        ("1 año y 6 meses", "18 months"),
        ("1 year, 6 months", "18 months"),
        ("5 días", "5 days"),
        ("1 day", "1 day"),
        ("60 dias", "60 days"),
        ("2 semanas", "14 days"),
        ("no vence", ""),
        ("Ninguno", ""),
        ("none", ""),
        ("", ""),
        ("24", None),
        ("meses", None),
        ("90 minutos", None),
        ("1 año y 5 días", None),
        ("0,3 meses", None),
        ("1.000 días", None),
        ("-3 meses", None),
        ("24 m", None),
        ("6 meses 1 año", None),
        ("24 meses o más", None),
    ],
)
def test_periods_are_read_in_both_languages(typed: str, written: str | None) -> None:
    if written is None:
        with pytest.raises(Invalid):
            read_period(typed)
    else:
        assert read_period(typed) == written


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("90 minutos", "90 min"),
        ("90 min", "90 min"),
        ("90min.", "90 min"),
        ("1 h 30", "90 min"),
        ("1h30", "90 min"),
        ("1h30m", "90 min"),
        ("1 h 30 min", "90 min"),
        ("1 hora y 30 minutos", "90 min"),
        ("1 hour and 30 minutes", "90 min"),
        ("1 hora y media", "90 min"),
        ("una hora y media", "90 min"),
        ("an hour and a half", "90 min"),
        ("media hora", "30 min"),
        ("half an hour", "30 min"),
        ("1,5 h", "90 min"),
        ("1.5 hours", "90 min"),
        ("2 horas", "2 h"),
        ("24 h", "24 h"),
        ("60 s", "60 s"),
        ("30 segundos", "30 s"),
        ("5 días", "5 d"),
        ("5 days", "5 d"),
        ("1 día y 12 horas", "36 h"),
        ("2 semanas", "14 d"),
        ("1 week", "7 d"),
        ("1 min 30 s", "90 s"),
        ("sin límite", ""),
        ("", ""),
        ("45", None),
        ("1:30", None),
        ("5 m", None),
        ("2 meses", None),
        ("media", None),
        ("1.500 min", None),
        ("30 min 1 h", None),
        ("pronto", None),
        ("0,01 s", None),
    ],
)
def test_lengths_of_time_are_read_in_both_languages(typed: str, written: str | None) -> None:
    if written is None:
        with pytest.raises(Invalid):
            read_length(typed)
    else:
        assert read_length(typed) == written


@pytest.mark.parametrize(
    ("typed", "language", "written"),
    [
        ("1/12/2026", "es", "2026-12-01"),
        ("01-12-2026", "es", "2026-12-01"),
        ("1.12.2026", "es", "2026-12-01"),
        ("1 de diciembre de 2026", "es", "2026-12-01"),
        ("1 de diciembre del 2026", "es", "2026-12-01"),
        ("1 dic. 2026", "es", "2026-12-01"),
        ("1ro de diciembre de 2026", "es", "2026-12-01"),
        ("primero de diciembre de 2026", "es", "2026-12-01"),
        ("el 5 de setiembre de 2026", "es", "2026-09-05"),
        ("Martes 1 de diciembre de 2026", "es", "2026-12-01"),
        ("December 1, 2026", "es", "2026-12-01"),
        ("2026-12-01", "es", "2026-12-01"),
        ("2026-12-01", "en", "2026-12-01"),
        ("2026/12/1", "en", "2026-12-01"),
        ("1 December 2026", "en", "2026-12-01"),
        ("December 1st, 2026", "en", "2026-12-01"),
        ("Dec 1 2026", "en", "2026-12-01"),
        ("Tuesday, 1 December 2026", "en", "2026-12-01"),
        ("13/1/2026", "en", "2026-01-13"),
        ("1/13/2026", "en", "2026-01-13"),
        ("5/5/2026", "en", "2026-05-05"),
        ("1/12/2026", "en", None),
        ("31/2/2026", "es", None),
        ("1/13/2026", "es", None),
        ("1/12/26", "es", None),
        ("1 de diciembre", "es", None),
        ("1 de brumario de 2026", "es", None),
        ("lunes 1 de diciembre de 2026", "es", None),
        ("mañana", "es", None),
        ("2026-12-01 08:00", "es", None),
        ("2026-13-01", "en", None),
        ("", "es", ""),
    ],
)
def test_dates_are_read_day_first_in_spanish_and_never_guessed_in_english(typed: str, language: str, written: str | None) -> None:
    if written is None:
        with pytest.raises(Invalid):
            read_day(typed, language)
    else:
        assert read_day(typed, language) == written


@pytest.mark.parametrize(
    ("typed", "language", "written"),
    [
        ("1/12/2026", "es", "2026-12-01"),
        ("1/12/2026 8:00", "es", "2026-12-01 08:00"),
        ("1/12/2026 08:00", "es", "2026-12-01 08:00"),
        ("1/12/2026, 8h30", "es", "2026-12-01 08:30"),
        ("1/12/2026 8 p. m.", "es", "2026-12-01 20:00"),
        ("1 de diciembre de 2026 a las 8:00", "es", "2026-12-01 08:00"),
        ("1 de diciembre de 2026 a las 12:15 a. m.", "es", "2026-12-01 00:15"),
        ("2026-12-01 08:00", "es", "2026-12-01 08:00"),
        ("2026-12-01T08:00", "en", "2026-12-01 08:00"),
        ("1 December 2026 at 12 pm", "en", "2026-12-01 12:00"),
        ("December 1, 2026, 3:30 pm", "en", "2026-12-01 15:30"),
        ("1/12/2026 8", "es", None),
        ("1/12/2026 24:00", "es", None),
        ("1/12/2026 8:75", "es", None),
        ("1/12/2026 13 pm", "es", None),
        ("1/12/2026 temprano", "es", None),
        ("8:00", "es", None),
    ],
)
def test_moments_have_a_time_or_none(typed: str, language: str, written: str | None) -> None:
    if written is None:
        with pytest.raises(Invalid):
            read_moment(typed, language)
    else:
        assert read_moment(typed, language) == written


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("2019", "2019"),
        ("mayo de 2019", "2019-05"),
        ("May 2019", "2019-05"),
        ("05/2019", "2019-05"),
        ("2019-05", "2019-05"),
        ("31/5/2019", "2019-05-31"),
        ("31 de mayo de 2019", "2019-05-31"),
        ("13/2019", None),
        ("2019-13", None),
        ("hace poco", None),
    ],
)
def test_dates_of_documents_may_be_years_and_months(typed: str, written: str | None) -> None:
    if written is None:
        with pytest.raises(Invalid):
            read_dated(typed, "es")
    else:
        assert read_dated(typed, "es") == written


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Español", "es"),
        ("castellano", "es"),
        ("Spanish", "es"),
        ("ingles", "en"),
        ("Inglés", "en"),
        ("English", "en"),
        ("Kichwa", "qu"),
        ("quichua", "qu"),
        ("es", "es"),
        ("PT", "pt"),
        ("qvi", "qvi"),
        ("", ""),
        ("la de siempre", None),
    ],
)
def test_languages_are_read_by_name_or_code(typed: str, code: str | None) -> None:
    if code is None:
        with pytest.raises(Invalid):
            read_language(typed)
    else:
        assert read_language(typed) == code


@pytest.mark.parametrize(
    ("written", "spanish", "english"),
    [
        ("24 months", "24 meses", "24 months"),
        ("1 month", "1 mes", "1 month"),
        ("2 years", "2 años", "2 years"),
        ("60 days", "60 días", "60 days"),
        ("none", "ninguno", "none"),
        ("24 meses", "24 meses", "24 meses"),
        ("lejos", "lejos", "lejos"),
    ],
)
def test_periods_are_shown_in_the_language_of_their_reader(written: str, spanish: str, english: str) -> None:
    assert (show_period(written, "es"), show_period(written, "en")) == (spanish, english)


@pytest.mark.parametrize(
    ("written", "spanish", "english"),
    [
        ("90 min", "90 minutos", "90 minutes"),
        ("1 h", "1 hora", "1 hour"),
        ("7 d", "7 días", "7 days"),
        ("60 s", "60 segundos", "60 seconds"),
        ("pronto", "pronto", "pronto"),
    ],
)
def test_lengths_are_shown_in_the_language_of_their_reader(written: str, spanish: str, english: str) -> None:
    assert (show_length(written, "es"), show_length(written, "en")) == (spanish, english)


@pytest.mark.parametrize(
    ("written", "spanish", "english"),
    [
        ("2026-12-01", "1 de diciembre de 2026", "1 December 2026"),
        ("2026-12-01 08:00", "1 de diciembre de 2026, 8:00", "1 December 2026, 8:00"),
        ("2019-05", "mayo de 2019", "May 2019"),
        ("2019", "2019", "2019"),
        ("2026-02-31", "2026-02-31", "2026-02-31"),
        ("pronto", "pronto", "pronto"),
    ],
)
def test_dates_are_shown_in_the_language_of_their_reader(written: str, spanish: str, english: str) -> None:
    assert (show_date(written, "es"), show_date(written, "en")) == (spanish, english)


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize(
    ("shape", "written"),
    [
        *((FieldShape.PERIOD, text) for text in ("1 day", "24 months", "2 years", "none", "01 months", "cerca")),
        *((FieldShape.LENGTH, text) for text in ("60 s", "90 min", "1 h", "24 h", "7 d", "01 h", "cerca")),
        *((FieldShape.MOMENT, text) for text in ("2026-12-01", "2026-12-01 08:00", "31/2/2026")),
        *((FieldShape.DAY, text) for text in ("2026-12-01", "1/12/2026")),
        *((FieldShape.DATED, text) for text in ("2019", "2019-05", "2019-05-31", "s. f.")),
        *((FieldShape.DAY_OR_NO, text) for text in ("2026-12-01", "false", "no")),
        *((FieldShape.LANGUAGE, text) for text in (*LANGUAGES, "xx", "Español")),
        *((FieldShape.NUMBER, text) for text in ("0.50", "1,5", "none")),
    ],
)
def test_what_is_shown_of_a_file_stands_for_its_very_letters(shape: FieldShape, written: str, language: str) -> None:
    """Saving an untouched form changes no byte, also of what the format refuses."""
    assert typed_value(shape, shown_value(shape, written, language), language, written) == written


@pytest.mark.parametrize("shape", sorted(CONVERSIONS))
@pytest.mark.parametrize("language", ["es", "en"])
def test_an_emptied_field_says_nothing(shape: FieldShape, language: str) -> None:
    assert typed_value(shape, "", language, "5") == ""


def test_a_date_of_two_meanings_is_refused_with_both() -> None:
    with pytest.raises(Invalid) as refused:
        read_day("1/12/2026", "en")

    assert (refused.value.facts["first"], refused.value.facts["second"]) == ("1 December 2026", "12 January 2026")


def test_whether_somebody_looked_is_a_date_or_no() -> None:
    assert (read_day_or_no("No", "es"), read_day_or_no("1/12/2026", "es"), read_day_or_no("false", "en")) == (
        "false",
        "2026-12-01",
        "false",
    )


def test_names_of_languages_are_those_of_the_reader() -> None:
    assert (show_language("en", "es"), show_language("en", "en"), show_language("qvi", "es")) == ("Inglés", "English", "qvi")
