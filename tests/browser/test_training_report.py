"""The report of compulsory training in a real browser: narrow and dark, wide and in English, without a script."""

import re

import pytest
from playwright.sync_api import Browser

from kernel import clock
from tests.support.chromium import Live, signed_in
from tests.support.obligations import compute_everything
from tests.support.places import manage
from tests.support.training_reports import a_reported_institution


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_the_report_is_read_at_any_width_without_a_script(chromium: Browser, live: Live, width: int, scheme: str) -> None:
    """spec/compulsory 11: axe-core finds nothing, nothing scrolls sideways."""
    reported = a_reported_institution(live.instance)
    compute_everything(live.instance, now=clock.now())  # an acta needs the statuses of this moment
    manage(live.instance, reported.people["abad"], reported.places["iess"])
    head = signed_in(chromium, live, email="abad@example.org", width=width, scheme=scheme, script=False)

    head.open(reported.path("iess"))
    head.open(reported.path("guayas", "/people"))
    head.open(reported.path("iess", "?on=2026-08-04"))

    assert head.page.get_by_role("heading", level=1).inner_text() == "IESS"

    head.open(reported.path("iess", "?obligation=etica"))
    with head.page.expect_download() as download:
        head.page.get_by_role("button", name="Acta (PDF)").click()
    code = re.search(r"(\w{4}-){3}\w{4}(?=\.pdf)", download.value.suggested_filename)
    assert code is not None
    head.open(f"/acta/{code[0]}")
