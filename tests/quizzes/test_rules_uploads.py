"""What files a question takes, and how words are counted (spec/security 4.3; spec/content-format 8)."""

import pytest

from questions.rules.answers import ESSAY_FILES, UploadLimits, count_words, upload_limits
from questions.rules.definitions import Body, EssayBody, FileBody
from tests.support.questions import a_question, a_single


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        (FileBody(("PDF", ".docx", "svg"), files=2, size=3), UploadLimits(("pdf", "docx"), 2, 3_000_000)),
        (EssayBody(files=2), UploadLimits(ESSAY_FILES, 2, 10_000_000)),
        (EssayBody(), None),
        (a_single(), None),
    ],
)
def test_only_files_and_some_texts_take_files(body: Body, limits: UploadLimits | None) -> None:
    assert upload_limits(a_question(body)) == limits


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("  ", 0), ("uno dos\ntres", 3), ("bien-estar, d'Ivoire", 2), ("a — b", 2), ("¡Ñu!", 1)]
)
def test_words_are_counted_as_people_do(text: str, count: int) -> None:
    assert count_words(text) == count
