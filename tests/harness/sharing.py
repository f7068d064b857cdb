"""How a run with several workers is shared between them.

Own scheduling instead of `--dist loadgroup`: that one changes node ids, which pytest 9.2 no longer
lets it do, and then silently deals out single tests. Two products at once starve each other on two
cores, and side by side in two network namespaces they may take the same sockets.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

_PRODUCT: Final = ("tests/browser/", "tests/faults/")


def needs_product(nodeid: str) -> bool:
    """Whether the test is a story of the running product."""
    return nodeid.startswith(_PRODUCT)


class FileByFile(LoadScopeScheduling):
    """A worker takes a whole file; one of them takes every story of the running product."""

    def _split_scope(self, nodeid: str) -> str:
        return "product" if needs_product(nodeid) else nodeid.partition("::")[0]
