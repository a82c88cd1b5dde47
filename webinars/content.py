"""Recordings in a course folder: read with captions and transcripts, their form fields and search entries (spec/content-format 10)."""

import html
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

import webvtt

from courses.content import scalars
from courses.content.course_file import person
from courses.content.kinds import ActivityKind, ActivitySettings
from courses.content.mapping_cursor import FieldText, LocatedValue, MappingCursor, MarkupLevel, ReadingSession, SourceLocation
from courses.content.model import NO_TEXT, ActivityCompletion, ActivitySource, CompletionRule, Contributor, LocalisedText
from courses.content.settings import FieldShape, FieldSpec
from kernel.errors import N_
from kernel.i18n import duration as clock
from kernel.i18n import lazy_
from kernel.markup.model import EmbeddedRecording
from kernel.markup.passages import plain_text
from kernel.search.index import Passage, SearchDocument, entry, readers_of

ORDER = (
    *(
        "kind",
        "file",
        "url",
        "host",
        "audio",
        "low",
        "poster",
        "poster_alt",
        "duration",
        "language",
        "date",
        "speakers",
        "series",
        "number",
    ),
    *("captions", "transcript", "chapters", "documents", "completion"),
)
FILM = ("audio/", "video/")
WORDS = ("text/vtt", "text/markdown")
RECORDING_FIELDS = (
    FieldSpec(
        "kind",
        FieldShape.CHOICE,
        lazy_("Is there a picture?"),
        help="",
        choices=(("video", lazy_("Video")), ("audio", lazy_("Audio only"))),
        usual="video",
    ),
    FieldSpec(
        "url",
        FieldShape.WORD,
        lazy_("Address of the recording"),
        lazy_("https://…: an external page. Or choose an uploaded file, not both."),
    ),
    FieldSpec("host", FieldShape.WORDS, lazy_("Host site"), lazy_("The site of that address. Learners are warned before they go there.")),
    FieldSpec(
        "file",
        FieldShape.FILE,
        lazy_("Uploaded file"),
        lazy_("Upload it first under “Files”. It needs a duration and captions."),
        accepts=FILM,
    ),
    FieldSpec("duration", FieldShape.NUMBER, lazy_("Duration"), lazy_("Minutes and seconds, 12:30, or hours, 1:02:30.")),
    FieldSpec("language", FieldShape.LANGUAGE, lazy_("Spoken language"), lazy_("Leave empty for the course's main language.")),
    FieldSpec("date", FieldShape.DAY, lazy_("Day of the event")),
)
_TEXTS = (
    FieldSpec("captions.es", FieldShape.FILE, lazy_("Captions in Spanish"), lazy_("A WebVTT file (.vtt)."), accepts=("text/vtt",)),
    FieldSpec("captions.en", FieldShape.FILE, lazy_("Captions in English"), accepts=("text/vtt",)),
    FieldSpec(
        "transcript.es",
        FieldShape.FILE,
        lazy_("Transcript in Spanish"),
        lazy_("Markdown (.md) or WebVTT (.vtt). Leave empty to show the captions as text."),
        accepts=WORDS,
    ),
    FieldSpec("transcript.en", FieldShape.FILE, lazy_("Transcript in English"), accepts=WORDS),
)
_PICTURE = (
    FieldSpec("audio", FieldShape.FILE, lazy_("Audio-only file"), lazy_("For those who only want to listen."), accepts=("audio/",)),
    FieldSpec("low", FieldShape.FILE, lazy_("Lower-quality video"), lazy_("For slow connections."), accepts=FILM),
    FieldSpec("poster", FieldShape.FILE, lazy_("Still picture"), accepts=("image/",)),
    FieldSpec("poster_alt", FieldShape.WORDS, lazy_("Alternative text of the still picture")),
)
_CHAPTERS = (
    FieldSpec(
        "chapters",
        FieldShape.ENTRIES,
        lazy_("Chapters"),
        lazy_("The first begins at 0:00. Clear a row's time to delete it; more rows appear after you save."),
        fields=(FieldSpec("at", FieldShape.WORD, lazy_("Begins at")), FieldSpec("title", FieldShape.WORDS, lazy_("Title"))),
        spare=3,
    ),
)
_SPEAKERS = (
    FieldSpec(
        "speakers",
        FieldShape.ENTRIES,
        lazy_("Speakers"),
        lazy_("Clear a row's name to delete it."),
        fields=(
            FieldSpec("name", FieldShape.WORD, lazy_("Name")),
            FieldSpec("role", FieldShape.WORDS, lazy_("Role or contribution")),
            FieldSpec("organisation", FieldShape.WORDS, lazy_("Organisation")),
        ),
        spare=2,
    ),
    FieldSpec("series", FieldShape.WORDS, lazy_("Series"), lazy_("Name of the webinar or podcast series it belongs to.")),
    FieldSpec("number", FieldShape.NUMBER, lazy_("Number in the series")),
)
_DOCUMENTS = (
    FieldSpec(
        "documents",
        FieldShape.ENTRIES,
        lazy_("Documents"),
        lazy_("Each is a file of the course or one of its documents, not both. Clear a row's kind to delete it."),
        fields=(
            FieldSpec(
                "kind",
                FieldShape.CHOICE,
                lazy_("Kind"),
                "",
                (
                    ("slides", lazy_("Slides")),
                    ("summary", lazy_("Summary")),
                    ("questions", lazy_("Questions and answers")),
                    ("concept_note", lazy_("Concept note")),
                    ("other", lazy_("Another document")),
                ),
            ),
            FieldSpec("title", FieldShape.WORDS, lazy_("Title")),
            FieldSpec("file", FieldShape.FILE, lazy_("File")),
            FieldSpec("resource", FieldShape.CHOICE, lazy_("Document of the course")),
            FieldSpec("language", FieldShape.LANGUAGE, lazy_("Language")),
        ),
    ),
)
COMPLETION = (
    FieldSpec(
        "completion.watched",
        FieldShape.NUMBER,
        lazy_("Percentage to watch"),
        lazy_("Only for uploaded files. Leave empty for 80. An external recording is completed when the learner marks it as done."),
    ),
)
GROUPS = (
    (lazy_("Captions and transcript"), _TEXTS),
    (lazy_("Chapters"), _CHAPTERS),
    (lazy_("Who speaks"), _SPEAKERS),
    (lazy_("Related documents"), _DOCUMENTS),
    (lazy_("Picture and quality"), _PICTURE),
    (lazy_("What completes it"), COMPLETION),
)


WATCHED = 80
ARROW = "-->"
FOUND_AS = "recording"
MINUTE, MOST_LETTERS = 60, 2000
"""Of what is said and found together."""


class TranscriptPassage(NamedTuple):
    """A passage from a second on, where that is known: its words, and the HTML of what was written in Markdown."""

    second: int | None
    words: str
    html: str = ""


Cues = list[TranscriptPassage]


class RecordingKind(StrEnum):
    """The kind of a recording: with a picture or without."""

    VIDEO = "video"
    AUDIO = "audio"


class DocumentKind(StrEnum):
    """The kind of a document that accompanies a recording."""

    SLIDES = "slides"
    SUMMARY = "summary"
    QUESTIONS = "questions"
    CONCEPT_NOTE = "concept_note"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ChapterSource:
    """A part of a recording, from `at` seconds on."""

    at: int
    title: LocalisedText


@dataclass(frozen=True, slots=True)
class Cue:
    """A caption cue: its words on one line, and its start and end in milliseconds."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """A document beside a recording: a file of the folder (`path`) or a resource of the course by key."""

    kind: DocumentKind
    title: LocalisedText
    path: str = ""
    resource: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class RecordingSource:
    """A recording: a file of ours (`path`) or a page outside (`url`, `host`); `duration` in seconds; paths from the folder's root."""

    kind: RecordingKind = RecordingKind.VIDEO
    path: str = ""
    url: str = ""
    host: LocalisedText = NO_TEXT
    audio: str = ""
    low: str = ""
    poster: str = ""
    poster_alt: LocalisedText = NO_TEXT
    duration: int | None = None
    language: str = ""
    held: date | None = None
    speakers: tuple[Contributor, ...] = ()
    series: LocalisedText = NO_TEXT
    number: int | None = None
    captions: Mapping[str, str] = field(default_factory=dict)
    transcript: Mapping[str, str] = field(default_factory=dict)
    chapters: tuple[ChapterSource, ...] = ()
    documents: tuple[DocumentSource, ...] = ()


def read_recording(table: MappingCursor, session: ReadingSession) -> ActivitySettings:
    """Read everything after the fields of every activity."""
    kind = table.choice("kind", RecordingKind, RecordingKind.VIDEO)
    path, url = table.path("file", "audio/", "video/"), table.value("url", scalars.secure_address, "")
    host = table.text("host")
    _check_origin(table)
    audio, low = table.path("audio", "audio/"), table.path("low", "audio/", "video/")
    poster, poster_alt = table.path("poster", "image/"), table.text("poster_alt")
    if table.has("poster") and not poster_alt:
        table.report("C301", N_("The still picture has no alternative text."), N_("Add “poster_alt:”."), at="poster")
    duration = table.value("duration", scalars.position, required=table.has("file"))
    language = table.value("language", scalars.language, session.first_language)
    held = table.value("date", scalars.day)
    speakers = table.listed("speakers", person)
    series, number = table.text("series"), table.value("number", scalars.whole(0))
    captions = _files(table, "captions", duration)
    transcript = _files(table, "transcript", duration)
    if table.has("file") and language not in captions:
        table.report(
            "C607",
            N_("The recording has no captions in its language (%(language)s)."),
            N_("Add them under “captions:”."),
            language=language,
        )
    chapters = _chapters(table, duration)
    documents = table.listed("documents", _document)
    completion = _completion(table)
    source = RecordingSource(
        kind,
        path,
        url,
        host=host,
        audio=audio,
        low=low,
        poster=poster,
        poster_alt=poster_alt,
        duration=duration,
        language=language,
        held=held,
        speakers=speakers,
        series=series,
        number=number,
        captions=captions,
        transcript=transcript,
        chapters=chapters,
        documents=documents,
    )
    minutes = -(-duration // 60) if duration is not None else None
    return ActivitySettings(source, completion, minutes)


def _check_origin(table: MappingCursor) -> None:
    if table.has("file") == table.has("url"):
        table.report("C610", N_("A recording has a file or an external address, exactly one of them."))
    elif table.has("url") and not table.has("host"):
        table.report(
            "C610", N_("The external page has no host."), N_("Add “host:” so that learners know which site is contacted."), at="url"
        )


def _files(table: MappingCursor, name: str, duration: int | None) -> dict[str, str]:
    """Read a mapping from language to path; captions are read through."""
    files = table.get(name)
    if files is None:
        return {}
    paths: dict[str, str] = {}
    for language, value, location in files.entries():
        try:
            scalars.language(language)
        except scalars.RefusedError as refused:
            table.session.report(location, refused.code, refused.template, refused.fix, **refused.facts)
        written = value.read(scalars.word)
        full = table.session.use_file(table.file, written, value.place) if written else ""
        if full:
            paths[language] = full
            _check_file(value, full, duration, captions=name == "captions")
    return paths


def _check_file(value: LocatedValue, path: str, duration: int | None, *, captions: bool) -> None:
    if path.endswith(".vtt"):
        _check_captions(value, path, duration)
    elif path.endswith(".md") and not captions:
        _note_transcript(value, path)
    else:
        value.report(
            "C608", N_("“%(path)s” is not a file of this kind."), N_("Captions are WebVTT (.vtt), transcripts .md or .vtt."), path=path
        )


def _note_transcript(value: LocatedValue, path: str) -> None:
    """Hand a transcript in a language of the course to the checks of texts."""
    language = value.field.rpartition(".")[2]
    try:
        text = value.session.files[path].decode("utf-8")
    except UnicodeDecodeError:
        value.report("C101", N_("The file is not UTF-8."), N_("Save it as UTF-8."))
        return
    if language in value.session.languages:
        value.session.transcripts.append(FieldText(SourceLocation(path), language, text, MarkupLevel.MARKDOWN, 1))


def read_cues(content: bytes) -> tuple[Cue, ...]:
    """Return the cues of a WebVTT file in order; raises ValueError where it is none, or a time in it cannot be read."""
    try:
        text = content.decode("utf-8-sig")
        captions = webvtt.from_buffer(io.StringIO(text)).captions
    except (UnicodeDecodeError, webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError) as error:
        raise ValueError("not WebVTT") from error
    if not captions or len(captions) != text.count(ARROW):
        raise ValueError("a time cannot be read, or there is none")
    cues, last = list[Cue](), ""
    for caption in captions:
        for speaker, speech in _spoken(caption.raw_text):
            named = f"{speaker}: {speech}" if speaker and speaker != last else speech
            cues.append(Cue(_milliseconds(caption.start), _milliseconds(caption.end), named))
            last = speaker or last
    return tuple(cues)


_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TURN = re.compile(r"^\s*[-–—]\s*", re.MULTILINE)
"""A dash at the beginning of a line: somebody else speaks."""
_READING = re.compile(r"<rt[^>]*>(.*?)(?:</rt>|(?=</ruby>))", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def _spoken(raw: str) -> Iterator[tuple[str, str]]:
    """Yield who speaks in a cue, '' where it does not say, and their words on one line: voices and turns apart, readings in brackets."""
    before, *voices = _VOICE.split(_READING.sub(r" (\1)", raw))
    for speaker, text in (("", before), *zip(voices[::2], voices[1::2], strict=True)):
        for turn in _TURN.split(text):
            if speech := " ".join(html.unescape(_TAG.sub("", turn)).split()):
                yield " ".join(html.unescape(speaker).split()), speech


def _milliseconds(stamp: str) -> int:
    """Read hh:mm:ss.ttt, the form in which the library gives times."""
    hours, minutes, seconds = stamp.split(":")
    return (int(hours) * 3600 + int(minutes) * 60) * 1000 + int(seconds.replace(".", ""))


def _check_captions(value: LocatedValue, path: str, duration: int | None) -> None:
    """Report captions that are not WebVTT, run backwards or past the end (spec/content-format C608)."""
    try:
        cues = read_cues(value.session.files[path])
    except ValueError:
        value.report("C608", N_("“%(path)s” is not valid WebVTT: a time cannot be read, or there is none."), path=path)
        return
    last = 0
    for cue in cues:
        at = clock(cue.start / 1000)
        if cue.start < last or cue.end < cue.start:
            value.report("C608", N_("The captions of “%(path)s” run backwards at %(at)s."), path=path, at=at)
            return
        last = cue.start
        if duration is not None and cue.end > (duration + 1) * 1000:
            value.report("C608", N_("The captions of “%(path)s” run past the end of the recording (%(at)s)."), path=path, at=at)
            return


def _chapters(table: MappingCursor, duration: int | None) -> tuple[ChapterSource, ...]:
    chapters: list[ChapterSource] = []
    for inner in table.tables("chapters"):
        at, title = inner.value("at", scalars.position, required=True), inner.text("title", required=True)
        if at is None:
            continue
        if not chapters and at:
            inner.report("C609", N_("The first chapter begins at 0:00."), at="at")
        elif chapters and at <= chapters[-1].at:
            inner.report("C609", N_("The chapters must be in order."), at="at")
        elif duration is not None and at >= duration:
            inner.report("C609", N_("The chapter begins after the end of the recording."), at="at")
        chapters.append(ChapterSource(at, title))
    return tuple(chapters)


def _document(value: LocatedValue) -> DocumentSource | None:
    table = value.table()
    if table is None:
        return None
    kind = table.value("kind", scalars.one_of(DocumentKind), required=True) or DocumentKind.OTHER
    title = table.text("title", required=True)
    path = table.path("file")
    resource = table.get("resource")
    citation = resource.citation() if resource is not None else None
    if table.has("file") == table.has("resource"):
        table.report("C110", N_("A document is a file or one of the course documents, exactly one of them."))
    language = table.value("language", scalars.language, "")
    return DocumentSource(kind, title, path, citation.resource if citation else "", language)


def _completion(table: MappingCursor) -> ActivityCompletion:
    """Read `{watched: percent}` or `marked`; watching can only be seen in a file of ours (spec/content-format C610)."""
    ours = table.has("file")
    usual = ActivityCompletion(CompletionRule.WATCHED, WATCHED) if ours else ActivityCompletion(CompletionRule.MARKED)
    completion = table.get("completion")
    if completion is None:
        return usual
    if not completion.is_table:
        rule = completion.read(scalars.word_of("marked"))
        return ActivityCompletion(CompletionRule.MARKED) if rule else usual
    table.flows.add("completion")
    inner = completion.table()
    watched = inner.value("watched", scalars.percent, required=True) if inner is not None else None
    if not ours:
        table.report(
            "C610", N_("How much was watched can be measured only in an uploaded file."), N_("Write “completion: marked”."), at="completion"
        )
    return ActivityCompletion(CompletionRule.WATCHED, int(watched if watched is not None else Fraction(WATCHED)))


def _length(settings: RecordingSource) -> int | None:
    return settings.duration


def _card(activity: ActivitySource, language: str) -> EmbeddedRecording:
    settings = activity.settings
    shown = clock(settings.duration) if settings.duration is not None else ""
    return EmbeddedRecording(activity.title.in_language(language)[1], settings.kind.value, shown, settings.host.in_language(language)[1])


@dataclass(frozen=True, slots=True)
class SearchableTranscript:
    """The searchable content of a recording besides title and summary; `path` is empty where it is on another site."""

    path: str
    language: str
    speakers: tuple[str, ...]
    series: Mapping[str, str]
    transcripts: Mapping[str, Cues]
    chapters: Sequence[tuple[int, Mapping[str, str]]] = ()
    """The second in which each begins, and its title."""
    documents: Sequence[Mapping[str, str]] = ()
    """The titles of the papers beside it."""


def recording_entries(title: Mapping[str, str], summary: Mapping[str, str], spoken: SearchableTranscript) -> Iterator[SearchDocument]:
    """Return the search documents of a recording: speakers and subject, chapters and documents, and speech, a minute or so each.

    The summary is HTML.
    """
    written = [language for language, name in title.items() if name]
    for language in written:
        readers = readers_of(language, written)
        about = (", ".join(spoken.speakers), spoken.series.get(language, ""), plain_text(summary.get(language, "")))
        passages = [Passage("", text) for text in about if text]
        yield entry(FOUND_AS, language, title[language], passages, readers=readers)
        for part in _named_parts(spoken, language):
            yield entry(FOUND_AS, language, "", part, readers=readers)
    heard = {language: cues for language, cues in spoken.transcripts.items() if cues}
    for language, cues in heard.items():
        readers = readers_of(language, list(dict.fromkeys([spoken.language, *heard])))  # what is spoken stands in for what is lacking
        for passages in _minutes(cues, leads_to_player=bool(spoken.path)):
            yield entry(FOUND_AS, language, "", passages, readers=readers)


def _named_parts(spoken: SearchableTranscript, language: str) -> Iterator[list[Passage]]:
    """Yield the titles of chapters, which link to their second, and of documents; titles in another language only as they are."""
    named = [(f"?t={second}#player" if spoken.path else "", title) for second, title in spoken.chapters]
    titles = [
        (position, title.get(language) or next(iter(title.values()), ""))
        for position, title in chain(named, (("", document) for document in spoken.documents))
    ]
    part: list[Passage] = []
    for position, title in titles:
        if sum(len(passage.text) for passage in part) > MOST_LETTERS:
            yield part
            part = []
        part += [Passage(position, title)] if title else []
    if part:
        yield part


def _minutes(cues: Cues, *, leads_to_player: bool) -> Iterator[list[Passage]]:
    """Join what is said within about a minute; a place is the second, or the line where nothing can be played."""
    part: list[Passage] = []
    first: int | None = None
    for number, (second, text, _html) in enumerate(cues):
        if not text:
            continue
        full = sum(len(passage.text) for passage in part) > MOST_LETTERS
        if part and (full or (second or 0) - (first or 0) >= MINUTE):
            yield part
            part = []
        if not part:
            first = second
        part.append(Passage(f"?t={second}#player" if leads_to_player and second is not None else f"#cue-{number}", text))
    if part:
        yield part


KIND = ActivityKind(
    "recording",
    ".recording.yaml",
    lazy_("Recording"),
    "play",
    read_recording,
    summary_form=MarkupLevel.MARKDOWN.value,
    length=_length,
    card=_card,
    begin="",
    settings=RECORDING_FIELDS,
    groups=GROUPS,
    order=ORDER,
)
