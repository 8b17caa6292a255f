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
    """Create .env, or add what it lacks; return the names of the secrets that were generated."""
    before = env.read_text() if env.exists() else ""
    text = (before or template.read_text()).rstrip("\n") + "\n"
    made = [name for name in SECRETS if not _settings(text).get(name)]
    for name in made:
        line = f"{name}={SECRETS[name]()}"
        text, found = re.subn(rf"^{name}=.*$", line, text, flags=re.MULTILINE)
        text += "" if found else f"{line}\n"
    # Compose does not read the template, so settings that a newer version adds must be copied into .env
    for line in template.read_text().splitlines():
        if _settings(line).keys() - _settings(text):
            text += f"{line}\n"
    if text != before:
        scratch = env.with_name(".env.new")
        scratch.touch(mode=0o600)
        scratch.write_text(text)
        scratch.replace(env)
    return made


def read_env(env: Path = ENV, template: Path = TEMPLATE) -> dict[str, str]:
    """The settings, with Compose's precedence: the environment first, then .env, then the template."""
    found: dict[str, str] = {}
    for file in (template, env):
        found |= _settings(file.read_text())
    return {name: os.environ.get(name, value) for name, value in found.items()}


def _settings(text: str) -> dict[str, str]:
    """Values by name, parsed as Compose does: in quotes, or up to a comment."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name.strip(): _value(value.strip()) for name, equals, value in pairs if equals}


def _value(text: str) -> str:
    quoted = re.match(r"""(["'])(.*?)\1""", text)
    return quoted[2] if quoted else re.sub(r"(^|\s)#.*", "", text).strip()


def monitored(settings: dict[str, str]) -> bool:
    return "monitoring" in settings.get("COMPOSE_PROFILES", "").split(",")
