"""What a message tells its reader to type fits the stack that runs."""

import pytest

from ingestion import hints


@pytest.mark.parametrize(
    ("env_file", "start", "logs"),
    [
        (None, "sales start", "sales logs kafka"),
        ("/data/sales.env", "sales start", "sales logs kafka"),
        ("", "make up", "docker compose logs broker1 broker2 broker3"),
    ],
)
def test_a_hint_is_a_command_of_this_stack(
    monkeypatch: pytest.MonkeyPatch, env_file: str | None, start: str, logs: str
) -> None:
    monkeypatch.delenv("SALES_ENV_FILE", raising=False)
    if env_file is not None:
        monkeypatch.setenv("SALES_ENV_FILE", env_file)
    assert (hints.start(), hints.logs("kafka")) == (start, logs)


def test_in_containers_nobody_is_sent_to_the_clones_lake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_ENV_FILE", "")
    assert "make clean" not in hints.new_lake()


def test_a_service_is_called_like_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_ENV_FILE", "")
    assert hints.logs("gateway") == "docker compose logs gateway"
