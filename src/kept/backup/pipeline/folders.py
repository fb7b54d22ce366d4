"""When does a directory's tree have all its entries, and what is it?

The walk tells a directory left when it told everything in it; its files may still be on their way.
Directories are closed in the order in which they were left, each once its last file is done, so
the trees below it are known. Files come from any thread: an append is one step under the GIL.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from kept.backup.model.nodes import Node
from kept.backup.repo.trees import encode_node, join_nodes


class Folder:
    """A directory whose tree is being made."""

    __slots__ = ("above", "expected", "node", "old_tree", "path", "texts")

    def __init__(self, path: bytes) -> None:
        self.path = path
        self.above: Folder | None = None  # where its own node goes; `/` is an entry of none
        self.old_tree: bytes | None = None  # in the parent snapshot
        self.expected = 0  # entries announced; of the walk's thread alone
        self.texts: list[tuple[bytes, bytes]] = []  # name and node; no text: it came to nothing
        self.node: Node | None = None

    def add(self, node: Node) -> None:
        """An entry is done."""
        self.texts.append((node.name, encode_node(node)))

    def add_file(self, node: Node, size: int, content: tuple[bytes, ...]) -> None:
        """A file is done: its node, but for these two."""
        self.texts.append((node.name, encode_node(node, size=size, content=content)))

    def drop(self) -> None:
        """An announced entry came to nothing."""
        self.texts.append((b"", b""))

    @property
    def is_whole(self) -> bool:
        """Whether every announced entry is done."""
        return len(self.texts) == self.expected


class Folders:
    """The directories of a run; for the walk's thread."""

    def __init__(self, keep: Callable[[Folder, bytes], bytes]) -> None:
        """None yet.

        Args:
            keep: stores a tree, of a directory and in bytes; gives its id.
        """
        self._keep = keep
        self._open: dict[bytes, Folder] = {}
        self._left: deque[Folder] = deque()
        self.tree: bytes | None = None  # of `/`, when all is done

    def expect(self, path: bytes) -> Folder:
        """Announce the entry at a path; the directory it goes to. `/` is an entry of none."""
        folder = self._folder(path.rpartition(b"/")[0] or b"/")
        folder.expected += 1
        return folder

    def known(self, path: bytes, texts: list[tuple[bytes, bytes]]) -> None:
        """Entries of the directory at a path are done: their names and nodes."""
        folder = self._folder(path)
        folder.expected += len(texts)
        folder.texts.extend(texts)

    def _folder(self, path: bytes) -> Folder:
        folder = self._open.get(path)
        if folder is None:
            folder = self._open[path] = Folder(path)
        return folder

    def leave(self, path: bytes, node: Node | None, *, old_tree: bytes | None) -> None:
        """Everything in a directory was announced; `node` lacks its subtree, None for `/`."""
        folder = self._open.pop(path, None) or Folder(path)
        folder.node, folder.old_tree = node, old_tree
        if node is not None:
            folder.above = self.expect(path)
        self._left.append(folder)

    @property
    def waiting(self) -> int:
        """How many directories were left and are not closed."""
        return len(self._left)

    def close_ready(self) -> bool:
        """Make the trees that can be made; whether none is left to make."""
        while self._left and self._left[0].is_whole:
            folder = self._left.popleft()
            texts = sorted(pair for pair in folder.texts if pair[1])
            tree = self._keep(folder, join_nodes(texts))
            if folder.node is None or folder.above is None:
                self.tree = tree
            else:
                folder.above.add(replace(folder.node, subtree=tree))
        return not self._left
