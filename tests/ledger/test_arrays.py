"""Arrays in text form: PostgreSQL reads back exactly what was written."""

from uuid import UUID

from ledger.arrays import bytes_array, number_array, text_array, uuid_array
from timebank.database import Database

TEXTS = [
    "plain",
    "",
    "NULL",
    "null",
    " two  words ",
    'say "yes"',
    "back\\slash",
    '\\"',
    "{a,b}",
    "a\tb\nc",
    "积分 ½",
    "'",
]


async def test_texts_come_back_as_they_were(database: Database) -> None:
    with_gap = [*TEXTS, None, "last"]
    assert await database.pool.fetchval("select $1::text::text[]", text_array(with_gap)) == with_gap


async def test_numbers_uuids_and_bytes_come_back_as_they_were(database: Database) -> None:
    numbers = [0, -1, 2**63 - 1, -(2**63), None]
    uuids = [UUID(int=0), UUID(int=2**128 - 1)]
    strings = [b"", bytes(range(256)), b'"\\']
    pool = database.pool
    assert await pool.fetchval("select $1::text::bigint[]", number_array(numbers)) == numbers
    assert await pool.fetchval("select $1::text::uuid[]", uuid_array(uuids)) == uuids
    assert await pool.fetchval("select $1::text::bytea[]", bytes_array(strings)) == strings


async def test_a_column_of_nothing_but_nulls_is_filled_up_by_its_neighbours(database: Database) -> None:
    rows = await database.pool.fetch(
        "select a, b from unnest($1::text::text[], $2::text::bigint[]) as r (a, b)",
        text_array(["x", "y"]),
        number_array([None, None]),
    )
    assert [tuple(row) for row in rows] == [("x", None), ("y", None)]
    assert text_array([]) == number_array([]) == "{}"
