"""Moodle's own words: formats of texts, types of question, rules of an ordering, kinds of gap in a Cloze text."""

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.markup.model import names
from questions.rules.definitions import OrderingRule

HTML, AUTO, PLAIN, MARKDOWN = "html", "moodle_auto_format", "plain_text", "markdown"

ORDERINGS: Mapping[str, OrderingRule] = {
    "ALL_OR_NOTHING": OrderingRule.ALL_OR_NOTHING,
    "ABSOLUTE_POSITION": OrderingRule.ABSOLUTE_POSITION,
    "RELATIVE_NEXT_EXCLUDE_LAST": OrderingRule.RELATIVE_TO_NEXT,
    "RELATIVE_NEXT_INCLUDE_LAST": OrderingRule.RELATIVE_TO_NEXT_AND_LAST,
    "RELATIVE_ONE_PREVIOUS_AND_NEXT": OrderingRule.ONE_PREVIOUS_AND_NEXT,
    "RELATIVE_ALL_PREVIOUS_AND_NEXT": OrderingRule.ALL_PREVIOUS_AND_NEXT,
    "LONGEST_ORDERED_SUBSET": OrderingRule.LONGEST_ORDERED,
    "LONGEST_CONTIGUOUS_SUBSET": OrderingRule.LONGEST_CONTIGUOUS,
    "RELATIVE_TO_CORRECT": OrderingRule.RELATIVE_TO_CORRECT,
}

LOOKS = frozenset(
    [
        "answernumbering",
        "showstandardinstruction",
        "layouttype",
        "showgrading",
        "numberingstyle",
        "shownumcorrect",
        "responsefieldlines",
        "responserequired",
        "unitsleft",
        "instructions",
        "synchronize",
    ]
)
"""Elements that say only how a question looks there; they are not taken over and not told one by one."""

CALCULATED = frozenset({"calculated", "calculatedsimple"})
"""Types with wild cards whose answer is a number; those with choices that are computed are not read."""
COMBINED = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
READ = frozenset(
    [
        "name",
        "questiontext",
        "generalfeedback",
        "defaultgrade",
        "penalty",
        "hidden",
        "idnumber",
        "tags",
        "hint",
        "single",
        "shuffleanswers",
        "answer",
        "usecase",
        "units",
        "unitgradingtype",
        "unitpenalty",
        "showunits",
        "subquestion",
        "responseformat",
        "minwordlimit",
        "maxwordlimit",
        "attachments",
        "attachmentsrequired",
        "maxbytes",
        "filetypeslist",
        "graderinfo",
        "responsetemplate",
        "gradingtype",
        "selecttype",
        "selectcount",
        "selectoption",
        "dragbox",
        "dataset_definitions",
    ]
)
"""Elements that the reader looks at."""
INSIDE = names(
    "text file feedback tag tolerance tolerancetype correctanswerformat correctanswerlength unit unit_name multiplier group infinite "
    "shownumcorrect clearwrong options"
)
"""Elements inside those that the reader looks at, or that only say how a question behaves there."""


@dataclass(frozen=True, slots=True)
class ClozeAnswer:
    """An answer of a gap: sign, weight in per cent, words and feedback, their backslashes resolved."""

    right: bool
    weight: str | None
    words: str
    feedback: str


@dataclass(frozen=True, slots=True)
class ClozeGap:
    """A gap `{1:SHORTANSWER:=answer}`: weight, kind in capitals, answers."""

    weight: int
    kind: str
    answers: tuple[ClozeAnswer, ...]
