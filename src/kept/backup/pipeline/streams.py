"""Where in the walk do files stand that exist in the snapshot only?

Their parents follow as those of roots do: each told as left when all it holds was told, `/` last.
"""

from collections.abc import Iterable, Iterator

from kept.backup.model.nodes import Node, NodeType, clamp_ns, go_mode
from kept.backup.pipeline.run_plan import Stream
from kept.backup.sources.stat_nodes import plain_directory
from kept.backup.sources.walk import Event, Left, Root


def with_streams(
    events: Iterable[Event], roots: Iterable[Root], streams: Iterable[Stream]
) -> Iterator[Event]:
    """The walk's events, and the parents of streams that it does not tell; `/` is told last.

    Args:
        events: of these roots; none where there are no roots.
        roots: of the run.
        streams: of the run, inside no root.
    """
    told = {above for root in roots for above in _parents(root.at)} | {root.at for root in roots}
    missing = {above for stream in streams for above in _parents(stream.at)} - told - {b"/"}
    for event in events:
        if isinstance(event, Left):
            yield from _below(event.path, missing)
        yield event
    if not told:
        yield from _below(b"/", missing)
        yield Left(b"/", None)


def _below(path: bytes, missing: set[bytes]) -> Iterator[Event]:
    """Tell what is missing below a path, the deepest first, and strike it off."""
    prefix = path.rstrip(b"/") + b"/"
    found = [one for one in missing if one.startswith(prefix)]
    for one in sorted(found, key=lambda one: (-one.count(b"/"), one)):
        missing.discard(one)
        yield Left(one, plain_directory(one.rpartition(b"/")[2]))


def _parents(path: bytes) -> list[bytes]:
    return [path[:at] or b"/" for at, char in enumerate(path) if char == ord("/") and path != b"/"]


def stream_node(stream: Stream, size: int, content: tuple[bytes, ...]) -> Node:
    """The file a stream became."""
    at_ns = clamp_ns(stream.mtime_ns)
    return Node(
        name=stream.at.rpartition(b"/")[2],
        type=NodeType.FILE,
        mode=go_mode(NodeType.FILE, stream.permissions),
        mtime_ns=at_ns,
        atime_ns=at_ns,
        ctime_ns=at_ns,
        size=size,
        links=1,
        content=content,
    )
