"""The tree against the RFC's recursion written out plainly, and against published vectors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit import merkle

# The test tree of RFC 6962 implementations (certificate-transparency reference test data):
# eight entries, and the root after each of them.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = naive_root(leaves[:split]), naive_root(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


hashes = st.integers(0, 2**32).map(lambda number: merkle.leaf_hash(str(number).encode()))
trees = st.lists(hashes, min_size=1, max_size=70)


def test_the_empty_tree_hashes_nothing() -> None:
    assert merkle.Tree().root() == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(("size", "root"), list(enumerate(ROOTS, start=1)))
def test_published_roots(size: int, root: str) -> None:
    assert merkle.root_of(LEAVES[:size]).hex() == root


def test_published_inclusion_proof() -> None:
    proof = merkle.inclusion_proof(5, LEAVES)
    assert [node.hex() for node in proof] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_published_consistency_proof() -> None:
    proof = merkle.consistency_proof(6, LEAVES)
    assert [node.hex() for node in proof] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(trees, st.data())
def test_appending_in_any_portions_gives_the_root_of_the_recursion(
    leaves: list[bytes], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(leaves)))
    tree = merkle.Tree().extended(leaves[:cut])
    tree = merkle.Tree.unpacked(tree.size, tree.packed()).extended(leaves[cut:])
    assert tree.size == len(leaves)
    assert tree.root() == naive_root(leaves)


@given(trees, st.data())
def test_every_leaf_proves_its_place_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, root, size = merkle.inclusion_proof(index, leaves), naive_root(leaves), len(leaves)

    def shown(leaf: bytes, place: int, path: list[bytes]) -> bool:
        return merkle.includes(leaf=leaf, index=place, size=size, proof=path, root=root)

    assert shown(leaves[index], index, proof)
    assert not shown(merkle.leaf_hash(b"another entry"), index, proof)
    assert not shown(leaves[index], size, proof)
    assert not shown(leaves[index], index, [*proof, bytes(32)])
    if proof:
        assert not shown(leaves[index], index, proof[:-1])


@given(trees, st.data())
def test_an_earlier_tree_proves_to_be_a_beginning_of_the_later_one(
    leaves: list[bytes], data: st.DataObject
) -> None:
    old_size = data.draw(st.integers(1, len(leaves)))
    proof = merkle.consistency_proof(old_size, leaves)
    old_root, new_root = naive_root(leaves[:old_size]), naive_root(leaves)

    def shown(old: bytes, new: bytes, path: list[bytes]) -> bool:
        return merkle.consistent(
            old_size=old_size, new_size=len(leaves), old_root=old, new_root=new, proof=path
        )

    assert shown(old_root, new_root, proof)
    assert not shown(bytes(32), new_root, proof)
    assert not shown(old_root, bytes(32), proof)
    assert not shown(old_root, new_root, [*proof, bytes(32)])


def test_a_tree_whose_peaks_do_not_fit_its_size_is_refused() -> None:
    with pytest.raises(ValueError, match="peaks"):
        merkle.Tree(3, (bytes(32),))
    with pytest.raises(ValueError, match="32 bytes"):
        merkle.Tree.unpacked(1, b"short")
