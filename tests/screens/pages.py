"""Which pages are taken: one of each kind, as the first role that reaches it, by area and with a name to find it by."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.world import World

ROLES = ("operator", "lead", "compliance", "administrator", "store_manager", "ops")
ADMIN = {
    "admin-index": "/admin/",
    "admin-list": "/admin/alerts/alert/",
    "admin-form": "/admin/sites/site/add/",
    "admin-people": "/admin/accounts/user/",
}
SIGNED_OUT = {"sign-in": "/accounts/login/", "password-forgotten": "/accounts/password/reset/"}
# The first that fits: the beginning of an address, and the heading it stands under.
AREAS = (
    ("/admin/", "Administration"),
    ("/accounts/", "Signing in"),
    ("/settings/", "Settings"),
    ("/reliability/", "Reliability, fairness, policy"),
    ("/compliance/", "Compliance"),
    ("/audit/", "Compliance"),
    ("/dossiers/", "Compliance"),
    ("/training/", "Compliance"),
    ("/subject-requests/", "Compliance"),
    ("/holds/", "Evidence and retention"),
    ("/interventions/", "Interventions"),
    ("/notifications/", "Notifications"),
    ("/evidence/", "Evidence and retention"),
    ("/retention/", "Evidence and retention"),
    ("/cases/", "Cases"),
    ("/case-files/", "Cases"),
    ("/reports/", "Reports"),
    ("/people/", "People and watchlists"),
    ("/watchlist", "People and watchlists"),
    ("/stop/", "STOP"),
    ("/", "Queue and alerts"),
)


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One page to take: its name, where it is, and the account that opens it ("" for nobody)."""

    name: str
    path: str
    role: str

    @property
    def area(self) -> str:
        return next(words for start, words in AREAS if self.path.startswith(start))


def shots(world: "World", *, first: Iterable[str]) -> list[Shot]:
    """A shot of every kind of page a link leads to, then the administration's and those before signing in.

    `first` are addresses to prefer over others of their kind.
    """
    from tests.browser.page_map import walk
    from tests.console.people import signed_in

    found: dict[str, Shot] = {}
    for role in ROLES:
        for visit in walk(signed_in(getattr(world, role)), start=(*first, "/", "/accounts/2fa/")):
            name = visit.route.replace("_", "-").replace(":", "-")
            if visit.is_page:
                found.setdefault(name, Shot(name=name, path=visit.path, role=role))
    for name, path in ADMIN.items():
        found[name] = Shot(name=name, path=path, role="administrator")
    for name, path in SIGNED_OUT.items():
        found[name] = Shot(name=name, path=path, role="")
    return list(found.values())
