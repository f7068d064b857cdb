"""Writing watchlists: each module one act, each act one transaction with its audit event."""
