"""Do restic and our own place work on a keeper, and what happens on the keeper's bad days?"""

import os
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from kept.backup.places.addresses import RestAddress
from kept.backup.places.rest import RestPlace
from kept.backup.places.web import Web
from kept.backup.ports import FileKind, Stored
from kept.base.clock import SystemClock
from kept.base.errors import RefusedError, UnavailableError
from kept.crypto.secret import Secret
from receiver_yard import Login, Yard, named, yard
from terminal import KEPT, clean

PART = os.urandom(400_000)


@pytest.mark.needs("restic")
def test_restic_backs_up_and_restores(tmp_path) -> None:
    """Over TLS: backup, full check, restore, unlock; forget is refused and everything stays."""
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "one").write_bytes(os.urandom(2_000_000))
    (source / "deep" / "two").write_text("letters\n" * 1000, encoding="utf-8")
    made = yard(tmp_path)
    ann = made.client("ann")
    with made.served():
        made.restic(ann, "init")
        made.restic(ann, "backup", source)
        assert "no errors were found" in made.restic(ann, "check", "--read-data")
        made.restic(ann, "restore", "latest", "--target", tmp_path / "out")
        before = {name for name in made.files(ann) if not name.startswith("locks/")}
        answer = refused_by_forget(made, ann)
        assert "403 Forbidden" in answer
        made.restic(ann, "unlock")
        assert {name for name in made.files(ann) if not name.startswith("locks/")} == before
        with made.http(ann) as http:
            snapshot = next(name for name in before if name.startswith("snapshots/"))
            assert "This keeper only adds" in http.delete(f"/ann/{snapshot}").text
    restored = tmp_path / "out" / source.relative_to("/")
    for path in ("one", "deep/two"):
        assert (restored / path).read_bytes() == (source / path).read_bytes()


def refused_by_forget(made: Yard, ann: Login) -> str:
    """What restic says when it may not forget; it would try for a quarter of an hour."""
    url = f"rest:https://{ann.name}:{ann.password}@127.0.0.1:{made.port}/ann/"
    with subprocess.Popen(
        ["restic", "--cacert", made.cert, "--no-cache", "-r", url, "forget", "latest"],
        env={**os.environ, "RESTIC_PASSWORD": "correct horse"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    return said


def place_of(made: Yard, login: Login) -> RestPlace:
    """Our own place on a keeper."""
    base = f"https://127.0.0.1:{made.port}/{login.name}/"
    address = RestAddress(base, login.name, Secret(login.password.encode()))
    return RestPlace(address, Web(clock=SystemClock(), ca_file=made.cert))


def test_our_own_place(keeping) -> None:
    """Create, put, get pieces, list, and find out that it only adds."""
    place, name = place_of(keeping.yard, keeping.ann), named(PART)
    place.create()
    place.put(FileKind.DATA, name, PART)
    place.put(FileKind.DATA, name, PART)
    assert place.get(FileKind.DATA, name, offset=-9) == PART[-9:]
    assert place.get(FileKind.DATA, name, offset=1000, length=500) == PART[1000:1500]
    assert Stored(name, len(PART)) in place.list(FileKind.DATA)
    with pytest.raises(RefusedError):
        place.remove(FileKind.DATA, name)
    assert not place.can_remove
    place.put(FileKind.LOCK, name, PART)
    place.remove(FileKind.LOCK, name)
    assert Stored(name, len(PART)) not in place.list(FileKind.LOCK)
    place.close()


def test_our_own_place_hears_that_it_is_full(keeping) -> None:
    """Above the quota nothing is stored, and the reason is told."""
    place, big = place_of(keeping.yard, keeping.bob), os.urandom(2 << 20)
    place.create()
    with pytest.raises(UnavailableError, match="full"):
        place.put(FileKind.DATA, named(big), big)
    place.close()


def test_killed_while_an_upload_comes_in(tmp_path) -> None:
    """After kill -9 the next start finds no half file, and what was acknowledged is whole."""
    made = yard(tmp_path)
    ann = made.client("ann")
    with made.served(), made.http(ann) as http:
        http.post("/ann/?create=true")
        assert http.post(f"/ann/data/{named(PART)}", content=PART).status_code == 200
        half = os.urandom(3_000_000)

        def slowly():
            yield half[:2_500_000]
            end = time.monotonic() + 20
            while not made.incoming():
                assert time.monotonic() < end
                time.sleep(0.02)
            os.kill(made.pid, signal.SIGKILL)
            yield half[2_500_000:]

        with pytest.raises(httpx.TransportError):
            http.post(f"/ann/data/{named(half)}", content=slowly())
    assert made.incoming() != []
    with made.served(), made.http(ann) as http:
        assert made.incoming() == []
        assert http.head(f"/ann/data/{named(half)}").status_code == 404
        assert http.get(f"/ann/data/{named(PART)}").content == PART
        assert http.post(f"/ann/data/{named(half)}", content=half).status_code == 200


def test_accounts_come_and_go_while_it_serves(tmp_path) -> None:
    """A new client is let in at once; one taken away is out at once, the copies lie aside."""
    made = yard(tmp_path)
    ann = made.client("ann")
    with made.served():
        bob = made.client("bob")
        with made.http(bob) as http:
            assert http.post("/bob/?create=true").status_code == 200
            assert http.post("/bob/config", content=b"x").status_code == 200
            gone = made.kept("client", "remove", "bob")
            assert (Path(gone["moved_to"]) / "config").read_bytes() == b"x"
            assert http.get("/bob/config").status_code == 401
        with made.http(ann) as http:
            assert http.get("/ann/").status_code == 200
        again = made.client("bob")
        with made.http(again) as http:
            assert http.get("/bob/config").status_code == 404
    assert [one["client"] for one in made.kept("client", "list")] == ["ann", "bob"]
    text = (made.dir / "clients.json").read_text(encoding="utf-8")
    assert ann.password not in text
    assert "$argon2id$" in text
    assert (made.dir / "clients.json").stat().st_mode & 0o077 == 0


def test_wrong_passwords_make_the_network_wait(tmp_path) -> None:
    """After ten, nobody new comes in from there; a client already known goes on."""
    made = yard(tmp_path)
    ann, bob = made.client("ann"), made.client("bob")
    with made.served():
        with made.http(ann) as http:
            assert http.get("/ann/").status_code == 200
        with made.http(Login("ann", "wrong")) as http:
            tries = [http.get("/ann/").status_code for _ in range(11)]
        assert tries == [401] * 10 + [429]
        with made.http(bob) as http:
            answer = http.get("/bob/")
            assert answer.status_code == 429
            assert 0 < int(answer.headers["retry-after"]) <= 30
        with made.http(ann) as http:
            assert http.get("/ann/").status_code == 200


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.org:0"])
def test_no_plain_transport_for_others(tmp_path, listen: str) -> None:
    """Without a certificate it serves this machine alone."""
    made = yard(tmp_path)
    made.client("ann")
    said = made.kept_plainly("serve", "--listen", listen)
    assert "in the clear" in said


def test_one_server_a_folder(tmp_path) -> None:
    """A second one is refused, so that the quota is counted once."""
    made = yard(tmp_path)
    made.client("ann")
    with made.served():
        assert "Another receiver" in made.kept_plainly("serve", "--listen", "127.0.0.1:0")


def test_plain_on_this_machine(tmp_path) -> None:
    """On loopback it may serve without a certificate, for a proxy of the keeper's own."""
    made = yard(tmp_path)
    made.client("ann")
    command = [*KEPT, "backup", "receiver", "serve", "--dir", str(made.dir)]
    with subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0"], env=clean(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "http://127.0.0.1:" in process.stderr.readline()
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0
