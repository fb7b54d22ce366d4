"""Letters over SMTP, encrypted on the way unless the server is this machine.

Source: RFC 5321, RFC 8314 (implicit TLS), RFC 3207 (STARTTLS).
"""

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

import aiosmtplib

from kept.base.errors import RefusedError, UnavailableError
from kept.conversations.model import Letter
from kept.crypto.secret import Secret

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TIMEOUT_S = 20.0
_PERMANENT = 500  # RFC 5321 §4.2.1: 5yz is final

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where letters go out. `security` "none" is taken for this machine only."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: Secret | None = None

    def __post_init__(self) -> None:
        if self.security == "none" and self.host not in LOOPBACK:
            raise RefusedError(
                "plain_mail",
                "Letters would cross the network readable by anybody. Use tls or starttls.",
            )


class SmtpSender:
    """`MailSender` to one server, a connection a letter."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def send(self, letter: Letter) -> None:
        """Hand one letter over.

        Raises:
            UnavailableError: not taken; try again later.
            RefusedError: the server says never.
        """
        server = self._server
        try:
            await aiosmtplib.send(
                compose(letter, sender=server.sender),
                hostname=server.host,
                port=server.port,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                username=server.user or None,
                password=server.password.reveal().decode() if server.password else None,
                timeout=TIMEOUT_S,
                tls_context=ssl.create_default_context() if server.security != "none" else None,
            )
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as error:
            if getattr(error, "code", 0) >= _PERMANENT:
                raise RefusedError(
                    "mail_refused", "The mail server refused this letter."
                ) from error
            raise UnavailableError("The mail server did not take the letter yet.") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise UnavailableError("The mail server cannot be reached.") from error


def compose(letter: Letter, *, sender: str) -> EmailMessage:
    """The message as it goes out: plain UTF-8 text, no trackers, no remote content."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Message-ID"] = f"<{letter.key}@{sender.rpartition('@')[2].rstrip('>') or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies to this
    message.set_content(letter.text)
    return message
