"""Scenes and pictures into models with a manifest. Knows nothing of a running site."""
