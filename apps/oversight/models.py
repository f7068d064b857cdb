"""Oversight of the system: system card, risks, notices, incidents of the system, technical file."""
