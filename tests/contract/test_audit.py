"""The audit chain: whole as written, and every later change is named."""

import threading

import pytest
from sqlalchemy import text

from tests.support.ground import Ground


def _write(ground: Ground, count: int) -> None:
    for index in range(count):
        ground.audit.write(None, "recording.play", "recording", index, ip="127.0.0.1", detail={"seconds": index})


@pytest.mark.requirement("R26")
@pytest.mark.invariant("I7")
def test_given_lines_when_verified_then_whole(ground: Ground) -> None:
    _write(ground, 5)
    assert ground.audit.verify() == []
    assert [entry.object_id for entry in ground.audit.entries(action="recording.play")] == ["4", "3", "2", "1", "0"]


@pytest.mark.requirement("R27")
@pytest.mark.fault("F94")
@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE audit_lines SET object_id = '9' WHERE id = 3", "line 3"),
        ("DELETE FROM audit_lines WHERE id = 3", "line 4"),
        ("UPDATE audit_lines SET id = 99 WHERE id = 2", "line 3"),
    ],
)
def test_given_a_changed_line_when_verified_then_it_is_named(ground: Ground, damage: str, named: str) -> None:
    _write(ground, 5)
    with ground.database.write() as session:
        session.execute(text(damage))
    assert any(problem.startswith(named) for problem in ground.audit.verify())


def test_given_many_writers_when_they_append_at_once_then_the_chain_stays_whole(ground: Ground) -> None:
    threads = [threading.Thread(target=_write, args=(ground, 10)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ground.audit.verify() == []
    assert len(ground.audit.entries(limit=1000)) == 60


@pytest.mark.requirement("R29")
def test_given_control_characters_when_written_then_they_are_gone(ground: Ground) -> None:
    ground.audit.write(1, "login", "user", "a\r\nb", reason="x\x00\x1b[31my")
    entry = ground.audit.entries()[0]
    assert (entry.object_id, entry.reason) == ("ab", "x[31my")
