"""The scaled form on one machine: several `lms serve` behind nginx with our own configuration, PostgreSQL, Redis, a bucket, a worker.

Its processes reach PostgreSQL by themselves, or through PgBouncer.
"""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kernel.settings import Settings, load
from lms.instance import Instance
from lms.serve import open_checked
from tests.support import postgres
from tests.support.pooler import a_pooler
from tests.support.programs import program
from tests.support.project import ROOT
from tests.support.server import LMS, environment, free_port
from tests.support.stores import Redis, a_bucket, a_redis, wait_until

HOST = "cursos.example.org"
CONFIGURATION = ROOT / "deploy" / "nginx" / "aulario.conf"
INHERIT = """
import os, sys
descriptor, *command = sys.argv[1:]
if int(descriptor) != 3:
    os.dup2(int(descriptor), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(command[0], command)
"""
"""What systemd does with a socket that it holds: the process finds it as descriptor 3."""


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for the site that is signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return folder / "fullchain.pem", folder / "privkey.pem"


def configuration(folder: Path, port: int, servers: list[int]) -> Path:
    """Write our configuration of nginx for this machine: other ports, certificate and places, and nothing else."""
    text = CONFIGURATION.read_text("utf-8")
    chain, key = a_certificate(folder)
    lines = iter(servers)
    text = re.sub(r"server 127\.0\.0\.1:80\d\d", lambda _found: f"server 127.0.0.1:{next(lines)}", text)
    text = re.sub(r"^\s*listen \[::\].*\n", "", text, flags=re.MULTILINE)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};").replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    text = text.replace("/etc/ssl/aulario/fullchain.pem", str(chain)).replace("/etc/ssl/aulario/privkey.pem", str(key))
    text = text.replace("/var/log/nginx/", f"{folder}/").replace("/etc/nginx/aulario/", f"{CONFIGURATION.parent}/pages/")
    places = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = folder / "nginx.conf"
    path.write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\nworker_processes 1;\nevents {{ worker_connections 512; }}\n"
        f"http {{\naccess_log off;\n{places}{text}\n}}\n"
    )
    return path


class Server:
    """One `lms serve` on a socket that the test holds, as systemd would."""

    def __init__(self, settings: Settings, told: dict[str, str]) -> None:
        self._folder, self._told = settings.data_dir, told
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = int(self.socket.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; whoever asks meanwhile waits in the socket."""
        number = self.socket.fileno()
        command = [sys.executable, "-c", INHERIT, str(number), str(LMS), "serve", "--port", str(self.port), "--workers", "1"]
        with (self._folder / f"server-{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=environment(self._folder, **self._told), pass_fds=(number,), stdout=log, stderr=log, start_new_session=True
            )

    def wait(self) -> None:
        """Wait until it is ready."""
        wait_until(self._is_ready, f"the server on {self.port}")

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=30) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> int:
        """End it as systemd does, after the requests in hand; return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(40)

    def kill(self) -> None:
        """Kill it and what it forked."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)


class Cluster:
    """All of it, with a house of the test's own on the same database and bucket."""

    def __init__(self, instance: Instance, servers: list[Server], port: int, redis: Redis) -> None:
        self.instance, self.servers, self.port, self.redis = instance, servers, port, redis


def _needs() -> None:
    program("nginx")
    postgres.require()


@contextmanager
def a_cluster(folder: Path, *, processes: int = 4, pooled: bool = False) -> Iterator[Cluster]:
    """Start everything, with PgBouncer where it is asked for, and see that nothing of it is left."""
    _needs()
    with ExitStack() as stack:
        redis = stack.enter_context(a_redis(folder))
        bucket = stack.enter_context(a_bucket())
        url = stack.enter_context(postgres.a_database())
        if pooled:
            url = stack.enter_context(a_pooler(folder, url))
        named = {
            **bucket,
            "redis_url": redis.url,
            "database_url": url,
            "public_url": f"https://{HOST}",
            "trusted_proxies": 1,
            "worker_threads": 0,
        }
        settings = load(data_dir=folder / "instance", **named)
        told = {f"LMS_{name.upper()}": str(value) for name, value in named.items()}
        instance = open_checked(settings)
        stack.callback(instance.database.dispose)
        servers = [Server(settings, told) for _turn in range(processes)]
        for server in servers:
            stack.callback(server.socket.close)
            stack.callback(server.kill)
        port = free_port()
        yield from _running(stack, instance, servers, port, redis, told, folder)


def _running(
    stack: ExitStack, instance: Instance, servers: list[Server], port: int, redis: Redis, told: dict[str, str], folder: Path
) -> Iterator[Cluster]:
    from tests.support.builders import a_course

    a_course(instance)  # a server that finds no course would publish those that come with the product
    with (folder / "worker.log").open("ab") as log:
        worker = subprocess.Popen([LMS, "worker"], env=environment(instance.settings.data_dir, **told), stdout=log, stderr=log)
    stack.callback(worker.wait, 20)
    stack.callback(worker.terminate)
    for server in servers:
        server.start()
    for server in servers:
        server.wait()
    path = configuration(folder, port, [server.port for server in servers])
    nginx = subprocess.Popen([program("nginx"), "-p", str(folder), "-c", str(path), "-g", "daemon off;"], stdout=subprocess.DEVNULL)
    stack.callback(nginx.wait, 20)
    stack.callback(nginx.terminate)
    wait_until(lambda: _speaks_tls(port), "nginx")
    yield Cluster(instance, servers, port, redis)


def _speaks_tls(port: int) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        time.sleep(0.05)
        return False
