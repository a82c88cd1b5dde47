"""Verifying proofs of attempts in public: genuine, of which attempt, changed since; nobody named, no mark shown (spec/selection 10.3)."""

from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import select, update

from kernel import clock
from kernel.codes import printed_code
from kernel.crypto import compromise_signing_key
from kernel.keys import KeyCompromise
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.models import AttemptProof
from quizzes.rules.regrade import RegradeKind
from tests.support.attempts import begin, reopen
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, a_teacher
from tests.support.learning import actor_of
from tests.support.quizzes import set_review
from tests.support.regrading import QUITO, a_dry_run, a_keyed_quiz, an_order, commit, undo
from tests.support.wording import in_spanish

SAME, DIFFERENT = "The file is the same.", "The file is not the same."
GENUINE, CHANGED = "Genuine", "Genuine, but changed since"


@pytest.fixture
def editor(browser: Browser, instance: Instance) -> Actor:
    """An editor of a course in which Ana has handed in a quiz with a wrong key, and may see all of it."""
    course = a_keyed_quiz(instance)
    a_learner_in(browser, course)
    browser.path = begin(browser)
    browser.submit("/answers", {"p1": QUITO, "p2": "1"}, button=("go", "review"))
    browser.submit("/submission")
    set_review(instance, {"after": ["attempt", "marks", "max_marks", "correctness"]})
    return actor_of(a_teacher(instance, course))


def attempt_of(browser: Browser) -> str:
    return browser.path.removesuffix("/review")


def the_pdf(browser: Browser, path: str) -> bytes:
    browser.get(f"{path}/proof.pdf")
    return browser.response.data


def public(instance: Instance, at: int = -1) -> str:
    with instance.database.unit_of_work(write=False) as session:
        codes = session.scalars(select(AttemptProof.code).order_by(AttemptProof.id)).all()
    return f"/proofs/{printed_code(codes[at])}"


def compare(visitor: Browser, address: str, content: bytes) -> str:
    visitor.get(address)
    return visitor.post(f"{address}/file", {"file": (BytesIO(content), "proof.pdf")}).text


def test_everyone_reads_of_which_attempt_it_is_and_nothing_of_the_person(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/selection 10.3: genuine, quiz, number, date, changed since; no name, no answer, no mark."""
    path = attempt_of(browser)
    the_pdf(browser, path)

    page = browser.another().get(public(instance))

    facts = dict(zip(("quiz", "number", "changed"), ("Cuestionario 1", "1", in_spanish("No")), strict=True))
    assert page.headings == [in_spanish("Verify a proof of an attempt")]
    assert in_spanish(GENUINE) in page.text
    assert in_spanish(CHANGED) not in page.text
    assert all(words in page.text for words in facts.values())
    for secret in ("Ana", "Quinde", "Quito", "Cuenca", "punto", "%", path.rpartition("/")[2]):
        assert secret not in page.html.partition("<main")[2].partition("</main>")[0], secret


def test_a_regrade_is_shown_and_its_undoing_takes_that_back(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/selection 10.3: a mark that was changed since, by a regrade."""
    path = attempt_of(browser)
    first = the_pdf(browser, path)
    dry_run = a_dry_run(instance, editor, an_order(instance, RegradeKind.FULL_CREDIT))
    commit(instance, editor, dry_run)
    visitor = browser.another()

    changed = visitor.get(public(instance)).text
    second = the_pdf(browser, path)
    newer = visitor.get(public(instance)).text
    undo(instance, editor, dry_run)
    taken_back = visitor.get(public(instance, 0)).text

    assert in_spanish(CHANGED) in changed
    assert in_spanish(CHANGED) not in newer
    assert in_spanish(CHANGED) not in taken_back
    assert in_spanish(SAME) in compare(visitor, public(instance, 0), first)
    assert first != second
    assert the_pdf(browser, path) == first


def test_an_annulment_is_shown(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/selection 10.3: by annulment."""
    the_pdf(browser, attempt_of(browser))
    commit(instance, editor, a_dry_run(instance, editor, an_order(instance, RegradeKind.REMOVED)))

    assert in_spanish(CHANGED) in browser.another().get(public(instance)).text


def test_a_proof_without_marks_shows_only_that_it_was_opened_again(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/selection 10.3: what is not shown is not changed; an attempt that was opened again is."""
    path = attempt_of(browser)
    set_review(instance, {"after": ["attempt"]})
    the_pdf(browser, path)
    commit(instance, editor, a_dry_run(instance, editor, an_order(instance, RegradeKind.FULL_CREDIT)))
    hidden = browser.another().get(public(instance)).text
    reopen(instance, editor, UUID(path.rpartition("/")[2]))
    reopened = browser.another().get(public(instance)).text

    assert in_spanish(CHANGED) not in hidden
    assert in_spanish(CHANGED) in reopened


def test_a_code_is_found_on_the_page_for_all_codes_and_an_unknown_one_is_not(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/selection 10.3: typed as people type it; a wrong one answers as for actas."""
    the_pdf(browser, attempt_of(browser))
    visitor, code = browser.another(), public(instance).rpartition("/")[2]

    visitor.get(f"/verify?code={code.lower().replace('-', ' ')}")
    assert visitor.path.endswith(public(instance))
    assert in_spanish("There is no proof with that code.") in visitor.get("/proofs/7K4M-92XD-C3QF-8TRA", status=404).text
    visitor.get("/proofs/no-es-un-codigo", status=404)
    visitor.post("/proofs/7K4M-92XD-C3QF-8TRA/file", {"digest": "0" * 64}, status=404)


@pytest.mark.slow
def test_a_file_is_the_same_byte_for_byte_or_not(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/selection 10.3: changed, cut or another file is not; on the page for all files the PDF leads to its own page."""
    pdf = the_pdf(browser, attempt_of(browser))
    visitor = browser.another()
    same = compare(visitor, public(instance), pdf)
    visitor.get("/verify")
    known = visitor.post("/verify", {"files": (BytesIO(pdf), "comprobante.pdf")})

    assert in_spanish(SAME) in same
    address = f"{public(instance)}?file={sha256(pdf).hexdigest()}"
    assert known.has_link(address)
    assert in_spanish(SAME) in visitor.get(address).text
    for other in (pdf[:-1], pdf + b" ", pdf.replace(b"/Type", b"/typE", 1), b""):
        assert in_spanish(DIFFERENT) in compare(visitor, public(instance), other)
    visitor.get("/verify")
    changed = visitor.post("/verify", {"files": (BytesIO(pdf + b" "), "comprobante.pdf")})
    assert not changed.has_link(address)


def test_a_typed_digest_is_compared_however_it_is_grouped(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/selection 10.3; what is no digest is refused with a sentence."""
    digest = sha256(the_pdf(browser, attempt_of(browser))).hexdigest()
    visitor = browser.another()

    visitor.get(public(instance))
    assert in_spanish(SAME) in visitor.submit("/file", {"digest": " ".join((digest[:30].upper(), digest[30:]))}).text
    visitor.get(public(instance))
    assert in_spanish(DIFFERENT) in visitor.submit("/file", {"digest": "0" * 64}).text
    for wrong in ("", "xyz", "0" * 63):
        visitor.get(public(instance))
        visitor.submit("/file", {"digest": wrong}, status=422)


def test_codes_are_searched_as_often_as_those_of_certificates(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/selection 10.3: the same limits, counted together."""
    the_pdf(browser, attempt_of(browser))
    visitor, address = browser.another(), public(instance)
    answers = [visitor._request("GET", "/verify/7K4M-92XD-C3QF-8TRA").status_code for _each in range(30)]
    answers += [visitor._request("GET", address).status_code for _each in range(31)]

    assert answers == [404] * 30 + [200] * 30 + [429]


def test_what_the_register_holds_is_checked_against_its_signature(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/selection 10.3: a row that somebody changed is not genuine, and says nothing of an attempt."""
    the_pdf(browser, attempt_of(browser))
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(AttemptProof)).one()
        session.execute(update(AttemptProof).values(statement=row.statement.replace('"number":1', '"number":2')))
    page = browser.another().get(public(instance)).text
    with instance.database.unit_of_work() as session:
        session.execute(update(AttemptProof).values(statement="{"))
    broken = browser.another().get(public(instance)).text

    assert in_spanish("What the register holds is not what was signed") in page
    assert in_spanish("What the register holds is not what was signed") in broken
    assert "Cuestionario 1" not in page


def test_a_key_in_other_hands_makes_it_uncertain_and_a_new_proof_is_signed(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/selection 10.3, as with actas; the next proof stands under another code."""
    path = attempt_of(browser)
    first = the_pdf(browser, path)
    compromise = KeyCompromise(datetime(2026, 1, 1, tzinfo=UTC), clock.now(), "Copia perdida")
    compromise_signing_key(instance.settings.data_dir, instance.keys.identifier, compromise)

    assert in_spanish("It cannot be confirmed") in browser.another().get(public(instance)).text
    assert the_pdf(browser, path) != first
    assert in_spanish("It cannot be confirmed") not in browser.another().get(public(instance)).text
