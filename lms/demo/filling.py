"""The demonstration filled and started: its courses published and lived through, publications planned, and the accounts to sign in with."""

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import click

from accounts import accounts, passwords, people
from accounts.accounts import SignUp
from courses import authoring, catalogue, drafts, planned_publications, publishing
from courses import team as team_services
from courses import versions as course_outlines
from courses.models import PublicationNature, StaffRole
from courses.publishing import PublishOptions
from kernel import clock, outbox
from kernel.i18n import site_day
from kernel.paths import CONTENT
from kernel.permissions import SYSTEM, Actor, SiteRole
from kernel.settings import LOOPBACK
from lms import serve as server
from lms.demo import samples, welcome_course
from lms.demo.communities import hold_communities
from lms.demo.discussions import discussion_life
from lms.demo.institution import compulsory_life, follow_training, institution_life, make_editions, reminder_life, waiting_life
from lms.demo.learning import learner_life, note_life, second_course_life
from lms.demo.people import (
    ADMINISTRATOR,
    AUDITOR,
    DOMAIN,
    LEARNER,
    MANAGER,
    OFFICER,
    STAFF,
    WEEKS,
    DemoLearner,
    DemoTimeline,
    Identity,
    Life,
    enter,
    graduate,
    join,
    learners,
    play,
)
from lms.demo.samples import QUIZ, SLUG, hold_sample_quiz, hold_sample_selection
from lms.demo.teaching import administrator_life, grader_life, regrading_life, staff_life, teaching_life
from lms.demo.welcome_course import hold_welcome
from lms.instance import Instance
from lms.publishing import publish_samples
from lms.scratch_folders import ScratchFolder
from organisations.profile import change_profile

DAYS = 4
"""Until the day of a publication that waits for it."""
ADDED = "\n\nEste párrafo se añadió para la siguiente versión.\n"
LESSONS = {welcome_course.SLUG: "01-bienvenida/01-como-mirar.es.md", samples.SLUG: "01-practica/01-que-es-esto.es.md"}
"""The lesson that is changed in each course."""


def plan_publications(instance: Instance, *, now: datetime) -> None:
    """Change a lesson in the demonstration's own courses and plan to publish it: in some days, or when somebody approves it."""
    for slug, path in LESSONS.items():
        _plan(instance, slug, path, approved=slug == samples.SLUG, now=now - timedelta(hours=26))


def _plan(instance: Instance, slug: str, path: str, *, approved: bool, now: datetime) -> None:
    with instance.database.unit_of_work() as session:
        stage = DemoTimeline(instance, now, (), opened=session)
        owner, editor = (_member(stage, role) for role in (StaffRole.OWNER, StaffRole.EDITOR))
        known = catalogue.find_course(session, slug)
        assert known is not None
        course = catalogue.lock_course(session, known.id)
        if approved:
            planned_publications.set_approval(session, owner, course, needed=True, now=now)
        text = drafts.list_draft_contents(session, course.id, [path])[0]
        revision = authoring.save_text(
            session, editor, course, path, (text.body or "").rstrip() + ADDED, base_revision=text.revision, now=now
        )
        session.flush()  # what goes out is read below
        checked = publishing.prepare(drafts.outgoing_files(session, instance.files, course.id), instance.kinds, today=site_day(now))
        assert checked.prepared is not None
        options = PublishOptions(PublicationNature.CORRECTION, "Un párrafo más en la lección.", revision)
        when = None if approved else stage.day(DAYS, 7)
        planned_publications.request_publication(session, editor, course, checked.prepared.digest, options, when, now=now)


def _member(stage: DemoTimeline, role: StaffRole) -> Actor:
    person = people.find_person_by_email(stage.session, STAFF[role].email)
    assert person is not None
    return enter(stage, STAFF[role], person.id)


SEED = 20261120
TRAINING_STAFF = {"training officer": OFFICER, "auditor": AUDITOR}
SCHOOL: Mapping[str, object] = {
    "names": {"es": "Escuela de seguridad social IESS-EDUCA"},
    "short_names": {"es": "IESS-EDUCA"},
    "front_titles": {"es": "Entender la seguridad social, a su ritmo", "en": "Understanding social security, at your own pace"},
    "front_texts": {
        "es": "Cursos escritos por gente que trabaja en la institución. Léalos a su ritmo, en la computadora de la oficina o en el "
        "teléfono, aun con una conexión lenta, y termine con un certificado que cualquiera puede verificar.",
        "en": "Courses written by people who work in the institution. Read them at your own pace, on an office computer or a phone, even "
        "with a slow connection, and finish with a certificate that anyone can verify.",
    },
    "turned_entries": ("simulator",),
}
"""Site settings of the demonstration."""
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
    _introduce(stage)
    return accounts_made


def _introduce(stage: DemoTimeline) -> None:
    """Give the site the name and the front page of the school whose courses it shows, as its administrator would."""
    with stage.instance.database.unit_of_work() as session:
        administrator = stage.people[ADMINISTRATOR.email]
        change_profile(session, administrator, stage.instance.present_settings, SCHOOL, now=stage.now)


def fill_own_courses(instance: Instance, *, now: datetime, count: int = 60, seed: int = SEED) -> None:
    """Publish the demonstration's own courses, let people of a filled instance take them, and plan their next publications.

    Communities are added too.
    """
    hold_welcome(instance, learners(count, seed), before=BEFORE, now=now)
    hold_sample_quiz(instance, now=now)
    hold_sample_selection(instance, now=now)
    hold_communities(instance, now=now)
    plan_publications(instance, now=now)
    outbox.deliver_waiting(instance.worker, now=now)


_RUDE = (
    "bobo boba caca caga cago coca cojo coja culo gago homo joto lelo loca loco memo mono moro nazi pedo pene pico pipi pito popo poto"
    " puta puto rabo seno sida teta tete titi tito"
)
"""What nobody is to read aloud in front of others."""
WORDS = sorted({"".join(letters) for letters in product(_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS)} - {*_RUDE.split()})


def new_password() -> str:
    """Generate a password that can be read aloud: four words of four letters, 51 bits."""
    return "-".join(secrets.choice(WORDS) for _word in range(4))


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
        note_life(stage),
        discussion_life(stage, people),
        compulsory_life(stage, people),
        administrator_life(stage, ADMINISTRATOR, people),
        *(staff_life(stage, STAFF[role]) for role in (StaffRole.OWNER, StaffRole.EDITOR)),
        *(learner_life(stage, learner, hashes[LEARNER.email]) for learner in people),
    ]
    if len(stage.outlines) > 1:
        lives.append(second_course_life(stage, people[0], graduate(people[0])))
    return lives


FOLDER = Path("instance/demo")
GROUND = ScratchFolder("demonstration", "demonstration")
"""Its marker holds the day of the filling."""


def start(host: str, port: int, *, fresh: bool, learners: int, fill_only: bool) -> None:
    """Fill the demonstration where that has not been done, and serve it; raise ClickException where it cannot be."""
    if host not in LOOPBACK:
        raise click.BadParameter(f"The demonstration answers on this machine only: {', '.join(LOOPBACK)}.", param_hint="--host")
    folder = Path(os.environ.get("LMS_DATA_DIR") or FOLDER)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    own = {"data_dir": folder, "database_url": "", "smtp_host": "", "public_url": address}
    with GROUND.claimed(folder):
        if not fill_only:
            server.check_port(host, port)
        GROUND.clear(folder, fresh=fresh)
        if fill_only:
            _fill_only(host, port, learners, own)
        else:
            server.serve(host, port, publish=lambda instance, content: prepare(instance, content, learners), workers=None, **own)


def _fill_only(host: str, port: int, learners: int, own: dict[str, object]) -> None:
    instance = server.open_checked(server.checked_settings(host, port, **own))
    try:
        click.echo("\n".join(prepare(instance, CONTENT, learners)))
    finally:
        instance.database.dispose()


def prepare(instance: Instance, content: Path, learners: int) -> list[str]:
    """Publish the sample courses and fill, where that has not been done; return what is to be said."""
    marker = instance.settings.data_dir / GROUND.marker
    address = instance.settings.public_url
    if marker.read_text():
        return [
            f"The demonstration was filled on {marker.read_text()}; lms demo --fresh makes it anew, with new passwords.",
            *_places(address),
        ]
    now = clock.now()
    lines = publish_samples(instance, content, now=now - BEFORE)
    click.echo(f"Inventing {learners} people and eight weeks of their work; this takes a minute …")
    made = fill(instance, now=now, count=learners)
    fill_own_courses(instance, now=now, count=learners)
    took = round((clock.now() - now) / timedelta(seconds=1))
    marker.write_text(site_day(now).isoformat())
    return [
        *lines,
        f"Filled in {took} seconds.",
        "",
        *table(made),
        "",
        f"The other learners (…@{DOMAIN}) have the learner's password, and so have those of the communities:",
        f"comunidad-amaya@{DOMAIN} and comunidad-bruno@{DOMAIN} administer one each.",
        *_places(address),
    ]


def table(accounts: Sequence[Account]) -> list[str]:
    """Write the accounts as lines of equal columns."""
    rows = [("Role", "Address", "Password"), *((account.role, account.email, account.password) for account in accounts)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _places(address: str) -> list[str]:
    paths = {
        "Learner": ("/learning", "/courses", "/certificates"),
        "Course team": ("/teaching", f"/courses/{SLUG}/quizzes/{QUIZ}/statistics"),
        "Unit manager": ("/units",),
        "Administrator": ("/administration", "/administration/organisations"),
        "Everybody": ("/", "/communities", "/recordings", "/verify"),
    }
    return [f"{reader + ':':<15}{'  '.join(address + path for path in pages)}" for reader, pages in paths.items()]
