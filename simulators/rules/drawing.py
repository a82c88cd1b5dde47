"""Variables drawn for each learner from a seed, so that anybody can check them.

For a variable the bytes are SHA-256 over the text `<seed>/<name>/<block>` for block 0, 1, 2 …, read as big-endian words of 64 bits; a
number below n is the next word modulo n, where words of the last incomplete run of n are passed over, so that every number is equally
likely.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count

from kernel.codes import round_half_up
from simulators.rules.tasks import TaskVariableSpec

_WORDS = 2**64


def seed_of(course_id: int, activity_key: str, person_id: int) -> str:
    """Return the seed of a learner in a task: the same at every visit and in every attempt."""
    return f"{course_id}/{activity_key}/{person_id}"


def draw(variables: Sequence[TaskVariableSpec], seed: str) -> dict[str, Fraction]:
    """Return a value for each variable."""
    return {variable.name: _value(variable, seed) for variable in variables}


def _value(variable: TaskVariableSpec, seed: str) -> Fraction:
    stream = _stream(f"{seed}/{variable.name}")
    if variable.values:
        value = variable.values[_below(stream, len(variable.values))]
    else:
        value = variable.low + variable.step * _below(stream, (variable.high - variable.low) // variable.step + 1)
    return value if variable.decimals is None else round_half_up(value, variable.decimals)


def _below(stream: Iterator[int], limit: int) -> int:
    end = _WORDS - _WORDS % limit
    return next(word for word in stream if word < end) % limit


def _stream(name: str) -> Iterator[int]:
    for block in count():  # pragma: no branch - without end
        digest = hashlib.sha256(f"{name}/{block}".encode()).digest()
        for at in range(0, len(digest), 8):  # pragma: no branch - nobody reads so far
            yield int.from_bytes(digest[at : at + 8], "big")


def stored_values(drawn: Mapping[str, Fraction]) -> dict[str, str]:
    """Write drawn values for keeping."""
    return {name: str(value) for name, value in drawn.items()}
