"""Languages and formats: 36 214; 2585; 34,8 %; «27 de noviembre de 2026»."""

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kernel import i18n
from kernel.i18n import _, alternatives, choose, enumeration, lazy_, ngettext, reading, shortened, trimmed

PO = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Save"\nmsgstr "{}"\n'
MOMENT = datetime(2026, 11, 28, 3, 5, tzinfo=UTC)  # still the 27th in Quito


@pytest.mark.parametrize(
    ("value", "digits", "es", "en"),
    [
        (36214, None, "36 214", "36,214"),
        (2585, None, "2585", "2,585"),
        (9999, None, "9999", "9,999"),
        (10000, None, "10 000", "10,000"),
        (1234567, None, "1 234 567", "1,234,567"),
        (-36214, None, "-36 214", "-36,214"),
        (Decimal("1679.46"), 2, "1679,46", "1,679.46"),
        (Decimal("0.1"), None, "0,1", "0.1"),
        (0.1 + 0.2, 2, "0,30", "0.30"),
        (9999.996, 2, "10 000,00", "10,000.00"),
        (2.5, 0, "3", "3"),
        (3.5, 0, "4", "4"),
        (Decimal("1.005"), 2, "1,01", "1.01"),
        (-0.2, 0, "0", "0"),
        (0, 1, "0,0", "0.0"),
        (1.16e27, 2, "1,16 · 10^27", "1.16 · 10^27"),  # as the simulator gives where somebody divides by next to nothing
        (-8e45, None, "-8,00 · 10^45", "-8.00 · 10^45"),
        (float("inf"), 2, "∞", "∞"),
    ],
)
def test_numbers_are_written_as_each_language_does(value: Decimal | float, digits: int | None, es: str, en: str) -> None:
    with reading("es"):
        assert i18n.number(value, digits).replace("\u00a0", " ") == es
    with reading("en"):
        assert i18n.number(value, digits) == en


@pytest.mark.parametrize(
    ("value", "text"), [("20.00", "20"), ("2E+1", "20"), ("100", "100"), ("0.50", "0.5"), ("-0.00", "0"), ("1E+30", "1" + "0" * 30)]
)
def test_a_trimmed_number_reads_as_people_write_it(value: str, text: str) -> None:
    assert str(trimmed(Decimal(value))) == text


def test_groups_and_signs_never_break_at_the_end_of_a_line() -> None:
    with reading("es"):
        assert i18n.number(36214) == "36\u00a0214"
        assert i18n.percent(34.8, 1) == "34,8\u00a0%"
        assert i18n.percent(70) == "70\u00a0%"
        assert i18n.file_size(1_500_000) == "1,5\u00a0MB"
    with reading("en"):
        assert i18n.percent(34.8, 1) == "34.8%"


def test_dates_are_written_in_the_readers_language_and_zone() -> None:
    with reading("es"):
        assert i18n.format_date(date(2026, 11, 27)) == "27 de noviembre de 2026"
        assert i18n.format_date(date(2026, 11, 27), "short") == "27 nov 2026"
        assert i18n.format_datetime(MOMENT) == "27 de noviembre de 2026, 22:05"
        assert i18n.format_time(MOMENT) == "22:05"
    with reading("en", ZoneInfo("Pacific/Galapagos")):
        assert i18n.format_datetime(MOMENT) == "27 November 2026, 21:05"
    with reading("en", ZoneInfo("Europe/Madrid")):
        assert i18n.format_datetime(MOMENT, "short") == "28 Nov 2026, 04:05"
    assert i18n.format_date(None) == ""
    assert i18n.format_datetime(None) == ""


@pytest.mark.parametrize(
    ("count", "es"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1550, "1,6 kB"), (38_400, "38 kB"), (999_949, "1000 kB"), (2_000_000_000, "2 GB")],
)
def test_sizes_are_for_people(count: int, es: str) -> None:
    with reading("es"):
        assert i18n.file_size(count).replace("\u00a0", " ") == es


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (65, "1:05"), (3600, "1:00:00"), (3725, "1:02:05")])
def test_lengths_are_minutes_and_seconds(seconds: float, text: str) -> None:
    assert i18n.duration(seconds) == text


def test_messages_are_translated_with_their_facts() -> None:
    with reading("es"):
        assert _("Sign in to continue.") != "Sign in to continue."
        assert "12" in _("It must have 10 digits. You typed %(count)s.", count=12)
    with reading("en"):
        assert _("Sign in to continue.") == "Sign in to continue."
        assert _("100 % sure, and not in the catalogue") == "100 % sure, and not in the catalogue"


def test_plural_forms_follow_the_number() -> None:
    message = ("Check %(count)s field", "Check these %(count)s fields")
    with reading("en"):
        assert ngettext(*message, 1) == "Check 1 field"
        assert ngettext(*message, 0) == "Check these 0 fields"
        assert ngettext(*message, 36214) == "Check these 36,214 fields"
    with reading("es"):
        assert ngettext(*message, 1) != ngettext(*message, 2).replace("2", "1")


def test_a_lazy_message_speaks_the_language_of_the_moment_it_is_shown() -> None:
    label = lazy_("Email")
    with reading("es"):
        spanish = str(label)
    with reading("en"):
        assert str(label) == "Email"
    assert spanish != "Email"


def test_a_language_that_is_not_ours_becomes_spanish() -> None:
    with reading("fr"):
        assert i18n.language() == "es"
    with reading("en"):
        i18n.set_reader("xx")
        assert i18n.language() == "es"


def test_reading_for_somebody_ends_with_the_block() -> None:
    with reading("en", ZoneInfo("Europe/Madrid")):
        with reading("es"):
            assert (i18n.language(), str(i18n.zone())) == ("es", "America/Guayaquil")
        assert (i18n.language(), str(i18n.zone())) == ("en", "Europe/Madrid")


def test_a_text_is_chosen_by_language_else_the_first_there_is() -> None:
    with reading("en"):
        assert choose({"es": "uno", "en": "one"}) == "one"
        assert choose({"es": "uno"}) == "uno"
        assert choose({"en": "one", "es": "uno"}, "es") == "uno"
        assert choose({}) == choose(None) == ""


def test_what_is_compiled_of_a_catalogue_is_kept_until_the_catalogue_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "es" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(PO.format("Guardar"))
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    reading_again = i18n.catalogue.__wrapped__  # as another process would
    reads: list[object] = []
    read_po = i18n.read_po
    monkeypatch.setattr(i18n, "read_po", lambda *given, **named: (reads.append(given), read_po(*given, **named))[1])

    assert [reading_again("es").ugettext("Save") for _time in range(3)] == ["Guardar"] * 3
    assert len(reads) == 1

    source.write_text(PO.format("Guardar todo"))
    assert reading_again("es").ugettext("Save") == "Guardar todo"

    for kept in source.parent.glob("__pycache__/*"):
        kept.write_bytes(kept.read_bytes()[:10])  # the power went
    assert reading_again("es").ugettext("Save") == "Guardar todo"
    assert len(reads) == 3


def test_a_program_folder_that_cannot_be_written_is_served_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "es" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(PO.format("Guardar"))
    (source.parent / "__pycache__").write_text("a file where the folder should be")
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)

    assert i18n.catalogue.__wrapped__("es").ugettext("Save") == "Guardar"


@pytest.mark.parametrize(
    ("words", "short"),
    [
        ("¿Cuánto es?", "¿Cuánto es?"),
        ("¿Cuánto paga el seguro?", "¿Cuánto paga…"),
        ("¿Cuánto es … de … y …?", "¿Cuánto es…"),  # three gaps, the first of them where the words are cut
        ("Desoxirribonucleico", "Desoxirribonuc…"),
        ("Son ya 1\u00a0486\u00a0294 certificados", "Son ya…"),
    ],
)
def test_a_long_text_is_cut_after_a_whole_word(words: str, short: str) -> None:
    assert shortened(words, 15) == short


@pytest.mark.parametrize(
    ("typed", "sentence"), [("dos lecturas", "dos lecturas."), ("dos lecturas. ", "dos lecturas. "), ("¿cuál?", "¿cuál?"), ("dos ", "dos.")]
)
def test_what_somebody_typed_ends_with_a_mark_before_further_sentences(typed: str, sentence: str) -> None:
    assert i18n.as_sentence(typed) == sentence


@pytest.mark.parametrize(
    ("items", "both", "one"),
    [
        (["Ana Loor", "Inés Vera"], "Ana Loor e Inés Vera", "Ana Loor o Inés Vera"),
        (["Ana", "«Introducción»"], "Ana e «Introducción»", "Ana o «Introducción»"),
        (["Ana", "Hilda"], "Ana e Hilda", "Ana o Hilda"),
        (["agua", "hielo"], "agua y hielo", "agua o hielo"),
        (["Manabí", "Orellana"], "Manabí y Orellana", "Manabí u Orellana"),
        (["uno", "hoy"], "uno y hoy", "uno u hoy"),
        (["6", "7", "8"], "6, 7 y 8", "6, 7 u 8"),
        (["10", "11"], "10 y 11", "10 u 11"),
        (["10", "110"], "10 y 110", "10 o 110"),
        (["Yaku", "Yolanda"], "Yaku y Yolanda", "Yaku o Yolanda"),
        (["Inés"], "Inés", "Inés"),
    ],
)
def test_spanish_lists_change_with_the_sound_that_follows(items: list[str], both: str, one: str) -> None:
    with reading("es"):
        assert (enumeration(items), alternatives(items)) == (both, one)
    with reading("en"):
        assert " e " not in enumeration(items)
