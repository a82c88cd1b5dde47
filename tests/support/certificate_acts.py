"""The acts on certificates of spec/certificates 4: their forms, and what somebody else does while such a form is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import NationalIdentity, Person
from certificates import credentials, reviews
from certificates.models import Credential
from certificates.rules.credentials import ReplacementReason, ReviewCause, ReviewDecision, RevocationReason
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.builders import folder, publish

OTHER_CHAPTERS = frozenset({"certificates_bulk", "certificates_register", "certificates_templates", "certificates_verification"})
"""Blueprints of certificates whose forms change no certificate: chapters 2, 5 and 7."""
NO_ACTS = frozenset({"certificates_identity.compare"})
"""Forms that change nothing: a question to the register."""


WORDS = "Otra persona del equipo."


@dataclass(frozen=True)
class CertificateSituation:
    """A certificate that Ana holds."""

    instance: Instance
    person: UUID
    credential: UUID

    def _write(self, act: Callable[[Session, Credential], object]) -> None:
        with self.instance.database.unit_of_work() as session:
            act(session, session.scalars(select(Credential).where(Credential.uuid == self.credential)).one())

    def revoke(self) -> None:
        """Revoke the certificate."""
        reason = RevocationReason.IRREGULARITY
        self._write(lambda session, row: credentials.revoke_credential(session, SYSTEM, row, reason, WORDS, now=clock.now()))

    def replace(self) -> None:
        """Issue it again."""
        reason, means = ReplacementReason.DATA, (self.instance.present_settings, self.instance.keys)
        self._write(lambda session, row: credentials.replace_credential(session, SYSTEM, row, reason, WORDS, *means, now=clock.now()))

    def restore(self) -> None:
        """Issue another one instead of the revoked one."""
        means = self.instance.present_settings, self.instance.keys
        self._write(lambda session, row: credentials.renew_credential(session, SYSTEM, row, WORDS, *means, now=clock.now()))

    def rename(self) -> None:
        """Give its holder another name than the certificate prints."""
        self._write(lambda session, row: setattr(session.get_one(Person, row.person_id), "first_surname", "Quindé"))

    def rename_again(self) -> None:
        """Give its holder a third name."""
        self._write(lambda session, row: setattr(session.get_one(Person, row.person_id), "first_surname", "Quindi"))

    def restore_with_another_name(self) -> None:
        """Revoke it and issue it again with another name."""
        self.revoke()
        self.rename()
        self.restore()

    def call_replaced(self) -> None:
        """Let the revoked one read as replaced."""
        self._write(lambda session, row: reviews.call_replaced(session, SYSTEM, row, now=clock.now()))

    def open_review(self) -> None:
        """Let a person decide on it."""
        self.rename()
        self._write(lambda session, row: reviews.open_review(session, SYSTEM, row, ReviewCause.ACCOUNTS_MERGED, now=clock.now()))

    def settle_review(self) -> None:
        """Decide on it."""
        self._write(lambda session, row: reviews.settle_reviews(session, SYSTEM, row, ReviewDecision.KEEP, WORDS, now=clock.now()))

    def give_identity_number(self) -> None:
        """Give its holder an identity number."""
        self._write(lambda session, row: session.add(NationalIdentity(person_id=row.person_id, number="1710034065")))

    def publish_validity(self) -> None:
        """Publish a version by which certificates end after two years."""
        files = folder(modules=1)
        words = b"certificate: {template: constancia, valid: 24 months}"
        publish(self.instance, {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", words)})

    def leave(self) -> None:
        """Leave everything as it is."""


Step = Callable[[CertificateSituation], None]


@dataclass(frozen=True)
class CertificateAct:
    """An act: its route, the page with its form, where that form leads, what is typed, and what comes before and between."""

    endpoint: str
    page: str
    action: str
    values: Mapping[str, str]
    before: Step = CertificateSituation.leave
    meanwhile: Step = CertificateSituation.replace
    button: tuple[str, str] | None = None
    by_holder: bool = False
    """Only its holder may; everybody else is another."""
    present_page: str = "Certificate"
    """The heading of the page that shows the present state, untranslated."""
    is_repeatable: bool = False
    """Sent a second time it is answered like the first time, without a second effect."""


_PAGE = "/certificates/{credential}"
_WHY = {"reason": "Así consta en el acta."}
ACTS = (
    CertificateAct("certificates.revoke", f"{_PAGE}/revocation", "/revocation", {"reason_class": "irregularity", **_WHY}),
    CertificateAct(
        "certificates.replace",
        f"{_PAGE}/replacement",
        "/replacement",
        {"reason_class": "data", **_WHY},
        meanwhile=CertificateSituation.revoke,
    ),
    CertificateAct(
        "certificates.renew",
        f"{_PAGE}/renewal",
        "/renewal",
        _WHY,
        before=CertificateSituation.revoke,
        meanwhile=CertificateSituation.restore,
    ),
    CertificateAct(
        "certificates_reviews.ask_correction", f"{_PAGE}/correction", "/correction", {"words": "Falta la tilde."}, by_holder=True
    ),
    CertificateAct(
        "certificates_identity.choose_printed_identity",
        _PAGE,
        "/identity-number",
        {},
        before=CertificateSituation.give_identity_number,
        button=("printed", "yes"),
        by_holder=True,
    ),
    CertificateAct(
        "certificates_reviews.decide",
        "/administration/certificates/reviews",
        "/decision",
        {"note": "Así consta."},
        before=CertificateSituation.open_review,
        meanwhile=CertificateSituation.settle_review,
        button=("decision", "replace"),
        present_page="Certificates to decide on",
    ),
    CertificateAct(
        "certificates_reviews.call_replaced",
        "/administration/certificates/reviews",
        "/replaced-state",
        {},
        before=CertificateSituation.restore_with_another_name,
        meanwhile=CertificateSituation.call_replaced,
    ),
    CertificateAct(
        "certificates_reviews.correct_name",
        "/administration/people/{person}/certificate-names",
        "/certificate-names",
        _WHY,
        before=CertificateSituation.rename,
        meanwhile=CertificateSituation.rename_again,
        present_page="Certificates with another name",
    ),
    CertificateAct(
        "certificates_validity.change_validity",
        "/teaching/prueba/certificates/validity",
        "/validity",
        _WHY,
        before=CertificateSituation.publish_validity,
        meanwhile=CertificateSituation.revoke,
        present_page="Validity of issued certificates",
    ),
    CertificateAct("certificates_transcripts.make", "/transcript", "/transcript", {}, by_holder=True, is_repeatable=True),
)
