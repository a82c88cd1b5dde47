"""A text that nobody marks, judged by its writer in a real browser: beside the model answer, with the keyboard alone."""

import pytest
from playwright.sync_api import Browser

from tests.support.chromium import Live, press, signed_in
from tests.support.learning import a_learner
from tests.support.marking import SELF_REVIEWED, a_marked_quiz, hand_in
from tests.support.wording import in_spanish


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme", "script"), [(360, "dark", True), (1280, "light", True), (360, "light", False)])
def test_a_writer_judges_a_text_by_its_rubric(chromium: Browser, live: Live, width: int, scheme: str, script: bool) -> None:
    """spec/selection 8.6: axe-core finds nothing, nothing runs out of the window, and it works without a script."""
    learner = a_learner(live.instance, a_marked_quiz(live.instance, "attempts: 0\nreview: practice\n", bank=SELF_REVIEWED))
    attempt = hand_in(live.instance, learner)
    reader = signed_in(chromium, live, "ana@example.org", width=width, scheme=scheme, script=script)
    page = reader.page
    reader.open(f"/attempts/{attempt}/review")

    page.get_by_role("group", name="Claridad").get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("group", name="Fuentes").get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    press(reader, in_spanish("Save my self-assessment"))

    assert in_spanish("%(earned)s of %(count)s point by your own assessment", 3, earned=2) in page.inner_text("main")
    assert page.get_by_role("group", name="Claridad").get_by_role("radio").last.is_checked()
