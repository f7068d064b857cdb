"""Django's model permissions, derived from roles: the admin asks `has_perm`, the role table answers."""

from typing import Any

from django.contrib.auth.backends import BaseBackend

from apps.accounts.models import User
from apps.accounts.permissions import Permission

_VIEW: dict[str, Permission] = {
    "accounts": Permission.MANAGE_USERS,
    "sites": Permission.MANAGE_SITES,
    "alerts": Permission.VIEW_ALERTS,
    "reviews": Permission.VIEW_ALERTS,
    "reliability": Permission.VIEW_ALERTS,
    "evidence": Permission.VIEW_EVIDENCE,
    "cases": Permission.VIEW_CASES,
    "audit": Permission.VIEW_AUDIT,
    "console": Permission.MANAGE_USERS,
    "watchlists": Permission.VIEW_WATCHLIST,
    "people": Permission.HANDLE_SUBJECT_REQUESTS,
    "subject_requests": Permission.HANDLE_SUBJECT_REQUESTS,
    "reports": Permission.DRAFT_REPORTS,
    "oversight": Permission.VIEW_OVERSIGHT,
    "webhooks": Permission.MANAGE_WEBHOOKS,
    "notifications": Permission.MANAGE_USERS,
}
"""Who sees an app's tables in the admin, besides needing `USE_ADMIN`."""

_EDIT: dict[str, Permission] = {
    "accounts.user": Permission.MANAGE_USERS,
    "accounts.tenant": Permission.MANAGE_USERS,
    "sites.site": Permission.MANAGE_SITES,
    "sites.camera": Permission.MANAGE_SITES,
    "sites.cameralink": Permission.MANAGE_SITES,
    "sites.zone": Permission.MANAGE_SITES,
    "sites.roster": Permission.MANAGE_SITES,
    "sites.siteuserobjectpermission": Permission.MANAGE_USERS,
    "alerts.detectorsource": Permission.MANAGE_SOURCES,
}
"""Tables that may be added to and changed in the admin. Nothing is ever deleted there."""


class RoleBackend(BaseBackend):
    """Answers for `view`, `add` and `change`; `delete` is never granted, to superusers neither."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not isinstance(user_obj, User) or not user_obj.may(Permission.USE_ADMIN):
            return False
        app, _, codename = perm.partition(".")
        act, _, model = codename.partition("_")
        needed = _VIEW.get(app) if act == "view" else _EDIT.get(f"{app}.{model}")
        return act in {"view", "add", "change"} and needed is not None and user_obj.may(needed)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return self.has_perm(user_obj, f"{app_label}.view_")
