"""How do files that came back reach whoever asked for them? By the browser, for half an hour.

For the owner alone, and never from a demo. Each time leaves an act.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from litestar import Request, post
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from kept.base.errors import NotFoundError, RefusedError
from kept.web.copying import Returned
from kept.web.fetching import GONE, parcel_of
from kept.web.parts import Parts
from kept.web.routes.desk.backup import RUN, works_of
from kept.web.routes.desk.backup_work import SHOWN_FOR, has_files
from kept.web.staff_session import Who


@post("/desk/backup/fetch", opt=RUN, status_code=200, sync_to_thread=True)
def fetch(request: Request[Any, Any, Any], parts: Parts, visitor: Who) -> Stream:
    """What came back last.

    Raises:
        NotFoundError: nothing did, or too long ago.
        RefusedError: this is a demo.
    """
    work = works_of(request).now
    found = None if work is None else work.outcome
    if parts.is_demo:
        raise RefusedError("demo", "Nothing is downloaded from the demo.")
    if work is None or work.ended_at is None or not isinstance(found, Returned):
        raise NotFoundError(GONE)
    if not has_files(work) or parts.clock.now() - work.ended_at > SHOWN_FOR:
        raise NotFoundError(GONE)
    folder = Path(found.target)
    parcel = parcel_of(folder, folder.name)
    parts.copying.note_fetched(actor=visitor.actor, place=work.place)
    said = f"attachment; filename*=UTF-8''{quote(parcel.name, safe='')}"
    headers = {"Content-Disposition": said}
    return Stream(parcel.pieces, media_type=parcel.media_type, headers=headers)


ROUTES: list[ControllerRouterHandler] = [fetch]
