"""What is this content as a zstd frame, and what does this frame hold, at most so much?

Rules: level 3, the content's size in the frame, no checksum (what is inside is sealed and hashed),
no dictionary. A frame is opened against a bound that is known before: a small file that grows
without end is refused before it eats the machine's memory.
Source: RFC 8878; restic design document, "Unpacked Data Format" and "Pack Format".
"""

import threading

import zstandard

from kept.base.errors import MalformedError

LEVEL = 3  # restic's default, by its own measure nearly as fast as storing
MAX_WINDOW_BYTES = 2**27  # 128 MiB, what zstd's own program opens without being asked
_STEP_BYTES = 2**10  # of the frame; holds 32 MiB at most (RFC 8878 §3.1.1.2: 4 bytes, 128 KiB)
_UNKNOWN = -1  # what zstandard says of a frame that does not tell its size


class _Contexts(threading.local):
    """One of each for a thread: they keep tables of some megabytes and may not be shared."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(
            level=LEVEL, write_checksum=False, write_content_size=True
        )
        self.decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)


_CONTEXTS = _Contexts()


def compress(content: bytes | memoryview) -> bytes:
    """One frame."""
    return _CONTEXTS.compressor.compress(content)


def expand_exactly(frame: bytes, size_bytes: int, *, where: str) -> bytes:
    """The content of a frame that must hold exactly `size_bytes` and nothing behind it.

    Raises:
        MalformedError: no frame, another size, or bytes left over.
    """
    try:
        if zstandard.frame_content_size(frame) not in {_UNKNOWN, size_bytes}:
            raise MalformedError(where, "holds another number of bytes than it should")
        content = _CONTEXTS.decompressor.decompress(
            frame, max_output_size=size_bytes, allow_extra_data=False
        )
    except zstandard.ZstdError:
        raise MalformedError(where, "not a zstd frame of the size it should have") from None
    if len(content) != size_bytes:
        raise MalformedError(where, "holds another number of bytes than it should")
    return content


def expand_up_to(frame: bytes, most_bytes: int, *, where: str) -> bytes:
    """The content of a frame that may hold `most_bytes`.

    Raises:
        MalformedError: no frame, cut off, bytes left over, or more than `most_bytes`.
    """
    try:
        size_bytes = zstandard.frame_content_size(frame)
        if size_bytes > most_bytes:
            raise MalformedError(where, _tells_more(most_bytes))
        if size_bytes != _UNKNOWN:
            return expand_exactly(frame, size_bytes, where=where)
        return _expand_by_steps(frame, most_bytes, where)
    except zstandard.ZstdError:
        raise MalformedError(where, "not a zstd frame") from None


def _expand_by_steps(frame: bytes, most_bytes: int, where: str) -> bytes:
    pieces: list[bytes] = []
    left_bytes = most_bytes
    opened = _CONTEXTS.decompressor.decompressobj()
    for at in range(0, len(frame), _STEP_BYTES):
        if opened.eof:
            raise MalformedError(where, "bytes are left over")
        pieces.append(opened.decompress(frame[at : at + _STEP_BYTES]))
        left_bytes -= len(pieces[-1])
        if left_bytes < 0:
            raise MalformedError(where, _tells_more(most_bytes))
    if not opened.eof or opened.unused_data:
        raise MalformedError(where, "cut off, or bytes are left over")
    return b"".join(pieces)


def _tells_more(most_bytes: int) -> str:
    return f"holds more than {most_bytes} bytes"
