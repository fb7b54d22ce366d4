"""Where is the root key when the server must start by itself? In a file on another device.

32 raw bytes, mode 0600 (or stricter); a file others may read is refused, not mended.
On the same device as the data it protects little: whoever takes the disk takes both, so
`is_apart_from` is measured and shown. Retiring wipes the file.
"""

import os
import stat
from pathlib import Path
from typing import BinaryIO, Self

from kept.base.durable import sync_folder
from kept.base.errors import RefusedError, UnavailableError
from kept.crypto.chance import draw
from kept.crypto.ports import Description, Retirement, RootWrap
from kept.crypto.root_box import RootBox
from kept.crypto.secret import SECRET_BYTES, Secret

_MODE = 0o600


class FileProvider:
    """A root key in a file. Read again for each call, so a removed stick is noticed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a fresh key file, durable on return.

        Raises:
            RefusedError: something is there already; it is never overwritten.
            UnavailableError: the disk refuses; nothing is left there.
        """
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        except FileExistsError:
            raise RefusedError(
                "key_file_exists", "There is a key file already; nothing was overwritten."
            ) from None
        except OSError as error:
            raise UnavailableError(_away(path, error)) from None
        try:
            with os.fdopen(handle, "wb") as file:
                _write_noise(file)
            sync_folder(path.parent)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise UnavailableError(_away(path, error)) from None
        return cls(path)

    def wrap(self, payload: Secret, context: bytes) -> RootWrap:
        """See the port."""
        box = self._box()
        return RootWrap("file", {"check": box.check}, box.close(payload, context))

    def unwrap(self, wrap: RootWrap, context: bytes) -> Secret:
        """See the port."""
        return self._box().open(wrap.blob, context, check=wrap.params.get("check"))

    def retire(self, epoch: int) -> Retirement:
        """Overwrite and remove the file; a file already gone is retired.

        Raises:
            UnavailableError: the file could not be wiped; it may still open old wraps.
        """
        del epoch  # the file is the root of every epoch it wrapped; the next one has its own
        try:
            with self._path.open("r+b") as file:
                _write_noise(file)
            self._path.unlink()
            sync_folder(self._path.parent)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise UnavailableError(_away(self._path, error)) from None
        return Retirement(is_final=True, remains="nothing")

    def describe(self) -> Description:
        """See the port."""
        return Description("file", can_retire=True, where=str(self._path))

    def is_apart_from(self, folder: Path) -> bool:
        """Does the key lie on another device than `folder`?

        Raises:
            UnavailableError: the key file or the folder is not there.
        """
        try:
            return self._path.stat().st_dev != folder.stat().st_dev
        except OSError:
            raise UnavailableError("the key file or the data folder is not there") from None

    def _box(self) -> RootBox:
        try:
            with self._path.open("rb") as file:
                _refuse_open_mode(os.fstat(file.fileno()).st_mode)
                raw = file.read(SECRET_BYTES + 1)
        except OSError as error:
            raise UnavailableError(_away(self._path, error)) from None
        if len(raw) != SECRET_BYTES:
            raise RefusedError("key_file_size", "The key file must hold exactly 32 bytes.")
        return RootBox(Secret(raw))


def _write_noise(file: BinaryIO) -> None:
    file.write(draw(SECRET_BYTES))
    file.flush()
    os.fsync(file.fileno())


def _away(path: Path, error: OSError) -> str:
    return f"the key file {path} cannot be used: {error.strerror}"


def _refuse_open_mode(mode: int) -> None:
    if stat.S_IMODE(mode) & 0o077:
        raise RefusedError("key_file_mode", "Others can read the key file: set its mode to 600.")
