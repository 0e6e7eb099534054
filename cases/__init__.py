"""Violations into evidence on disk and delivered cases. Knows nothing of how they were found."""
