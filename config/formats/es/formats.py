"""Figures in Spanish keep the decimal point, as the records, the signed documents and the form fields do."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = " "
