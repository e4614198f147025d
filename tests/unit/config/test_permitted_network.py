"""Who may log in to the manager interface."""

from config.render_asterisk import permitted_network


def test_given_addresses_when_the_manager_permits_then_only_loopback_or_that_one() -> None:
    assert permitted_network("127.0.0.1") == "127.0.0.0/255.0.0.0"
    assert permitted_network("10.1.2.3") == "10.1.2.3/255.255.255.255"
