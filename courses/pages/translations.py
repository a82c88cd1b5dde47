"""Lines on the translations of a course, for the commands that tell of them."""

from collections.abc import Iterator

from courses.content.language_shares import language_shares
from courses.content.model import CourseFolder
from kernel.i18n import _


def share_lines(course: CourseFolder) -> Iterator[str]:
    """Yield how much of each module is written in each language but the course's own, where it is not all."""
    for share in language_shares(course):
        if share.is_partial:
            yield _(
                "%(module)s: %(percent)s %% is written in “%(language)s”.",
                module=share.module or _("Course and glossary"),
                percent=share.percent,
                language=share.language,
            )
