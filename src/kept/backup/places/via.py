"""Through which interface or from which address must everything leave?

`via = "wg0"` or `via = "10.8.0.2"`: while it is missing nothing is sent, not even a question for
a name, and no other route is tried.
Source: `docs/formats/backup.md`, places; socket(7), SO_BINDTODEVICE.
"""

import errno
import ipaddress
import re
import socket
from dataclasses import dataclass
from datetime import timedelta

from kept.base.errors import MalformedError, UnavailableError

LOOK_AGAIN = timedelta(minutes=1)
_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,14}")  # IFNAMSIZ is 16 with its NUL


@dataclass(frozen=True, slots=True)
class Via:
    """An interface by name, or one of this machine's addresses; the other is empty."""

    interface: str = ""
    address: str = ""


def parse_via(text: str) -> Via:
    """Read the setting.

    Raises:
        MalformedError: neither an address nor the name of an interface.
    """
    try:
        return Via(address=str(ipaddress.ip_address(text)))
    except ValueError:
        if not _INTERFACE.fullmatch(text):
            raise MalformedError("via", "neither an interface nor an address") from None
        return Via(interface=text)


def require_present(via: Via | None) -> None:
    """Let pass when nothing is demanded, or what is demanded is there.

    Raises:
        UnavailableError: the interface or address is missing; the copy waits for it.
    """
    if via is None or (_has_interface(via.interface) if via.interface else _has(via.address)):
        return
    raise UnavailableError(
        f"Waiting for the VPN: {via.interface or via.address} is not there. Nothing was sent.",
        retry_after=LOOK_AGAIN,
    )


def _has_interface(name: str) -> bool:
    return any(name == known for _, known in socket.if_nameindex())


def _has(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError as error:
            if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL}:
                return False
            raise
    return True
