"""Does every address open the place it names, and does what it gets stay secret?"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kept.backup.places.addresses import parse_address
from kept.backup.places.opening import Secrets, Time, Way, open_place
from kept.backup.ports import FileKind, Stored
from kept.base.clock import SetClock
from kept.base.errors import RefusedError, UnavailableError
from kept.crypto.secret import Secret

CONTENT = bytes(1_000_000)
NAME = hashlib.sha256(CONTENT).hexdigest()


class Hours:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.time = Time(SetClock(datetime(2026, 5, 1, tzinfo=UTC)), lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def test_folder_on_a_limited_line(tmp_path: Path) -> None:
    """A limit of 100,000 bytes a second holds up and down, and the content is whole."""
    hours = Hours()
    way = Way(up=lambda: 100_000.0, down=lambda: 100_000.0)
    place = open_place(parse_address(str(tmp_path / "kept")), hours.time, way=way)
    place.create()
    place.put(FileKind.DATA, NAME, CONTENT)
    assert 9 <= hours.now <= 10
    assert place.get(FileKind.DATA, NAME) == CONTENT
    assert 18 <= hours.now <= 20
    assert place.list(FileKind.DATA) == [Stored(NAME, 1_000_000)]
    place.close()


def test_away_is_tried_for_a_quarter_hour() -> None:
    """A server that does not listen is tried again, and told as away in the end."""
    hours = Hours()
    place = open_place(parse_address("rest:http://127.0.0.1:9/"), hours.time)
    with pytest.raises(UnavailableError, match="could not be made"):
        place.list(FileKind.KEY)
    assert 800 <= hours.now <= 900
    place.close()


def test_bucket_needs_keys() -> None:
    """Without keys a bucket is refused before anything is sent; with them it opens."""
    address = parse_address("s3:https://127.0.0.1:9/bucket")
    with pytest.raises(RefusedError, match="access key"):
        open_place(address, Hours().time)
    secrets = Secrets(s3_key_id="id", s3_secret=Secret(b"hush"))
    assert "hush" not in repr(secrets)
    open_place(address, Hours().time, secrets=secrets).close()


def test_ssh_gets_the_way(tmp_path: Path) -> None:
    """An SFTP place starts the program it is given, with the owner's host last."""
    program = tmp_path / "ssh"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n', encoding="utf-8")
    program.chmod(0o755)
    address = parse_address("sftp:shop@far:/srv/kept")
    place = open_place(address, Hours().time, way=Way(ssh=(str(program),)))
    with pytest.raises(UnavailableError):
        place.list(FileKind.KEY)
    asked = (tmp_path / "asked").read_text(encoding="utf-8").split()
    assert asked[-6:] == ["-l", "shop", "-s", "--", "far", "sftp"]
    assert {"-oBatchMode=yes", "-oStrictHostKeyChecking=yes"} <= set(asked)


def test_unreadable_authorities_are_told(tmp_path: Path) -> None:
    """A file of certificates that is none is not passed over."""
    path = tmp_path / "ca.pem"
    path.write_text("no certificate", encoding="utf-8")
    for ca_file in (path, tmp_path / "absent"):
        with pytest.raises(UnavailableError, match="certificates"):
            open_place(
                parse_address("rest:https://127.0.0.1:9/"), Hours().time, way=Way(ca_file=ca_file)
            )
