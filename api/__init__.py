"""What runs, over HTTP, metrics and the command line. Parsing only: how it runs is pipeline's."""
