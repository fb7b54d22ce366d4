"""Does anything readable lie in the raw files? A planted person is looked for, byte by byte.

The planted person's values are derived from a house secret, so the search needs no list and
opens nothing. They go in by the ordinary verbs; any byte of them outside an envelope is a hit.

The files are read by a process of its own: POSIX drops all of a process's locks on a file when it
closes *any* handle of it, so reading `data.db` here would take away the locks of SQLite, and
the next program to close it would delete the WAL under the house.
Source: sqlite.org/howtocorrupt.html §2.2.
"""

import json
import subprocess  # of our own program, without a shell
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from kept.base.encoding import b64
from kept.base.errors import UnavailableError
from kept.crypto.keys import expand
from kept.crypto.secret import Secret
from kept.db.seam import Database
from kept.ledger.model import Actor
from kept.vault.acts.add import add_people
from kept.vault.acts.evidence import DRILL_SOURCE, note_search
from kept.vault.acts.find import matches
from kept.vault.acts.listing import count_sealed
from kept.vault.acts.parts import VaultParts
from kept.vault.model.intake import make_plan, take
from kept.vault.model.mapping import sources_by_key
from kept.vault.model.people import Provenance
from kept.vault.model.rows import RefusedRow, Row
from kept.vault.model.rules import Field, FieldKind

_LABEL = b"kept/planted/v1"
_READER = "kept.flows.search_files"
_READ_S = 600.0  # for all files together
PLANTER = Actor("worker", "search", "worker")


def planted_text(secret: Secret, field: Field) -> str:
    """The planted value of a field: long enough that it never occurs by chance."""
    word = expand(secret, _LABEL + field.key.encode()).hex()[:32]
    return f"planted-{word}@planted.invalid" if field.kind is FieldKind.EMAIL else f"planted {word}"


def plant(db: Database, vault: VaultParts, secret: Secret, /, *, now: datetime) -> bool:
    """Take the planted person in if they are not here; True when they were added."""
    found_by = [
        (field, planted_text(secret, field))
        for _, field in vault.rules.fields().values()
        if field.kind is FieldKind.EMAIL and field.indexed
    ]
    wanted = [(field.kind, text) for field, text in found_by]
    if not wanted or db.read(lambda tx: bool(matches(tx, vault, wanted))):
        return False
    texts = {field.key: planted_text(secret, field) for _, field in vault.rules.fields().values()}
    plan = make_plan(vault.rules, sources_by_key(list(texts), vault.rules), file_sha256=bytes(32))
    newcomer = take(plan, Row(1, texts))
    if isinstance(newcomer, RefusedRow):
        return False
    defaults = vault.rules.import_defaults
    reserved = vault.keys.take(1, now=now)
    why = Provenance(defaults.purpose, defaults.basis, DRILL_SOURCE)
    db.write(
        lambda tx: add_people(
            tx,
            vault,
            actor=PLANTER,
            newcomers=[newcomer],
            reserved=reserved,
            provenance=why,
            now=now,
        )
    )
    return True


def search_raw(
    db: Database, vault: VaultParts, secret: Secret, /, *, folder: Path, now: datetime
) -> list[str]:
    """Search every file below the folder and keep the result; names of files with a hit."""
    texts = [planted_text(secret, field) for _, field in vault.rules.fields().values()]
    needles = [form for text in texts for form in _forms(text)]
    hits = _files_with(folder, needles)
    sealed = db.read(count_sealed)
    db.write(lambda tx: note_search(tx, vault, sealed_values=sealed, places=hits, now=now))
    return hits


def _forms(text: str) -> tuple[bytes, ...]:
    """How the text could lie there: as it is, in UTF-16, in base64 at its first offset."""
    raw = text.encode()
    return raw, text.encode("utf-16-le"), b64(raw)[:-4].encode()


def _files_with(folder: Path, needles: Sequence[bytes]) -> list[str]:
    """Names of files that hold one of the needles, read by a process of its own.

    Raises:
        UnavailableError: that process could not do it; nothing is known.
    """
    try:
        done = subprocess.run(  # noqa: S603  # nosec B603  # our own module, no shell
            [sys.executable, "-P", "-m", _READER, str(folder)],
            input="\n".join(needle.hex() for needle in needles),
            capture_output=True,
            text=True,
            timeout=_READ_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UnavailableError("The raw files could not be searched.") from error
    found: list[str] = json.loads(done.stdout)
    return found
