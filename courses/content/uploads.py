"""Files that go into a lesson: checked by their content, named for everywhere, and how a text shows them."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from courses.content.changes import free_path
from courses.content.filetypes import KINDS, MAXIMUM_DOCUMENT, MEGABYTE, kind_of
from kernel.errors import N_, Invalid
from kernel.markup.sanitise import clean_svg
from kernel.markup.source import slug
from kernel.pictures import FORMATS, cleaned

LONGEST = 60


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way into a folder of media, and the Markdown that shows it."""

    path: str
    content: bytes
    media_type: str
    markdown: str = ""


def prepared(name: str, content: bytes, *, folder: str, taken: Collection[str], alternative: str, caption: str) -> Upload:
    """Return a file that a lesson shows and that may go into `folder`; raises Invalid with what to do where it may not."""
    upload = accepted(name, content, folder=folder, taken=taken)
    is_picture = upload.media_type.startswith("image/")
    if is_picture and not alternative:
        raise Invalid(N_("Describe what someone who cannot see the picture needs to know."))
    return replace(upload, markdown=_markdown(upload.path, name, is_picture, alternative, caption))


def accepted(name: str, content: bytes, *, folder: str, taken: Collection[str]) -> Upload:
    """Return a file that may go into `folder`, without words that show it; raises Invalid with what to do where it may not."""
    stem, _dot, ending = name.rpartition(".")
    ending = ending.lower()
    kind = kind_of(f"x.{ending}")
    if kind is None or not stem:
        raise Invalid(N_("Files of this kind are not accepted. Accepted types: %(words)s."), words=", ".join(sorted(KINDS)))
    limit = min(kind.limit, MAXIMUM_DOCUMENT)
    if len(content) > limit:
        size, most = -(-len(content) // MEGABYTE), limit // MEGABYTE
        raise Invalid(N_("The file is %(size)s MB; the limit is %(limit)s MB. Make it smaller or share a link."), size=size, limit=most)
    if not kind.fits(content):
        raise Invalid(N_("The content does not match the file's extension. Save it again in that format."))
    if ending in FORMATS:
        content = cleaned(content, ending)
    elif ending == "svg":
        _check_drawing(content)
    path = free_path(f"{folder}/{slug(stem)[:LONGEST].strip('-') or 'archivo'}.{ending}", set(taken))
    return Upload(path, content, kind.media_type)


def _check_drawing(content: bytes) -> None:
    problems = clean_svg(content, "check-", "")[1]
    if problems:
        raise Invalid(N_("The drawing cannot be accepted: it contains more than shapes and text, or has no title. Upload it as PNG."))


def _markdown(path: str, name: str, is_picture: bool, alternative: str, caption: str) -> str:
    address = f"media/{path.rpartition('/')[2]}"
    if not is_picture:
        return f"[{_plain(alternative or name)}]({address})"
    return f"![{_plain(alternative)}]({address})\n\n: {' '.join((caption or alternative).split())}\n"


def _plain(text: str) -> str:
    return " ".join(text.replace("[", "(").replace("]", ")").split())
