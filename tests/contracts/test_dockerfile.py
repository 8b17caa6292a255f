"""What an early stage of the image copies is enough for what it runs: a build would tell only after minutes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from ingestion.settings import PROJECT

DOCKERFILE = (PROJECT / "infra" / "docker" / "Dockerfile").read_text()


def test_the_jars_can_be_fetched_with_what_their_stage_copies(tmp_path: Path) -> None:
    stage = DOCKERFILE.partition("AS build-spark")[2].partition("\nFROM ")[0]
    copies = re.findall(r"^COPY (.+) (\S+)$", stage, re.MULTILINE)
    assert copies
    for sources, target in copies:
        for source in (path for pattern in sources.split() for path in sorted(PROJECT.glob(pattern))):
            if source.is_dir():
                shutil.copytree(source, tmp_path / target, ignore=shutil.ignore_patterns("lib", "__pycache__"))
            else:
                (tmp_path / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(source, tmp_path / target)
    probe = "import sys; sys.path.insert(0, sys.argv[1]); import infra.jars.fetch as fetch; print(fetch.__file__)"
    ran = subprocess.run(
        [sys.executable, "-c", probe, str(tmp_path)],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert ran.stderr == ""
    assert ran.stdout.startswith(str(tmp_path))
