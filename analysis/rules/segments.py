"""Segments of a question's history: versions whose figures may be added, because they ask the same (spec/selection 2.2)."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from questions.rules.definitions import QuestionDefinition
from questions.rules.encoding import canonical

_MARKS = re.compile(rb"\bq[0-9a-f]{8}-")
"""What the identifiers in a rendered text begin with: it is made of the key."""


def content_digest(question: QuestionDefinition, course: str) -> str:
    """Return a digest that is equal for two published questions of the same content, whatever their key and course.

    `course` is the address of the course, which stands in the links of the text.
    """
    content = canonical(replace(question, key="")).replace(f"/courses/{course}/".encode(), b"/courses//")
    return hashlib.sha256(_MARKS.sub(b"q-", content)).hexdigest()


@dataclass(frozen=True, slots=True)
class SegmentVersion:
    """A version of a question or of a copy of it; `wording_only` where its figures go on from those of the version before."""

    id: int
    digest: str
    wording_only: bool = False


def segments_of(
    own: Sequence[SegmentVersion], copies: Sequence[SegmentVersion] = (), present: int | None = None
) -> tuple[tuple[int, ...], ...]:
    """Return the segments as the ids of their versions, the present one last; those that only copies have come first.

    A version begins a segment unless it changed only the wording, or says what a version of another segment says. `own` are the versions
    of the course, the oldest first, `present` the one that is asked now (None: the newest), `copies` those of other courses.
    """
    root: dict[str, str] = {}

    def top(digest: str) -> str:
        while digest in root:
            digest = root[digest]
        return digest

    for before, version in pairwise(own):
        if version.wording_only and top(version.digest) != top(before.digest):
            root[top(version.digest)] = top(before.digest)
    by_digest: dict[str, list[int]] = {}
    for version in own:
        by_digest.setdefault(top(version.digest), []).append(version.id)
    present_digest = next((top(version.digest) for version in own if version.id == present), top(own[-1].digest) if own else "")
    mine = sorted(by_digest, key=lambda digest: digest == present_digest)
    for version in copies:
        by_digest.setdefault(top(version.digest), []).append(version.id)
    others = [digest for digest in by_digest if digest not in mine]
    return tuple(tuple(by_digest[digest]) for digest in (*others, *mine))


def segment_numbers(segments: Sequence[Sequence[int]]) -> Mapping[int, int]:
    """Return the number of the segment of each version, from 1."""
    return {version: number for number, versions in enumerate(segments, start=1) for version in versions}
