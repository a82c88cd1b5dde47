"""Segments of the history of a question: which versions may be added (spec/selection 2.2)."""

from dataclasses import replace

import pytest

from analysis.rules.segments import SegmentVersion, content_digest, segment_numbers, segments_of
from questions.rules.definitions import QuestionDefinition, TrueFalseBody

A, B, C = (SegmentVersion(at, digest) for at, digest in enumerate("abc", start=1))
QUESTION = QuestionDefinition(
    "clave", {"es": '<p id="q0123abcd-nota">¿Es <a href="/courses/uno/lessons/x">cierto</a>?</p>'}, TrueFalseBody(True)
)


@pytest.mark.parametrize(
    ("own", "copies", "present", "expected"),
    [
        ((), (), None, ()),
        ((A,), (), None, ((1,),)),
        ((A, B, C), (), None, ((1,), (2,), (3,))),
        ((A, replace(B, wording_only=True), C), (), None, ((1, 2), (3,))),
        ((A, replace(B, wording_only=True), replace(C, wording_only=True)), (), None, ((1, 2, 3),)),
        ((A, SegmentVersion(4, "a", wording_only=True), C), (), None, ((1, 4), (3,))),
        ((A, B, C), (), 1, ((2,), (3,), (1,))),
        ((A, B), (SegmentVersion(9, "a"), SegmentVersion(8, "x")), None, ((8,), (1, 9), (2,))),
        ((A, replace(B, wording_only=True)), (SegmentVersion(9, "b"),), None, ((1, 2, 9),)),
        ((A, B, SegmentVersion(4, "a")), (), None, ((2,), (1, 4))),
    ],
    ids=[
        "none",
        "one",
        "each its own",
        "wording only",
        "a chain",
        "the same again",
        "an older one is asked",
        "copies",
        "copy of a wording",
        "back again",
    ],
)
def test_versions_that_ask_the_same_make_a_segment(
    own: tuple[SegmentVersion, ...],
    copies: tuple[SegmentVersion, ...],
    present: int | None,
    expected: tuple[tuple[int, ...], ...],
) -> None:
    """spec/selection 2.2: the present one last."""
    assert segments_of(own, copies, present) == expected


def test_each_version_has_the_number_of_its_segment() -> None:
    assert segment_numbers(((8,), (1, 9))) == {8: 1, 1: 2, 9: 2}


def test_a_copy_says_the_same_under_another_key_and_address() -> None:
    """spec/selection 2.2: the key, what is made of it and the links into the course differ; anything else makes another question."""
    text = {"es": '<p id="qffffffff-nota">¿Es <a href="/courses/dos/lessons/x">cierto</a>?</p>'}
    copy = replace(QUESTION, key="otra", text=text)

    assert content_digest(copy, "dos") == content_digest(QUESTION, "uno")
    assert content_digest(copy, "tres") != content_digest(QUESTION, "uno")
    assert content_digest(replace(QUESTION, body=TrueFalseBody(False)), "uno") != content_digest(QUESTION, "uno")
