"""What can be written through this installation, found by looking: addresses, methods, admin pages, actions."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.test import RequestFactory
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from django.views.generic.edit import ProcessFormView

from apps.accounts.models import User

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ACTION_LISTS = ("actions_list", "actions_row", "actions_detail", "actions_submit_line")


def written_addresses() -> set[str]:
    """Every `METHOD name` (the route, where an address has no name) outside the admin that may write."""
    return {
        f"{method} {pattern.name or route}"
        for route, pattern in _patterns(get_resolver())
        if not route.startswith("admin/")
        for method in _methods(pattern.callback)
    }


def admin_writes() -> set[str]:
    """Every `app.model act` of the admin that somebody with all rights may do: add, change, delete, actions."""
    get_resolver().url_patterns  # noqa: B018 - loads the admin
    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True, role="administrator")
    found: set[str] = set()
    for model, page in admin.site._registry.items():
        acts = [act for act in ("add", "change", "delete") if _may(page, act, request)]
        acts += [*page.get_actions(request)]
        acts += [name for kind in _ACTION_LISTS for name in getattr(page, kind, ())]
        found |= {f"{model._meta.label_lower} {act}" for act in acts}
    return found


def admin_addresses_of_our_own() -> set[str]:
    """Addresses inside the admin whose view is this project's: custom pages would write past the model pages."""
    return {
        route
        for route, pattern in _patterns(get_resolver())
        if route.startswith("admin/")
        and pattern.callback.__module__.startswith(("apps.", "config."))
    }


def _may(page: Any, act: str, request: Any) -> bool:
    return bool(getattr(page, f"has_{act}_permission")(request))


def _patterns(resolver: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, route)
        else:
            yield route, pattern


def _methods(view: Callable[..., Any]) -> set[str]:
    """The writing methods a view accepts: those it declares, or all of them when it declares nothing."""
    waiting, seen = [view], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        of_class = getattr(part, "view_class", None) or getattr(part, "cls", None)
        if of_class:
            allowed = {str(name).upper() for name in of_class.http_method_names}
            return {name for name in WRITING & allowed if _has_own(of_class, name.lower())}
        for value in _closed_over(part):
            if _names_methods(value):
                return WRITING & set(value)
            if callable(value):
                waiting.append(value)
    return set(WRITING)


def _has_own(view: type, method: str) -> bool:
    """Whether a class answers to the method; Django's `put` of forms is its `post` by another name."""
    found = getattr(view, method, None)
    return found is not None and found is not ProcessFormView.put


def _closed_over(part: Any) -> Iterator[Any]:
    for cell in getattr(part, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue


def _names_methods(value: Any) -> bool:
    known = WRITING | {"GET", "HEAD", "OPTIONS"}
    return isinstance(value, list | tuple) and bool(value) and set(map(str, value)) <= known
