"""Texts of lessons: what they refer to, their findings, and what the search finds of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from itertools import chain
from posixpath import dirname
from typing import TypeVar

from courses.content import scalars
from courses.content.kinds import OUTLINE, ActivityKind, FolderPart, draft_keys
from courses.content.layout import GLOSSARY, MODULE
from courses.content.mapping_cursor import FieldText, LessonBody, MarkupLevel, ReadingSession, SourceLocation
from courses.content.model import CourseFolder, ParameterSource, ResourceSource, Severity, TermSource
from kernel.errors import N_
from kernel.markup import model
from kernel.markup.model import SafeHtml, fold
from kernel.markup.passages import Section, plain_text, sections_of
from kernel.markup.render import render_inline, render_lesson, render_markdown
from kernel.search.index import Passage, SearchDocument, entry, readers_of

Link = Callable[[str, str], str | None]
FileLookup = Callable[[str], model.MediaReference | None]
Embed = Callable[[str], SafeHtml | None]
NO_HTML = SafeHtml("")


@dataclass(frozen=True, slots=True)
class MarkupLookups:
    """Everything that texts in one language may name."""

    language: str
    terms: Mapping[str, model.TermReference]
    parameters: Mapping[str, model.Parameter]
    resources: Mapping[str, model.Resource]
    recordings: Mapping[str, model.EmbeddedRecording]

    def context(
        self,
        *,
        link: Link,
        media: FileLookup,
        question: Embed,
        gaps: frozenset[str] = frozenset(),
        link_terms: bool = True,
        id_prefix: str = model.ID_PREFIX,
    ) -> model.MarkupContext:
        """Return the renderer's context for a text of this language."""
        return model.MarkupContext(
            self.language,
            term=self.terms.get,
            parameter=self.parameters.get,
            resource=self.resources.get,
            link=link,
            media=media,
            question=question,
            recording=self.recordings.get,
            id_prefix=id_prefix,
            link_terms=link_terms,
            gaps=gaps,
        )


def collect_lookups(
    course: CourseFolder,
    language: str,
    kinds: Sequence[ActivityKind],
    definitions: Mapping[str, SafeHtml],
    address: Callable[[ResourceSource], str],
) -> MarkupLookups:
    """Collect what texts in a language may name; `definitions` by key of the term, `address` gives a resource's link."""
    sizes = {file.path: file for file in course.media}
    resources: dict[str, model.Resource] = {}
    for resource in course.resources:
        shown, title = resource.title.in_language(language)
        host_shown, host = resource.host.in_language(language)
        file = sizes.get(resource.path)
        resources[resource.key] = model.Resource(
            title,
            host,
            address(resource),
            kind=resource.kind,
            language=resource.language,
            title_language="" if shown == language else shown,
            host_language="" if language in (host_shown, resource.language) else resource.language,
            media_type=file.media_type if file else "",
            size=file.size if file else 0,
        )
    parameters = {parameter.name: _parameter(parameter) for parameter in course.parameters}
    return MarkupLookups(language, _terms(course.terms, language, definitions), parameters, resources, _cards(course, language, kinds))


def _terms(terms: Sequence[TermSource], language: str, definitions: Mapping[str, SafeHtml]) -> dict[str, model.TermReference]:
    references: dict[str, model.TermReference] = {}
    for term in terms:
        shown, text = term.term.in_language(language)
        reference = model.TermReference(term.key, text, definitions.get(term.key, NO_HTML), "" if shown == language else shown)
        own = [text] if shown == language else []
        for form in (term.key, *own, *term.also.get(language, ())):
            references.setdefault(fold(form), reference)
    return references


def _parameter(parameter: ParameterSource) -> model.Parameter:
    try:
        value = Decimal(parameter.written)
    except InvalidOperation:
        value = Decimal(0)
    return model.Parameter(value, parameter.unit, str(parameter.year), parameter.decimals)


def _cards(course: CourseFolder, language: str, kinds: Sequence[ActivityKind]) -> dict[str, model.EmbeddedRecording]:
    cards = {kind.name: kind.card for kind in kinds if kind.card is not None}
    return {activity.key: cards[activity.kind](activity, language) for activity in course.activities() if activity.kind in cards}


def embeddable(course: CourseFolder, parts: Sequence[FolderPart], key: str) -> bool:
    """Return whether a lesson may embed the question with this key."""
    return any(part.embeddable is not None and part.embeddable(course, key) for part in parts)


LESSON, TERM, COURSE, RESOURCE, MODULE_NAME = "lesson", "term", "course", "resource", "module"
MOST_LETTERS = 8000
"""Of an entry: a longer section becomes several, so that every word of it has its place in both databases' indexes."""


def lesson_entries(language: str, title: str, html: SafeHtml, written: Sequence[str]) -> list[SearchDocument]:
    """Return the sections of a lesson in one of the languages in which it is written; the first one has the lesson's title."""
    readers = readers_of(language, written)
    sections = sections_of(html)
    if not sections or sections[0].title:
        sections = (Section("", "", ()), *sections)
    made = []
    for number, section in enumerate(sections):
        for part, passages in enumerate(_parts(section)):
            name = section.title if number else title
            anchor = f"#{section.id}" if section.id else ""
            made.append(entry(LESSON, language, name if not part else "", passages, readers=readers, anchor=anchor))
    return made


def _parts(section: Section) -> Iterator[list[Passage]]:
    part: list[Passage] = []
    for paragraph in section.paragraphs:
        if part and sum(len(passage.text) for passage in part) + len(paragraph.text) > MOST_LETTERS:
            yield part
            part = []
        part.append(Passage(f"#{paragraph.id}" if paragraph.id else "", paragraph.text))
    yield part


def term_entries(
    key: str, term: Mapping[str, str], also: Mapping[str, tuple[str, ...]], definition: Mapping[str, str]
) -> Iterator[SearchDocument]:
    """Return a term of the glossary in each of its languages; `definition` is HTML."""
    written = [language for language, name in term.items() if name]
    for language in written:
        passages = [Passage("", plain_text(definition[language]))] if definition.get(language) else []
        readers = readers_of(language, written)
        yield entry(TERM, language, term[language], passages, readers=readers, anchor=f"#term-{key}", names=also.get(language, ()))


def course_entries(
    title: Mapping[str, str], summary: Mapping[str, str], objectives: Iterable[Mapping[str, str]]
) -> Iterator[SearchDocument]:
    """Return the course itself in each of its languages: what everybody may read who finds it. The texts are HTML, but for the title."""
    texts = list(chain([summary], objectives))
    written = [language for language, name in title.items() if name]
    for language in written:
        passages = [Passage("", plain_text(text[language])) for text in texts if text.get(language)]
        yield entry(COURSE, language, title[language], passages, readers=readers_of(language, written))


def resource_entries(key: str, title: Mapping[str, str], host: Mapping[str, str]) -> Iterator[SearchDocument]:
    """Return a document or link of the course's resources in each language of its title, with who keeps it."""
    written = [language for language, name in title.items() if name]
    for language in written:
        passages = [Passage("", host[language])] if host.get(language) else []
        readers = readers_of(language, written)
        yield entry(RESOURCE, language, title[language], passages, readers=readers, anchor=f"#resource-{key}")


def activity_entries(kind: str, title: Mapping[str, str], summary: Mapping[str, str]) -> Iterator[SearchDocument]:
    """Return an activity that is found by its title and summary alone, as a kind of what is found; the summary is HTML."""
    written = [language for language, name in title.items() if name]
    for language in written:
        passages = [Passage("", plain_text(summary[language]))] if summary.get(language) else []
        yield entry(kind, language, title[language], passages, readers=readers_of(language, written))


def name_entries(kind: str, title: Mapping[str, str]) -> Iterator[SearchDocument]:
    """Return the title of an activity, which the page of its course shows while it is closed, as a kind of what is found."""
    written = [language for language, name in title.items() if name]
    for language in written:
        yield replace(entry(kind, language, title[language], (), readers=readers_of(language, written)), is_name=True)


def module_entries(key: str, title: Mapping[str, str]) -> Iterator[SearchDocument]:
    """Return a module by its title in each of its languages."""
    written = [language for language, name in title.items() if name]
    for language in written:
        yield entry(MODULE_NAME, language, title[language], (), readers=readers_of(language, written), anchor=f"#module-{key}")


T = TypeVar("T")

NOWHERE = "#"
TOO_MUCH = "C105"
MAXIMUM_REFUSED = 3
NO_HEADING = N_("“%(key)s” has no heading “%(fragment)s”.")
NO_SECOND = N_("“%(key)s” cannot be played from there (%(fragment)s).")
DEAD_LINK = N_("There is no module or activity “%(key)s” in this course.")
DRAFT_LINK = N_("“%(key)s” is a draft: the link will not work until it is published.")
SHOW_IT = N_("Publish it too, or remove the link.")


def _shows_something(rendered: model.RenderedText) -> bool:
    return bool(plain_text(rendered.html).strip() or rendered.media or rendered.questions or rendered.recordings)


@dataclass(frozen=True, slots=True)
class _Followed:
    """A link from a lesson into another activity, to be checked when the headings of all lessons are known."""

    lesson: LessonBody
    key: str
    fragment: str


@dataclass(slots=True)
class TextCheck:
    """The check of all texts of one folder."""

    session: ReadingSession
    course: CourseFolder
    kinds: Sequence[ActivityKind]
    parts: Sequence[FolderPart]
    headings: dict[str, set[str]] = field(default_factory=dict)
    followed: list[_Followed] = field(default_factory=list)
    terms: set[str] = field(default_factory=set)
    lookups: dict[str, MarkupLookups] = field(default_factory=dict)
    lengths: dict[str, int | None] = field(default_factory=dict)
    drafts: frozenset[str] = frozenset()
    unpublished: frozenset[str] = frozenset()
    """Files and folders of drafts, whose own links are not told: nobody sees them."""
    refused: int = 0
    """Texts that the renderer gave up, each after two seconds: after some of them the others are not tried."""

    def run(self) -> None:
        """Check lessons, then the texts of YAML fields, then what links and references lead to."""
        self._note_lengths()
        self._note_drafts()
        originals: dict[str, model.RenderedText] = {}
        for lesson in self._patiently(self.session.lessons):
            rendered = self._lesson(lesson, originals.get(lesson.key))
            originals.setdefault(lesson.key, rendered)
        for written in self._patiently(self.session.texts):
            self._check_source(written)
        for transcript in self._patiently(self.session.transcripts):
            self._transcript(transcript)
        self._check_followed()
        self._check_seen()
        self._check_terms()

    def _note_lengths(self) -> None:
        lengths = {kind.name: kind.length for kind in self.kinds if kind.length is not None}
        for activity in self.course.activities():
            if activity.kind in lengths:
                self.lengths[activity.key] = lengths[activity.kind](activity.settings)

    def _note_drafts(self) -> None:
        self.drafts = frozenset(draft_keys(self.course))
        places = self.session.keys.get(OUTLINE, {})
        files = {places[key].file for key in self.drafts if key in places}
        files |= {lesson.path for lesson in self.session.lessons if lesson.key in self.drafts}
        self.unpublished = frozenset(files | {dirname(file) for file in files if file.endswith(f"/{MODULE}")})

    def _patiently(self, texts: Sequence[T]) -> Iterator[T]:
        """Yield texts as long as the renderer has not given up too many."""
        for text in texts:
            if self.refused < MAXIMUM_REFUSED:
                yield text

    def _lookups(self, language: str) -> MarkupLookups:
        if language not in self.lookups:
            self.lookups[language] = collect_lookups(self.course, language, self.kinds, {}, _address)
        return self.lookups[language]

    def _lesson(self, lesson: LessonBody, original: model.RenderedText | None) -> model.RenderedText:
        def link(key: str, fragment: str) -> str | None:
            self.followed.append(_Followed(lesson, key, fragment))
            return NOWHERE if self._exists(key) else None

        context = self._lookups(lesson.language).context(link=link, media=self._files(lesson.path), question=self._question)
        rendered = render_lesson(lesson.body, context, original)
        for problem in rendered.problems:
            self._report(SourceLocation(lesson.path, lesson.first_line + max(problem.line, 1) - 1, 1), problem)
        self.terms.update(rendered.terms)
        self.headings.setdefault(lesson.key, set()).update(heading.address or heading.id for heading in rendered.headings)
        self.headings[lesson.key].update(figure.address for figure in rendered.figures if figure.address)
        for key in rendered.questions:
            self.session.embedded.append((self._place_of(lesson, f"question:{key}"), key))
        self._check_length(lesson, rendered.words)
        self._check_empty(lesson, rendered)
        return rendered

    def _files(self, file: str) -> Callable[[str], model.MediaReference | None]:
        known = {medium.path: medium for medium in self.course.media}

        def find(path: str) -> model.MediaReference | None:
            full = self.session.resolve(file, path)
            if full in self.session.files:
                self.session.used_files.add(full)
            medium = known.get(full)
            return model.MediaReference(NOWHERE, medium.media_type, medium.size, medium.content) if medium else None

        return find

    def _question(self, key: str) -> model.SafeHtml | None:
        return NO_HTML if embeddable(self.course, self.parts, key) else None

    def _exists(self, key: str) -> bool:
        return key in self.session.keys.get(OUTLINE, {})

    def _place_of(self, lesson: LessonBody, snippet: str) -> SourceLocation:
        before, separator, _ = lesson.body.partition(snippet)
        if not separator:
            return SourceLocation(lesson.path, lesson.first_line, 1)
        return SourceLocation(lesson.path, lesson.first_line + before.count("\n"), len(before) - before.rfind("\n"))

    def _report(self, location: SourceLocation, problem: model.MarkupFinding) -> None:
        self.refused += problem.code == TOO_MUCH
        self.session.report(location, problem.code, problem.text, problem.fix, **problem.facts)

    def _check_length(self, lesson: LessonBody, count: int) -> None:
        limits = self.course.words
        if lesson.required and not limits.minimum <= count <= limits.maximum:
            self.session.report(
                SourceLocation(lesson.path, lesson.first_line, 1),
                "C316",
                N_("The lesson has %(words)s words; the course asks for %(least)s to %(most)s."),
                words=count,
                least=limits.minimum,
                most=limits.maximum,
            )

    def _check_empty(self, lesson: LessonBody, rendered: model.RenderedText) -> None:
        """Report a lesson that would be a blank page (spec/content-format C322); one that is hidden may still be empty."""
        refused = any(problem.code == TOO_MUCH for problem in rendered.problems)
        if lesson.key not in self.drafts and not refused and not _shows_something(rendered):
            location = SourceLocation(lesson.path, lesson.first_line, 1)
            self.session.report(
                location, "C322", N_("The lesson is empty: its page would be blank."), N_("Write its text, or hide the lesson.")
            )

    def _link(self, named: set[str]) -> Link:
        """Return how links are looked up; the keys that they name are added."""

        def link(key: str, fragment: str) -> str | None:
            named.add(key)
            return NOWHERE if self._exists(key) and not self._dead_end(key, fragment) else None

        return link

    def _check_source(self, written: FieldText) -> None:
        named: set[str] = set()
        context = self._lookups(written.language).context(
            link=self._link(named), media=self._files(written.place.file), question=self._question, gaps=written.gaps
        )
        draw = render_inline if written.form is MarkupLevel.INLINE else render_markdown
        rendered = draw(written.words, context)
        for problem in rendered.problems:
            self._report(written.place.at(written.first_line + max(problem.line, 1) - 1, written.place.column), problem)
        self.terms.update(rendered.terms)
        for key in rendered.questions:
            self.session.embedded.append((written.place, key))
        for key in sorted(named):
            self._report_draft(written.place.at(written.first_line, written.place.column), key)

    def _transcript(self, transcript: FieldText) -> None:
        """Check a transcript as the body of a lesson that embeds nothing."""
        file, named = transcript.place.file, set[str]()
        context = self._lookups(transcript.language).context(link=self._link(named), media=self._files(file), question=_nothing)
        rendered = render_lesson(transcript.words, context)
        for problem in rendered.problems:
            self._report(SourceLocation(file, max(problem.line, 1), 1), problem)
        if rendered.questions or rendered.recordings:
            self.session.report_file(file, "C305", N_("A transcript cannot embed questions or recordings."))
        self.terms.update(rendered.terms)
        for key in sorted(named):
            self._report_draft(transcript.place, key)

    def _dead_end(self, key: str, fragment: str) -> bool:
        """Return whether a heading or a second is not there."""
        if not fragment or key in self.session.unknown_kinds:
            return False
        if fragment.startswith("t="):
            return not self._has_second(key, fragment[2:])
        return fragment not in self.headings.get(key, ())

    def _has_second(self, key: str, text: str) -> bool:
        try:
            second = scalars.position(text)
        except scalars.RefusedError:
            return False
        length = self.lengths.get(key, 0)
        return length is None or second < length

    def _check_followed(self) -> None:
        for followed in dict.fromkeys(self.followed):
            fragment = f"#{followed.fragment}" if followed.fragment else ""
            location = self._place_of(followed.lesson, f"course:{followed.key}{fragment}")
            if self._exists(followed.key) and self._dead_end(followed.key, followed.fragment):
                self._report_dead_link(location, followed.key, followed.fragment)
            self._report_draft(location, followed.key)

    def _report_draft(self, location: SourceLocation, key: str) -> None:
        """Report a link to what is not published as a warning, because the next publication may show the draft."""
        if key in self.drafts and self.unpublished.isdisjoint((location.file, location.file.partition("/")[0])):
            self.session.add(location, "C305", DRAFT_LINK, SHOW_IT, {"key": key}, Severity.WARNING)

    def _report_dead_link(self, location: SourceLocation, key: str, fragment: str) -> None:
        template = NO_SECOND if fragment.startswith("t=") else NO_HEADING
        fix = "" if fragment.startswith("t=") else N_("Its headings are: %(headings)s.")
        headings = ", ".join(sorted(self.headings.get(key, ()))) or "–"
        self.session.report(location, "C305", template, fix, key=key, fragment=fragment, headings=headings)

    def _check_seen(self) -> None:
        for place, reference in self.session.seen:
            fragment = f"t={_clock(reference.second)}" if reference.second is not None else reference.heading
            if not self._exists(reference.activity):
                self.session.report(place, "C305", DEAD_LINK, key=reference.activity)
            elif self._dead_end(reference.activity, fragment):
                self._report_dead_link(place, reference.activity, fragment)
            self._report_draft(place, reference.activity)

    def _check_terms(self) -> None:
        for term in self.course.terms:
            if term.key not in self.terms:
                location = self.session.keys.get("term", {}).get(term.key, SourceLocation(GLOSSARY))
                self.session.report(location, "C320", N_("The term “%(key)s” is not used in any text."), key=term.key)


def _nothing(key: str) -> None:
    """Know no question."""


def _address(resource: ResourceSource) -> str:
    return resource.url or (NOWHERE if resource.path else "")


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"
