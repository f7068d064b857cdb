"""People as data subjects: an opaque id, a key of their own, and what is sealed under it."""
