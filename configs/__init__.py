"""YAML and environment into one frozen Site. Shape only: meaning is checked in pipeline."""
