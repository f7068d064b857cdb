"""The case file: everything of a case as one BagIt archive that can be checked without Second Look."""
