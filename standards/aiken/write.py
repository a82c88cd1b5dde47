"""Write questions as Aiken (docs.moodle.org, "Aiken format"): only choices of one option, only plain words."""

from collections.abc import Sequence

from kernel.errors import N_
from questions.rules.definitions import Option, QuestionDefinition, SingleChoiceBody, Texts, TextShape, TrueFalseBody
from standards.aiken.read import ANSWER, OPTION
from standards.model import NO_FILES, ExportedFile, Files, NotTranslatable, TransferRemarkCollector
from standards.texts import (
    KeyAllocator,
    from_plain,
    in_language,
    lose,
    one_line,
    refuse_kind,
    remark_lost_fields,
    remark_lost_files,
    remark_lost_keys,
    remark_lost_languages,
    to_plain,
)

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TRUTH = {"es": ("Verdadero", "Falso"), "en": ("True", "False")}


def write(questions: Sequence[QuestionDefinition], language: str = "es", _files: Files = NO_FILES) -> ExportedFile:
    """Return an Aiken file with the choices of one option among the questions."""
    remarks, keys = TransferRemarkCollector(), KeyAllocator()
    entries: list[str] = []
    for question in questions:
        remarks.begin_question(question.key)
        try:
            entries.append(_entry(question, language, keys, remarks))
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
    return ExportedFile("\n".join(entries).encode(), len(entries), tuple(remarks.remarks))


def _entry(question: QuestionDefinition, language: str, keys: KeyAllocator, remarks: TransferRemarkCollector) -> str:
    options, right = _options(question, language, remarks)
    text = _plain(question.text, TextShape.MARKDOWN, language, remarks)
    if OPTION.match(text) or ANSWER.match(text) or not text:
        raise NotTranslatable(N_("The text would be read as an option or as an answer."), N_("Start it with other words."))
    if keys.of_question("", from_plain(text, TextShape.MARKDOWN)) != question.key:
        lose(remarks, "key")
    remark_lost_fields(question, (), remarks)
    remark_lost_languages(question, language, remarks)
    remark_lost_keys(question, remarks)
    remark_lost_files(question, language, remarks)
    lines = [f"{letter}) {text}" for letter, text in zip(LETTERS, options, strict=False)]
    return "\n".join([text, *lines, f"ANSWER: {LETTERS[right]}", ""])


def _options(question: QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> tuple[list[str], int]:
    """Return the options' words and the place of the right one."""
    match question.body:
        case TrueFalseBody(answer):
            remarks.loss(N_("True or false became a choice between two options."), N_("The format supports nothing else."))
            return list(_TRUTH.get(language, _TRUTH["en"])), 0 if answer else 1
        case SingleChoiceBody(options, shuffle, None) if len(options) <= len(LETTERS):
            rights = [at for at, option in enumerate(options) if option.credit == 1]
            if len(rights) != 1:
                raise NotTranslatable(N_("The question does not have exactly one right option with full credit."))
            _remark_options(options, shuffle, remarks)
            return [_plain(option.text, TextShape.INLINE, language, remarks) for option in options], rights[0]
        case _:
            raise refuse_kind(question)


def _remark_options(options: Sequence[Option], shuffle: bool, remarks: TransferRemarkCollector) -> None:
    for field, lost in (
        ("why", any(option.why for option in options)),
        ("credit", any(option.credit not in (0, 1) or option.right is not (option.credit == 1) for option in options)),
        ("fixed", any(option.fixed for option in options)),
        ("shuffle", not shuffle),
    ):
        if lost:
            lose(remarks, field)


def _plain(texts: Texts, shape: TextShape, language: str, remarks: TransferRemarkCollector) -> str:
    text, lost = to_plain(in_language(texts, language), shape, language)
    if lost or "\n" in text:
        remarks.loss(N_("Texts are written on one line, without markup."), N_("The format supports only plain text."))
    return one_line(text)
