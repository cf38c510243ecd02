"""One build at a time: a lock on a local disk, a lease in a store."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from florilegium.manifests.location import files
from florilegium.manifests.remote import RemotePath
from florilegium.pipelines.lock import LockedError, _Lease, lock

pytest_plugins = ["servers"]

OLD = -1.0
"""As `stale`, it makes any lease an old one."""


def test_only_one_holds_a_lock_and_the_other_is_told_who(place):
    with lock(place / "lock"):
        told = rf"build holds {place}/lock \(process {os.getpid()} on .*\); wait for it"
        with pytest.raises(LockedError, match=told), lock(place / "lock"):
            pass
    with lock(place / "lock"):
        pass


def test_a_lock_is_let_go_when_what_it_guards_fails(place):
    with pytest.raises(RuntimeError), lock(place / "lock"):
        raise RuntimeError
    with lock(place / "lock"):
        assert [path.name for path, _ in files(place)] == ["lock"]


def test_of_many_who_want_a_lock_one_gets_it(place):
    at_once, refused = threading.Barrier(6), threading.Semaphore(0)

    def hold(_):
        at_once.wait()
        try:
            with lock(place / "lock"):
                return all(refused.acquire(timeout=20) for _ in range(5))
        except LockedError:
            refused.release()
            return None

    with ThreadPoolExecutor(6) as pool:
        assert sorted(map(str, pool.map(hold, range(6)))) == ["None"] * 5 + ["True"]


def leave_behind(location):
    """Leave the lease of a build that was killed."""
    note = {"holder": "process 7 on elsewhere", "token": "t", "count": 3}
    location.write_bytes(msgspec.json.encode(note))


def test_a_lease_without_a_sign_of_life_is_taken_over_and_a_fresh_one_is_not(store):
    leave_behind(store / "lock")
    with pytest.raises(LockedError, match="process 7 on elsewhere"), lock(store / "lock"):
        pass
    with lock(store / "lock", stale=OLD):
        assert b"elsewhere" not in (store / "lock").read_bytes()
        assert [path.name for path, _ in files(store)] == ["lock"]


def test_of_many_who_find_an_old_lease_one_gets_it(store, monkeypatch):
    leave_behind(store / "lock")
    found, refused, look = threading.Barrier(4), threading.Semaphore(0), _Lease._now

    def look_together(lease):
        found.wait(20)
        return look(lease)

    def hold(_):
        try:
            with lock(store / "lock", stale=OLD):
                return all(refused.acquire(timeout=20) for _ in range(3))
        except LockedError:
            refused.release()
            return None

    monkeypatch.setattr(_Lease, "_now", look_together)
    with ThreadPoolExecutor(4) as pool:
        assert sorted(map(str, pool.map(hold, range(4)))) == ["None"] * 3 + ["True"]


def test_a_lease_is_renewed_while_it_is_held(store):
    with lock(store / "lock", renewal=0.2):
        first = (store / "lock").stat()
        time.sleep(1.2)
        later = (store / "lock").stat()
        assert later.version != first.version
        assert later.st_mtime_ns > first.st_mtime_ns


def test_what_is_no_lease_is_held_by_nobody_known_until_it_is_old(store):
    (store / "lock").write_bytes(b"not json")
    with pytest.raises(LockedError, match="a process without a name"), lock(store / "lock"):
        pass
    with lock(store / "lock", stale=OLD):
        pass


def test_a_lease_that_was_lost_is_told_at_the_end_and_left_to_its_new_holder(store):
    def work():
        leave_behind(store / "lock")
        time.sleep(0.4)

    with pytest.raises(LockedError, match="took over"), lock(store / "lock", renewal=0.1):
        work()
    assert b"elsewhere" in (store / "lock").read_bytes()


class LosesAnswers(RemotePath):
    """Writes whose answer is lost: they happen, and when repeated their condition fails."""

    def write_if(self, version, data):
        super().write_if(version, data)
        return super().write_if(version, data)


def test_a_lease_is_held_although_the_answer_was_lost(store):
    path = LosesAnswers(str(store / "lock"))
    with lock(path, renewal=0.1):
        time.sleep(0.4)
        with pytest.raises(LockedError), lock(store / "lock"):
            pass
    with lock(store / "lock"):
        pass
