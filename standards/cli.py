"""`lms quizzes import` and `lms quizzes export`: the roof adds them to the group of `analysis.cli`.

They import what they need when they run, so that `--help` answers at once.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kernel.errors import N_, DomainError
from kernel.i18n import LANGUAGES, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from questions.rules.definitions import QuestionDefinition
    from standards.imports import QuestionImportPlan
    from standards.model import ExportedFile, ImportedQuestions, TransferRemark

NAMES = ("gift", "aiken", "moodle-xml", "cloze", "csv", "xlsx", "qti", "qti-canvas")
"""As in standards.importing, which a list of options need not import; a test compares them."""
WRITTEN = tuple(name for name in NAMES if name != "cloze")
CATEGORIES = ("tags", "leave")
"""As standards.xml.Categories; a test compares them."""
HEADINGS = (
    ("problem", N_("Left out:")),
    ("to_correct", N_("Imported, but must be corrected before it can be published:")),
    ("loss", N_("Lost:")),
    ("note", N_("Good to know:")),
)
MANY = 3
LARGEST = 200_000_000
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
TARGET = click.Path(dir_okay=False, path_type=Path)
_LANGUAGE = click.option("--language", type=click.Choice(LANGUAGES), default="es", show_default=True, help="Language of the texts.")
_EVERY = click.option("--all", "every", is_flag=True, help="Show every remark, also those that many questions share.")


def commands() -> tuple[click.Command, ...]:
    """Return the commands that translate questions from and into outside formats."""
    return import_, export


@click.command("import")
@click.argument("file", type=FILE)
@click.option("--format", "format_name", type=click.Choice(NAMES), help="The file's format; told from the file where it is not given.")
@click.option("--to", "target", type=TARGET, required=True, help="The bank to write, for example banco.yaml.")
@click.option("--add", is_flag=True, help="Add to the bank if it exists; without this it must not.")
@click.option("--dry-run", is_flag=True, help="Only show what comes in and what does not.")
@click.option("--strict", is_flag=True, help="Write nothing if a single question cannot come in.")
@click.option(
    "--categories",
    type=click.Choice(CATEGORIES),
    default="tags",
    show_default=True,
    help="What becomes of the categories of GIFT and Moodle XML: tags of their questions, or left out.",
)
@_EVERY
@_LANGUAGE
def import_(
    file: Path, format_name: str | None, target: Path, add: bool, dry_run: bool, strict: bool, categories: str, every: bool, language: str
) -> None:
    """Make a bank of the questions in FILE, or add them to one; show first what is imported, what cannot be, and why."""
    from standards.importing import import_file

    try:
        further = [other for other in _languages(target) if other != language]
        file_import = import_file(file.name, _content(file), format_name, language, categories, further)
        plan, before = _planned(file_import.imported, target if add else None, language)
    except DomainError as refused:
        raise click.ClickException(f"{file}: {_refusal(refused)}") from refused
    questions = [source.question for source in plan.sources]
    head = ngettext(
        "%(count)s question is imported from %(name)s (%(format)s).",
        "%(count)s questions are imported from %(name)s (%(format)s).",
        len(questions),
        name=file.name,
        format=file_import.format,
    )
    _show(questions, plan, head, every=every)
    problems = sum(remark.severity.value == "problem" for remark in plan.remarks)
    if not questions or (strict and problems):
        raise click.ClickException(_("Nothing was written."))
    if dry_run:
        click.echo(_("Nothing was written: this was a dry run."))
        return
    inside = target.parent.name == "banco"
    if before is None:
        _write(target, file_import.bank.replace(b"](media/", b"](../media/") if inside and plan.media else file_import.bank)
    else:
        _add(target, before, plan)
    _write_pictures(target.parent.parent if inside else target.parent, plan)


def _planned(imported: ImportedQuestions, target: Path | None, language: str) -> tuple[QuestionImportPlan, str | None]:
    """Return the part that comes into a bank, and the bank's text where there is one; keys of other banks are not looked at."""
    from standards.bank.read import read
    from standards.imports import plan

    if target is None or not target.exists():
        return plan(imported, (), (), language), None
    content = _content(target)
    present = read(content, language, _around(target)).questions
    keys = {key for question in present for key in (question.key, *question.former_keys)}
    origins = {question.selection.origin for question in present if question.selection.origin}
    return plan(imported, present, keys, language, origins), content.decode()


def _add(target: Path, before: str, plan: QuestionImportPlan) -> None:
    """Write the bank anew with the questions at its end; it is whole at any moment."""
    from courses.content.editing import add_entries
    from standards.imports import bank_files_of

    try:
        partial = target.with_name(f".{target.name}.partial")
        partial.write_text(add_entries(before, "questions", bank_files_of(plan, target.as_posix())[0]), encoding="utf-8", newline="")
        partial.replace(target)
    except DomainError as refused:
        raise click.ClickException(f"{target}: {_refusal(refused)}") from refused
    except OSError as error:
        raise click.ClickException(f"{target}: {error.strerror}") from error
    click.echo(_("Written: %(name)s", name=target))


@click.command()
@click.argument("bank", type=FILE)
@click.option("--format", "format_name", type=click.Choice(WRITTEN), required=True, help="The format to write.")
@click.option("--to", "target", type=TARGET, required=True, help="The file to write; it must not exist.")
@click.option("--strict", is_flag=True, help="Write nothing if a single question cannot go out.")
@_EVERY
@_LANGUAGE
def export(bank: Path, format_name: str, target: Path, strict: bool, every: bool, language: str) -> None:
    """Write the questions of BANK in an outside format; report what the format has no place for."""
    from standards.bank.read import read
    from standards.importing import FORMATS

    write = FORMATS[format_name].write
    try:
        imported = read(_content(bank), language, _around(bank))
        if write is None:
            raise click.ClickException(format_name)
        exported = write(imported.questions, language, _files_of(bank, imported.questions, language))
    except DomainError as refused:
        raise click.ClickException(f"{bank}: {_refusal(refused)}") from refused
    _report_faults(imported)
    count = ngettext(
        "%(part)s of %(count)s question is exported as %(format)s.",
        "%(part)s of %(count)s questions are exported as %(format)s.",
        len(imported.questions),
        part=exported.count,
        format=format_name,
    )
    _show((), exported, count, every=every)
    if not exported.count or (strict and exported.count < len(imported.questions)):
        raise click.ClickException(_("Nothing was written."))
    _write(target, exported.content)


def _files_of(bank: Path, questions: Sequence[QuestionDefinition], language: str) -> dict[str, dict[str, bytes]]:
    """Return the files beside a bank that its questions name, by key and address."""
    from standards.importing import LARGEST, addresses_of

    files: dict[str, dict[str, bytes]] = {}
    left = LARGEST
    for question in questions:
        for address in addresses_of(question, language):
            file = bank.parent / address
            if file.is_file() and file.stat().st_size <= left:
                files.setdefault(question.key, {})[address] = file.read_bytes()
                left -= file.stat().st_size
    return files


def _content(file: Path) -> bytes:
    if file.stat().st_size > LARGEST:
        raise click.ClickException(_("%(name)s is larger than %(limit)s MB.", name=file.name, limit=LARGEST // 10**6))
    try:
        return file.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error


def _around(bank: Path) -> dict[str, bytes]:
    """Return course.yaml and parametros.yaml of the course that a bank stands in, for its languages and parameters."""
    for folder in list(bank.resolve().parents)[:3]:
        if (folder / "course.yaml").is_file():
            names = [name for name in ("course.yaml", "parametros.yaml") if (folder / name).is_file()]
            return {name: (folder / name).read_bytes() for name in names}
    return {}


def _languages(bank: Path) -> Sequence[str]:
    """Return the languages of the course that a bank stands in; none where it stands in no course."""
    from questions.content.banks import languages_of

    files = _around(bank)
    return languages_of(files) if files else ()


def _refusal(refused: DomainError) -> str:
    text = _(refused.text)
    return text % refused.facts if refused.facts else text


def _report_faults(imported: ImportedQuestions) -> None:
    """Report questions of the bank that could not be read; they are not exported."""
    for remark in imported.remarks:
        if remark.severity.value == "problem":
            click.echo(_line(remark), err=True)


def _write_pictures(folder: Path, plan: QuestionImportPlan) -> None:
    """Write the pictures that the questions show into media/ beside the bank; one that is there already has the same content."""
    try:
        for name, content in plan.media.items():
            (folder / "media").mkdir(exist_ok=True)
            (folder / "media" / name).write_bytes(content)
            click.echo(_("Written: %(name)s", name=folder / "media" / name))
    except OSError as error:
        raise click.ClickException(f"{folder / 'media'}: {error.strerror}") from error


def _show(
    questions: Sequence[QuestionDefinition], result: ImportedQuestions | ExportedFile | QuestionImportPlan, head: str, *, every: bool
) -> None:
    click.echo(head)
    kinds = Counter(question.kind.value for question in questions)
    if kinds:
        click.echo("  " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    for severity, heading in HEADINGS:
        remarks = [remark for remark in result.remarks if remark.severity.value == severity]
        if remarks:
            click.echo(_(heading))
            for line in _lines(remarks, every=every or severity == "problem"):
                click.echo(f"  {line}")


def _lines(remarks: Sequence[TransferRemark], *, every: bool) -> Iterator[str]:
    """Yield remarks one a line; what is the same for many questions is one line with their number, unless every one is wanted."""
    groups: dict[tuple[str, str], list[TransferRemark]] = {}
    for remark in remarks:
        groups.setdefault((remark.what, remark.why), []).append(remark)
    for group in groups.values():
        if every or len(group) <= MANY:
            yield from (_line(remark) for remark in group)
        elif len({remark.message for remark in group}) == 1:
            yield _("%(count)s questions: %(remark)s", count=len(group), remark=group[0].message)
        else:
            yield from (_line(remark) for remark in group[:MANY])
            yield _("… and %(count)s more like these; --all shows them.", count=len(group) - MANY)


def _line(remark: TransferRemark) -> str:
    position = _("line %(line)s", line=remark.line) if remark.line else ""
    name = f"«{remark.question}»" if remark.question else ""
    where = ", ".join(part for part in (position, name) if part)
    return f"{where}: {remark.message}" if where else remark.message


def _write(target: Path, content: bytes) -> None:
    try:
        with target.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise click.ClickException(_("%(name)s already exists; nothing was written. Choose another name.", name=target)) from error
    except OSError as error:
        raise click.ClickException(f"{target}: {error.strerror}") from error
    click.echo(_("Written: %(name)s", name=target))
