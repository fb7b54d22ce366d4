"""How is a place opened from what an order says of it? In the processes that read and copy."""

from dataclasses import replace

from kept.backup.model.places import PlaceSecrets
from kept.backup.model.schedule import Bandwidth
from kept.backup.places.addresses import RestAddress, parse_address
from kept.backup.places.opening import Secrets, Time, Way, open_place
from kept.backup.places.via import parse_via, require_present
from kept.backup.ports import Place
from kept.crypto.secret import Secret
from kept.flows.copy_orders import Access


def open_access(access: Access, when: Time) -> Place:
    """The place, reached as the owner demands and no faster than the owner allows.

    Raises:
        UnavailableError: the demanded way is not there, or the place is away.
        RefusedError: without encryption, or a bucket without keys.
        MalformedError: no address, or no way.
    """
    via = parse_via(access.via) if access.via else None
    require_present(via)
    limits = Bandwidth.parse(access.bandwidth)

    def rate() -> float | None:
        return limits.at(when.clock.now().astimezone())

    way = Way(via=via, ca=access.secrets.ca)
    if limits.limits:
        way = replace(way, up=rate, down=rate)
    address = parse_address(access.address)
    if isinstance(address, RestAddress):
        address = RestAddress(address.base, access.secrets.user)
    return open_place(address, when, secrets=_secrets(access.secrets), way=way)


def _secrets(held: PlaceSecrets) -> Secrets:
    return Secrets(
        password=Secret(held.password.encode()) if held.password else None,
        s3_key_id=held.s3_key_id,
        s3_secret=Secret(held.s3_secret.encode()) if held.s3_secret else None,
        s3_token=Secret(held.s3_token.encode()) if held.s3_token else None,
    )
