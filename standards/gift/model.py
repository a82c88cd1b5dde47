"""GIFT's own words: what the grammar finds in one question, still escaped."""

from dataclasses import dataclass, replace
from enum import StrEnum


class GiftTextFormat(StrEnum):
    """The format of a GIFT text; MOODLE, the usual one, is plain words in which HTML may stand."""

    HTML = "html"
    MOODLE = "moodle"
    PLAIN = "plain"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class GiftText:
    """A text with the format written before it, None where it takes that of the question."""

    text: str
    format: GiftTextFormat | None = None


@dataclass(frozen=True, slots=True)
class GiftAnswer:
    """An answer between braces: `=` or `~` (or nothing), weight in per cent, text, match after `->`, feedback."""

    sign: str
    weight: str | None
    text: GiftText
    match: str | None = None
    feedback: GiftText | None = None

    @property
    def whole(self) -> GiftText:
        """Return the text with what stands after `->`, where the sign is part of an answer and not of a matching."""
        return self.text if self.match is None else replace(self.text, text=f"{self.text.text}->{self.match}")


@dataclass(frozen=True, slots=True)
class GiftTrueFalse:
    """`{T#for the wrong one#for the right one}`."""

    value: bool
    feedbacks: tuple[GiftText, ...] = ()


@dataclass(frozen=True, slots=True)
class GiftAnswers:
    """The content between braces: numerical after `#`, or answers; nothing for an essay."""

    numerical: bool = False
    truth: GiftTrueFalse | None = None
    answers: tuple[GiftAnswer, ...] = ()
    general: GiftText | None = None


@dataclass(frozen=True, slots=True)
class GiftQuestion:
    """One question: name, text before and after the braces; `answers` None for a description."""

    name: str
    before: GiftText
    answers: GiftAnswers | None
    after: str
    line: int
    tags: tuple[str, ...] = ()
    identifier: str = ""
