"""Publications that wait: one for its day, one for a second person's approval."""

from datetime import datetime, timedelta

from accounts import people
from courses import authoring, catalogue, drafts, planned_publications, publishing
from courses.models import PublicationNature, StaffRole
from courses.publishing import PublishOptions
from kernel.permissions import Actor
from lms.demo import sample_class, welcome_course
from lms.demo.people import STAFF
from lms.demo.timeline import DemoTimeline, enter
from lms.instance import Instance

DAYS = 4
"""Until the day of a publication that waits for it."""
ADDED = "\n\nEste párrafo se añadió para la siguiente versión.\n"
LESSONS = {welcome_course.SLUG: "01-bienvenida/01-como-mirar.es.md", sample_class.SLUG: "01-practica/01-que-es-esto.es.md"}
"""The lesson that is changed in each course."""


def plan_publications(instance: Instance, *, now: datetime) -> None:
    """Change a lesson in the demonstration's own courses and plan to publish it: in some days, or when somebody approves it."""
    for slug, path in LESSONS.items():
        _plan(instance, slug, path, approved=slug == sample_class.SLUG, now=now - timedelta(hours=26))


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
        checked = publishing.prepare(drafts.outgoing_files(session, instance.files, course.id), instance.kinds, today=now.date())
        assert checked.prepared is not None
        options = PublishOptions(PublicationNature.CORRECTION, "Un párrafo más en la lección.", revision)
        when = None if approved else stage.day(DAYS, 7)
        planned_publications.request_publication(session, editor, course, checked.prepared.digest, options, when, now=now)


def _member(stage: DemoTimeline, role: StaffRole) -> Actor:
    person = people.find_person_by_email(stage.session, STAFF[role].email)
    assert person is not None
    return enter(stage, STAFF[role], person.id)
