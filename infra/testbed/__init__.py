"""Stacks that tests and benchmarks start, drive and delete."""
