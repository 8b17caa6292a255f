"""Where the stack's parts are reached, and that no proxy stands between them."""

import httpx
import pytest

from ingestion.addresses import in_brackets, is_loopback, reached_at, without_proxy

ENVIRONMENT = {"PATH": "/bin", "https_proxy": "http://proxy.example:3128", "HTTP_PROXY": "proxy.example:3128"}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1:5000"),
        ("0.0.0.0", "127.0.0.1:5000"),
        ("::", "[::1]:5000"),
        ("::1", "[::1]:5000"),
        ("2001:db8::7", "[2001:db8::7]:5000"),
        ("sales.example.org", "sales.example.org:5000"),
    ],
)
def test_a_client_is_given_an_address_that_it_can_reach(host: str, address: str) -> None:
    assert reached_at(host, 5000) == address
    assert str(httpx.URL(f"http://{address}/healthz")) == f"http://{address}/healthz"


def test_who_listens_stays_as_it_is_but_for_brackets() -> None:
    assert [in_brackets(host) for host in ("::", "0.0.0.0", "localhost")] == ["[::]", "0.0.0.0", "localhost"]


def test_loopback_is_known_in_both_families() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "192.0.2.1")] == [True, True, True, False]


def test_own_hosts_are_added_to_what_the_user_reaches_directly() -> None:
    direct = without_proxy(ENVIRONMENT | {"no_proxy": "a.example", "NO_PROXY": "b.example, a.example"}, ("10.1.2.3",))
    assert direct["no_proxy"] == direct["NO_PROXY"] == "a.example,b.example,localhost,127.0.0.1,::1,10.1.2.3"
    assert ENVIRONMENT.items() <= direct.items()


@pytest.mark.parametrize("name", ["all_proxy", "ALL_PROXY", "https_proxy", "HTTP_PROXY"])
def test_a_process_of_the_stack_is_never_given_a_socks_proxy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one, httpx makes no client at all."""
    for each in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(each, raising=False)
        monkeypatch.delenv(each.upper(), raising=False)
    socks = {name: "socks5h://proxy.example:1080"}
    monkeypatch.setenv(name, socks[name])
    with pytest.raises(ImportError, match="socksio"):
        httpx.Client()
    monkeypatch.delenv(name)
    direct = without_proxy(socks)
    for each, value in direct.items():
        monkeypatch.setenv(each, value)
    assert name not in direct
    httpx.Client().close()
