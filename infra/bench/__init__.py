"""The measurements behind docs/performance.md.  Run: sales bench (make bench)

Every case measures on a stack or a lake of its own, in a folder that is deleted at its end.  A case returns figures;
how they are shown is the command's business (infra/cli/bench_commands.py).
"""
