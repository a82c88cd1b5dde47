"""The template that a course asks for, beside those that the site has (spec/certificates T9)."""

from sqlalchemy.orm import Session

from certificates.queries import templates as queries
from courses.content import codes
from courses.content.layout import COURSE
from courses.content.model import CourseFolder, Finding
from courses.content.scalars import nearest_of
from kernel.errors import N_
from organisations.queries.profile import find_root


def missing_template(session: Session, folder: CourseFolder) -> tuple[Finding, ...]:
    """Tell why a course cannot have the certificate that it asks for; nothing where it can."""
    key = folder.certificate
    if key == "none" or key in queries.BUILT_IN:
        return ()
    row, root = queries.find_stored(session, key), find_root(session)
    in_use = {one.key: one for one in queries.list_in_use(session)}
    if row is None:
        told = N_("There is no certificate template “%(key)s”.")
        return (_finding("C216", told, N_("The closest is “%(nearest)s”."), key=key, nearest=nearest_of(key, tuple(in_use))),)
    if key not in in_use:
        return (_finding("C217", N_("The certificate template “%(key)s” is not published yet."), N_("Publish it first."), key=key),)
    if root is None or row.organisation_id != root.id:
        return (_finding("C218", N_("The certificate template “%(key)s” is of another institution."), key=key),)
    lacking = [language for language in folder.languages if language not in in_use[key].titles]
    if lacking:
        told = N_("The certificate template “%(key)s” is not written in: %(languages)s.")
        fix = N_("Write it in all languages of the course, or choose another one.")
        return (_finding("C219", told, fix, key=key, languages=", ".join(lacking)),)
    return ()


def _finding(code: str, told: str, fix: str = "", **facts: str) -> Finding:
    return Finding(COURSE, 0, 0, "certificate", code, codes.severity(code), told, fix, facts=facts)
