"""Incidents, cases, their exhibits and exports."""

from apps.cases.models.cases import Case, Exhibit, Incident
from apps.cases.models.files import CaseFile

__all__ = ["Case", "CaseFile", "Exhibit", "Incident"]
