"""A small mail server for tests."""

import email
import socket
import threading
from email import policy
from email.message import EmailMessage


class Postbox:
    """A mail server that speaks as much SMTP as messages need, one after the other, and keeps what came.

    ``refuses`` is a part of the addresses that it does not know, ``refusal`` what it says of them, ``drops`` a part of the messages that it
    does not take.
    """

    def __init__(self, *, encrypts: bool = False, refuses: str = "", refusal: str = "550 nobody here", drops: str = "") -> None:
        self.messages: list[EmailMessage] = []
        self.conversation: list[str] = []
        self.refuses = refuses
        self.refusal = refusal
        self.drops = drops
        self._encrypts = encrypts
        self._socket = socket.create_server(("127.0.0.1", 0))
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
                if verb == "EHLO":
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
                elif verb == "RCPT" and self.refuses and self.refuses in words:
                    say(self.refusal)
                elif verb == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 fine")

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
