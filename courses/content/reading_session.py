"""One reading of a folder: what it collects, and the cursors over what was read."""

from dataclasses import dataclass, field

from courses.content.mapping_cursor import MappingCursor
from courses.content.read_collector import ReadCollector
from kernel.yaml_tree import YamlMapping


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file whose YAML was read: cursor and tree, its text and the YAML in it, which begins after `before` lines.

    `clean` says whether encoding and line ends need no change.
    """

    table: MappingCursor
    root: YamlMapping
    text: str
    yaml: str
    clean: bool
    before: int = 0


@dataclass(slots=True)
class ReadingSession(ReadCollector):
    """The reading of a folder: what is collected, with the files, parts and questions that were read."""

    read_files: dict[str, ReadFile] = field(default_factory=dict)
    outline: dict[str, MappingCursor] = field(default_factory=dict)
    questions: dict[str, MappingCursor] = field(default_factory=dict)

    def note_file(self, file: ReadFile) -> None:
        """Remember a file that was read, for the check of its form and of unknown fields."""
        self.read_files[file.table.file] = file

    def forget_file(self, path: str) -> None:
        """Leave a file out of the check of its form and of unknown fields, because its kind is not known."""
        self.read_files.pop(path, None)
