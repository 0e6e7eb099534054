"""The systems under test, each a program of its own, in an environment of its own.

Called with the cameras' port, the ledger, the number of cameras, the model file and a folder for
what the system writes; prints what benchmarks.cameras.looks says.
"""
