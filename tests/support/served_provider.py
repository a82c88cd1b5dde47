"""The identity provider of tests behind a socket, plain or with TLS, for what really calls it; it answers many at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ssl import SSLContext

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from kernel.outgoing import OutgoingReach
from tests.support.fake_provider import FakeProvider


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, *_facts: object) -> None:
        """Print no line for each request."""


@contextmanager
def served(fake: FakeProvider, tls: SSLContext | None = None) -> Iterator[None]:
    """Serve a provider on this machine meanwhile; its issuer becomes its address."""

    @Request.application
    def answer(request: Request) -> Response:
        reply = fake.fetch(request.base_url, OutgoingReach(), method=request.method, body=request.get_data(), headers=request.headers)
        return Response(reply.body, reply.status, dict(reply.headers))

    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=_QuietHandler, ssl_context=tls)
    fake.issuer = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
