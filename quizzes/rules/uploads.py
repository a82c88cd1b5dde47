"""The files that may be submitted with an answer, and the number of its words (spec/security 4.3, spec/content-format 8)."""

from dataclasses import dataclass
from enum import StrEnum

from quizzes.rules.definitions import EssayBody, FileBody, QuestionDefinition

MEGABYTE = 1_000_000
ESSAY_FILES = ("pdf", "docx", "odt", "txt", "xlsx", "ods", "pptx", "odp", "jpg", "jpeg", "png")
ESSAY_SIZE = 10
NEVER = frozenset({"svg"})
"""Kinds that courses may hold and a learner may not send: drawings that can run."""
KEPT_TIMES = 5
"""What was taken away stays in the record of an answer: with it somebody may fill their room so many times."""


class UploadRefusal(StrEnum):
    """Why a file is not taken."""

    KIND = "kind"
    CONTENT = "content"
    PICTURE = "picture"
    SIZE = "size"
    EMPTY = "empty"
    COUNT = "count"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """The upload limits of a question: extensions in lower case, number of files, bytes of each."""

    accept: tuple[str, ...]
    files: int
    size: int


def upload_limits(question: QuestionDefinition) -> UploadLimits | None:
    """Return what files a question takes; None where it takes none."""
    match question.body:
        case FileBody(accept, files, size):
            extensions = tuple(extension.lower().lstrip(".") for extension in accept)
            return UploadLimits(
                tuple(extension_name for extension_name in extensions if extension_name not in NEVER), files, size * MEGABYTE
            )
        case EssayBody(files=files) if files:
            return UploadLimits(ESSAY_FILES, files, ESSAY_SIZE * MEGABYTE)
        case _:
            return None


def room_left(room: int, present: int, ever: int) -> int:
    """Return how many bytes a person may still upload who has so many in their answers, and uploaded so many in all."""
    return min(room - present, KEPT_TIMES * room - ever)


def count_words(text: str) -> int:
    """Count the words of a text: what is between spaces and has an alphanumeric character."""
    return sum(any(sign.isalnum() for sign in piece) for piece in text.split())
