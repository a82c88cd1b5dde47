"""Bundles of evidence: what they hold, what shows that one was changed, their states computed again (spec/compulsory 12.4)."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from accounts.models import AccountMerge
from compliance import bundles
from compliance.bundles import MEANINGS, BundleCover, BundleScope, BundleSource, bundle_texts, pack_bundle, verify_bundle
from compliance.cli import compliance
from compliance.models import Assignment, Recognition, Reminder, Waiver
from compliance.report import ReportTime, TrainingFilter, list_report_obligations
from compliance.rules.documents import COLUMNS, BundleSignature, FileEvidence, read_manifest, read_obligations
from kernel import audit, clock
from kernel.archives import read_archive, write_archive
from kernel.crypto import SigningKeys, rotate_signing_key, signing_keys
from lms.instance import Instance
from tests.support.places import a_place, put
from tests.support.scenes import scene
from tests.support.training_cases import QUITO
from tests.support.training_reports import NOON, STATES, ReportedInstitution, a_reported_institution

NOW = ReportTime(NOON.date(), NOON, NOON)
PAST = datetime(2026, 6, 30, 23, 59, 59, tzinfo=QUITO)
FILES = [
    *("README.txt", "audiences.json", "audit.jsonl", "dictionary.csv", "facts.csv", "obligations.json", "people.csv", "reminders.csv"),
    *("states.csv", "waivers.csv"),
]
Files = dict[str, bytes]
Change = Callable[[Files], Files]


@pytest.fixture
def reported(instance: Instance) -> ReportedInstitution:
    return a_reported_institution(instance)


def packed(
    instance: Instance, reported: ReportedInstitution, time: ReportTime = NOW, place: str = "iess", keys: SigningKeys | None = None
) -> bytes:
    """Return a bundle of a place."""
    root = reported.places["iess"].id
    with instance.database.unit_of_work(write=False) as session:
        obligations = tuple(list_report_obligations(session, root))
    scope = BundleScope(root, TrainingFilter(reported.places[place].id, place == "iess", obligations), time)
    target = io.BytesIO()
    pack_bundle(
        target, BundleSource(instance.database, keys or instance.keys), scope, BundleCover({"place": place}, "0.3.0", bundle_texts())
    )
    return target.getvalue()


@pytest.fixture
@scene
def bundle(instance: Instance, reported: ReportedInstitution) -> bytes:
    return packed(instance, reported)


def verify(folder: Path, content: bytes, *options: str) -> Result:
    """Verify a bundle as the command does, with no instance at hand."""
    path = folder / "bundle.zip"
    path.write_bytes(content)
    return CliRunner().invoke(compliance, ["verify", str(path), *options])


def key_file(folder: Path, text: str) -> str:
    path = folder / "keys.pem"
    path.write_text(text)
    return str(path)


def zipped(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    write_archive(target, files)
    return target.getvalue()


def files_of(bundle: bytes) -> Files:
    return dict(read_archive(bundle))


def table(bundle: bytes, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files_of(bundle)[name].decode("utf-8-sig"))))


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def signed_again(instance: Instance, bundle: bytes, name: str, before: bytes, after: bytes) -> bytes:
    """Return a bundle of which a file was changed by who holds the key."""
    files = files_of(bundle)
    assert before in files[name]
    files[name] = files[name].replace(before, after)
    sums = {one: FileEvidence(hashlib.sha256(files[one]).hexdigest(), len(files[one])) for one in FILES}
    text = replace(read_manifest(files["manifest.json"]), files=sums).text()
    keys = instance.keys
    signature = BundleSignature(keys.identifier, keys.sign(text), keys.public_text(keys.identifier)).text()
    return zipped({**files, "manifest.json": text, "manifest.sig": signature})


def test_a_bundle_has_every_file_with_its_checksum(bundle: bytes) -> None:
    """spec/compulsory 12.4."""
    files = files_of(bundle)
    manifest = read_manifest(files.pop("manifest.json"))
    signature = json.loads(files.pop("manifest.sig"))

    assert sorted(files) == FILES == sorted(manifest.files)
    assert {name: FileEvidence(hashlib.sha256(content).hexdigest(), len(content)) for name, content in files.items()} == manifest.files
    assert (manifest.at, manifest.known, manifest.program, manifest.scope) == (NOON, NOON, "0.3.0", {"place": "iess"})
    assert sorted(signature) == ["algorithm", "key_id", "public_key", "signature"]


def test_its_states_are_those_of_the_report(bundle: bytes, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4 and 12.1."""
    names = {str(person.id): name for name, person in reported.people.items()}

    assert {names[row["person"]]: row["state"] for row in table(bundle, "states.csv")} == STATES
    assert [row["person"] for row in table(bundle, "people.csv")] == sorted(names, key=int)


def test_a_bundle_of_a_place_holds_its_people_alone(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4: its scope."""
    bundle = packed(instance, reported, place="afiliacion")
    there = {str(reported.people[name].id) for name in ("flores", "garcia", "haro", "ibarra")}

    assert {row["person"] for name in ("people.csv", "facts.csv", "states.csv") for row in table(bundle, name)} == there


def test_a_bundle_names_its_own_units_and_those_above_alone(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4: of another province and another institution it says nothing, and replay needs nothing of them."""
    a_place(instance, "Banco B", code="BB")

    def units(place: str) -> set[str]:
        files = files_of(packed(instance, reported, place=place))
        obligations = read_obligations(files["obligations.json"], files["audiences.json"])
        assert all(scope.zone or scope.default_zone for scope in (one.scope for one in obligations.values()))
        return {unit["name"] for unit in json.loads(files["audiences.json"])["units"]}

    assert units("afiliacion") == {"IESS", "Guayas", "Afiliación"}
    assert units("iess") == {place.name for place in reported.places.values()}


def test_a_bundle_tells_the_units_where_its_people_worked_before(instance: Instance, reported: ReportedInstitution, tmp_path: Path) -> None:
    """spec/compulsory 12.4: days go by the zone of the unit of that time."""
    put(instance, reported.people["flores"], reported.places["loja"])
    put(instance, reported.people["flores"], reported.places["afiliacion"])
    later = ReportTime(clock.now().date(), clock.now(), clock.now())
    content = packed(instance, reported, later, place="afiliacion")

    assert "Unidad de Loja" in {unit["name"] for unit in json.loads(files_of(content)["audiences.json"])["units"]}
    assert verify(tmp_path, content, "--replay").exit_code == 0


def test_nothing_recorded_later_is_in_it(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4: as known."""
    bundle = packed(instance, reported, ReportTime(PAST.date(), PAST, PAST, is_past=True))
    moments = [row[name] for row in table(bundle, "facts.csv") for name in ("recorded_at", "ended_at", "at") if row[name]]

    assert moments
    assert all(datetime.fromisoformat(moment) <= PAST for moment in moments)


def test_the_same_moment_gives_the_same_bytes(
    instance: Instance, reported: ReportedInstitution, bundle: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 12.4: also where people are read in other portions."""
    monkeypatch.setattr(bundles, "PORTION", 2)

    assert packed(instance, reported) == bundle


def test_a_sound_bundle_is_verified_without_an_instance(instance: Instance, bundle: bytes, tmp_path: Path) -> None:
    """spec/compulsory 12.4: exit 0; without the institution's key it says that the key is the bundle's own."""
    by_itself = verify(tmp_path, bundle, "--replay")
    by_key = verify(tmp_path, bundle, "--public-key", key_file(tmp_path, instance.keys.public_text()))

    assert (by_itself.exit_code, by_key.exit_code) == (0, 0)
    assert "11 people, 0 states differ, 0 people passed over." in by_itself.output
    assert "brings that key itself" in by_itself.output
    assert "brings that key itself" not in by_key.output


@pytest.mark.parametrize("name", [pytest.param("manifest.json", marks=pytest.mark.slow), "manifest.sig"])
def test_every_byte_of_the_manifest_and_of_its_signature_counts(bundle: bytes, name: str, tmp_path: Path) -> None:
    """spec/compulsory 12.4."""
    files = files_of(bundle)
    unnoticed = [
        at
        for at in range(len(files[name]))
        if not verify_bundle(io.BytesIO(zipped({**files, name: flipped(files[name], at)})), None).faults
    ]
    changed = verify(tmp_path, zipped({**files, name: flipped(files[name], 40)}))

    assert unnoticed == []
    assert (changed.exit_code, name in changed.output) == (1, True)


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_found_in_its_file(bundle: bytes, name: str, tmp_path: Path) -> None:
    """spec/compulsory 12.4: exit 1 says which file."""
    files = files_of(bundle)
    found = verify(tmp_path, zipped({**files, name: flipped(files[name] or b"\n", 0)}))

    assert found.exit_code == 1
    assert f"{name}: it was changed" in found.output


def _without(name: str) -> Change:
    return lambda files: {path: content for path, content in files.items() if path != name}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: {**files, "extra.csv": b""}, ["extra.csv: it is not in the manifest"]),
        (_without("facts.csv"), ["facts.csv: it is missing"]),
        (_without("manifest.json"), ["manifest.json: it is missing"]),
        (_without("manifest.sig"), ["manifest.sig: it is missing"]),
        (
            lambda files: {**_without("facts.csv")(files), "hechos.csv": files["facts.csv"]},
            ["facts.csv: it is missing", "hechos.csv: it is not in the manifest"],
        ),
    ],
    ids=["added", "removed", "no manifest", "no signature", "renamed"],
)
def test_a_file_added_removed_or_renamed_is_found(bundle: bytes, change: Change, said: list[str], tmp_path: Path) -> None:
    """spec/compulsory 12.4."""
    found = verify(tmp_path, zipped(change(files_of(bundle))))

    assert found.exit_code == 1
    assert found.output.splitlines()[: len(said)] == said


def test_a_damaged_file_in_the_archive_is_named(bundle: bytes, tmp_path: Path) -> None:
    """spec/compulsory 12.4: the bytes of the archive itself."""
    at = bundle.index(b"states.csv") + len(b"states.csv") + 20
    found = verify(tmp_path, flipped(bundle, at))

    assert found.exit_code == 1
    assert "states.csv: it " in found.output


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"no archive", zipped({}), zipped({"a.txt": b"words"}), zipped({"../manifest.json": b"{}"})]
)
def test_what_is_no_bundle_is_not_read(content: bytes, tmp_path: Path) -> None:
    """spec/compulsory 12.4: exit 2."""
    assert verify(tmp_path, content).exit_code == 2


def test_a_missing_file_and_a_file_without_a_key_are_not_read(bundle: bytes, tmp_path: Path) -> None:
    """spec/compulsory 12.4: exit 2."""
    assert CliRunner().invoke(compliance, ["verify", str(tmp_path / "none.zip")]).exit_code == 2
    assert verify(tmp_path, bundle, "--public-key", key_file(tmp_path, "no key")).exit_code == 2


def test_an_old_key_verifies_after_rotation_and_another_does_not(instance: Instance, reported: ReportedInstitution, tmp_path: Path) -> None:
    """spec/compulsory 12.4: wrong key, exit 1; the old key goes on verifying what it signed."""
    before = signing_keys(tmp_path)
    bundle = packed(instance, reported, keys=before)
    after = rotate_signing_key(tmp_path)
    told = {
        "old": before.public_text(before.identifier),
        "all": after.public_text(),
        "new": after.public_text(after.identifier),
    }
    codes = {name: verify(tmp_path, bundle, "--public-key", key_file(tmp_path, text)).exit_code for name, text in told.items()}

    assert codes == {"old": 0, "all": 0, "new": 1}


def test_replay_finds_a_changed_state(instance: Instance, bundle: bytes, tmp_path: Path, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4: also where who changed it holds the key."""
    person, number = reported.people["flores"].id, reported.obligation.id
    forged = signed_again(instance, bundle, "states.csv", f"{person},{number},overdue,".encode(), f"{person},{number},done,".encode())
    plain, replayed = verify(tmp_path, forged), verify(tmp_path, forged, "--replay")

    assert plain.exit_code == 0
    assert replayed.exit_code == 1
    assert f"states.csv: person {person}, etica: done in it, overdue computed" in replayed.output


def test_replay_finds_a_state_changed_in_the_database(instance: Instance, reported: ReportedInstitution, tmp_path: Path) -> None:
    """spec/compulsory 12.4: the states are those on record, not computed for the bundle."""
    with instance.database.unit_of_work() as session:
        mine = Assignment.person_id == reported.people["garcia"].id
        session.execute(update(Assignment).where(mine).values(state="done", flags=""))

    assert verify(tmp_path, packed(instance, reported), "--replay").exit_code == 1


def test_replay_finds_a_person_left_out(instance: Instance, bundle: bytes, reported: ReportedInstitution, tmp_path: Path) -> None:
    """spec/compulsory 12.4."""
    lines = files_of(bundle)["states.csv"].decode().splitlines(keepends=True)
    line = next(line for line in lines if line.startswith(f"{reported.people['flores'].id},"))

    found = verify(tmp_path, signed_again(instance, bundle, "states.csv", line.encode(), b""), "--replay")

    assert found.exit_code == 1
    assert "nothing in it, overdue computed" in found.output


def test_replay_of_a_past_moment_finds_nothing(instance: Instance, reported: ReportedInstitution, tmp_path: Path) -> None:
    """spec/compulsory 12.4: of a day in June, as known now."""
    bundle = packed(instance, reported, ReportTime(PAST.date(), PAST, NOON, is_past=True))
    found = verify(tmp_path, bundle, "--replay")

    assert Counter(row["state"] for row in table(bundle, "states.csv"))["not_required"] < len(table(bundle, "states.csv"))
    assert (found.exit_code, "0 states differ" in found.output) == (0, True)


@pytest.mark.parametrize(
    ("minutes", "code", "said"), [(59, 0, "0 states differ, 1 people passed over"), (61, 1, "1 states differ, 0 people")]
)
def test_replay_passes_over_what_a_job_had_yet_to_follow(
    instance: Instance, reported: ReportedInstitution, tmp_path: Path, minutes: int, code: int, said: str
) -> None:
    """spec/compulsory 12.4: recorded in the hour before the moment of knowledge, and no status knows of it."""
    person, author, approver = (reported.people[name].id for name in ("flores", "abad", "bravo"))
    with instance.database.unit_of_work() as session:
        row = Recognition(person_id=person, course_id=reported.course.id, achieved_on=NOON.date(), issuer="ESPOL", state="approved")
        row.proposed_by, row.decided_by = author, approver
        row.proposed_at = row.decided_at = NOON - timedelta(minutes=minutes)
        session.add(row)
    found = verify(tmp_path, packed(instance, reported), "--replay")

    assert (found.exit_code, said in found.output) == (code, True)


def test_replay_passes_over_accounts_that_became_one_later(instance: Instance, reported: ReportedInstitution, tmp_path: Path) -> None:
    """spec/compulsory 12.4: what one did belongs to the other since."""
    kept, closed = reported.people["flores"].id, reported.people["garcia"].id
    with instance.database.unit_of_work() as session:
        session.add(AccountMerge(kept_id=kept, closed_id=closed, merged_at=NOON + timedelta(days=1)))
    bundle = packed(instance, reported)
    before = f"{kept},{reported.obligation.id},overdue,".encode()
    found = verify(tmp_path, signed_again(instance, bundle, "states.csv", before, before.replace(b"overdue", b"done")), "--replay")

    assert {row["person"] for row in table(bundle, "people.csv") if row["merged_later"] == "1"} == {str(kept), str(closed)}
    assert (found.exit_code, "0 states differ, 2 people passed over." in found.output) == (0, True)


@pytest.mark.parametrize(("hour", "code"), [(0, 0), (2, 1)])
def test_replay_bears_a_change_by_the_clock_that_was_not_written_yet(
    instance: Instance, reported: ReportedInstitution, tmp_path: Path, hour: int, code: int
) -> None:
    """spec/compulsory 12.4: within the hour after it; later it is a difference."""
    at = datetime(2026, 10, 21, hour, 10, tzinfo=QUITO)  # the window of Calle's renewal opened at midnight
    bundle = packed(instance, reported, ReportTime(at.date(), at, NOON, is_past=True))
    mine = f"{reported.people['calle'].id},{reported.obligation.id},renewal_due,".encode()
    found = verify(tmp_path, signed_again(instance, bundle, "states.csv", mine, mine.replace(b"renewal_due", b"done")), "--replay")

    assert found.exit_code == code


def test_tables_that_cannot_be_computed_again_are_told(instance: Instance, bundle: bytes, tmp_path: Path) -> None:
    """spec/compulsory 12.4: exit 2."""
    assert verify(tmp_path, signed_again(instance, bundle, "facts.csv", b",kind,", b",sort,"), "--replay").exit_code == 2


def test_a_waiver_for_reasons_of_health_tells_no_reason(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 4.10 and 12.4: the file that proves it is there by its checksum alone."""
    with instance.database.unit_of_work() as session:
        values = {"kind": "medical", "words": "Cirugía", "document": "IESS-77", "evidence": "ab" * 32, "evidence_name": "cirugia.pdf"}
        session.execute(update(Waiver).values(**values))
    bundle = packed(instance, reported)
    (row,) = [row for row in table(bundle, "waivers.csv") if row["claim"] == "waiver"]

    assert (row["kind"], row["document"], row["evidence_sha256"]) == ("reserved", "", "ab" * 32)
    assert not any(word in content for content in files_of(bundle).values() for word in ("Cirugía".encode(), b"IESS-77", b"cirugia.pdf"))


def test_reminders_are_in_it_with_what_became_of_them(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4: those decided after the moment of knowledge are not."""
    person = reported.people["flores"]
    with instance.database.unit_of_work() as session:
        assignment = session.scalars(select(Assignment.id).where(Assignment.person_id == person.id)).one()
        for step, at in ((30, NOON - timedelta(days=3)), (7, NOON + timedelta(days=1))):
            row = Reminder(assignment_id=assignment, cycle=1, kind="step", step=step, due_on=NOON.date(), at=at, reason="holiday")
            session.add(row)
    (row,) = table(packed(instance, reported), "reminders.csv")

    assert (row["person"], row["step"], row["not_sent_because"], row["mailed_at"]) == (str(person.id), "30", "holiday", "")


def test_its_audit_log_has_the_acts_with_their_seals(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4: entries as they were sealed, and nothing of other subjects."""
    with instance.database.unit_of_work() as session:
        made = audit.seal(session, instance.keys, now=NOON + timedelta(days=400))
        assert made is not None
        digest = made.hash
    lines = [json.loads(line) for line in files_of(packed(instance, reported))["audit.jsonl"].splitlines()]
    entries = [line["entry"] for line in lines if "entry" in line]

    assert lines[0]["seal"]["hash"] == digest
    assert {"obligation.made", "obligation.activated"} <= {entry["verb"] for entry in entries}
    assert {entry["subject_kind"] for entry in entries} <= {"obligation", "audience", "waiver", "recognition"}


def test_the_dictionary_explains_every_column_in_both_languages(bundle: bytes) -> None:
    """spec/compulsory 12.4."""
    rows = table(bundle, "dictionary.csv")

    assert [(row["file"], row["column"]) for row in rows] == [(file, column) for file in COLUMNS for column in COLUMNS[file]]
    assert all(row["es"] and row["en"] and row["es"] != row["en"] for row in rows)
    assert {file: tuple(meanings) for file, meanings in MEANINGS.items()} == COLUMNS
    for file, columns in COLUMNS.items():
        assert tuple(files_of(bundle)[file].decode("utf-8-sig").splitlines()[0].split(",")) == columns
