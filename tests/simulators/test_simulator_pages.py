"""The public tool through its pages, without an account and without a script."""

import csv
import io
import re

import pytest

from tests.support.browser import Browser
from tests.support.wording import in_spanish

TOOL = "/simulators/social-budget"


def test_anybody_sees_the_example_with_its_notice(browser: Browser) -> None:
    page = browser.get(TOOL)

    assert "0,98\u00a0%" in page.text
    assert "7,3; 1,3; 0,23; 0,21; 0,98; 2,51" in page.text
    assert "ilustrativos" in page.text
    assert "1424,00" in page.text


def test_calculating_leads_to_an_address_that_holds_the_scenario(browser: Browser) -> None:
    browser.get(TOOL)
    page = browser.submit(
        TOOL,
        {"vejez.captacion": "95", "vejez.elegible": "100", "vejez.tramos.1.factor_linea": "80"},
        button=("do", "calculate"),
    )

    assert browser.path == f"{TOOL}?s=1_vfA0.8_ve1_vc0.95&b=vejez#result"
    assert "1,16\u00a0%" in page.text
    assert all(figure in page.text for figure in ("1679,46", "1\u00a0757\u00a0500", "79,63")), "the figures of the design"
    assert browser.another().get(browser.path).text == page.text


def test_showing_the_form_again_and_sending_it_changes_nothing(browser: Browser) -> None:
    for benefit in ("ninez_universal", "ninez_focalizada", "maternidad", "discapacidad", "vejez"):
        for language in ("es", "en"):
            visitor = browser.another(language)
            visitor.get(f"{TOOL}?b={benefit}")
            visitor.submit(TOOL, button=("do", "calculate"))

            assert visitor.path == f"{TOOL}?s=1&b={benefit}#result"


def test_what_cannot_be_calculated_is_told_at_its_field_and_given_back(browser: Browser) -> None:
    browser.get(TOOL)
    page = browser.submit(
        TOOL, {"vejez.meses": "30", "macro.crec_real": "mucho", "vejez.tramos.1.monto": "50"}, button=("do", "calculate"), status=422
    )

    assert page.title.startswith(in_spanish("Error:"))
    assert in_spanish("Enter a number from %(low)s to %(high)s.", low="0", high="24") in page.text
    assert 'value="mucho"' in page.html
    assert 'href="#vejez-meses"' in page.html


@pytest.mark.parametrize(("name", "mode"), [("macro.crec_real", ""), ("vejez.meses", ' inputmode="decimal"')])
def test_the_keypad_of_decimals_is_only_for_what_is_never_negative(browser: Browser, name: str, mode: str) -> None:
    box = re.search(rf'<input type="text" id="{name.replace(".", "-")}"[^>]*>', browser.get(TOOL).html)

    assert box
    assert "".join(re.findall(r' inputmode="\w+"', box[0])) == mode


def test_what_was_ticked_and_moved_is_given_back_too(browser: Browser) -> None:
    browser.get(TOOL)
    page = browser.submit(
        TOOL, {"vejez.meses": "30", "vejez.incluida": None, "vejez.captacion": "85.5"}, button=("do", "calculate"), status=422
    )

    assert "vejez.incluida" not in dict(page.form(TOOL).fields)
    assert dict(page.form(TOOL).fields)["vejez.captacion"] == "85.5"
    assert "85,5\u00a0%</output>" in page.html

    browser.submit(TOOL, {"vejez.meses": "12"}, button=("do", "calculate"))
    assert browser.path == f"{TOOL}?s=1_vi0_vc0.855&b=vejez#result"


def test_a_share_keeps_the_decimals_that_its_slider_cannot_show(browser: Browser) -> None:
    """A browser puts the slider on the nearest of its steps and sends that: nobody has moved it."""
    browser.get(f"{TOOL}?s=1_vc0.123456")
    assert dict(browser.page.form(TOOL).fields)["vejez.captacion"] == "12.3456"

    browser.submit(TOOL, {"vejez.captacion": "12.35", "vejez.meses": "13"}, button=("do", "calculate"))
    assert browser.path == f"{TOOL}?s=1_vc0.123456_vm13&b=vejez#result"

    browser.submit(TOOL, {"vejez.captacion": "12.36"}, button=("do", "calculate"))
    assert browser.path == f"{TOOL}?s=1_vc0.1236_vm13&b=vejez#result"


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("macro.pib_base", "0", "Escriba un número mayor que 0."),
        ("vejez.tramos.1.poblacion", "-1", "Escriba un número de 0 o más."),
        ("macro.crec_real", "16", "Escriba un número de -10 a 15."),
        ("macro.anio_meta", "2023", "Escriba un año que no sea anterior al del PIB."),
        ("macro.anio_base", "2024,5", "Escriba un número entero."),
        ("vejez.meses", "", "Escriba un número. Puede usar coma o punto."),
    ],
)
def test_each_fault_says_what_to_enter(browser: Browser, name: str, typed: str, words: str) -> None:
    browser.get(TOOL)

    assert words in browser.submit(TOOL, {name: typed}, button=("do", "calculate"), status=422).text


def test_two_amounts_for_one_group_are_told(browser: Browser) -> None:
    browser.get(TOOL)
    page = browser.submit(TOOL, {"vejez.tramos.1.monto": "50"}, button=("do", "calculate"), status=422)

    assert in_spanish("Each group needs its population and exactly one amount: as a percentage of the line or in USD.") in page.text


def test_another_benefit_shows_its_own_fields(browser: Browser) -> None:
    browser.get(TOOL)
    page = browser.submit(TOOL, {"b": "ninez_focalizada"}, button=("do", "calculate"))
    names = [name for name, _value in page.form(TOOL).fields]

    assert "ninez_focalizada.tramos.3.poblacion" in names
    assert "ninez_focalizada.tramos.4.poblacion" in names, "one more may be filled in"
    assert "vejez.elegible" not in names


def test_box_without_a_tick_takes_a_benefit_out_of_the_total(browser: Browser) -> None:
    browser.get(TOOL)
    browser.submit(TOOL, {"vejez.incluida": None}, button=("do", "calculate"))

    assert browser.path == f"{TOOL}?s=1_vi0&b=vejez#result"


TINY = f"0.{'0' * 322}5"


@pytest.mark.parametrize(
    "code",
    ["nonsense", "1_vc2", "2_vc0.5", "1_" + "v" * 5000, f"1_gy2060_gp{TINY}_gr-0.1_gd-0.05", f"1_gl{TINY}", f"1_ve{TINY}", f"1_gg{TINY}"],
)
def test_link_that_cannot_be_read_is_told_and_the_example_shown(browser: Browser, code: str) -> None:
    page = browser.get(f"{TOOL}?s={code}", status=422)

    assert in_spanish("The scenario of this link could not be read.") in page.text
    assert "0,98\u00a0%" in page.text


def test_kept_scenarios_stand_side_by_side(browser: Browser) -> None:
    browser.get(f"{TOOL}?s=1_vc0.85")
    page = browser.submit(TOOL, button=("do", "keep"))
    assert browser.path.startswith(f"{TOOL}/comparison?s=1_vc0.85&b=vejez&c=1_vc0.85")

    page = browser.get(f"{TOOL}/comparison?c=1&c=1_vc0.85&c=1_ma0.05&c=1_da0.05")

    assert page.text.count("Escenario 3") >= 2
    assert "Escenario 4" not in page.text, "three at most"
    assert "0,83" in page.text


def test_phasing_in_and_reserve_have_their_tables(browser: Browser) -> None:
    """simulator.md, «Salidas», 4."""
    rollout = browser.get(f"{TOOL}/rollout").text
    reserve = browser.get(f"{TOOL}/contributory").text

    assert all(share in rollout for share in ("0,19", "0,38", "0,58", "0,78", "0,98"))
    assert "se agota en el año 7" in reserve
    assert "−217,56" in reserve


def test_reserve_form_leads_to_its_scenario(browser: Browser) -> None:
    browser.get(f"{TOOL}/contributory")
    page = browser.submit("/contributory", {"reserva.g_gasto": "3"}, button=("do", "calculate"))

    assert browser.path == f"{TOOL}/contributory?s=1_ch0.03&b=vejez#result"
    assert "dura los 10 años" in page.text


def test_scenario_comes_as_a_table_with_what_repeats_it(browser: Browser) -> None:
    """simulator.md, «Salidas», 6; the version of the formulas and the inputs are kept with it."""
    browser.get(f"{TOOL}/scenario.csv?s=1_vc0.85")
    rows = list(csv.reader(io.StringIO(browser.response.get_data(as_text=True).removeprefix("\ufeff")), delimiter=";"))
    values = {row[1]: row[3] for row in rows}

    assert browser.response.mimetype == "text/csv"
    assert values["presupuesto-social"] == "1"
    assert values["1_vc0.85"].endswith(f"{TOOL}?s=1_vc0.85")
    assert values["vejez.captacion"] == "0,85"
    assert round(float(values["vejez.pct_pib"].replace(",", ".")), 4) == 0.833
    assert len({len(row) for row in rows}) == 1


def test_targets_that_cannot_be_met_say_why(browser: Browser) -> None:
    """simulator.md, rules of validation 1 and 2."""
    assert (
        in_spanish("Impossible with these assumptions: more people would have to be covered than there are.")
        in browser.get(f"{TOOL}?s=1_vo2").text
    )
    assert (
        in_spanish("It cannot be solved, because the population, payments, amount or shares are 0.") in browser.get(f"{TOOL}?s=1_vm0").text
    )
    assert "haría falta cubrir" not in browser.get(f"{TOOL}?s=1_vo0.5").text


def test_alternatives_added_up_are_told(browser: Browser) -> None:
    """simulator.md, rule of validation 3."""
    assert (
        in_spanish("The universal and the targeted benefit for children are alternatives, and this total counts both.")
        in browser.get(f"{TOOL}?s=1_ui1_fi1").text
    )
    assert "son alternativas" not in browser.get(f"{TOOL}?s=1_ui1").text


def test_tool_speaks_english_too(browser: Browser) -> None:
    page = browser.another("en").get(f"{TOOL}?s=1_vc0.85")

    assert "0.83%" in page.text
    assert "Social budget simulator" in page.text


def test_another_language_or_theme_leaves_the_scenario(browser: Browser) -> None:
    browser.get(f"{TOOL}?s=1_vc0.9&b=vejez&c=1_vc0.8")
    browser.submit("/language", button=("language", "en"))

    assert browser.path == f"{TOOL}?s=1_vc0.9&b=vejez&c=1_vc0.8"
    assert browser.page.language == "en"
    browser.submit("/theme", button=("theme", "dark"))
    assert browser.path == f"{TOOL}?s=1_vc0.9&b=vejez&c=1_vc0.8"


def test_no_page_writes_anything(browser: Browser) -> None:
    """A GET cannot write; sharing and comparing live in the address alone."""
    statements: list[str] = []
    from sqlalchemy import event

    event.listen(browser.instance.database.writing, "before_cursor_execute", lambda *call: statements.append(call[2]))
    for path in (TOOL, f"{TOOL}/rollout", f"{TOOL}/contributory", f"{TOOL}/comparison", f"{TOOL}?do=calculate&vejez.meses=13"):
        browser.get(path)

    assert not [text for text in statements if not text.startswith(("SELECT", "PRAGMA", "BEGIN"))]


def test_a_number_with_two_readings_is_refused_with_both(browser: Browser) -> None:
    browser.get(TOOL)
    page = browser.submit(TOOL, {"vejez.meses": "1.234.50"}, button=("do", "calculate"), status=422)
    message = "This may be two numbers, %(both)s: write it without signs between thousands."
    assert in_spanish(message, both="1234,50 o 123450,00") in page.text
