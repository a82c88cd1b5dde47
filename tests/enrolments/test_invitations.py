"""Invitations to enrol: nobody in a course team learns who has an account; with mail, without mail; and what ends them."""

import csv
import re
from collections.abc import Iterator
from datetime import timedelta
from difflib import unified_diff
from io import StringIO
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from accounts import accounts
from accounts.models import Person
from courses.models import Course, StaffRole
from courses.team import add_staff
from enrolments import invitations
from enrolments.invitations import InvitationBatch
from enrolments.models import EnrolmentInvitation, WaitingPlace
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM
from kernel.settings import Settings
from lms import erasure, retention
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import NO_LONGER, PASSWORD, a_course, a_person, a_teacher, an_administrator, no_longer, sign_in
from tests.support.editions import an_edition, enrolment_of, line_of
from tests.support.invitations import (
    INVITATIONS,
    LEARNERS,
    NAMES,
    accept,
    an_invitation,
    invitation_rows,
    link_to,
    offered,
    send_list,
    takes,
)
from tests.support.learning import a_learner, actor_of
from tests.support.postbox import Postbox
from tests.support.wording import in_spanish

# --- Nobody learns who has an account -----------------------------------------------------------------------------------------------------


OF_THE_REQUEST = {"Date", "ETag", "Location", "Set-Cookie", "X-Request-Id"}


class World:
    """What a course team sees while it does everything with one address."""

    def __init__(self, browser: Browser, instance: Instance, course: str, address: str) -> None:
        self.instance, self.course, self.address = instance, course, address
        self.base = f"/teaching/{course}"
        self.team = sign_in(browser.another(), "ines@example.org")
        self.seen: list[str] = []

    def look(self) -> None:
        """Keep the bytes of the last answer without what is of the request, the course, the list and the address alone."""
        response = self.team.response
        text = response.get_data(as_text=True)
        text = re.sub(r'name="csrf_token"\s+value="[^"]+"', "", text)
        text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)
        text = re.sub(r"/course-invitations/[\w-]{43}", "/course-invitations/SECRET", text)
        text = re.sub(r"\b[0-9a-f]{16}\b", "REFERENCE", text)
        text = re.sub(r"\d{1,2}:\d{2}|datetime=\"[^\"]+\"", "TIME", text)
        kept = {
            name: value for name, value in response.headers.items() if name.lower() in ("content-type", "content-length", "cache-control")
        }
        kept.pop("Content-Length", None)
        text = re.sub(self.address.partition("@")[0], "ADDRESS", text, flags=re.IGNORECASE).replace(self.course, "COURSE")
        self.seen.append(f"{response.status_code} {sorted(kept.items())}\n{text}")

    def get(self, path: str, **options: object) -> None:
        """Open a page."""
        self.team._request("GET", path, **options)
        self.look()

    def post(self, path: str, **fields: str) -> None:
        """Send a form."""
        self.team.get(f"{self.base}/learners")
        token = dict(self.team.page.form("/language").fields)["csrf_token"]
        self.team._request("POST", path, data={"csrf_token": token, **fields})
        self.look()

    def walk(self) -> list[str]:
        """Do everything that a course team can do with an address; return what it saw."""
        for words in (self.address, self.address.upper(), self.address[:-2]):
            self.get(f"{self.base}/learners?new={words}")
        self.team.get(f"{self.base}/learners/lists")
        self.team.submit(f"{self.base}/learners/lists", {"addresses": f"correo,nombre\n{self.address},Eva Toro", "file": None})
        path = self.team.path
        self.look()
        self.get(path, headers={"Accept": "application/json"})
        self.post(f"{path}/confirmation")
        self.get(path)
        self.team.deliver_jobs()
        self.get(path)
        sent = path.rpartition("/")[2]
        for page in (
            f"{self.base}/learners",
            f"{self.base}/learners?q={self.address}",
            f"{self.base}/learners/invitations",
            f"{self.base}/learners/invitations?list={sent}",
            f"{self.base}/log",
        ):
            self.get(page)
            self.get(page, headers={"Accept": "application/json"})
        self.post(f"{self.base}/learners/invitations/lists/{sent}/links")
        link = re.search(r"(/course-invitations/[\w-]{43})", self.team.response.get_data(as_text=True))
        if link:  # where no mail is sent the team holds the link: neither it nor its form may tell
            for visitor in (self.team, self.team.another()):
                for place in (link[1], f"/sign-up?next={link[1]}", f"/sign-in?next={link[1]}"):
                    visitor._request("GET", place)
                    before, self.team.response = self.team.response, visitor.response
                    self.look()
                    self.team.response = before
        self.post(f"{self.base}/learners/invitations/lists/{sent}/links.csv", again="yes")
        self.post(f"{self.base}/learners/invitations", address=self.address)
        self.get(f"{self.base}/learners?new={self.address}")
        self.get(f"{self.base}/gradebook.csv")
        self.get(f"{self.base}/log")
        row = invitation_rows(self.instance)[-1]
        self.post(f"{self.base}/learners/invitations/{row.uuid}/renewal")
        self.get(f"{self.base}/learners/invitations")
        self.post(f"{self.base}/learners/invitations/{row.uuid}/withdrawal")
        self.get(f"{self.base}/log")
        return self.seen


@pytest.mark.parametrize("kind", ["open", "suspended", "unconfirmed", "closed"])
def test_a_course_team_sees_the_same_of_known_and_unknown_addresses(browser: Browser, instance: Instance, kind: str) -> None:
    """spec/security 2.2: byte-equal pages apart from the address, without mail; the invited people never answer."""
    ines = a_person(instance, "ines@example.org")
    for key in ("zorro1", "zorro2"):
        course = a_course(instance, key, modules=1)
        with instance.database.unit_of_work() as session:
            add_staff(session, SYSTEM, session.get_one(Course, course.id), ines.id, StaffRole.OWNER, now=clock.now())
    person = a_person(instance, "conocida@example.org", given="Eva", surname="Toro", confirmed=kind != "unconfirmed")
    kept = a_person(instance, "otra@example.org")
    with instance.database.unit_of_work() as session:
        row = session.get_one(Person, person.id)
        if kind == "suspended":
            row.suspended_at = clock.now()
        elif kind == "closed":
            accounts.close_after_merge(session, SYSTEM, row, session.get_one(Person, kept.id), "", [], now=clock.now())

    known = World(browser, instance, "zorro1", "conocida@example.org").walk()
    unknown = World(browser, instance, "zorro2", "ignorada@example.org").walk()

    assert len(known) == len(unknown) > 25
    for pair in zip(known, unknown, strict=True):
        told = "\n".join(unified_diff(*(text.splitlines() for text in pair), lineterm="", n=0))
        assert not told, told
    assert any(in_spanish("Invited %(count)s person", 1) in text for text in known), "the course's log is among the pages"


def test_what_is_read_and_written_for_an_address_does_not_depend_on_its_account(team: Browser, instance: Instance, course: Course) -> None:
    """The same statements, so the same time: spec/security 2.2."""
    a_person(instance, "conocida@example.org")
    counted = []
    for address in ("conocida@example.org", "ignorada@example.org"):
        team.get(LEARNERS)
        counter = every_statement(instance.database)
        team.get(f"{LEARNERS}?new={address}")
        found = [len(counter.statements)]
        counter.reset()
        team.submit(INVITATIONS)
        found.append(len(counter.statements))
        counted.append(found)

    assert counted[0] == counted[1]


def test_an_address_is_searched_for_only_in_the_course(team: Browser, instance: Instance, course: Course) -> None:
    a_learner(instance, course, "dentro@example.org")
    a_person(instance, "fuera@example.org", given="Luz", surname="Peña")

    inside = team.get(f"{LEARNERS}?new=dentro@example.org").text
    outside = team.get(f"{LEARNERS}?new=Fuera@example.org").text
    by_name = team.get(f"{LEARNERS}?new=peña").text

    assert in_spanish("%(address)s is already enrolled.", address="dentro@example.org") in inside
    assert "Invite a fuera@example.org al curso" in outside
    assert "Luz Peña" not in outside
    assert "Luz Peña" in by_name


def test_an_administrator_finds_accounts_by_address_and_invites_the_rest(browser: Browser, instance: Instance, course: Course) -> None:
    a_person(instance, "fuera@example.org", given="Luz", surname="Peña")
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")

    assert "Luz Peña" in boss.get(f"{LEARNERS}?new=fuera@example.org").text
    assert "Invite a nadie@example.org al curso" in boss.get(f"{LEARNERS}?new=nadie@example.org").text


# --- Without mail -------------------------------------------------------------------------------------------------------------------------


def test_without_mail_a_person_with_an_account_accepts_the_link_that_was_handed_over(
    team: Browser, instance: Instance, course: Course
) -> None:
    a_person(instance)
    link = link_to(team, "ana@example.org")
    assert link.rpartition("/")[2] not in str([row.secret_hash for row in invitation_rows(instance)])
    visitor = team.another()
    visitor.get(link)
    assert in_spanish("Sign in") in visitor.page.text
    sign_in(visitor)
    visitor.get(link)

    accept(visitor)

    assert takes(instance, "ana@example.org")
    assert visitor.path == "/courses/prueba"
    assert visitor.get(link).title.startswith("Curso de prueba prueba")  # the link of the message goes on leading to the course
    assert [(row.email, row.name) for row in invitation_rows(instance)] == [("", "")]


def test_without_mail_a_person_without_an_account_signs_up_with_the_link(team: Browser, instance: Instance, course: Course) -> None:
    link = link_to(team, "nueva@example.org")
    visitor = team.another()
    visitor.get(link)
    assert "nueva@example.org" in visitor.page.text
    visitor.submit("/sign-up", NAMES)
    assert dict(visitor.page.form("/sign-in").fields)["email"] == "nueva@example.org"
    visitor.submit("/sign-in", {"password": NAMES["password"]})
    assert visitor.path == "/courses/prueba/activities/leccion-1"

    assert takes(instance, "nueva@example.org")


def test_the_links_of_a_list_are_shown_once_or_downloaded_and_made_again(team: Browser, instance: Instance, course: Course) -> None:
    path = send_list(team, "correo,nombres,apellidos\nana@example.org,Ana,Quinde Vega\nblas@example.org,=1+1,\n")
    team.get(path)
    sent = path.rpartition("/")[2]

    team.submit("/links.csv")
    table = list(csv.reader(StringIO(team.response.get_data(as_text=True).lstrip("\ufeff")), delimiter=";"))
    team.get(f"{INVITATIONS}?list={sent}")
    again = team.page.html

    assert [line[:2] for line in table] == [
        [in_spanish("Email"), in_spanish("Name")],
        ["ana@example.org", "Ana Quinde Vega"],
        ["blas@example.org", "=1+1"],
    ] or table
    links = [line[2] for line in table[1:]]
    assert all("/course-invitations/" in link for link in links)
    assert in_spanish("Make new links for all of them") in again
    first = "/" + links[0].partition("//")[2].partition("/")[2]
    team.another().get(first)
    team.submit("/links")
    team.another().get(first, status=404)
    assert team.page.html.count("/course-invitations/") == 2


@pytest.mark.settings(sign_up=False)
def test_where_only_administrators_add_people_the_link_of_a_team_signs_nobody_up(team: Browser, instance: Instance, course: Course) -> None:
    an_administrator(instance)
    boss = sign_in(team.another(), "admin@example.org")
    of_team, of_boss = link_to(team, "nueva@example.org"), link_to(boss, "otra@example.org")
    visitor = team.another()

    assert "las cuentas las crea la institución" in visitor.get(of_team).text
    assert "/sign-up" not in visitor.page.html
    visitor.get(f"/sign-up?next={of_team}", status=403)
    visitor.post("/sign-up", {**NAMES, "next": of_team}, status=403)
    visitor.get(of_boss)
    visitor.submit("/sign-up", NAMES)
    visitor.submit("/sign-in", {"password": NAMES["password"]})
    assert takes(instance, "otra@example.org")
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(Person.id).where(Person.email == "nueva@example.org")) is None
    assert "solo la administración crea cuentas" in team.get(f"{LEARNERS}/lists").text


def test_an_invitation_is_shown_where_the_person_learns_and_accepted_there(team: Browser, instance: Instance, course: Course) -> None:
    a_person(instance)
    send_list(team, "ana@example.org")
    person = sign_in(team.another())

    person.get("/learning")
    assert in_spanish("You are invited") in person.page.text
    form = offered(person)
    accept(person)
    assert takes(instance, "ana@example.org")
    person.submit("", form=form)  # a second click
    assert person.path == "/courses/prueba"
    assert in_spanish("You are invited") not in person.get("/learning").text


def test_who_signs_in_is_not_enrolled_before_accepting(team: Browser, instance: Instance, course: Course) -> None:
    """Else a course team would learn within days which addresses have an account (decision 48)."""
    a_person(instance)
    send_list(team, "ana@example.org")
    sign_in(team.another())
    team.deliver_jobs()

    assert not takes(instance, "ana@example.org")


# --- With mail ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """Return a mail server."""
    box = Postbox()
    yield box
    box.close()


class TestWithMail:
    """An instance that sends mail."""

    @pytest.fixture
    def settings(self, settings: Settings, postbox: Postbox) -> Settings:
        """Return settings with a mail server."""
        return settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": postbox.port, "smtp_starttls": False})

    def link(self, postbox: Postbox, to: str, part: str) -> str:
        """Return the path of the newest link of a kind that was mailed to an address."""
        for message in reversed(postbox.messages):
            body = message.get_body(("plain",))
            found = re.search(rf"https?://[^/\s]+(/{part}/[^\s>]*)", body.get_content() if body else "")
            if found and message["To"] == to:
                return found[1]
        raise AssertionError(f"no link to {part} for {to}")

    def test_known_and_unknown_people_get_the_same_mail_and_no_link_is_shown(
        self, team: Browser, instance: Instance, course: Course, postbox: Postbox
    ) -> None:
        a_person(instance)
        path = send_list(team, "ana@example.org\nnueva@example.org")
        page = team.get(path).html + team.get(INVITATIONS).html

        team.deliver_jobs()
        texts = {
            message["To"]: re.sub(r"[\w-]{43}", "SECRET", message.get_body(("plain",)).get_content().replace(message["To"], "ADDRESS"))
            for message in postbox.messages
        }
        assert set(texts) == {"ana@example.org", "nueva@example.org"}
        assert texts["ana@example.org"] == texts["nueva@example.org"]
        assert {message["Subject"] for message in postbox.messages} == {
            in_spanish("You are invited to the course “%(course)s”", course="Curso de prueba prueba")
        }
        assert "/course-invitations/" not in page

    def test_who_holds_a_mailed_link_is_in_the_course_after_one_form(
        self, team: Browser, instance: Instance, course: Course, postbox: Postbox
    ) -> None:
        send_list(team, "correo,nombre\nnueva@example.org,Rosa Elvira De la Torre Ñúñez")
        visitor = team.another()
        visitor.get(self.link(postbox, "nueva@example.org", "course-invitations"))
        filled = dict(visitor.page.form("/sign-up").fields)
        assert (filled["given_names"], filled["first_surname"], filled["second_surname"]) == ("Rosa Elvira", "De la Torre", "Ñúñez")
        assert "nueva@example.org" in visitor.page.text
        assert "email" not in filled
        visitor.submit("/sign-up", {"password": NAMES["password"], "consent": "y"})

        assert visitor.path == "/courses/prueba/activities/leccion-1"
        assert takes(instance, "nueva@example.org")
        assert sum(message["To"] == "nueva@example.org" for message in postbox.messages) == 1
        with instance.database.unit_of_work(write=False) as session:
            person = session.scalars(select(Person).where(Person.email == "nueva@example.org")).one()
        assert person.email_confirmed_at is not None
        assert person.full_name == "Rosa Elvira De la Torre Ñúñez"

    def test_the_form_of_a_mailed_link_makes_no_account_of_another_address(
        self, team: Browser, instance: Instance, course: Course, postbox: Postbox
    ) -> None:
        send_list(team, "nueva@example.org")
        visitor = team.another()
        visitor.get(self.link(postbox, "nueva@example.org", "course-invitations"))
        visitor.submit("/sign-up", {**NAMES, "email": "ajena@example.org"})

        with instance.database.unit_of_work(write=False) as session:
            assert session.scalars(select(Person.email).where(Person.email != "ines@example.org")).all() == ["nueva@example.org"]

    def test_a_link_that_was_shown_to_somebody_confirms_nothing(
        self, team: Browser, instance: Instance, course: Course, postbox: Postbox
    ) -> None:
        """The team that holds it could else open an account in another person's name."""
        path = send_list(team, "nueva@example.org")
        team.get(path)
        team.post(f"{INVITATIONS}/lists/{path.rpartition('/')[2]}/links", {"again": "yes"})
        shown = re.search(r"(/course-invitations/[\w-]{43})", team.page.html)
        assert shown
        visitor = team.another()
        visitor.get(shown[1])
        visitor.submit("/sign-up", NAMES)
        assert visitor.path.startswith("/sign-up/sent")
        team.deliver_jobs()
        assert not takes(instance, "nueva@example.org")
        assert "nueva@example.org" in team.get(INVITATIONS).text

        confirm = self.link(postbox, "nueva@example.org", "confirm")
        assert shown[1].rpartition("/")[2] not in confirm  # nor does a row of a job hold it
        visitor.get(confirm)
        visitor.submit(confirm.partition("?")[0])

        assert visitor.path == "/courses/prueba/activities/leccion-1"
        assert takes(instance, "nueva@example.org")

    def test_a_mailed_link_signs_in_who_has_an_account_and_types_its_password(
        self, team: Browser, instance: Instance, course: Course, postbox: Postbox
    ) -> None:
        person = a_person(instance)
        send_list(team, "ana@example.org")
        visitor = team.another()
        visitor.get(self.link(postbox, "ana@example.org", "course-invitations"))
        visitor.submit("/sign-up", {**NAMES, "password": PASSWORD})

        assert visitor.path == "/courses/prueba/activities/leccion-1"
        assert takes(instance, "ana@example.org")
        with instance.database.unit_of_work(write=False) as session:
            assert session.get_one(Person, person.id).full_name == person.full_name

    def test_who_signs_up_without_the_link_is_invited_and_not_enrolled(
        self, team: Browser, instance: Instance, course: Course, postbox: Postbox
    ) -> None:
        send_list(team, "nueva@example.org")
        visitor = team.another()
        visitor.get("/sign-up")
        visitor.submit("/sign-up", {**NAMES, "email": "nueva@example.org"})
        team.deliver_jobs()
        confirm = self.link(postbox, "nueva@example.org", "confirm")
        visitor.get(confirm)
        visitor.submit(confirm)
        team.deliver_jobs()

        assert not takes(instance, "nueva@example.org")
        assert in_spanish("You are invited") in visitor.get("/learning").text

    @pytest.mark.slow
    def test_signing_up_with_the_link_of_an_address_that_has_an_account_answers_the_same_and_changes_nothing(
        self, team: Browser, instance: Instance, course: Course, postbox: Postbox
    ) -> None:
        person = a_person(instance)
        send_list(team, "ana@example.org")
        visitor = team.another()
        visitor.get(self.link(postbox, "ana@example.org", "course-invitations"))
        visitor.submit("/sign-up", NAMES)
        team.deliver_jobs()

        assert visitor.path.startswith("/sign-up/sent")
        with instance.database.unit_of_work(write=False) as session:
            assert session.get_one(Person, person.id).password_hash == person.password_hash
        sign_in(visitor, "ana@example.org", PASSWORD)
        assert not takes(instance, "ana@example.org")

    def test_an_unconfirmed_account_accepts_nothing(self, team: Browser, instance: Instance, course: Course, postbox: Postbox) -> None:
        person = a_person(instance)
        send_list(team, "ana@example.org")
        visitor = sign_in(team.another())
        with instance.database.unit_of_work() as session:
            session.get_one(Person, person.id).email_confirmed_at = None

        assert in_spanish("You are invited") not in visitor.get("/learning").text
        visitor.get(self.link(postbox, "ana@example.org", "course-invitations"), status=403)

    def test_an_invitation_is_sent_again_and_its_first_link_ends(
        self, team: Browser, instance: Instance, course: Course, postbox: Postbox
    ) -> None:
        send_list(team, "nueva@example.org")
        team.deliver_jobs()
        first = self.link(postbox, "nueva@example.org", "course-invitations")
        for _time in range(3):
            team.get(INVITATIONS)
            team.submit("/renewal")
        team.deliver_jobs()

        team.another().get(first, status=404)
        team.another().get(self.link(postbox, "nueva@example.org", "course-invitations"))
        team.get(INVITATIONS)
        team.submit("/renewal", status=429)

    def test_an_invitation_of_somebody_who_edits_the_course_no_more_is_not_sent(
        self, team: Browser, instance: Instance, course: Course, postbox: Postbox
    ) -> None:
        team.get(f"{LEARNERS}?new=nueva@example.org")
        team.submit(INVITATIONS)
        no_longer(instance, "ines@example.org", "removed")
        team.deliver_jobs()

        assert postbox.messages == []


# --- What ends an invitation --------------------------------------------------------------------------------------------------------------


def test_the_invitation_of_another_address_opens_nothing(team: Browser, instance: Instance, course: Course) -> None:
    link = link_to(team, "nueva@example.org")
    a_person(instance)
    other = sign_in(team.another())
    uuid = invitation_rows(instance)[0].uuid

    shown = other.get(link, status=403)
    assert "otra dirección" in shown.text
    assert "nueva@example.org" not in shown.text
    other.post(f"/learning/invitations/{uuid}", status=404)
    team.post(f"/learning/invitations/{uuid}", status=404)
    assert not takes(instance, "ana@example.org")


# --- Access -------------------------------------------------------------------------------------------------------------------------------


def test_every_cell_of_inviting_and_of_accepting(browser: Browser, instance: Instance) -> None:
    """spec/security 9: enrolment.invite, own_course; enrolment.accept_invitation, invited."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    list_uuid = uuid4()
    names = {f"p{number}@example.org": "" for number in range(40)} | {cast.people["L"].email: ""}
    with instance.database.unit_of_work() as session:
        invitations.invite(session, actor_of(cast.people["W"]), InvitationBatch(course.id, None, list_uuid), names, now=clock.now())
    open_ones = [row.uuid for row in invitation_rows(instance)]
    mine = open_ones[-1]
    wrong: list[str] = cast.check("enrolment.invite", "own_course", cast.outcomes(INVITATIONS))
    for number, path in enumerate((f"/{open_ones[0]}/renewal", f"/lists/{list_uuid}/links", f"/lists/{list_uuid}/links.csv")):
        data = {"again": "yes", "address": f"x{number}@example.org"}
        wrong += cast.check("enrolment.invite", "own_course", cast.outcomes(f"{INVITATIONS}{path}", "POST", data))
    wrong += cast.check("enrolment.accept_invitation", "invited", cast.outcomes(f"/learning/invitations/{mine}", "POST", {}))
    wrong += cast.check("enrolment.invite", "own_course", cast.outcomes(INVITATIONS, "POST", {"address": "z@example.org"}))

    assert not wrong


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
