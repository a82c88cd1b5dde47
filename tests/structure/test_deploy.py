"""The examples under deploy/ are what their tools read; containers are checked against schemas only, and say so."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from kernel.settings import Settings
from kernel.web.headers import ALWAYS
from lms.instance import Instance
from lms.worker import ALIVE
from tests.support.cluster import configuration
from tests.support.commands import commands_on, refused
from tests.support.programs import program
from tests.support.project import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("aulario*.*"))
NAME = re.compile(r"\bLMS_[A-Z0-9_]+")
KUBERNETES = "1.31"


def read(path: Path) -> dict[str, object]:
    found: dict[str, object] = YAML(typ="safe").load(path.read_text("utf-8"))
    return found


def schema_faults(path: Path) -> str:
    """Return what the Compose specification says against a file."""
    command = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_compose_file_keeps_its_schema(tmp_path: Path) -> None:
    path = DEPLOY / "compose" / "compose.yaml"
    broken = read(path) | {"services": {"server": {"ports": "80:80"}}}
    (tmp_path / "compose.yaml").write_text(json.dumps(broken))

    assert schema_faults(path) == ""
    assert schema_faults(tmp_path / "compose.yaml")


def test_every_object_of_kubernetes_keeps_its_schema() -> None:
    listed = read(DEPLOY / "kubernetes" / "aulario.yaml")["items"]
    assert isinstance(listed, list)
    for one in listed:
        kubernetes_validate.validate(one, KUBERNETES, strict=True)
    broken = {**listed[1], "spec": {**listed[1]["spec"], "replicas": "four"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES, strict=True)

    assert {"Deployment", "Service", "Ingress", "CronJob", "PodDisruptionBudget"} <= {one["kind"] for one in listed}


def pods() -> dict[str, dict[str, Any]]:
    """Return what each kind of pod is made of, by the name of its owner."""
    listed: Any = read(DEPLOY / "kubernetes" / "aulario.yaml")["items"]
    found = {one["metadata"]["name"]: one["spec"] for one in listed if one["kind"] in ("Deployment", "CronJob")}
    return {name: spec.get("jobTemplate", {}).get("spec", spec)["template"] for name, spec in found.items()}


def test_every_pod_looks_at_its_settings_first_has_bounds_and_no_token_of_the_cluster() -> None:
    assert set(pods()) == {"aulario-server", "aulario-worker", "aulario-backup"}
    for name, template in pods().items():
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert [one["name"] for one in spec["initContainers"]] == ["keys", "setup"], name
        for container in (*spec["initContainers"], *spec["containers"]):
            assert container["resources"]["limits"]["memory"], name
        assert template["metadata"]["labels"]["app"] == "aulario"


def test_long_lived_pods_are_seen_to_be_well() -> None:
    [server], [worker] = (pods()[f"aulario-{part}"]["spec"]["containers"] for part in ("server", "worker"))

    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(server)
    assert f"/instance/data/{ALIVE}" in worker["livenessProbe"]["exec"]["command"][-1]


def test_a_probe_of_the_worker_tells_a_fresh_file_from_none_and_from_an_old_one(tmp_path: Path) -> None:
    [worker] = pods()["aulario-worker"]["spec"]["containers"]
    shell, *words = worker["livenessProbe"]["exec"]["command"]
    command = [program("sh"), *(word.replace("/instance/data", str(tmp_path)) for word in words)]
    alive = tmp_path / ALIVE

    assert shell == "/bin/sh"
    assert subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 1
    alive.touch()
    assert subprocess.run(command, check=False).returncode == 0
    os.utime(alive, (0, 0))
    assert subprocess.run(command, check=False).returncode == 1


def test_a_pod_without_a_bucket_is_refused(instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Uploads would die with the pod; what only has to be mended, as an old backup, keeps no pod from starting."""
    [arguments] = {tuple(one["args"]) for template in pods().values() for one in template["spec"]["initContainers"] if "args" in one}
    lms = commands_on(instance.settings, monkeypatch, capsys)
    said = lms(*arguments)
    assert said.code == 1
    assert "files-on-one-machine" in said.out
    assert "no-backup" not in said.out

    assert lms("check", "--deploy", "--only", "files-on-one-machine").code == 0
    refused(lms("check", "--deploy", "--only", "nothing-known"), "nothing-known")


def test_only_the_ingress_and_prometheus_reach_a_pod() -> None:
    listed: Any = read(DEPLOY / "kubernetes" / "aulario.yaml")["items"]
    policies = {one["metadata"]["name"]: one["spec"] for one in listed if one["kind"] == "NetworkPolicy"}

    assert policies["aulario"]["podSelector"]["matchLabels"] == {"app": "aulario"}
    assert "ingress" not in policies["aulario"]
    [rule] = policies["aulario-server"]["ingress"]
    assert len(rule["from"]) == 2
    assert rule["ports"] == [{"port": "http"}]


def test_compose_waits_for_a_server_that_is_well_and_looks_at_its_worker() -> None:
    services: Any = read(DEPLOY / "compose" / "compose.yaml")["services"]

    assert services["nginx"]["depends_on"] == {"server": {"condition": "service_healthy"}}
    assert f"/srv/aulario/instance/{ALIVE} " in services["worker"]["healthcheck"]["test"][-1]
    assert services["backup"]["healthcheck"] == {"disable": True}
    assert "\nHEALTHCHECK " in (DEPLOY / "compose" / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("name", ["aulario@.service", "aulario-worker.service", "aulario-backup.service"])
def test_every_unit_is_closed_in_the_same_way(name: str) -> None:
    lines = (DEPLOY / "systemd" / name).read_text("utf-8").splitlines()

    assert {
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "SystemCallFilter=@system-service",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
        "ProtectKernelTunables=yes",
        "RestrictNamespaces=yes",
    } <= set(lines)
    assert "~@resources" not in "".join(lines)  # what strangers send is read under limits that a process sets itself
    assert any(line.startswith("MemoryMax=") for line in lines)


def mounted(text: str) -> set[str]:
    """Return what a Compose file takes from beside itself."""
    return set(re.findall(r"(?:- |file: )\./([\w.-]+)", text)) | set(re.findall(r"env_file: \[([\w.]+)\]", text))


def test_what_compose_asks_for_is_named_and_stays_out_of_the_image() -> None:
    wanted = mounted((DEPLOY / "compose" / "compose.yaml").read_text("utf-8")) - {"backup"}
    named = set(re.findall(r"^\| `([\w.-]+)/?` \|", (DEPLOY / "README.md").read_text("utf-8"), re.MULTILINE))
    left_out = (ROOT / ".dockerignore").read_text("utf-8").splitlines()

    assert {"aulario.env", "secret.key", "redis.conf", "nginx.conf", "tls", "postgres-password"} == wanted
    assert wanted <= named
    assert {".git", ".venv", "**/instance", "**/build", "**/dist", "**/*.sqlite", "**/*.key", "**/*.env"} <= set(left_out)
    for name in wanted - {"aulario.env", "nginx.conf"}:
        assert f"deploy/compose/{name}" in left_out


def test_settings_of_an_example_do_not_move_the_folder_of_a_pod() -> None:
    """A later source counts more: the ConfigMap names folders that can be written in a pod."""
    listed = read(DEPLOY / "kubernetes" / "aulario.yaml")["items"]
    assert isinstance(listed, list)
    sources = re.findall(r'"envFrom": (\[.*?\])', json.dumps(listed))

    assert len(sources) == 6  # three kinds of pods, and before each the look at its settings
    for found in sources:
        assert [next(iter(source)) for source in json.loads(found)] == ["secretRef", "configMapRef"]


def do(command: str, places: dict[str, Path]) -> None:
    """Do what a container does, in other places and as whoever runs the tests."""
    for inside, place in places.items():
        command = command.replace(inside, str(place))
    subprocess.run([program("sh"), "-c", command.replace(" -o aulario", "")], check=True)


def test_the_data_folder_of_an_image_is_closed_to_others(tmp_path: Path) -> None:
    """A new volume takes owner and mode of the image's folder."""
    text = (DEPLOY / "compose" / "Dockerfile").read_text("utf-8")
    [command] = re.findall(r"^RUN useradd .* aulario && (.*)$", text, re.MULTILINE)
    do(command, {"/srv/aulario/instance": tmp_path / "instance", "/backup": tmp_path / "backup"})

    assert "LMS_DATA_DIR=/srv/aulario/instance" in text
    assert " -o aulario " in command
    assert (tmp_path / "instance").stat().st_mode & 0o777 == 0o700


def test_the_data_folder_of_a_pod_is_closed_to_others(tmp_path: Path) -> None:
    """A volume with an fsGroup is root's and open to the group: the data lie in a folder of the program's own in it."""
    text = json.dumps(read(DEPLOY / "kubernetes" / "aulario.yaml"))
    [folder] = re.findall(r'"LMS_DATA_DIR": "/instance([^"]+)"', text)
    [command] = {json.loads(found) for found in re.findall(r'"command": \["/bin/sh", "-ec", ("(?:[^"\\]|\\.)+")\]', text)}
    volume, keys, old = tmp_path / "volume", tmp_path / "secrets", tmp_path / "older"
    for place in (volume, keys, old):
        place.mkdir()
    volume.chmod(0o2777)
    for name in ("secret.key", "signing.key", "seal.key", "authority.key"):
        with pytest.raises(subprocess.CalledProcessError):  # each pod would make a key of its own
            do(f"set -e\n{command}", {"/instance": volume, "/keys": keys, "/old-keys": old})
        (keys / name).touch(mode=0o440)
    do(f"set -e\n{command}", {"/instance": volume, "/keys": keys, "/old-keys": old})
    (old / "before.key").touch(mode=0o440)
    do(f"set -e\n{command}", {"/instance": volume, "/keys": keys, "/old-keys": old})
    made = Path(f"{volume}{folder}")

    assert f'"LMS_SECRET_KEY_FILE": "/instance{folder}/secret.key"' in text
    assert made.stat().st_mode & 0o777 == 0o700
    assert (made / "secret.key").stat().st_mode & 0o777 == 0o600
    assert (made / "signing.old" / "before.key").stat().st_mode & 0o777 == 0o600, "it verifies what was signed before"


@pytest.mark.parametrize("name", ["compose/compose.yaml", "compose/Dockerfile", "kubernetes/aulario.yaml"])
def test_what_nobody_has_run_says_so_in_its_first_line(name: str) -> None:
    assert (DEPLOY / name).read_text("utf-8").startswith("# Untried:")


def test_examples_name_only_settings_that_exist() -> None:
    known = {f"LMS_{name.upper()}" for name in Settings.model_fields}
    named = {name for path in DEPLOY.rglob("*") if path.is_file() for name in NAME.findall(path.read_text("utf-8"))}

    assert named
    assert named <= known


def test_units_are_what_systemd_reads(tmp_path: Path) -> None:
    analyze = program("systemd-analyze")
    for unit in UNITS:
        if unit.suffix == ".env":
            continue
        text = unit.read_text("utf-8").replace("/srv/aulario/venv/bin/lms", "/bin/true")
        (tmp_path / unit.name.replace("@.", "@8001.")).write_text(text.replace("%i", "8001"))
    command = [analyze, "verify", "--man=no", *sorted(str(path) for path in tmp_path.iterdir())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "aulario" in line]

    assert said == []


def test_the_typed_command_has_the_user_and_the_settings_of_the_services(tmp_path: Path) -> None:
    stand_in = tmp_path / "systemd-run"
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    stand_in.chmod(0o755)
    script = [program("sh"), DEPLOY / "systemd" / "lms", "backup", "--to", "/backup/two words"]
    plain = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    other = {"AULARIO_PROGRAM": "/srv/aulario/venv-2/bin/lms", "AULARIO_SETTINGS": "/etc/owner.env"}
    said, of_other = (
        subprocess.run(script, env=environment, cwd="/tmp", capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S108 - any folder
        for environment in (plain, plain | other)
    )
    unit = (DEPLOY / "systemd" / "aulario@.service").read_text("utf-8")

    assert said[-4:] == ["/srv/aulario/venv/bin/lms", "backup", "--to", "/backup/two words"]
    assert "--uid=aulario" in said
    assert "User=aulario" in unit
    assert "--property=EnvironmentFile=/etc/aulario.env" in said
    assert "EnvironmentFile=/etc/aulario.env" in unit
    assert of_other[-4] == "/srv/aulario/venv-2/bin/lms"
    assert of_other.index("--property=EnvironmentFile=/etc/owner.env") > of_other.index("--property=EnvironmentFile=/etc/aulario.env")


def test_the_configuration_of_nginx_is_what_nginx_reads(tmp_path: Path) -> None:
    nginx = program("nginx")
    path = configuration(tmp_path, 8443, [8001, 8002, 8003, 8004])
    done = subprocess.run([nginx, "-t", "-p", str(tmp_path), "-c", str(path)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_nginx_logs_no_addresses_of_pages() -> None:
    """spec/security 8.2: they hold secrets of links, and names that somebody looks for; its own log holds them below `alert`."""
    text = (DEPLOY / "nginx" / "aulario.conf").read_text("utf-8")
    logged = re.findall(r"\$(\w+)", re.findall(r"^log_format aulario '(.*)';$", text, re.MULTILINE)[0])
    hosts = text.split("\nserver {")[1:]

    assert set(logged) == {
        "time_iso8601",
        "request_method",
        "status",
        "body_bytes_sent",
        "request_time",
        "upstream_addr",
        "upstream_status",
        "upstream_response_time",
    }
    assert len(hosts) == 2
    for host in hosts:
        assert re.findall(r"\baccess_log (.*);", host) == ["/var/log/nginx/aulario.log aulario"]
        assert re.findall(r"\berror_log (.*);", host) == ["/var/log/nginx/aulario-error.log alert"]


def test_nginx_of_compose_asks_its_server_and_logs_to_the_container() -> None:
    """A log inside the container grows until the disk is full."""
    command = re.findall(r"`(sed .*) > nginx\.conf`", (DEPLOY / "README.md").read_text("utf-8"))[0]
    text = subprocess.run([program("sh"), "-c", command], cwd=DEPLOY / "compose", capture_output=True, text=True, check=True).stdout

    assert re.findall(r"^    server (.*);$", text, re.MULTILINE) == ["server:8000"]
    assert re.findall(r"\b(?:access|error)_log (.*);", text) == ["/dev/stdout aulario", "/dev/stderr alert"] * 2
    assert "/var/log" not in text


def test_what_nginx_says_by_itself_is_in_both_languages_with_the_headers_of_every_page() -> None:
    """spec/security 3.4 and 8.4."""
    text = (DEPLOY / "nginx" / "aulario.conf").read_text("utf-8")
    place = text.partition("location /_nginx/ {")[2].partition("\n    }")[0]
    pages = dict(re.findall(r"error_page ([\d ]+) /_nginx/([\w.]+);", text))

    assert dict(re.findall(r'add_header ([\w-]+) "([^"]*)" always;', place)) == {**ALWAYS, "Cache-Control": "no-store"}
    assert {"413", "502", "503", "504"} <= {status for statuses in pages for status in statuses.split()}
    for name in pages.values():
        page = (DEPLOY / "nginx" / "pages" / name).read_text("utf-8")
        assert '<html lang="es">' in page
        assert '<section lang="en">' in page
        assert "style" not in page


def test_nginx_buffers_compresses_and_says_who_asks() -> None:
    """spec/security 3.3: what the program counts on."""
    text = (DEPLOY / "nginx" / "aulario.conf").read_text("utf-8")

    for line in (
        "proxy_request_buffering on;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "proxy_set_header X-Forwarded-Host $host;",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "gzip on;",
        'proxy_set_header Accept-Encoding "";',
        "location = /metrics { return 404; }",
    ):
        assert line in text
