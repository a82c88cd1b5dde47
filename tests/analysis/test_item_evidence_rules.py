"""Counted evidence of a class: positions, thirds, surveys, and typed answers that match nothing; the same as from the whole table.

spec/quiz-engine 5.12, 5.7; spec/selection 2.7.
"""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.rules.decision_quality import decisions_of
from analysis.rules.findings import FindingKind, FindingStrength, ItemFinding
from analysis.rules.item_evidence import (
    TYPED,
    ClassTally,
    ItemResponses,
    MarkedResponse,
    QuestionTally,
    RescaledMarks,
    RowCounts,
    SplitHalf,
    UnmatchedPart,
    Unreached,
    answer_thirds,
    count_survey,
    response_analysis,
    unmatched_in,
)
from analysis.rules.quiz_analysis import BINS, TYPED_SHOWN, QuizAnalysis, examination_of, findings_in_order, grades_of
from analysis.rules.statistics import (
    CountedAttempts,
    MarkTally,
    covariance,
    mean,
    question_statistics,
    rests_of,
    statistics_from,
    statistics_of,
)
from questions.rules.answers import Answer, GapsAnswer, NumberAnswer, SingleChoiceAnswer, TextAnswer
from questions.rules.definitions import Body, Gap, GapsBody
from questions.rules.encoding import decode, encode
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import Marking, MarkState, mark_answer
from questions.rules.numbers import ENGLISH, SPANISH, Convention
from quizzes.rules.layout import Candidate, Composition, Entry, PageEntry, SlotEntry, composition_of, newest_with, seats_of
from quizzes.rules.settings import DecisionRule
from tests.support.questions import a_calculated, a_matrix, a_numerical, a_question, a_short, a_single, f, marked, some_gaps

MARKS = st.sampled_from([f("0"), f("1/3"), f("0.5"), f("1"), f("-0.25")])
TABLES = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(MARKS, min_size=width, max_size=width), max_size=12))


@settings(deadline=None)
@given(TABLES, st.randoms())
def test_counted_marks_give_what_the_table_gives(table: list[list[Fraction]], chance: object) -> None:
    """spec/quiz-engine 5.12: exact, and independent of the order of the attempts."""
    maxima = [f("1")] * (len(table[0]) if table else 2)
    shuffled = list(table)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    tally = MarkTally(len(maxima))
    for row in shuffled:
        tally.add(row)

    assert statistics_from(tally, maxima) == statistics_of(table, maxima)
    if len(table) > 1:
        column, totals = [row[0] for row in table], [sum(row, f("0")) for row in table]
        rest = [total - mark for total, mark in zip(totals, column, strict=True)]
        both, largest = covariance(column, rest), covariance(sorted(column), sorted(rest))
        assert both is not None
        assert statistics_of(table, maxima).positions[0].efficiency == (100 * both / largest if largest else None)
        assert statistics_of(table, maxima).quiz.mean == mean(totals)


def test_a_drawn_question_is_compared_with_the_total_and_a_fixed_one_with_the_rest() -> None:
    """spec/quiz-engine 5.12: questions drawn at random use X instead of R."""
    pairs = Counter({(f("1"), f("3")): 2, (f("0"), f("1")): 2, (f("1"), f("2")): 1})
    drawn, fixed = question_statistics(pairs, f("1")), question_statistics(rests_of(pairs), f("1"))

    assert drawn.discrimination is not None
    assert fixed.discrimination is not None
    assert drawn.facility == fixed.facility == f("3/5")
    assert drawn.discrimination > fixed.discrimination
    assert question_statistics({}, f("1")).facility is None
    assert question_statistics(pairs, f("0")).facility is None


def slot(*keys: str, count: int = 1, mark: str | None = None, first: int = 1) -> SlotEntry:
    """Return a slot whose candidates have the versions from `first` on."""
    return SlotEntry(tuple(Candidate(key, first + at) for at, key in enumerate(keys)), count, None if mark is None else f(mark))


def test_papers_are_alike_where_their_positions_are() -> None:
    """spec/quiz-engine 5.12 across versions: a corrected question stays in its position; another question,
    draw or mark makes another composition.
    """
    described = SlotEntry((Candidate("nota", 9, f("0"), numbered=False),))
    snapshot: list[Entry] = [slot("a"), PageEntry(), described, slot("b", "c", "d", count=2, first=2)]
    composition = composition_of(snapshot)

    shown = [(one.number, one.question, one.draw, one.draws) for one in composition.positions]
    assert shown == [
        (1, "a", 1, 1),
        (2, "", 1, 2),
        (3, "", 2, 2),
    ]
    assert composition.pools == (frozenset({1}), frozenset({2, 3, 4}), frozenset({2, 3, 4}))
    assert composition.name == composition_of([slot("a", first=7), slot("b", "c", "e", count=2, first=20)]).name
    others: list[list[Entry]] = [
        [slot("z"), snapshot[3]],
        [slot("a", mark="2"), snapshot[3]],
        [slot("a"), slot("b", "c", "d", count=3)],
        [slot("a")],
    ]
    assert len({composition.name, *(composition_of(other).name for other in others)}) == 5


def test_the_name_of_a_composition_says_its_questions_draws_and_marks() -> None:
    """spec/quiz-engine 5.12: names are kept with results, so the same positions have the same name in every version;
    unlike marks are the questions' own.
    """
    alike = SlotEntry((Candidate("b", 2, f("2")), Candidate("c", 3, f("2"))))
    unlike = SlotEntry((Candidate("b", 2, f("2")), Candidate("c", 3, f("1"))))

    assert composition_of([slot("a"), unlike]).name == sha256(b"a:1:1\n:1:own").hexdigest()[:16]
    assert composition_of([alike]).name == composition_of([slot("b", "c", mark="2")]).name == sha256(b":1:2").hexdigest()[:16]
    assert composition_of([replace(unlike, mark=f("3"))]).name == composition_of([slot("b", "c", mark="3")]).name


def test_each_question_finds_its_position_also_where_pools_overlap() -> None:
    pools = [frozenset({1, 2}), frozenset({1}), frozenset({3, 4}), frozenset({3, 4})]

    assert seats_of(pools, [1, 2, 3, 4]) == (1, 0, 2, 3)
    assert seats_of(pools, [4, 3, 2, 1]) == (2, 3, 0, 1)
    assert seats_of(pools, [9, 2]) == (None, 0)
    assert seats_of([frozenset({1})], [1, 1]) == (0, None)
    assert seats_of([frozenset({1, 2}), frozenset({2, 3}), frozenset({3})], [2, 3, 1]) == (1, 2, 0)


def test_the_newest_composition_that_was_taken_is_analysed() -> None:
    one, other = (Composition(name, (), ()) for name in ("eins", "zwei"))

    assert newest_with({1: one, 2: one, 3: other}, {1: 5}) == "eins"
    assert newest_with({1: one, 3: other}, {1: 5, 3: 1}) == "zwei"
    assert newest_with({1: one}, {}) == ""


def a_given(position: int, key: str, mark: str = "0", **fields: object) -> MarkedResponse:
    """Return a single choice that was answered so."""
    return MarkedResponse(position, position + 10, f(mark), f("1"), marked(a_single(), SingleChoiceAnswer(key)), **fields)  # type: ignore[arg-type]  # any kind


def test_papers_that_end_in_blanks_are_told_from_questions_that_were_passed_over() -> None:
    tally = ClassTally(4)
    tally.add([a_given(0, "a", "1"), a_given(1, "b"), a_given(2, ""), a_given(3, "")])
    tally.add([a_given(0, "a", "1"), a_given(1, ""), a_given(2, "b"), a_given(3, "")])
    tally.add([a_given(at, "") for at in range(4)])

    assert tally.attempts == 3
    assert tally.unreached == Unreached(attempts=2, stopped=1, passed_over=1, before_the_end=5)
    assert tally.questions[11].evidence().passed_over == 1


@pytest.mark.parametrize("drawn", [False, True])
def test_variants_have_the_statistics_of_their_own_attempts(drawn: bool) -> None:
    """spec/selection 2.5, spec/quiz-engine 5.12: of the golden vector, halves of the attempts by a value; drawn ones with the total."""
    golden = ("1 1 2 0", "1 0 1.5 1", "0 1 1 0", "1 1 0.5 1", "0 0 0 1", "1 1 2 0", "1 0 1 1", "0 0 0.5 0")
    table = [[f(mark) for mark in row.split()] for row in golden]
    maxima, tally = [f("1"), f("1"), f("2"), f("1")], ClassTally(4, frozenset({12}))
    for at, marks in enumerate(table):
        tally.add(
            [
                replace(a_given(place, "a"), mark=mark, maximum=maxima[place], values=(("a", f(str(2 + at % 2))),))
                for place, mark in enumerate(marks)
            ]
        )
    pool = (Candidate("q2", 12), Candidate("other", 99)) if drawn else (Candidate("q2", 12),)
    entries = [SlotEntry(pool if place == 2 else (Candidate(f"q{place}", place + 10),)) for place in range(4)]
    questions = {version: a_question(a_single()) for version in (10, 11, 12, 13)}
    found = {one.version: one for one in examination_of(tally, composition_of(entries), questions, CountedAttempts.FIRST).questions}

    assert [one.name for one in found[12].variants] == ["a=2", "a=3"]
    for variant, half in zip(found[12].variants, (table[::2], table[1::2]), strict=True):
        alone = statistics_of(half, maxima).positions[2]
        whole = question_statistics(Counter((marks[2], sum(marks)) for marks in half), f("2"))
        told, expected = variant.statistics, whole if drawn else alone
        assert (told.attempts, told.facility, told.deviation) == (4, alone.facility, alone.deviation)
        assert (told.discrimination, told.efficiency) == (expected.discrimination, expected.efficiency)
        assert told.efficiency is not None
    assert found[10].variants == found[13].variants == ()


def test_a_question_is_counted_by_its_share_of_the_mark_and_by_its_place() -> None:
    """Whatever it is worth: shares and rests, and how it went where it stood in the first half or the second."""
    tally, wrong, right = ClassTally(3), marked(a_single(), SingleChoiceAnswer("b")), marked(a_single(), SingleChoiceAnswer("a"))
    for _attempt in range(3):
        tally.add(
            [
                MarkedResponse(0, 1, f("3"), f("2"), right),
                MarkedResponse(1, 2, f("1/2"), f("1"), right),
                MarkedResponse(2, 3, f("0"), f("0"), wrong),
            ]
        )
    tally.add(
        [
            MarkedResponse(2, 3, f("0"), f("0"), wrong),
            MarkedResponse(0, 1, f("1"), f("2"), wrong),
            MarkedResponse(1, 2, f("1"), f("1"), right),
        ]
    )
    first, second, third = (tally.questions[version] for version in (1, 2, 3))

    assert first.pairs == {(f("3"), f("7/2")): 3, (f("1"), f("2")): 1}
    assert first.evidence().marks == {(f("3/2"), f("1/2")): 3, (f("1/2"), f("1")): 1}
    assert (first.evidence().early, first.evidence().late) == (SplitHalf(4, f("5"), f("7")), SplitHalf())
    assert (second.evidence().early, second.evidence().late) == (SplitHalf(3, f("3/2"), f("3/4")), SplitHalf(1, f("1"), f("1")))
    assert (third.evidence().early, third.evidence().late) == (SplitHalf(1, f("0"), f("0")), SplitHalf(3, f("0"), f("0")))
    assert (first.maximum, third.maximum, tally.maximum(0)) == (2, 0, 2)


def test_values_and_first_places_are_counted_each_time() -> None:
    """spec/quiz-engine 5.12 and 5.2.6, spec/selection 2.5."""
    tally, given_twice = QuestionTally(), a_given(0, "a", "1", values=(("n", f("4")),), first="b")
    for _attempt in range(2):
        tally.add(given_twice, f("3"), late=False)
        tally.add_variant(given_twice, f("3"))

    found = tally.evidence()

    assert found.values == {"n": {(f("4"), f("1")): 2}}
    assert found.firsts == {("a", "b"): 2}
    assert tally.variants == {"n=4": {(f("1"), f("3")): 2}}


def test_the_others_beside_a_question_are_brought_to_the_whole_without_it() -> None:
    """spec/quiz-engine 5.11.4: one point of two that are left stands for two and a half of five."""
    assert RescaledMarks(own=f("2"), left=f("3"), whole=f("6")).beside(f("1"), f("1")) == f("3.5")


def test_every_blank_before_the_last_answer_counts() -> None:
    tally = ClassTally(4)
    tally.add([a_given(0, ""), a_given(1, ""), a_given(2, "b"), a_given(3, "")])

    assert tally.unreached == Unreached(attempts=1, stopped=0, passed_over=2, before_the_end=3)


def test_typed_answers_stand_by_how_many_gave_them_and_not_by_what_these_know() -> None:
    tally, marking = QuestionTally(), Marking(MarkState.WRONG, f("0"))
    for text, rest in (("uno", "0"), ("dos", "9"), ("uno", "0")):
        tally.add(MarkedResponse(0, 1, f("0"), f("1"), marking, (UnmatchedPart("", text),)), f(rest), late=False)

    assert [(one.what.text, one.count, one.rests) for one in tally.evidence().typed] == [("uno", 2, 0), ("dos", 1, 9)]


def test_the_halves_of_a_paper_count_who_answered() -> None:
    tally = ClassTally(2)
    tally.add([a_given(0, "a", "1"), a_given(1, "b")])
    tally.add([a_given(1, "a", "1"), a_given(0, "")])
    first, second = tally.questions[10].evidence(), tally.questions[11].evidence()

    assert (first.early.count, first.early.shares, first.late.count) == (1, f("1"), 0)
    assert (second.early.count, second.late.count, second.late.shares) == (1, 1, f("0"))


def test_only_so_many_typed_answers_are_kept_and_the_others_counted() -> None:
    tally = QuestionTally()
    marking = Marking(MarkState.WRONG, f("0"))
    for at in range(TYPED + 5):
        tally.add(MarkedResponse(0, 1, f("0"), f("1"), marking, (UnmatchedPart("", f"t{at}"),)), f("0"), late=False)
    tally.add(MarkedResponse(0, 1, f("0"), f("1"), marking, (UnmatchedPart("", "t3"),)), f("2"), late=False)
    found = tally.evidence()

    assert (len(found.typed), found.typed_otherwise) == (TYPED, 5)
    assert (found.typed[0].what.text, found.typed[0].count, found.typed[0].rests) == ("t3", 2, f("2"))


def test_grades_are_counted_in_ten_steps_the_top_one_closed() -> None:
    totals = Counter({f("-1"): 1, f("0"): 1, f("0.99"): 1, f("1"): 1, f("9.99"): 2, f("10"): 3})

    assert grades_of(totals, f("10")) == (3, 1, 0, 0, 0, 0, 0, 0, 0, 5)
    assert grades_of(totals, f("0")) == (9, *[0] * (BINS - 1))


def test_an_examination_is_whole_and_the_same_after_keeping() -> None:
    """spec/quiz-engine 5.12: results are cached; recomputation is deterministic.
    Positions without a mark are left out; annulled ones have no findings.
    """
    composition = composition_of([slot("a"), slot("b", "c", first=11), slot("d", first=30)])
    tally = ClassTally(3)
    for rest in (0, 1, 1):
        tally.add(
            [
                MarkedResponse(0, 1, f("1"), f("1"), marked(a_single(), SingleChoiceAnswer("a"))),
                a_given(1, "b" if rest else "a", str(1 - rest)),
            ]
        )
    questions = {1: a_question(a_single()), 11: a_question(a_single())}
    found = examination_of(tally, composition, questions, CountedAttempts.FIRST, voided={1})

    assert [one.position.number for one in found.positions] == [1, 2]
    assert [(one.version, one.drawn, one.voided) for one in found.questions] == [(1, False, True), (11, True, False)]
    assert found.questions[1].guess == f("1/3")
    assert [(one.matched, one.count) for one in found.questions[1].classes] == [("b", 2), ("a", 1)]
    assert (found.maximum, found.quiz.mean, sum(found.grades)) == (2, f("4/3"), 3)
    assert decode(QuizAnalysis, encode(found)) == found
    assert findings_in_order(found) == []


def test_an_examination_has_the_decisions_and_the_thirds_of_its_answers() -> None:
    """spec/selection 2.7 and 3.1: from thirty attempts at five positions on, by the rule of the quiz."""
    letters, rule, tally = "abcde", DecisionRule(f("60"), 2), ClassTally(5)
    for at in range(40):
        right = [at % 8 > 2 * place - 2 for place in range(5)]
        tally.add([a_given(place, "a" if knows else "b", "1" if knows else "0") for place, knows in enumerate(right)])
    composition = composition_of([slot(letter, first=10 + place) for place, letter in enumerate(letters)])
    questions = {version: a_question(a_single()) for version in range(10, 15)}

    found = examination_of(tally, composition, questions, CountedAttempts.FIRST, rule=rule)

    assert found.decisions is not None
    assert found.decisions == decisions_of(tally.tally.totals, f("5"), 5, found.quiz.consistency, rule)
    for one in found.questions:
        assert one.thirds == answer_thirds(tally.questions[one.version].evidence().responses, one.classes)


def a_finding(strength: FindingStrength, **fields: object) -> ItemFinding:
    """Return a finding that is so sure."""
    return ItemFinding(FindingKind.WEAK, strength, 100, **fields)  # type: ignore[arg-type]  # fields by name


def test_every_finding_is_listed_with_its_question_the_surest_first() -> None:
    """spec/quiz-engine 5.12, item analysis: of equals those about the quiz first, then in the order of the questions."""
    composition = composition_of([slot("a"), slot("b", first=2)])
    tally = ClassTally(2)
    tally.add([a_given(0, "a", "1"), a_given(1, "b")])
    found = examination_of(tally, composition, {10: a_question(a_single()), 11: a_question(a_single())}, CountedAttempts.FIRST)
    sign, likely, clear = (a_finding(strength) for strength in FindingStrength)
    questions = (replace(found.questions[0], findings=(sign, likely)), replace(found.questions[1], findings=(clear, likely)))

    listed = findings_in_order(replace(found, findings=(sign, clear), questions=questions))

    assert [(one.version, one.finding) for one in listed] == [
        (None, clear),
        (11, clear),
        (10, likely),
        (11, likely),
        (None, sign),
        (10, sign),
    ]


def test_a_sign_that_may_be_why_another_finding_stands_out_is_read_before_it() -> None:
    """spec/selection 3.12: another answer may be right where the key seems guessed; signs of other questions and parts stay folded."""
    composition = composition_of([slot("a"), slot("b", first=2)])
    tally = ClassTally(2)
    tally.add([a_given(0, "a", "1"), a_given(1, "b")])
    found = examination_of(tally, composition, {10: a_question(a_single()), 11: a_question(a_single())}, CountedAttempts.FIRST)
    key = ItemFinding(FindingKind.WRONG_KEY, FindingStrength.SIGN, 100)
    guessed = ItemFinding(FindingKind.CHANCE, FindingStrength.LIKELY, 100, told=True)
    weak = ItemFinding(FindingKind.WEAK, FindingStrength.CLEAR, 100, told=True)
    elsewhere = replace(key, part="2")
    questions = (replace(found.questions[0], findings=(key, guessed, weak)), replace(found.questions[1], findings=(elsewhere, guessed)))

    listed = findings_in_order(replace(found, questions=questions))

    assert [(one.version, one.finding, one.leads) for one in listed] == [
        (10, key, True),
        (10, weak, False),
        (10, guessed, False),
        (11, guessed, False),
        (11, elsewhere, False),
    ]


def test_questions_are_examined_by_what_was_answered_to_them() -> None:
    """spec/quiz-engine 5.12: statistics by their own maximum, drawn ones with the total; what was typed with its mean rest; annulled:
    no findings.
    """
    composition = composition_of([slot("a"), slot("b", "c", first=2)])
    body = GapsBody((Gap("nombre", a_short(("sol", "1"))),))
    questions = {1: a_question(body), 2: a_question(a_single()), 3: a_question(a_single())}
    tally = ClassTally(2)
    for at in range(60):
        answer = GapsAnswer({"nombre": "sol" if at % 3 else "luna"})
        marking = marked(body, answer)
        typed = unmatched_in(questions[1], answer, marking, SPANISH)
        choice, right = ("a", f("2")) if at % 15 in (0, 3, 6, 9, 13) else ("b", f("0"))
        tally.add(
            [
                MarkedResponse(0, 1, marking.fraction or f("0"), f("1"), marking, typed),
                MarkedResponse(1, 2 + at % 4 // 3, right, f("2"), marked(a_single(), SingleChoiceAnswer(choice))),
            ]
        )

    found = examination_of(tally, composition, questions, CountedAttempts.ALL)
    first, drawn, _other = found.questions
    voided = examination_of(tally, composition, questions, CountedAttempts.ALL, voided={1})

    assert (found.maximum, found.grades) == (3, (4, 0, 0, 36, 0, 0, 16, 0, 0, 4))
    assert [one.statistics.facility for one in found.questions] == [f("2/3"), f("1/3"), f("1/3")]
    assert [one.drawn for one in found.questions] == [False, True, True]
    assert drawn.statistics == question_statistics(tally.questions[2].pairs, f("2"))
    assert first.statistics == question_statistics(rests_of(tally.questions[1].pairs), f("1"))
    assert drawn.statistics != question_statistics(rests_of(tally.questions[2].pairs), f("2"))
    assert [(one.part, one.text, one.count, one.mean_rest) for one in first.typed] == [("nombre", "luna", 20, f("8/5"))]
    assert [one.ailment for one in first.findings] == [FindingKind.NEGATIVE]
    assert voided.questions[0].findings == ()
    assert voided.questions[0].statistics == first.statistics


def test_of_many_typed_answers_the_most_frequent_are_shown_and_the_others_counted() -> None:
    composition = composition_of([slot("a")])
    tally, marking = ClassTally(1), Marking(MarkState.WRONG, f("0"))
    tally.questions[1] = QuestionTally()
    for at in range(TYPED_SHOWN + 4):
        for _time in range(2):
            tally.questions[1].add(MarkedResponse(0, 1, f("0"), f("1"), marking, (UnmatchedPart("", f"t{at:02}"),)), f("1.5"), late=False)

    (found,) = examination_of(tally, composition, {1: a_question(a_short(("sol", "1")))}, CountedAttempts.ALL).questions

    assert [one.text for one in found.typed] == [f"t{at:02}" for at in range(TYPED_SHOWN)]
    assert {(one.count, one.mean_rest) for one in found.typed} == {(2, f("1.5"))}
    assert found.typed_otherwise == 8


def test_findings_stand_the_surest_first_and_typed_answers_with_their_mean_rest() -> None:
    composition = composition_of([slot("a"), slot("b", first=2)])
    body = a_short(("sol", "1"))
    tally = ClassTally(2)
    for at in range(60):
        text, mark = ("sol", "1") if at % 3 else ("luna", "0")
        marking = marked(body, TextAnswer(text))
        typed = unmatched_in(a_question(body), TextAnswer(text), marking, SPANISH)
        tally.add([MarkedResponse(0, 1, f(mark), f("1"), marking, typed), a_given(1, "", "0")])
    tally.questions[2] = tally.questions.pop(11)
    found = examination_of(tally, composition, {1: a_question(body), 2: a_question(a_single())}, CountedAttempts.ALL)

    assert [(one.text, one.count, one.mean_rest) for one in found.questions[0].typed] == [("luna", 20, 0)]
    strengths = [one.finding.strength.value for one in findings_in_order(found)]
    assert strengths == sorted(strengths, key=("clear", "likely", "sign").index)


def test_a_question_taken_out_of_the_total_counts_for_nothing_and_the_rest_for_the_whole() -> None:
    """spec/quiz-engine 5.11.4: removed from the total, which is rescaled; the same for whoever drew it as for whoever did not."""
    tally = ClassTally(3)
    for _time in range(2):
        tally.add([a_given(0, "a", "1"), a_given(1, "b"), a_given(2, "a", "1")])
    tally.add([a_given(0, "a", "1"), a_given(1, "b")], {2: f("1")})
    tally.add([], {0: f("1"), 1: f("1"), 2: f("1")})

    figures = statistics_from(tally.tally, [tally.maximum(at) for at in range(3)])
    assert tally.attempts == 3
    assert tally.tally.totals == {f("2"): 2, f("3/2"): 1}
    assert [one.facility for one in figures.positions] == [1, 0, 1]
    assert [versions.total() for versions in tally.versions] == [3, 3, 2]
    assert tally.tally.columns[0] == {(f("1"), f("2")): 2, (f("1"), f("1")): 1}
    assert tally.tally.columns[1] == {(f("0"), f("2")): 3}
    assert tally.questions[10].pairs == tally.tally.columns[0]


def test_where_one_question_alone_is_left_its_mark_stands_for_the_whole_and_not_for_a_rest() -> None:
    """spec/quiz-engine 5.12: what nothing stands beside discriminates nothing, as in a quiz of one question."""
    tally = ClassTally(2)
    tally.add([a_given(0, "a", "1")], {1: f("3")})
    tally.add([a_given(0, "b", "0")], {1: f("3")})

    assert tally.tally.totals == {f("4"): 1, f("0"): 1}
    assert tally.tally.columns == ({(f("1"), f("1")): 1, (f("0"), f("0")): 1}, {})
    assert tally.tally.filled == ({}, {f("3"): 1, f("0"): 1})
    position = statistics_from(tally.tally, [f("1"), f("3")]).positions[0]
    assert (position.facility, position.discrimination, position.efficiency) == (f("1/2"), None, None)
    assert {rest for _share, rest in tally.questions[10].evidence().marks} == {0}


def test_the_consistency_is_that_of_what_makes_the_totals() -> None:
    """What was taken out of one total stands in it with the share of the others: alpha never passes 100 %."""
    tally, table = ClassTally(3), [["1", "0", "1"], ["1", "1", "1"], ["0", "0", "1"]]
    for row in table:
        tally.add([a_given(at, "a", mark) for at, mark in enumerate(row)])
    tally.add([a_given(0, "a", "1"), a_given(1, "b", "0")], {2: f("1")})
    filled = [[f(mark) for mark in row] for row in table] + [[f("1"), f("0"), f("1/2")]]

    found, expected = (statistics_from(tally.tally, [f("1")] * 3), statistics_of(filled, [f("1")] * 3))

    assert found.quiz == expected.quiz
    assert found.positions[2].facility == 1
    assert expected.positions[2].facility == f("7/8")


MEASURED = GapsBody((Gap("largo", a_numerical(("2", "1"), units={"km": f("1"), "m": f("1/1000")})),))
GAPS = [UnmatchedPart("cubierta", "40", f("40")), UnmatchedPart("nombre", "hueco")]


@pytest.mark.parametrize(
    ("body", "answer", "expected"),
    [
        (a_short(("brecha", "1")), TextAnswer("  La   Brecha "), [UnmatchedPart("", "la brecha")]),
        (a_short(("brecha", "1")), TextAnswer("brecha"), []),
        (a_numerical(("2.5", "1")), NumberAnswer("1.234,50"), [UnmatchedPart("", "2469/2", f("1234.5"))]),
        (a_numerical(("2.5", "1")), NumberAnswer("dos"), [UnmatchedPart("", "dos")]),
        (
            a_numerical(("2.5", "1"), units={"km": f("1"), "m": f("1/1000")}),
            NumberAnswer("300", "m"),
            [UnmatchedPart("", "3/10", f("3/10"))],
        ),
        (a_calculated(), NumberAnswer("5"), []),
        (a_single(), SingleChoiceAnswer("b"), []),
        (
            some_gaps(),
            GapsAnswer({"anio": "b", "cubierta": "40", "nombre": "Hueco"}),
            GAPS,
        ),
        (some_gaps(), GapsAnswer({"anio": "a", "cubierta": "34,8", "nombre": " "}), []),
        (some_gaps(), GapsAnswer({"anio": "a"}), []),
        (MEASURED, GapsAnswer({"largo": "1,5"}, {"largo": "m"}), [UnmatchedPart("largo", "3/2000", f("3/2000"))]),
        (MEASURED, GapsAnswer({"largo": "1,5"}), [UnmatchedPart("largo", "3/2", f("3/2"))]),
    ],
)
def test_what_matches_no_answer_is_read_once(body: Body, answer: Answer, expected: list[UnmatchedPart]) -> None:
    question = a_question(body)

    assert list(unmatched_in(question, answer, marked(body, answer), SPANISH)) == expected


def test_numbers_are_read_by_the_convention_of_the_attempt() -> None:
    body = a_numerical(("7", "1"))
    (found,) = unmatched_in(
        a_question(body), NumberAnswer("1.5"), Marking(MarkState.WRONG, f("0"), marked(body, NumberAnswer("1,5")).parts), ENGLISH
    )

    assert found.value == f("1.5")


RATIO = ItemLayout({}, {"personas": f("1000")})
"""The right number is 1,108,800."""


@pytest.mark.parametrize(
    ("answer", "convention", "expected"),
    [
        (NumberAnswer("554.400"), SPANISH, UnmatchedPart("", "×0.5", f("1/2"))),
        (NumberAnswer("554.400"), ENGLISH, UnmatchedPart("", "×0.0005", f("5/10000"))),
        (NumberAnswer("1.108.800.000", "m"), SPANISH, None),
        (NumberAnswer("2.217.600", "m"), SPANISH, UnmatchedPart("", "×0.002", f("2/1000"))),
        (NumberAnswer("-2.217.600"), SPANISH, UnmatchedPart("", "×-2", f("-2"))),
        (NumberAnswer("0"), SPANISH, UnmatchedPart("", "×0", f("0"))),
    ],
)
def test_a_wrong_result_is_kept_as_a_share_of_the_right_one(
    answer: NumberAnswer, convention: Convention, expected: UnmatchedPart | None
) -> None:
    """Read by the attempt's convention and in the answers' unit; the right number differs by learner."""
    body = a_calculated(units={"km": f("1"), "m": f("1/1000")})
    question = a_question(body)
    marking = mark_answer(question, answer, RATIO, convention)

    found = unmatched_in(question, answer, marking, convention, RATIO)

    assert found == (() if expected is None else (expected,))


def test_a_number_in_a_gap_is_read_by_the_convention_of_the_attempt() -> None:
    question, answer = a_question(MEASURED), GapsAnswer({"largo": "1.500"})
    by_convention = {
        convention: unmatched_in(question, answer, mark_answer(question, answer, ItemLayout(), convention), convention)
        for convention in (SPANISH, ENGLISH)
    }

    assert by_convention[SPANISH] == (UnmatchedPart("largo", "1500", f("1500")),)
    assert by_convention[ENGLISH] == (UnmatchedPart("largo", "3/2", f("3/2")),)


def answers(*pairs: tuple[str, int]) -> list[ItemResponses]:
    """Return answers with the rest of who gave them; "" for none."""
    return [ItemResponses(marked(a_single(), SingleChoiceAnswer(choice)), Fraction(rest)) for choice, rest in pairs]


def test_each_answer_is_counted_by_third_of_the_rest() -> None:
    """spec/selection 2.7: the best third by the rest of the attempt, the middle one, the last."""
    responses = answers(("a", 9), ("a", 8), ("a", 5), ("b", 4), ("b", 2), ("", 1))
    classes = response_analysis(responses)

    found = answer_thirds(responses, classes)

    assert found.sizes == (2, 2, 2)
    assert dict(zip([one.matched for one in classes], found.counts, strict=True)) == {"a": (2, 1, 0), "b": (0, 1, 1), "": (0, 0, 1)}


def test_equal_results_stand_in_one_third() -> None:
    """spec/selection 2.7: where their middle falls; all equal are the middle third."""
    tied = answers(("a", 9), ("a", 5), ("b", 5), ("b", 5), ("b", 1), ("a", 1))

    assert answer_thirds(tied, ()).sizes == (1, 3, 2)
    assert answer_thirds(answers(*[("a", 3)] * 5), ()).sizes == (0, 5, 0)
    assert answer_thirds([], ()).sizes == (0, 0, 0)
    assert answer_thirds(answers(*[("a", 9)] * 4, ("a", 5), ("b", 1)), ()).sizes == (0, 4, 2)


def test_an_answer_that_nobody_gave_is_in_no_third() -> None:
    """spec/selection 2.7."""
    assert answer_thirds(answers(("a", 9)), response_analysis(answers(("b", 1)))).counts == ((0, 0, 0),)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.integers(0, 6)), max_size=40))
def test_thirds_lose_nobody_and_put_nobody_below_somebody_with_less(pairs: list[tuple[str, int]]) -> None:
    """spec/selection 2.7: the thirds of all answers together are the thirds of the attempts; their order is that of the rests."""
    responses = answers(*pairs)
    classes = response_analysis(responses)
    found = answer_thirds(responses, classes)

    assert sum(found.sizes) == len(pairs)
    assert tuple(map(sum, zip(*found.counts, strict=True))) == (found.sizes if pairs else ())
    assert [sum(counts) for counts in found.counts] == [one.count for one in classes]
    rests = Counter(rest for _choice, rest in pairs)
    ordered = sorted(rests.elements(), reverse=True)
    best = ordered[: found.sizes[0]]
    assert not best or not set(best) & set(ordered[found.sizes[0] :])


@pytest.mark.parametrize(
    ("counts", "median"),
    [
        ((0, 0, 0), None),
        ((1, 0, 0), (0, 0)),
        ((0, 0, 1), (2, 2)),
        ((2, 1, 0), (0, 0)),
        ((1, 1, 0), (0, 1)),
        ((2, 0, 2), (0, 2)),
        ((1, 1, 1), (1, 1)),
        ((1, 3, 1), (1, 1)),
        ((3, 1, 2), (0, 1)),
        ((2, 1, 2), (1, 1)),
    ],
)
def test_the_median_is_the_column_in_the_middle_or_the_two(counts: tuple[int, ...], median: tuple[int, int] | None) -> None:
    """A scale has an order and no distances: of an even number of answers the two in the middle are told."""
    assert RowCounts("r", counts).median() == median


def test_answers_are_counted_by_row_along_the_scale() -> None:
    """spec/quiz-engine 5.7, matrix: each row by itself; a row without an answer, or with a column that is not there, is not answered."""
    answers = [
        ({"salud": "si", "prestamo": "no"}, 3),
        ({"salud": "no"}, 1),
        ({"salud": "si"}, 4),
        ({"salud": "quizas", "otra": "si"}, 5),
        ({}, 2),
    ]

    rows = count_survey(a_matrix(survey=True), answers)

    assert rows == (RowCounts("salud", (7, 1)), RowCounts("prestamo", (0, 3)), RowCounts("vejez", (0, 0)))
    assert [row.answers for row in rows] == [8, 3, 0]
    assert (rows[0].share(0), rows[0].share(1), rows[2].share(0)) == (f("7/8"), f("1/8"), f("0"))
