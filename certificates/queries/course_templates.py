"""The template that a course asks for, beside those that its institution has (spec/certificates T9)."""

from sqlalchemy.orm import Session

from certificates.layout.built_in import FACADE, INSTITUTION_DEFAULT
from certificates.queries import templates as queries
from certificates.queries.templates import TemplateInUse
from courses.catalogue import find_named_institution
from courses.content import codes
from courses.content.layout import COURSE
from courses.content.model import CourseFolder, Finding
from courses.content.scalars import nearest_of
from kernel.errors import N_
from organisations.institutions import list_institutions


def missing_template(session: Session, _course_id: int, folder: CourseFolder) -> tuple[Finding, ...]:
    """Tell why a course cannot have the certificate that it asks for; nothing where it can."""
    if folder.certificate in ("none", FACADE):
        return ()
    institution = find_named_institution(list_institutions(session), folder.institution)
    key = folder.certificate
    if key == INSTITUTION_DEFAULT:
        key = institution.default_template if institution else ""
    if not key:
        return ()
    row, in_use = queries.find_stored(session, key), queries.list_in_use(session)
    if row is None:
        offered = tuple(template.key for template in in_use if template.organisation_id in (None, institution.id if institution else None))
        message = N_("There is no certificate template “%(key)s”.")
        return (_finding("C216", message, N_("The closest is “%(nearest)s”."), key=key, nearest=nearest_of(key, offered)),)
    if institution is None or row.organisation_id != institution.id:
        return (_finding("C218", N_("The certificate template “%(key)s” is of another institution."), key=key),)
    used = next((template for template in in_use if template.key == key), None)
    if used is None:
        return (_finding("C217", N_("The certificate template “%(key)s” is not published yet."), N_("Publish it first."), key=key),)
    return _lacking_languages(folder, used)


def _lacking_languages(folder: CourseFolder, used: TemplateInUse) -> tuple[Finding, ...]:
    lacking = [language for language in folder.languages if language not in used.titles]
    if not lacking:
        return ()
    message = N_("The certificate template “%(key)s” is not written in: %(languages)s.")
    fix = N_("Write it in all languages of the course, or choose another one.")
    return (_finding("C219", message, fix, key=used.key, languages=", ".join(lacking)),)


def _finding(code: str, message: str, fix: str = "", **facts: str) -> Finding:
    return Finding(COURSE, 0, 0, "certificate", code, codes.severity(code), message, fix, facts=facts)
