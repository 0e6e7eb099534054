"""The commands, one subject a file. Each loads what it needs when it is called."""
