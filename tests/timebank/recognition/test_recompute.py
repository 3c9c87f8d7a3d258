"""The list made in the database and the one made from its export are the same bytes, whatever the bank and scheme."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from ledger.session import ReadTx, WriteTx
from tests.timebank.recognition.year import FROM, NEW_YEAR, UNTIL, Year
from timebank.database import Bank, Database
from timebank.policy.calendar import RecognitionScheme
from timebank.recognition.basis import basis_stream
from timebank.recognition.computing import compute_round
from timebank.recognition.document import Read, document_stream
from timebank.recognition.opening import NOBODY, Criteria, Wanted, freeze_round
from timebank.recognition.queries import Round
from timebank.recognition.recompute import BasisError, recompute

T = TypeVar("T")

WORDS = {"zh": "嘉许", "en": "Recognition"}


def drawn(random: Random) -> RecognitionScheme:
    """Draw a scheme of any kind."""
    quota = random.choice(
        [
            None,
            {"per": "community", "most": random.randrange(1, 4)},
            {"per": "list", "most": random.randrange(1, 9)},
            {"per": "community", "percent": random.choice([1, 20, 34, 100])},
            {"per": "list", "percent": random.choice([10, 50])},
        ]
    )
    return RecognitionScheme.model_validate(
        {
            "code": "drawn",
            "label": WORDS,
            "subject": random.choice(["volunteer", "volunteer", "team", "unit"]),
            "step_hours": random.choice([(1,), (2, 4, 10), (3, 20)]),
            "grades": random.choice([("A", "B", "C", "D", "E"), ("A", "B"), ("C",)]),
            "least_points": random.choice([0, 0, 10, 25]),
            "party_members_only": random.random() < 0.3,
            "quota": quota,
            "at_tie": random.choice(["include", "leave_out"]),
            "bars": random.choice([(), ("debt",), ("voided_record", "debt"), ("voided_record",)]),
        }
    )


async def made(year: Year, scheme: RecognitionScheme, at: str) -> Round:
    """Make the list of a scheme at an organisation."""
    wanted = Wanted(year.organisations[at], scheme.code, FROM, UNTIL, "名单")

    async def freeze(tx: WriteTx) -> int:
        return await freeze_round(tx, wanted, Criteria(1, scheme), by=NOBODY, now=NEW_YEAR)

    round_id = await year.database.write(year.bank, freeze)

    async def write(work: Callable[[WriteTx], Awaitable[T]]) -> T:
        return await year.database.write(year.bank, work)

    return await compute_round(write, round_id, batch=7)


async def written(year: Year, found: Round, stream: Callable[[Read, Round], AsyncIterator[bytes]]) -> bytes:
    """Return what is exported of a round."""

    async def read(work: Callable[[ReadTx], Awaitable[T]]) -> T:
        return await year.database.read(year.bank, work)

    return b"".join([chunk async for chunk in stream(read, found)])


async def test_the_same_bytes(database: Database, bank: Bank, tmp_path: Path) -> None:
    random = Random(2)
    year = Year(database, bank, random)
    await year.settle(40)
    await year.serve(160)
    await year.seal(tmp_path)
    findings: Counter[str] = Counter()
    for _ in range(20):
        found = await made(year, drawn(random), random.choice(["root", "root", "north", "birch"]))
        document = await written(year, found, document_stream)
        basis = await written(year, found, basis_stream)
        again = b"".join(recompute(partial(io.BytesIO, basis)))
        assert again == document
        assert hashlib.sha256(document).digest() == found.digest
        assert document.count(b"\n") - 1 == found.candidates
        findings.update(json.loads(line)["finding"] for line in document.splitlines()[1:])
        await year.serve(8)  # what is not sealed does not count, and what is reversed later was not
        assert await written(year, found, document_stream) == document
        assert await written(year, found, basis_stream) == basis
        await year.seal(tmp_path)
    barred = {"barred:debt", "barred:voided_record"}
    assert findings.keys() == {"named", "over_quota", "tied_over_quota"} | barred


SUBJECT = {"is": "subject", "id": "a", "community": None}
HEAD = {"format": "timebank-recognition-basis/v1"}


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ([], 1),
        ([{"format": "timebank-recognition/v1"}], 1),
        ([HEAD, SUBJECT, {"is": "gift"}], 3),
        ([HEAD, {"id": "a"}], 2),
        ([HEAD, []], 2),
    ],
)
def test_what_is_no_basis(lines: list[object], where: int) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    with pytest.raises(BasisError) as refused:
        list(recompute(partial(io.BytesIO, text)))
    assert refused.value.line == where
