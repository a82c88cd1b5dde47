"""The effect of an import on a bank: which questions are new, under which keys, and which are there already. Pure, writes nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from courses.content.editing import list_entries
from kernel.errors import N_
from questions.rules.definitions import QuestionDefinition
from questions.rules.encoding import checksum
from standards._files import PREFIX
from standards.bank.write import write
from standards.model import ImportedQuestions, RemarkSeverity, SourceQuestion, TransferRemark

QUESTIONS = "questions"
KEY_LENGTH = 64


@dataclass(frozen=True, slots=True)
class QuestionImportPlan:
    """The questions to import, with their final keys, their texts as entries of a bank, and all remarks."""

    sources: tuple[SourceQuestion, ...]
    entries: tuple[str, ...]
    remarks: tuple[TransferRemark, ...]
    media: Mapping[str, bytes] = field(default_factory=dict)
    """Files that the entries show or link to, by name."""

    def of_severity(self, severity: RemarkSeverity) -> tuple[TransferRemark, ...]:
        """Return the remarks of a severity."""
        return tuple(remark for remark in self.remarks if remark.severity is severity)


def plan(
    imported: ImportedQuestions,
    present: Iterable[QuestionDefinition],
    taken: Collection[str],
    language: str,
    origins: Collection[str] = (),
) -> QuestionImportPlan:
    """Return the effect of adding to a bank; `present` are the bank's questions, `taken` all keys of the course, `origins` all origins.

    A question identical to one in the bank is skipped; one whose key is taken gets another; one whose origin is in the course already
    loses it. All of this is reported.
    """
    known = {checksum(replace(question, key="")) for question in present}
    used = set(taken)
    sources: list[SourceQuestion] = []
    remarks = list(imported.remarks)
    for source in imported.sources:
        question = source.question
        if checksum(replace(question, key="")) in known:
            remarks.append(_remark_of(source, N_("The question is already in the bank and is skipped.")))
            continue
        key = free_key(question.key, used)
        if key != question.key:
            remarks.append(_remark_of(source, N_("Its key is already used in the course; it is imported as “%(key)s”."), key=key))
        used.add(key)
        if question.selection.origin in origins:
            remarks.append(_remark_of(source, N_("A question of the course has the same origin; it is imported without one.")))
            question = replace(question, selection=replace(question.selection, origin=""))
        sources.append(replace(source, question=replace(question, key=key)))
    entries = list_entries(write([source.question for source in sources], language).content.decode(), QUESTIONS)
    texts = tuple(entry.text for entry in entries)
    media = {name: content for name, content in imported.media.items() if any(f"media/{name}" in text for text in texts)}
    return QuestionImportPlan(tuple(sources), texts, tuple(remarks), media)


def bank_files_of(plan: QuestionImportPlan, path: str) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """Return the entries as they stand in the bank at a path, and the files of its pictures by path of the folder."""
    folder = PurePosixPath(path).parent
    inside = folder.name == "banco"
    home = folder.parent if inside else folder
    entries = tuple(entry.replace(f"](media/{PREFIX}", f"](../media/{PREFIX}") for entry in plan.entries) if inside else plan.entries
    return entries, {(home / "media" / name).as_posix(): content for name, content in plan.media.items()}


def _remark_of(source: SourceQuestion, what: str, **facts: str) -> TransferRemark:
    return TransferRemark(RemarkSeverity.NOTE, what, line=source.line, question=source.question.key, facts=facts)


def free_key(key: str, used: Collection[str]) -> str:
    """Return a key, with a number behind it where it is taken."""
    number = 2
    free = key
    while free in used:
        ending = f"-{number}"
        free = key[: KEY_LENGTH - len(ending)].rstrip("-") + ending
        number += 1
    return free


def chosen(questions: Iterable[QuestionDefinition], keys: Collection[str]) -> Sequence[QuestionDefinition]:
    """Return the questions with some keys, in their order."""
    chosen_keys = frozenset(keys)
    return [question for question in questions if question.key in chosen_keys]
