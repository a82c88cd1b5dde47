"""The words and signs of each state (spec/compulsory 7.5 and 7.6)."""

from collections.abc import Callable

import pytest

from compliance.learner_page import URGENT_FIRST, StatusView, status_view
from compliance.rules.states import StateFlag, TrainingState
from kernel.i18n import reading
from tests.support.training_cases import RULES, TrainingVector, training_status, training_vectors

FLAGS: dict[TrainingState, list[tuple[StateFlag, ...]]] = {
    TrainingState.NOT_REQUIRED: [(StateFlag.NOT_BEGUN,), (StateFlag.ENDED,), (StateFlag.ACCOUNT,), (StateFlag.OUTSIDE,)],
    TrainingState.DONE: [(), (StateFlag.LATE,)],
    TrainingState.WAIVED: [()],
    TrainingState.RENEWAL_DUE: [(), (StateFlag.VERSION,), (StateFlag.GRACE,), (StateFlag.VERSION, StateFlag.GRACE)],
    TrainingState.EXPIRED: [(), (StateFlag.VERSION,), (StateFlag.STARTED,), (StateFlag.VERSION, StateFlag.STARTED)],
    TrainingState.OVERDUE: [(), (StateFlag.STARTED,)],
    TrainingState.IN_PROGRESS: [(), (StateFlag.GRACE,), (StateFlag.OLD_VERSION,), (StateFlag.GRACE, StateFlag.OLD_VERSION)],
    TrainingState.NOT_STARTED: [(), (StateFlag.GRACE,)],
}
CASES = [(state, flags) for state, several in FLAGS.items() for flags in several]


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("of", [lambda view: view.word, lambda view: view.symbol, lambda view: view.shape], ids=["word", "icon", "shape"])
def test_states_are_told_apart_by_word_icon_or_shape_alone(language: str, of: Callable[[StatusView], str]) -> None:
    """spec/compulsory 7.6."""
    with reading(language):
        signs = [of(status_view(state, flags[0])) for state, flags in FLAGS.items()]

    assert all(signs)
    assert len(set(signs)) == len(TrainingState)


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize(("state", "flags"), CASES)
def test_each_state_with_its_flags_says_in_one_sentence_what_to_do(
    language: str, state: TrainingState, flags: tuple[StateFlag, ...]
) -> None:
    """spec/compulsory 7.5 and 11.1."""
    with reading(language):
        view = status_view(state.value, (flag.value for flag in flags))

    assert view.advice.endswith(".")
    assert ". " not in view.advice
    assert bool(view.remark) is bool(flags)


def test_no_two_situations_are_told_the_same_sentence() -> None:
    sentences = [status_view(state, flags).advice for state, flags in CASES]

    assert len(set(sentences)) == len(sentences)


def test_lists_name_each_state_once() -> None:
    assert sorted(URGENT_FIRST) == sorted(TrainingState)


@pytest.mark.parametrize("vector", list(training_vectors()), ids=lambda vector: str(vector.number))
def test_what_the_rules_give_has_words(vector: TrainingVector) -> None:
    status = training_status(RULES[vector.rule], vector.record, vector.at, vector.known)

    assert status_view(status.state, status.flags).word
