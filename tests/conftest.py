"""What all tests share: settings of the test tools, and folders of a test's own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from ingestion.addresses import without_proxy
from ingestion.settings import load

# the same examples every time, and no verdict by the clock: a red test is a fault, not luck
settings.register_profile("here", derandomize=True, deadline=None)
settings.load_profile("here")

# what tests start and ask is on this machine
direct = without_proxy(os.environ)
os.environ.clear()
os.environ.update(direct)


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Settings that are read anew, with `lake` and `var` in this folder."""
    monkeypatch.setenv("LAKE_DIR", str(tmp_path / "lake"))
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    load.cache_clear()
    yield tmp_path
    load.cache_clear()
