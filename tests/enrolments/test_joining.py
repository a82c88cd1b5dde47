"""From «create an account» into the course, enrolled: the way of a stranger, its pages counted, and what nobody learns on it."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from courses.models import Course, StaffRole
from enrolments import editions
from enrolments.models import Edition, WaitingPlace
from kernel import clock
from kernel.permissions import SYSTEM
from kernel.settings import Settings
from lms.instance import Instance
from organisations.rules.units import split_name
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_course, a_person, a_teacher, sign_in
from tests.support.editions import an_edition
from tests.support.invitations import NAMES, takes
from tests.support.postbox import Postbox
from tests.support.wording import in_spanish

ROSA = {**NAMES, "email": "rosa@example.org"}
LESSON = "/courses/prueba/activities/leccion-1"

WITHOUT_MAIL, UNUSABLE = "no envía correo", "no se puede usar"
"""What the pages and mails of a site say once, and never."""


class Walker:
    """Somebody who goes from page to page and counts those that they have to look at."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser.another()
        self.pages = 0

    def open(self, path: str) -> None:
        """Open an address."""
        self.browser.get(path)
        self.pages += 1

    def follow(self, label: str) -> None:
        """Press the link with a label."""
        self.open(link_of(self.browser, label))

    def send(self, action: str, **values: str) -> None:
        """Fill a form and send it."""
        self.browser.submit(action, values)
        self.pages += 1

    def path(self) -> str:
        """Return where they are."""
        return self.browser.path


def link_of(browser: Browser, label: str) -> str:
    """Return where the link of a page's own text leads that has a label; the header has such links as well."""
    return next(href for href, text in links(browser.page.html) if in_spanish(label) in text and "next=" in href)


def links(html: str) -> list[tuple[str, str]]:
    return [
        (href.replace("&amp;", "&"), re.sub(r"<[^>]+>", "", text))
        for href, text in re.findall(r'<a[^>]*?href="([^"]+)"[^>]*>(.*?)</a>', html, re.DOTALL)
    ]


@pytest.fixture
def open_course(instance: Instance) -> Course:
    """Return a course that takes everybody."""
    course = a_course(instance, modules=1)
    a_teacher(instance, course, "ines@example.org", StaffRole.OWNER)
    return course


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """Return a mail server."""
    box = Postbox()
    yield box
    box.close()


def mail_to(postbox: Postbox, address: str) -> str:
    """Return the text of the newest message to an address."""
    return next(
        message.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # every message has a text
        for message in reversed(postbox.messages)
        if message["To"] == address
    )


def press(browser: Browser, values: dict[str, str] | None = None, status: int = 200) -> None:
    """Send the form of the page that a link in a mail opens."""
    path = browser.path.partition("?")[0]
    browser.submit("", values, form=next(form for form in browser.page.forms if form.action == path), status=status)


def link_in(text: str, part: str) -> str:
    address = re.search(rf"https?://[^/\s]+(/{part}[^\s>]*)", text)
    assert address, text
    return address[1]


class TestWithMail:
    """An instance that sends mail."""

    @pytest.fixture
    def settings(self, settings: Settings, postbox: Postbox) -> Settings:
        """Return settings with a mail server."""
        return settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": postbox.port, "smtp_starttls": False})

    def test_a_stranger_reads_the_first_lesson_after_three_pages(
        self, browser: Browser, instance: Instance, open_course: Course, postbox: Postbox
    ) -> None:
        """The form, the page that says to look at the mail, and the one that its link opens."""
        walker = Walker(browser)
        walker.browser.get("/courses/prueba")
        walker.follow("Create an account")
        promise = in_spanish("You are enrolled in “%(title)s” as soon as you are signed in.", title="Curso de prueba prueba")
        assert promise in walker.browser.page.text
        walker.send("/sign-up", **ROSA)
        assert promise in walker.browser.page.text
        assert not takes(instance, "rosa@example.org")
        browser.deliver_jobs()
        mail = mail_to(postbox, "rosa@example.org")
        assert in_spanish("It also takes you to what you signed up for: “%(course)s”.", course="Curso de prueba prueba") in mail
        walker.open(link_in(mail, "confirm"))
        assert promise in walker.browser.page.text
        assert not takes(instance, "rosa@example.org")  # a scanner of mails opens links
        press(walker.browser)

        assert walker.path() == LESSON
        assert walker.pages == 3
        assert takes(instance, "rosa@example.org")
        assert in_spanish("You are enrolled.") in walker.browser.page.text
        assert in_spanish("Your email address is confirmed.") in walker.browser.page.text

    def test_in_another_browser_the_chosen_password_leads_there_as_well(
        self, browser: Browser, instance: Instance, open_course: Course, postbox: Postbox
    ) -> None:
        walker = Walker(browser)
        walker.open("/sign-up?next=/courses/prueba?enrol%3Dyes")
        walker.send("/sign-up", **ROSA)
        browser.deliver_jobs()
        phone = browser.another()
        phone.get(link_in(mail_to(postbox, "rosa@example.org"), "confirm"))
        press(phone, {"password": "no es esta clave"}, status=422)
        assert not takes(instance, "rosa@example.org")
        press(phone, {"password": ROSA["password"]})

        assert phone.path == LESSON
        assert takes(instance, "rosa@example.org")

    def test_who_has_an_account_sees_the_same_and_is_led_in_by_the_mail(
        self, browser: Browser, instance: Instance, open_course: Course, postbox: Postbox
    ) -> None:
        a_person(instance)
        known, unknown = Walker(browser), Walker(browser)
        for walker, email in ((known, "ana@example.org"), (unknown, "rosa@example.org")):
            walker.open("/sign-up?next=/courses/prueba?enrol%3Dyes")
            walker.send("/sign-up", **{**ROSA, "email": email})
        token = r'name="csrf_token" value="[^"]+"'
        pages = [re.sub(token, "", walker.browser.page.html) for walker in (known, unknown)]
        assert pages[0] == pages[1]
        assert known.path() == unknown.path()
        browser.deliver_jobs()
        mail = mail_to(postbox, "ana@example.org")
        known.open(link_in(mail, "sign-in"))
        known.browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})

        assert known.path() == LESSON
        assert takes(instance, "ana@example.org")

    def test_a_forgotten_password_does_not_lose_the_course(
        self, browser: Browser, instance: Instance, open_course: Course, postbox: Postbox
    ) -> None:
        a_person(instance)
        visitor = browser.another()
        visitor.get("/sign-up?next=/courses/prueba?enrol%3Dyes")
        visitor.submit("/sign-up", {**ROSA, "email": "ana@example.org"})
        browser.deliver_jobs()
        visitor.get(link_in(mail_to(postbox, "ana@example.org"), "password/forgotten"))
        visitor.submit("/password/forgotten", {"email": "ana@example.org"})
        browser.deliver_jobs()
        visitor.get(link_in(mail_to(postbox, "ana@example.org"), "password/reset"))
        press(visitor, {"password": "una clave nueva y larga"})
        visitor.submit("/sign-in", {"email": "ana@example.org", "password": "una clave nueva y larga"})

        assert visitor.path == LESSON

    def test_page_and_mail_say_that_an_unconfirmed_account_cannot_be_used_and_it_cannot(
        self, browser: Browser, open_course: Course, postbox: Postbox
    ) -> None:
        visitor = browser.another()
        visitor.get("/sign-up")
        assert in_spanish("We will send a link there to confirm that it is yours.") in visitor.page.text
        visitor.submit("/sign-up", ROSA)
        sentence = in_spanish(
            "If the address can be used, we have sent it a message with a link that lasts 30 minutes. With it you confirm that the address "
            "is yours and you are signed in; before that, a new account cannot be used."
        )
        assert sentence in visitor.page.text
        browser.deliver_jobs()
        sentence = in_spanish(
            "You receive this message because an account was created with this address. If it was not you, do nothing: the account cannot "
            "be used without confirmation."
        )
        assert sentence in " ".join(mail_to(postbox, "rosa@example.org").split())

        visitor.get("/sign-in")
        visitor.submit("/sign-in", {"email": "rosa@example.org", "password": ROSA["password"]}, status=422)


# --- Without mail -------------------------------------------------------------------------------------------------------------------------


def test_without_mail_a_stranger_reads_the_first_lesson_after_two_pages(browser: Browser, instance: Instance, open_course: Course) -> None:
    walker = Walker(browser)
    walker.browser.get("/courses/prueba")
    walker.follow("Create an account")
    walker.send("/sign-up", **ROSA)
    assert dict(walker.browser.page.form("/sign-in").fields)["email"] == "rosa@example.org"
    walker.browser.submit("/sign-in", {"password": ROSA["password"]})

    assert walker.path() == LESSON
    assert walker.pages == 2
    assert takes(instance, "rosa@example.org")


def test_without_mail_page_and_message_say_that_the_account_can_be_used_and_it_can(browser: Browser, open_course: Course) -> None:
    visitor = browser.another()
    visitor.get("/sign-up")
    assert in_spanish("We will send a link there to confirm that it is yours.") not in visitor.page.text
    visitor.submit("/sign-up", ROSA)
    sentence = in_spanish(
        "If the address can be used, the account has been created. This site does not send email, so nothing has to be confirmed."
    )
    assert visitor.get("/sign-up/sent").text.count(sentence) == 1
    assert len(re.findall(WITHOUT_MAIL, visitor.page.text)) == 1
    (message,) = (" ".join(mail.split()) for mail in browser.mails())
    usable = in_spanish(
        "You receive this message because an account was created with this address. The site does not send email itself, so the account "
        "can be used without confirmation: if it was not you, write to %(address)s.",
        address=browser.instance.settings.contact_email,
    )
    assert usable in message
    assert UNUSABLE not in message

    visitor.get("/sign-in")
    visitor.submit("/sign-in", {"email": "rosa@example.org", "password": ROSA["password"]})
    assert visitor.path == "/learning"


def test_the_first_administrator_is_promised_no_mail(browser: Browser, instance: Instance) -> None:
    from lms import serve

    link = serve.first_link(instance)
    assert link is not None
    html = browser.get(link.removeprefix(instance.settings.public_url)).text

    assert in_spanish("We will send a link there to confirm that it is yours.") not in html
    assert in_spanish("You will sign in with it.") in html


# --- Signing in for a course --------------------------------------------------------------------------------------------------------------


def enter(browser: Browser, path: str, email: str = "ana@example.org") -> Browser:
    """Sign in through the page that leads to a path."""
    visitor = browser.another()
    visitor.get("/sign-in", query_string={"next": path})
    visitor.submit("/sign-in", {"email": email, "password": PASSWORD})
    return visitor


def test_who_signs_in_to_enrol_is_enrolled(browser: Browser, instance: Instance, open_course: Course) -> None:
    a_person(instance)
    visitor = browser.another()
    visitor.get("/courses/prueba")
    link = link_of(visitor, "Sign in to enrol")
    visitor.get(link)
    visitor.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})

    assert visitor.path == LESSON
    assert takes(instance, "ana@example.org")


def test_who_only_signs_in_on_the_way_to_a_course_is_not_enrolled(browser: Browser, instance: Instance, open_course: Course) -> None:
    a_person(instance)
    assert enter(browser, "/courses/prueba").path == "/courses/prueba"

    assert not takes(instance, "ana@example.org")


def test_opening_the_address_enrols_nobody(browser: Browser, instance: Instance, open_course: Course) -> None:
    """GET changes nothing (spec/security 3.2)."""
    a_person(instance)
    visitor = sign_in(browser.another())
    visitor.get("/courses/prueba?enrol=yes")
    visitor.get("/sign-in?next=/courses/prueba?enrol%3Dyes")
    assert visitor.path.startswith("/courses/prueba")

    assert not takes(instance, "ana@example.org")


@pytest.mark.parametrize("enrol", ["yes", "00000000-0000-0000-0000-000000000000", "x"])
def test_a_course_that_takes_nobody_takes_nobody_this_way(browser: Browser, instance: Instance, enrol: str) -> None:
    a_course(instance, modules=1, enrolment="invitation")
    a_person(instance)
    visitor = enter(browser, f"/courses/prueba?enrol={enrol}")

    assert visitor.path.startswith("/courses/prueba")
    assert not takes(instance, "ana@example.org")


def test_a_stranger_learns_nothing_of_a_course_that_is_hidden(browser: Browser, instance: Instance) -> None:
    a_course(instance, "oculto", modules=1, visibility="institution")
    visitor = browser.another()
    token = r'name="csrf_token" value="[^"]+"'
    for page in ("sign-up", "sign-in", "sign-up/sent"):
        visitor._request("GET", f"/{page}?next=/courses/oculto?enrol%3Dyes")
        hidden = re.sub(token, "", visitor.response.get_data(as_text=True))
        visitor._request("GET", f"/{page}?next=/courses/ausent?enrol%3Dyes")
        absent = re.sub(token, "", visitor.response.get_data(as_text=True))
        assert hidden.replace("oculto", "ausent") == absent


# --- Editions and codes -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def edition(instance: Instance, open_course: Course) -> Edition:
    """Return the one edition of the course, with one place."""
    return an_edition(instance, open_course, capacity=1)


def test_the_one_edition_is_joined_and_a_full_one_says_so_beforehand(browser: Browser, instance: Instance, edition: Edition) -> None:
    people = [a_person(instance, f"p{number}@example.org") for number in range(2)]
    visitor = browser.another()
    visitor.get("/courses/prueba")
    link = link_of(visitor, "Sign in to enrol")
    title = "Curso de prueba prueba, Marzo"
    assert in_spanish("You are enrolled in “%(title)s” as soon as you are signed in.", title=title) in visitor.get(link).text
    visitor.submit("/sign-in", {"email": people[0].email, "password": PASSWORD})
    assert visitor.path == LESSON
    late = browser.another()
    assert (
        in_spanish("You join the waiting list of “%(title)s” as soon as you are signed in: all places are taken.", title=title)
        in late.get(link).text
    )
    late.submit("/sign-in", {"email": people[1].email, "password": PASSWORD})

    assert takes(instance, people[0].email)
    assert not takes(instance, people[1].email)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(WaitingPlace.person_id)).all() == [people[1].id]


def test_a_code_goes_with_a_stranger_through_sign_up(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, enrolment="code")
    edition = an_edition(instance, course, open_to_all=False)
    with instance.database.unit_of_work() as session:
        editions.make_code(session, SYSTEM, session.merge(edition), now=clock.now())
        code = session.scalars(select(Edition.code)).one()
    walker = Walker(browser)
    walker.browser.get(f"/join/{code}")
    assert walker.path().startswith("/sign-in")
    assert "Curso de prueba" not in walker.browser.page.text  # a code is looked up for a person, never for a stranger
    walker.follow("Create an account")
    walker.send("/sign-up", **ROSA)
    walker.browser.submit("/sign-in", {"password": ROSA["password"]})

    assert walker.path() == LESSON
    assert walker.pages == 2
    assert takes(instance, "rosa@example.org")


def test_a_wrong_code_signs_in_and_says_that_it_is_none(browser: Browser, instance: Instance, open_course: Course) -> None:
    a_person(instance)
    visitor = browser.another()
    visitor.get("/sign-in?next=/join/WRONGCODE")
    visitor.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD}, status=404)

    assert in_spanish("We couldn't find an edition with this code. Check it and try again.") in visitor.page.text
    assert "WRONGCODE" in visitor.page.html
    visitor.get("/learning")


# --- Names --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("", "", "")),
        ("Rosa", ("Rosa", "", "")),
        ("Rosa Guamán", ("Rosa", "Guamán", "")),
        ("Ana Quinde Vega", ("Ana", "Quinde", "Vega")),
        ("Rosa Elvira Guamán Ñúñez", ("Rosa Elvira", "Guamán", "Ñúñez")),
        ("María de los Ángeles Vera Loor", ("María de los Ángeles", "Vera", "Loor")),
        ("Luis De la Torre", ("Luis", "De la Torre", "")),
        ("de la", ("de la", "", "")),
    ],
)
def test_a_name_in_one_piece_is_divided_for_the_form(text: str, parts: tuple[str, str, str]) -> None:
    assert split_name(text) == parts


def test_an_account_that_was_suspended_meanwhile_is_not_signed_in(browser: Browser, instance: Instance, open_course: Course) -> None:
    visitor = browser.another()
    visitor.get("/sign-up?next=/courses/prueba?enrol%3Dyes")
    visitor.submit("/sign-up", ROSA)
    link = browser.link_in_mail("confirm")
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == "rosa@example.org").values(suspended_at=clock.now()))
    visitor.get(link)
    press(visitor)

    assert visitor.path == "/sign-in"
    assert not takes(instance, "rosa@example.org")
