"""Invitations whose time is over: withdrawn, expired, replaced, limited; forgotten, copied and merged with their person."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from accounts import accounts
from accounts.models import Person
from courses.models import Course
from enrolments import invitations
from enrolments.models import EnrolmentInvitation, WaitingPlace
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM
from lms import erasure, retention
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import (
    NO_LONGER,
    a_course,
    a_person,
    a_teacher,
    an_administrator,
    no_longer,
    sign_in,
)
from tests.support.editions import an_edition, enrolment_of, line_of
from tests.support.invitations import (
    INVITATIONS,
    LEARNERS,
    accept,
    an_invitation,
    invitation_rows,
    link_to,
    offered,
    send_list,
    takes,
)
from tests.support.learning import a_learner, actor_of
from tests.support.wording import in_spanish


def test_a_withdrawn_or_expired_invitation_opens_nothing_and_is_sent_anew(team: Browser, instance: Instance, course: Course) -> None:
    a_person(instance)
    link = link_to(team, "ana@example.org")
    guest = sign_in(team.another())
    with instance.database.unit_of_work() as session:
        session.execute(update(EnrolmentInvitation).values(expires_at=clock.now()))

    guest.get(link, status=404)
    guest.post(f"/learning/invitations/{invitation_rows(instance)[0].uuid}", status=404)
    team.get(INVITATIONS)
    assert "Vencida" in team.page.text or "Venci" in team.page.text
    shown = team.submit("/renewal")
    renewed = re.search(r"(/course-invitations/[\w-]{43})", shown.html)
    assert renewed
    guest.get(renewed[1])
    team.get(INVITATIONS)
    team.submit("/withdrawal")
    guest.get(renewed[1], status=404)
    assert in_spanish("Withdrew %(count)s invitation", 1) in team.get("/teaching/prueba/log").text


@pytest.mark.parametrize("how", NO_LONGER)
def test_an_invitation_of_somebody_who_edits_the_course_no_more_opens_nothing(
    team: Browser, instance: Instance, course: Course, how: str
) -> None:
    """spec/security 1.4: rights are those of now; another member of the team sends it again."""
    a_person(instance)
    link = link_to(team, "ana@example.org")
    guest = sign_in(team.another())
    no_longer(instance, "ines@example.org", how)

    guest.get(link, status=404)
    assert in_spanish("You are invited") not in guest.get("/learning").text
    an_administrator(instance)
    boss = sign_in(team.another(), "admin@example.org")
    boss.get(INVITATIONS)
    assert "Ya no vale" in boss.page.text
    boss.submit("/renewal")
    assert in_spanish("You are invited") in guest.get("/learning").text


def test_a_list_is_undone_but_for_those_who_accepted(team: Browser, instance: Instance, course: Course) -> None:
    for email in ("ana@example.org", "blas@example.org"):
        a_person(instance, email)
    path = send_list(team, "ana@example.org\nblas@example.org\nnueva@example.org")
    one = sign_in(team.another())
    one.get("/learning")
    accept(one)
    late = sign_in(team.another(), "blas@example.org")
    late.get("/learning")
    form = offered(late)

    team.get(f"{INVITATIONS}?list={path.rpartition('/')[2]}")
    assert in_spanish("%(count)s accepted", 1) in team.page.text
    told = team.submit(
        "/lists/", form=next(one for one in team.page.forms if one.action.endswith("/withdrawal") and "/lists/" in one.action)
    )

    assert in_spanish("%(count)s invitation has been withdrawn.", 2) in told.text
    late.submit("", form=form, status=404)
    assert takes(instance, "ana@example.org")
    assert not takes(instance, "blas@example.org")


def test_whoever_is_enrolled_in_another_way_has_no_invitation_any_more(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course, "ines@example.org")
    team = sign_in(browser, "ines@example.org")
    send_list(team, "ana@example.org")
    learner = a_learner(instance, course, "ana@example.org")

    assert "ana@example.org" not in team.get(INVITATIONS).text
    assert [(row.email, row.accepted_by) for row in invitation_rows(instance)] == [("", learner.person_id)]


def test_a_full_edition_puts_who_accepts_late_on_its_waiting_list(team: Browser, instance: Instance, course: Course) -> None:
    edition = an_edition(instance, course, capacity=1)
    people = [a_person(instance, f"p{number}@example.org") for number in range(2)]
    team.get(f"{LEARNERS}/lists")
    team.submit(f"{LEARNERS}/lists", {"addresses": "\n".join(one.email for one in people), "file": None, "edition": str(edition.uuid)})
    assert "Lugares libres en la edición: 1" in team.page.text
    team.submit(f"{team.path}/confirmation")
    team.deliver_jobs()
    for person in people:
        visitor = sign_in(team.another(), person.email)
        visitor.get("/learning")
        assert "Marzo" in visitor.page.text
        accept(visitor)

    assert line_of(instance, edition).taken == 1
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(WaitingPlace.person_id)).all() == [people[1].id]


def test_a_closed_edition_and_an_archived_course_take_nobody(team: Browser, instance: Instance, course: Course) -> None:
    edition = an_edition(instance, course)
    a_person(instance)
    team.get(f"{LEARNERS}?new=ana@example.org")
    shown = team.submit(INVITATIONS, {"edition": str(edition.uuid)})
    link = re.search(r"(/course-invitations/[\w-]{43})", shown.html)
    assert link
    guest = sign_in(team.another())
    guest.get("/learning")
    form = offered(guest)
    team.post(f"/teaching/prueba/editions/{edition.uuid}/closing")
    assert "La inscripción está cerrada" in guest.get(link[1]).text
    guest.submit("", form=form, status=409)
    with instance.database.unit_of_work() as session:
        session.get_one(Course, course.id).archived_at = clock.now()

    assert in_spanish("You are invited") not in guest.get("/learning").text
    team.post(INVITATIONS, {"address": "otra@example.org"}, status=409)
    team.post(f"{INVITATIONS}/{invitation_rows(instance)[0].uuid}/renewal", status=409)
    assert len(invitation_rows(instance)) == 1
    assert not takes(instance, "ana@example.org")


def test_nobody_invites_themselves(team: Browser, instance: Instance, course: Course) -> None:
    team.get(LEARNERS)
    told = team.post(INVITATIONS, {"address": "ines@example.org"})
    path = send_list(team, "ines@example.org\nnueva@example.org")

    assert "Su propio registro" in told.text or "propio" in told.text
    assert in_spanish("%(count)s person", 1) in team.get(path).text
    assert [row.email for row in invitation_rows(instance)] == ["nueva@example.org"]
    with instance.database.unit_of_work(write=False) as session:
        assert "record.left_out" in set(session.scalars(select(AuditEntry.verb)))


def test_an_address_has_one_open_invitation_in_a_course(team: Browser, instance: Instance, course: Course) -> None:
    send_list(team, "nueva@example.org\nNueva@Example.org")
    path = send_list(team, "nueva@example.org\notra@example.org")
    told = team.post(INVITATIONS, {"address": " NUEVA@example.org"})

    assert "ya está invitada" in told.text
    assert [row.email for row in invitation_rows(instance)] == ["nueva@example.org", "otra@example.org"]
    assert in_spanish("%(count)s person has been invited.", 1) in team.get(path).text


def test_what_is_no_address_is_not_invited(team: Browser, instance: Instance, course: Course) -> None:
    team.get(LEARNERS)
    team.post(INVITATIONS, {"address": "ana@"})
    assert "nombre@example.org" in team.page.text or "correo" in team.page.text
    team.get(f"{LEARNERS}/lists")
    team.submit(f"{LEARNERS}/lists", {"addresses": "correo\nana@\nnueva@example.org", "file": None})

    assert in_spanish("This is not an email address.") in team.page.text
    assert in_spanish("%(count)s person would be invited", 1) in team.page.text
    assert invitation_rows(instance) == []


def test_a_member_of_a_team_invites_so_many_a_day_and_an_administrator_more(
    team: Browser, instance: Instance, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MOST_A_DAY", 2)
    send_list(team, "a@example.org")
    team.get(f"{LEARNERS}/lists")
    team.submit(f"{LEARNERS}/lists", {"addresses": "b@example.org\nc@example.org", "file": None})
    refused = team.submit(f"{team.path}/confirmation", status=409)
    assert "Puede invitar a 2 personas en 24 horas, y ahora a 1 más" in refused.text
    with instance.database.unit_of_work() as session:
        session.execute(update(EnrolmentInvitation).values(invited_at=clock.now() - timedelta(days=1, minutes=1)))
    send_list(team, "b@example.org\nc@example.org")
    an_administrator(instance)
    boss = sign_in(team.another(), "admin@example.org")
    send_list(boss, "d@example.org\ne@example.org\nf@example.org")

    assert len(invitation_rows(instance)) == 6


def test_a_forgotten_person_leaves_no_address_in_invitations(instance: Instance, course: Course) -> None:
    person = a_person(instance)
    an_invitation(instance, course, person.email)
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())
    (row,) = invitation_rows(instance)

    assert "ana@example.org" not in row.email
    assert row.name == ""
    assert row.withdrawn_at is not None


def test_invitations_are_forgotten_when_their_time_is_over(instance: Instance, course: Course) -> None:
    an_invitation(instance, course, "nueva@example.org")
    (row,) = invitation_rows(instance)
    with instance.database.unit_of_work() as session:
        assert retention.forget_links(session, row.expires_at) == 0
        assert retention.forget_links(session, row.expires_at + timedelta(seconds=1)) == 1

    assert invitation_rows(instance) == []


def test_a_person_finds_invitations_in_the_copy_of_their_data(instance: Instance, course: Course) -> None:
    from lms.own_data import tables_of

    person = a_person(instance)
    an_invitation(instance, course, person.email)
    with instance.database.unit_of_work(write=False) as session:
        found = tables_of(session, person.id, now=clock.now())["course_invitations"]

    assert [(row["course"], row["name"]) for row in found] == [("prueba", "Ana Q.")]


def test_the_address_of_a_merged_account_is_that_of_the_one_that_stays(team: Browser, instance: Instance, course: Course) -> None:
    """Decision 28."""
    kept, closed = (a_person(instance, f"{name}@example.org") for name in ("ana", "anita"))
    send_list(team, "anita@example.org")
    with instance.database.unit_of_work() as session:
        pair = (session.get_one(Person, one.id) for one in (closed, kept))
        accounts.close_after_merge(session, SYSTEM, *pair, "", [], now=clock.now())
    person = sign_in(team.another())
    person.get("/learning")
    accept(person)

    assert enrolment_of(instance, actor_of(kept), course) is not None
