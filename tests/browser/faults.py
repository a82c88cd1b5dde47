"""Histories of faults: devices, tabs and lines that fail, and a server that is killed; their ledger is in `ledger.py`."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

from playwright.sync_api import Browser, BrowserContext, Page, Route
from playwright.sync_api import Error as BrowserError
from sqlalchemy import update

from accounts.models import Device as SignedIn
from kernel import clock
from lms.instance import Instance
from tests.browser.ledger import Ledger, answer_in, answers_in, stored
from tests.support.builders import PASSWORD
from tests.support.server import Running

PLACES = (1, 2, 3)
RIGHT = range(250, 751)
"""The numbers that are right in the quiz of these histories (500, tolerance 250): what was marked tells which answer was."""
SEEN = """() => ({
  boxes: [...document.querySelectorAll('#attempt [data-item]')].map((box) => ({
    item: Number(box.dataset.item), text: box.querySelector('input[type=text]').value,
    state: box.querySelector('[data-saved]').className, disabled: box.disabled || Boolean(box.querySelector(':disabled')),
  })),
  entries: Object.keys(localStorage).filter((key) => key.startsWith('aulario.journal.')).map((key) => localStorage.getItem(key)),
})"""
NO_STORAGE = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
WRONG_CLOCK = """{ const True = Date, shift = %d * 864e5;
  self.Date = class extends True { constructor(...given) { given.length ? super(...given) : super(True.now() + shift); }
    static now() { return True.now() + shift; } }; }"""


def a_bank(places: range) -> str:
    """Return questions that any number from 250 to 750 answers rightly."""
    question = "  - key: numero-{}\n    kind: numerical\n    text: Un número.\n    answers:\n      - right: 500\n    tolerance: 250\n"
    return "questions:\n" + "".join(question.format(place) for place in places)


class Line:
    """What becomes of the requests that save, one device's: each fault is for one of them."""

    def __init__(self, ledger: Ledger, kill: Callable[[], None]) -> None:
        self.ledger = ledger
        self.kill = kill
        self.offline = False
        self.faults: list[str] = []
        self.held: list[tuple[str, str]] = []
        self.carrying = 0
        """Requests that are on their way."""

    def carry(self, route: Route) -> None:
        """Do with a request what its turn says."""
        fault = "drop" if self.offline else (self.faults.pop(0) if self.faults else "")
        self.carrying += 1
        with contextlib.suppress(BrowserError):  # the page, or the server, may be gone meanwhile
            try:
                self._carry(route, fault)
            except BrowserError:
                route.abort()
            finally:
                self.carrying -= 1

    def _carry(self, route: Route, fault: str) -> None:
        match fault:
            case "drop":
                route.abort()
            case "fail":
                route.fulfill(status=503, headers={"Retry-After": "1"}, body="")
            case "hold":
                self.held.append((route.request.url, route.request.post_data or ""))
                route.abort()
            case "kill during":
                timer = threading.Timer(0.02, self.kill)
                timer.start()
                try:
                    self._send(route)
                finally:
                    timer.join()
                route.abort()
            case "drop reply" | "kill after":
                self._send(route)
                if fault == "kill after":
                    self.kill()
                route.abort()
            case _:
                if fault == "duplicate":
                    self._send(route)
                if fault == "delay":
                    route.request.frame.page.wait_for_timeout(900)
                route.fulfill(response=self._send(route))

    def _send(self, route: Route) -> Any:
        response = route.fetch(max_redirects=0)
        if response.status == 200:
            self.note(route.request.post_data or "", response.json())
        return response

    def note(self, body: str, told: dict[str, Any]) -> None:
        """Write into the ledger what a reply acknowledges."""
        for event in json.loads(parse_qs(body).get("events", ["[]"])[0]):
            if event["seq"] <= told["acknowledged"].get(str(event["item"]), 0):
                self.ledger.acknowledged.add((event["item"], answer_in(event["response"])))

    def release(self, context: BrowserContext) -> None:
        """Let what was held arrive, late and in the wrong order."""
        while self.held:
            url, body = self.held.pop()
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
            with contextlib.suppress(BrowserError):
                response = context.request.post(url, data=body, headers=headers, max_redirects=0)
                if response.status == 200:
                    self.note(body, response.json())


class Device:
    """A browser with its storage, its line and its tabs."""

    def __init__(self, browser: Browser, line: Line, address: str, *, keeps: bool = True, days_off: int = 0) -> None:
        self.context = browser.new_context(locale="es-EC", viewport={"width": 1280, "height": 900})
        self.context.set_default_timeout(20_000)
        self.line, self.address, self.keeps = line, address, keeps
        self.context.route("**/answers", line.carry)
        if not keeps:
            self.context.add_init_script(NO_STORAGE)
        if days_off:
            self.context.add_init_script(WRONG_CLOCK % days_off)
        self.tabs: list[Page] = []

    @property
    def site(self) -> str:
        """Return the address of the server."""
        return self.address.partition("/attempts")[0]

    def sign_in(self) -> None:
        """Sign in, in a tab of its own."""
        page = self.context.new_page()
        page.goto(f"{self.site}/sign-in")
        if page.query_selector("#email"):
            give_password(page)
        page.close()

    def open_tab(self) -> None:
        """Open the attempt once more."""
        page = self.context.new_page()
        page.goto(self.address)
        self.tabs.append(page)

    def set_line(self, *, offline: bool) -> None:
        """Lose the line or get it back."""
        self.line.offline = offline
        self.context.set_offline(offline)

    def until_nothing_is_on_its_way(self) -> None:
        """Let what is being carried arrive or be lost: a fault among it may still kill the server."""
        page = self.context.new_page()
        ends = time.monotonic() + 20
        while self.line.carrying and time.monotonic() < ends:
            page.wait_for_timeout(50)
        page.close()

    def live_tabs(self) -> list[Page]:
        """Return the tabs that show the attempt."""
        return [page for page in self.tabs if not page.is_closed() and shows_attempt(page)]


def shows_attempt(page: Page) -> bool:
    """Return whether a page shows the attempt; one that is on its way elsewhere is asked again."""
    for _try in range(3):
        with contextlib.suppress(BrowserError):
            return page.query_selector("#attempt") is not None
        time.sleep(0.3)
    return False


def give_password(page: Page) -> None:
    """Fill the sign-in form that a page shows, and send it."""
    page.fill("#email", "ana@example.org")
    page.fill("#password", PASSWORD)
    with page.expect_navigation():
        page.click("form[action='/sign-in'] button[type=submit]")


def send_again(page: Page) -> None:
    """Press the button of the page that keeps what was sent with a token that had died."""
    if page.query_selector("main form:not(#attempt):not(#submission) [name=lease]"):
        with page.expect_navigation():
            page.click("main form:not(#attempt):not(#submission) button.main")


class History:
    """One run of steps drawn from a seed; `steps` tells what happened."""

    CHOICES = (
        ("type", 12), ("wait", 5), ("fault", 4), ("line", 3), ("late", 1), ("crash", 1), ("reload", 1), ("kill", 1), ("session", 1),
        ("token", 1), ("tab", 1), ("device", 1), ("save", 2),
    )  # fmt: skip
    FAULTS = ("drop", "drop reply", "delay", "duplicate", "hold", "fail", "kill after", "kill during")

    def __init__(self, seed: int, browser: Browser, server: Server, instance: Instance, address: str) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a history is repeated from its seed
        self.browser, self.server, self.instance, self.address = browser, server, instance, address
        self.ledger = Ledger()
        self.steps: list[str] = []
        self.place = PLACES[0]
        self.devices: list[Device] = []
        self.values = iter(self.chance.sample(range(100, 1000), 400))
        self._add_device()

    def _add_device(self) -> None:
        keeps, days_off = self.chance.random() > 0.2, self.chance.choice((0, 0, -4000, 4000))
        self.steps.append(f"a device{'' if keeps else ' without storage'}{f', its clock {days_off} days off' if days_off else ''}")
        device = Device(self.browser, Line(self.ledger, self.server.kill), self.address, keeps=keeps, days_off=days_off)
        device.sign_in()
        device.open_tab()
        self.devices.append(device)

    def go(self, length: int) -> None:
        """Take some steps, and look after each whether what the pages show is true."""
        names, weights = zip(*self.CHOICES, strict=True)
        for _turn in range(length):
            self.take(self.chance.choices(names, weights)[0])
            for device in self.devices:
                for page in device.live_tabs():
                    self.look(page)

    def take(self, name: str) -> None:
        """Take one step on one device; a page that went elsewhere is brought back first."""
        device = self.chance.choice(self.devices)
        if not self.server.runs and self.chance.random() < 0.5:
            self.steps.append("the server starts")
            self.server.start()
        pages = device.live_tabs()
        if not pages:
            self._come_back(device)
            pages = device.live_tabs()
        self.steps.append(f"{name} ({self.devices.index(device) + 1})")
        if pages or name in ("line", "late", "fault"):
            with contextlib.suppress(BrowserError):  # the server may be killed at any moment
                getattr(self, f"_{name}")(device, self.chance.choice(pages) if pages else None)

    def _come_back(self, device: Device) -> None:
        """Bring a page back to the attempt, as its reader would: sign in, send again, or open it anew."""
        if device.line.offline or not self.server.runs:
            return
        device.tabs = [page for page in device.tabs if not page.is_closed()] or [device.context.new_page()]
        page = device.tabs[-1]
        with contextlib.suppress(BrowserError):
            if page.query_selector("#email"):
                give_password(page)
            send_again(page)
            if not page.query_selector("#attempt"):
                page.goto(self.address)
            if page.query_selector("#email"):
                give_password(page)
                page.goto(self.address)

    def _type(self, device: Device, page: Page) -> None:
        if self.chance.random() < 0.5:  # the same question again, while its answer is on the way
            self.place = self.chance.choice(PLACES)
        if self.chance.random() < 0.4:
            self._fault(device, page)
        place, value = self.place, str(next(self.values))
        self.steps[-1] += f" {value} into {place}"
        box = f"[data-item='{place}'] input[type=text]"
        if self.chance.random() < 0.3:
            page.fill(box, "")
            page.locator(box).press_sequentially(value, delay=self.chance.choice((0, 150)))
        else:
            page.fill(box, value)

    def _wait(self, device: Device, page: Page) -> None:
        page.wait_for_timeout(self.chance.choice((60, 300, 800, 1500)))

    def _fault(self, device: Device, page: Page | None) -> None:
        device.line.faults += self.chance.choices(self.FAULTS, (4, 4, 3, 3, 3, 2, 1, 1), k=self.chance.randint(1, 3))
        self.steps[-1] += f" {device.line.faults}"

    def _line(self, device: Device, page: Page | None) -> None:
        device.set_line(offline=not device.line.offline)
        self.steps[-1] += f" {'lost' if device.line.offline else 'back'}"

    def _late(self, device: Device, page: Page | None) -> None:
        device.line.release(device.context)

    def _crash(self, device: Device, page: Page) -> None:
        """Kill the page: what was in the journal is there for the next one."""
        self.ledger.journalled |= answers_in(page.evaluate(SEEN)["entries"])
        with contextlib.suppress(BrowserError):
            page.goto("chrome://crash", timeout=1000)
        device.tabs.remove(page)
        with contextlib.suppress(BrowserError):
            page.close()

    def _reload(self, device: Device, page: Page) -> None:
        if device.keeps and not device.line.offline and self.server.runs:
            page.reload()

    def _kill(self, device: Device, page: Page) -> None:
        self.server.kill()

    def _session(self, device: Device, page: Page) -> None:
        if self.server.runs:
            with self.instance.database.unit_of_work() as session:
                session.execute(update(SignedIn).values(ended_at=clock.now()))

    def _token(self, device: Device, page: Page) -> None:
        page.evaluate("document.querySelectorAll('[name=csrf_token]').forEach((field) => { field.value = 'dead'; })")

    def _tab(self, device: Device, page: Page) -> None:
        if len(device.tabs) < 3 and not device.line.offline and self.server.runs:
            device.open_tab()

    def _device(self, device: Device, page: Page) -> None:
        if len(self.devices) < 3 and self.server.runs:
            self._add_device()

    def _save(self, device: Device, page: Page) -> None:
        """Press the page's own button, and give it time: without a line it stays where it is."""
        with contextlib.suppress(BrowserError):
            page.click("button.only-l[name=go][value=save]", timeout=2000)
            page.wait_for_timeout(800)

    def look(self, page: Page) -> None:
        """What a page says of each question is true, and nothing in it is shut."""
        with contextlib.suppress(BrowserError):
            seen = page.evaluate(SEEN)
            held = answers_in(seen["entries"])
            self.ledger.note_journal(seen["entries"])
            in_database = set(stored(self.instance).events)
            for box in seen["boxes"]:
                answer = (box["item"], box["text"])
                assert not box["disabled"], self.told(f"{answer} is shut")
                if box["text"] and " ok" in box["state"]:
                    assert answer in in_database, self.told(f"{answer} is shown as saved")
                elif box["text"] and " now" in box["state"]:
                    assert answer in held | in_database, self.told(f"{answer} is shown as kept on this device")

    def settle(self) -> None:
        """Everything works again, everybody comes back: every journal empties itself."""
        for device in self.devices:
            device.line.faults.clear()
            device.set_line(offline=False)
            device.until_nothing_is_on_its_way()
        if not self.server.runs:
            self.server.start()
        for device in self.devices:
            device.line.release(device.context)
            device.sign_in()
            self._return_to(device)
        for device in self.devices:
            for page in device.live_tabs():
                self._until_empty(page)

    def _return_to(self, device: Device) -> None:
        """Come back to every tab; where none is left, open the attempt."""
        for page in list(device.tabs):
            with contextlib.suppress(BrowserError):
                if page.is_closed() or not page.query_selector("#attempt"):
                    device.tabs.remove(page)
        if not device.live_tabs():
            device.open_tab()
        for page in device.live_tabs():
            entries = page.evaluate(SEEN)["entries"]
            self.ledger.journalled |= answers_in(entries)
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def _until_empty(self, page: Page) -> None:
        for _turn in range(120):
            seen = page.evaluate(SEEN)
            waits = [box for box in seen["boxes"] if box["text"] and (box["item"], box["text"]) not in stored(self.instance).events]
            if not answers_in(seen["entries"]) and not waits:
                return
            page.wait_for_timeout(500)
        raise AssertionError(self.told(f"still not sent: {page.evaluate(SEEN)}, {page.inner_text('#trouble')}"))

    def submit(self) -> None:
        """Hand the attempt in from one of the pages, and check the invariant."""
        page = self.chance.choice([page for device in self.devices for page in device.live_tabs()])
        for button in ("button[name=go][value=review]", "#submission button[type=submit]"):
            with page.expect_navigation():
                page.click(button)
            send_again(page)

    def check(self) -> None:
        """What was acknowledged, and every journal that came back, is in the graded attempt exactly once."""
        found = stored(self.instance)
        count = Counter(found.events)
        typed = {answer for answer in self.ledger.acknowledged | self.ledger.journalled if len(answer[1]) == 3}

        assert found.state == "finished", self.told(found.state)
        not_once = {answer: count[answer] for answer in typed if count[answer] != 1}
        assert not not_once, self.told(f"not exactly once: {not_once}; all events: {found.events}")
        lost = {key for key, text in self.ledger.seen.items() if key not in found.keys or text not in (None, found.keys[key])}
        assert not lost, self.told(f"seen in a journal and lost: {lost}")
        assert not {answer for answer in self.ledger.acknowledged if answer not in count}, self.told("acknowledged and lost")
        assert set(found.marks) == set(PLACES)
        for place, marks in found.marks.items():
            response = found.responses.get(place, "")
            right = response.isdigit() and int(response) in RIGHT
            assert marks == [right], self.told(f"question {place} was marked {marks} for {response!r}")

    def told(self, what: str) -> str:
        """Say what went wrong and what led there."""
        return "\n".join([what, *(f"  {number}. {step}" for number, step in enumerate(self.steps, 1))])

    def close(self) -> None:
        """Close every browser of the history."""
        for device in self.devices:
            with contextlib.suppress(BrowserError):
                device.context.close()


class Server:
    """The server as a process of its own: killed without warning, started again on the same address."""

    def __init__(self, begin: Callable[[int], contextlib.AbstractContextManager[Running]], port: int) -> None:
        self._begin, self.port = begin, port
        self._stack = contextlib.ExitStack()
        self.runs = False

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._stack.enter_context(self._begin(self.port))
        self.runs = True

    def kill(self) -> None:
        """End it at once: SIGKILL for the whole group."""
        self.runs = False
        self._stack.close()


def server_on(begin: Callable[[int], contextlib.AbstractContextManager[Running]], port: int) -> Iterator[Server]:
    """Run a server for a test."""
    server = Server(begin, port)
    server.start()
    try:
        yield server
    finally:
        server.kill()
