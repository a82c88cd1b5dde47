"""Transcripts: everything a person completed, as page, sealed PDF and JSON, and their files judged.

spec/certificates R6, R7, R8.
"""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import pikepdf
import pypdfium2
import pytest
from PIL import ImageOps
from sqlalchemy import select, update

from accounts.models import Person
from accounts.privacy import AccessPurpose
from certificates.badges import trusted_keys
from certificates.bulk import SheetSealer
from certificates.keys import verifier_keys
from certificates.models import Credential, Transcript
from certificates.rules.badges import NotOurProfile, compact_json, signed_document
from certificates.rules.credentials import CredentialState
from certificates.rules.status_lists import StatusListContent, StatusPurpose, encoded_bits, status_list_document, status_list_quads
from certificates.rules.transcripts import (
    TranscriptContent,
    TranscriptRecord,
    read_stored,
    read_transcript,
    signed_transcript,
    stored_transcript,
    sums_of,
    transcript_document,
    verify_transcript,
)
from certificates.rules.verification import DocumentFault
from certificates.sealing import FileVerdict, SealState, judge_files, judge_seal, seal, seal_verifiers
from certificates.transcript_pdf import render_transcript
from certificates.transcripts import TranscriptOrder, TranscriptSealer, list_transcripts, make_transcript, sign_transcripts
from courses.models import Course
from enrolments import enrolment, learners
from kernel import clock
from kernel.audit import AuditEntry
from kernel.codes import printed_code
from kernel.crypto import rotate_signing_key
from kernel.files import files_of
from kernel.outbox import deliver_waiting
from kernel.pdf.document import PdfAttachment, PdfSealField
from kernel.permissions import SYSTEM, Actor
from kernel.personal import move_rows
from lms.access_log import list_access_rows
from lms.certificate_files import exit_code, reports_of
from lms.erasure import erase_person
from lms.instance import Instance
from lms.own_data import copy_of
from tests.support.access import a_cast, outcome
from tests.support.badges import METHOD, VECTOR_KEY
from tests.support.browser import Browser
from tests.support.builders import a_course, sign_in
from tests.support.certificates import NOON, a_certificate, complete, only_credential
from tests.support.learning import a_learner, actor_of, all_at_once, mark_done, pass_quiz
from tests.support.seals import GOLDEN_KEYS
from tests.support.transcripts import CONTENT, HELD, RECORD, golden_transcript
from tests.support.wording import in_spanish


def made_by(browser: Browser, **fields: str) -> str:
    """Make a transcript of one's own; return its code as printed."""
    browser.get("/transcript")
    browser.submit("/transcript", fields)
    return browser.page.text.split(in_spanish("The transcript has been made. Its code is %(code)s.").split("%")[0])[1][:19]


def a_holder(browser: Browser, instance: Instance) -> Person:
    """Let somebody complete a course with a certificate, and sign them in."""
    actor = complete(instance, a_course(instance, modules=1))
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work(write=False) as session:
        person = session.get_one(Person, actor.person_id)
    sign_in(browser, person.email)
    return person


def row_of(instance: Instance, code: str) -> Transcript:
    """Return a transcript."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Transcript).where(Transcript.code == code.replace("-", ""))).one()


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF."""
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


def test_only_hours_in_force_are_summed_by_institution_and_year() -> None:
    """spec/certificates R6 and R6a: by the institution as the certificate names it and the year of completion."""
    other = TranscriptRecord("b", 1, 1, "B", "SRI", 30, "", date(2025, 1, 1), False, HELD, CredentialState.VALID)
    expired = TranscriptRecord("c", 1, 1, "C", "IESS", 600, "", NOON.date(), False, HELD, CredentialState.EXPIRED)
    without = TranscriptRecord("d", 1, 1, "D", "IESS", 600, "", NOON.date(), False)
    again = TranscriptRecord("prueba", 3, 2, "Prueba", "IESS", 45, "", NOON.date(), True, HELD, CredentialState.VALID)

    found = [(one.institution, one.year, one.minutes) for one in sums_of([RECORD, other, expired, without, again])]
    assert found == [("IESS", 2026, 135), ("SRI", 2025, 30)]


def test_a_document_is_read_only_as_it_was_written() -> None:
    """spec/certificates R6a: a member more, another sum, another type or address is none of ours."""
    document = json.loads(json.dumps(transcript_document(CONTENT)))
    assert read_transcript(document) == CONTENT
    assert read_stored(stored_transcript(CONTENT).decode(), CONTENT.address) == CONTENT

    wrong = [
        {**document, "more": 1},
        {**document, "totals": [{**document["totals"][0], "minutes": 900}]},
        {**document, "records": []},
        {**document, "type": "Badge"},
        {**document, "issuer": "did:web:other.example"},
        {**document, "records": [{**document["records"][0], "take": True}]},
        {**document, "id": "https://aulario.example/v/<script>"},
        {**document, "in_progress": []},
        [document],
    ]
    for one in wrong:
        with pytest.raises(NotOurProfile):
            read_transcript(one)


def test_each_text_and_number_of_a_summary_is_signed(instance: Instance) -> None:
    """spec/certificates R7, attack 1: one changed member is found."""
    keys, content = instance.keys, replace(CONTENT, person_name="Ana")
    trusted = trusted_keys(keys, ["https://aulario.example"])
    document = signed_transcript(content, f"did:web:aulario.example#{keys.identifier}", content.made_at, keys.sign_raw)
    text = json.dumps(document)
    found = verify_transcript(text.encode(), trusted)

    assert found is not None
    assert found.transcript == content
    changes = {'"Ana"': '"Eva"', '"minutes": 90': '"minutes": 91', "8TRA": "8TRB", '"valid"': '"expired"', '"done": 1': '"done": 2'}
    for before, after in changes.items():
        assert before in text
        changed = verify_transcript(text.replace(before, after).encode(), trusted)
        assert changed is not None
        assert changed.transcript is None
        assert changed.fault in (DocumentFault.BAD_SIGNATURE, DocumentFault.NOT_OUR_PROFILE)
    assert verify_transcript(b'{"type": "Other"}', trusted) is None
    twice = verify_transcript(text.replace('"Ana"', '"Ana", "person": "Eva"').encode(), trusted)
    assert twice is not None
    assert twice.fault is DocumentFault.AMBIGUOUS


def enrol_in(instance: Instance, actor: Actor, course: Course) -> None:
    """Enrol somebody in a further course."""
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, actor, learners.get_learner_context(session, actor, course.slug), now=NOON)


def test_the_page_lists_what_was_completed_with_and_without_certificate(browser: Browser, instance: Instance) -> None:
    """spec/certificates R6 and R6a: with and without certificate; what is open is in it only where the person ticks it."""
    actor = actor_of(a_holder(browser, instance))
    code = printed_code(only_credential(instance).code)
    plain, open_one = (a_course(instance, key, modules=1, certificate=gives) for key, gives in (("sin", "none"), ("abierto", "none")))
    for course in (plain, open_one):
        enrol_in(instance, actor, course)
    mark_done(instance, actor, "sin", "leccion-1", now=NOON)
    pass_quiz(instance, actor, "sin", now=NOON)
    deliver_waiting(instance.worker, now=clock.now())

    page = browser.get("/transcript").text
    assert code in page
    assert in_spanish("No certificate") in page
    assert in_spanish("Hours with a valid certificate") in page
    assert in_spanish("Courses in progress, not completed") not in page
    without = content_of(instance, made_by(browser))
    assert [one.course for one in without.records] == ["sin", "prueba"]
    assert without.open_courses == ()
    assert [one.total for one in content_of(instance, made_by(browser, has_open_courses="y")).open_courses] == [2]


def content_of(instance: Instance, code: str) -> TranscriptContent:
    """Return what a transcript says."""
    return read_stored(row_of(instance, code).content, "")


def test_who_completed_nothing_makes_none(browser: Browser, instance: Instance) -> None:
    """An empty page says so, and there is nothing to make."""
    a_learner(instance, a_course(instance, modules=1))
    sign_in(browser, "ana@example.org")
    assert in_spanish("Nothing completed yet") in browser.get("/transcript").text
    browser.post("/transcript", status=409)


def test_a_second_click_makes_no_second_transcript(browser: Browser, instance: Instance) -> None:
    """The number of the form stands for one transcript."""
    a_holder(browser, instance)
    browser.get("/transcript")
    form = browser.page.form("/transcript")
    for _click in range(2):
        browser.submit("/transcript", form=form)
    with instance.database.unit_of_work(write=False) as session:
        assert len(session.scalars(select(Transcript)).all()) == 1
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.subject_kind == Transcript.__tablename__)).all()
    assert verbs == ["transcript.made"]


def test_clicks_at_the_same_moment_make_one_transcript(browser: Browser, instance: Instance) -> None:
    """Each of them gets it; none is told that something changed meanwhile."""
    actor, order = actor_of(a_holder(browser, instance)), TranscriptOrder("es", uuid4())

    def make(_place: int) -> str:
        with instance.database.unit_of_work() as session:
            person = session.get_one(Person, actor.person_id)
            return make_transcript(session, actor, person, order, instance.settings, instance.keys, now=clock.now()).code

    codes = all_at_once(8, make)

    with instance.database.unit_of_work(write=False) as session:
        assert set(codes) == set(session.scalars(select(Transcript.code)))
    assert len(set(codes)) == 1


def test_the_pdf_is_sealed_tagged_and_the_same_each_time(browser: Browser, instance: Instance) -> None:
    """spec/certificates R6, R6a: sealed like a certificate, its own code, the signed summary in it, equal bytes."""
    person = a_holder(browser, instance)
    code = made_by(browser)
    browser._request("GET", f"/transcripts/{code}.pdf")
    pdf, tag = browser.response.get_data(), browser.response.headers["ETag"]
    browser._request("GET", f"/transcripts/{code}.pdf")

    assert browser.response.get_data() == pdf
    assert browser.response.headers["ETag"] == tag
    assert f"record-academico-{code}.pdf" in browser.response.headers["Content-Disposition"]
    assert judge_seal(pdf, seal_verifiers(instance.seal_keys.trusted)) is SealState.GENUINE
    text = text_of(pdf)
    assert person.full_name in text
    assert code in text
    assert printed_code(only_credential(instance).code) in text
    opened = pikepdf.open(BytesIO(pdf))
    assert opened.Root.MarkInfo.Marked
    [name] = opened.attachments
    summary = opened.attachments[name].get_file().read_bytes()
    found = verify_transcript(summary, trusted_keys(instance.keys, [json.loads(summary)["id"].partition("/v/")[0]]))
    assert found is not None
    assert found.transcript is not None
    assert found.transcript.code == code


def test_a_long_transcript_goes_over_pages_and_loses_nothing() -> None:
    """Each record stands on a page, the headings again on each, nothing outside the margin."""
    records = tuple(
        replace(RECORD, title=f"Curso {number} de seguridad social y prestaciones para servidores públicos", version=number)
        for number in range(1, 61)
    )
    pdf = render_transcript(replace(CONTENT, records=records))
    pages = pypdfium2.PdfDocument(pdf)

    assert len(pages) > 3
    text = " ".join(text_of(pdf).split())
    assert all(f"Curso {number} de" in text for number in range(1, 61))
    for page in pages:
        picture = page.render(scale=1).to_pil().convert("L")
        left, top, right, _bottom = ImageOps.invert(picture).getbbox()
        assert top > 40
        assert left > 45
        assert right < picture.width - 45


def test_the_json_holds_a_summary_and_the_badges(browser: Browser, instance: Instance) -> None:
    """spec/certificates R6 and R6a: an array of badges and one signed summary; a foreign badge or a changed one makes it none of ours."""
    a_holder(browser, instance)
    browser._request("GET", f"/transcripts/{made_by(browser)}.json")
    content = browser.response.get_data()
    document = json.loads(content)
    trusted = trusted_keys(instance.keys, [document["summary"]["id"].partition("/v/")[0]])
    found = verify_transcript(content, trusted)

    assert found is not None
    assert found.transcript is not None
    [badge] = document["badges"]
    assert badge["id"].endswith(found.transcript.records[0].certificate.code)
    forged = {**document, "badges": [{**badge, "name": "Otro"}]}
    judged = verify_transcript(json.dumps(forged).encode(), trusted)
    assert judged is not None
    assert judged.fault is DocumentFault.NOT_OUR_PROFILE
    foreign = {**document, "badges": [], "summary": {**document["summary"], "person": "Eva"}}
    judged = verify_transcript(json.dumps(foreign).encode(), trusted)
    assert judged is not None
    assert judged.fault is DocumentFault.BAD_SIGNATURE


def test_a_code_verifies_as_of_its_day_with_the_state_of_today(browser: Browser, instance: Instance) -> None:
    """spec/certificates R7: what was true then, and what is true now beside it, for everybody."""
    a_holder(browser, instance)
    code = made_by(browser)
    stranger = Browser(browser.client.application, instance)
    page = stranger.get(f"/verify/{code}").text
    assert "Ana Quinde" in page
    assert in_spanish("Revoked") not in page

    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(revoked_at=clock.now(), revoked_reason="Por error.", revoked_class="irregularity"))
    page = stranger.get(f"/v/{code}").text
    assert in_spanish("Valid") in page
    assert in_spanish("Revoked") in page
    assert "Por error." not in page
    stranger.get(f"/verify/{code[:-1]}{'0' if code[-1] != '0' else '1'}", status=404)


def test_what_somebody_changed_in_the_database_is_not_shown(browser: Browser, instance: Instance) -> None:
    """A stored transcript whose signature does not hold is not confirmed."""
    a_holder(browser, instance)
    code = made_by(browser)
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(Transcript)).one()
        row.content = row.content.replace("Quinde", "Otra")
    page = browser.get(f"/verify/{code}").text
    assert in_spanish("It could not be confirmed") in page
    assert "Otra" not in page


def test_a_forgotten_persons_transcript_was_issued_and_says_no_more(browser: Browser, instance: Instance) -> None:
    """spec/certificates R6a and R8: the code is known, nothing in the database names the person."""
    person = a_holder(browser, instance)
    code = made_by(browser)
    with instance.database.unit_of_work() as session:
        erase_person(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())

    stranger = Browser(browser.client.application, instance)
    page = stranger.get(f"/verify/{code}").text
    assert in_spanish("Issued; the person's data were deleted at their request") in page
    assert "Quinde" not in page
    assert row_of(instance, code).content == ""


def test_the_copy_of_ones_data_holds_the_transcripts(browser: Browser, instance: Instance) -> None:
    """spec/security 7.3."""
    person = a_holder(browser, instance)
    code = made_by(browser).replace("-", "")
    with instance.database.unit_of_work(write=False) as session:
        sealer = SheetSealer("https://aulario.example", instance.keys, instance.seal_keys)
        copy = copy_of(session, person.id, files_of(instance.settings), sealer, now=clock.now())
        assert copy[f"transcripts/{code}.pdf"].startswith(b"%PDF-")
        assert code in copy["csv/transcripts.csv"].decode("utf-8-sig")


def test_a_compromised_keys_transcripts_are_signed_anew(browser: Browser, instance: Instance) -> None:
    """spec/certificates K4: what the register knows; what had been changed before is named and left."""
    a_holder(browser, instance)
    sound, changed = made_by(browser), made_by(browser)
    before = instance.keys.identifier
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(Transcript).where(Transcript.code == changed.replace("-", ""))).one()
        row.content = row.content.replace("Quinde", "Otra")
    keys = rotate_signing_key(instance.settings.data_dir)
    with instance.database.unit_of_work() as session:
        assert sign_transcripts(session, before, keys) == (1, (changed.replace("-", ""),))
    assert row_of(instance, sound).key_id == keys.identifier


def test_every_cell_of_transcripts(browser: Browser, instance: Instance) -> None:
    """spec/certificates 11: one's own; of a learner of the course nobody, not the team; administrators, and it is logged."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    other = a_learner(instance, course, "otra@example.org")
    for learner in (actor_of(cast.people["E"]), other):
        mark_done(instance, learner, "prueba", "leccion-1")
        pass_quiz(instance, learner, "prueba")
    browser.deliver_jobs()
    with instance.database.unit_of_work() as session:
        order = TranscriptOrder("es", uuid4())
        of_other = make_transcript(
            session, other, session.get_one(Person, other.person_id), order, instance.settings, instance.keys, now=clock.now()
        )
        code = printed_code(of_other.code)
        person = session.get_one(Person, other.person_id).uuid

    wrong = cast.check("transcript.make", "own", cast.outcomes("/transcript"))
    wrong += cast.check("transcript.view", "of_another_learner", cast.outcomes(f"/administration/people/{person}/transcript"))
    outcome(cast.browsers["E"], "/transcript", "POST")
    for end in ("pdf", "json"):
        wrong += cast.check("transcript.download", "of_another_learner", cast.outcomes(f"/transcripts/{code}.{end}"))
        wrong += cast.check("transcript.download", "own_made", cast.own("/transcript", rf"/transcripts/[0-9A-Z-]+\.{end}"))

    assert wrong == []
    with instance.database.unit_of_work(write=False) as session:
        [looked] = [one for one in list_access_rows(session, other.person_id) if one.purpose == AccessPurpose.TRANSCRIPT]
    assert looked.role == "administrator"


def test_transcripts_follow_a_merged_account(instance: Instance) -> None:
    """What an account that is closed had made becomes the other's."""
    giver = complete(instance, a_course(instance, modules=1))
    taker = a_learner(instance, a_course(instance, "otro", modules=1), "otra@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work() as session:
        person = session.get_one(Person, giver.person_id)
        make_transcript(session, giver, person, TranscriptOrder("en", uuid4()), instance.settings, instance.keys, now=clock.now())
        move_rows(session, giver.person_id or 0, taker.person_id or 0)
        assert len(list_transcripts(session, taker.person_id)) == 1


SITE = "https://aulario.example"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.slow
def test_a_file_is_judged_by_its_seal_and_its_summary(browser: Browser, instance: Instance) -> None:
    """spec/certificates R7, V3: PDF and JSON on the page for files, with the states of that day and of today."""
    a_certificate(instance)
    sign_in(browser, "ana@example.org")
    browser.get("/transcript")
    browser.submit("/transcript", {})
    address = next(found[0] for found in [re.search(r"/transcripts/[0-9A-Z-]+\.pdf", browser.page.html)] if found)
    files = {end: _file_of(browser, address.replace(".pdf", f".{end}")) for end in ("pdf", "json")}
    browser.get("/verify")
    page = _verified(browser, files)
    assert page.count(in_spanish("Genuine as of %(day)s, and nothing has changed since").split("%")[0].strip()) == 2

    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(revoked_at=clock.now(), revoked_reason="Por error.", revoked_class="irregularity"))
    assert in_spanish("Revoked") in _verified(browser, files)
    altered = {"pdf": files["pdf"] + b"\n", "json": files["json"].replace(b"Quinde", b"Quinda")}
    page = _verified(browser, altered)
    assert page.count(in_spanish("Altered or not issued here")) == 2
    assert in_spanish("Completed courses") not in page


def _file_of(browser: Browser, path: str) -> bytes:
    browser._request("GET", path)
    content: bytes = browser.response.get_data()
    return content


def _verified(browser: Browser, files: dict[str, bytes]) -> str:
    form = next(form for form in browser.page.forms if form.method == "post" and form.action.startswith("/verify"))
    token = {"csrf_token": dict(form.fields)["csrf_token"]}
    data = {**token, "files": [(BytesIO(content), f"expediente.{end}") for end, content in files.items()]}
    browser._request("POST", "/verify", data=data, content_type="multipart/form-data")
    return browser._arrive(200).text


def test_the_sheet_of_one_with_the_summary_of_another_is_found(instance: Instance) -> None:
    """spec/certificates V3 a, d: another code in the metadata; a summary on a sheet without a seal."""
    sealer = TranscriptSealer(SITE, instance.keys, instance.seal_keys)
    attachment = PdfAttachment("transcript.json", "application/json", compact_json(sealer.summary(CONTENT)))
    keys = verifier_keys(instance.keys, instance.seal_keys, [SITE])
    own, other = (
        seal(
            render_transcript(replace(CONTENT, code=code), attachment, PdfSealField("IESS", clock.now(), "Sello")),
            instance.seal_keys.current,
            instance.seal_keys.authority,
        )
        for code in (CONTENT.code, "ZZZZ-1111-2222-3333")
    )
    unsealed = render_transcript(CONTENT, attachment)

    found = judge_files([("a", own), ("b", other), ("c", unsealed)], keys)
    assert [one.verdict for one in found] == [FileVerdict.GENUINE, FileVerdict.ALTERED, FileVerdict.UNSEALED]
    assert [one.transcript for one in found] == [CONTENT, None, CONTENT]


def a_list(places: tuple[int, ...], purpose: StatusPurpose = StatusPurpose.REVOCATION) -> tuple[str, bytes]:
    """Return a status list of the golden key in which these places are set."""
    content = StatusListContent(
        address=f"{SITE}/status/1{'' if purpose is StatusPurpose.REVOCATION else '/replaced'}",
        issuer="did:web:aulario.example",
        encoded=encoded_bits(places, 131_072),
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=29),
        purpose=purpose,
    )
    document = signed_document(status_list_document(content), status_list_quads(content), METHOD, content.valid_from, VECTOR_KEY.sign)
    return ("list.json", compact_json(document))


@pytest.mark.parametrize(
    ("lists", "state", "code"),
    [
        ([], "unknown", 3),
        ([a_list(())], "in_force", 0),
        ([a_list((4711,))], "revoked", 2),
        ([a_list((4711,)), a_list((4711,), StatusPurpose.REFRESH)], "replaced", 2),
    ],
    ids=["without a list", "in force", "revoked", "replaced"],
)
def test_the_command_says_of_each_record_what_a_list_says(lists: list[tuple[str, bytes]], state: str, code: int) -> None:
    """spec/certificates R7: the state of that day, and beside it that of the list."""
    [report] = reports_of([("a.json", golden_transcript())], lists, GOLDEN_KEYS, now=NOW)

    assert (report.verdict, report.state, exit_code([report])) == ("genuine", state, code)
    assert report.records == ({"code": "7K4M-92XD-C3QF-8TRA", "title": "Prueba", "then": "valid", "now": state},)


def test_the_last_day_of_a_certificate_counts_without_a_list() -> None:
    """What has expired since is known by its own day."""
    record = CONTENT.records[0]
    assert record.certificate is not None
    held = replace(record.certificate, expires_on=date(2026, 11, 5))
    ending = replace(CONTENT, records=(replace(record, certificate=held),))
    states = []
    for moment in (
        datetime(2026, 11, 5, 23, 30, tzinfo=UTC),
        datetime(2026, 11, 6, 0, 30, tzinfo=UTC),
        datetime(2026, 11, 6, 5, 0, tzinfo=UTC),
    ):
        [report] = reports_of([("a.json", golden_transcript(ending))], [], GOLDEN_KEYS, now=moment)
        states.append((report.state, exit_code([report])))
    assert states == [("unknown", 3), ("unknown", 3), ("expired", 2)]
