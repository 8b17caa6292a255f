"""Run the dashboard and the API in the foreground.  Run: python -m infra.local.app (supervisor does).

`streamlit run asgi.py` serves the same, but it accepts connections without TCP_NODELAY, and every answer of headers
and body then waits 40 ms for the client's acknowledgement.  Uvicorn's own sockets do not.
"""

import os

import uvicorn

from ingestion.process import configure_logging
from ingestion.settings import AppSettings, load


def main() -> None:
    app = load(AppSettings)
    # the page's server checks the origin of its connections against these
    os.environ |= {"STREAMLIT_SERVER_ADDRESS": app.host, "STREAMLIT_SERVER_PORT": str(app.port)}
    configure_logging()
    uvicorn.run(
        "streamlit_app.asgi:app",
        host=app.host,
        port=app.port,
        ws="websockets-sansio",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
