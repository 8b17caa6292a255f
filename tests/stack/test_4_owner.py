"""One lake, one gateway, also across containers that share its volume."""

import pytest

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("var_dir", ["/state", "/tmp/second"])
def test_a_second_gateway_on_the_volume_is_refused(stack, var_dir):
    second = ["timeout", "120", "python", "-m", "infra.spark.gateway"]
    said = stack.compose("run", "--rm", "--no-deps", "-T", "-e", f"VAR_DIR={var_dir}", "gateway", *second, check=False)
    assert "is held by the gateway of VAR_DIR=/state on " in said, said
    assert "Traceback" not in said
    stack.wait_healthy()
    stack.sales("produce", "--count", "20")
    stack.verified()
