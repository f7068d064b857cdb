"""The business acts of a data subject's request, from its receipt to its end."""
