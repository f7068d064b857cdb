"""The reliability atlas: segments of the active refresh, and the labelled alerts behind each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import EVERY_SITE, Role
from apps.reliability.atlas_filters import AtlasFilters, AtlasLevel, AtlasSort
from apps.reliability.models import AlertFact, ReliabilityRefresh, SegmentFinding
from apps.reliability.queries.learning import LEARNED_DAYS, THEFT, learned_facts
from apps.sites.models import Camera, Site
from apps.sites.queries import sites_visible_to
from apps.triage.segments import ReliabilityState

CONDITIONS = ("zone_kind", "lighting", "daypart", "weekday", "crowding")
DIMENSIONS = ("site_id", "camera_id", *CONDITIONS, "detector_version")
CONDITION_WORDS = {
    ("lighting", "day"): gettext_noop("daylight"),
    ("lighting", "bright"): gettext_noop("bright light"),
    ("lighting", "dim"): gettext_noop("dim light"),
    ("lighting", "low"): gettext_noop("low light"),
    ("crowding", "empty"): gettext_noop("nobody else"),
    ("crowding", "sparse"): gettext_noop("few people"),
    ("weekday", "mon"): gettext_noop("Mondays"),
    ("weekday", "tue"): gettext_noop("Tuesdays"),
    ("weekday", "wed"): gettext_noop("Wednesdays"),
    ("weekday", "thu"): gettext_noop("Thursdays"),
    ("weekday", "fri"): gettext_noop("Fridays"),
    ("weekday", "sat"): gettext_noop("Saturdays"),
    ("weekday", "sun"): gettext_noop("Sundays"),
}
_AS_STORED = (
    gettext_noop("dark"),
    gettext_noop("busy"),
    gettext_noop("crowded"),
    gettext_noop("morning"),
    gettext_noop("afternoon"),
    gettext_noop("evening"),
    gettext_noop("night"),
    gettext_noop("entrance"),
    gettext_noop("exit"),
    gettext_noop("aisle"),
    gettext_noop("shelf"),
    gettext_noop("high value"),
    gettext_noop("self checkout"),
    gettext_noop("kiosk"),
    gettext_noop("queue"),
    gettext_noop("goods in"),
    gettext_noop("staff only"),
)
_FIELD_WORDS = {
    "zone_kind": (gettext_noop("Zone kind"), gettext_noop("Any zone kind")),
    "lighting": (gettext_noop("Lighting"), gettext_noop("Any lighting")),
    "daypart": (gettext_noop("Daypart"), gettext_noop("Any daypart")),
    "weekday": (gettext_noop("Weekday"), gettext_noop("Any weekday")),
    "crowding": (gettext_noop("Crowding"), gettext_noop("Any crowding")),
}
WORST_FIRST = (
    ReliabilityState.RED,
    ReliabilityState.AMBER,
    ReliabilityState.UNKNOWN,
    ReliabilityState.GREEN,
)
_NO_CONDITION = dict.fromkeys((*CONDITIONS, "detector_version"), "")
LEVELS = {
    AtlasLevel.SITE: Q(site_id__isnull=False, camera_id__isnull=True, **_NO_CONDITION),
    AtlasLevel.CAMERA: Q(camera_id__isnull=False, **_NO_CONDITION),
    AtlasLevel.SEGMENT: Q(camera_id__isnull=False) & ~Q(**_NO_CONDITION),
}
ORDERS = {
    AtlasSort.WORST: [F("is_found").desc(), F("low").desc(nulls_last=True)],
    AtlasSort.RATE: [F("false_positive_rate").desc(nulls_last=True)],
    AtlasSort.LABELS: [F("label_count").desc()],
    AtlasSort.NEEDED: [F("labels_needed").desc(nulls_last=True)],
    AtlasSort.ALERTS: [F("alert_count").desc()],
    AtlasSort.DISCOVERY: [F("q_value").asc(nulls_last=True)],
}


@dataclass(frozen=True, kw_only=True)
class Places:
    """Names of the sites and cameras a person may see."""

    sites: Mapping[UUID, str]
    cameras: Mapping[UUID, str]
    sees_all: bool


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One value of a filter."""

    value: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class FilterField:
    """One filter with the values that occur among the segments the person may see."""

    name: str
    words: str
    any_words: str
    choices: tuple[Choice, ...]


def active_refresh(tenant_id: UUID) -> ReliabilityRefresh | None:
    """The fit that new alerts are looked up in; None until there were labels enough to make one."""
    refreshes = ReliabilityRefresh.objects.filter(tenant_id=tenant_id, is_active=True)
    return refreshes.defer("parameters").select_related("tenant").first()  # they are large


def places_of(user: User) -> Places:
    """What the person may see, by name. A role without grants, or a grant on every site, sees all."""
    sites = dict(sites_visible_to(user).values_list("id", "name"))
    cameras = dict(Camera.objects.filter(site_id__in=sites).values_list("id", "name"))
    every = Role(user.role) in EVERY_SITE
    all_sites = every or Site.objects.filter(tenant_id=user.tenant_id).count() == len(sites)
    return Places(sites=sites, cameras=cameras, sees_all=all_sites)


def segments_visible_to(
    user: User, *, refresh: ReliabilityRefresh, places: Places
) -> QuerySet[SegmentFinding]:
    """Segments of the person's sites; those across sites only for who sees every site."""
    found = SegmentFinding.objects.filter(tenant_id=user.tenant_id, refresh=refresh)
    mine = Q(site_id__in=list(places.sites))
    return found.filter(mine | Q(site_id__isnull=True)) if places.sees_all else found.filter(mine)


def narrowed(segments: QuerySet[SegmentFinding], filters: AtlasFilters) -> QuerySet[SegmentFinding]:
    """The segments the filters leave."""
    wanted = {
        "site_id": filters.site,
        "camera_id": filters.camera,
        "detector_version": filters.detector,
        "state": filters.state,
        "is_found": filters.found,
        **{name: getattr(filters, name) for name in CONDITIONS},
    }
    level = LEVELS[AtlasLevel(filters.level)] if filters.level else Q()
    return segments.filter(level, **{name: value for name, value in wanted.items() if value})


def ordered(segments: QuerySet[SegmentFinding], sort: AtlasSort) -> QuerySet[SegmentFinding]:
    """The segments in the order asked for; of equal ones the worst first."""
    rank = Case(
        *[When(state=state, then=Value(place)) for place, state in enumerate(WORST_FIRST)],
        default=Value(len(WORST_FIRST)),
        output_field=IntegerField(),
    )
    order = [F("rank").asc(), *ORDERS[sort]] if sort is AtlasSort.WORST else ORDERS[sort]
    return segments.annotate(rank=rank).order_by(*order, F("low").desc(nulls_last=True), "id")


def filter_fields(
    segments: QuerySet[SegmentFinding], filters: AtlasFilters, places: Places
) -> list[FilterField]:
    """The filters with the values that occur; a filter without a choice is left out."""
    rows = list(segments.order_by().values_list(*DIMENSIONS).distinct())
    columns = dict(zip(DIMENSIONS, zip(*rows, strict=True), strict=True)) if rows else {}
    pairs = {row[:2] for row in rows if filters.site in (None, row[0])}
    several = len({site for site, _ in pairs if site}) > 1
    cameras = {
        str(id_): f"{places.sites.get(site, '')}, {places.cameras[id_]}"
        if several
        else places.cameras[id_]
        for site, id_ in pairs
        if id_ in places.cameras
    }
    fields = [
        _field(
            "camera", gettext("Camera"), gettext("Any camera"), cameras, str(filters.camera or "")
        )
    ]
    for name in CONDITIONS:
        words = {value: condition_value(name, value) for value in columns.get(name, ()) if value}
        title, any_words = (gettext(one) for one in _FIELD_WORDS[name])
        fields.append(_field(name, title, any_words, words, getattr(filters, name)))
    versions = {value: value for value in columns.get("detector_version", ()) if value}
    fields.append(
        _field("detector", gettext("Detector"), gettext("Any detector"), versions, filters.detector)
    )
    return [field for field in fields if field.choices]


def network_rate(refresh: ReliabilityRefresh) -> float | None:
    """The false-positive rate of the whole network: the segment in which everything is any."""
    whole = SegmentFinding.objects.filter(
        refresh=refresh,
        site_id__isnull=True,
        camera_id__isnull=True,
        detector_version="",
        **dict.fromkeys(CONDITIONS, ""),
    ).first()
    if whole is not None:
        return whole.false_positive_rate
    stated = refresh.report.get("network_rate")
    return float(stated) if isinstance(stated, int | float) else None


def where_words(segment: SegmentFinding, places: Places) -> str:
    """The place of a segment in words: "Gran Vía, Aisle 3", "Every site"."""
    if segment.camera_id:
        unnamed = gettext("camera %(id)s") % {"id": str(segment.camera_id)[:8]}
        camera = places.cameras.get(segment.camera_id, unnamed)
        site = places.sites.get(segment.site_id) if segment.site_id else None
        return f"{site}, {camera}" if site else camera
    if segment.site_id:
        unnamed = gettext("site %(id)s") % {"id": str(segment.site_id)[:8]}
        return places.sites.get(segment.site_id, unnamed)
    return gettext("Every site")


def condition_value(name: str, value: str) -> str:
    """A condition in words that stand alone: "dim" lighting as "dim light", "sat" as "Saturdays"."""
    words = CONDITION_WORDS.get((name, value))
    return gettext(words) if words else readable(value)


def condition_words(segment: SegmentFinding) -> list[str]:
    """The conditions of a segment in words, the detector last; empty where any condition counts."""
    named = [(name, getattr(segment, name)) for name in CONDITIONS]
    words = [condition_value(name, value) for name, value in named if value]
    return [*words, segment.detector_version] if segment.detector_version else words


def readable(value: str) -> str:
    """A stored word as it is shown: "high_value" as "high value"; one that nobody knows as it was sent."""
    return gettext(value.replace("_", " ")) if value else ""


def segment_address(segment: SegmentFinding) -> dict[str, str]:
    """The dimensions of a segment as an address says them: the same segment after every refresh."""
    names = {"site_id": "site", "camera_id": "camera", "detector_version": "detector"}
    return {
        names.get(name, name): str(value)
        for name in DIMENSIONS
        if (value := getattr(segment, name))
    }


def segment_named(
    segments: QuerySet[SegmentFinding], filters: AtlasFilters
) -> SegmentFinding | None:
    """The segment with exactly these dimensions; what is not named means any."""
    return segments.filter(
        site_id=filters.site,
        camera_id=filters.camera,
        detector_version=filters.detector,
        **{name: getattr(filters, name) for name in CONDITIONS},
    ).first()


def segment_of_alert(
    segments: QuerySet[SegmentFinding], *, fact: AlertFact
) -> SegmentFinding | None:
    """The narrowest segment of the refresh that the alert belongs to."""
    belongs = Q(site_id__isnull=True) | Q(site_id=fact.site_id)
    belongs &= Q(camera_id__isnull=True) | Q(camera_id=fact.camera_id)
    version = f"{fact.detector_id}@{fact.detector_version}"
    belongs &= Q(detector_version__in=["", version])
    for name in CONDITIONS:
        belongs &= Q(**{f"{name}__in": ["", getattr(fact, name)]})
    return max(segments.filter(belongs), key=_narrowness, default=None)


def labelled_facts(
    segment: SegmentFinding, *, refresh: ReliabilityRefresh, places: Places
) -> QuerySet[AlertFact]:
    """The judged alerts behind a segment's number, of the sites the person sees, newest first."""
    facts = learned_facts(
        refresh.tenant_id,
        until=refresh.labels_until,
        days=LEARNED_DAYS,
        rehearsal=refresh.tenant.is_drill,
    ).filter(labelled_at__lte=refresh.labels_until, verdict__in=THEFT)
    for name in ("site_id", "camera_id", *CONDITIONS):
        if value := getattr(segment, name):
            facts = facts.filter(**{name: value})
    if segment.detector_version:
        detector, _, version = segment.detector_version.rpartition("@")
        facts = facts.filter(detector_id=detector, detector_version=version)
    if not places.sees_all:
        facts = facts.filter(site_id__in=list(places.sites))
    return facts.order_by("-happened_at", "-id")


def _field(
    name: str, words: str, any_words: str, values: Mapping[str, str], chosen: str
) -> FilterField:
    rows: Iterable[tuple[str, str]] = sorted(values.items(), key=lambda one: one[1])
    return FilterField(
        name=name,
        words=words,
        any_words=any_words,
        choices=tuple(
            Choice(value=value, words=text, is_chosen=value == chosen) for value, text in rows
        ),
    )


def _narrowness(segment: SegmentFinding) -> tuple[int, int]:
    named = sum(bool(getattr(segment, name)) for name in DIMENSIONS)
    return named, -int(segment.pk)
