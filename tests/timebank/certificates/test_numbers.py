"""Numbers: written one way, read in many, and a slip of the hand is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.certificates.numbers import ALPHABET, MAX_ID, Number, new_number, read_number
from timebank.errors import RefusalError

NUMBERS = st.builds(new_number, st.integers(1, MAX_ID), st.binary(min_size=10, max_size=10))


@given(st.integers(1, MAX_ID), st.binary(min_size=10, max_size=10))
def test_a_number_names_its_bank_and_is_read_however_it_is_typed(bank_id: int, chance: bytes) -> None:
    text = new_number(bank_id, chance)
    for typed in (text, text.lower(), text.replace("-", ""), text.replace("-", " "), text.replace("0", "O")):
        assert read_number(typed) == Number(bank_id, text)
    assert read_number(text.replace("1", "l")) == Number(bank_id, text)


@given(NUMBERS, st.data())
def test_one_wrong_character_is_noticed(text: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([place for place, letter in enumerate(text) if letter != "-"]))
    other = data.draw(st.sampled_from([letter for letter in ALPHABET if letter != text[place]]))
    with pytest.raises(RefusalError, match="certificate_number_wrong"):
        read_number(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "-", "x", "1", "0" * 18, "王" * 20, "1" * 70, "1-ABCD-EFGH-JKMN-PQRST", "\x00"]
)
def test_anything_else_is_no_number(text: str) -> None:
    with pytest.raises(RefusalError, match="certificate_number_wrong"):
        read_number(text)
