"""Certificates in bulk, the register of many, and the page that verifies without a network (spec/certificates 12)."""

import os
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from uuid import UUID, uuid4

from playwright.sync_api import sync_playwright
from sqlalchemy import select, text

from certificates import bulk, jobs, pdf, register
from certificates.badges import complete_former
from certificates.models import BulkDownload, Credential
from certificates.register import RegisterFilter, RegisterOrder, RegisterSort
from certificates.sheet import compose
from courses.models import Course
from kernel import clock
from kernel.child_process import child_process
from kernel.codes import printed_code
from kernel.db import Database, KeysetPage, PageDirection
from kernel.outbox import Delivery
from kernel.permissions import SYSTEM
from lms.app import create_app
from lms.demo.people import ADMINISTRATOR
from lms.instance import Instance
from tests.bench.libraries import alternating, bare_page, seconds
from tests.bench.pages import Bench, in_turns
from tests.bench.table import Row, ratio
from tests.loadtest.filling import SLUG
from tests.loadtest.journey import LESSON
from tests.support.builders import a_course
from tests.support.certificates import FACTS, complete, issue
from tests.support.chromium import CHROMIUM, FLAGS
from tests.support.registers import fill_register

DRAWN = int(os.environ.get("BENCH_BULK_CERTIFICATES", "300"))
ONCE = 10_000
"""So many certificates are drawn in one round alone: the round lasts longer than what disturbs it."""
BESIDE = int(os.environ.get("BENCH_BESIDE_CERTIFICATES", "3000"))
"""Certificates of the download beside which pages are asked for: drawing them takes longer than asking."""
ASKED = 400
REGISTERED, SHOWN, PAGE = 36_000, 50, 700
SLOWER = 6
"""A phone, against this machine."""
_JUDGE = """async (text) => {
  const began = performance.now();
  await takeAll([['a.json', async () => utf8(text)]]);
  document.body.offsetHeight;
  return [performance.now() - began, verdictOf(findings[0]).verdict];
}"""


def in_bulk(instance: Instance) -> list[Row]:
    """Draw certificates as a download in bulk does, against as many bare pages; then leaf through a register of very many."""
    fill_register(instance, a_course(instance, modules=1), REGISTERED)
    _give_badges(instance.database)
    with instance.database.unit_of_work() as session:
        session.execute(text("ANALYZE"))
    with instance.database.unit_of_work(write=False) as session:
        ids = list(session.scalars(select(Credential.id).order_by(Credential.id).limit(DRAWN)))
    address = compose(FACTS).content.verify_url
    pdf.render(compose(FACTS))  # registers the fonts of the bare page

    def ours() -> None:
        with instance.database.unit_of_work() as session:
            number = bulk.request_download(session, SYSTEM, None, ids, uuid4(), now=clock.now()).id
        assert jobs.write_files(Delivery(instance.database, instance.settings, 1, {"download": number}, clock.now())) is not None

    def bare() -> None:
        for _each in ids:
            bare_page(address)

    pairs = alternating(ours, bare, clock=_processor) if DRAWN < ONCE else [(seconds(ours, 1, _processor), seconds(bare, 1, _processor))]
    return [
        ratio("C9", f"{DRAWN} certificates in bulk against bare ReportLab", pairs, 1.5, 1.3, "s", 1),
        Row("C9", "MB of memory of the process that draws", _drawing_memory(), 64, 50),
        *_far_pages(instance),
    ]


def _processor() -> float:
    """Return the seconds of the processor that this process and those it began have taken."""
    return sum(os.times()[:4])


def _give_badges(database: Database) -> None:
    """Give each certificate its place in a status list: without one it would have no badge, and its sheet no seal."""
    more = True
    while more:
        with database.unit_of_work() as session:
            more = complete_former(session, limit=jobs.COMPLETED_AT_ONCE, now=clock.now()) > 0


def pages_beside_download(bench: Bench) -> list[Row]:
    """Measure the slowest twentieth of a learner's pages while certificates are drawn in bulk, against the same pages without that."""
    with bench.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course).where(Course.slug == SLUG)).one()
    fill_register(bench, course, BESIDE)
    _give_badges(bench.database)
    number = uuid4()
    with bench.database.unit_of_work() as session:
        ids = session.scalars(select(Credential.id).order_by(Credential.id)).all()
        row = bulk.request_download(session, SYSTEM, None, ids, number, now=clock.now())
        bulk.pause_download(session, SYSTEM, row, now=clock.now())
    visitor, boss, page = bench.entered(), bench.ours.visitor(), f"/certificate-downloads/{number}"
    boss.enter(ADMINISTRATOR.email, bench.password)
    boss.rest()
    paths = (LESSON.findall(visitor.sees(f"/courses/{SLUG}", "<h1"))[0], "/learning")

    def slowest() -> float:
        spent = []
        for place in range(ASKED):
            began = time.perf_counter()
            visitor.sees(paths[place % 2], "<h1")
            spent.append(time.perf_counter() - began)
        visitor.rest()
        return quantiles(spent, n=20)[-1]

    def turn(switch: str) -> None:
        assert boss.ask("POST", f"{page}/{switch}", {"csrf_token": boss.token(page)}).status == 303
        boss.rest()  # what is measured next lasts longer than a server keeps a connection

    def beside() -> float:
        turn("resumption")
        _await(bench.database, number, drawing=True)
        found = slowest()
        assert _done(bench.database, number)[1] is None, "it is still drawing"
        turn("pause")
        _await(bench.database, number, drawing=False)
        return found

    slowest()
    return [ratio("C9", "p95 of pages beside a download in bulk, against none", in_turns(beside, slowest), 1.3, 1.1)]


def _done(database: Database, number: UUID) -> tuple[int, object]:
    with database.unit_of_work(write=False) as session:
        return session.execute(select(BulkDownload.done, BulkDownload.ready_at).where(BulkDownload.uuid == number)).one()._tuple()


def _await(database: Database, number: UUID, *, drawing: bool) -> None:
    """Wait until the count of drawn certificates moves, or until it has rested for a second."""
    known, since = _done(database, number)[0], time.monotonic()
    ends = since + 60
    while time.monotonic() < ends:
        time.sleep(0.1)
        done = _done(database, number)[0]
        if drawing and done != known:
            return
        if done != known:
            known, since = done, time.monotonic()
        if not drawing and time.monotonic() - since > 1:
            return
    raise AssertionError("the worker does nothing")


def _drawing_memory() -> float:
    with child_process(pdf.render) as render:
        render(compose(FACTS))
        own = os.getpid()
        found = [int(number) for number in Path(f"/proc/{own}/task/{own}/children").read_text().split()]
        sizes = [Path(f"/proc/{number}/status").read_text().split("VmHWM:")[1].split()[0] for number in found]
    return int(sizes[-1]) / 1000


def _far_pages(instance: Instance) -> list[Row]:
    today, wanted, rows = clock.now().date(), RegisterFilter(), []
    with instance.database.unit_of_work(write=False) as session:
        for order in (RegisterOrder.ISSUED, RegisterOrder.NAME):
            sort = RegisterSort(order)
            last = register.list_register(session, wanted, sort, KeysetPage(), today=today, limit=SHOWN * (PAGE - 1)).rows[-1]
            places = (KeysetPage(PageDirection.AFTER, last.uuid), KeysetPage())
            far, first = (
                lambda place=place, sort=sort: register.list_register(session, wanted, sort, place, today=today, limit=SHOWN)
                for place in places
            )
            pairs = alternating(far, first, 5, time.perf_counter)
            rows.append(ratio("C10", f"register of {REGISTERED} by {order.value}: page {PAGE} against the first", pairs, 1.5, 1.1))
    return rows


def offline(instance: Instance) -> list[Row]:
    """Judge a badge by the page that needs no network, in a Chromium that is made as slow as a phone, and weigh the page."""
    complete(instance, a_course(instance, modules=1))
    held, stranger = issue(instance), create_app(instance).test_client()
    page, badge = (
        stranger.get(path, base_url="https://localhost").get_data(as_text=True)
        for path in ("/verify/offline.html", f"/v/{printed_code(held.code)}.json")
    )
    lists = page.split('id="trusted">')[1].split("</script>")[0]
    rows = [Row("C11", "kB of the offline page without keys and lists", (len(page.encode()) - len(lists.encode())) / 1000, 60, 50)]
    return [*rows, Row("C11", f"ms of its first verdict, {SLOWER} times slower", _verdict(page, badge), 300, 200)]


def _verdict(page: str, badge: str) -> float | None:
    if not CHROMIUM:
        return None
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder, "offline.html")
        path.write_text(page, "utf-8")
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = chromium.new_context(offline=True).new_page()
        opened.goto(path.as_uri())
        opened.wait_for_selector("body[data-ready]", state="attached")
        opened.context.new_cdp_session(opened).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        spent, verdict = opened.evaluate(_JUDGE, badge)
        chromium.close()
    assert verdict == "valid"
    return float(spent)
