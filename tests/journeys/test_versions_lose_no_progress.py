"""Random histories of edits, publications and learning: no progress is lost or given to another activity."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from certificates.models import Credential
from courses import catalogue, drafts, publishing, versions
from courses.models import CourseVersion, PublicationNature
from courses.publishing import PublishOptions
from enrolments import enrolment as enrolments
from enrolments import learners
from enrolments import versions as version_queries
from enrolments.models import ActivityResult, Completion, Enrolment
from kernel import outbox
from kernel.permissions import SYSTEM, Actor
from lms.app import KINDS
from lms.instance import Instance
from tests.support.builders import HEADER, QUESTIONS, a_person
from tests.support.learning import actor_of, fail_quiz, mark_done, pass_quiz

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
COURSES = count(1)
PEOPLE = count(1)
MODULES = ("parte-1", "parte-2")
FIRST = 3
"""Activities with which a course begins."""


@dataclass(frozen=True)
class Thing:
    """An activity of the model: `identity` never changes, its key may; the quiz of a course keeps its kind."""

    identity: int
    key: str
    module: str
    former_keys: tuple[str, ...] = ()
    required: bool = True
    quiz: bool = False

    def file(self, place: int) -> tuple[str, bytes]:
        """Return its file in the folder."""
        folder = f"{MODULES.index(self.module) + 1:02d}-parte"
        fields = f"key: {self.key}\n" + (f"former_keys: [{', '.join(self.former_keys)}]\n" if self.former_keys else "")
        fields += "" if self.required else "required: false\n"
        if self.quiz:
            title = f"title: {{es: Prueba {self.identity}, en: Test {self.identity}}}\n"
            return f"{folder}/{place:02d}-{self.key}.quiz.yaml", f"{fields}{title}slots:\n  - question: verdad-1\nattempts: 0\n".encode()
        body = f"---\n{fields}title: Lección {self.identity}\n---\n## Uno {self.identity}\n\nTexto de la lección.\n"
        return f"{folder}/{place:02d}-{self.key}.es.md", body.encode()


@dataclass
class Published:
    """A version of the model."""

    id: int
    number: int
    things: tuple[Thing, ...]
    asks: bool


@dataclass
class Learner:
    """What a learner must have: identities done with the version they were first done in, and what they follow."""

    actor: Actor
    follows: Published
    done: dict[int, int] = field(default_factory=dict)
    completed_in: Published | None = None
    declined: set[int] = field(default_factory=set)

    def look(self) -> None:
        """Complete the course where everything required of the followed version is done."""
        required = {thing.identity for thing in self.follows.things if thing.required}
        if self.completed_in is None and required <= self.done.keys():
            self.completed_in = self.follows

    def move(self, version: Published) -> None:
        """Follow another version."""
        self.follows = version
        self.look()


class Histories(RuleBasedStateMachine):
    """The model beside the house."""

    instance: Instance

    def __init__(self) -> None:
        super().__init__()
        self.slug = f"historia-{next(COURSES)}"
        self.keys, self.identities = count(1), count(1)
        self.now = NOON
        self.draft: list[Thing] = []
        self.versions: list[Published] = []
        self.learners: list[Learner] = []

    @initialize()
    def begin(self) -> None:
        """A course with a lesson in each module and a quiz, published."""
        self.draft = [self._new("parte-1"), self._new("parte-1", quiz=True), self._new("parte-2")]
        self.publish("correction")

    def _new(self, module: str, *, quiz: bool = False) -> Thing:
        return Thing(next(self.identities), f"a{next(self.keys)}", module, quiz=quiz)

    # --- Edits -------------------------------------------------------------------------------------------------------------------

    @rule(module=st.sampled_from(MODULES), place=st.integers(0, 9))
    def add(self, module: str, place: int) -> None:
        """A lesson comes."""
        self.draft.insert(min(place, len(self.draft)), self._new(module))

    def _can_go(self, place: int) -> bool:
        """Return whether an activity stands there that is none of the three of the beginning: these stay, so that no module is empty."""
        return place < len(self.draft) and self.draft[place].identity > FIRST

    @precondition(lambda self: len(self.draft) > 4)
    @rule(place=st.integers(0, 9))
    def remove(self, place: int) -> None:
        """A lesson goes."""
        if self._can_go(place):
            del self.draft[place]

    @rule(place=st.integers(0, 9))
    def rename(self, place: int) -> None:
        """An activity gets another key and says which it had."""
        if place < len(self.draft):
            thing = self.draft[place]
            self.draft[place] = replace(thing, key=f"a{next(self.keys)}", former_keys=(thing.key, *thing.former_keys))

    @rule(place=st.integers(0, 9), module=st.sampled_from(MODULES), goal=st.integers(0, 9))
    def move(self, place: int, module: str, goal: int) -> None:
        """A lesson stands elsewhere."""
        if self._can_go(place):
            thing = replace(self.draft.pop(place), module=module)
            self.draft.insert(min(goal, len(self.draft)), thing)

    @rule(place=st.integers(3, 9))
    def turn(self, place: int) -> None:
        """A lesson becomes required, or no longer."""
        if place < len(self.draft):
            self.draft[place] = replace(self.draft[place], required=not self.draft[place].required)

    # --- Publications -----------------------------------------------------------------------------------------------------------------

    def _folder(self) -> dict[str, bytes]:
        files = {"course.yaml": HEADER.format(key=self.slug, visibility="public", enrolment="open", certificate="constancia").encode()}
        for number, module in enumerate(MODULES, 1):
            header = f"key: {module}\ntitle: {{es: Parte {number}, en: Part {number}}}\nobjectives:\n  - {{es: Contar., en: To count.}}\n"
            files[f"{number:02d}-parte/module.yaml"] = header.encode()
        files["01-parte/banco.yaml"] = QUESTIONS.format(n=1).encode()
        for place, thing in enumerate(self.draft, 1):
            path, content = thing.file(place)
            files[path] = content
        return files

    @rule(nature=st.sampled_from(["correction", "improvement", "choice"]))
    def publish(self, nature: str) -> None:
        """The draft goes out; what has not changed makes no version."""
        files = self._folder()
        checked = publishing.prepare(files, KINDS, today=NOON.date())
        assert checked.prepared is not None, [found.message for found in checked.findings]
        assert checked.course is not None
        kept = drafts.keep_contents(self.instance.files, files, {})
        options = PublishOptions(
            PublicationNature.CORRECTION if nature == "correction" else PublicationNature.IMPROVEMENT, "", asks_learners=nature == "choice"
        )
        self._tick()
        with self.instance.database.unit_of_work() as session:
            course = drafts.import_draft(session, SYSTEM, checked.course, kept, now=self.now)
            row = publishing.publish_version(session, SYSTEM, course, checked.prepared, KINDS, self.instance.files, options, now=self.now)
        self._published(row, tuple(self.draft), nature)

    @rule(place=st.integers(0, 9), nature=st.sampled_from(["correction", "improvement", "choice"]))
    def go_back(self, place: int, nature: str) -> None:
        """An earlier version goes out again, keys and all; the draft stays as it is."""
        old = self.versions[place % len(self.versions)]
        self._tick()
        with self.instance.database.unit_of_work(write=False) as session:
            version = session.get_one(CourseVersion, old.id)
            files = versions.version_files(session, self.instance.files, version)
        prepared = publishing.prepare(files, KINDS, today=NOON.date()).prepared
        assert prepared is not None
        options = PublishOptions(
            PublicationNature.CORRECTION if nature == "correction" else PublicationNature.IMPROVEMENT,
            "",
            None,
            nature == "choice",
            version.draft_revision,
        )
        with self.instance.database.unit_of_work() as session:
            course = catalogue.get_course(session, version.course_id)
            row = publishing.publish_version(session, SYSTEM, course, prepared, KINDS, self.instance.files, options, now=self.now)
        self._published(row, old.things, nature)

    def _published(self, row: CourseVersion, things: tuple[Thing, ...], nature: str) -> None:
        if self.versions and row.id == self.versions[-1].id:
            return
        self.versions.append(Published(row.id, row.number, things, nature == "choice"))
        self._work()
        if nature == "correction":
            for learner in self.learners:
                learner.move(self.versions[-1])

    @rule()
    def publish_twice(self) -> None:
        """The same text again, with another nature: nothing is made."""
        self.publish("improvement")
        before = len(self.versions)
        self.publish("correction")
        assert len(self.versions) == before

    # --- Learning --------------------------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.learners) < 3)
    @rule()
    def enrol(self) -> None:
        """Somebody begins with what is published."""
        actor = actor_of(a_person(self.instance, f"persona{next(PEOPLE)}@example.org"))
        with self.instance.database.unit_of_work() as session:
            enrolments.enrol(session, actor, learners.get_learner_context(session, actor, self.slug), now=self._tick())
        self.learners.append(Learner(actor, self.versions[-1]))

    @precondition(lambda self: self.learners)
    @rule(who=st.integers(0, 9), what=st.integers(0, 9))
    def learn(self, who: int, what: int) -> None:
        """A learner does something of the version they follow."""
        learner = self.learners[who % len(self.learners)]
        thing = learner.follows.things[what % len(learner.follows.things)]
        if thing.quiz:
            pass_quiz(self.instance, learner.actor, self.slug, thing.key, now=self._tick())
        else:
            mark_done(self.instance, learner.actor, self.slug, thing.key, now=self._tick())
        learner.done.setdefault(thing.identity, learner.follows.id)
        learner.look()

    @precondition(lambda self: self.learners)
    @rule(who=st.integers(0, 9))
    def fail(self, who: int) -> None:
        """A failed attempt completes nothing and takes nothing back."""
        learner = self.learners[who % len(self.learners)]
        quiz = next(thing for thing in learner.follows.things if thing.quiz)
        fail_quiz(self.instance, learner.actor, self.slug, quiz.key, now=self._tick())

    @precondition(lambda self: self.learners)
    @rule(who=st.integers(0, 9), moves=st.booleans())
    def answer(self, who: int, moves: bool) -> None:
        """A learner who is asked says yes or no."""
        learner = self.learners[who % len(self.learners)]
        offered = next((version for version in reversed(self.versions) if version.asks and version.id > learner.follows.id), None)
        with self.instance.database.unit_of_work() as session:
            context = learners.get_learner_context(session, learner.actor, self.slug)
            offer = version_queries.find_offer(session, context.enrolment_id or 0)
            expected = None if learner.completed_in else offered
            assert (offer.version_id if offer else None) == (expected.id if expected else None)
            if offer is None or expected is None:
                return
            assert offer.declined == (expected.id in learner.declined)
            enrolments.answer_offer(session, learner.actor, context, offer.version_id, moves=moves, now=self._tick())
        if moves:
            learner.move(expected)
        else:
            learner.declined.add(expected.id)

    # --- What must hold ---------------------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_and_nothing_given(self) -> None:
        """Each learner follows the right version and has exactly what they did, in any version, of what it holds."""
        with self.instance.database.unit_of_work(write=False) as session:
            for learner in self.learners:
                enrolment = session.execute(select(Enrolment).where(Enrolment.person_id == learner.actor.person_id)).scalar_one()
                assert enrolment.course_version_id == learner.follows.id
                rows = {row.activity_key: row for row in session.scalars(select(ActivityResult).filter_by(enrolment_id=enrolment.id))}
                outline = versions.get_outline(session, learner.follows.id)
                assert set(outline.by_key) == {thing.key for thing in learner.follows.things}
                for thing in learner.follows.things:
                    row = rows.get(thing.key)
                    found = row.completed_version_id if row is not None and row.completed_at is not None else None
                    assert found == learner.done.get(thing.identity), thing
                required = {thing.identity for thing in learner.follows.things if thing.required}
                assert (enrolment.done, enrolment.total) == (len(required & learner.done.keys()), len(required))
                completion = session.execute(select(Completion).filter_by(enrolment_id=enrolment.id)).scalar_one_or_none()
                assert (completion.course_version_id if completion else None) == (learner.completed_in.id if learner.completed_in else None)

    def teardown(self) -> None:
        """Every certificate names the version in which its course was completed."""
        self._work()
        with self.instance.database.unit_of_work(write=False) as session:
            for learner in self.learners:
                rows = select(Credential.course_version).where(Credential.person_id == learner.actor.person_id)
                assert list(session.scalars(rows)) == ([learner.completed_in.number] if learner.completed_in else [])

    def _tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def _work(self) -> None:
        outbox.deliver_waiting(self.instance.worker, now=self._tick())


@pytest.mark.slow
def test_random_histories_lose_no_progress(instance: Instance) -> None:
    class Here(Histories):
        pass

    Here.instance = instance

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, database=None
        ),
    )
