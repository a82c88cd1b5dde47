"""What a conversion of somebody else's lessons needs and tells."""

from collections.abc import Callable
from dataclasses import dataclass, field

from kernel.i18n import _


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was not understood or could not be kept, with its place in the folder that came."""

    file: str
    line: int
    template: str
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> str:
        """Return it in the reader's language."""
        return _(self.template, **dict(self.facts))


@dataclass(slots=True)
class Notebook:
    """Collects the remarks on one file, each text once a line."""

    file: str
    remarks: list[Remark] = field(default_factory=list)

    def tell(self, line: int, template: str, **facts: str) -> None:
        """Note something."""
        remark = Remark(self.file, line, template, tuple((name, text[:120]) for name, text in facts.items()))
        if remark not in self.remarks:
            self.remarks.append(remark)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a lesson may lead to: `page` returns the address of a path in the course, `media` takes a file along and returns its new path.

    Both return '' for what is not there.
    """

    page: Callable[[str], str]
    media: Callable[[str], str]
