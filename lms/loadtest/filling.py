"""The instance of a load test: a course, and so many people who are enrolled in it."""

from itertools import islice

from accounts import accounts, passwords
from accounts.accounts import SignUp
from courses.content.model import Severity
from enrolments import enrolment, learners
from kernel import clock
from kernel.paths import CONTENT
from kernel.permissions import SYSTEM, Actor
from lms.demo.people import Identity
from lms.instance import Instance
from lms.loadtest.course import SLUG, folder
from lms.loadtest.people import identities
from lms.publishing import publish_folder

AT_ONCE = 500


def fill(instance: Instance, count: int, seed: int, password: str) -> None:
    """Publish the course and enrol everybody, through the services that pages use; all have the same password."""
    own = instance.settings.data_dir / "course"
    for path, content in folder(CONTENT).items():
        (own / path).parent.mkdir(parents=True, exist_ok=True)
        (own / path).write_bytes(content)
    published = publish_folder(instance, own)
    if published.version is None:
        raise AssertionError([finding.message for finding in published.findings if finding.severity is Severity.ERROR])
    hashed = passwords.hash_password(password)
    people = identities(count, seed)
    while some := list(islice(people, AT_ONCE)):
        _enrol(instance, some, hashed)


def _enrol(instance: Instance, some: list[Identity], hashed: str) -> None:
    now = clock.now()
    with instance.database.unit_of_work() as session:
        for identity in some:
            command = SignUp(
                identity.email,
                hashed,
                identity.given_names,
                identity.first_surname,
                identity.second_surname,
                identity.language,
                identity.zone,
            )
            person = accounts.create_person(session, SYSTEM, command, now=now, confirmed=True)
            actor = Actor(person_id=person.id, person_uuid=person.uuid, name=person.full_name, language=person.language)
            enrolment.enrol(session, actor, learners.get_learner_context(session, actor, SLUG), now=now)
        session.expunge_all()
