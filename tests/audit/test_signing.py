"""A note is believed when a trusted key has signed exactly these words."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.signing import (
    BadNote,
    CheckpointBody,
    SigningKey,
    opened_note,
    parsed_keys,
    public_file,
    signing_key,
    trusted_keys,
)

BODY = CheckpointBody(
    tenant="6f9619ff-8b86-d011-b42d-00c04fc964ff",
    tree_size=12,
    root=bytes(range(32)),
    signed_at="2026-11-22T10:00:00.000000Z",
    previous="ab" * 32,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "audit_signing_key.pem"


@pytest.fixture(scope="module")
def key(path: Path) -> SigningKey:
    return signing_key(path)


def test_a_signed_note_opens_with_its_key(key: SigningKey, path: Path) -> None:
    note = key.sign(BODY.text())
    assert opened_note(note, trusted_keys(path)) == BODY
    assert note.startswith("second-look.audit/6f9619ff-8b86-d011-b42d-00c04fc964ff\n12\n")


def test_the_key_is_kept_and_remembered_once(key: SigningKey, path: Path) -> None:
    assert signing_key(path).key_id == key.key_id
    assert len(public_file(path).read_text().splitlines()) == 1


def test_a_rotated_key_is_still_trusted(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    old = signing_key(file)
    file.unlink()
    new = signing_key(file)
    trusted = trusted_keys(file)
    assert set(trusted) == {old.key_id, new.key_id}
    assert opened_note(old.sign(BODY.text()), trusted) == BODY


@given(st.data())
def test_no_single_changed_character_is_believed(data: st.DataObject) -> None:
    private = _key()
    note = private.sign(BODY.text())
    place = data.draw(st.integers(0, len(note) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda char: char != note[place]))
    changed = note[:place] + other + note[place + 1 :]
    try:
        opened = opened_note(changed, {private.key_id: private.private.public_key()})
    except BadNote:
        return
    # Only what carries no meaning may differ: the spelling of the line's end, unused bits.
    assert opened == BODY


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "\n— second-look-audit !!!\n",
        "\n— second-look-audit AAAA\n",
        "\n— somebody-else AAAA\n",
        "\n- second-look-audit AAAA\n",
    ],
)
def test_a_note_without_a_good_signature_is_refused(key: SigningKey, tail: str, path: Path) -> None:
    with pytest.raises(BadNote):
        opened_note(BODY.text() + tail, trusted_keys(path))


def test_a_witness_may_add_its_line(key: SigningKey, path: Path) -> None:
    note = key.sign(BODY.text()) + "— witness.example AAAAAAAA\n"
    assert opened_note(note, trusted_keys(path)) == BODY


def test_signed_words_that_are_no_checkpoint_are_refused(key: SigningKey, path: Path) -> None:
    with pytest.raises(BadNote, match="not a checkpoint"):
        opened_note(key.sign("anything\nelse\n"), trusted_keys(path))


def test_broken_verifier_keys_are_refused(key: SigningKey, path: Path) -> None:
    good = public_file(path).read_text().strip()
    for broken in (good.replace(key.key_id, "00000000"), good.replace("look", "hook"), "a+b"):
        with pytest.raises(ValueError, match=r"not a verifier key|unpack"):
            parsed_keys([broken])
    assert trusted_keys(path.with_name("none.pem")) == {}


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rsa.pem"
    private = generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(pem)
    with pytest.raises(ValueError, match="Ed25519"):
        signing_key(file)


def test_the_root_is_written_as_logs_write_it() -> None:
    assert BODY.text().splitlines()[2] == base64.b64encode(bytes(range(32))).decode()


_made: list[SigningKey] = []


def _key() -> SigningKey:
    if not _made:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.from_private_bytes(bytes(32))
        _made.append(SigningKey(private=private, key_id="01020304"))
    return _made[0]
