"""Webhooks, set up on screen and through the API."""

from typing import Any

from apps.audit.events import Event
from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.operations.setup import create_webhook, ping_webhook, switch_off_webhook
from tests.audit.writes import Story, Write, call, post
from tests.reviews.conftest import sign_in
from tests.world import NOW, World

_STATED = {"name": "Till", "url": "http://127.0.0.1:9/hook", "kinds": ["alert.resolved"]}


def _hook(world: World) -> Webhook:
    actor, user = sign_in(world.administrator), world.administrator
    return create_webhook(actor=actor, user=user, now=NOW, **_STATED)[0]  # type: ignore[arg-type]


def _ping(world: World) -> WebhookDelivery:
    return ping_webhook(actor=sign_in(world.administrator), webhook=_hook(world), now=NOW)


def _off(world: World) -> Webhook:
    webhook = _hook(world)
    switch_off_webhook(actor=sign_in(world.administrator), webhook=webhook, now=NOW)
    return webhook


def _api(act: str, event: Event, *, method: str = "POST", made: Any = _hook) -> Story:
    def story(world: World) -> Write:
        path = f"/api/v1/webhooks/{made(world).id}/{act}"
        body = {"name": "Tills"} if method == "PATCH" else None
        return call(world.administrator, path, body, event=event, method=method)

    return story


def _screen(act: str, event: Event, *, made: Any = _hook, **data: Any) -> Story:
    return lambda world: post(
        world.administrator, f"/settings/webhooks/{made(world).id}/{act}", data, event=event
    )


def a_delivery_is_sent_again(world: World, base: str) -> Write:
    delivery = _ping(world)
    path = f"{base}webhooks/{delivery.webhook_id}/deliveries/{delivery.id}/retry/"
    send = call if base.startswith("/api/") else post
    return send(world.administrator, path, event=Event.WEBHOOK_RETRIED)


STORIES: dict[str, Story] = {
    "POST api-webhooks": lambda world: call(
        world.administrator, "/api/v1/webhooks/", _STATED, event=Event.WEBHOOK_CREATED
    ),
    "PATCH api-webhook": _api("", Event.WEBHOOK_CHANGED, method="PATCH"),
    "POST api-webhook-on": _api("on/", Event.WEBHOOK_CHANGED, made=_off),
    "POST api-webhook-off": _api("off/", Event.WEBHOOK_CHANGED),
    "POST api-webhook-secret": _api("secret/", Event.WEBHOOK_SECRET_ROTATED),
    "POST api-webhook-ping": _api("ping/", Event.WEBHOOK_PINGED),
    "POST api-webhook-retry": lambda world: a_delivery_is_sent_again(world, "/api/v1/"),
    "POST setup-webhooks": lambda world: post(
        world.administrator, "/settings/webhooks/", _STATED, event=Event.WEBHOOK_CREATED
    ),
    "POST setup-webhook": _screen("", Event.WEBHOOK_CHANGED, **_STATED | {"name": "Tills"}),
    "POST setup-webhook-on": _screen("on/", Event.WEBHOOK_CHANGED, made=_off),
    "POST setup-webhook-off": _screen("off/", Event.WEBHOOK_CHANGED),
    "POST setup-webhook-rotate": _screen("rotate/", Event.WEBHOOK_SECRET_ROTATED),
    "POST setup-webhook-ping": _screen("ping/", Event.WEBHOOK_PINGED),
    "POST setup-webhook-retry": lambda world: a_delivery_is_sent_again(world, "/settings/"),
}
