"""What files a question takes, how they are called, and how words are counted (spec/security 4.2, 4.3; spec/content-format 8)."""

import pytest

from quizzes.rules.definitions import Body, EssayBody, FileBody
from quizzes.rules.uploads import ESSAY_FILES, NAME_LENGTH, UploadLimits, count_words, extension_of, shown_name, upload_limits
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
    ("given", "shown"),
    [
        ("informe.pdf", "informe.pdf"),
        ("C:\\Users\\ana\\informe.pdf", "informe.pdf"),
        ("../../etc/passwd", "passwd"),
        ("in\u202efdp.exe", "infdp.exe"),
        ("a\r\nb.pdf", "ab.pdf"),
        ("nin\u0303o.pdf", "niño.pdf"),
        ("  .  ", "archivo"),
        ("x" * 300 + ".pdf", "x" * (NAME_LENGTH - 4) + ".pdf"),
        ("x" * 300, "x" * NAME_LENGTH),
        ("x" * 116 + ".PDF", "x" * 116 + ".PDF"),
        ("  mi\t informe  final.pdf. ", "mi informe final.pdf"),
        ("X.informe.X", "X.informe.X"),
        ("x" * 300 + ".abcdefghijkl", "x" * (NAME_LENGTH - 11) + ".abcdefghij"),
        ("x" * 300 + ".X", "x" * (NAME_LENGTH - 2) + ".x"),
    ],
)
def test_a_name_is_only_a_name(given: str, shown: str) -> None:
    """spec/security 4.2: no folders, no controls, no signs that turn the writing around; the extension stays."""
    assert shown_name(given) == shown


def test_extensions_are_lower_case() -> None:
    assert [extension_of(name) for name in ("A.PDF", "a.tar.gz", "sin", "")] == ["pdf", "gz", "", ""]


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("  ", 0), ("uno dos\ntres", 3), ("bien-estar, d'Ivoire", 2), ("a — b", 2), ("¡Ñu!", 1)]
)
def test_words_are_counted_as_people_do(text: str, count: int) -> None:
    assert count_words(text) == count
