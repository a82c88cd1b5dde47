"""The register of certificates: who sees which, by which filters, in which order, and as which tables (spec/certificates R1 and R2)."""

import csv
import re
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from lxml import html as markup
from openpyxl import load_workbook
from sqlalchemy import insert, select, update

from accounts.models import NationalIdentity, Person
from accounts.rules import DELETED
from certificates import credentials
from certificates.models import Credential
from certificates.rules.credentials import CredentialState, RevocationReason
from courses.models import Course, StaffRole
from enrolments.models import EditionPlace, Enrolment
from kernel import clock
from kernel.audit import AuditEntry
from kernel.codes import printed_code
from kernel.i18n import site_day
from kernel.permissions import SYSTEM
from lms.erasure import erase_person
from lms.instance import Instance
from organisations.models import Employment, Membership, Organisation
from organisations.tree import add_standing
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, an_administrator, sign_in
from tests.support.certificates import complete, issue
from tests.support.editions import an_edition
from tests.support.places import a_place
from tests.support.registers import FIRST_DAY, fill_register
from tests.support.wording import in_spanish

SITE = "/administration/certificates"

BUILT_IN = "%(template)s (%(key)s, which comes with the program), version %(number)s"


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a published course."""
    return a_course(instance, modules=1)


def change(instance: Instance, code: str, **values: object) -> None:
    """Change a certificate's row."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).where(Credential.code == code).values(**values))


def shown(browser: Browser, codes: list[str]) -> list[str]:
    """Return the codes that the list of the present page shows, in its order."""
    text = browser.page.text
    found = {text.find(printed_code(code)): code for code in codes if printed_code(code) in text}
    return [found[place] for place in sorted(found)]


def test_the_register_is_for_administrators_and_that_of_a_course_for_its_owners_and_editors(
    browser: Browser, instance: Instance, course: Course
) -> None:
    """spec/certificates R1: theirs, and no other's."""
    codes = fill_register(instance, course, 3)
    other = a_course(instance, "otro", modules=1)
    a_teacher(instance, other, "otra@example.org", role=StaffRole.OWNER)
    a_teacher(instance, course, "duena@example.org", role=StaffRole.OWNER)
    an_administrator(instance)
    owner, stranger, boss = (browser.another() for _each in range(3))
    sign_in(owner, "duena@example.org").get("/teaching/prueba/certificates")
    sign_in(stranger, "otra@example.org").get("/teaching/prueba/certificates", status=404)
    sign_in(boss, "admin@example.org").get(SITE)

    assert shown(owner, codes) == codes[::-1] == shown(boss, codes)
    owner.get(SITE, status=404)
    stranger.get("/teaching/otro/certificates")
    assert shown(stranger, codes) == []


def test_each_filter_leaves_what_it_says(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates R1: course, edition, person, code, issued between, expires between, state, template, take."""
    codes = fill_register(instance, course, 6)
    others = a_course(instance, "otro", modules=1)
    today = site_day(clock.now())
    change(instance, codes[0], issued_on=FIRST_DAY + timedelta(days=9), template="diploma")
    change(instance, codes[1], expires_on=today - timedelta(days=1), take=2)
    change(instance, codes[2], expires_on=today)
    change(instance, codes[3], revoked_at=clock.now(), revoked_reason="Por error.")
    edition = an_edition(instance, course)
    with instance.database.unit_of_work() as session:
        rows = {row.code: row for row in session.scalars(select(Credential))}
        session.execute(
            update(Credential).where(Credential.code == codes[4]).values(replaced_by_id=rows[codes[5]].id, replaced_at=clock.now())
        )
        session.execute(insert(EditionPlace).values(enrolment_id=rows[codes[5]].enrolment_id, edition_id=edition.id))
        session.execute(update(Credential).where(Credential.code == codes[5]).values(course_id=others.id, course_key="otro"))
        session.execute(update(Enrolment).where(Enrolment.id == rows[codes[5]].enrolment_id).values(course_id=others.id))
    sign_in(browser, an_administrator(instance).email)
    expected = {
        "course=otro": [5],
        f"edition={edition.uuid}": [5],
        "q=persona+00002": [2],
        "q=APELLIDO+3+persona": [3],
        f"code={printed_code(codes[1])[:9].lower()}": [1],
        f"issued_from={FIRST_DAY + timedelta(days=1)}": [0],
        f"issued_until={FIRST_DAY}": [5, 4, 3, 2, 1],
        f"expires_from={today - timedelta(days=1)}&expires_until={today - timedelta(days=1)}": [1],
        "state=expired": [1],
        "state=revoked": [3],
        "state=replaced": [4],
        "state=valid": [0, 5, 2],
        "template=diploma": [0],
        "take=2": [1],
        "state=expired&take=2&sort=name": [1],
    }

    found = {}
    for query in expected:
        browser.get(f"{SITE}?{query}")
        found[query] = [codes.index(code) for code in shown(browser, codes)]

    assert found == expected


def test_the_unit_of_a_person_filters_with_everything_below_it(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates R1: from the unit."""
    codes = fill_register(instance, course, 2)
    now = clock.now()
    with instance.database.unit_of_work() as session:
        root = session.scalars(select(Organisation)).first() or Organisation(
            kind="institution", name="IESS", name_key="iess", created_at=now
        )
        session.add(root)
        session.flush()
        unit = Organisation(parent_id=root.id, kind="unit", name="Pensiones", name_key="pensiones", created_at=now)
        session.add(unit)
        session.flush()
        for place in (root, unit):
            add_standing(session, place.id, place.parent_id, now=now)
        holder = session.execute(select(Credential.person_id).where(Credential.code == codes[1])).scalar_one()
        session.add(Membership(person_id=holder, organisation_id=unit.id, since=now))
        places = [root.uuid, unit.uuid]
    sign_in(browser, an_administrator(instance).email)

    for place in places:
        assert browser.get(f"/units/{place}").has_link(f"{SITE}?unit={place}")
        browser.get(f"{SITE}?unit={place}")
        assert shown(browser, codes) == [codes[1]]


def test_pages_follow_each_other_in_every_order(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates R1: sortable, pages by key, a stable address."""
    codes = fill_register(instance, course, 120)
    for place, code in enumerate(codes):
        if place % 3:
            change(instance, code, expires_on=date(2027, 1, 1) + timedelta(days=place % 11))
    sign_in(browser, an_administrator(instance).email)

    listed = {}
    for sort in ("issued", "-issued", "name", "-name", "expires", "-expires", "course", "-course"):
        forwards = walk(browser, f"{SITE}?sort={sort}", "next", codes)
        backwards = walk(browser, f"{SITE}?sort={sort}&last=1", "prev", codes)
        listed[sort] = [code for page in forwards for code in page]
        assert sorted(listed[sort]) == sorted(codes)
        assert [code for page in reversed(backwards) for code in page] == listed[sort]
    assert [listed[sort] for sort in ("issued", "name", "expires")] == [listed[f"-{sort}"][::-1] for sort in ("issued", "name", "expires")]


def walk(browser: Browser, address: str, rel: str, codes: list[str]) -> list[list[str]]:
    """Follow the pages one way; return the codes of each."""
    pages = []
    while address:
        browser.get(address)
        pages.append(shown(browser, codes))
        found = markup.fromstring(browser.page.html).xpath(f"//a[@rel='{rel}']/@href")
        address = found[0] if found else ""
    return pages


def test_a_person_is_found_by_address_staff_number_and_identity_number(browser: Browser, instance: Instance, course: Course) -> None:
    """Findings S3: what stands under each name finds it; identity numbers only where the register may show them."""
    codes = fill_register(instance, course, 3)
    there = a_place(instance)
    with instance.database.unit_of_work() as session:
        holder = session.scalars(select(Credential.person_id).where(Credential.code == codes[1])).one()
        email = session.get_one(Person, holder).email
        session.add(NationalIdentity(person_id=holder, number="1720010709"))
        session.add(Employment(person_id=holder, institution_id=there.id, staff_number="S-5010", recorded_at=clock.now()))
    sign_in(browser, an_administrator(instance).email)

    for address, typed, count in (
        (SITE, email, 1),
        (SITE, "S-5010", 1),
        (SITE, "1720010709", 1),
        (f"/teaching/{course.slug}/certificates", "S-5010", 1),
        (f"/teaching/{course.slug}/certificates", "1720010709", 0),
    ):
        browser.get(f"{address}?q={typed}")
        assert shown(browser, codes) == codes[1:2][:count], (address, typed)


def test_what_cannot_be_read_is_said_at_its_filter(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates 15: a plain sentence, and no list that pretends to be the answer."""
    codes = fill_register(instance, course, 1)
    sign_in(browser, an_administrator(instance).email)

    for query, words in {
        "issued_from=ayer": in_spanish("Enter a date, for example 2026-11-30."),
        "code=ñandú": in_spanish("This is not a valid certificate code."),
    }.items():
        browser.get(f"{SITE}?{query}", status=422)
        assert words in browser.page.text
        assert shown(browser, codes) == []
    for typed in ("-4", "x", "0"):
        browser.get(f"{SITE}?take={typed}", status=422)
        assert in_spanish("Enter a whole number from 1 on.") in browser.page.text
    for query in ("state=nada", "edition=1", "unit=1", "sort=precio", "after=1", "course=ninguno"):
        browser.get(f"{SITE}?{query}")
        assert shown(browser, codes) == codes


def test_the_number_on_the_administration_page_leads_there(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates R1."""
    fill_register(instance, course, 2)
    sign_in(browser, an_administrator(instance).email)

    assert browser.get("/administration").has_link(SITE)
    assert browser.get("/teaching/prueba/outline").has_link("/teaching/prueba/certificates")


def test_verifying_leads_whoever_may_to_the_certificate(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates R1: "Verificar" leads to the register from a code, for those with the right and for nobody else."""
    complete(instance, course)
    row = issue(instance)
    a_teacher(instance, course, "editora@example.org", role=StaffRole.EDITOR)
    a_teacher(instance, course, "calificadora@example.org", role=StaffRole.GRADER)
    address = f"/certificates/{row.uuid}"

    for email, sees in (("", False), ("calificadora@example.org", False), ("editora@example.org", True), ("ana@example.org", True)):
        visitor = browser.another()
        if email:
            sign_in(visitor, email)
        assert visitor.get(f"/verify/{printed_code(row.code)}").has_link(address) is sees


def test_the_team_sees_what_was_done_with_a_certificate(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates R1 and E11: facts, history as a line of time with both names, acts."""
    complete(instance, course)
    row = issue(instance)
    boss = sign_in(browser, an_administrator(instance).email)
    address = f"/certificates/{row.uuid}"
    boss.get(f"{address}/revocation")
    boss.submit("/revocation", {"reason_class": "issued_by_mistake", "reason": "No correspondía."})
    text = boss.get(address).text
    holder = sign_in(browser.another()).get(address).text

    assert in_spanish("History") in text
    assert "Ada Ministra" in text[text.index(in_spanish("History")) :]
    assert in_spanish("History") not in holder
    assert in_spanish(BUILT_IN, template="Certificado con la fachada", key="facade", number=6) in text, (
        "one of the institution may be called so"
    )


def test_the_template_is_named_where_the_log_says_nothing(browser: Browser, instance: Instance, course: Course) -> None:
    """A certificate that stands in place of another one has no entry of its own; its template is named all the same."""
    fill_register(instance, course, 1)
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Credential)).one()
    sign_in(browser, an_administrator(instance).email)

    named = in_spanish(BUILT_IN, template="Certificado con la fachada", key=row.template, number=row.template_version)
    assert named in browser.get(f"/certificates/{row.uuid}").text


def table_of(browser: Browser, kind: str, query: str = "") -> list[list[str]]:
    """Download the register as a table."""
    browser._request("GET", f"{SITE}/exports/{kind}?{query}")
    assert browser.response.status_code == 200
    content = browser.response.get_data()
    if kind == "csv":
        assert content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(StringIO(content.decode("utf-8-sig")), delimiter=";"))
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_filtered_list_is_taken_out_with_masked_identity_numbers(
    browser: Browser, instance: Instance, course: Course, kind: str
) -> None:
    """spec/certificates R2: formula signs defused, identity numbers masked, the export in the log."""
    codes = fill_register(instance, course, 3)
    change(instance, codes[1], person_name="=1+1 Quinde")
    with instance.database.unit_of_work() as session:
        holder = session.execute(select(Credential.person_id).where(Credential.code == codes[1])).scalar_one()
        session.add(NationalIdentity(person_id=holder, number="1710034065"))
    sign_in(browser, an_administrator(instance).email)

    table = table_of(browser, kind, f"code={codes[1]}")

    assert [row[0] for row in table] == [in_spanish("Code"), printed_code(codes[1])]
    assert table[1][1].removeprefix("'") == "=1+1 Quinde"
    assert table[1][3] == "••••••4065"
    assert "titular.1@example.org" in table[1]
    assert len(table_of(browser, kind)) == 4
    with instance.database.unit_of_work(write=False) as session:
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.verb == "certificate_register.exported")).all()) == 2


def test_templates_are_named_by_their_titles(browser: Browser, instance: Instance, course: Course) -> None:
    """In the files and in the filter; by their key where there is no such template any more."""
    codes = fill_register(instance, course, 2)
    change(instance, codes[0], template="diploma")
    sign_in(browser, an_administrator(instance).email)

    headings, *rows = table_of(browser, "csv")
    options = dict(re.findall(r'<option value="(diploma|constancia)"[^>]*>([^<]*)<', browser.get(SITE).html))

    assert {row[headings.index(in_spanish("Template"))] for row in rows} == {"diploma", "Certificado con la fachada"}
    assert options == {"diploma": "diploma", "constancia": "Certificado con la fachada (constancia)"}


@pytest.mark.parametrize(("hours", "text"), [("20.00", "20"), ("100.00", "100"), ("10.50", "10,5")])
def test_hours_are_written_as_people_write_them(browser: Browser, instance: Instance, course: Course, hours: str, text: str) -> None:
    """spec/certificates H1."""
    codes = fill_register(instance, course, 1)
    change(instance, codes[0], hours=Decimal(hours))
    sign_in(browser, an_administrator(instance).email)

    headings, row = table_of(browser, "csv")

    assert row[headings.index(in_spanish("Hours"))] == text


def test_identity_numbers_are_taken_out_for_a_reason_by_administrators_alone(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates R2: an administrator's export with a reason, which is in the log."""
    codes = fill_register(instance, course, 2)
    with instance.database.unit_of_work() as session:
        holder = session.execute(select(Credential.person_id).where(Credential.code == codes[0])).scalar_one()
        session.add(NationalIdentity(person_id=holder, number="1710034065"))
    owner = sign_in(browser.another(), a_teacher(instance, course, "duena@example.org", role=StaffRole.OWNER).email)
    assert not owner.get("/teaching/prueba/certificates").has_link(f"{SITE}/identity-numbers?course=prueba")
    owner.get(f"{SITE}/identity-numbers", status=404)
    boss = sign_in(browser, an_administrator(instance).email)

    boss.get(f"{SITE}/identity-numbers?course=prueba")
    boss.submit("/identity-numbers", {"reason": "", "kind": "csv"}, status=422)
    boss.submit("/identity-numbers", {"reason": "Concurso de méritos.", "kind": "csv"})
    rows = list(csv.reader(StringIO(boss.response.get_data().decode("utf-8-sig")), delimiter=";"))

    assert {row[0]: row[3] for row in rows[1:]} == {printed_code(codes[0]): "1710034065", printed_code(codes[1]): ""}
    with instance.database.unit_of_work(write=False) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "certificate_register.exported")).one()
        assert "Concurso de méritos." in entry.facts


def test_the_register_names_nobody_whose_data_were_deleted(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates R8: neither the list, nor a search for the name, nor the table."""
    codes = fill_register(instance, course, 1)
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == "titular.0@example.org").values(email=f"x{DELETED}", name_key="eliminada"))
    sign_in(browser, an_administrator(instance).email)

    browser.get(SITE)
    assert shown(browser, codes) == codes
    assert "Persona 00000" not in browser.page.text
    assert in_spanish("Data deleted at the person's request") in browser.page.text
    assert "Persona 00000" not in str(table_of(browser, "csv"))
    browser.get(f"{SITE}?q=Persona")
    assert shown(browser, codes) == []


def test_states_on_the_list_are_those_of_the_certificate(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates E11: with the next request."""
    complete(instance, course)
    row = issue(instance)
    sign_in(browser, an_administrator(instance).email)
    with instance.database.unit_of_work() as session:
        credentials.revoke_credential(
            session, SYSTEM, session.get_one(Credential, row.id), RevocationReason.ON_REQUEST, "Lo pidió.", now=clock.now()
        )

    browser.get(f"{SITE}?state={CredentialState.REVOKED}")
    assert shown(browser, [row.code]) == [row.code]


def test_every_cell_of_the_register(browser: Browser, instance: Instance) -> None:
    """spec/certificates 11: certificate.list and certificate.export, each role."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    fill_register(instance, course, 1)
    own, reason = "/teaching/prueba/certificates", {"reason": "Concurso de méritos.", "kind": "csv"}

    wrong = cast.check("certificate.list", "own_course", cast.outcomes(own))
    wrong += cast.check("certificate.list", "any", cast.outcomes(SITE))
    for kind in ("csv", "xlsx"):
        wrong += cast.check("certificate.export", "own_course", cast.outcomes(f"{own}/exports/{kind}"))
        wrong += cast.check("certificate.list", "any", cast.outcomes(f"{SITE}/exports/{kind}"))
    wrong += cast.check("certificate.export_identity", "any", cast.outcomes(f"{SITE}/identity-numbers"))
    wrong += cast.check("certificate.export_identity", "any", cast.outcomes(f"{SITE}/identity-numbers", "POST", reason))

    assert wrong == []


def test_verifying_the_certificate_of_a_deleted_person_names_nobody(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates R8: issued, with course and dates; neither name, sheet nor badge, also for the team."""
    complete(instance, course)
    row = issue(instance)
    with instance.database.unit_of_work() as session:
        erase_person(session, SYSTEM, session.get_one(Person, row.person_id), now=clock.now())
    code = printed_code(row.code)
    boss = sign_in(browser.another(), an_administrator(instance).email)

    page = browser.get(f"/verify/{code}")
    staff = boss.get(f"/certificates/{row.uuid}")

    assert in_spanish("Issued; the person's data were deleted at their request") in page.text
    assert "Curso de prueba" in page.text
    assert str(row.issued_on.year) in page.text
    assert "Quinde" not in page.html
    assert "Quinde" not in staff.html
    boss.get(f"/certificates/{row.uuid}.pdf", status=410)
    for kind in ("json", "jwt", "png", "svg"):
        browser.get(f"/v/{code}.{kind}", status=410)
