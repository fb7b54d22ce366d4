"""What must the import contracts refuse? One row a violation: its name, the files, the contract.

A file's lines are added to what stands there; missing folders become packages. A contract that is
changed gets its own commit, and its rows here change with it.
"""

FLOORS = "Floors: each may only look down"
ROOMS = "Rooms: verbs, then kinds, then tables and ports, then values"
CONVERSATIONS = "Rooms of conversations"
BACKUP = "Rooms of backup"
LEDGER = "Rooms of the ledger"
BASE = "Base: errors at the bottom"
PURE = "Values and pure libraries touch nothing outside themselves"
WIRING = "Only wiring picks an adapter"
ADAPTERS = "Adapters never touch the database or a verb below"
TABLES = "Tables are reached through verbs"
VAULT_TABLES = "The vault's tables are the vault's alone"
LEDGER_TABLES = "The ledger's tables are the ledger's alone"
EVIDENCE = "Promises read evidence through verbs"
CYCLES = "No cycles anywhere"

Row = tuple[str, dict[str, str], str]


def one(path: str, line: str, contract: str) -> Row:
    """A violation in one file, named after itself."""
    return f"{path}: {line or 'stands'}", {path: line}, contract


def upward() -> list[Row]:
    """A floor that looks up, or at its neighbour."""
    looks = [
        ("base/zz", "kept.crypto"),
        ("base/zz", "kept.db.seam"),
        ("crypto/zz", "kept.db"),
        ("crypto/zz", "kept.screening"),
        ("screening/zz", "kept.crypto"),
        ("screening/zz", "kept.ledger"),
        ("db/zz", "kept.ledger"),
        ("db/zz", "kept.vault.model"),
        ("ledger/acts/zz", "kept.vault"),
        ("ledger/acts/zz", "kept.staff.model"),
        ("vault/acts/zz", "kept.staff.model"),
        ("vault/acts/zz", "kept.promises"),
        ("staff/acts/zz", "kept.conversations"),
        ("staff/acts/zz", "kept.cases"),
        ("conversations/acts/zz", "kept.cases"),
        ("cases/acts/zz", "kept.partners"),
        ("partners/acts/zz", "kept.backup"),
        ("backup/acts/zz", "kept.conversations"),
        ("backup/acts/zz", "kept.promises"),
        ("promises/kinds/zz", "kept.flows"),
        ("flows/zz", "kept.web"),
        ("flows/zz", "kept.worker"),
        ("web/zz", "kept.worker"),
        ("worker/zz", "kept.web"),
        ("web/zz", "kept.wiring"),
        ("worker/zz", "kept.cli"),
        ("wiring/zz", "kept.cli"),
    ]
    hidden = "def late():\n    import kept.vault.model"
    typing = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import kept.staff.model"
    return [
        *(one(f"{path}.py", f"import {what}", FLOORS) for path, what in looks),
        ("lazily, inside a function", {"db/zz.py": hidden}, FLOORS),
        ("for types alone", {"ledger/acts/zz.py": typing}, FLOORS),
        one("utils/__init__.py", "", FLOORS),
        one("notifications/__init__.py", "", FLOORS),
    ]


def rooms() -> list[Row]:
    """A room nobody planned, or one that looks up at its verbs."""
    strange = {
        "vault/utils.py": ROOMS,
        "staff/helpers/__init__.py": ROOMS,
        "promises/measures.py": ROOMS,
        "cases/service.py": ROOMS,
        "partners/manager.py": ROOMS,
        "conversations/utils.py": CONVERSATIONS,
        "backup/common.py": BACKUP,
        "ledger/utils.py": LEDGER,
        "base/helpers.py": BASE,
    }
    looks = [
        ("vault/model/zz.py", "kept.vault.acts", ROOMS),
        ("staff/model/zz.py", "kept.staff.store", ROOMS),
        ("staff/store/zz.py", "kept.staff.acts", ROOMS),
        ("promises/model/zz.py", "kept.promises.kinds", ROOMS),
        ("promises/kinds/zz.py", "kept.promises.acts", ROOMS),
        ("conversations/store.py", "kept.conversations.acts", CONVERSATIONS),
        ("conversations/routing.py", "kept.conversations.store", CONVERSATIONS),
        ("backup/places/zz.py", "kept.backup.pipeline", BACKUP),
        ("backup/cutting.py", "kept.backup.store", BACKUP),
        ("backup/keeping/zz.py", "kept.backup.repo", BACKUP),
        ("backup/keeping/zz.py", "kept.backup.acts", BACKUP),
        ("ledger/merkle.py", "kept.ledger.store", LEDGER),
        ("ledger/store/outbox.py", "kept.ledger.acts", LEDGER),
        ("ledger/acts/zz.py", "kept.ledger.sequencer", LEDGER),
        ("base/errors.py", "kept.base.ids", BASE),
        ("base/ids.py", "kept.base.clock", BASE),
    ]
    made = [one(path, "", contract) for path, contract in strange.items()]
    for path, what, contract in looks:
        room = what.removeprefix("kept.").replace(".", "/") + "/zz.py"
        files = {room: "", path: f"import {what}.zz"}
        if what in {
            "kept.ledger.store",
            "kept.ledger.sequencer",
            "kept.base.ids",
            "kept.base.clock",
        }:
            files = {room.removesuffix("/zz.py") + ".py": "", path: f"import {what}"}
        made.append((f"{path} -> {what}", files, contract))
    return made


def impure() -> list[Row]:
    """A value that reads, waits, asks the time or draws chance."""
    looks = [
        ("vault/model/zz.py", "kept.db.seam"),
        ("vault/model/zz.py", "time"),
        ("vault/model/zz.py", "os"),
        ("ledger/model.py", "secrets"),
        ("ledger/merkle.py", "threading"),
        ("ledger/tiles.py", "kept.db.seam"),
        ("ledger/notes.py", "httpx"),
        ("ledger/entry.py", "kept.base.clock"),
        ("ledger/ports.py", "asyncio"),
        ("staff/model/zz.py", "kept.base.clock"),
        ("staff/model/zz.py", "random"),
        ("promises/model/zz.py", "logging"),
        ("screening/zz.py", "subprocess"),
        ("screening/zz.py", "sqlite3"),
        ("base/ids.py", "secrets"),
        ("base/errors.py", "logging"),
        ("base/encoding.py", "socket"),
        ("crypto/ports.py", "ssl"),
        ("conversations/identity.py", "time"),
        ("backup/cutting.py", "apsw"),
    ]
    return [one(path, f"import {what}", PURE) for path, what in looks]


def adapters() -> list[Row]:
    """An adapter picked by somebody else, or one that knows the database."""
    picked = [
        ("vault/acts/zz.py", "kept.db.sqlite", WIRING),
        ("worker/zz.py", "kept.db.postgres", WIRING),
        ("cli/zz.py", "kept.crypto.providers", WIRING),
        ("crypto/zz.py", "kept.crypto.providers", WIRING),
        ("web/zz.py", "kept.ledger.tile_stores", WIRING),
        ("ledger/acts/zz.py", "kept.ledger.high_water", WIRING),
        ("backup/acts/zz.py", "kept.backup.places.local", WIRING),
        ("ledger/high_water/zz.py", "kept.db.seam", ADAPTERS),
        ("backup/places/zz.py", "kept.db.seam", ADAPTERS),
        ("backup/places/zz.py", "kept.ledger.acts", ADAPTERS),
        ("ledger/tile_stores/zz.py", "kept.ledger.acts", ADAPTERS),
    ]
    channel = {"conversations/channels/zz.py": "import kept.db.seam"}
    called = {
        "conversations/channels/zz.py": "",
        "flows/zz.py": "import kept.conversations.channels.zz",
    }
    return [
        *(one(path, f"import {what}", contract) for path, what, contract in picked),
        ("a channel that reads the database", channel, ADAPTERS),
        ("a flow that picks a channel", called, WIRING),
    ]


def tables() -> list[Row]:
    """Somebody who reads a table around its verb."""
    return [
        one("web/zz.py", "import kept.staff.store", TABLES),
        one("flows/zz.py", "import kept.staff.store", TABLES),
        one("wiring/zz.py", "import kept.ledger.store", TABLES),
        one("cli/zz.py", "import kept.vault.store", TABLES),
        one("worker/zz.py", "import kept.ledger.store", TABLES),
        one("conversations/acts/zz.py", "import kept.vault.store", VAULT_TABLES),
        one("staff/acts/zz.py", "import kept.vault.store", VAULT_TABLES),
        one("vault/acts/zz.py", "import kept.ledger.store", LEDGER_TABLES),
        one("promises/kinds/zz.py", "import kept.ledger.store", LEDGER_TABLES),
        one("promises/kinds/zz.py", "import kept.staff.store", EVIDENCE),
    ]


def cycles() -> list[Row]:
    """Two siblings that need one another."""
    made: list[Row] = []
    for floor in ("web", "cli", "db", "crypto", "vault/acts", "staff/model"):
        package = "kept." + floor.replace("/", ".")
        files = {
            f"{floor}/zz_one.py": f"import {package}.zz_two",
            f"{floor}/zz_two.py": f"import {package}.zz_one",
        }
        made.append((f"a cycle inside {floor}", files, CYCLES))
    return made


ROWS: list[Row] = [*upward(), *rooms(), *impure(), *adapters(), *tables(), *cycles()]
