"""A second person's approval, publications planned for later, and what happens when the draft changes meanwhile."""

from datetime import UTC, timedelta

import pytest
from sqlalchemy import func, select

from accounts.models import Notification
from courses.models import Course, CourseVersion, StaffRole
from kernel import outbox
from kernel.audit import AuditEntry
from kernel.outbox import DeliveryOutcome, Job
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import NO_LONGER, a_course, a_teacher, folder, no_longer, sign_in
from tests.support.drafts import PUBLISHING, count_versions, draft_saying, plan_of, publication_verbs, save_draft, tomorrow
from tests.support.learning import all_at_once
from tests.support.wording import in_spanish

TEAM = "/teaching/prueba/team"


@pytest.fixture
def two(browser: Browser, instance: Instance) -> tuple[Browser, Browser]:
    """An owner who asks and an editor who decides, of a course that needs approval."""
    course = a_course(instance, modules=1)
    a_teacher(instance, course, "duena@example.org", StaffRole.OWNER)
    a_teacher(instance, course, "editor@example.org", StaffRole.EDITOR)
    owner, editor = sign_in(browser, "duena@example.org"), sign_in(browser.another(), "editor@example.org")
    owner.get(TEAM)
    owner.submit("/team/approval")
    draft_saying(instance, "manos")
    return owner, editor


def ask(owner: Browser, **values: str) -> str:
    """Ask for the approval through the page."""
    owner.get(PUBLISHING)
    return owner.submit("/publishing", {"nature": "correction", "note": "Manos", **values}).text


def test_a_second_person_approves_and_it_is_published_in_the_name_of_who_asked(two: tuple[Browser, Browser], instance: Instance) -> None:
    owner, editor = two

    asked = ask(owner)
    assert count_versions(instance) == 1
    page = editor.get(PUBLISHING).text
    told = editor.submit("/approval", {"remark": "De acuerdo"}).text

    assert in_spanish("Approval requested.") in asked
    assert in_spanish("Awaiting approval") in page
    assert in_spanish("Correction: everyone will move to it") in page, "nobody has moved yet"
    assert in_spanish("Version %(number)s is published.", number="2") in told
    assert publication_verbs(instance) == ["asked", "approved"]
    assert plan_of(instance).state == "published"
    with instance.database.unit_of_work(write=False) as session:
        row = session.execute(select(CourseVersion).where(CourseVersion.number == 2)).scalar_one()
        assert (row.published_by, row.nature, row.note) == (plan_of(instance).asked_by, "correction", "Manos")


def test_who_asks_may_not_approve_nor_publish_alone(two: tuple[Browser, Browser], instance: Instance) -> None:
    owner, _editor = two
    ask(owner)
    page = owner.get(PUBLISHING)
    token = dict(page.form("/language").fields)["csrf_token"]

    owner._request("POST", f"/teaching/prueba/plans/{plan_of(instance).uuid}/approval", data={"csrf_token": token, "remark": ""})

    assert owner.response.status_code == 409
    assert in_spanish("Approve and publish") not in page.text
    owner._request("POST", "/teaching/prueba/versions/1/publishing", data={"csrf_token": token, "nature": "correction", "note": ""})
    assert (owner.response.status_code, count_versions(instance)) == (409, 1)


def test_a_refusal_says_why_and_publishes_nothing(two: tuple[Browser, Browser], instance: Instance) -> None:
    owner, editor = two
    ask(owner)
    page = editor.get(PUBLISHING)
    token = dict(page.form("/language").fields)["csrf_token"]

    editor._request(
        "POST", f"/teaching/prueba/plans/{plan_of(instance).uuid}/refusal", data={"csrf_token": token, "remark": "Falta la fuente"}
    )

    told = owner.get(PUBLISHING).text
    assert in_spanish("It was not approved") in told
    assert "Falta la fuente" in told
    assert (plan_of(instance).state, count_versions(instance), publication_verbs(instance)) == ("refused", 1, ["asked", "refused"])


def test_a_later_save_voids_what_was_asked(two: tuple[Browser, Browser], instance: Instance) -> None:
    """Approval is of exactly one revision."""
    owner, editor = two
    ask(owner)
    editor.get(PUBLISHING)
    draft_saying(instance, "ojos")

    editor.submit("/approval", {"remark": ""}, status=409)
    ask(owner)

    assert count_versions(instance) == 1
    assert publication_verbs(instance) == ["asked", "void", "asked"]
    assert "El borrador cambió desde entonces" not in owner.get(PUBLISHING).text


def test_every_cell_of_approving(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    cast = a_cast(browser, instance)
    cast.join(course)
    asker = a_teacher(instance, course, "pide@example.org", StaffRole.OWNER)
    with instance.database.unit_of_work() as session:
        session.get_one(Course, course.id).needs_approval = True
    owner = sign_in(browser.another(), asker.email)
    done = {}
    for letter, one in cast.browsers.items():
        draft_saying(instance, f"manos {letter}")
        ask(owner)
        done[letter] = outcome(one, f"/teaching/prueba/plans/{plan_of(instance).uuid}/approval", "POST", {"remark": ""})

    assert cast.check("course.approve", "asked_by_another", done) == []


@pytest.fixture
def planned(browser: Browser, instance: Instance) -> Browser:
    """An editor who has planned the publication of a changed draft for tomorrow at eight, in the course's zone."""
    a_teacher(instance, a_course(instance, modules=1))
    draft_saying(instance, "manos")
    sign_in(browser, "profe@example.org")
    browser.get(PUBLISHING)
    browser.submit("/publishing", {"nature": "correction", "note": "", "when": f"{tomorrow():%Y-%m-%dT08:00}"})
    return browser


def test_a_publication_happens_at_its_moment_and_not_before(planned: Browser, instance: Instance) -> None:
    assert "Programada para" in planned.get(PUBLISHING).text

    outbox.deliver_waiting(instance.worker, now=tomorrow() - timedelta(minutes=1))
    before = count_versions(instance)
    outbox.deliver_waiting(instance.worker, now=tomorrow() + timedelta(minutes=1))

    assert (before, count_versions(instance), plan_of(instance).state) == (1, 2, "published")
    assert plan_of(instance).publish_at == tomorrow().astimezone(UTC)


def test_two_workers_publish_it_once(planned: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work(write=False) as session:
        job = session.execute(select(Job.id).where(Job.kind == "courses.publish_planned")).scalar_one()

    outcomes = all_at_once(4, lambda _place: outbox.deliver(instance.worker, job, now=tomorrow()))

    assert sorted(str(one) for one in outcomes) == sorted([DeliveryOutcome.DONE.value, *[DeliveryOutcome.NOT_MINE.value] * 3])
    with instance.database.unit_of_work(write=False) as session:
        told = select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "course.published")
        assert session.scalar(told) == 2
    assert count_versions(instance) == 2


@pytest.mark.parametrize("how", ["saved", "broken"])
def test_a_draft_that_changed_or_fails_is_not_published_and_its_author_is_told(planned: Browser, instance: Instance, how: str) -> None:
    files = folder(modules=1)
    bank = files["01-parte/banco.yaml"]
    save_draft(instance, {**files, "01-parte/banco.yaml": bank.replace(b"El agua moja.", b"El agua seca.")} if how == "saved" else files)

    outbox.deliver_waiting(instance.worker, now=tomorrow())

    assert (count_versions(instance), plan_of(instance).state) == (1, "void")
    assert publication_verbs(instance) == ["planned", "void"]
    assert in_spanish("It was not published") in planned.get(PUBLISHING).text
    assert "No publicado" in planned.get("/notices").text


def test_a_planned_publication_can_be_withdrawn(planned: Browser, instance: Instance) -> None:
    planned.get(PUBLISHING)
    planned.submit("/withdrawal")

    outbox.deliver_waiting(instance.worker, now=tomorrow())

    assert (count_versions(instance), plan_of(instance).state) == (1, "withdrawn")


def test_what_was_planned_before_an_approval_was_asked_waits_for_it(planned: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course).where(Course.slug == "prueba")).one()
    a_teacher(instance, course, "duena@example.org", StaffRole.OWNER)
    owner = sign_in(planned.another(), "duena@example.org")
    owner.get(TEAM)
    owner.submit("/team/approval")

    outbox.deliver_waiting(instance.worker, now=tomorrow() + timedelta(minutes=1))
    waited = count_versions(instance), plan_of(instance).state
    told = owner.get("/notices").text
    owner.get(PUBLISHING)
    owner.submit("/approval")
    outbox.deliver_waiting(instance.worker, now=tomorrow() + timedelta(minutes=2))

    assert waited == (1, "waiting")
    assert "Se pide su aprobación" in told
    assert (count_versions(instance), plan_of(instance).state) == (2, "published")


def test_a_second_plan_of_the_same_draft_is_refused_and_a_past_moment_too(planned: Browser, instance: Instance) -> None:
    planned.get(PUBLISHING)
    planned.submit("/publishing", {"nature": "correction", "when": f"{tomorrow():%Y-%m-%dT09:00}"}, status=409)
    planned.get(PUBLISHING)
    refused = planned.submit("/publishing", {"nature": "correction", "when": "2020-01-01T08:00"}, status=422).text

    assert in_spanish("Choose a date and time in the future.") in refused


@pytest.mark.parametrize("how", NO_LONGER)
def test_what_somebody_planned_who_may_publish_no_more_is_given_up_and_the_team_is_told(
    planned: Browser, instance: Instance, how: str
) -> None:
    """spec/security 1.1 and 1.4: the job asks, and rights are those of now."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course)).one()
    owner = a_teacher(instance, course, "duena@example.org", StaffRole.OWNER)
    no_longer(instance, "profe@example.org", how)

    outbox.deliver_waiting(instance.worker, now=tomorrow() + timedelta(minutes=1))

    assert (count_versions(instance), plan_of(instance).state) == (1, "void")
    assert publication_verbs(instance) == ["planned", "void"]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Notification.person_id).where(Notification.key.endswith("-disowned"))).all() == [owner.id]
    assert "No publicado" in sign_in(planned.another(), owner.email).get("/notices").text


@pytest.mark.parametrize("how", NO_LONGER)
def test_what_was_approved_is_published_in_the_name_of_who_approved_where_who_asked_may_no_more(
    two: tuple[Browser, Browser], instance: Instance, how: str
) -> None:
    owner, editor = two
    ask(owner, when=f"{tomorrow():%Y-%m-%dT08:00}")
    editor.get(PUBLISHING)
    editor.submit("/approval", {"remark": ""})
    no_longer(instance, "duena@example.org", how)

    outbox.deliver_waiting(instance.worker, now=tomorrow() + timedelta(minutes=1))

    with instance.database.unit_of_work(write=False) as session:
        row = session.execute(select(CourseVersion).where(CourseVersion.number == 2)).scalar_one()
        assert row.published_by == plan_of(instance).decided_by
