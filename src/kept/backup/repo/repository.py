"""How is a repository made, opened, read and written?

Rules: every file but `config` must have the SHA-256 of its bytes as its name, and is refused
otherwise; a password is tried on every key file that can be read, twenty at most; version 1 is
read and never written; a config is written last, so that a half-made repository is none.
Source: restic design document, "Repository Layout", "Read and Write Ordering";
`docs/formats/backup.md`.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from kept.backup.ports import CONFIG_NAME, FileKind, Place, Stored
from kept.backup.repo.blobs import BlobKind, open_blob
from kept.backup.repo.config import (
    VERSION,
    Config,
    decode_config,
    encode_config,
    fresh_config,
)
from kept.backup.repo.index import BlobIndex, Location, decode_index, encode_indexes
from kept.backup.repo.keys import (
    MAX_KEY_FILE_BYTES,
    KeyFile,
    make_key_file,
    open_key_file,
    read_key_file,
)
from kept.backup.repo.packs import (
    FIRST_TAIL_BYTES,
    Entry,
    Listing,
    Part,
    open_header,
    tail_bytes,
)
from kept.backup.repo.unpacked import decode_unpacked, encode_unpacked, read_object, write_json
from kept.base.encoding import Json
from kept.base.errors import (
    ConflictError,
    MalformedError,
    NotFoundError,
    RefusedError,
    TamperedError,
)
from kept.crypto.repo_sealing import SCRYPT_COST, RepoKey, ScryptCost, fresh_repo_key
from kept.crypto.secret import Secret

MAX_KEYS_TRIED = 20  # half a second each; restic stops there too
_UNPACKED = frozenset({FileKind.INDEX, FileKind.SNAPSHOT, FileKind.LOCK})


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key file as a list shows it."""

    name: str  # 64 hex digits
    created: str  # as written in the file
    username: str
    hostname: str
    is_in_use: bool  # this repository was opened with it


@dataclass(frozen=True, slots=True)
class Repository:
    """An open repository. May be used from any thread, as its place may."""

    place: Place
    key: RepoKey
    config: Config
    key_name: str  # of the key file it was opened with

    @property
    def is_writable(self) -> bool:
        """Whether this program writes this version."""
        return self.config.version == VERSION

    def list(self, kind: FileKind) -> list[Stored]:
        """Every file of a kind.

        Raises:
            UnavailableError: the place cannot be reached or read.
        """
        return self.place.list(kind)

    def load_document(self, kind: FileKind, name: str) -> bytes:
        """The JSON of an index, snapshot or lock, not parsed. Hostile input.

        Raises:
            NotFoundError: no such file.
            TamperedError: its bytes are not those it is named after, or its MAC does not match.
            MalformedError: it holds no document, or `kind` is stored otherwise.
            UnavailableError: the place cannot be reached or read.
        """
        _check_unpacked(kind)
        what = _told(kind, name)
        sealed = self.place.get(kind, name)
        _check_name(sealed, name, what)
        return decode_unpacked(self.key, sealed, where=what)

    def load_unpacked(self, kind: FileKind, name: str) -> dict[str, Json]:
        """The members of an index, snapshot or lock, unchecked. Hostile input.

        Raises:
            NotFoundError: no such file.
            TamperedError: its bytes are not those it is named after, or its MAC does not match.
            MalformedError: not a JSON object, or `kind` is stored otherwise.
            UnavailableError: the place cannot be reached or read.
        """
        return read_object(self.load_document(kind, name), _told(kind, name))

    def save_document(self, kind: FileKind, document: bytes) -> str:
        """Store the JSON of an index, snapshot or lock durably; its name.

        Raises:
            RefusedError: `repository_read_only`: of version 1.
            MalformedError: `kind` is stored otherwise.
            UnavailableError: not stored, or not known to be durable.
        """
        _check_unpacked(kind)
        self.check_writable()
        sealed = encode_unpacked(self.key, document)
        name = hashlib.sha256(sealed).hexdigest()
        self.place.put(kind, name, sealed)
        return name

    def save_unpacked(self, kind: FileKind, members: Mapping[str, object]) -> str:
        """Store members, in the order given, as a document; its name.

        Raises:
            RefusedError: `repository_read_only`: of version 1.
            MalformedError: JSON cannot hold them, or `kind` is stored otherwise.
            UnavailableError: not stored, or not known to be durable.
        """
        return self.save_document(kind, write_json(members))

    def save_part(self, part: Part) -> None:
        """Store a part durably. Only then may an index name it.

        Raises:
            RefusedError: `repository_read_only`: of version 1.
            UnavailableError: not stored, or not known to be durable.
        """
        self.check_writable()
        self.place.put(FileKind.DATA, part.name, part.content)

    def save_indexes(self, listings: Iterable[Listing]) -> tuple[str, ...]:
        """Store index files for these parts, which are durable already; the files' names.

        Raises:
            RefusedError: `repository_read_only`: of version 1.
            UnavailableError: not stored, or not known to be durable.
        """
        documents = encode_indexes(listings)
        return tuple(self.save_document(FileKind.INDEX, document) for document in documents)

    def read_indexes(self, names: Iterable[str] | None = None) -> Iterator[tuple[str, Listing]]:
        """Each index file's name with each part it tells of; file by file. Hostile input.

        Args:
            names: of index files; None: all there are.

        Raises:
            NotFoundError: a file went away meanwhile.
            TamperedError: a file is damaged.
            MalformedError: a file is no index.
            UnavailableError: the place cannot be reached or read.
        """
        if names is None:
            names = sorted(stored.name for stored in self.place.list(FileKind.INDEX))
        for name in names:
            for listing in decode_index(self.load_document(FileKind.INDEX, name)):
                yield name, listing

    def load_index(self, *, among: Collection[bytes] | None = None) -> BlobIndex:
        """Every index file in one table.

        Args:
            among: ids of the parts that exist, what others hold is left out; None: believe all.

        Raises:
            NotFoundError: a file went away meanwhile.
            TamperedError: a file is damaged.
            MalformedError: a file is no index.
            UnavailableError: the place cannot be reached or read.
        """
        index = BlobIndex()
        index.load((listing for _, listing in self.read_indexes()), among=among)
        return index

    def load_header(self, stored: Stored) -> tuple[Entry, ...]:
        """What a part says it holds, from its end alone. Hostile input.

        Args:
            stored: the part, as `list` tells.

        Raises:
            NotFoundError: no such part.
            TamperedError: the header's MAC does not match.
            MalformedError: no header, or its lengths do not add up to the size of the part.
            UnavailableError: the place cannot be reached or read.
        """
        size, name = stored.size, stored.name
        first_bytes = min(FIRST_TAIL_BYTES, size)
        tail = self.place.get(FileKind.DATA, name, offset=size - first_bytes, length=first_bytes)
        need_bytes = tail_bytes(tail, part_bytes=size)
        if need_bytes > len(tail):
            tail = self.place.get(FileKind.DATA, name, offset=size - need_bytes, length=need_bytes)
        return open_header(self.key, tail, part_bytes=size, what=_told(FileKind.DATA, name))

    def load_blob(self, index: BlobIndex, kind: BlobKind, named: bytes) -> bytes:
        """The plain bytes of a blob, compared with its name.

        Raises:
            NotFoundError: the index does not know it, or its part is gone.
            TamperedError: it is damaged or cut off.
            MalformedError: the index promises another length than it has.
            UnavailableError: the place cannot be reached or read.
        """
        at = index.find(kind, named)
        if at is None:
            raise NotFoundError(f"no {kind.value} blob {named.hex()} in the index")
        return self.load_blob_at(at, named)

    def load_blob_at(self, at: Location, named: bytes) -> bytes:
        """The plain bytes of a blob that lies there, compared with its name.

        Raises:
            NotFoundError: no such part.
            TamperedError: it is damaged or cut off.
            MalformedError: it has another length than `at` promises.
            UnavailableError: the place cannot be reached or read.
        """
        part = at.part.hex()
        sealed = self.place.get(FileKind.DATA, part, offset=at.offset, length=at.length)
        what = f"blob {named.hex()} in {_told(FileKind.DATA, part)}"
        return open_blob(self.key, sealed, named, plain_length=at.plain_length, what=what)

    def check_writable(self) -> None:
        """Refuse to write what this program only reads.

        Raises:
            RefusedError: `repository_read_only`: of version 1.
        """
        if not self.is_writable:
            raise RefusedError(
                "repository_read_only",
                "This repository has version 1, which is read here and not written. Nothing was"
                " changed. `restic migrate upgrade_repo_v2` turns it into version 2.",
            )

    def add_key(self, password: Secret, *, now: datetime, cost: ScryptCost = SCRYPT_COST) -> str:
        """Let another password open this repository; the name of its key file.

        Raises:
            UnavailableError: not stored, or not known to be durable.
        """
        return _put_key(self.place, self.key, password, now=now, cost=cost)

    def list_keys(self) -> tuple[KeyInfo, ...]:
        """Every key file that can be read, by name; damaged ones are left out.

        Raises:
            UnavailableError: the place cannot be reached or read.
        """
        return tuple(
            KeyInfo(name, file.created, file.username, file.hostname, name == self.key_name)
            for name, file in _key_files(self.place, None)
            if file is not None
        )

    def remove_key(self, name: str) -> None:
        """Take a password's key file away. Whoever copied it before can still open it.

        Raises:
            NotFoundError: no such key file.
            RefusedError: `key_in_use`: it is the one this repository was opened with; or this
                place only adds.
            UnavailableError: the place cannot be reached or written.
        """
        if name == self.key_name:
            raise RefusedError(
                "key_in_use",
                "This is the key you came in with. Nothing was removed. Open the repository with"
                " another password first.",
            )
        if all(stored.name != name for stored in self.place.list(FileKind.KEY)):
            raise NotFoundError(f"no key file {name}")
        self.place.remove(FileKind.KEY, name)


def create_repository(
    place: Place, password: Secret, *, now: datetime, cost: ScryptCost = SCRYPT_COST
) -> Repository:
    """Make a new repository of version 2 and open it.

    Args:
        place: empty, or with folders only.
        password: opens it from now on.
        now: aware; stands in the key file.
        cost: of one guess of the password.

    Raises:
        ConflictError: a repository stands there already; nothing was changed.
        UnavailableError: the place cannot be reached or written.
    """
    if has_config(place):
        raise ConflictError("A repository stands there already. Nothing was changed.")
    place.create()
    key, config = fresh_repo_key(), fresh_config()
    key_name = _put_key(place, key, password, now=now, cost=cost)
    try:
        place.put(FileKind.CONFIG, CONFIG_NAME, encode_config(key, config))
    except ConflictError:
        # Another was quicker; our key opens nothing there, and a place that only adds keeps it.
        if place.can_remove:
            place.remove(FileKind.KEY, key_name)
        raise
    return Repository(place, key, config, key_name)


def open_repository(place: Place, password: Secret, *, key_hint: str | None = None) -> Repository:
    """Open a repository with a password. Hostile input.

    Args:
        place: where it lies.
        password: of any of its key files.
        key_hint: the name of the key file to try first, as it was told when it was made.

    Raises:
        NotFoundError: no repository there.
        RefusedError: `wrong_password`: it opens no key file; `repository_too_new`.
        TamperedError: no key file is whole, or the config is damaged.
        MalformedError: the config is none.
        UnavailableError: the place cannot be reached or read.
    """
    if not has_config(place):
        raise NotFoundError("There is no repository there.")
    key_name, key = _unlock(place, password, key_hint)
    config = decode_config(key, place.get(FileKind.CONFIG, CONFIG_NAME))
    return Repository(place, key, config, key_name)


def _unlock(place: Place, password: Secret, key_hint: str | None) -> tuple[str, RepoKey]:
    tried = damaged = 0
    for name, file in _key_files(place, key_hint):
        if file is None:
            damaged += 1
            continue
        if tried == MAX_KEYS_TRIED:
            break
        tried += 1
        try:
            return name, open_key_file(file, password)
        except TamperedError:
            continue  # of another password, most likely: nothing tells the two apart
    if not tried:
        raise (
            TamperedError(f"each of {damaged} key files")
            if damaged
            else NotFoundError("There is no key file in this repository.")
        )
    note = f" {damaged} key files are damaged and could not be tried." if damaged else ""
    raise RefusedError(
        "wrong_password",
        f"The password opens none of the {tried} key files that were tried.{note}",
    )


def _key_files(place: Place, key_hint: str | None) -> Iterator[tuple[str, KeyFile | None]]:
    """Each key file by name, the hinted one first; None for a damaged one."""
    stored = sorted(place.list(FileKind.KEY), key=lambda file: (file.name != key_hint, file.name))
    for file in stored:
        try:
            raw = place.get(FileKind.KEY, file.name, length=MAX_KEY_FILE_BYTES + 1)
            _check_name(raw, file.name, "key file")
            yield file.name, read_key_file(raw)
        except (MalformedError, TamperedError, NotFoundError):
            yield file.name, None


def _put_key(
    place: Place, key: RepoKey, password: Secret, *, now: datetime, cost: ScryptCost
) -> str:
    raw = make_key_file(key, password, now=now, cost=cost)
    name = hashlib.sha256(raw).hexdigest()
    place.put(FileKind.KEY, name, raw)
    return name


def has_config(place: Place) -> bool:
    """Whether a repository lies at a place.

    Raises:
        UnavailableError: the place cannot be reached or read.
    """
    try:
        place.get(FileKind.CONFIG, CONFIG_NAME, length=1)
    except NotFoundError:
        return False
    return True


def _check_unpacked(kind: FileKind) -> None:
    if kind not in _UNPACKED:
        raise MalformedError("repository", f"{kind.value} is not stored as a document")


def _check_name(raw: bytes, name: str, what: str) -> None:
    if hashlib.sha256(raw).hexdigest() != name:
        raise TamperedError(what)


def _told(kind: FileKind, name: str) -> str:
    return f"{kind.value}/{name}"
