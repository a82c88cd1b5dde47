"""Write questions as Aiken (docs.moodle.org, "Aiken format"): only choices of one option, only plain words."""

from collections.abc import Sequence

from kernel.errors import N_
from quizzes.rules.definitions import Option, QuestionDefinition, SingleChoiceBody, Texts, TextShape, TrueFalseBody
from standards._fields import lose, refuse_kind, remark_lost_fields, remark_lost_keys, remark_lost_languages
from standards._keys import KeyAllocator
from standards._texts import from_plain, in_language, one_line, remark_lost_files, to_plain
from standards.aiken.read import ANSWER, OPTION
from standards.model import NO_FILES, ExportedFile, Files, NotTranslatable, TransferRemarkCollector

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TRUTH = {"es": ("Verdadero", "Falso"), "en": ("True", "False")}


def write(questions: Sequence[QuestionDefinition], language: str = "es", _files: Files = NO_FILES) -> ExportedFile:
    """Return an Aiken file with the choices of one option among the questions."""
    notebook, keys = TransferRemarkCollector(), KeyAllocator()
    entries: list[str] = []
    for question in questions:
        notebook.turn_to(question.key)
        try:
            entries.append(_entry(question, language, keys, notebook))
        except NotTranslatable as refusal:
            notebook.refuse(refusal)
    return ExportedFile("\n".join(entries).encode(), len(entries), tuple(notebook.remarks))


def _entry(question: QuestionDefinition, language: str, keys: KeyAllocator, notebook: TransferRemarkCollector) -> str:
    options, right = _options(question, language, notebook)
    text = _plain(question.text, TextShape.MARKDOWN, language, notebook)
    if OPTION.match(text) or ANSWER.match(text) or not text:
        raise NotTranslatable(N_("The text would be read as an option or as an answer."), N_("Start it with other words."))
    if keys.of_question("", from_plain(text, TextShape.MARKDOWN)) != question.key:
        lose(notebook, "key")
    remark_lost_fields(question, (), notebook)
    remark_lost_languages(question, language, notebook)
    remark_lost_keys(question, notebook)
    remark_lost_files(question, language, notebook)
    lines = [f"{letter}) {words}" for letter, words in zip(LETTERS, options, strict=False)]
    return "\n".join([text, *lines, f"ANSWER: {LETTERS[right]}", ""])


def _options(question: QuestionDefinition, language: str, notebook: TransferRemarkCollector) -> tuple[list[str], int]:
    """Return the options' words and the place of the right one."""
    match question.body:
        case TrueFalseBody(answer):
            notebook.loss(N_("True or false became a choice between two options."), N_("The format supports nothing else."))
            return list(_TRUTH.get(language, _TRUTH["en"])), 0 if answer else 1
        case SingleChoiceBody(options, shuffle) if len(options) <= len(LETTERS):
            rights = [at for at, option in enumerate(options) if option.credit == 1]
            if len(rights) != 1:
                raise NotTranslatable(N_("The question does not have exactly one right option with full credit."))
            _remark_options(options, shuffle, notebook)
            return [_plain(option.text, TextShape.INLINE, language, notebook) for option in options], rights[0]
        case _:
            raise refuse_kind(question)


def _remark_options(options: Sequence[Option], shuffle: bool, notebook: TransferRemarkCollector) -> None:
    for field, lost in (
        ("why", any(option.why for option in options)),
        ("credit", any(option.credit not in (0, 1) or option.right is not (option.credit == 1) for option in options)),
        ("fixed", any(option.fixed for option in options)),
        ("shuffle", not shuffle),
    ):
        if lost:
            lose(notebook, field)


def _plain(texts: Texts, shape: TextShape, language: str, notebook: TransferRemarkCollector) -> str:
    words, lost = to_plain(in_language(texts, language), shape, language)
    if lost or "\n" in words:
        notebook.loss(N_("Texts are written on one line, without markup."), N_("The format supports only plain text."))
    return one_line(words)
