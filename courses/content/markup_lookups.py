"""Lookups of the renderer in the course around a text: terms, parameters, resources, media, links."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from courses.content.kinds import ActivityKind, FolderPart
from courses.content.model import CourseFolder, ParameterSource, ResourceSource, TermSource
from kernel.markup import model
from kernel.markup.model import SafeHtml, fold

Link = Callable[[str, str], str | None]
FileLookup = Callable[[str], model.MediaReference | None]
Embed = Callable[[str], SafeHtml | None]
NO_HTML = SafeHtml("")


@dataclass(frozen=True, slots=True)
class MarkupLookups:
    """Everything that texts in one language may name."""

    language: str
    terms: Mapping[str, model.TermReference]
    parameters: Mapping[str, model.Parameter]
    resources: Mapping[str, model.Resource]
    recordings: Mapping[str, model.EmbeddedRecording]

    def context(
        self,
        *,
        link: Link,
        media: FileLookup,
        question: Embed,
        gaps: frozenset[str] = frozenset(),
        link_terms: bool = True,
        id_prefix: str = model.ID_PREFIX,
    ) -> model.MarkupContext:
        """Return the renderer's context for a text of this language."""
        return model.MarkupContext(
            self.language,
            term=self.terms.get,
            parameter=self.parameters.get,
            resource=self.resources.get,
            link=link,
            media=media,
            question=question,
            recording=self.recordings.get,
            id_prefix=id_prefix,
            link_terms=link_terms,
            gaps=gaps,
        )


def collect_lookups(
    course: CourseFolder,
    language: str,
    kinds: Sequence[ActivityKind],
    definitions: Mapping[str, SafeHtml],
    address: Callable[[ResourceSource], str],
) -> MarkupLookups:
    """Collect what texts in a language may name; `definitions` by key of the term, `address` gives a resource's link."""
    sizes = {file.path: file for file in course.media}
    resources: dict[str, model.Resource] = {}
    for resource in course.resources:
        shown, title = resource.title.in_language(language)
        host_shown, host = resource.host.in_language(language)
        file = sizes.get(resource.path)
        resources[resource.key] = model.Resource(
            title,
            host,
            address(resource),
            kind=resource.kind,
            language=resource.language,
            title_language="" if shown == language else shown,
            host_language="" if language in (host_shown, resource.language) else resource.language,
            media_type=file.media_type if file else "",
            size=file.size if file else 0,
        )
    parameters = {parameter.name: _parameter(parameter) for parameter in course.parameters}
    return MarkupLookups(language, _terms(course.terms, language, definitions), parameters, resources, _cards(course, language, kinds))


def _terms(terms: Sequence[TermSource], language: str, definitions: Mapping[str, SafeHtml]) -> dict[str, model.TermReference]:
    references: dict[str, model.TermReference] = {}
    for term in terms:
        shown, text = term.term.in_language(language)
        reference = model.TermReference(term.key, text, definitions.get(term.key, NO_HTML), "" if shown == language else shown)
        own = [text] if shown == language else []
        for form in (term.key, *own, *term.also.get(language, ())):
            references.setdefault(fold(form), reference)
    return references


def _parameter(parameter: ParameterSource) -> model.Parameter:
    try:
        value = Decimal(parameter.written)
    except InvalidOperation:
        value = Decimal(0)
    return model.Parameter(value, parameter.unit, str(parameter.year), parameter.decimals)


def _cards(course: CourseFolder, language: str, kinds: Sequence[ActivityKind]) -> dict[str, model.EmbeddedRecording]:
    cards = {kind.name: kind.card for kind in kinds if kind.card is not None}
    return {activity.key: cards[activity.kind](activity, language) for activity in course.activities() if activity.kind in cards}


def embeddable(course: CourseFolder, parts: Sequence[FolderPart], key: str) -> bool:
    """Say whether a lesson may embed the question with this key."""
    return any(part.embeddable is not None and part.embeddable(course, key) for part in parts)
