"""Fill an instance: staff first, then eight weeks of learners; the passwords are made anew and returned once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import accounts, passwords
from accounts.accounts import SignUp
from courses import catalogue
from courses import team as team_services
from courses import versions as course_outlines
from courses.models import StaffRole
from kernel import outbox
from kernel.permissions import SYSTEM, SiteRole
from lms.demo.compulsory import compulsory_life, follow_training
from lms.demo.editions import make_editions, waiting_life
from lms.demo.institution import institution_life
from lms.demo.learning import learner_life, second_course_life
from lms.demo.marking import grader_life, regrading_life
from lms.demo.people import ADMINISTRATOR, AUDITOR, LEARNER, MANAGER, OFFICER, STAFF, DemoLearner, Identity, graduate, learners
from lms.demo.planned import plan_publications
from lms.demo.reminders import reminder_life
from lms.demo.sample_class import hold_sample_quiz
from lms.demo.sample_selection import hold_sample_selection
from lms.demo.staff import administrator_life, staff_life
from lms.demo.teaching import teaching_life
from lms.demo.timeline import WEEKS, DemoTimeline, Life, enter, join, play
from lms.demo.welcome_course import hold_welcome
from lms.instance import Instance

SEED = 20261120
TRAINING_STAFF = {"training officer": OFFICER, "auditor": AUDITOR}
COURSES = 20
BEFORE = timedelta(weeks=WEEKS, days=3)
"""How long ago courses are published and their teams appear."""
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvz", "aeiou"


@dataclass(frozen=True, slots=True)
class Account:
    """A line of the table that is printed once."""

    role: str
    email: str
    password: str


def fill(instance: Instance, *, now: datetime, count: int = 60, seed: int = SEED) -> list[Account]:
    """Fill an instance that has courses and no people, and return the accounts to sign in with.

    The same seed gives the same people, dates, abilities and outcomes. Which questions an attempt draws is chance, as everywhere.
    """
    teams = {f"course {role.value}": identity for role, identity in STAFF.items()}
    roles = {"administrator": ADMINISTRATOR, **teams, "unit manager": MANAGER, **TRAINING_STAFF, "learner": LEARNER}
    accounts_made = [Account(role, identity.email, new_password()) for role, identity in roles.items()]
    hashes = {account.email: passwords.hash_password(account.password) for account in accounts_made}
    stage = _stage(instance, now)
    _staff(stage, hashes)
    people = learners(count, seed)
    play(stage, _lives(stage, people, hashes))
    return accounts_made


def fill_own_courses(instance: Instance, *, now: datetime, count: int = 60, seed: int = SEED) -> None:
    """Publish the demonstration's own courses, let people of a filled instance take them, and plan their next publications."""
    hold_welcome(instance, learners(count, seed), before=BEFORE, now=now)
    hold_sample_quiz(instance, now=now)
    hold_sample_selection(instance, now=now)
    plan_publications(instance, now=now)
    outbox.deliver_waiting(instance.worker, now=now)


def new_password() -> str:
    """Generate a password that can be read aloud: four words of four letters, 49 bits."""
    return "-".join("".join(secrets.choice(letters) for letters in (_CONSONANTS, _VOWELS) * 2) for _word in range(4))


def _stage(instance: Instance, now: datetime) -> DemoTimeline:
    with instance.database.unit_of_work(write=False) as session:
        versions = [entry.version_id for entry in catalogue.list_catalogue(session, limit=COURSES)]
        outlines = tuple(course_outlines.list_outlines(session, versions).values())
    return DemoTimeline(instance, now, outlines, each_morning=follow_training)


def _staff(stage: DemoTimeline, hashes: dict[str, str]) -> None:
    """Add the administrator, the manager of a province and the team of every course, who were there before the learners."""
    now = stage.now - BEFORE + timedelta(hours=1)
    with stage.instance.database.unit_of_work() as stage.opened:
        person = accounts.create_administrator(stage.session, SYSTEM, _command(ADMINISTRATOR, hashes), now=now)
        accounts.record_consent(stage.session, person, now=now)
        administrator = enter(stage, ADMINISTRATOR, person.id, SiteRole.ADMINISTRATOR)
        for identity in (MANAGER, *TRAINING_STAFF.values()):
            join(stage, identity, hashes[identity.email], now=now)
        team = [(role, join(stage, identity, hashes[identity.email], now=now).person_id) for role, identity in STAFF.items()]
        for outline in stage.outlines:
            course = catalogue.find_course(stage.session, outline.slug)
            assert course is not None
            for role, person_id in team:
                assert person_id is not None
                team_services.add_staff(stage.session, administrator, course, person_id, role, now=now + timedelta(hours=1))
        for outline in stage.outlines[:1]:
            make_editions(stage, stage.people[STAFF[StaffRole.OWNER].email], outline, now=now + timedelta(hours=2))


def _command(identity: Identity, hashes: dict[str, str]) -> SignUp:
    names = (identity.given_names, identity.first_surname, identity.second_surname)
    return SignUp(identity.email, hashes[identity.email], *names, identity.language, identity.zone)


def _lives(stage: DemoTimeline, people: Sequence[DemoLearner], hashes: dict[str, str]) -> list[Life]:
    """Start everybody's life; all who learn share the learner's password, so that it is hashed once."""
    if not stage.outlines:
        return []
    lives = [
        institution_life(stage, people),
        teaching_life(stage),
        waiting_life(stage, people),
        grader_life(stage),
        regrading_life(stage),
        reminder_life(stage),
        compulsory_life(stage, people),
        administrator_life(stage, ADMINISTRATOR, people),
        *(staff_life(stage, STAFF[role]) for role in (StaffRole.OWNER, StaffRole.EDITOR)),
        *(learner_life(stage, learner, hashes[LEARNER.email]) for learner in people),
    ]
    if len(stage.outlines) > 1:
        lives.append(second_course_life(stage, people[0], graduate(people[0])))
    return lives
