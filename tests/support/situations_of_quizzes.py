"""Rare situations of quizzes and questions: a blueprint, parallel forms, a pattern, a question's history, a proof of an attempt."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from courses.content.editing import list_entries
from courses.drafts import draft_bodies
from courses.models import Course
from kernel.codes import printed_code
from questions.question_bank import checksum_of
from quizzes.models import AttemptProof
from tests.support import joined_histories
from tests.support.builders import folder, publish
from tests.support.learning import a_learner, start, submit
from tests.support.lessons import write
from tests.support.pass_marks import fill
from tests.support.selecting import NORM, a_selecting_folder
from tests.support.selection_folders import BANK, FILE, HEAD, a_balanced_folder, questions
from tests.support.situations import Room, Scene, Stage
from tests.support.uploads import PDF
from tests.support.variants import TABLE, a_folder_with_a_pattern

PART = "parts/cuestionario-1"
LINES = "blueprint:\n  - {weight: 50, level: apply}\n  - {weight: 50, level: recall}\n"
FORMS = "slots:\n  - draw: 2\nbalance: {{within: {within}}}\nforms: 2\n"


def _publish(stage: Stage, key: str, files: Mapping[str, bytes]) -> Course:
    """Publish a course under another key than the courses of the builders have."""
    return publish(stage.instance, {**files, "course.yaml": files["course.yaml"].replace(b"key: prueba", f"key: {key}".encode())})[0]


def a_blueprint(stage: Stage) -> Scene:
    """The draft of a quiz has a blueprint whose draws are to be made."""
    bank = questions(a="level: apply", b="level: apply", c="level: recall", d="level: recall")
    quiz = f"{HEAD}slots:\n  - draw: 2\n    from: [parte-1]\n{LINES}attempts: 3\n"
    write(stage.instance, stage.once("plan", lambda: _publish(stage, "plan", folder(modules=1))), {BANK: bank, FILE: quiz})
    return Scene(stage.boss, f"/teaching/plan/{PART}/blueprint", {"number": "2", "by": "level"})


def forms_to_approve(stage: Stage) -> Scene:
    """A quiz was published whose parallel forms nobody has approved."""
    _publish(stage, "formas", a_balanced_folder(FORMS.format(within=5 + stage.number() % 20)))
    return Scene(stage.boss, f"/teaching/formas/{PART}/blueprint")


def a_pattern(stage: Stage) -> Scene:
    """Variants of a calculated question were looked at and are to be written."""
    course = stage.once("pattern", lambda: _publish(stage, "patron", a_folder_with_a_pattern()))

    def viewed(_page: str) -> dict[str, str]:
        with stage.instance.database.unit_of_work(write=False) as session:
            entries = list_entries(draft_bodies(session, course.id, [BANK])[BANK], "questions")
        return {"do": "save", "seen": checksum_of(next(entry.text for entry in entries if entry.key == "tasa"))}

    return Scene(stage.boss, "/teaching/patron/questions/tasa/variants", viewed, {"file": ("valores.csv", TABLE.encode())})


def _history(stage: Stage, *, is_said: bool) -> Scene:
    """A question has a second wording, of which somebody said, or took back, that only the wording changed."""

    def answered() -> str:
        for text, name in (("¿Es cierto a?", "una"), ("¿Es verdad a?", "otra")):
            course = publish(stage.instance, joined_histories.a_folder(text, "historia"))[0]
            joined_histories.answered(stage.instance, course, name, 4, 1)
        return "/teaching/historia/questions/a/history"

    page = stage.once("history", answered)
    present = [form.action for form in stage.boss.get(page).forms if "/wording" in form.action]
    if present[0].endswith("/withdrawal") is not is_said:
        stage.boss.submit(present[0])
    return Scene(stage.boss, page)


def a_proof(stage: Stage) -> Scene:
    """Somebody holds the proof of an attempt and compares it."""

    def drawn() -> tuple[str, bytes]:
        learner = a_learner(stage.instance, stage.course, "examinada@example.org")
        attempt = start(stage.instance, learner, stage.course.slug)
        submit(stage.instance, learner, attempt)
        visitor = stage.boss
        visitor.get(f"/attempts/{attempt}/proof.pdf")
        with stage.instance.database.unit_of_work(write=False) as session:
            return printed_code(session.scalars(select(AttemptProof.code)).one()), visitor.response.data

    code, content = stage.once("proof", drawn)
    return Scene(stage.nobody(), f"/proofs/{code}", files={"file": ("prueba.pdf", content)})


def a_signed_paper(stage: Stage) -> Scene:
    """Somebody typed the judgements of three experts, whose signed papers are to be attached."""
    boss, key = stage.boss, f"norma-{stage.number()}"
    _publish(stage, key, a_selecting_folder(NORM))
    boss.get(f"/teaching/{key}/{PART}/pass-mark")
    boss.submit(boss.path)
    record = boss.path
    for name in ("Experta Una", "Experta Dos", "Experta Tres"):
        boss.get(record)
        boss.submit(record, {"name": name}, button=("do", "judge"))
        fill(boss, record, name, 60)
    boss.get(record)
    boss.submit(record, button=("do", "second"))
    for name in ("Experta Una", "Experta Dos", "Experta Tres"):
        fill(boss, record, name, 60)
    return Scene(boss, record, files={"paper": ("hoja.pdf", PDF)})


AUTHORING: Room = {
    "quizzes_pass_marks.attach_scan": a_signed_paper,
    "quizzes_blueprints.blueprint": a_blueprint,
    "quizzes_blueprints.approve": forms_to_approve,
    "analysis_item_history.mark_wording_only": lambda stage: _history(stage, is_said=False),
    "analysis_item_history.withdraw_wording_only": lambda stage: _history(stage, is_said=True),
    "quizzes_proofs.compare_file": a_proof,
    "questions_variants.variants": a_pattern,
}
