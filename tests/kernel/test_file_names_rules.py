"""How files are called that people send (spec/security 4.2)."""

import pytest

from kernel.files import NAME_LENGTH, extension_of, shown_name


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
