"""The contribution of quizzes to courses: the activity kind `quiz` and the question banks of a folder."""

from collections.abc import Mapping
from functools import partial

from courses.content import editing
from courses.content.kinds import ActivityKind, FolderPart
from courses.content.mapping_cursor import MappingCursor
from courses.content.reading_session import ReadingSession
from kernel.i18n import lazy_
from quizzes.content import banks, blueprints, pools, reserved
from quizzes.content.model import BankSource
from quizzes.content.question_labels import question_labels
from quizzes.content.quiz import read_quiz
from quizzes.content.quiz_fields import GROUPS, QUIZ_FIELDS
from quizzes.content.slot_fields import SLOT_LIST


def _read(tables: Mapping[str, MappingCursor], session: ReadingSession) -> tuple[BankSource, ...]:
    session.at_last(partial(pools.check_questions, session))
    session.at_last(partial(blueprints.check_selection, session))
    session.at_last(partial(reserved.check_reserved, session))
    return banks.read_banks(tables, session)


def draw_from(text: str, module: str) -> str:
    """Return a quiz whose draws without `from`, which are from its own module, name the module."""
    try:
        entries = editing.list_entries(text, "slots")
        for index, entry in enumerate(entries):
            fields = editing.read_fields(entry.text)
            if "draw" in fields and "from" not in fields:
                text = editing.replace_entry(text, "slots", index, editing.set_field(entry.text, "from", [module], ("draw", "from")))
    except editing.EditRefused:
        return text
    return text


BEGIN = "slots:\n  - draw: 5\n"
"""A new quiz draws from its own module's bank, which is begun with it."""
KIND = ActivityKind(
    "quiz",
    ".quiz.yaml",
    lazy_("Quiz"),
    "list-checks",
    read_quiz,
    begin=BEGIN,
    beside=(("banco.yaml", "questions: []\n"),),
    settings=QUIZ_FIELDS,
    groups=GROUPS,
    moving=draw_from,
    elsewhere=(SLOT_LIST,),
)
BANKS = FolderPart(banks.PART, banks.claims, _read, banks.is_embeddable, question_labels())
