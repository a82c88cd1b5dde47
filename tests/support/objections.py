"""Objections for tests: a selection whose provisional acta is published, learners who object, two members of its jury."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from accounts.models import Notification, Person
from kernel.audit import AuditEntry
from lms.instance import Instance
from quizzes.models import Attempt
from selections.models import Objection, ObjectionGroup, ObjectionProposal, Selection
from tests.support.browser import Browser
from tests.support.builders import publish, sign_in
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import a_batch, start, submit
from tests.support.scenes import scene
from tests.support.selection_folders import BANK
from tests.support.selections import a_juror, a_sat_selection, a_selecting_folder, a_selection, an_acta

REASON = "La opción que se da por falsa también es verdadera según la ley vigente."
WORDS = {"ground": "two_right", "reason": REASON}
PROPOSAL = {"outcome": "void", "ground": "La ley admite las dos respuestas.", "source": "Ley, art. 12"}


@dataclass
class Objecting:
    """A selection in the term: its jury of two, and the people who sat."""

    instance: Instance
    selection: Selection
    julia: Browser
    hugo: Browser

    def learner(self, email: str = "diana@example.org") -> Browser:
        """Sign one of those who sat in."""
        return sign_in(self.julia.another(), email)

    def attempt(self, email: str = "diana@example.org") -> UUID:
        """Return the attempt of a person."""
        with self.instance.database.unit_of_work(write=False) as session:
            statement = select(Attempt.uuid).join(Person, Person.id == Attempt.person_id).where(Person.email == email)
            return session.scalars(statement).one()

    def path(self, place: int = 5, email: str = "diana@example.org") -> str:
        """Return the address at which a person objects to a question."""
        return f"/attempts/{self.attempt(email)}/objections/{place}"

    def object_to(self, place: int = 5, email: str = "diana@example.org", status: int = 200, **words: str) -> Browser:
        """Let a person object to a question; return their browser."""
        learner = self.learner(email)
        learner.get(self.path(place, email))
        learner.submit(f"objections/{place}", {**WORDS, **words}, status=status)
        return learner

    def objections(self) -> list[Objection]:
        """Return every objection."""
        with self.instance.database.unit_of_work(write=False) as session:
            return list(session.scalars(select(Objection).order_by(Objection.id)))

    def groups(self) -> list[ObjectionGroup]:
        """Return what is decided together."""
        with self.instance.database.unit_of_work(write=False) as session:
            return list(session.scalars(select(ObjectionGroup).order_by(ObjectionGroup.id)))

    def proposals(self) -> list[ObjectionProposal]:
        """Return every proposal."""
        with self.instance.database.unit_of_work(write=False) as session:
            return list(session.scalars(select(ObjectionProposal).order_by(ObjectionProposal.id)))

    @property
    def listing(self) -> str:
        """Return the address of the list."""
        return f"/selections/{self.selection.uuid}/objections"

    @property
    def page(self) -> str:
        """Return the address of the newest objections."""
        return f"{self.listing}/{self.groups()[-1].uuid}"

    def propose(self, juror: Browser | None = None, status: int = 200, **words: str) -> None:
        """Let a member of the jury propose an outcome."""
        juror = juror or self.julia
        juror.get(self.page)
        juror.submit("/proposals", {**PROPOSAL, **words}, status=status)

    def decide(self, juror: Browser | None = None, status: int = 200, **words: str) -> None:
        """Let another member decide."""
        juror = juror or self.hugo
        juror.get(self.page)
        juror.submit("/decision", words, status=status)

    def percents(self) -> dict[str, float]:
        """Return the percentages of all, by first name of the address."""
        with self.instance.database.unit_of_work(write=False) as session:
            rows = session.execute(
                select(Person.email, Attempt.percent).join(Attempt, Attempt.person_id == Person.id).order_by(Person.email)
            )
            return {email.partition("@")[0]: round(float(percent), 2) for email, percent in rows if percent is not None}

    def states(self) -> Sequence[str]:
        """Return the states of what is decided together."""
        return [one.state for one in self.groups()]


@scene
def a_published_selection(browser: Browser, instance: Instance) -> Objecting:
    """Publish the provisional acta of four people who sat a quiz of five questions: 5, 4, 4 and 3 right."""
    return a_published(browser, instance, a_sat_selection(instance))


@scene
def a_published(browser: Browser, instance: Instance, selection: Selection) -> Objecting:
    """Publish the provisional acta of a selection; name its jury of two."""
    julia = a_juror(browser, instance, selection, given="Julia")
    an_acta(julia, selection)
    julia.submit("/publication")
    hugo = a_juror(browser.another(), instance, selection, "hugo@example.org", given="Hugo")
    return Objecting(instance, selection, julia, hugo)


@scene
def an_objected_question(browser: Browser, instance: Instance) -> Objecting:
    """Let two of the four object to the fifth question, which both answered wrongly."""
    found = a_published_selection(browser, instance)
    found.object_to(5)
    found.object_to(5, "carla@example.org", ground="unclear")
    return found


SINGLE = """questions:
  - key: p1
    kind: single
    level: apply
    source: [ley]
    shuffle: false
    text: ¿Qué es?
    options:
      - {right: Uno, key: uno, why: Sí.}
      - {wrong: Dos, key: dos, why: No.}
      - {wrong: Tres, key: tres, why: No.}
    explanation: Uno es.
"""


@scene
def an_objected_choice(browser: Browser, instance: Instance) -> Objecting:
    """Publish a selection of one single choice: the first option is the key, Ana chose it, Berta the second one, who objects."""
    files = a_selecting_folder(1, "attempts: 1\nintegrity: {honour: false}\n")
    course = publish(instance, files | {BANK: SINGLE.encode()})[0]
    edition = an_edition(instance, course)
    for email, place in (("ana@example.org", "1"), ("berta@example.org", "2"), ("carla@example.org", "3")):
        learner = a_learner_of(instance, course, edition, email)
        submit(instance, learner, attempt := start(instance, learner, "prueba"), a_batch({1: [place]}, kind="submit"))
        assert attempt
    found = a_published(browser, instance, a_selection(instance, course, edition))
    found.object_to(1, "berta@example.org")
    return found


def notices_of(instance: Instance, email: str, key: str, kind: str = "objection") -> list[str]:
    """Return the notices of a person whose key begins so."""
    mine = (Person.email == email, Notification.key.startswith(key), Notification.kind == kind)
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(
            select(Notification).join(Person, Person.id == Notification.person_id).where(*mine).order_by(Notification.id)
        )
        return [f"{row.subject['es']}\n{row.words['es']}" for row in rows]


def facts(instance: Instance, verb: str) -> list[dict[str, object]]:
    """Return what the audit log holds of a verb."""
    with instance.database.unit_of_work(write=False) as session:
        return [json.loads(one) for one in session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == verb).order_by(AuditEntry.id))]
