"""What a lesson weighs on a bad line: requests and kilobytes on the wire, the first time and again (spec/performance P16)."""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, Request

from kernel.paths import CONTENT
from lms.instance import Instance
from tests.loadtest.filling import SLUG, folder
from tests.support.builders import PASSWORD, publish
from tests.support.chromium import Live, visitor
from tests.support.learning import a_learner

LESSON = f"/courses/{SLUG}/activities/de-la-caridad-al-derecho"


@dataclass
class Wire:
    """What went over the line."""

    addresses: list[str] = field(default_factory=list)
    size: int = 0

    def note(self, request: Request) -> None:
        """Count a request that was answered over the line, heads included; what the browser kept costs nothing."""
        sizes = request.sizes()
        received = sizes["responseBodySize"] + sizes["responseHeadersSize"]
        if received:
            self.addresses.append(request.url)
            self.size += received + sizes["requestBodySize"] + sizes["requestHeadersSize"]


def test_a_lesson_is_light_the_first_time_and_lighter_again(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/performance P16: at most 10 requests and 130 kB with fonts; then 2 requests and 20 kB."""
    course, _version = publish(instance, folder(CONTENT))
    a_learner(instance, course)
    entering = visitor(chromium, live)
    entering.open("/sign-in")
    entering.page.fill("[name=email]", "ana@example.org")
    entering.page.fill("[name=password]", PASSWORD)
    entering.press("main button[type=submit]")
    page = visitor(chromium, live).page  # nothing is kept yet
    page.context.add_cookies(entering.page.context.cookies())  # type: ignore[arg-type]  # as the browser gave them
    first, second = Wire(), Wire()

    page.on("requestfinished", first.note)
    page.goto(live.url + LESSON, wait_until="networkidle")
    assert "De la caridad" in page.inner_text("h1")
    page.remove_listener("requestfinished", first.note)
    page.on("requestfinished", second.note)
    page.goto(live.url + LESSON, wait_until="networkidle")

    assert len(first.addresses) <= 10, first.addresses
    assert 10_000 < first.size <= 130_000, first
    assert len(second.addresses) <= 2, second.addresses
    assert second.size <= 20_000, second
