"""Run the dashboard with the API in the foreground, or the API alone.  Run: python -m streamlit_app.serve [api]

`streamlit run asgi.py` serves the same, but accepts connections without TCP_NODELAY, so every answer with headers and
body waits 40 ms for the client's acknowledgement.  Uvicorn's own sockets do not have this delay.
"""

import os
import sys

import uvicorn

from ingestion.processes.logs import configure_logging
from ingestion.settings import AppSettings, load


def main() -> None:
    app = load(AppSettings)
    api_alone = sys.argv[1:] == ["api"]
    # the page's server checks the origin of its connections against these
    os.environ |= {"STREAMLIT_SERVER_ADDRESS": app.host, "STREAMLIT_SERVER_PORT": str(app.port)}
    configure_logging()
    uvicorn.run(
        "streamlit_app.api.application:create_replica" if api_alone else "streamlit_app.asgi:app",
        factory=api_alone,
        host=app.host,
        port=app.port,
        ws="websockets-sansio",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
