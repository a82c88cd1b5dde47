"""Kinds of activity and readers of files that other packages give to the reader of course folders."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from courses.content.mapping_cursor import MappingCursor
from courses.content.model import ActivityCompletion, ActivitySource, CourseFolder
from courses.content.reading_session import ReadingSession
from courses.content.settings import FieldSpec
from kernel.markup.model import EmbeddedRecording


@dataclass(frozen=True, slots=True)
class ActivitySettings:
    """Settings of an activity as its kind reads them: a frozen dataclass, completion, minutes where known, weight in the grade."""

    value: Any
    completion: ActivityCompletion
    minutes: int | None = None
    weight: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class FieldLabel:
    """Label that forms give a field of a file, with the fields inside of it; `is_named` says that these stand under names of their own."""

    label: Any
    inner: "Mapping[str, FieldLabel]" = field(default_factory=dict)
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class ActivityKind:
    """A kind of activity: `quiz` with the suffix `.quiz.yaml`.

    `read` takes the table of the file (the fields of every activity are read already) and the session of the reading,
    which collects findings and checks that can only run when everything is read; None where the file makes no activity.
    `length` tells the seconds of an activity that links may lead into (`#t=0:32`), `card` what a lesson shows of an embedded one in a
    language. How a kind is published and shown stands with the package that does it.

    `begin` are the fields that a new one needs beside key and title (None: it is not begun on the web), `beside` the files of its module
    that it begins with where there are none, `settings` the fields of its own that the web asks for one by one, `groups` those
    that stand under a title of their own. `moving` takes the text of an activity that leaves the module with a key, and gives
    the text that means the same elsewhere. `order` is that of its own fields in a file (spec/content-format 11), where `settings` and
    `groups` ask in another one. `elsewhere` are fields of the file that a page of the kind's own asks for.
    """

    name: str
    suffix: str
    label: Any
    icon: str
    read: Callable[[MappingCursor, ReadingSession], ActivitySettings | None]
    summary_form: str = "inline"
    length: Callable[[Any], int | None] | None = None
    card: Callable[[ActivitySource, str], EmbeddedRecording] | None = None
    begin: str | None = None
    beside: tuple[tuple[str, str], ...] = ()
    settings: tuple[FieldSpec, ...] = ()
    groups: tuple[tuple[Any, tuple[FieldSpec, ...]], ...] = ()
    moving: Callable[[str, str], str] | None = None
    order: tuple[str, ...] = ()
    elsewhere: tuple[FieldSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderPart:
    """Files of a folder that belong to another package, such as banks of questions.

    `claims` says whether a path is one of them; `read` takes the tables of all claimed files by path and gives what goes
    into `CourseFolder.parts[name]`. `embeddable` says whether a lesson may embed the thing with this key, `labels` what forms call
    the fields of such files.
    """

    name: str
    claims: Callable[[str], bool]
    read: Callable[[Mapping[str, MappingCursor], ReadingSession], tuple[Any, ...]]
    embeddable: Callable[[CourseFolder, str], bool] | None = None
    labels: Mapping[str, FieldLabel] = field(default_factory=dict)
