"""A build seen from outside: its status, metrics, logs and lineage while it runs.

`watch.Watch` is told what happens; observers, each in a module of its own, pass it on.
"""
