"""Looking is an act: a picture, an entry, a lead or a person's history is shown with its audit event."""

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.sites.models import Site
from apps.watchlists.models import EntryImage, SightingLead, WatchlistEntry


def record_entry_viewed(*, actor: Actor, entry: WatchlistEntry) -> None:
    record(actor=actor, event=Event.ENTRY_VIEWED, subject=Subject("watchlist_entry", entry.id))


def record_image_viewed(*, actor: Actor, image: EntryImage) -> None:
    record(
        actor=actor,
        event=Event.ENTRY_IMAGE_VIEWED,
        subject=Subject("watchlist_entry", image.entry_id),
        details={"of": str(image.id)},
    )


def record_lead_viewed(*, actor: Actor, lead: SightingLead) -> None:
    record(
        actor=actor,
        event=Event.LEAD_VIEWED,
        subject=Subject("sighting_lead", lead.id),
        details={"entry": str(lead.entry_id)},
    )


def record_history_viewed(*, actor: Actor, entry: WatchlistEntry, shown: int) -> None:
    record(
        actor=actor,
        event=Event.PERSON_HISTORY_VIEWED,
        subject=Subject("watchlist_entry", entry.id),
        details={"sightings": shown},
    )


def record_site_sightings_viewed(*, actor: Actor, site: Site, shown: int) -> None:
    record(
        actor=actor,
        event=Event.PERSON_HISTORY_VIEWED,
        subject=Subject("site", site.id),
        details={"sightings": shown},
    )
