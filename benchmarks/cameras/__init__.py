"""How many cameras a machine holds: `python -m benchmarks.cameras`."""
