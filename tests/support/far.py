"""A visitor over the wire: what `Browser` does with the application in this process, done with a server behind TLS, or a near one."""

import http.client
import io
import json
import logging
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any

from flask import Flask
from werkzeug.serving import make_server
from werkzeug.test import EnvironBuilder

from lms.instance import Instance
from tests.support.browser import Browser


class Answer:
    """An answer, with what the tests' browser asks of one."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes, environ: dict[str, object]) -> None:
        self.status_code, self.headers, self._body = status, headers, body
        self.mimetype = (headers.get("Content-Type") or "").partition(";")[0]
        self.request = SimpleNamespace(environ=environ)

    def get_data(self, *, as_text: bool = False) -> Any:
        """Return the body."""
        return self._body.decode() if as_text else self._body

    def get_json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self._body)

    def close(self) -> None:
        """Do nothing: the body was read."""


class Far(Browser):
    """A visitor with a connection for each request, so that each goes to whichever process is next."""

    def __init__(self, instance: Instance, port: int, host: str) -> None:
        self.instance, self.port, self.host = instance, port, host
        self.language, self.path, self.checks = "es", "", False
        self.cookies: dict[str, str] = {}
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE

    def another(self, language: str = "es") -> "Far":
        """Return another visitor of the same site."""
        return Far(self.instance, self.port, self.host)

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self._context)

    def _request(self, method: str, path: str, **options: Any) -> Any:
        headers = {**self._headers(), **options.pop("headers", {}), "Host": self.host}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        asked = EnvironBuilder(path=path, method=method, headers=headers, **options)
        environ = asked.get_environ()
        body = environ["wsgi.input"].read()
        target = asked.request_uri
        sent = {**headers, **({"Content-Type": environ["CONTENT_TYPE"]} if environ.get("CONTENT_TYPE") else {})}
        asked.close()
        connection = self._connection()
        try:
            connection.request(method, target, body or (b"" if method == "POST" else None), sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        self.response = Answer(answer.status, answer.headers, content, {"wsgi.input": io.BytesIO(body)})  # type: ignore[assignment]  # answers what a test client's answer does
        return self.response


class Near(Far):
    """A visitor of a server on this machine without TLS."""

    def another(self, language: str = "es") -> "Near":
        """Return another visitor of the same site."""
        return Near(self.instance, self.port, self.host)

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=("127.0.0.2", 0))


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[int]:
    """Serve an application from a thread, on a free port of this machine if none is named; give the port."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def near(app: Flask, instance: Instance) -> Iterator[Near]:
    """Serve an application; give its first visitor, who does not come from where the server itself is."""
    with served(app) as port:
        yield Near(instance, port, "localhost")
