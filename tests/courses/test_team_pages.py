"""The team of a course: who decides on it, invitations, the last owner, and the course's own audit log."""

import re

import pytest
from sqlalchemy import select, update

from accounts.invitations import make_secret
from courses import team as team_services
from courses.models import Course, CourseInvitation, CourseStaff, StaffRole
from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import NO_LONGER, a_course, a_person, a_teacher, an_administrator, no_longer, sign_in
from tests.support.learning import all_at_once
from tests.support.wording import in_spanish

TEAM = "/teaching/prueba/team"
LOG = "/teaching/prueba/log"


@pytest.fixture
def owner(browser: Browser, instance: Instance) -> Browser:
    """The owner of a course, signed in."""
    a_teacher(instance, a_course(instance, modules=1), "duena@example.org", StaffRole.OWNER)
    return sign_in(browser, "duena@example.org")


def team(instance: Instance) -> dict[int, str]:
    """Return the team: role by person."""
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(
            select(CourseStaff.person_id, CourseStaff.role).join(Course, Course.id == CourseStaff.course_id).where(Course.slug == "prueba")
        )
        return dict(rows.all())


def link_for(instance: Instance, browser: Browser) -> str:
    """Return the link that the page gives to hand over, because no mail is sent; the mail folder gets no other one."""
    found = re.search(r"/invitations/[\w-]+", browser.page.html)
    outbox.deliver_waiting(instance.worker, now=clock.now())
    assert not any("/invitations/" in mail for mail in browser.mails())
    assert found is not None
    return found.group()


def test_an_owner_adds_changes_and_removes_and_all_of_it_is_in_the_log(owner: Browser, instance: Instance) -> None:
    colleague = a_person(instance, "ana@example.org")
    owner.get(TEAM)

    owner.submit("/prueba/team", {"email": "Ana@Example.org", "role": "grader"})
    added = team(instance)[colleague.id]
    page = owner.get(TEAM)
    token = dict(page.form("/language").fields)["csrf_token"]
    for path, role in (("role", "editor"), ("removal", "")):
        owner._request("POST", f"{TEAM}/{path}", data={"csrf_token": token, "person": str(colleague.uuid), "role": role})
        assert owner.response.status_code == 303

    assert added == "grader"
    assert colleague.id not in team(instance)
    log = owner.get(LOG).text
    for words in (
        "Sumó a Ana Quinde al equipo: calificación",
        "Cambió el papel de Ana Quinde en el curso: edición",
        "Sacó a Ana Quinde del equipo",
    ):
        assert words in log


def test_the_last_owner_stays(owner: Browser, instance: Instance) -> None:
    page = owner.get(TEAM)
    token = dict(page.form("/language").fields)["csrf_token"]
    before = team(instance)
    with instance.database.unit_of_work(write=False) as session:
        person = page.html.split('name="person" value="')[1].split('"')[0]
        assert session

    for path, role in (("role", "editor"), ("removal", "")):
        owner._request("POST", f"{TEAM}/{path}", data={"csrf_token": token, "person": person, "role": role})
        assert owner.response.status_code == 409

    assert team(instance) == before


def test_two_owners_who_leave_at_once_leave_one(owner: Browser, instance: Instance) -> None:
    """The course is locked while its team changes."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
    second = a_teacher(instance, course, "otra@example.org", StaffRole.OWNER)
    people = [("duena@example.org", None), ("otra@example.org", second)]
    browsers = [owner, sign_in(owner.another(), "otra@example.org")]
    sent = []
    for one, (email, _person) in zip(browsers, people, strict=True):
        page = one.get(TEAM)
        mine = page.html.split(email)[1].split('name="person" value="')[1].split('"')[0]
        sent.append((dict(page.form("/language").fields)["csrf_token"], mine))
        one.checks = False

    all_at_once(
        2, lambda place: browsers[place]._request("POST", f"{TEAM}/removal", data={"csrf_token": sent[place][0], "person": sent[place][1]})
    )

    assert list(team(instance).values()) == ["owner"]


@pytest.mark.parametrize("page", ["/prueba/team", "/prueba/team/role", "/prueba/team/removal"])
def test_an_owner_who_gives_the_course_up_finds_a_way_on(owner: Browser, instance: Instance, page: str) -> None:
    """The page of the team is no longer theirs."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
    a_teacher(instance, course, "otra@example.org", StaffRole.OWNER)
    html = owner.get(TEAM).html
    mine = html.split("duena@example.org")[1].split('name="person" value="')[1].split('"')[0]
    token = dict(owner.page.form("/language").fields)["csrf_token"]

    values = {"csrf_token": token, "person": mine, "role": "editor", "email": "duena@example.org"}
    owner._request("POST", f"/teaching{page}", data=values)

    assert owner.response.status_code == 303
    owner.get(owner.response.headers["Location"])
    assert owner.path == "/teaching"
    assert in_spanish("The team has changed.") in owner.page.text


def test_who_has_no_account_is_invited_by_a_link_that_works_once_and_only_for_them(owner: Browser, instance: Instance) -> None:
    owner.get(TEAM)
    told = owner.submit("/prueba/team", {"email": "nueva@example.org", "role": "editor"}).text
    link = link_for(instance, owner)
    with instance.database.unit_of_work(write=False) as session:
        assert link.rpartition("/")[2] not in str(list(session.scalars(select(CourseInvitation.secret_hash))))
    a_person(instance, "ajena@example.org")
    stranger = sign_in(owner.another(), "ajena@example.org")
    invited = a_person(instance, "nueva@example.org")

    stranger.get(link, status=403)
    guest = sign_in(owner.another(), "nueva@example.org")
    shown = guest.get(link).text
    guest.submit(link)

    assert in_spanish("This site does not send email: give this link to %(email)s", email="nueva@example.org") in told
    assert "va en camino" not in told
    assert "Invitación a «Curso de prueba prueba»" in shown
    assert team(instance)[invited.id] == "editor"
    guest.get(link, status=404)


def test_where_mail_is_sent_the_link_goes_out_by_mail_and_is_shown_to_nobody(owner: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work() as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
        team_services.add_or_invite(session, SYSTEM, course, "nueva@example.org", StaffRole.EDITOR, language="es", now=clock.now())
    owner.deliver_jobs()
    page = owner.get(TEAM)

    assert any("/invitations/" in mail for mail in owner.mails())
    assert "/invitations/" not in re.sub(r"/team/invitations/", "", page.html)


def test_where_no_mail_is_sent_an_unconfirmed_account_joins_with_the_link(owner: Browser, instance: Instance) -> None:
    """No mail could confirm the address; who was handed the link was meant."""
    invited = a_person(instance, "nueva@example.org", confirmed=False)
    owner.get(TEAM)
    owner.submit("/prueba/team", {"email": "nueva@example.org", "role": "editor"})
    link = link_for(instance, owner)

    guest = sign_in(owner.another(), "nueva@example.org")
    guest.get(link)
    guest.submit(link)

    assert team(instance)[invited.id] == "editor"


def test_a_withdrawn_invitation_opens_nothing(owner: Browser, instance: Instance) -> None:
    owner.get(TEAM)
    owner.submit("/prueba/team", {"email": "nueva@example.org", "role": "editor"})
    link = link_for(instance, owner)
    owner.get(TEAM)
    owner.submit("/withdrawal")
    a_person(instance, "nueva@example.org")

    sign_in(owner.another(), "nueva@example.org").get(link, status=404)
    with instance.database.unit_of_work(write=False) as session:
        assert "course.invitation_withdrawn" in set(session.scalars(select(AuditEntry.verb)))


@pytest.mark.parametrize("how", NO_LONGER)
def test_an_invitation_of_who_decides_on_the_team_no_more_opens_nothing(owner: Browser, instance: Instance, how: str) -> None:
    """spec/security 1.4: rights are those of now, also of who invited."""
    owner.get(TEAM)
    owner.submit("/prueba/team", {"email": "nueva@example.org", "role": "owner"})
    link = link_for(instance, owner)
    invited = a_person(instance, "nueva@example.org")
    guest = sign_in(owner.another(), invited.email)
    guest.get(link)
    no_longer(instance, "duena@example.org", how)

    guest.submit(link, status=404)
    guest.get(link, status=404)
    assert invited.id not in team(instance)
    an_administrator(instance)
    assert (
        in_spanish("no longer valid, because the person who sent it can no longer invite: send a new invitation")
        in sign_in(owner.another(), "admin@example.org").get(TEAM).text
    )


def test_an_invitation_of_who_decides_on_the_team_no_more_is_not_sent(owner: Browser, instance: Instance) -> None:
    owner.get(TEAM)
    owner.submit("/prueba/team", {"email": "nueva@example.org", "role": "owner"})
    with instance.database.unit_of_work() as session:
        session.execute(update(CourseInvitation).values(secret_hash=None))  # as where mail is sent: the job makes the link
    no_longer(instance, "duena@example.org", "suspended")
    owner.deliver_jobs()

    assert not any("/invitations/" in mail for mail in owner.mails())


def test_addresses_that_are_none_are_told_beside_the_field(owner: Browser) -> None:
    owner.get(TEAM)

    assert (
        in_spanish("This does not look like an email address.")
        in owner.submit("/prueba/team", {"email": "nadie", "role": "editor"}, status=422).text
    )


def test_the_log_is_paged_and_speaks_both_languages(owner: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work() as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
        for _place in range(60):
            session.add(
                AuditEntry(
                    at=clock.now(),
                    actor_id=None,
                    via="cli",
                    address="",
                    request_id="",
                    verb="course.created",
                    subject_kind="course",
                    subject_id=course.id,
                    facts="{}",
                )
            )

    first, second = owner.get(LOG).text, owner.get(f"{LOG}?page=2").text

    assert first.count(in_spanish("Created the course")) == 50
    assert in_spanish("Published version %(number)s as an improvement", number="1") in second
    owner.get(f"{LOG}?page=0", status=404)


def test_every_cell_of_team_log_and_invitation(browser: Browser, instance: Instance) -> None:
    """Owners and administrators decide on the team; editors see the log; an invitation is for one account."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    wrong = cast.check("course.assign_staff", "own_course", cast.outcomes(TEAM))
    for path in ("approval",):
        wrong += cast.check("course.assign_staff", "own_course", cast.outcomes(f"{TEAM}/{path}", "POST", {"needed": "yes"}))
    wrong += cast.check("course.assign_staff", "own_course", cast.outcomes(TEAM, "POST", {"email": "x@example.org", "role": "grader"}))
    wrong += cast.check("course.view_log", "own_course", cast.outcomes(LOG))
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(CourseInvitation).order_by(CourseInvitation.id.desc())).first()
        assert row is not None
        row.email = "lia@example.org"
        link = f"/invitations/{make_secret(row)}"
    done = {letter: outcome(one, link, "POST", {}) for letter, one in sorted(cast.browsers.items(), key=lambda pair: pair[0] == "L")}
    wrong += cast.check("course.join_team", "invited", done)

    assert wrong == []
