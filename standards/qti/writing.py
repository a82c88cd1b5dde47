"""Shared parts of both QTI writers: what is lost of a body, words that are compared whole, gaps in the order of the text."""

from collections.abc import Mapping, Sequence

from kernel.errors import N_
from questions.rules.definitions import Gap, GapsBody, MatchingBody, TextPattern, Texts, TextShape
from standards._fields import lose
from standards._gap import gap_name, split_at_gaps
from standards._texts import in_language, one_line
from standards.model import NotTranslatable, TransferRemarkCollector

INLINE, BLOCKS = TextShape.INLINE, TextShape.MARKDOWN
DIGITS = 10
_TRUTH = {"es": ("Verdadero", "Falso"), "en": ("True", "False")}


def truth(language: str) -> tuple[str, str]:
    """Return the words for true and false."""
    return _TRUTH.get(language, _TRUTH["en"])


def lose_written(remarks: TransferRemarkCollector, body: object, names: Sequence[str], **others: bool) -> None:
    """Report the fields of a body that are not empty, and the others that are true, as left out."""
    for name in (*(name for name in names if getattr(body, name)), *(name for name, lost in others.items() if lost)):
        lose(remarks, name)


def whole_words(answer: TextPattern, language: str) -> str:
    """Return the words of a pattern; raises NotTranslatable where it stands for more than one answer."""
    pattern = one_line(in_language(answer.patterns, language))
    if "*" in pattern.replace("\\*", ""):
        raise NotTranslatable(N_("A pattern with * cannot be exported."), N_("The format compares whole answers."))
    return pattern.replace("\\*", "*")


def matches_of(body: MatchingBody) -> Mapping[str, Texts]:
    """Return the distinct choices of a matching by key."""
    return {pair.match_key: pair.match for pair in body.pairs} | {label.key: label.text for label in body.extra}


def gaps_in_order(body: GapsBody, text: str, remarks: TransferRemarkCollector) -> tuple[Gap, ...]:
    """Return the gaps as they stand in the text; their weights and names stay behind.

    Raises NotTranslatable where one is missing or there twice.
    """
    names = [gap.name for gap in body.gaps]
    if any(gap.weight != 1 for gap in body.gaps):
        lose(remarks, "weight")
    if len(split_at_gaps(text, names)) != len(names) + 1:
        raise NotTranslatable(N_("Not every gap appears exactly once in the text."))
    places = tuple(sorted(body.gaps, key=lambda gap: text.find("{" + gap.name + "}")))
    if [gap.name for gap in places] != [gap_name(at, len(places)) for at in range(1, len(places) + 1)]:
        remarks.loss(N_("The names of the gaps are left out."), N_("They are numbered when the question is imported again."))
    return places
