"""Is a window given out again only when nobody holds a piece of it?"""

from kept.backup.pipeline.windows import MOST_KEPT, WINDOW_BYTES, Windows


def test_a_window_is_used_again_once_it_is_free() -> None:
    """A piece that is held keeps its bytes; when it is let go the memory is the next window's."""
    windows = Windows()
    first = windows.take(WINDOW_BYTES)
    first[:4] = b"kept"
    piece = first[:4]
    del first
    second = windows.take(WINDOW_BYTES)
    second[:4] = b"next"
    assert bytes(piece) == b"kept"
    del piece
    third = windows.take(WINDOW_BYTES)
    assert bytes(third[:4]) == b"kept"
    assert len(third) == WINDOW_BYTES


def test_more_than_are_kept_may_be_out() -> None:
    """Whoever asks gets memory of its own, however many pieces are held."""
    windows = Windows()
    held = [windows.take(WINDOW_BYTES) for _ in range(MOST_KEPT + 2)]
    for number, window in enumerate(held):
        window[0] = number
    assert [window[0] for window in held] == list(range(MOST_KEPT + 2))
    assert len(windows.take(1000)) == 1000
