"""What a tablet without network says of a code is what the server would have said, as far as it can know."""

import random
from datetime import UTC, datetime, timedelta

from tests.journeys.conftest import Opens
from timebank.codes.rules import CodeKeys, member_code, pick_up_code, station_code

JUDGED = """
async (asked) => {
  const { judged } = await import("/static/judging.js");
  return asked.map(([text, bank, now]) => judged(text, bank, now).outcome);
}
"""
KEYS = CodeKeys([b"v" * 32])


async def test_codes_and_cards_are_told_apart(opens: Opens) -> None:
    page, chosen = await opens("/login"), random.Random(6)
    asked: list[tuple[str, str, int | None]] = []
    wanted: list[str] = []

    def ask(text: str, outcome: str, bank: int = 7, at: datetime | None = None) -> None:
        asked.append((text, str(bank), None if at is None else int(at.timestamp() * 1000)))
        wanted.append(outcome)

    for _ in range(40):
        bank, of = chosen.randrange(1, 2**40), chosen.randrange(1, 2**62)
        at = datetime.fromtimestamp(chosen.randrange(57_000_000, 130_000_000) * 30, UTC)
        code = member_code(chosen.randbytes(20), bank_id=bank, pass_id=of, at=at)
        ask(code, "accepted", bank, at)
        ask(code.lower(), "accepted", bank, at + timedelta(seconds=89))
        ask(code, "code_expired", bank, at + timedelta(seconds=90))
        ask(code, "accepted", bank, at - timedelta(seconds=60))
        ask(code, "code_early", bank, at - timedelta(seconds=61))
        ask(code, "accepted", bank)  # the time was never heard of
        ask(code, "code_of_other_bank", bank + 1, at)
        ask(pick_up_code(KEYS, bank_id=bank, reservation_id=of), "code_unreadable", bank, at)
        ask(station_code(KEYS, bank_id=bank, station_id=3, session_id=of, at=at), "code_unreadable", bank, at)
        ask(code[:-4], "code_unreadable", bank, at)
    for text in ("TBC-0123456789ABCDEF", "tbc-0123-4567 89ab-cdef"):
        ask(text, "accepted")
    for text in ("TBC-", "TBC-0123456789ABCDE", "TBC-0123456789ABCDEFG"):
        ask(text, "card_unknown")
    for text in ("", "NONSENSE", "https://elsewhere.example/", "六个字"):
        ask(text, "code_unreadable")
    assert await page.evaluate(JUDGED, asked) == wanted
