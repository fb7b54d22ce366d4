"""Does a keeper at work notice a changed quota and a renewed certificate, without ending?"""

import os
import signal
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509

from receiver_yard import HOST, Login, Yard, named, write_certificate, yard

MIB = 1 << 20
PATIENCE_S = 60


def stored(made: Yard, login: Login, content: bytes) -> int:
    """What the keeper answers to a part."""
    with made.http(login) as http:
        return http.post(f"/{login.name}/data/{named(content)}", content=content).status_code


def test_a_quota_that_was_changed_counts_at_once(tmp_path: Path) -> None:
    """More room lets in what was refused; less removes nothing and lets no more in."""
    made = yard(tmp_path)
    ann = made.client("ann", str(2 / 1024))
    first, second, third = (os.urandom(3 * MIB // 2) for _ in range(3))
    with made.served():
        with made.http(ann) as http:
            assert http.post("/ann/?create=true").status_code == 200
        assert stored(made, ann, first) == 200
        assert stored(made, ann, second) == 507
        told = made.kept("client", "change", "ann", "--quota", str(4 / 1024), "--costs", "a cake")
        assert told == {
            "client": "ann",
            "quota": "0.00390625 GiB",
            "quota_bytes": 4 * MIB,
            "costs": "a cake",
        }
        assert stored(made, ann, second) == 200
        made.kept("client", "change", "ann", "--quota", str(1 / 1024))
        assert stored(made, ann, third) == 507
        with made.http(ann) as http:
            assert http.get(f"/ann/data/{named(second)}").content == second
            assert "a cake" in http.get("/ann/").text
    (row,) = made.kept("client", "list")
    assert (row["quota"], row["parts"]) == ("0.000976562 GiB", 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody", "--quota", "1"), "Nobody here is called nobody"),
        (("ann",), "--quota or --costs"),
        (("ann", "--quota", "0"), "GiB above 0"),
        (("ann", "--quota", "nan"), "GiB above 0"),
        (("ann", "--costs", "two\nlines"), "one line"),
    ],
)
def test_what_cannot_be_changed_is_told(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """In plain words; the account stays as it was."""
    made = yard(tmp_path)
    made.client("ann", "3")
    assert said in made.kept_plainly("client", "change", *words)
    assert made.kept("client", "list")[0]["quota"] == "3 GiB"


def shown(made: Yard) -> int:
    """The number of the certificate that the server shows."""
    pem = ssl.get_server_certificate((HOST, made.port), timeout=30)
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


def shows(made: Yard, number: int) -> bool:
    """Whether it comes to show this one."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if shown(made) == number:
            return True
        time.sleep(0.1)
    return False


def test_a_renewed_certificate_comes_into_use(tmp_path: Path) -> None:
    """By itself; a pair that does not fit is not taken; SIGHUP does not end the server."""
    made = yard(tmp_path)
    ann = made.client("ann")
    with made.served():
        with made.http(ann) as standing:  # this connection outlives the change
            assert standing.post("/ann/?create=true").status_code == 200
            first = shown(made)
            second = write_certificate(tmp_path)
            assert second != first
            assert shows(made, second)
            assert standing.get("/ann/keys/").status_code == 200
        assert stored(made, ann, b"by the new one") == 200
        key = (tmp_path / "key.pem").read_bytes()
        third = write_certificate(tmp_path)
        assert shows(made, third)
        (tmp_path / "key.pem").write_bytes(key)  # of the second: it does not fit
        until = time.monotonic() + PATIENCE_S
        while "certificate_not_renewed" not in (tmp_path / "log").read_text("utf-8"):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert shown(made) == third
        fourth = write_certificate(tmp_path)
        os.kill(made.pid, signal.SIGHUP)
        assert shows(made, fourth)
