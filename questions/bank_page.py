"""Forms and page views of a course's question bank: lists, previews, changes, and sample draws."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from wtforms import Field, HiddenField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.widgets import TextArea

from courses.content.differences import DiffPiece, compared
from courses.content.editing import ListEntrySpan
from courses.content.model import CourseFolder, Finding, Severity
from courses.kinds import CourseKinds
from kernel import yaml_tree
from kernel.errors import N_
from kernel.expressions import ExpressionError, evaluate
from kernel.i18n import _, choose, language, lazy_, number
from kernel.web.forms import Form, LineField, area, line
from questions.content.banks import banks_of
from questions.content.question_fields import DIFFICULTIES, KINDS, STATES
from questions.question_bank import FieldChanges, render_question
from questions.question_page import MARKERS, QuestionView, decimal, view_question, words_of
from questions.question_review import MarkingResult, QuestionReview, answered_question
from questions.rules.answers import Parts, answer_from_page, payload_of
from questions.rules.definitions import CalculatedBody, DescriptionBody, FileBody, QuestionDefinition, QuestionKind
from questions.rules.encoding import ORDER, ValueChange, differences
from questions.rules.feedback import ReviewFlag
from questions.rules.item_layout import ItemLayout, LoadedItem, NoVariablesError, draw_variables, lay_out_item
from questions.rules.marking import mark_answer
from questions.rules.numbers import convention_for

TAG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
MAX_ENTRY = 100_000
UNCHANGED, NONE = "", "none"


class QuestionTextForm(Form):
    """The text of one question, and what it was when the editor began; a new one names its bank."""

    text = area(lazy_("Text of the question"), most=MAX_ENTRY)
    seen = HiddenField()
    bank = SelectField(lazy_("Bank"), choices=[], validate_choice=False)


def give_lines(field: Field) -> None:
    """Let a field of one line take two lines of the page; it stays one text."""
    field.widget = TextArea()  # type: ignore[assignment]  # its stubs know it of text areas alone
    field.render_kw = {"rows": 2}


class QuestionEditForm(Form):
    """The fields of a question, and its text as it was when the editor began."""

    seen = HiddenField()


class NewQuestionForm(QuestionEditForm):
    """The fields of a new question, its bank, and its key where the author wants to choose it."""

    kind = HiddenField()
    bank = SelectField(lazy_("Bank"), choices=[])
    key = line(lazy_("Key"), most=64)

    def offer(self, banks: Sequence[tuple[str, str]]) -> None:
        """Fill the list of banks; they are paths and titles."""
        self.bank.choices = [SelectChoice(value=path, label=title) for path, title in banks]

    def validate_key(self, field: LineField) -> None:
        """Refuse what is no key."""
        if field.data and not TAG.match(field.data):
            raise ValidationError(_("Use a to z and 0 to 9 in words joined by single hyphens, up to 64 characters."))


class QuestionFieldsForm(Form):
    """Fields of one or several questions; what is empty stays as it is, «none» takes the field out."""

    state = SelectField(lazy_("State"), choices=[], validate_choice=False)
    difficulty = SelectField(lazy_("Difficulty"), choices=[], validate_choice=False)
    add_tags = LineField(lazy_("Add tags"))
    remove_tags = LineField(lazy_("Remove tags"))
    mark = LineField(lazy_("Mark"))
    bank = SelectField(lazy_("Move to the bank"), choices=[], validate_choice=False)

    def offer(self, banks: Sequence[tuple[str, str]]) -> None:
        """Fill the lists of choices; `banks` are paths and titles."""
        same = (UNCHANGED, _("Leave unchanged"))
        self.state.choices = [same, *((value, _(label)) for value, label in STATES.items())]
        self.difficulty.choices = [same, (NONE, _("None")), *((value, _(label)) for value, label in DIFFICULTIES.items())]
        self.bank.choices = [same, *banks]

    def changes(self) -> FieldChanges | None:
        """Return the changes; None with faults beside the fields where something cannot be changed."""
        add, remove = self._tags(self.add_tags), self._tags(self.remove_tags)
        mark = (self.mark.data or "").replace(",", ".")
        for chosen in (self.state, self.difficulty, self.bank):
            if chosen.data not in {choice[0] for choice in chosen.iter_choices()}:
                self.refuse(chosen, _("Choose one of the list."))
        if mark and not re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,7})?", mark):
            self.refuse(self.mark, _("Enter a number, 0 or more."))
        changes = FieldChanges(
            add, remove, self.state.data or None, difficulty=self._difficulty(), mark=mark or None, bank=self.bank.data or None
        )
        if not self.faults and changes == FieldChanges():
            self.refuse(self.state, _("Choose what to change."))
        return None if self.faults else changes

    def _difficulty(self) -> str | None:
        return None if self.difficulty.data == UNCHANGED else "" if self.difficulty.data == NONE else self.difficulty.data

    def _tags(self, field: LineField) -> tuple[str, ...]:
        tags = tuple(tag for tag in re.split(r"[,;\s]+", (field.data or "").lower()) if tag)
        wrong = [tag for tag in tags if not TAG.match(tag) or len(tag) > 64]
        if wrong:
            problem = _("“%(tag)s” cannot be used as a tag. Use lower-case letters without accents, digits and hyphens.", tag=wrong[0][:64])
            self.refuse(field, problem)
        return tags


FIELDS: Mapping[str, str] = {
    "kind": N_("Kind"),
    "text": N_("Question"),
    "options": N_("Option"),
    "answers": N_("Accepted answer"),
    "answer": N_("Right answer"),
    "pairs": N_("Pair"),
    "extra": N_("Extra choice"),
    "choices": N_("Choice"),
    "items": N_("Element"),
    "order": N_("Right order"),
    "gaps": N_("Gap"),
    "columns": N_("Column"),
    "rows": N_("Row"),
    "hints": N_("Hint"),
    "explanation": N_("Explanation"),
    "mark": N_("Mark"),
    "penalty": N_("Penalty"),
    "tags": N_("Tag"),
    "difficulty": N_("Difficulty"),
    "unverified": N_("Unverified"),
    "rule": N_("Marking rule"),
    "shuffle": N_("Shuffled"),
    "tolerance": N_("Tolerance"),
    "unit": N_("Unit"),
    "units": N_("Unit"),
    "unit_penalty": N_("Penalty for a wrong unit"),
    "decimals": N_("Decimals"),
    "variables": N_("Variable"),
    "conditions": N_("Condition"),
    "parameters": N_("Course parameter"),
    "source": N_("Source"),
    "see": N_("See also"),
    "model": N_("Model answer"),
    "criteria": N_("Criterion"),
    "rubric": N_("Rubric"),
    "words": N_("Words"),
    "template": N_("Template"),
    "files": N_("Files"),
    "accept": N_("Kind of file"),
    "size": N_("Size"),
    "survey": N_("Survey"),
    "drag": N_("Filled from one set"),
    "ignore_case": N_("Ignore capital letters"),
    "ignore_accents": N_("Ignore accents"),
    "ignore_typography": N_("Ignore typographic variants"),
}
ASPECTS: Mapping[str, str] = {
    "text": N_("text"),
    "right": N_("is right"),
    "credit": N_("credit"),
    "why": N_("feedback"),
    "fixed": N_("keeps its place"),
    "item": N_("element"),
    "match": N_("match"),
    "answer": N_("answer"),
    "value": N_("number"),
    "expression": N_("expression"),
    "patterns": N_("pattern"),
    "tolerance": N_("tolerance"),
    "weight": N_("weight"),
    "points": N_("points"),
    "criterion": N_("criterion"),
}
LANGUAGES = ("es", "en")
ALL_FLAGS = frozenset(ReviewFlag)
_NUMBERS = frozenset({"amount", "value", "low", "high", "step", "mark", "penalty", "unit_penalty", "weight", "points"})
"""Fields of a question whose numbers forms write with decimals; credits are fractions there too."""
_NUMBERS_BY_NAME = frozenset({"parameters", "units"})
_EXACT = re.compile(r"-?\d+(/[1-9]\d*)?")
_TRUTHS = {"true": N_("yes"), "false": N_("no")}
STARTS: Mapping[str, str] = {
    QuestionKind.SINGLE: "options:\n  - right: …\n    why: …\n  - wrong: …\n    why: …\n",
    QuestionKind.MULTIPLE: "options:\n  - right: …\n    why: …\n  - right: …\n    why: …\n  - wrong: …\n    why: …\n",
    QuestionKind.TRUE_FALSE: "answer: true\n",
    QuestionKind.SHORT: "answers:\n  - right: …\n",
    QuestionKind.NUMERICAL: "answers:\n  - right: 0\ntolerance: 0\n",
    QuestionKind.MATCHING: "pairs:\n  - item: …\n    match: …\n  - item: …\n    match: …\n",
    QuestionKind.ORDERING: "items:\n  - …\n  - …\n  - …\n",
    QuestionKind.GAPS: "gaps:\n  uno:\n    answers:\n      - right: …\n",
    QuestionKind.CALCULATED: "variables:\n  a: {from: 1, to: 10, step: 1}\nanswers:\n  - right: 2 * a\n",
    QuestionKind.ESSAY: "rubric:\n  - criterion: …\n    levels:\n      - points: 0\n        text: …\n      - points: 1\n        text: …\n",
    QuestionKind.FILE: "accept: [pdf]\n",
    QuestionKind.MATRIX: "columns:\n  - text: …\n    key: a\n  - text: …\n    key: b\nrows:\n  - text: …\n    answer: a\n",
    QuestionKind.DESCRIPTION: "",
}
_ASKED = {QuestionKind.GAPS: "… {uno} …", QuestionKind.CALCULATED: "… {a} …"}


def start_text(kind: str) -> str:
    """Return the text that a new question of a kind begins with."""
    chosen = QuestionKind(kind) if kind in STARTS else QuestionKind.SINGLE
    end = "explanation: …\n" if chosen is not QuestionKind.DESCRIPTION else ""
    return f"key: …\nkind: {chosen.value}\nstate: draft\ntext: {_ASKED.get(chosen, '…')}\n{STARTS[chosen]}{end}"


@dataclass(frozen=True, slots=True)
class SourceFindingView:
    """A finding beside a text: `line` counts in that text (0: not in it), `severity` is 'error', 'warning' or 'info'."""

    line: int
    message: str
    advice: str
    code: str
    severity: str


def finding_views(findings: Sequence[Finding], path: str, entry: ListEntrySpan) -> list[SourceFindingView]:
    """Return the findings of an entry of a bank's file, worst first."""
    inside = [finding for finding in findings if concerns(finding, path, entry)]
    order = [Severity.ERROR, Severity.WARNING, Severity.INFORMATION]
    return [
        SourceFindingView(max(finding.line - entry.first + 1, 0), finding.message, finding.fix, finding.code, finding.severity.value)
        for finding in sorted(inside, key=lambda finding: (order.index(finding.severity), finding.line))
    ]


def concerns(finding: Finding, path: str, entry: ListEntrySpan) -> bool:
    """Return whether a finding is about an entry of a bank's file."""
    if finding.file != path:
        return False
    return entry.first <= finding.line <= entry.last if finding.line else finding.facts.get("subject") == entry.key


def troubles(text: str) -> list[SourceFindingView]:
    """Return the faults of the YAML of an entry by itself."""
    parsed = yaml_tree.parse(text)
    findings = [
        SourceFindingView(
            trouble.line,
            _(trouble.template, name=trouble.name),
            _(trouble.fix, name=trouble.name) if trouble.fix else "",
            trouble.code,
            "error",
        )
        for trouble in parsed.troubles
    ]
    if not findings and not isinstance(parsed.root, yaml_tree.YamlMapping):
        findings.append(
            SourceFindingView(1, _("A question consists of fields with values: “key: …”, “kind: …”, “text: …”."), "", "C111", "error")
        )
    return findings


@dataclass(frozen=True, slots=True)
class QuestionPreview:
    """A question as its learner finds it, and what comes of an answer; nothing is recorded."""

    view: QuestionView
    answered: QuestionReview | None
    asks: bool
    """Whether it can be answered on this page."""
    is_whole: bool
    """Whether the renderer gave up none of the texts."""


def preview(
    folder: CourseFolder, kinds: CourseKinds, question: QuestionDefinition, path: str, *, seed: int, parts: Parts | None, position: int = 1
) -> QuestionPreview | None:
    """Return a draft question as a learner would see it, its order drawn from a seed; None where its variables have no values.

    `position` tells it from others on the same page.
    """
    renderer = kinds.renderer(folder)
    rendered = render_question(question, renderer, path)
    try:
        layout = lay_out_item(rendered, seed, "preview", shuffle=True)
    except NoVariablesError:
        return None
    item = LoadedItem(
        0, position, position, page=1, section=1, question_version_id=0, maximum=Fraction(question.mark), layout=layout, flagged=False
    )
    convention = convention_for(language())
    view = view_question(item, rendered, parts, 0, convention)
    takes_answer = not isinstance(rendered.body, DescriptionBody | FileBody)
    if parts is None or not takes_answer:
        return QuestionPreview(view, None, takes_answer, not renderer.refused)
    outcome = MarkingResult(fraction=_fraction(rendered, layout, parts))
    return QuestionPreview(
        view, answered_question(item, rendered, parts, ALL_FLAGS, convention, outcome), takes_answer, not renderer.refused
    )


def _fraction(question: QuestionDefinition, layout: ItemLayout, parts: Parts) -> Fraction | None:
    answer = answer_from_page(question, layout, payload_of(question, parts))
    return mark_answer(question, answer, layout, convention_for(language())).fraction


def find_question(folder: CourseFolder, key: str) -> tuple[QuestionDefinition, str] | None:
    """Return a question of a folder and the path of its bank."""
    matches = ((question, bank.path) for bank in banks_of(folder) for question in bank.questions if question.key == key)
    return next(matches, None)


def reserved_for(folder: CourseFolder, question: QuestionDefinition) -> tuple[str, ...]:
    """Return the titles of the quizzes that a question is reserved for; empty where it is not."""
    titles = {activity.key: choose(dict(activity.title)) for activity in folder.activities()}
    return tuple(titles.get(key) or key for key in question.selection.only)


@dataclass(frozen=True, slots=True)
class BankChangeView:
    """One difference in words; `before` is None where it was not there, `after` where it is no more."""

    label: str
    before: str | None
    after: str | None
    pieces: tuple[DiffPiece, ...]


def change_lines(before: QuestionDefinition, after: QuestionDefinition) -> list[BankChangeView]:
    """Describe the differences of two rendered wordings of a question."""
    return [_change_line(change) for change in differences(before, after)]


def _change_line(change: ValueChange) -> BankChangeView:
    before, after = (None if value is None else _value(change.path, value) for value in (change.before, change.after))
    both = before is not None and after is not None
    return BankChangeView(_label(change.path), before, after, compared(before or "", after or "") if both else ())


def _label(path: Sequence[str]) -> str:
    label = _(FIELDS.get(path[0], path[0]))
    rest = list(path[1:])
    tongue = rest.pop() if rest and rest[-1] in LANGUAGES else ""
    for name in rest:
        if name in ASPECTS:
            label = f"{label}: {_(ASPECTS[name])}"
        elif name in FIELDS:
            label = f"{label}: {_(FIELDS[name]).lower()}"
        elif name not in ("amount", "kind", "body"):
            label = f"{label} «{name}»"
    return f"{label} ({tongue})" if tongue else label


def _value(path: Sequence[str], value: str) -> str:
    if path[0] == "kind":
        return _(KINDS[value])
    if path[0] == "difficulty":
        return _(DIFFICULTIES[value])
    if path == (ORDER,):
        return value
    if value in _TRUTHS:
        return _(_TRUTHS[value])
    if (path[-1] in _NUMBERS or path[0] in _NUMBERS_BY_NAME) and _EXACT.fullmatch(value):
        return _number(value)
    return words_of(MARKERS.sub(r" {\1} ", value))


def _number(value: str) -> str:
    """Write a number as forms do: 1/10000 with decimals, and 1/3, whose decimals have no end, as it is."""
    exact = decimal(Fraction(value), MOST_DECIMALS)
    return number(exact) if exact is not None and Fraction(exact) == Fraction(value) else value


DRAWS = 5
DECIMALS_OF_SAMPLES = 4
MOST_DECIMALS = 12


@dataclass(frozen=True, slots=True)
class VariableSamples:
    """Draws as a table: the names of the variables, the formulas of the answers (whether right), and the numbers of each draw."""

    names: tuple[str, ...]
    answers: tuple[tuple[str, bool], ...]
    draws: tuple[tuple[str, ...], ...]


def samples_of(folder: CourseFolder | None, key: str) -> VariableSamples | None:
    """Return draws of a question; None where it is not calculated, or where its numbers cannot be drawn or calculated."""
    located = find_question(folder, key) if folder is not None else None
    if located is None or not isinstance(located[0].body, CalculatedBody) or not located[0].body.variables:
        return None
    body = located[0].body
    try:
        draws = tuple(_draw(body, seed) for seed in range(1, DRAWS + 1))
    except (NoVariablesError, ExpressionError):
        return None
    answers = tuple((answer.expression, answer.right) for answer in body.answers)
    return VariableSamples(tuple(variable.name for variable in body.variables), answers, draws)


def _draw(body: CalculatedBody, seed: int) -> tuple[str, ...]:
    drawn = draw_variables(body, seed, "1")
    names = {**body.parameters, **drawn}
    results = (_format_value(evaluate(answer.expression, names), body.decimals) for answer in body.answers)
    return (*(number(float(drawn[variable.name]), variable.decimals) for variable in body.variables), *results)


def _format_value(value: Fraction, decimals: int | None) -> str:
    return number(float(value), decimals) if decimals is not None else number(round(float(value), DECIMALS_OF_SAMPLES))
