"""Selections for tests: a course with a selecting quiz, an edition whose results decide, a jury with second factors."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from accounts.models import Person, SecondFactor
from courses.models import Course
from enrolments.models import Edition
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.dry_runs import RegradeRequest
from quizzes.models import Attempt
from quizzes.rules.regrade import RegradeKind
from quizzes.rules.states import AnsweringSession, IntegrityRecord, PageAbsence, write_record
from quizzes.saves import SaveRequest
from selections import selections
from selections.models import ActaKind, MemberRole, Selection, SelectionActa
from selections.selections import list_members
from selections.standing import read_document
from tests.support.browser import Browser
from tests.support.builders import a_person, a_teacher, an_administrator, folder, publish, sign_in
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import actor_of, right_batch, start, submit
from tests.support.regrading import a_dry_run, commit, question_id
from tests.support.scenes import scene
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


@scene
def a_selection(instance: Instance, course: Course, edition: Edition | None = None) -> Selection:
    """Make a selection of an edition of a course."""
    edition = edition or an_edition(instance, course)
    with instance.database.unit_of_work() as session:
        administrator = session.scalar(select(Person).where(Person.email == "admin@example.org"))
    boss = administrator or an_administrator(instance)
    with instance.database.unit_of_work() as session:
        return selections.create_selection(session, actor_of(boss), course.id, KEY, edition=edition.uuid, group=None, now=clock.now())


@scene
def name(instance: Instance, selection: Selection, email: str, role: MemberRole = MemberRole.JURY, **names: str) -> Person:
    """Make a person with a second factor, named for a selection."""
    person = add_factor(instance, a_person(instance, email, **names))
    appoint(instance, selection, person, role)
    return person


def appoint(instance: Instance, selection: Selection, person: Person, role: MemberRole = MemberRole.JURY) -> None:
    """Name a person for a selection, whatever actas it has."""
    with instance.database.unit_of_work() as session:
        boss = session.scalars(select(Person).where(Person.email == "admin@example.org")).one()
        selections.name_member(session, actor_of(boss), selection.id, person.email, role, by_jury=True, now=clock.now())


def named(instance: Instance, selection: Selection) -> list[tuple[str, str]]:
    """Return who is named for a selection, by address and role."""
    with instance.database.unit_of_work(write=False) as session:
        return [(one.Person.email, one.SelectionMember.role) for one in list_members(session, [selection.id])]


@scene
def a_juror(browser: Browser, instance: Instance, selection: Selection, email: str = "julia@example.org", **names: str) -> Browser:
    """Sign a member of the jury in."""
    person = a_person(instance, email, **names)
    signed = sign_in(browser, email)
    appoint(instance, selection, add_factor(instance, person))
    return signed


TWO_OBJECTIVES = "  - {es: Contar., en: To count.}\n  - {es: Sumar., en: To add.}\n"


def a_folder_with_ties(ties: str, more: str = "attempts: 1\n") -> dict[str, bytes]:
    """Return a course with a selecting quiz of five questions, two about counting and three about adding, with criteria for ties."""
    files = a_selecting_folder(more=more + ties)
    module = next(name for name in files if files[name].startswith(b"key: parte-1"))
    files[module] = files[module].replace(b"  - {es: Contar., en: To count.}\n", TWO_OBJECTIVES.encode())
    own = {f"p{at}": f"level: apply; source: [ley]; objective: {'contar' if at <= 2 else 'sumar'}" for at in range(1, 6)}
    files[BANK] = questions(**own).encode()
    return files


def answer_these(instance: Instance, learner: Actor, *places: int) -> UUID:
    """Let a learner submit a selecting quiz with the questions at these places right and the others unanswered."""
    attempt = start(instance, learner, "prueba")
    batch = right_batch(instance, learner, attempt)
    events = tuple(batch.events[place - 1] for place in places)
    submit(instance, learner, attempt, SaveRequest(batch.page_epoch, events, batch.kind))
    return attempt


def answer(instance: Instance, learner: Actor, right: int, of: int = 5, *, now: datetime | None = None) -> UUID:
    """Let a learner submit a selecting quiz with so many of its questions right and the others unanswered."""
    attempt = start(instance, learner, "prueba", now=now)
    batch = right_batch(instance, learner, attempt)
    submit(instance, learner, attempt, SaveRequest(batch.page_epoch, batch.events[:right], batch.kind), now=now)
    return attempt


SCORES = {"ana@example.org": 5, "berta@example.org": 4, "carla@example.org": 4, "diana@example.org": 3}


@scene
def a_sat_selection(instance: Instance) -> Selection:
    """Make a selection of four people who sat a selecting quiz of five questions, and one who did not."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    for email, right in SCORES.items():
        answer(instance, a_learner_of(instance, course, edition, email), right)
    a_learner_of(instance, course, edition, "eva@example.org")
    return a_selection(instance, course, edition)


TWICE = IntegrityRecord(
    absences=(PageAbsence(10, 95),),
    absent=1,
    absent_seconds=95,
    sessions=(AnsweringSession(1, "198.51.100.0", 1, 0, 40), AnsweringSession(2, "203.0.113.0", 2, 20, 45)),
    encounters=(45,),
)


def note(instance: Instance, record: IntegrityRecord) -> None:
    """Let the attempts have this record."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(integrity_record=write_record(record)))


def all_actas(instance: Instance) -> list[SelectionActa]:
    """Return every acta, in the order in which they were asked for."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(SelectionActa).order_by(SelectionActa.id)))


def document(instance: Instance, row: SelectionActa) -> bytes:
    """Return the signed bytes of an acta."""
    with instance.database.unit_of_work(write=False) as session:
        return b"".join(read_document(session, row))


@scene
def a_draft(browser: Browser, instance: Instance, selection: Selection, **names: str) -> Browser:
    """Sign a member of the jury in, who has had an acta prepared and sees it."""
    juror = a_juror(browser, instance, selection, **names)
    an_acta(juror, selection)
    return juror


@scene
def a_provisional(browser: Browser, instance: Instance, selection: Selection, **names: str) -> Browser:
    """Sign a member of the jury in, who has published a provisional acta."""
    juror = a_draft(browser, instance, selection, **names)
    juror.submit("/publication")
    return juror


@scene
def a_final(browser: Browser, instance: Instance, selection: Selection, juror: Browser | None = None) -> Browser:
    """Publish a provisional acta, and have the final one signed by two; return the first member of the jury."""
    if juror is None:
        juror = a_provisional(browser, instance, selection, given="Julia")
    else:
        an_acta(juror, selection)
        juror.submit("/publication")
    sign_by_two(browser, instance, selection, juror)
    juror.deliver_jobs()
    return juror


def void(instance: Instance, key: str, kind: RegradeKind = RegradeKind.UNLESS_LOWER) -> int:
    """Make a question of the quiz void in the name of an editor; return the regrade."""
    dry_run = try_to_void(instance, key, kind)
    commit(instance, an_editor(instance), dry_run)
    return dry_run


def try_to_void(instance: Instance, key: str, kind: RegradeKind = RegradeKind.UNLESS_LOWER) -> int:
    """Make the dry run alone."""
    return a_dry_run(instance, an_editor(instance), RegradeRequest(kind, "Dos respuestas correctas.", question_id(instance, key)))


def an_editor(instance: Instance) -> Actor:
    """Return an editor of the course, the same one each time."""
    with instance.database.unit_of_work(write=False) as session:
        person = session.scalar(select(Person).where(Person.email == "editora@example.org"))
        course = session.scalars(select(Course)).one()
    return actor_of(person or a_teacher(instance, course, "editora@example.org"))


def let_term_pass(instance: Instance, selection: Selection) -> None:
    """Let the provisional acta of a selection be so old that nobody may object any more."""
    provisional = (SelectionActa.selection_id == selection.id, SelectionActa.kind == ActaKind.PROVISIONAL.value)
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionActa).where(*provisional).values(published_at=clock.now() - timedelta(days=60)))


def an_acta(browser: Browser, selection: Selection, reason: str = "") -> str:
    """Have a member of the jury prepare the next acta, objections being over; return its address."""
    let_term_pass(browser.instance, selection)
    if reason:
        browser.get(f"/selections/{selection.uuid}/amendment")
        browser.submit("/amendment", {"reason": reason})
    else:
        browser.get(f"/selections/{selection.uuid}")
        browser.submit("/actas")
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
