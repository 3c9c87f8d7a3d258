"""Sealing and folding by the calendar."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import SPRING
from tests.ledger.drafts import award, post_one
from tests.ledger.proof.history import until_decided
from timebank.database import Bank, Database
from timebank.jobs.run import Run
from timebank.jobs.running import run_now
from timebank.jobs.seal import run_seal

TODAY = SPRING.date()


async def test_what_was_decided_is_sealed_once_and_folded(
    database: Database, bank: Bank, tmp_path: Path
) -> None:
    await post_one(database, bank, award(uuid4(), 10))
    await until_decided(database, bank)
    common = {"as_of": TODAY, "now": SPRING}
    first = await run_now(database, bank, "seal", home=tmp_path, **common)  # type: ignore[arg-type]  # arguments of two types
    assert first == {"transactions": 1, "tree_size": 1}
    again = await run_now(database, bank, "seal", home=tmp_path, **common)  # type: ignore[arg-type]  # as above
    assert again == {"transactions": 0, "tree_size": 1}
    assert list((tmp_path / "checkpoints").iterdir())
    assert await run_now(database, bank, "fold", **common) == {"accounts": 1}  # type: ignore[arg-type]  # as above


async def test_there_is_no_sealing_without_the_installation(database: Database, bank: Bank) -> None:
    with pytest.raises(ValueError, match="folder"):
        await run_seal(Run(database, bank, TODAY, SPRING))
