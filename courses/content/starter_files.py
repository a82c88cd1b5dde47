"""The texts with which new courses, modules and activities begin: the shortest that the checks let into a draft."""

from collections.abc import Iterable
from dataclasses import dataclass

from courses.content.scalars import MAXIMUM_KEY
from courses.content.writing import scalar
from kernel.markup.source import slug

LONGEST_NAME = 60
LESSON = "page"


@dataclass(frozen=True, slots=True)
class NewCourse:
    """The values that begin a new course."""

    key: str
    title: str
    languages: tuple[str, ...]
    author: str
    module: str
    lesson: str


def proposed_key(title: str, taken: Iterable[str] = ()) -> str:
    """Return a key made of a title that nothing has yet: the title's slug, with a number where it is taken."""
    base = slug(title)[:LONGEST_NAME].strip("-") or "parte"
    used, key, number = set(taken), base, 1
    while key in used:
        number += 1
        key = f"{base}-{number}"
    return key


def course_files(new: NewCourse) -> dict[str, str]:
    """Return the files of a new course: its settings, one module, one lesson."""
    module = proposed_key(new.module)
    lesson = proposed_key(new.lesson, [module])
    folder = f"01-{module}"
    return {
        "course.yaml": course_text(new),
        f"{folder}/module.yaml": module_text(module, new.module),
        f"{folder}/01-{lesson}.{new.languages[0]}.md": lesson_text(lesson, new.lesson),
    }


def course_text(new: NewCourse) -> str:
    """Return a course's settings, without the rules of style; what is not written here has the format's own defaults."""
    languages = "" if new.languages == ("es",) else f"languages: [{', '.join(new.languages)}]\n"
    title, author = scalar(new.title, flow=False), scalar(new.author, flow=False)
    head = f"format: 1\nkey: {new.key}\ntitle: {title}\n{languages}style_rules: false\n"
    return f"{head}authors:\n  - name: {author}\nlicence: CC-BY-4.0\n"


def module_text(key: str, title: str) -> str:
    """Return the settings of a module."""
    return f"key: {key}\ntitle: {scalar(title, flow=False)}\n"


def lesson_text(key: str, title: str, body: str = "") -> str:
    """Return a lesson in the course's own language."""
    return f"---\nkey: {key}\ntitle: {scalar(title, flow=False)}\n---\n{body}"


def translation_text(title: str, stamp: str, body: str = "") -> str:
    """Return a lesson in another language, which follows the state of its source that the stamp names."""
    return f"---\ntitle: {scalar(title, flow=False)}\ntranslated_from: {stamp}\n---\n{body}"


def activity_text(key: str, title: str, rest: str) -> str:
    """Return an activity that is a file of fields; `rest` are those that its kind needs."""
    return f"key: {key}\ntitle: {scalar(title, flow=False)}\n{rest}"


def is_key(text: str) -> bool:
    """Say whether a text may be a key."""
    return 0 < len(text) <= MAXIMUM_KEY and slug(text) == text
