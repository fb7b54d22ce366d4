"""How do handlers reach the shop window? By an argument named `window`."""

import asyncio
from datetime import datetime

from litestar.di import NamedDependency

from kept.flows.show_promises import Showing, Stock, Window
from kept.web.parts import WebParts

ShopWindow = NamedDependency[Window]


def window_of(parts: WebParts) -> Window:
    """The window over these parts; one for the whole application."""
    return Window(
        Showing(
            parts.db,
            parts.vault,
            parts.tiles,
            parts.seal_signer,
            parts.book.business.domain,
            parts.is_demo,
        )
    )


async def seen(window: Window, now: datetime) -> Stock:
    """What stands in the window; measured in another thread when that is due.

    Raises:
        UnavailableError: the first stock could not be taken.
    """
    return window.fresh(now=now) or await asyncio.to_thread(window.look, now=now)
