"""Read Aiken (docs.moodle.org, "Aiken format"): a text, lettered options, and a line `ANSWER:`; all of it plain words."""

import re
from dataclasses import dataclass, field

from kernel.errors import N_
from questions.rules.definitions import QuestionDefinition, QuestionState, TextShape
from standards.files import decode, plain_to_markdown
from standards.model import ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector
from standards.texts import FULL_CREDIT, NO_CREDIT, KeyAllocator, WeightedOption, one_line, single_choice

OPTION = re.compile(r"([A-Z])[.)]\s*(.*)\Z", re.DOTALL)
ANSWER = re.compile(r"ANSWER:\s*(.*)\Z", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class _Draft:
    """A question as far as its lines were read."""

    line: int
    text: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return its name in remarks."""
        return one_line(" ".join(self.text))[:60]


def read(content: bytes, language: str = "es") -> ImportedQuestions:
    """Return the questions of an Aiken file, each a choice of one option; every line that fits nowhere is reported."""
    remarks = TransferRemarkCollector()
    reader = _AikenReader(language, remarks)
    for number, line in enumerate(decode(content, remarks).words.split("\n"), start=1):
        remarks.begin_question(reader.name, number)
        try:
            reader.take(line.strip(), number)
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
            reader.draft = None
    reader.close()
    return ImportedQuestions(tuple(reader.sources), remarks.result())


class _AikenReader:
    """Takes one line after the other."""

    def __init__(self, language: str, remarks: TransferRemarkCollector) -> None:
        self.language, self.remarks = language, remarks
        self.draft: _Draft | None = None
        self.keys = KeyAllocator()
        self.sources: list[SourceQuestion] = []

    @property
    def name(self) -> str:
        """Return the name of the question in hand."""
        return self.draft.name if self.draft is not None else ""

    def take(self, line: str, number: int) -> None:
        """Put a line where it belongs; raises NotTranslatable where it belongs nowhere."""
        if not line:
            self.close()
        elif answer := ANSWER.match(line):
            self._finish(answer[1].strip(), number)
        elif option := OPTION.match(line):
            self._add(option[1], option[2].strip(), number)
        elif self.draft is not None and self.draft.options:
            self.close()
            self.draft = _Draft(number, [line])
        else:
            self.draft = self.draft or _Draft(number)
            self.draft.text.append(line)

    def close(self) -> None:
        """Report a question that ended before its ANSWER."""
        if self.draft is not None:
            self.remarks.begin_question(self.draft.name, self.draft.line)
            self.remarks.refuse(NotTranslatable(N_("The question has no ANSWER line."), N_("Write it below the options.")))
            self.draft = None

    def _add(self, letter: str, text: str, number: int) -> None:
        if self.draft is None:
            raise NotTranslatable(N_("There is an option without a question above it."), line=number)
        if letter in self.draft.options or not text:
            raise NotTranslatable(N_("The option %(letter)s is empty or repeated."), line=number, letter=letter)
        self.draft.options[letter] = text

    def _finish(self, letter: str, number: int) -> None:
        draft, letter = self.draft, letter.rstrip(".)").upper()
        if draft is None:
            raise NotTranslatable(N_("There is an ANSWER line without a question above it."), line=number)
        if len(draft.options) < 2:
            raise NotTranslatable(N_("The question has fewer than two options."), line=draft.line)
        if letter not in draft.options:
            raise NotTranslatable(N_("ANSWER names “%(letter)s”, which is not one of the options."), line=number, letter=letter[:20])
        self.draft = None
        self.sources.append(SourceQuestion(self._question(draft, letter), draft.line))

    def _question(self, draft: _Draft, right: str) -> QuestionDefinition:
        self.remarks.begin_question(draft.name, draft.line)
        text = plain_to_markdown("\n".join(draft.text), TextShape.MARKDOWN, self.remarks)
        weighted = [
            WeightedOption(
                {self.language: plain_to_markdown(text, TextShape.INLINE, self.remarks)}, FULL_CREDIT if letter == right else NO_CREDIT
            )
            for letter, text in draft.options.items()
        ]
        state = QuestionState.DRAFT if self.remarks.lacks_file else QuestionState.READY
        return QuestionDefinition(self.keys.of_question("", text), {self.language: text}, single_choice(weighted), state=state)
