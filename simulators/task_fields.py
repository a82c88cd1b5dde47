"""Form fields of a simulator task (spec/content-format 10)."""

from collections.abc import Callable

from courses.content.settings import BareValueRule, FieldShape, FieldSpec
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
    """The label of an input or output, in the language of the reader, with its name in files."""

    def __init__(self, label_of: Callable[[str], str], name: str) -> None:
        self.tell, self.name = label_of, name

    def __str__(self) -> str:
        return f"{self.tell(self.name)} · {self.name}"


INPUTS = tuple((name, _Named(full_label, name)) for name in SPECS)
OUTPUTS = tuple((name, _Named(output_label, name)) for name in compute(REFERENCE))
_MARK = FieldSpec("mark", FieldShape.NUMBER, lazy_("Points"), usual="1")
_LENGTH = lazy_("A number and a unit: 60 s, 30 min, 24 h, 7 d.")

TASK_FIELDS = (
    FieldSpec(
        "text",
        FieldShape.MARKDOWN,
        lazy_("What to do"),
        lazy_("Put a number that is drawn for each learner in braces: {older}."),
    ),
)
GROUPS = (
    (
        lazy_("Starting point"),
        (
            FieldSpec(
                "start",
                FieldShape.NAMED,
                lazy_("Inputs at the start"),
                lazy_("All others keep the value of the example. Enter a number, a drawn one in braces, or none to remove it."),
                fields=(
                    FieldSpec("name", FieldShape.CHOICE, lazy_("Input"), choices=INPUTS),
                    FieldSpec("value", FieldShape.NUMBER, lazy_("Value")),
                ),
                spare=2,
            ),
            FieldSpec(
                "variables",
                FieldShape.NAMED,
                lazy_("Numbers drawn for each learner"),
                lazy_("From one number to another in steps, or one of a list of values. Clear a row's name to delete it."),
                fields=(
                    FieldSpec("name", FieldShape.WORD, lazy_("Name")),
                    FieldSpec("from", FieldShape.NUMBER, lazy_("From")),
                    FieldSpec("to", FieldShape.NUMBER, lazy_("To")),
                    FieldSpec("step", FieldShape.NUMBER, lazy_("In steps of")),
                    FieldSpec(
                        "values",
                        FieldShape.NUMBERS,
                        lazy_("Or one of these values"),
                        lazy_("Separated by semicolons or spaces: 10; 12.5; 20."),
                    ),
                    FieldSpec("decimals", FieldShape.NUMBER, lazy_("Decimals")),
                ),
            ),
            FieldSpec(
                "editable",
                FieldShape.KEYS,
                lazy_("Inputs that learners can change"),
                lazy_("Leave unselected to include all of them."),
                choices=INPUTS,
                usual="all",
            ),
        ),
    ),
    (
        lazy_("What is marked"),
        (
            FieldSpec(
                "goals",
                FieldShape.ENTRIES,
                lazy_("Goals to reach"),
                lazy_("Each has a minimum value, a maximum value or both. Clear a row's key to delete it."),
                fields=(
                    FieldSpec("key", FieldShape.WORD, lazy_("Key")),
                    FieldSpec("text", FieldShape.WORDS, lazy_("What to achieve")),
                    FieldSpec("output", FieldShape.CHOICE, lazy_("Result"), choices=OUTPUTS),
                    FieldSpec("min", FieldShape.NUMBER, lazy_("At least")),
                    FieldSpec("max", FieldShape.NUMBER, lazy_("At most")),
                    _MARK,
                ),
            ),
            FieldSpec(
                "asks",
                FieldShape.ENTRIES,
                lazy_("Numbers that learners must give"),
                lazy_("The right number is what the model gives at the start. Clear a row's key to delete it."),
                fields=(
                    FieldSpec("key", FieldShape.WORD, lazy_("Key")),
                    FieldSpec("text", FieldShape.WORDS, lazy_("Question")),
                    FieldSpec("output", FieldShape.CHOICE, lazy_("Result"), choices=OUTPUTS),
                    FieldSpec("tolerance", FieldShape.NUMBER, lazy_("Allowed difference")),
                    FieldSpec("tolerance.relative", FieldShape.NUMBER, lazy_("Or as a share of the right number")),
                    FieldSpec("unit", FieldShape.WORDS, lazy_("Unit")),
                    _MARK,
                    FieldSpec("explanation", FieldShape.MARKDOWN, lazy_("Explanation")),
                ),
            ),
        ),
    ),
    (
        lazy_("Attempts and marks"),
        (
            FieldSpec("attempts", FieldShape.NUMBER, lazy_("Attempts"), lazy_("0: unlimited."), usual="0"),
            FieldSpec("pause.first", FieldShape.NUMBER, lazy_("Pause before the second attempt"), _LENGTH, bare=BareValueRule.EACH),
            FieldSpec("pause.later", FieldShape.NUMBER, lazy_("Pause before later attempts"), _LENGTH, bare=BareValueRule.EACH),
            FieldSpec(
                "grading",
                FieldShape.CHOICE,
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
            FieldSpec("pass_mark", FieldShape.NUMBER, lazy_("Pass mark"), lazy_("Write none if it cannot be failed."), usual="70"),
            FieldSpec("category", FieldShape.WORD, lazy_("Part of the grade"), lazy_("Key of a part of the course grade.")),
            FieldSpec(
                "weight", FieldShape.NUMBER, lazy_("Weight"), lazy_("Within its part of the grade. 0 means it does not count."), usual="1"
            ),
            FieldSpec(
                "completion",
                FieldShape.CHOICE,
                lazy_("What completes it"),
                "",
                (
                    ("passed", lazy_("Passing it")),
                    ("graded", lazy_("Submitting it")),
                    ("passed_or_used", lazy_("Passing it, or using up all attempts")),
                    ("viewed", lazy_("Opening it is enough")),
                ),
            ),
        ),
    ),
)
