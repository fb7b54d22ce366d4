"""Which answers did a person give, in a form that other programs read? One JSON-LD record each.

The context is inline, so that reading needs no network. The subject is the random `PersonId`, never
an address. What was said at a time is one record; a withdrawal is another, the last one counts.
Source: ISO/IEC TS 27560; DPVCG "Implementing ISO/IEC TS 27560", 15 Feb 2026; DPV 2.3.
"""

import uuid
from collections.abc import Sequence

from kept.promises.model.book import Book
from kept.promises.model.seal import iso_duration
from kept.promises.model.words import when
from kept.vault.acts.export import Everything
from kept.vault.acts.own import Said
from kept.vault.model.gate import ConsentState
from kept.vault.model.rules import Purpose

SCHEMA = "https://w3id.org/dpv/schema/dpv-27560"
CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
STATUS = {
    ConsentState.GIVEN: "dpv:ConsentGiven",
    ConsentState.REFUSED: "dpv:ConsentRefused",
    ConsentState.WITHDRAWN: "dpv:ConsentWithdrawn",
    ConsentState.EXPIRED: "dpv:ConsentExpired",
}
OUTSIDE_EU = frozenset({"RU", "US", "GB", "CH", "UA", "BY", "KZ"})


def consent_records(book: Book, held: Everything) -> dict[str, object]:
    """All records of one person."""
    return {
        "@context": CONTEXT,
        "@graph": [
            _record(book, held, row, purpose)
            for row in held.consents
            if (purpose := book.rules.purposes.get(row.purpose)) is not None
        ],
    }


def _record(book: Book, held: Everything, row: Said, purpose: Purpose) -> dict[str, object]:
    business = book.business
    subject = f"urn:kept:person:{held.person}"
    profile = "record" if business.country in OUTSIDE_EU else "record-eu-gdpr"
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{subject}/consent/{row.n}")
    at = when(row.at)
    return {
        "@id": f"urn:uuid:{name}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": {"@id": f"{SCHEMA}#{profile}"},
        "dct:identifier": f"urn:uuid:{name}",
        "dpv:hasDataSubject": {"@id": subject, "@type": "dpv:DataSubject"},
        "dpv:hasDataController": {
            "@id": f"https://{business.domain}/",
            "@type": "dpv:DataController",
            "dpv:hasName": business.name,
            "dpv:hasContact": business.contact,
        },
        "dpv:hasJurisdiction": business.country,
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:identifier": f"{purpose.key}/{row.notice}",
            "dct:language": row.lang,
        },
        "dpv:hasProcess": _process(book, purpose),
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": f"https://{business.domain}/me#choices",
        },
        "dpv:hasConsentStatus": [
            {
                "@type": STATUS[row.state],
                "dpv:isIndicatedAtTime": {"@value": at, "@type": "xsd:dateTime"},
                "dpv:hasIndicationMethod": row.method,
            }
        ],
    }


def _process(book: Book, purpose: Purpose) -> dict[str, object]:
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@type": "dpv:Purpose", "dct:title": _both(purpose)},
        "dpv:hasPersonalData": _personal(book, purpose),
        "dpv:hasRecipient": {"@id": f"https://{book.business.domain}/", "@type": "dpv:Recipient"},
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageCondition", "dpv:hasLocation": book.business.country},
            {
                "@type": "dpv:StorageCondition",
                "dpv:hasDuration": iso_duration(purpose.keep_for)
                if purpose.keep_for
                else "dpv:UntilEventDuration",
            },
        ],
    }


def _both(purpose: Purpose) -> list[dict[str, str]]:
    return [
        {"@value": purpose.label.en, "@language": "en"},
        {"@value": purpose.label.ru, "@language": "ru"},
    ]


def _personal(book: Book, purpose: Purpose) -> Sequence[dict[str, object]]:
    return [
        {"@type": "dpv:PersonalData", "dct:title": category.label.en}
        for category in book.rules.categories.values()
        if category.key in purpose.categories
    ]
