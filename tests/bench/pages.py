"""Single pages, saves and whole journeys of learners over HTTP: processor time of the server's whole process tree, against the floor's."""

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from kernel.db import Database
from tests.bench.floors import HASHER
from tests.bench.floors import PASSWORD as FLOOR_PASSWORD
from tests.bench.processes import Process
from tests.bench.table import Row, ratio
from tests.bench.visitor import TOKEN, Visitor
from tests.loadtest.filling import QUESTIONS, QUIZ, SLUG, answers
from tests.loadtest.journey import LEASE, LESSON

REQUESTS = 120
JOURNEYS = 12
SIGN_INS = 25
ATTEMPTS = 24
ROUNDS = 4
PROBES, PAGES_OF_A_PROBE, BETWEEN_PROBES = 10, 100, 5.0
"""How often the floor's page is measured, and with how many seconds between: a machine that wavers is slow or fast for some seconds."""


@dataclass
class Bench:
    """Both servers, and people who have not come yet."""

    ours: Process
    floor: Process
    database: Database
    emails: Callable[[int], Sequence[str]]
    password: str

    def entered(self, *, packed: bool = False) -> Visitor:
        """Return a browser that somebody signed in with."""
        visitor = self.ours.visitor(packed=packed)
        visitor.enter(self.emails(1)[0], self.password)
        return visitor

    def pairs(self, ours: Callable[[], object], floor: Callable[[], object], times: int = REQUESTS) -> list[tuple[float, float]]:
        """Do both so often in each round, in changing order; return the processor time of one, for each round."""
        spent = []
        for round_ in range(ROUNDS + 1):
            sides = {}
            for side, process, act in ((0, self.ours, ours), (1, self.floor, floor))[:: 1 if round_ % 2 else -1]:
                before = process.cpu()
                for _time in range(times):
                    act()
                sides[side] = (process.cpu() - before) / times
            spent.append((sides[0], max(sides[1], 1e-9)))
        return spent[1:]  # the first round fills the memories


def in_turns(ours: Callable[[], float], floor: Callable[[], float]) -> list[tuple[float, float]]:
    """Measure both in each round, in changing order; each answers what one time of it costs."""
    pairs = []
    for round_ in range(ROUNDS):
        spent = {side: act() for side, act in ((0, ours), (1, floor))[:: 1 if round_ % 2 else -1]}
        pairs.append((spent[0], spent[1]))
    return pairs


def pages(bench: Bench) -> list[Row]:
    """spec/performance P1, P2, P9, P23: lesson, course, home, one save, signing in."""
    visitor, bare = bench.entered(), bench.floor.visitor()
    course = visitor.sees(f"/courses/{SLUG}", "<h1")
    lesson = LESSON.findall(course)[0]

    def floor_page() -> None:
        bare.sees("/page", "<h1>")

    rows = [ratio("P1", "lesson page", bench.pairs(lambda: visitor.sees(lesson, "<h1"), floor_page), 2.5, 2)]
    rows.append(ratio("P2", "course page", bench.pairs(lambda: visitor.sees(f"/courses/{SLUG}", SLUG), floor_page), 5, 3))
    rows.append(ratio("P2", "learner's home", bench.pairs(lambda: visitor.sees("/learning", SLUG), floor_page), 5, 3))
    rows.append(ratio("P9", "one save", _saves(bench), 2.5, 2))
    rows.append(ratio("P23", "sign-in against one argon2id verification", _sign_ins(bench), 1.5, 1.2))
    return rows


def _sign_ins(bench: Bench) -> list[tuple[float, float]]:
    """Send forms that were opened before; the floor is the bare library call."""
    stored = HASHER.hash(FLOOR_PASSWORD)

    def ours() -> float:
        people = [(bench.ours.visitor(), email) for email in bench.emails(SIGN_INS)]
        forms = [(visitor, {"csrf_token": visitor.token("/sign-in"), "email": email}) for visitor, email in people]
        before = bench.ours.cpu()
        for visitor, fields in forms:
            assert visitor.ask("POST", "/sign-in", {**fields, "password": bench.password}).status == 303
        return (bench.ours.cpu() - before) / SIGN_INS

    def bare() -> float:
        began = time.process_time()
        for _time in range(SIGN_INS):
            HASHER.verify(stored, FLOOR_PASSWORD)
        return (time.process_time() - began) / SIGN_INS

    return in_turns(ours, bare)


def _saves(bench: Bench) -> list[tuple[float, float]]:
    """Save ten answers in each of some attempts, which are begun before: what an attempt holds already has a part in what a save costs."""
    bare = bench.floor.visitor()

    def ours() -> float:
        begun = []
        for email in bench.emails(ATTEMPTS):
            visitor = bench.ours.visitor()
            visitor.enter(email, bench.password)
            begun.append((visitor, *_begin(visitor)))
        bench.ours.settle()  # what follows a beginning in the background is no part of a save
        before = bench.ours.cpu()
        for visitor, path, token, lease, right in begun:
            for place, answer in enumerate(right, 1):
                _save(visitor, path, token, lease, place, answer)
        return (bench.ours.cpu() - before) / (ATTEMPTS * QUESTIONS)

    def floor() -> float:
        before = bench.floor.cpu()
        for _time in range(ATTEMPTS * QUESTIONS):
            floor_save(bare)
        return (bench.floor.cpu() - before) / (ATTEMPTS * QUESTIONS)

    return in_turns(ours, floor)


def _save(visitor: Visitor, path: str, token: str, lease: str, place: int, answer: str) -> None:
    events = [{"item": place, "seq": 1, "response": {"answer": [answer]}, "client_time": "2026-11-20T12:00:00Z"}]
    fields = {"csrf_token": token, "lease": lease, "events": json.dumps(events)}
    assert visitor.ask("POST", f"{path}/answers", fields, accept="application/json").status == 200


def _begin(visitor: Visitor) -> tuple[str, str, str, list[str]]:
    quiz = f"/courses/{SLUG}/quizzes/{QUIZ}"
    started = visitor.ask("POST", f"{quiz}/attempts", {"csrf_token": visitor.token(quiz)})
    path = re.sub(r"^https?://[^/]+", "", started.location)
    page = visitor.sees(path, 'id="attempt"')
    token, lease = TOKEN.search(page), LEASE.search(page)
    assert token
    assert lease
    return path, token[1], lease[1], answers(page)


def floor_save(bare: Visitor) -> None:
    """Let the bare program keep one answer."""
    assert bare.ask("POST", "/save", {"events": '[{"item": 1, "seq": 1}]'}).status == 200


def _floor_sign_in(bare: Visitor) -> None:
    assert bare.ask("POST", "/sign-in", {"password": FLOOR_PASSWORD}).status == 200


def journeys(bench: Bench) -> list[Row]:
    """spec/performance P3, P5: sign in, home, course, four lessons, quiz, ten saves, result; requests and kilobytes of one."""
    pairs = bench.pairs(lambda: walk(bench.entered()), lambda: floor_journey(bench.floor.visitor()), JOURNEYS)
    packed = bench.entered(packed=True)
    walk(packed)
    pages = (packed.requests, packed.bytes / 1000)
    packed.fetch_files()
    with_files = f"pages alone {pages[0]} and {pages[1]:.0f} kB"
    return [
        ratio("P3", "journey", pairs, 2.2, 1.9),
        Row("P5", "requests of a journey and of every file that its pages name", packed.requests, 32, 24, with_files),
        Row("P5", "kB of them, compressed", packed.bytes / 1000, 150, 110, with_files),
    ]


def walk(visitor: Visitor, *, looks_over: bool = False) -> None:
    """Go the whole way of one learner who has signed in, and who `looks_over` the answers before handing them in."""
    visitor.sees("/learning", SLUG)
    course = visitor.sees(f"/courses/{SLUG}", "<h1")
    for lesson in list(dict.fromkeys(LESSON.findall(course)))[:4]:
        visitor.sees(lesson, "<h1")
    path, token, lease, right = _begin(visitor)
    for place, answer in enumerate(right, 1):
        _save(visitor, path, token, lease, place, answer)
    if looks_over:
        shown = {f"p{place}": answer for place, answer in enumerate(right, 1)}
        fields = {"csrf_token": token, "lease": lease, "page": "1", **shown, "go": "review"}
        assert visitor.ask("POST", f"{path}/answers", fields).status == 303
        visitor.sees(f"{path}/summary", "<h1")
    assert visitor.ask("POST", f"{path}/submission", {"csrf_token": token}).status == 303
    visitor.sees(f"{path}/review", 'id="review"')


def cost_of_page(floor: Process) -> float:
    """Return the processor time of the floor's page, in seconds: the median of ten moments within a minute."""
    visitor, spent = floor.visitor(), []
    for _probe in range(PROBES):
        before = floor.cpu()
        for _time in range(PAGES_OF_A_PROBE):
            visitor.sees("/page", "<h1>")
        spent.append((floor.cpu() - before) / PAGES_OF_A_PROBE)
        time.sleep(BETWEEN_PROBES)
    return median(spent)


def floor_journey(bare: Visitor) -> None:
    """Ask for bare pages and saves, as many as a learner's way has."""
    bare.sees("/page", "<h1>")
    _floor_sign_in(bare)
    for _page in range(9):  # home, course, four lessons, quiz, attempt, result
        bare.sees("/page", "<h1>")
    for _save in range(12):  # start, ten saves, finish
        floor_save(bare)


def floors_themselves(bench: Bench) -> list[Row]:
    """Tell what the floors stand on: a bare WSGI answer against the floor's page, which is no bar of ours."""
    bare, other = bench.floor.visitor(), bench.floor.visitor()
    spent = []
    for process, act in ((bench.floor, lambda: bare.ask("GET", "/wsgi")), (bench.floor, lambda: other.sees("/page", "<h1>"))):
        before = process.cpu()
        for _time in range(5 * REQUESTS):
            act()
        spent.append((process.cpu() - before) / (5 * REQUESTS))
    return [ratio("-", "bare WSGI answer, against the floor's page", [(spent[0], spent[1])], 1, 1)]
