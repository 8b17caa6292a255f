"""The full stack's settings and secrets: .env, made from .env.example.  Standard library only."""

import base64
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENV, TEMPLATE = ROOT / ".env", ROOT / ".env.example"
PORT = re.compile(r"^[A-Z_]*PORT(_\d)?$")
SECRETS: dict[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(24),
    "REDIS_PASSWORD": lambda: secrets.token_urlsafe(24),
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(12),
    "AIRFLOW_FERNET_KEY": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "AIRFLOW_SECRET_KEY": lambda: secrets.token_urlsafe(32),
    "AIRFLOW_JWT_SECRET": lambda: secrets.token_urlsafe(64),
    "AIRFLOW_METRICS_TOKEN": lambda: secrets.token_urlsafe(32),
    "GRAFANA_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(12),
}


def write_env(env: Path = ENV, template: Path = TEMPLATE) -> list[str]:
    """Make .env where it is missing, and every secret that it lacks; the names of the secrets that were made."""
    text = (env if env.exists() else template).read_text().rstrip("\n") + "\n"
    made = []
    for name, make in SECRETS.items():
        if not re.search(rf"^{name}=.", text, re.MULTILINE):
            made.append(name)
            line = f"{name}={make()}"
            text, found = re.subn(rf"^{name}=$", line, text, flags=re.MULTILINE)
            text += "" if found else f"{line}\n"
    if made or not env.exists():
        scratch = env.with_name(".env.new")
        scratch.touch(mode=0o600)
        scratch.write_text(text)
        scratch.replace(env)
    return made


def read_env(env: Path = ENV, template: Path = TEMPLATE) -> dict[str, str]:
    """The settings: the template's, over them .env's, over them the environment's, as Compose takes them."""
    found: dict[str, str] = {}
    for file in (template, env):
        for line in file.read_text().splitlines():
            name, equals, value = line.partition("=")
            if equals and not name.startswith("#"):
                found[name.strip()] = value.strip().strip('"')
    return {name: os.environ.get(name, value) for name, value in found.items()}


def monitored(settings: dict[str, str]) -> bool:
    return "monitoring" in settings["COMPOSE_PROFILES"].split(",")
