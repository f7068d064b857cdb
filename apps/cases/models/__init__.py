"""Incidents, cases, their exhibits and exports, what they are connected with, and the work in them."""

from apps.cases.models.cases import Case, Exhibit, Incident
from apps.cases.models.files import CaseFile
from apps.cases.models.links import (
    ActKind,
    AlertLink,
    CaseAct,
    CaseLink,
    CasePerson,
    CaseRelation,
    Connection,
    PersonRole,
)
from apps.cases.models.work import CaseTask, Note, NoteVersion, TaskKind

__all__ = [
    "ActKind",
    "AlertLink",
    "Case",
    "CaseAct",
    "CaseFile",
    "CaseLink",
    "CasePerson",
    "CaseRelation",
    "CaseTask",
    "Connection",
    "Exhibit",
    "Incident",
    "Note",
    "NoteVersion",
    "PersonRole",
    "TaskKind",
]
