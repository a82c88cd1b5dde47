"""Records of judges on pass marks for tests: opened, filled and signed over the pages."""

from io import BytesIO

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_teacher, publish, sign_in
from tests.support.selecting import NORM, a_selecting_folder
from tests.support.uploads import PDF
from tests.support.wording import in_spanish

PARTS = "/teaching/prueba/parts/cuestionario-1"
OVERVIEW = f"{PARTS}/pass-mark"


def a_record(browser: Browser, instance: Instance, sheets: dict[str, int], facilities: bool = False) -> str:
    """Open a record with these judges of paper, each of whom says the same of every question; return its address."""
    course = publish(instance, a_selecting_folder(NORM))[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    browser.get(OVERVIEW)
    browser.submit(OVERVIEW, {"facilities": "yes"} if facilities else {})
    record = browser.path
    for name, rating in sheets.items():
        browser.submit(record, {"name": name}, button=("do", "judge"))
        fill(browser, record, name, rating)
    return record


def fill(browser: Browser, record: str, name: str, rating: int | str) -> None:
    """Let a judge say the same of both questions."""
    sheet = sheet_of(browser, record, name)
    browser.get(sheet)
    browser.submit(sheet, {f"rating-{place}": str(rating) for place in range(2)})


def sheet_of(browser: Browser, record: str, name: str) -> str:
    """Return the address of the sheet of a judge."""
    return next(address for address, text in browser.get(record).links if "/sheets/" in address and name in text)


def attach(browser: Browser, record: str, name: str, content: bytes = PDF, status: int = 200) -> None:
    """Attach the scanned paper of a judge."""
    address = f"{sheet_of(browser, record, name)}/paper"
    token = browser.page.form("/paper").fields
    data = {**dict(token), "paper": (BytesIO(content), f"{name}.pdf")}
    browser._request("POST", address, data=data)
    browser._arrive(status)


def signed(browser: Browser, record: str, mark: str, reason: str = "", status: int = 200, *, papers: bool = True) -> str:
    """Sign a record with this pass mark, with the papers of all judges that lack one; return what the page says."""
    browser.get(record)
    for sheet in [form.action for form in browser.page.forms if form.action.endswith("/paper")] if papers else ():
        name = next(text for address, text in browser.page.links if sheet.startswith(address) and "/sheets/" in address)
        attach(browser, record, name.removeprefix(in_spanish("Fill the sheet")).strip())
        browser.get(record)
    return browser.submit(record, {"pass_mark": mark, "reason": reason}, button=("do", "sign"), status=status).text
