"""Actas of compulsory training: equal bytes, the numbers of the page, the verdict of the register, who makes one (spec/compulsory 12.3)."""

import io
import json
import re
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pikepdf
import pytest
from sqlalchemy import delete, select, update

from accounts.models import Person
from compliance.models import Assignment, AssignmentState, Obligation, Recognition, TrainingActa
from compliance.rules.history import TrainingTally, tally_sum
from compliance.rules.states import TrainingState
from compliance.views.actas import ActaView, render_acta
from compliance.views.report import ReportEntryView, ReportTable
from kernel import clock
from kernel.audit import AuditEntry
from kernel.codes import printed_code
from kernel.i18n import reading
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import units
from organisations.models import Audience, AudienceVersion, Organisation
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.obligations import BEGINNING, an_audience_of, an_obligation, compute, rules_of
from tests.support.places import manage
from tests.support.programs import program
from tests.support.scenes import scene
from tests.support.training_access import a_training_cast
from tests.support.training_reports import LONG_AGO, NOON, STATES, ReportedInstitution, a_reported_institution
from tests.support.wording import in_spanish

PAST = {"obligation": "etica", "on": "2026-08-04", "known": "2026-09-30"}


@pytest.fixture
def reported(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> ReportedInstitution:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return a_reported_institution(instance)


@pytest.fixture
@scene
def head(browser: Browser, instance: Instance, reported: ReportedInstitution) -> Browser:
    manage(instance, a_person(instance, "jefa@example.org", given="Julia", surname="Jefa"), reported.places["iess"])
    return sign_in(browser, "jefa@example.org")


def make(browser: Browser, reported: ReportedInstitution, place: str = "iess", **fields: str) -> bytes:
    """Send the form of the report, follow the answer and return the PDF."""
    browser.post(reported.path(place, "/actas"), {"obligation": "etica", "number": str(uuid4()), **fields})
    return browser.response.get_data()


def actas(instance: Instance) -> list[TrainingActa]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(TrainingActa).order_by(TrainingActa.id)))


def text_of(content: bytes, folder: Path) -> str:
    """Return the text of a PDF as another program reads it."""
    path = folder / "acta.pdf"
    path.write_bytes(content)
    return subprocess.run([program("pdftotext"), "-layout", str(path), "-"], check=True, capture_output=True, text=True).stdout


def look_up(browser: Browser, instance: Instance) -> str:
    """Return what the public page says of the only acta to a stranger."""
    (row,) = actas(instance)
    stranger = browser.another()
    stranger.get(f"/acta/{printed_code(row.code)}")
    return stranger.page.text


def test_its_code_is_known_where_codes_are_typed(head: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """Whoever types the code of an acta where certificates are verified is led to its page."""
    make(head, reported)
    (row,) = actas(instance)

    stranger = head.another()
    stranger.get(f"/verify?code={printed_code(row.code)}")

    assert stranger.path == f"/acta/{printed_code(row.code)}"


def test_its_file_leads_to_its_page_where_files_are_verified(head: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """A genuine acta is never called altered: the file is no proof, the register is, and the code leads to it."""
    content = make(head, reported)
    (row,) = actas(instance)
    stranger = head.another()
    stranger.get("/verify")

    page = stranger.post("/verify", data={"files": [(io.BytesIO(content), "acta.pdf")]})

    code = printed_code(row.code)
    assert in_spanish("This file names the code %(code)s of a document of this site: compare it with the register", code=code) in page.text
    assert page.has_link(f"/acta/{code}")
    assert in_spanish("Altered or not issued here") not in page.text


def test_the_same_moment_gives_the_same_bytes(head: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.3: the same bytes for the same moment, drawn from the row alone, whenever it is asked for."""
    first = make(head, reported)
    (row,) = actas(instance)
    address = f"/training-report/actas/{printed_code(row.code)}.pdf"

    head.get(address)
    assert head.response.get_data() == first
    assert (head.response.content_type, head.response.headers["Cache-Control"]) == ("application/pdf", "no-store")

    lara = reported.people["lara"]
    with instance.database.unit_of_work() as session:
        session.execute(update(Recognition).where(Recognition.person_id == lara.id).values(revoked_at=NOON + timedelta(hours=1)))
    head.get(address)
    assert head.response.get_data() == first


def test_an_acta_says_all_that_it_has_to(head: Browser, instance: Instance, reported: ReportedInstitution, tmp_path: Path) -> None:
    """spec/compulsory 12.3: institution, obligation with version, sentence, provinces, moments, maker, code with QR; and no people."""
    with instance.database.unit_of_work() as session:
        audience = session.scalars(select(Audience.id)).one()
        rule = "any:\n  - unit: IESS\n  - unit: GYE-D\n"
        session.add(AudienceVersion(audience_id=audience, number=1, rule=rule, effective_on=LONG_AGO, recorded_at=BEGINNING))
    make(head, reported)
    (row,) = actas(instance)
    head.get(f"/training-report/actas/{printed_code(row.code)}.pdf")
    content = head.response.get_data()
    text = text_of(content, tmp_path)

    for words in ("IESS", "Curso obligatorio (versión 1)", "Guayas", "Loja", "Julia Jefa", printed_code(row.code), "12:00"):
        assert words in text, words
    assert in_spanish("Audience") in text
    assert "Dirección" in text
    assert not [name for name in STATES if name.title() in text]
    with pikepdf.open(io.BytesIO(content)) as document:
        kinds = [str(kid.S) for kid in document.Root.StructTreeRoot.K[0].K]
        (figure,) = [kid for kid in document.Root.StructTreeRoot.K[0].K if str(kid.S) == "/Figure"]
        assert str(document.Root.Lang) == "es"
    assert {"/H1", "/P", "/Table", "/Figure"} <= set(kinds)
    assert str(figure.Alt).endswith(f"/acta/{printed_code(row.code)}")


@pytest.mark.parametrize("fields", [{"obligation": "etica"}, PAST], ids=["today", "past"])
def test_its_numbers_are_those_of_the_page(
    head: Browser, instance: Instance, reported: ReportedInstitution, fields: dict[str, str]
) -> None:
    """spec/compulsory 12.3 and 11.3: also of a past day as known then."""
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    head.get(reported.path("iess", f"?{query}"))
    assert reported.path("iess", "/actas") in head.page.html
    shown = numbers_of(head.page.html.split('id="places-title"')[1])

    make(head, reported, **fields)
    head.get(f"/acta/{printed_code(actas(instance)[0].code)}")

    assert numbers_of(head.page.html) == shown
    assert in_spanish("These numbers are the register's") in head.page.text


def numbers_of(html: str) -> dict[str, list[int]]:
    """Return the numbers of people in the first table of a page, by the name of the line."""
    body = re.search(r"<tbody>(.*?)</tbody>", html, re.DOTALL)
    assert body is not None
    found = {}
    for line in re.findall(r"<tr>(.*?)</tr>", body[1], re.DOTALL):
        plain = re.sub(r'<span class="vh">.*?</span>|<svg.*?</svg>', "", line, flags=re.DOTALL)
        name, *cells = (re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", plain, re.DOTALL))
        found[name] = [int(cell) for cell in cells if cell.isdigit()]
    return found


def recognise(instance: Instance, reported: ReportedInstitution, moment: datetime) -> None:
    """Record at a moment that somebody had done the course in March."""
    flores = reported.people["flores"]
    with instance.database.unit_of_work() as session:
        proposer = session.scalars(select(Person.id).order_by(Person.id).limit(2)).all()
        said = {"uuid": uuid4(), "person_id": flores.id, "state": "approved", "proposed_by": proposer[0], "decided_by": proposer[1]}
        moments = {"achieved_on": NOON.date().replace(month=3, day=3), "proposed_at": moment, "decided_at": moment}
        session.add(Recognition(**said, course_id=reported.course.id, issuer="Otra", **moments))
    compute(instance, reported.obligation, [flores.id], now=moment)


TREE_CHANGED = in_spanish("The structure of units was changed on %(day)s. That alone makes the numbers of today others.").split("%(day)s")[
    0
]


def move_direction(instance: Instance, reported: ReportedInstitution, since: date | None = None) -> None:
    with instance.database.unit_of_work() as session:
        unit, loja = (session.get_one(Organisation, reported.places[name].id) for name in ("direccion", "loja_provincia"))
        units.move(session, SYSTEM, unit, loja, now=clock.now(), since_on=since)


def test_an_acta_of_a_day_before_a_move_stays_what_it_is(
    head: Browser, browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 4.5b and 12.3: what a unit stands under from today on is nothing that was so before."""
    content = make(head, reported, **PAST)
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=1))

    move_direction(instance, reported)

    assert in_spanish("These numbers are the register's") in look_up(browser, instance)
    head.get(f"/training-report/actas/{actas(instance)[0].code}.pdf")
    assert head.response.get_data() == content


def test_an_acta_that_a_move_from_before_contradicts_is_kept_and_says_so(
    head: Browser, browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 12.3: the same bytes; that the tree was changed is said, because it alone makes the difference."""
    content = make(head, reported, **PAST)
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=1))

    move_direction(instance, reported, date(2026, 1, 1))

    assert TREE_CHANGED in look_up(browser, instance)
    head.get(f"/training-report/actas/{actas(instance)[0].code}.pdf")
    assert head.response.get_data() == content


def test_where_more_than_the_tree_was_changed_the_tree_is_not_named(
    head: Browser, browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 12.3."""
    make(head, reported, **PAST)
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=1))
    recognise(instance, reported, clock.now())

    move_direction(instance, reported, date(2026, 1, 1))

    words = look_up(browser, instance)
    assert TREE_CHANGED not in words
    assert in_spanish("These numbers were the register's when the acta was made") in words


def test_a_correction_of_the_register_is_shown(
    head: Browser, browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """spec/compulsory 12.3: what was recorded later changes the day, not what was known of it."""
    content = make(head, reported, **PAST)
    assert in_spanish("These numbers are the register's") in look_up(browser, instance)

    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=1))
    recognise(instance, reported, clock.now())

    words = look_up(browser, instance)
    assert in_spanish("These numbers were the register's when the acta was made") in words
    assert "Flores" not in words
    head.get(f"/training-report/actas/{actas(instance)[0].code}.pdf")
    assert head.response.get_data() == content
    assert OUTDATED not in " ".join(text_of(content, tmp_path).split())


OUTDATED = in_spanish("When the acta was made, the register already said other numbers of that moment.")


def test_an_acta_of_outdated_knowledge_says_so(
    head: Browser, browser: Browser, instance: Instance, reported: ReportedInstitution, tmp_path: Path
) -> None:
    """spec/compulsory 12.3: whoever picks an old “as known on” is not taken for who had the figures of the day of making."""
    recognise(instance, reported, NOON)

    printed = " ".join(text_of(make(head, reported, **PAST), tmp_path).split())

    assert OUTDATED in printed
    assert "30 de septiembre" in printed, "both moments are printed"
    words = look_up(browser, instance)
    assert OUTDATED in words
    assert in_spanish("These numbers are those known at their moment") in words
    assert in_spanish("These numbers were the register's when the acta was made") not in words


def test_numbers_that_are_not_the_registers_are_not_drawn_anew(
    head: Browser, browser: Browser, instance: Instance, reported: ReportedInstitution
) -> None:
    """spec/compulsory 12.3: what was known then was changed."""
    make(head, reported)
    with instance.database.unit_of_work() as session:
        session.execute(delete(AssignmentState).where(AssignmentState.state == "overdue"))

    assert in_spanish("The numbers of the acta are not the register's") in look_up(browser, instance)
    head.get(f"/training-report/actas/{actas(instance)[0].code}.pdf")  # it was kept
    with instance.database.unit_of_work() as session:
        session.execute(update(TrainingActa).values(content=None))  # one of an earlier version
    head.get(f"/training-report/actas/{actas(instance)[0].code}.pdf", 410)


def test_an_acta_outlives_its_records(head: Browser, browser: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.5: an obligation whose records were deleted has no numbers to compare."""
    make(head, reported)
    with instance.database.unit_of_work() as session:
        session.execute(update(Obligation).values(forgotten_at=NOON))

    assert in_spanish("It can no longer be compared") in look_up(browser, instance)
    head.get(f"/training-report/actas/{actas(instance)[0].code}.pdf", 410)


@pytest.mark.parametrize(
    "code", ["7K4M-92XD-C3QF-8TRA", "x", "' OR 1=1 --", "<script>alert(1)</script>", "../etc", "9" * 500, "١" * 16, "%00"]
)
def test_a_hostile_code_finds_nothing(browser: Browser, instance: Instance, code: str) -> None:
    """spec/compulsory 18: unknown and malformed codes are answered in words, and never repeated as markup."""
    browser.get(f"/acta/{quote(code, safe='/')}", 404)

    assert "<script>alert" not in browser.response.get_data(as_text=True)


def test_the_maker_of_an_acta_is_in_the_log(head: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.3 and 18: a second click has one effect and one entry."""
    number = str(uuid4())
    assert make(head, reported, number=number) == make(head, reported, number=number)

    (row,) = actas(instance)
    with instance.database.unit_of_work(write=False) as session:
        (facts,) = [json.loads(one) for one in session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "acta.made"))]
    assert (facts["code"], facts["obligation"], facts["on"]) == (printed_code(row.code), "etica", "2026-11-20")


@pytest.mark.parametrize(
    "wrong", [{"obligation": ""}, {"obligation": "otra"}, {"on": "2030-01-01"}, {"on": "2026-11-01", "known": "2026-10-01"}]
)
def test_an_acta_is_of_one_training_and_one_day(
    head: Browser, instance: Instance, reported: ReportedInstitution, wrong: dict[str, str]
) -> None:
    """spec/compulsory 18: a day to come, or known before it was; no obligation, or an unknown one."""
    head.post(reported.path("iess", "/actas"), {"obligation": "etica", "number": str(uuid4()), **wrong}, 422)

    assert actas(instance) == []


def test_actas_are_made_by_those_of_their_place(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: report.export; who made it does not matter to who downloads it."""
    cast = a_training_cast(browser, instance)
    an_obligation(instance, an_audience_of(instance, cast.root), rules_of(cast.course), key="etica")
    form = {"obligation": "etica", "number": str(uuid4())}

    wrong = cast.check("report.export", "with_names", cast.outcomes(f"/training-report/{cast.unit.uuid}/actas", "POST", form))
    address = f"/training-report/actas/{actas(instance)[0].code}.pdf"
    wrong += cast.check("report.export", "with_names", cast.outcomes(address))

    assert not wrong
    assert len(actas(instance)) == 4


def test_an_acta_waits_for_what_the_clock_changed(head: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.3: what the page says already and the history does not would be another number later."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Assignment).values(next_change_at=NOON - timedelta(minutes=1), next_state="overdue", next_flags=""))
    head.post(reported.path("iess", "/actas"), {"obligation": "etica", "number": str(uuid4())}, 409)

    make(head, reported, **PAST)
    assert len(actas(instance)) == 1


def test_everybody_may_check_an_acta(browser: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.3: the code is enough."""
    manage(instance, a_person(instance, "jefa@example.org"), reported.places["iess"])
    make(sign_in(browser.another(), "jefa@example.org"), reported)
    (row,) = actas(instance)
    cast = a_cast(browser, instance)

    assert not cast.check("acta.verify", "valid_code", cast.outcomes(f"/acta/{printed_code(row.code)}"))


def test_a_long_table_goes_on_with_its_headings(tmp_path: Path) -> None:
    """spec/compulsory 12.3: places without provinces have a line for each unit."""
    lines = [
        ReportEntryView(f"Unidad con un nombre largo de la lista {number}", TrainingTally({TrainingState.DONE: number}))
        for number in range(70)
    ]
    view = ActaView(
        code="7K4M-92XD-C3QF-8TRA",
        address="https://aulario.example/acta/7K4M-92XD-C3QF-8TRA",
        institution="IESS",
        place="Dirección",
        obligation="Ética",
        audience="",
        data_of="hoy",
        caution="",
        made_on="hoy",
        maker="",
        made_at=NOON,
        first_heading="Unidad de la lista",
        table=ReportTable(lines, tally_sum(line.tally for line in lines)),
    )
    with reading("es"):
        content = render_acta(view)
        assert render_acta(view) == content

    text = text_of(content, tmp_path)
    with pikepdf.open(io.BytesIO(content)) as document:
        pages = len(document.pages)
    assert pages > 2
    assert text.count(in_spanish("Progress")) == pages
    assert (text.count("69"), text.count("2415")) == (3, 2)
