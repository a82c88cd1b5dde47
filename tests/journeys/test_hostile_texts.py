"""Whole texts that mean harm, in the places where people write most: an answer each time, never a failure of the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from kernel.markup import render_state
from lms.instance import Instance
from tests.support import naughty
from tests.support.browser import Browser, Page
from tests.support.builders import a_course, a_learner_in, a_teacher, sign_in
from tests.support.lessons import EDITOR, PATH, write
from tests.support.marking import a_marked_quiz
from tests.support.shared import needs_shared

QUESTION = "/teaching/prueba/questions/ensayo-1"
ANNOUNCEMENTS = "/teaching/prueba/announcements"
OURS = (
    ">" * 60 + " a",
    "".join("    " * depth + "- a\n" for depth in range(20)),
    "Antes.\n\n" + "[" * 5000,
    "`" + "a" * 60 + "` b\n\n" + naughty.SHARPEST[0],
    "\n\n".join(naughty.SHARPEST),
    "palabra " * 13_000,
)
"""Nested too deep in two ways, too slow, code that begins a line, every sharp string, too long."""
PART = 60
"""Strings of a list in one text."""


class Writer:
    """A team member and a learner who write one text everywhere; `wrong` lists what failed."""

    def __init__(self, browser: Browser, instance: Instance) -> None:
        course = a_marked_quiz(instance)
        a_teacher(instance, course)
        self.wrong: list[str] = []
        self.page = ""
        self.team = sign_in(browser, "profe@example.org")
        self.learner = a_learner_in(browser.another(), course)
        self.team.checks = self.learner.checks = False
        self.learner.get("/courses/prueba/quizzes/cuestionario-1")
        self.learner.submit("/attempts")
        self.attempt = self.learner.path
        self.doors = (self.lesson, self.question, self.announcement, self.essay)

    def _ask(self, browser: Browser, method: str, path: str, name: str, sent: Mapping[str, object] | None = None) -> int:
        data = {key: str(value).encode("utf-8", "replace") for key, value in sent.items()} if sent else None
        browser._request(method, path, data=data)
        status, self.page = browser.response.status_code, browser.response.get_data(as_text=True)
        self.wrong += [f"{method} {path} {name}: {status}"] if status >= 500 else []
        self.wrong += [f"{path} {name}: {fault}" for fault in naughty.faults(self.page)]
        return status

    def lesson(self, name: str, text: str) -> None:
        """Look at a lesson, save it, open it and preview it."""
        known = dict(self.team.get(EDITOR).form("/lessons/leccion-1").fields)
        sent = {key: known[key] for key in ("csrf_token", "title", "summary", "seen")} | {"body": text}
        self._ask(self.team, "POST", f"{EDITOR}/preview-fragment", name, sent)
        self._ask(self.team, "POST", EDITOR, name, sent | {"do": "save"})
        for path in (EDITOR, f"{EDITOR}/preview"):
            self._ask(self.team, "GET", path, name)

    def question(self, name: str, text: str) -> None:
        """Look at a question and save it; try it."""
        known = dict(self.team.get(QUESTION).form("/ensayo-1").fields)
        indented = "".join(f"  {line}\n" for line in text.splitlines())
        sent = {key: known[key] for key in ("csrf_token", "seen")} | {"text": f"key: ensayo-1\nkind: essay\ntext: |2\n{indented}"}
        for wish in ("preview", "save"):
            self._ask(self.team, "POST", QUESTION, name, sent | {"do": wish})
        self._ask(self.team, "GET", f"{QUESTION}/preview", name)

    def announcement(self, name: str, text: str) -> None:
        """Write an announcement, send it and read it."""
        known = dict(self.team.get(ANNOUNCEMENTS).form("/announcements").fields)
        sent = known | {"heading": text.strip()[:80] or "Aviso", "words": text}
        if self._ask(self.team, "POST", ANNOUNCEMENTS, name, sent) == 200:
            self._ask(self.team, "POST", ANNOUNCEMENTS, name, dict(Page(self.page).form("/announcements").fields) | {"send": "1"})
        for browser, path in ((self.team, ANNOUNCEMENTS), (self.learner, "/courses/prueba")):
            self._ask(browser, "GET", path, name)

    def essay(self, name: str, text: str) -> None:
        """Answer a question with it, and open the page again."""
        known = dict(self.learner.get(self.attempt).form("/answers").fields)
        self._ask(self.learner, "POST", f"{self.attempt}/answers", name, known | {"p1": text, "go": "save"})
        self._ask(self.learner, "GET", self.attempt, name)


@pytest.fixture
def writer(browser: Browser, instance: Instance) -> Writer:
    return Writer(browser, instance)


def shared_texts() -> Iterator[tuple[str, str]]:
    """Yield the shared files whole, and their lists of strings in parts, so that one refusal does not hide the strings beside it."""
    for path in sorted(path for path in naughty.LISTS.rglob("*") if path.is_file()):
        yield path.name, path.read_bytes().decode("utf-8", "replace")
    for name, strings in naughty.lists().items():
        for first in range(0, len(strings), PART):
            yield f"{name} {first}", "\n\n".join(strings[first : first + PART])


@pytest.mark.slow
def test_no_text_makes_the_server_fail(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 3.5; a part of the time that a text may take, to spare the suite's own."""
    monkeypatch.setattr(render_state, "TIME_LIMIT", 0.1)
    for text in OURS:
        for door in writer.doors:
            door(text[:20], text)

    assert writer.wrong == []


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("Uno.\n\n" + ">" * 60 + " a\n", 3, "demasiados niveles"),
        ("Uno.\n\n\n" + "[" * 5000 + "\n", 4, "tarda demasiado"),
    ],
)
def test_a_refused_text_is_answered_with_its_line(
    writer: Writer, body: str, line: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/content-format C105: looked at before it is saved, saved all the same, and previewed; brackets take too long on any machine."""

    def over(state: render_state.RenderState) -> None:
        if state.reading.startswith("[" * 9):
            raise render_state.RenderTimeExceeded

    monkeypatch.setattr(render_state.RenderState, "check_time", over)
    team, told = writer.team, []
    sent = dict(team.get(EDITOR).form("/lessons/leccion-1").fields) | {"body": body}
    sent.pop("do", None)
    for method, path, extra, status in (
        ("POST", f"{EDITOR}/preview-fragment", {}, 200),
        ("POST", EDITOR, {"do": "preview"}, 200),
        ("POST", EDITOR, {"do": "save"}, 303),
        ("GET", f"{EDITOR}/preview", {}, 200),
    ):
        team._request(method, path, data={**sent, **extra} if method == "POST" else None)
        assert team.response.status_code == status
        told += [team.response.get_data(as_text=True)] if status == 200 else []

    assert len(told) == 3
    for page in told:
        assert f"Línea {line}" in page
        assert words in page


def test_a_lesson_is_shown_without_what_another_text_lends_it(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A definition that is given up is left out of the page and named; the lesson itself is there."""
    monkeypatch.setattr(render_state, "TIME_LIMIT", 0.1)
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    slow = f"brecha:\n  term: Brecha\n  definition: {'a[' * 2500}\n"
    write(instance, course, {"glosario.yaml": slow, PATH: "---\nkey: leccion-1\ntitle: Contar\n---\nUna [[brecha]] grande.\n"})
    sign_in(browser, "profe@example.org")

    page = browser.get(f"{EDITOR}/preview").html
    browser.get(EDITOR)
    looked = browser.submit("/lessons/leccion-1", button=("do", "preview")).html

    assert "grande." in page
    assert "grande." in looked
    assert "glosario.yaml: El texto tarda demasiado" in looked


@pytest.mark.slow
@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("door", ["lesson", "question", "announcement", "essay"])
def test_no_shared_text_makes_the_server_fail(writer: Writer, door: str) -> None:
    """spec/security 3.5: every file of the shared folder, and every string of its lists."""
    texts = list(shared_texts())
    for name, text in texts:
        getattr(writer, door)(name, text)

    assert len(texts) > 60
    assert writer.wrong == []
