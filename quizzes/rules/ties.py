"""Criteria by which a selecting quiz breaks ties, as frozen with it before its first attempt (spec/selection 4.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TieRules:
    """The objectives whose subtotals decide between equal results, in order; then, where `draw` is a text, a public draw."""

    objectives: tuple[str, ...] = ()
    draw: str = ""
    """The text announced before the sitting that goes into the seed of the draw; '' where nothing is drawn."""
    of: Mapping[str, str] = field(default_factory=dict)
    """The objective of each question, by its key; only of the objectives above. Made at publication."""
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The text of each of the objectives by language. Made at publication."""
