"""The files of an answer on a page: what is accepted, what was uploaded, and why a file was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel.i18n import _, ngettext
from quizzes.queries.files import SubmittedFile
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.uploads import MEGABYTE, UploadLimits, UploadRefusal, upload_limits


@dataclass(frozen=True, slots=True)
class UploadedFiles:
    """The files of a question beside its response, and the message about the last upload."""

    files: Sequence[SubmittedFile] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class UploadView:
    """Where files are sent: what is taken, in words and for the browser, and why the last one was not."""

    accept: str
    words: str
    problem: str
    full: bool
    several: bool


def upload_parts(question: QuestionDefinition, uploads: UploadedFiles) -> dict[str, Any]:
    """Return what a question's page shows of files; nothing where it takes none."""
    limits = upload_limits(question)
    if limits is None:
        return {}
    upload = UploadView(
        accept=",".join(f".{extension}" for extension in limits.accept),
        words=_limits_in_words(limits),
        problem=problem_words(uploads.said, limits),
        full=len(uploads.files) >= limits.files,
        several=limits.files > 1,
    )
    return {"files": tuple(uploads.files), "upload": upload}


def _limits_in_words(limits: UploadLimits) -> str:
    kinds, size = ", ".join(extension.upper() for extension in limits.accept), limits.size // MEGABYTE
    return ngettext(
        "One file of up to %(size)s MB: %(kinds)s.",
        "Up to %(count)s files of up to %(size)s MB each: %(kinds)s.",
        limits.files,
        kinds=kinds,
        size=size,
    )


def problem_words(problem: str, limits: UploadLimits) -> str:
    """Say why a file was not taken; empty where nothing is to be said."""
    size = limits.size // MEGABYTE
    match problem:
        case UploadRefusal.KIND:
            return _("The file was not uploaded because this type of file is not accepted.")
        case UploadRefusal.CONTENT:
            return _("The file was not uploaded because its content does not match its extension. Save it again in that format.")
        case UploadRefusal.PICTURE:
            return _(
                "The file was not uploaded because the image is damaged or has more than 40 million pixels. Save it "
                "again at a smaller size and upload it."
            )
        case UploadRefusal.SIZE:
            return _("The file was not uploaded because it is larger than %(size)s MB. Make it smaller and upload it again.", size=size)
        case UploadRefusal.EMPTY:
            return _("The file was not uploaded because it is empty.")
        case UploadRefusal.COUNT:
            return _("The file was not uploaded because you have reached the maximum number of files. Remove one first.")
        case UploadRefusal.QUOTA:
            return _(
                "The file was not uploaded because you have used all your file space in this course. Upload a smaller file or remove one."
            )
        case _:
            return ""
