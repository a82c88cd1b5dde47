"""Take the pictures of the guide from the demonstration, in both languages, with Chromium.

python scripts/guide_pictures.py             start a demonstration of its own, take every picture, end it
python scripts/guide_pictures.py NAME ...    the same for some of them

Pictures lie in static/guide/<language>/; their names begin with the size of the window, as in `lms/guide/chapters.py`.
"""

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kernel.i18n import LANGUAGES  # noqa: E402 - the checkout comes first
from kernel.paths import STATIC  # noqa: E402 - the same
from lms.guide.chapters import PICTURE_SIZES  # noqa: E402 - the same
from tests.support.chromium import CHROMIUM  # noqa: E402 - the same

PORT = 8031
DATA = ROOT / "build" / "guide-demonstration"
HEAVIEST = 40_000
QUALITIES = (72, 60, 48, 36, 24)
"""Tried in turn until a picture is light enough."""
COURSE, QUIZ = "gobernanza-seguridad-social", "cuestionario-3"
TEACHING, SAMPLE = f"/teaching/{COURSE}", "/courses/muestra-medico-de-preguntas/quizzes/cuestionario-de-muestra"
PRESS = "main a.btn.main, main form button.main"
"""The one action of a page."""
Accounts = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: whose page, its address, links or buttons to press there, the part from which it is taken, and what is unfolded."""

    account: str
    path: str
    press: tuple[str, ...] = ()
    top: str = ""
    unfold: str = ""


SHOTS: Mapping[str, Shot] = {
    "wide-course": Shot("learner", f"/courses/{COURSE}"),
    "narrow-learning": Shot("learner", "/learning"),
    "wide-calendar": Shot("learner", "/calendar?view=month", top="main h2"),
    "narrow-lesson": Shot("learner", f"/courses/{COURSE}/activities/brechas-de-cobertura"),
    "wide-attempt": Shot("learner", f"/courses/{COURSE}/quizzes/{QUIZ}", (PRESS,)),
    "narrow-verify": Shot("learner", "/certificates", ("main a[href*='/certificates/'] >> nth=1", "main a[href*='/verify/']")),
    "wide-teaching": Shot("owner", "/teaching"),
    "narrow-bar": Shot("owner", f"{TEACHING}/outline", unfold=".team summary"),
    "wide-outline": Shot("owner", f"{TEACHING}/outline"),
    "wide-editor": Shot("owner", f"{TEACHING}/lessons/de-la-caridad-al-derecho"),
    "wide-question": Shot("owner", f"{TEACHING}/questions"),
    "wide-publishing": Shot("owner", "/teaching/muestra-bienvenida/publishing"),
    "wide-mistakes": Shot("owner", f"{TEACHING}/mistake-reports"),
    "wide-learners": Shot("owner", f"{TEACHING}/learners"),
    "wide-gradebook": Shot("owner", f"{TEACHING}/gradebook"),
    "wide-manage": Shot("owner", f"{SAMPLE}/manage"),
    "wide-statistics": Shot("owner", f"{SAMPLE}/statistics", top="main h2"),
    "wide-administration": Shot("administrator", "/administration"),
    "wide-site": Shot("administrator", "/administration/site"),
    "wide-people": Shot("administrator", "/administration/people"),
    "wide-units": Shot("administrator", "/administration/organisations"),
    "wide-state": Shot("administrator", "/administration/state"),
}


@contextmanager
def demonstration() -> Iterator[tuple[str, Accounts]]:
    """Serve a fresh demonstration; yield its address and its accounts."""
    command = [str(Path(sys.executable).parent / "lms"), "demo", "--fresh", "--port", str(PORT)]
    environment = {**os.environ, "LMS_DATA_DIR": str(DATA)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            accounts = {}
            for line in server.stdout:
                if found := re.match(r"(\w+(?: \w+)?) {2,}(\S+@\S+) +(\S+)$", line):
                    accounts[found[1].removeprefix("course ")] = (found[2], found[3])
                if line.startswith("Aulario: "):
                    break
            yield f"http://127.0.0.1:{PORT}", accounts
        finally:
            server.terminate()


def sign_in(page: Page, site: str, account: tuple[str, str], language: str) -> None:
    """Sign in, and read the site in this language."""
    page.goto(f"{site}/sign-in")
    page.fill("[name=email]", account[0])
    page.fill("[name=password]", account[1])
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    if page.locator("html").get_attribute("lang") != language:
        page.click(f"footer button[value={language}]")
        page.wait_for_selector(f"html[lang={language}]")


def take(page: Page, site: str, name: str, shot: Shot, target: Path) -> int:
    """Take a picture into a file; return its size in bytes."""
    width, height = PICTURE_SIZES[name.partition("-")[0]]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(site + shot.path)
    for selector in shot.press:
        with page.expect_navigation():
            page.locator(selector).first.click()
    page.wait_for_load_state("networkidle")
    if shot.unfold:
        page.click(shot.unfold)
    page.evaluate("selector => window.scrollTo(0, selector ? document.querySelector(selector).offsetTop - 16 : 0)", shot.top)
    session = page.context.new_cdp_session(page)
    for quality in QUALITIES:
        answer = session.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
        picture = base64.b64decode(answer["data"])
        if len(picture) <= HEAVIEST:
            break
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(picture)
    return len(picture)


def take_all(browser: Browser, site: str, accounts: Accounts, names: Sequence[str]) -> None:
    """Take the pictures of these names in both languages, each account signed in once for each."""
    for language in LANGUAGES:
        for account in dict.fromkeys(SHOTS[name].account for name in names):
            context = browser.new_context(locale={"es": "es-EC", "en": "en-GB"}[language], color_scheme="light", reduced_motion="reduce")
            page = context.new_page()
            sign_in(page, site, accounts[account], language)
            for name in names:
                if SHOTS[name].account == account:
                    size = take(page, site, name, SHOTS[name], STATIC / "guide" / language / f"{name}.webp")
                    print(f"{language}/{name}: {size} bytes")
            context.close()


def main(names: Sequence[str]) -> None:
    """Take all pictures, or those named."""
    if not CHROMIUM:
        sys.exit("Chromium is missing: apt-get install chromium")
    with sync_playwright() as driver, demonstration() as (site, accounts):
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        take_all(browser, site, accounts, names or list(SHOTS))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
