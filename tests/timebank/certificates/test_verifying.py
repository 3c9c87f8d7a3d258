"""Verifying: what is altered, of another bank, revoked or made up is told; what is not, holds."""

import pymerkle  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymerkle.core import (  # type: ignore[import-untyped]  # it has no types
    _inclusion_path_layout as layout_of,
)

from ledger.proof.leaf import commitment
from ledger.proof.note import Checkpoint, SigningKey, open_note, sign_note
from tests.timebank.certificates.alterations import altered, leaves, text_with, value_of, with_value
from tests.timebank.certificates.scene import Scene
from timebank.certificates.document import MAX_BYTES
from timebank.certificates.encoding import signed
from timebank.certificates.verifying import verify

PROVEN = {"minutes", "record", "salt", "leaf_index", "path", "siblings", "transaction", "checkpoint", "day"}
"""What not even the bank can state as it likes: it is counted, or proven by the tree."""


async def test_altered_in_any_field_it_is_found_out(scene: Scene) -> None:
    document = await scene.issued()
    value = value_of(document)
    keys = [scene.key.verifier]
    ways = list(leaves(value))
    assert len(ways) > 100
    for path in ways:
        said = verify(with_value(document, altered(value, path)).encode(), keys)
        assert (path, said.code, said.certificate) == (path, "bad_signature", None)
    assert verify(document.encode(), keys).code == "valid"


async def test_signed_anew_by_another_bank_it_is_of_an_unknown_key(scene: Scene) -> None:
    value = value_of(await scene.issued())
    other = SigningKey.generate("timebank/other")
    namesake = SigningKey.generate(scene.key.name)
    for path in list(leaves(value))[::7]:
        for key in (other, namesake):
            forged = sign_note(text_with(altered(value, path)), key).encode()
            assert verify(forged, [scene.key.verifier]).code == "unknown_key"
    # Who believes the other bank, too, is told that it signs for itself only.
    honest = sign_note(text_with(value), other).encode()
    assert verify(honest, [scene.key.verifier, other.verifier]).code == "wrong_bank"


async def test_the_bank_itself_cannot_certify_what_is_not_in_its_tree(scene: Scene) -> None:
    value = value_of(await scene.issued())
    found = set()
    for path in leaves(value):
        if not PROVEN & set(map(str, path)):
            continue
        said = verify(sign_note(text_with(altered(value, path)), scene.key).encode(), [scene.key.verifier])
        if path[-1] != "day":
            assert not said.is_valid, path
        found.add(said.code)
    assert found >= {"record_differs", "not_included", "sums_differ", "malformed_certificate"}


async def test_another_holders_account_is_no_record_of_theirs(scene: Scene) -> None:
    value = value_of(await scene.issued())
    value["holder"]["account"] = str(scene.cast.people["bob"])
    said = verify(sign_note(text_with(value), scene.key).encode(), [scene.key.verifier])
    assert said.code == "record_differs"


async def test_pymerkle_accepts_every_proof_of_a_certificate(scene: Scene) -> None:
    certificate = scene.opened(await scene.issued())
    head = Checkpoint.parse(open_note(certificate.checkpoint, [scene.key.verifier]))
    for served in certificate.records:
        proof, place = served.proof, served.proof.leaf_index + 1
        data = commitment(proof.salt, proof.transaction)
        leaf = pymerkle.hasher.MerkleHasher("sha256").hash_buff(data)
        rule, _ = layout_of(place, head.size)
        theirs = pymerkle.InclusionProof("sha256", True, head.size, place, rule, [leaf, *proof.path])  # noqa: FBT003 -- its signature
        theirs.verify(leaf, head.root, index=place, size=head.size, algorithm="sha256")
        with pytest.raises(pymerkle.InvalidProof):
            theirs.verify(leaf, bytes(32), index=place, size=head.size, algorithm="sha256")


async def test_the_smallest_difference_in_spelling_is_no_certificate(scene: Scene) -> None:
    document = await scene.issued()
    body = document.split("\n")[1]
    for other in (body.replace(",", ", ", 1), body.replace("{", '{"layout":1,', 1), body + " "):
        note = sign_note(f"timebank-certificate/v1\n{other}\n", scene.key)
        assert verify(note.encode(), [scene.key.verifier]).code == "malformed_certificate"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_certificate"),
        (b"\xff\xfe", "not_a_certificate"),
        (b"%PDF-1.7 and nothing", "not_a_certificate"),
        (b"timebank/x\n1\nAAAA\n\n", "not_a_certificate"),
        (b"timebank-certificate/v1\n{}\n", "not_a_certificate"),
        (b"timebank-certificate/v2\n{}\n\n- x\n", "unsupported_certificate"),
        (b"timebank-certificate/v1\n" + b" " * MAX_BYTES, "not_a_certificate"),
    ],
)
def test_what_is_none_is_none(content: bytes, code: str) -> None:
    assert verify(content, [SigningKey.generate("timebank/x").verifier]).code == code


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_cut_or_changed_never_crashes_it(data: st.DataObject) -> None:
    key = SigningKey.generate("timebank/x")
    body = data.draw(
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5) | st.booleans(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["layout", "number", "records", "holder"]), inner, max_size=4
                )
            ),
            max_leaves=8,
        )
    )
    note = sign_note(text_with(body), key)
    assert verify(note.encode(), [key.verifier]).code == "malformed_certificate"
    cut = data.draw(st.integers(0, len(note.encode()) - 1))
    assert not verify(note.encode()[:cut], [key.verifier]).is_valid


async def test_what_is_issued_holds_whatever_is_written_in_it(scene: Scene) -> None:
    plain = scene.opened(await scene.issued())
    names = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)

    @given(names, names)
    @settings(max_examples=50, deadline=None)
    def holds(name: str, content: str) -> None:
        from dataclasses import replace  # noqa: PLC0415 -- used here only

        records = tuple(replace(served, content=content, place=name) for served in plain.records)
        certificate = replace(plain, holder=replace(plain.holder, name=name), records=records)
        said = verify(signed(certificate, scene.key).encode(), [scene.key.verifier])
        assert (said.code, said.certificate) == ("valid", certificate)

    holds()
