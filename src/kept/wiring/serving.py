"""How does a house serve? The web application and the worker over one opened house."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from litestar import Litestar

from kept.db.lead import Leading
from kept.ledger.acts.starting import Refusing
from kept.ledger.notes import KeyKind, Signer
from kept.web.app import create_app
from kept.web.parts import WebParts
from kept.web.uploads import Uploads
from kept.wiring.copies import copy_parts
from kept.wiring.desk_copies import DeskCopies
from kept.wiring.house import House
from kept.wiring.leading import worker_lock
from kept.wiring.signing import older_keys
from kept.worker.beat import Worker
from kept.worker.parts import WorkerParts
from kept.worker.tasks.copies import Copies


def worker_of(house: House) -> Worker:
    """The worker of a house, not yet started."""
    return Worker(
        WorkerParts(
            clock=house.clock,
            db=house.db,
            book=house.book,
            vault=house.vault,
            sequencer=house.sequencer,
            tiles=house.tiles,
            mail=house.mail,
            publish_every=timedelta(seconds=house.settings.publish_every_s),
            public_url=public_url(house),
            lang=house.book.business.language,
            folder=house.place.root,
            search_secret=house.opened.house_keys["house"],
            pepper=house.opened.house_keys["api"],
            leading=Leading(worker_lock(house)),
            copies=None if house.is_demo else Copies(copy_parts(house)),
        )
    )


def app_of(house: House, worker: Worker) -> Litestar:
    """The web application of a house, beside its worker."""
    parts = web_parts(house, lambda: worker.refusing)
    return create_app(replace(parts, changed_files=lambda: worker.parts.rereading.found))


def web_parts(house: House, refusing: Callable[[], Refusing | None]) -> WebParts:
    """What pages are made of; also for the page in a copy that the terminal asks for."""
    box = house.box
    return WebParts(
        clock=house.clock,
        db=house.db,
        book=house.book,
        vault=house.vault,
        staff=house.staff,
        tiles=house.tiles,
        log_key=house.sequencer.key,
        seal_signer=seal_signer(house),
        cookie_secret=house.opened.house_keys["api"],
        public_url=public_url(house),
        refusing=refusing,
        uploads=Uploads(house.place.uploads, house.opened.vault_id),
        copying=DeskCopies(copy_parts(house), house.place, house.is_demo),
        letters=box.letters if box else None,
        older_keys=older_keys(house),
        has_mail=house.mail is not None,
        trusts_proxy=house.settings.trusted_proxy,
    )


def public_url(house: House) -> str:
    """Where visitors reach the house, without a slash at the end."""
    settings = house.settings
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"


def seal_signer(house: House) -> Signer:
    """Signs the seal, under a name of its own: a log's key signs checkpoints alone."""
    name = house.vault.origin.rpartition("/ledger")[0] + "/seal"
    return Signer.from_seed(name, KeyKind.LOG, house.opened.house_keys["house"].reveal())
