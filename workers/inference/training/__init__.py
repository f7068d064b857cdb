"""Training the behaviour model: never part of an analysis, never activates anything by itself."""
