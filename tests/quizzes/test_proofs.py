"""Proofs of attempts: the same each time, for whom they are, and verified in public without a name.

spec/selection 10.1, 10.2, 10.3.
"""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from uuid import UUID

import pypdfium2
import pytest
from PIL import Image
from sqlalchemy import select, update

from courses.models import Course
from kernel import clock
from kernel.codes import printed_code
from kernel.crypto import compromise_signing_key
from kernel.keys import KeyCompromise
from kernel.permissions import Actor
from lms import own_data
from lms.instance import Instance
from questions.rules.feedback import ReviewFlag
from quizzes.attempt_page import open_attempt
from quizzes.marks import current_events
from quizzes.models import Attempt, AttemptProof, AttemptProofFile
from quizzes.rules.regrade import RegradeKind
from quizzes.views.proof_documents import AttemptProofView, proof_view
from tests.support.access import a_cast
from tests.support.attempts import begin, reopen
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_learner_in, a_teacher, an_administrator, folder, publish, sign_in
from tests.support.kinds import ALWAYS_SECRET, SIGNS, SLOTS, WRONG, bank
from tests.support.learning import At, a_batch, a_learner, actor_of, sitting_of, start, submit
from tests.support.overrides import LIMITED, Office, accommodate, minutes
from tests.support.quizzes import NOON, a_quiz_asking, counted, set_review
from tests.support.regrading import QUITO, a_dry_run, a_keyed_quiz, an_order, commit, undo
from tests.support.statements import cost
from tests.support.uploads import PDF, UPLOADS, sending
from tests.support.wording import in_spanish

SETTINGS = "attempts: 0\nweight: 0\nshuffle_options: false\n"
ALL_FLAGS = [flag.value for flag in ReviewFlag]
BY_RULE = SLOTS[:12]


def a_kinds_quiz(instance: Instance, slots: tuple[str, ...] = SLOTS) -> Course:
    return a_quiz_asking(instance, bank(), SETTINGS, slots)


def hand_in(browser: Browser, answers: dict[str, object] = WRONG) -> str:
    """Answer every question and hand in; return the attempt's path."""
    path = begin(browser)
    browser.submit("/answers", answers, button=("go", "review"))
    browser.submit("/submission")
    return path


def pdf_of(browser: Browser, path: str) -> bytes:
    browser.get(f"{path}/proof.pdf")
    assert browser.response.headers["Content-Type"] == "application/pdf"
    return browser.response.data


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(document[page].get_textpage().get_text_bounded().replace("\r", "") for page in range(len(document)))


def all_proofs(instance: Instance) -> list[AttemptProof]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(AttemptProof).order_by(AttemptProof.id)))


def said(instance: Instance, learner: Actor, attempt: UUID) -> AttemptProofView:
    with sitting_of(instance, learner, attempt) as (session, loaded):
        marks = current_events(session, [item.id for item in loaded.items])
        return proof_view(session, open_attempt(session, loaded), frozenset(ReviewFlag), marks, person="Ana", institution="IESS")


def test_page_and_pdf_say_who_what_when_and_what_was_answered(browser: Browser, instance: Instance) -> None:
    """spec/selection 10.1: person, quiz, version, times, questions, answers, feedback as shown, code, QR, signature."""
    a_learner_in(browser, a_kinds_quiz(instance))
    path = hand_in(browser)
    set_review(instance, {"after": ALL_FLAGS})
    browser.get(f"{path}/review")
    links = browser.page.has_link(f"{path}/proof"), browser.page.has_link(f"{path}/proof.pdf")

    page = browser.get(f"{path}/proof").text
    paper = text_of(pdf_of(browser, path))

    assert links == (True, True)
    (row,) = all_proofs(instance)
    code = "-".join(re.findall("....", row.code))
    names = [in_spanish(name) for name in ("Version of the course", "Started on", "Submitted on", "Signature")]
    for text in (page, paper):
        for words in (*names, "Ana Quinde", "Cuestionario 1", "Curso de prueba prueba", "Un ensayo.", code, row.key_id, f"/proofs/{code}"):
            assert words in text, words
    assert row.signature in page
    assert row.signature in paper.replace("\n", "")
    assert page.count("PORQUE-") == paper.count("PORQUE-") > 3
    assert "/proofs/" in browser.get(f"{path}/proof").html


def test_every_kind_of_question_is_readable_in_the_pdf(browser: Browser, instance: Instance) -> None:
    """spec/selection 10.1: what was asked, what could be chosen in its order, and what was answered."""
    a_learner_in(browser, a_kinds_quiz(instance))
    path = hand_in(browser)
    set_review(instance, {"after": ["attempt"]})

    paper = text_of(pdf_of(browser, path))

    given = in_spanish("Answer given")
    parts = re.split(r"Pregunta \d+", paper)[1:]
    assert len(parts) == 15
    for part, words in zip(
        parts,
        (
            ("Elija la letra.", "Alfa", "Beta", f"Gama — {given}"),
            ("Elija letras.", "Delta", f"Kapa — {given}", f"Iota — {given}"),
            ("El agua moja.", in_spanish("True"), f"{in_spanish('False')} — {given}"),
            ("Escriba la palabra.", f"nada — {given}"),
            ("Escriba el número.", f"5 — {given}"),
            ("Escriba la longitud.", f"5 — {given}"),
            ("Una cada animal con su voz.", "Ladra", "Canta", "Maúlla", "Perro: ", "Gato: "),
            ("Ordene los elementos.", "1: ", "2: ", "3: ", "4: ", "Aries", "Tauro", "Leo", "Virgo"),
            ("El cielo es [1], hay [2] y la nieve es [3].", f"[1]: nada — {given}", f"[2]: 5 — {given}", f"[3]: negra — {given}"),
            ("El [1] calienta y la [2] alumbra.", "piedra", "luna", "sol", "[1]: "),
            ("por el factor del curso?", f"1 — {given}"),
            ("Diga de cada una.", f"Salud: No — {given}", f"Vejez: Sí — {given}"),
            ("¿Qué le pareció?", "Mucho", f"El curso: Poco — {given}"),
            ("Explique la brecha.", f"Un ensayo. — {given}"),
            ("Entregue su informe.", in_spanish("Not answered"), "Lea con calma lo que sigue."),
        ),
        strict=True,
    ):
        assert [word for word in words if word not in part] == [], part
    assert re.search(r"¿Cuánto es [2-9] por", parts[10])  # the value that was drawn


def test_rows_and_options_stand_in_the_order_of_the_attempt(browser: Browser, instance: Instance) -> None:
    """spec/selection 10.1: as it was laid out."""
    course = a_quiz_asking(instance, bank(), "attempts: 0\nweight: 0\n", SLOTS)
    learner = a_learner(instance, course)
    attempt = start(instance, learner, "prueba")
    submit(instance, learner, attempt)

    proof = said(instance, learner, attempt)

    with sitting_of(instance, learner, attempt) as (_session, loaded):
        orders = [item.layout.orders for item in loaded.items]
    names = {f"clave-{name.lower()}": name for name in ("Aries", "Tauro", "Leo", "Virgo", "Ladra", "Canta")} | {"clave-maulla": "Maúlla"}
    assert [str(choice) for choice in proof.questions[7].offered] == [names[key] for key in orders[7]["items"]]
    assert [str(choice) for choice in proof.questions[6].offered] == [names[key] for key in orders[6]["matches"]]


@pytest.mark.parametrize("flag", [None, "correctness", "marks", "specific", "general", "right_answer"])
def test_marks_feedback_and_keys_only_where_the_flags_of_the_moment_allow(browser: Browser, instance: Instance, flag: str | None) -> None:
    """spec/selection 10.1 and spec/quiz-engine 5.9: page and PDF say what the review would, for questions of every kind."""
    a_learner_in(browser, a_kinds_quiz(instance, BY_RULE))
    path = hand_in(browser, {name: value for name, value in WRONG.items() if int(re.findall(r"\d+", name)[0]) <= len(BY_RULE)})
    set_review(instance, {"after": ["attempt", *(["max_marks"] if flag == "marks" else []), *([flag] if flag else [])]})

    page = browser.get(f"{path}/proof")
    html, paper = page.html, text_of(pdf_of(browser, path))

    right = in_spanish("Right answer")
    signs = SIGNS | {
        "right_answer": re.compile(rf"SECRETA|\b(?:70707|50505)\b|{right}|{in_spanish('Should have been selected')}"),
        "correctness": re.compile(rf"{in_spanish('Answer given, wrong')}|class=\"choice (?:ok|bad)\"|· {in_spanish('Wrong')}"),
        "marks": re.compile(r"\d de \d+ puntos?|0 %"),
    }
    allowed = {flag, "correctness"} if flag == "right_answer" else {flag}
    for text in (html, paper):
        assert not ALWAYS_SECRET.search(text)
        shown = {name for name, sign in signs.items() if sign.search(text)}
        assert shown <= allowed
        assert flag is None or flag in shown


def test_where_the_review_hides_the_attempt_its_questions_are_hidden_too(browser: Browser, instance: Instance) -> None:
    """spec/selection 10.1 and spec/quiz-engine 5.9: the answers in words once marks are visible, never what was asked."""
    a_learner_in(browser, a_kinds_quiz(instance, ("single", "essay", "short")))
    path = hand_in(browser, {"p1": "2", "p2": "Un texto."})
    pages = []
    for flags in ([], ["marks"]):
        set_review(instance, {"after": flags})
        pages.append((browser.get(f"{path}/proof").text, text_of(pdf_of(browser, path))))

    for text in pages[0]:
        assert all(f"Pregunta {number}" in text for number in (1, 2, 3))
        assert (text.count(in_spanish("Answered")), text.count(in_spanish("Not answered"))) == (2, 1)
        assert not any(words in text for words in ("Elija la letra", "Alfa", "Beta", "Un texto.", "%"))
    for text in pages[1]:
        assert "Un texto." in text
        assert "Beta" in text
        assert not any(words in text for words in ("Elija la letra", "Alfa", "Explique la brecha"))


def test_the_same_proof_is_equal_byte_for_byte_and_later_flags_give_a_new_one(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/selection 10.2: the same attempt, flags and language; later flags and another language are other documents."""
    time = At(monkeypatch, NOON)
    a_learner_in(browser, a_kinds_quiz(instance))
    path = hand_in(browser)
    set_review(instance, {"after": ["attempt"], "later": ["attempt", "marks"]})
    first, second = pdf_of(browser, path), pdf_of(browser, path)
    browser.get(f"{path}/proof")
    time.pass_(minutes=5)
    later, again = pdf_of(browser, path), pdf_of(browser, path)
    browser.submit("/language", button=("language", "en"))
    english = pdf_of(browser, path)
    time.pass_(hours=1)
    browser.get(f"{path}/proof")

    assert first == second
    assert later == again
    assert len({first, later, english}) == 3
    assert len({row.code for row in all_proofs(instance)}) == counted(instance, AttemptProof) == 3
    assert counted(instance, AttemptProofFile) == 3
    assert "Proof of an attempt" in text_of(english)
    assert in_spanish("Proof of an attempt") in text_of(first)


def test_people_who_differ_only_in_an_accommodation_give_the_same_document(instance: Instance) -> None:
    """spec/selection 10.2: no limit, extra time, break or attempt granted; only the person and the answers differ."""
    course = a_quiz_asking(instance, bank(), f"{LIMITED}weight: 0\nshuffle_options: false\n", ("single", "short"))
    people = [a_learner(instance, course, f"{name}@example.org", now=NOON - timedelta(days=1)) for name in ("ana", "berta")]
    accommodate(instance, people[1], "2", extra=3, breaks=600, now=NOON - timedelta(hours=1))
    proofs = []
    for one in people:
        attempt = start(instance, one, "prueba", now=NOON)
        submit(instance, one, attempt, a_batch({1: ["2"], 2: ["algo"]}), now=NOON + minutes(8))
        proofs.append(said(instance, one, attempt))

    plain, accommodated = proofs
    assert replace(accommodated, attempt=plain.attempt) == plain
    words = repr(accommodated).lower()
    assert not re.search(r"limit|factor|break|accommodat|extra|granted|allowed", words)


def test_time_that_an_incident_gave_to_everyone_is_shown(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 10.1: as long as it stands."""
    time = At(monkeypatch, NOON)
    course = a_quiz_asking(instance, bank(), "attempts: 0\nlimit: 10 min\nweight: 0\nshuffle_options: false\n", ("single",))
    office = Office(instance, course)
    a_learner_in(browser, course)
    path = begin(browser)
    given = office.give(5, now=time.pass_(minutes=2))
    browser.get(path)
    browser.submit("/answers", {"p1": "1"}, button=("go", "review"))
    browser.submit("/submission")

    page, paper = browser.get(f"{path}/proof").text, text_of(pdf_of(browser, path)).replace("\n", " ")
    office.take_back(given, now=time.pass_(minutes=1))
    after = browser.get(f"{path}/proof").text

    for text in (page, paper):
        assert in_spanish("Time given to everyone") in text
        assert re.search(r"\b5 minutos m", text)
        assert "Corte de luz" in text
    assert "Corte de luz" not in after
    assert "10 min" not in page


def test_files_of_an_answer_stand_with_their_digest(browser: Browser, instance: Instance) -> None:
    """spec/selection 10.1: whoever has the file can tell that it is the one."""
    a_learner_in(browser, a_quiz_asking(instance, UPLOADS, "attempts: 0\nreview: {after: [attempt]}\n", ("archivo-1",)))
    path = begin(browser)
    sending(browser, ("informe.pdf", PDF))
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")

    digest = hashlib.sha256(PDF).hexdigest()
    assert f"informe.pdf, SHA-256: {digest}" in browser.get(f"{path}/proof").text
    paper = text_of(pdf_of(browser, path)).replace("\n", "")
    assert "informe.pdf" in paper
    assert digest in paper.replace("\ufffe", "").replace(" ", "")


def a_picture() -> bytes:
    target = BytesIO()
    Image.new("RGBA", (200, 100), (10, 80, 120, 128)).save(target, "PNG")
    return target.getvalue()


RICH = """questions:
  - key: rica-1
    kind: single
    text: |
      Mire la figura y la tabla.

      ![Barra azul azul](media/barra.png)

      : Barras. Fuente: propia.

      | Año | Gasto |
      |---|---|
      | 2024 | 1 200 |

      : Gasto por año.

      Use $\\frac{a+b}{2c} \\le \\sqrt{x^2}$.
    options:
      - right: "$x_1$"
        why: Así es.
      - wrong: "**Ninguna**"
        why: No es así.
"""


def test_pictures_formulas_and_tables_are_drawn(browser: Browser, instance: Instance) -> None:
    """spec/selection 10.2: on the page as everywhere; in the PDF the picture, the formula in one line, the table."""
    files = folder(modules=1, settings="attempts: 0\nweight: 0\nreview: practice\n")
    files["01-parte/banco.yaml"], files["01-parte/media/barra.png"] = RICH.encode(), a_picture()
    name = "01-parte/03-cuestionario.quiz.yaml"
    files[name] = files[name].decode().replace("  - draw: 7\n", "  - question: rica-1\n").encode()
    a_learner_in(browser, publish(instance, files)[0])
    path = hand_in(browser, {"p1": "1"})

    html = browser.get(f"{path}/proof").html
    pdf = pdf_of(browser, path)

    paper = text_of(pdf)
    assert "<math" in html
    assert "/barra.png" in html
    assert "(a + b)/(2c) ≤ √" in paper
    assert all(words in paper for words in ("Año", "Gasto", "2024", "Barras.", "Ninguna"))
    (drawn,) = [one for one in pypdfium2.PdfDocument(pdf)[0].get_objects() if one.type == 3]
    assert drawn.get_px_size() == (200, 100)
    assert b"Barra azul azul" in pdf


@pytest.mark.slow
def test_a_proof_of_sixty_questions_is_small_a4_and_tagged(browser: Browser, instance: Instance) -> None:
    """spec/selection 10.2: A4, tagged, at most 1 MB; a few pages a question set."""
    one = "  - key: larga-{0}\n    kind: single\n    text: Pregunta larga {0}. {1}\n"
    one += "    options:\n      - {{right: Sí {1}, why: Bien.}}\n      - {{wrong: No {1}, why: Mal.}}\n"
    words = "La persona afiliada puede pedir la prestación desde el día en que cumple los requisitos. " * 3
    many = "questions:\n" + "".join(one.format(number, words.strip()) for number in range(1, 61))
    course = a_quiz_asking(instance, many, "attempts: 0\nreview: practice\n", tuple(f"larga-{number}" for number in range(1, 61)))
    a_learner_in(browser, course)
    path = begin(browser)
    submit(instance, *the_attempt(instance))

    pdf = pdf_of(browser, path)

    document = pypdfium2.PdfDocument(pdf)
    assert len(pdf) <= 1_000_000
    assert 8 <= len(document) <= 40
    assert {tuple(round(side) for side in document[page].get_size()) for page in range(len(document))} == {(595, 842)}
    assert document.is_tagged()
    assert "Pregunta larga 60" in text_of(pdf)


def the_attempt(instance: Instance) -> tuple[Actor, UUID]:
    with instance.database.unit_of_work(write=False) as session:
        attempt = session.scalars(select(Attempt)).one()
        return Actor(person_id=attempt.person_id), attempt.uuid


def test_a_proof_costs_ten_statements_at_most(browser: Browser, instance: Instance) -> None:
    """spec/selection 12: however many questions; the second time nothing is written."""
    browser.checks = False
    a_learner_in(browser, a_kinds_quiz(instance))
    path, counter = hand_in(browser), every_statement(instance.database)
    set_review(instance, {"after": ALL_FLAGS, "later": ALL_FLAGS})
    browser.get(f"{path}/proof")

    found = cost(browser, counter, f"{path}/proof")

    assert found.statements <= 10
    assert counted(instance, AttemptProof) == 1


@pytest.mark.matrix
def test_every_cell_of_a_proof(browser: Browser, instance: Instance) -> None:
    """spec/selection 12: attempt.proof and attempt.verify_proof, each role before each state, page and PDF."""
    cast = a_cast(browser, instance)
    course = a_kinds_quiz(instance, ("single",))
    cast.join(course)
    learner, other = actor_of(cast.people["E"]), a_learner(instance, course, "otra@example.org")
    ended, of_another = start(instance, learner, "prueba"), start(instance, other, "prueba")
    submit(instance, learner, ended)
    submit(instance, other, of_another)
    open_one = start(instance, learner, "prueba")
    wrong = []
    for end in ("proof", "proof.pdf"):
        wrong += cast.check("attempt.proof", "own_open", cast.outcomes(f"/attempts/{open_one}/{end}"))
        own = {letter: got for letter, got in cast.outcomes(f"/attempts/{ended}/{end}").items() if letter != "S"}
        wrong += cast.check("attempt.proof", "own_ended", own)
        wrong += cast.check("attempt.proof", "of_another_learner", cast.outcomes(f"/attempts/{of_another}/{end}"))
    wrong += cast.check("attempt.proof", "own_ended", {"S": "deny"})  # to an administrator it is another's
    code = all_proofs(instance)[0].code
    compared = cast.outcomes(f"/proofs/{code}/file", "POST", {"digest": "0" * 64})
    wrong += cast.check("attempt.verify_proof", "valid_code", compared)

    assert wrong == []


def test_an_administrator_takes_what_the_learner_would_and_stands_in_the_log(browser: Browser, instance: Instance) -> None:
    """spec/selection 10.1: the flags are those of the learner, whoever asks; spec/security 7.4."""
    a_learner_in(browser, a_kinds_quiz(instance, ("single", "essay")))
    path = hand_in(browser, {"p1": "2"})
    set_review(instance, {"after": ["attempt"]})
    own = pdf_of(browser, path)
    admin = browser.another()
    an_administrator(instance, "jefa@example.org")
    sign_in(admin, "jefa@example.org")

    assert pdf_of(admin, path) == own
    assert in_spanish("Administration") in browser.get("/profile/data").text


def test_a_preview_has_no_proof(browser: Browser, instance: Instance) -> None:
    """spec/selection 10.1: it proves nothing."""
    a_kinds_quiz(instance, ("single",))
    an_administrator(instance, "jefa@example.org")
    sign_in(browser, "jefa@example.org")
    path = hand_in(browser, {"p1": "2"})

    assert not browser.get(f"{path}/review").has_link(f"{path}/proof")
    browser.get(f"{path}/proof", status=404)


def test_the_copy_of_one_s_data_names_one_s_proofs(browser: Browser, instance: Instance) -> None:
    """spec/selection 10.1 and spec/security 7.3."""
    a_learner_in(browser, a_kinds_quiz(instance, ("single",)))
    path = hand_in(browser, {"p1": "2"})
    browser.get(f"{path}/proof")

    with instance.database.unit_of_work(write=False) as session:
        (kept,) = own_data.tables_of(session, session.scalars(select(Attempt.person_id)).one(), now=clock.now())["proofs_of_attempts"]
    assert kept["code"] == all_proofs(instance)[0].code
    assert str(kept["attempt"]) in path


def test_too_many_pdfs_are_refused_for_a_while(browser: Browser, instance: Instance) -> None:
    """spec/security 6: each takes the time of a processor."""
    a_learner_in(browser, a_kinds_quiz(instance, ("single",)))
    path = hand_in(browser, {"p1": "2"})
    answers = [browser._request("GET", f"{path}/proof.pdf").status_code for _each in range(31)]

    assert answers == [200] * 30 + [429]


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
