"""STOP: a person halts the machine for a camera, a site or the whole tenant; another act lets it go on.

While a STOP is in force, alerts of what it covers are accepted and kept, and not analysed: no run is started, the own
detector does not look, no face is compared. An alert that was in analysis when it was pressed is routed "verify" at most.
What already waits for a person, people may decide. Lifting starts the kept alerts in order of their arrival; each of them
goes to a person as "verify" at most, because what it shows is over.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.accounts.live import publish_live
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.sites.models import Camera, Site, Stop
from apps.sites.queries import allows, sites_visible_to
from apps.triage.states import StopState

LONGEST_REASON = 500


class UnableToStop(Exception):
    """This STOP cannot be put in force; the message says why."""


class UnableToResume(Exception):
    """This STOP cannot be lifted; the message says why."""


def may_stop(user: User, *, site: Site | None, permission: Permission) -> bool:
    """Whether the person may stop, or resume, at the site; None is the whole tenant: they work at every site."""
    if site is not None:
        return site.tenant_id == user.tenant_id and allows(user, permission, site.id)
    every = Site.objects.filter(tenant_id=user.tenant_id).count()
    return user.may(permission) and sites_visible_to(user).count() == every


def stop_machine(
    *,
    actor: Actor,
    user: User,
    reason: str,
    now: datetime,
    site: Site | None = None,
    camera: Camera | None = None,
) -> Stop:
    """Halt the machine for the camera, else the site, else the whole tenant.

    Pressing it for what is already stopped by the same STOP returns that one. Raises UnableToStop without a reason or the
    permission there.
    """
    site = camera.site if camera else site
    if not may_stop(user, site=site, permission=Permission.STOP_MACHINE):
        raise UnableToStop(gettext("You may stop the machine only where you work."))
    words = _reason(reason, UnableToStop)
    target = {"tenant_id": actor.tenant_id, "site": site, "camera": camera}
    try:
        with transaction.atomic():
            stop = Stop.objects.create(
                **target, reason=words, stopped_by=user, stopped_at=now, state=StopState.IN_FORCE
            )
            _note(actor, stop, Event.MACHINE_STOPPED, reason=words)
    except IntegrityError:
        return Stop.objects.get(**target, state=StopState.IN_FORCE)
    return stop


def resume_machine(*, actor: Actor, user: User, stop: Stop, reason: str, now: datetime) -> None:
    """Lift a STOP. Other STOPs over the same cameras stay in force.

    Raises UnableToResume without a reason or the permission there, or when somebody else has lifted it.
    """
    if not may_stop(user, site=stop.site, permission=Permission.RESUME_MACHINE):
        raise UnableToResume(gettext("You may let the machine go on only where you work."))
    words = _reason(reason, UnableToResume)
    with transaction.atomic():
        lifted = Stop.objects.filter(id=stop.id, state=StopState.IN_FORCE).update(
            state=StopState.LIFTED, lift_reason=words, lifted_by=user, lifted_at=now
        )
        if lifted != 1:
            raise UnableToResume(gettext("Somebody else has lifted this STOP already."))
        _note(actor, stop, Event.MACHINE_RESUMED, reason=words)


def _reason(reason: str, refusal: type[Exception]) -> str:
    words = " ".join(reason.split())
    if not words:
        raise refusal("Say why, in a few words.")
    if len(words) > LONGEST_REASON:
        raise refusal(f"Say why in at most {LONGEST_REASON} characters.")
    return words


def _note(actor: Actor, stop: Stop, event: Event, *, reason: str) -> None:
    covered = {
        "scope": stop.scope,
        "site": str(stop.site_id or ""),
        "camera": str(stop.camera_id or ""),
    }
    record(
        actor=actor,
        event=event,
        subject=Subject("stop", stop.id),
        after=covered,
        reason=reason,
        details=covered,
    )
    publish_live(tenant_id=stop.tenant_id, topic="stop", subject_id=stop.id)
