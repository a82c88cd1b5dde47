"""Spelling check of the Spanish of both courses with hunspell: each word of lessons, questions, glossary, tasks and figures.

Run: make spelling   (needs the Debian packages hunspell and hunspell-es)

Correct words that are not in its dictionary are listed in palabras.txt beside the courses, one a line and in order; a word there that
no text needs is reported too. `python scripts/spelling.py FOLDER` reads the courses of another folder.
"""

import dataclasses
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from courses.content.model import LessonSource, MediaFile  # noqa: E402 - the repository's root is found first
from courses.content.reader import read_directory, read_folder  # noqa: E402 - after the path as well
from kernel import clock  # noqa: E402 - after the path as well
from lms.app import KINDS  # noqa: E402 - after the path as well

CONTENT = ROOT / "content"
OWN_WORDS = "palabras.txt"
DICTIONARY = "es_EC"
LACKING = "hunspell or its Spanish dictionary is missing: apt-get install hunspell hunspell-es"
MARKUP = re.compile(
    r"<!--.*?-->|\$\$.*?\$\$|\$[^$\n]+\$|`[^`]*`"  # notes, formulas, code
    r"|\[!\w+\]|\[@[^\]]*\]|\]\([^)]*\)|\[\[[^\]|]*\||\{\{.*?\}\}|\{[^}\s]*\}"  # callouts, citations, links, parameters, gaps
    r"|<[^>]*>|^WEBVTT$|https?://\S+|\b\w[\w-]*(?:\.\w[\w-]+)+",  # tags, addresses and names of hosts
    re.DOTALL | re.MULTILINE,
)
WORD = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")


def texts_of(value: Any) -> Iterator[str]:
    """Yield every Spanish text within a course: of a mapping by language only that, of lessons only theirs."""
    if isinstance(value, MediaFile):
        if value.path.endswith((".svg", ".vtt")) and ".en." not in value.path:
            yield value.content.decode()
    elif isinstance(value, LessonSource):
        if value.language == "es":
            yield from (value.title, value.summary, value.body)
    elif isinstance(value, Mapping):
        spanish = value.get("es")
        if spanish is None:
            yield from (text for inner in value.values() for text in texts_of(inner))
        else:
            yield from [spanish] if isinstance(spanish, str) else spanish
    elif isinstance(value, list | tuple):
        yield from (text for inner in value for text in texts_of(inner))
    elif dataclasses.is_dataclass(value):
        yield from (text for field in dataclasses.fields(value) for text in texts_of(getattr(value, field.name)))


def words_of(folder: Path) -> Iterator[str]:
    """Yield the words of a course's Spanish texts."""
    course = read_folder(read_directory(folder), KINDS.kinds, KINDS.parts, today=clock.now().date()).course
    if course is None:
        raise SystemExit(f"{folder.name} cannot be read: lms courses check {folder}")
    for text in texts_of(course):
        yield from WORD.findall(MARKUP.sub(" ", text))


def unknown_words(words: set[str]) -> set[str]:
    """Return the words that hunspell does not know."""
    program = shutil.which("hunspell")
    if program is None:
        raise SystemExit(LACKING)
    command = [program, "-l", "-i", "utf-8", "-d", DICTIONARY]
    found = subprocess.run(command, input="\n".join(sorted(words)), text=True, capture_output=True, check=False)
    if found.returncode:
        raise SystemExit(LACKING)
    return set(found.stdout.split())


def place_of(word: str, content: Path) -> str:
    """Return the place of a word: the first file and line."""
    pattern = re.compile(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])")
    for path in sorted(content.glob("*/**/*")):
        if path.suffix in (".md", ".yaml", ".svg", ".vtt") and ".en." not in path.name:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if pattern.search(line):
                    return f"{path.relative_to(content)}:{number}"
    return str(content)


def findings(words: set[str], own: list[str], content: Path) -> Iterator[str]:
    """Yield each word that neither the dictionary nor the list knows, and what is wrong with the list."""
    unknown = unknown_words(words)
    used = {word: uncapitalised if (uncapitalised := word[0].lower() + word[1:]) in own else word for word in unknown}
    yield from (f"{place_of(word, content)}: {word}" for word in sorted(unknown) if used[word] not in own)
    yield from (f"{OWN_WORDS}: “{word}” is in the dictionary or in no text" for word in own if word not in used.values())
    if own != sorted(set(own)):
        yield f"{OWN_WORDS}: the words do not stand in order"


def main() -> None:
    """Read the courses of a folder, and exit with 1 where there is something to mend."""
    content = Path(sys.argv[1]) if len(sys.argv) > 1 else CONTENT
    words = {word for course in sorted(content.glob("*/course.yaml")) for word in words_of(course.parent)}
    own = (content / OWN_WORDS).read_text(encoding="utf-8").split()
    found = list(findings(words, own, content))
    if found:
        raise SystemExit("\n".join(found))
    print(f"{len(words)} words, {len(own)} of them from {OWN_WORDS}")


if __name__ == "__main__":
    main()
