"""Reading cases."""

from apps.cases.queries.cases import cases_visible_to, exhibits_of

__all__ = ["cases_visible_to", "exhibits_of"]
