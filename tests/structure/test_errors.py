"""Every refusal has a code, a status, and its words in both languages."""

from importlib import import_module
from pathlib import Path

from babel.messages.pofile import read_po

from kernel.errors import DomainError
from kernel.paths import TRANSLATIONS
from tests.support.project import modules


def all_errors(root: type[DomainError]) -> list[type[DomainError]]:
    """Return a class and everything below it."""
    return [root, *(found for child in root.__subclasses__() for found in all_errors(child))]


def faults_of(error: type[DomainError], spanish: dict[str, str]) -> list[str]:
    """Return what an error lacks."""
    said = []
    if not error.code.replace("_", "").isalpha() or not error.code.islower():
        said.append("code")
    if not 400 <= error.status <= 599:
        said.append("status")
    if not spanish.get(error.message):
        said.append("Spanish")
    return said


def spanish_of(path: Path) -> dict[str, str]:
    with path.open("rb") as source:
        return {str(message.id): str(message.string) for message in read_po(source, locale="es") if message.id}


def test_every_error_has_code_status_and_both_languages() -> None:
    """The English words are the message itself."""
    for path in modules():
        if "/cli" not in path:
            import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    spanish = spanish_of(TRANSLATIONS / "es" / "LC_MESSAGES" / "messages.po")
    found = {error: faults_of(error, spanish) for error in all_errors(DomainError) if error.__module__.split(".")[0] != "tests"}

    assert not {error: said for error, said in found.items() if said}
    assert len({error.code for error in found}) == len(found)


def test_the_rule_sees_an_error_without_words() -> None:
    lacking = type("Lacking", (), {"code": "Two words", "status": 200, "message": "Nobody has said this."})

    assert faults_of(lacking, {}) == ["code", "status", "Spanish"]  # type: ignore[arg-type]  # not a real error
