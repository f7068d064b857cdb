"""The versions of a tenant's choices: which kinds there are, their history, and what each one says."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from apps.reliability.models import CostModelVersion, SequencePolicyVersion, TriagePolicyVersion
from apps.reliability.queries.choices import active_cost_model, standing_triage_policy
from apps.triage.cost_model import CostModel
from apps.triage.decision import TriagePolicy
from apps.triage.decoding import decode, encode
from apps.triage.sequence import SHIPPED_POLICIES, SequencePolicy

AnyVersion = CostModelVersion | TriagePolicyVersion | SequencePolicyVersion
AnyChoice = CostModel | TriagePolicy | SequencePolicy


class VersionKind(StrEnum):
    """What is versioned. The word is used in addresses and in the API."""

    COST_MODEL = "cost-model"
    TRIAGE_POLICY = "triage-policy"
    SEQUENCE_POLICY = "sequence-policy"

    @property
    def words(self) -> str:
        """The name as it stands in the middle of a sentence, marked for the reader's language."""
        return KIND_WORDS[self]

    @property
    def subject(self) -> str:
        """How the audit chain names it."""
        return self.value.replace("-", "_")


KIND_WORDS: Mapping[VersionKind, str] = MappingProxyType(
    {
        VersionKind.COST_MODEL: gettext_noop("cost model"),
        VersionKind.TRIAGE_POLICY: gettext_noop("triage policy"),
        VersionKind.SEQUENCE_POLICY: gettext_noop("sequence policy"),
    }
)
MODELS: Mapping[VersionKind, type[AnyVersion]] = MappingProxyType(
    {
        VersionKind.COST_MODEL: CostModelVersion,
        VersionKind.TRIAGE_POLICY: TriagePolicyVersion,
        VersionKind.SEQUENCE_POLICY: SequencePolicyVersion,
    }
)
VALUES: Mapping[VersionKind, type[AnyChoice]] = MappingProxyType(
    {
        VersionKind.COST_MODEL: CostModel,
        VersionKind.TRIAGE_POLICY: TriagePolicy,
        VersionKind.SEQUENCE_POLICY: SequencePolicy,
    }
)


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field that differs, by its path, such as `verify.minutes`."""

    name: str
    before: Any
    after: Any


def kind_of(thing: AnyVersion | AnyChoice) -> VersionKind:
    """The kind of a stored version or of its value."""
    return next(k for k in VersionKind if isinstance(thing, (MODELS[k], VALUES[k])))


def versions_of(kind: VersionKind, *, tenant_id: UUID) -> QuerySet[Any]:
    """Every version of a kind: active ones and drafts, newest first (sequence policies by label)."""
    return MODELS[kind]._default_manager.filter(tenant_id=tenant_id)


def value_of(version: AnyVersion) -> AnyChoice:
    """What a version says. Raises `apps.triage.decoding.UnableToDecode` if this code cannot read it."""
    return decode(VALUES[kind_of(version)], version.parameters)


def same_line(version: AnyVersion) -> QuerySet[Any]:
    """The versions of which at most one is active: of a sequence policy, those of its detector and label."""
    found = versions_of(kind_of(version), tenant_id=version.tenant_id)
    if isinstance(version, SequencePolicyVersion):
        return found.filter(detector_id=version.detector_id, label=version.label)
    return found


def active_instead_of(version: AnyVersion) -> AnyVersion | None:
    """The version that stands now where `version` would stand; None while the shipped one does."""
    found: AnyVersion | None = same_line(version).filter(is_active=True).first()
    return found


def standing_value(version: AnyVersion) -> AnyChoice | None:
    """What stands where `version` would: the active version, the shipped one, or nothing for a new label."""
    if isinstance(version, CostModelVersion):
        return active_cost_model(version.tenant_id)[1]
    if isinstance(version, TriagePolicyVersion):
        return standing_triage_policy(version.tenant_id)[1]
    active = active_instead_of(version)
    if active is not None:
        return value_of(active)
    return SHIPPED_POLICIES.get((version.detector_id, version.label))


def changes_between(before: AnyChoice | None, after: AnyChoice) -> tuple[FieldChange, ...]:
    """The fields that differ, in the order of the dataclass; `version` left out."""
    old = dict(_flat(encode(before))) if before is not None else {}
    new = dict(_flat(encode(after)))
    names = list(dict.fromkeys([*_order(after), *new, *old]))
    return tuple(
        FieldChange(name=name, before=old.get(name), after=new.get(name))
        for name in names
        if name != "version" and (name in old or name in new) and old.get(name) != new.get(name)
    )


def _flat(raw: Mapping[str, Any], at: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, item in raw.items():
        if isinstance(item, Mapping):
            found.extend(_flat(item, f"{at}{name}."))
        else:
            found.append((f"{at}{name}", item))
    return found


def _order(value: Any, at: str = "") -> list[str]:
    found: list[str] = []
    for one in fields(value):
        item = getattr(value, one.name)
        if is_dataclass(item):
            found.extend(_order(item, f"{at}{one.name}."))
        else:
            found.append(f"{at}{one.name}")
    return found
