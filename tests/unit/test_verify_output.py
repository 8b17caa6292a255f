"""What `sales verify` says below its table: losses, what waits, where to look."""

import pytest

from infra.cli import silver_commands
from ingestion.bronze.gaps import Gap
from ingestion.verify import LEFT_IN_KAFKA, NOT_YET_PUBLISHED, Check, Verification


def test_verify_never_hides_what_was_accepted_as_lost(capfd: pytest.CaptureFixture[str]) -> None:
    check = Check("topic in Bronze", "every event", 5)
    silver_commands._show_verification(Verification((check,), None, {}, (Gap(0, 4, 7), Gap(2, 1200, 2000))))
    out = capfd.readouterr().out
    assert "Accepted gaps" in out
    assert out.endswith("everything agrees, except 803 events accepted as lost\n")
    silver_commands._show_verification(Verification((check,), None, {}, ()))
    out = capfd.readouterr().out
    assert "Accepted gaps" not in out
    assert out.endswith("everything agrees\n")


def test_verify_says_how_many_events_are_left_in_kafka(capfd: pytest.CaptureFixture[str]) -> None:
    silver_commands._show_verification(Verification((Check(LEFT_IN_KAFKA, "events", 3),), None, {}, ()))
    assert capfd.readouterr().out.endswith(
        "everything agrees; the bytes of 3 events were not compared, they are only in Kafka\n"
    )


def test_verify_says_how_many_events_wait(capfd: pytest.CaptureFixture[str]) -> None:
    checks = (Check("topic in Bronze", "every event", 5000), Check(NOT_YET_PUBLISHED, "events", 1200))
    silver_commands._show_verification(Verification(checks, None, {}, ()))
    assert capfd.readouterr().out.endswith("everything agrees; 1 200 events are waiting to be published\n")


def test_verify_shows_how_to_look_at_an_example(capfd: pytest.CaptureFixture[str]) -> None:
    wrong = Check("valid sales", "events", 5, 1, ("1:5230 is missing",))
    silver_commands._show_verification(Verification((wrong,), None, {}, ()))
    shown = capfd.readouterr().out.splitlines()[-3:]
    hint = "sales explain PARTITION:OFFSET shows an event"
    assert shown == ["valid sales: 1:5230 is missing", hint, "there are differences"]
