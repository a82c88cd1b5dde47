"""Sealed sheets, badges and the judgement of files beside a bare page of ReportLab (spec/certificates 12)."""

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path
from statistics import median

from sqlalchemy import select

from certificates.models import Credential
from certificates.pdf import render
from certificates.rules.badges import badge_document, badge_quads, compact_json, signed_document
from certificates.rules.verification import verify_document
from certificates.sealing import FileVerdict, VerifierKeys, judge_files, seal_verifiers
from certificates.sheet import compose
from kernel import clock
from kernel.codes import printed_code
from kernel.keys import SealKeys, seal_keys
from kernel.outbox import deliver_waiting
from kernel.pdf.document import PdfAttachment
from lms.app import create_app
from lms.instance import Instance
from tests.bench.libraries import DRAWN, alternating, bare_page
from tests.bench.table import Row, ratio
from tests.support.badges import BADGE, METHOD, VECTOR_KEY, trusted, vector
from tests.support.browser import every_statement
from tests.support.builders import a_course
from tests.support.certificates import FACTS, complete
from tests.support.seals import GOLDEN_KEYS, a_sealed_sheet

JUDGED = int(os.environ.get("BENCH_JUDGED_FILES", "1000"))
PAGES = 150
SHOWN = 24
"""Certificates whose codes are asked for in turns: nobody looks one up twice within a minute."""
_COMMAND = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from kernel.keys import seal_keys
from certificates.sealing import seal_verifiers
from certificates.sealing import VerifierKeys
from lms.certificate_files import reports_of
from tests.support.seals import GOLDEN_KEYS
keys = VerifierKeys(GOLDEN_KEYS.signatures, seal_verifiers(seal_keys(Path(sys.argv[1]), "IESS-EDUCA").trusted))
content, many = Path(sys.argv[2]).read_bytes(), int(sys.argv[3])
began = time.process_time()
reports = reports_of([(str(place), content) for place in range(many)], [], keys, now=datetime(2026, 12, 1, tzinfo=UTC))
spent = time.process_time() - began
assert {report.verdict for report in reports} == {"genuine"}
print(1000 * spent / many, any(name.startswith("pyhanko") for name in sys.modules))
"""


def sheets() -> list[Row]:
    """Measure a tagged sheet with its badge, without and with a seal, against the bare page; and a badge against a sheet."""
    with _seal_keys() as (_folder, keys):
        sheet, badge = compose(FACTS), PdfAttachment("credential.json", "application/vc+ld+json", vector("credential.json"))
        bare: Callable[[], object] = lambda: bare_page(sheet.content.verify_url)  # noqa: E731 - one expression, used twice
        unsealed = alternating(lambda: render(sheet, badge), bare, DRAWN)
        sealed = alternating(lambda: a_sealed_sheet(keys), bare, DRAWN)
        known, credential = (trusted(),), vector("credential.json")
        made = alternating(_credential, lambda: render(sheet, badge), DRAWN)
        verified = alternating(lambda: verify_document(credential, known), lambda: render(sheet, badge), DRAWN)
        size = len(a_sealed_sheet(keys)) / 1000
    return [
        ratio("C1", "tagged PDF with badge, no seal, against bare ReportLab", unsealed, 1.4, 1.2),
        ratio("C2", "the same, sealed", sealed, 1.5, 1.25),
        Row("C3", "kB of a sealed certificate", size, 60, 35),
        ratio("C4", "badge made, against a sheet", made, 0.1, 0.05),
        ratio("C4", "badge verified, against a sheet", verified, 0.1, 0.05),
    ]


def _credential() -> bytes:
    return compact_json(signed_document(badge_document(BADGE), badge_quads(BADGE), METHOD, BADGE.valid_from, VECTOR_KEY.sign))


def files() -> list[Row]:
    """Measure the judgement of files: time of one, memory of one of 2 MB, and many as the command does them, without pyHanko."""
    with _seal_keys() as (folder, keys):
        content, verifiers = a_sealed_sheet(keys), VerifierKeys(GOLDEN_KEYS.signatures, seal_verifiers(keys.trusted))
        spent = [_milliseconds(lambda: judge_files([("a", content)], verifiers)) for _round in range(DRAWN)]
        assert judge_files([("a", content)], verifiers)[0].verdict is FileVerdict.GENUINE
        large = vector("unsealed.pdf").replace(b"startxref", b"%" + b"0" * 2_000_000 + b"\nstartxref", 1)
        tracemalloc.start()
        judge_files([("a", large)], verifiers)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        (folder / "a.pdf").write_bytes(content)
        command = [sys.executable, "-c", _COMMAND, str(folder), str(folder / "a.pdf"), str(JUDGED)]
        each, has_pyhanko = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [
        Row("C6", "judgement of a sealed PDF, in ms of processor time", median(spent), 20, 5, f"{min(spent):.1f} to {max(spent):.1f} ms"),
        Row("C6", "MB of memory for a file of 2 MB", peak / 1e6, 10, 5),
        Row("C8", f"{JUDGED} PDF files judged by the command, ms each", float(each), 5, 2, f"pyHanko imported: {has_pyhanko}"),
        Row("C8", "modules of pyHanko that this imports", float(has_pyhanko == "True"), 0, 0),
    ]


def pages(instance: Instance) -> list[Row]:
    """Measure the page of a code against that of the course, and count its statements."""
    course = a_course(instance, modules=1)
    for number in range(SHOWN):
        complete(instance, course, f"ana{number}@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work(write=False) as session:
        codes = cycle([printed_code(code) for code in session.scalars(select(Credential.code))])
    app, addresses = create_app(instance), count(1)
    stranger = app.test_client()

    def page(path: str) -> None:
        number = next(addresses)  # each from somewhere else: sixty a minute are allowed
        where = {"REMOTE_ADDR": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        assert stranger.get(path, base_url="https://localhost", environ_overrides=where).status_code == 200

    def verify() -> None:
        page(f"/verify/{next(codes)}")

    pairs = alternating(verify, lambda: page(f"/courses/{course.slug}"), PAGES)
    statements = every_statement(instance.database)
    verify()
    return [
        ratio("C5", "/verify/<code> against the page of the course", pairs, 1.5, 1),
        Row("C5", "statements of /verify/<code>", len(statements.statements), 12, 8),
    ]


@contextmanager
def _seal_keys() -> Iterator[tuple[Path, SealKeys]]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder), seal_keys(Path(folder), "IESS-EDUCA")


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000
