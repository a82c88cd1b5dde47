"""Keep the rows that lists and searches of draft questions need, made anew from the text whenever it changes."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from courses import drafts
from courses.content.model import CourseFolder
from kernel.i18n import shortened
from kernel.markup.model import fold
from quizzes.content.banks import claims
from quizzes.content.drafts import DraftBankFile, bank_files_of, digest_of, read_bank_file, sources_of
from quizzes.content.gaps import names_in_text
from quizzes.draft_models import DraftBank, DraftQuestion
from quizzes.rules.definitions import QuestionDefinition, Texts, TextShape, map_texts

TITLE = 160
_MARK = Decimal("0.0000001")
_UNDATED = date(2000, 1, 1)
"""Reading a bank asks for a day, and no rule of questions looks at it."""


def index_banks(session: Session, course_id: int, folder: CourseFolder | None = None) -> None:
    """Update the rows of a course's draft banks whose text, or what it depends on, has changed.

    Banks are taken from `folder`, the whole draft as it was read just before; without it they are read from the draft's texts.
    """
    session.flush()  # the files may have been written in this transaction
    checksums = drafts.list_draft_checksums(session, course_id)
    present = {row.path: row for row in session.scalars(select(DraftBank).where(DraftBank.course_id == course_id))}
    digests = {path: digest_of(path, checksums) for path in checksums if claims(path)}
    stale = [path for path, source in digests.items() if path not in present or present[path].source != source]
    gone = [row.id for path, row in present.items() if path not in digests or path in stale]
    if gone:
        session.execute(delete(DraftQuestion).where(DraftQuestion.bank_id.in_(gone)))
        session.execute(delete(DraftBank).where(DraftBank.id.in_(gone)))
    if not stale:
        return
    read = {} if folder is None else bank_files_of(folder)
    read |= _read_banks(session, course_id, [path for path in stale if path not in read])
    for path in stale:
        _write_bank(session, course_id, path, digests[path], read[path])


def _read_banks(session: Session, course_id: int, paths: Sequence[str]) -> dict[str, DraftBankFile]:
    if not paths:
        return {}
    names = {name for path in paths for name in sources_of(path)}
    files = {path: body.encode() for path, body in drafts.draft_bodies(session, course_id, names).items()}
    present = {path: {name: files[name] for name in sources_of(path) if name in files} for path in paths}
    return {path: read_bank_file(present[path], path, _UNDATED) for path in paths}


def _write_bank(session: Session, course_id: int, path: str, source: str, read: DraftBankFile) -> None:
    row = DraftBank(course_id=course_id, path=path, source=source, key=read.bank.key if read.bank else "", title=dict(read.title))
    session.add(row)
    session.flush()  # its questions point to it
    questions = read.bank.questions if read.bank is not None else ()
    if questions:
        session.execute(insert(DraftQuestion), [_question_row(row.id, at, question) for at, question in enumerate(questions)])


def _question_row(bank_id: int, position: int, question: QuestionDefinition) -> dict[str, object]:
    return {
        "bank_id": bank_id,
        "position": position,
        "key": question.key,
        "kind": question.kind.value,
        "state": question.state.value,
        "difficulty": question.difficulty.value if question.difficulty else "",
        "mark": (Decimal(question.mark.numerator) / Decimal(question.mark.denominator)).quantize(_MARK),
        "tags": question.tags,
        "title": first_words(question.text),
        "words": searched_words(question),
    }


def first_words(texts: Texts) -> dict[str, str]:
    """Return the beginning of what is asked, by language, on one line."""
    return {language: shortened(" ".join(_plain(text).split()), TITLE) for language, text in texts.items()}


def _plain(text: str) -> str:
    for name in names_in_text(text):
        text = text.replace("{" + name + "}", "…")
    return text


def searched_words(question: QuestionDefinition) -> str:
    """Return everything that a search looks into: key, tags, every text, folded."""
    texts = [question.key, *question.tags, question.note]

    def collect(text: str, _language: str, _shape: TextShape) -> str:
        texts.append(text)
        return text

    map_texts(question, collect)
    return fold(" ".join(texts))
