"""The pages of the report: who finds their way to which place, and what stands on them (spec/compulsory 11.3)."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select

from compliance.models import Assignment, AssignmentState
from compliance.views import report
from kernel import clock
from lms.instance import Instance
from organisations.rules.units import TrainingRole
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.obligations import an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place, give_training, manage
from tests.support.scenes import scene
from tests.support.training_reports import NOON, REPORT, TERMS, ReportedInstitution, a_reported_institution
from tests.support.wording import in_spanish


@pytest.fixture
def reported(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> ReportedInstitution:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return a_reported_institution(instance)


@pytest.fixture
@scene
def boss(browser: Browser, instance: Instance, reported: ReportedInstitution) -> Browser:
    an_administrator(instance)
    return sign_in(browser, "admin@example.org")


def a_head(browser: Browser, instance: Instance, reported: ReportedInstitution, *places: str) -> Browser:
    """Sign in somebody who heads places."""
    head = a_person(instance, "jefa@example.org")
    for place in places:
        manage(instance, head, reported.places[place])
    return sign_in(browser.another(), "jefa@example.org")


def follow(browser: Browser, words: str) -> None:
    """Open the link of the present page that is called so."""
    found = re.search(rf'<a[^>]* href="([^"]*)"[^>]*>(?:<svg.*?</svg>)?{re.escape(words)}(?:<svg.*?</svg>)?</a>', browser.page.html)
    assert found is not None, words
    browser.get(found[1].replace("&amp;", "&"))


def figures(browser: Browser) -> dict[str, str]:
    """Return the cards of a report, each by its word."""
    tiles = re.search(r'<dl class="tiles">(.*?)</dl>', browser.page.html, re.DOTALL)
    assert tiles is not None
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)<small>", tiles[1], re.DOTALL)
    return {word: re.sub(r'<span class="vh">.*?</span>|<.*?>', "", value).strip() for word, value in found}


def test_who_cannot_sign_in_is_invited_again_from_the_list(
    boss: Browser, browser: Browser, instance: Instance, reported: ReportedInstitution
) -> None:
    """The people behind «without an active account» had no act."""
    officer = a_person(instance, "oficial@example.org")
    give_training(instance, officer, reported.places["iess"], TrainingRole.OFFICER)
    list_of_people = f"{REPORT}/{reported.places['iess'].uuid}/people?state=no_account"
    invited = "/administration/people?state=unconfirmed"

    assert boss.get(list_of_people).has_link(invited)
    assert not sign_in(browser.another(), "oficial@example.org").get(list_of_people).has_link(invited)


def test_the_report_leads_from_the_institution_to_a_person(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.3: one template with breadcrumbs, each number a link to its people."""
    boss.get(REPORT)
    assert boss.page.headings == ["IESS"]
    follow(boss, "Guayas")
    assert boss.page.headings == ["Guayas"]
    follow(boss, "Dirección")
    assert (boss.page.headings, boss.page.has_link(reported.path("guayas"))) == (["Dirección"], True)

    boss.get(reported.path("direccion", "/people?state=valid"))
    assert "Abad Abad" in boss.page.text
    assert "Duran Duran" not in boss.page.text
    follow(boss, "Abad Abad")
    assert boss.page.headings == ["Abad Abad"]
    assert "Curso obligatorio" in boss.page.text


def test_a_head_is_led_to_no_place_that_is_closed_to_them(browser: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """Findings S3: the institution stands in the breadcrumbs of a head as a word, as its report is not theirs."""
    head = a_head(browser, instance, reported, "guayas")
    for path in (reported.path("direccion"), reported.path("direccion", "/people")):
        head.get(path)
        assert head.page.has_link(reported.path("guayas"))
        assert not head.page.has_link(reported.path("iess"))
        assert "IESS" in head.page.text


def test_the_cards_are_the_numbers_of_the_place(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 7.6."""
    boss.get(reported.path("iess"))

    assert figures(boss) == {
        in_spanish("Requirements"): "10",
        in_spanish("Done and valid"): "5",
        in_spanish("In progress"): "1",
        in_spanish("Not started"): "1",
        in_spanish("Overdue"): "2",
        in_spanish("Has expired"): "1",
        in_spanish("Renewal due"): "1",
        in_spanish("At risk"): "1",
        in_spanish("Without an active account"): "0",
        in_spanish("Waived"): "1",
    }


@pytest.mark.slow
def test_every_number_leads_to_as_many_people(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.3: each number is a link to its people."""
    boss.get(reported.path("guayas"))
    links = re.findall(r'<a href="(/training-report/[^"]*/people\?[^"]*)">(\d+)<span', boss.page.html)

    assert len(links) > 12
    for address, count in links:
        boss.get(address.replace("&amp;", "&"))
        assert len(re.findall(r'<tr><th scope="row"><a href="/training-report/people/', boss.page.html)) == int(count), address


def test_a_trajectory_has_a_table_with_the_same_figures(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.3 and 11.5: drawn by the server, beside the needed pace."""
    boss.get(reported.path("iess"))

    assert '<svg class="chart wide"' in boss.page.html
    assert in_spanish("The same as a table") in boss.page.text
    assert re.search(r'<th scope="row"><time datetime="2026-11-20">.*?</th>\s*<td class="r">50', boss.page.html)


def test_below_five_people_no_trajectory_is_drawn(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.6."""
    boss.get(reported.path("afiliacion"))

    assert "chart wide" not in boss.page.html
    assert in_spanish("There is no trajectory of fewer than five people.") in boss.page.text
    assert figures(boss)[in_spanish("Requirements")] == "3"


def test_one_obligation_is_chosen_of_several(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.3: for one obligation or all."""
    boss.get(reported.path("iess"))
    assert in_spanish("By compulsory training") in boss.page.text

    boss.get(reported.path("iess", "?obligation=etica"))
    assert in_spanish("By compulsory training") not in boss.page.text
    assert boss.page.has_link(reported.path("guayas", "?obligation=etica"))


def test_a_past_day_is_shown_as_it_was_known(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.3: as of; no pace is told of a day for which none was recorded."""
    boss.get(reported.path("iess", "?on=2026-08-04"))

    assert figures(boss)[in_spanish("Done and valid")] == "4"
    assert in_spanish("At risk") not in figures(boss)
    assert "chart wide" not in boss.page.html


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("on=2026-11-21", "This day is still to come. Choose today or a day before."),
        ("known=2026-11-21", "This day is still to come. Choose today or a day before."),
        ("on=2024-12-31", "Nothing is on record before %(day)s. Choose that day or a later one."),
        ("on=2025-03-01&known=2025-03-01", "Nothing is on record before %(day)s. Choose that day or a later one."),
        ("on=2026-08-04&known=2026-08-03", "What a day was like cannot be known before that day. Choose the same day or a later one."),
        ("on=hoy", "Enter a date, for example 2026-11-30."),
        ("known=2026-02-30", "Enter a date, for example 2026-11-30."),
    ],
)
@pytest.mark.parametrize("page", ["", "/people"])
def test_a_day_without_a_record_is_refused_in_words(
    boss: Browser, reported: ReportedInstitution, page: str, asked: str, words: str
) -> None:
    """spec/compulsory 18: never invented numbers."""
    boss.get(reported.path("iess", f"{page}?{asked}"), 422)

    assert in_spanish(words).split("%")[0].split("antes")[0] in boss.page.text
    assert "tiles" not in boss.page.html
    assert "Abad Abad" not in boss.page.text


def test_an_empty_field_has_no_fault_of_its_own(boss: Browser, reported: ReportedInstitution) -> None:
    """What was known follows the day where nothing else is typed: the day alone is at fault."""
    boss.get(reported.path("iess", "?on=2026-11-21"), 422)

    assert ('id="on-error"' in boss.page.html, 'id="known-error"' in boss.page.html) == (True, False)


def test_heads_begin_at_their_own_places_and_see_no_others(browser: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 16: report.view of a unit."""
    head = a_head(browser, instance, reported, "direccion", "loja")

    head.get(REPORT)
    assert (head.page.has_link(reported.path("direccion")), head.page.has_link(reported.path("loja"))) == (True, True)
    for place in ("iess", "guayas", "afiliacion"):
        head.get(reported.path(place), 404)
        head.get(reported.path(place, "/people"), 404)
    head.get(f"{REPORT}/people/{reported.people['flores'].uuid}", 404)
    head.get(f"{REPORT}/people/{reported.people['abad'].uuid}")


def test_heads_find_the_report_in_the_menu_and_on_their_unit(browser: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.4: the page of a unit leads to its compulsory training."""
    head = a_head(browser, instance, reported, "direccion")

    head.get(f"/units/{reported.places['direccion'].uuid}")

    assert head.page.has_link(REPORT)
    assert head.page.has_link(reported.path("direccion"))


def test_who_looks_after_no_place_has_no_report(browser: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    learner = sign_in(browser, "abad@example.org")

    learner.get(REPORT, 404)
    learner.get(reported.path("direccion"), 404)
    learner.get("/")
    assert not learner.page.has_link(REPORT)


@pytest.mark.parametrize("role", list(TrainingRole))
def test_officers_and_auditors_see_their_scope(
    browser: Browser, instance: Instance, reported: ReportedInstitution, role: TrainingRole
) -> None:
    """spec/compulsory 16: report.view of the institution."""
    give_training(instance, a_person(instance, "ofelia@example.org"), reported.places["iess"], role)
    officer = sign_in(browser, "ofelia@example.org")

    officer.get("/")
    assert officer.page.has_link(REPORT)
    officer.get(reported.path("iess"))
    assert figures(officer)[in_spanish("Requirements")] == "10"


def test_people_see_who_opened_a_list_that_they_are_on(browser: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/security 7.4: who looked, in which role and for what."""
    head = a_head(browser, instance, reported, "direccion")
    head.get(reported.path("direccion", "/people"))
    head.get(f"{REPORT}/people/{reported.people['abad'].uuid}")

    own = sign_in(browser, "abad@example.org")
    own.get("/profile/data")

    assert in_spanish("The report of compulsory training of a unit") in own.page.text
    assert in_spanish("Your compulsory training") in own.page.text


def test_an_institution_without_obligations_says_so(boss: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    other = a_place(instance, "BIESS", code="BIESS")

    boss.get(REPORT)
    follow(boss, "BIESS")

    assert in_spanish("Nothing is compulsory here yet") in boss.page.text
    assert other.name in boss.page.headings


def test_a_list_is_read_page_by_page(boss: Browser, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "ROWS", 4)
    boss.get(reported.path("iess", "/people"))
    assert "Abad Abad" in boss.page.text
    follow(boss, in_spanish("Next"))
    assert ("Erazo Erazo" in boss.page.text, "Abad Abad" in boss.page.text) == (True, False)
    follow(boss, in_spanish("Last"))
    assert "Lara Lara" in boss.page.text
    follow(boss, in_spanish("Previous"))
    assert "Duran Duran" in boss.page.text


def test_what_the_clock_changed_is_shown_at_once(
    browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 7.3."""
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=5))
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")

    boss.get(reported.path("iess"))

    assert figures(boss)[in_spanish("Overdue")] == "4"


def test_a_person_without_obligations_has_an_empty_page(boss: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    with instance.database.unit_of_work() as session:
        number = session.scalars(select(Assignment.id).where(Assignment.person_id == reported.people["abad"].id)).one()
        session.execute(delete(AssignmentState).where(AssignmentState.assignment_id == number))
        session.execute(delete(Assignment).where(Assignment.id == number))

    boss.get(f"{REPORT}/people/{reported.people['abad'].uuid}")

    assert in_spanish("Nothing is compulsory for this person") in boss.page.text


def test_those_who_may_remind_are_led_to_it(browser: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.3 and 16: heads remind the people of a line, auditors change nothing."""
    address = f"/training/reminders?obligation={reported.obligation.uuid}&place={reported.places['direccion'].uuid}"
    give_training(instance, a_person(instance, "aldo@example.org"), reported.places["iess"], TrainingRole.AUDITOR)
    head, auditor = a_head(browser, instance, reported, "guayas"), sign_in(browser.another(), "aldo@example.org")

    for visitor in (head, auditor):
        visitor.get(reported.path("guayas", "?obligation=etica"))

    assert address in head.page.html.replace("&amp;", "&")
    assert "/training/reminders" not in auditor.page.html
    head.get(address)


def beside_the_first(html: str) -> str:
    """Return the words beside the number of the first card."""
    return html.partition("<small>")[2].partition("</small>")[0]


def test_requirements_and_people_are_counted_apart(boss: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 11.3: somebody under two trainings is two requirements and one person."""
    boss.get(reported.path("iess"))
    alone = boss.page.html
    audience = an_audience_of(instance, reported.places["iess"], "otros")
    second = an_obligation(instance, audience, rules_of(reported.course, TERMS), key="segunda")
    for name in ("abad", "duran"):
        let_stay(instance, audience, reported.people[name], date(2026, 1, 5))
    compute(instance, second, [reported.people[name].id for name in ("abad", "duran")], now=NOON)

    boss.get(reported.path("iess"))

    ten = in_spanish("%(count)s person", 10)
    assert beside_the_first(alone) == ten
    assert figures(boss)[in_spanish("Requirements")] == "12"
    assert beside_the_first(boss.page.html) == ten
