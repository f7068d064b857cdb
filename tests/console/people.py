"""Signing people in the way the login page does, and asking for pages."""

import time

from django.test import Client

from apps.accounts.models import User

HTMX = {"HX-Request": "true"}


def signed_in(user: User, *, seconds_ago: float = 0) -> Client:
    """A browser in which this person proved who they are `seconds_ago`."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time() - seconds_ago, "email": user.email}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client
