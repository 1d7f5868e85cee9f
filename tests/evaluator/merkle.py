"""Keccak-256 and the Merkle trees of the law (docs/machine.md, section 4)."""
from Cryptodome.Hash import keccak as _keccak

from number import CHUNK_BYTES

LEAF, NODE, DESCRIPTOR_LEAF = b"\x00", b"\x01", b"\x02"


def keccak256(data):
    """Keccak-256 with the original padding 0x01, which is not FIPS 202's SHA3-256."""
    return _keccak.new(digest_bits=256, data=data).digest()


def chunk_leaf(chunk):
    return keccak256(LEAF + chunk)


def descriptor_leaf(descriptor):
    return keccak256(DESCRIPTOR_LEAF + descriptor)


def node(left, right):
    return keccak256(NODE + left + right)


def depth_of(leaves):
    """ceil(log2(max(n, 1)))."""
    return (max(leaves, 1) - 1).bit_length()


class _Missing:
    """Z_h, the roots of subtrees that are not there."""

    def __init__(self):
        self.roots = [chunk_leaf(bytes(CHUNK_BYTES))]

    def root(self, height):
        while len(self.roots) <= height:
            self.roots.append(node(self.roots[-1], self.roots[-1]))
        return self.roots[height]


_missing = _Missing()


class Tree:
    """The nodes of a tree with `depth` levels above its leaves. Leaves that are not given are missing.

    `leaves`: a list, or a dictionary from index to leaf for arrays that are mostly empty.
    """

    def __init__(self, leaves, depth=None):
        present = dict(leaves) if isinstance(leaves, dict) else dict(enumerate(leaves))
        count = max(present, default=-1) + 1
        self.depth = depth_of(count) if depth is None else depth
        if count > 1 << self.depth:
            raise ValueError("more leaves than the tree holds")
        self.levels = [present]
        for height in range(self.depth):
            below = self.levels[-1]
            missing = _missing.root(height)
            self.levels.append({parent: node(below.get(2 * parent, missing), below.get(2 * parent + 1, missing))
                                for parent in {index >> 1 for index in below}})

    def node(self, level, index):
        """The node `level` levels above the leaves."""
        return self.levels[level].get(index) or _missing.root(level)

    @property
    def root(self):
        return self.node(self.depth, 0)


def array_tree(array):
    """The tree of an array given as bytes, whole chunks."""
    return Tree([chunk_leaf(array[at:at + CHUNK_BYTES]) for at in range(0, len(array), CHUNK_BYTES)])
