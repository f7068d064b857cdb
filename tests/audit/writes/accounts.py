"""People, tenants, and how people prove who they are."""

import time
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import User
from apps.audit.events import Event
from tests.audit.writes import Write, post
from tests.console.people import signed_in
from tests.world import World

_SECRET = "JBSWY3DPEHPK3PXP"
PASSWORD, NEW = "correct horse battery", "staple of another kind"


def _with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


def somebody_signs_in(world: World) -> Write:
    user, client = _with_password(world.operator), Client()
    data = {"login": user.email, "password": PASSWORD}
    return Write(
        by=user, event=Event.ACCESS_SIGNED_IN, send=lambda: client.post("/accounts/login/", data)
    )


def somebody_proves_who_they_are(world: World) -> Write:
    user = _with_password(world.operator)
    data = {"password": PASSWORD}
    return post(user, "/accounts/reauthenticate/", data, event=Event.ACCESS_REAUTHENTICATED)


def a_password_changes(world: World) -> Write:
    user = _with_password(world.operator)
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    return post(user, "/accounts/password/change/", data, event=Event.ACCESS_CREDENTIAL_CHANGED)


def a_first_password_is_set(world: World) -> Write:
    data = {"password1": NEW, "password2": NEW}
    return post(
        world.operator, "/accounts/password/set/", data, event=Event.ACCESS_CREDENTIAL_CHANGED
    )


def _code(secret: str) -> str:
    return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06}"


def _just_proven(user: User) -> Client:
    """A browser whose person has proved again who they are: allauth asks for it before touching a factor."""
    client = signed_in(user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "email": user.email, "reauthenticated": True}
    ]
    session.save()
    return client


def a_second_factor_is_added(world: World) -> Write:
    user = _with_password(world.operator)
    client = _just_proven(user)
    client.get("/accounts/2fa/totp/activate/")
    code = _code(client.session["mfa.totp.secret"])
    return Write(
        by=user,
        event=Event.ACCESS_CREDENTIAL_CHANGED,
        send=lambda: client.post("/accounts/2fa/totp/activate/", {"code": code}),
    )


def _with_factors(world: World) -> tuple[User, Client]:
    user = _with_password(world.operator)
    TOTP.activate(user, _SECRET)
    RecoveryCodes.activate(user)
    return user, _just_proven(user)


def a_second_factor_is_removed(world: World) -> Write:
    user, client = _with_factors(world)
    return Write(
        by=user,
        event=Event.ACCESS_CREDENTIAL_CHANGED,
        send=lambda: client.post("/accounts/2fa/totp/deactivate/"),
    )


def recovery_codes_are_made_anew(world: World) -> Write:
    user, client = _with_factors(world)
    return Write(
        by=user,
        event=Event.ACCESS_CREDENTIAL_CHANGED,
        send=lambda: client.post("/accounts/2fa/recovery-codes/generate/"),
    )


def a_key_is_removed(world: World, method: str = "post") -> Write:
    user = _with_password(world.operator)
    key = Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": {}}
    )
    client = _just_proven(user)
    return Write(
        by=user,
        event=Event.ACCESS_CREDENTIAL_CHANGED,
        send=lambda: getattr(client, method)(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/"),
    )


def a_second_factor_is_shown_again(world: World) -> Write:
    user, client = _with_factors(world)

    def send() -> Any:
        cache.clear()  # a code counts once, and the cache does not roll back
        return client.post("/accounts/2fa/reauthenticate/", {"code": _code(_SECRET)})

    return Write(by=user, event=Event.ACCESS_REAUTHENTICATED, send=send)


def a_second_factor_lets_somebody_in(world: World) -> Write:
    user, _ = _with_factors(world)
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    def send() -> Any:
        cache.clear()
        return client.post("/accounts/2fa/authenticate/", {"code": _code(_SECRET)})

    return Write(by=user, event=Event.ACCESS_SIGNED_IN, send=send)


def a_sign_in_address_is_added(world: World) -> Write:
    data = {"email": "second@example.test", "action_add": ""}
    return post(world.operator, "/accounts/email/", data, event=Event.ACCESS_CREDENTIAL_CHANGED)


_NO_DEVICE = "Needs a security key's answer; leaves what {} leaves, by the same receiver."
_CLOSED = "Closed: people are made by administrators, and the form is not there."


def a_forgotten_password_is_replaced(world: World) -> Write:
    """By the link of a mail; nobody is signed in, so nobody is the actor."""
    user, client = _with_password(world.operator), Client()
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    page = client.get(f"/accounts/password/reset/key/{key}/")["Location"]
    data = {"password1": NEW, "password2": NEW}
    return Write(event=Event.ACCESS_CREDENTIAL_CHANGED, send=lambda: client.post(page, data))


STORIES = {
    "accounts.tenant change": lambda world: post(
        world.administrator,
        f"/admin/accounts/tenant/{world.tenant.id}/change/",
        {
            "name": "New name",
            "currency": "EUR",
            "review_sla_seconds": "600",
            "clip_wait_seconds": "60",
            "exhibit_retention_days": "200",
            "blind_audit_share": "0.05",
        },
        event=Event.TENANT_CHANGED,
    ),
    "accounts.user add": lambda world: post(
        world.administrator,
        "/admin/accounts/user/add/",
        {"email": "n@example.test", "name": "N N", "role": "operator", "password": PASSWORD},
        event=Event.USER_CREATED,
    ),
    "accounts.user change": lambda world: post(
        world.administrator,
        f"/admin/accounts/user/{world.operator.id}/change/",
        {"first_name": "A", "last_name": "B", "role": "lp_lead", "is_active": "on"},
        event=Event.USER_CHANGED,
    ),
    "POST account_login": somebody_signs_in,
    "POST account_logout": lambda world: post(
        world.operator, "/accounts/logout/", event=Event.ACCESS_SIGNED_OUT
    ),
    "POST account_reauthenticate": somebody_proves_who_they_are,
    "POST account_change_password": a_password_changes,
    "POST account_set_password": a_first_password_is_set,
    "POST mfa_activate_totp": a_second_factor_is_added,
    "POST mfa_deactivate_totp": a_second_factor_is_removed,
    "POST mfa_generate_recovery_codes": recovery_codes_are_made_anew,
    "POST mfa_remove_webauthn": a_key_is_removed,
    "POST mfa_authenticate": a_second_factor_lets_somebody_in,
    "POST account_email": a_sign_in_address_is_added,
    "DELETE mfa_remove_webauthn": lambda world: a_key_is_removed(world, method="delete"),
    "POST account_reset_password_from_key": a_forgotten_password_is_replaced,
    "POST mfa_reauthenticate": a_second_factor_is_shown_again,
}
_NO_FORM = "A page that says a mail was sent; it reads nothing it is sent."
_LANGUAGE = "Sets a cookie with the language of the pages; nothing is written."
EXEMPT = {
    **{f"{method} set-language": _LANGUAGE for method in ("POST", "PUT", "PATCH", "DELETE")},
    "POST account_signup": _CLOSED,
    "POST account_reset_password": "Sends a mail and writes nothing; the link in it has its own story.",
    "POST account_confirm_email": "Addresses need no confirmation here, so none is ever sent.",
    "POST account_confirm_login_code": "Signing in by a code sent by mail is switched off.",
    **{
        f"{method} account_email_verification_sent": _NO_FORM
        for method in ("POST", "PUT", "PATCH", "DELETE")
    },
    "POST mfa_add_webauthn": _NO_DEVICE.format("a one-time password's first use"),
    "POST mfa_reauthenticate_webauthn": _NO_DEVICE.format("a proof by one-time password"),
    "POST mfa_login_webauthn": _NO_DEVICE.format("a sign-in by password"),
    "POST mfa_edit_webauthn": "Changes the label in the person's own list of keys, no key.",
}
