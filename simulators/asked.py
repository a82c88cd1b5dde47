"""What the web asks of a simulator task, field by field (format, section 10)."""

from collections.abc import Callable

from courses.content.settings import Bare, Setting, Shape
from kernel.i18n import lazy_
from simulators.rules.outputs import compute
from simulators.rules.reference import REFERENCE
from simulators.rules.scenario import MODEL, SPECS, VERSION
from simulators.wording import full_label, output_label

BEGIN = f"""model: {MODEL}
version: {VERSION}
text: …
goals:
  - key: meta
    text: …
    output: vejez.pct_pib
    max: 1
"""
"""A task begins as one that can be read: its words and its goal are still to be written."""
ORDER = (
    *("model", "version", "text", "start", "variables", "editable", "goals", "asks"),
    *("attempts", "pause", "grading", "pass_mark", "category", "weight", "completion"),
)


class _Named:
    """What an input or output is called, in the language of whoever looks, with its name in files."""

    def __init__(self, tell: Callable[[str], str], name: str) -> None:
        self.tell, self.name = tell, name

    def __str__(self) -> str:
        return f"{self.tell(self.name)} · {self.name}"


INPUTS = tuple((name, _Named(full_label, name)) for name in SPECS)
OUTPUTS = tuple((name, _Named(output_label, name)) for name in compute(REFERENCE))
_MARK = Setting("mark", Shape.NUMBER, lazy_("Points"), usual="1")
_LENGTH = lazy_("A number and a unit: 60 s, 30 min, 24 h, 7 d.")

ASKED = (
    Setting(
        "text", Shape.MARKDOWN, lazy_("What is to be done"), lazy_("A number that is drawn for each learner stands in braces: {older}.")
    ),
)
GROUPS = (
    (
        lazy_("Where it begins"),
        (
            Setting(
                "start",
                Shape.NAMED,
                lazy_("Inputs at the start"),
                lazy_("All others have the value of the example. A number, a drawn one in braces, or none to take it away."),
                fields=(Setting("name", Shape.CHOICE, lazy_("Input"), choices=INPUTS), Setting("value", Shape.NUMBER, lazy_("Value"))),
                spare=2,
            ),
            Setting(
                "variables",
                Shape.NAMED,
                lazy_("Numbers that are drawn for each learner"),
                lazy_("From one number to another in steps, or one of a list of values. A row whose name is emptied goes."),
                fields=(
                    Setting("name", Shape.WORD, lazy_("Name")),
                    Setting("from", Shape.NUMBER, lazy_("From")),
                    Setting("to", Shape.NUMBER, lazy_("To")),
                    Setting("step", Shape.NUMBER, lazy_("In steps of")),
                    Setting(
                        "values", Shape.NUMBERS, lazy_("Or one of these values"), lazy_("Parted by semicolons or spaces: 10; 12.5; 20.")
                    ),
                    Setting("decimals", Shape.NUMBER, lazy_("Decimals")),
                ),
            ),
            Setting(
                "editable",
                Shape.KEYS,
                lazy_("Inputs that learners may change"),
                lazy_("None chosen: all of them."),
                choices=INPUTS,
                usual="all",
            ),
        ),
    ),
    (
        lazy_("What is marked"),
        (
            Setting(
                "goals",
                Shape.ENTRIES,
                lazy_("Goals to reach"),
                lazy_("Each has a least or a greatest value, or both. A row whose key is emptied goes."),
                fields=(
                    Setting("key", Shape.WORD, lazy_("Key")),
                    Setting("text", Shape.WORDS, lazy_("What is to be reached")),
                    Setting("output", Shape.CHOICE, lazy_("Result"), choices=OUTPUTS),
                    Setting("min", Shape.NUMBER, lazy_("At least")),
                    Setting("max", Shape.NUMBER, lazy_("At most")),
                    _MARK,
                ),
            ),
            Setting(
                "asks",
                Shape.ENTRIES,
                lazy_("Numbers to give"),
                lazy_("The right one is what the model gives at the start. A row whose key is emptied goes."),
                fields=(
                    Setting("key", Shape.WORD, lazy_("Key")),
                    Setting("text", Shape.WORDS, lazy_("Question")),
                    Setting("output", Shape.CHOICE, lazy_("Result"), choices=OUTPUTS),
                    Setting("tolerance", Shape.NUMBER, lazy_("How far off it may be")),
                    Setting("tolerance.relative", Shape.NUMBER, lazy_("Or as a share of the right number")),
                    Setting("unit", Shape.WORDS, lazy_("Unit")),
                    _MARK,
                    Setting("explanation", Shape.MARKDOWN, lazy_("Explanation")),
                ),
            ),
        ),
    ),
    (
        lazy_("Attempts and marks"),
        (
            Setting("attempts", Shape.NUMBER, lazy_("Attempts"), lazy_("0: as many as one likes."), usual="0"),
            Setting("pause.first", Shape.NUMBER, lazy_("Pause before the second attempt"), _LENGTH, bare=Bare.EACH),
            Setting("pause.later", Shape.NUMBER, lazy_("Pause before later ones"), _LENGTH, bare=Bare.EACH),
            Setting(
                "grading",
                Shape.CHOICE,
                lazy_("Which attempt counts"),
                "",
                (
                    ("highest", lazy_("The best")),
                    ("average", lazy_("The mean of all")),
                    ("first", lazy_("The first")),
                    ("last", lazy_("The last")),
                ),
                "highest",
            ),
            Setting("pass_mark", Shape.NUMBER, lazy_("Percent to pass"), lazy_("none: it cannot be failed."), usual="70"),
            Setting("category", Shape.WORD, lazy_("Part of the grade"), lazy_("Key of a part of the course's grade.")),
            Setting("weight", Shape.NUMBER, lazy_("Weight"), lazy_("Within its part of the grade; 0: it does not count."), usual="1"),
            Setting(
                "completion",
                Shape.CHOICE,
                lazy_("What completes it"),
                "",
                (
                    ("passed", lazy_("Passing it")),
                    ("graded", lazy_("Handing it in")),
                    ("passed_or_used", lazy_("Passing it, or using up all attempts")),
                    ("viewed", lazy_("Opening it is enough")),
                ),
            ),
        ),
    ),
)
