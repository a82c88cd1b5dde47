"""Keeping where questions come from, so that the histories of copies can be joined (spec/selection 2.2)."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from courses.queries import catalogue
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
    kept = find_origins(session, course_id)
    names = [QuestionIdentity(one.key, one.former_keys, one.selection.origin, bool(one.selection.only)) for one in questions]
    if not kept and not any(one.origin or one.former_keys for one in names):
        return
    published = frozenset(session.scalars(select(Question.key).where(Question.course_id == course_id)))
    found = _origins_of(names, kept, published, every=False)
    reserved = {one.key: one.reserved for one in names}
    _write(session, course_id, kept, {key: QuestionOriginRow(origin, _is_reserved(reserved, kept, key)) for key, origin in found.items()})


def write_origins(session: Session, course_id: int, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a draft whose questions say where they come from; those without an origin get one, which is kept.

    Raise OriginsRefused where a bank is written in a form into which nothing can be put.
    """
    catalogue.lock_course(session, course_id)
    kept = find_origins(session, course_id)
    banks = {path: content.decode() for path, content in files.items() if claims(path)}
    names = [one for path, text in banks.items() for one in names_in(path, text)]
    found = _origins_of(names, kept, frozenset(key for one in names for key in one.former_keys), every=True)
    reserved = {one.key: True for one in names if one.reserved}
    _write(session, course_id, kept, {key: QuestionOriginRow(origin, _is_reserved(reserved, kept, key)) for key, origin in found.items()})
    return {**files, **{path: with_origins(path, text, found, FIELD_ORDER).encode() for path, text in banks.items()}}


def _origins_of(
    names: Sequence[QuestionIdentity], kept: Mapping[str, QuestionOriginRow], known: frozenset[str], *, every: bool
) -> dict[str, str]:
    """Return the origins of questions and of their former keys that are `known`, with all that are kept, by key.

    A question without a written origin has what it or a former key had; `every`: else a new one.
    """
    found = {key: one.origin for key, one in kept.items()}
    for one in names:
        former = [key for key in one.former_keys if key in known]
        earlier = [found[key] for key in (one.key, *former) if key in found]
        origin = one.origin or next(iter(earlier), "") or (uuid4().hex if every or former else "")
        if origin:
            found |= {one.key: origin, **{key: found.get(key, origin) for key in former}}
    return found


def _is_reserved(now: Mapping[str, bool], kept: Mapping[str, QuestionOriginRow], key: str) -> bool:
    return now.get(key, key in kept and kept[key].reserved)


def _write(session: Session, course_id: int, kept: Mapping[str, QuestionOriginRow], found: Mapping[str, QuestionOriginRow]) -> None:
    changed = {key: one for key, one in found.items() if kept.get(key) != one}
    if changed:
        mine = QuestionOrigin.course_id == course_id
        session.execute(delete(QuestionOrigin).where(mine, QuestionOrigin.key.in_([key for key in changed if key in kept])))
        insert_all(
            session,
            [QuestionOrigin(course_id=course_id, key=key, origin=one.origin, reserved=one.reserved) for key, one in changed.items()],
        )
