"""The copy of one's own data (spec/security 7.3): what it holds of each package; and the pages that send it, and delete an account."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from itertools import chain
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, flash
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import notices, people, privacy, signin
from accounts.access import AccountAction
from accounts.entering import is_proven
from accounts.entry import has_password
from accounts.forms import DeletionForm
from accounts.models import Person
from accounts.privacy import AccessPurpose, PeopleListKind, PrivacyVerb
from certificates import credentials, transcripts
from certificates.bulk import SheetSealer
from certificates.certificate_page import get_sheet
from certificates.transcripts import TranscriptSealer
from communities import members
from compliance import evidence
from kernel import audit, clock
from kernel.archives import write_archive
from kernel.audit import AuditEntry
from kernel.errors import N_, Conflict
from kernel.files import FileStore
from kernel.i18n import LANGUAGES, _, choose, language
from kernel.outbox import Delivery
from kernel.own_records import is_own
from kernel.permissions import SYSTEM, Actor
from kernel.personal import OWN_DATA, OWN_FILES, OWN_RESULTS
from kernel.tables import on_disk, write_csv
from kernel.web.file_responses import send_generated
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.limits import limit, limiter
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    page,
    release_connection,
    requires,
    see_page,
)
from lms import access_log, erasure
from organisations.institutions import INSTITUTION_ROLE

bp = Blueprint("lms_own_data", __name__, url_prefix="/profile/data")

COPIES = limit("copy-of-data", "10 per hour")
PURPOSES = {
    AccessPurpose.RECORD.value: N_("Your account and your courses"),
    AccessPurpose.PROGRESS.value: N_("Your progress in a course"),
    AccessPurpose.ANSWERS.value: N_("Your answers"),
    AccessPurpose.EVIDENCE.value: N_("A waiver or recognition of yours"),
    AccessPurpose.COPY.value: N_("A copy of everything"),
    AccessPurpose.FOUND.value: N_("A search for people to enrol"),
    AccessPurpose.GROUP.value: N_("Your group in a course"),
    AccessPurpose.TRAINING.value: N_("Your compulsory training"),
    AccessPurpose.TRANSCRIPT.value: N_("Your transcript"),
    PeopleListKind.PEOPLE.value: N_("The list of all people"),
    PeopleListKind.UNIT.value: N_("The list of people in a unit"),
    PeopleListKind.LEARNERS.value: N_("The list of learners in a course"),
    PeopleListKind.GRADEBOOK.value: N_("The gradebook of a course"),
    PeopleListKind.ATTEMPTS.value: N_("The attempts at a quiz in a course"),
    PeopleListKind.MARKING.value: N_("The answers in a course that are marked manually"),
    PeopleListKind.AUDIENCE.value: N_("A list or an audience of people"),
    PeopleListKind.TRAINING.value: N_("The report of compulsory training of a unit"),
    PeopleListKind.CERTIFICATES.value: N_("The register of certificates"),
    PeopleListKind.ACTA.value: N_("The acta of a selection"),
    access_log.FILE: N_("A list downloaded as a file"),
}
ROLES = {
    "administrator": N_("Administration"),
    INSTITUTION_ROLE: N_("Administration of the institution"),
    "team": N_("Course team"),
    "manager": N_("Manager of your unit"),
    "training_officer": N_("Training officer"),
    "auditor": N_("Auditor of compulsory training"),
    "jury": N_("Jury"),
    "reader": N_("Reader"),
}
DELETIONS_EVERY = 3_600
ONLY_THEIRS = ("personal_notes", "reminders")
"""Tables of the copy with what people wrote for themselves: their pages say that nobody else sees it."""


def tables_of(session: Session, person_id: int, *, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return everything that is kept of a person, by table."""
    given = [give(person_id) for give in OWN_DATA.of(session)]
    given.append({"what_you_did": select(AuditEntry.at, AuditEntry.verb, AuditEntry.address).where(AuditEntry.actor_id == person_id)})
    scope = notices.only_in_scope(session)
    results = [work_out(session, person_id, now=now) for work_out in OWN_RESULTS.of(session)]
    return {
        **{
            name: [dict(row) for row in session.execute(statement.options(scope)).mappings()]
            for tables in given
            for name, statement in tables.items()
        },
        **{name: rows for tables in results for name, rows in tables.items()},
        "who_looked": [
            {"at": row.at, "by": row.by, "role": row.role, "purpose": row.purpose, "where": row.where}
            for row in access_log.list_access_rows(session, person_id, most=None)
        ],
    }


class PersonalDataExport(Mapping[str, bytes]):
    """The files of an export by path. Submitted files are read one by one: memory holds only one at a time."""

    def __init__(self, drawn: Mapping[str, bytes], handed_in: Mapping[str, str], files: FileStore) -> None:
        self._drawn, self._handed_in, self._files = drawn, handed_in, files

    def __getitem__(self, path: str) -> bytes:
        return self._drawn[path] if path in self._drawn else self._files.read(self._handed_in[path])

    def __iter__(self) -> Iterator[str]:
        return chain(self._drawn, self._handed_in)

    def __len__(self) -> int:
        return len(self._drawn) + len(self._handed_in)


def copy_of(
    session: Session, person_id: int, files: FileStore, sealer: SheetSealer, *, for_another: bool = False, now: datetime
) -> PersonalDataExport:
    """Return the export: one JSON file with everything, CSV files of what has rows, certificates, transcripts, and the submitted files.

    It includes the data of accounts that were merged into the person's: they are theirs. With `for_another`, an administrator gets it, who
    sees neither what people wrote for themselves, nor reasons of health, nor objections that wait for a decision: that is made without
    names.
    """
    tables: dict[str, list[dict[str, Any]]] = {}
    drawn, handed_in = dict[str, bytes](), dict[str, str]()
    for account in people.accounts_of(session, people.get_person(session, person_id)):
        for name, rows in tables_of(session, account.id, now=now).items():
            tables.setdefault(name, []).extend(rows)
        for row in credentials.list_of(session, account.id):
            if row.revoked_at is not None or row.replaced_at is not None or row.replaced_by_id is not None:
                continue  # what has ended is not handed out again: the table of certificates tells of it
            drawn[f"certificates/{row.code}.pdf"] = sealer.sealed(row, get_sheet(session, row, sealer.address, language()))
        for made in transcripts.list_transcripts(session, account.id):
            drawn[f"transcripts/{made.code}.pdf"] = TranscriptSealer(sealer.address, sealer.keys, sealer.seals).sealed(made)
        listed = [file for give in OWN_FILES.of(session) for file in give(session, account.id)]
        handed_in |= {path: sha256 for path, sha256 in listed if files.holds(sha256)}
    if for_another:
        for own in ONLY_THEIRS:
            tables.pop(own)
        tables["waivers"] = [dict(evidence.without_medical(row)) for row in tables["waivers"]]
        tables["objections"] = [row for row in tables["objections"] if row["told_at"] is not None or row["withdrawn_at"] is not None]
    drawn["data.json"] = json.dumps(tables, ensure_ascii=False, indent=1, default=str).encode()
    drawn |= {f"csv/{name}.csv": _csv(rows) for name, rows in tables.items() if rows}
    return PersonalDataExport(drawn, handed_in, files)


def _csv(rows: list[dict[str, Any]]) -> bytes:
    target = BytesIO()
    write_csv(
        target,
        list(rows[0]),
        [[_csv_cell(cell) for cell in row.values()] for row in rows],
        separator=",",
    )
    return target.getvalue()


def _csv_cell(cell: object) -> str | None:
    """Return a value as a cell: a text by language in the reader's; other mappings, lists and booleans as data.json has them."""
    if isinstance(cell, Mapping) and cell and cell.keys() <= {*LANGUAGES} and all(isinstance(text, str) for text in cell.values()):
        return choose(cell)
    if isinstance(cell, bool | Mapping | list | tuple):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return None if cell is None else str(cell)


@bp.get("")
@requires(AccountAction.EDIT_PROFILE)
def overview() -> Answer:
    """Show what one may do with one's data, and who looked at them."""
    session, person_id = current_session(), current_actor().person_id or 0
    request_ = privacy.find_request(session, person_id)
    views = [
        {
            "at": row.at,
            "by": row.by,
            "role": _(ROLES[row.role]) if row.role in ROLES else "",
            "purpose": _(PURPOSES.get(row.purpose, PURPOSES["record"])),
            "where": row.where,
        }
        for row in access_log.list_access_rows(session, person_id)
    ]
    return page("lms/own_data.html", views=views, due_at=request_.due_at if request_ else None)


@bp.post("/copy")
@requires(AccountAction.EDIT_PROFILE, reads_first=True)
def copy() -> Answer:
    """Send everything that is kept of the reader, as a ZIP file. It is drawn before anything is written."""
    return _copy(current_actor().person_id or 0)


def _person(session: Session, _actor: Actor, person: UUID) -> Person:
    return people.get_person_by_uuid(session, person)


@bp.post("/of/<uuid:person>")
@requires(AccountAction.MANAGE_PEOPLE, _person, reads_first=True)
def copy_of_another(subject: Person) -> Answer:
    """Send an administrator the data of a person who cannot sign in; the person sees that they were exported."""
    return _copy(subject.id)


def _copy(person_id: int) -> Response:
    actor, now = current_actor(), clock.now()
    limiter().use(COPIES, str(actor.person_id))
    extensions = current_app.extensions
    sealer = SheetSealer(current_settings().public_url, current_keys(), current_seal_keys())
    for_another = not is_own(actor, person_id)
    export = copy_of(current_session(), person_id, extensions["files"], sealer, for_another=for_another, now=now)
    release_connection()  # reading and packing takes its time
    content = on_disk(lambda target: write_archive(target, export))
    session = begin_writing()
    audit.record(session, actor, PrivacyVerb.EXPORTED, people.get_person(session, person_id), now=now)
    privacy.record_access(session, actor, person_id, AccessPurpose.COPY, now=now)
    return send_generated(content, "application/zip", "mis-datos.zip")


@bp.route("/deletion", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE, reads_first=True)
def deletion() -> Answer:
    """Show what is deleted, what is kept and why; ask for it with the password."""
    actor, person = current_actor(), people.get_person(current_session(), current_actor().person_id or 0)
    form = DeletionForm.of(privacy.list_deletion_questions(current_session(), person))
    alone = members.list_run_alone(current_session(), person.id)
    hindrances = [_(message, **facts) for message, facts in privacy.list_hindrances(current_session(), person)]
    shown = {"alone": alone, "hindrances": hindrances}
    if is_read_only_request() or hindrances:
        return page("lms/deletion.html", form=form, **shown), 409 if hindrances and not is_read_only_request() else 200
    stored = person.password_hash
    has_proof = not has_password(person) and signin.has_proven(actor)
    release_connection()
    if not is_proven(form, stored, has_proof=has_proof):
        return page("lms/deletion.html", form=form, **shown), 422
    session = begin_writing()
    privacy.ask_deletion(session, actor, people.get_person(session, actor.person_id or 0), answers=form.answers, now=clock.now())
    flash(_("Your account will be deleted in seven days. Until then, you can cancel the deletion here."), "ok")
    return see_page("lms_own_data.overview")


@bp.post("/deletion/revocation")
@requires(AccountAction.EDIT_PROFILE)
def cancel_deletion() -> Answer:
    """Keep the account after all."""
    session, actor = current_session(), current_actor()
    privacy.take_back_deletion(session, actor, people.get_person(session, actor.person_id or 0), now=clock.now())
    return see_page("lms_own_data.overview", flash=_("Your account will be kept."))


def delete_accounts(delivery: Delivery) -> None:
    """Delete the accounts whose week has passed and whose owners have not thought again meanwhile.

    The only administrator's waits until there is another.
    """
    with delivery.database.unit_of_work(write=False) as session:
        due = privacy.due_deletions(session, now=delivery.now)
    for person_id in due:
        with suppress(Conflict), delivery.database.unit_of_work() as session:
            if privacy.is_still_due(session, person_id, now=delivery.now):
                erasure.erase_person(session, SYSTEM, people.get_person(session, person_id), now=delivery.now)
