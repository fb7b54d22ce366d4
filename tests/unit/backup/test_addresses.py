"""Is every address read as restic reads it, and every unsafe one refused?"""

import pickle

import pytest

from kept.backup.places.addresses import (
    LocalAddress,
    RestAddress,
    S3Address,
    SftpAddress,
    parse_address,
)
from kept.base.errors import MalformedError, RefusedError

GOOD = [
    ("/media/closet/kept", LocalAddress("/media/closet/kept")),
    ("local:/media/closet", LocalAddress("/media/closet")),
    ("./here", LocalAddress("./here")),
    ("/with:colon", LocalAddress("/with:colon")),
    ("sftp:user@host:/srv/kept", SftpAddress("host", "/srv/kept", "user")),
    ("sftp:host:kept", SftpAddress("host", "kept")),
    ("sftp:user@[::1]:/srv", SftpAddress("::1", "/srv", "user")),
    ("sftp://user@host:2222//srv/kept", SftpAddress("host", "/srv/kept", "user", 2222)),
    ("sftp://user@[::1]:2222//srv", SftpAddress("::1", "/srv", "user", 2222)),
    ("sftp://host/kept", SftpAddress("host", "kept")),
    ("s3:https://s3.example.net/bucket/a/b", S3Address("https://s3.example.net", "bucket", "a/b")),
    ("s3:s3.example.net/bucket", S3Address("https://s3.example.net", "bucket", "")),
    ("s3://s3.example.net:9000/bucket/", S3Address("https://s3.example.net:9000", "bucket", "")),
    ("s3:http://127.0.0.1:9000/bucket", S3Address("http://127.0.0.1:9000", "bucket", "")),
    ("rest:https://host:8000/kept", RestAddress("https://host:8000/kept/")),
    ("rest:https://host/", RestAddress("https://host/")),
    ("rest:http://[::1]:8000/a/b/", RestAddress("http://[::1]:8000/a/b/")),
    ("rest:http://localhost:8000/", RestAddress("http://localhost:8000/")),
]
PLAIN = [
    "http://host/kept",
    "ftp://host/kept",
    "rest:http://host/kept/",
    "rest:http://10.8.0.2/kept/",
    "rest:http://localhost.example/",
    "rest:http://127.0.0.1.example/",
    "s3:http://host/bucket",
    "s3:http://192.168.1.2:9000/bucket",
]
BAD = [
    "",
    "x" * 5000,
    "/with\nline",
    "b2:bucket:path",
    "rclone:remote:path",
    "https://host/kept",
    "rest:",
    "rest:ftp://host/",
    "rest:host/path",
    "rest:https:///path",
    "rest:https://host:99999/",
    "rest:https://host:0/",
    "rest:https://host/?a=b",
    "rest:https://host/#part",
    "rest:https://a%3Ab:secret@host/",
    "sftp:",
    "sftp:host",
    "sftp:host:",
    "sftp:-oProxyCommand=evil:/x",
    "sftp://-oProxyCommand=evil/x",
    "sftp:-lroot@host:/x",
    "sftp://user:secret@host/x",
    "sftp:user@host evil:/x",
    "s3:https://host",
    "s3:https://host/B",
    "s3:https://key:secret@host/bucket",
    "s3:https://host/bucket/../other",
    "s3:https://host/bucket/a//b",
]


@pytest.mark.parametrize(("text", "address"), GOOD)
def test_addresses_are_read(text: str, address: object) -> None:
    """Each spelling that restic takes gives its place."""
    assert parse_address(text) == address


@pytest.mark.parametrize(("text", "address"), GOOD)
def test_what_is_shown_reads_the_same(text: str, address: object) -> None:
    """The text of an address is an address, and the same."""
    assert parse_address(str(parse_address(text))) == address


@pytest.mark.parametrize("text", PLAIN)
def test_plain_ways_are_refused(text: str) -> None:
    """Nothing leaves this machine without encryption, and the owner is told why."""
    with pytest.raises(RefusedError, match="without encryption") as caught:
        parse_address(text)
    assert caught.value.code == "backup.plain"


@pytest.mark.parametrize("text", BAD)
def test_bad_addresses_are_refused(text: str) -> None:
    """What is no address is refused, and not repeated."""
    with pytest.raises(MalformedError) as caught:
        parse_address(text)
    assert "secret" not in str(caught.value)
    assert "evil" not in str(caught.value)


def test_password_is_never_shown() -> None:
    """The password of an address is in no text, and stays where it is."""
    address = parse_address("rest:https://shop:s3cr%40et@host/kept/")
    assert isinstance(address, RestAddress)
    assert address.user == "shop"
    assert address.password is not None
    assert address.password.reveal() == b"s3cr@et"
    for text in (repr(address), str(address), address.base):
        assert "s3cr" not in text
    with pytest.raises(TypeError):
        pickle.dumps(address)


@pytest.mark.parametrize(
    ("text", "base", "region"),
    [
        (
            "s3:https://s3.eu-central-1.amazonaws.com/shop/kept",
            "https://shop.s3.eu-central-1.amazonaws.com",
            "eu-central-1",
        ),
        ("s3:s3.amazonaws.com/shop", "https://shop.s3.amazonaws.com", "us-east-1"),
        (
            "s3:s3.dualstack.eu-west-3.amazonaws.com/my.shop",
            "https://s3.dualstack.eu-west-3.amazonaws.com/my.shop",
            "eu-west-3",
        ),
        ("s3:https://fsn1.example.com/shop", "https://fsn1.example.com/shop", "us-east-1"),
    ],
)
def test_bucket_in_host_or_path(text: str, base: str, region: str) -> None:
    """Amazon wants the bucket in the host's name, others in the path."""
    address = parse_address(text)
    assert isinstance(address, S3Address)
    assert (address.base, address.region) == (base, region)
