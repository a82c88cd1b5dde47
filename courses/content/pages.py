"""Read lessons: one activity of the kind `page`, one Markdown file a language (spec/content-format 4 and 6)."""

from dataclasses import replace

from courses.content import scalars
from courses.content.activity import read_activity
from courses.content.course_fields import LESSON
from courses.content.kinds import ActivityKind, ActivitySettings
from courses.content.layout import ActivityFiles
from courses.content.mapping_cursor import MappingCursor
from courses.content.model import ActivityCompletion, ActivitySource, CompletionRule, LessonSettings, LessonSource, LocalisedText
from courses.content.read_collector import LessonBody, MarkupLevel, SourceLocation
from courses.content.reading_session import ReadingSession
from courses.content.source import FrontMatter, read_lesson
from courses.content.translation_stamps import stamp
from kernel.errors import N_
from kernel.i18n import lazy_

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
    activity = read_activity(session, source.table, KIND) if source else None
    if source is None or activity is None:
        _twins_alone(session, files, broken=first is not None)
        return None
    lesson = _lesson(session.first_language, source, activity.title, activity.summary)
    twins = (_source_lesson(session, files, language, lesson) for language in session.languages[1:])
    lessons = (lesson, *(translation for translation in twins if translation is not None))
    for source_lesson in lessons:
        _note_body(session, activity, source_lesson)
    return _joined(activity, lessons)


def _lesson(language: str, source: FrontMatter, title: LocalisedText, summary: LocalisedText) -> LessonSource:
    path = source.table.file
    source.table.session.body_lines[path] = source.body_line
    texts = title.get(language, ""), summary.get(language, "")
    return LessonSource(language, path, *texts, source.body, stamp(*texts, source.body))


def _note_body(session: ReadingSession, activity: ActivitySource, lesson: LessonSource) -> None:
    session.lessons.append(
        LessonBody(activity.key, lesson.language, lesson.path, lesson.body, session.body_lines[lesson.path], activity.required)
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
    front = read_lesson(session, path)
    if front is None:
        return None
    table = front.table
    table.language = language
    title, summary = table.text("title", required=True), table.text("summary", MarkupLevel.INLINE)
    stamped = table.value("translated_from", scalars.stamp, "")
    lesson = _lesson(language, front, title, summary)
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
