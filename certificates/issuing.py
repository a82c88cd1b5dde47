"""Facts that issuing needs: names, design and signatories of an institution, the template of a course; and notices before an expiry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from certificates import templates
from certificates.layout.reading import FACADE, INSTITUTION_DEFAULT
from certificates.models import Credential
from certificates.rules.credentials import CredentialSigner
from certificates.templates import TemplateInUse
from courses.catalogue import find_named_institution
from courses.content import model
from courses.content.layout import COURSE
from courses.content.model import CourseFolder, Finding
from courses.content.scalars import nearest_of
from enrolments.dates import COVERED_DATES
from kernel.db import shared_alias
from kernel.errors import N_
from kernel.i18n import DEFAULT_LANGUAGE, LANGUAGES, choose
from kernel.pdf.signs import unprintable
from kernel.pictures import cleaned
from kernel.settings import Settings
from organisations.institutions import Institution, list_institutions
from organisations.profile import find_profile, list_signatories_on


def accounts_of(session: Session, addresses: Sequence[str]) -> dict[str, int]:
    """Return the accounts with these addresses."""
    rows = session.execute(select(Person.email, Person.id).where(Person.email.in_(addresses)))
    return {row.email: row.id for row in rows}


PRINTED_LOGO = "image/png"


def get_issuer_names(settings: Settings, institution: Institution | None) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the full and the short name that a certificate prints, by language; of the site for its own, where the environment wins."""
    if institution is None or institution.is_first:
        return settings.names, settings.short_names
    full = institution.names or {DEFAULT_LANGUAGE: institution.name}
    return full, institution.short_names or full


def get_issuer_design(session: Session, institution: Institution | None) -> tuple[str, str, bytes]:
    """Return the two colours and the logo of an institution, empty what it has not chosen; a logo that is a drawing is not printed."""
    profile = find_profile(session, institution.id) if institution is not None else None
    if profile is None:
        return "", "", b""
    logo = profile.logo if profile.logo and profile.logo_type == PRINTED_LOGO else b""
    return profile.brand_colour, profile.accent_colour, logo


def list_signers_on(session: Session, settings: Settings, institution: Institution | None, day: date) -> tuple[CredentialSigner, ...]:
    """Return who signs on a day: for the first institution whom the environment names, else those of the institution's profile."""
    if settings.signatories and (institution is None or institution.is_first):
        return tuple(
            CredentialSigner(given.name, given.offices, _cleaned(given.picture.read_bytes()) if given.picture else b"")
            for given in settings.signatories
        )
    named = list_signatories_on(session, day, institution.id if institution else None)
    accounts = accounts_of(session, [signatory.email for signatory in named if signatory.email])
    return tuple(
        CredentialSigner(
            signatory.name,
            {code: choose(signatory.offices, code) for code in LANGUAGES},
            signatory.picture or b"",
            accounts.get(signatory.email),
        )
        for signatory in named
    )


@lru_cache(maxsize=4)
def _cleaned(picture: bytes) -> bytes:
    """Return a picture of a signature written anew, once for all the certificates that are issued with it."""
    return cleaned(picture, "png" if picture.startswith(b"\x89PNG") else "jpg")


STEPS = (60, 30, 7, -1)
"""Days before the last day on which holders are notified; the last is the day after it."""
LATE = 3
"""Days on which a notice is still sent that was due while nothing ran."""
MOST_NOTIFIED = 5_000
_Later = shared_alias(Credential)


@dataclass(frozen=True, slots=True)
class ExpiryNotice:
    """One notice: the certificates of a course with one last day, so many days before it."""

    course_id: int
    expires_on: date
    step: int

    @property
    def key(self) -> str:
        """Return the name by which it is sent once."""
        return f"certificate-expires:{self.course_id}:{self.expires_on.isoformat()}:{self.step}"


def list_due_notices(session: Session, today: date) -> list[ExpiryNotice]:
    """List the notices that are due on a day; of those that were missed, the ones of the last days."""
    days = {today + timedelta(days=step - late): step for step in STEPS for late in range(LATE)}
    pairs = select(Credential.course_id, Credential.expires_on).where(Credential.expires_on.in_(days), _in_force()).distinct()
    rows = session.execute(pairs.order_by(Credential.course_id, Credential.expires_on))
    return [ExpiryNotice(course, day, days[day]) for course, day in rows if day is not None]


def list_holders_to_notify(session: Session, notice: ExpiryNotice) -> tuple[Sequence[int], Mapping[str, str]]:
    """List whom a notice is for, with the course's title; those who renewed are not, nor those whom an obligation in force reminds."""
    statement = (
        select(Credential.person_id, Credential.course_titles)
        .join(Person, Person.id == Credential.person_id)
        .where(Credential.course_id == notice.course_id, Credential.expires_on == notice.expires_on, _in_force(), ~_renewed())
        .where(Person.suspended_at.is_(None))
        .order_by(Credential.id)
        .limit(MOST_NOTIFIED)
    )
    titles = {row.person_id: row.course_titles for row in session.execute(statement)}
    covered = {pair for source in COVERED_DATES.of(session) for pair in source(session, list(titles))} if titles else ()
    people = [person for person in titles if (person, notice.course_id) not in covered]
    return people, titles[people[-1]] if people else {}


def _in_force() -> ColumnElement[bool]:
    return Credential.revoked_at.is_(None) & Credential.replaced_at.is_(None) & Credential.replaced_by_id.is_(None)


def _renewed() -> ColumnElement[bool]:
    later = or_(_Later.expires_on.is_(None), _Later.expires_on > Credential.expires_on)
    same = (_Later.person_id == Credential.person_id) & (_Later.course_id == Credential.course_id) & (_Later.id != Credential.id)
    return exists().where(same, later, _Later.revoked_at.is_(None), _Later.replaced_at.is_(None), _Later.replaced_by_id.is_(None))


def missing_template(session: Session, _course_id: int, folder: CourseFolder) -> tuple[Finding, ...]:
    """Tell why a course cannot have the certificate that it asks for, and what of its title no certificate can print."""
    if folder.certificate == "none":
        return ()
    signs = unprintable("".join(folder.title.values()))
    message = N_("Certificates cannot print these signs of the title: %(signs)s.")
    return (*([_finding("C226", message, signs=signs)] if signs else ()), *_missing_template(session, folder))


def _missing_template(session: Session, folder: CourseFolder) -> tuple[Finding, ...]:
    if folder.certificate == FACADE:
        return ()
    institution = find_named_institution(list_institutions(session), folder.institution)
    key = folder.certificate
    if key == INSTITUTION_DEFAULT:
        key = institution.default_template if institution else ""
    if not key:
        return ()
    row, in_use = templates.find_stored(session, key), templates.list_in_use(session)
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
    return Finding(
        COURSE, 0, 0, field="certificate", code=code, severity=model.severity(code), template=message, fix_template=fix, facts=facts
    )
