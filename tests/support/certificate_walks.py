"""Walks through the cells of spec/certificates 11 that are about one certificate: seeing it, and acts on it."""

from collections.abc import Callable
from functools import partial
from io import BytesIO

from sqlalchemy import delete, select

from accounts.models import NationalIdentity
from certificates.models import CredentialSignatory
from enrolments.models import Completion
from tests.support.badges import vector
from tests.support.certificate_access import LETTERS, CertificateCast, CertificateCell, misfits, refused_to_all
from tests.support.wording import in_spanish

Walk = Callable[[CertificateCast, CertificateCell], list[str]]
WALKS: dict[str, Walk] = {}
"""What asks a cell, by its name; each returns what was not as the cell says."""
WHY = {"reason_class": "irregularity", "reason": "Así consta en el acta."}
CORRECTED = {"reason_class": "data", "reason": "Así consta en el acta."}


def walks(*names: str) -> Callable[[Walk], Walk]:
    """Let a function ask some cells."""

    def note(walk: Walk) -> Walk:
        WALKS.update(dict.fromkeys(names, walk))
        return walk

    return note


@walks("certificate.view valid", "certificate.view revoked", "certificate.view replaced")
def view(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    {"valid": lambda: None, "revoked": cast.revoke, "replaced": cast.replace}[cell.state]()
    return misfits(cell, cast.request("GET", cast.page)) + refused_to_all(cell, cast.request("POST", cast.page))


@walks("certificate.download valid, expired", "certificate.download revoked", "certificate.download replaced")
def download(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    {"valid, expired": lambda: None, "revoked": cast.revoke, "replaced": cast.replace}[cell.state]()
    pages = [cast.page, f"/certificates/{cast.ended.uuid}"] if cell.state == "valid, expired" else [cast.page]
    return [
        fault
        for page in pages
        for fault in (*misfits(cell, cast.request("GET", f"{page}.pdf")), *refused_to_all(cell, cast.request("POST", f"{page}.pdf")))
    ]


@walks("certificate.verify any code")
def verify_code(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    wrong: list[str] = []
    for change in (lambda: None, cast.revoke, cast.restore, cast.replace):
        change()
        wrong += misfits(cell, cast.shown(f"/verify/{cast.code}", cast.code))
    return wrong + refused_to_all(cell, cast.request("POST", f"/verify/{cast.code}", {"number": "1710034065"}))


@walks("certificate.verify file")
def verify_file(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    found = {
        letter: cast.request("POST", "/verify", {"files": (BytesIO(vector("credential.json")), "a.json")}, letters=letter)[letter]
        for letter in LETTERS
    }
    return misfits(cell, found)


@walks("certificate.badge by code valid")
def badge(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    return [
        fault
        for form in ("json", "png")
        for fault in (
            *misfits(cell, cast.request("GET", f"/v/{cast.code}.{form}")),
            *refused_to_all(cell, cast.request("POST", f"/v/{cast.code}.{form}")),
        )
    ]


@walks("certificate.badge by code revoked")
def badge_of_revoked(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """The state alone, but for the team, which keeps the badge as it keeps the PDF (V4)."""
    cast.revoke()
    found = cast.request("GET", f"/v/{cast.code}.jwt")
    team = [letter for letter in "ISM" if found.pop(letter) != "allow"]
    return [f"{letter} {cell.key}" for letter in team] + misfits(cell, found)


@walks("certificate.revoke another's")
def revoke(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    page = f"{cast.page}/revocation"
    wrong = misfits(cell, cast.request("GET", page)) + misfits(cell, cast.acted(page, WHY))
    return wrong + cast.stale(page, WHY, cast.replace, letters=cell.allowed)


@walks("certificate.revoke own", "certificate.restore own", "certificate.replace own")
def own_acts(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """Nobody acts on their own, whatever their roles."""
    wrong = []
    for letter, row in cast.own.items():
        before = partial(cast.revoke, row, by="M" if letter == "I" else "I") if cell.action == "certificate.restore" else lambda: None
        act = {"revoke": "revocation", "restore": "renewal", "replace": "replacement"}[cell.action.split(".")[1]]
        page, sent = f"/certificates/{row.uuid}/{act}", CORRECTED if act == "replacement" else WHY
        cast.restore()
        before()
        wrong += misfits(cell, cast.request("GET", page, letters=letter))
        wrong += misfits(cell, cast.acted(page, sent, before=before, letters=letter))
    return wrong


@walks("certificate.revoke signed by oneself")
def revoke_signed(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    wrong = []
    for letter in "NISM":
        signed = CredentialSignatory(credential_id=cast.held.id, place=4, name="Yo", offices={}, person_id=cast.people[letter].id)
        with cast.instance.database.unit_of_work() as session:
            session.execute(delete(CredentialSignatory).where(CredentialSignatory.place == 4))
            session.add(signed)
        for act, sent in (("revocation", WHY), ("replacement", CORRECTED)):
            wrong += misfits(cell, cast.request("GET", f"{cast.page}/{act}", letters=letter))
            wrong += misfits(cell, cast.acted(f"{cast.page}/{act}", sent, letters=letter))
    with cast.instance.database.unit_of_work() as session:
        session.execute(delete(CredentialSignatory).where(CredentialSignatory.place == 4))
    return wrong


@walks("certificate.revoke already revoked")
def revoke_twice(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    cast.revoke()
    page = f"{cast.page}/revocation"
    wrong = misfits(cell, cast.request("GET", page)) + misfits(cell, cast.acted(page, WHY, before=cast.revoke))
    return wrong + cast.stale(page, WHY, cast.revoke, letters="ISM")


@walks("certificate.restore revoked by team", "certificate.restore by administrator")
def restore(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    before = cast.revoke if "team" in cell.state else partial(cast.revoke, by="S", as_administrator=True)
    before()
    page = f"{cast.page}/renewal"
    wrong = misfits(cell, cast.request("GET", page)) + misfits(cell, cast.acted(page, WHY, before=before))
    return wrong + cast.stale(page, WHY, cast.renew, letters=cell.allowed, before=before)


@walks("certificate.replace valid or expired of another")
def replace(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    wrong: list[str] = []
    for row in (cast.held, cast.ended):
        page = f"/certificates/{row.uuid}/replacement"
        wrong += misfits(cell, cast.request("GET", page)) + misfits(cell, cast.acted(page, CORRECTED))
        wrong += cast.stale(page, CORRECTED, partial(cast.revoke, row), letters=cell.allowed)
    return wrong


@walks("certificate.replace revoked")
def replace_revoked(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    cast.revoke()
    page = f"{cast.page}/replacement"
    return misfits(cell, cast.request("GET", page)) + misfits(cell, cast.acted(page, CORRECTED, before=cast.revoke))


@walks("certificate.ask_correction own valid")
def ask_correction(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    page, sent = f"{cast.page}/correction", {"words": "Falta la tilde."}
    wrong = misfits(cell, cast.request("GET", page)) + misfits(cell, cast.acted(page, sent))
    return wrong + cast.stale(page, sent, cast.revoke, letters=cell.allowed)


@walks("certificate.see_reason words")
def see_words(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    cast.revoke()
    of_all = cast.shown(f"/verify/{cast.code}", "Copió en el examen.")
    return misfits(cell, cast.shown(cast.page, "Copió en el examen.")) + refused_to_all(cell, of_all)


@walks("certificate.see_reason class")
def see_class(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    cast.revoke()
    return misfits(cell, cast.shown(f"/verify/{cast.code}", in_spanish("Irregularity in the course or the assessment")))


@walks("certificate.print_id own")
def print_identity(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    with cast.instance.database.unit_of_work() as session:
        session.execute(delete(NationalIdentity))
        session.add(NationalIdentity(person_id=cast.people["H"].id, number="1710034065"))
    page, sent = f"{cast.page}/identity-number", {"printed": "yes"}
    wrong = refused_to_all(cell, cast.request("GET", page)) + misfits(cell, cast.acted(page, sent))
    return wrong + cast.stale(cast.page, sent, cast.revoke, letters=cell.allowed, form=page)


@walks("certificate.issue_by_hand conditions not met")
def issue_by_hand(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """Restoring is the only act that issues one, and asks for the completion again."""
    with cast.instance.database.unit_of_work() as session:
        kept = session.scalars(select(Completion).where(Completion.enrolment_id == cast.held.enrolment_id)).one()
        session.delete(kept)
    cast.revoke()
    page = f"{cast.page}/renewal"
    return misfits(cell, cast.acted(page, WHY, before=cast.revoke))
