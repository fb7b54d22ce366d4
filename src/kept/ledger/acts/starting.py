"""May this process sign for the log, or would it contradict what was signed before?

Rules, in order: the log was opened and no later one follows it; the tiles and the edge lead to the
head's root; the high-water mark is there, is ours and is not ahead of this data; our tree at the
marked size has the marked root. The first rule that fails refuses, as a value that says what to
do. While refusing, the desk works on and acts wait.
Source: `docs/formats/ledger.md`, start.
"""

from dataclasses import dataclass

from kept.base.errors import MalformedError
from kept.db.seam import Tx
from kept.ledger.acts.tail import read_tile
from kept.ledger.merkle import Frontier, frontier_of, root_of
from kept.ledger.model import Head
from kept.ledger.notes import Checkpoint, KeyKind, Note, NotSigned, VerifierKey, check_note
from kept.ledger.ports import TileStore
from kept.ledger.store import tree_rows
from kept.ledger.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, hashes_of, node_reader


@dataclass(frozen=True, slots=True)
class Refusing:
    """Why nothing is signed, and what to do: `code` is stable, the texts are for the owner."""

    code: str
    en: str
    ru: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Signing may go on from this head; `mark` is the high-water mark, `marked` its size."""

    head: Head
    mark: bytes | None
    marked: int


NOT_OPENED = Refusing(
    "not_opened",
    "The ledger was never opened. Run `kept init` in this folder.",
    "Журнал ещё не открыт. Выполните `kept init` в этой папке.",
)
CLOSED = Refusing(
    "closed",
    "This log was closed and another one follows it. Start Kept again, so that it signs for the"
    " newest log.",
    "Этот журнал закрыт, за ним следует другой. Перезапустите Kept, чтобы он подписывал новый.",
)
TREE_CHANGED = Refusing(
    "tree_changed",
    "The ledger's files or tables were changed: they no longer lead to the recorded root. Nothing"
    " was signed; acts wait. Run `kept verify`: it names what was changed. Put that file or row"
    " back from a backup, then start again.",
    "Файлы или таблицы журнала изменены и больше не приводят к записанному корню. Ничего не"
    " подписано, действия ждут. Выполните `kept verify`: он назовёт, что изменено. Верните этот"
    " файл или строку из копии и запустите снова.",
)
MARK_MISSING = Refusing(
    "mark_missing",
    "The file `high-water` is missing, so it is unknown what was signed last. Nothing was signed;"
    " acts wait. Put the file back if you have it. If this data came out of a copy, run"
    " `kept ledger succeed`; only if it is certainly the newest, `kept ledger adopt`.",
    "Нет файла `high-water`, поэтому неизвестно, что было подписано последним. Ничего не подписано,"
    " действия ждут. Верните файл, если он у вас есть. Если эти данные из копии, выполните"
    " `kept ledger succeed`; только если они точно самые новые — `kept ledger adopt`.",
)
MARK_FOREIGN = Refusing(
    "mark_foreign",
    "The file `high-water` is damaged or was not signed by this ledger's key. Nothing was signed;"
    " acts wait. Put back the file that belongs to this folder, or the key that belongs to the"
    " file.",
    "Файл `high-water` повреждён или подписан не ключом этого журнала. Ничего не подписано,"
    " действия ждут. Верните файл, который относится к этой папке, или ключ, который относится к"
    " файлу.",
)
DATA_OLDER = Refusing(
    "data_older",
    "This data is older than what was signed: an old backup stands over a newer ledger. Nothing was"
    " signed; acts wait. Restore newer data. If there is none, run `kept ledger succeed`: it closes"
    " this log and opens the next one, and everybody can see that.",
    "Эти данные старше того, что было подписано: поверх нового журнала стоит старая копия. Ничего"
    " не подписано, действия ждут. Восстановите более новые данные. Если их нет, выполните"
    " `kept ledger succeed`: он закроет этот журнал и откроет следующий, и это увидит каждый.",
)
FORK = Refusing(
    "fork",
    "This data contradicts what was signed: the same place holds another entry. Nothing was signed;"
    " acts wait. Keep this folder as it is and restore the data that belongs to `high-water`. If it"
    " is lost, run `kept ledger succeed`.",
    "Эти данные противоречят подписанному: на том же месте стоит другая запись. Ничего не"
    " подписано, действия ждут. Сохраните эту папку как есть и восстановите данные, которые"
    " относятся к `high-water`. Если их нет, выполните `kept ledger succeed`.",
)
ANOTHER_LEADER = Refusing(
    "another_leader",
    "Another process signs for this ledger. Nothing was signed here; acts wait for the other one.",
    "За этот журнал подписывает другой процесс. Здесь ничего не подписано; действия ждут другого.",
)


def check_start(
    tx: Tx, tiles: TileStore, keys: tuple[VerifierKey, ...], /, *, mark: bytes | None
) -> Ready | Refusing:
    """Whether signing may go on.

    Args:
        tx: a snapshot taken after `mark` was read.
        tiles: full tiles of all logs.
        keys: the log's own key first, then other keys that logs before it were signed with.
        mark: the content of the high-water mark, None when it is missing.

    Raises:
        UnavailableError: the tile store cannot be read.
    """
    heads = tree_rows.heads(tx)
    if not heads:
        return NOT_OPENED if mark is None else DATA_OLDER
    head = heads[0]
    if head.origin != keys[0].name:
        return CLOSED
    if not tree_holds(tx, tiles, head):
        return TREE_CHANGED
    if mark is None:
        return MARK_MISSING if head.size else Ready(head, None, 0)
    return _check_mark(tx, tiles, keys, heads=heads, mark=mark)


def _check_mark(
    tx: Tx,
    tiles: TileStore,
    keys: tuple[VerifierKey, ...],
    /,
    *,
    heads: list[Head],
    mark: bytes,
) -> Ready | Refusing:
    head, marked = heads[0], _marked(mark, keys)
    if marked is None:
        return MARK_FOREIGN
    if marked.origin in {one.origin for one in heads[1:]}:
        return Ready(head, mark, 0)  # nothing was signed yet for this log, which follows that one
    if marked.origin != head.origin or marked.size > head.size:
        return DATA_OLDER
    if root_at(tx, tiles, head, size=marked.size) != marked.root:
        return FORK
    return Ready(head, mark, marked.size)


def tree_holds(tx: Tx, tiles: TileStore, head: Head) -> bool:
    """Whether full tiles and edge lead to the head: its root, its frontier, each newest tile."""
    reader = node_reader(lambda tile: _present(tx, tiles, head, tile), head.size)
    try:
        frontier = frontier_of(head.size, reader)
        is_climbing = all(
            Frontier().extend(hashes_of(_present(tx, tiles, head, tile))).root
            == reader(TILE_HEIGHT * ((tile.level or 0) + 1), tile.index)
            for tile in _newest_full(head.size)
        )
    except MalformedError:
        return False
    return is_climbing and (frontier.root, frontier.encode()) == (head.root, head.frontier)


def root_at(tx: Tx, tiles: TileStore, head: Head, *, size: int) -> bytes | None:
    """The root that the first `size` leaves of this log have; None where tiles are missing."""
    try:
        return root_of(size, node_reader(lambda tile: _present(tx, tiles, head, tile), size))
    except MalformedError:
        return None


def _newest_full(size: int) -> list[Tile]:
    """The newest full tile of each level."""
    found: list[Tile] = []
    level, whole = 0, size // TILE_WIDTH
    while whole:
        found.append(Tile(level, whole - 1))
        level, whole = level + 1, whole // TILE_WIDTH
    return found


def _present(tx: Tx, tiles: TileStore, head: Head, tile: Tile) -> bytes:
    found = read_tile(tx, tiles, head, tile)
    if found is None:
        raise MalformedError("tile", "missing")
    return found


def _marked(mark: bytes, keys: tuple[VerifierKey, ...]) -> Checkpoint | None:
    """What the mark says, if one of our own keys signed it."""
    try:
        note = Note.parse(mark)
        marked = Checkpoint.parse(note.text)
    except MalformedError:
        return None
    own = [VerifierKey(marked.origin, KeyKind.LOG, key.public) for key in keys]
    return None if isinstance(check_note(note, own), NotSigned) else marked
