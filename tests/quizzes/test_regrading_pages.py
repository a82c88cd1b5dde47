"""Marking again through the pages: dry run, commit as seen, undoing, annulment, certificates to decide about, who may.

spec/quiz-engine 5.11, 5.14.4.
"""

from decimal import Decimal

import pytest
from sqlalchemy import delete, func, select

from certificates.models import CredentialReview
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from questions.models import QuestionVersion
from quizzes import attempts
from quizzes.models import Attempt, CertificateReview, Regrade
from quizzes.regrading import move_former_reviews
from quizzes.rules.regrade import RegradeKind
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_teacher, an_administrator, sign_in
from tests.support.learning import a_batch, a_learner, actor_of, attempt_row, mark_done, start, submit
from tests.support.marking import a_marked_quiz, hand_in
from tests.support.regrading import RIGHT_KEY, a_dry_run, a_keyed_quiz, all_marks, an_order, commit, two_learners, undo
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
GUAYAQUIL, QUITO = "1", "2"


def an_editor(browser: Browser, course: object) -> Browser:
    a_teacher(browser.instance, course)  # type: ignore[arg-type]  # a course
    return sign_in(browser, "profe@example.org")


@pytest.mark.slow
def test_an_author_corrects_a_key_while_forty_attempts_are_open_and_two_hundred_are_finished(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.14.4: old attempts unchanged; the dry run lists flips; open attempts keep their version;
    new ones get the new version.
    """
    course = a_keyed_quiz(instance)
    learners = [a_learner(instance, course, f"ana{at}@example.org") for at in range(240)]
    finished, opened = [], []
    for at, learner in enumerate(learners):
        attempt = start(instance, learner, "prueba")
        (finished if at < 200 else opened).append(attempt)
        if at < 200:
            submit(instance, learner, attempt, a_batch({1: [GUAYAQUIL if at < 120 else QUITO], 2: ["1"]}))
    a_keyed_quiz(instance, RIGHT_KEY)
    browser.deliver_jobs()
    before = [(row.percent, row.passed) for row in (attempt_row(instance, attempt) for attempt in finished)]
    an_editor(browser, course)

    browser.get(f"{QUIZ}/regrades")
    browser.get(f"{QUIZ}/regrades/new?question=capital-1")
    browser.submit("/regrades/new", {"kind": "other", "version": "2", "policy": "keep_best", "reason": "La clave era Quito."})
    dry_run = browser.path

    assert before == [(100, True)] * 120 + [(50, False)] * 80
    assert [(row.percent, row.passed) for row in (attempt_row(instance, attempt) for attempt in finished)] == before
    text = "".join(browser.page.text.split())
    assert "Intentosquecambian80de200intentos" in text
    assert "Personasqueahoraaprueban80" in text
    assert "Personasqueyanoaprueban0" in text
    assert browser.page.html.count(in_spanish("Passes now")) == 50
    browser.get(f"{dry_run}?show=flips&page=2")
    assert browser.page.html.count(in_spanish("Passes now")) == 30
    browser.submit("/commitment")
    assert in_spanish("The new marks are in force.") in browser.page.text
    assert {attempt_row(instance, attempt).percent for attempt in finished} == {100}
    versions = [version_of(instance, attempt) for attempt in opened]
    assert versions == [1] * 40
    submit(instance, learners[200], opened[0], a_batch({1: [GUAYAQUIL], 2: ["1"]}))
    assert attempt_row(instance, opened[0]).percent == 100
    assert version_of(instance, start(instance, learners[200], "prueba")) == 2


def version_of(instance: Instance, attempt: object) -> int:
    with instance.database.unit_of_work(write=False) as session:
        row = session.execute(select(Attempt).where(Attempt.uuid == attempt)).scalar_one()
        item = attempts.load_attempt(session, row.id).items[0]
        return session.get_one(QuestionVersion, item.question_version_id).number


def a_corrected_quiz(browser: Browser, instance: Instance) -> object:
    """Let one answer as the wrong key wanted and get a certificate, another rightly; then correct the key."""
    course = a_keyed_quiz(instance)
    for name, capital in (("ana", GUAYAQUIL), ("leo", QUITO)):
        learner = a_learner(instance, course, f"{name}@example.org")
        mark_done(instance, learner, "prueba", "leccion-1")
        attempt = start(instance, learner, "prueba")
        submit(instance, learner, attempt, a_batch({1: [capital], 2: ["1"]}))
    browser.deliver_jobs()
    a_keyed_quiz(instance, RIGHT_KEY)
    browser.deliver_jobs()
    return course


def begin_dry_run(browser: Browser, **fields: str) -> str:
    voiding = fields.get("kind", "other") != "other"
    browser.get(f"{QUIZ}/regrades/new?question=capital-1" + ("&voiding=yes" if voiding else ""))
    judging = {} if voiding else {"version": "2", "policy": "replace"}
    browser.submit("/regrades/new", {"kind": "other", "reason": "La clave era Quito.", **judging, **fields})
    return browser.path


def test_the_list_names_who_put_a_regrade_in_force(browser: Browser, instance: Instance) -> None:
    """The list named who proposed it alone."""
    course = a_corrected_quiz(browser, instance)
    an_editor(browser, course)
    begin_dry_run(browser)
    other = a_teacher(instance, course, "otra@example.org")
    second = sign_in(browser.another(), other.email)
    second.get(browser.path)

    second.submit("/commitment")

    assert in_spanish("Put in force by %(name)s", name=other.full_name) in browser.get(f"{QUIZ}/regrades").text


def test_the_table_shows_old_new_flips_and_certificates_and_comes_as_csv(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.11.3."""
    an_editor(browser, a_corrected_quiz(browser, instance))
    dry_run = begin_dry_run(browser)
    with_certificate = browser.get(f"{dry_run}?show=certificates")
    assert in_spanish("No longer passes") in with_certificate.text
    assert in_spanish("Passes now") not in with_certificate.text.split("Certificado", 3)[-1]
    assert in_spanish("%(count)s certificate is affected.", 1) in with_certificate.text

    browser.checks = False
    browser.get(f"{dry_run}/lines.csv?show=all")
    rows = browser.response.get_data(as_text=True).lstrip("\ufeff").splitlines()

    assert rows[0] == "Participante;Intento;Porcentaje antes;Porcentaje después;Aprobaba antes;Aprueba después;Certificado"
    assert [row.split(";")[1:6] for row in rows[1:]] == [["1", "100", "50", "1", "0"], ["1", "50", "100", "0", "1"]]


def test_it_is_committed_undone_and_put_aside_through_the_pages(browser: Browser, instance: Instance) -> None:
    an_editor(browser, a_corrected_quiz(browser, instance))
    count = len(all_marks(instance))
    begin_dry_run(browser)
    browser.submit("/discard")
    assert in_spanish("The dry run was discarded. No marks have changed.") in browser.page.text
    assert len(all_marks(instance)) == count
    dry_run = begin_dry_run(browser)

    browser.submit("/commitment")
    browser.submit("/undo", {"reason": "Fue un error."})

    assert in_spanish("Undone: the previous marks apply again.") in browser.page.text
    assert [(mark.origin, mark.fraction) for mark in all_marks(instance)[count:]] == [
        ("regrade", 0),
        ("regrade", 1),
        ("auto", 1),
        ("auto", 0),
    ]
    listed = browser.get(f"{QUIZ}/regrades")
    assert listed.has_link(dry_run)
    assert listed.text.index(in_spanish("Regrades so far")) < listed.text.index(in_spanish("Questions in submitted attempts")), (
        "above the questions"
    )
    log = browser.get("/teaching/prueba/log").text
    assert "Recalificó «Cuestionario 1»: cambi" in log
    assert in_spanish("Undid a regrade of “%(activity)s”", activity="Cuestionario 1") in log


def test_an_older_dry_run_of_another_page_is_not_committed(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.11.3: only the dry run that was looked at."""
    an_editor(browser, a_corrected_quiz(browser, instance))
    dry_run = begin_dry_run(browser)
    old = browser.page.form("/commitment")
    browser.post(f"{dry_run}/renewal")
    count = len(all_marks(instance))

    browser.submit("/commitment", form=old)

    assert in_spanish("Marks have changed since this dry run. Check the new one before you continue.") in browser.page.text
    assert len(all_marks(instance)) == count


def test_bad_orders_come_back_as_they_were_typed(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.11.2: refused with reasons; a missing reason is told beside its field, and nothing is kept."""
    course = a_corrected_quiz(browser, instance)
    a_keyed_quiz(instance, RIGHT_KEY.replace("        key: cuenca\n", "        key: loja\n"))
    an_editor(browser, course)
    browser.get(f"{QUIZ}/regrades/new?question=capital-1&voiding=yes")

    browser.submit("/regrades/new", {"kind": "removed", "reason": " "}, status=422)
    fields = dict(browser.page.form("/regrades/new").fields)
    missing = browser.page.text
    browser.get(f"{QUIZ}/regrades/new?question=capital-1")
    browser.submit("/regrades/new", {"kind": "other", "version": "3", "reason": "Otra."}, status=422)

    assert fields["kind"] == "removed"
    assert in_spanish("Give a reason. It is kept in the record.") in missing
    assert in_spanish("No answers to this question can be marked with that version.") in browser.page.text
    assert (
        in_spanish("%(part)s: missing %(lacking)s, adds %(added)s.", part="opciones", lacking="cuenca", added="loja") in browser.page.text
    )
    assert dict(browser.page.form("/regrades/new").fields)["reason"] == "Otra."
    browser.get(f"{QUIZ}/regrades/new?question=inventada-1", 404)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(CredentialReview)) == 0


def test_voiding_offers_no_choice_of_marks_and_records_that_the_new_ones_replace(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.11.4: an essay can only be voided, so its page has no choice; one that is posted all the same has no effect."""
    course = a_marked_quiz(instance)
    learner = a_learner(instance, course)
    hand_in(instance, learner, "Una brecha.")
    an_editor(browser, course)

    page = browser.get(f"{QUIZ}/regrades/new?question=ensayo-1")
    fields = dict(page.form("/regrades/new").fields)
    browser.post(page.form("/regrades/new").action, {**fields, "kind": "removed", "policy": "only_raise", "reason": "Fuera del temario."})

    assert "policy" not in fields
    assert "version" not in fields
    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(Regrade.policy)).scalar_one() == "replace"


def test_what_makes_void_has_a_form_without_policies(browser: Browser, instance: Instance) -> None:
    """spec/selection 5.8: the radios do not exist there, and what judges again does not stand there either."""
    an_editor(browser, a_corrected_quiz(browser, instance))
    judging = browser.get(f"{QUIZ}/regrades/new?question=capital-1")
    voiding = browser.get(f"{QUIZ}/regrades/new?question=capital-1&voiding=yes")

    assert 'name="policy"' in judging.html
    assert "void_unless_lower" not in judging.html
    assert 'name="policy"' not in voiding.html
    assert 'value="other"' not in voiding.html
    assert voiding.html.count('name="kind"') == 3


def test_a_learner_reads_that_a_question_counts_only_where_leaving_it_out_would_lower_the_result(
    browser: Browser, instance: Instance
) -> None:
    """spec/selection 5.7."""
    an_editor(browser, a_corrected_quiz(browser, instance))
    begin_dry_run(browser, kind="void_unless_lower")
    browser.submit("/commitment")
    learner = sign_in(browser.another(), "ana@example.org")
    with instance.database.unit_of_work(write=False) as session:
        attempt = session.scalars(select(Attempt).order_by(Attempt.id)).first()
    assert attempt is not None

    page = learner.get(f"/attempts/{attempt.uuid}/review")

    assert in_spanish("This question was voided: it counts only where leaving it out would lower the result.") in page.text


def test_an_annulled_question_is_said_to_the_learner(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.11.4."""
    an_editor(browser, a_corrected_quiz(browser, instance))
    begin_dry_run(browser, kind="full_credit")
    browser.submit("/commitment")
    learner = sign_in(browser.another(), "ana@example.org")
    with instance.database.unit_of_work(write=False) as session:
        attempt = session.scalars(select(Attempt).order_by(Attempt.id)).first()
    assert attempt is not None

    page = learner.get(f"/attempts/{attempt.uuid}/review")

    assert in_spanish("This question was voided: everyone gets its points.") in page.text


def test_a_review_after_a_marking_again_shows_the_key_that_judged(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.11.2: the corrected version judges what is shown, and the page says so; undone, it is the first one again."""
    an_editor(browser, a_corrected_quiz(browser, instance))
    learner = sign_in(browser.another(), "leo@example.org")
    with instance.database.unit_of_work(write=False) as session:
        attempt = session.scalars(select(Attempt).order_by(Attempt.id)).all()[1]
    path = f"/attempts/{attempt.uuid}/review"
    before = learner.get(path)
    begin_dry_run(browser)
    browser.submit("/commitment")

    page = learner.get(path)
    browser.submit("/undo", {"reason": "Fue un error."})
    after = learner.get(path)

    assert in_spanish("Your answer, wrong") in before.text
    assert in_spanish("Your answer, wrong") not in page.text
    assert "Se recalificó con una versión corregida de la pregunta" in page.text
    assert in_spanish("Your answer, wrong") in after.text
    assert "versión corregida" not in before.text + after.text


def a_lost_pass(browser: Browser, instance: Instance) -> Browser:
    """Regrade a quiz so that a holder of a certificate no longer passes it, and return the editor's browser."""
    editor = an_editor(browser, a_corrected_quiz(browser, instance))
    begin_dry_run(editor)
    editor.submit("/commitment")
    return editor


def only_review(instance: Instance) -> CredentialReview:
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(CredentialReview)).scalar_one()


@pytest.mark.parametrize("role", ["team", "administrator"])
def test_a_certificate_after_a_regrade_stands_in_the_one_review_list(browser: Browser, instance: Instance, role: str) -> None:
    """spec/certificates E10, spec/quiz-engine 5.11.5: with what would change, for the team and for administrators; the note stays."""
    decider = a_lost_pass(browser, instance)
    an_administrator(instance)
    path = "/teaching/prueba/certificates/reviews"
    if role == "administrator":
        decider, path = sign_in(browser.another(), "admin@example.org"), "/administration/certificates/reviews"
        assert in_spanish("%(count)s certificate is awaiting a decision.", 1) in decider.get("/administration").text

    page = decider.get(path)
    assert "La clave era Quito." in page.text
    assert in_spanish("The quiz is no longer passed: the certificate would not be issued.") in page.text
    assert page.has_link(only_review(instance).origin)
    assert in_spanish("Correct and issue again") not in page.text
    decider.submit("/decision", {"note": ""}, button=("decision", "keep"), status=422)
    decider.submit("/decision", {"note": "Se mantiene: el error fue nuestro."}, button=("decision", "keep"))

    assert in_spanish("Nothing to decide") in decider.page.text
    review = only_review(instance)
    assert (review.decision, review.note, review.settled_by is not None) == ("keep", "Se mantiene: el error fue nuestro.", True)


@pytest.mark.slow
def test_the_address_that_certificates_after_a_regrade_had_leads_to_the_one_list(browser: Browser, instance: Instance) -> None:
    """spec/certificates E10: addresses that were sent out still lead there."""
    an_administrator(instance)
    sign_in(browser, "admin@example.org")

    browser.get("/administration/certificate-reviews")

    assert browser.response.request.path == "/administration/certificates/reviews"


def test_what_an_earlier_version_let_administrators_decide_moves_to_the_one_list(browser: Browser, instance: Instance) -> None:
    """spec/certificates E10: processes of 0.2.0 write it during a rolling restart; moved once."""
    a_lost_pass(browser, instance)
    with instance.database.unit_of_work() as session:
        session.execute(delete(CredentialReview))
        regrade, attempt = session.scalars(select(Regrade)).one(), session.scalars(select(Attempt).order_by(Attempt.id)).all()[0]
        facts = {"percent_before": Decimal(100), "percent_after": Decimal(50), "opened_at": clock.now()}
        session.add(CertificateReview(regrade_id=regrade.id, enrolment_id=attempt.enrolment_id, code="X", **facts))
        session.flush()

        moved = [move_former_reviews(session, SYSTEM, limit=10, now=clock.now()) for _ in range(2)]

    assert moved == [1, 0]
    review = only_review(instance)
    assert (review.cause, review.words, review.percent_after) == ("regraded", "La clave era Quito.", 50)
    assert review.origin.startswith(f"{QUIZ}/regrades/")


def test_marking_again_is_for_those_who_edit(browser: Browser, instance: Instance) -> None:
    """spec/security 9, quiz.edit_key: graders do not decide over keys; others find nothing."""
    cast = a_cast(browser, instance)
    cast.join(a_keyed_quiz(instance))

    pages = {path: cast.outcomes(f"{QUIZ}/{path}") for path in ("regrades", "regrades/new")}

    for outcomes in pages.values():
        assert cast.check("quiz.regrade", "own_course", outcomes) == []
        assert outcomes["G"] == "deny"
        assert {outcomes[letter] for letter in "LEO"} == {"hide"}


def test_the_publishing_page_asks_for_a_regrade_until_it_is_applied(browser: Browser, instance: Instance) -> None:
    two_learners(instance)
    editor = a_teacher(instance, a_keyed_quiz(instance, RIGHT_KEY))
    sign_in(browser, editor.email)
    question = in_spanish("Version %(number)s changed right answers", number="2")
    before = browser.get("/teaching/prueba/publishing").text

    order = a_dry_run(instance, actor_of(editor), an_order(instance, RegradeKind.OTHER, 2))
    tried = browser.get("/teaching/prueba/publishing").text
    assert commit(instance, actor_of(editor), order)
    applied = browser.get("/teaching/prueba/publishing").text
    undo(instance, actor_of(editor), order)
    undone = browser.get("/teaching/prueba/publishing").text

    assert [question in page for page in (before, tried, applied, undone)] == [True, True, False, True]
