"""What does a person get who asks for a copy? One ZIP: to read, for a machine, and to check.

Asked for, opened, packed and handed over in one go; each is an act. The readable page is rendered
by the entrance that asks, from the same values. Every category and field of the book that the
person has stands in `data.json` (a test compares it with the registry).
Source: GDPR Art. 15, 20; ISO/IEC TS 27560 with DPV 2.3 for `consents.jsonld`.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import Clock
from kept.base.ids import PersonId
from kept.db.seam import Database, Tx
from kept.flows.consent_records import consent_records
from kept.ledger.acts import history, serving
from kept.ledger.acts.history import SeenAct
from kept.ledger.acts.receipts import NotYet, receipt
from kept.ledger.acts.serving import Log
from kept.ledger.model import Actor
from kept.ledger.notes import VerifierKey
from kept.ledger.ports import TileStore
from kept.promises.model.book import Book
from kept.promises.model.words import when
from kept.vault.acts import export
from kept.vault.acts.export import Everything
from kept.vault.acts.open import Shown, ShownCategory
from kept.vault.acts.own import own_subject
from kept.vault.acts.parts import VaultParts
from kept.vault.model.body import Status
from kept.vault.model.normalise import as_text
from kept.vault.model.rules import Rules

FORMAT = "kept/export/v1"
PAGE = 500  # acts read at once


@dataclass(frozen=True, slots=True)
class ExportParts:
    """What exporting needs of the house."""

    clock: Clock
    db: Database
    book: Book
    vault: VaultParts
    tiles: TileStore
    log_key: VerifierKey


@dataclass(frozen=True, slots=True)
class Copy:
    """Everything that goes into the ZIP, before it is packed. `files` has no page yet."""

    made_at: datetime
    held: Everything
    acts: tuple[SeenAct, ...]
    receipts: dict[int, bytes]
    checkpoint: bytes
    files: dict[str, bytes]


RenderPage = Callable[[Copy], bytes]


def export_person(
    parts: ExportParts, person: PersonId, render_page: RenderPage, *, actor: Actor | None = None
) -> bytes:
    """The ZIP. Records `export.asked`, `export.ready` and `export.taken`.

    Args:
        parts: of the house.
        person: whose copy.
        render_page: makes the readable page.
        actor: who takes it on the person's behalf; the person, unless told otherwise.

    Raises:
        NotFoundError: nobody has this id, or they were erased.
        TamperedError: something of theirs was changed.
        UnavailableError: an engine or the tile store is away.
    """
    actor, db, clock = actor or Actor("self", str(person), "self"), parts.db, parts.clock
    row = db.write(
        lambda tx: export.ask_export(tx, parts.vault, actor=actor, person=person, now=clock.now())
    )
    held = db.write(
        lambda tx: export.open_everything(
            tx, parts.vault, actor=actor, person=person, row=row, now=clock.now()
        )
    )
    made_at = clock.now()
    copy = db.read(lambda tx: _gather(tx, parts, held, made_at))
    packed = pack(parts, copy, render_page(copy))
    db.write(
        lambda tx: export.take_export(
            tx,
            parts.vault,
            actor=actor,
            person=person,
            row=row,
            sha256=hashlib.sha256(packed).hexdigest(),
            now=clock.now(),
        )
    )
    return packed


def _gather(tx: Tx, parts: ExportParts, held: Everything, made_at: datetime) -> Copy:
    subject = own_subject(tx, parts.vault, held.person)
    acts: list[SeenAct] = []
    while True:
        after = acts[-1].n if acts else -1
        found = history.acts_of(tx, parts.tiles, subject=subject, after_n=after, limit=PAGE)
        acts += found
        if len(found) < PAGE:
            break
    receipts: dict[int, bytes] = {}
    for act in acts:
        proof = receipt(tx, parts.tiles, act_id=act.act_id, opening=act.opening)
        if not isinstance(proof, NotYet):
            receipts[act.act_id] = proof
    page = serving.checkpoint(tx, Log(parts.vault.origin, parts.tiles)) or b""
    copy = Copy(made_at, held, tuple(acts), receipts, page, {})
    copy.files.update(_documents(parts, copy))
    return copy


def _documents(parts: ExportParts, copy: Copy) -> dict[str, bytes]:
    """Every file but the page and the manifest."""
    return {
        "data.json": _json(data_of(copy)),
        "data.schema.json": _json(schema_of(parts.book.rules)),
        "access-log.json": _json([_logged(act) for act in copy.acts]),
        "consents.jsonld": _json(consent_records(parts.book, copy.held)),
        **{f"receipts/{act}.tlog-proof": proof for act, proof in copy.receipts.items()},
    }


def data_of(copy: Copy) -> dict[str, object]:
    """All values, for a machine."""
    held = copy.held
    return {
        "format": FORMAT,
        "person": str(held.person),
        "alias": held.alias,
        "made_at": when(copy.made_at),
        "categories": {part.category.key: _category(part) for part in held.categories},
        "sources": [
            {
                "purpose": one.purpose,
                "basis": one.basis,
                "source": one.source,
                "at": when(one.at),
            }
            for one in held.origins
        ],
    }


def _category(part: ShownCategory) -> dict[str, object]:
    return {
        "label": {"en": part.category.label.en, "ru": part.category.label.ru},
        "changed_at": when(part.written_at),
        "kept_until": when(part.due_at) if part.due_at else None,
        "fields": {one.field.key: _field(one) for one in part.fields},
    }


def _field(one: Shown) -> dict[str, object]:
    value = one.value if one.value is not None else ""
    mark = one.mark
    return {
        "label": {"en": one.field.label.en, "ru": one.field.label.ru},
        "why": {"en": one.field.why.en, "ru": one.field.why.ru},
        "kind": one.field.kind.value,
        "value": as_text(one.field.kind, value, "en"),
        "state": Status(mark.status).name.lower() if mark else "claimed",
    }


def schema_of(rules: Rules) -> dict[str, object]:
    """The JSON Schema (2020-12) of `data.json`: made from the registry, every field named."""
    text = {"type": "string"}
    both = {"type": "object", "properties": {"en": text, "ru": text}, "required": ["en", "ru"]}
    value = {
        "type": "object",
        "properties": {"label": both, "why": both, "kind": text, "value": text, "state": text},
        "required": ["label", "why", "kind", "value", "state"],
        "additionalProperties": False,
    }
    categories = {
        category.key: {
            "type": "object",
            "properties": {
                "label": both,
                "changed_at": text,
                "kept_until": {"type": ["string", "null"]},
                "fields": {
                    "type": "object",
                    "properties": {field.key: value for field in category.fields},
                    "additionalProperties": False,
                },
            },
            "required": ["label", "changed_at", "kept_until", "fields"],
            "additionalProperties": False,
        }
        for category in rules.categories.values()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT},
            "person": text,
            "alias": text,
            "made_at": text,
            "categories": {
                "type": "object",
                "properties": categories,
                "additionalProperties": False,
            },
            "sources": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["format", "person", "alias", "made_at", "categories", "sources"],
        "additionalProperties": False,
    }


def _logged(act: SeenAct) -> dict[str, object]:
    return {
        "act": act.act_id,
        "count": act.n,
        "at": when(act.at),
        "kind": act.kind,
        "role": act.role,
        "purpose": act.purpose,
        "detail": dict(act.detail),
        "log": act.origin,
        "line": act.index,
    }


def pack(parts: ExportParts, copy: Copy, page: bytes) -> bytes:
    """The ZIP: the page first, then the files, last the manifest over all of them."""
    files = {"index.html": page, **copy.files}
    files["manifest.json"] = _json({
        "format": FORMAT,
        "made_at": when(copy.made_at),
        "sha256": {name: hashlib.sha256(body).hexdigest() for name, body in files.items()},
        "checkpoint": copy.checkpoint.decode(),
        "key": str(parts.log_key),
    })
    box = io.BytesIO()
    stamp = copy.made_at.timetuple()[:6]
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in files.items():
            packed.writestr(zipfile.ZipInfo(name, stamp), body, zipfile.ZIP_DEFLATED)
    return box.getvalue()


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False) + "\n").encode()
