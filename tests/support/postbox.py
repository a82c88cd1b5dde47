"""A small mail server for tests."""

import email
import socket
import threading
from collections.abc import Mapping
from email import policy
from email.message import EmailMessage

from kernel import outbox
from lms.instance import Instance


class Postbox:
    """A mail server that speaks as much SMTP as messages need, one after the other, and keeps what came.

    ``refuses`` is a part of the addresses that it does not know, ``refusal`` what it says of them, ``drops`` a part of the messages that it
    does not take, ``answers`` what it says to some verbs instead of taking them, ``addresses`` what it says of some,
    ``port`` where it listens, else anywhere.
    """

    def __init__(
        self,
        *,
        encrypts: bool = False,
        refuses: str = "",
        refusal: str = "550 nobody here",
        drops: str = "",
        answers: Mapping[str, str] | None = None,
        addresses: Mapping[str, str] | None = None,
        port: int = 0,
    ) -> None:
        self.messages: list[EmailMessage] = []
        self.conversation: list[str] = []
        self.refuses = refuses
        self.refusal = refusal
        self.drops = drops
        self.answers = dict(answers or {})
        self.addresses = dict(addresses or {})
        self._encrypts = encrypts
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            with connection:
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        with connection.makefile("rwb") as stream:

            def say(line: str) -> None:
                stream.write(line.encode() + b"\r\n")
                stream.flush()

            say("220 postbox")
            while line := stream.readline():
                words = line.decode().strip()
                self.conversation.append(words)
                verb = words.split(" ")[0].upper()
                if answer := self.answers.get(verb) or self._refusal(verb, words):
                    say(answer)
                elif verb == "EHLO":
                    say("250-postbox" if self._encrypts else "250 postbox")
                    if self._encrypts:
                        say("250 STARTTLS")
                elif verb == "STARTTLS":
                    say("454 not now")
                elif verb == "DATA":
                    say("354 go on")
                    content = b""
                    while (part := stream.readline()) != b".\r\n":
                        content += part
                    say(self._take(content))
                elif verb == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 fine")

    def _refusal(self, verb: str, words: str) -> str:
        """Return what is said of an address, nothing where it is taken."""
        if verb != "RCPT":
            return ""
        if self.refuses and self.refuses in words:
            return self.refusal
        return next((said for part, said in self.addresses.items() if part in words), "")

    def _take(self, content: bytes) -> str:
        if self.drops and self.drops.encode() in content:
            return "554 not this one"
        self.messages.append(email.message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]  # the policy makes it one
        return "250 kept"

    def close(self) -> None:
        """Finish the conversation at hand, and take no other."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()


def worker_sending_to(instance: Instance, box: Postbox) -> outbox.JobRunner:
    """Return a worker that sends mail to a server."""
    settings = instance.settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_starttls": False})
    return outbox.JobRunner(instance.database, settings, instance.worker.handlers)
