"""A merchant's queue without network: what it takes and refuses, what is on the disk, what is sent again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.timebank.vouchers.scene import DAY, Booth
from tests.timebank.vouchers.test_offline import PUBLIC, SAID, TEXT, signed
from timebank.vouchers.client import Batch, Issuer, VoucherQueue
from timebank.vouchers.offline import Said

ISSUER = Issuer(7, ZoneInfo("Asia/Shanghai"), [PUBLIC], 12)
NOON = datetime(2026, 6, 8, 4, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "uses.jsonl"


def numbered(number: int) -> str:
    return signed(Said(7, number, 12, "percent_off", 20, 20, SAID.expires_on))


def test_a_good_voucher_is_noted_once(path: Path) -> None:
    with VoucherQueue(path, ISSUER) as queue:
        assert queue.use(TEXT, now=NOON) == SAID
        assert queue.use(TEXT.lower(), now=NOON + timedelta(minutes=1)) == "voucher_used_here"
        (batch,) = queue.batches()
    assert batch.body == {
        "merchant_id": 12,
        "uses": [{"text": TEXT, "used_at": "2026-06-08T04:00:00+00:00"}],
    }


def test_what_is_not_good_is_not_noted(path: Path) -> None:
    midnight = datetime(2026, 6, 8, 16, 0, tzinfo=UTC)  # of the bank's zone
    with VoucherQueue(path, ISSUER) as queue:
        assert queue.use(TEXT, now=midnight) == "voucher_expired"
        assert queue.use(TEXT[:-1] + "A", now=NOON) == "voucher_forged"
        assert queue.use("hello", now=NOON) == "voucher_unreadable"
        assert list(queue.batches()) == []
    assert path.read_bytes() == b""


def test_a_use_is_on_the_disk_when_the_program_dies(path: Path) -> None:
    with VoucherQueue(path, ISSUER) as queue:
        queue.use(TEXT, now=NOON)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"seq": 2, "numb')  # half written when the power went
    with VoucherQueue(path, ISSUER) as queue:
        assert queue.use(TEXT, now=NOON) == "voucher_used_here"
        assert queue.use(numbered(301), now=NOON) != "voucher_used_here"
        (batch,) = queue.batches()
    assert [use.seq for use in batch.uses] == [1, 2]


def test_one_program_at_a_time(path: Path) -> None:
    with VoucherQueue(path, ISSUER), pytest.raises(BlockingIOError):
        VoucherQueue(path, ISSUER)


def test_what_was_answered_is_not_sent_again(path: Path) -> None:
    with VoucherQueue(path, ISSUER) as queue:
        for number in range(5):
            queue.use(numbered(number), now=NOON)
        first, second, third = queue.batches(size=2)
        assert [len(batch.uses) for batch in (first, second, third)] == [2, 2, 1]
        queue.keep(first, ["honoured", "voucher_cancelled"])
        queue.keep(second, ["honoured", "merchant_not_active"])
    with VoucherQueue(path, ISSUER) as queue:
        assert queue.answers == {
            1: "honoured",
            2: "voucher_cancelled",
            3: "honoured",
            4: "merchant_not_active",
        }
        (batch,) = queue.batches()
        assert [use.seq for use in batch.uses] == [4, 5]
        queue.keep(batch, ["honoured", "honoured"])
        assert list(queue.batches()) == []


async def handed_in(booth: Booth, batch: Batch, at: datetime) -> list[str]:
    """Do as the server does with a batch."""
    uses = [(use.text, datetime.fromisoformat(use.used_at)) for use in batch.uses]
    return [answer.outcome for answer in await booth.hand_in(uses, at=at)]


async def test_from_the_booth_to_the_books_and_back(booth: Booth, tmp_path: Path) -> None:
    """Two devices take the same voucher without network; the answer to the first upload is lost on the way."""
    shared, own = await booth.issue(), await booth.issue()
    zone = booth.cast.bank.zone
    issuer = Issuer(booth.cast.bank.id, zone, booth.keys.public_keys, booth.merchant)
    at = shared.issued_at + DAY
    with VoucherQueue(tmp_path / "a", issuer) as one, VoucherQueue(tmp_path / "b", issuer) as two:
        assert one.use(booth.text(shared), now=at) == shared.said(booth.cast.bank.id)
        assert two.use(booth.text(own), now=at) == own.said(booth.cast.bank.id)
        assert two.use(booth.text(shared), now=at + timedelta(minutes=5)) == shared.said(booth.cast.bank.id)
        (batch,) = two.batches()
        assert await handed_in(booth, batch, at + DAY) == ["honoured", "honoured"]  # and nobody hears of it
        two.keep(batch, await handed_in(booth, batch, at + 2 * DAY))
        (batch,) = one.batches()
        one.keep(batch, await handed_in(booth, batch, at + 2 * DAY))
        assert two.answers == {1: "repeat", 2: "repeat"}
        assert one.answers == {1: "voucher_used_before"}
    await booth.check_whole()
