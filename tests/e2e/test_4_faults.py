"""Kill things while they work.  Each time: nothing lost, nothing twice, and the next run heals."""

import json
import shutil
import signal
import subprocess

import pytest
from deltalake import DeltaTable
from kafka import KafkaAdminClient, TopicPartition

from infra.testbed.embedded import until
from ingestion.bronze.isolated_record import isolated_events
from ingestion.event import Message
from ingestion.source.producer import produce
from ingestion.topic.client import offset_range

pytestmark = pytest.mark.e2e


def test_bronze_killed_while_events_arrive(stack):
    producing = stack.start("sales", "produce", "--count", "150", "--rate", "30", quiet=True)
    until(lambda: stack.state("bronze").get("state") == "running", "the stream runs")
    stack.kill("bronze")
    assert producing.wait(60) == 0
    stack.wait_ready()
    stack.publish_all()
    stack.verify()


def test_gateway_killed_in_a_slice(stack):
    """And again at once: it looks as if an event did it, but ordinary events are not isolated for that."""
    known = isolated_events(stack.bronze)
    stack.sales("produce", "--count", "50", "--dirty")
    until(lambda: stack.state("silver").get("state") == "running", "a slice runs")
    producing = stack.start("sales", "produce", "--count", "20", quiet=True)
    for _ in range(2):
        stack.kill("gateway")
        stack.wait_ready()
    assert producing.wait(60) == 0
    stack.publish_all()
    assert isolated_events(stack.bronze) == known
    stack.verify()


def test_dbt_killed_between_two_models(stack):
    """The slice stays open and unpublished; the next run finishes it."""
    stack.publish_all()
    with stack.follower_held():
        stack.sales("produce", "--count", "40", "--dirty")
        stack.sales("drain")
        before = stack.versions()
        dbt = stack.start("dbt", "--no-use-colors", "build", "--exclude-resource-type", "unit_test")
        kill_after(dbt, "OK created sql incremental model silver.ventes_clean")
        assert stack.versions() == before
        stack.sales("silver")
        assert stack.versions() != before
    stack.verify()


def kill_after(process: "subprocess.Popen[str]", words: str) -> None:
    """kill -9 as soon as it has said so."""
    said = []
    for line in process.stdout or ():
        said.append(line)
        if words in line:
            process.send_signal(signal.SIGKILL)
            process.wait(30)
            return
    pytest.fail(f"it never said {words!r}: {''.join(said)[-2000:]}")


def test_rebuild_killed_between_two_models(stack):
    """Nothing of it is published: the next slice takes back what it has left."""
    stack.sales("produce", "--count", "10")
    stack.publish_all()
    with stack.follower_held():
        rebuild = stack.start(
            "dbt", "--no-use-colors", "build", "--exclude-resource-type", "unit_test", "--vars", "{rebuild: true}"
        )
        kill_after(rebuild, "OK created sql incremental model silver.ventes_clean")
    stack.sales("produce", "--count", "10")
    stack.publish_all()
    operations = [commit["operation"] for commit in DeltaTable(str(stack.silver / "ventes_clean")).history()]
    assert operations[:3] == ["WRITE", "RESTORE", "CREATE OR REPLACE TABLE AS SELECT"]
    stack.verify()


def test_compaction_changes_no_row(stack):
    """While the stream writes and a slice runs."""
    stack.publish_all()
    producing = stack.start("sales", "produce", "--count", "60", "--rate", "20", quiet=True)
    assert "bronze.ventes_raw" in stack.sales("compact")
    assert producing.wait(60) == 0
    stack.publish_all()
    assert stack.sales("compact", "--at-least", "1000") == "no small files to merge\n"
    stack.verify()


def test_lost_checkpoint(stack):
    """Bronze continues behind its own rows: nothing is read twice."""
    stack.publish_all()
    stack.stop_stream()
    shutil.rmtree(stack.bronze / "_checkpoints")
    stack.start_stream()
    stack.sales("produce", "--count", "25")
    stack.publish_all()
    assert stack.value("bronze/ventes_raw", "count(*) = count(distinct (kafka_partition, kafka_offset))")
    stack.verify()


def test_topic_made_again(stack):
    """The stream stops before it reads, says why, and a drain says it too."""
    marker = stack.bronze / "_topic.json"
    known = marker.read_text()
    stack.stop_stream()
    marker.write_text(json.dumps({"topic": "ventes_stream", "id": "11111111-1111-1111-1111-111111111111"}))
    stack.start_stream()
    try:
        until(lambda: stack.state("bronze").get("state") == "failed", "the stream refuses")
        assert "deleted or created again" in stack.sales("start", check=False)
        stack.sales("produce", "--count", "5")
        assert "deleted or created again" in stack.sales("drain", check=False)
    finally:
        marker.write_text(known)
    until(lambda: stack.state("bronze").get("state") == "running", "the stream goes on")
    stack.publish_all()
    stack.verify()


def test_offset_gap(stack):
    """Kafka drops what Bronze has not read: the stream stops by name, and goes on only when the loss is accepted."""
    stack.sales("produce", "--count", "50")
    stack.publish_all()
    stack.stop_stream()
    shutil.rmtree(stack.bronze / "_checkpoints")
    produce(stack.kafka, [Message("brut", b"perdu", b"{}") for _ in range(5)])
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap_servers)
    _, ends = offset_range(stack.kafka)
    admin.delete_records({TopicPartition(stack.kafka.topic, partition): end for partition, end in ends.items()})
    admin.close()
    stack.start_stream()
    until(lambda: stack.state("bronze").get("state") == "failed", "the stream refuses")
    refused = stack.sales("start", check=False)
    assert "offset gap" in refused
    assert "offset gap" in stack.sales("drain", check=False)
    assert "accepted as lost" in stack.sales("accept-gap")
    until(lambda: stack.state("bronze").get("state") == "running", "the stream goes on")
    stack.sales("produce", "--count", "15")
    stack.publish_all()
    assert "everything agrees, except 5 events accepted as lost" in stack.verify()
    assert "Accepted gaps" in stack.sales("status")
    (gap,) = stack.get("/api/status")["accepted_gaps"]
    assert gap["to_offset"] - gap["from_offset"] == 5
