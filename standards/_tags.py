"""Tags and categories of outside files as keys."""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from courses.content.derived_keys import slug
from kernel.errors import N_
from questions.rules.definitions import QuestionDefinition, QuestionSelection
from standards._keys import as_key
from standards.model import ImportedQuestions, RemarkSeverity, SourceQuestion, TransferRemark, TransferRemarkCollector

CATEGORY_LEFT = N_("The category “%(name)s” is left out.")


class Categories(StrEnum):
    """The treatment of a file's categories."""

    TAGS = "tags"
    LEAVE = "leave"


def remark_left_category(name: str, remarks: TransferRemarkCollector, line: int = 0) -> None:
    """Report a category that is left out, unless the import makes tags of categories."""
    remarks.loss(CATEGORY_LEFT, N_("A bank is one list."), line=line, name=name[:200])


def with_category_tags(imported: ImportedQuestions) -> ImportedQuestions:
    """Return the questions with a tag each for their category; one that gives no tag stays reported as left out."""
    tags = {source.category: category_tag(source.category) for source in imported.sources if source.category}
    named = {category[:200]: tag for category, tag in tags.items() if tag}
    remarks = [_became_tag(remark, named) for remark in imported.remarks if _is_reported(remark, named, tags)]
    sources = tuple(_tagged(source, tags.get(source.category, "")) for source in imported.sources)
    return ImportedQuestions(sources, tuple(remarks), imported.media)


def category_tag(category: str) -> str:
    """Return the tag of a category: its names without those that every file has at the top."""
    names = [name.strip() for name in category.split("/")]
    return slug(" ".join(name for name in names if name and name != "top" and not (name.startswith("$") and name.endswith("$"))))


def _tagged(source: SourceQuestion, tag: str) -> SourceQuestion:
    tags = source.question.tags
    return replace(source, question=replace(source.question, tags=(*tags, tag))) if tag and tag not in tags else source


def _is_reported(remark: TransferRemark, named: dict[str, str], tags: dict[str, str]) -> bool:
    """Return whether a remark is to be reported: not of a category without a question, of which nothing is lost."""
    return remark.what != CATEGORY_LEFT or remark.facts["name"] in named or remark.facts["name"] in tags


def _became_tag(remark: TransferRemark, named: dict[str, str]) -> TransferRemark:
    name = remark.facts.get("name", "")
    if remark.what != CATEGORY_LEFT or name not in named:
        return remark
    facts = {"name": name, "tag": named[name]}
    return replace(remark, severity=RemarkSeverity.NOTE, what=N_("The category “%(name)s” became the tag “%(tag)s”."), why="", facts=facts)


FAMILY = "family:"
"""What the tag of a question begins with that names its family (spec/selection 11.6)."""


def tags_with_family(question: QuestionDefinition, remarks: TransferRemarkCollector) -> tuple[str, ...]:
    """Return the tags of a question for formats that have tags and no families; the family is a tag too, which is reported."""
    family = question.selection.family
    if not family:
        return question.tags
    remarks.note(
        N_("The family “%(family)s” is written as a tag."), N_("It is a family again when the file is imported here."), family=family
    )
    return (*question.tags, FAMILY + family)


def tags_and_family(tags: Iterable[str], remarks: TransferRemarkCollector) -> tuple[tuple[str, ...], QuestionSelection]:
    """Return tags as keys, and the family that one of them names."""
    named = [word.strip() for word in tags]
    families = [as_key(word.removeprefix(FAMILY).strip()) for word in named if word.startswith(FAMILY)]
    family = next((family_tag for family_tag in families if family_tag), "")
    return tags_of([word for word in named if not word.startswith(FAMILY)], remarks), QuestionSelection(family=family)


def tags_of(tags: Iterable[str], remarks: TransferRemarkCollector) -> tuple[str, ...]:
    """Return tags as keys, each once; a changed or empty one is reported."""
    keys: dict[str, None] = {}
    for word in tags:
        tag = slug(word)
        if tag and tag != word.strip():
            remarks.note(N_("The tag “%(word)s” became “%(tag)s”."), word=word.strip()[:80], tag=tag)
        elif not tag:
            remarks.loss(N_("The tag “%(word)s” is left out."), N_("It has no letters or digits."), word=word.strip()[:80])
        if tag:
            keys[tag] = None
    return tuple(keys)
