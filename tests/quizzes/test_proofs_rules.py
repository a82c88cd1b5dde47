"""Proofs of attempts: what is signed, and when marks count as changed (spec/selection 10)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest

from kernel.codes import read_code
from questions.rules.encoding import canonical_text
from quizzes.rules.proofs import CODE_LENGTH, AttemptMarks, ItemMark, ProofStatement, code_of, digest_of, read_statement

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MARKS = AttemptMarks(
    NOON, Fraction(3, 2), Fraction(2), Fraction(75), True, (ItemMark(1, Fraction(1), "right"), ItemMark(2, Fraction(1, 2), "partial"))
)
STATEMENT = ProofStatement(
    UUID(int=7), 2, {"es": "Evaluación", "en": "Test"}, {"es": "Curso"}, NOON, document="0" * 64, marks="1" * 64, shows_marks=True
)


def test_the_signed_text_names_the_attempt_and_reads_back() -> None:
    """spec/selection 10.1: canonical JSON, the same each time."""
    assert STATEMENT.text == (
        '{"attempt":"00000000-0000-0000-0000-000000000007","course":{"es":"Curso"},'
        f'"document":"{"0" * 64}","ended_at":"2026-06-01T12:00:00+00:00","format":1,"marks":"{"1" * 64}",'
        '"number":2,"quiz":{"en":"Test","es":"Evaluación"},"shows_marks":true,"type":"AttemptProof"}'
    )
    assert read_statement(STATEMENT.text) == STATEMENT


def test_a_code_has_80_bits_of_the_signature_and_reads_as_people_type_it() -> None:
    """spec/selection 10.1."""
    code, other = code_of("firma"), code_of("firmb")

    assert code == "REVKMWCE55RJJB4H"
    assert code != other
    assert read_code(code.lower(), CODE_LENGTH) == code


@pytest.mark.parametrize(
    "changed",
    [
        replace(MARKS, raw=Fraction(1)),
        replace(MARKS, maximum=Fraction(3)),
        replace(MARKS, percent=Fraction(74)),
        replace(MARKS, passed=False),
        replace(MARKS, items=(MARKS.items[0], ItemMark(2, Fraction(1, 3), "partial"))),
        replace(MARKS, items=(MARKS.items[0], ItemMark(2, Fraction(1, 2), "wrong"))),
        replace(MARKS, items=(MARKS.items[0], ItemMark(2, Fraction(1, 2), "partial", "removed"))),
    ],
)
def test_every_change_of_a_mark_shows_where_marks_are_shown(changed: AttemptMarks) -> None:
    """spec/selection 10.3: and where they are not, it is no change of what the document says."""
    assert changed.digest(with_marks=True) != MARKS.digest(with_marks=True)
    assert changed.digest(with_marks=False) == MARKS.digest(with_marks=False)


def test_an_attempt_that_was_opened_again_or_marked_at_last_is_changed_without_marks_too() -> None:
    """spec/selection 10.3."""
    waiting = replace(MARKS, raw=None)

    assert waiting.digest(with_marks=False) != MARKS.digest(with_marks=False)
    assert replace(MARKS, ended_at=NOON + timedelta(1)).digest(with_marks=False) != MARKS.digest(with_marks=False)
    assert replace(MARKS, ended_at=NOON + timedelta(1)).digest(with_marks=True) != MARKS.digest(with_marks=True)
    assert replace(MARKS, ended_at=None).digest(with_marks=False) != MARKS.digest(with_marks=False)


@pytest.mark.parametrize(
    ("marks", "with_marks", "without"),
    [
        (MARKS, "d991cbf3890d8a54", "9997b0c9180c8540"),
        (replace(MARKS, raw=None, percent=None, passed=None), "4dafeb2234d2ea4d", "bae2ad625314e07b"),
    ],
    ids=["marked", "waits"],
)
def test_the_digests_of_marks_are_these(marks: AttemptMarks, with_marks: str, without: str) -> None:
    """spec/selection 10.1: they are signed, so a proof of today has to fit the same marks in years to come."""
    assert (marks.digest(with_marks=True)[:16], marks.digest(with_marks=False)[:16]) == (with_marks, without)


def test_with_marks_and_without_are_different_digests() -> None:
    assert MARKS.digest(with_marks=True) != MARKS.digest(with_marks=False)


def test_values_are_written_in_one_form_and_others_refused() -> None:
    assert canonical_text({"b": Decimal("1.50"), "a": [Fraction(1, 3), NOON]}) == '{"a":["1/3","2026-06-01T12:00:00+00:00"],"b":"1.50"}'
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    with pytest.raises(TypeError):
        canonical_text({1.5j})
