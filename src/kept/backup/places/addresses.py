"""Where does a place lie, as the owner wrote it? In the words that restic takes.

    /media/closet/kept                       a folder
    sftp:user@host:/srv/kept                 also sftp://user@host:2222//srv/kept
    s3:https://host/bucket/prefix            also s3:host/bucket/prefix
    rest:https://user:password@host/kept/

Pure. Plain `http:` reaches this machine alone. A password stands in a `Secret`, so no repr, text or
refusal shows it; a refusal never repeats the address.
Source: restic manual, "Preparing a new repository".
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import NoReturn, TypeAlias
from urllib.parse import SplitResult, quote, unquote, urlsplit

from kept.base.errors import MalformedError, RefusedError
from kept.crypto.secret import Secret

WHERE = "address"
MOST_CHARS = 4096
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._\-]*[A-Za-z0-9_])?")
_USER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.@+\\\-]*\$?")
_SCP = re.compile(r"(?:(?P<user>[^/]+)@)?(?P<host>\[[^\]/]+\]|[^:/\[\]@]+):(?P<path>.*)", re.DOTALL)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_AWS = re.compile(r"s3[.\-](?:dualstack\.)?(?P<region>[a-z0-9\-]+)\.amazonaws\.com(?:\.cn)?")
_DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """A folder of this machine."""

    path: str

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class SftpAddress:
    """A folder behind SSH; the host may be a name of ~/.ssh/config, `path` relative to home."""

    host: str
    path: str
    user: str = ""
    port: int | None = None

    def __str__(self) -> str:
        at = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.port is None:
            return f"sftp:{at}{host}:{self.path}"
        return f"sftp://{at}{host}:{self.port}/{self.path}"


@dataclass(frozen=True, slots=True)
class S3Address:
    """A bucket, and a prefix without slashes at its ends; `endpoint` is scheme, host and port."""

    endpoint: str
    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3:{self.base_path_style}" + (f"/{self.prefix}" if self.prefix else "")

    @property
    def host(self) -> str:
        """The endpoint's host and port."""
        return urlsplit(self.endpoint).netloc

    @property
    def base_path_style(self) -> str:
        """The URL with the bucket in its path, without the prefix."""
        return f"{self.endpoint}/{self.bucket}"

    @property
    def base(self) -> str:
        """The URL of the bucket: in the host's name at Amazon, in the path elsewhere.

        A bucket with a dot stays in the path: no certificate fits two dots.
        """
        if self.host.endswith((".amazonaws.com", ".amazonaws.com.cn")) and "." not in self.bucket:
            return self.endpoint.replace("://", f"://{self.bucket}.", 1)
        return self.base_path_style

    @property
    def region(self) -> str:
        """The region in the endpoint's name, where Amazon writes it; else `us-east-1`."""
        found = _AWS.fullmatch(self.host)
        return found["region"] if found else _DEFAULT_REGION


@dataclass(frozen=True, slots=True)
class RestAddress:
    """A server of restic's REST protocol; `base` ends with a slash and holds no password."""

    base: str
    user: str = ""
    password: Secret | None = None

    def __str__(self) -> str:
        return f"rest:{self.base}"


Address: TypeAlias = LocalAddress | SftpAddress | S3Address | RestAddress


def parse_address(text: str) -> Address:
    """Read an address. It may come from a page, so it is hostile.

    Raises:
        MalformedError: not an address, or of a kind that is not known.
        RefusedError: it would be reached without encryption, from outside this machine.
    """
    if not text or len(text) > MOST_CHARS or not text.isprintable():
        raise MalformedError(WHERE, f"must be printable, 1 to {MOST_CHARS} characters")
    found = _SCHEME.match(text)
    if found is None or text.startswith(("/", ".")):
        return LocalAddress(text)
    scheme, rest = found[1].lower(), text[found.end() :]
    if scheme in {"http", "ftp", "ws", "dav", "telnet"}:
        _refuse_plain()
    readers = {"local": LocalAddress, "sftp": _sftp, "s3": _s3, "rest": _rest}
    if scheme not in readers:
        raise MalformedError(WHERE, "a kind of place we do not know")
    if not rest:
        raise MalformedError(WHERE, "says no place")
    return readers[scheme](rest)


def is_this_machine(host: str) -> bool:
    """Whether a host's name or address can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_plain() -> NoReturn:
    """Say why no plain way is taken.

    Raises:
        RefusedError: always.
    """
    raise RefusedError(
        "backup.plain",
        "This place would be reached without encryption. Use https, sftp or a disk.",
    )


def _sftp(rest: str) -> SftpAddress:
    if rest.startswith("//"):
        split = _split("sftp:" + rest)
        user = unquote(split.username or "")
        if split.password is not None:
            raise MalformedError(WHERE, "ssh takes no password from an address")
        host, path, port = split.hostname or "", unquote(split.path[1:]), split.port
    else:
        found = _SCP.fullmatch(rest)
        if found is None:
            raise MalformedError(WHERE, "write sftp:user@host:/folder")
        user, host, path, port = found["user"] or "", found["host"], found["path"], None
    host = _host(host)
    if user and not _USER.fullmatch(user):
        raise MalformedError(WHERE, "an unusual user name")
    if not path:
        raise MalformedError(WHERE, "names no folder")
    return SftpAddress(host, path, user, port)


def _s3(rest: str) -> S3Address:
    rest = rest.removeprefix("//")
    split = _split(rest if re.match(r"https?://", rest) else f"https://{rest}")
    if split.username is not None or split.password is not None:
        raise MalformedError(WHERE, "keys do not stand in an address")
    bucket, _, prefix = split.path.strip("/").partition("/")
    prefix = unquote(prefix).strip("/")
    if not _BUCKET.fullmatch(bucket):
        raise MalformedError(WHERE, "write s3:https://host/bucket/folder")
    if any(part in {"", ".", ".."} for part in prefix.split("/")) and prefix:
        raise MalformedError(WHERE, "an unusual folder")
    return S3Address(_endpoint(split), bucket, prefix)


def _rest(rest: str) -> RestAddress:
    split = _split(rest)
    path = split.path.strip("/")
    user = unquote(split.username or "")
    if ":" in user:
        raise MalformedError(WHERE, "an unusual user name")
    password = None if split.password is None else Secret(unquote(split.password).encode())
    return RestAddress(
        f"{_endpoint(split)}/{path}/" if path else f"{_endpoint(split)}/", user, password
    )


def _split(text: str) -> SplitResult:
    """Take a URL apart.

    Raises:
        MalformedError: it has no host, an impossible port, a question or a fragment.
    """
    try:
        split = urlsplit(text)
        is_odd = split.port == 0 or not split.hostname
    except ValueError:
        raise MalformedError(WHERE, "not an address") from None
    if is_odd or split.query or split.fragment:
        raise MalformedError(WHERE, "not an address")
    return split


def _endpoint(split: SplitResult) -> str:
    """Scheme, host and port of a URL, without name and password.

    Raises:
        MalformedError: another scheme than https, or an impossible host.
        RefusedError: plain, and not on this machine.
    """
    host = _host(split.hostname or "")
    if split.scheme == "http" and not is_this_machine(host):
        _refuse_plain()
    if split.scheme not in {"http", "https"}:
        raise MalformedError(WHERE, "must begin with https://")
    port = "" if split.port is None else f":{split.port}"
    return f"{split.scheme}://" + (f"[{host}]" if ":" in host else quote(host)) + port


def _host(host: str) -> str:
    """A host's name or address without brackets; never one that ssh would take for an option.

    Raises:
        MalformedError: neither.
    """
    bare = host.removeprefix("[").removesuffix("]")
    if ":" in bare:
        try:
            return str(ipaddress.IPv6Address(bare))
        except ValueError:
            raise MalformedError(WHERE, "not the name of a server") from None
    if not _HOST.fullmatch(bare):
        raise MalformedError(WHERE, "not the name of a server")
    return bare
