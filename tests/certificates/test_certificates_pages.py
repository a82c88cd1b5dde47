"""Certificates over HTTP: the page, the PDF, and the public verification that says what the sheet says and nothing else."""

from decimal import Decimal

import pypdfium2
import pytest
import zxingcpp
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from certificates import credentials
from certificates.certificate_page import sheet_of
from certificates.models import Credential
from certificates.rules.credentials import ReplacementReason, RevocationReason
from courses.models import Course
from enrolments.models import Completion
from kernel import clock
from kernel.codes import printed_code
from kernel.pdf import document as pdf_document
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.at_once import overlap
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, an_administrator, sign_in
from tests.support.certificates import a_certificate, complete, issue
from tests.support.meanwhile import Writers
from tests.support.obligations import an_audience_with_authors, an_obligation, assignment_of, compute, let_stay, rules_of
from tests.support.wording import in_spanish

GENUINE_REVOKED = in_spanish("Genuine, revoked on %(day)s", day="|").partition("|")[0]
GENUINE_REPLACED = in_spanish("Genuine, replaced by %(code)s", code="|").partition("|")[0]


@pytest.fixture
def credential(instance: Instance) -> Credential:
    """Return what Ana holds."""
    return a_certificate(instance)


def pdf_of(browser: Browser, credential: Credential, language: str = "es") -> bytes:
    """Download the sheet."""
    browser._request("GET", f"/certificates/{credential.uuid}.pdf?language={language}")
    assert browser.response.status_code == 200
    assert browser.response.content_type == "application/pdf"
    return browser.response.get_data()


def words_of(content: bytes) -> list[str]:
    """Read the lines of a PDF's only page."""
    document = pypdfium2.PdfDocument(content)
    text = document[0].get_textpage().get_text_bounded()
    document.close()
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_the_holder_finds_the_certificate_and_its_file(browser: Browser, instance: Instance, credential: Credential) -> None:
    sign_in(browser)

    listed = browser.get("/certificates")
    page = browser.get(f"/certificates/{credential.uuid}")
    content = pdf_of(browser, credential)

    assert listed.has_link(f"/certificates/{credential.uuid}")
    assert "Ana Quinde" in page.text
    assert "Ana Quinde" in words_of(content)
    name = f"certificado-prueba-{printed_code(credential.code)}.pdf"
    assert browser.response.headers["Content-Disposition"] == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"


def test_the_same_row_gives_the_same_bytes_and_is_not_sent_twice(browser: Browser, instance: Instance, credential: Credential) -> None:
    sign_in(browser)

    first = pdf_of(browser, credential)
    tag = browser.response.headers["ETag"]
    browser._request("GET", f"/certificates/{credential.uuid}.pdf?language=es", headers={"If-None-Match": tag})

    assert browser.response.status_code == 304
    assert pdf_of(browser, credential) == first
    assert pdf_of(browser, credential, "en") != first


def test_others_write_while_a_sheet_is_drawn(
    browser: Browser, instance: Instance, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while somebody draws it whose look is noted: SQLite's only turn to write is not held meanwhile."""
    others = Writers(instance)

    class Watched(Canvas):
        """A sheet during whose drawing somebody else writes."""

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            others.write()
            super().showPage()

    monkeypatch.setattr(pdf_document, "Canvas", Watched)
    sign_in(browser)
    pdf_of(browser, credential)
    an_administrator(instance)
    administrator = browser.another()
    sign_in(administrator, "admin@example.org")
    pdf_of(administrator, credential)

    assert others.kept == [True, True]


def test_the_qr_code_of_the_sheet_leads_to_the_register(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/security 5.4: the same code in print and in the address."""
    sign_in(browser)
    document = pypdfium2.PdfDocument(pdf_of(browser, credential))
    picture = document[0].render(scale=3).to_pil()
    document.close()

    found = zxingcpp.read_barcodes(picture)

    assert [code.text for code in found] == [f"http://localhost:8000/v/{printed_code(credential.code)}"]
    stranger = browser.another()
    stranger.get(found[0].text.removeprefix("http://localhost:8000"))
    assert "Ana Quinde" in stranger.page.text


@pytest.mark.parametrize("language", ["es", "en"])
def test_verification_says_what_the_sheet_says_and_nothing_else(
    browser: Browser, instance: Instance, credential: Credential, language: str
) -> None:
    """spec/security 5.4: name, course, version, date, hours, mode, result, state; no address, no grade, no identity number."""
    sign_in(browser)
    sheet = " ".join(words_of(pdf_of(browser, credential, language)))
    stranger = browser.another(language)

    page = stranger.get(f"/verify/{printed_code(credential.code)}")

    text = " ".join(page.text.split())
    printed = sheet_of(credential, (), "http://localhost:8000", language)
    fields = ("person.name", "institution.name", "course.title", "code", "hours", "mode", "issued_on")
    values = [printed[name] for name in fields]
    assert [words for words in values if words not in sheet] == []
    assert [words for words in values if words not in text] == []
    assert ("Versión 1" in sheet, "Versión1" in text) == (True, True) if language == "es" else "Version1" in text
    done = {
        "es": "Completó el módulo y aprobó «Cuestionario 1» del curso",
        "en": "Completed the module and passed “Quiz 1” of",
    }
    assert f"{done[language]} {printed['course.title']}" in text
    assert {"es": in_spanish("Genuine and in force"), "en": "Genuine and in force"}[language] in text
    for private in ("ana@example.org", "100 %", "100%", str(credential.uuid)):
        assert private not in page.html


def test_page_and_register_say_the_length_as_the_sheet_does(browser: Browser, instance: Instance, credential: Credential) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(hours=Decimal("11.33")))
    sign_in(browser)

    assert "11 h 20 min" in words_of(pdf_of(browser, credential))
    for path in (f"/certificates/{credential.uuid}", f"/verify/{printed_code(credential.code)}"):
        assert "Duración 11 h 20 min, 1 módulo" in " ".join(browser.get(path).text.split())


def test_verification_says_completed_where_nobody_had_to_pass(browser: Browser, instance: Instance) -> None:
    """spec/security 5.4: what the sheet says."""
    complete(instance, a_course(instance, modules=1, settings="attempts: 3\npass_mark: none\n"))
    row = issue(instance)

    page = browser.get(f"/verify/{printed_code(row.code)}")

    assert "ResultadoCompletó el curso Curso de prueba" in " ".join(page.text.split())


def test_codes_are_read_as_people_type_them(browser: Browser, instance: Instance, credential: Credential) -> None:
    """Case, spaces, hyphens; I and L are 1, O is 0."""
    printed = printed_code(credential.code)
    for typed in (credential.code.lower(), printed.replace("-", " "), f" {printed} ", printed.replace("0", "O").replace("1", "l")):
        page = browser.get("/verify", query_string={"code": typed})
        assert "Ana Quinde" in page.text, typed


@pytest.mark.parametrize("code", ["0000-0000-0000-0000", "nada", "UUUU-UUUU-UUUU-UUUU", "%00", "..%2f..", "x" * 300])
def test_an_unknown_code_is_not_found_and_says_so(browser: Browser, instance: Instance, code: str) -> None:
    """spec/security 2.2 and 3.5."""
    browser.get(f"/verify/{code}", status=404)

    assert "Ana" not in browser.page.text


@pytest.mark.slow
def test_a_code_that_cannot_be_one_is_asked_for_again(browser: Browser, instance: Instance) -> None:
    page = browser.get("/verify?code=hola", status=422)

    assert page.form("/verify").method == "get"
    assert dict(page.form("/verify").fields)["code"] == "hola"


@pytest.mark.slow
def test_codes_cannot_be_tried_for_long(browser: Browser, instance: Instance) -> None:
    """spec/security 2.3: 60 a minute from one address; the limit tells when to come back."""
    for _number in range(60):
        browser._request("GET", "/verify/0000-0000-0000-0000")
        assert browser.response.status_code == 404

    browser.get("/verify/0000-0000-0000-0000", status=429)

    assert int(browser.response.headers["Retry-After"]) > 0


def test_revocation_shows_at_once_and_takes_the_file_away(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/security 5.4; the reason is for its holder."""
    admin = browser.another()
    an_administrator(instance)
    sign_in(admin, "admin@example.org")
    admin.get(f"/certificates/{credential.uuid}/revocation")
    admin.submit("/revocation", {"reason": ""}, status=422)
    admin.submit("/revocation", {"reason_class": "issued_by_mistake", "reason": "Se emitió a otra persona."})

    public = browser.another().get(f"/verify/{printed_code(credential.code)}")
    sign_in(browser)
    own = browser.get(f"/certificates/{credential.uuid}")
    browser.get(f"/certificates/{credential.uuid}.pdf", status=410)

    assert GENUINE_REVOKED in public.text
    assert in_spanish("It was issued by mistake") in public.text
    assert "Se emitió a otra persona." not in public.text
    assert "Se emitió a otra persona." in own.text
    admin.get(f"/certificates/{credential.uuid}/revocation", status=409)


def test_a_revoked_certificate_leaves_course_and_compulsory_training_completed(
    browser: Browser, instance: Instance, credential: Credential
) -> None:
    """spec/compulsory 8.1, beside the sentence of the page."""
    an_administrator(instance)
    with instance.database.unit_of_work(write=False) as session:
        person, course = session.get_one(Person, credential.person_id), session.scalars(select(Course)).one()
    audience = an_audience_with_authors(instance)
    let_stay(instance, audience, person)
    obligation = an_obligation(instance, audience, rules_of(course))
    compute(instance, obligation, [person.id], now=clock.now())
    assert assignment_of(instance, person).state == "done"

    admin = sign_in(browser.another(), "admin@example.org")
    page = admin.get(f"/certificates/{credential.uuid}/revocation")
    admin.submit("/revocation", {"reason_class": "irregularity", "reason": "Copió."})
    admin.deliver_jobs()
    compute(instance, obligation, [person.id], now=clock.now())

    assert in_spanish("Only the certificate is revoked.") in page.text
    assert assignment_of(instance, person).state == "done"
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Completion)) == 1


def test_instead_of_a_revoked_one_another_is_issued_with_the_name_of_today(
    browser: Browser, instance: Instance, credential: Credential
) -> None:
    """spec/security 5.3: issued again with a reason, and the first one is kept."""
    path = f"/certificates/{credential.uuid}"
    an_administrator(instance)
    admin = sign_in(browser.another(), "admin@example.org")
    admin.get(f"{path}/renewal", status=409)
    admin.get(f"{path}/revocation")
    admin.submit("/revocation", {"reason_class": "issued_by_mistake", "reason": "El apellido está mal escrito."})
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == credential.person_id).values(first_surname="Quindé"))
    admin.get(f"{path}/renewal")
    admin.submit("/renewal", {"reason": ""}, status=422)
    admin.submit("/renewal", {"reason": "Con su apellido."})
    own = sign_in(browser).get("/certificates")

    with instance.database.unit_of_work(write=False) as session:
        first, second = session.scalars(select(Credential).order_by(Credential.id)).all()
    assert (first.person_name, second.person_name, second.completed_on) == ("Ana Quinde", "Ana Quindé", first.completed_on)
    assert (first.replaced_by_id, second.revoked_at, second.code != first.code) == (second.id, None, True)
    assert own.has_link(f"/certificates/{second.uuid}")
    assert browser.get(path).has_link(f"/certificates/{second.uuid}")
    assert GENUINE_REVOKED in browser.get(f"/verify/{printed_code(first.code)}").text
    assert in_spanish("Genuine and in force") in browser.get(f"/verify/{printed_code(second.code)}").text
    assert len(browser.mails()) == 3
    admin.get(f"{path}/renewal", status=409)


def test_no_other_one_is_issued_where_the_course_is_not_completed_any_more(
    browser: Browser, instance: Instance, credential: Credential
) -> None:
    an_administrator(instance)
    admin = sign_in(browser.another(), "admin@example.org")
    admin.get(f"/certificates/{credential.uuid}/revocation")
    admin.submit("/revocation", {"reason_class": "issued_by_mistake", "reason": "Por error."})
    with instance.database.unit_of_work() as session:
        session.execute(delete(Completion))
    admin.get(f"/certificates/{credential.uuid}/renewal")
    admin.submit("/renewal", {"reason": "Otra vez."}, status=422)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Credential.id)).all() == [credential.id]


def test_the_course_page_leads_to_the_certificate_in_force_and_says_when_it_is_not(
    browser: Browser, instance: Instance, credential: Credential
) -> None:
    path = f"/certificates/{credential.uuid}"
    sign_in(browser)
    before = browser.get("/courses/prueba")
    an_administrator(instance)
    admin = sign_in(browser.another(), "admin@example.org")
    admin.get(f"{path}/revocation")
    admin.submit("/revocation", {"reason_class": "issued_by_mistake", "reason": "Se emitió a otra persona."})

    after = browser.get("/courses/prueba")

    assert before.has_link(path)
    assert in_spanish("View my certificate") in before.text
    assert in_spanish("View my certificate") not in after.text
    assert (path, in_spanish("See why on the certificate")) in after.links
    assert "Se emitió a otra persona." in browser.get(path).text
    assert (
        in_spanish(
            "Your certificate for this course is no longer valid. If you need a valid one, ask the course team to let you take it again."
        )
        in after.text
    )
    assert "se está preparando" not in after.text


def test_a_changed_row_is_not_vouched_for(browser: Browser, instance: Instance, credential: Credential) -> None:
    """The register checks its own signature."""
    honest = browser.get(f"/verify/{printed_code(credential.code)}").text
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(person_name="Otra Persona"))

    page = browser.get(f"/verify/{printed_code(credential.code)}")

    assert page.text.replace("Otra Persona", "Ana Quinde") != honest


def test_names_are_text_on_the_sheet_and_on_the_page(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/security 4.2: never markup, neither in HTML nor in the PDF."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(person_name="Ana <b>Quinde</b> & Cía", surnames=""))
    sign_in(browser)

    page = browser.get(f"/certificates/{credential.uuid}")

    assert "<b>Quinde" not in page.html
    assert "Ana <b>Quinde</b> & Cía" in " ".join(words_of(pdf_of(browser, credential)))


def test_a_course_team_sees_the_page_of_a_learners_certificate(browser: Browser, instance: Instance, credential: Credential) -> None:
    """Instructor and administrator as in the matrix; the page offers revoking to them only."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course)).scalar_one()
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    team = browser.get(f"/certificates/{credential.uuid}")
    holder = sign_in(browser.another()).get(f"/certificates/{credential.uuid}")

    assert team.has_link(f"/certificates/{credential.uuid}/revocation")
    assert not holder.has_link(f"/certificates/{credential.uuid}/revocation")
    assert team.text.count(in_spanish("My certificates")) == holder.text.count(in_spanish("My certificates")) - 1, (
        "it is not among the reader's own"
    )
    assert browser.get("/certificates").text.count("Curso de prueba prueba") == 0


def test_a_renamed_person_keeps_the_name_of_the_day(browser: Browser, instance: Instance, credential: Credential) -> None:
    """Frozen: page, sheet and register."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(given_names="Otra", first_surname="Persona"))
    sign_in(browser)

    assert "Ana Quinde" in words_of(pdf_of(browser, credential))
    assert "Ana Quinde" in browser.another().get(f"/v/{credential.code}").text


def test_a_wrong_name_is_corrected_in_one_step_and_nobody_reads_of_guilt(
    browser: Browser, instance: Instance, credential: Credential
) -> None:
    """spec/certificates E5: side by side, reason, another code; the old address leads on, the old file is gone, the holder is told."""
    path = f"/certificates/{credential.uuid}"
    an_administrator(instance)
    admin = sign_in(browser.another(), "admin@example.org")
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == credential.person_id).values(first_surname="Quindé"))
    admin.get(f"{path}/replacement")
    assert "Ana Quinde" in admin.page.text
    assert "Ana Quindé" in admin.page.text
    admin.submit("/replacement", {"reason_class": "name", "reason": " "}, status=422)
    admin.submit("/replacement", {"reason_class": "name", "reason": "Faltaba una tilde."})
    browser.deliver_jobs()

    with instance.database.unit_of_work(write=False) as session:
        first, second = session.scalars(select(Credential).order_by(Credential.id)).all()
    assert (first.replaced_by_id, first.revoked_at, second.person_name) == (second.id, None, "Ana Quindé")
    copied = ("enrolment_id", "hours", "completed_on", "course_version", "expires_on", "take")
    assert [getattr(first, name) for name in copied] == [getattr(second, name) for name in copied]
    assert (first.status_list, first.status_place) != (second.status_list, second.status_place)
    public = browser.another().get(f"/verify/{printed_code(first.code)}")
    assert GENUINE_REPLACED in public.text
    assert GENUINE_REVOKED not in public.text
    assert "tilde" not in public.text
    assert public.has_link(f"/verify/{printed_code(second.code)}")
    assert in_spanish("Genuine and in force") in browser.another().get(f"/verify/{printed_code(second.code)}").text
    own = sign_in(browser).get(path)
    assert "Faltaba una tilde." in own.text
    browser.get(f"{path}.pdf", status=410)
    assert "corregido" in browser.mails()[-1]
    admin.get(f"{path}/replacement", status=409)


def test_of_two_who_correct_it_at_once_one_wins(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates 15: the second one reads what happened, and there is one certificate in force."""
    an_administrator(instance)
    admin = sign_in(browser.another(), "admin@example.org")
    said = {"reason_class": "data", "reason": "Dato corregido."}
    admin.get(f"/certificates/{credential.uuid}/replacement")
    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, credential.id)
        credentials.replace_credential(
            session, SYSTEM, row, ReplacementReason.DATA, "Antes.", instance.present_settings, instance.keys, now=clock.now()
        )

    admin.submit("/replacement", said, status=409)

    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, credential.id)
        with pytest.raises(credentials.AlreadyReplaced):
            credentials.replace_credential(
                session, SYSTEM, row, ReplacementReason.DATA, "Otra.", instance.present_settings, instance.keys, now=clock.now()
            )


def test_of_two_people_one_acts_and_the_other_reads_what_happened(instance: Instance, credential: Credential) -> None:
    """spec/certificates 15, attack 15: what was replaced is not revoked afterwards, nor revoked or restored twice."""

    def present() -> Credential:
        return session.get_one(Credential, credential.id)

    settings, keys, mistake = instance.present_settings, instance.keys, RevocationReason.ISSUED_BY_MISTAKE
    with instance.database.unit_of_work() as session:
        credentials.revoke_credential(session, SYSTEM, present(), mistake, "Primera.", now=clock.now())
        with pytest.raises(credentials.AlreadyReplaced):
            credentials.revoke_credential(session, SYSTEM, present(), mistake, "Segunda.", now=clock.now())
        with pytest.raises(credentials.AlreadyReplaced):
            credentials.replace_credential(session, SYSTEM, present(), ReplacementReason.DATA, "Otra.", settings, keys, now=clock.now())
        credentials.renew_credential(session, SYSTEM, present(), "Se restituye.", settings, keys, now=clock.now())
        with pytest.raises(credentials.NothingToRestore):
            credentials.renew_credential(session, SYSTEM, present(), "Otra vez.", settings, keys, now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        assert (present().revoked_reason, session.scalar(select(func.count(Credential.id)))) == ("Primera.", 2)


def test_two_people_who_replace_at_the_same_moment_make_one_certificate(instance: Instance, credential: Credential) -> None:
    """spec/certificates 15: one wins, the other sees it."""
    settings, keys, refused = instance.present_settings, instance.keys, []

    def replaced(session: Session) -> None:
        row = session.get_one(Credential, credential.id)
        credentials.replace_credential(session, SYSTEM, row, ReplacementReason.DATA, "Corregido.", settings, keys, now=clock.now())

    def second() -> None:
        try:
            with instance.database.unit_of_work() as session:
                replaced(session)
        except credentials.AlreadyReplaced as fault:
            refused.append(fault)

    overlap(instance, replaced, second)

    assert len(refused) == 1
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count(Credential.id))) == 2


def test_whose_certificate_was_revoked_reads_why_and_how_to_object(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates E7."""
    an_administrator(instance)
    admin = sign_in(browser.another(), "admin@example.org")
    admin.get(f"/certificates/{credential.uuid}/revocation")
    admin.submit("/revocation", {"reason_class": "irregularity", "reason": "Dos personas con las mismas respuestas."})
    browser.deliver_jobs()

    assert "Dos personas con las mismas respuestas" in browser.mails()[-1]
    assert instance.settings.contact_email in browser.mails()[-1]
