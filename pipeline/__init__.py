"""A Site, running: ingest, batches, rules, evidence, delivery. Knows nothing of HTTP or arguments."""
