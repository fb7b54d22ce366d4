"""What may anybody read of the log? Everything public, for any program on any site.

No cookie is read or set here. What can never change again is cached for a year; the checkpoint for
five seconds. Beyond the newest published checkpoint there is nothing: 404.
Source: C2SP tlog-tiles; `docs/formats/ledger.md`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from litestar import Request, Response, get
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from kept.base.encoding import parse_decimal
from kept.base.errors import MalformedError, NotFoundError
from kept.db.seam import Tx
from kept.ledger.acts import serving
from kept.ledger.acts.serving import Log
from kept.ledger.notes import MAX_SIZE
from kept.ledger.policy import Log as PolicyLog
from kept.ledger.policy import Policy
from kept.ledger.proof import encode_hashes, encode_opening
from kept.web.parts import Parts, WebParts

PREFIX = "/ledger/"
TEXT = "text/plain"  # Litestar adds the charset
BYTES = "application/octet-stream"
FOR_EVER = "public, max-age=31536000, immutable"
BRIEFLY = "max-age=5"
AN_HOUR = "public, max-age=3600"

T = TypeVar("T")


def public(body: bytes, media_type: str, *, cache: str) -> Response[bytes]:
    """Bytes that any site's program may read."""
    return Response(
        body,
        media_type=media_type,
        headers={"Cache-Control": cache, "Access-Control-Allow-Origin": "*"},
    )


async def found(parts: WebParts, look: Callable[[Tx, Log], T | None]) -> T:
    """What a reading verb gives.

    Raises:
        NotFoundError: it gives nothing.
    """
    log = Log(parts.vault.origin, parts.tiles)
    answer = await parts.db.read_async(lambda tx: look(tx, log))
    if answer is None:
        raise NotFoundError("The log has nothing public here.")
    return answer


def number(text: str) -> int:
    """A whole number of a path, in its one spelling.

    Raises:
        NotFoundError: anything else.
    """
    try:
        return parse_decimal(text, "path", most=MAX_SIZE)
    except MalformedError:
        raise NotFoundError("The log has nothing public here.") from None


@get("/ledger/checkpoint")
async def checkpoint(parts: Parts) -> Response[bytes]:
    """The newest public page of the log, signed."""
    return public(await found(parts, serving.checkpoint), TEXT, cache=BRIEFLY)


@get("/ledger/tile/{path:path}", media_type=MediaType.TEXT)
async def tile(request: Request[Any, Any, Any], parts: Parts) -> Response[bytes]:
    """Hashes or entries."""
    path = str(request.scope["path"]).removeprefix(PREFIX)
    body = await found(parts, lambda tx, log: serving.tile(tx, log, path))
    return public(body, BYTES, cache=FOR_EVER)


@get("/ledger/key", sync_to_thread=False)
def key(parts: Parts) -> Response[bytes]:
    """The verifier key lines: of the log that grows, then of closed ones, the newest first."""
    lines = "".join(f"{one}\n" for one in parts.log_keys)
    return public(lines.encode(), TEXT, cache=AN_HOUR)


@get("/ledger/policy", sync_to_thread=False)
def policy(parts: Parts) -> Response[bytes]:
    """What a C2SP program needs to trust this log; no witness is asked for yet."""
    log = PolicyLog(parts.log_key, f"{parts.public_url}/ledger")
    return public(Policy((log,)).encode(), TEXT, cache=AN_HOUR)


@get("/ledger/consistency/{old:str}/{new:str}")
async def consistency(old: FromPath[str], new: FromPath[str], parts: Parts) -> Response[bytes]:
    """The hashes that show the log of `new` lines to begin with that of `old`."""
    sizes = number(old), number(new)
    hashes = await found(
        parts, lambda tx, log: serving.consistency(tx, log, old=sizes[0], new=sizes[1])
    )
    return public(encode_hashes(hashes), TEXT, cache=FOR_EVER)


@get("/ledger/opening/{index:str}")
async def opening(index: FromPath[str], parts: Parts) -> Response[bytes]:
    """What an act of the house says in full."""
    at = number(index)
    body = await found(parts, lambda tx, log: serving.house_opening(tx, log, at))
    return public(encode_opening(body), "application/json", cache=FOR_EVER)


ROUTES: list[HTTPRouteHandler] = [
    checkpoint,
    tile,
    key,
    policy,
    consistency,
    opening,
]
