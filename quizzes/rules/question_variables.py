"""The variables of questions whose numbers differ from attempt to attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class VariableRange:
    """Values from ``low`` to ``high``, both included, ``step`` apart."""

    low: Fraction
    high: Fraction
    step: Fraction


@dataclass(frozen=True, slots=True)
class QuestionVariable:
    """A variable of a calculated question: a range or a list of values, shown with ``decimals`` (None: as it is)."""

    name: str
    values: VariableRange | tuple[Fraction, ...]
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class ChoiceNumbers:
    """The variables of a choice whose options are calculated, and with how many decimals (None: as they are) these are shown."""

    variables: tuple[QuestionVariable, ...]
    conditions: tuple[str, ...] = ()
    parameters: Mapping[str, Fraction] = field(default_factory=dict)
    decimals: int | None = None
