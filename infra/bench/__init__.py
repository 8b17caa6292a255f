"""The measurements behind docs/performance.md.  Run: sales bench (make bench)

Every case measures a separate stack or lake, in a folder that is deleted at the end, or needs none (`forecasts`).  A
case returns figures; infra/cli/bench_commands.py decides how they are shown.
"""
