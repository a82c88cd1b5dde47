"""Reads `course.yaml` with its site settings and learning objectives."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from courses.content import layout, model, scalars
from courses.content.mapping_cursor import LocatedValue, MappingCursor, MarkupLevel, ReadingSession, slug
from courses.content.scalars import RefusedError
from courses.content.source import read_table
from kernel.durations import Duration, RenewalBasis, is_shorter
from kernel.errors import N_

CERTIFICATES = ("constancia", "facade")
"""Keys of the templates that come with the program."""


def key_in_words(topic: str) -> str:
    """Return the key of a topic that the site has no name for as words: `salud-mental` is “Salud mental”."""
    return topic.replace("-", " ").capitalize()


def read_objectives(table: MappingCursor) -> tuple[tuple[model.LocalisedText, ...], tuple[str, ...]]:
    """Read a list of texts, each inline or `{key, text}`; return the texts, and the key of each, "" where none is written."""
    entries = [entry for entry in table.listed("objectives", _objective) if entry[0]]
    return tuple(text for text, _key in entries), tuple(key for _text, key in entries)


def _objective(value: LocatedValue) -> tuple[model.LocalisedText, str]:
    inner = value.table() if value.is_table and "text" in getattr(value.node, "entries", {}) else None
    if inner is None:
        return value.text(MarkupLevel.INLINE), ""
    key = inner.value("key", scalars.key, "")
    if key:
        inner.session.claim("objective", key, inner.place_at("key"))
    return inner.text("text", MarkupLevel.INLINE, required=True), key


def objectives_of(course: model.CourseFolder) -> Mapping[str, model.LocalisedText]:
    """Return the objectives by key: the written one, else the slug of the text where no other objective has it."""
    pairs = list(_keyed(course))
    keys = Counter(key for key, _text in pairs)
    return {key: text for key, text in pairs if keys[key] == 1} | {key: text for key, text in _pairs(course) if key}


def _keyed(course: model.CourseFolder) -> Iterator[tuple[str, model.LocalisedText]]:
    for key, text in _pairs(course):
        if key or slug(text.first):
            yield key or slug(text.first), text


def _pairs(course: model.CourseFolder) -> Iterator[tuple[str, model.LocalisedText]]:
    """Yield each objective with the key that is written, those of the course first."""
    yield from zip(course.objective_keys, course.objectives, strict=True)
    for module in course.modules:
        yield from zip(module.objective_keys, module.objectives, strict=True)


FORMAT = 1
LANGUAGES = ("es", "en")
_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*\Z")


def read_course(session: ReadingSession) -> model.CourseFolder:
    """Return the course without its modules; a nameless one where the file is missing or broken."""
    nameless = model.CourseFolder("", model.NO_TEXT, ("es",), (), "")
    if layout.COURSE not in session.files:
        session.report_file(layout.COURSE, "C110", N_("The folder has no course.yaml."))
        return nameless
    table = read_table(session, layout.COURSE)
    if table is None:
        return nameless
    table.value("format", _format, required=True)
    kind = table.choice("kind", model.FolderKind, model.FolderKind.COURSE)
    session.languages = _languages(table)
    table.language = session.languages[0]
    return _bank_folder(table) if kind is model.FolderKind.BANK else _course(table)


def _format(text: str) -> int:
    number = scalars.whole(1)(text)
    if number > FORMAT:
        raise RefusedError("C115", N_("The folder was written for a newer version of Aulario (format %(number)s)."), number=number)
    return number


def _languages(table: MappingCursor) -> tuple[str, ...]:
    """Look ahead for the languages, because titles stand before them in the file."""
    value = LocatedValue(table, table.node.entries["languages"].value, "languages") if table.has("languages") else None
    if value is None:
        return ("es",)
    languages = tuple(dict.fromkeys(item.read(_language) or "" for item in value.items()))
    return tuple(language for language in languages if language) or ("es",)


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise RefusedError("C210", N_("“%(text)s” is not a supported course language."), N_("Write es or en."), text=text)
    return text


def person(value: LocatedValue) -> model.Contributor | None:
    """Read an author or speaker."""
    table = value.table()
    if table is None:
        return None
    name = table.text("name", required=True)
    return model.Contributor(name.first, table.text("role"), table.text("organisation"))


def _licence(text: str) -> str:
    if not _LICENCE.match(text):
        raise RefusedError(
            "C112",
            N_("“%(text)s” is not the short name of a licence."),
            N_("Use its SPDX name, such as CC-BY-4.0, or all-rights-reserved."),
            text=text,
        )
    return text


def _flow_languages(table: MappingCursor) -> None:
    """Ask for the languages at their place in the canonical order; they were read before."""
    table.flows.add("languages")
    languages = table.get("languages")
    if languages is not None and [item.as_text() for item in languages.items()] == ["es"]:
        table.redundant.add("languages")


def _bank_folder(table: MappingCursor) -> model.CourseFolder:
    key = _key(table)
    title = table.title()
    _flow_languages(table)
    authors = table.listed("authors", person, required=True)
    licence = table.value("licence", _licence, required=True) or ""
    return model.CourseFolder(key, title, table.session.languages, authors, licence, kind=model.FolderKind.BANK)


def _key(table: MappingCursor) -> str:
    return table.value("key", scalars.key, required=True) or ""


def _course(table: MappingCursor) -> model.CourseFolder:
    session = table.session
    key, former_keys = _key(table), table.former_keys()
    title, summary = table.title(), table.text("summary", MarkupLevel.INLINE)
    objectives, objective_keys = read_objectives(table)
    _flow_languages(table)
    timezone = table.value("timezone", _timezone, "America/Guayaquil")
    session.zone = ZoneInfo(timezone)
    hours, word_range = table.value("hours", scalars.number_between(0)), _words(table)
    basis = table.value("hours_basis", scalars.hours_basis, "")
    style_rules = table.flag("style_rules", True)
    verified_sources = table.choice("verified_sources", model.VerifiedSources, model.VerifiedSources.NONE)
    level, topic = table.value("level", scalars.one_of(model.CourseLevel)), _topic(table)
    tone = table.value("tone", scalars.whole(1, 6))
    image, image_alt = _image(table)
    authors = table.listed("authors", person, required=True)
    licence = table.value("licence", _licence, required=True) or ""
    visibility = _visibility(table)
    staff_of, audiences = _viewers(table, visibility)
    enrolment = table.choice("enrolment", model.EnrolmentMethod, model.EnrolmentMethod.INVITATION)
    opens, closes = _open_period(table)
    completion, grade = _completion(table), _grade(table)
    institution = table.value("institution", scalars.key, "") or ""
    certificate = _certificate(table)
    return model.CourseFolder(
        key,
        title,
        session.languages,
        authors,
        licence,
        former_keys=former_keys,
        summary=summary,
        objectives=objectives,
        objective_keys=objective_keys,
        timezone=timezone,
        hours=hours,
        hours_basis=basis,
        words=word_range,
        style_rules=style_rules,
        verified_sources=verified_sources,
        level=level,
        topic=topic,
        tone=tone,
        image=image,
        image_alt=image_alt,
        visibility=visibility,
        staff_of=staff_of,
        audiences=audiences,
        enrolment=enrolment,
        opens=opens,
        closes=closes,
        completion=completion,
        grade=grade,
        institution=institution,
        certificate=certificate.template,
        certificate_valid=certificate.valid,
        certificate_renew=certificate.renew,
        certificate_basis=certificate.basis,
        print_grade=certificate.print_grade,
    )


def _open_period(table: MappingCursor) -> tuple[datetime | None, datetime | None]:
    """Return when the course opens and closes."""
    opens, closes = table.moment("opens"), table.moment("closes", end=True)
    if opens and closes and opens >= closes:
        table.report("C208", N_("The course closes before it opens."), at="closes")
    return opens, closes


def _timezone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fix = N_("Use its IANA name, such as America/Guayaquil.")
        raise RefusedError("C112", N_("“%(text)s” is not a time zone."), fix, text=text) from None


def _words(table: MappingCursor) -> model.WordRange:
    usual = model.WordRange()
    inner = table.inner("words")
    if inner is None:
        return usual
    table.flows.add("words")
    least = inner.value("min", scalars.whole(0), required=True)
    most = inner.value("max", scalars.whole(1), required=True)
    if least is None or most is None:
        return usual
    if least > most:
        inner.report("C113", N_("The smaller number must come first."))
        return usual
    word_range = model.WordRange(least, most)
    if word_range == usual:
        table.redundant.add("words")
    return word_range


def _topic(table: MappingCursor) -> str:
    topic = table.value("topic", scalars.key, "")
    topics = table.session.site_topics
    if topic and topics and topic not in topics:
        message = N_("The site has no topic “%(topic)s”.")
        fix = N_("The closest known topic is “%(nearest)s”. If that is not the one, it will be shown as written.")
        table.report("C901", message, fix, at="topic", topic=topic, nearest=scalars.nearest_of(topic, topics))
    return topic


def _visibility(table: MappingCursor) -> model.Visibility:
    visibility = table.choice("visibility", model.Visibility, model.Visibility.PARTICIPANTS)
    if visibility is model.Visibility.INSTITUTION:
        message = N_("The course says in an old way that only learners and the course team can find it.")
        fix = N_("Choose again who can find it in the settings. In the text, write “visibility: participants” or “visibility: staff”.")
        table.report("C903", message, fix, at="visibility")
    return visibility


def _viewers(table: MappingCursor, visibility: model.Visibility) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codes of units and the keys of audiences that narrow a visibility; each belongs to its own (spec/content-format C905)."""
    units = table.listed("staff_of", lambda value: value.read(scalars.unit_code), flow=True)
    audiences = table.keys("audiences")
    if table.has("staff_of") and visibility is not model.Visibility.STAFF:
        table.report("C905", N_("Units are named, but the course is not for staff."), N_("Write “visibility: staff”."), at="staff_of")
    elif table.has("staff_of") and not units:
        fix = N_("Name a unit by its code, or delete the field: then it is for the staff of every institution.")
        table.report("C905", N_("The course is for the staff of certain units and names none."), fix, at="staff_of")
    if table.has("audiences") and visibility is not model.Visibility.AUDIENCE:
        table.report(
            "C905", N_("Audiences are named, but the course is not for them."), N_("Write “visibility: audience”."), at="audiences"
        )
    elif visibility is model.Visibility.AUDIENCE and not audiences:
        fix = N_("Name an audience by its key: “audiences: [inspectores]”.")
        table.report("C905", N_("The course is for certain audiences and names none."), fix, at="visibility")
    return tuple(dict.fromkeys(units)), tuple(dict.fromkeys(audiences))


@dataclass(frozen=True, slots=True)
class _CertificateSource:
    """The certificate that a course names: its template, how long it is valid, and how it is renewed."""

    template: str
    valid: Duration | None = None
    renew: Duration | None = None
    basis: RenewalBasis = RenewalBasis.EXPIRY
    print_grade: bool = False


def _certificate(table: MappingCursor) -> _CertificateSource:
    """Read a template, by its key alone or with its validity and renewal."""
    certificate = table.get("certificate")
    inner = certificate.table() if certificate is not None and certificate.is_table else None
    if inner is not None:
        table.flows.add("certificate")
    template = _template(table, inner)
    if inner is None:
        return _CertificateSource(template)
    valid = inner.value("valid", scalars.validity)
    renew, basis = _renewal(inner, valid)
    return _CertificateSource(template, valid, renew, basis, print_grade=inner.flag("print_grade", False))


def _renewal(inner: MappingCursor, valid: Duration | None) -> tuple[Duration | None, RenewalBasis]:
    """Read since when a certificate is renewed before its last valid day, and from what the renewal counts (spec/certificates E3)."""
    renewal = inner.get("renew")
    table = renewal.table() if renewal is not None and renewal.is_table else None
    basis = table.choice("basis", RenewalBasis, RenewalBasis.EXPIRY) if table else RenewalBasis.EXPIRY
    if table is not None:
        inner.flows.add("renew")
    window = table.value("from", scalars.renewal_window) if table else inner.value("renew", scalars.renewal_window)
    if window is None:
        return None, basis
    if valid is None:
        inner.report("C113", N_("Certificates that do not expire cannot be renewed."), N_("Add “valid:”, or delete “renew:”."), at="renew")
        return None, basis
    if not is_shorter(window, valid):
        message = N_("The time in which a certificate can be renewed must be shorter than its validity.")
        inner.report("C113", message, at="renew")
        return None, basis
    return window, basis


def _template(table: MappingCursor, inner: MappingCursor | None) -> str:
    key = scalars.either("none", "none", scalars.key)
    certificate = inner.value("template", key, "none", required=True) if inner else table.value("certificate", key, "none")
    certificate = certificate or "none"
    if certificate != "none" and certificate not in CERTIFICATES:
        message = N_("“%(key)s” is no template of the program: a site has to have it.")
        fix = N_("The templates of the program are: %(known)s.")
        table.report("C902", message, fix, at="certificate", key=certificate, known=", ".join(CERTIFICATES))
    return certificate


def _image(table: MappingCursor) -> tuple[str, model.LocalisedText]:
    image, alternative = table.path("image", "image/"), table.text("image_alt")
    if table.has("image") and not alternative:
        table.report("C301", N_("The picture has no alternative text."), N_("Add “image_alt:”."), at="image")
    if image.lower().endswith(".svg"):
        table.report(
            "C612", N_("Cards show no drawings: the course stands in the catalogue without its picture."), N_("Save it as PNG."), at="image"
        )
    return image, alternative


def _completion(table: MappingCursor) -> model.CourseCompletion:
    inner = table.inner("completion")
    if inner is None:
        return model.CourseCompletion()
    table.flows.add("completion")
    modules = _modules(inner)
    grade = inner.value("grade", scalars.percent)
    table.session.later(partial(_check_completion, inner))
    if not modules and grade is None:
        table.redundant.add("completion")
    return model.CourseCompletion(modules, grade)


def _modules(inner: MappingCursor) -> tuple[str, ...]:
    modules = inner.get("modules")
    if modules is None or modules.as_text() == "all":
        if modules is not None:
            inner.redundant.add("modules")
        return ()
    inner.flows.add("modules")
    return tuple(key for key in (item.read(scalars.key) for item in modules.items()) if key)


def _check_completion(inner: MappingCursor, course: model.CourseFolder) -> None:
    """Report modules that do not exist or are drafts, and a grade where nothing is graded (spec/content-format C209)."""
    ready = {module.key for module in course.modules if module.state is model.SourceState.READY}
    for key in course.completion.modules:
        if key not in ready:
            inner.report("C209", N_("The course cannot be completed: there is no published module “%(key)s”."), at="modules", key=key)
    if course.completion.grade is not None and not any(activity.weight for activity in course.activities()):
        inner.report("C209", N_("A grade is needed to complete the course, but nothing in it is graded."), at="grade")


def _grade(table: MappingCursor) -> tuple[model.GradeCategorySource, ...]:
    categories = table.listed("grade", _category)
    if categories and not sum(category.weight for category in categories):
        table.report("C209", N_("The weights of the grade are all 0."), at="grade")
    return categories


def _category(value: LocatedValue) -> model.GradeCategorySource | None:
    table = value.table()
    if table is None:
        return None
    key = table.value("category", scalars.key, required=True)
    title = table.text("title", required=True)
    weight = table.value("weight", scalars.number_between(0), required=True)
    drop = table.value("drop_lowest", scalars.whole(0), 0)
    if key is None:
        return None
    table.session.claim("category", key, table.place_at("category"))
    return model.GradeCategorySource(key, title, weight if weight is not None else Fraction(1), drop)
