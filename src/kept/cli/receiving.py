"""How does `kept backup receiver serve` run? Lock, port, daily checks, web: undone in reverse.

TLS, always, but for an address of this machine itself; a renewed certificate comes into use by
itself. SIGTERM ends it in order with code 0.
"""

import asyncio
import signal
import socket
import ssl
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from kept.backup.keeping.accounts import Accounts
from kept.backup.keeping.daily import Rounds, start
from kept.backup.keeping.folder import Folder
from kept.backup.keeping.seeds import is_here
from kept.base.clock import SystemClock
from kept.base.errors import MalformedError, RefusedError, UnavailableError
from kept.cli.receiver_cert import Certificate
from kept.crypto.passwords import Passwords
from kept.web.receiver.app import Receiver
from kept.web.receiver.home import Keeper
from kept.web.receiver.patience import Impatient

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; 1.3 has no others
LOOK_TICKS = 10  # of 0.1 s
BACKLOG, CONNECTIONS_MOST, GRACE_S, IDLE_S = 256, 512, 2, 75


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen, and with which certificate (PEM, the chain and its key)."""

    host: str
    port: int  # 0 takes any that is free
    cert: Path | None
    key: Path | None

    @classmethod
    def parse(cls, listen: str, cert: Path | None, key: Path | None) -> "Listening":
        """Read HOST:PORT, an IPv6 host in brackets.

        Raises:
            MalformedError: another form, or a certificate without its key.
            RefusedError: no certificate on an address that others reach.
        """
        host, colon, port = listen.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise MalformedError("--listen", "HOST:PORT, as 0.0.0.0:8443 or [::]:8443")
        if (cert is None) != (key is None):
            raise MalformedError("--cert", "--cert and --key belong together")
        if cert is None and not is_here(host):
            raise RefusedError(
                "receiver.tls",
                "Others would send their passwords in the clear. Give --cert and --key, or listen"
                " on 127.0.0.1. Nothing was started.",
            )
        return cls(host, int(port), cert, key)

    @property
    def is_https(self) -> bool:
        """Whether there is a certificate."""
        return self.cert is not None


def serve_receiver(folder: Folder, at: Listening, *, keeper: str, rounds: Rounds) -> None:
    """Serve until a signal.

    Raises:
        ConflictError: another receiver is at work here.
        NotFoundError: no account was ever made in this folder.
        UnavailableError: the port is taken, or the certificate cannot be used.
    """
    folder.require()
    signal.signal(signal.SIGTERM, _end)
    with ExitStack() as stack:
        stack.enter_context(folder.held())
        folder.sweep()
        door = stack.enter_context(_bound(at))
        app = Receiver(
            Keeper(keeper, folder, rounds.signer.key),
            rounds.accounts,
            Passwords(),
            rounds.clock,
            is_https=at.is_https,
        )
        config = _config(app, at)
        stack.callback(start(rounds))
        server = _Server(config, door, _certificate(config, at))
        signal.signal(signal.SIGHUP, server.look)
        server.run(sockets=[door])


def rounds_of(folder: Folder, *, picks: int | None, seed_from: str) -> Rounds:
    """The daily checks of a folder, by this machine's clock.

    Raises:
        MalformedError: the key that signs results is none.
        UnavailableError: it cannot be read.
    """
    return Rounds(folder, Accounts(folder), folder.signer(), SystemClock(), picks, seed_from)


def _bound(at: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
    try:
        return socket.create_server((at.host, at.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UnavailableError(
            f"Port {at.port} of {at.host} cannot be had: {error.strerror}. Nothing was started."
        ) from None


def _config(app: Receiver, at: Listening) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=Impatient,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS_MOST,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=at.cert,
        ssl_keyfile=at.key,
        ssl_ciphers=CIPHERS,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise UnavailableError(
            f"The certificate or its key cannot be used: {error.strerror or error}. Nothing was"
            " started."
        ) from None
    return config


def _certificate(config: uvicorn.Config, at: Listening) -> Certificate | None:
    if config.ssl is None or at.cert is None or at.key is None:
        return None
    return Certificate(config.ssl, at.cert, at.key)


class _Server(uvicorn.Server):
    """uvicorn, saying when it is ready, and looking after its certificate."""

    def __init__(
        self, config: uvicorn.Config, door: socket.socket, certificate: Certificate | None
    ) -> None:
        super().__init__(config)
        self._certificate = certificate
        self._is_asked = False
        host, port = door.getsockname()[:2]
        scheme = "https" if config.is_ssl else "http"
        self._url = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say where."""
        await super().startup(sockets=sockets)
        print(f"Copies are received at {self._url}  (Ctrl-C ends it)", file=sys.stderr, flush=True)

    def look(self, number: int, frame: FrameType | None) -> None:
        """SIGHUP: load the certificate again at the next tick."""
        del number, frame
        self._is_asked = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; every second the certificate is looked at."""
        if self._certificate is not None and (self._is_asked or counter % LOOK_TICKS == 0):
            is_asked, self._is_asked = self._is_asked, False
            await asyncio.to_thread(self._certificate.renew, is_asked=is_asked)
        return await super().on_tick(counter)


def _end(number: int, frame: FrameType | None) -> None:
    """SIGTERM: leave by the exits, so that everything is closed in order.

    Raises:
        SystemExit: always, with code 0.
    """
    del number, frame
    raise SystemExit(0)
