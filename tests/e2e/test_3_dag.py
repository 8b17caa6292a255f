"""The whole DAG, in one process."""

import pytest

pytestmark = pytest.mark.e2e


def test_the_dag_publishes_what_it_sends(stack):
    stack.publish_all()
    before = stack.published()
    with stack.follower_held():
        stack.run("python", "tests/dags/run_once.py", "20")
    assert stack.published() == before + 20
    assert "everything agrees" in stack.verify()
