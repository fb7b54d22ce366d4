"""How does a test use the desk's page of copies? As its owner does, with a browser."""

import html
import re
from pathlib import Path

from httpx import Response

from desk_people import Member
from houses import Home


def text(answer: Response) -> str:
    """A page as it is read, without what only shapes it."""
    bare = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(bare))


def form(folder: Path, **other: str) -> dict[str, str]:
    """What is filled in for a disk in the closet."""
    return {"way": "folder", "name": "closet", "folder": str(folder), "part": "16", **other}


def add(owner: Member, folder: Path, **other: str) -> Response:
    """Add a place on the disk of the test, which is the house's own."""
    return owner.browser.post("/desk/backup/add", data=form(folder, same_disk="yes", **other))


def done(owner: Member, path: str, **data: str) -> str:
    """Begin some work and wait for its end; the page then."""
    begun = owner.browser.post(f"/desk/backup/{path}", data=data)
    assert (begun.status_code, begun.headers["location"]) == (303, "/desk/backup"), text(begun)
    return settled(owner)


def signed(home: Home) -> None:
    """Time passes, and the log is signed and public."""
    home.later(minutes=2)
    home.settle()


def settled(owner: Member) -> str:
    """Wait for the end of what goes on; the page then."""
    told = owner.browser.get("/desk/backup/events")  # it ends with the work
    assert "event: done" in told.text, told.text
    return text(owner.browser.get("/desk/backup"))
