"""Checks of section 10, and of what leases.md says about the keys."""
import hashlib
import os
import struct
from checks import *
from wsstorage import *

ROOT = b"\xFFwsstorage/"
RECORDS = (ROOT, b"\xFFwsstorage0")


def random_lease():
    return int.from_bytes(os.urandom(8), "big") | 1


def record(lease):
    return ROOT + b"lease/%016x" % lease


def bound(lease, key, value):
    """The operations that bind a key."""
    return [(PUT, key, value), (PUT, record(lease) + b"/" + key, hashlib.sha256(value).digest())]


def bind(client, lease, key, value):
    """Returns the place of the precondition that did not hold; the watch tells what was written."""
    return client.write(bound(lease, key, value), [(PRESENT, record(lease))])[1]


def take(client, lease, key):
    """Takes a lock, or a number. Returns the place of the precondition that did not hold, and the key's value."""
    value = struct.pack(">Q", lease) + os.urandom(16)
    return client.write(bound(lease, key, value), [(PRESENT, record(lease)), (ABSENT, key)])[1], value


def release(client, lease, key, value):
    return client.write([(REMOVE, key), (REMOVE, record(lease) + b"/" + key)], [(EQUAL, key, value)])[1]


class Follower:
    """Keeps holds up to date from a watch of everything, since a server that keeps leases writes too."""

    def __init__(self, client):
        self.client, self.watch = client, client.watch()
        next(self.watch)

    def catch_up(self):
        told = self.watch.reach(self.client.info()["revision"])
        for batch in told:
            commit(batch.revision, batch.operations)
        return told

    def wait_for(self, removed):
        """The batch that removes the key."""
        while True:
            batch, = self.watch.batches(1)
            commit(batch.revision, batch.operations)
            if any(operation[:2] == (REMOVE, removed) for operation in batch.operations):
                return batch

    def end(self):
        self.catch_up()
        self.watch.cancel()
        list(self.watch)


def leases(connect):
    check("no client-id: no leases", [failure(connect().call, type, body) for type, body in
          ((LEASE_GRANT, varint(1) + varint(1000)), (LEASE_END, varint(1)))], [(UNSUPPORTED, 0)] * 2)
    follower, me = Follower(connect()), os.urandom(16)
    client, other = connect(client_id=me), connect(client_id=os.urandom(16))
    lease, foreign = random_lease(), random_lease()
    check("granted", client.grant_lease(lease, 30_000), 30_000)
    follower.catch_up()
    value = holds.get(record(lease), b"")
    check("  its record", (len(value), value[:1], value[17:]), (25, b"\x01", struct.pack(">Q", 30_000)))
    check("  granted again", client.grant_lease(lease, 30_000), 30_000)
    check("  is one lease", (follower.catch_up(), len(rows(*RECORDS))), ([], 1))
    check("  with the time to live of the first time", (client.grant_lease(lease, 20_000), follower.catch_up()), (30_000, []))
    check("the shortest", other.grant_lease(foreign, 0), 1000)
    other.end_lease(foreign)
    check("the longest", other.grant_lease(foreign, (1 << 63) - 1), 30 * 24 * 3600 * 1000)
    check("another session's lease", (failure(client.grant_lease, foreign, 1000), failure(client.end_lease, foreign)),
          ((INVALID_ARGUMENT, 0), (NOT_FOUND, 0)))
    check("malformed: lease 0, a time too long", [failure(client.grant_lease, *asked) for asked in ((0, 1000), (1, 1 << 63))],
          [(PROTOCOL_ERROR, 0)] * 2)

    check("a key is bound", bind(client, lease, b"online/1", b"yes"), None)
    check("  one that is overwritten", (bind(client, lease, b"online/2", b"yes"), client.write([(PUT, b"online/2", b"no")])[1]),
          (None, None))
    check("  one by a numbered write", client.numbered(1, bound(lease, b"online/3", b""), [(PRESENT, record(lease))])[1], None)
    follower.catch_up()
    client.end_lease(lease)
    check("the end removes what is bound", rows(b"online/", b"online0") == [(b"online/1", b"yes"), (b"online/2", b"no"), (b"online/3", b"")]
          and [len(follower.catch_up()), rows(b"online/", b"online0"), [k for k in holds if k.startswith(record(lease))]],
          [1, [(b"online/2", b"no")], []])
    check("  nothing can be bound any more", bind(client, lease, b"online/1", b"yes"), 0)
    check("  ended again, and one that never was", (client.end_lease(lease), client.end_lease(random_lease())), (None, None))
    check("  granted again: another one", client.grant_lease(lease, 5000), 5000)
    client.end_lease(lease)
    other.end_lease(foreign)

    kept, lost = random_lease(), random_lease()
    client.grant_lease(kept, 2000)
    other.grant_lease(lost, 3000)       # which has passed only when that of the other would have
    bind(client, kept, b"online/kept", b"")
    bind(other, lost, b"online/lost", b"")
    client.socket.socket.close()
    other.socket.socket.close()
    client = connect(client_id=me)
    batch = follower.wait_for(b"online/lost")
    check("a lease ends when its time has passed without its connection",
          sorted(key for _, key, *_ in batch.operations), sorted([b"online/lost", record(lost), record(lost) + b"/online/lost"]))
    check("  and goes on when that comes back", (b"online/kept" in holds, bind(client, kept, b"online/kept", b"2")), (True, None))
    client.end_lease(kept)
    follower.end()
    check("nothing is left of them", (rows(*RECORDS), rows(b"online/", b"online0")), ([], [(b"online/2", b"no")]))


def locks(connect):
    follower = Follower(connect())
    clients = [connect(client_id=os.urandom(16)) for _ in range(2)]
    first, second = random_lease(), random_lease()
    for client, lease in zip(clients, (first, second)):
        client.grant_lease(lease, 30_000)
    lock, number = ROOT + b"lock/report", ROOT + b"number/peer/\0" + struct.pack(">Q", 1)
    for name, key in (("a lock", lock), ("a number", number)):
        refused, value = take(clients[0], first, key)
        check(f"{name} is taken", refused, None)
        check("  once", take(clients[1], second, key)[0], 1)
        watch = clients[1].watch(key, key + b"\0")
        next(watch)
        check("  and released", release(clients[0], first, key, value), None)
        check("  which is seen by who waits", watch.batches(1)[0].operations, [(REMOVE, key)])
        check("  and may take it", take(clients[1], second, key)[0], None)
        watch.cancel()
        list(watch)
    clients[1].end_lease(second)
    clients[0].end_lease(first)
    follower.end()
    check("nothing is left of them", rows(*RECORDS), [])
