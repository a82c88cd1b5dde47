"""`lms check --deploy`: every dangerous combination is named, and a sound instance gets none (spec/security 6.1, 8.3)."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from kernel import clock
from kernel.crypto import rotate_signing_key
from kernel.db import Database
from kernel.keys import rotate_seal_key
from kernel.settings import Settings, load
from lms import backups, deployment, inspection
from lms.app import open_instance
from lms.backups import FailedBackup, LastBackup
from lms.deployment import RULES, DeploymentState, findings
from lms.instance import Instance
from lms.queries import Absence
from lms.serve import ServerStartError, note_keys, open_checked
from tests.support.commands import commands_on, refused
from tests.support.instances import fill

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
POSTGRES = "postgresql+psycopg://aulario:x@db.example.org/aulario?sslmode=verify-full"
SOUND = {
    "public_url": "https://cursos.iess.gob.ec",
    "trusted_proxies": 1,
    "smtp_host": "smtp.iess.gob.ec",
    "mail_from": "aulario@iess.gob.ec",
    "contact_email": "ayuda@iess.gob.ec",
}
SCALED = {
    **SOUND,
    "database_url": POSTGRES,
    "redis_url": "rediss://:clave@redis.iess.gob.ec/0",
    "files_url": "s3://aulario",
    "secret_key_file": Path("/etc/aulario.key"),
}


def facts(folder: Path, settings: dict[str, object], **given: object) -> DeploymentState:
    """Return the facts of a sound instance, but for what is given."""
    sound = DeploymentState(
        load(data_dir=folder, **settings), NOW, last_backup=LastBackup(NOW - timedelta(hours=9), "b", 1), connections=200
    )
    return replace(sound, **given)  # type: ignore[arg-type]  # fields by name


def codes(found: DeploymentState) -> list[str]:
    return [one.code for one in findings(found)]


def test_a_sound_instance_is_told_nothing(tmp_path: Path) -> None:
    assert codes(facts(tmp_path, SOUND, connections=None)) == []
    assert codes(facts(tmp_path, SOUND, connections=None, processes=4)) == []
    assert codes(facts(tmp_path, SCALED, processes=4, machines=3)) == []
    reached = {"outgoing_allow": "idp.iess.gob.ec, 10.0.0.0/8", "outgoing_proxy": "http://proxy.iess.gob.ec:3128"}
    assert codes(facts(tmp_path, {**SOUND, **reached})) == []


CASES: list[tuple[str, dict[str, object], dict[str, object]]] = [
    ("several-on-sqlite", {**SCALED, "database_url": "", "redis_url": ""}, {"machines": 2}),
    ("sqlite-on-a-network-disk", {}, {"database_disk": "nfs4"}),
    ("redis-on-sqlite", {"redis_url": "redis://127.0.0.1/0"}, {}),
    ("no-public-address", {"public_url": ""}, {}),
    ("no-proxy", {"trusted_proxies": 0}, {}),
    ("several-without-redis", {**SCALED, "redis_url": ""}, {"processes": 2}),
    ("each-its-own", {**SCALED, "redis_url": "redis://:clave@127.0.0.1/0"}, {"machines": 3}),
    ("each-its-own", {**SCALED, "s3_endpoint": "http://localhost:9000"}, {"machines": 3}),
    ("each-its-own", {**SCALED, "database_url": "postgresql+psycopg://aulario@127.0.0.1/aulario"}, {"machines": 3}),
    ("each-its-own", {**SCALED, "database_url": "postgresql+psycopg:///aulario?host=/run/postgresql"}, {"machines": 3}),
    ("redis-away", SCALED, {"redis_answers": False}),
    ("redis-in-the-open", {**SCALED, "redis_url": "redis://:clave@redis.iess.gob.ec/0"}, {}),
    ("redis-in-the-open", {**SCALED, "redis_url": "rediss://redis.iess.gob.ec/0"}, {}),
    ("files-on-one-machine", {**SCALED, "files_url": ""}, {"machines": 2}),
    ("store-away", SCALED, {"store_answers": False}),
    ("store-in-clear", {**SCALED, "s3_endpoint": "http://s3.iess.gob.ec"}, {}),
    ("secret-on-each-machine", {**SCALED, "secret_key_file": None}, {"machines": 2}),
    ("example-secret", {}, {"secret": "please-change-me-please-change-me-now"}),
    ("example-secret", {}, {"secret": "a" * 40}),
    ("lost-signing-key", {}, {"lost_keys": ("0123456789abcdef",)}),
    ("other-keys", {}, {"missing_keys": ("0123456789abcdef",)}),
    ("seal-ends", {}, {"seal_ends": NOW + timedelta(days=100)}),
    ("open-data-folder", {}, {"data_is_open": True}),
    ("runs-as-root", {}, {"runs_as_root": True}),
    ("demonstration", {}, {"is_demonstration": True}),
    ("no-administrator", {}, {"has_administrator": False}),
    ("database-in-clear", {**SCALED, "database_url": POSTGRES.replace("verify-full", "prefer")}, {}),
    ("database-in-clear", {**SCALED, "database_url": POSTGRES.partition("?")[0]}, {}),
    ("database-in-clear", {**SCALED, "database_url": "postgresql+psycopg:///aulario?host=bd.iess.gob.ec"}, {}),
    ("database-unverified", {**SCALED, "database_url": POSTGRES.replace("verify-full", "require")}, {}),
    ("redis-in-the-open", {**SCALED, "redis_url": "rediss://:clave@redis.iess.gob.ec/0?ssl_cert_reqs=none"}, {}),
    ("database-superuser", SCALED, {"is_superuser": True, "owns_tables": True}),
    ("database-owner", SCALED, {"owns_tables": True}),
    ("too-many-connections", SCALED, {"processes": 8, "machines": 3, "connections": 100}),
    ("no-autovacuum", SCALED, {"keeps_statistics": False}),
    ("clocks-apart", SCALED, {"clocks_apart": timedelta(seconds=-3)}),
    ("open-door", {"threads": 32}, {}),
    ("former-setting", {}, {"former_settings": ("LMS_CROWD",)}),
    ("nobody-works", {"worker_threads": 0}, {"oldest_waiting": NOW - timedelta(minutes=11)}),
    ("failed-jobs", {}, {"failed_jobs": 2}),
    ("service-away", {}, {"absences": (Absence("correo:25", NOW - timedelta(hours=2), 8),)}),
    ("broken-seal", {}, {"seal_faults": 1}),
    ("statuses-differ", {}, {"differing_statuses": 3}),
    ("no-mail", {"smtp_host": ""}, {}),
    ("mail-in-clear", {"smtp_starttls": False}, {}),
    ("example-addresses", {"contact_email": "ayuda@example.org"}, {}),
    ("backup-failed", {}, {"failed_backup": FailedBackup(NOW, "OSError: No space left on device")}),
    ("no-backup", {}, {"last_backup": None}),
    ("old-backup", {}, {"last_backup": LastBackup(NOW - timedelta(hours=27), "b", 1)}),
    ("backup-beside-data", {}, {"backups_beside_data": True}),
    ("little-disk", {}, {"free": 1_000_000_000}),
    ("breached-list-away", {}, {"breached_list_reads": False}),
    ("open-metrics", {"metrics_from": "10.0.0.0/8, 0.0.0.0/0"}, {}),
    ("outgoing-to-itself", {"outgoing_allow": "10.0.0.0/8, 0.0.0.0/0"}, {}),
    ("outgoing-to-itself", {"outgoing_allow": "169.254.169.254"}, {}),
    ("outgoing-to-itself", {"outgoing_allow": "idp.iess.gob.ec, ::1"}, {}),
    ("identity-secret", {}, {"lost_secrets": ("iess",)}),
    ("identity-provider", {}, {"provider_faults": ("iess: The clocks differ by +40 s.",)}),
    ("proxy-to-nobody", {"outgoing_proxy": "http://proxy.iess.gob.ec:3128"}, {}),
    ("proxy-to-nobody", {"outgoing_proxy": "http://proxy.iess.gob.ec:3128", "outgoing_allow": "10.0.0.0/8"}, {}),
]


@pytest.mark.parametrize(("code", "settings", "given"), CASES, ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)])
def test_each_dangerous_combination_is_named_alone(
    code: str, settings: dict[str, object], given: dict[str, object], tmp_path: Path
) -> None:
    found = findings(facts(tmp_path, {**SOUND, **settings}, **given))

    assert [one.code for one in found] == [code]
    assert "%(" not in found[0].words + found[0].english
    assert found[0].words != found[0].english


def test_every_rule_has_its_case() -> None:
    assert {rule.code for rule in RULES} == {code for code, _settings, _given in CASES}


def test_a_shared_disk_holds_files_and_keys_of_several_machines(tmp_path: Path) -> None:
    shared = {**SCALED, "files_url": "", "secret_key_file": None}

    assert codes(facts(tmp_path, shared, machines=2, data_disk="nfs4")) == []


def test_mail_and_stores_of_this_machine_need_no_encryption(tmp_path: Path) -> None:
    near = {
        **SCALED,
        "smtp_host": "localhost",
        "smtp_starttls": False,
        "redis_url": "redis://127.0.0.1/0",
        "s3_endpoint": "http://127.0.0.1:9000",
        "database_url": "postgresql+psycopg://aulario@127.0.0.1/aulario",
    }

    assert codes(facts(tmp_path, near)) == []
    assert codes(facts(tmp_path, {**near, "database_url": "postgresql+psycopg:///aulario?host=/run/postgresql"})) == []


def test_what_would_be_each_machines_own_is_named(tmp_path: Path) -> None:
    near = {**SCALED, "redis_url": "redis://127.0.0.1/0", "database_url": "postgresql+psycopg://aulario@localhost/aulario"}

    assert findings(facts(tmp_path, near, machines=2))[0].english.startswith("LMS_DATABASE_URL, LMS_REDIS_URL points to this machine")
    assert codes(facts(tmp_path, near)) == []


def test_dangers_come_first(tmp_path: Path) -> None:
    found = findings(facts(tmp_path, SOUND, backups_beside_data=True, runs_as_root=True))

    assert [one.is_danger for one in found] == [True, False]


def test_the_kind_of_disk_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    (tmp_path / "mounts").write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n")

    assert deployment.disk_kind(tmp_path / "a" / "b", tmp_path / "mounts") == "nfs4"
    assert deployment.disk_kind(Path("/srv"), tmp_path / "mounts") == "ext4"
    assert deployment.disk_kind(Path("/srv"), tmp_path / "lacks") == ""


@pytest.mark.slow
def test_a_start_refuses_sqlite_on_a_network_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 6.1. The database may lie elsewhere than the data folder, and a folder that a machine lends to a guest is tried."""
    kinds = {tmp_path: "ext4", tmp_path / "far": "nfs4", tmp_path / "lent": "9p"}
    for place in kinds:
        place.mkdir(exist_ok=True)
    monkeypatch.setattr(deployment, "disk_kind", kinds.__getitem__)
    for name in ("far", "lent"):
        address = f"sqlite:///{tmp_path / name / 'a.sqlite'}"
        settings = [load(data_dir=tmp_path, database_url=address), load(data_dir=tmp_path / name, database_url="")]
        for one in settings:
            if name == "far":
                with pytest.raises(ServerStartError, match=r"network disk \(nfs4\).*LMS_DATA_DIR"):
                    open_checked(one)
            else:
                open_checked(one).database.dispose()

    assert not list((tmp_path / "far").iterdir())


@pytest.mark.slow
def test_a_start_refuses_a_database_that_may_lose_what_it_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "durability_faults", lambda _database: ["journal_mode is delete"])
    with pytest.raises(ServerStartError, match=r"journal_mode is delete\. Set LMS_DATA_DIR to a local disk"):
        open_checked(load(data_dir=tmp_path, database_url=""))


def test_facts_are_those_of_the_instance(instance: Instance, tmp_path: Path) -> None:
    fill(instance)
    backups.make(instance, tmp_path / "b.zip", now=clock.now())
    instance.settings.data_dir.chmod(0o755)
    with instance.database.unit_of_work(write=False) as session:
        found = inspection.gather(instance, session, now=clock.now(), processes=3)

    assert found.has_administrator
    assert found.data_is_open
    assert found.last_backup is not None
    assert found.lost_keys == ()
    assert found.free > 0
    assert (found.connections is None) == instance.database.is_sqlite
    with instance.database.reading.connect() as connection:
        assert found.keeps_statistics == (instance.database.is_sqlite or connection.execute(text("SHOW autovacuum")).scalar_one() == "on")
    assert abs(found.clocks_apart) < timedelta(seconds=2)


def test_the_key_of_a_certificate_that_is_gone_is_named(instance: Instance, tmp_path: Path) -> None:
    fill(instance)
    gone = instance.keys.identifier
    (instance.settings.data_dir / "signing.key").unlink()
    again = open_instance(instance.settings)
    with again.database.unit_of_work(write=False) as session:
        found = inspection.gather(again, session, now=clock.now())
    again.database.dispose()

    assert found.lost_keys == (gone,)


@pytest.mark.parametrize("kind", ["signing", "seal"])
def test_two_machines_with_different_keys_are_noticed_on_both(instance: Instance, tmp_path: Path, kind: str) -> None:
    """spec/certificates K1 and K3: at the start of the second, and on both from then on; a key that was renewed here is known."""
    assert note_keys(instance) == ""
    rotate_signing_key(instance.settings.data_dir)
    rotate_seal_key(instance.settings.data_dir, "IESS")
    assert note_keys(instance) == ""
    shutil.copytree(instance.settings.data_dir, tmp_path / "second", ignore=shutil.ignore_patterns("*.sqlite*"))
    for path in [*(tmp_path / "second").glob(f"{kind}.key"), *(tmp_path / "second").glob(f"{kind}.old/*.key")]:
        path.unlink()
    second = open_instance(
        instance.settings.model_copy(update={"data_dir": tmp_path / "second", "database_url": instance.settings.database})
    )
    own = {"signing": instance.keys.identifier, "seal": instance.seal_keys.current.identifier}[kind]
    others = {"signing": second.keys.identifier, "seal": second.seal_keys.current.identifier}[kind]
    said = note_keys(second)
    with instance.database.unit_of_work(write=False) as session:
        here, there = (inspection.gather(one, session, now=clock.now()).missing_keys for one in (instance, second))
    second.database.dispose()

    assert own in said
    assert "restore-keys here and restart" in said
    assert own in there
    assert here == (others,)


def test_the_command_ends_badly_where_there_is_a_danger(
    instance: Instance, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = commands_on(settings, monkeypatch, capsys)
    monkeypatch.setenv("LMS_CROWD", "40")
    said = run("check", "--deploy", "--machines", "4")

    assert said.code == 1
    assert "DANGER  no-backup: No backup was ever made here" in said.out
    assert ("DANGER  several-on-sqlite" in said.out) == instance.database.is_sqlite
    assert "advice  example-addresses" in said.out
    assert "advice  former-setting: " in said.out
    assert "LMS_CROWD → LMS_MAX_ACTIVE_REQUESTS" in said.out
    refused(said, "dangers")
