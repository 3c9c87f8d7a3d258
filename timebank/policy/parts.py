"""What the parts of a policy pack share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Hours = Annotated[int, Field(gt=0, le=1_000_000)]

UnitCode = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$")]


Grade = Literal["A", "B", "C", "D", "E"]
"""How good the evidence is: A both scanned each other, B rotating code in and out, C static code, D roll call,
E papers."""

WRITTEN = r"^[^\x00-\x1f\x7f]+$"
"""What a person writes on one line."""

Label = Annotated[str, Field(min_length=1, max_length=40, pattern=WRITTEN)]


class Strict(BaseModel):
    """A part of a pack: nothing unknown in it, nothing turned into another type, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Words(Strict):
    """What an office calls something, Chinese and English."""

    zh: Label
    en: Label
