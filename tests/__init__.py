"""Tests: real ends against each other."""
