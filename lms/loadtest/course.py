"""The course of a load test: four lessons of the compulsory course as they stand, and a quiz of sums, which a machine can answer."""

import re
from pathlib import Path

SLUG = "prueba-de-carga"
QUIZ = "sumas"
QUESTIONS = 10
_BANK = 100
_SOURCE = "gobernanza-seguridad-social"
_MODULE = "01-la-seguridad-social-en-ecuador"
_LESSONS = ("01-", "02-", "03-", "04-")
_WITH_A_QUESTION = re.compile(rb"^!\[[^\]]*\]\(question:[^)]*\)$", re.M)
"""A line of a lesson that shows a question of the bank, which does not come along."""
_SUM = re.compile(r"¿Cuánto es (\d+) \+ (\d+)\?")


def folder(content: Path) -> dict[str, bytes]:
    """Return the course's files, made from the published ones."""
    source = content / _SOURCE
    files = {path.name: path.read_bytes() for path in source.glob("*.yaml")}
    files["course.yaml"] = files["course.yaml"].replace(f"key: {_SOURCE}\n".encode(), f"key: {SLUG}\n".encode(), 1)
    module = source / _MODULE
    for path in sorted(module.rglob("*")):
        is_used = path.name == "module.yaml" or path.name.startswith(_LESSONS) or path.parent.name == "media"
        if path.is_file() and is_used:
            files[path.relative_to(source).as_posix()] = _WITH_A_QUESTION.sub(b"", path.read_bytes())
    files[f"{_MODULE}/banco.yaml"] = f"questions:\n{''.join(map(_question, range(1, _BANK + 1)))}".encode()
    settings = f"category: cuestionarios\nslots:\n  - draw: {QUESTIONS}\npass_mark: 70\nattempts: 3\n"
    files[f"{_MODULE}/90-cuestionario.quiz.yaml"] = f"key: {QUIZ}\ntitle:\n  es: Sumas\n  en: Sums\n{settings}".encode()
    return files


def _question(number: int) -> str:
    other = number * 7 % 90
    text = f"    text: ¿Cuánto es {number} + {other}?\n"
    return f"  - key: suma-{number}\n    kind: numerical\n{text}    answers:\n      - right: {number + other}\n"


def answers(page: str) -> list[str]:
    """Return the right answers to the questions of a page, in their order."""
    return [str(int(first) + int(other)) for first, other in _SUM.findall(page)]
