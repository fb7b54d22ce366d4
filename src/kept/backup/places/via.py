"""Through which interface or from which address must everything leave?

`via = "wg0"` or `via = "10.8.0.2"`: while it is missing or down nothing is sent, not even a
question for a name. An address stands for the interface that holds it: every connection is bound to
that one, or it would leave by any other that has a route.
Source: `docs/formats/backup.md`, places; socket(7), SO_BINDTODEVICE; netdevice(7); rtnetlink(7).
"""

import fcntl
import ipaddress
import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from kept.base.errors import MalformedError, UnavailableError

_BIND_TO_DEVICE = 25  # socket(7), SO_BINDTODEVICE on Linux
_CONNECT_S = 30.0  # for each address of a host
_FLAGS_OF = 0x8913  # netdevice(7), SIOCGIFFLAGS
_IS_UP = 1  # IFF_UP
_HEAD = struct.Struct("=IHHII")  # rtnetlink(7), nlmsghdr: length, type, flags, number, port
_ADDRESS = struct.Struct("=BBBBI")  # ifaddrmsg: family, prefix, flags, scope, interface
_ATTRIBUTE = struct.Struct("=HH")  # rtattr: length, type
_GET_ADDRESSES, _NEW_ADDRESS, _ASK_ALL = 22, 20, 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_ANSWER_BYTES = 65_536
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


def device_of(via: Via | None) -> str:
    """The interface that every connection is to be bound to; "" where none is demanded.

    Also "" for an address of this machine itself, which nothing leaves.

    Raises:
        UnavailableError: the interface or address is missing, or the interface is down; the copy
            waits for it.
    """
    if via is None:
        return ""
    if via.address and ipaddress.ip_address(via.address).is_loopback:
        return ""
    device = via.interface or _holder(via.address)
    if device and _is_up(device):
        return device
    raise UnavailableError(
        f"Waiting for the VPN: {via.interface or via.address} is not there. Nothing was sent.",
        retry_after=LOOK_AGAIN,
    )


def require_present(via: Via | None) -> None:
    """Let pass when nothing is demanded, or what is demanded is there.

    Raises:
        UnavailableError: as `device_of`.
    """
    device_of(via)


def connected(device: str, address: str, host: str, port: int) -> socket.socket:
    """A connection that was bound before its first packet left; blocking.

    Args:
        device: the interface; "" for any.
        address: our own; "" for any.
        host: a name or address; each of its addresses is tried.
        port: of the host.

    Raises:
        OSError: no address of the host was reached this way.
    """
    trouble = OSError("the host has no address")
    for family, kind, protocol, _, at in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        line = socket.socket(family, kind, protocol)
        try:
            if device:
                line.setsockopt(socket.SOL_SOCKET, _BIND_TO_DEVICE, device.encode())
            if address:
                line.bind((address, 0))
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.settimeout(_CONNECT_S)
            line.connect(at)
        except OSError as error:
            line.close()
            trouble = error
            continue
        line.settimeout(None)
        return line
    raise trouble


def _is_up(device: str) -> bool:
    asked = struct.pack("16sH14x", device.encode(), 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            told = fcntl.ioctl(probe, _FLAGS_OF, asked)
        except OSError:
            return False  # no such interface
    return bool(struct.unpack("16sH14x", told)[1] & _IS_UP)


def _holder(address: str) -> str:
    """The name of the interface that holds an address, "" where none does."""
    wanted = ipaddress.ip_address(address).packed
    for number, held in _addresses():
        if held == wanted:
            try:
                return socket.if_indextoname(number)
            except OSError:
                return ""  # gone meanwhile
    return ""


def _addresses() -> Iterator[tuple[int, bytes]]:
    """Every address of this machine with the number of its interface, as the kernel tells."""
    ask = _HEAD.pack(_HEAD.size + _ADDRESS.size, _GET_ADDRESSES, _ASK_ALL, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.sendall(ask + _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0))
        while True:
            said = kernel.recv(_ANSWER_BYTES)
            while said:
                size, kind, *_ = _HEAD.unpack_from(said)
                if kind != _NEW_ADDRESS:
                    return  # the end, or an error
                yield from _held(said[_HEAD.size : size])
                said = said[_aligned(size) :]


def _held(said: bytes) -> Iterator[tuple[int, bytes]]:
    """The number of the interface and its own address in one message of the kernel."""
    *_, number = _ADDRESS.unpack_from(said)
    found: dict[int, bytes] = {}
    at = _ADDRESS.size
    while at + _ATTRIBUTE.size <= len(said):
        size, kind = _ATTRIBUTE.unpack_from(said, at)
        found[kind] = said[at + _ATTRIBUTE.size : at + size]
        at += _aligned(max(size, _ATTRIBUTE.size))
    own = found.get(_IFA_LOCAL) or found.get(_IFA_ADDRESS)  # of a tunnel ADDRESS is the other end
    if own is not None:
        yield number, own


def _aligned(size: int) -> int:
    return -(-size // 4) * 4
