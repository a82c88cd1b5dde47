"""Templates on the web: made, changed by form and as text, tried, published; and certificates that are issued with them."""

import io
import re
import zipfile

import pytest
from sqlalchemy import select

from certificates import pdf, templates
from certificates.certificate_page import get_sheet
from certificates.credentials import replace_credential
from certificates.issuing import missing_template
from certificates.layout.reading import TEMPLATE_FILE, list_elements, list_titles
from certificates.models import Credential, StoredTemplate
from certificates.rules.credentials import ReplacementReason
from certificates.views.templates import KIND_WORDS
from courses.content.reader import read_folder
from courses.models import StaffRole
from courses.publishing import MissingOnSite
from kernel import clock
from kernel.crypto import signing_keys
from kernel.i18n import reading
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.app import KINDS
from lms.instance import Instance
from organisations import profile
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, an_administrator, folder, publish, sign_in
from tests.support.certificates import complete, words_of
from tests.support.scenes import scene
from tests.support.wording import in_spanish

LIST = "/administration/certificate-templates"


@pytest.fixture
@scene
def page(browser: Browser, instance: Instance) -> str:
    """Make a template as an administrator; return its address."""
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    browser.post(LIST, {"key": "diploma"})
    return f"{LIST}/{stored(instance).uuid}"


def stored(instance: Instance) -> StoredTemplate:
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(StoredTemplate)).scalar_one()


def save(browser: Browser, instance: Instance, page: str, text: str) -> None:
    browser.post(f"{page}/text", {"text": text, "revision": str(stored(instance).revision)})


def publish_it(browser: Browser, instance: Instance, page: str, note: str = "") -> None:
    browser.post(f"{page}/publishing", {"note": note, "revision": str(stored(instance).revision)})


def test_a_new_template_is_a_whole_copy_of_the_program_s(browser: Browser, instance: Instance, page: str) -> None:
    """spec/certificates T1."""
    shown = browser.get(page)

    assert "diploma" in shown.text
    assert "{person.name}" in stored(instance).text
    for query in ("person=usual&language=es", "person=long&language=en"):
        browser._request("GET", f"{page}/preview.pdf?{query}")
        assert browser.response.content_type == "application/pdf"
    browser.post(LIST, {"key": "diploma"}, status=422)
    browser.post(LIST, {"key": "constancia"}, status=422)


@pytest.mark.slow
def test_elements_change_by_form_and_the_rest_of_the_text_stays(browser: Browser, instance: Instance, page: str) -> None:
    """spec/certificates T6."""
    save(browser, instance, page, "# nota propia\n" + stored(instance).text)
    before = stored(instance).text

    browser.post(f"{page}/elements", {"act": "hide", "place": "4", "revision": str(stored(instance).revision)})
    browser.post(
        f"{page}/elements",
        {
            "act": "place",
            "place": "5",
            "e5-at": "25; 26,5",
            "e5-size": "7 3",
            "e5-text": "Escuela",
            "revision": str(stored(instance).revision),
        },
    )

    after = stored(instance).text
    assert after.startswith("# nota propia\n")
    assert "hidden: true" in after
    assert "[25, 26.5]" in after
    assert "Escuela" in after
    assert len(set(before.split("\n")) - set(after.split("\n"))) == 2
    browser.post(f"{page}/elements", {"act": "hide", "place": "900", "revision": str(stored(instance).revision)})
    browser.post(f"{page}/elements", {"act": "nonsense", "place": "0", "revision": str(stored(instance).revision)})
    assert stored(instance).text == after


def fields_of(browser: Browser, place: int) -> dict[str, str]:
    """Return what the form of an element holds, as the page shows it."""
    form = next(form for form in browser.page.forms if ("place", str(place)) in form.fields)
    return {**dict(form.fields), "act": "place"}


def test_what_cannot_be_read_of_an_element_stands_beside_its_field_and_nothing_typed_is_lost(
    browser: Browser, instance: Instance, page: str
) -> None:
    """spec/certificates T6."""
    browser.get(page)
    before, fields = stored(instance).text, fields_of(browser, 5)

    browser.post(f"{page}/elements", {**fields, "e5-at": "abajo", "e5-text": "Escuela Ñ"}, status=422)

    assert in_spanish("Enter two numbers: from the left and from the top, for example 98, 36.") in browser.page.text
    assert 'value="abajo"' in browser.page.html
    assert "Escuela Ñ" in browser.page.html
    assert browser.page.html.count('name="element" open') == 1, "the one that was refused is open"
    browser.post(f"{page}/elements", {**fields_of(browser, 5), "e5-at": "25, 26", "e5-text": " "}, status=422)
    assert in_spanish("Enter the text. An element that is not to be printed can be hidden.") in browser.page.text
    assert stored(instance).text == before


def test_a_fault_of_a_draft_does_not_refuse_another_edit(browser: Browser, instance: Instance, page: str) -> None:
    """Findings I20: what is left as it stands in the draft is not judged by the form."""
    save(browser, instance, page, stored(instance).text.replace("at: [24, 25.5]", "at: 24"))
    browser.get(page)
    assert in_spanish("It appears here once the errors are corrected.") in browser.page.text

    browser.post(f"{page}/elements", {**fields_of(browser, 5), "e5-text": "Escuela"})
    assert "Escuela" in stored(instance).text
    browser.post(f"{page}/elements", {**fields_of(browser, 5), "e5-at": "24; 25,5"})

    assert in_spanish("The sheet") in browser.page.text
    assert "<svg" in browser.page.html
    assert "[24, 25.5]" in stored(instance).text


def test_a_text_in_two_languages_and_of_several_lines_changes_by_form(browser: Browser, instance: Instance, page: str) -> None:
    """What the form shows is the whole text, in each language that it has; the other language stays."""
    text = stored(instance).text
    element = "  - {kind: text, text: {es: Uno, en: One}, at: [98, 60], width: 100, size: [5, 3]}\n"
    save(browser, instance, page, text.rstrip("\n") + "\n" + element)
    browser.get(page)
    place = max(int(value) for form in browser.page.forms for name, value in form.fields if name == "place")
    fields = fields_of(browser, place)
    assert (fields[f"e{place}-text_es"], fields[f"e{place}-text_en"]) == ("Uno", "One")

    browser.post(f"{page}/elements", {**fields, f"e{place}-text_es": "Uno\r\ny dos"})

    summary = list_elements(stored(instance).text)[place]
    assert dict(summary.texts) == {"es": "Uno\ny dos", "en": "One"}


def test_the_title_changes_by_form(browser: Browser, instance: Instance, page: str) -> None:
    """Findings I20: the title stood in the text alone, so that two templates were called the same."""
    browser.get(page)
    fields = {"act": "title", "revision": str(stored(instance).revision), "title_es": "Diploma: 2026", "title_en": "Diploma"}
    browser.post(f"{page}/elements", {**fields, "title_en": " "}, status=422)
    assert in_spanish("Enter the title.") in browser.page.text

    browser.post(f"{page}/elements", fields)

    assert "Diploma: 2026" in browser.page.headings
    assert list_titles(stored(instance).text) == {"es": "Diploma: 2026", "en": "Diploma"}


def test_saving_over_another_s_change_is_refused(browser: Browser, instance: Instance, page: str) -> None:
    revision, text = str(stored(instance).revision), stored(instance).text
    browser.post(f"{page}/text", {"text": text + "# uno\n", "revision": revision})

    browser.post(f"{page}/text", {"text": text + "# dos\n", "revision": revision}, status=409)

    assert "# uno" in stored(instance).text


def test_a_template_with_errors_is_shown_with_them_and_not_published(browser: Browser, instance: Instance, page: str) -> None:
    """spec/certificates T1, T3."""
    save(browser, instance, page, stored(instance).text.replace("{course.title}", "{course.titel}"))

    shown = browser.get(page)

    assert "C220" in shown.text
    assert "course.title" in shown.text
    publish_expect = {"note": "", "revision": str(stored(instance).revision)}
    browser.post(f"{page}/publishing", publish_expect, status=409)
    browser._request("GET", f"{page}/preview.pdf")
    assert browser.response.status_code == 409


@pytest.mark.slow
def test_a_certificate_names_the_version_and_is_drawn_by_it_for_ever(browser: Browser, instance: Instance, page: str) -> None:
    """spec/certificates T1: a later version, another logo and other colours change no certificate that was issued."""
    save(browser, instance, page, stored(instance).text.replace("Se certifica que", "Por cuanto"))
    publish_it(browser, instance, page)
    with instance.database.unit_of_work() as session:
        values = {"brand_colour": "#224466", "accent_colour": "#eeaa33"}
        profile.change_profile(session, SYSTEM, instance.present_settings, values, now=clock.now())
    complete(instance, publish(instance, with_certificate("diploma"))[0])
    deliver_waiting(instance.worker, now=clock.now())
    row, before = drawn(instance)
    assert (row.template, row.template_version, row.brand_colour) == ("diploma", 1, "#224466")
    assert "Por cuanto" in words_of(before)

    save(browser, instance, page, stored(instance).text.replace("Por cuanto", "Consta que"))
    publish_it(browser, instance, page, "otra fórmula")
    with instance.database.unit_of_work() as session:
        profile.change_profile(session, SYSTEM, instance.present_settings, {"brand_colour": "#552266"}, now=clock.now())

    assert drawn(instance)[1] == before
    versions = browser.get(f"{page}/versions")
    assert "otra fórmula" in versions.text
    browser._request("GET", f"{page}/versions/1.pdf")
    assert "Por cuanto" in words_of(browser.response.get_data())


@pytest.mark.slow
def test_a_corrected_design_is_drawn_by_the_version_in_use(browser: Browser, instance: Instance, page: str) -> None:
    """spec/certificates E5: a correction of another class keeps the design, that of class `template` takes the newest published one."""
    publish_it(browser, instance, page)
    complete(instance, publish(instance, with_certificate("diploma"))[0])
    deliver_waiting(instance.worker, now=clock.now())
    save(browser, instance, page, stored(instance).text.replace("Se certifica que", "Consta que"))
    publish_it(browser, instance, page, "otra fórmula")

    by_name = replace(instance, newest(instance), ReplacementReason.NAME)
    by_design = replace(instance, by_name, ReplacementReason.TEMPLATE)

    assert (by_name.template_version, by_design.template_version) == (1, 2)
    with instance.database.unit_of_work(write=False) as session:
        assert "Consta que" in words_of(pdf.render(get_sheet(session, by_design, "http://localhost:8000", "es")))


def newest(instance: Instance) -> Credential:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Credential).order_by(Credential.id.desc())).first() or Credential()


def replace(instance: Instance, row: Credential, reason: ReplacementReason) -> Credential:
    keys = signing_keys(instance.present_settings.data_dir)
    with instance.database.unit_of_work() as session:
        return replace_credential(session, SYSTEM, row, reason, "Corrección", instance.present_settings, keys, now=clock.now())


def with_certificate(key: str) -> dict[str, bytes]:
    files = folder(modules=1)
    return {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", f"certificate: {key}".encode())}


def drawn(instance: Instance) -> tuple[Credential, bytes]:
    with instance.database.unit_of_work(write=False) as session:
        row = session.execute(select(Credential)).scalar_one()
        return row, pdf.render(get_sheet(session, row, "http://localhost:8000", "es"))


@pytest.mark.slow
def test_a_course_that_asks_for_a_template_that_it_cannot_have_is_not_published(browser: Browser, instance: Instance, page: str) -> None:
    """spec/certificates T9: unknown with the nearest word, unpublished, lacking a language."""
    unknown, unpublished = findings_of(instance, "costancia"), findings_of(instance, "diploma")
    assert (unknown[:2], unpublished[:2]) == (("C216", "error"), ("C217", "error"))
    assert "constancia" in unknown[2]
    with pytest.raises(MissingOnSite):
        publish(instance, with_certificate("costancia"))

    publish_it(browser, instance, page)

    assert findings_of(instance, "diploma") == ("", "", "")
    assert publish(instance, with_certificate("diploma"))[0].published_version_id
    save(browser, instance, page, in_spanish_alone(stored(instance).text))
    publish_it(browser, instance, page)
    assert findings_of(instance, "diploma", languages=b"[es, en]")[0] == "C219"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"certificate__template": "costancia"}, in_spanish("The closest is “%(nearest)s”.", nearest="constancia")),
        ({"certificate__template": "diploma"}, in_spanish("The certificate template “%(key)s” is not published yet.", key="diploma")),
        ({"certificate__template": "ajena"}, in_spanish("The certificate template “%(key)s” is of another institution.", key="ajena")),
    ],
)
def test_a_certificate_that_the_course_cannot_have_is_reported_beside_its_field(
    browser: Browser, instance: Instance, page: str, typed: dict[str, str], words: str
) -> None:
    """spec/certificates T9: when the settings of the course are saved, and nothing is written."""
    course = a_course(instance, modules=1)
    with instance.database.unit_of_work() as session:
        other = profile.add_institution(session, SYSTEM, instance.settings, "Otra", "otra", now=clock.now())
        session.add(StoredTemplate(key="ajena", organisation_id=other.id, text="", changed_at=clock.now()))
    browser.get(f"/teaching/{course.slug}/settings")

    browser.submit("/settings", typed, status=422)

    assert words in browser.page.text
    assert 'id="certificate__template-error"' in browser.page.html
    assert dict(browser.page.form("/settings").fields)["certificate__template"] == typed["certificate__template"]


def test_a_template_without_a_language_of_the_course_is_reported_beside_its_field(browser: Browser, instance: Instance, page: str) -> None:
    """spec/certificates T9: by the form of the course, which keeps what was chosen, and when it is published."""
    course = a_course(instance, modules=1)
    with instance.database.unit_of_work() as session:
        files = {TEMPLATE_FILE: in_spanish_alone(stored(instance).text).encode()}
        row = templates.import_template(session, SYSTEM, instance.settings, "diploma", files, now=clock.now())
        templates.publish_template(session, SYSTEM, row, "", row.revision, now=clock.now())
    browser.get(f"/teaching/{course.slug}/settings")

    browser.submit("/settings", {"certificate__template": "diploma"}, status=422)

    told = in_spanish("The certificate template “%(key)s” is not written in: %(languages)s.", key="diploma", languages="en")
    assert told in browser.page.text
    assert 'id="certificate__template-error"' in browser.page.html
    assert dict(browser.page.form("/settings").fields)["certificate__template"] == "diploma"
    with pytest.raises(MissingOnSite):
        publish(instance, with_certificate("diploma"))


def in_spanish_alone(text: str) -> str:
    """Return a template without its English."""
    title = "title: {es: Certificado con la fachada, en: Certificate with the façade}"
    assert title in text
    spanish = re.sub(r", en: [^,}]+}", "}", text.replace(title, "title: {es: Solo}"))
    return re.sub(r"(?m)^      en: \|\n(        .*\n)+", "", spanish)


def test_a_text_without_the_first_language_is_reported_when_it_is_saved(browser: Browser, instance: Instance, page: str) -> None:
    """spec/certificates T2, T9, chapter 15: with its line; the draft is kept, and is neither drawn nor published."""
    text = stored(instance).text
    without = text.replace("{es: Se certifica que, en: This is to certify that}", "{en: This is to certify that}")
    assert without != text

    save(browser, instance, page, without)

    line = without[: without.index("{en: This is")].count("\n") + 1
    shown = browser.get(page)
    assert f"{in_spanish('Line %(line)s', line=line)} C110" in " ".join(shown.text.split())
    browser.post(f"{page}/publishing", {"note": "", "revision": str(stored(instance).revision)}, status=409)
    assert stored(instance).published_number is None


def test_elements_are_named_in_the_reader_s_language(browser: Browser, instance: Instance, page: str) -> None:
    """spec/certificates T6: beside the word with which the text names them."""
    shown = browser.get(page)

    with reading("es"):
        named = {kind: str(words) for kind, words in KIND_WORDS.items()}
    assert {f"{words} ({kind})" for kind, words in named.items()} == set(re.findall(r'<option value="\w+">(.*?)</option>', shown.html))
    assert re.search(r"<summary>\d+\. Fachada <span class=\"mono muted\">facade</span>", shown.html)


def findings_of(instance: Instance, key: str, languages: bytes = b"") -> tuple[str, str, str]:
    """Return code, severity and advice of what the site says of a course's certificate."""
    files = with_certificate(key)
    course = re.sub(rb"(?m)^languages: .*$", b"languages: " + languages, files["course.yaml"]) if languages else files["course.yaml"]
    read = read_folder({**files, "course.yaml": course}, KINDS.kinds, KINDS.parts, today=clock.now().date())
    assert read.course is not None
    with instance.database.unit_of_work(write=False) as session:
        found = missing_template(session, 0, read.course)
    return (found[0].code, found[0].severity.value, found[0].fix) if found else ("", "", "")


def test_a_title_that_no_certificate_can_print_is_a_finding(instance: Instance) -> None:
    """spec/certificates N2."""
    files = with_certificate("facade")
    titled = re.sub(rb"(?m)^title: .*$", "title: {es: Curso 王}".encode(), files["course.yaml"])
    read = read_folder({**files, "course.yaml": titled}, KINDS.kinds, KINDS.parts, today=clock.now().date())
    assert read.course is not None

    with instance.database.unit_of_work(write=False) as session:
        assert [(one.code, one.severity.value) for one in missing_template(session, 0, read.course)] == [("C226", "warning")]


def test_a_template_travels_as_a_folder(browser: Browser, instance: Instance, page: str) -> None:
    """spec/certificates T1."""
    browser._request("GET", f"{page}/export.zip")
    content = browser.response.get_data()
    text = zipfile.ZipFile(io.BytesIO(content)).read("template.yaml").decode()
    assert text == stored(instance).text
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("template.yaml", text.replace("Se certifica que", "Importado"))

    browser.post(f"{LIST}/import", {"folder": (io.BytesIO(target.getvalue()), "diploma.zip")}, content_type="multipart/form-data")

    assert "Importado" in stored(instance).text
    for broken in (b"", b"no zip"):
        browser.post(f"{LIST}/import", {"folder": (io.BytesIO(broken), "x.zip")}, status=422, content_type="multipart/form-data")


@pytest.mark.matrix
def test_templates_are_the_administrators_and_published_ones_the_instructors(instance: Instance, browser: Browser, page: str) -> None:
    """Access: template.list, template.view, template.preview, template.edit, template.publish."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, "propio", modules=1))
    cast.staff("O", a_course(instance, "otro", modules=1), StaffRole.EDITOR)
    wrong = cast.check("template.list", "any", cast.outcomes(LIST))
    wrong += cast.check("template.view", "draft", cast.outcomes(f"{page}/versions"))
    wrong += cast.check("template.edit", "any", cast.outcomes(page))
    publish_it(browser, instance, page)
    wrong += cast.check("template.view", "published", cast.outcomes(f"{page}/versions"))
    wrong += cast.check("template.preview", "published", cast.outcomes(f"{page}/versions/1.pdf"))
    save(browser, instance, page, stored(instance).text + "# otra\n")
    sent = {"note": "", "revision": str(stored(instance).revision)}
    wrong += cast.check("template.publish", "any", cast.outcomes(f"{page}/publishing", "POST", sent))
    assert wrong == []
