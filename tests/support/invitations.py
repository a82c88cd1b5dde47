"""Invitations to a course for tests: sent by its team through the pages, and accepted."""

import re
from uuid import uuid4

from sqlalchemy import select

from accounts.models import Person
from courses.models import Course
from enrolments import invitations
from enrolments.invitations import InvitationBatch
from enrolments.models import Enrolment, EnrolmentInvitation
from kernel import clock
from lms.instance import Instance
from tests.support.browser import Browser, Form
from tests.support.learning import actor_of

TEACHING = "/teaching/prueba"
LEARNERS = f"{TEACHING}/learners"
INVITATIONS = f"{LEARNERS}/invitations"
NAMES = {"given_names": "Nadia", "first_surname": "Nueva", "password": "cuatro palabras nada obvias", "consent": "y"}


def send_list(team: Browser, text: str, **fields: str) -> str:
    """Send a list and confirm it; return its address."""
    team.get(f"{LEARNERS}/lists")
    team.submit(f"{LEARNERS}/lists", {"addresses": text, "file": None, **fields})
    path = team.path
    team.submit(f"{path}/confirmation")
    team.deliver_jobs()
    return path


def link_to(team: Browser, address: str) -> str:
    """Invite an address from the roster; return the path of the link that is shown once."""
    team.get(f"{LEARNERS}?new={address}")
    shown = team.submit(INVITATIONS)
    found = re.search(r'value="https?://[^/]+(/course-invitations/[^"]+)"', shown.html)
    assert found, shown.text
    return found[1]


def offered(visitor: Browser) -> Form:
    """Return the form that accepts an invitation."""
    return next(form for form in visitor.page.forms if form.action.startswith("/learning/invitations/"))


def accept(visitor: Browser) -> None:
    """Accept the invitation of the present page."""
    visitor.submit("", form=offered(visitor))


def invitation_rows(instance: Instance) -> list[EnrolmentInvitation]:
    """Return every invitation, oldest first."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(EnrolmentInvitation).order_by(EnrolmentInvitation.id)))


def takes(instance: Instance, email: str) -> bool:
    """Return whether the person with an address takes the course."""
    with instance.database.unit_of_work(write=False) as session:
        statement = select(Enrolment.id).join(Person, Person.id == Enrolment.person_id)
        return session.scalar(statement.where(Person.email == email, Enrolment.left_at.is_(None))) is not None


def an_invitation(instance: Instance, course: Course, address: str) -> None:
    """Invite an address as another member of the team does."""
    with instance.database.unit_of_work() as session:
        sender = session.scalars(select(Person).where(Person.email == "ines@example.org")).one()
        invitations.invite(session, actor_of(sender), InvitationBatch(course.id, None, uuid4()), {address: "Ana Q."}, now=clock.now())
