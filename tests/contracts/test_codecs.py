"""Other producers compress as they like: every codec that the broker accepts is read by all that read the topic."""

from pathlib import Path

import kafka.codec
import pyspark
import pytest

CODECS = ("gzip", "snappy", "lz4", "zstd")
# what Kafka's Java client brings for each, beside what Java has itself
JARS = {"snappy": "snappy-java", "lz4": "lz4-java", "zstd": "zstd-jni"}
SENT = b'{"vente_id": 1}' * 100


@pytest.mark.parametrize("codec", CODECS)
def test_python_reads(codec: str) -> None:
    encode, decode = (getattr(kafka.codec, f"{codec}_{what}") for what in ("encode", "decode"))
    assert getattr(kafka.codec, f"has_{codec}")()
    assert decode(encode(SENT)) == SENT


@pytest.mark.parametrize("codec", JARS)
def test_spark_reads(codec: str) -> None:
    assert list((Path(pyspark.__file__).parent / "jars").glob(f"{JARS[codec]}*.jar"))
