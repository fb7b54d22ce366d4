"""Does the receiver speak restic's REST protocol, and never do more than add?"""

import os
import threading
import time
from base64 import b64encode

import httpx
import pytest

from receiver_yard import Login, Yard, named

V2 = "application/vnd.x.restic.rest.v2"
KINDS = ("data", "keys", "index", "snapshots", "locks")


def put(http: httpx.Client, path: str, content: bytes) -> httpx.Response:
    """Send a file."""
    return http.post(path, content=content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_comes_back_as_it_was_sent(keeping, kind: str) -> None:
    """Whole, by its size, in the two kinds of list."""
    content = os.urandom(300_000)
    path = f"/ann/{kind}/{named(content)}"
    with keeping.yard.http(keeping.ann) as http:
        assert put(http, path, content).status_code == 200
        assert http.get(path).content == content
        head = http.head(path)
        assert (head.status_code, head.headers["content-length"], head.content) == (
            200,
            "300000",
            b"",
        )
        plain = http.get(f"/ann/{kind}/")
        assert named(content) in plain.json()
        sized = http.get(f"/ann/{kind}/", headers={"accept": V2})
        assert sized.headers["content-type"] == V2
        assert {"name": named(content), "size": 300_000} in sized.json()


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=990-5000", 206, slice(990, None)),
        ("bytes=0-", 200, slice(0, None)),
        ("bytes=1000-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=9-3", 200, slice(0, None)),
        ("bytes=0-1,4-5", 200, slice(0, None)),
        ("lines=0-1", 200, slice(0, None)),
    ],
)
def test_pieces(keeping, asked: str, status: int, span: slice | None) -> None:
    """A range gives its bytes; one behind the end says so; a strange one gives the whole."""
    content = bytes(range(250)) * 4
    path = f"/ann/data/{named(content)}"
    with keeping.yard.http(keeping.ann) as http:
        put(http, path, content)
        answer = http.get(path, headers={"range": asked})
    assert answer.status_code == status
    if span is not None:
        assert answer.content == content[span]


def test_what_is_not_there(keeping) -> None:
    """404, for a file and for its head."""
    with keeping.yard.http(keeping.ann) as http:
        assert http.get(f"/ann/data/{'ab' * 32}").status_code == 404
        assert http.head(f"/ann/data/{'ab' * 32}").status_code == 404


def test_bytes_that_do_not_fit_the_name(keeping) -> None:
    """They are refused, and nothing of them is kept."""
    name = named(b"the right ones")
    with keeping.yard.http(keeping.ann) as http:
        answer = put(http, f"/ann/data/{name}", b"the wrong ones")
        assert (answer.status_code, "SHA-256" in answer.text) == (400, True)
        assert http.head(f"/ann/data/{name}").status_code == 404
    assert keeping.yard.incoming() == []


def test_the_right_bytes_mend_a_damaged_file(keeping) -> None:
    """A part that was damaged on the keeper's disk is made good by sending it again."""
    content = os.urandom(5000)
    name = named(content)
    stored = keeping.yard.dir / "repos/ann/data" / name[:2] / name
    with keeping.yard.http(keeping.ann) as http:
        put(http, f"/ann/data/{name}", content)
        stored.chmod(0o600)
        stored.write_bytes(content[:-1] + b"!")
        assert put(http, f"/ann/data/{name}", content).status_code == 200
    assert stored.read_bytes() == content


def test_config_is_written_once(keeping) -> None:
    """The same again is fine; another one is refused and changes nothing."""
    with keeping.yard.http(keeping.bob) as http:
        assert put(http, "/bob/config", b"first").status_code == 200
        assert put(http, "/bob/config", b"first").status_code == 200
        assert put(http, "/bob/config", b"other").status_code == 409
        assert http.get("/bob/config").content == b"first"


def test_nothing_but_locks_is_removed(keeping) -> None:
    """DELETE of every kind, the config and the whole repository is refused in plain words."""
    with keeping.yard.http(keeping.ann) as http:
        content = os.urandom(100)
        name = named(content)
        for kind in KINDS:
            put(http, f"/ann/{kind}/{name}", content)
        put(http, "/ann/config", b"config")
        before = keeping.yard.files(keeping.ann)
        refused = [f"/ann/{kind}/{name}" for kind in KINDS if kind != "locks"]
        for path in (*refused, "/ann/config", "/ann/", "/ann"):
            answer = http.delete(path)
            assert (answer.status_code, "only adds" in answer.text) == (403, True), path
        assert keeping.yard.files(keeping.ann) == before
        assert http.delete(f"/ann/locks/{name}").status_code == 200
        assert http.head(f"/ann/locks/{name}").status_code == 404
    after = keeping.yard.files(keeping.ann)
    assert before.keys() - after.keys() == {f"locks/{name}"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", ["/ann/data/", "/ann/results/key", "/static/tokens.css"])
def test_other_methods_do_nothing(keeping, method: str, path: str) -> None:
    """What the protocol does not have is refused."""
    with keeping.yard.http(keeping.ann) as http:
        assert http.request(method, path).status_code in {404, 405}


def test_create_is_asked_for_in_words(keeping) -> None:
    """A POST to the repository makes one only with ?create=true."""
    with keeping.yard.http(keeping.ann) as http:
        assert http.post("/ann/").status_code == 400
        assert http.post("/ann/?create=true").status_code == 200


def test_two_clients_do_not_see_each_other(keeping) -> None:
    """Another's paths answer like those that do not exist, whatever is asked."""
    secret = os.urandom(64)
    name = named(secret)
    with keeping.yard.http(keeping.ann) as http:
        put(http, f"/ann/data/{name}", secret)
    with keeping.yard.http(keeping.bob) as http:
        for path in (f"/ann/data/{name}", "/ann/data/", "/ann/", "/ann/results/", "/ann/config"):
            for method in ("GET", "HEAD", "POST", "DELETE"):
                theirs = http.request(method, path)
                nobodys = http.request(method, path.replace("ann", "eve"))
                assert theirs.status_code == nobodys.status_code == 404
                assert theirs.content == nobodys.content
    assert named(secret) in str(sorted(keeping.yard.files(keeping.ann)))


HOSTILE = [
    "/bob/../ann/data/{name}",
    "/bob/%2e%2e/ann/data/{name}",
    "/bob/..%2fann%2fdata%2f{name}",
    "/bob/data/..%2f..%2f..%2fann%2fdata%2f{two}%2f{name}",
    "/ANN/data/{name}",
    "/%61nn/data/{name}",
    "//ann/data/{name}",
    "/bob//data/{name}",
    "/bob/data/../../ann/data/{name}",
    "/bob/DATA/{name}",
    "/bob/data/{upper}",
    "/bob/data/{name}%00",
    "/bob/data/{name}/",
    "/bob/data/{two}/{name}",
    "/bob/data/{short}",
    "/bob/clients.json",
    "/../clients.json",
    "/static/../../../../clients.json",
    "/static/%2e%2e/app.py",
    "/static/../app.py",
    "/bob/results/../../receiver.key",
    "/bob/results/20260101T000000Z.key",
    "http://other/ann/data/{name}",
]


@pytest.mark.parametrize("shape", HOSTILE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_hostile_paths_open_nothing(keeping, shape: str, method: str) -> None:
    """As they come over the wire: no traversal, no other case, no encoded slash."""
    content = b"ann's own"
    name = named(content)
    with keeping.yard.http(keeping.ann) as http:
        put(http, f"/ann/data/{name}", content)
    before = keeping.yard.files(keeping.ann), keeping.yard.files(keeping.bob)
    path = shape.format(name=name, two=name[:2], upper=name.upper(), short=name[:-1])
    token = b64encode(":".join(keeping.bob.pair).encode()).decode()
    body = content if method == "POST" else b""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with keeping.yard.raw() as wire:
        wire.sendall(head.encode() + body)
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    assert answer.split(b" ")[1] in {b"400", b"404"}, answer
    assert content not in answer
    assert (keeping.yard.files(keeping.ann), keeping.yard.files(keeping.bob)) == before


def test_strangers_learn_nothing(keeping) -> None:
    """No login, an unknown name and a wrong password get one answer, on any path."""
    logins = [None, Login("ann", "wrong"), Login("nobody", "wrong"), Login("", "")]
    answers = set[tuple[int, bytes, str]]()
    for login in logins:
        with keeping.yard.http(login) as http:
            for path in ("/", "/ann/", "/ann/config"):
                found = http.get(path)
                answers.add((found.status_code, found.content, found.headers["www-authenticate"]))
    assert len(answers) == 1
    assert answers.pop()[0] == 401


def test_another_site_changes_nothing(keeping) -> None:
    """A page elsewhere cannot use the login that a browser remembers."""
    with keeping.yard.http(keeping.ann) as http:
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
            answer = http.post("/ann/?create=true", headers=headers)
            assert answer.status_code == 403


def upload_head(login: Login, path: str, length: int) -> bytes:
    """The head of an upload."""
    token = b64encode(":".join(login.pair).encode()).decode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def until(yard: Yard, *, some: bool) -> None:
    """Wait until there are, or are no, unfinished uploads."""
    end = time.monotonic() + 20
    while bool(yard.incoming()) != some:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_cut_upload_leaves_nothing(keeping) -> None:
    """A client that goes away half-way leaves no file, and gets its room back."""
    content = os.urandom(3_000_000)
    name = named(content)
    with keeping.yard.raw() as wire:
        wire.sendall(upload_head(keeping.ann, f"/ann/data/{name}", len(content)))
        wire.sendall(content[:2_500_000])
        until(keeping.yard, some=True)
    until(keeping.yard, some=False)
    with keeping.yard.http(keeping.ann) as http:
        assert http.head(f"/ann/data/{name}").status_code == 404
        assert put(http, f"/ann/data/{name}", content).status_code == 200


def test_the_quota_holds_while_the_upload_comes_in(keeping) -> None:
    """Announced or in chunks, one at a time or together: never above it, and told in words."""
    yard, bob = keeping.yard, keeping.bob
    big = os.urandom(2 << 20)
    with yard.http(bob) as http:
        told = put(http, f"/bob/data/{named(big)}", big)
        chunked = http.post(
            f"/bob/data/{named(big)}", content=iter([big[: 1 << 20], big[1 << 20 :]])
        )
        for answer in (told, chunked):
            assert (answer.status_code, "quota" in answer.text) == (507, True)
    assert yard.incoming() == []
    parts = [os.urandom(300_000) for _ in range(8)]
    found = list[int]()

    def send(content: bytes) -> None:
        with yard.http(bob) as http:
            found.append(put(http, f"/bob/data/{named(content)}", content).status_code)

    threads = [threading.Thread(target=send, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found.count(200), found.count(507)) == (3, 5)
    lock = b"a lock still goes in"
    small = os.urandom(200_000)
    with yard.http(bob) as http:
        assert put(http, f"/bob/data/{named(small)}", small).status_code == 507
        assert put(http, f"/bob/locks/{named(lock)}", lock).status_code == 200
    assert sum(map(len, yard.files(bob).values())) <= 1 << 20


def test_files_have_a_size_beyond_which_none_is_taken(keeping) -> None:
    """A key file of more than a MiB is none."""
    big = os.urandom((1 << 20) + 1)
    with keeping.yard.http(keeping.ann) as http:
        for content in (big, iter([big])):
            answer = http.post(f"/ann/keys/{named(big)}", content=content)
            assert (answer.status_code, "1 MiB" in answer.text) == (413, True)


def test_no_more_than_eight_uploads_at_once(keeping) -> None:
    """The ninth of one client is told to come back; the others go on."""
    content = os.urandom(100_000)
    path = f"/ann/data/{named(content)}"
    wires = [keeping.yard.raw() for _ in range(8)]
    try:
        for wire in wires:
            wire.sendall(upload_head(keeping.ann, path, len(content)) + content[:1000])
        end = time.monotonic() + 20
        while len(keeping.yard.incoming()) < 8:
            assert time.monotonic() < end
            time.sleep(0.02)
        with keeping.yard.http(keeping.ann) as http:
            answer = put(http, path, content)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        wires[0].sendall(content[1000:])
        assert wires[0].recv(65536).split(b" ")[1] == b"200"
    finally:
        for wire in wires:
            wire.close()
    until(keeping.yard, some=False)
