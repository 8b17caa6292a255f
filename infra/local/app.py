"""Run the dashboard and the API in the foreground.  Run: python -m infra.local.app (supervisor does)."""

import os
import sys

from ingestion.settings import PROJECT, AppSettings, load


def main() -> None:
    app = load(AppSettings)
    os.chdir(PROJECT / "streamlit_app")
    options = {
        "server.address": app.host,
        "server.port": app.port,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", "asgi.py"]
    os.execv(command[0], command + [part for key, value in options.items() for part in (f"--{key}", str(value))])


if __name__ == "__main__":
    main()
