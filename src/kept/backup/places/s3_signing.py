"""How does a request to S3 prove who sent it? AWS Signature Version 4 in the Authorization header.

Pure: time and keys are given. The path is encoded once (S3's own rule), the query is sorted by its
encoded bytes, and every header that is given is signed.
Source: AWS, "Signature Version 4 signing process" and "Authenticating requests: using the
Authorization header".
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from kept.crypto.secret import Secret

EMPTY_HASH = hashlib.sha256(b"").hexdigest()
_ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-._~"  # RFC 3986 §2.3, besides letters and digits


@dataclass(frozen=True, slots=True)
class Keys:
    """Who signs, and where: the access key's id and secret, a session's token if there is one."""

    key_id: str
    secret: Secret
    region: str
    token: Secret | None = None


@dataclass(frozen=True, slots=True)
class Unsigned:
    """What is to be signed: path and query not encoded, the body's SHA-256 in hex."""

    method: str
    host: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body_hash: str


def encode_path(path: str) -> str:
    """A path as it stands in the URL and in what is signed."""
    return quote(path, safe=f"/{_UNRESERVED}")


def encode_query(query: Sequence[tuple[str, str]]) -> str:
    """A query as it stands in the URL and in what is signed: sorted."""
    pairs = sorted((quote(k, safe=_UNRESERVED), quote(v, safe=_UNRESERVED)) for k, v in query)
    return "&".join(f"{key}={value}" for key, value in pairs)


def signed_headers(request: Unsigned, keys: Keys, now: datetime) -> dict[str, str]:
    """Every header to send with the request but `host`; `now` is aware UTC."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {name.lower(): " ".join(value.split()) for name, value in request.headers.items()}
    headers |= {"x-amz-date": stamp, "x-amz-content-sha256": request.body_hash}
    if keys.token is not None:
        headers["x-amz-security-token"] = keys.token.reveal().decode("ascii")
    scope = f"{stamp[:8]}/{keys.region}/s3/aws4_request"
    names, canonical = _canonical(request, headers)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = _mac(_signing_key(keys, stamp[:8]), f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}")
    headers["authorization"] = (
        f"{_ALGORITHM} Credential={keys.key_id}/{scope}, SignedHeaders={names}, "
        f"Signature={signature.hex()}"
    )
    return headers


def _canonical(request: Unsigned, headers: Mapping[str, str]) -> tuple[str, str]:
    """(names of the signed headers, the canonical request)."""
    every = sorted({**headers, "host": request.host}.items())
    names = ";".join(name for name, _ in every)
    lines = [
        request.method,
        encode_path(request.path),
        encode_query(request.query),
        *(f"{name}:{value}" for name, value in every),
        "",
        names,
        request.body_hash,
    ]
    return names, "\n".join(lines)


def _signing_key(keys: Keys, day: str) -> bytes:
    key = b"AWS4" + keys.secret.reveal()
    for part in (day, keys.region, "s3", "aws4_request"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
