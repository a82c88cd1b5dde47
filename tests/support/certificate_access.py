"""Chapter 11 of spec/certificates as the document has it, and the people of its letters before certificates of one institution."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from accounts import accounts
from accounts.models import Person
from certificates import credentials
from certificates.models import Credential, CredentialReview, CredentialSignatory
from certificates.rules.credentials import ReplacementReason, RevocationReason
from courses import team
from courses.models import Course, StaffRole
from kernel import clock
from kernel.codes import printed_code
from kernel.outbox import Job, deliver_waiting
from kernel.permissions import SYSTEM, SiteRole
from lms.instance import Instance
from organisations.models import Organisation
from organisations.profile import SignatoryValues, add_signatory
from tests.support.access import ROLES, fits, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, sign_in
from tests.support.certificates import complete, complete_again
from tests.support.institution_access import a_course_of, administer, two_institutions
from tests.support.learning import actor_of
from tests.support.project import ROOT
from tests.support.scenes import scene

LETTERS = "ALHGIONSTXM"
"""As in the chapter; H holds the certificate, S administers its institution, T another one, M the whole site: M may what S may."""
LATER = {
    "certificate.bulk_revoke": "R4",
    "grant.create": "chapter 8",
    "grant.revoke": "chapter 8",
    "grant.log": "chapter 8",
    "grant.open": "chapter 8",
}
"""Actions of the chapter that are not built, and the rule that they wait for."""
_ROW = re.compile(r"^\| ([a-z_]+\.[a-z_.]+(?:, [a-z_]+(?:\.[a-z_]+)?)*)(\*?) \| (.*) \|$", re.MULTILINE)
_WHO = re.compile(r"(all but|all|nobody|[A-Z]+)\b(\*?)")


@dataclass(frozen=True)
class CertificateCell:
    """One cell of the chapter: who may, and whether to all others there is no such thing."""

    action: str
    state: str
    allowed: str
    is_hidden: bool

    @property
    def key(self) -> str:
        """Return how the cell is named."""
        return f"{self.action} {self.state}".strip()


def chapter_cells() -> dict[str, CertificateCell]:
    """Return the cells of chapter 11 by their names, without those of what is built later."""
    text = (ROOT / "docs" / "spec" / "certificates.md").read_text("utf-8")
    chapter = text.split("\n## 11 ")[1].split("\n## ")[0]
    cells = [cell for names, hidden, states in _ROW.findall(chapter) for cell in _cells_of(names, hidden, states)]
    return {cell.key: cell for cell in cells if cell.action not in LATER}


def _cells_of(names: str, hidden: str, states: str) -> list[CertificateCell]:
    first, *others = names.split(", ")
    actions = [first, *(one if "." in one else f"{first.split('.')[0]}.{one}" for one in others)]
    cells = []
    for part in states.split(" · "):
        state, _colon, who = part.partition(": ")
        found = _WHO.match(who or state)
        word, star = (found[1], found[2]) if found else ("nobody", "")
        allowed = {"nobody": "", "all": LETTERS, "all but": LETTERS.replace("X", "")}.get(word, word)
        allowed += "M" if "S" in allowed and "M" not in allowed else ""
        cells += [CertificateCell(action, state if who else "", allowed.replace("B", ""), bool(hidden or star)) for action in actions]
    return cells


@dataclass
class CertificateCast:
    """One browser for each letter, and what H holds: a certificate in force and one that has ended, of two courses of one institution."""

    instance: Instance
    browsers: Mapping[str, Browser]
    people: Mapping[str, Person]
    first: Organisation
    second: Organisation
    course: Course
    held: Credential
    ended: Credential
    own: Mapping[str, Credential]
    """The certificates that I, S and M hold themselves."""

    @property
    def page(self) -> str:
        """Return the address of the certificate in force."""
        return f"/certificates/{self.held.uuid}"

    @property
    def code(self) -> str:
        """Return its code as it is printed."""
        return printed_code(self.held.code)

    def write(self, act: Callable[[Session, Credential], object], row: Credential | None = None) -> None:
        """Do something with a certificate, the one in force if no other is named."""
        with self.instance.database.unit_of_work() as session:
            act(session, session.get_one(Credential, (row or self.held).id))

    def restore(self) -> None:
        """Let everything be as it was at first."""
        kept = [row.id for row in (self.held, self.ended, *self.own.values())]
        blank = {"revoked_at": None, "revoked_by": None, "revoked_class": "", "revoked_reason": "", "revoked_by_administrator": False}
        blank |= {"replaced_at": None, "replaced_by": None, "replaced_class": "", "replaced_reason": "", "replaced_by_id": None}
        with self.instance.database.unit_of_work() as session:
            session.execute(delete(Job))
            session.execute(delete(CredentialReview))
            session.execute(update(Credential).values(replaced_by_id=None))
            newer = select(Credential.id).where(Credential.id.not_in(kept)).scalar_subquery()
            session.execute(delete(CredentialSignatory).where(CredentialSignatory.credential_id.in_(newer)))
            session.execute(delete(Credential).where(Credential.id.not_in(kept)))
            session.execute(update(Credential).values(**blank, prints_identity=False))

    def revoke(self, row: Credential | None = None, *, by: str = "I", as_administrator: bool = False) -> None:
        """Let somebody revoke it."""
        reason, actor = RevocationReason.IRREGULARITY, actor_of(self.people[by])
        self.write(
            lambda session, found: credentials.revoke_credential(
                session, actor, found, reason, "Copió en el examen.", as_administrator=as_administrator, now=clock.now()
            ),
            row,
        )

    def replace(self, row: Credential | None = None) -> None:
        """Issue it again."""
        reason, means = ReplacementReason.DATA, (self.instance.present_settings, self.instance.keys)
        self.write(
            lambda session, found: credentials.replace_credential(session, SYSTEM, found, reason, "Dato.", *means, now=clock.now()), row
        )

    def renew(self, row: Credential | None = None) -> None:
        """Issue another one instead of the revoked one."""
        means = self.instance.present_settings, self.instance.keys
        self.write(lambda session, found: credentials.renew_credential(session, SYSTEM, found, "Error.", *means, now=clock.now()), row)

    def state(self) -> list[object]:
        """Return what acts on certificates change."""
        with self.instance.database.unit_of_work(write=False) as session:
            rows = session.scalars(select(Credential).order_by(Credential.id))
            found: list[object] = [(row.id, row.revoked_at, row.replaced_at, row.replaced_by_id, row.prints_identity) for row in rows]
            return found + [(row.id, row.settled_at) for row in session.scalars(select(CredentialReview).order_by(CredentialReview.id))]

    def request(self, method: str, path: str, data: Mapping[str, object] | None = None, *, letters: str = LETTERS) -> dict[str, str]:
        """Let everybody send a request by hand; return what came of it, by letter."""
        return {letter: outcome(self.browsers[letter], path, method, data) for letter in letters}  # type: ignore[arg-type]  # files too

    def shown(self, path: str, words: str, *, letters: str = LETTERS) -> dict[str, str]:
        """Open a page as everybody; it is allowed to whom it shows the words, and hidden from whom it answers without them."""
        found = {}
        for letter in letters:
            came = outcome(self.browsers[letter], path)
            holds = words in self.browsers[letter].response.get_data(as_text=True)
            found[letter] = came if came != "allow" or holds else "hide"
        return found

    def acted(
        self, path: str, data: Mapping[str, object], *, before: Callable[[], object] = lambda: None, letters: str = LETTERS
    ) -> dict[str, str]:
        """Let everybody post a form by hand, each before the same state; whoever is refused changed nothing."""
        found = {}
        for letter in letters:
            self.restore()
            before()
            known = self.state()
            found[letter] = self.request("POST", path, data, letters=letter)[letter]
            if found[letter] != "allow" and self.state() != known:
                found[letter] = "refused, and changed"
            elif found[letter] == "allow" and self.state() == known:
                found[letter] = "allowed, without effect"
        self.restore()
        return found

    def stale(
        self,
        page: str,
        data: Mapping[str, object],
        changed: Callable[[], object],
        *,
        letters: str,
        before: Callable[[], object] = lambda: None,
        form: str = "",
    ) -> list[str]:
        """Open a page as those who may, change the state, and send its form; return who was answered something else than a conflict."""
        wrong = []
        for letter in letters:
            self.restore()
            before()
            browser = self.browsers[letter]
            opened = outcome(browser, page)
            changed()
            known = self.state()
            self.request("POST", form or page, data, letters=letter)
            status = browser.response.status_code
            if (opened, status) != ("allow", 409) or self.state() != known:
                wrong.append(f"{letter} {form or page}, changed meanwhile: {status}")
        self.restore()
        return wrong


def misfits(cell: CertificateCell, outcomes: Mapping[str, str]) -> list[str]:
    """Return where something else came than the cell says, for the letters that were asked."""
    wrong = []
    for letter, got in outcomes.items():
        wanted = "allow" if letter in cell.allowed else "hide" if cell.is_hidden else "deny"
        if not fits(got, wanted, ROLES.get(letter, "")):
            wrong.append(f"{letter} {cell.key}: {got} instead of {wanted}")
    return wrong


def refused_to_all(cell: CertificateCell, outcomes: Mapping[str, str]) -> list[str]:
    """Return who was allowed what nobody is."""
    return [f"{letter} {cell.key} by POST: allow" for letter, got in outcomes.items() if got == "allow"]


OWN = {"I": "ines", "S": "sara", "M": "mara"}
"""Those who may act on certificates, and hold one themselves."""


def _give_roles(instance: Instance, people: Mapping[str, Person], courses: Sequence[Course]) -> None:
    """Put editors and graders into the team of courses, and let M administer the site."""
    with instance.database.unit_of_work() as session:
        for course in courses:
            for letter, role in (("G", StaffRole.GRADER), ("I", StaffRole.EDITOR)):
                team.add_staff(session, SYSTEM, session.get_one(Course, course.id), people[letter].id, role, now=clock.now())
        accounts.grant_role(session, SYSTEM, people["M"], SiteRole.ADMINISTRATOR, now=clock.now())


@scene
def a_certificate_cast(browser: Browser, instance: Instance) -> CertificateCast:
    """Sign in one person of each letter, before certificates that were issued by one of two institutions."""
    first, second = two_institutions(instance)
    people = {"N": a_person(instance, "noe@example.org")}
    with instance.database.unit_of_work() as session:
        place, values = (
            session.get_one(Organisation, second.id),
            SignatoryValues("Noé Firma", {"es": "Gerente"}, None, None, email="noe@example.org"),
        )
        add_signatory(session, SYSTEM, instance.present_settings, values, institution=place, now=clock.now())
    course, short = a_course_of(instance, "del-banco", "biess"), a_course_of(instance, "vencido", "biess")
    own = {letter: complete(instance, course, f"{name}@example.org") for letter, name in OWN.items()}
    holder = complete(instance, course, "hilda@example.org")
    complete_again(instance, holder, short.slug)
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work() as session:
        people |= {letter: session.get_one(Person, actor.person_id) for letter, actor in {**own, "H": holder}.items()}
        rows = {(row.person_id, row.course_id): row for row in session.scalars(select(Credential))}
        ended = rows[people["H"].id, short.id]
        ended.expires_on = date(2026, 1, 1)
    people |= {
        "L": a_person(instance, "lia@example.org"),
        "G": a_person(instance, "gil@example.org"),
        "O": a_teacher(instance, a_course(instance, "otro", modules=1), "olga@example.org"),
        "T": a_person(instance, "teo@example.org"),
        "X": a_person(instance, "xavi@example.org"),
    }
    _give_roles(instance, people, (course, short))
    administer(instance, people["S"], second)
    administer(instance, people["T"], first)
    visitors = {letter: Browser(browser.app, instance, address=f"198.51.100.{place}") for place, letter in enumerate(LETTERS, 20)}
    browsers = {letter: sign_in(visitors[letter], people[letter].email) if letter in people else visitors[letter] for letter in LETTERS}
    for one in browsers.values():
        one.checks = False
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == people["X"].id).values(suspended_at=clock.now()))
    held = {letter: rows[people[letter].id, course.id] for letter in (*OWN, "H")}
    return CertificateCast(instance, browsers, people, first, second, course, held["H"], ended, {letter: held[letter] for letter in OWN})
