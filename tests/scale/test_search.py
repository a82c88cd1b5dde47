"""The search over ten courses of seventy lessons: two statements, and little work."""

import time

import pytest

from kernel.search import index
from kernel.search.index import Passage, SearchScope, entry, read_question
from kernel.search.results import ResultPaging, find, snippet
from lms.instance import Instance
from tests.support.browser import Counter
from tests.support.courses import COURSES, files_of

VERSIONS, LESSONS, SECTIONS = 10, 70, 8
LONGEST = 1.0
"""Seconds of this process that the commonest word may take; SQLite works within it."""
ASKED = ("de la", "pensión", "seguridad social", "pensiones de vejez en el Ecuador", '"seguridad social"', "p", "pens", "no existe nada")


def paragraphs() -> list[str]:
    """Return the paragraphs of the courses' lessons as they are written."""
    texts = [text.decode() for course in COURSES for path, text in files_of(course).items() if path.endswith(".es.md")]
    return [block for text in texts for block in text.split("\n\n") if len(block) > 200]


def fill(instance: Instance) -> int:
    """Write what ten courses of seventy lessons would; return how many entries."""
    blocks = paragraphs()
    sections = [
        entry(
            "lesson",
            "es",
            f"Sección {n}",
            [Passage(f"#p-{n}-{at}", blocks[(n * 3 + at) % len(blocks)]) for at in range(3)],
            readers=("es", "en"),
        )
        for n in range(LESSONS * SECTIONS)
    ]
    for version in range(1, VERSIONS + 1):
        with instance.database.unit_of_work() as session:
            for lesson in range(LESSONS):
                index.write(session, version, version * 100 + lesson, sections[lesson * SECTIONS : (lesson + 1) * SECTIONS])
    return VERSIONS * len(sections)


@pytest.mark.slow
def test_ten_courses_of_seventy_lessons_answer_at_once(instance: Instance) -> None:
    assert fill(instance) == 5600
    engines = (instance.database.reading,) if instance.database.is_sqlite else (instance.database.writing,)
    counter = Counter(*engines)
    parts = frozenset(version * 100 + lesson for version in range(6, 11) for lesson in range(LESSONS - 1))
    scope = SearchScope(frozenset(range(1, 11)), frozenset(range(1, 6)), parts)
    took = {}
    for typed in ASKED:
        question = read_question(typed)
        counter.reset()
        began = time.process_time()
        with instance.database.unit_of_work(write=False) as session:
            found = find(session, question, "es", scope, ResultPaging("lesson", 40, 20))
            for group in found.groups:
                for hit in group.hits:
                    snippet(hit, question)
        took[typed] = time.process_time() - began

        assert len(counter.statements) <= 2, counter.statements
        assert len(found.groups) <= 20
    assert max(took.values()) < LONGEST, took
