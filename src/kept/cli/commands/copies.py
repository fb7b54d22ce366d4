"""How does the owner take a person's copy, on their request, to hand it over?"""

from kept.base.encoding import Json, b64
from kept.cli.commands.call import Call


def export(call: Call) -> Json:
    """The ZIP as base64; the terminal writes it where it was told. The web's page is in it."""
    from kept.flows.export_person import ExportParts, export_person
    from kept.web.routes.me.copy import readable
    from kept.wiring.serving import web_parts

    house, person = call.house, call.person()
    parts = ExportParts(
        house.clock, house.db, house.book, house.vault, house.tiles, house.sequencer.key
    )
    pages = web_parts(house, lambda: None)
    call.signed()  # receipts exist for what is signed
    packed = export_person(
        parts, person, lambda copy: readable(pages, copy, call.lang), actor=call.actor
    )
    return {"id": str(person), "size_bytes": len(packed), "zip": b64(packed)}
