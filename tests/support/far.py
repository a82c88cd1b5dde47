"""A visitor over the wire: what `Browser` does with the application in this process, done with a server behind TLS."""

import http.client
import json
import ssl
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

from lms.app import House
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

    def __init__(self, house: House, port: int, host: str) -> None:
        self.house, self.port, self.host = house, port, host
        self.language, self.path, self.checks = "es", "", False
        self.cookies: dict[str, str] = {}
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE

    def another(self, language: str = "es") -> "Far":
        """Return another visitor of the same site."""
        return Far(self.house, self.port, self.host)

    def _request(self, method: str, path: str, **options: Any) -> Any:
        parts = urlsplit(path)
        target = parts.path or "/"
        query = "&".join(part for part in (parts.query, urlencode(options.get("query_string", {}), doseq=True)) if part)
        data, headers = options.get("data"), {**self._headers(), **options.get("headers", {}), "Host": self.host}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if data is not None:
            body = urlencode({name: value for name, value in data.items() if value is not None}, doseq=True).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self._context)
        try:
            connection.request(method, f"{target}?{query}" if query else target, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        self.response = Answer(answer.status, answer.headers, content, {})  # type: ignore[assignment]  # answers what a test client's answer does
        return self.response
