"""The saving protocol against a model: pages that send, lose, repeat and reorder; the database holds what the model holds.

spec/quiz-engine 5.4.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course
from kernel.optimistic import ReadsChanged
from lms.instance import Instance
from quizzes import answering, attempts
from quizzes.attempt_page import new_page_epoch
from quizzes.attempts import LoadedAttempt, read_payloads
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent
from quizzes.views.answers import answers_compared, form_batch, script_batches
from tests.support import sizes
from tests.support.learning import a_learner, sitting_of, start
from tests.support.quizzes import a_quiz_asking

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
"""How many histories `make faults` asks for; the ordinary run takes a few short ones."""
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
        """Say whether the time allows answers still (spec/quiz-engine 5.3.4)."""
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
            return planned[0].receipt, new_page_epoch(loaded, now)

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
