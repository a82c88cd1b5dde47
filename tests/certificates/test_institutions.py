"""Certificates of several institutions on one site: whose they are, who sees them, and what their administrators do.

spec/certificates I2, I3, I6, T9, E2, R6.
"""

from datetime import date

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from accounts.privacy import AccessPurpose
from certificates import pdf
from certificates.certificate_page import get_sheet
from certificates.credentials import replace_credential, revoke_credential
from certificates.issuing import missing_template
from certificates.models import BulkDownload, Credential, StoredTemplate
from certificates.rules.credentials import ReplacementReason, RevocationReason
from certificates.templates import create_template, publish_template
from courses.catalogue import open_institutions, unknown_institutions
from courses.content.reader import read_folder
from courses.models import Course, CourseStaff, StaffRole
from courses.publishing import MissingOnSite
from kernel import clock
from kernel.codes import printed_code
from kernel.crypto import signing_keys
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM, Actor, ActorChannel
from lms.access_log import list_access_rows
from lms.instance import Instance
from organisations import profile
from organisations.institutions import find_institution
from organisations.models import Organisation
from organisations.profile import SignatoryValues
from tests.support.browser import Browser
from tests.support.builders import KINDS, a_course, a_person, a_teacher, folder, publish, sign_in
from tests.support.certificates import complete, complete_again, words_of
from tests.support.institution_access import a_course_of, administer, an_institution_cast, two_institutions
from tests.support.places import put
from tests.support.takes import read
from tests.support.wording import in_spanish

REGISTER = "/administration/certificates"
TEMPLATES = "/administration/certificate-templates"


def newest(instance: Instance) -> Credential:
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work(write=False) as session:
        found = session.scalars(select(Credential).order_by(Credential.id.desc())).first()
        assert found is not None
        return found


def issued(instance: Instance, course: Course, email: str) -> Credential:
    complete(instance, course, email)
    return newest(instance)


def signs(instance: Instance, name: str, institution: Organisation | None) -> None:
    with instance.database.unit_of_work() as session:
        place = session.get_one(Organisation, institution.id) if institution is not None else None
        values = SignatoryValues(name, {"es": "Gerente"}, None, None)
        profile.add_signatory(session, SYSTEM, instance.present_settings, values, institution=place, now=clock.now())


def a_template(instance: Instance, institution: Organisation, key: str = "diploma", *, published: bool = True) -> StoredTemplate:
    with instance.database.unit_of_work() as session:
        place = session.get_one(Organisation, institution.id)
        row = create_template(session, SYSTEM, instance.present_settings, key, place, now=clock.now())
        if published:
            publish_template(session, SYSTEM, row, "", row.revision, now=clock.now())
        return row


def choose_default(instance: Instance, institution: Organisation, key: str) -> None:
    with instance.database.unit_of_work() as session:
        place, values = session.get_one(Organisation, institution.id), {"default_template": key}
        profile.change_profile(session, SYSTEM, instance.present_settings, values, institution=place, now=clock.now())


def words(instance: Instance, row: Credential) -> str:
    with instance.database.unit_of_work(write=False) as session:
        return " ".join(words_of(pdf.render(get_sheet(session, row, "http://localhost:8000", "es"))))


def files(key: str, institution: str, certificate: str = "constancia") -> dict[str, bytes]:
    written = f"{certificate}\ninstitution: {institution}" if institution else certificate
    return folder(key, modules=1, certificate=written)


def codes_of(instance: Instance, key: str, institution: str) -> list[str]:
    """Return what the site says of a course's certificate and institution."""
    read = read_folder(files("prueba", institution, key), KINDS.kinds, KINDS.parts, today=clock.now().date())
    assert read.course is not None
    with instance.database.unit_of_work(write=False) as session:
        return [one.code for one in (*unknown_institutions(session, read.course), *missing_template(session, 0, read.course))]


def test_a_certificate_is_of_the_institution_of_its_course(instance: Instance) -> None:
    """spec/certificates I1, I2: name, key and signatories; the course that names none is of the first one."""
    first, second = two_institutions(instance)
    signs(instance, "Rosa Paz", second)
    signs(instance, "Del Instituto", None)

    of_bank, of_site = issued(instance, a_course_of(instance, "banco", "biess"), "ana@example.org"), None
    of_site = issued(instance, a_course(instance, "instituto", modules=1), "luis@example.org")

    assert (of_bank.institution, of_bank.institution_key) == ("Banco del IESS", str(second.uuid))
    assert (of_site.institution, of_site.institution_key) == (instance.present_settings.institution_name, str(first.uuid))
    assert "Rosa Paz" in words(instance, of_bank)
    assert "Del Instituto" not in words(instance, of_bank)
    assert "Del Instituto" in words(instance, of_site)


@pytest.mark.settings(signatory_1="Del Servidor; Dirección", institution_name="Del Servidor")
def test_the_environment_decides_on_the_first_institution_alone(instance: Instance) -> None:
    """spec/certificates I1."""
    _first, _second = two_institutions(instance)

    of_bank = issued(instance, a_course_of(instance, "banco", "biess"), "ana@example.org")

    assert of_bank.institution == "Banco del IESS"
    assert "Del Servidor" not in words(instance, of_bank)


def test_a_change_shows_on_certificates_issued_from_then_on(instance: Instance) -> None:
    """spec/certificates I2: on no older one, also where that is corrected."""
    first, second = two_institutions(instance)
    course = a_course_of(instance, "banco", "biess")
    old = issued(instance, course, "ana@example.org")

    publish(instance, files("banco", ""))
    new = issued(instance, course, "luis@example.org")

    assert (old.institution_key, new.institution_key) == (str(second.uuid), str(first.uuid))
    keys = signing_keys(instance.present_settings.data_dir)
    with instance.database.unit_of_work() as session:
        row, settings = session.get_one(Credential, old.id), instance.present_settings
        corrected = replace_credential(session, SYSTEM, row, ReplacementReason.TEMPLATE, "x", settings, keys, now=clock.now())
        assert (corrected.institution, corrected.institution_key) == ("Banco del IESS", str(second.uuid))


def test_an_unknown_institution_is_named_with_the_nearest_and_refuses_publishing(instance: Instance) -> None:
    """spec/content-format C906."""
    two_institutions(instance)
    assert codes_of(instance, "constancia", "bies") == ["C906"]
    assert codes_of(instance, "constancia", "biess") == []
    with pytest.raises(MissingOnSite):
        publish(instance, files("prueba", "bies"))


def actor_for(person: Person) -> Actor:
    return Actor(person.id, via=ActorChannel.JOB)


def test_whoever_publishes_moves_a_course_within_their_own_institutions(instance: Instance) -> None:
    """spec/certificates 11, course.set_institution: own course within theirs, another institution for administrators of both."""
    first, second = two_institutions(instance)
    course = a_course_of(instance, "banco", "biess")
    editor, both = a_teacher(instance, course), a_person(instance, "ambas@example.org")
    for institution in (first, second):
        administer(instance, both, institution)
    put(instance, editor, second)

    def offered(person: Person) -> set[str]:
        with instance.database.unit_of_work(write=False) as session:
            return {one.name for one in open_institutions(session, actor_for(person), session.get_one(Course, course.id))}

    assert offered(editor) == {"Banco del IESS"}
    assert offered(both) == {"Banco del IESS", "IESS"}
    assert offered(a_person(instance, "nadie@example.org")) == {"Banco del IESS"}


@pytest.mark.parametrize("certificate", ["constancia"])
def test_publishing_with_another_institution_is_refused_to_who_does_not_administer_both(
    instance: Instance, browser: Browser, certificate: str
) -> None:
    """spec/certificates I2: on the page it is a message beside the form, and nothing is published."""
    two_institutions(instance)
    course = a_course_of(instance, "banco", "biess", certificate)
    teacher = sign_in(browser, a_teacher(instance, course).email)
    teacher.get("/teaching/banco/settings")
    teacher.submit("/teaching/banco/settings", {"institution": ""})
    teacher.get("/teaching/banco/publishing")

    teacher.submit("/teaching/banco/publishing", status=409)

    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Course, course.id).institution_id is not None


def test_constancia_stands_for_the_template_that_the_institution_chose(instance: Instance) -> None:
    """spec/certificates I3, T8: another institution's certificates go on with the program's."""
    first, second = two_institutions(instance)
    a_template(instance, second)
    choose_default(instance, second, "diploma")

    of_bank = issued(instance, a_course_of(instance, "banco", "biess"), "ana@example.org")
    of_site = issued(instance, a_course(instance, "instituto", modules=1), "luis@example.org")

    assert (of_bank.template, of_site.template) == ("diploma", "facade")
    assert first.id != second.id


def test_what_is_wrong_with_the_default_or_with_a_template_of_another_is_an_error(instance: Instance) -> None:
    """spec/certificates T9."""
    first, second = two_institutions(instance)
    a_template(instance, second)
    a_template(instance, first, "borrador", published=False)
    assert codes_of(instance, "diploma", "") == ["C218"]
    assert codes_of(instance, "diploma", "biess") == []
    assert codes_of(instance, "borrador", "") == ["C217"]

    choose_default(instance, first, "borrador")

    assert codes_of(instance, "constancia", "") == ["C217"]
    assert codes_of(instance, "constancia", "biess") == []
    choose_default(instance, first, "perdida")
    assert codes_of(instance, "constancia", "") == ["C216"]


def test_the_default_is_chosen_among_the_published_templates_of_the_institution(instance: Instance, browser: Browser) -> None:
    """spec/certificates I3."""
    first, second = two_institutions(instance)
    a_template(instance, second)
    administer(instance, a_person(instance, "sara@example.org"), second)
    sara = sign_in(browser, "sara@example.org")
    sara.get(TEMPLATES)

    sara.submit(f"{TEMPLATES}/default/{second.uuid}", {"template": "diploma"})

    with instance.database.unit_of_work(write=False) as session:
        found = find_institution(session, second.id)
        assert found is not None
        assert found.default_template == "diploma"
    sara.post(f"{TEMPLATES}/default/{second.uuid}", {"template": "ajena"}, status=409)
    sara.post(f"{TEMPLATES}/default/{first.uuid}", {"template": ""}, status=404)


def test_a_template_is_made_for_the_institution_that_one_administers(instance: Instance, browser: Browser) -> None:
    """spec/certificates I6: the other's are not in the list, and its key tells nothing more than that it is taken."""
    first, second = two_institutions(instance)
    a_template(instance, first, "del-instituto")
    administer(instance, a_person(instance, "sara@example.org"), second)
    sara = sign_in(browser, "sara@example.org")
    sara.get(TEMPLATES)
    assert "del-instituto" not in sara.page.text

    sara.submit(TEMPLATES, {"key": "del-banco"})

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(StoredTemplate).where(StoredTemplate.key == "del-banco")).one().organisation_id == second.id
    sara.get(TEMPLATES)
    sara.submit(TEMPLATES, {"key": "del-instituto"}, status=422)


def test_a_bulk_download_is_of_one_institution(instance: Instance, browser: Browser) -> None:
    """spec/certificates I6 and R3."""
    first, second = two_institutions(instance)
    both = a_person(instance, "ambas@example.org")
    for institution in (first, second):
        administer(instance, both, institution)
    issued(instance, a_course_of(instance, "banco", "biess"), "ana@example.org")
    issued(instance, a_course(instance, "instituto", modules=1), "luis@example.org")
    visitor = sign_in(browser, both.email)

    visitor.get(REGISTER)
    visitor.submit("/administration/certificates/downloads")
    visitor.get(f"{REGISTER}?course=banco")
    visitor.submit("/administration/certificates/downloads")

    with instance.database.unit_of_work(write=False) as session:
        assert [row.institution_id for row in session.scalars(select(BulkDownload))] == [second.id]


@pytest.mark.matrix
def test_certificates_and_templates_of_one_are_not_seen_by_another(instance: Instance, browser: Browser) -> None:
    """Access: the rows of spec/certificates 11 for an institution, with the administrator of another one."""
    cast = an_institution_cast(browser, instance)
    row, other = issued(instance, cast.course, "ana@example.org"), issued(instance, a_course_of(instance, "b", "biess"), "luis@example.org")
    page, code, state = f"/certificates/{row.uuid}", printed_code(row.code), "of_an_institution"
    wrong = cast.check("certificate.download", state, cast.outcomes(f"{page}.pdf"))
    wrong += cast.check("certificate.revoke", state, cast.outcomes(f"{page}/revocation"))
    wrong += cast.check("certificate.replace", state, cast.outcomes(f"{page}/replacement"))
    wrong += cast.check("certificate.list", state, cast.shown(REGISTER, code))
    wrong += cast.check("certificate.export", state, cast.shown(f"{REGISTER}/exports/csv", code))
    sent = {"reason": "Auditoría de la institución", "kind": "csv"}
    found = cast.outcomes(f"{REGISTER}/identity-numbers", "POST", sent)
    holds = {letter: code in one.response.get_data(as_text=True) for letter, one in cast.browsers.items()}
    wrong += cast.check("certificate.export_identity", state, {letter: got if holds[letter] else "hide" for letter, got in found.items()})
    sara = cast.browsers["S"]
    sara.checks = True
    sara.get(f"{REGISTER}?course=del-banco")
    sara.submit("/administration/certificates/downloads")
    sara.checks = False
    with instance.database.unit_of_work(write=False) as session:
        download = session.scalars(select(BulkDownload.uuid)).one()
    wrong += cast.check("certificate.open_bulk_zip", state, cast.outcomes(f"/certificate-downloads/{download}"))
    with instance.database.unit_of_work() as session:
        actor = Actor(cast.people["S"].id)
        revoked = session.get_one(Credential, other.id)
        revoke_credential(session, actor, revoked, RevocationReason.IRREGULARITY, "x", as_administrator=True, now=clock.now())
        course_id = session.scalars(select(Course.id).where(Course.slug == "b")).one()
        session.add(CourseStaff(course_id=course_id, person_id=cast.people["I"].id, role=StaffRole.EDITOR.value, since=clock.now()))
    again = cast.outcomes(f"/certificates/{other.uuid}/renewal")
    wrong += cast.check("certificate.restore", "of_an_institution_revoked_by_its_administrator", again)
    assert wrong == []


@pytest.mark.matrix
def test_templates_and_reviews_of_one_are_not_seen_by_another(instance: Instance, browser: Browser) -> None:
    """Access: template.*, certificate.list_reviews and course.set_institution with the administrator of another institution."""
    cast = an_institution_cast(browser, instance)
    row, state = a_template(instance, cast.second, published=False), "of_an_institution"
    page = f"{TEMPLATES}/{row.uuid}"
    wrong = cast.check("template.list", state, cast.shown(TEMPLATES, "diploma"))
    wrong += cast.check("template.view", "draft_of_an_institution", cast.outcomes(f"{page}/versions"))
    wrong += cast.check("template.edit", state, cast.outcomes(page))
    with instance.database.unit_of_work() as session:
        publish_template(session, SYSTEM, session.get_one(StoredTemplate, row.id), "", row.revision, now=clock.now())
    published = "published_by_an_institution"
    wrong += cast.check("template.view", published, cast.outcomes(f"{page}/versions"))
    wrong += cast.check("template.preview", published, cast.outcomes(f"{page}/versions/1.pdf"))
    found = cast.outcomes(f"{page}/publishing", "POST", {"note": "", "revision": str(row.revision)})
    stale = {letter: "allow" if letter in "SM" and got == "deny" else got for letter, got in found.items()}  # it says what is wrong with it
    wrong += cast.check("template.publish", state, stale)
    credential = issued(instance, cast.course, "ana@example.org")
    ana = sign_in(browser.another(), "ana@example.org")
    ana.get(f"/certificates/{credential.uuid}/correction")
    ana.submit(f"/certificates/{credential.uuid}/correction", {"words": "Mi nombre lleva tilde"})
    wrong += cast.check("certificate.list_reviews", state, cast.shown(f"{REGISTER}/reviews", printed_code(credential.code)))
    assert wrong == []
    boss = cast.browsers["M"]
    boss.checks = True
    boss.get("/teaching/del-banco/settings")
    boss.submit("/teaching/del-banco/settings", {"institution": ""})
    moved = {}
    for letter, one in cast.browsers.items():
        one._request("GET", "/teaching/del-banco/publishing")
        moved[letter] = "hide" if one.response.status_code != 200 else "deny"
    editor = cast.browsers["I"]
    editor.checks = True
    editor.get("/teaching/del-banco/publishing")
    editor.submit("/teaching/del-banco/publishing", status=409)
    boss.get("/teaching/del-banco/publishing")
    boss.submit("/teaching/del-banco/publishing")
    with instance.database.unit_of_work(write=False) as session:
        moved["M"] = "allow" if session.get_one(Course, cast.course.id).institution_id is None else "deny"
    assert cast.check("course.set_institution", "to_another_institution", moved) == []


PAGE = "/teaching/del-banco/certificates/validity"


@pytest.mark.matrix
def test_every_cell_of_validity_and_transcripts(instance: Instance, browser: Browser) -> None:
    """spec/certificates 11: certificate.set_validity and transcript.view, with the administrator of another institution."""
    cast = an_institution_cast(browser, instance)
    holder = complete(instance, cast.course, "luis@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    transcript = f"/administration/people/{holder.person_uuid}/transcript"

    wrong = cast.check("certificate.set_validity", "of_an_institution", cast.outcomes(PAGE))
    wrong += cast.check("transcript.view", "of_a_holder_of_an_institution", cast.outcomes(transcript))

    assert wrong == []
    of_another = f"/administration/people/{cast.people['L'].uuid}/transcript"
    assert cast.outcomes(of_another)["S"] == "hide", "who holds no certificate of the institution"


def an_administrator_of(browser: Browser, instance: Instance, institution: Organisation, email: str) -> Browser:
    """Sign in somebody who administers one institution."""
    administer(instance, a_person(instance, email), institution)
    return sign_in(browser.another(), email)


def test_validity_is_changed_for_certificates_of_the_institution_alone(browser: Browser, instance: Instance) -> None:
    """spec/certificates I6 and E2: what the course issued for another institution before stays, in the dry run and in the job."""
    first, second = two_institutions(instance)
    course = a_course(instance, "del-banco", modules=1)
    complete(instance, course, "ana@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.id == course.id).values(institution_id=second.id))
    complete(instance, course, "luis@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    files = folder("del-banco", modules=1)
    words = b"certificate: {template: constancia, valid: 24 months}\ninstitution: biess"
    publish(instance, {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", words)})
    sara = an_administrator_of(browser, instance, second, "sara@example.org")

    assert sara.get(f"{REGISTER}?course=del-banco").has_link(PAGE)
    assert dict(sara.get(PAGE).form(PAGE).fields)["counted"] == "1"
    sara.submit(PAGE, {"reason": "Resolución 12"})
    deliver_waiting(instance.worker, now=clock.now())

    rows = read(instance, lambda session: list(session.scalars(select(Credential).order_by(Credential.id))))
    names = [(row.institution_key, row.replaced_at is None, row.expires_on) for row in rows]
    assert names == [
        (str(first.uuid), True, None),
        (str(second.uuid), False, None),
        (str(second.uuid), True, date(2028, 6, 1)),
    ]


def test_an_institution_sees_its_part_of_a_transcript_and_stands_in_the_log(browser: Browser, instance: Instance) -> None:
    """spec/certificates I6 and 11: with the certificate's page leading there, and a row in the holder's log of who looked."""
    first, second = two_institutions(instance)
    holder = complete(instance, a_course_of(instance, "del-banco", "biess"), "luis@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    complete_again(instance, holder, a_course(instance, "del-instituto", modules=1).slug)
    deliver_waiting(instance.worker, now=clock.now())
    path = f"/administration/people/{holder.person_uuid}/transcript"
    shown = {}
    for email, institution in (("sara@example.org", second), ("teo@example.org", first)):
        visitor = an_administrator_of(browser, instance, institution, email)
        page = visitor.get(path)
        shown[email] = [slug for slug in ("del-banco", "del-instituto") if f"Curso de prueba {slug}" in page.text]
        assert in_spanish("It shows the certificates and courses of your institution.") in page.text
    sara = sign_in(browser.another(), "sara@example.org")
    with instance.database.unit_of_work(write=False) as session:
        of_second = session.scalars(select(Credential.uuid).where(Credential.institution_key == str(second.uuid))).one()
        person = session.scalars(select(Person).where(Person.uuid == holder.person_uuid)).one()
        looked = [row.purpose for row in list_access_rows(session, person.id)]

    assert shown == {"sara@example.org": ["del-banco"], "teo@example.org": ["del-instituto"]}
    assert sara.get(f"/certificates/{of_second}").has_link(path)
    assert looked.count(AccessPurpose.TRANSCRIPT) == 2
