"""Background jobs of statistics: compute those of large quizzes, and order those that are outdated each night."""

from uuid import UUID

from analysis import statistics
from analysis.rules.statistics import CountedAttempts, CountedTakes
from analysis.statistics import StatisticsFilter, attempt_set, compute_statistics, keep_statistics, list_compositions, order_statistics
from kernel.outbox import Delivery, Effect
from quizzes.item_history import QUIZZES_AT_ONCE


def examine(delivery: Delivery) -> Effect | None:
    """Compute the statistics of a quiz for which that takes too long while a page waits; nothing is written before the end."""
    arguments = delivery.arguments
    with delivery.database.unit_of_work(write=False) as session:
        edition, group = (UUID(str(arguments[name])) if arguments.get(name) else None for name in ("edition", "group"))
        takes = CountedTakes(str(arguments.get("takes", CountedTakes.PRESENT)))
        learners = StatisticsFilter(edition, group, takes, str(arguments.get("language", "")), str(arguments.get("form", "")))
        quiz = list_compositions(session, int(str(arguments["course"])), str(arguments["activity"]), learners)
        choice = next((candidate for candidate in quiz.choices if candidate.name == arguments["composition"]), None)
        if choice is None:
            return None
        attempts = attempt_set(session, quiz, CountedAttempts(str(arguments["which"])), choice)
        examination = compute_statistics(session, attempts)
    return lambda session: keep_statistics(session, attempts, examination, now=delivery.now)


def order_analyses(delivery: Delivery) -> None:
    """Order the statistics of quizzes that somebody handed in since, each as a job of its own, so that teams see findings unasked."""
    last = 0
    while True:
        with delivery.database.unit_of_work(write=False) as session:
            quizzes = statistics.list_taken(session, after=last, limit=QUIZZES_AT_ONCE)
            listed = list(statistics.list_outdated(session, quizzes))
        if not quizzes:
            return
        with delivery.database.unit_of_work() as session:
            for attempts, kept_at in listed:
                order_statistics(session, attempts, kept_at, now=delivery.now, kind="quizzes.update_analysis")
        last = quizzes[-1].activity_id
