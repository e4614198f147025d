"""A product of its own for the faults: they kill it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.product import Product, running_product


@pytest.fixture(scope="session")
def doomed_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    home = tmp_path_factory.mktemp("faults") / "home"
    with running_product(home, HOTLINE__TELEPHONY__AGENT_PHONE_KIND="sip") as running:
        yield running
