"""The keys that codes are made with: which make, which verify, and what derives from them."""

from tests.timebank.codes.test_rules import KEYS, NOW, _refusal
from timebank.codes import layout
from timebank.codes.rules import (
    CodeKeys,
    PosterCode,
    StationCode,
    check_poster_code,
    pass_seed,
    poster_code,
    read_code,
    station_code,
)
from timebank.vault.keys import KeyRing


def test_keys_of_before_verify_and_the_first_one_makes() -> None:
    old, new = b"o" * 32, b"n" * 32
    text = poster_code(CodeKeys([old]), bank_id=1, station_id=2, serial=1)
    both, only_new = CodeKeys([new, old]), CodeKeys([new])
    read = read_code(text)
    assert isinstance(read, PosterCode)
    check_poster_code(both, read, bank_id=1)
    assert _refusal(lambda: check_poster_code(only_new, read, bank_id=1)) == "code_forged"
    assert poster_code(both, bank_id=1, station_id=2, serial=1) == poster_code(
        only_new, bank_id=1, station_id=2, serial=1
    )
    assert both.key_ids == (only_new.key_id, CodeKeys([old]).key_id)


def test_a_rotation_elsewhere_is_followed() -> None:
    old, new = b"o" * 32, b"n" * 32
    files = [old]
    keys = CodeKeys(KeyRing([old], lambda: files))
    made_elsewhere = CodeKeys([new])
    files[:] = [new, old]
    read = read_code(poster_code(made_elsewhere, bank_id=1, station_id=2, serial=1))
    assert isinstance(read, PosterCode)
    check_poster_code(keys, read, bank_id=1)
    assert keys.key_id == made_elsewhere.key_id


def test_a_seed_is_its_passes_only_and_goes_with_its_key() -> None:
    old, new = b"o" * 32, b"n" * 32
    files = [old]
    keys = CodeKeys(KeyRing([old], lambda: files))
    key_id = keys.key_id
    seed = pass_seed(keys, bank_id=1, pass_id=2, key_id=key_id)
    assert seed is not None
    assert len(seed) == 20
    assert seed != pass_seed(keys, bank_id=1, pass_id=3, key_id=key_id)
    assert seed != pass_seed(keys, bank_id=2, pass_id=2, key_id=key_id)
    files[:] = [new, old]
    assert pass_seed(keys, bank_id=1, pass_id=2, key_id=CodeKeys([new]).key_id) is not None
    assert pass_seed(keys, bank_id=1, pass_id=2, key_id=key_id) == seed
    assert pass_seed(CodeKeys([new]), bank_id=1, pass_id=2, key_id=key_id) is None


def test_a_seed_and_the_vaults_key_itself_make_no_station_code() -> None:
    """Each purpose has keys of its own: what one holder knows is of no use elsewhere."""
    good = read_code(station_code(KEYS, bank_id=1, station_id=2, session_id=3, at=NOW))
    assert isinstance(good, StationCode)
    seed = pass_seed(KEYS, bank_id=1, pass_id=2, key_id=KEYS.key_id)
    assert seed is not None
    for key in (seed, b"v" * 32):
        assert CodeKeys([b"v" * 32]).mac(good.body) != layout.mac_of(key, good.body)
