"""Signed notes against the published examples, and everything strict parsing must refuse."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.proof.merkle import empty_root
from ledger.proof.note import (
    Checkpoint,
    NoteError,
    SigningKey,
    VerifierKey,
    decode_base64,
    open_note,
    sign_note,
)

# The example of golang.org/x/mod/sumdb/note.
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
PETER_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
PETER_NOTE = f"{PETER_TEXT}\n— PeterNeumann {PETER_SIGNATURE}\n"

PETER = SigningKey.parse(PETER_SECRET)
OURS = SigningKey("bank.example/溧城", bytes(range(32)))
TEXT = "first\n\n— third line of 时间银行\n"
ROOT = bytes(range(32))


def refused(code: str) -> pytest.RaisesExc[NoteError]:
    return pytest.RaisesExc(NoteError, match=f"^{code}$")


def test_signs_and_opens_the_published_note() -> None:
    assert str(PETER.verifier) == PETER_PUBLIC
    assert PETER.encode() == PETER_SECRET
    assert sign_note(PETER_TEXT, PETER) == PETER_NOTE
    assert open_note(PETER_NOTE, [VerifierKey.parse(PETER_PUBLIC)]) == PETER_TEXT


def test_a_text_with_blank_and_dashed_lines_comes_back() -> None:
    assert open_note(sign_note(TEXT, OURS), [PETER.verifier, OURS.verifier]) == TEXT


def test_a_generated_key_survives_its_file() -> None:
    key = SigningKey.generate("bank.example")
    again = SigningKey.parse(key.encode() + "\n")
    assert again.verifier == key.verifier == VerifierKey.parse(str(key.verifier))
    assert sign_note(TEXT, again) == sign_note(TEXT, key)
    assert SigningKey.generate("bank.example").verifier != key.verifier


def test_a_signing_key_prints_without_its_secret() -> None:
    assert PETER_SECRET.rpartition("+")[2] not in f"{PETER!r} {PETER}"
    assert PETER_PUBLIC in repr(PETER)


def test_signatures_of_unknown_keys_are_ignored() -> None:
    stranger = SigningKey.generate("stranger.example")
    _, _, line = sign_note(TEXT, stranger).rpartition("\n\n")
    note = sign_note(TEXT, OURS)
    assert open_note(note + line, [OURS.verifier]) == TEXT
    assert open_note(note + line, [stranger.verifier]) == TEXT
    with refused("unknown_key"):
        open_note(note + line, [PETER.verifier])
    with refused("unknown_key"):
        open_note(note, [])


def test_a_key_of_the_same_name_is_another_key() -> None:
    with refused("unknown_key"):
        open_note(sign_note(TEXT, OURS), [SigningKey.generate(OURS.name).verifier])


def test_a_known_key_id_under_another_name_is_another_key() -> None:
    renamed = PETER_NOTE.replace("PeterNeumann", "EnochRoot")
    with refused("unknown_key"):
        open_note(renamed, [PETER.verifier])


def test_one_bad_signature_of_a_known_key_refuses_the_note() -> None:
    forged = b64encode(OURS.verifier.key_id + bytes(64)).decode()
    note = sign_note(TEXT, OURS) + f"— {OURS.name} {forged}\n"
    with refused("bad_signature"):
        open_note(note, [OURS.verifier])


def test_a_short_signature_of_a_known_key_is_bad() -> None:
    short = b64encode(OURS.verifier.key_id + b"x").decode()
    with refused("bad_signature"):
        open_note(f"{TEXT}\n— {OURS.name} {short}\n", [OURS.verifier])


@given(st.integers(0, len(PETER_TEXT.encode()) * 8 - 1))
def test_any_flipped_bit_of_the_text_is_refused(bit: int) -> None:
    broken = bytearray(PETER_NOTE.encode())
    broken[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NoteError) as refusal:
        open_note(broken.decode(errors="surrogateescape"), [PETER.verifier])
    assert refusal.value.code in {"bad_signature", "malformed_note"}


@given(st.integers(0, 63), st.integers(0, 7))
def test_any_flipped_bit_of_the_signature_is_bad(place: int, bit: int) -> None:
    signature = bytearray(decode_base64(PETER_SIGNATURE))
    signature[4 + place] ^= 1 << bit
    note = f"{PETER_TEXT}\n— PeterNeumann {b64encode(signature).decode()}\n"
    with refused("bad_signature"):
        open_note(note, [PETER.verifier])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        PETER_TEXT,
        PETER_TEXT + "\n",
        PETER_NOTE[:-1],
        PETER_NOTE + "\n",
        PETER_NOTE.replace("\n\n", "\n"),
        PETER_NOTE.replace("\n", "\r\n"),
        PETER_NOTE.replace("think", "think\t"),
        PETER_NOTE.replace("think", "think\ud800"),
        PETER_NOTE.replace("—", "-"),
        PETER_NOTE.replace("— ", "—"),
        PETER_NOTE.replace("— PeterNeumann ", "—  "),
        PETER_NOTE.replace("PeterNeumann ", "PeterNeumann  "),
        PETER_NOTE.replace("PeterNeumann", "Peter+Neumann"),
        PETER_NOTE.replace("PeterNeumann", "Peter\u00a0Neumann"),
        PETER_NOTE.replace("AM=", "AM"),
        PETER_NOTE.replace("AM=", "AN="),
        PETER_NOTE.replace("AM=", "AM= "),
        PETER_NOTE.replace("AM=", "A-="),
        f"{PETER_TEXT}\n— PeterNeumann x08gow==\n",
        f"{PETER_NOTE}not a signature\n",
        PETER_NOTE + f"— PeterNeumann {PETER_SIGNATURE}\n" * 100,
        "x" * 1_000_000 + "\n" + PETER_NOTE,
    ],
)
def test_malformed_notes_are_refused(note: str) -> None:
    with refused("malformed_note"):
        open_note(note, [PETER.verifier])


@pytest.mark.parametrize("text", ["", "no newline", "carriage return\r\n", "lone \ud800\n"])
def test_unfit_texts_are_not_signed(text: str) -> None:
    with refused("malformed_note"):
        sign_note(text, OURS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        PETER_PUBLIC.replace("c74f20a3", "c74f20a4"),
        PETER_PUBLIC.replace("c74f20a3", "C74F20A3"),
        PETER_PUBLIC.replace("PeterNeumann", "Peter Neumann"),
        PETER_PUBLIC.replace("PeterNeumann", ""),
        PETER_PUBLIC.replace("ARpc", "AhPc"),
        PETER_PUBLIC[:-4],
        PETER_PUBLIC + "\n",
        "bank+00000000+AQ==",
        "银行+00000000+银行",
    ],
)
def test_malformed_public_keys_are_refused(text: str) -> None:
    with refused("malformed_key"):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        PETER_PUBLIC,
        PETER_SECRET.replace("PRIVATE", "PUBLIC"),
        PETER_SECRET.replace("c74f", "c75f"),
        PETER_SECRET[:-4],
    ],
)
def test_malformed_private_keys_are_refused(text: str) -> None:
    with refused("malformed_key"):
        SigningKey.parse(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u3000b", "a\x00b"])
def test_unfit_names_are_refused(name: str) -> None:
    with refused("malformed_key"):
        SigningKey.generate(name)


def test_reads_the_published_checkpoint() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex().startswith("0ac5186a91863e8e")
    assert checkpoint.text() == text


line = st.text(st.characters(codec="utf-8", min_codepoint=0x20), min_size=1, max_size=20)


@given(line, st.integers(0, (1 << 63) - 1), st.binary(min_size=32, max_size=32), st.lists(line, max_size=3))
def test_a_signed_checkpoint_comes_back(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert Checkpoint.parse(open_note(sign_note(checkpoint.text(), OURS), [OURS.verifier])) == checkpoint


def test_an_empty_tree_has_a_checkpoint() -> None:
    text = Checkpoint("bank.example", 0, empty_root()).text()
    assert text == "bank.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert Checkpoint.parse(text).size == 0


GOOD = Checkpoint("bank.example", 7, ROOT, ("note",)).text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bank.example\n7\n",
        GOOD[:-1],
        GOOD + "\n",
        "\n" + GOOD,
        GOOD.replace("note", ""),
        GOOD.replace("bank.example", ""),
        GOOD.replace("\n7\n", "\n07\n"),
        GOOD.replace("\n7\n", "\n+7\n"),
        GOOD.replace("\n7\n", "\n-7\n"),
        GOOD.replace("\n7\n", "\n7 \n"),
        GOOD.replace("\n7\n", "\n\uff17\n"),
        GOOD.replace("\n7\n", "\n9223372036854775808\n"),
        GOOD.replace("Hh8=", "Hh9="),
        GOOD.replace("Hh8=", "Hh8"),
        GOOD.replace("Hh8=", "Hg=="),
        GOOD.replace("note", "no\tte"),
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    assert Checkpoint.parse(GOOD).size == 7
    with refused("malformed_checkpoint"):
        Checkpoint.parse(text)
