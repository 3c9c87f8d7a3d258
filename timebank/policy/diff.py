"""What differs between two packs, place by place. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from timebank.policy.rules import PolicyPack

Value: TypeAlias = str | int | bool | tuple[int, ...] | tuple[str, ...] | None

_KEYS = {
    "units": ("code",),
    "categories": ("code",),
    "earned": ("unit",),
    "conversions": ("from_unit", "to_unit"),
}
"""Lists whose members have a name, or two: their order says nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a pack says at one place before and after; None where it says nothing."""

    path: str
    before: Value
    after: Value


def changes(before: PolicyPack | None, after: PolicyPack) -> list[Change]:
    """Return what differs, in the order of a pack's parts and by name within each; all of it if there was none."""
    old = dict(_said(before)) if before else {}
    new = dict(_said(after))
    parts = list(PolicyPack.model_fields)
    paths = sorted(old.keys() | new.keys(), key=lambda path: (parts.index(path.split(".")[0]), path))
    return [Change(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)]


def _said(pack: PolicyPack) -> Iterator[tuple[str, Value]]:
    """Yield every place at which a pack says something."""
    for part, said in pack.model_dump(by_alias=True).items():
        if part == "exchanges":
            yield from ((f"{part}.{given}→{got}", True) for given, got in said)
        elif part in _KEYS:
            for member in said:
                yield from _leaves(f"{part}.{'→'.join(member[key] for key in _KEYS[part])}", member)
        else:
            yield from _leaves(part, said)


def _leaves(path: str, said: object) -> Iterator[tuple[str, Value]]:
    if isinstance(said, Mapping):
        for key, value in said.items():
            yield from _leaves(f"{path}.{key}", value)
    elif said is None or isinstance(said, str | int | tuple):
        yield path, said
    else:
        msg = f"{path}: no value of a pack"
        raise TypeError(msg)
