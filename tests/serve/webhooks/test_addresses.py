"""Where a webhook may point."""

import pytest

from serve.webhooks.addresses import AllowedNetworks, UnreachableTarget, check_target, resolve_name

PUBLIC = "93.184.216.34"


def names(**known):
    return lambda host, port: known.get(host.replace(".", "_").replace("-", "_"), [host.strip("[]")])


def target(url, reach=AllowedNetworks(), **known):  # noqa: B008  a frozen value
    return check_target(url, reach, names(**known))


def test_a_public_address_is_reached_by_the_address_that_was_checked():
    found = target("https://hooks.example.com/kqml?x=1", hooks_example_com=[PUBLIC])
    assert (found.host, found.port, found.address, found.is_tls) == ("hooks.example.com", 443, PUBLIC, True)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "127.0.0.1",
        "127.8.8.8",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "2002:0a00:0001::",
        "64:ff9b::10.0.0.1",
        "64:ff9b::7f00:1",
        "192.0.2.1",
        "198.18.0.1",
        "192.0.0.8",
        "192.0.0.192",
        "168.63.129.16",
        "192.88.99.1",
        "fec0::1",
        "64:ff9b:1::a00:1",
        "::ffff:168.63.129.16",
    ],
)
def test_addresses_that_are_not_public_are_refused(address):
    with pytest.raises(UnreachableTarget, match=r"machine|public|receiver"):
        target("https://inner.example.com/", inner_example_com=[address])


def test_one_inner_address_among_public_ones_refuses_the_name():
    with pytest.raises(UnreachableTarget, match=r"10.0.0.1 is not public"):
        target("https://both.example.com/", both_example_com=[PUBLIC, "10.0.0.1"])


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1",
        "ftp://example.com/",
        "example.com",
        "",
        "https://",
        "https:///x",
        "javascript:alert(1)",
        "file:///etc",
        "https://user:pw@example.com/",
        "https://example.com/#x",
        "https://exa mple.com/",
        "https://example.com\\@10.0.0.1/",
        "https://例子.com/",
        "https://example.com/\r\nx-evil: 1",
        "https://example.com:99999/",
        "https://a/" + "x" * 2000,
    ],
)
def test_what_is_no_plain_address_is_refused(url):
    with pytest.raises(UnreachableTarget, match=r"not an|holds a user"):
        target(url, example_com=[PUBLIC])


def test_plain_http_is_for_this_machine_only_where_allowed():
    with pytest.raises(UnreachableTarget, match="not https"):
        target("http://hooks.example.com/", hooks_example_com=[PUBLIC])
    with pytest.raises(UnreachableTarget, match="not https"):
        target("http://crm.internal/", AllowedNetworks(private=True), crm_internal=["10.1.2.3"])
    assert target("http://127.0.0.1:9000/hook", AllowedNetworks(loopback=True)).port == 9000


def test_the_companys_network_is_reached_where_allowed():
    assert (
        target("https://crm.internal/", AllowedNetworks(private=True), crm_internal=["10.1.2.3"]).address == "10.1.2.3"
    )
    for address in ("169.254.169.254", "127.0.0.1", "224.0.0.1"):
        with pytest.raises(UnreachableTarget, match=r"machine|receiver"):
            target("https://crm.internal/", AllowedNetworks(private=True), crm_internal=[address])


def test_a_name_without_addresses_is_refused():
    with pytest.raises(UnreachableTarget, match="has no address"):
        target("https://gone.example.com/", gone_example_com=[])
    with pytest.raises(UnreachableTarget, match="cannot be resolved"):
        resolve_name("gone.invalid", 443)


@pytest.mark.parametrize("url", ["https://0177.0.0.1/", "https://2130706433/", "https://0x7f.1/"])
def test_numbers_that_stand_for_this_machine_are_resolved_first(url):
    with pytest.raises(UnreachableTarget, match=r"machine|resolved|not public"):
        check_target(url, AllowedNetworks(), resolve_name)
