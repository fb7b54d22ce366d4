"""Does taking a part or a snapshot away show, and can a stranger make the same root?"""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rfc6962
from kept.backup.model.inventory import (
    KINDS,
    Item,
    compare,
    decode,
    encode,
    inventory,
    inventory_root,
)
from kept.base.errors import MalformedError

A, B, C = ("0a" * 32, "a0" * 32, "ff" * 32)
FILES = [
    ("snapshots", A, 300), ("data", C, 4_194_304), ("config", "", 155), ("locks", B, 140),
    ("data", A, 17), ("index", B, 900), ("keys", C, 460),
]  # fmt: skip
LINES = (
    f"config 155\ndata/{A} 17\ndata/{C} 4194304\nindex/{B} 900\nkeys/{C} 460\nsnapshots/{A} 300\n"
)


def test_the_list_and_its_root() -> None:
    """Sorted lines without locks; the root over them by the RFC's own recursion."""
    items = inventory(FILES)
    assert encode(items).decode() == LINES
    assert decode(LINES.encode()) == items
    leaves = [rfc6962.leaf(line.encode()) for line in LINES.splitlines(keepends=True)]
    assert inventory_root(items) == rfc6962.mth(leaves)
    assert inventory_root(inventory([])) == rfc6962.mth([])


def test_find_and_sort_make_the_same_list(tmp_path: Path) -> None:
    """The command of the format page, on a repository laid out as restic does."""
    for kind, name, size in FILES:
        folder = tmp_path / kind / name[:2] if kind == "data" else tmp_path / kind
        path = tmp_path / kind if kind == "config" else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            os.truncate(file.fileno(), size)
    page = Path(__file__).parents[3] / "docs" / "formats" / "backup.md"
    (command,) = (
        line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("find .")
    )
    found = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, check=True)
    assert found.stdout.decode() == LINES


@given(st.permutations(FILES), st.integers(0, len(FILES) - 1))
def test_order_does_not_matter_and_every_file_does(
    files: list[tuple[str, str, int]], place: int
) -> None:
    """Without one file, or with another size of it, the root is another; locks aside."""
    root = inventory_root(inventory(FILES))
    assert inventory_root(inventory(files)) == root
    without = [*files[:place], *files[place + 1 :]]
    kind, name, size = files[place]
    changed = [*without, (kind, name, size + 1)]
    is_lock = kind == "locks"
    assert (inventory_root(inventory(without)) == root) is is_lock
    assert (inventory_root(inventory(changed)) == root) is is_lock


def test_what_changed_is_named() -> None:
    """A part gone, a snapshot new, a key file of another size."""
    files = [file for file in FILES if file[:2] != ("data", C) and file[0] != "keys"]
    now = inventory([*files, ("keys", C, 1), ("snapshots", B, 5)])
    found = compare(inventory(FILES), now)
    assert found.gone == (Item("data", C, 4_194_304),)
    assert found.added == (Item("snapshots", B, 5),)
    assert found.resized == (Item("keys", C, 1),)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(KINDS[1:]), st.binary(min_size=32, max_size=32)),
        st.integers(0, (1 << 63) - 1),
        max_size=9,
    )
)
def test_a_list_can_be_read_back(files: dict[tuple[str, bytes], int]) -> None:
    """Encode and decode undo each other."""
    items = inventory((kind, name.hex(), size) for (kind, name), size in files.items())
    assert decode(encode(items)) == items


@pytest.mark.parametrize(
    "raw",
    [
        b"config 155", b"\n", b"config 0155\n", b"config -1\n", b"config/ 1\n", b"data/ 1\n",
        f"data/{B} 1\ndata/{A} 1\n".encode(), f"data/{A} 1\ndata/{A} 1\n".encode(),
        f"data/{A} 1\ndata/{A} 2\n".encode(), f"data/{A.upper()} 1\n".encode(),
        f"locks/{A} 1\n".encode(), f"data/{A} 1\r\n".encode(), f"data/{A} {1 << 63}\n".encode(),
    ],
)  # fmt: skip
def test_a_list_of_another_form_is_refused(raw: bytes) -> None:
    """One spelling of one list."""
    with pytest.raises(MalformedError):
        decode(raw)


@pytest.mark.parametrize(
    "file", [("tmp", A, 1), ("data", "x", 1), ("config", A, 1), ("data", A, -1), ("index", B, 900)]
)
def test_a_file_of_another_form_is_refused(file: tuple[str, str, int]) -> None:
    """Unknown kinds and names are never passed over; a file stands in it once."""
    with pytest.raises(MalformedError):
        inventory([*FILES, file])
