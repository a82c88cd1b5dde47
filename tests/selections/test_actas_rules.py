"""The rules of actas: ranks, bands, outcomes, documents and their chain (spec/selection 4.3 to 4.8)."""

import csv
import hashlib
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolments.rules import GradingMethod
from questions.rules.encoding import canonical_text
from quizzes.rules.grades import AttemptGrade
from selections.rules.documents import digest_of, document_parts, holds_line, line_hash, seal_line
from selections.rules.ranking import (
    Participant,
    Precision,
    RankedPerson,
    SelectionOutcome,
    SelectionRules,
    TieBreak,
    draw_seed,
    lot_of,
    rank_people,
    two_decimals,
)
from tests.support.project import ROOT

SAMPLES = ROOT / "tests" / "samples" / "selection"
RULES = SelectionRules(GradingMethod.HIGHEST, Fraction(70), 1)
SEM = 8.720665
SALT = "00" * 16


def rows(name: str) -> list[dict[str, str]]:
    with (Path(SAMPLES) / name).open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def somebody(number: int, percent: str | None = None, **more: object) -> Participant:
    attempts = () if percent is None else (AttemptGrade(1, Fraction(percent)),)
    return Participant(number, f"p{number}", f"p{number}", attempts, **more)  # type: ignore[arg-type]  # fields by name


def ranked(**percents: str) -> list[RankedPerson]:
    people = [somebody(int(name[1:]), percent) for name, percent in percents.items()]
    return rank_people(people, RULES, Precision(SEM, 1824.0))


def test_the_golden_list_has_its_ranks_outcomes_and_bands() -> None:
    """spec/selection 4.4 to 4.6; v: acta-ranks.csv."""
    golden = rows("acta-ranks.csv")
    found = {one.person.name: one for one in ranked(**{row["person"]: row["percent_exact"] for row in reversed(golden)})}
    places = list(found)

    assert places == [row["person"] for row in golden]
    for row in golden:
        one = found[row["person"]]
        assert one.alike is not None
        assert one.percent is not None
        near = [name for name in places[one.alike[0] - 1 : one.alike[1]] if name != row["person"]]
        assert (two_decimals(one.percent), str(one.rank), one.outcome is SelectionOutcome.PASSED) == (
            row["shown"],
            row["rank"],
            row["passed"] == "yes",
        )
        assert near == row["not_told_apart_at_95(sem=8.720665)"].split(), row["person"]
        assert sum(other.rank == one.rank for other in found.values()) == int(row["sharing_it"])


@given(st.lists(st.fractions(0, 100), max_size=30))
def test_a_rank_is_one_more_than_the_people_with_a_higher_result(percents: list[Fraction]) -> None:
    """spec/selection 4.4, over any list; the band is that of the definition, pair by pair."""
    people = [Participant(at, str(at), str(at), (AttemptGrade(1, one),)) for at, one in enumerate(percents)]
    found = rank_people(people, RULES, Precision(5.0, 2000.0))

    for one in found:
        assert one.percent is not None
        assert one.alike is not None
        assert one.rank == 1 + sum(other.percent > one.percent for other in found if other.percent is not None)
        apart = Fraction(1.959964 * 5.0 * 2**0.5)
        near = [at for at, other in enumerate(found, 1) if abs((other.percent or 0) - one.percent) < apart]
        assert (near[0], near[-1]) == one.alike


def test_who_did_not_sit_and_who_waits_have_no_rank() -> None:
    """spec/selection 4.3; a list of nobody is a list."""
    people = [somebody(1), somebody(2, "80"), somebody(3, "90", is_waiting=True)]

    found = rank_people(people, RULES, None)

    assert [(one.person.id, one.outcome.value, one.rank) for one in found] == [
        (2, "passed", 1),
        (3, "waiting", None),
        (1, "did_not_sit", None),
    ]
    assert rank_people([], RULES, None) == []


@pytest.mark.parametrize(
    ("grading", "percent", "numbers"),
    [("highest", "90", (2,)), ("first", "60", (1,)), ("last", "75", (3,)), ("average", "75", (1, 2, 3))],
)
def test_which_attempts_count_is_the_grading_method(grading: str, percent: str, numbers: tuple[int, ...]) -> None:
    """spec/selection 4.6: with the average all numbers are listed."""
    attempts = tuple(AttemptGrade(number, Fraction(one)) for number, one in ((1, 60), (2, 90), (3, 75)))

    (one,) = rank_people([Participant(1, "a", "a", attempts)], SelectionRules(GradingMethod(grading), None), None)

    assert (str(one.percent), one.numbers, one.outcome) == (percent, numbers, SelectionOutcome.RANKED)


def test_two_people_who_differ_in_an_accommodation_have_lines_that_differ_in_the_name() -> None:
    """spec/selection 4.7: further attempts are not told by their numbers."""
    plain = Participant(1, "Ana", "b", (AttemptGrade(1, Fraction(80)),))
    further = Participant(2, "Eva", "a", (AttemptGrade(1, None, abandoned=True), AttemptGrade(2, Fraction(80))))
    lines = [seal_line(1, one, SALT, {}) for one in rank_people([plain, further], RULES, None)]

    assert lines[0].sealed.replace("Eva", "Ana") == lines[1].sealed


@pytest.mark.parametrize("row", rows("acta-chain.csv"), ids=lambda row: row["number"])
def test_the_golden_documents_have_their_digests(row: dict[str, str]) -> None:
    """spec/selection 4.8; v: acta-chain.csv: made in parts they are the same bytes."""
    document = json.loads(row["canonical"])
    head = {name: value for name, value in document.items() if name != "lines"}

    parts = list(document_parts(head, [canonical_text(line) for line in document["lines"]]))

    assert b"".join(parts) == row["canonical"].encode()
    assert digest_of(parts) == row["sha256"]
    assert document["previous"] == ("" if row["number"] == "1" else rows("acta-chain.csv")[0]["sha256"])


@given(st.text(max_size=40), st.integers(0, 3))
def test_a_document_in_parts_is_its_canonical_text(title: str, count: int) -> None:
    """spec/selection 4.8: whatever stands in its head."""
    lines = [{"person": f"p{at}"} for at in range(count)]
    head = {"acta": "A", "title": title, "zz": '"lines":[]'}

    assert b"".join(document_parts(head, [canonical_text(line) for line in lines])) == canonical_text({**head, "lines": lines}).encode()


def test_a_line_is_proved_by_its_salt_alone() -> None:
    """spec/selection 4.8 and 4.9: the document names nobody; another name, result or salt is not contained."""
    (one,) = ranked(p1="95")
    line = seal_line(1, one, SALT, {})
    document = {"lines": [json.loads(line.text)]}

    assert "name" not in document["lines"][0]
    assert document["lines"][0]["hash"] == hashlib.sha256(bytes(16) + line.sealed.encode()).hexdigest() == line_hash(line.sealed, SALT)
    assert holds_line(document, line.sealed, SALT)
    assert not holds_line(document, line.sealed.replace("95.00", "96.00"), SALT)
    assert not holds_line(document, line.sealed, "01" * 16)
    assert not holds_line(document, line.sealed, "no salt")


def test_the_error_at_a_result_is_that_of_the_decisions() -> None:
    """spec/selection 3.3 and 4.2: v: the first row of decision.csv has 9.822111 at its cut of 70."""
    doubt = 76 * 24 - 13**2
    found = Precision(SEM, doubt).csem(Fraction(70))

    assert found == pytest.approx(9.822111, abs=0.02)
    assert Precision(SEM, doubt).csem(Fraction(-5)) is None


ANNOUNCED = "Sorteo público ante notaría, 3 de mayo de 2027"
SEED = "5fdf65a3735767d38243322bd051f48d140dd4946da6aaf1cdaeef2c23b5d0e8"


def test_the_seed_of_a_draw_is_that_of_the_provisional_acta_and_the_announced_text() -> None:
    """spec/selection 4.4; v: acta-ties.csv: in parts or whole, it is the digest of both."""
    document = rows("acta-chain.csv")[0]["canonical"].encode()

    assert draw_seed([document], ANNOUNCED) == draw_seed([document[:7], document[7:]], ANNOUNCED) == SEED
    assert draw_seed([document], f"{ANNOUNCED}.") != SEED


@pytest.mark.parametrize("step", ["rank_shared", "rank_by_subtotals", "rank_after_draw"])
def test_the_golden_ties_are_broken_step_by_step(step: str) -> None:
    """spec/selection 4.4; v: acta-ties.csv: shared ranks, then subtotals in order, then lots."""
    golden = rows("acta-ties.csv")
    people = [
        Participant(at, row["person"], row["person"], (AttemptGrade(1, Fraction(row["percent"])),), enrolment_id=at)
        for at, row in enumerate(golden, 1)
    ]
    asked = list[str]()

    def ties(tied: Sequence[RankedPerson]) -> dict[int, TieBreak]:
        asked.extend(sorted(one.person.name for one in tied))
        return {one.person.enrolment_id: broken(golden[one.person.id - 1]) for one in tied}

    def broken(row: dict[str, str]) -> TieBreak:
        subtotals = tuple(Fraction(row[name]) if row[name] else None for name in ("subtotal_1", "subtotal_2"))
        return TieBreak(subtotals, lot_of(SEED, row["person"]) if step == "rank_after_draw" else "")

    found = rank_people(people, RULES, None, None if step == "rank_shared" else ties)

    assert {one.person.name: str(one.rank) for one in found} == {row["person"]: row[step] for row in golden}
    assert asked == ([] if step == "rank_shared" else list("bcdefghi"))
    assert [one.rank for one in found] == sorted(one.rank or 0 for one in found)
    assert all(row["lot"] in ("", lot_of(SEED, row["person"])) for row in golden)


def test_a_line_says_what_broke_its_tie() -> None:
    """spec/selection 4.4: so that anybody orders equal results again; whoever was alone with theirs has nothing of it."""
    person = Participant(1, "Ana", "a", (AttemptGrade(1, Fraction(80)),))
    alone = seal_line(1, RankedPerson(person, SelectionOutcome.PASSED, Fraction(80), 1, (1,)), SALT, {})
    tied = seal_line(
        1, RankedPerson(person, SelectionOutcome.PASSED, Fraction(80), 1, (1,), broken=TieBreak((Fraction(75, 2), None), "ab")), SALT, {}
    )

    assert "subtotals" not in alone.text
    assert json.loads(tied.text)["subtotals"] == ["75/2", ""]
    assert json.loads(tied.text)["lot"] == "ab"


@pytest.mark.parametrize(("grading", "counted"), [("highest", (1,)), ("last", (3,)), ("first", (1,))])
def test_of_equal_attempts_the_one_counts_that_the_method_names(grading: str, counted: tuple[int, ...]) -> None:
    """spec/selection 4.6: the number in the acta is that of the attempt that gives the result."""
    attempts = tuple(AttemptGrade(number, Fraction(80)) for number in (1, 2, 3))

    (one,) = rank_people([Participant(1, "a", "a", attempts)], SelectionRules(GradingMethod(grading), None), None)

    assert one.counted == one.numbers == counted
