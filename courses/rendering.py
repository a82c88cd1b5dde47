"""The texts of a course as HTML: rendered and cleaned in all its languages, with what the rest of the course lends them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from posixpath import dirname, join, normpath
from typing import Any, TypeVar, cast
from urllib.parse import quote

from courses.content.kinds import ActivityKind, draft_keys
from courses.content.layout import COURSE, GLOSSARY, RESOURCES
from courses.content.model import CourseFolder, LessonSource, LocalisedText, ResourceSource
from courses.content.render_cache import RenderedLessonCache
from courses.content.texts import MAXIMUM_REFUSED, TOO_MUCH, MarkupLookups, collect_lookups
from courses.rules import activity_url, file_url
from kernel.markup import model
from kernel.markup.model import ID_PREFIX, MarkupFinding, RenderedText, SafeHtml
from kernel.markup.render import render_inline, render_lesson, render_markdown

Html = dict[str, str]
Rendering = TypeVar("Rendering")
NOTHING = RenderedText(SafeHtml())
DRAWING = "image/svg+xml"
KEPT_LESSONS = 300
_lessons: dict[tuple[object, ...], tuple[RenderedText, frozenset[str]]] = {}
"""Lessons that were rendered, with the media they use, by all they were made from: a publication renders what has changed."""


def forget_lessons() -> None:
    """Clear the process's cache of rendered lessons."""
    _lessons.clear()


def _surroundings(course: CourseFolder) -> str:
    """Return a digest of all that the HTML of a lesson may depend on besides its own words."""
    others = [
        (activity.key, activity.kind, activity.title, None if activity.kind == "page" else activity) for activity in course.activities()
    ]
    modules = [(module.key, module.title) for module in course.modules]
    drafts = tuple(draft_keys(course))
    lists = (course.terms, course.parameters, course.resources, course.parts)
    parts = (course.key, course.languages, modules, others, drafts, lists, [(media.path, media.sha256) for media in course.media])
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Refused:
    """A text of a file that the renderer gave up; `problem` counts lines in the text, 0 where none is known."""

    path: str
    problem: MarkupFinding


@dataclass
class Renderer:
    """A renderer of one course's texts in all its languages; it records which media they use, and which texts were refused.

    A refused text is empty HTML: publishing checks `refused` first, a draft is shown without it. After some of them
    the others are not tried, because each may have taken two seconds.
    """

    course: CourseFolder
    kinds: Sequence[ActivityKind]
    embed_question: "Embedder"
    cache: RenderedLessonCache | None = None
    """Rendered lessons that outlive the process."""
    used_media: set[str] = field(default_factory=set)
    """Paths, since somebody emptied it."""
    refused: list[Refused] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._kept: dict[str, tuple[Any, frozenset[str]]] = {}
        self._left_out = 0
        self._surroundings = _surroundings(self.course)
        drafts = set(draft_keys(self.course))
        self._published = {activity.key: activity.kind for activity in self.course.activities() if activity.key not in drafts}
        self.media = {media.path: media for media in self.course.media}
        self.urls = {one.key: self.media_url(one.path) if one.path else one.url for one in self.course.resources}
        self._lookups: dict[str, MarkupLookups] = {}
        for language in self.course.languages:
            bare = collect_lookups(self.course, language, self.kinds, {}, self._url_of)
            definitions = {term.key: self._definition(term.definition.in_language(language)[1], bare) for term in self.course.terms}
            self._lookups[language] = collect_lookups(self.course, language, self.kinds, definitions, self._url_of)

    def _definition(self, text: str, bare: MarkupLookups) -> SafeHtml:
        return self._drawn(GLOSSARY, lambda: render_inline(text, self._context(bare, "", link_terms=False))).html

    def _drawn(self, path: str, render: Callable[[], RenderedText]) -> RenderedText:
        """Render a text of a file; NOTHING where the renderer gives it up, or gave up too many before."""
        if len(self.refused) < MAXIMUM_REFUSED:
            rendered = render()
            problem = next((problem for problem in rendered.problems if problem.code == TOO_MUCH), None)
            if problem is None:
                return rendered
            self.refused.append(Refused(path, problem))
        self._left_out += 1
        return NOTHING

    def _url_of(self, resource: ResourceSource) -> str:
        return self.urls[resource.key]

    def media_url(self, path: str) -> str:
        """Return the address of a media file by its path in the folder."""
        return file_url(self.course.key, self.media[path].sha256, quote(PurePosixPath(path).name))

    def _context(
        self, lookups: MarkupLookups, folder: str, *, gaps: frozenset[str] = frozenset(), link_terms: bool = True, prefix: str = ID_PREFIX
    ) -> model.MarkupContext:
        def find_media(path: str) -> model.MediaReference | None:
            return self._media(folder, path)

        def embed(key: str) -> SafeHtml | None:
            return self.embed_question(self.course, key, self, lookups.language)

        context = lookups.context(link=self._link, media=find_media, question=embed, gaps=gaps, link_terms=link_terms)
        return model.MarkupContext(**{**{name: getattr(context, name) for name in model.MarkupContext.__slots__}, "id_prefix": prefix})

    def _media(self, folder: str, path: str) -> model.MediaReference | None:
        full = normpath(join(folder, path))
        medium = self.media.get(full)
        if medium is None:
            return None
        self.used_media.add(full)
        content = medium.content if medium.media_type == DRAWING else b""
        return model.MediaReference(self.media_url(full), medium.media_type, medium.size, content)

    def _link(self, key: str, fragment: str) -> str | None:
        kind = self._published.get(key)
        if kind is None:  # a module, or a draft
            return f"/courses/{self.course.key}#way"
        address = activity_url(self.course.key, kind, key)
        if fragment.startswith("t="):
            return f"{address}?t={_seconds(fragment[2:])}#player"
        return f"{address}#{ID_PREFIX}{fragment}" if fragment else address

    def inline(self, text: LocalisedText | Mapping[str, str], path: str = "", *, prefix: str = ID_PREFIX, link_terms: bool = False) -> Html:
        """Render a text of one line in every language that it is written in."""
        return self._each(
            text,
            path,
            lambda written, lookups: render_inline(written, self._context(lookups, dirname(path), link_terms=link_terms, prefix=prefix)),
        )

    def markdown(
        self, text: LocalisedText | Mapping[str, str], path: str = "", *, prefix: str = ID_PREFIX, gaps: frozenset[str] = frozenset()
    ) -> Html:
        """Render a text of several paragraphs in every language that it is written in."""
        return self._each(
            text,
            path,
            lambda written, lookups: render_markdown(
                written, self._context(lookups, dirname(path), gaps=gaps, link_terms=False, prefix=prefix)
            ),
        )

    def _each(self, text: LocalisedText | Mapping[str, str], path: str, render: Callable[[str, MarkupLookups], RenderedText]) -> Html:
        return {
            language: str(self._drawn(path or COURSE, partial(render, written, self._lookups[language])).html)
            for language, written in text.items()
            if language in self._lookups
        }

    def lesson(self, source: LessonSource, original: RenderedText | None, *, prefix: str = ID_PREFIX) -> RenderedText:
        """Render the body of a lesson in its language; what the process has rendered from the same words and surroundings is taken."""
        before = original and str(original.html)
        made_from = (self._surroundings, source.language, dirname(source.path), source.body, before, prefix)
        known = _lessons.get(made_from)
        if known is None:
            left_out = self._left_out
            known = self._cached_lesson(made_from, source, original, prefix)
            if self._left_out == left_out:
                if len(_lessons) >= KEPT_LESSONS:
                    _lessons.clear()  # at once, because other threads read it
                _lessons[made_from] = known
        self.used_media |= known[1]
        return known[0]

    def _cached_lesson(
        self, made_from: object, source: LessonSource, original: RenderedText | None, prefix: str
    ) -> tuple[RenderedText, frozenset[str]]:
        """Return a lesson as an earlier process rendered it, else render and keep it; the media that it uses beside it."""
        cache = self.cache
        lesson_before = cache.lesson(made_from) if cache is not None else None
        if lesson_before is not None:
            return lesson_before
        before, self.used_media = self.used_media, set()
        left_out = self._left_out
        context = self._context(self._lookups[source.language], dirname(source.path), prefix=prefix)
        rendered = self._drawn(source.path, lambda: render_lesson(source.body, context, original))
        known = rendered, frozenset(self.used_media)
        self.used_media = before
        if cache is not None and self._left_out == left_out:
            cache.keep_lesson(made_from, *known)
        return known

    def once(self, key: str, render: Callable[[], Rendering]) -> Rendering:
        """Render what several activities need only the first time; what it uses counts for each of them."""
        if key not in self._kept:
            before, self.used_media = self.used_media, set()
            self._kept[key] = (render(), frozenset(self.used_media))
            self.used_media = before
        rendered, media = self._kept[key]
        self.used_media |= media
        return cast("Rendering", rendered)

    def cite(self, language: str, key: str, locator: str) -> SafeHtml:
        """Return the title and host of a resource as one line."""
        resource = self._lookups[language].resources[key]
        line = ", ".join(part for part in (resource.title, locator, resource.host) if part)
        return self._drawn(RESOURCES, lambda: render_inline(_plain(line), self._context(self._lookups[language], ""))).html


Embedder = Callable[[CourseFolder, str, Renderer, str], SafeHtml | None]
"""Renders the question with a key that a lesson embeds, in a language; None where there is none."""


def _plain(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>$~|" else sign for sign in text)


def _seconds(moment: str) -> int:
    total = 0
    for part in moment.split(":"):
        total = total * 60 + int(part or 0)
    return total


def plain_texts(text: LocalisedText) -> Html:
    """Return a plain text by language, as it is."""
    return dict(text.items())
