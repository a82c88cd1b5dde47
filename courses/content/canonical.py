"""The canonical form of YAML in a folder: what export, the editor and `format` write (spec/content-format 11)."""

from collections.abc import Iterator

from courses.content.mapping_cursor import MappingCursor
from courses.content.model import Finding, Severity
from courses.content.reading_session import ReadFile, ReadingSession
from courses.content.translation_stamps import FENCE, split
from courses.content.writing import Writer
from kernel import yaml_tree
from kernel.errors import N_
from kernel.yaml_tree import YamlMapping, YamlNode, YamlScalar, YamlSequence


def canonical(read: ReadFile) -> str:
    """Return the YAML of a file in canonical form; as it stands where a comment or a text would not survive."""
    tables = {id(table.node): table for table in _tables(read.table)}
    writer = Writer("\n" * read.before + read.yaml, read.root, tables)
    written = writer.write()
    if written == read.yaml:
        return written
    if writer.comments.left or not _same(read.root, yaml_tree.parse(written).root, tables):
        return read.yaml
    return written


def _tables(table: MappingCursor) -> Iterator[MappingCursor]:
    yield table
    for child in table.children:
        yield from _tables(child)


def _same(before: YamlNode, after: YamlNode | None, tables: dict[int, MappingCursor]) -> bool:
    """Say whether two trees hold the same, but for order, empty fields and defaults."""
    if isinstance(before, YamlScalar):
        return isinstance(after, YamlScalar) and before.text.strip("\n") == after.text.strip("\n")
    if isinstance(before, YamlSequence):
        return (
            isinstance(after, YamlSequence)
            and len(before.items) == len(after.items)
            and all(_same(node, other, tables) for node, other in zip(before.items, after.items, strict=True))
        )
    if not isinstance(before, YamlMapping) or not isinstance(after, YamlMapping):
        return False
    table = tables.get(id(before))
    redundant = table.redundant if table is not None else set()
    significant = {name: entry.value for name, entry in before.entries.items() if name not in redundant and not _is_absent(entry.value)}
    return significant.keys() == after.entries.keys() and all(
        _same(value, after.entries[name].value, tables) for name, value in significant.items()
    )


def _is_absent(value: YamlNode) -> bool:
    return isinstance(value, YamlScalar) and not value.text


def check_forms(session: ReadingSession) -> None:
    """Report files that are not in canonical form (spec/content-format C114), once each; those that could not be read completely are left
    out.
    """
    broken = {finding.file for finding in session.findings if _hides_form(finding)}
    for path, read in session.read_files.items():
        if path not in broken and not (read.clean and canonical(read) == read.yaml):
            session.report_file(path, "C114", N_("The file is not in canonical form."), N_("Format it with: lms courses format FOLDER."))


def _hides_form(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR and finding.code.startswith("C1")


def changed_files(session: ReadingSession) -> dict[str, bytes]:
    """Return the files that change when the folder is brought into canonical form; broken ones stay as they are."""
    broken = {finding.file for finding in session.findings if _hides_form(finding)}
    changed: dict[str, bytes] = {}
    for path, read in session.read_files.items():
        if path in broken or (read.clean and canonical(read) == read.yaml):
            continue
        changed[path] = format_file(read).encode()
    return changed


def format_file(read: ReadFile) -> str:
    """Return a whole file in canonical form: YAML, or a lesson's front matter with its body as it is."""
    if not read.table.file.endswith(".md"):
        return canonical(read)
    parts = split(read.text)
    body = parts[1] if parts is not None else ""
    whole = f"{FENCE}\n{canonical(read)}{FENCE}\n{body}"
    return whole if whole.endswith("\n") else f"{whole}\n"
