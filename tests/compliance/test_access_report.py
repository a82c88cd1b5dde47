"""Who sees the report of compulsory training, over HTTP: the cells of the access matrix (spec/compulsory 16)."""

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.training_access import a_training_cast
from tests.support.training_reports import REPORT


def test_the_report_is_for_those_of_its_place(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: report.view, of the institution and of a unit."""
    cast = a_training_cast(browser, instance)

    wrong = cast.check("report.view", "of_the_institution", cast.outcomes(f"{REPORT}/{cast.root.uuid}"))
    wrong += cast.check("report.view", "of_the_institution", cast.outcomes(f"{REPORT}/{cast.root.uuid}/people"))
    wrong += cast.check("report.view", "of_a_unit", cast.outcomes(f"{REPORT}/{cast.unit.uuid}"))
    wrong += cast.check("report.view", "of_a_unit", cast.outcomes(f"{REPORT}/{cast.unit.uuid}/people"))

    assert not wrong


def test_a_person_is_shown_to_themself_and_to_those_of_their_places(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: training.view."""
    cast = a_training_cast(browser, instance)

    assert not cast.check("training.view", "of_a_person", cast.outcomes(f"{REPORT}/people/{cast.people['oneself'].uuid}"))
