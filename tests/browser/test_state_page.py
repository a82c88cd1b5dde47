"""The page of the state of things in a real browser: readable by everybody, work that failed tried again with the keyboard alone."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from accounts import accounts
from kernel import clock, outbox
from kernel.outbox import Job
from kernel.permissions import SYSTEM, SiteRole
from tests.support.builders import PASSWORD, a_person
from tests.support.chromium import Live, Visitor, visitor


def boss(chromium: Browser, live: Live, language: str, width: int, scheme: str) -> Visitor:
    """Return the browser of an administrator of an instance where something waits and something failed."""
    administrator = a_person(live.instance, "admin@example.org", language=language)
    with live.instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, administrator, SiteRole.ADMINISTRATOR, now=clock.now())
    now = clock.now() - timedelta(days=1)
    failed = Job(
        kind="lms.apply_retention", arguments="{}", attempts=6, created_at=now, available_at=now, failed_at=now, last_error="OSError"
    )
    with live.instance.database.unit_of_work() as session:
        session.add(failed)
        outbox.enqueue(session, "lms.tend_search", {}, now=now, at=now + timedelta(days=3))
    person = visitor(chromium, live, language=language, width=width, scheme=scheme)
    page = person.page
    page.goto(f"{live.url}/sign-in")
    page.fill("[name=email]", "admin@example.org")
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")
    return person


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width", "scheme"), [("es", 1280, "light"), ("en", 360, "dark")])
def test_the_state_is_readable_and_work_is_tried_again_with_the_keyboard(
    chromium: Browser, live: Live, tmp_path: Path, language: str, width: int, scheme: str
) -> None:
    administrator = boss(chromium, live, language, width, scheme)
    page = administrator.page
    administrator.open("/administration")
    administrator.open("/administration/state")
    page.screenshot(path=str(tmp_path / f"state-{language}.png"), full_page=True)
    button = page.get_by_role("button", name="Intentar otra vez" if language == "es" else "Try again").first
    button.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    administrator.check()

    assert page.get_by_role("status").is_visible()
    assert "OSError" not in page.inner_text("main")
