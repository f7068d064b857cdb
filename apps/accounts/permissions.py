"""What a signed-in person may do: one enum, one table from role to permissions.

A role says *what*; a grant on a site (django-guardian, `sites.work_site`) says *where*. Roles in `EVERY_SITE` need no
grant: their work is not bound to a store.
"""

from enum import StrEnum


class Role(StrEnum):
    OPERATOR = "operator"
    STORE_MANAGER = "store_manager"
    LP_LEAD = "lp_lead"
    COMPLIANCE = "compliance"
    ADMINISTRATOR = "administrator"
    OPS = "ops"


class Permission(StrEnum):
    """Every permission there is. `at a site` ones are checked against the person's grants as well."""

    VIEW_ALERTS = "alerts:view"  # at a site: queue, alert page, still
    VIEW_CLIPS = "clips:view"  # at a site: play the footage
    RAISE_ALERTS = "alerts:raise"  # at a site: upload form
    DECIDE = "alerts:decide"  # at a site: prepare and submit a disposition
    RECORD_INTERVENTIONS = "interventions:record"  # at a site: outcome on the floor, complaints
    ASSIGN_TASKS = "tasks:assign"  # at a site: give a human task to somebody else
    VIEW_CASES = "cases:view"  # at a site
    EDIT_CASES = "cases:edit"  # at a site
    APPROVE_CASES = "cases:approve"  # at a site: never by the person who confirmed
    EXPORT_CASES = "cases:export"  # at a site: ask for a case file
    RELEASE_CASE_FILES = "cases:release"  # hand it over: fresh authentication
    VIEW_EVIDENCE = "evidence:view"  # at a site: exhibits, dossiers
    VIEW_AUDIT = "audit:view"  # audit trail of the tenant
    REVEAL_FACES = "clips:reveal"  # at a site: see the footage unblurred, with a reason
    VIEW_WATCHLIST = "watchlist:view"  # entries, leads and sightings
    PROPOSE_WATCHLIST = "watchlist:propose"  # with an incident and its necessity
    APPROVE_WATCHLIST = "watchlist:approve"  # never by the person who proposed
    CONFIRM_SIGHTING = "sightings:confirm"  # at a site: one of the two people a match needs
    VIEW_PERSON_HISTORY = "sightings:history"  # a person's sightings across sites
    MANAGE_LEGAL_GATE = "watchlist:gate"  # lawful basis, DPIA and sign-off that switch faces on
    CORRECT_DECISIONS = "alerts:correct"  # at a site: never by a person who made the decision
    STOP_MACHINE = "machine:stop"  # at a site: halt triage of a camera, a site, or all
    RESUME_MACHINE = "machine:resume"  # at a site: let it go on, with a reason
    DRAFT_REPORTS = "reports:draft"  # at a site: police reports and statements
    SIGN_REPORTS = "reports:sign"  # at a site: only one's own statement
    HOLD_EVIDENCE = "evidence:hold"  # at a site: legal hold
    MANAGE_RETENTION = "evidence:retention"  # periods by category, dry runs
    HANDLE_SUBJECT_REQUESTS = "subject_requests:handle"
    APPROVE_DISCLOSURE = "subject_requests:approve"  # never by the person who prepared it
    ERASE_PEOPLE = "subject_requests:erase"  # never by the person who asked for it
    VIEW_OVERSIGHT = "oversight:view"  # system card, risks, notices
    MANAGE_OVERSIGHT = "oversight:manage"  # risk register, notices, incidents of the system
    REPORT_SYSTEM_INCIDENT = "oversight:report"
    MANAGE_TRAINING_RECORDS = "training_records:manage"  # who was trained for which release
    EXPORT_RECORDS = "records:export"  # records of a period, technical file
    MANAGE_SITES = "sites:manage"
    MANAGE_POLICY = "policy:manage"  # draft versions, try them on the past
    ACTIVATE_POLICY = "policy:activate"  # make a version the one new alerts are judged by
    VIEW_RELIABILITY = "reliability:view"  # at a site: atlas, segments and their alerts
    EXPORT_TRAINING = "training:export"  # at a site: what a detector learns from
    VIEW_FAIRNESS = "fairness:view"  # rates by group from the separate audit sample
    MANAGE_FAIRNESS = "fairness:manage"  # import audit samples, close alarms
    MANAGE_ZONES = "zones:manage"  # at a site: zones on its cameras, operator minutes
    MANAGE_SOURCES = "sources:manage"
    MANAGE_USERS = "users:manage"
    MANAGE_WEBHOOKS = "webhooks:manage"  # where events are sent, and how that went
    USE_ADMIN = "admin:use"
    OPERATE = "system:operate"  # Temporal UI, system state


_HANDLES_ALERTS = {
    Permission.VIEW_ALERTS,
    Permission.VIEW_CLIPS,
    Permission.RAISE_ALERTS,
    Permission.DECIDE,
    Permission.RECORD_INTERVENTIONS,
    Permission.VIEW_CASES,
    Permission.VIEW_EVIDENCE,
    Permission.STOP_MACHINE,
    Permission.VIEW_OVERSIGHT,
    Permission.REPORT_SYSTEM_INCIDENT,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OPERATOR: frozenset(
        _HANDLES_ALERTS
        | {
            Permission.EDIT_CASES,
            Permission.REVEAL_FACES,
            Permission.CONFIRM_SIGHTING,
            Permission.DRAFT_REPORTS,
            Permission.SIGN_REPORTS,
        }
    ),
    Role.STORE_MANAGER: frozenset(
        {
            Permission.VIEW_ALERTS,
            Permission.VIEW_CASES,
            Permission.RAISE_ALERTS,
            Permission.RECORD_INTERVENTIONS,
            Permission.VIEW_RELIABILITY,
            Permission.MANAGE_ZONES,
            Permission.STOP_MACHINE,
            Permission.VIEW_OVERSIGHT,
            Permission.REPORT_SYSTEM_INCIDENT,
        }
    ),
    Role.LP_LEAD: frozenset(
        _HANDLES_ALERTS
        | {
            Permission.EDIT_CASES,
            Permission.EXPORT_CASES,
            Permission.ASSIGN_TASKS,
            Permission.REVEAL_FACES,
            Permission.VIEW_WATCHLIST,
            Permission.PROPOSE_WATCHLIST,
            Permission.CONFIRM_SIGHTING,
            Permission.VIEW_PERSON_HISTORY,
            Permission.MANAGE_POLICY,
            Permission.VIEW_RELIABILITY,
            Permission.VIEW_FAIRNESS,
            Permission.EXPORT_TRAINING,
            Permission.CORRECT_DECISIONS,
            Permission.RESUME_MACHINE,
            Permission.DRAFT_REPORTS,
            Permission.SIGN_REPORTS,
            Permission.HOLD_EVIDENCE,
        }
    ),
    Role.COMPLIANCE: frozenset(
        {
            Permission.VIEW_ALERTS,
            Permission.VIEW_CASES,
            Permission.VIEW_EVIDENCE,
            Permission.VIEW_AUDIT,
            Permission.RECORD_INTERVENTIONS,
            Permission.EXPORT_CASES,
            Permission.VIEW_WATCHLIST,
            Permission.APPROVE_WATCHLIST,
            Permission.VIEW_PERSON_HISTORY,
            Permission.MANAGE_LEGAL_GATE,
            Permission.VIEW_RELIABILITY,
            Permission.VIEW_FAIRNESS,
            Permission.MANAGE_FAIRNESS,
            Permission.CORRECT_DECISIONS,
            Permission.STOP_MACHINE,
            Permission.HOLD_EVIDENCE,
            Permission.MANAGE_RETENTION,
            Permission.HANDLE_SUBJECT_REQUESTS,
            Permission.APPROVE_DISCLOSURE,
            Permission.ERASE_PEOPLE,
            Permission.VIEW_OVERSIGHT,
            Permission.MANAGE_OVERSIGHT,
            Permission.REPORT_SYSTEM_INCIDENT,
            Permission.MANAGE_TRAINING_RECORDS,
            Permission.EXPORT_RECORDS,
        }
    ),
    Role.ADMINISTRATOR: frozenset(set(Permission) - {Permission.DECIDE, Permission.SIGN_REPORTS}),
    Role.OPS: frozenset({Permission.OPERATE, Permission.USE_ADMIN}),
}

EVERY_SITE: frozenset[Role] = frozenset({Role.COMPLIANCE, Role.ADMINISTRATOR})
"""Roles that see every site of their tenant without a grant."""

TENANT_WIDE: frozenset[Permission] = frozenset(
    {
        Permission.VIEW_AUDIT,
        Permission.VIEW_WATCHLIST,
        Permission.PROPOSE_WATCHLIST,
        Permission.APPROVE_WATCHLIST,
        Permission.VIEW_PERSON_HISTORY,
        Permission.MANAGE_LEGAL_GATE,
        Permission.MANAGE_RETENTION,
        Permission.HANDLE_SUBJECT_REQUESTS,
        Permission.APPROVE_DISCLOSURE,
        Permission.ERASE_PEOPLE,
        Permission.VIEW_OVERSIGHT,
        Permission.MANAGE_OVERSIGHT,
        Permission.REPORT_SYSTEM_INCIDENT,
        Permission.MANAGE_TRAINING_RECORDS,
        Permission.EXPORT_RECORDS,
        Permission.MANAGE_SITES,
        Permission.MANAGE_POLICY,
        Permission.ACTIVATE_POLICY,
        Permission.VIEW_FAIRNESS,
        Permission.MANAGE_FAIRNESS,
        Permission.MANAGE_SOURCES,
        Permission.MANAGE_USERS,
        Permission.MANAGE_WEBHOOKS,
        Permission.USE_ADMIN,
        Permission.OPERATE,
    }
)
"""Permissions that are not about one site."""

NEEDS_TRAINING: frozenset[Permission] = frozenset({Permission.DECIDE, Permission.CONFIRM_SIGHTING})
"""What nobody does without a training record for the release in use, whatever their role."""
