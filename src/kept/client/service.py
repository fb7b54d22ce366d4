"""How does a program work with people's data at a house? One method for each thing the API does.

    with Service("https://shop.example", key) as shop:
        for person in shop.find("ada@example.org"):
            home = shop.read(person.id, "delivery", Why("deliver", ref="order 118"))

Every reading names why; the person reads it. What changes something is sent with an
Idempotency-Key, so a broken line never does it twice.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import msgspec

from kept.client.answers import (
    Act,
    ActPage,
    BatchItem,
    BatchPage,
    Cell,
    Changed,
    Consent,
    ConsentPage,
    Erasure,
    Found,
    FoundPage,
    Imported,
    Outline,
    Recorded,
    Taken,
)
from kept.client.wire import Ask, Wire

BATCH_MOST = 500
PAGE = 200
_PLAIN = " !#$&'()*+,/:;=?@[]"  # of a header, left as it is; the rest is percent-encoded


@dataclass(frozen=True, slots=True)
class Why:
    """For which purpose, for which order or talk, and in which words, where the book asks."""

    purpose: str
    ref: str = ""
    reason: str = ""

    def headers(self) -> dict[str, str]:
        """As the API reads them."""
        said = {"Kept-Ref": self.ref, "Kept-Reason": self.reason}
        more = {name: quote(text, safe=_PLAIN) for name, text in said.items() if text}
        return {"Kept-Purpose": self.purpose, **more}


@dataclass(frozen=True, slots=True)
class Origin:
    """Why people are kept and where they come from; what is None comes from the book."""

    purpose: str | None = None
    basis: str | None = None
    source: str | None = None

    def known(self) -> dict[str, str]:
        """What was said."""
        said = {"purpose": self.purpose, "basis": self.basis, "source": self.source}
        return {name: text for name, text in said.items() if text is not None}


FROM_BOOK = Origin()


def fresh_name() -> str:
    """A name for one request that no other has."""
    return os.urandom(16).hex()  # noqa: TID251  # this floor cannot reach kept.crypto


class Service:
    """A house as one API key sees it. Every method raises what `wire.Wire.send` raises."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        socket: Path | None = None,
        names: Callable[[], str] = fresh_name,
    ) -> None:
        """A house at `url`, through a Unix socket if one is named."""
        self._wire = Wire(url, key, socket=socket)
        self._names = names

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._wire.close()

    def find(self, value: str, *, kind: str | None = None) -> list[Found]:
        """Everybody who has exactly this e-mail, phone, order or customer number."""
        body = {"value": value} if kind is None else {"value": value, "kind": kind}
        return self._wire.get(Ask("POST", "/people/find", body=body), FoundPage).people

    def outline(self, person: str) -> Outline:
        """Alias, state and which categories hold something."""
        return self._wire.get(Ask("GET", f"/people/{_part(person)}"), Outline)

    def add(self, fields: Mapping[str, str], *, origin: Origin = FROM_BOOK) -> Taken:
        """Take one person in, or fill in what was empty of somebody known."""
        body = {"fields": dict(fields), **origin.known()}
        return self._wire.get(Ask("POST", "/people", self._named(), body=body), Taken)

    def import_people(
        self,
        rows: Sequence[Mapping[str, str]] | Callable[[], Iterable[Mapping[str, str]]],
        *,
        origin: Origin = FROM_BOOK,
        name: str | None = None,
    ) -> Imported:
        """Take a list of any length in, streamed.

        Args:
            rows: by field key; a list, or what begins to give the rows anew whenever called.
            origin: why, and where the list comes from.
            name: of the list: sent again under it after a failure, it goes on where it stopped.
        """
        begin = rows if callable(rows) else lambda: rows
        ask = Ask(
            "POST",
            "/people/import",
            {"Idempotency-Key": name or self._names()},
            origin.known(),
            lines=lambda: (msgspec.json.encode(dict(row)) + b"\n" for row in begin()),
        )
        return self._wire.get(ask, Imported)

    def read(self, person: str, category: str, why: Why, *, level: str = "full") -> Cell:
        """Open one category for a purpose."""
        path = f"/people/{_part(person)}/cells/{_part(category)}"
        query = {} if level == "full" else {"level": level}
        return self._wire.get(Ask("GET", path, why.headers(), query), Cell)

    def read_many(
        self, people: Iterable[str], categories: Sequence[str], why: Why, *, level: str = "full"
    ) -> Iterator[BatchItem]:
        """Open the same categories of many people, 500 in each request."""
        ids = list(dict.fromkeys(people))
        for at in range(0, len(ids), BATCH_MOST):
            some = ids[at : at + BATCH_MOST]
            body = {"ids": some, "categories": list(categories), "level": level}
            ask = Ask("POST", "/people/read", why.headers(), body=body)
            yield from self._wire.get(ask, BatchPage).people

    def change(
        self, person: str, category: str, values: Mapping[str, str | None], *, rev: int, why: Why
    ) -> Changed:
        """Overwrite values; None takes one out. A conflict when `rev` is no longer the newest."""
        ask = Ask(
            "PATCH",
            f"/people/{_part(person)}/cells/{_part(category)}",
            {**why.headers(), "If-Match": f'"{rev}"'},
            body={"values": dict(values)},
            repeats=False,
        )
        return self._wire.get(ask, Changed)

    def consents(self, person: str) -> list[Consent]:
        """The last word on each purpose that the key works for."""
        ask = Ask("GET", f"/people/{_part(person)}/consents")
        return self._wire.get(ask, ConsentPage).consents

    def record_consent(
        self,
        person: str,
        purpose: str,
        state: str,
        *,
        text: str,
        method: str,
        lang: str = "en",
        source: str = "",
    ) -> int:
        """Record a yes, a no or a withdrawal, and the words it answers; the act's number."""
        body = {
            "purpose": purpose,
            "state": state,
            "text": text,
            "method": method,
            "lang": lang,
            "source": source,
        }
        ask = Ask("POST", f"/people/{_part(person)}/consents", self._named(), body=body)
        return self._wire.get(ask, Recorded).act

    def erase(self, person: str) -> Erasure:
        """Begin to forget a person, for good."""
        ask = Ask("POST", f"/people/{_part(person)}/erasure", self._named())
        return self._wire.get(ask, Erasure)

    def acts(self, person: str) -> Iterator[Act]:
        """Everything that was done with a person's data, newest first."""
        query = {"limit": str(PAGE)}
        while True:
            page = self._wire.get(Ask("GET", f"/people/{_part(person)}/acts", {}, query), ActPage)
            yield from page.acts
            if page.next is None:
                return
            query = {"limit": str(PAGE), "cursor": page.next}

    def receipt(self, act: int) -> bytes | None:
        """The proof of an act this key did; None while it is not signed yet: ask in a second."""
        answer = self._wire.send(Ask("GET", f"/acts/{act}/receipt"))
        return None if answer.status_code == 202 else answer.content

    def _named(self) -> dict[str, str]:
        return {"Idempotency-Key": self._names()}


def _part(text: str) -> str:
    """A part of a path, whatever it holds."""
    return quote(text, safe="")
