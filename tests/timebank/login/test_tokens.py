"""Token keys: made once, rotated with an overlap, refused when they are none."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from timebank.errors import RefusalError
from timebank.login.tokens import load_token_keys, rotate_token_keys

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


def test_a_home_has_one_key_from_the_first_start_on(tmp_path: Path) -> None:
    first, again = load_token_keys(None, tmp_path), load_token_keys(None, tmp_path)
    token, _ = first.issue("bank", uuid4(), now=NOON)
    assert again.verify(token, now=NOON).bank == "bank"
    assert (tmp_path / "keys" / "tokens" / "1.key").stat().st_mode & 0o777 == 0o600


def test_after_a_rotation_the_key_before_still_verifies_and_the_one_before_that_does_not(
    tmp_path: Path,
) -> None:
    old = load_token_keys(None, tmp_path)
    token, _ = old.issue("bank", uuid4(), now=NOON)
    assert rotate_token_keys(tmp_path) == 2
    new = load_token_keys(None, tmp_path)
    assert new.verify(token, now=NOON).bank == "bank"
    newer, _ = new.issue("bank", uuid4(), now=NOON)
    with pytest.raises(RefusalError, match="token_invalid"):
        old.verify(newer, now=NOON)
    assert rotate_token_keys(tmp_path) == 3
    with pytest.raises(RefusalError, match="token_invalid"):
        load_token_keys(None, tmp_path).verify(token, now=NOON)


def test_keys_may_be_given(tmp_path: Path) -> None:
    texts = [base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]
    both = load_token_keys(",".join(texts), tmp_path)
    token, _ = load_token_keys(texts[1], tmp_path).issue("bank", uuid4(), now=NOON)
    assert both.verify(token, now=NOON).bank == "bank"
    assert len(both.jwks()["keys"]) == 2
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("text", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RefusalError, match="token_key_invalid"):
        load_token_keys(text, tmp_path)
