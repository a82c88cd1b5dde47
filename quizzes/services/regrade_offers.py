"""Regrades that are offered: answers marked before typographic variants were ignored (spec/quiz-engine 5.11.6). None is made here."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from quizzes.models import Attempt, Regrade
from quizzes.queries import regrade_offers as queries
from quizzes.queries import regrading
from quizzes.queries.analysis import list_question_names
from quizzes.queries.attempts import get_questions
from quizzes.queries.jury_decisions import decided_versions
from quizzes.queries.regrading import PresentItem
from quizzes.rules.definitions import CalculatedBody, GapsBody, NumericalBody, ShortAnswerBody
from quizzes.rules.marking import variant_pair
from quizzes.rules.responses import clean_parts
from quizzes.services.dry_runs import judge_items, judged_versions

OFFER_PORTION, KEPT = 500, 5000
"""Answers that are judged together, and texts of which is remembered whether variants decide."""
_TYPED = CalculatedBody | GapsBody | NumericalBody | ShortAnswerBody


@dataclass(frozen=True, slots=True)
class RegradeOffer:
    """A question, how many answers to it would be marked otherwise, one of them with its key, and whether another version marks it."""

    question: str
    answers: int
    typed: str
    accepted: str
    corrected: bool = False


def list_offers(session: Session, course_id: int, activity_key: str) -> list[RegradeOffer]:
    """List the questions of a quiz with answers that would be marked otherwise, without those that are void or that a jury decided on."""
    quiz = Regrade(course_id=course_id, activity_key=activity_key)
    skipped = regrading.voided_versions(session, quiz) | decided_versions(session, course_id, activity_key)
    questions = get_questions(session, sorted(regrading.versions_to_regrade(session, quiz) - skipped))
    own = {version: version for version, question in questions.items() if isinstance(question.body, _TYPED)}
    judged_by = own
    for row in queries.list_committed(session, quiz):
        judged_by = own if row.question_id is None else judged_by | judged_versions(session, row)
    names = list_question_names(session, list(own))
    offers: dict[str, RegradeOffer] = {}
    candidates = _with_variants(session, quiz, {version: judged_by[version] for version in own})
    while portion := dict(islice(candidates, OFFER_PORTION)):
        attempts = session.scalars(select(Attempt).where(Attempt.id.in_({item.attempt_id for item in portion})))
        marked = judge_items(session, {attempt.id: attempt for attempt in attempts}, list(portion), judged_by)
        for item, pair in portion.items():
            now, version = marked[item.attempt_id][item.id], item.question_version_id
            if (now.fraction, now.state) != (item.fraction, item.state):
                offer = offers.get(names[version].key) or RegradeOffer(names[version].key, 0, *pair, judged_by[version] != version)
                offers[offer.question] = replace(offer, answers=offer.answers + 1)
    return list(offers.values())


def _with_variants(session: Session, quiz: Regrade, judged_by: Mapping[int, int]) -> Iterator[tuple[PresentItem, tuple[str, str]]]:
    """Yield each item with an answer of which variants may decide, with the first such text and the key that it fits."""

    @lru_cache(maxsize=KEPT)
    def pair_of(version: int, payload: str) -> tuple[str, str] | None:
        typed = [value for values in clean_parts(json.loads(payload)).values() for value in values]
        return variant_pair(get_questions(session, [version])[version].body, typed)

    rows = queries.stream_marked_by_rule(session, quiz, judged_by) if judged_by else ()
    for _item, answers in groupby(rows, key=lambda row: row.id):
        pairs = ((row, pair_of(judged_by[row.question_version_id], row.payload)) for row in answers)
        yield from islice(((regrading.present_item(row), pair) for row, pair in pairs if pair is not None), 1)
