"""One lake, one owner: readers who want it all, a second stack, variables of other tools.  None of them stops it."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psutil
import pytest
from pyspark.sql.connect.session import SparkSession

from infra.local.separate_stack import isolated_environment
from infra.testbed.embedded import until

pytestmark = pytest.mark.e2e

# with its wide value, more than the gateway's heap holds as rows
ROWS = 400_000
TABLE = f"""
    create table bronze.beaucoup using delta as
    select /*+ REPARTITION(32) */ v.*, concat(uuid(), repeat(md5(cast(id as string)), 20)) as large
    from (select * from bronze.ventes_raw where parse_error is null and length(value) < 1000 limit 40) v
    cross join range({ROWS // 40})
"""
FOREIGN = {
    "DBT_TARGET": "prod",
    "DBT_EXCLUDE_RESOURCE_TYPES": "test",
    "DBT_EMPTY": "true",
    "DBT_WARN_ERROR": "neither",
    "SPARK_CONF_DIR": "/nowhere",
    "SPARK_LOCAL_DIRS": "/nowhere",
    "PYSPARK_PYTHON": "/nowhere",
    "JAVA_TOOL_OPTIONS": "-javaagent:/nowhere.jar",
    "STREAMLIT_SERVER_BASE_URL_PATH": "elsewhere",
    "WEB_CONCURRENCY": "4",
}
READ = """
import sys
from pyhive import hive
cursor = hive.connect(host="127.0.0.1", port=int(sys.argv[1]), username="reader", auth="NONE").cursor()
cursor.execute("select * from bronze.beaucoup")
print(len(cursor.fetchmany(5000)), flush=True)
cursor.fetchall()
"""


@pytest.fixture(scope="module")
def large(stack):
    stack.sales("produce", "--count", "40")
    stack.sales("drain")
    stack.sales("sql", TABLE)
    yield "bronze.beaucoup"
    # with its files, because this gateway has made it
    stack.sales("sql", "drop table bronze.beaucoup")
    assert not (stack.lake / "bronze" / "beaucoup").exists()


@pytest.fixture(autouse=True)
def same_gateway(request, stack):
    """No reader and no stranger costs the stream its gateway; the test that kills one says so."""
    before = stack.state("gateway").get("session_id")
    yield
    if "until_it_is_dead" not in request.node.name:
        assert stack.state("gateway")["session_id"] == before


def count_fetched(stack, statement):
    return sum(1 for _ in stack.query(statement))


def second(stack):
    """Another stack on the same lake: its own folder and ports."""
    own = isolated_environment(stack.folder / "second")
    return replace(stack, folder=stack.folder / "second", environment=own | {"LAKE_DIR": str(stack.lake)})


def refused(stack):
    code, said = second(stack).attempt("sales", "start")
    assert code == 1
    assert said.count("\n") == 1, said
    return f"is held by the gateway of VAR_DIR={stack.environment['VAR_DIR']} on " in said


def test_the_lake_is_held_by_a_gateway_until_it_is_dead(stack):
    """Supervisor and gateway are killed; the start that follows finds what they left, and knows every table.

    It is one from an environment full of other tools' variables.
    """
    stack.publish_all()
    before = {table: stack.rows(table) for table in stack.versions()}
    psutil.Process(int((stack.folder / "var" / "run" / "supervisor.pid").read_text())).kill()
    assert refused(stack)
    stack.kill("gateway")
    free = stack.attempt("python", "-m", "infra.local.refuse_owned_lake")
    assert free == (0, "")
    replace(stack, environment=stack.environment | FOREIGN).sales("start")
    assert "Completed successfully" in stack.dbt("run")
    assert {table: stack.rows(table) for table in stack.versions()} == before
    stack.sales("produce", "--count", "10")
    stack.publish_all()
    stack.verify()


def test_readers_of_everything_get_it_while_slices_close(stack, large):
    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(count_fetched, stack, f"select * from {large}") for _ in range(2)]
        before = stack.published()
        stack.sales("produce", "--count", "30")
        until(lambda: stack.published() >= before + 30, "a slice closes beside the readers", 240)
        assert [reader.result() for reader in readers] == [ROWS, ROWS]
    stack.verify()


def test_a_reader_who_goes_away_leaves_nothing_running(stack, large):
    command = [sys.executable, "-c", READ, stack.environment["SPARK_THRIFT_PORT"]]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=stack.environment)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "5000\n"
    reader.send_signal(signal.SIGKILL)
    reader.wait()
    reader.stdout.close()
    assert "1 row" in stack.sales("sql", f"select count(*) from {large}")


def test_a_session_that_ends_takes_nothing_from_the_others(stack):
    """Its folder for downloads goes; that of all sessions stays, or one that begins at that moment would fail."""
    assert list(stack.query("select 1")) == [(1,)]
    assert (stack.folder / "var" / "spark" / "hive").exists()


def test_sql_fetches_what_it_shows(stack, large):
    assert stack.sales("sql", f"select kafka_offset from {large}", "--limit", "3").endswith(
        "3 rows shown, there are more (--limit)\n"
    )
    assert stack.sales("sql", "select 1", "--limit", "1").endswith("1 row\n")


def test_a_connect_client_that_collects_more_than_is_bounded_is_told(stack, large):
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{stack.environment['SPARK_CONNECT_PORT']}").create()
    with pytest.raises(Exception, match="maxResultSize"):
        spark.table(large).collect()
    spark.stop()


def test_a_slice_closes_with_its_tests_whatever_the_environment_says(stack):
    stack.publish_all()
    with stack.follower_held():
        stack.sales("produce", "--count", "20")
        stack.sales("drain")
        before = stack.published()
        refused = {
            "DBT_EXCLUDE_RESOURCE_TYPES": "this run leaves out ",
            "DBT_EMPTY": "would leave events out of a slice",
        }
        for name, reason in refused.items():
            by_hand = replace(stack, environment=stack.environment | {name: FOREIGN[name]})
            code, said = by_hand.attempt("dbt", "--no-use-colors", "build", "--exclude", "resource_type:unit_test")
            assert code != 0
            assert reason in said, said[-2000:]
            assert stack.published() == before
        replace(stack, environment=stack.environment | FOREIGN).sales("silver")
        assert stack.published() == before + 20
    tested = (stack.folder / "var" / "dbt" / "target" / "run_results.json").read_text()
    assert "test.dbt_sales.assert_slice_holds" in tested
    stack.verify()


def test_a_second_stack_on_the_lake_is_refused(stack):
    assert refused(stack)
    assert not (second(stack).folder / "var" / "run" / "supervisord.conf").exists()
    # through the gateway of the first one it may not write either
    through = replace(stack, environment=stack.environment | {"VAR_DIR": second(stack).environment["VAR_DIR"]})
    with stack.follower_held():
        stack.sales("produce", "--count", "1")
        stack.sales("drain")
        for verb in ("maintain", "silver", "accept-gap"):
            code, said = through.attempt("sales", verb)
            assert code == 1
            assert f"is held by the stack of VAR_DIR={stack.environment['VAR_DIR']}" in said


def test_a_command_with_another_lake_is_refused(stack):
    moved = replace(stack, environment=stack.environment | {"LAKE_DIR": "/nowhere"})
    for verb in ("start", "status", "produce"):
        code, said = moved.attempt("sales", verb)
        assert code == 1
        assert f"runs with LAKE_DIR={stack.lake}, not /nowhere" in " ".join(said.split())
