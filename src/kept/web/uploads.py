"""Where does a list wait between its upload and its import? Sealed on disk, its key in memory.

Rules: plain text of an upload touches no disk; each file has a key of its own that dies with the
process, so what a crash leaves behind cannot be read and is deleted at the next upload; few wait
at once, and none for long. An import that was cut off goes on when the same file comes again.
"""

# multipart ships no types
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from kept.base.encoding import b64url
from kept.base.errors import MalformedError, NotFoundError
from kept.crypto.chance import draw
from kept.crypto.sealed_file import SealedWriter, open_sealed_file
from kept.crypto.sealing import SealKey
from kept.crypto.secret import Secret
from kept.vault.acts.intake import DONE, Run

MAX_UPLOAD_BYTES = 2 << 30  # one list
WAITING_MOST = 4
WAITS = timedelta(hours=2)
NAME_MOST = 120  # characters of a file's name
ID_BYTES = 16
KEY_BYTES = 32
_MODE = 0o700


@dataclass(slots=True)
class Upload:
    """One list. `run` is set once its import began, `problem` says why it stopped.

    `is_running` is set by `Uploads.begin` alone, and taken back by whoever it let begin.
    """

    id: str
    name: str
    path: Path
    at: datetime
    reader: Callable[[], BinaryIO]
    run: Run | None = None
    is_running: bool = False
    problem: str = ""
    goes_on: Callable[[], None] | None = None


class Uploads:
    """The lists that wait. Thread-safe. `folder` is made when the first one comes."""

    def __init__(self, folder: Path, vault_id: bytes) -> None:
        self.folder = folder
        self.vault_id = vault_id
        self._held: dict[str, Upload] = {}
        self._coming: set[Path] = set()
        self._lock = threading.Lock()

    async def receive(
        self, content_type: str, stream: AsyncIterator[bytes], /, *, now: datetime
    ) -> Upload:
        """Take in the field `file` of a form, sealing it as it comes. Hostile input.

        Raises:
            MalformedError: no form, or no file in it.
            UnavailableError: the disk refuses.
        """
        self._tidy(now)
        raw, key = draw(ID_BYTES), SealKey(Secret(draw(KEY_BYTES)))
        path = self.folder / f"{raw.hex()}.sealed"

        def reader() -> BinaryIO:
            return open_sealed_file(path, key, vault_id=self.vault_id, object_id=raw)

        with self._arriving(path):
            with SealedWriter(path, key, vault_id=self.vault_id, object_id=raw) as writer:
                name = await _file_of(content_type, stream, writer)
                if not name or not writer.size_bytes:
                    raise MalformedError("file", "choose a file that is not empty")
            upload = Upload(b64url(raw), name, path, now, reader)
            with self._lock:
                self._held[upload.id] = upload
        return upload

    @contextmanager
    def _arriving(self, path: Path) -> Generator[None]:
        """While a list comes in, another one's coming does not delete it."""
        with self._lock:
            self._coming.add(path)
        try:
            yield
        finally:
            with self._lock:
                self._coming.discard(path)

    def get(self, upload_id: str) -> Upload:
        """A list that waits.

        Raises:
            NotFoundError: none of this id, or its time was over.
        """
        with self._lock:
            found = self._held.get(upload_id)
        if found is None:
            raise NotFoundError("This list is not here any more. Choose the file again.")
        return found

    def begin(
        self, upload: Upload, work: Callable[[], None] | None = None, /
    ) -> Callable[[], None] | None:
        """Let one caller begin the import of a list with `work`, or go on with it without.

        What that one is to run; None for everybody else: it runs, it was begun before, it is over.
        """
        with self._lock:
            is_begun, is_over = upload.run is not None, upload.run and upload.run.state == DONE
            if upload.is_running or is_over or is_begun == (work is not None):
                return None
            upload.goes_on = work or upload.goes_on
            upload.is_running, upload.problem = True, ""
            return upload.goes_on

    def of_run(self, run_id: str) -> Upload | None:
        """The list of an import, if it is still here."""
        with self._lock:
            held = list(self._held.values())
        return next((one for one in held if one.run is not None and one.run.id == run_id), None)

    def _tidy(self, now: datetime) -> None:
        """Delete what waited too long, and what nobody holds a key of."""
        self.folder.mkdir(mode=_MODE, exist_ok=True)
        with self._lock:
            idle = sorted(
                (one for one in self._held.values() if not one.is_running), key=lambda one: one.at
            )
            many = idle[: max(0, len(idle) - WAITING_MOST + 1)]
            for one in {u.id: u for u in [*many, *(u for u in idle if now - u.at > WAITS)]}:
                del self._held[one]
            known = self._coming | {one.path for one in self._held.values()}
        for path in self.folder.glob("*.sealed"):
            if path not in known:
                path.unlink(missing_ok=True)


async def _file_of(content_type: str, stream: AsyncIterator[bytes], writer: SealedWriter) -> str:
    """The name of the file; its bytes go to the writer.

    Raises:
        MalformedError: no form of this kind.
    """
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise MalformedError("file", "choose a file that is not empty")
    name, segment = "", ""
    try:
        with PushMultipartParser(options["boundary"], max_segment_count=8) as parser:
            async for chunk in stream:
                for event in parser.parse(chunk) if chunk else ():
                    if isinstance(event, MultipartSegment):
                        segment = event.name
                        name = _plain(event.filename or "") if segment == "file" else name
                    elif event and segment == "file":
                        writer.write(bytes(event))
    except MultipartError:
        raise MalformedError("file", "the upload was cut off; nothing was kept") from None
    return name


def _plain(name: str) -> str:
    """A file's name without folders and unprintable signs. Hostile input."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[:NAME_MOST] or "list"
