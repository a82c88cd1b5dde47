"""Search texts of a course: lessons by sections, other activities, terms, resources, the course. Pure; made before a version."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from kernel.markup.model import SafeHtml
from kernel.markup.passages import Section, plain_text, sections_of
from kernel.search.index import Passage, SearchDocument, entry, readers_of

LESSON, TERM, COURSE, RESOURCE = "lesson", "term", "course", "resource"
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
            made.append(entry(LESSON, language, name if not part else "", passages, readers=readers, place=anchor))
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
        yield entry(TERM, language, term[language], passages, readers=readers, place=f"#term-{key}", names=also.get(language, ()))


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
        yield entry(RESOURCE, language, title[language], passages, readers=readers, place=f"#resource-{key}")


def activity_entries(kind: str, title: Mapping[str, str], summary: Mapping[str, str]) -> Iterator[SearchDocument]:
    """Return an activity that is found by its title and summary alone, as a kind of what is found; the summary is HTML."""
    written = [language for language, name in title.items() if name]
    for language in written:
        passages = [Passage("", plain_text(summary[language]))] if summary.get(language) else []
        yield entry(kind, language, title[language], passages, readers=readers_of(language, written))
