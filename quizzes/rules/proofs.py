"""Proofs of attempts: what is signed, the code that follows from it, and what a mark was then (spec/selection 10).

The signed text names nobody: it says which attempt, when, and holds the digests of the whole document and of the marks of its day.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from kernel.codes import code_from_bits
from questions.rules.encoding import canonical_json, canonical_text

CODE_LENGTH = 16
FORMAT = 1
KIND = "AttemptProof"


def digest_of(value: object) -> str:
    """Return the SHA-256 of the canonical form of a value."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


@dataclass(frozen=True, slots=True)
class ItemMark:
    """A question of an attempt as it is marked: its share of the maximum, the state of the mark, and the effect of a void."""

    place: int
    share: Fraction | None
    state: str
    void_effect: str = ""


@dataclass(frozen=True, slots=True)
class AttemptMarks:
    """Everything of an attempt that a regrade, an annulment, marking by hand or reopening changes."""

    ended_at: datetime | None
    raw: Fraction | None
    maximum: Fraction
    percent: Fraction | None
    passed: bool | None
    items: tuple[ItemMark, ...]

    def digest(self, *, with_marks: bool) -> str:
        """Return the SHA-256 of the marks: equal ones give the same, also where a change was taken back.

        Without the marks it is of what is always shown: that the attempt ended then, and whether something waits to be marked.
        """
        facts: list[object] = [self.ended_at, self.raw is not None]
        if with_marks:
            totals = [_exact(total) for total in (self.raw, self.maximum, self.percent)]
            facts += [totals, self.passed, [[item.place, _exact(item.share), item.state, item.void_effect] for item in self.items]]
        return digest_of(facts)


def _exact(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class ProofStatement:
    """The signed statement of a proof: which attempt at which quiz it is of, and the digests of the document and of the marks."""

    attempt: UUID
    number: int
    quiz: Mapping[str, str]
    """Title by language."""
    course: Mapping[str, str]
    ended_at: datetime
    document: str
    marks: str
    shows_marks: bool
    """Whether the document shows marks, or which answers are right: then it is changed where one of them is."""

    @property
    def text(self) -> str:
        """Return the canonical JSON that is signed."""
        return canonical_text(
            {
                "type": KIND,
                "format": FORMAT,
                "attempt": self.attempt,
                "number": self.number,
                "quiz": dict(self.quiz),
                "course": dict(self.course),
                "ended_at": self.ended_at,
                "document": self.document,
                "marks": self.marks,
                "shows_marks": self.shows_marks,
            }
        )


def read_statement(text: str) -> ProofStatement:
    """Read a signed statement, as `ProofStatement.text` wrote it."""
    fields: Mapping[str, Any] = json.loads(text)
    return ProofStatement(
        attempt=UUID(fields["attempt"]),
        number=fields["number"],
        quiz=fields["quiz"],
        course=fields["course"],
        ended_at=datetime.fromisoformat(fields["ended_at"]),
        document=fields["document"],
        marks=fields["marks"],
        shows_marks=fields["shows_marks"],
    )


def code_of(signature: str) -> str:
    """Return the code of a proof, 80 bits of the digest of its signature: made twice at once it is the same, and nobody can guess it."""
    return code_from_bits(int.from_bytes(hashlib.sha256(signature.encode()).digest()[:10]), CODE_LENGTH)
