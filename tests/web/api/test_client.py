"""Does the shipped client work with a live house, over TCP and over a Unix socket?"""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from houses import Home
from kept.base.errors import ConflictError, MalformedError, NotFoundError, RefusedError
from kept.client.service import Origin, Service, Why
from services import issued

WHY = Why("deliver", ref="заказ 118")


def serve(home: Home, door: socket.socket) -> Iterator[None]:
    """The application at a socket until the test is over."""
    config = uvicorn.Config(home.app(), log_level="critical", access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        door.close()


@pytest.fixture(params=["tcp", "unix"])
def shop(request: pytest.FixtureRequest, home: Home, tmp_path: Path) -> Iterator[Service]:
    """A client at a live house."""
    path = None
    if request.param == "tcp":
        door = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
    else:
        path, url = tmp_path / "s", "http://house"
        door = socket.socket(socket.AF_UNIX)
        door.bind(str(path))
        door.listen()
    running = serve(home, door)
    next(running)
    with Service(url, issued(home).text, socket=path) as client:
        yield client
    next(running, None)


def test_a_day_at_the_shop(home: Home, shop: Service) -> None:
    """Take in, find, open, change, consent, list acts, prove, import, batch, forget."""
    taken = shop.add({"email": "ada@example.org", "town": "Berlin"}, origin=Origin(source="till"))
    assert (taken.outcome, shop.find("Ada@Example.org")[0].id) == ("added", taken.id)
    cell = shop.read(taken.id, "delivery", WHY)
    assert cell.values == {"town": "Berlin"}
    assert shop.change(taken.id, "delivery", {"town": "Bonn"}, rev=cell.rev, why=WHY).rev == 2
    with pytest.raises(ConflictError):
        shop.change(taken.id, "delivery", {"town": "Ulm"}, rev=cell.rev, why=WHY)
    shop.record_consent(taken.id, "marketing", "given", text="News?", method="box")
    assert [one.state for one in shop.consents(taken.id)] == ["given"]
    done = shop.import_people([{"email": f"p{n}@example.org"} for n in range(700)])
    assert (done.read, done.added, done.refused) == (700, 700, 0)
    people = [shop.find(f"p{n}@example.org")[0].id for n in range(3)]
    opened = list(shop.read_many([*people, taken.id], ["contact"], WHY, level="masked"))
    assert [one.id for one in opened] == [*people, taken.id]
    kinds = [act.kind for act in shop.acts(taken.id)]
    assert kinds[-1] == "person.added"
    assert kinds.count("person.read") == 2
    assert shop.receipt(cell.act) is None
    home.settle()
    assert (shop.receipt(cell.act) or b"").startswith(b"c2sp.org/tlog-proof@v1\n")
    assert shop.erase(taken.id).state == "erasing"
    with pytest.raises(NotFoundError):
        shop.outline(taken.id)


def test_many_pages(shop: Service) -> None:
    """Acts beyond one page are followed without being asked."""
    person = shop.add({"name": "Ada"}).id
    for _ in range(205):
        shop.read(person, "contact", WHY)
    acts = [act.act for act in shop.acts(person)]
    assert len(acts) == 206
    assert acts == sorted(acts, reverse=True)


def test_failures(shop: Service) -> None:
    """A problem document becomes the failure it tells of."""
    person = shop.add({"email": "ada@example.org"}).id
    with pytest.raises(RefusedError) as no:
        shop.read(person, "contact", Why("marketing"))
    assert no.value.code == "no_consent"
    with pytest.raises(MalformedError):
        shop.add({"no_such_field": "x"})
    with pytest.raises(NotFoundError):
        shop.outline("../openapi.json")
