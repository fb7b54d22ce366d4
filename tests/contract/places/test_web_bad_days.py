"""What do REST and S3 places say on their bad days, and what lies there then?"""

import hashlib
import os
import re
import socket
import ssl
import threading
import uuid
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kept.backup.places.addresses import RestAddress, S3Address, parse_address
from kept.backup.places.rest import RestPlace
from kept.backup.places.s3 import S3Place
from kept.backup.places.s3_signing import Keys
from kept.backup.places.trouble import SOON, STUCK
from kept.backup.places.via import parse_via
from kept.backup.places.web import Web
from kept.backup.ports import FileKind, Place, Stored
from kept.base.clock import SetClock, SystemClock
from kept.base.errors import ConflictError, NotFoundError, RefusedError, UnavailableError
from kept.crypto.secret import Secret
from place_servers import rclone_rest

PART = os.urandom(1_000_000)
PART_NAME = hashlib.sha256(PART).hexdigest()
KEYS = Keys("AKIDEXAMPLE", Secret(b"not-the-secret"), "us-east-1")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
Script = Callable[[BaseHTTPRequestHandler], None]


def rest_at(url: str, web: Web | None = None) -> RestPlace:
    """A REST place."""
    address = parse_address(f"rest:{url}")
    assert isinstance(address, RestAddress)
    return RestPlace(address, web or Web(clock=SetClock(NOW)))


def s3_at(url: str) -> S3Place:
    """An S3 place."""
    address = parse_address(f"s3:{url}")
    assert isinstance(address, S3Address)
    return S3Place(address, KEYS, Web(clock=SystemClock()), clock=SystemClock())


@contextmanager
def scripted(script: Script, tls: ssl.SSLContext | None = None) -> Generator[int]:
    """A server that answers as told; gives its port."""

    class Handler(BaseHTTPRequestHandler):
        """Answers every method alike."""

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

        def answer(self) -> None:
            """Follow the script."""
            self.close_connection = True
            script(self)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def says(status: int, body: bytes = b"", **headers: str) -> Script:
    """A script: read what comes, answer this."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("content-length", "0")))
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return answer


def tried(place: Place) -> UnavailableError:
    """What a place says when a part is put."""
    with pytest.raises(UnavailableError) as caught:
        place.put(FileKind.DATA, PART_NAME, PART)
    place.close()
    return caught.value


@pytest.mark.parametrize("status", [500, 502, 503, 429])
@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("Fri, 01 May 2026 12:01:30 GMT", timedelta(seconds=90)),
        ("Fri, 01 May 2026 11:00:00 GMT", SOON),
        ("soon", SOON),
        ("-5", SOON),
        ("9" * 5000, SOON),
    ],
)
def test_server_says_when(status: int, asked: str, wait: timedelta) -> None:
    """A busy server is tried again when it asked to be; nonsense counts as nothing."""
    with scripted(says(status, retry_after=asked)) as port:
        assert tried(rest_at(f"http://127.0.0.1:{port}/")).retry_after == wait


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "not right"),
        (403, "not right"),
        (507, "full"),
        (413, "full"),
        (301, "301"),
        (404, "404"),
    ],
)
def test_what_no_waiting_mends(status: int, told: str) -> None:
    """A wrong password, a full place or a redirect is told at once; nobody is followed."""
    with scripted(says(status, location="http://127.0.0.1:1/")) as port:
        error = tried(rest_at(f"http://shop:s3cret@127.0.0.1:{port}/"))
        assert told in str(error)
        assert error.retry_after == STUCK
        assert "s3cret" not in str(error)


def test_nobody_listens() -> None:
    """A server that is away may come back."""
    with scripted(says(200)) as port:
        url = f"http://127.0.0.1:{port}/"
    assert tried(rest_at(url)).retry_after == SOON


def test_answer_cut_half_way() -> None:
    """Half a file is never given out as a whole one."""

    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        handler.wfile.write(b"x" * 500)

    with scripted(half) as port:
        place = rest_at(f"http://127.0.0.1:{port}/")
        with pytest.raises(UnavailableError, match="broke") as caught:
            place.get(FileKind.DATA, PART_NAME)
        place.close()
    assert caught.value.retry_after == SOON


def test_server_without_ranges() -> None:
    """A server that sends the whole file gives the right piece all the same."""
    with scripted(says(200, PART[:1000])) as port:
        place = rest_at(f"http://127.0.0.1:{port}/")
        assert place.get(FileKind.DATA, PART_NAME, offset=10, length=5) == PART[10:15]
        assert place.get(FileKind.DATA, PART_NAME, offset=-4) == PART[996:1000]
        place.close()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'["a"]', b'[{"name": 1, "size": 2}]', b"[" * 100_000, b"\xff"]
)
def test_strange_lists_are_refused(body: bytes) -> None:
    """A list that is none is not an empty one."""
    with scripted(says(200, body)) as port:
        place = rest_at(f"http://127.0.0.1:{port}/")
        with pytest.raises(UnavailableError, match="version 2"):
            place.list(FileKind.DATA)
        place.close()
        bucket = s3_at(f"http://127.0.0.1:{port}/bucket")
        with pytest.raises(UnavailableError, match="cannot be understood"):
            bucket.list(FileKind.DATA)
        bucket.close()


def test_strange_names_are_passed_over() -> None:
    """A list may hold what is not ours."""
    body = f'[{{"name": "{PART_NAME}", "size": 7}}, {{"name": "README", "size": 1}}]'
    with scripted(says(200, body.encode())) as port:
        place = rest_at(f"http://127.0.0.1:{port}/")
        assert place.list(FileKind.DATA) == [Stored(PART_NAME, 7)]
        place.close()


def test_too_much_is_not_read() -> None:
    """A server cannot fill our memory."""
    with scripted(says(200, bytes(300_000))) as port:
        web = Web(clock=SystemClock())
        from kept.backup.places.web import Request

        with pytest.raises(UnavailableError, match="more than was asked"):
            web.send(Request("GET", f"http://127.0.0.1:{port}/", {}), most=100_000)
        web.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that no authority signed."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "closet")])
    san = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    built = (
        x509
        .CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(san, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_unknown_certificate_is_refused(certificate: Path) -> None:
    """A server nobody vouches for gets nothing; one the owner trusts is used."""
    asked: list[str] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.command)
        says(200, b"[]")(handler)

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with scripted(note, tls) as port:
        error = tried(rest_at(f"https://127.0.0.1:{port}/"))
        assert "cannot prove" in str(error)
        assert error.retry_after == STUCK
        assert asked == []
        place = rest_at(f"https://127.0.0.1:{port}/", Web(clock=SystemClock(), ca_file=certificate))
        assert place.list(FileKind.KEY) == []
        place.close()


def test_missing_vpn_sends_nothing() -> None:
    """Without its interface or address nothing is sent; with it, it is used."""
    asked: list[object] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.client_address[0])
        says(200, b"[]")(handler)

    with scripted(note) as port:
        for via in ("wg-kept0", "192.0.2.7"):
            web = Web(clock=SystemClock(), via=parse_via(via))
            error = tried(rest_at(f"http://127.0.0.1:{port}/", web))
            assert "Waiting for the VPN" in str(error)
        assert asked == []
        for via in ("127.0.0.3", "lo"):
            place = rest_at(
                f"http://127.0.0.1:{port}/", Web(clock=SystemClock(), via=parse_via(via))
            )
            assert place.list(FileKind.KEY) == []
            place.close()
        assert asked == ["127.0.0.3", "127.0.0.1"]


@pytest.mark.needs("rclone")
def test_place_that_only_adds(tmp_path: Path) -> None:
    """An append-only server takes files, twice if need be, gives none away, and frees locks."""
    served = tmp_path / "served"
    served.mkdir()
    with rclone_rest(served, tmp_path / "log", "--append-only") as port:
        place = rest_at(f"http://127.0.0.1:{port}/")
        place.create()
        place.put(FileKind.CONFIG, "", b"config")
        place.put(FileKind.CONFIG, "", b"config")
        with pytest.raises(ConflictError):
            place.put(FileKind.CONFIG, "", b"other")
        for kind in (FileKind.DATA, FileKind.LOCK):
            place.put(kind, PART_NAME, PART)
            place.put(kind, PART_NAME, PART)
        place.remove(FileKind.LOCK, PART_NAME)
        assert place.can_remove
        with pytest.raises(RefusedError, match="only adds"):
            place.remove(FileKind.DATA, PART_NAME)
        assert not place.can_remove
        assert place.list(FileKind.LOCK) == []
        assert place.get(FileKind.DATA, PART_NAME) == PART
        place.close()


@pytest.mark.needs("rclone")
def test_password(tmp_path: Path) -> None:
    """The right password opens, a wrong one is told at once and named nowhere."""
    served = tmp_path / "served"
    served.mkdir()
    options = ("--user", "shop", "--pass", "right")
    with rclone_rest(served, tmp_path / "log", *options) as port:
        place = rest_at(f"http://shop:right@127.0.0.1:{port}/")
        place.create()
        place.put(FileKind.DATA, PART_NAME, PART)
        place.close()
        error = tried(rest_at(f"http://shop:wr0ng@127.0.0.1:{port}/"))
        assert "not right" in str(error)
        assert "wr0ng" not in str(error)
        assert error.retry_after == STUCK


@pytest.mark.needs("rclone")
def test_put_cut_half_way(tmp_path: Path) -> None:
    """When the line breaks in the middle of a part, the part is not there."""
    served = tmp_path / "served"
    served.mkdir()
    with rclone_rest(served, tmp_path / "log") as port:
        place = rest_at(f"http://127.0.0.1:{port}/")
        place.create()
        request = (
            f"POST /data/{PART_NAME} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(PART)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(request.encode() + PART[:500_000])
            line.shutdown(socket.SHUT_WR)
            line.recv(1024)  # rclone answers once it took the piece away
        with pytest.raises(NotFoundError):
            place.get(FileKind.DATA, PART_NAME)
        place.put(FileKind.DATA, PART_NAME, PART)
        assert place.list(FileKind.DATA) == [Stored(PART_NAME, len(PART))]
        place.close()


LIFECYCLE = """<LifecycleConfiguration><Rule><ID>r</ID><Status>{status}</Status>
<Filter><Prefix>{prefix}</Prefix></Filter>{what}</Rule></LifecycleConfiguration>"""
ENDS = "<Expiration><Days>30</Days></Expiration>"
OLD = (
    "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>"
)


@pytest.mark.parametrize(
    ("prefix", "status", "what", "is_refused"),
    [
        ("", "Enabled", ENDS, True),
        ("kept/", "Enabled", ENDS, True),
        ("kept/shop/data/", "Enabled", ENDS, True),
        ("logs/", "Enabled", ENDS, False),
        ("", "Disabled", ENDS, False),
        ("", "Enabled", OLD, False),
    ],
)
def test_bucket_that_forgets(
    s3_server: int, prefix: str, status: str, what: str, is_refused: bool
) -> None:
    """A bucket whose rules remove our files is refused before anything is stored."""
    bucket = f"http://127.0.0.1:{s3_server}/b{uuid.uuid4().hex}"
    httpx.put(bucket, trust_env=False).raise_for_status()
    rules = LIFECYCLE.format(prefix=prefix, status=status, what=what)
    httpx.put(f"{bucket}?lifecycle", content=rules, trust_env=False).raise_for_status()
    place = s3_at(f"{bucket}/kept/shop")
    if is_refused:
        with pytest.raises(RefusedError, match="rule of its own"):
            place.create()
        with pytest.raises(RefusedError):
            place.put(FileKind.DATA, PART_NAME, PART)
        assert place.list(FileKind.DATA) == []
    else:
        place.create()
        place.put(FileKind.DATA, PART_NAME, PART)
        assert place.list(FileKind.DATA) == [Stored(PART_NAME, len(PART))]
    place.close()


LOCKING = """<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}
</ObjectLockConfiguration>"""
RETENTION = """<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention>
</Rule>"""


@pytest.mark.parametrize(("rule", "is_refused"), [("", False), (RETENTION, True)])
def test_bucket_that_locks_all(s3_server: int, rule: str, is_refused: bool) -> None:
    """Where every new file is locked for a time our locks would stay: refused, nothing stored."""
    bucket = f"http://127.0.0.1:{s3_server}/b{uuid.uuid4().hex}"
    on = {"x-amz-bucket-object-lock-enabled": "true"}
    httpx.put(bucket, headers=on, trust_env=False).raise_for_status()
    told = LOCKING.format(rule=rule)
    httpx.put(f"{bucket}?object-lock", content=told, trust_env=False).raise_for_status()
    place = s3_at(f"{bucket}/kept/shop")
    if is_refused:
        with pytest.raises(RefusedError, match="default retention"):
            place.create()
        with pytest.raises(RefusedError):
            place.put(FileKind.LOCK, PART_NAME, PART)
        assert place.list(FileKind.LOCK) == []
    else:
        place.create()
        place.put(FileKind.LOCK, PART_NAME, PART)
        place.remove(FileKind.LOCK, PART_NAME)
        assert place.list(FileKind.LOCK) == []
    place.close()


def test_list_of_many_pages(s3_server: int) -> None:
    """S3 gives a thousand names at a time; all of them are found, and none of others."""
    url = f"http://127.0.0.1:{s3_server}/bucket/{uuid.uuid4().hex}"
    place = s3_at(url)
    names = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(2100)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda name: place.put(FileKind.LOCK, name, b"x"), names))
    for stray in ("locks/README", f"locks/deep/{names[0]}", f"locks{names[0]}"):
        httpx.put(f"{url}/{stray}", content=b"y", trust_env=False).raise_for_status()
    assert sorted(one.name for one in place.list(FileKind.LOCK)) == sorted(names)
    place.close()


def test_no_such_bucket(s3_server: int) -> None:
    """A bucket that is not there is not an empty one."""
    place = s3_at(f"http://127.0.0.1:{s3_server}/no-such-bucket")
    with pytest.raises(UnavailableError, match="no such bucket"):
        place.list(FileKind.DATA)
    with pytest.raises(UnavailableError, match="no such bucket"):
        place.get(FileKind.DATA, PART_NAME)
    assert tried(place).retry_after == STUCK


def test_laid_out_as_restic_does(s3_server: int) -> None:
    """Keys below the prefix are what restic looks for."""
    prefix = uuid.uuid4().hex
    url = f"http://127.0.0.1:{s3_server}/bucket/{prefix}"
    place = s3_at(url)
    place.create()
    place.put(FileKind.DATA, PART_NAME, PART)
    place.put(FileKind.CONFIG, "", b"config")
    place.close()
    bucket = f"http://127.0.0.1:{s3_server}/bucket?list-type=2&prefix={prefix}"
    listed = httpx.get(bucket, trust_env=False).text
    assert re.findall("<Key>(.*?)</Key>", listed) == [
        f"{prefix}/config",
        f"{prefix}/data/{PART_NAME[:2]}/{PART_NAME}",
    ]
