"""Walks through the cells of spec/certificates 11 that are about lists, templates, institutions, transcripts, keys and decisions."""

from collections.abc import Mapping
from uuid import UUID

from flask import Flask
from sqlalchemy import delete, select, update

from accounts.privacy import AccessPurpose
from certificates import reviews, templates
from certificates.models import BulkDownload, CredentialReview, StoredTemplate
from certificates.rules.credentials import ReviewCause
from courses.models import CourseStaff
from kernel import clock
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.access_log import list_access_rows
from organisations.models import InstitutionSignatory, Organisation
from organisations.profile import SignatoryValues, add_signatory, change_profile, find_profile
from tests.support.browser import Browser
from tests.support.builders import folder, publish
from tests.support.certificate_access import LETTERS, CertificateCast, CertificateCell, misfits, refused_to_all
from tests.support.certificate_walks import WALKS, walks

__all__ = ["WALKS"]
COURSE, REGISTER = "/teaching/del-banco", "/administration/certificates"
TEMPLATES = "/administration/certificate-templates"


@walks("certificate.list own course", "certificate.list whole institution", "certificate.list own")
def register(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    paths = {"own course": f"{COURSE}/certificates", "whole institution": REGISTER, "own": "/certificates"}
    found = [
        cast.shown(path, cast.code, letters=letters) for path, letters in of_course(cell, paths[cell.state], f"{REGISTER}?course=del-banco")
    ]
    return [fault for one in found for fault in misfits(cell, one)] + refused_to_all(cell, cast.request("POST", paths[cell.state]))


def of_course(cell: CertificateCell, path: str, of_institution: str) -> list[tuple[str, str]]:
    """Return where a course's certificates are asked for, and by whom: its institution's administrators have their own register."""
    return [(path, LETTERS.replace("S", "")), (of_institution, "S")] if cell.state.endswith("own course") else [(path, LETTERS)]


@walks("certificate.export list CSV of own course", "certificate.export grader")
def export(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    letters = "G" if cell.state == "grader" else LETTERS
    wrong = []
    for kind in ("csv", "xlsx"):
        for path, asking in of_course(cell, f"{COURSE}/certificates/exports/{kind}", f"{REGISTER}/exports/{kind}?course=del-banco"):
            for letter in set(letters) & set(asking):
                wrong += misfits(cell, cast.request("GET", path, letters=letter)) + refused_to_all(
                    cell, cast.request("POST", path, letters=letter)
                )
    return wrong


@walks("certificate.export with cédula")
def export_identities(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """Every administrator has the page, T that of another institution: none of this one's stand in it."""
    path, sent = f"{REGISTER}/identity-numbers?course=del-banco", {"reason": "Auditoría anual", "kind": "csv"}
    found = cast.request("POST", path, sent)
    holds = {letter: cast.code in browser.response.get_data(as_text=True) for letter, browser in cast.browsers.items()}
    wrong = misfits(cell, {letter: got if got != "allow" or holds[letter] else "deny" for letter, got in found.items()})
    return wrong + misfits(cell, {letter: got for letter, got in cast.request("GET", path).items() if letter != "T"})


@walks("certificate.set_validity of a course")
def set_validity(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """Sent by hand it has an effect for who may; a page whose number is another by now is answered 409."""
    words = b"certificate: {template: constancia, valid: 24 months}\ninstitution: biess"
    files = folder("del-banco", modules=1)
    publish(cast.instance, {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", words)})
    path, sent = f"{COURSE}/certificates/validity", {"reason": "Resolución 12", "counted": "99"}
    wrong = misfits(cell, cast.request("GET", path)) + cast.stale(path, sent, lambda: None, letters=cell.allowed)
    found = cast.request("POST", path, sent)
    statuses = {letter: cast.browsers[letter].response.status_code for letter in LETTERS}
    return (
        wrong
        + refused_to_all(cell, found)
        + [f"{letter} {cell.key}" for letter in "ALHGIONT" if statuses[letter] not in (404, 401, 302, 303)]
    )


@walks("certificate.bulk_zip own course", "certificate.bulk_zip institution")
def bulk(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """T has a list of another institution, in which there is nothing to draw."""
    usual = f"{COURSE}/certificates/downloads" if cell.state == "own course" else f"{REGISTER}/downloads"
    asking = of_course(cell, usual, f"{REGISTER}/downloads?course=del-banco")
    found = {}
    for letter, path in ((letter, path) for path, letters in asking for letter in letters):
        with cast.instance.database.unit_of_work() as session:
            before = len(session.scalars(select(BulkDownload.id)).all())
        came = cast.request("POST", path, letters=letter)[letter]
        with cast.instance.database.unit_of_work() as session:
            found[letter] = came if came != "allow" or len(session.scalars(select(BulkDownload.id)).all()) > before else "deny"
    return misfits(cell, found) + refused_to_all(cell, cast.request("GET", usual))


@walks("certificate.bulk_zip another's file")
def bulk_file(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """What I requested: S and M open it too, another editor of the course does not."""
    cast.request("POST", f"{COURSE}/certificates/downloads", letters="I")
    with cast.instance.database.unit_of_work() as session:
        [one] = session.scalars(select(BulkDownload).where(BulkDownload.requested_by == cast.people["I"].id)).all()[-1:]
        session.execute(update(CourseStaff).where(CourseStaff.person_id == cast.people["G"].id).values(role="editor"))
    deliver_waiting(cast.instance.worker, now=clock.now())
    others = LETTERS.replace("I", "")
    wrong = [
        fault
        for path in (f"/certificate-downloads/{one.uuid}", f"/certificate-downloads/{one.uuid}/files/1")
        for fault in misfits(cell, cast.request("GET", path, letters=others))
    ]
    for act in ("pause", "resumption", "cancellation"):
        wrong += misfits(cell, cast.request("POST", f"/certificate-downloads/{one.uuid}/{act}", letters="ALHGONTX"))
    return wrong


def a_template(cast: CertificateCast, place: Organisation, key: str, *, published: bool = False) -> StoredTemplate:
    """Return a template of an institution."""
    with cast.instance.database.unit_of_work() as session:
        settings, now = cast.instance.present_settings, clock.now()
        row = session.scalars(select(StoredTemplate).where(StoredTemplate.key == key)).one_or_none()
        if row is None:
            row = templates.create_template(session, SYSTEM, settings, key, session.get_one(Organisation, place.id), now=now)
            if published:
                templates.publish_template(session, SYSTEM, row, "", row.revision, now=now)
        return row


@walks("template.view draft", "template.view published", "template.preview own institution")
def view_template(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    row = a_template(cast, cast.second, f"de-banco-{cell.state.split()[0]}", published=cell.state != "draft")
    page = f"{TEMPLATES}/{row.uuid}/versions{'/1.pdf' if cell.action == 'template.preview' else ''}"
    return misfits(cell, cast.request("GET", page)) + refused_to_all(cell, cast.request("POST", page))


@walks("template.edit own institution", "template.edit other")
def edit_template(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """By form and as text; a page of another revision is answered 409. M, who administers all, is not asked for the other."""
    is_own = cell.state != "other"
    row = a_template(cast, cast.second if is_own else cast.first, "propia" if is_own else "ajena")
    page, letters = f"{TEMPLATES}/{row.uuid}", LETTERS if is_own else LETTERS.replace("M", "").replace("T", "")
    wrong = misfits(cell, cast.request("GET", page, letters=letters))
    for letter in letters:
        for path, sent in (
            (f"{page}/text", {"text": row.text + f"# {letter}\n"}),
            (f"{page}/elements", {"act": "hide", "place": "4"}),
            (f"{page}/pictures", {"remove": "fondo.png"}),
        ):
            wrong += misfits(cell, cast.request("POST", path, {**sent, "revision": str(revision(cast, row))}, letters=letter))
        if letter in cell.allowed:
            cast.request("POST", f"{page}/text", {"text": "format: 1\n", "revision": str(revision(cast, row) - 1)}, letters=letter)
            wrong += [] if cast.browsers[letter].response.status_code == 409 else [f"{letter} {cell.key}: stale"]
    return wrong


@walks("template.publish own institution", "template.publish other")
def publish_template(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    is_own = cell.state != "other"
    row = a_template(cast, cast.second if is_own else cast.first, "por-publicar" if is_own else "por-publicar-ajena")
    page, letters = f"{TEMPLATES}/{row.uuid}", LETTERS if is_own else LETTERS.replace("M", "").replace("T", "")
    wrong: list[str] = []
    for letter in letters:
        with cast.instance.database.unit_of_work() as session:
            session.get_one(StoredTemplate, row.id).text += f"# {letter}\n"
        stale = {"note": "", "revision": str(revision(cast, row) - 1)}
        wrong += refused_to_all(cell, cast.request("POST", f"{page}/publishing", stale, letters=letter))
        wrong += misfits(cell, cast.request("POST", f"{page}/publishing", {**stale, "revision": str(revision(cast, row))}, letters=letter))
    return wrong + refused_to_all(cell, cast.request("GET", f"{page}/publishing", letters=letters))


def revision(cast: CertificateCast, row: StoredTemplate) -> int:
    """Return the present revision of a template."""
    with cast.instance.database.unit_of_work(write=False) as session:
        return session.get_one(StoredTemplate, row.id).revision


@walks("institution.edit own", "institution.edit other")
def edit_institution(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """M administers every institution, and T the other one: they are no measure there."""
    is_own = cell.state != "other"
    page = f"/administration/institutions/{(cast.second if is_own else cast.first).uuid}"
    letters = LETTERS if is_own else LETTERS.replace("M", "").replace("T", "")
    wrong = misfits(cell, cast.request("GET", page, letters=letters))
    names, colours = {"names_es": "Banco", "short_names_es": "Banco"}, {"brand_colour": "#0f4c63", "accent_colour": "#f5b53b"}
    for path, sent in (("names", names), ("colours", colours), ("logo/removal", {})):
        wrong += misfits(cell, cast.request("POST", f"{page}/{path}", sent, letters=letters))
    others = {"names": {"es": "De otra mano"}, "brand_colour": "#224466"}
    for letter, (path, sent) in ((letter, one) for letter in cell.allowed for one in (("names", names), ("colours", colours))):
        cast.request("POST", f"{page}/names", names, letters=letter)
        cast.request("POST", f"{page}/colours", colours, letters=letter)
        seen = seen_by(cast.browsers[letter], page, f"/{path}")
        with cast.instance.database.unit_of_work() as session:
            place = session.get_one(Organisation, cast.second.id)
            change_profile(session, SYSTEM, cast.instance.present_settings, others, institution=place, now=clock.now())
        cast.request("POST", f"{page}/{path}", {**sent, "seen": seen}, letters=letter)
        with cast.instance.database.unit_of_work(write=False) as session:
            row = find_profile(session, cast.second.id)
            kept = row is not None and (dict(row.names), row.brand_colour) == (others["names"], others["brand_colour"])
        wrong += [] if cast.browsers[letter].response.status_code == 409 and kept else [f"{letter} {cell.key}: stale {path}"]
    return wrong


def seen_by(browser: Browser, page: str, form: str) -> str:
    """Return what a page says that it showed in a form."""
    return dict(browser.get(page).form(form).fields)["seen"]


@walks("signatory.edit own institution")
def edit_signatory(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """Added, changed, seen with the original picture (I4), removed."""
    page, wrong = f"/administration/institutions/{cast.second.uuid}/signatories", list[str]()
    typed = {"name": "Rosa Paz", "office_es": "Gerente"}
    for letter in LETTERS:
        path = f"/administration/site/signatories/{one_who_signs(cast)}"
        wrong += misfits(cell, cast.request("POST", page, typed, letters=letter))
        for shown in (path, f"{path}/picture"):
            wrong += misfits(cell, cast.request("GET", shown, letters=letter))
        wrong += misfits(cell, cast.request("POST", path, typed, letters=letter))
        if letter in cell.allowed:
            seen = seen_by(cast.browsers[letter], path, path)
            cast.request("POST", path, {**typed, "office_es": "Otra"}, letters=letter)
            wrong += refused_to_all(cell, cast.request("POST", path, {**typed, "seen": seen}, letters=letter))
            wrong += [] if cast.browsers[letter].response.status_code == 409 else [f"{letter} {cell.key}: stale"]
        wrong += misfits(cell, cast.request("POST", f"{path}/removal", letters=letter))
    return wrong


def one_who_signs(cast: CertificateCast) -> UUID:
    """Let one person alone sign for the institution beside N, with a picture; return which row that is."""
    with cast.instance.database.unit_of_work() as session:
        session.execute(delete(InstitutionSignatory).where(InstitutionSignatory.email == ""))
        place, values = session.get_one(Organisation, cast.second.id), SignatoryValues("Rosa", {"es": "Gerente"}, None, None, b"\x89PNG")
        add_signatory(session, SYSTEM, cast.instance.present_settings, values, institution=place, now=clock.now())
        return session.scalars(select(InstitutionSignatory.uuid).where(InstitutionSignatory.email == "")).one()


@walks("transcript.view own", "transcript.view of a learner of the course", "transcript.view any of the institution")
def transcript(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """The team of a course has none of its learners; administrators have, and it stands in the log of who looked."""
    path = f"/administration/people/{cast.people['H'].uuid}/transcript"
    if cell.state == "own":
        return misfits(cell, cast.shown("/transcript", cast.code))
    if cell.state == "of a learner of the course":
        return misfits(cell, cast.request("GET", path, letters="ALGIONTX"))
    found = cast.request("GET", path, letters=LETTERS.replace("H", ""))
    with cast.instance.database.unit_of_work(write=False) as session:
        looked = [one for one in list_access_rows(session, cast.people["H"].id) if one.purpose == AccessPurpose.TRANSCRIPT]
    unlogged = [] if looked else [f"{cell.key}: not in the log"]
    return misfits(cell, found) + unlogged + refused_to_all(cell, cast.request("POST", path))


@walks("keys.read", "status.read")
def published(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    paths = {
        "keys.read": ("/.well-known/did.json", "/.well-known/certificate-keys.json", "/verify/keys"),
        "status.read": ("/status/1", "/status/1/replaced"),
    }
    return [
        fault
        for path in paths[cell.action]
        for fault in (*misfits(cell, cast.request("GET", path)), *refused_to_all(cell, cast.request("POST", path)))
    ]


@walks("keys.rotate")
def rotate(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    """On the server only: no page changes a key."""
    app: Flask = cast.browsers["A"].app
    posts = [rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and "key" in rule.endpoint]
    return [path for path in posts if "certificate" in path or "seal" in path] + refused_to_all(cell, cast.request("POST", "/verify/keys"))


@walks("review.decide own course", "review.decide own record")
def decide(cast: CertificateCast, cell: CertificateCell) -> list[str]:
    wrong: list[str] = []
    rows: Mapping[str, object] = cast.own if cell.state == "own record" else dict.fromkeys(LETTERS, cast.held)
    for letter, row in rows.items():
        for decision in ("keep", "replace"):
            cast.restore()
            cast.write(
                lambda session, found: reviews.open_review(session, SYSTEM, found, ReviewCause.ACCOUNTS_MERGED, now=clock.now()), row
            )  # type: ignore[arg-type]  # a certificate
            with cast.instance.database.unit_of_work() as session:
                path = f"/certificates/reviews/{session.scalars(select(CredentialReview.uuid)).one()}/decision"
            sent = {"decision": decision, "note": "Así consta."}
            wrong += misfits(cell, cast.request("POST", path, sent, letters=letter)) + refused_to_all(
                cell, cast.request("GET", path, letters=letter)
            )
            if letter in cell.allowed:  # it is decided by now
                wrong += refused_to_all(cell, cast.request("POST", path, sent, letters=letter))
                wrong += [] if cast.browsers[letter].response.status_code == 409 else [f"{letter} {cell.key}: stale"]
    return wrong
