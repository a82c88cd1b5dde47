"""The result of every translator: questions or bytes, and an explicit list of remarks about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from kernel.errors import N_, DomainError
from kernel.i18n import _
from kernel.left_out import SENTENCE, LeftOut, LeftOutCollector
from questions.rules.definitions import QuestionDefinition

MAXIMUM_QUESTIONS = 50_000
"""Questions, or lines of a format that is read line by line; a bank has 5,000 questions."""
TRANSLATED_FACT = "thing"
"""The one fact that is a message itself."""


class RemarkSeverity(StrEnum):
    """The severity of a remark.

    A note changes nothing that counts; a loss is left behind though the question passes; what is to correct passes and cannot be
    published as it is; a problem keeps a question, or a line, out.
    """

    NOTE = "note"
    LOSS = "loss"
    TO_CORRECT = "to_correct"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class TransferRemark:
    """A remark: `what` and `why` are msgids that share `facts`; `line` is from 1 (0: none), `question` a name or key ('': file)."""

    severity: RemarkSeverity
    what: str
    why: str = ""
    line: int = 0
    question: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """Describe it and why in the reader's language."""
        facts = {name: _(word) if name == TRANSLATED_FACT else word for name, word in self.facts.items()}
        return " ".join(_(text) % facts if facts else _(text) for text in (self.what, self.why) if text).strip()


@dataclass(frozen=True, slots=True)
class SourceQuestion:
    """A question as it came, and the line or row of the file on which it begins (0: unknown)."""

    question: QuestionDefinition
    line: int = 0
    category: str = ""
    """The category of the file in which it stands, as it is written there: names parted by strokes."""


@dataclass(frozen=True, slots=True)
class ImportedQuestions:
    """The questions of a file in order, each with its line, and the remarks."""

    sources: tuple[SourceQuestion, ...]
    remarks: tuple[TransferRemark, ...] = ()
    media: Mapping[str, bytes] = field(default_factory=dict)
    """Files that the texts show or link to as `media/NAME`, by name."""

    @property
    def questions(self) -> tuple[QuestionDefinition, ...]:
        """Return the questions alone."""
        return tuple(source.question for source in self.sources)

    def of_severity(self, *severities: RemarkSeverity) -> tuple[TransferRemark, ...]:
        """Return the remarks of some severities."""
        return tuple(remark for remark in self.remarks if remark.severity in severities)


Files: TypeAlias = Mapping[str, Mapping[str, bytes]]
"""By key of a question, the files that its texts name, by address as it is written there (`media/…`)."""
NO_FILES: Files = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file's bytes, how many questions are in it, and the remarks."""

    content: bytes
    count: int
    remarks: tuple[TransferRemark, ...] = ()

    def of_severity(self, *severities: RemarkSeverity) -> tuple[TransferRemark, ...]:
        """Return the remarks of some severities."""
        return tuple(remark for remark in self.remarks if remark.severity in severities)


class FileRefused(DomainError):
    """A file as a whole is not read: hostile, too large, or not of the format. `line` in the facts is its place, where known."""

    status = 422
    message = N_("The file cannot be read.")


class NotTranslatable(Exception):
    """One question cannot pass; the msgids and facts become a problem."""

    def __init__(self, what: str, why: str = "", /, *, line: int = 0, **facts: object) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.line = line
        self.facts = {name: str(fact) for name, fact in facts.items()}


class TransferRemarkCollector:
    """Collects remarks while one file is translated; it knows the question in hand.

    `offered` holds the files that came along, by path; `media` those that a text shows, under their new names.
    """

    def __init__(self) -> None:
        self.remarks: list[TransferRemark] = []
        self.question = ""
        self.line = 0
        self.offered: dict[str, bytes] = {}
        self.media: dict[str, bytes] = {}
        self.taken: set[str] = set()
        """Paths of the files that came along and are shown."""
        self.carries_files = False
        """Whether the format brings the files that its texts name, so that one that is missing makes a question a draft."""
        self.lacks_file = False
        """Whether the question in hand needs a file that was not taken."""
        self._questions = 0
        self._told: set[tuple[object, ...]] = set()
        self._left_out = LeftOutCollector()
        self._left_out_here: list[tuple[str, str]] = []

    def begin_question(self, question: str, line: int = 0) -> None:
        """Let the remarks that follow be about this question; raises FileRefused beyond MAXIMUM_QUESTIONS."""
        self._count_left_out()
        self.question, self.line, self.lacks_file = question, line, False
        self._questions += 1
        if self._questions > MAXIMUM_QUESTIONS:
            raise FileRefused(N_("The file has more than %(limit)s questions or lines."), limit=MAXIMUM_QUESTIONS)

    def add(self, severity: RemarkSeverity, what: str, why: str = "", /, *, line: int = 0, **facts: object) -> None:
        """Write a remark down, once."""
        values = {name: str(fact) for name, fact in facts.items()}
        remark = TransferRemark(severity, what, why, line=line or self.line, question=self.question, facts=values)
        identity = (severity, what, why, remark.line, remark.question, *values.items())
        if identity not in self._told:
            self._told.add(identity)
            self.remarks.append(remark)

    def note(self, what: str, why: str = "", /, *, line: int = 0, **facts: object) -> None:
        """Report something good to know."""
        self.add(RemarkSeverity.NOTE, what, why, line=line, **facts)

    def loss(self, what: str, why: str = "", /, *, line: int = 0, **facts: object) -> None:
        """Report what is left behind."""
        self.add(RemarkSeverity.LOSS, what, why, line=line, **facts)

    def leave_out(self, kind: str, example: str) -> None:
        """Count what a text of the question in hand leaves out."""
        self._left_out_here.append((kind, example))

    def _count_left_out(self) -> None:
        for kind, example in self._left_out_here:
            self._left_out.add(kind, f"{example} ({self.question[:30]})" if self.question else example)
        self._left_out_here.clear()

    def result(self) -> tuple[TransferRemark, ...]:
        """Return all remarks; what the questions leave out is counted by kind over the whole file."""
        self._count_left_out()
        return (*self.remarks, *map(left_out_remark, self._left_out.result()))

    def refuse(self, refusal: NotTranslatable) -> None:
        """Report that a question does not pass; what was reported of it before no longer matters."""
        self._left_out_here.clear()
        while self.question and self.remarks and self.remarks[-1].question == self.question:
            if self.remarks[-1].severity is RemarkSeverity.PROBLEM:
                break
            self.remarks.pop()
        self.add(RemarkSeverity.PROBLEM, refusal.what, refusal.why, line=refusal.line, **refusal.facts)


def left_out_remark(left_out: LeftOut) -> TransferRemark:
    """Return the remark on the parts of a kind that a file leaves out, as one on the whole file."""
    return TransferRemark(RemarkSeverity.LOSS, SENTENCE, facts=left_out.facts)
