"""The memory of call records: never older than the last change, whatever threads do."""

import contextlib
import threading
from typing import Any, cast

from crm_core.calls.record_memory import RecordMemory


class Store:
    """Stands for the table: one number a call."""

    def __init__(self) -> None:
        self.value = 0
        self.reads = 0

    def read(self, _call_id: str) -> Any:
        self.reads += 1
        return cast(Any, self.value)


def test_given_a_record_when_asked_again_then_it_is_read_once_until_it_changes() -> None:
    memory, store = RecordMemory(), Store()
    assert [memory.of("c", store.read), memory.of("c", store.read)] == [0, 0]
    with memory.changing("c"):
        store.value = 1
    assert [memory.of("c", store.read), memory.of("c", store.read)] == [1, 1]
    assert store.reads == 2


def test_given_a_read_that_overlaps_a_change_when_it_ends_then_it_is_not_kept() -> None:
    memory, store = RecordMemory(), Store()

    def read_while_it_changes(call_id: str) -> Any:
        old = store.read(call_id)
        with memory.changing(call_id):
            store.value = 7
        return old

    assert memory.of("c", read_while_it_changes) == 0
    assert memory.of("c", store.read) == 7


def test_given_a_remembered_record_when_events_come_then_each_starts_from_the_last_without_reading() -> None:
    memory, store, seen = RecordMemory(), Store(), []

    def next_one(known: Any) -> Any:
        seen.append(known)
        store.value = (known or 0) + 1
        return cast(Any, store.value)

    for _ in range(3):
        memory.evolve("c", next_one)
    assert (seen, memory.of("c", store.read), store.reads) == ([None, 1, 2], 3, 0)


def test_given_an_agents_change_during_an_event_when_both_have_ended_then_the_record_is_read_again() -> None:
    memory, store = RecordMemory(), Store()
    memory.of("c", store.read)

    def event(known: Any) -> Any:
        with memory.changing("c"):
            store.value = 40
        store.value += 2
        return cast(Any, known + 2)

    memory.evolve("c", event)
    assert memory.of("c", store.read) == 42


def test_given_an_event_that_fails_when_asked_then_nothing_of_it_is_shown() -> None:
    memory, store = RecordMemory(), Store()
    memory.of("c", store.read)
    with contextlib.suppress(OSError):
        memory.evolve("c", _disk_full)
    assert (memory.of("c", store.read), store.reads) == (0, 2)


def _disk_full(_known: Any) -> Any:
    raise OSError("disk full")


def test_given_no_size_when_asked_then_nothing_is_remembered() -> None:
    memory, store = RecordMemory(0), Store()
    memory.of("c", store.read)
    memory.of("c", store.read)
    assert store.reads == 2


def test_given_readers_and_a_writer_when_they_race_then_nobody_sees_an_older_value_than_was_committed_before_he_asked() -> None:
    memory, store, wrong = RecordMemory(), Store(), []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            at_least = store.value
            if memory.of("c", store.read) < at_least:
                wrong.append(at_least)

    readers = [threading.Thread(target=look) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, 3000):
        with memory.changing("c"):
            store.value = number
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert memory.of("c", store.read) == 2999
