"""How does a certificate that was renewed come into use without ending the receiver?

The two files are looked at every second, and at once on SIGHUP. A pair that does not fit, as while
it is being written, changes nothing: the old one serves on, and it is said once.
"""

import ssl
from pathlib import Path

import structlog

_log = structlog.get_logger("kept.receiver")
_Stamp = tuple[tuple[int, int, int], ...]


class Certificate:
    """The files that a running TLS context was loaded from."""

    def __init__(self, context: ssl.SSLContext, cert: Path, key: Path) -> None:
        """Args: the context is in use and loaded from these files; the chain and its key, PEM."""
        self._context = context
        self._files = (cert, key)
        self._stamp = self._look()

    def renew(self, *, is_asked: bool = False) -> bool:
        """Load the files again if they changed; whether they were loaded.

        Args:
            is_asked: load them in any case.
        """
        stamp = self._look()
        if stamp is None or (stamp == self._stamp and not is_asked):
            return False
        self._stamp = stamp
        cert, key = self._files
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)  # does it fit?
            self._context.load_cert_chain(cert, key)
        except (OSError, ssl.SSLError) as error:
            _log.warning("certificate_not_renewed", why=error.strerror or str(error))
            return False
        _log.info("certificate_renewed")
        return True

    def _look(self) -> _Stamp | None:
        """What tells one state of the files from another; None while one of them is away."""
        try:
            found = [path.stat() for path in self._files]
        except OSError:
            return None
        return tuple((one.st_mtime_ns, one.st_ino, one.st_size) for one in found)
