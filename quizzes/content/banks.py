"""Read banks of questions (spec/content-format 8): `banco.yaml` or `banco/*.yaml` of a module, `banco/*.yaml` of the course."""

import re
from collections.abc import Mapping

from courses.content import scalars
from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY, LocatedValue, MappingCursor
from courses.content.model import ActivityReference, CourseFolder, ResourceCitation, Severity
from courses.content.read_collector import MarkupLevel
from courses.content.reading_session import ReadingSession
from kernel.errors import N_
from quizzes.content import bodies, gaps, parts
from quizzes.content.model import BankSource
from quizzes.content.origins import ORIGIN, read_origin
from quizzes.rules.definitions import (
    DescriptionBody,
    QuestionCitation,
    QuestionDefinition,
    QuestionKind,
    QuestionState,
    ReviewReference,
)
from quizzes.rules.selection import CognitiveLevel, Difficulty, QuestionSelection
from quizzes.rules.value_variants import MOST_COMBINATIONS, MOST_VALUE_VARIANTS, variants_of

PART = "banks"
MAXIMUM_QUESTIONS = 5_000
_BANK = re.compile(r"(?:(?P<module>[^/]+)/)?(?:banco\.yaml|banco/(?P<name>[^/]+)\.yaml)\Z")
QUESTION = N_("question “%(subject)s”")


def claims(path: str) -> bool:
    """Say whether a path is a bank's file; a `banco.yaml` without module is none."""
    match = _BANK.match(path)
    return match is not None and (match["module"] is not None or match["name"] is not None)


def banks_of(course: CourseFolder) -> tuple[BankSource, ...]:
    """Return the banks of a course."""
    return tuple(bank for bank in course.parts.get(PART, ()) if isinstance(bank, BankSource))


def questions_of(course: CourseFolder) -> Mapping[str, QuestionDefinition]:
    """Return all questions of a course by key."""
    return {question.key: question for bank in banks_of(course) for question in bank.questions}


def is_embeddable(course: CourseFolder, key: str) -> bool:
    """Say whether a lesson may embed the question: it is there and ready."""
    question = questions_of(course).get(key)
    return question is not None and question.state is QuestionState.READY


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


def _question(session: ReadingSession, value: LocatedValue) -> QuestionDefinition | None:
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
    kind = table.value("kind", scalars.one_of(QuestionKind), required=True)
    if kind is None:
        for name in (*COMMON_FIELDS, *bodies.ALL_FIELDS):
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
FIELD_ORDER = (*IDENTITY_FIELDS, *FIELDS_BEFORE, *sorted(bodies.ALL_FIELDS - set(COMMON_FIELDS)), *FIELDS_AFTER)
"""The fields of a question as they stand in its text, those of its kind together."""


def _of_kind(
    session: ReadingSession, table: MappingCursor, key: str, former_keys: tuple[str, ...], kind: QuestionKind
) -> QuestionDefinition:
    state = table.choice("state", QuestionState, QuestionState.READY)
    unverified = table.flag("unverified", False)
    tags = table.keys("tags")
    difficulty = table.value("difficulty", scalars.one_of(Difficulty))
    selection = _selection(table)
    mark = table.value("mark", scalars.number_between(0), parts.FULL)
    names = gaps.names_of(table, "gaps" if kind is QuestionKind.GAPS else "variables")
    text = table.text("text", MarkupLevel.MARKDOWN, required=True, gaps=names)
    body = bodies.BODIES[kind](table, mark)
    if kind in (QuestionKind.GAPS, QuestionKind.CALCULATED) or (kind is QuestionKind.SINGLE and names):
        gaps.check_names(table, text, names, once=kind is QuestionKind.GAPS)
    hints = table.texts("hints")
    penalty = table.value("penalty", scalars.share, DEFAULT_PENALTY)
    explanation = table.text("explanation", MarkupLevel.MARKDOWN)
    source = tuple(_cite(citation) for citation in table.citations())
    see = tuple(_see(reference) for reference in table.references())
    note = table.value("note", scalars.word, "")
    table.foreign = bodies.ALL_FIELDS - bodies.FIELDS[kind]
    question = QuestionDefinition(
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


def _selection(table: MappingCursor) -> QuestionSelection:
    objective = table.value("objective", scalars.key, "")
    level = table.value("level", scalars.one_of(CognitiveLevel))
    family, enemies = table.value("family", scalars.key, ""), table.keys("enemies")
    only, expected = table.keys("only"), table.value("expected", scalars.percent)
    by_variant, origin = table.flag("by_variant", False), table.value(ORIGIN, read_origin, "")
    if origin:
        _claim_origin(table, origin)
    return QuestionSelection(objective, level, family, enemies, expected, only, by_variant, origin)


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


DEFAULT_PENALTY = QuestionDefinition("", {}, DescriptionBody()).penalty


def _cite(citation: ResourceCitation) -> QuestionCitation:
    return QuestionCitation(citation.resource, citation.place)


def _see(reference: ActivityReference) -> ReviewReference:
    return ReviewReference(reference.activity, reference.heading, reference.second)
