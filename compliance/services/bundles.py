"""Packing a bundle of evidence, and verifying one without a database (spec/compulsory 12.4)."""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import groupby
from tempfile import TemporaryFile
from typing import IO, Any

from compliance.models import Recognition, Waiver
from compliance.queries.bundles import (
    BundlePortion,
    BundleScope,
    describe_audiences,
    describe_audit,
    describe_obligations,
    list_audit_entries,
    walk_bundle,
)
from compliance.rules import bundles as rules
from compliance.rules.bundles import BundleManifest, BundleSignature, FileEvidence
from compliance.rules.person_facts import FactKind, PersonFact
from kernel.archives import ArchiveLimits, ArchiveRefused, LargeArchive, reading_large_archive, write_large_archive
from kernel.crypto import PublicKeys, SigningKeys, is_signed, public_key_text, read_public_keys
from kernel.db import Database
from kernel.files import FileStore
from kernel.tables import csv_line

LIMITS = ArchiveLimits(packed=4 * 10**9, unpacked=40 * 10**9, entries=100_000)
SMALL = 10**7
"""Bytes of a manifest or signature at most."""
BYTE_ORDER_MARK = "\ufeff"


class _Spool:
    """The files of a bundle while they are written, each on the disk and nameless, with its checksum."""

    def __init__(self, stack: ExitStack, store: FileStore | None) -> None:
        self._stack, self._store = stack, store
        self._stored: dict[str, str] = {}
        self._files: dict[str, IO[bytes]] = {}
        self._sums: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}

    def add(self, name: str, content: bytes) -> None:
        if name not in self._files:
            self._files[name] = self._stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
            self._sums[name], self._sizes[name] = hashlib.sha256(), 0
        self._files[name].write(content)
        self._sums[name].update(content)
        self._sizes[name] += len(content)

    def add_stored(self, proofs: Mapping[str, str]) -> None:
        """Add files of the store by their checksums; those that are no longer there are left out."""
        if self._store is not None:
            self._stored |= {name: sha256 for name, sha256 in proofs.items() if self._store.holds(sha256)}

    @property
    def evidence(self) -> dict[str, FileEvidence]:
        evidence = {name: FileEvidence(self._sums[name].hexdigest(), self._sizes[name]) for name in self._files}
        if self._store is not None:
            evidence |= {name: FileEvidence(sha256, self._store.size(sha256)) for name, sha256 in self._stored.items()}
        return dict(sorted(evidence.items()))

    def in_order(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Yield the manifest, its signature and the other files; one of the store at a time is open."""
        for name in (rules.MANIFEST, rules.SIGNATURE, *sorted(self._files.keys() - {rules.MANIFEST, rules.SIGNATURE})):
            yield name, self._files[name]
        if self._store is not None:
            for name, sha256 in sorted(self._stored.items()):
                with self._store.open(sha256) as source:
                    yield name, source


@dataclass(frozen=True, slots=True)
class BundleCover:
    """The parts of a bundle around its records: its scope in plain values, the version of the program, its dictionary and README."""

    scope: Mapping[str, Any]
    program: str
    texts: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class BundleSource:
    """The instance that a bundle is read from: its database, its keys, its files where they are to be in it, and who hears of progress."""

    database: Database
    keys: SigningKeys
    files: FileStore | None = None
    walked: Callable[[int], object] = lambda _people: None
    """Called with how many more people are in the bundle."""


def pack_bundle(target: IO[bytes], source: BundleSource, scope: BundleScope, cover: BundleCover) -> BundleManifest:
    """Write a bundle; the same records give the same bytes. Memory does not grow with the people."""
    database, keys = source.database, source.keys
    with ExitStack() as stack:
        spool = _Spool(stack, source.files)
        with database.unit_of_work(write=False) as session:
            spool.add(rules.OBLIGATIONS, rules.canonical_json(describe_obligations(session, scope)))
        places = _spool_people(spool, source, scope)
        with database.unit_of_work(write=False) as session:
            spool.add(rules.AUDIENCES, rules.canonical_json(describe_audiences(session, scope, places)))
        for name, text in cover.texts.items():
            spool.add(name, text)
        manifest = BundleManifest(cover.scope, scope.time.at, scope.time.known, cover.program, spool.evidence)
        signed = manifest.text()
        spool.add(rules.MANIFEST, signed)
        spool.add(rules.SIGNATURE, BundleSignature(keys.identifier, keys.sign(signed), keys.public_text(keys.identifier)).text())
        write_large_archive(target, spool.in_order())
    return manifest


def _spool_people(spool: _Spool, source: BundleSource, scope: BundleScope) -> set[int]:
    """Add the tables of people and the audit log; return the numbers of the units of which their facts tell."""
    claims, places = defaultdict[str, list[int]](list), set[int]()
    for name, columns in rules.COLUMNS.items():
        spool.add(name, f"{BYTE_ORDER_MARK}{csv_line(columns)}".encode())
    for portion in walk_bundle(source.database, scope, source.walked):
        for name, rows in _tables_of(portion).items():
            spool.add(name, "".join(map(csv_line, rows)).encode())
        for kind in (Waiver.__tablename__, Recognition.__tablename__):
            claims[kind] += portion.claimed(kind)
        spool.add_stored(portion.proofs)
        places |= portion.places
    spool.add(rules.AUDIT, b"")
    with source.database.unit_of_work(write=False) as session:
        for line in describe_audit(session, list_audit_entries(session, scope, claims)):
            spool.add(rules.AUDIT, (json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n").encode())
    return places


def _tables_of(portion: BundlePortion) -> Mapping[str, Sequence[Sequence[Any]]]:
    return {
        rules.PEOPLE: portion.people,
        rules.FACTS: portion.facts,
        rules.STATES: portion.states,
        rules.REMINDERS: portion.reminders,
        rules.WAIVERS: portion.claims,
    }


class BundleUnreadable(Exception):
    """A file that is no bundle of evidence, or that cannot be computed again."""


@dataclass(frozen=True, slots=True)
class BundleVerification:
    """The result of verifying a bundle: its manifest where it is sound, its key, and what is wrong in which file."""

    key_id: str
    manifest: BundleManifest | None
    faults: Sequence[str] = ()


@dataclass
class BundleReplay:
    """The result of computing the states of a bundle again."""

    people: int = 0
    passed_over: int = 0
    """Of them those with something on record that a job had yet to follow, or that two accounts share since."""
    differing: list[rules.ReplayedState] = field(default_factory=list)


def verify_bundle(source: IO[bytes], keys: PublicKeys | None) -> BundleVerification:
    """Compare a bundle with its manifest, and that with its signature: by one of these keys, or by the key that it brings itself.

    Raise BundleUnreadable where it is no bundle.
    """
    try:
        with reading_large_archive(source, LIMITS) as archive:
            return _verify(archive, keys)
    except ArchiveRefused as refused:
        raise BundleUnreadable(refused.text % refused.facts if refused.facts else refused.text) from refused


def _verify(archive: LargeArchive, keys: PublicKeys | None) -> BundleVerification:
    names = set(archive.names)
    if not names & {rules.MANIFEST, rules.SIGNATURE}:
        raise BundleUnreadable("It has neither manifest.json nor manifest.sig.")
    missing = [f"{name}: it is missing" for name in (rules.MANIFEST, rules.SIGNATURE) if name not in names]
    if missing:
        return BundleVerification("", None, missing)
    text, signed = _small(archive, rules.MANIFEST), _small(archive, rules.SIGNATURE)
    signature = None if signed is None else rules.read_signature(signed)
    if signature is None:
        return BundleVerification("", None, [f"{rules.SIGNATURE}: it was changed"])
    own = read_public_keys(signature.public_key)
    if [signature.key_id] != list(own) or public_key_text(own[signature.key_id]) != signature.public_key:
        return BundleVerification(signature.key_id, None, [f"{rules.SIGNATURE}: the key in it is not the one that it names"])
    if keys is not None and signature.key_id not in keys:
        return BundleVerification(signature.key_id, None, [f"{rules.SIGNATURE}: it was signed with another key, {signature.key_id}"])
    if text is None or not is_signed(own if keys is None else keys, signature.key_id, text, signature.signature):
        return BundleVerification(signature.key_id, None, [f"{rules.MANIFEST}: it was changed, or its signature was"])
    try:
        manifest = rules.read_manifest(text)
    except (ValueError, KeyError, TypeError) as error:
        raise BundleUnreadable("Its manifest is of a format that this program does not know.") from error
    return BundleVerification(signature.key_id, manifest, list(_faults(archive, manifest)))


def _small(archive: LargeArchive, name: str) -> bytes | None:
    """Return a small file; None where it is damaged or not small."""
    content = b""
    try:
        for piece in archive.pieces(name):
            content += piece
            if len(content) > SMALL:
                return None
    except ArchiveRefused:
        return None
    return content


def _faults(archive: LargeArchive, manifest: BundleManifest) -> Iterator[str]:
    there = set(archive.names) - {rules.MANIFEST, rules.SIGNATURE}
    for name in sorted(manifest.files.keys() - there):
        yield f"{name}: it is missing"
    for name in sorted(there - manifest.files.keys()):
        yield f"{name}: it is not in the manifest"
    for name in sorted(there & manifest.files.keys()):
        total, size = hashlib.sha256(), 0
        try:
            for piece in archive.pieces(name):
                total.update(piece)
                size += len(piece)
        except ArchiveRefused:
            yield f"{name}: it is damaged"
            continue
        if FileEvidence(total.hexdigest(), size) != manifest.files[name]:
            yield f"{name}: it was changed"


def replay_bundle(source: IO[bytes], manifest: BundleManifest) -> BundleReplay:
    """Compute every state of a sound bundle from its facts again; raise BundleUnreadable where these cannot be read."""
    replayed = BundleReplay()
    try:
        with reading_large_archive(source, LIMITS) as archive:
            obligations = rules.read_obligations(*(b"".join(archive.pieces(name)) for name in (rules.OBLIGATIONS, rules.AUDIENCES)))
            facts, states = _grouped(archive, rules.FACTS), _grouped(archive, rules.STATES)
            for person, is_merged in ((int(row[0]), row[-1] == "1") for row in _rows(archive, rules.PEOPLE)):
                stored = {int(row[1]): f"{row[2]} {row[3]}".strip() for row in states.of(person)}
                by_kind = defaultdict[FactKind, list[PersonFact]](list)
                for cells in facts.of(person):
                    kind, fact = rules.read_fact(cells)
                    by_kind[kind].append(fact)
                differing = None if is_merged else rules.replay_person(person, by_kind, stored, obligations, manifest)
                replayed.people += 1
                replayed.passed_over += differing is None
                replayed.differing += differing or []
            if left := [*facts.left(), *states.left()]:
                raise BundleUnreadable(f"Person {left[0]} is not in {rules.PEOPLE}.")
    except (csv.Error, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise BundleUnreadable("Its tables cannot be computed again: they are not as this program writes them.") from error
    return replayed


def _rows(archive: LargeArchive, name: str) -> Iterator[list[str]]:
    with archive.open(name) as source:
        lines = csv.reader(TextIOWrapper(source, "utf-8-sig", newline=""))
        if tuple(next(lines, ())) != rules.COLUMNS[name]:
            raise ValueError(name)
        yield from lines


class _Grouped:
    """The lines of a table in the order of their people, taken person by person."""

    def __init__(self, rows: Iterator[list[str]]) -> None:
        self._groups = ((person, list(lines)) for person, lines in groupby(rows, key=lambda row: int(row[0])))
        self._next = next(self._groups, None)

    def of(self, person: int) -> list[list[str]]:
        if self._next is None or self._next[0] != person:
            return []
        lines, self._next = self._next[1], next(self._groups, None)
        return lines

    def left(self) -> list[int]:
        return [] if self._next is None else [self._next[0]]


def _grouped(archive: LargeArchive, name: str) -> _Grouped:
    return _Grouped(_rows(archive, name))
