"""What the parts of a policy pack share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

UnitCode = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$")]


class Strict(BaseModel):
    """A part of a pack: nothing unknown in it, nothing turned into another type, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
