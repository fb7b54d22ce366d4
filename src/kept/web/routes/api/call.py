"""What does one request say, who sends it, and how is it answered?

Everything is read from the request here, once, and refused here when it does not fit; handlers get
plain values. Verbs run through `read`, `write` and `once`, which see in the verb's own transaction
that the key is still live. A refused value is never echoed.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cache
from typing import Any, NoReturn, TypeVar
from urllib.parse import unquote

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse

from kept.base.encoding import part_list
from kept.base.errors import MalformedError, NotFoundError
from kept.base.ids import PersonId
from kept.db.seam import Pending, Tx
from kept.ledger.model import Actor
from kept.staff.acts.keys import actor_of_key, note_key_use, still_live
from kept.staff.acts.replays import Ask, Told, keep_told, told_before
from kept.staff.model.keys import ApiKey, Capability
from kept.vault.model import gate
from kept.vault.model.gate import Asker, Code, Refused
from kept.vault.model.reasons import reason_of
from kept.vault.model.rules import Level, Role
from kept.web.parts import WebParts
from kept.web.problems import Problem, ProblemError
from kept.web.routes.api.door import SIGN_IN, Door

JSON = "application/json"
MAX_HEADER = 1_200  # characters of a reason, percent-encoded
UNFIT = 422
WANTING = frozenset({Code.NEEDS_REF, Code.NEEDS_REASON})  # the request lacks something
T = TypeVar("T")
S = TypeVar("S")


class _KeyEndedError(Exception):
    """The key was revoked or ran out after it was first let in."""


_NAME = re.compile(r"[!-~]{1,200}")
_encoder = msgspec.json.Encoder()


class Call:
    """One request of one service."""

    __slots__ = ("_door", "key", "now", "parts", "request")

    def __init__(
        self, request: Request[Any, Any, Any], parts: WebParts, door: Door, key: ApiKey
    ) -> None:
        self.request, self.parts, self.key = request, parts, key
        self.now: datetime = parts.clock.now()
        self._door = door

    @property
    def actor(self) -> Actor:
        """The key, as the ledger names it."""
        return actor_of_key(self.key)

    def asker(self) -> Asker:
        """The key, as the gate sees it."""
        scope = self.key.scope
        return Asker(
            self.actor,
            Role.SERVICE,
            purposes=scope.purposes,
            categories=scope.categories,
            limits=scope.reveal_limits,
        )

    def person(self) -> PersonId:
        """The person in the path.

        Raises:
            NotFoundError: not an id at all.
        """
        try:
            return PersonId.parse(self.request.path_params["id"])
        except MalformedError:
            raise NotFoundError("Nobody is kept under this id.") from None

    def purpose(self) -> str:
        """The purpose that the person will read.

        Raises:
            ProblemError: none was named.
        """
        purpose = self.header("kept-purpose")
        if not purpose:
            unfit("header Kept-Purpose", "say for which purpose")
        return purpose

    def question(self, categories: Iterable[str], *, level: Level = Level.FULL) -> gate.Request:
        """What is asked of the gate.

        Raises:
            ProblemError: no purpose, or a header that is no percent-encoded UTF-8.
        """
        return gate.Request(
            self.asker(),
            purpose=self.purpose(),
            categories=frozenset(categories),
            level=level,
            ref=self.words("kept-ref"),
            reason=self.words("kept-reason"),
        )

    def header(self, name: str) -> str:
        """A header's text, "" without it."""
        return self.request.headers.get(name, "")

    def words(self, name: str) -> str:
        """A header that holds words: UTF-8, percent-encoded.

        Raises:
            ProblemError: too long, or no UTF-8.
        """
        text = self.header(name)
        if not text:
            return ""
        if len(text) > MAX_HEADER or not text.isascii():
            unfit(f"header {name}", "at most 1200 plain characters, others percent-encoded")
        try:
            return unquote(text, errors="strict")
        except UnicodeDecodeError:
            unfit(f"header {name}", "must be percent-encoded UTF-8")

    def query(self, name: str) -> str | None:
        """A part of the query, None without it. Named twice, the last one counts."""
        return self.request.query_params.get(name)

    async def body(self, shape: type[S]) -> S:
        """The body as a shape.

        Raises:
            ProblemError: no JSON (400), or JSON of another shape (422).
        """
        return decoded(await self.request.body(), shape)

    def require_key(self, *, purpose: str, categories: frozenset[str], can: Capability) -> None:
        """See that the key is made for this, before anybody's record is looked for.

        Raises:
            ProblemError: it is not.
        """
        if not self.key.scope.allows(can, purpose=purpose, categories=categories):
            raise ProblemError(refusal(Refused(Code.OUT_OF_SCOPE, Role.OWNER)))

    def require(self, *, purpose: str, categories: frozenset[str], can: Capability) -> None:
        """See that the key and the book allow this, whoever it is about.

        Raises:
            ProblemError: one of them does not.
        """
        rule = self.parts.vault.rules.purposes.get(purpose)
        if rule is None:
            raise ProblemError(refusal(Refused(Code.NO_SUCH_PURPOSE)))
        self.require_key(purpose=purpose, categories=categories, can=can)
        if Role.SERVICE not in rule.roles:
            raise ProblemError(refusal(Refused(Code.ROLE_MAY_NOT)))
        if not categories <= rule.categories:
            raise ProblemError(refusal(Refused(Code.NOT_FOR_PURPOSE)))

    async def read(self, look: Callable[[Tx], T], *, scan: bool = False) -> T:
        """Run a reading verb.

        Raises:
            ProblemError: the key ended meanwhile.
        """
        if self.key.is_use_due(self.now):
            await self.write(_nothing)

        def work(tx: Tx) -> T:
            self._require_live(tx)
            return look(tx)

        try:
            return await self.parts.db.read_async(work, scan=scan)
        except _KeyEndedError:
            self._door.forget(self.key.id)
            raise ProblemError(SIGN_IN) from None

    async def write(self, verb: Callable[[Tx], Pending[T]]) -> T:
        """Run a verb; what it gives is durable.

        Raises:
            ProblemError: the key ended meanwhile.
        """
        is_due = self.key.is_use_due(self.now)

        def work(tx: Tx) -> Pending[T]:
            self._require_live(tx)
            if is_due:
                note_key_use(tx, self.key.id, now=self.now)
            return verb(tx)

        try:
            done = await self.parts.db.write_async(work)
        except _KeyEndedError:
            self._door.forget(self.key.id)
            raise ProblemError(SIGN_IN) from None
        if is_due:
            self._door.note_use(self.key.id, now=self.now)
        return done

    def see_live(self) -> None:
        """See, in a thread of its own, that the key has not ended since it was let in.

        Raises:
            ProblemError: it has.
        """
        try:
            self.parts.db.read(self._require_live)
        except _KeyEndedError:
            raise ProblemError(SIGN_IN) from None

    def importing(self) -> AbstractContextManager[None]:
        """A place among the lists that come in at once; see `Door.importing`."""
        return self._door.importing()

    async def once(self, verb: Callable[[Tx], Pending[Told]], *, said: bytes) -> Told:
        """Run a verb unless this very request was answered before; then that answer again.

        Args:
            verb: what to do; its answer holds ids alone.
            said: the body of the request.

        Raises:
            ProblemError: the key ended meanwhile, or an unfit Idempotency-Key.
            ConflictError: the Idempotency-Key was used for another request.
        """
        ask = self.ask(hashlib.sha256(said).digest())
        if ask is None:
            return await self.write(verb)

        def work(tx: Tx) -> Pending[Told]:
            before = told_before(tx, ask, now=self.now)
            if before is not None:
                return Pending(before)
            return verb(tx).then(lambda told: keep_told(tx, ask, told, now=self.now))

        return await self.write(work)

    def asked_as(self) -> str:
        """The caller's name for this request, "" without one.

        Raises:
            ProblemError: a name that is too long or not plain.
        """
        name = self.request.headers.get("idempotency-key")
        if name is not None and not _NAME.fullmatch(name):
            unfit("header Idempotency-Key", "1 to 200 plain characters")
        return name or ""

    def ask(self, body_sha256: bytes) -> Ask | None:
        """This request under the name its caller gave it; None without a name.

        Raises:
            ProblemError: a name that is too long or not plain.
        """
        name = self.asked_as()
        if not name:
            return None
        said = part_list(
            self.request.method.encode(),
            self.request.url.path.encode(),
            self.request.url.query.encode(),
            self.header("kept-purpose").encode(),
            body_sha256,
        )
        return Ask(self.key.id, name, hashlib.sha256(said).digest())

    def _require_live(self, tx: Tx) -> None:
        if not still_live(tx, self.key.id, now=self.parts.clock.now()):
            raise _KeyEndedError


def _nothing(tx: Tx) -> Pending[None]:
    """A verb that only notes the key's use."""
    del tx
    return Pending(None)


@cache
def _decoder(shape: type[S]) -> "msgspec.json.Decoder[S]":
    return msgspec.json.Decoder(shape)


def decoded(raw: bytes, shape: type[S]) -> S:
    """JSON of one shape. Hostile input; nothing of it is echoed.

    Raises:
        ProblemError: no JSON (400), or JSON of another shape (422).
    """
    try:
        return _decoder(shape).decode(raw)
    except msgspec.ValidationError as error:
        unfit(*_told(str(error)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProblemError(Problem(400, "malformed", "The body is not JSON.")) from None


def _told(message: str) -> tuple[str, str]:
    """Where and why, without what was sent."""
    text, _, path = message.partition(" - at `")
    place = f"body {path.rstrip('`')}" if path else "body"
    if text.startswith(("Expected `", "Object missing required field `")):
        return place, text[0].lower() + text[1:].replace("`", "")
    if text.startswith("Object contains unknown field"):
        return place, "object contains an unknown field"
    return place, "not one of the values allowed here"


def unfit(where: str, why: str) -> NoReturn:
    """Refuse a part of the request.

    Raises:
        ProblemError: always.
    """
    raise ProblemError(
        Problem(UNFIT, "malformed", "The request does not fit.", errors=((where, why),))
    )


def refusal(answer: Refused) -> Problem:
    """The gate's no, for a service: 422 where the request lacks something it could add."""
    status = UNFIT if answer.code in WANTING else 403
    return Problem(status, answer.code.value, reason_of(answer).en)


def encoded(content: object) -> bytes:
    """As JSON."""
    return _encoder.encode(content)


def respond(
    content: object,
    *,
    http_status: int = 200,
    acts: Iterable[int] = (),
    rev: int | None = None,
) -> ASGIResponse:
    """An answer; it names its acts and its revision."""
    raw = content if isinstance(content, bytes) else encoded(content)
    answer = ASGIResponse(body=raw, status_code=http_status, media_type=JSON)
    if named := act_ranges(acts):  # added afterwards: Litestar looks for its own among them
        answer.headers.add("Kept-Act", named)
    if rev is not None:
        answer.headers.add("ETag", f'"{rev}"')
    return answer


def act_ranges(acts: Iterable[int]) -> str:
    """Act numbers in a header: `7`, `7-12,15`."""
    spans: list[list[int]] = []
    for act in sorted(set(acts)):
        if spans and act == spans[-1][1] + 1:
            spans[-1][1] = act
        else:
            spans.append([act, act])
    return ",".join(str(a) if a == z else f"{a}-{z}" for a, z in spans)


def retold(told: Told) -> ASGIResponse:
    """A kept answer."""
    acts = () if told.act is None else (told.act,)
    return respond(told.body.encode(), http_status=told.status, acts=acts)
