"""Fields of a page's form that hold answers to questions, as the page names them: `pN` and a part for the question in place N."""

from collections.abc import Mapping, Sequence

from questions.rules.answers import ANSWER, clean_parts

FLAG, SHOWN, LOCAL, UNTOUCHED = "flag", "seq", "local", "untouched"
FormFields = Mapping[str, Sequence[str]]
"""The fields of a form, each with all its values."""


def form_parts(form: FormFields, position: int) -> dict[str, list[str]]:
    """Return the part of the page's form for the question in a place."""
    return clean_parts(parts_by_question(form).get(f"p{position}"))


def parts_by_question(form: FormFields) -> dict[str, dict[str, list[str]]]:
    """Return the parts of the page's form by question, named by the beginning of their fields; a long page is gone through once."""
    by_question: dict[str, dict[str, list[str]]] = {}
    for name, values in form.items():
        question, dash, part = name.partition("-")
        if part not in (SHOWN, FLAG, LOCAL, UNTOUCHED):
            by_question.setdefault(question, {})[part if dash else ANSWER] = list(values)
    return by_question
