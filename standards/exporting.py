"""The files of the course that are exported with questions: those that their texts name."""

from posixpath import dirname, join, normpath

from questions.rules.definitions import QuestionDefinition
from standards._texts import FILE, texts_of

LARGEST = 40_000_000
"""Bytes of all files that go out at once; what is beyond is told as left out."""


def addresses_of(question: QuestionDefinition, language: str) -> list[str]:
    """Return the addresses of files that the texts of a question name, each once."""
    return list(dict.fromkeys(address for text in texts_of(question, language) for address in FILE.findall(text)))


def files_named(question: QuestionDefinition, language: str, bank: str) -> dict[str, str]:
    """Return the files that a question of a bank shows or links to, by address as written: their paths in the folder."""
    return {
        address: path
        for address in addresses_of(question, language)
        if not (path := normpath(join(dirname(bank), address))).startswith("..")
    }
