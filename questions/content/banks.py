"""Read banks of questions with the fields of each kind and signs of origin, and find answers that edits affect."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from hashlib import sha256

from courses.content import model as codes
from courses.content import scalars
from courses.content.course_file import read_course
from courses.content.editing import EditRefused, Written, former_keys, list_entries, read_fields, replace_entries, set_field
from courses.content.layout import COURSE, MODULE, PARAMETERS
from courses.content.lists import read_parameters
from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY, KeyBook, LocatedValue, MappingCursor, MarkupLevel, ReadingSession
from courses.content.model import NO_TEXT, CourseFolder, Finding, LocalisedText, Severity
from courses.content.scalars import KEY, MAXIMUM_KEY, RefusedError
from courses.content.source import read_table
from kernel.errors import N_, DomainError
from questions.content import answers, parts
from questions.content.answers import read_calculated, read_choice_numbers, read_gaps, with_options
from questions.rules import definitions
from questions.rules.variants import MOST_COMBINATIONS, MOST_VALUE_VARIANTS, variants_of


@dataclass(frozen=True, slots=True)
class BankSource:
    """One bank with its questions in order; `module` is the key of the module it stands in, '' for a course-wide one."""

    key: str
    path: str
    module: str
    questions: tuple[definitions.QuestionDefinition, ...]
    title: LocalisedText = NO_TEXT


ORIGIN = "origin"
QUESTIONS = "questions"
_SIGN = re.compile(r"[0-9a-f]{32}\Z")


class OriginsRefused(DomainError):
    """A bank is written in a form into which origins cannot be put."""

    status = 422
    message = N_("The origins cannot be written into “%(path)s”: its questions are not a list with one field per line.")


def is_origin(text: str) -> bool:
    """Return whether a text has the form of an origin."""
    return _SIGN.match(text) is not None


def read_origin(text: str) -> str:
    """Read the origin of a question, which the program has written (spec/content-format C201)."""
    if not is_origin(text):
        raise RefusedError(
            "C201",
            N_("“%(text)s” is not the origin of a question: it has 32 signs, 0 to 9 and a to f."),
            N_("Delete the line. Only an export writes it."),
            text=text[:80],
        )
    return text


@dataclass(frozen=True, slots=True)
class QuestionIdentity:
    """A question of a text: its key, the keys that it had, the origin that is written ('' where none is), whether it is reserved."""

    key: str
    former_keys: tuple[str, ...] = ()
    origin: str = ""
    reserved: bool = False


def names_in(path: str, text: str) -> tuple[QuestionIdentity, ...]:
    """Return the questions of a bank's text that have a valid key; raise OriginsRefused where lines cannot separate them."""
    try:
        entries = [(entry.key, read_fields(entry.text)) for entry in list_entries(text, QUESTIONS)]
    except EditRefused:
        raise OriginsRefused(path=path) from None
    return tuple(_identity(key, fields) for key, fields in entries if _is_key(key))


def _identity(key: str, fields: Mapping[str, Written]) -> QuestionIdentity:
    origin = str(fields.get(ORIGIN) or "")
    return QuestionIdentity(key, tuple(filter(_is_key, former_keys(fields))), origin if is_origin(origin) else "", bool(fields.get("only")))


def _is_key(text: str) -> bool:
    return len(text) <= MAXIMUM_KEY and KEY.match(text) is not None


def with_origins(path: str, text: str, origins: Mapping[str, str], order: tuple[str, ...]) -> str:
    """Return a bank's text whose questions say their origin, by key; those that say one already stay as they are."""
    try:
        changed = {
            index: set_field(entry.text, ORIGIN, origins[entry.key], order)
            for index, entry in enumerate(list_entries(text, QUESTIONS))
            if entry.key in origins and ORIGIN not in read_fields(entry.text)
        }
        return replace_entries(text, QUESTIONS, changed)
    except EditRefused:
        raise OriginsRefused(path=path) from None


_EXTENSION = re.compile(r"[a-z0-9]{1,8}\Z")


def read_single(table: MappingCursor, mark: Fraction) -> definitions.SingleChoiceBody:
    """Read a choice of one option, whose options may be calculated."""
    numbers = read_choice_numbers(table) if table.has("variables") else None
    body = answers.single(table)
    return replace(body, numbers=with_options(table, body.options, numbers))


def read_multiple(table: MappingCursor, mark: Fraction) -> definitions.MultipleChoiceBody:
    """Read a choice of several options."""
    options = parts.options(table)
    rule = table.choice("rule", definitions.MultipleRule, definitions.MultipleRule.RIGHT_MINUS_WRONG)
    shuffle = table.flag("shuffle", True)
    if options and not any(option.right for option in options):
        table.report("C401", N_("No option is right."), N_("Mark the right one with “right:”."), at="options")
    _check_credits(table, rule)
    if rule is definitions.MultipleRule.FRACTIONS:
        gained = sum((option.credit for option in options if option.credit > 0), Fraction(0))
        if gained != 1:
            table.report(
                "C404",
                N_("The credits of the right options add up to %(sum)s."),
                N_("Make them add up to 1."),
                at="options",
                sum=parts.format_number(gained),
            )
    if rule is definitions.MultipleRule.HALVES:
        parts.check_least(table, "options", len(options), 3)
    return definitions.MultipleChoiceBody(options, rule, shuffle)


def _check_credits(table: MappingCursor, rule: definitions.MultipleRule) -> None:
    for child in table.children:
        if child.has("credit") and rule is not definitions.MultipleRule.FRACTIONS:
            child.report(
                "C404",
                N_("An option has a share of the mark of its own only if the question is marked so."),
                N_("Delete it, or change how the question is marked."),
                at="credit",
            )


def read_true_false(table: MappingCursor, mark: Fraction) -> definitions.TrueFalseBody:
    """Read a statement that is true or false."""
    answer = table.value("answer", scalars.flag, required=True)
    if not table.has("explanation"):
        table.report("C402", N_("The explanation is missing."), N_("Add “explanation:”."))
    return definitions.TrueFalseBody(bool(answer))


def read_matching(table: MappingCursor, mark: Fraction) -> definitions.MatchingBody:
    """Read pairs and extra matches."""
    items, matches = KeyBook(), _Matches()
    equals = parts.DuplicateTexts("C405", N_("The item is the same as another one."))
    pairs = table.listed("pairs", lambda value: _pair(value, items, matches, equals), required=True)
    parts.check_count(table, "pairs", len(pairs))
    parts.check_least(table, "pairs", len(pairs), 2)
    extra = parts.labels(table, "extra", matches.book, required=False)
    return definitions.MatchingBody(pairs, extra, table.flag("shuffle", True))


class _Matches:
    """The matches of a question: equal texts are one choice with one key."""

    def __init__(self) -> None:
        self.book = KeyBook()
        self.keys: dict[str, str] = {}

    def key(self, table: MappingCursor, match: LocalisedText) -> str:
        """Return the key of a match."""
        if match.first in self.keys:
            return table.value("match_key", scalars.key) or self.keys[match.first]
        key = self.book.key(table, match, table, "match_key")
        self.keys[match.first] = key
        return key


def _pair(value: LocatedValue, items: KeyBook, matches: _Matches, equals: parts.DuplicateTexts) -> definitions.Pair | None:
    table = value.table()
    if table is None:
        return None
    item, match = table.text("item", MarkupLevel.INLINE, required=True), table.text("match", MarkupLevel.INLINE, required=True)
    why = table.text("why", MarkupLevel.INLINE)
    fresh = equals.is_new(table, item)
    key = items.key(table, item, table) if fresh else table.value("key", scalars.key) or ""
    return definitions.Pair(key, item, matches.key(table, match), match, parts.or_none(why))


def read_ordering(table: MappingCursor, mark: Fraction) -> definitions.OrderingBody:
    """Read items in the right order."""
    items = parts.labels(table, "items", KeyBook())
    parts.check_least(table, "items", len(items), 3)
    return definitions.OrderingBody(items, table.choice("rule", definitions.OrderingRule, definitions.OrderingRule.RELATIVE_TO_CORRECT))


def read_essay(table: MappingCursor, mark: Fraction) -> definitions.EssayBody:
    """Read a text that a person marks."""
    limits = _word_limits(table)
    template, model = table.text("template", MarkupLevel.MARKDOWN), table.text("model", MarkupLevel.MARKDOWN)
    rubric, files = parts.rubric(table, mark), table.value("files", scalars.whole(0, 20), 0)
    return definitions.EssayBody(limits, parts.or_none(template), parts.or_none(model), rubric, files, _self_review(table, mark))


def _self_review(table: MappingCursor, mark: Fraction) -> bool:
    """Read `review: {self: true}`: the writer alone judges the text, by its rubric and without a mark (spec/selection 8.6)."""
    inner = table.inner("review")
    if inner is None:
        return False
    table.flows.add("review")
    if not inner.flag("self", False):
        return False
    if not table.has("rubric"):
        inner.report(
            "C110", N_("Learners judge the text themselves, but there is no rubric to judge it by."), N_("Add “rubric:”."), at="self"
        )
    if mark:
        inner.report("C409", N_("No one marks the text, so it has no points."), N_("Write “mark: 0”."), at="self")
    return True


def _word_limits(table: MappingCursor) -> definitions.WordLimits:
    inner = table.inner("words")
    if inner is None:
        return definitions.WordLimits()
    table.flows.add("words")
    least, most = inner.value("min", scalars.whole(0)), inner.value("max", scalars.whole(1))
    if least is not None and most is not None and least > most:
        inner.report("C113", N_("The smaller number must come first."))
    return definitions.WordLimits(least, most)


def read_file(table: MappingCursor, mark: Fraction) -> definitions.FileBody:
    """Read files that a person marks."""
    accept = table.listed("accept", lambda value: value.read(_extension), required=True, flow=True)
    files, size = table.value("files", scalars.whole(1, 20), 1), table.value("size", scalars.whole(1, 50), 10)
    return definitions.FileBody(accept, files, size, parts.rubric(table, mark))


def _extension(text: str) -> str:
    if not _EXTENSION.match(text):
        raise scalars.RefusedError(
            "C111", N_("“%(text)s” is not a file extension."), N_("Write it in lower case, without the dot."), text=text
        )
    return text


def read_matrix(table: MappingCursor, mark: Fraction) -> definitions.MatrixBody:
    """Read columns and rows; a survey's rows have no answer."""
    columns = parts.labels(table, "columns", KeyBook())
    parts.check_least(table, "columns", len(columns), 2)
    survey = parts.peek(table, "survey") == "true"
    reader = _Rows(table, {column.key for column in columns}, survey)
    rows = table.listed("rows", reader.read, required=True)
    parts.check_count(table, "rows", len(rows))
    return definitions.MatrixBody(columns, rows, table.flag("survey", False))


class _Rows:
    """Reads the rows of a matrix."""

    def __init__(self, table: MappingCursor, columns: set[str], survey: bool) -> None:
        self.table, self.columns, self.survey = table, columns, survey
        self.book, self.equals = KeyBook(), parts.DuplicateTexts("C405", N_("The row is the same as another one."))

    def read(self, value: LocatedValue) -> definitions.MatrixRow | None:
        """Read a row: inline text, or `{text, key, answer, why}`."""
        inner = value.table() if value.is_table and parts.has_field(value, "text") else None
        text = inner.text("text", MarkupLevel.INLINE, required=True) if inner is not None else value.text(MarkupLevel.INLINE)
        cursor = inner or parts.stand_in(self.table, value)
        if not text or not self.equals.is_new(cursor, text):
            return None
        key = self.book.key(inner, text, cursor)
        answer = inner.value("answer", scalars.key) if inner is not None else None
        why = inner.text("why", MarkupLevel.INLINE) if inner is not None else None
        self._check(cursor, answer)
        return definitions.MatrixRow(key, text, answer, why or None)

    def _check(self, cursor: MappingCursor, answer: str | None) -> None:
        if self.survey and answer is not None:
            cursor.report("C403", N_("Survey rows have no answer."), N_("Delete “answer:”."), at="answer")
        elif not self.survey and answer is None:
            cursor.report("C401", N_("The row has no answer."), N_("Add “answer:” with the key of a column, or “survey: true”."))
        elif answer is not None and answer not in self.columns:
            cursor.report(
                "C203",
                N_("There is no column with the key “%(key)s”."),
                N_("The keys are: %(keys)s."),
                at="answer",
                key=answer,
                keys=", ".join(sorted(self.columns)),
            )


def read_description(table: MappingCursor, mark: Fraction) -> definitions.DescriptionBody:
    """Read nothing more: a description is only its text."""
    return definitions.DescriptionBody()


BODIES: Mapping[definitions.QuestionKind, Callable[[MappingCursor, Fraction], definitions.Body]] = {
    definitions.QuestionKind.SINGLE: read_single,
    definitions.QuestionKind.MULTIPLE: read_multiple,
    definitions.QuestionKind.TRUE_FALSE: read_true_false,
    definitions.QuestionKind.SHORT: answers.read_short,
    definitions.QuestionKind.NUMERICAL: answers.read_numerical,
    definitions.QuestionKind.MATCHING: read_matching,
    definitions.QuestionKind.ORDERING: read_ordering,
    definitions.QuestionKind.GAPS: read_gaps,
    definitions.QuestionKind.CALCULATED: read_calculated,
    definitions.QuestionKind.ESSAY: read_essay,
    definitions.QuestionKind.FILE: read_file,
    definitions.QuestionKind.MATRIX: read_matrix,
    definitions.QuestionKind.DESCRIPTION: read_description,
}

_QUANTITY = ("tolerance", "unit", "units", "unit_penalty", "unit_penalty_of", "decimals")
FIELDS: Mapping[definitions.QuestionKind, frozenset[str]] = {
    definitions.QuestionKind.SINGLE: frozenset({"options", "shuffle", "variables", "conditions", "decimals"}),
    definitions.QuestionKind.MULTIPLE: frozenset({"options", "rule", "shuffle"}),
    definitions.QuestionKind.TRUE_FALSE: frozenset({"answer"}),
    definitions.QuestionKind.SHORT: frozenset({"answers", "ignore_case", "ignore_accents", "ignore_typography", "model", "criteria"}),
    definitions.QuestionKind.NUMERICAL: frozenset({"answers", *_QUANTITY}),
    definitions.QuestionKind.MATCHING: frozenset({"pairs", "extra", "shuffle"}),
    definitions.QuestionKind.ORDERING: frozenset({"items", "rule"}),
    definitions.QuestionKind.GAPS: frozenset({"gaps", "drag", "extra"}),
    definitions.QuestionKind.CALCULATED: frozenset({"variables", "conditions", "answers", *_QUANTITY}),
    definitions.QuestionKind.ESSAY: frozenset({"words", "template", "model", "rubric", "files", "review"}),
    definitions.QuestionKind.FILE: frozenset({"accept", "files", "size", "rubric"}),
    definitions.QuestionKind.MATRIX: frozenset({"columns", "rows", "survey"}),
    definitions.QuestionKind.DESCRIPTION: frozenset(),
}
"""The fields of each kind; one of another kind is told as such (spec/content-format C403)."""

ALL_FIELDS = frozenset[str]().union(*FIELDS.values())


PART = "banks"
MAXIMUM_QUESTIONS = 5_000
_BANK = re.compile(r"(?:(?P<module>[^/]+)/)?(?:banco\.yaml|banco/(?P<name>[^/]+)\.yaml)\Z")
QUESTION = N_("question “%(subject)s”")


def claims(path: str) -> bool:
    """Return whether a path is a bank's file; a `banco.yaml` without module is none."""
    match = _BANK.match(path)
    return match is not None and (match["module"] is not None or match["name"] is not None)


def banks_of(course: CourseFolder) -> tuple[BankSource, ...]:
    """Return the banks of a course."""
    return tuple(bank for bank in course.parts.get(PART, ()) if isinstance(bank, BankSource))


def questions_of(course: CourseFolder) -> Mapping[str, definitions.QuestionDefinition]:
    """Return all questions of a course by key."""
    return {question.key: question for bank in banks_of(course) for question in bank.questions}


def is_embeddable(course: CourseFolder, key: str) -> bool:
    """Return whether a lesson may embed the question: it is there and ready."""
    question = questions_of(course).get(key)
    return question is not None and question.state is definitions.QuestionState.READY


def read_banks(tables: Mapping[str, MappingCursor], session: ReadingSession) -> tuple[BankSource, ...]:
    """Read all banks; a module has `banco.yaml` or the folder `banco/`, not both."""
    for path in tables:
        module = path.partition("/")[0]
        if path.endswith("/banco.yaml") and any(other.startswith(f"{module}/banco/") for other in tables):
            location = tables[path].place
            session.add(
                location, "C109", N_("The module has both banco.yaml and a folder banco/."), N_("Keep one of them."), {}, Severity.ERROR
            )
    banks = tuple(_bank(session, table, path) for path, table in tables.items())
    number = sum(len(bank.questions) for bank in banks)
    if number > MAXIMUM_QUESTIONS:
        path = next(iter(tables))
        session.report_file(
            path, "C105", N_("The course has %(number)s questions, the limit is %(limit)s."), number=number, limit=MAXIMUM_QUESTIONS
        )
    return banks


def _bank(session: ReadingSession, table: MappingCursor, path: str) -> BankSource:
    match = _BANK.match(path)
    module = table.session.module_keys.get(match["module"] or "", "") if match else ""
    usual = "-".join(part for part in (module, match["name"] if match else "") if part)
    key = table.value("key", scalars.key, usual)
    if key:
        table.session.claim("bank", key, table.place_at("key"))
    title = table.text("title")
    table.spaced.add("questions")
    listed = table.get("questions", required=True)
    questions = tuple(_question(session, value) for value in listed.items()) if listed is not None else ()
    return BankSource(key, path, module, tuple(question for question in questions if question is not None), title)


def _question(session: ReadingSession, value: LocatedValue) -> definitions.QuestionDefinition | None:
    table = value.table()
    if table is None:
        return None
    table.name_subject(QUESTION, parts.peek(table, "key") or value.field)
    key = table.value("key", scalars.key, required=True) or ""
    if key:
        table.session.claim("question", key, table.place_at("key"))
    former_keys = table.former_keys()
    for former in former_keys:
        table.session.leave("question", former, table.place_at(FORMER_KEYS))
    kind = table.value("kind", scalars.one_of(definitions.QuestionKind), required=True)
    if kind is None:
        for name in (*COMMON_FIELDS, *ALL_FIELDS):
            table.asked.setdefault(name)
        return None
    return _of_kind(session, table, key, former_keys, kind)


FIELDS_BEFORE = (
    "state",
    "unverified",
    "tags",
    "difficulty",
    "objective",
    "level",
    "family",
    "enemies",
    "only",
    "expected",
    "by_variant",
    ORIGIN,
    "mark",
    "text",
)
"""The fields that questions of every kind have, in the order of their text, before those of their kind."""
FIELDS_AFTER = ("hints", "penalty", "explanation", "source", "see", "note")
"""Those that stand after the fields of their kind."""
COMMON_FIELDS = (*FIELDS_BEFORE, *FIELDS_AFTER)
IDENTITY_FIELDS = ("key", FORMER_KEYS, FORMERLY, "kind")
FIELD_ORDER = (*IDENTITY_FIELDS, *FIELDS_BEFORE, *sorted(ALL_FIELDS - set(COMMON_FIELDS)), *FIELDS_AFTER)
"""The fields of a question as they stand in its text, those of its kind together."""


def _of_kind(
    session: ReadingSession, table: MappingCursor, key: str, former_keys: tuple[str, ...], kind: definitions.QuestionKind
) -> definitions.QuestionDefinition:
    state = table.choice("state", definitions.QuestionState, definitions.QuestionState.READY)
    unverified = table.flag("unverified", False)
    tags = table.keys("tags")
    difficulty = table.value("difficulty", scalars.one_of(definitions.Difficulty))
    selection = _selection(table)
    mark = table.value("mark", scalars.number_between(0), parts.FULL)
    names = answers.names_of(table, "gaps" if kind is definitions.QuestionKind.GAPS else "variables")
    text = table.text("text", MarkupLevel.MARKDOWN, required=True, gaps=names)
    body = BODIES[kind](table, mark)
    if kind in (definitions.QuestionKind.GAPS, definitions.QuestionKind.CALCULATED) or (kind is definitions.QuestionKind.SINGLE and names):
        answers.check_names(table, text, names, once=kind is definitions.QuestionKind.GAPS)
    hints = table.texts("hints")
    penalty = table.value("penalty", scalars.share, DEFAULT_PENALTY)
    explanation = table.text("explanation", MarkupLevel.MARKDOWN)
    source = tuple(definitions.QuestionCitation(citation.resource, citation.place) for citation in table.citations())
    see = tuple(definitions.ReviewReference(reference.activity, reference.heading, reference.second) for reference in table.references())
    note = table.value("note", scalars.word, "")
    table.foreign = ALL_FIELDS - FIELDS[kind]
    question = definitions.QuestionDefinition(
        key,
        text,
        body,
        former_keys,
        state,
        unverified,
        tags,
        difficulty,
        mark,
        hints,
        penalty,
        parts.or_none(explanation),
        source,
        see,
        note,
        selection,
    )
    session.questions[key] = table
    if selection.by_variant and variants_of(question) is None:
        template = N_("By variant, the values of a question make 1 to %(most)s variants together, from at most %(combinations)s.")
        facts = {"most": MOST_VALUE_VARIANTS, "combinations": MOST_COMBINATIONS}
        table.report("C408", template, N_("Give its variables fewer values, or delete “by_variant”."), at="by_variant", **facts)
    return question


def _selection(table: MappingCursor) -> definitions.QuestionSelection:
    objective = table.value("objective", scalars.key, "")
    level = table.value("level", scalars.one_of(definitions.CognitiveLevel))
    family, enemies = table.value("family", scalars.key, ""), table.keys("enemies")
    only, expected = table.keys("only"), table.value("expected", scalars.percent)
    by_variant, origin = table.flag("by_variant", False), table.value(ORIGIN, read_origin, "")
    if origin:
        _claim_origin(table, origin)
    return definitions.QuestionSelection(objective, level, family, enemies, expected, only, by_variant, origin)


def _claim_origin(table: MappingCursor, origin: str) -> None:
    """Report an origin that another question of the course has already (spec/content-format C202)."""
    location = table.place_at(ORIGIN)
    first = table.session.keys.setdefault(ORIGIN, {}).setdefault(origin, location)
    if first is not location:
        table.report(
            "C202",
            N_("Another question has the same origin: %(file)s, line %(line)s."),
            N_("Delete this line from the one that is not the copy."),
            at=ORIGIN,
            file=first.file,
            line=first.line,
        )


DEFAULT_PENALTY = definitions.QuestionDefinition("", {}, definitions.DescriptionBody()).penalty


_UNDATED = date(2000, 1, 1)
"""Reading languages and titles asks for a day, and no rule of theirs looks at it."""


@dataclass(frozen=True, slots=True)
class DraftBankFile:
    """A bank as read; None where its YAML is broken. `title` is its own, else its module's."""

    bank: BankSource | None
    title: LocalisedText


def sources_of(path: str) -> tuple[str, ...]:
    """Return the files that a bank's reading depends on: its own, and those of languages, parameters and the module's key."""
    folder, slash, name = path.partition("/")
    module = (f"{folder}/{MODULE}",) if slash and folder != "banco" and name else ()
    return (path, COURSE, PARAMETERS, *module)


def digest_of(path: str, checksums: Mapping[str, str]) -> str:
    """Return the SHA-256 over the files that a bank's reading depends on."""
    return sha256("\n".join(f"{name}:{checksums.get(name, '')}" for name in sources_of(path)).encode()).hexdigest()


def read_bank_file(files: Mapping[str, bytes], path: str, today: date) -> DraftBankFile:
    """Read the bank at a path; `files` holds what `sources_of` names, as far as it is there."""
    session = ReadingSession(files, today)
    if COURSE in files:
        session.course = read_course(session)
        session.course = replace(session.course, parameters=read_parameters(session))
    title = _module(session, path)
    table = read_table(session, path)
    bank = next(iter(read_banks({path: table}, session)), None) if table is not None else None
    return DraftBankFile(bank, (bank.title if bank is not None else NO_TEXT) or title)


def bank_files_of(folder: CourseFolder) -> dict[str, DraftBankFile]:
    """Return the banks of a whole folder by path, as `read_bank_file` reads each by itself."""
    titles = {module.path.partition("/")[0]: module.title for module in folder.modules}
    return {bank.path: DraftBankFile(bank, bank.title or titles.get(bank.path.partition("/")[0], NO_TEXT)) for bank in banks_of(folder)}


def languages_of(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the languages that course.yaml names, the first one first; Spanish where it names none."""
    return read_course(ReadingSession({COURSE: files[COURSE]}, _UNDATED)).languages if COURSE in files else ("es",)


def module_title(files: Mapping[str, bytes], folder: str) -> LocalisedText:
    """Return the title of the module in a folder; `files` holds course.yaml and the module's own."""
    session = ReadingSession(files, _UNDATED)
    session.languages = languages_of(files)
    return _module(session, f"{folder}/{MODULE}")


def _module(session: ReadingSession, path: str) -> LocalisedText:
    """Note the key of the bank's module, and return the module's title."""
    folder = path.partition("/")[0]
    if f"{folder}/{MODULE}" not in session.files:
        return NO_TEXT
    table = read_table(session, f"{folder}/{MODULE}")
    if table is None:
        return NO_TEXT
    entry = table.get("key")
    session.module_keys[folder] = entry.as_text() if entry is not None else ""
    return table.text("title")


Keys = Sequence[str]


def reworded(published: Mapping[str, definitions.QuestionDefinition], course: CourseFolder) -> tuple[Finding, ...]:
    """Propose the old key where a published option's key vanished and one new stands in a list of the same length.

    spec/content-format C414.
    """
    return tuple(
        _finding(bank.path, question.key, name, old, new)
        for bank in banks_of(course)
        for question in bank.questions
        if question.key in published
        for name, old, new in _changes(published[question.key], question)
    )


def _changes(before: definitions.QuestionDefinition, after: definitions.QuestionDefinition) -> Iterator[tuple[str, str, str]]:
    present = dict(key_lists(after))
    for name, keys in key_lists(before):
        now = present.get(name, ())
        gone, fresh = [key for key in keys if key not in now], [key for key in now if key not in keys]
        if len(keys) == len(now) and len(gone) == len(fresh) == 1:
            yield name, gone[0], fresh[0]


def key_lists(question: definitions.QuestionDefinition) -> Iterator[tuple[str, Keys]]:
    """Yield the lists of a question whose entries have keys, by the name of their field."""
    body = question.body
    if isinstance(body, definitions.SingleChoiceBody | definitions.MultipleChoiceBody):
        yield "options", [option.key for option in body.options]
    elif isinstance(body, definitions.MatchingBody):
        yield "pairs", [pair.key for pair in body.pairs]
        yield "matches", list(dict.fromkeys([pair.match_key for pair in body.pairs] + [label.key for label in body.extra]))
    elif isinstance(body, definitions.OrderingBody):
        yield "items", [item.key for item in body.items]
    elif isinstance(body, definitions.MatrixBody):
        yield "columns", [column.key for column in body.columns]
        yield "rows", [row.key for row in body.rows]
    elif isinstance(body, definitions.GapsBody):
        for gap in body.gaps:
            if isinstance(gap.body, definitions.SingleChoiceBody):
                yield f"gaps.{gap.name}.options", [option.key for option in gap.body.options]


def _finding(path: str, question: str, name: str, old: str, new: str) -> Finding:
    return Finding(
        path,
        0,
        0,
        field=name,
        code="C414",
        severity=codes.severity("C414"),
        template=N_("The published key “%(old)s” is gone and “%(new)s” is new: was the text reworded?"),
        fix_template=N_("If so, add “key: %(old)s” to it, so that stored answers keep their meaning."),
        subject=QUESTION,
        facts={"subject": question, "old": old, "new": new},
    )
