"""A browser without a script that keeps its connection and its cookies, and counts requests and bytes as they come."""

import gzip
import http.client
import re
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

STATIC = re.compile(r"/static/[^\s\"'<>()?#]+")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    text: str
    location: str


class Visitor:
    """One browser."""

    def __init__(self, host: str, port: int, *, packed: bool = False) -> None:
        self._packed = packed
        self._connection = http.client.HTTPConnection(host, port, timeout=60)
        self._cookies: dict[str, str] = {}
        self._files: set[str] = set()
        self.requests = self.bytes = 0

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None, *, accept: str = "text/html") -> Answer:
        """Send a request and read the answer."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()), "Accept": accept}
        if self._packed:
            headers["Accept-Encoding"] = "gzip"
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self._answer(method, path, body, headers)
        content = answer.read()
        for line in answer.headers.get_all("Set-Cookie", ()):
            self._cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        self.requests += 1
        self.bytes += len(content)
        if answer.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        text = content.decode("utf-8", "replace")
        if self._packed:
            self._files.update(STATIC.findall(text))
        return Answer(answer.status, text, answer.headers.get("Location", ""))

    def _answer(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Ask once, and once more over a new connection where a server had closed the one that nobody used for a while."""
        try:
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()
        except ConnectionError:
            self._connection.close()
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()

    def rest(self) -> None:
        """Close the connection, which a server would close after a while of waiting; the next request opens another."""
        self._connection.close()

    def fetch_files(self) -> None:
        """Ask once for every static file that the packed pages name: style sheets, scripts, pictures, and the fonts of the sheets."""
        known: set[str] = set()
        while new := self._files - known:
            known |= new
            for path in sorted(new):
                assert self.ask("GET", path, accept="*/*").status == 200, path

    def sees(self, path: str, sign: str) -> str:
        """Open a page that has to hold a sign of its own."""
        answer = self.ask("GET", path)
        assert answer.status == 200, f"{path}: {answer.status}"
        assert sign in answer.text, f"{path} is another page"
        return answer.text

    def token(self, path: str) -> str:
        """Open a page and return its form token."""
        found = TOKEN.search(self.sees(path, "csrf_token"))
        assert found, path
        return found[1]

    def enter(self, email: str, password: str) -> None:
        """Sign in."""
        answer = self.ask("POST", "/sign-in", {"csrf_token": self.token("/sign-in"), "email": email, "password": password})
        assert answer.status == 303, answer.status
