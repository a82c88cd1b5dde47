"""Another key for a module or an activity: the old one stays in `former_keys`, and the texts that name it name the new one."""

import re
from collections.abc import Mapping

from courses.content.changes import COMMON, DraftChange, apart
from courses.content.course_fields import COURSE_ORDER
from courses.content.editing import EditRefused, Written, former_keys, read_fields, write_field
from courses.content.layout import COURSE
from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY
from kernel.errors import Invalid

_LISTS = r"(?m)^(\s*(?:- )?(?:from|see|only)\s*:)(.*)$"


def with_key(texts: Mapping[str, str], path: str, old: str, new: str) -> DraftChange:
    """Return what giving another key to the part whose settings stand in a file changes; raises EditRefused."""
    word = re.compile(rf"(?<![\w-]){re.escape(old)}(?![\w-])")
    links = re.compile(rf"(?<=course:){re.escape(old)}(?![\w-])")
    written: dict[str, str] = {}
    for file, text in texts.items():
        after = links.sub(new, text)
        if file.endswith(".yaml"):
            after = re.sub(_LISTS, lambda line: line[1] + word.sub(new, line[2]), after)
        if file.endswith((".yaml", ".md")) and word.search(after):
            after = _with_fields(after, file, old, new, is_part=file == path)
        if after != text:
            written[file] = after
    return DraftChange(written)


def with_course_key(files: Mapping[str, bytes], key: str) -> dict[str, bytes]:
    """Return the files of a course folder under another key; raises EditRefused where its settings cannot be written."""
    try:
        text = files[COURSE].decode()
    except UnicodeDecodeError:
        return dict(files)  # which the checks tell
    return {**files, COURSE: write_field(text, "key", key, COURSE_ORDER).encode()}


def _with_fields(text: str, file: str, old: str, new: str, *, is_part: bool) -> str:
    """Return a file with the key, and the conditions that name it, written anew; others are left as they are."""
    try:
        fields, rebuild = apart(text, file)
        present = read_fields(fields)
    except EditRefused:
        if is_part:
            raise
        return text
    except Invalid as error:  # a lesson without fields
        raise EditRefused from error
    if is_part and present.get("key") == old:
        fields = write_field(fields, "key", new, COMMON)
        fields = write_field(fields, FORMERLY, None, COMMON)
        fields = write_field(fields, FORMER_KEYS, [*former_keys(present), old], COMMON, flow=True)
    requires = present.get("requires")
    if isinstance(requires, list) and old in requires:
        fields = write_field(fields, "requires", _replaced(requires, old, new), COMMON, flow=True)
    completion = present.get("completion")
    if file == COURSE and isinstance(completion, dict) and isinstance(modules := completion.get("modules"), list) and old in modules:
        fields = write_field(fields, "completion", {**completion, "modules": _replaced(modules, old, new)}, COURSE_ORDER, flow=True)
    return rebuild(fields)


def _replaced(keys: list[Written], old: str, new: str) -> list[Written]:
    return [new if key == old else key for key in keys]
