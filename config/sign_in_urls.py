"""allauth's addresses, each view in one transaction: a changed password and its audit event are both kept or neither."""

from collections.abc import Iterable

from allauth.urls import urlpatterns
from django.db import transaction
from django.urls import URLPattern, URLResolver


def _make_atomic(patterns: Iterable[URLPattern | URLResolver]) -> None:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            _make_atomic(pattern.url_patterns)
        else:
            pattern.callback = transaction.atomic(pattern.callback)


_make_atomic(urlpatterns)

__all__ = ["urlpatterns"]
