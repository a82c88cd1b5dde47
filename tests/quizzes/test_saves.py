"""The saving protocol against a model, and saves that decide before they write (decision 61).

spec/quiz-engine 5.4.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from courses.models import Course
from kernel.optimistic import ReadsChanged
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import answering, attempts
from quizzes.attempt_page import new_page_epoch
from quizzes.attempts import LoadedAttempt, read_payloads
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent
from quizzes.views.answers import answers_compared, form_batch, script_batches
from tests.support import sizes
from tests.support.attempts import an_answer, begin, stored
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_learner_in
from tests.support.learning import At, a_batch, a_learner, attempt_row, save, send_script, sitting_of, start, submit
from tests.support.meanwhile import Writers, before_the_lock
from tests.support.quizzes import NOON, NUMBER, a_quiz_asking

PLACES = (1, 2, 3)
LIMIT = timedelta(minutes=20)
TOLERANCE = timedelta(seconds=60)
BANK = "questions:\n" + "".join(
    f"""  - key: numero-{place}
    kind: numerical
    text: Escriba un número.
    answers:
      - right: 50
    tolerance: 25
"""
    for place in PLACES
)
Key = tuple[int, int, int]
"""Place of the question, lease, number."""
Taken = TypeVar("Taken")
Sent = tuple[int, tuple[tuple[Key, str], ...]]
"""A request on its way: the lease of the page, and the events it carries."""


@dataclass
class Page:
    """A page of the attempt in some browser, as quiz.js keeps it."""

    lease: int
    shown: dict[int, tuple[int, str]]
    """By place the number of the answer event that the page was drawn from, and its text."""
    journal: dict[Key, str] = field(default_factory=dict)
    sent: set[Key] = field(default_factory=set)
    boxes: dict[int, str] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    script: bool = True
    touched: set[int] = field(default_factory=set)
    """Places whose boxes hold what was typed on this page, not what it was drawn from or has taken in."""
    taken: set[int] = field(default_factory=set)
    """Places whose boxes the script has filled, from the journal or with what is newer."""

    def take_in(self, place: int, text: str) -> None:
        """Show an answer that was not typed on this page."""
        self.boxes[place] = text
        self.taken.add(place)
        self.touched.discard(place)

    def type(self, place: int, text: str) -> None:
        """Note a change: what was never sent is written over. Without script it stands in the form only."""
        self.boxes[place] = text
        self.taken.discard(place)
        self.touched.add(place)
        if not self.script:
            return
        own = self.own_numbers(place)
        key = (place, self.lease, max(own, default=0))
        if not own or key in self.sent:
            self.numbers[place] = self.numbers.get(place, 0) + 1
            key = (place, self.lease, self.numbers[place])
        self.journal[key] = text

    def own_numbers(self, place: int) -> list[int]:
        """Return the numbers of what the journal holds of a question under the page's lease of now."""
        return [key[2] for key in self.journal if key[:2] == (place, self.lease)]

    def requests(self) -> list[Sent]:
        """Return what sends the journal: one request for each lease."""
        self.sent |= set(self.journal)
        leases = sorted({key[1] for key in self.journal})
        return [(lease, tuple((key, text) for key, text in self.journal.items() if key[1] == lease)) for lease in leases]


def events_of(request: Sent) -> dict[str, list[str]]:
    """Return a request as the form that quiz.js posts."""
    lease, events = request
    listed = [{"item": place, "seq": number, "lease": own, "response": {"answer": [text]}} for (place, own, number), text in events]
    return {"lease": [str(lease)], "events": [json.dumps(listed)]}


class Saving(RuleBasedStateMachine):
    """One attempt, some pages, and everything that may happen between them and the server."""

    def __init__(self, instance: Instance, course: Course, learner: Iterator[int]) -> None:
        super().__init__()
        self.instance, self.course = instance, course
        self.actor = a_learner(instance, course, f"ana{next(learner)}@example.org", now=NOON)
        self.now = NOON
        self.arrived: dict[Key, str] = {}
        self.acknowledged: set[tuple[Key, str]] = set()
        self.on_the_way: list[Sent] = []
        self.pages: list[Page] = []
        self.given = timedelta()
        self.closed = False

    @initialize()
    def begin(self) -> None:
        """Start the attempt and open its page."""
        self.attempt = start(self.instance, self.actor, self.course.slug, now=self.now)
        self.open_page()

    @property
    def takes_answers(self) -> bool:
        """Return whether the time allows answers still (spec/quiz-engine 5.3.4)."""
        return not self.closed and self.now <= NOON + LIMIT + self.given + TOLERANCE

    @contextmanager
    def locked(self) -> Iterator[tuple[Session, LoadedAttempt]]:
        """Give the attempt as a request that changes it has it."""
        with sitting_of(self.instance, self.actor, self.attempt, write=True) as found:
            yield found

    @precondition(lambda self: len(self.pages) < 4)
    @rule(script=st.booleans())
    def open_page(self, *, script: bool = True) -> None:
        """Open the attempt once more: in another tab, or on another device."""
        self.pages.append(self._opened(script=script))

    def _opened(self, *, script: bool) -> Page:
        with sitting_of(self.instance, self.actor, self.attempt) as (_session, loaded):
            lease = new_page_epoch(loaded, self.now)
            shown = {item.position: loaded.responses.get(item.id) for item in loaded.items}
        told = {place: (answer.id, answer.payload["answer"][0]) if answer else (0, "") for place, answer in shown.items()}  # type: ignore[index]  # as it was saved
        self.now += timedelta(milliseconds=1)
        return Page(lease, told, boxes={place: text for place, (_id, text) in told.items()}, script=script)

    @rule(which=st.integers(0, 3), place=st.sampled_from(PLACES), text=st.integers(1, 99).map(str))
    def type(self, which: int, place: int, text: str) -> None:
        """Change an answer."""
        self._page(which).type(place, text)

    @rule(which=st.integers(0, 3), fate=st.sampled_from(("arrives", "arrives", "lost", "reply lost", "twice", "late")))
    def send(self, which: int, fate: str) -> None:
        """Send a page's journal; the line decides what becomes of it."""
        page = self._page(which)
        for request in page.requests():
            if fate == "late":
                self.on_the_way.append(request)
            elif fate != "lost":
                for _time in range(2 if fate == "twice" else 1):
                    self._arrive(request, None if fate == "reply lost" else page)

    @rule(which=st.integers(0, 3), other=st.integers(0, 3), act=st.sampled_from(("nothing", "saved", "saved", "time given", "closed")))
    def send_late(self, which: int, other: int, act: str) -> None:
        """Send a page's journal; it is decided upon before it is written, and meanwhile something happens."""
        meanwhile = {"saved": lambda: self._save_beside(other), "time given": self._give_time, "closed": self._close}
        for request in self._page(which).requests():
            self._arrive(request, self._page(which), meanwhile.get(act, lambda: None))

    def _save_beside(self, other: int) -> None:
        page = self._page(other)
        page.type(PLACES[other % len(PLACES)], str(50 + other))
        for request in page.requests():
            self._arrive(request, None)

    def _give_time(self) -> None:
        with self.locked() as (_session, loaded):
            loaded.row.extra_seconds += 60
        self.given += timedelta(seconds=60)

    def _close(self) -> None:
        """End the attempt by its time, as the job does that looks after it."""
        if self.pages and self.now > NOON + LIMIT / 2:
            self.now = max(self.now, NOON + LIMIT + self.given + TOLERANCE + timedelta(seconds=1))
            with self.locked() as (session, loaded):
                answering.close_if_overdue(session, self.actor, loaded, now=self.now)
            self.closed = True

    @precondition(lambda self: self.on_the_way)
    @rule(which=st.integers(0, 9))
    def arrive_late(self, which: int) -> None:
        """Let one of the late requests arrive, in any order; nobody waits for its reply."""
        self._arrive(self.on_the_way.pop(which % len(self.on_the_way)), None)

    @rule(which=st.integers(0, 3), comes_back=st.booleans())
    def press_save(self, which: int, *, comes_back: bool) -> None:
        """Send a page as a plain form, with the journal's numbers where there is one; a new page follows, or the old one by «Back»."""
        page = self._page(which)
        form = {"lease": [str(page.lease)], "page": ["1"]}
        for place in PLACES:
            form |= {f"p{place}": [page.boxes[place]], f"p{place}-seq": [str(page.shown[place][0])]}
            own = page.own_numbers(place)
            if own:
                form[f"p{place}-local"] = [str(max(own))]
            if page.script and (place in page.taken or (place in page.touched and not own)):
                form[f"p{place}-untouched"] = ["1"]
        with self.locked() as (session, loaded):
            said = read_payloads(session, loaded.answers, answers_compared(form, loaded))
            batch = form_batch(form, loaded, 1, said)
            if self._refused(lambda: answering.save_answers(session, loaded, [batch], now=self.now)):
                return
        for event in batch.events:
            assert event.position in page.touched, "kept though nobody touched it"
            assert not page.script or page.own_numbers(event.position), "kept though the script has sent it under an older epoch"
            self._store((event.position, batch.page_epoch, event.sequence.counter), str(event.payload["answer"][0]))  # type: ignore[index]  # as the form has it
        if page.script or not comes_back:
            following = self._opened(script=page.script)
            following.journal, following.sent = page.journal, set(page.journal)
            for (place, _lease, _number), text in sorted(page.journal.items()):
                following.take_in(place, text)
            self.pages[self.pages.index(page)] = following

    @rule(which=st.integers(0, 3), other=st.integers(0, 3))
    def kill(self, which: int, other: int) -> None:
        """Kill a page; another one of its browser takes its journal over."""
        page, heir = self._page(which), self._page(other)
        if page is not heir and page.script and heir.script:
            heir.journal = {**page.journal, **heir.journal}
            heir.sent |= set(page.journal)
            self.pages.remove(page)

    @rule(minutes=st.sampled_from((0, 0, 0, 1, 7)))
    def wait(self, minutes: int) -> None:
        """Let time pass."""
        self.now += timedelta(minutes=minutes, seconds=1)

    def _page(self, which: int) -> Page:
        return self.pages[which % len(self.pages)]

    def _arrive(self, request: Sent, page: Page | None, meanwhile: Callable[[], object] | None = None) -> None:
        """Take a request: locked at once, or after something that happens once it is read and decided upon."""
        batches, now = script_batches(events_of(request), "autosave"), self.now

        def take(session: Session, happen: Callable[[], object]) -> tuple[answering.SaveReceipt, int] | None:
            planned: list[answering.PlannedSave] = []
            loaded = attempts.lock_attempt(session, self.actor, self.attempt)
            if self._refused(lambda: planned.append(answering.plan_save(session, loaded, batches, now=now))):
                return None
            happen()
            answering.write_save(session, loaded, planned[0], loaded.row.integrity_record, now=now)
            return planned[0][1], new_page_epoch(loaded, now)

        if (told := self._taken(take, meanwhile)) is None:
            return
        receipt, renewed = told
        lease, events = request
        for key, text in events:
            self._store(key, text)
            if key[2] <= receipt.acknowledged.get(key[0], 0):
                self.acknowledged.add((key, text))
        if page is not None:
            self._hear(page, receipt, lease, dict(events), renewed)

    def _taken(self, take: Callable[[Session, Callable[[], object]], Taken], meanwhile: Callable[[], object] | None) -> Taken:
        """Return what comes of work that is optimistic on SQLite, where something happens before it writes; else that comes before it."""
        database = self.instance.database
        if meanwhile is not None and database.is_sqlite:
            session = database.begin(write=True, optimistic=True)
            try:
                told = take(session, meanwhile)
            except ReadsChanged:
                database.finish(session, commit=False)
            else:
                database.finish(session, commit=True)
                return told
        elif meanwhile is not None:
            meanwhile()
        with database.unit_of_work() as session:
            return take(session, lambda: None)

    def _hear(self, page: Page, told: answering.SaveReceipt, lease: int, batch: dict[Key, str], renewed: int) -> None:
        gone = {key for key in page.journal if key[1] == lease and key[2] <= told.acknowledged.get(key[0], 0)}
        gone |= {key for key in batch if key[0] in told.newer_answers}
        page.journal = {key: text for key, text in page.journal.items() if key not in gone}
        for place, newer in told.newer_answers.items():
            if not any(key[0] == place for key in page.journal):
                page.take_in(place, newer["answer"][0])  # type: ignore[index]  # as it was saved
        if told.newer_answers:
            page.lease, page.numbers = renewed, {}

    def _refused(self, attempt: Callable[[], object]) -> bool:
        try:
            attempt()
        except (answering.TimeIsUp, answering.AlreadySubmitted):
            assert not self.takes_answers
            return True
        assert self.takes_answers
        return False

    def _store(self, key: Key, text: str) -> None:
        self.arrived.setdefault(key, text)

    def _stored(self) -> dict[Key, str]:
        with self.instance.database.unit_of_work(write=False) as session:
            rows = session.execute(
                select(AttemptItem.position, AnswerEvent.lease, AnswerEvent.seq, AnswerEvent.payload)
                .join(AnswerEvent, AnswerEvent.item_id == AttemptItem.id)
                .join(Attempt, Attempt.id == AttemptItem.attempt_id)
                .where(Attempt.uuid == self.attempt)
            ).all()
        assert len(rows) == len({tuple(row[:3]) for row in rows})
        return {(row.position, row.lease, row.seq): json.loads(row.payload)["answer"][0] for row in rows}

    @invariant()
    def everything_that_arrived_is_stored_and_nothing_else(self) -> None:
        """spec/quiz-engine 5.4.1: nothing is lost, nothing is there twice, what was stored first stays."""
        if hasattr(self, "attempt"):
            assert self._stored() == self.arrived

    @invariant()
    def what_was_acknowledged_is_stored_as_it_was_sent(self) -> None:
        """spec/quiz-engine 5.4.2: a device forgets only what the server holds."""
        assert all(self.arrived.get(key) == text for key, text in self.acknowledged)

    def teardown(self) -> None:
        """Everybody comes back before the end where there is time; the attempt is marked by the newest answers, once each."""
        if not hasattr(self, "attempt"):
            return
        for page in self.pages:
            for request in page.requests():
                self._arrive(request, None)
        last = self.pages[-1].requests() if self.pages else []
        batches = [batch for request in last for batch in script_batches(events_of(request), "submit")]
        with self.locked() as (session, loaded):
            answering.submit_attempt(session, self.actor, loaded, batches, now=self.now)
        if self.takes_answers:
            for page in self.pages:
                assert page.journal.items() <= self.arrived.items()
        assert self._stored() == self.arrived
        self._check_marks()

    def _check_marks(self) -> None:
        current = {place: text for (place, _lease, _number), text in sorted(self.arrived.items(), key=lambda pair: pair[0])}
        with self.instance.database.unit_of_work(write=False) as session:
            marks = session.execute(
                select(AttemptItem.position, MarkEvent.fraction)
                .join(MarkEvent, MarkEvent.item_id == AttemptItem.id)
                .join(Attempt, Attempt.id == AttemptItem.attempt_id)
                .where(Attempt.uuid == self.attempt, Attempt.state == "finished")
                .order_by(AttemptItem.position)
            ).all()
        wanted = [(place, place in current and 25 <= int(current[place]) <= 75) for place in PLACES]
        assert [(row.position, row.fraction == 1) for row in marks] == wanted


def test_no_answer_is_lost_whatever_the_line_does(instance: Instance) -> None:
    """spec/quiz-engine 5.4.1, 5.4.2, 5.4.3, 5.14.11: histories of pages that lose, repeat and reorder what they send, against a model."""
    course = a_quiz_asking(instance, BANK, "attempts: 0\nlimit: 20 min\n", tuple(f"numero-{place}" for place in PLACES))
    learner = iter(range(10**6))
    asked = settings(
        phases=[phase for phase in Phase if sizes.HISTORIES or phase is not Phase.shrink],  # shrinking takes minutes
        max_examples=sizes.HISTORIES * 10 or 15,
        stateful_step_count=60 if sizes.HISTORIES else 25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(lambda: Saving(instance, course, learner), settings=asked)


LIMITED = "attempts: 0\nlimit: 20 min\n"
Act = Callable[[Instance, Actor, UUID], object]


def _save_beside(instance: Instance, actor: Actor, attempt: UUID) -> None:
    save(instance, actor, attempt, a_batch({1: ["7"]}, lease=9000), now=NOON + timedelta(minutes=2))


def _repeat(instance: Instance, actor: Actor, attempt: UUID) -> None:
    save(instance, actor, attempt, a_batch({1: ["2,4"]}), now=NOON + timedelta(minutes=2))


def _hand_in(instance: Instance, actor: Actor, attempt: UUID) -> None:
    submit(instance, actor, attempt, now=NOON + timedelta(minutes=2))


def _give_time(instance: Instance, _actor: Actor, attempt: UUID) -> None:
    _change(instance, attempt, extra_seconds=Attempt.extra_seconds + 60)


def _end_time(instance: Instance, actor: Actor, attempt: UUID) -> None:
    with sitting_of(instance, actor, attempt, write=True) as (session, loaded):
        answering.close_if_overdue(session, actor, loaded, now=NOON + timedelta(minutes=30))


def _erase_record(instance: Instance, _actor: Actor, attempt: UUID) -> None:
    _change(instance, attempt, integrity_record="{}")


def _change(instance: Instance, attempt: UUID, **values: Any) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.uuid == attempt).values(**values))


ACTS: Mapping[str, Act] = {
    "another page saves": _save_beside,
    "the same is saved": _repeat,
    "it is handed in": _hand_in,
    "time is given": _give_time,
    "its time ends": _end_time,
    "its record changes": _erase_record,
}


def test_a_save_of_an_unchanged_attempt_is_written_as_a_locked_one_would_be(instance: Instance) -> None:
    course = a_quiz_asking(instance, NUMBER, LIMITED)
    found = []
    for name, optimistic in (("ana@example.org", True), ("eva@example.org", False)):
        actor = a_learner(instance, course, name, now=NOON)
        attempt, now = start(instance, actor, course.slug, now=NOON), NOON + timedelta(minutes=1)
        session = instance.database.begin(write=True, optimistic=optimistic)
        loaded = attempts.lock_attempt(session, actor, attempt)
        receipt = answering.save_answers(session, loaded, [a_batch({1: ["2,4"]}, lease=5000)], now=now)
        instance.database.finish(session, commit=True)
        with sitting_of(instance, actor, attempt) as (_session, loaded):
            row = loaded.row
            answers = [(one.page_epoch, one.counter, one.payload, one.server_time) for one in loaded.answers]
            found.append((receipt, row.state, row.saved_at, row.lease, row.integrity_record, row.due_at, answers))

    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("act", "status", "kept"),
    [
        ("another page saves", 200, [("autosave", {"answer": ["7"]}), ("autosave", {"answer": ["2,4"]})]),
        ("the same is saved", 200, [("autosave", {"answer": ["2,4"]})]),
        ("it is handed in", 409, []),
        ("time is given", 200, [("autosave", {"answer": ["2,4"]})]),
        ("its time ends", 409, []),
        ("its record changes", 200, [("autosave", {"answer": ["2,4"]})]),
    ],
)
def test_a_script_whose_save_was_overtaken_receives_the_answers_in_force(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch, act: str, status: int, kept: list[object]
) -> None:
    """spec/quiz-engine 5.4.1 to 5.4.3: as if it had come after what happened meanwhile."""
    if not instance.database.is_sqlite:
        pytest.skip("only SQLite's one writer is taken late")
    at = At(monkeypatch, NOON)
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, LIMITED))
    attempt = UUID(begin(browser).rsplit("/", 1)[1])
    actor = Actor(person_id=attempt_row(instance, attempt).person_id)
    browser.get(f"/attempts/{attempt}")
    at.pass_(minutes=1)
    happened = before_the_lock(monkeypatch, partial(ACTS[act], instance, actor, attempt))
    told = send_script(browser, attempt, [an_answer(1, "2,4")], lease=1000, status=status)

    assert happened == ["meanwhile"]
    assert sorted(map(str, stored(instance))) == sorted(map(str, kept))
    if act == "another page saves":
        assert told["newer"] == {"1": {"answer": ["7"]}}
    if act == "time is given":
        assert told["seconds_left"] == 20 * 60


def test_nobody_waits_for_what_a_save_reads(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite lets one write at a time: a save holds that turn for what it writes alone."""
    if not instance.database.is_sqlite:
        pytest.skip("only SQLite's one writer is taken late")
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, LIMITED))
    attempt = begin(browser).rsplit("/", 1)[1]
    others, plan = Writers(instance), answering.plan_save

    def plan_slowly(*given: Any, **named: Any) -> answering.PlannedSave:
        others.write()
        return plan(*given, **named)

    monkeypatch.setattr(answering, "plan_save", plan_slowly)
    counter = every_statement(instance.database)
    send_script(browser, attempt, [an_answer(1, "2,4")], lease=5000)

    assert others.kept == [True]
    assert stored(instance) == [("autosave", {"answer": ["2,4"]})]
    assert counter.commits == 2  # the other's and its own


@pytest.mark.parametrize("is_form", [False, True])
def test_a_save_writes_its_attempt_with_one_statement(browser: Browser, instance: Instance, is_form: bool) -> None:
    """Of the script's or of the plain form, on each database."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, LIMITED))
    attempt = UUID(begin(browser).rsplit("/", 1)[1])
    before = attempt_row(instance, attempt)
    counter = every_statement(instance.database)
    lease = int(dict(browser.page.form("/answers").fields)["lease"]) if is_form else 5000
    if is_form:
        browser.submit("/answers", {"p1": "2,4"}, button=("go", "save"))
    else:
        send_script(browser, attempt, [an_answer(1, "2,4")], lease=lease)
    after = attempt_row(instance, attempt)

    assert [one.split()[0] for one in counter.statements if "attempt " in one and not one.startswith("SELECT")] == ["UPDATE"]
    assert (before.lease, after.lease) == (0, lease)
    assert after.saved_at > before.saved_at
    assert stored(instance) == [("save" if is_form else "autosave", {"answer": ["2,4"]})]
