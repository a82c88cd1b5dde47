"""What quizzes bring to courses: the kind `quiz` and the banks of a folder."""

from collections.abc import Mapping
from functools import partial

from courses.content.session import ReadingSession
from courses.content.table import Table
from courses.kinds import ActivityKind, FolderPart
from kernel.i18n import lazy_
from quizzes.content import banks, pools
from quizzes.content.model import BankSource
from quizzes.content.quiz import read_quiz


def _read(tables: Mapping[str, Table], session: ReadingSession) -> tuple[BankSource, ...]:
    session.at_last(partial(pools.check_questions, session))
    return banks.read_banks(tables, session)


KIND = ActivityKind("quiz", ".quiz.yaml", lazy_("Quiz"), "list-checks", read_quiz)
BANKS = FolderPart(banks.PART, banks.claims, _read, banks.is_embeddable)
