"""How is one file or folder written, read and listed over a link?

Each step is a group of requests sent at once, so that a far server costs few round trips. What the
server refuses becomes our words here.
Source: draft-ietf-secsh-filexfer-02; `docs/formats/backup.md`, places.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from kept.backup.places.layout import sized_range
from kept.backup.places.sftp_link import IN_FLIGHT, Link
from kept.backup.places.sftp_wire import (
    Answer,
    Ask,
    Attributes,
    Code,
    Data,
    Flag,
    Handle,
    Names,
    Status,
    ask_attributes,
    ask_close,
    ask_flush,
    ask_make_folder,
    ask_names,
    ask_open,
    ask_open_folder,
    ask_read,
    ask_remove,
    ask_rename,
    ask_replace,
    ask_write,
)
from kept.backup.places.throttle import Pace
from kept.backup.places.trouble import SOON, STUCK
from kept.base.errors import UnavailableError

FILE_MODE, FOLDER_MODE = 0o400, 0o700
_NEW = Flag.WRITE | Flag.CREATE | Flag.EXCLUSIVE


@dataclass(frozen=True, slots=True)
class Pair:
    """A new file, open, and its folder, open where the server lets us; both are handles."""

    file: bytes
    folder: bytes | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a folder."""

    folder: bytes
    name: bytes
    known: Attributes


def begin_file(link: Link, temp: bytes, folder: bytes, *, may_make_folder: bool) -> Pair:
    """Open a new file and its folder.

    Raises:
        UnavailableError: the file cannot be made.
    """
    asks = [ask_open(temp, _NEW, FILE_MODE), ask_open(folder, Flag.READ)]
    file, opened = link.exchange(asks)
    if may_make_folder and code_of(file) == Code.NO_SUCH_FILE:
        link.exchange([ask_make_folder(folder, FOLDER_MODE)])
        file, opened = link.exchange(asks)
    if not isinstance(file, Handle):
        if isinstance(opened, Handle):
            link.exchange([ask_close(opened.raw)])
        refuse(file)
    return Pair(file.raw, opened.raw if isinstance(opened, Handle) else None)


def write_file(link: Link, handle: bytes, content: bytes | memoryview, pace: Pace) -> bool:
    """Write, flush, measure and close; whether all of it went well."""
    step = link.write_bytes
    pieces = enumerate(pace.sending(content, step))
    written = link.exchange(
        (ask_write(handle, number * step, piece) for number, piece in pieces),
        stop_at_trouble=True,
        eager=pace.up is not None,
    )
    is_written = all(code_of(answer) == Code.OK for answer in written)
    flushed, known, closed = link.exchange([
        ask_flush(handle),
        ask_attributes(handle),
        ask_close(handle),
    ])
    return (
        is_written
        and code_of(flushed) == code_of(closed) == Code.OK
        and isinstance(known, Attributes)
        and known.size == len(content)
    )


def name_file(link: Link, folder: bytes | None, temp: bytes, final: bytes, *, is_new: bool) -> bool:
    """Give a file its name, durably; whether it went well. A new one replaces nothing.

    Args:
        link: the connection.
        folder: handle of the folder, closed afterwards; None where it cannot be flushed.
        temp: the path the file has.
        final: the path it gets.
        is_new: fail when something stands there.
    """
    asks = [ask_rename(temp, final) if is_new else ask_replace(temp, final)]
    if folder is not None:
        asks += [ask_flush(folder), ask_close(folder)]
    return all(code_of(answer) == Code.OK for answer in link.exchange(asks)[:2])


def forget_file(link: Link, temp: bytes, folder: bytes | None) -> None:
    """Remove what was begun, and close the handle of its folder."""
    link.exchange([ask_remove(temp), *([ask_close(folder)] if folder is not None else [])])


def flush_folder(link: Link, path: bytes) -> None:
    """Make the names in a folder durable, where the server opens folders.

    Raises:
        UnavailableError: the flush failed.
    """
    (opened,) = link.exchange([ask_open(path, Flag.READ)])
    if isinstance(opened, Handle):
        flushed, _ = link.exchange([ask_flush(opened.raw), ask_close(opened.raw)])
        if code_of(flushed) != Code.OK:
            refuse(flushed)


def read_file(link: Link, path: bytes, wanted: tuple[int, int | None], pace: Pace) -> bytes | None:
    """A piece of a file, wanted as (offset, length); None when there is no such file.

    Raises:
        UnavailableError: it cannot be read.
    """
    (opened,) = link.exchange([ask_open(path, Flag.READ)])
    if code_of(opened) == Code.NO_SUCH_FILE:
        return None
    if not isinstance(opened, Handle):
        refuse(opened)
    (known,) = link.exchange([ask_attributes(opened.raw)])
    if not isinstance(known, Attributes) or known.size is None:
        refuse(known)
    start, end = sized_range(known.size, *wanted)
    content = _pieces(link, opened.raw, range(start, end), pace)
    link.exchange([ask_close(opened.raw)])
    return content


def _pieces(link: Link, handle: bytes, span: range, pace: Pace) -> bytes:
    """What stands between two offsets of an open file.

    Raises:
        UnavailableError: less than its size says, or it cannot be read.
    """
    step = link.read_bytes
    wanted = [(at, min(step, span.stop - at)) for at in range(span.start, span.stop, step)]
    whole: dict[int, bytes] = {}
    while wanted:
        answers = link.exchange(_asked(handle, wanted, pace), eager=pace.down is not None)
        short: list[tuple[int, int]] = []
        for (at, size), answer in zip(wanted, answers, strict=True):
            if not isinstance(answer, Data) or not 0 < len(answer.raw) <= size:
                link.exchange([ask_close(handle)])
                refuse(answer)
            whole[at] = answer.raw
            if len(answer.raw) < size:  # a server may give less than was asked
                short.append((at + len(answer.raw), size - len(answer.raw)))
        wanted = short
    return b"".join(piece for _, piece in sorted(whole.items()))


def _asked(handle: bytes, wanted: Iterable[tuple[int, int]], pace: Pace) -> Iterator[Ask]:
    for at, size in wanted:
        pace.received(size)
        yield ask_read(handle, at, size)


def list_folders(link: Link, paths: Sequence[bytes]) -> list[Entry]:
    """Everything in some folders, many folders at once.

    Raises:
        UnavailableError: one of them is missing or cannot be read.
    """
    found: list[Entry] = []
    for first in range(0, len(paths), IN_FLIGHT):
        some = paths[first : first + IN_FLIGHT]
        opened = link.exchange(map(ask_open_folder, some))
        handles: dict[bytes, bytes] = {}
        trouble: list[Answer] = []
        for path, answer in zip(some, opened, strict=True):
            if isinstance(answer, Handle):
                handles[answer.raw] = path
            else:
                trouble.append(answer)
        if not trouble:
            found += _names(link, handles, trouble)
        link.exchange(map(ask_close, handles))
        if trouble:
            refuse(trouble[0])
    return found


def _names(link: Link, handles: dict[bytes, bytes], trouble: list[Answer]) -> Iterator[Entry]:
    """Read open folders to their ends; an answer that is neither names nor the end is trouble."""
    unread = list(handles)
    while unread and not trouble:
        more: list[bytes] = []
        for handle, answer in zip(unread, link.exchange(map(ask_names, unread)), strict=True):
            if isinstance(answer, Names):
                more.append(handle)
                for name, known in answer.entries:
                    yield Entry(handles[handle], name, known)
            elif code_of(answer) != Code.EOF:
                trouble.append(answer)
        unread = more


def code_of(answer: Answer) -> Code | None:
    """The code of a status, None of an answer with content."""
    return answer.code if isinstance(answer, Status) else None


def refuse(answer: Answer) -> NoReturn:
    """Say what an answer means that is not the hoped-for one.

    Raises:
        UnavailableError: always.
    """
    if code_of(answer) == Code.NO_SUCH_FILE:
        raise UnavailableError(
            "The folder of the copy is not there on the server.", retry_after=STUCK
        )
    if code_of(answer) == Code.PERMISSION_DENIED:
        raise UnavailableError(
            "The folder of the copy cannot be read or written by us.", retry_after=STUCK
        )
    raise UnavailableError("The server's disk does not answer as it should.", retry_after=SOON)
