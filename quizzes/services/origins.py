"""Keeping where questions come from, so that the histories of copies can be joined (spec/selection 2.2)."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from courses import catalogue
from kernel.bulk_rows import insert_all
from quizzes.content.banks import FIELD_ORDER, claims
from quizzes.content.origins import QuestionIdentity, names_in, with_origins
from quizzes.models import Question
from quizzes.queries.origins import QuestionOriginRow, find_origins
from quizzes.rules.definitions import QuestionDefinition
from quizzes.selection_models import QuestionOrigin


def keep_origins(session: Session, course_id: int, questions: Sequence[QuestionDefinition]) -> None:
    """Keep the origins of questions that are published now: as their text says, else that of a former key that was published.

    What is reserved now is noted of each that has an origin.
    """
    stored = find_origins(session, course_id)
    names = [
        QuestionIdentity(question.key, question.former_keys, question.selection.origin, bool(question.selection.only))
        for question in questions
    ]
    if not stored and not any(identity.origin or identity.former_keys for identity in names):
        return
    published = frozenset(session.scalars(select(Question.key).where(Question.course_id == course_id)))
    origins = _origins_of(names, stored, published, every=False)
    reserved = {identity.key: identity.reserved for identity in names}
    _write_rows(
        session, course_id, stored, {key: QuestionOriginRow(origin, _is_reserved(reserved, stored, key)) for key, origin in origins.items()}
    )


def write_origins(session: Session, course_id: int, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a draft whose questions say where they come from; those without an origin get one, which is kept.

    Raise OriginsRefused where a bank is written in a form into which nothing can be put.
    """
    catalogue.lock_course(session, course_id)
    stored = find_origins(session, course_id)
    banks = {path: content.decode() for path, content in files.items() if claims(path)}
    names = [identity for path, text in banks.items() for identity in names_in(path, text)]
    origins = _origins_of(names, stored, frozenset(key for identity in names for key in identity.former_keys), every=True)
    reserved = {identity.key: True for identity in names if identity.reserved}
    _write_rows(
        session, course_id, stored, {key: QuestionOriginRow(origin, _is_reserved(reserved, stored, key)) for key, origin in origins.items()}
    )
    return {**files, **{path: with_origins(path, text, origins, FIELD_ORDER).encode() for path, text in banks.items()}}


def _origins_of(
    names: Sequence[QuestionIdentity], stored: Mapping[str, QuestionOriginRow], known: frozenset[str], *, every: bool
) -> dict[str, str]:
    """Return the origins of questions and of their former keys that are `known`, with all that are kept, by key.

    A question without a written origin has what it or a former key had; `every`: else a new one.
    """
    origins = {key: row.origin for key, row in stored.items()}
    for identity in names:
        former = [key for key in identity.former_keys if key in known]
        earlier = [origins[key] for key in (identity.key, *former) if key in origins]
        origin = identity.origin or next(iter(earlier), "") or (uuid4().hex if every or former else "")
        if origin:
            origins |= {identity.key: origin, **{key: origins.get(key, origin) for key in former}}
    return origins


def _is_reserved(now: Mapping[str, bool], stored: Mapping[str, QuestionOriginRow], key: str) -> bool:
    return now.get(key, key in stored and stored[key].reserved)


def _write_rows(
    session: Session, course_id: int, stored: Mapping[str, QuestionOriginRow], present: Mapping[str, QuestionOriginRow]
) -> None:
    changed = {key: row for key, row in present.items() if stored.get(key) != row}
    if changed:
        mine = QuestionOrigin.course_id == course_id
        session.execute(delete(QuestionOrigin).where(mine, QuestionOrigin.key.in_([key for key in changed if key in stored])))
        insert_all(
            session,
            [QuestionOrigin(course_id=course_id, key=key, origin=row.origin, reserved=row.reserved) for key, row in changed.items()],
        )
