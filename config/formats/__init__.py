"""How figures are written, by language."""
