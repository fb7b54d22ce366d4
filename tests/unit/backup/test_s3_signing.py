"""Is every request signed as botocore signs it?"""

import hashlib
from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import quote

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from hypothesis import given
from hypothesis import strategies as st

from kept.backup.places.s3_signing import (
    Keys,
    Unsigned,
    encode_path,
    encode_query,
    signed_headers,
)
from kept.crypto.secret import Secret

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), min_size=1, max_size=20)
PATHS = st.lists(
    WORDS.filter(lambda word: "/" not in word and word.strip(".")), min_size=1, max_size=4
)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(
    method=st.sampled_from(["GET", "PUT", "HEAD", "DELETE"]),
    path=PATHS,
    query=st.dictionaries(WORDS, st.one_of(st.just(""), WORDS), max_size=4),
    header=VALUES,
    body=st.binary(max_size=50),
    token=st.one_of(st.none(), VALUES),
    now=MOMENTS,
)
def test_signature_is_botocores(method, path, query, header, body, token, now: datetime) -> None:
    """Whatever is sent and whenever, the Authorization header is the same."""
    digest = hashlib.sha256(body).hexdigest()
    host, whole = "bucket.s3.eu-central-1.amazonaws.com", "/" + "/".join(path)
    keys = Keys(
        "AKID", Secret(b"se/cret+"), "eu-central-1", Secret(token.encode()) if token else None
    )
    extra = {"x-amz-checksum-sha256": header, "range": "bytes=0-9"}
    pairs = sorted(query.items())
    ours = signed_headers(Unsigned(method, host, whole, pairs, extra, digest), keys, now)

    url = f"https://{host}{encode_path(whole)}" + (f"?{encode_query(pairs)}" if pairs else "")
    theirs = botocore.awsrequest.AWSRequest(method=method, url=url, headers=extra, data=body)
    theirs.context["client_config"] = None
    signer = botocore.auth.S3SigV4Auth(
        botocore.credentials.Credentials("AKID", "se/cret+", token), "s3", "eu-central-1"
    )
    with patch("botocore.auth.get_current_datetime", lambda: now.replace(tzinfo=None)):
        signer.add_auth(theirs)
    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]
    assert ours["x-amz-content-sha256"] == digest == theirs.headers["X-Amz-Content-SHA256"]


@given(PATHS)
def test_path_is_encoded_once(path: list[str]) -> None:
    """Slashes stay, everything outside RFC 3986's unreserved letters is encoded."""
    whole = "/" + "/".join(path)
    assert encode_path(whole) == quote(whole, safe="/-._~")


def test_published_example() -> None:
    """AWS's own example: GET Object with a range, May 24 2013, examplebucket."""
    keys = Keys(
        "AKIAIOSFODNN7EXAMPLE", Secret(b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "us-east-1"
    )
    request = Unsigned(
        "GET",
        "examplebucket.s3.amazonaws.com",
        "/test.txt",
        (),
        {"Range": "bytes=0-9"},
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    )
    headers = signed_headers(request, keys, datetime(2013, 5, 24, tzinfo=UTC))
    assert headers["authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )
