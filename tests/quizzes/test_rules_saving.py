"""The merge of saved answers (spec/quiz-engine 5.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.rules.states import AnswerSave, AnswerSequence, SaveOutcome, acknowledged, current_answers, merge, read_events


def event(item: int, lease: int, local: int, text: str = "") -> AnswerSave:
    return AnswerSave(item, AnswerSequence(lease, local), {"text": text or f"{item}.{lease}.{local}"})


EVENTS = st.builds(event, st.integers(1, 3), st.integers(1, 3), st.integers(1, 5))
JOURNALS = st.lists(EVENTS, max_size=12)


def test_the_highest_sequence_is_current() -> None:
    """spec/quiz-engine 5.1.4, 5.4.1, 5.4.3: lease first, then the device's own count."""
    stored = [event(1, 1, 9), event(1, 2, 1), event(2, 1, 2), event(2, 1, 1)]

    assert current_answers(stored) == {1: event(1, 2, 1), 2: event(2, 1, 2)}


def test_what_arrives_twice_has_no_effect() -> None:
    """spec/quiz-engine 5.4.1: idempotent."""
    stored = [event(1, 1, 1)]

    result = merge(stored, [event(1, 1, 1, "otra"), event(1, 1, 2), event(1, 1, 2)])

    assert result.added == (event(1, 1, 2),)
    assert [arrival.outcome for arrival in result.arrivals] == [SaveOutcome.KNOWN, SaveOutcome.CURRENT, SaveOutcome.KNOWN]
    assert result.current == {1: event(1, 1, 2)}


def test_a_lower_sequence_becomes_history() -> None:
    """spec/quiz-engine 5.4.1: lower seq than stored is kept as history but does not become current."""
    result = merge([event(1, 1, 5)], [event(1, 1, 3)])

    assert result.added == (event(1, 1, 3),)
    assert result.arrivals[0].outcome is SaveOutcome.HISTORY
    assert result.current == {1: event(1, 1, 5)}


def test_the_older_tab_is_told_that_the_question_was_changed_elsewhere() -> None:
    """spec/quiz-engine 5.4.3."""
    result = merge([event(1, 2, 1)], [event(1, 1, 7), event(2, 1, 8)])

    assert [arrival.outcome for arrival in result.arrivals] == [SaveOutcome.OVERTAKEN, SaveOutcome.CURRENT]
    assert result.current[1].payload == {"text": "1.2.1"}


def test_the_acknowledgement_is_the_highest_contiguous_count() -> None:
    """spec/quiz-engine 5.4.1: ack = highest contiguous seq per item."""
    stored = [event(1, 1, 1), event(1, 1, 2), event(1, 1, 4), event(1, 2, 1), event(2, 1, 2), event(3, 2, 1)]

    assert acknowledged(stored, 1) == {1: 2, 2: 0}
    assert acknowledged(stored, 2) == {1: 1, 3: 1}


@given(JOURNALS, JOURNALS)
def test_two_journals_merge_to_the_same_in_any_order(one: list[AnswerSave], other: list[AnswerSave]) -> None:
    """spec/quiz-engine 5.14.11: two devices offline; two journals merge."""
    left = merge(merge([], one).added, other)
    right = merge(merge([], other).added, one)

    assert left.current == right.current
    assert merge([], [*one, *other]).current == left.current


@given(JOURNALS)
def test_merging_again_changes_nothing(journal: list[AnswerSave]) -> None:
    once = merge([], journal)
    again = merge(once.added, journal)

    assert again.added == ()
    assert again.current == once.current
    assert {arrival.outcome for arrival in again.arrivals} <= {SaveOutcome.KNOWN, SaveOutcome.OVERTAKEN}


@given(JOURNALS)
def test_nothing_that_arrived_is_lost(journal: list[AnswerSave]) -> None:
    assert set(map(repr, merge([], journal).added)) == set(map(repr, journal))


def test_a_batch_is_read_with_the_lease_of_its_tab() -> None:
    batch = [{"item": 1, "seq": 2, "response": {"text": "a"}, "attempt": "x"}]

    assert read_events(4, batch) == (AnswerSave(1, AnswerSequence(4, 2), {"text": "a"}),)


@pytest.mark.parametrize(
    "entry",
    [
        *(None, 5, "x", [], {}, {"item": 1, "seq": 1}, {"item": 1, "seq": 1, "response": "x"}, {"item": 1, "response": {}}),
        *({"item": value, "seq": 1, "response": {}} for value in ("1", 0, -1, True, 1.0, 2**31, None)),
    ],
)
def test_what_is_no_event_is_left_out(entry: object) -> None:
    good = {"item": 1, "seq": 1, "response": {}}

    assert read_events(1, [entry, good]) == (AnswerSave(1, AnswerSequence(1, 1), {}),)


def test_counts_may_be_as_large_as_a_database_holds() -> None:
    largest = 2**31 - 1

    assert read_events(1, [{"item": 1, "seq": largest, "response": {}}]) == (AnswerSave(1, AnswerSequence(1, largest), {}),)


@pytest.mark.parametrize("batch", [None, "[]", b"[]", 5, {"item": 1}])
def test_what_is_no_batch_is_empty(batch: object) -> None:
    assert read_events(1, batch) == ()
