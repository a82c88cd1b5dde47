"""Lessons as pages of a course folder: their text, their reading and their checks."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from courses.content import scalars, writing
from courses.content.changes import COMMON, apart, body_of, lesson_of
from courses.content.course_fields import LESSON
from courses.content.editing import EditRefused, Written, read_fields, write_field
from courses.content.kinds import OUTLINE, ActivityKind, ActivitySettings, FolderPart, read_activity
from courses.content.layout import ActivityFiles
from courses.content.mapping_cursor import LessonBody, MappingCursor, MarkupLevel, ReadingSession, SourceLocation
from courses.content.model import (
    ActivityCompletion,
    ActivitySource,
    CompletionRule,
    CourseFolder,
    Finding,
    LessonSettings,
    LessonSource,
    LocalisedText,
)
from courses.content.source import MAXIMUM_MARKDOWN, read_lesson
from courses.content.texts import TextCheck
from courses.content.translations import split, stamp
from kernel.errors import N_
from kernel.i18n import lazy_
from kernel.markup.model import fold
from kernel.markup.source import composed

FIELDS = (*COMMON, "minutes", "completion", "translated_from")
"""The fields of a lesson in canonical order (spec/content-format 5 and 6)."""
KEPT_CONTROLS = {"\n", "\t"}


@dataclass(frozen=True, slots=True)
class LessonText:
    """The text of a lesson in one language, as its author writes it."""

    title: str
    summary: str
    body: str

    @property
    def is_too_long(self) -> bool:
        """Return whether the format refuses a file of this length."""
        return len(self.body.encode()) + len(self.summary.encode()) + 2_000 > MAXIMUM_MARKDOWN


def lesson_text_of(text: str, path: str, language: str) -> LessonText:
    """Return the text of a lesson's file."""
    fields = read_fields(apart(text, path)[0])
    return LessonText(_in(fields.get("title"), language), _in(fields.get("summary"), language), body_of(text))


def _in(value: Written, language: str) -> str:
    if isinstance(value, dict):
        value = value.get(language)
    return value if isinstance(value, str) else ""


def with_words(text: str | None, path: str, language: str, lesson_text: LessonText, *, stamp: str = "") -> str:
    """Return a lesson's file with other words in it; a new translation where there is none. `stamp` says which source it follows now."""
    if text is None:
        text = writing.translation_text(lesson_text.title, stamp)
    before = lesson_text_of(text, path, language)
    fields, _rebuild = apart(text, path)
    if lesson_text.title != before.title:
        fields = write_field(fields, "title", lesson_text.title, FIELDS)
    if lesson_text.summary != before.summary:
        fields = write_field(fields, "summary", lesson_text.summary or None, FIELDS)
    if stamp and read_fields(fields).get("translated_from") != stamp:
        fields = write_field(fields, "translated_from", stamp, FIELDS)
    return lesson_of(lesson_text.body, fields)


@lru_cache(maxsize=32)
def terms_of(glossary: str, language: str) -> tuple[str, ...]:
    """Return the terms of a glossary in a language, sorted; none where it cannot be read."""
    try:
        entries = read_fields(glossary)
    except EditRefused:
        return ()
    terms = (_in(entry.get("term"), language) for entry in entries.values() if isinstance(entry, dict))
    return tuple(sorted({term for term in terms if term}, key=fold))


def tidy_body(typed: str) -> str:
    """Return a body as it is kept: NFC, LF, without control characters, with a final newline; blank lines and spaces stay."""
    text = composed(typed)
    body = "".join(char for char in text if char in KEPT_CONTROLS or unicodedata.category(char) not in ("Cc", "Cs"))
    return body if body.endswith("\n") or not body else f"{body}\n"


_NOT_WRITTEN = {"es": N_("The lesson is not written in Spanish."), "en": N_("The lesson is not written in English.")}
TWIN_FIELDS = ("title", "summary", "translated_from")


def read_settings(table: MappingCursor, session: ReadingSession) -> ActivitySettings:
    """Read the fields that only lessons have; the texts come from their files."""
    minutes = table.value("minutes", scalars.whole(1))
    rule = table.value("completion", _completion, CompletionRule.MARKED)
    return ActivitySettings(LessonSettings((), minutes), ActivityCompletion(rule), minutes)


def _completion(text: str) -> CompletionRule:
    return CompletionRule(scalars.word_of("marked", "viewed")(text))


KIND = ActivityKind("page", ".md", lazy_("Lesson"), "book-open", read_settings, begin="", settings=LESSON)


def read_page(session: ReadingSession, files: ActivityFiles) -> ActivitySource | None:
    """Read a lesson in all its languages; None where the first language's file is missing or broken."""
    for language, path in files.lessons.items():
        if language not in session.languages:
            session.report_file(path, "C210", N_("“%(language)s” is not one of the course's languages."), language=language)
    first = files.lessons.get(session.first_language)
    source = read_lesson(session, first) if first else None
    activity = read_activity(session, source[0], KIND) if source else None
    if source is None or activity is None:
        _twins_alone(session, files, broken=first is not None)
        return None
    lesson = _lesson(session.first_language, *source, activity.title, activity.summary)
    twins = (_source_lesson(session, files, language, lesson) for language in session.languages[1:])
    lessons = (lesson, *(translation for translation in twins if translation is not None))
    for source_lesson in lessons:
        _note_body(session, activity, source_lesson)
    return _joined(activity, lessons)


def _lesson(language: str, table: MappingCursor, body: str, title: LocalisedText, summary: LocalisedText) -> LessonSource:
    texts = title.get(language, ""), summary.get(language, "")
    return LessonSource(language, table.file, *texts, body, stamp(*texts, body))


def _note_body(session: ReadingSession, activity: ActivitySource, lesson: LessonSource) -> None:
    session.lessons.append(
        LessonBody(
            activity.key,
            lesson.language,
            lesson.path,
            body=lesson.body,
            first_line=session.body_lines[lesson.path],
            required=activity.required,
        )
    )


def _joined(activity: ActivitySource, lessons: tuple[LessonSource, ...]) -> ActivitySource:
    """Return the activity with the titles and summaries of all its languages."""
    titles = {**activity.title, **{lesson.language: lesson.title for lesson in lessons if lesson.title}}
    summaries = {**activity.summary, **{lesson.language: lesson.summary for lesson in lessons if lesson.summary}}
    settings = replace(activity.settings, lessons=lessons)
    return replace(activity, title=LocalisedText(titles), summary=LocalisedText(summaries), settings=settings)


def _source_lesson(session: ReadingSession, files: ActivityFiles, language: str, source: LessonSource) -> LessonSource | None:
    path = files.lessons.get(language)
    if path is None:
        location = SourceLocation(source.path)
        session.report(location, "C702", _NOT_WRITTEN.get(language, N_("The lesson is not written in “%(language)s”.")), language=language)
        return None
    source_of_twin = read_lesson(session, path)
    if source_of_twin is None:
        return None
    table, body = source_of_twin
    table.language = language
    title, summary = table.text("title", required=True), table.text("summary", MarkupLevel.INLINE)
    stamped = table.value("translated_from", scalars.stamp, "")
    lesson = _lesson(language, table, body, title, summary)
    _refuse_settings(table)
    behind = stamped != source.stamp
    if behind:
        _report_behind(table, stamped, source.stamp)
    return replace(lesson, translated_from=stamped, behind=behind)


def _report_behind(table: MappingCursor, stamped: str, present: str) -> None:
    fix = N_(
        "Update it and tick “The translation is up to date” in its editor. In a folder, run: lms courses "
        "stamp FILE (the stamp is %(stamp)s)."
    )
    if stamped:
        table.report("C703", N_("The translation is behind its source."), fix, at="translated_from", stamp=present)
    else:
        table.report("C703", N_("The translation does not say which version of its source it follows."), fix, stamp=present)


def _refuse_settings(table: MappingCursor) -> None:
    for name, entry in table.node.entries.items():
        if name not in TWIN_FIELDS and not name.startswith("x-"):
            table.asked.setdefault(name)
            table.session.report(
                table.place_of(entry.key, name),
                "C212",
                N_("Set “%(field)s” only in the file of the course's main language."),
                N_("Delete it here."),
                field=name,
            )


def _twins_alone(session: ReadingSession, files: ActivityFiles, *, broken: bool) -> None:
    for language, path in files.lessons.items():
        if language != session.first_language and not broken:
            session.report_file(
                path,
                "C211",
                N_("There is no file in the course's main language (%(language)s) for this translation."),
                language=session.first_language,
            )


_INTO = re.compile(r"\(course:([a-z0-9-]+)#")


@dataclass(frozen=True, slots=True)
class CourseReferences:
    """A course as it was read, with the places of its keys."""

    course: CourseFolder
    keys: Mapping[str, SourceLocation]


def check_lesson(
    surroundings: CourseReferences,
    kinds: Sequence[ActivityKind],
    parts: Sequence[FolderPart],
    texts: Mapping[str, str],
    paths: Collection[str],
    lesson_path: str,
    *,
    today: date,
) -> tuple[ActivitySource | None, tuple[Finding, ...]]:
    """Read the lesson whose file is `wanted` out of `texts`, which hold it as it is typed; return it with its findings, sorted.

    `paths` are those of all files of the course. The activity is None where the lesson cannot be read at all.
    """
    stem, languages = _siblings(lesson_path, paths)
    files = dict.fromkeys(paths, b"") | {path: texts.get(path, "").encode() for path in languages.values()}
    session = ReadingSession(files, today, surroundings.course.languages, course=surroundings.course)
    page = next(kind for kind in kinds if kind.suffix == ".md")
    own = set(languages.values())
    session.keys[OUTLINE] = {key: location for key, location in surroundings.keys.items() if location.file not in own}
    activity = read_page(session, ActivityFiles(stem, page, lesson_path, languages))
    _note_linked(session, texts, paths, lesson_path)
    TextCheck(session, surroundings.course, kinds, parts).run()
    findings = (finding for finding in session.findings if finding.file == lesson_path and finding.code != "C320")
    return activity, tuple(sorted(findings, key=lambda finding: finding.place))


def _siblings(path: str, paths: Collection[str]) -> tuple[str, dict[str, str]]:
    """Return a lesson's name and its files by language, the one that is typed among them."""
    stem = path.removesuffix(".md").rpartition(".")[0]
    every = {candidate for candidate in paths if candidate.startswith(f"{stem}.") and candidate.endswith(".md")} | {path}
    return stem.rpartition("/")[2], {candidate.removesuffix(".md").rpartition(".")[2]: candidate for candidate in sorted(every)}


def _note_linked(session: ReadingSession, texts: Mapping[str, str], paths: Collection[str], lesson_path: str) -> None:
    """Let the headings of lessons be known that the text links into."""
    known = session.keys[OUTLINE]
    for key in sorted(set(_INTO.findall(texts.get(lesson_path, "")))):
        location = known.get(key)
        if location is None or not location.file.endswith(".md") or location.file == lesson_path:
            continue
        for language, path in _siblings(location.file, paths)[1].items():
            parts = split(texts.get(path, ""))
            if parts is not None:
                session.lessons.append(LessonBody(key, language, path, parts[1], len(parts[0]) + 3, required=False))


def with_lesson(course: CourseFolder, activity: ActivitySource) -> CourseFolder:
    """Return a course in which an activity is what it is now."""
    modules = tuple(
        replace(module, activities=tuple(activity if other.key == activity.key else other for other in module.activities))
        for module in course.modules
    )
    return replace(course, modules=modules)
