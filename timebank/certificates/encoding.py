"""A certificate as canonical JSON, and back: what is signed, and the strict reading of it.

Paths share most of their hashes, so these are listed once and named by their place.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from ledger.proof.leaf import (
    SALT_MINIMUM_BYTES,
    JsonValue,
    canonical_json,
    from_json,
    json_array,
    json_integer,
    json_object,
    json_text,
    to_json,
)
from ledger.proof.merkle import HASH_BYTES
from ledger.proof.note import SigningKey, decode_base64, sign_note
from timebank.certificates.document import (
    HEAD,
    Certificate,
    DocumentError,
    Holder,
    Honour,
    Inclusion,
    Issuer,
    Served,
)


def signed(certificate: Certificate, key: SigningKey) -> str:
    """Return the certificate as a note signed by the bank's key."""
    return sign_note(text_of(certificate), key)


def text_of(certificate: Certificate) -> str:
    """Return the text that is signed."""
    return f"{HEAD}\n{canonical_json(_plain(certificate))}\n"


def certificate_of(value: JsonValue) -> Certificate:
    """Read the JSON that `text_of` wrote, and only that.

    Raises:
        DocumentError: other keys or other values than a certificate has.
    """
    try:
        found = _certificate(value)
    except (ValueError, IndexError) as error:  # a LeafError too
        raise DocumentError(str(error)) from None
    if _plain(found) != value:
        raise DocumentError("expected the canonical spelling of every field")
    return found


_KEYS = (
    "layout",
    "number",
    "link",
    "issued_on",
    "holder",
    "issuer",
    "from_on",
    "until_on",
    "minutes",
    "records",
    "honour",
    "checkpoint",
    "siblings",
)
_PROOF = ("transaction", "salt", "leaf_index", "path")
_SERVED = tuple(name for name in Served.__slots__ if name != "proof")


def _plain(certificate: Certificate) -> dict[str, JsonValue]:
    places: dict[bytes, int] = {}
    for served in certificate.records:
        for sibling in served.proof.path:
            places.setdefault(sibling, len(places))
    honour = certificate.honour
    return {
        "layout": certificate.layout,
        "number": certificate.number,
        "link": certificate.link,
        "issued_on": certificate.issued_on.isoformat(),
        "holder": _fields(certificate.holder, Holder.__slots__),
        "issuer": _fields(certificate.issuer, Issuer.__slots__),
        "from_on": certificate.from_on.isoformat(),
        "until_on": certificate.until_on.isoformat(),
        "minutes": certificate.minutes,
        "records": [
            _fields(served, _SERVED)
            | {
                "transaction": to_json(served.proof.transaction),
                "salt": b64encode(served.proof.salt).decode(),
                "leaf_index": served.proof.leaf_index,
                "path": [places[sibling] for sibling in served.proof.path],
            }
            for served in certificate.records
        ],
        "honour": None if honour is None else _fields(honour, Honour.__slots__),
        "checkpoint": certificate.checkpoint,
        "siblings": [b64encode(sibling).decode() for sibling in places],
    }


def _fields(value: object, names: Sequence[str]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for name in names:
        field = getattr(value, name)
        found[name] = str(field) if isinstance(field, date | UUID) else field
    return found


def _certificate(value: JsonValue) -> Certificate:
    members = json_object(value, _KEYS)
    siblings = [_hash(item) for item in json_array(members["siblings"])]
    return Certificate(
        layout=json_integer(members["layout"]),
        number=json_text(members["number"]),
        link=json_text(members["link"]),
        issued_on=_day(members["issued_on"]),
        holder=_holder(members["holder"]),
        issuer=Issuer(**_texts(members["issuer"], Issuer.__slots__)),
        from_on=_day(members["from_on"]),
        until_on=_day(members["until_on"]),
        minutes=json_integer(members["minutes"]),
        records=tuple(_served(item, siblings) for item in json_array(members["records"])),
        honour=None if members["honour"] is None else _honour(members["honour"]),
        checkpoint=json_text(members["checkpoint"]),
    )


def _holder(value: JsonValue) -> Holder:
    said = _texts(value, Holder.__slots__)
    return Holder(said["name"], said["id_type"], said["id_number"], said["volunteer"], UUID(said["account"]))


def _served(value: JsonValue, siblings: Sequence[bytes]) -> Served:
    members = json_object(value, (*_SERVED, *_PROOF))
    salt = decode_base64(json_text(members["salt"]))
    places = [json_integer(place) for place in json_array(members["path"])]
    if len(salt) < SALT_MINIMUM_BYTES or any(place < 0 for place in places):
        raise DocumentError("expected a salt and a path")
    return Served(
        record=json_integer(members["record"]),
        activity=json_text(members["activity"]),
        day=_day(members["day"]),
        place=json_text(members["place"]),
        content=json_text(members["content"]),
        minutes=json_integer(members["minutes"]),
        organiser=json_text(members["organiser"]),
        leader=json_text(members["leader"]),
        grade=json_text(members["grade"]),
        evaluation=json_text(members["evaluation"]),
        proof=Inclusion(
            from_json(members["transaction"]),
            salt,
            json_integer(members["leaf_index"]),
            tuple(siblings[place] for place in places),
        ),
    )


def _honour(value: JsonValue) -> Honour:
    members = json_object(value, Honour.__slots__)
    evidence = members["evidence"]
    if not isinstance(evidence, Mapping):
        raise DocumentError("expected an object as evidence")
    return Honour(
        round=json_integer(members["round"]),
        candidate=json_integer(members["candidate"]),
        scheme=json_text(members["scheme"]),
        label=json_text(members["label"]),
        title=json_text(members["title"]),
        level=json_integer(members["level"]),
        level_label=json_text(members["level_label"]),
        points=json_integer(members["points"]),
        records=json_integer(members["records"]),
        digest=json_text(members["digest"]),
        evidence=evidence,
    )


def _texts(value: JsonValue, names: Sequence[str]) -> dict[str, str]:
    return {name: json_text(field) for name, field in json_object(value, names).items()}


def _day(value: JsonValue) -> date:
    return date.fromisoformat(json_text(value))


def _hash(value: JsonValue) -> bytes:
    decoded = decode_base64(json_text(value))
    if len(decoded) != HASH_BYTES:
        raise DocumentError("expected a hash of 32 bytes")
    return decoded
