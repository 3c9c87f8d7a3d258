"""What the pages' scripts make without the server is what the server would have made."""

import random
import string
from datetime import UTC, datetime

from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M  # type: ignore[import-untyped]  # it has no annotations
from qrcode.main import QRCode  # type: ignore[import-untyped]  # it has no annotations
from qrcode.util import MODE_ALPHA_NUM, QRData  # type: ignore[import-untyped]  # it has no annotations

from tests.journeys.conftest import Opens
from timebank.codes.rules import member_code, member_head

LETTERS = string.ascii_uppercase + string.digits + " $%*+-./:"
LONGEST = 154
MATRIX = "async (text) => (await import('/static/qr.js')).matrixOf(text)"
CODE = """
async ([seed, head, at]) => {
  const { keyOf, memberCode } = await import("/static/member-code.js");
  return memberCode(await keyOf(new Uint8Array(seed)), head, at);
}
"""
LAST_OF_LEVEL_M = 3


def drawn(text: str, version: int) -> list[list[bool]]:
    """Return a symbol by another program, with the same choices."""
    level = ERROR_CORRECT_M if version <= LAST_OF_LEVEL_M else ERROR_CORRECT_L
    symbol = QRCode(version=version, error_correction=level, mask_pattern=0, border=0)
    symbol.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    symbol.make(fit=False)
    matrix: list[list[bool]] = symbol.get_matrix()
    return [[bool(dark) for dark in row] for row in matrix]


async def test_symbols_of_every_length_are_those_of_another_program(opens: Opens) -> None:
    page = await opens("/login")
    chosen = random.Random(4)
    for length in range(1, LONGEST + 1):
        text = "".join(chosen.choices(LETTERS, k=length))
        matrix = await page.evaluate(MATRIX, text)
        assert matrix == drawn(text, (len(matrix) - 17) // 4), text


async def test_codes_of_members_are_the_servers(opens: Opens) -> None:
    page = await opens("/login")
    chosen = random.Random(5)
    for _ in range(50):
        bank_id, pass_id = chosen.randrange(1, 2**40), chosen.randrange(1, 2**62)
        seed, at = chosen.randbytes(20), chosen.randrange(1_700_000_000, 4_000_000_000)
        made = await page.evaluate(CODE, [list(seed), list(member_head(bank_id, pass_id)), at * 1000])
        moment = datetime.fromtimestamp(at, UTC)
        assert made == member_code(seed, bank_id=bank_id, pass_id=pass_id, at=moment)
