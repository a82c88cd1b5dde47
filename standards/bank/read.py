"""Read our own banks, `banco.yaml`, by themselves, and return a question as the fields of such a file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

from courses.content.course_file import read_course
from courses.content.layout import COURSE
from courses.content.lists import read_parameters
from courses.content.mapping_cursor import ReadingSession
from courses.content.model import Finding, Severity
from courses.content.source import read_table
from kernel import clock
from kernel.errors import N_
from kernel.i18n import LANGUAGES, site_day
from questions.content.banks import read_banks
from questions.rules import definitions
from standards.model import FileRefused, ImportedQuestions, RemarkSeverity, SourceQuestion, TransferRemark
from standards.texts import decimal, derived

Tree: TypeAlias = str | Sequence["Tree"] | Mapping[str, "Tree"]
Fields: TypeAlias = dict[str, Tree | None]
USUAL = definitions.QuestionDefinition("", {}, definitions.DescriptionBody())


def question_tree(question: definitions.QuestionDefinition, language: str) -> Tree:
    """Return a question's fields; `language` is the first of the course, whose answers ignore accents by default if it is Spanish.

    They stand in canonical order; what equals its default is not there.
    """
    fields: Fields = {
        "key": question.key,
        "former_keys": list(question.former_keys),
        "kind": question.kind.value,
        "state": _unless(question.state.value, USUAL.state.value),
        "unverified": _flag(question.unverified, False),
        "tags": list(question.tags),
        "difficulty": question.difficulty.value if question.difficulty else None,
        **_selection(question.selection),
        "mark": _unless(decimal(question.mark), "1"),
        "text": _text(question.text),
        **_body(question, language),
        "hints": [_text(hint) for hint in question.hints],
        "penalty": _unless(_share(question.penalty), _share(USUAL.penalty)),
        "explanation": _maybe(question.explanation),
        "source": [cite.key + (f", {cite.place}" if cite.place else "") for cite in question.source],
        "see": [_see(see) for see in question.see],
        "note": question.note,
    }
    return _tree_of(fields)


def _selection(selection: definitions.QuestionSelection) -> Fields:
    return {
        "objective": selection.objective,
        "level": selection.level.value if selection.level else None,
        "family": selection.family,
        "enemies": list(selection.enemies),
        "only": list(selection.only),
        "expected": None if selection.expected is None else decimal(selection.expected),
        "by_variant": _flag(selection.by_variant, False),
        "origin": selection.origin,
    }


def _tree_of(fields: Fields) -> Tree:
    return {name: value for name, value in fields.items() if value is not None and value not in ("", [], {})}


def _text(texts: definitions.Texts) -> Tree:
    return next(iter(texts.values())) if len(texts) == 1 else dict(texts)


def _maybe(texts: definitions.Texts | None) -> Tree | None:
    return _text(texts) if texts else None


def _unless(value: str, usual: str) -> str | None:
    return None if value == usual else value


def _flag(value: bool, usual: bool) -> str | None:
    return None if value is usual else str(value).lower()


def _share(value: Fraction) -> str:
    exact = decimal(value)
    return exact if Fraction(exact) == value else f"{value.numerator}/{value.denominator}"


def _see(see: definitions.ReviewReference) -> str:
    if see.second is not None:
        return f"{see.activity}#t={see.second // 60}:{see.second % 60:02d}"
    return f"{see.activity}#{see.heading}" if see.heading else see.activity


def _body(question: definitions.QuestionDefinition, language: str) -> Fields:
    accents = language == "es"
    match question.body:
        case definitions.SingleChoiceBody() | definitions.MultipleChoiceBody() as choice:
            return _choice(choice)
        case definitions.TrueFalseBody(answer):
            return {"answer": str(answer).lower()}
        case definitions.ShortAnswerBody() as short:
            return _short(short, accents)
        case definitions.NumericalBody() as numerical:
            return _numerical(numerical)
        case definitions.CalculatedBody() as calculated:
            return _calculated(calculated)
        case definitions.GapsBody() as gaps:
            return _gaps(gaps, accents)
        case other:
            return _unanswered(other)


def _unanswered(body: object) -> Fields:
    match body:
        case definitions.MatchingBody() as matching:
            return _matching(matching)
        case definitions.OrderingBody(items, rule):
            return {"items": _labels(items), "rule": _unless(rule.value, definitions.OrderingRule.RELATIVE_TO_CORRECT.value)}
        case definitions.EssayBody(words, template, model, rubric, files, self_review):
            texts: Fields = {"words": _words(words), "template": _maybe(template), "model": _maybe(model)}
            review = {"self": "true"} if self_review else None
            return {**texts, "rubric": _rubric(rubric), "files": _unless(str(files), "0"), "review": review}
        case definitions.FileBody(accept, files, size, rubric):
            limits: Fields = {"accept": list(accept), "files": _unless(str(files), "1"), "size": _unless(str(size), "10")}
            return {**limits, "rubric": _rubric(rubric)}
        case definitions.MatrixBody(columns, rows, survey):
            return {"columns": _labels(columns), "rows": [_row(row) for row in rows], "survey": _flag(survey, False)}
        case _:
            return {}


def _choice(body: definitions.SingleChoiceBody | definitions.MultipleChoiceBody) -> Fields:
    rule = (
        _unless(body.rule.value, definitions.MultipleRule.RIGHT_MINUS_WRONG.value)
        if isinstance(body, definitions.MultipleChoiceBody)
        else None
    )
    numbers = body.numbers if isinstance(body, definitions.SingleChoiceBody) else None
    fields: Fields = {"options": [_option(option) for option in body.options], "rule": rule, "shuffle": _flag(body.shuffle, True)}
    if numbers is None:
        return fields
    variables: Tree = {variable.name: _variable(variable) for variable in numbers.variables}
    decimals = None if numbers.decimals is None else str(numbers.decimals)
    return {"variables": variables, "conditions": list(numbers.conditions), "decimals": decimals, **fields}


def _verdict(right: bool, content: Tree, why: definitions.Texts | None, credit: Fraction) -> Fields:
    usual = Fraction(right)
    return {"right" if right else "wrong": content, "why": _maybe(why), "credit": None if credit == usual else _share(credit)}


def _option(option: definitions.Option) -> Tree:
    fields = _verdict(option.right, _text(option.text), option.why, option.credit)
    credit = fields.pop("credit")
    key = None if option.key == derived(option.text) else option.key
    return _tree_of({**fields, "key": key, "credit": credit, "fixed": _flag(option.fixed, False)})


def _short(body: definitions.ShortAnswerBody, accents: bool) -> Fields:
    return {
        "answers": [_pattern(answer) for answer in body.answers],
        "ignore_case": _flag(body.ignore_case, True),
        "ignore_accents": _flag(body.ignore_accents, accents),
        "ignore_typography": _flag(body.ignore_typography, True),
        "model": _maybe(body.model),
        "criteria": [_text(criterion) for criterion in body.criteria],
    }


def _pattern(answer: definitions.TextPattern) -> Tree:
    fields = _verdict(answer.right, _text(answer.patterns), answer.why, answer.credit)
    credit = fields.pop("credit")
    key = answer.key if answer.right and answer.key != derived(answer.patterns) else None
    return _tree_of({**fields, "key": key, "credit": credit})


def _tolerance(tolerance: definitions.Tolerance | None) -> Tree | None:
    if tolerance is None:
        return None
    amount = decimal(tolerance.amount)
    return amount if tolerance.kind is definitions.ToleranceKind.NOMINAL else {tolerance.kind.value: amount}


def _quantity(body: definitions.NumericalBody | definitions.CalculatedBody) -> Fields:
    tolerance = None if body.tolerance == definitions.Tolerance() else _tolerance(body.tolerance)
    return {
        "tolerance": tolerance,
        "unit": _maybe(body.unit),
        "units": {unit: decimal(factor) for unit, factor in body.units.items()},
        "unit_penalty": _unless(_share(body.unit_penalty), "0"),
        "unit_penalty_of": _unless(body.unit_penalty_of.value, definitions.UnitPenaltyOf.MARK.value),
        "decimals": None if body.decimals is None else str(body.decimals),
    }


def _numerical(body: definitions.NumericalBody) -> Fields:
    return {"answers": [_number(answer) for answer in body.answers], **_quantity(body)}


def _number(answer: definitions.NumericalAnswer) -> Tree:
    value = "*" if answer.value is None else decimal(answer.value)
    return _tree_of({**_verdict(answer.right, value, answer.why, answer.credit), "tolerance": _tolerance(answer.tolerance)})


def _expression(answer: definitions.CalculatedAnswer) -> Tree:
    return _tree_of({**_verdict(answer.right, answer.expression, answer.why, answer.credit), "tolerance": _tolerance(answer.tolerance)})


def _calculated(body: definitions.CalculatedBody) -> Fields:
    variables: Tree = {variable.name: _variable(variable) for variable in body.variables}
    answers = [_expression(answer) for answer in body.answers]
    return {"variables": variables, "conditions": list(body.conditions), "answers": answers, **_quantity(body)}


def _variable(variable: definitions.QuestionVariable) -> Tree:
    values = variable.values
    if isinstance(values, definitions.VariableRange):
        fields: Fields = {"from": decimal(values.low), "to": decimal(values.high), "step": decimal(values.step)}
    else:
        fields = {"values": [decimal(value) for value in values]}
    return _tree_of({**fields, "decimals": None if variable.decimals is None else str(variable.decimals)})


def _matching(body: definitions.MatchingBody) -> Fields:
    known: dict[str, str] = {}
    pairs = [_pair(pair, known) for pair in body.pairs]
    return {"pairs": pairs, "extra": _labels(body.extra), "shuffle": _flag(body.shuffle, True)}


def _pair(pair: definitions.Pair, known: dict[str, str]) -> Tree:
    first = next(iter(pair.match.values()), "")
    usual = known.setdefault(first, pair.match_key) if first in known else derived(pair.match)
    known.setdefault(first, pair.match_key)
    key = None if pair.key == derived(pair.item) else pair.key
    fields: Fields = {"item": _text(pair.item), "match": _text(pair.match), "why": _maybe(pair.why), "key": key}
    return _tree_of({**fields, "match_key": None if pair.match_key == usual else pair.match_key})


def _labels(labels: Iterable[definitions.KeyedLabel]) -> list[Tree]:
    return [_text(label.text) if label.key == derived(label.text) else {"text": _text(label.text), "key": label.key} for label in labels]


def _row(row: definitions.MatrixRow) -> Tree:
    key = None if row.key == derived(row.text) else row.key
    return _tree_of({"text": _text(row.text), "key": key, "answer": row.answer, "why": _maybe(row.why)})


def _gaps(body: definitions.GapsBody, accents: bool) -> Fields:
    choices = {next(iter(answer.patterns.values()), "") for gap in body.gaps for answer in _answers(gap) if answer.right}
    extra = [label for label in body.choices if next(iter(label.text.values()), "") not in choices]
    gaps: Tree = {gap.name: _gap(gap, accents) for gap in body.gaps}
    return {"gaps": gaps, "drag": _flag(body.drag, False), "extra": _labels(extra)}


def _answers(gap: definitions.Gap) -> Sequence[definitions.TextPattern]:
    return gap.body.answers if isinstance(gap.body, definitions.ShortAnswerBody) else ()


def _gap(gap: definitions.Gap, accents: bool) -> Tree:
    match gap.body:
        case definitions.ShortAnswerBody() as short:
            kind, fields = None, _short(short, accents)
        case definitions.NumericalBody() as numerical:
            kind, fields = "numerical", _numerical(numerical)
        case single:
            kind, fields = "single", _choice(single)
    return _tree_of({"kind": kind, **fields, "weight": _unless(decimal(gap.weight), "1")})


def _words(bounds: definitions.WordLimits) -> Tree:
    limits: Fields = {name: None if limit is None else str(limit) for name, limit in (("min", bounds.minimum), ("max", bounds.maximum))}
    return _tree_of(limits)


def _rubric(rubric: Iterable[definitions.RubricCriterion]) -> list[Tree]:
    return [_criterion(criterion) for criterion in rubric]


def _criterion(criterion: definitions.RubricCriterion) -> Tree:
    key = None if criterion.key == derived(criterion.criterion) else criterion.key
    levels = [{"points": decimal(level.points), "text": _text(level.text)} for level in criterion.levels]
    return _tree_of({"criterion": _text(criterion.criterion), "key": key, "levels": levels})


PATH = "banco/banco.yaml"
CODE = "code"
"""The fact of a remark that names the code of the check."""
_CONTEXT_CODES = frozenset({"C305", "C306", "C307", "C308", "C114", "C116"})


def read(content: bytes, language: str = "es", context: Mapping[str, bytes] | None = None) -> ImportedQuestions:
    """Return the questions of `banco.yaml`; `context` may hold the course's course.yaml and parametros.yaml.

    Raises FileRefused where the YAML itself cannot be read; errors of a question are problems (C1xx, C2xx) or to be corrected.
    """
    imported, _session = open_bank({PATH: content, **(context or {})}, PATH, language)
    broken = next((remark for remark in imported.of_severity(RemarkSeverity.PROBLEM) if not remark.question), None)
    if broken is not None and not imported.sources:
        raise FileRefused(N_("The bank cannot be read, line %(line)s: %(reason)s"), line=broken.line, reason=broken.message)
    return imported


def open_bank(files: Mapping[str, bytes], path: str, language: str) -> tuple[ImportedQuestions, ReadingSession]:
    """Read the bank at a path of these files; return its questions, and the session that holds its tables and findings."""
    session = ReadingSession(files, site_day(clock.now()), languages=(language, *(other for other in LANGUAGES if other != language)))
    if COURSE in files:
        session.course = replace(read_course(session), parameters=read_parameters(session))
    table = read_table(session, path)
    banks = read_banks({path: table}, session) if table is not None else ()
    if table is not None:
        table.close()
    questions = banks[0].questions if banks else ()
    lines = {key: cursor.node.line for key, cursor in session.questions.items()}
    sources = tuple(SourceQuestion(question, lines.get(question.key, 0)) for question in questions)
    remarks = tuple(_remark(finding) for finding in session.findings if finding.file == path and finding.code not in _CONTEXT_CODES)
    return ImportedQuestions(sources, remarks), session


def _remark(finding: Finding) -> TransferRemark:
    severity = (
        RemarkSeverity.PROBLEM
        if finding.refuses_import
        else RemarkSeverity.TO_CORRECT
        if finding.severity is Severity.ERROR
        else RemarkSeverity.NOTE
    )
    facts = {"reason": finding.message, "fix": finding.fix, CODE: finding.code}
    question = finding.facts.get("subject", "")
    return TransferRemark(severity, N_("%(reason)s %(fix)s"), line=finding.line, question=question, facts=facts)
