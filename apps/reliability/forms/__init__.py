"""Forms of the pages under /reliability/: they check shape; the values of apps.triage refuse what makes no sense."""
