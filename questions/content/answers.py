"""Read choices, words, numbers, texts with gaps and calculated numbers of questions (spec/content-format 8)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from courses.content import scalars
from courses.content.mapping_cursor import KeyBook, LocatedValue, MappingCursor, MarkupLevel
from courses.content.model import LocalisedText
from kernel.errors import N_
from kernel.expressions import ExpressionError, evaluate, names_in
from kernel.yaml_tree import YamlMapping
from questions.content import parts
from questions.rules import definitions
from questions.rules.item_layout import NoVariablesError, draw_variables, expressions_in
from questions.rules.numbers import ends_of, matches

ANYTHING = "*"
_ANY = re.compile(r"(?<!\\)\*")
_SOMETHING = "\ue000"
"""Stands for what a star takes: no pattern but another star takes it."""


def single(table: MappingCursor) -> definitions.SingleChoiceBody:
    """Read a choice of one option: exactly one has full credit (spec/content-format C401)."""
    options = parts.options(table)
    shuffle = table.flag("shuffle", True)
    full = sum(1 for option in options if option.credit == 1)
    if options and not full:
        table.report("C401", N_("No option is right."), N_("Mark the right one with “right:”."), at="options")
    elif full > 1:
        table.report(
            "C401",
            N_("%(number)s options are right."),
            N_("Keep one, or use the kind with several right options."),
            at="options",
            number=full,
        )
    return definitions.SingleChoiceBody(options, shuffle)


def read_short(table: MappingCursor, mark: Fraction) -> definitions.ShortAnswerBody:
    """Read a word against patterns, or with mark 0 a self-check with a model answer."""
    free = mark == 0 and table.has("model")
    answers = short_answers(table, required=not free)
    ignored = _ignored(table)
    model, criteria = table.text("model", MarkupLevel.MARKDOWN), table.texts("criteria")
    if (model or criteria) and mark != 0:
        table.report(
            "C403", N_("A model answer and criteria are only for self-checks."), N_("Set the mark to 0, or delete them."), at="model"
        )
    return definitions.ShortAnswerBody(answers, *ignored, parts.or_none(model), criteria)


def gap_short(table: MappingCursor, *, dragged: bool = False) -> definitions.ShortAnswerBody:
    """Read a word as one gap of a text; where it is dragged, it may have a key of its own."""
    answers = short_answers(table, required=True, keyed=dragged)
    return definitions.ShortAnswerBody(answers, *_ignored(table))


def _ignored(table: MappingCursor) -> tuple[bool, bool, bool]:
    """Read whether case, accents and typographic variants are ignored."""
    accents = table.session.first_language == "es"
    return table.flag("ignore_case", True), table.flag("ignore_accents", accents), table.flag("ignore_typography", True)


def _ignoring(table: MappingCursor) -> tuple[bool, bool, bool]:
    """Return whether the question ignores case, accents and typographic variants, as `_ignored`, before these fields are read.

    Their place in the file is behind the answers.
    """
    accents = parts.peek(table, "ignore_accents") or str(table.session.first_language == "es").lower()
    case, typography = (parts.peek(table, name) != "false" for name in ("ignore_case", "ignore_typography"))
    return case, accents == "true", typography


def short_answers(table: MappingCursor, *, required: bool, keyed: bool = False) -> tuple[definitions.TextPattern, ...]:
    """Read patterns in order; one behind a pattern that takes all that it takes is never reached (spec/content-format C413)."""
    equals = parts.DuplicateTexts("C405", N_("The pattern is the same as another one."))
    earlier_patterns: list[definitions.TextPattern] = []
    ignoring = _ignoring(table)
    for verdict in parts.verdicts(table, "answers", required=required):
        text = verdict.value.text(MarkupLevel.PLAIN)
        equals.is_new(verdict.table, text)
        if earlier_patterns and ANYTHING in earlier_patterns[-1].patterns.values():
            verdict.table.report("C413", N_("The previous answer accepts everything."), N_("Put it last."))
        elif not keyed:
            _report_covered(verdict.table, text, earlier_patterns, ignoring)
        key = (verdict.table.value("key", scalars.key) or "") if keyed else ""
        earlier_patterns.append(definitions.TextPattern(text, verdict.right, parts.credit_of(verdict), _why(verdict), key))
    _check_answers(table, [answer.right for answer in earlier_patterns])
    return tuple(earlier_patterns)


def _report_covered(
    table: MappingCursor, text: LocalisedText, earlier_answers: Sequence[definitions.TextPattern], ignored: tuple[bool, bool, bool]
) -> None:
    """Tell a pattern whose words an earlier answer takes in every language; one that is equal to the letter is told as such.

    spec/content-format C405.
    """
    earlier = [pattern for answer in earlier_answers for pattern in answer.patterns.values() if pattern not in text.values()]
    covering = [next((other for other in earlier if _covers(other, pattern, ignored)), "") for pattern in text.values()]
    if covering and all(covering):
        table.report(
            "C413",
            N_("The earlier answer “%(pattern)s” also matches this one, so this one is never reached."),
            N_("Put it first, or let the case of letters count if only that differs."),
            pattern=covering[0],
        )


def _covers(earlier: str, pattern: str, ignored: tuple[bool, bool, bool]) -> bool:
    """Return whether a pattern takes everything that another one takes, so that the other is never reached behind it."""
    case, accents, typography = ignored
    written = _ANY.sub(_SOMETHING, pattern).replace("\\*", "*")
    return matches(earlier, written, ignore_case=case, ignore_accents=accents, ignore_typography=typography)


def _why(verdict: parts.AnswerEntry) -> LocalisedText | None:
    if not verdict.right and not verdict.why:
        parts.no_feedback(verdict.table)
    return verdict.why or None


def _check_answers(table: MappingCursor, rights: list[bool]) -> None:
    parts.check_count(table, "answers", len(rights))
    if rights and not any(rights):
        table.report("C401", N_("No answer is right."), N_("Mark the right one with “right:”."), at="answers")


def read_numerical(table: MappingCursor, mark: Fraction) -> definitions.NumericalBody:
    """Read a number with its tolerance and unit."""
    return numerical(table)


def numerical(table: MappingCursor) -> definitions.NumericalBody:
    """Read the fields of a numerical question; report overlapping ranges of a right and a wrong answer (spec/content-format C407)."""
    answers, places = _numbers(table)
    tolerance = parts.tolerance(table, definitions.Tolerance())
    units = parts.units(table)
    decimals = parts.decimals(table)
    _check_repeated(answers, places, tolerance)
    _check_ranges(answers, places, tolerance)
    return definitions.NumericalBody(answers, tolerance, *units, decimals)


def _numbers(table: MappingCursor) -> tuple[tuple[definitions.NumericalAnswer, ...], list[MappingCursor]]:
    answers: list[definitions.NumericalAnswer] = []
    places: list[MappingCursor] = []
    for verdict in parts.verdicts(table, "answers"):
        everything = verdict.value.as_text() == ANYTHING
        value = None if everything else verdict.value.read(scalars.number)
        if answers and answers[-1].value is None:
            verdict.table.report("C413", N_("The previous answer accepts everything."), N_("Put it last."))
        credit = parts.credit_of(verdict)
        own = parts.tolerance(verdict.table, None)
        if value is None and not everything:
            continue
        answers.append(definitions.NumericalAnswer(value, verdict.right, credit, _why(verdict), own))
        places.append(verdict.table)
    _check_answers(table, [answer.right for answer in answers])
    return tuple(answers), places


def _check_repeated(answers: tuple[definitions.NumericalAnswer, ...], places: list[MappingCursor], usual: definitions.Tolerance) -> None:
    """Report a number repeated with the same tolerance (spec/content-format C405), or always accepted by an earlier, wider one
    (spec/content-format C413).

    One number with two tolerances gives full credit near it and less further away: the narrower comes first.
    """
    earlier: dict[Fraction | None, list[definitions.NumericalAnswer]] = {}
    for answer, cursor in zip(answers, places, strict=True):
        before = earlier.setdefault(answer.value, [])
        own = answer.tolerance or usual
        if any(answer.value is None or (other.tolerance or usual) == own for other in before):
            cursor.report("C405", N_("The number is the same as another one."))
        elif any(_holds(other, answer, usual) for other in before):
            cursor.report("C413", N_("An earlier answer accepts the same number with a wider tolerance."), N_("Put it first."))
        before.append(answer)


def _holds(answer: definitions.NumericalAnswer, other: definitions.NumericalAnswer, usual: definitions.Tolerance) -> bool:
    """Return whether everything that the other answer takes is taken by the one."""
    outer, inner = _span(answer, usual), _span(other, usual)
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _check_ranges(answers: tuple[definitions.NumericalAnswer, ...], places: list[MappingCursor], usual: definitions.Tolerance) -> None:
    rights = [answer for answer in answers if answer.right and answer.value is not None]
    for answer, cursor in zip(answers, places, strict=True):
        if answer.right or answer.value is None:
            continue
        if any(_overlap(answer, right, usual) for right in rights):
            cursor.report("C407", N_("The range of this wrong answer overlaps with a right one."), N_("Make the tolerance smaller."))


def _overlap(answer: definitions.NumericalAnswer, other: definitions.NumericalAnswer, usual: definitions.Tolerance) -> bool:
    low, high = sorted((_span(answer, usual), _span(other, usual)))
    return low[1] >= high[0]


def _span(answer: definitions.NumericalAnswer, usual: definitions.Tolerance) -> tuple[Fraction, Fraction]:
    """Return both ends of what an answer takes."""
    value = answer.value if answer.value is not None else Fraction(0)
    return ends_of(value, answer.tolerance or usual)


_HIDDEN = re.compile(r"(?<!\\)\$\$.*?\$\$|(?<!\\)\$[^$\n]+\$|`[^`]*`|\{\{[^{}]*\}\}|<!--.*?-->", re.DOTALL)
_NAME = re.compile(r"(?<![\\{])\{([a-z][a-z0-9_]*)\}(?!\})")


def names_in_text(text: str) -> list[str]:
    """Return the names in single braces, outside formulas, code and parameters, in order."""
    return [match[1] for match in _NAME.finditer(_HIDDEN.sub(" ", text))]


def names_of(table: MappingCursor, field: str) -> frozenset[str]:
    """Return the names that a field of the question defines, before it is read."""
    entry = table.node.entries.get(field)
    return frozenset(entry.value.entries) if entry is not None and isinstance(entry.value, YamlMapping) else frozenset()


def check_names(table: MappingCursor, text: LocalisedText, defined: frozenset[str], *, once: bool) -> None:
    """Report names that are missing from the text of a language, undefined in it, or used twice (spec/content-format C406)."""
    for language, content in text.items():
        names = names_in_text(content)
        for name in sorted(set(names) - defined):
            _report_gap(table, N_("“{%(name)s}” in the text (%(language)s) is not defined."), name, language)
        for name in sorted(defined - set(names)) if once else ():
            _report_gap(table, N_("“%(name)s” does not occur in the text (%(language)s)."), name, language)
        for name in sorted({name for name in names if names.count(name) > 1}) if once else ():
            _report_gap(table, N_("“{%(name)s}” occurs twice in the text (%(language)s)."), name, language)


def _report_gap(table: MappingCursor, template: str, name: str, language: str) -> None:
    table.report("C406", template, at="text", name=name, language=language)


def read_gaps(table: MappingCursor, mark: Fraction) -> definitions.GapsBody:
    """Read the gaps; with `drag` all are filled from one set of the right texts and `extra`."""
    gaps = _gaps(table)
    dragged = table.flag("drag", False)
    book = KeyBook()
    choices = _choices(table, gaps, book) if dragged else ()
    if table.has("extra") and not dragged:
        table.report(
            "C403", N_("Words that fit no gap only apply if all gaps are filled from one set of words."), N_("Delete it."), at="extra"
        )
    extra = parts.labels(table, "extra", book, required=False)
    if not dragged:
        return definitions.GapsBody(gaps)
    keys = {label.text[language]: label.key for label in (*extra, *choices) for language in label.text}
    return definitions.GapsBody(tuple(_with_keys(gap, keys) for gap in gaps), True, (*choices, *extra))


def _gaps(table: MappingCursor) -> tuple[definitions.Gap, ...]:
    listed = table.get("gaps", required=True)
    if listed is None:
        return ()
    dragged = parts.peek(table, "drag") == "true"
    gaps = tuple(gap for gap in (_gap(name, value, dragged=dragged) for name, value, _ in listed.entries()) if gap is not None)
    parts.check_count(table, "gaps", len(gaps))
    return gaps


def _gap(name: str, value: LocatedValue, *, dragged: bool) -> definitions.Gap | None:
    try:
        scalars.name(name)
    except scalars.RefusedError as refused:
        value.report(refused.code, refused.template, refused.fix, **refused.facts)
    table = value.table()
    if table is None:
        return None
    kind = table.value("kind", scalars.word_of("short", "numerical", "single"), "short")
    body = _body(table, kind, dragged=dragged)
    weight = table.value("weight", scalars.number_between(0), Fraction(1))
    table.foreign = GAP_FIELDS
    return definitions.Gap(name, body, weight)


GAP_FIELDS = frozenset(
    {
        *("text", "mark", "options", "answers", "shuffle", "tolerance", "unit", "units", "decimals"),
        *("ignore_case", "ignore_accents", "ignore_typography"),
    }
)


def _body(
    table: MappingCursor, kind: str, *, dragged: bool
) -> definitions.ShortAnswerBody | definitions.NumericalBody | definitions.SingleChoiceBody:
    if kind == definitions.QuestionKind.SINGLE:
        return single(table)
    return numerical(table) if kind == definitions.QuestionKind.NUMERICAL else gap_short(table, dragged=dragged)


def _choices(table: MappingCursor, gaps: tuple[definitions.Gap, ...], book: KeyBook) -> tuple[definitions.KeyedLabel, ...]:
    """Return the right texts of all gaps, equal ones once, each with the key that is written with one of them."""
    labels_by_text: dict[str, definitions.KeyedLabel] = {}
    shorts = [gap.body for gap in gaps if isinstance(gap.body, definitions.ShortAnswerBody)]
    written = {LocalisedText(answer.patterns).first: answer.key for short in shorts for answer in short.answers if answer.key}
    for gap in gaps:
        if not isinstance(gap.body, definitions.ShortAnswerBody):
            table.report(
                "C403",
                N_("If all gaps are filled from one set of words, each must be a typed word (“%(name)s” is not)."),
                at="gaps",
                name=gap.name,
            )
            continue
        for answer in gap.body.answers:
            text = LocalisedText(answer.patterns)
            if answer.right and text.first not in labels_by_text:
                labels_by_text[text.first] = definitions.KeyedLabel(book.key(None, text, table, given=written.get(text.first, "")), text)
    return tuple(labels_by_text.values())


def _with_keys(gap: definitions.Gap, keys: dict[str, str]) -> definitions.Gap:
    if not isinstance(gap.body, definitions.ShortAnswerBody):
        return gap
    keyed = tuple(replace(answer, key=keys.get(next(iter(answer.patterns.values()), ""), "")) for answer in gap.body.answers)
    return replace(gap, body=replace(gap.body, answers=keyed))


TRIED_DRAWS = 200
MAXIMUM_STEPS = 1_000_000
ZERO = "division by zero"
DIVIDES = N_("The expression “%(expression)s” divides by zero for some values.")
HAS_NO_VALUE = N_("The expression “%(expression)s” cannot be calculated.")
ALLOWED = N_("Use numbers, names, + - * / ** ( ), comparisons in conditions, and abs min max round floor ceil sqrt exp ln log10.")


def read_calculated(table: MappingCursor, mark: Fraction) -> definitions.CalculatedBody:
    """Read variables, conditions and answers; names must be known and 200 draws must have a value (spec/content-format C408)."""
    variables = read_variables(table)
    conditions = tuple(value for value in table.listed("conditions", lambda value: value.read(scalars.word)) if value)
    answers = _answers(table)
    tolerance = parts.tolerance(table, definitions.Tolerance())
    units = parts.units(table)
    decimals = parts.decimals(table)
    known = _parameters(table)
    expressions = (*conditions, *(answer.expression for answer in answers))
    used = _names_of(table, expressions, {variable.name for variable in variables} | set(known))
    parameters = {name: known[name] for name in sorted(used & set(known))}
    body = definitions.CalculatedBody(variables, answers, conditions, parameters, tolerance, *units, decimals)
    if used and variables:
        _try_draws(table, body)
    return body


def read_choice_numbers(table: MappingCursor) -> definitions.ChoiceNumbers:
    """Read the variables of a choice whose options are calculated (spec/selection 1.23); its parameters come with the options."""
    variables = read_variables(table)
    conditions = tuple(value for value in table.listed("conditions", lambda value: value.read(scalars.word)) if value)
    return definitions.ChoiceNumbers(variables, conditions, _parameters(table), parts.decimals(table))


def with_options(
    table: MappingCursor, options: Sequence[definitions.Option], numbers: definitions.ChoiceNumbers | None
) -> definitions.ChoiceNumbers | None:
    """Return the numbers of a choice with the parameters that its expressions name.

    Report expressions in options that have no variables or no value, and that two options always read the same (spec/content-format C408).
    """
    expressions = list(dict.fromkeys(expressions_in(options)))
    if numbers is None:
        if expressions:
            table.report("C408", N_("Calculated options need “variables”."), at="options")
        return None
    if not expressions:
        table.report("C408", N_("No option is calculated."), N_("Write an expression between {= and =}."), at="options")
        return numbers
    known = {variable.name for variable in numbers.variables} | set(numbers.parameters)
    used = _names_of(table, (*numbers.conditions, *expressions), known, at="options")
    used_numbers = replace(numbers, parameters={name: value for name, value in sorted(numbers.parameters.items()) if name in used})
    for seed in range(TRIED_DRAWS if used and numbers.variables else 0):
        try:
            draw_variables(used_numbers, seed, "1", options)
        except NoVariablesError:
            template = N_("No values of the variables meet the conditions and give options that differ, with a value each.")
            table.report("C408", template, N_("Widen the variables, or change the options."), at="options")
            break
    return used_numbers


def _parameters(table: MappingCursor) -> Mapping[str, Fraction]:
    course = table.session.course
    return {parameter.name: parameter.value for parameter in course.parameters} if course is not None else {}


def _answers(table: MappingCursor) -> tuple[definitions.CalculatedAnswer, ...]:
    answers: list[definitions.CalculatedAnswer] = []
    for verdict in parts.verdicts(table, "answers"):
        expression = verdict.value.read(scalars.word)
        credit = parts.credit_of(verdict)
        own = parts.tolerance(verdict.table, None)
        if not verdict.right and not verdict.why:
            parts.no_feedback(verdict.table)
        if expression:
            answers.append(definitions.CalculatedAnswer(expression, verdict.right, credit, parts.or_none(verdict.why), own))
    if answers and not any(answer.right for answer in answers):
        table.report("C401", N_("No answer is right."), N_("Mark the right one with “right:”."), at="answers")
    parts.check_count(table, "answers", len(answers))
    return tuple(answers)


def read_variables(table: MappingCursor) -> tuple[definitions.QuestionVariable, ...]:
    """Read names with `{from, to, step}` or `{values: []}`."""
    listed = table.get("variables", required=True)
    if listed is None:
        return ()
    variables = (_variable(name, value) for name, value, _ in listed.entries())
    return tuple(variable for variable in variables if variable is not None)


def _variable(name: str, value: LocatedValue) -> definitions.QuestionVariable | None:
    try:
        scalars.name(name)
    except scalars.RefusedError as refused:
        value.report(refused.code, refused.template, refused.fix, **refused.facts)
    table = value.table()
    if table is None:
        return None
    table.flow_whole = True
    if table.has("values"):
        values = table.listed("values", lambda entry: entry.read(scalars.number), flow=True)
        shown = parts.decimals(table)
        return definitions.QuestionVariable(name, values, shown) if values else None
    low, high = table.value("from", scalars.number, required=True), table.value("to", scalars.number, required=True)
    step = table.value("step", scalars.number, required=True)
    shown = parts.decimals(table)
    if low is None or high is None or step is None:
        return None
    if step <= 0 or low > high:
        table.report("C113", N_("The values must go up from the first to the last in steps above 0."))
        return None
    if (high - low) // step >= MAXIMUM_STEPS:
        table.report("C113", N_("The variable has more than %(limit)s values."), N_("Take larger steps."), limit=MAXIMUM_STEPS)
        return None
    return definitions.QuestionVariable(name, definitions.VariableRange(low, high, step), shown)


def _names_of(table: MappingCursor, expressions: Iterable[str], known: set[str], *, at: str = "answers") -> set[str]:
    """Return the names used in expressions; an empty set where one of them is invalid, which is reported (spec/content-format C408,
    C406).
    """
    used: set[str] = set()
    sound = True
    for expression in expressions:
        try:
            names = names_in(expression)
        except ExpressionError as error:
            sound = _report_expression(table, expression, error, at)
            continue
        for name in sorted(names - known):
            sound = False
            table.report("C406", N_("“%(name)s” is neither a variable nor a parameter of the course."), at=at, name=name)
        used |= names
    return used if sound else set()


def _report_expression(table: MappingCursor, expression: str, error: ExpressionError, at: str = "answers") -> bool:
    zero = ZERO in str(error)
    table.report("C408", DIVIDES if zero else HAS_NO_VALUE, "" if zero else ALLOWED, at=at, expression=expression)
    return False


def _try_draws(table: MappingCursor, body: definitions.CalculatedBody) -> None:
    """Try 200 draws as attempts make them: conditions must leave some, and every answer must have a value."""
    tried: set[tuple[Fraction, ...]] = set()
    for seed in range(TRIED_DRAWS):
        try:
            drawn = draw_variables(body, seed, "1")
        except NoVariablesError:
            table.report("C408", N_("No values of the variables meet the conditions."), at="conditions")
            return
        combination = tuple(drawn.values())
        if combination in tried:
            continue
        tried.add(combination)
        values = {**body.parameters, **drawn}
        for answer in body.answers:
            try:
                evaluate(answer.expression, values)
            except ExpressionError as error:
                _report_expression(table, answer.expression, error)
                return
