"""Work without pages: certificates, reports, publishing, beside the bare calls of the libraries that do it."""

import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import markdown
import nh3
import segno
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from ruamel.yaml import YAML
from sqlalchemy import text

from certificates import pdf
from certificates.sheet import compose
from courses import publishing as publication
from courses.content.reader import read_directory
from kernel.paths import CONTENT
from kernel.pdf import pen
from kernel.tables import write_csv
from lms.app import KINDS
from lms.instance import Instance
from quizzes import reports
from quizzes.report_page import REPORT
from quizzes.reports import ReportFilter, ReportOrder
from tests.bench.pages import in_turns
from tests.bench.processes import Clock
from tests.bench.table import Row, ratio
from tests.support.certificates import FACTS
from tests.support.crowds import QUIZ_KEY, a_model_class, copy_class
from tests.support.sizes import ACCOUNTS

DRAWN = 20
_SQL = text(
    "SELECT a.number, a.state, a.started_at, a.submitted_at, a.raw, a.percent, p.first_surname, p.given_names, p.email, i.number AS place,"
    " m.fraction"
    " FROM attempt a JOIN person p ON p.id = a.person_id JOIN attempt_item i ON i.attempt_id = a.id JOIN mark_event m ON m.item_id = i.id"
    " ORDER BY a.id, i.position"
)


def seconds(act: Callable[[], object], times: int = 1, clock: Clock = time.process_time) -> float:
    """Return how much of the processor something takes, once."""
    began = clock()
    for _time in range(times):
        act()
    return (clock() - began) / times


def alternating(
    ours: Callable[[], object], floor: Callable[[], object], times: int = 1, clock: Clock = time.process_time
) -> list[tuple[float, float]]:
    """Do both in each round, after one that is not counted."""
    ours(), floor()
    return in_turns(lambda: seconds(ours, times, clock), lambda: seconds(floor, times, clock))


def publishing() -> list[Row]:
    """spec/performance P15: from the files of the large course to what is stored, nothing kept from before,
    against Markdown and nh3 of its text.

    Its text is that of its lessons and of its questions: each is rendered by itself, as learners see it.
    """
    files = read_directory(CONTENT / "gobernanza-seguridad-social")
    texts = [content.decode() for path, content in files.items() if path.endswith(".md")]
    banks = [YAML(typ="safe").load(content) for path, content in files.items() if path.endswith("banco.yaml")]
    texts += [words for bank in banks for words in _sentences(bank["questions"])]
    today = date(2026, 12, 1)

    def publish() -> None:
        publication.forget_rendered()
        assert publication.prepare(files, KINDS, today=today).prepared is not None

    def bare() -> None:
        for one in texts:
            nh3.clean(markdown.markdown(one, extensions=["tables", "footnotes", "attr_list", "def_list"]))

    first = alternating(publish, bare)
    path = min(path for path in files if path.endswith(".es.md"))
    numbers = iter(range(1000))

    def again() -> None:
        changed = {**files, path: files[path] + f"\nCambio {next(numbers)}.\n".encode()}
        assert publication.prepare(changed, KINDS, today=today).prepared is not None

    changed = [(seconds(again), floor) for _ours, floor in first]
    return [
        ratio("P15", "publishing, nothing kept, against Markdown and nh3", first, 3, 1.5, "s", 1),
        ratio("P15", "publishing again, one lesson changed, against the same", changed, 3, 1.5, "s", 1),
    ]


def _sentences(written: object) -> Iterator[str]:
    """Yield the texts of several words inside of what a file says."""
    if isinstance(written, dict):
        for value in written.values():
            yield from _sentences(value)
    elif isinstance(written, list):
        for value in written:
            yield from _sentences(value)
    elif isinstance(written, str) and " " in written:
        yield written


def certificates() -> list[Row]:
    """spec/performance P12: the sheet against a bare page of ReportLab with the same fonts, texts and QR code."""
    sheet = compose(FACTS)
    content = pdf.render(sheet)
    drawn = alternating(lambda: pdf.render(sheet), lambda: bare_page(sheet.content.verify_url), DRAWN)
    return [ratio("P12", "certificate against bare ReportLab", drawn, 3, 2), Row("P12", "kB of a certificate", len(content) / 1000, 80, 50)]


def bare_page(address: str) -> bytes:
    """Return a page of ReportLab with the fonts, texts and QR code of a certificate, and nothing else."""
    target = BytesIO()
    canvas = Canvas(target, pagesize=(297 * mm, 210 * mm), pageCompression=1)
    for line, font in enumerate((pen.NAME, pen.TITLE, pen.TEXT, pen.STRONG, pen.CODE)):
        pdfmetrics.getFont(font)  # registered by the first sheet
        canvas.setFont(font, 12)
        for column in range(4):
            canvas.drawString((20 + 60 * column) * mm, (180 - 20 * line) * mm, FACTS.person_name)
    for y, row in enumerate(segno.make(address, error="m").matrix):
        for x, dark in enumerate(row):
            if dark:
                canvas.rect((200 + x) * mm, (100 - y) * mm, mm, mm, stroke=0, fill=1)
    canvas.save()
    return target.getvalue()


def report(instance: Instance) -> list[Row]:
    """spec/performance P13: a report of many lines as CSV against the same rows streamed by bare SQL,
    and the memory that it takes besides.
    """
    course = a_model_class(instance)
    copy_class(instance, ACCOUNTS)

    def ours() -> None:
        with instance.database.unit_of_work(write=False) as session:
            stream = reports.stream_report(session, course.id, QUIZ_KEY, ReportFilter(), ReportOrder())
            _name, headings, rows = REPORT.sheets(stream)[0]
            with Path(os.devnull).open("wb") as target:
                write_csv(target, headings, rows)

    def floor() -> None:
        with instance.database.reading.connect() as connection, Path(os.devnull).open("w") as target:
            for row in connection.execution_options(yield_per=2000).execute(_SQL):
                target.write(";".join(map(str, row)))

    pairs = alternating(ours, floor)
    tracemalloc.start()
    ours()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return [
        ratio("P13", f"report of {ACCOUNTS} lines as CSV against streamed SQL", pairs, 3, 1.5, "s", 1),
        Row("P13", "MB of memory of the report besides", peak / 1e6, 40, 15),
    ]
