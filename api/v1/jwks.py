"""The public keys that access tokens are signed with."""

from typing import Literal

from fastapi import Response
from pydantic import BaseModel

from api.edge import ServiceOf
from api.problems import problems
from api.routers import resource

router = resource(tag="login")


class Key(BaseModel):
    """A public key as RFC 8037 writes it."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    use: Literal["sig"]
    alg: Literal["EdDSA"]
    kid: str
    x: str


class KeySet(BaseModel):
    """A JSON Web Key Set; tokens name their key by `kid`."""

    keys: list[Key]


@router.get("/jwks.json", operation_id="jwks", responses=problems())
async def read_jwks(service: ServiceOf, response: Response) -> KeySet:
    """Return the keys that access tokens are checked with."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return KeySet.model_validate(service.tokens.jwks())
