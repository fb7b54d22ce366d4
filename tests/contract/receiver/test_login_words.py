"""Does what the keeper prints for a new client work as it stands, with no password in a command?"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from receiver_yard import HOST, yard
from terminal import KEPT, clean


@pytest.mark.needs("restic")
def test_the_printed_words_open_the_place_without_a_password_in_a_command(tmp_path: Path) -> None:
    """The address comes from a file; the words of no command hold the password."""
    made = yard(tmp_path)
    words = ["backup", "receiver", "client", "add", "ann", "--quota", "1", "--dir", str(made.dir)]
    shown = subprocess.run(
        [*KEPT, *words], env=clean(), capture_output=True, text=True, check=True
    ).stdout
    (password,) = re.findall(r"^    (\S+)$", shown, re.MULTILINE)
    assert shown.count(password) == 1
    (kept,) = re.findall(r"^Kept: +kept (backup add .*)$", shown, re.MULTILINE)
    assert "--secrets-file" in kept
    (command,) = re.findall(r"^restic: +(restic .*)$", shown, re.MULTILINE)
    (line,) = re.findall(r"one line: (rest:\S+)$", shown, re.MULTILINE)
    address = tmp_path / "address"
    with made.served():
        whole = line.replace("PASSWORD", password).replace("HOST:PORT", f"{HOST}:{made.port}")
        address.write_text(f"{whole}\n", encoding="utf-8")
        done = subprocess.run(
            [*command.replace("FILE", str(address)).split(), "--cacert", made.cert, "--no-cache"],
            env={**os.environ, "RESTIC_PASSWORD": "correct horse"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert (made.dir / "repos" / "ann" / "config").is_file()
