"""The site settings on the web: what administrators set shows everywhere, the environment wins, and secrets stay where they are."""

import io
import json
import re
import time
from collections.abc import Iterator

import pytest
from PIL import Image
from sqlalchemy import select

from accounts.accounts import InvitedPerson, invite
from kernel import clock, i18n, site_profile
from kernel.permissions import SYSTEM
from kernel.settings import load
from lms.app import create_app, open_instance
from lms.instance import Instance
from lms.serve import name_institution
from organisations import profile
from organisations.models import InstitutionProfile, Organisation
from organisations.profile import find_profile, find_root
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import PASSWORD, a_person
from tests.support.institution import NAMES, SECRET, SITE, institution_entries, profile_of

pytestmark = pytest.mark.fresh


@pytest.fixture(autouse=True)
def usual_locale() -> Iterator[None]:
    """Leave the languages and the zone of the process as they were."""
    yield
    i18n.set_site_locale(i18n.SiteLocale())


def a_picture(size: tuple[int, int] = (120, 60), format_name: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (20, 80, 60)).save(target, format_name, **options)
    return target.getvalue()


def upload(browser: Browser, path: str, data: dict[str, object], name: str, content: bytes, status: int = 200) -> None:
    """Send a form with a file."""
    browser.post(path, {**data, name: (io.BytesIO(content), "archivo.png")}, status=status, content_type="multipart/form-data")


def test_the_first_start_makes_an_empty_profile_once_and_nothing_changes(instance: Instance) -> None:
    name_institution(instance)
    name_institution(instance)

    with instance.database.unit_of_work(write=False) as session:
        [root] = session.scalars(select(Organisation)).all()
    assert profile_of(instance).organisation_id == root.id
    assert root.name == instance.settings.institution_name
    assert dict(instance.present_settings) == {**dict(instance.settings), "profile": instance.present_settings.profile}


def test_a_profile_belongs_to_the_institution_that_is_there(boss: Browser, instance: Instance) -> None:
    boss.get("/administration/organisations")
    boss.submit("/administration/organisations", {"name": "IESS", "code": ""})
    name_institution(instance)

    with instance.database.unit_of_work(write=False) as session:
        assert [row.name for row in session.scalars(select(Organisation))] == ["IESS"]


def test_the_name_stands_on_every_page_and_mail_in_the_reader_s_language(boss: Browser, instance: Instance) -> None:
    boss.get(f"{SITE}/names")
    assert 'value="Aulario"' in boss.page.html

    boss.submit(f"{SITE}/names", NAMES)

    visitor, reader = boss.another(), boss.another("en")
    for path in ("/", "/courses", "/sign-in", "/help", "/verify"):
        assert visitor.get(path).title.endswith("· Páramo"), path
        assert "Páramo" in visitor.page.html.split('class="logo"')[1].split("</a>")[0], path
        assert reader.get(path).title.endswith("· Moor"), path
    assert "Ministerio del Páramo" in visitor.get("/privacy").text
    assert "Ministry of the Moor" in reader.get("/privacy").text
    assert "cursos@paramo.gob.ec" in visitor.get("/help").text
    a_person(instance)
    visitor.get("/password/forgotten")
    visitor.submit("/password/forgotten", {"email": "ana@example.org"})
    mail = boss.mails()[-1]
    assert "Páramo\n" in mail
    assert "cursos@paramo.gob.ec" in mail
    assert "Aulario" not in mail + visitor.page.html + reader.page.html
    with instance.database.unit_of_work(write=False) as session:
        assert [row.name for row in session.scalars(select(Organisation))] == ["Ministerio del Páramo"]


def test_a_lesson_that_a_browser_has_is_sent_anew_under_another_name(boss: Browser) -> None:
    first = boss.get("/courses")
    tag = boss.response.headers.get("ETag")
    boss.get(f"{SITE}/names")
    boss.submit(f"{SITE}/names", NAMES)

    boss.get("/courses", headers={"If-None-Match": tag or ""})

    assert boss.page.title != first.title


def test_another_process_sees_the_change_within_seconds(boss: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    other = open_instance(instance.settings)
    visitor = Browser(create_app(other), other)
    assert visitor.get("/help").title.endswith("Aulario")
    boss.get(f"{SITE}/names")
    boss.submit(f"{SITE}/names", NAMES)
    assert visitor.get("/help").title.endswith("Aulario"), "it asks every few seconds only"
    begun = time.monotonic()
    monkeypatch.setattr(site_profile.time, "monotonic", lambda: begun + site_profile.SECONDS + 0.1)

    assert visitor.get("/help").title.endswith("Páramo")
    other.database.dispose()


def test_pages_cost_no_statement_more(boss: Browser, instance: Instance) -> None:
    """spec/performance P6."""
    visitor, counter = boss.another(), every_statement(instance.database)
    visitor.get("/help")
    counter.reset()
    visitor.get("/help")
    before = len(counter.statements)
    boss.get(f"{SITE}/names")
    boss.submit(f"{SITE}/names", NAMES)
    counter.reset()

    visitor.get("/help")

    assert len(counter.statements) == before


@pytest.mark.settings(institution="Del servidor", smtp_host="smtp.example.org", smtp_password=SECRET)
def test_the_environment_wins_and_the_page_says_so(boss: Browser, instance: Instance) -> None:
    boss.get(f"{SITE}/names")
    assert "LMS_INSTITUTION" in boss.page.text
    field = re.search(r'<input[^>]*id="short_names_es"[^>]*>', boss.page.html)
    assert field
    assert "disabled" in field[0]
    assert 'value="Del servidor"' in field[0]

    boss.post(f"{SITE}/names", NAMES)
    boss.get(f"{SITE}/mail")
    page = boss.page.html
    boss.post(f"{SITE}/mail", {"smtp_host": "otro.example.org", "smtp_password": "otra", "mail_from": "a@paramo.gob.ec"})

    assert boss.get("/help").title.endswith("Del servidor")
    assert instance.present_settings.names["es"] == "Ministerio del Páramo"
    assert (profile_of(instance).short_names, profile_of(instance).smtp_host, profile_of(instance).smtp_password) == ({}, "", "")
    assert instance.present_settings.smtp_host == "smtp.example.org"
    assert page.count("LMS_SMTP_") == 5
    assert SECRET not in page


def test_a_name_that_the_server_gives_up_is_the_web_s(boss: Browser, instance: Instance) -> None:
    boss.get(f"{SITE}/names")
    boss.submit(f"{SITE}/names", NAMES)
    given = load(**{**{name: getattr(instance.settings, name) for name in instance.settings.model_fields_set}, "institution": "Servidor"})

    fixed = instance.present(given)

    assert (fixed.short_names["es"], instance.present(instance.settings).short_names["es"]) == ("Servidor", "Páramo")


def test_a_name_is_required_and_too_long_ones_are_refused(boss: Browser, instance: Instance) -> None:
    boss.get(f"{SITE}/names")
    boss.submit(f"{SITE}/names", NAMES | {"short_names_es": "", "names_en": "x" * 121, "contact_email": "nadie"}, status=422)

    assert len(re.findall(r'<p class="error"', boss.page.html)) == 3
    with instance.database.unit_of_work(write=False) as session:
        assert find_profile(session) is None


def test_the_logo_is_cleaned_shown_kept_by_browsers_and_taken_away(boss: Browser, instance: Instance) -> None:
    exif = Image.Exif()
    exif[0x010E] = "tomada en casa de Luis"
    boss.get(f"{SITE}/appearance")
    upload(boss, f"{SITE}/logo", {}, "file", a_picture(exif=exif))

    found = re.search(r'class="logo"[^>]*><img src="(/site/logo/[0-9a-f]{64})" alt="">', boss.get("/help").html)
    assert found
    boss.checks = False
    visitor = boss.another()
    visitor.get(found[1])
    assert visitor.response.mimetype == "image/png"
    assert b"casa de Luis" not in visitor.response.data
    assert "immutable" in visitor.response.headers["Cache-Control"]
    assert "sandbox" in visitor.response.headers["Content-Security-Policy"]
    boss.get(f"{SITE}/appearance")
    boss.submit(f"{SITE}/logo/removal")
    assert "<img" not in boss.get("/help").html
    visitor.get(found[1], status=404)
    assert [entry.verb for entry in institution_entries(instance)] == [
        "institution_profile.logo_changed",
        "institution_profile.logo_removed",
    ]


DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://x.org/i" viewBox="0 0 10 10" inkscape:version="1">{}'
    '<path d="M0 0h10v10z" fill="#0f4c63" style="stroke:#fff;stroke-width:2"/></svg>'
)


def test_a_drawing_is_a_logo_with_its_colours_and_without_what_the_program_noted(boss: Browser, instance: Instance) -> None:
    boss.get(f"{SITE}/appearance")
    upload(boss, f"{SITE}/logo", {}, "file", DRAWING.format("").encode())

    with instance.database.unit_of_work(write=False) as session:
        logo = session.scalar(select(InstitutionProfile.logo))
    assert logo is not None
    assert b'fill="#0f4c63"' in logo
    assert b'stroke="#fff"' in logo
    assert b"inkscape" not in logo
    assert logo.startswith(b'<svg xmlns="http://www.w3.org/2000/svg"')


@pytest.mark.parametrize(
    "content",
    [
        DRAWING.format("<script>alert(1)</script>").encode(),
        DRAWING.format('<image href="https://example.org/x.png"/>').encode(),
        DRAWING.format('<rect onload="alert(1)"/>').encode(),
        DRAWING.format('<rect style="fill:url(https://example.org)"/>').encode(),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + DRAWING.format("&a;").encode(),
        a_picture((2100, 2000)),
        a_picture()[:80],
        a_picture(format_name="GIF"),
        b"",
    ],
    ids=["script", "picture", "event", "reference", "entity", "pixels", "cut", "gif", "nothing"],
)
def test_what_is_no_harmless_picture_is_no_logo(boss: Browser, instance: Instance, content: bytes) -> None:
    boss.get(f"{SITE}/appearance")

    upload(boss, f"{SITE}/logo", {}, "file", content, status=422)

    assert boss.page.html.count('class="error"') == 1
    with instance.database.unit_of_work(write=False) as session:
        assert find_profile(session) is None


def test_the_colours_come_as_a_style_sheet_that_changes_its_address(boss: Browser) -> None:
    assert "/site.css" not in boss.get("/help").html
    boss.get(f"{SITE}/appearance")
    boss.submit(f"{SITE}/colours", {"brand_colour": "#5B3450", "accent_colour": "#f0c75e"})

    address = re.search(r'href="(/site\.css\?v=5b3450f0c75e)"', boss.get("/help").html)
    assert address
    boss.checks = False
    visitor = boss.another()
    visitor.get(address[1])
    assert "--brand:#5b3450" in visitor.response.text
    assert "immutable" in visitor.response.headers["Cache-Control"]
    visitor.get("/site.css?v=otro")
    assert "immutable" not in visitor.response.headers["Cache-Control"]
    boss.get(f"{SITE}/appearance")
    boss.post(f"{SITE}/colours", {"brand_colour": "#0f4c63", "accent_colour": "#f5b53b"})
    assert "/site.css" not in boss.get("/help").html


def test_a_colour_that_cannot_be_read_is_refused_with_the_nearest_that_can(boss: Browser) -> None:
    """spec/certificates I5."""
    boss.get(f"{SITE}/appearance")
    boss.submit(f"{SITE}/colours", {"brand_colour": "#2e9be6", "accent_colour": "#112233"}, status=422)

    assert boss.page.html.count('class="error"') == 2
    [proposal] = [form for form in boss.page.forms if ("accent_colour", "#112233") not in form.fields and form.action.endswith("/colours")]
    boss.submit("", form=proposal)
    assert "/site.css?v=" in boss.get("/help").html


@pytest.mark.settings(public_url="")
def test_a_web_address_is_answered_to_and_so_is_the_one_before(boss: Browser, instance: Instance) -> None:
    boss.get(f"{SITE}/access")
    boss.submit(f"{SITE}/access", {"public_url": "https://cursos.paramo.gob.ec"})
    assert boss.path.startswith("/sign-in"), "where others reach the site, administrators have a second step"
    with instance.database.unit_of_work() as session:
        values = {"public_url": "https://aula.paramo.gob.ec"}
        profile.change_profile(session, SYSTEM, instance.present_settings, values, now=clock.now())

    assert instance.present_settings.public_url == "https://aula.paramo.gob.ec"
    visitor = boss.another()
    for host, status in (("aula.paramo.gob.ec", 200), ("cursos.paramo.gob.ec", 200), ("localhost", 200), ("otro.gob.ec", 400)):
        assert visitor.client.get("/health/live", base_url=f"https://{host}").status_code == 200
        assert visitor.client.get("/help", base_url=f"https://{host}").status_code == status, host


@pytest.mark.settings(public_url="")
@pytest.mark.parametrize("address", ["http://cursos.gob.ec", "cursos.gob.ec", "https://cursos.gob.ec/aula", "https://x:0"])
def test_what_is_no_address_of_a_site_is_refused(boss: Browser, address: str) -> None:
    boss.get(f"{SITE}/access")
    boss.submit(f"{SITE}/access", {"public_url": address}, status=422)


def test_sign_up_can_be_closed(boss: Browser) -> None:
    visitor = boss.another()
    visitor.get("/sign-up")
    before = visitor.page
    boss.get(f"{SITE}/access")
    boss.submit(f"{SITE}/access", {"sign_up": None})

    visitor.get("/sign-up", status=403)
    assert "/sign-up" not in visitor.get("/").html + visitor.get("/sign-in").html
    visitor.page = before
    visitor.post("/sign-up", {"email": "nuevo@example.org", "password": PASSWORD}, status=403)


def test_languages_and_zone_of_the_institution(boss: Browser, instance: Instance) -> None:
    boss.get(f"{SITE}/access")
    boss.submit(f"{SITE}/access", {"languages": "es", "zone": "Pacific/Galapagos"})

    reader = boss.another("en")
    assert reader.get("/help").language == "es"
    assert 'name="language"' not in reader.page.html
    assert str(i18n.site_locale().zone) == "Pacific/Galapagos"
    with instance.database.unit_of_work() as session:
        [guest] = invite(session, SYSTEM, [InvitedPerson("eva@example.org", "Eva", "Paz", "", "es")], now=clock.now())
    assert guest.zone == "Pacific/Galapagos"


def test_a_first_hint_until_the_name_is_set_or_it_is_dismissed(boss: Browser) -> None:
    assert f"{SITE}/names" in boss.get("/administration").html
    boss.submit(f"{SITE}/hint")
    assert f'href="{SITE}/names"' not in boss.get("/administration").html


def test_the_hint_goes_with_the_name(boss: Browser) -> None:
    boss.get(f"{SITE}/names")
    boss.submit(f"{SITE}/names", NAMES)

    assert f"{SITE}/hint" not in boss.get("/administration").html


def test_saving_the_same_again_changes_nothing(boss: Browser, instance: Instance) -> None:
    for _time in range(2):
        boss.get(f"{SITE}/names")
        boss.submit(f"{SITE}/names", NAMES)

    [entry] = institution_entries(instance)
    facts = json.loads(entry.facts)
    assert facts["new"]["short_names"] == {"es": "Páramo", "en": "Moor"}
    assert facts["old"]["short_names"] == {}


SIGNATORY = {"name": "Ing. Rosa Chango", "office_es": "Directora", "office_en": "Director", "since": "2026-01-01", "until": ""}


@pytest.mark.parametrize(
    ("path", "typed", "meanwhile"),
    [
        ("names", NAMES, {"names": {"es": "De otra mano"}}),
        ("personal-data", {"data_officer": "Ana"}, {"data_officer": "Luis"}),
        ("access", {"zone": "Europe/Madrid"}, {"languages": "en, es"}),
        ("mail", {"smtp_host": "a.example.org"}, {"smtp_host": "b.example.org"}),
        ("colours", {"brand_colour": "#224466"}, {"accent_colour": "#eeaa33"}),
    ],
)
def test_a_form_that_someone_else_s_change_made_stale_undoes_nothing(
    boss: Browser, instance: Instance, path: str, typed: dict[str, str], meanwhile: dict[str, object]
) -> None:
    """spec/certificates 11, institution.edit: 409, and the page shows what holds now; sent once more it is taken."""
    page = f"{SITE}/{'appearance' if path == 'colours' else path}"
    form = boss.get(page).form(f"/{path}")
    with instance.database.unit_of_work() as session:
        profile.change_profile(session, SYSTEM, instance.present_settings, meanwhile, now=clock.now())
    version = profile_of(instance).version

    shown = boss.submit(f"/{path}", typed, form=form, status=409)

    assert profile_of(instance).version == version
    boss.submit(f"/{path}", typed, form=shown.form(f"/{path}"))
    assert profile_of(instance).version > version


def test_signatories_are_added_changed_and_removed_with_their_picture(boss: Browser, instance: Instance) -> None:
    """spec/certificates I1 and I4: only administrators see the original."""
    boss.get(f"{SITE}/signatories")
    upload(boss, f"{SITE}/signatories", SIGNATORY, "picture", a_picture())
    page = re.search(rf'href="({SITE}/signatories/[0-9a-f-]+)"', boss.page.html)
    assert page
    boss.get(page[1])
    boss.submit(page[1], {"until": "2025-12-31"}, status=422)
    boss.get(page[1])
    boss.submit(page[1], {"until": "2026-12-31"})
    boss.checks = False
    boss.get(f"{page[1]}/picture")
    assert boss.response.mimetype == "image/png"
    assert not boss.response.cache_control.public

    boss.get(f"{SITE}/signatories")
    boss.submit(f"{page[1]}/removal")

    verbs = ["institution_signatory.added", "institution_signatory.changed", "institution_signatory.removed"]
    assert [entry.verb for entry in institution_entries(instance)] == verbs
    assert "Rosa Chango" not in boss.get(f"{SITE}/signatories").text


def test_there_are_four_signatories_at_most(boss: Browser) -> None:
    boss.get(f"{SITE}/signatories")
    for _time in range(4):
        boss.submit(f"{SITE}/signatories", SIGNATORY)

    assert "Agregar" not in boss.page.text
    boss.post(f"{SITE}/signatories", SIGNATORY, status=422)


def test_only_administrators_see_and_change_the_site_settings(browser: Browser, instance: Instance) -> None:
    """Access: site.manage and, of the pages of institutions, institution.list, institution.add, institution.edit and signatory.edit."""
    cast = a_cast(browser, instance)
    with instance.database.unit_of_work() as session:
        values = profile.SignatoryValues("Ana", {"es": "Directora"}, None, None)
        row = profile.add_signatory(session, SYSTEM, instance.settings, values, now=clock.now())
    there = f"{SITE}/signatories/{row.uuid}"

    wrong = [
        line
        for part in ("", "/names", "/appearance", "/mail", "/access", "/signatories")
        for line in cast.check("site.manage", "any", cast.outcomes(SITE + part))
    ]
    wrong += cast.check("signatory.edit", "any", cast.outcomes(there))
    wrong += cast.check("signatory.edit", "any", cast.outcomes(there, "POST", SIGNATORY))
    with instance.database.unit_of_work(write=False) as session:
        root = find_root(session)
    assert root is not None
    pages = "/administration/institutions"
    wrong += cast.check("institution.list", "any", cast.outcomes(pages))
    wrong += cast.check("institution.add", "any", cast.outcomes(pages, "POST", {"name": "Nueva", "key": "nueva"}))
    wrong += cast.check("institution.edit", "any", cast.outcomes(f"{pages}/{root.uuid}"))
    posts = {
        f"{SITE}/names": NAMES,
        f"{SITE}/access": {"languages": "es, en", "zone": "America/Guayaquil", "sign_up": "y"},
        f"{SITE}/mail": {"smtp_host": ""},
        f"{SITE}/colours": {"brand_colour": "#0f4c63", "accent_colour": "#f5b53b"},
        f"{SITE}/logo/removal": {},
        f"{SITE}/hint": {},
    }
    for path, data in posts.items():
        wrong += cast.check("site.manage", "any", cast.outcomes(path, "POST", data))

    assert wrong == []


def test_the_privacy_notice_names_the_officer_and_says_openly_what_is_missing(boss: Browser) -> None:
    visitor, reader = boss.another(), boss.another("en")
    visitor.get("/privacy")
    assert "todavía no ha publicado" in visitor.page.text
    reader.get("/privacy")
    assert "has not published" in reader.page.text

    boss.get(f"{SITE}/personal-data")
    boss.submit(f"{SITE}/personal-data", {"data_officer": "Oficina de datos, ext. 204.", "data_processors": "Servidores propios en Quito"})

    visitor.get("/privacy")
    assert "Oficina de datos, ext. 204." in visitor.page.text
    assert "Servidores propios en Quito." in visitor.page.text
    assert "publicado aquí" not in visitor.page.text
    assert "obligación legal" in visitor.page.text
