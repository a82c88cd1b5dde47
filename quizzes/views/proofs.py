"""Proofs of attempts: as a page and as a PDF for who may have them, and verified by everybody who has a code (spec/selection 10)."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO

from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from accounts import privacy
from accounts.people import get_person
from accounts.privacy import AccessPurpose
from kernel import clock
from kernel.codes import printed_code, read_code
from kernel.errors import require_found
from kernel.i18n import _, choose, language, number, reading
from kernel.pdf.pen import qr_runs
from kernel.permissions import Actor
from kernel.pictures import printable
from kernel.web import after_response
from kernel.web.file_responses import send_generated
from kernel.web.forms import FileDigestForm
from kernel.web.instance_keys import current_keys
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import (
    Answer,
    current_actor,
    current_session,
    current_settings,
    file_store,
    page,
    public,
    release_connection,
    requires,
    site_address,
)
from quizzes import attempts, proofs
from quizzes.access import QuizAction
from quizzes.attempt_page import AttemptView, flags_in_term, flags_of, open_attempt
from quizzes.attempts import LoadedAttempt
from quizzes.marks import current_events
from quizzes.models import AttemptProof
from quizzes.proofs import ProofVerdict, SignedProof
from quizzes.rules.proofs import CODE_LENGTH, read_statement
from quizzes.rules.settings import Reader
from quizzes.views import proof_documents

bp = Blueprint("quizzes_proofs", __name__)

LOOK_UPS = limit("verify", "60 per minute")
COMPARISONS = limit("verify_files", "20 per minute")
DRAWN = limit("proofs", "30 per hour")
MOST_BYTES = 64_000_000
_PICTURE = re.compile(r'<img [^>]*src="(/courses/[^/"]+/files/([0-9a-f]{64})/[^"]+)"')


@bp.get("/attempts/<uuid:attempt>/proof")
@requires(QuizAction.PROOF, attempts.get_attempt)
def proof(subject: LoadedAttempt) -> Answer:
    """Show the proof of an attempt as a page that can be printed."""
    with reading(language()):
        opened = open_attempt(current_session(), subject)
        proof, signed = _signed_proof(opened)
        _keep(subject, signed)
        address = _address(signed)
        side, runs = qr_runs(address)
        return page(
            "quizzes/proof.html",
            **opened.activity_header,
            attempt=subject.uuid,
            proof=proof,
            facts=proof_documents.fact_lines(proof),
            sections=proof_documents.section_lines_of_proof(proof),
            incidents=[proof_documents.incident_words(given) for given in proof.incidents],
            questions=[proof_documents.printed_question(question) for question in proof.questions],
            code=printed_code(signed.code),
            signed=signed,
            address=address,
            qr_side=side,
            qr_path="".join(f"M{column} {row}h{length}v1h-{length}z" for column, row, length in runs),
        )


@bp.get("/attempts/<uuid:attempt>/proof.pdf")
@requires(QuizAction.PROOF, attempts.get_attempt)
def pdf(subject: LoadedAttempt) -> Response:
    """Send the proof of an attempt as a PDF; the digest of the file is kept."""
    limiter().use(DRAWN, str(current_actor().person_id))
    with reading(language()):
        opened = open_attempt(current_session(), subject)
        proof, signed = _signed_proof(opened)
        address, types = _address(signed), _picture_types(opened, proof)
        name = _("proof-%(code)s.pdf", code=printed_code(signed.code))
        release_connection()
        content = proof_documents.render_proof(proof, signed, address, _pictures(types))
    _keep(subject, signed, hashlib.sha256(content).hexdigest())
    return send_generated(BytesIO(content), "application/pdf", name)


def _signed_proof(opened: AttemptView) -> tuple[proof_documents.AttemptProofView, SignedProof]:
    """Return the proof at this moment, as its learner sees it, whoever asks; and its signature."""
    session, loaded, now = current_session(), opened.loaded, clock.now()
    flags = flags_of(loaded, Reader.LEARNER, attempts.history_of(session, loaded), now=now)
    flags = flags_in_term(session, loaded, flags, now=now)
    person, institution = get_person(session, loaded.person_id).full_name, choose(current_settings().names)
    events = current_events(session, [item.id for item in loaded.items])
    proof = proof_documents.proof_view(session, opened, flags, events, person=person, institution=institution)
    marks = proofs.marks_of(loaded, events)
    return proof, proofs.sign_proof(
        session,
        loaded,
        current_keys(),
        quiz=opened.outline.by_key[loaded.snapshot.activity_key].title,
        course=opened.outline.title,
        document=proof.digest(marks),
        marks=marks.digest(with_marks=proof.shows_marks),
        shows_marks=proof.shows_marks,
    )


def _keep(subject: LoadedAttempt, signed: SignedProof, file: str = "") -> None:
    """Keep what was given out, and that somebody else than its learner looked at it."""
    actor, now, attempt_id, owner = current_actor(), clock.now(), subject.id, subject.person_id
    if file or not signed.is_kept:
        after_response.leave_record(lambda session: proofs.keep_proof(session, actor, attempt_id, signed, file, now=now))
    if owner != actor.person_id:
        after_response.leave_record(lambda session: privacy.record_access(session, actor, owner, AccessPurpose.ANSWERS, now=now))


def _address(signed: SignedProof) -> str:
    return site_address() + url_for("quizzes_proofs.verify", code=printed_code(signed.code))


def _picture_types(opened: AttemptView, proof: proof_documents.AttemptProofView) -> dict[str, str]:
    """Return the digests of the pictures that the questions show, by their addresses, as far as they are files of the version."""
    texts = json.dumps(asdict(proof), default=str)
    digests = dict(_PICTURE.findall(texts.replace('\\"', '"')))
    known = proofs.list_pictures(current_session(), opened.outline.version_id, set(digests.values()))
    return {address: digest for address, digest in digests.items() if digest in known}


def _pictures(digests: Mapping[str, str]) -> proof_documents.Pictures:
    """Return the pictures as paper takes them; one that cannot be printed is left to its words."""
    read = {address: printable(file_store().read(digest)) for address, digest in digests.items()}
    return {address: picture for address, picture in read.items() if picture is not None}


def _get_proof(session: Session, _actor: Actor, code: str) -> AttemptProof:
    """Return the proof with a code; raise NotFound."""
    return require_found(proofs.find_by_code(session, code))


def find_page(session: Session, code: str) -> str | None:
    """Return the address of the public page of a proof with a code."""
    return _page_of(proofs.find_by_code(session, code))


def find_page_of_file(session: Session, sha256: str) -> str | None:
    """Return the address of the public page of the proof that was given out as a file with this digest."""
    return _page_of(proofs.find_by_file(session, sha256), file=sha256)


def _page_of(row: AttemptProof | None, file: str | None = None) -> str | None:
    return None if row is None else url_for("quizzes_proofs.verify", code=printed_code(row.code), file=file)


@bp.get("/proofs/<code>")
@public("everybody may check a code: attempt.verify_proof")
def verify(code: str) -> Answer:
    """Return whether a proof is genuine, of which attempt it is, and whether a mark was changed since; nothing else."""
    limiter().use(LOOK_UPS, client_key())
    row = proofs.find_by_code(current_session(), code)
    if row is None:
        stored = read_code(code, CODE_LENGTH)
        return page("quizzes/verify_proof.html", verdict="", code=printed_code(stored) if stored else code[:40]), 404
    return _verify_page(row, FileDigestForm(formdata=None), _compared(row, request.args.get("file", "")))


@bp.post("/proofs/<code>/file")
@requires(QuizAction.VERIFY_PROOF, _get_proof, body_limit=MOST_BYTES)
def compare_file(row: AttemptProof) -> Answer:
    """Return whether a file, or the one whose digest was typed, is this proof byte for byte; it is not kept."""
    limiter().use(COMPARISONS, client_key())
    form = FileDigestForm()
    sha256 = form.sha256() if form.validate_on_submit() else ""
    if not sha256:
        return _verify_page(row, form), 422
    return _verify_page(row, FileDigestForm(formdata=None), _compared(row, sha256))


def _compared(row: AttemptProof, sha256: str) -> str:
    return "" if not sha256 else "same" if proofs.holds_file(current_session(), row.id, sha256) else "different"


def _verify_page(row: AttemptProof, form: FileDigestForm, file: str = "") -> Response:
    session, verdict = current_session(), proofs.judge_proof(row, current_keys())
    facts = None if verdict is ProofVerdict.ALTERED else read_statement(row.statement)
    with reading(language()):
        return page(
            "quizzes/verify_proof.html",
            code=printed_code(row.code),
            verdict=verdict.value,
            facts=facts and {"quiz": choose(facts.quiz), "number": number(facts.number), "ended_at": facts.ended_at},
            is_changed=facts is not None and proofs.is_changed(session, row.attempt_id, facts),
            form=form,
            file=file,
            checked_at=clock.now(),
        )
