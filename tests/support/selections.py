"""Selections for tests: a course with a selecting quiz, an edition whose results decide, a jury with second factors."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from accounts.models import Person, SecondFactor
from courses.models import Course
from enrolments.models import Edition
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.services.attempts import SaveRequest
from selections.models import MemberRole, Selection
from selections.queries.members import list_members
from selections.services import selections as services
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, folder, publish, sign_in
from tests.support.editions import an_edition
from tests.support.learning import actor_of, right_batch, start, submit
from tests.support.selection_folders import BANK, FILE, HEAD, questions

KEY = "cuestionario-1"
QUIZ = f"/courses/prueba/quizzes/{KEY}"
LAW = b"""ley:
  title: {es: Ley, en: Act}
  kind: document
  language: es
  host: Registro
  url: https://example.org/ley
  verified: 2026-01-01
"""
USE = (
    "selection:\n  use: {es: 'Ascensos 2027, Talento Humano', en: 'Promotions 2027, Personnel'}\n"
    "  contact: {es: talento@example.org, en: staff@example.org}\n"
)
RULES = "blueprint:\n  - {weight: 100, level: apply}\nreview: exam\npass_basis: {norm: {es: Reglamento, en: Rules}}\n"


def a_selecting_folder(count: int = 5, more: str = "attempts: 1\n") -> dict[str, bytes]:
    """Return a course with a selecting quiz of so many true or false questions."""
    files = folder(modules=1)
    keys = [f"p{at}" for at in range(1, count + 1)]
    files["recursos.yaml"] = LAW
    files[BANK] = questions(**dict.fromkeys(keys, "level: apply; source: [ley]")).encode()
    slots = "".join(f"  - question: {key}\n" for key in keys)
    files[FILE] = f"{HEAD}slots:\n{slots}{USE}{RULES}{more}".encode()
    return files


def a_selecting_course(instance: Instance, count: int = 5, more: str = "attempts: 1\n") -> Course:
    """Publish it."""
    return publish(instance, a_selecting_folder(count, more))[0]


def add_factor(instance: Instance, person: Person) -> Person:
    """Give a person a second factor."""
    row = SecondFactor(person_id=person.id, kind="app", name="Prueba", secret="-", counter=0, created_at=clock.now())
    with instance.database.unit_of_work() as session:
        session.add(row)
    return person


def a_selection(instance: Instance, course: Course, edition: Edition | None = None) -> Selection:
    """Make a selection of an edition of a course."""
    edition = edition or an_edition(instance, course)
    with instance.database.unit_of_work() as session:
        administrator = session.scalar(select(Person).where(Person.email == "admin@example.org"))
    boss = administrator or an_administrator(instance)
    with instance.database.unit_of_work() as session:
        return services.create_selection(session, actor_of(boss), course.id, KEY, edition=edition.uuid, group=None, now=clock.now())


def name(instance: Instance, selection: Selection, email: str, role: MemberRole = MemberRole.JURY, **names: str) -> Person:
    """Make a person with a second factor, named for a selection."""
    person = add_factor(instance, a_person(instance, email, **names))
    appoint(instance, selection, person, role)
    return person


def appoint(instance: Instance, selection: Selection, person: Person, role: MemberRole = MemberRole.JURY) -> None:
    """Name a person for a selection."""
    with instance.database.unit_of_work() as session:
        boss = session.scalars(select(Person).where(Person.email == "admin@example.org")).one()
        services.name_member(session, actor_of(boss), selection.id, person.email, role, now=clock.now())


def named(instance: Instance, selection: Selection) -> list[tuple[str, str]]:
    """Return who is named for a selection, by address and role."""
    with instance.database.unit_of_work(write=False) as session:
        return [(one.email, one.role.value) for one in list_members(session, [selection.id])]


def a_juror(browser: Browser, instance: Instance, selection: Selection, email: str = "julia@example.org", **names: str) -> Browser:
    """Sign a member of the jury in."""
    person = a_person(instance, email, **names)
    signed = sign_in(browser, email)
    appoint(instance, selection, add_factor(instance, person))
    return signed


def answer(instance: Instance, learner: Actor, right: int, of: int = 5, *, now: datetime | None = None) -> UUID:
    """Let a learner submit a selecting quiz with so many of its questions right and the others unanswered."""
    attempt = start(instance, learner, "prueba", now=now)
    batch = right_batch(instance, learner, attempt)
    submit(instance, learner, attempt, SaveRequest(batch.page_epoch, batch.events[:right], batch.kind), now=now)
    return attempt


def an_acta(browser: Browser, selection: Selection, reason: str = "") -> str:
    """Have a member of the jury prepare the next acta; return its address."""
    browser.get(f"/selections/{selection.uuid}")
    browser.submit("/actas", {"reason": reason} if reason else {})
    path = browser.path
    browser.deliver_jobs()
    browser.get(path)
    return path


def sign_by_two(browser: Browser, instance: Instance, selection: Selection, first: Browser, reason: str = "") -> str:
    """Have the next acta prepared and signed by two members of the jury; return its address."""
    path = an_acta(first, selection, reason)
    first.submit("/signature")
    second = getattr(first, "colleague", None) or a_juror(browser.another(), instance, selection, "hugo@example.org", given="Hugo")
    first.colleague = second  # type: ignore[attr-defined]  # the same colleague signs again
    second.get(path)
    second.submit("/signature")
    return path
