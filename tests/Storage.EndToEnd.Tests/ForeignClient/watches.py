"""Checks of section 8: watches, invalidate, keep-history."""
import time
import checks
from checks import *
from wsstorage import *

IN = (b"w/", b"w0")     # what most of the watches here watch


def watches(client, writer, previous):
    write(writer, [(PUT, b"w/a", b"1"), (PUT, b"w/b", b"")])
    info = client.info()
    watch = client.watch(*IN)
    first = next(watch)
    check("the first mark is where the store stands", first, Position(info["epoch"], info["revision"], info["hash"]))
    write(writer, [(PUT, b"v0", b"elsewhere")])
    batch = [(PUT, b"w/a", b"2"), (PUT, b"v0", b""), (REMOVE, b"w/none"), (PUT, b"w/a", b"3"), (REMOVE, b"w0"),
             (REMOVE_RANGE, b"w/b", b"z"), (REMOVE_RANGE, b"x", b"y"), (REMOVE_RANGE, b"w/z", b"w/y"), (REMOVE_RANGE, b"", b"w/0")]
    write(writer, [operation for operation in batch if operation != (REMOVE_RANGE, b"", b"w/0")])
    told, = watch.batches(1)
    check("a batch: its operations in the range, in their order", told.operations,
          [(PUT, b"w/a", b"2"), (REMOVE, b"w/none"), (PUT, b"w/a", b"3"), (REMOVE_RANGE, b"w/b", b"w0")])
    check("  its revision, its time, no previous values", (told.revision, abs(told.time / 1000 - time.time()) < 60, told.previous),
          (info["revision"] + 2, True, []))
    write(writer, [(REMOVE_RANGE, b"w", b"w/"), (PUT, b"w/a", b"4"), (REMOVE_RANGE, b"w/a/", b"w/b")])
    check("  a range that ends where the watch begins", watch.batches(1)[0].operations,
          [(PUT, b"w/a", b"4"), (REMOVE_RANGE, b"w/a/", b"w/b")])
    after_batch = watch.position
    info = client.info()
    check("  its position is the store's", after_batch, Position(info["epoch"], info["revision"], info["hash"]))
    for number in range(3):
        write(writer, [(PUT, b"w/n%d" % number, b"%d" % number), (PUT, b"v0", b"%d" % number)])
        write(writer, [(PUT, b"v0", b"")])
    expected = watch.batches(3)
    check("every batch in the range", [told.operations for told in expected], [[(PUT, b"w/n%d" % n, b"%d" % n)] for n in range(3)])
    watch.cancel()
    check("cancel", (list(watch), watch.cancelled), ([], 1))
    watch.grant(5)
    watch.cancel()
    check("a credit and a cancel after the end are ignored", client.get(b"v"), b"2")

    for name, position in (("a batch", after_batch), ("a batch between", told_position(first, expected[0])), ("a mark", first)):
        resumed = client.watch(*IN, after=position)
        told = resumed.reach(expected[-1].revision)
        check(f"resumed after {name}", [one for one in told if one.revision > after_batch.revision],
              [one for one in expected if one.revision > position.revision])
        resumed.cancel()
        check("  and ended", (list(resumed), resumed.cancelled), ([], 1))
    watch = client.watch(*IN, flags=WATCH_KEYS_ONLY, after=after_batch)
    check("keys only", [told.operations for told in watch.batches(3)], [[(PUT, b"w/n%d" % n, b"")] for n in range(3)])
    everything = client.watch(after=after_batch)
    told = everything.batches(6)
    check("a watch of everything has every revision", [one.revision for one in told],
          list(range(after_batch.revision + 1, after_batch.revision + 7)))
    write(writer, [(REMOVE_RANGE, b"w/n1", b""), (PUT, b"sensor0", b"no")])
    check("  and a range without an end as it is", everything.batches(1)[0].operations[0], (REMOVE_RANGE, b"w/n1", b""))
    check("  which is cut for another", watch.batches(1)[0].operations, [(REMOVE_RANGE, b"w/n1", b"w0")])
    beginning = client.watch(after=Position(first.epoch, 0, 0))
    check("a watch from the beginning has all that was ever written", next(beginning), Position(first.epoch, 0, 0))
    check("  batch by batch", [one.revision for one in beginning.reach(checks.revision)], list(range(1, checks.revision + 1)))
    reversed_range = client.watch(b"w0", b"w/", interval=100)
    next(reversed_range)
    write(writer, [(PUT, b"w/a", b"5")])
    check("a range that holds nothing: marks alone", reversed_range.reach(checks.revision), [])
    for watch in (watch, everything, beginning, reversed_range):
        watch.cancel()
        list(watch)
    values(client, writer, previous)
    credit(client, writer)
    marks(client, writer)
    refusals(client)


def told_position(mark, batch):
    return Position(mark.epoch, batch.revision, batch.hash)


def values(client, writer, previous):
    watch = client.watch(*IN, flags=PREVIOUS)
    next(watch)
    write(writer, [(PUT, b"w/a", b"6"), (PUT, b"w/a", b"7"), (PUT, b"w/new", b""), (REMOVE, b"w/none"), (REMOVE_RANGE, b"w/a", b"w/a0")])
    write(writer, [(REMOVE, b"w/new"), (PUT, b"v0", b"1"), (PUT, b"w/a", b"8")])
    first, second = watch.batches(2)
    check(f"previous values: {previous}", (first.previous, second.previous),
          ([b"5", b"6", None, None, 0], [b"", None]) if previous == "kept" else ([], []))
    keys = client.watch(*IN, flags=PREVIOUS | WATCH_KEYS_ONLY, after=told_position(watch.position, first))
    told, = keys.batches(1)
    check("  with keys only", (told.operations, told.previous),
          ([(REMOVE, b"w/new"), (PUT, b"w/a", b"")], [b"", None] if previous == "kept" else []))
    for one in (watch, keys):
        one.cancel()
        list(one)


def credit(client, writer):
    start = client.info()
    watch = client.watch(*IN, credit=0)
    check("no credit: the first mark", next(watch).revision, start["revision"])
    for number in range(4):
        write(writer, [(PUT, b"w/c%d" % number, bytes(100))])
    told = []
    for grant in (1, 50, 57):
        watch.grant(grant)
        if watch.credit > 0:
            told.append(next(watch))
        client.get(b"v")
        check(f"a credit of {grant}: {len(told)} batches", (client.open[watch.id], watch.credit <= 0), ([], True))
    watch.grant(1000)
    check("the rest", [one.operations[0][1] for one in told + watch.batches(2)], [b"w/c%d" % n for n in range(4)])
    watch.cancel()
    list(watch)


def repeats(client, writer):
    """A server may repeat and need not: many watches that read on from the same place are its best occasion."""
    info = client.info()
    here, count = Position(info["epoch"], info["revision"], info["hash"]), 200
    for number in range(count):
        write(writer, [(PUT, b"w/r%d" % (number % 10), b"%d" % number)])
    expected = [(here.revision + 1 + n, [(PUT, b"w/r%d" % (n % 10), b"%d" % n)]) for n in range(count)]
    for _ in range(100):
        many = [client.watch(*IN, after=here, credit=0) for _ in range(20)]
        for watch in many:
            next(watch)
            watch.credit += 1 << 20
        client.send_pack([message(CREDIT, varint(1 << 20), watch.id) for watch in many])
        told = [[(one.revision, one.operations) for one in watch.batches(count)] for watch in many]
        for watch in many:
            watch.cancel()
            list(watch)
        if any(each != expected for each in told) or client.repeats_taken:
            break
    check(f"repeats of the server: {client.repeats_taken}", (told, client.repeats_taken > 0), ([expected] * 20, True))


def marks(client, writer):
    idle = client.watch(b"nothing/", b"nothing0", interval=100)
    next(idle)
    write(writer, [(PUT, b"v0", b"1")])
    check("a watch to which nothing happens is told how far the store is", idle.reach(checks.revision), [])
    info = client.info()
    check("  with the store's hash", idle.position, Position(info["epoch"], info["revision"], info["hash"]))
    idle.cancel()
    list(idle)


def refusals(client):
    info = client.info()
    here = Position(info["epoch"], info["revision"], info["hash"])
    for name, position, expected in (("another epoch", here._replace(epoch=bytes(16)), EPOCH_CHANGED),
                                     ("a revision to come", here._replace(revision=here.revision + 1), DIVERGED),
                                     ("another hash", here._replace(hash=here.hash ^ 1), DIVERGED)):
        check(f"refused: {name}", code(client.watch(after=position).reach, 1 << 63), expected)
    for name, arguments, expected in (("an interval too short", {"interval": 99}, INVALID_ARGUMENT),
                                      ("an interval too long", {"interval": 86_400_001}, INVALID_ARGUMENT),
                                      ("flags", {"flags": 16}, PROTOCOL_ERROR),
                                      ("credit", {"credit": 1 << 31}, PROTOCOL_ERROR),
                                      ("a key too long", {"start": bytes(65537)}, KEY_TOO_LARGE),
                                      ("an end too long", {"end": bytes(65538)}, KEY_TOO_LARGE)):
        check(f"refused: {name}", code(next, client.watch(**arguments)), expected)
    watch = client.watch(b"v", b"v0")
    next(watch)
    for name, type, body in (("watch", WATCH, field(b"") * 2 + varint(0) + varint(100) + varint(0)),
                             ("scan", SCAN, field(b"") * 2 + varint(0) * 2 + varint(1024) + varint(0))):
        client.send_raw(message(type, body, watch.id))
        check(f"refused: a {name} with the id of an open watch", code(next, watch), PROTOCOL_ERROR)
        client.open[watch.id] = []
    write(client, [(PUT, b"v", b"2")])
    check("  which goes on", watch.batches(1)[0].operations, [(PUT, b"v", b"2")])
    more = [client.watch(credit=0) for _ in range(client.max_watches - 1)]
    check("refused: more watches than may be", code(next, client.watch()), LIMIT_EXCEEDED)
    for one in [watch] + more:
        one.cancel()
        list(one)
    check("  which end when they are cancelled", {one.cancelled for one in more}, {1})


def small_batches(connect, writer):
    """A client that takes 4,096 bytes takes a batch whose body has 256 less."""
    client = connect(max_message=4096)
    watch, large = client.watch(*IN), writer.watch(*IN)
    next(watch)
    next(large)

    def body(told, size):
        return len(varint(told.revision) + varint(told.hash) + varint(told.time)) + len(varint(size)) + size + 1

    size = 3700
    for _ in range(5):
        write(writer, [(PUT, b"w/large", bytes(size))])
        told, = large.batches(1)
        if body(told, large.size) > 3840:
            break
        check(f"a batch whose body has {body(told, large.size)} bytes", watch.batches(1), [told])
        size += 3840 - body(told, large.size) or 5
    check(f"  and one of {body(told, large.size)}", code(next, watch), RESULT_TOO_LARGE)
    resumed = client.watch(*IN, after=watch.position)
    check("  where it ends again when it is resumed", (next(resumed), code(next, resumed)), (watch.position, RESULT_TOO_LARGE))
    large.cancel()
    list(large)


def invalidations(client, connect):
    watch, deaf, elsewhere = (client.watch(*IN, flags=INVALIDATIONS), client.watch(*IN),
                              client.watch(b"x", b"y", flags=INVALIDATIONS, credit=0))
    for one in (watch, deaf, elsewhere):
        next(one)
    write(client, [(PUT, b"w/a", b"9")])
    pairs = [(b"w/c", b"x0"), (b"w/a", b"w/b"), (b"a", b"b"), (b"w/a1", b"w/b1"), (b"w/b1", b"w/b2"), (b"w/z", b"w/y")]
    check("invalidate: how many were told", client.invalidate(pairs), 2)
    told = next(watch)
    check("  after what was told so far", (isinstance(told, Batch), next(watch)),
          (True, Invalidation([(b"w/a", b"w/b1"), (b"w/b1", b"w/b2"), (b"w/c", b"x0")])))
    check("  everything, from another client", connect().invalidate([(b"", b"")]), 2)
    check("  to each", (next(watch), next(elsewhere), next(elsewhere)),
          (Invalidation([(b"", b"")]), Invalidation([(b"w/c", b"x0")]), Invalidation([(b"", b"")])))
    check("  nothing that is watched", client.invalidate([(b"q", b"r")]), 0)
    check("  a range that holds nothing", client.invalidate([(b"w/z", b"w/y")]), 0)
    elsewhere.grant(1)
    write(client, [(PUT, b"x", b"1")])
    write(client, [(PUT, b"x", b"2")])
    check("  without credit", (next(elsewhere).operations, client.invalidate([(b"x", b"")]), next(elsewhere)),
          ([(PUT, b"x", b"1")], 1, Invalidation([(b"x", b"")])))
    elsewhere.grant(1000)
    check("  before what waits for it", elsewhere.batches(1)[0].operations, [(PUT, b"x", b"2")])
    for name, asked, expected in (("no ranges", [], PROTOCOL_ERROR), ("too many", [(b"", b"")] * 65537, PROTOCOL_ERROR),
                                  ("a key too long", [(b"k" * 65537, b"")], KEY_TOO_LARGE)):
        check(f"  {name}", code(client.invalidate, asked), expected)
    small = connect(max_message=4096)
    watch = small.watch(flags=INVALIDATIONS)
    next(watch)
    many = [(b"%05d" % n, b"%05da" % n) for n in range(65536)]
    for count, expected in ((200, many[:200]), (300, [(b"", b"")]), (65536, [(b"", b"")])):
        check(f"  {count} ranges to a client of small messages", (client.invalidate(many[:count]), next(watch)),
              (1, Invalidation(expected)))
    for one in (deaf, elsewhere):
        one.cancel()
        list(one)


def history(client, other):
    start = client.info()
    client.keep_history(b"replica-1", start["revision"], 60_000)
    check("history is kept for a follower", client.info()["followers"], 1)
    for number in range(15):
        write(client, [(PUT, b"big", bytes([number]) * 100_000)])
    info = client.info()
    check("  whatever is written", (info["compacted"] <= start["revision"], info["history"] >= 1_500_000), (True, True))
    watch = client.watch(b"big", after=Position(start["epoch"], start["revision"], start["hash"]))
    check("  which can still be watched", len(watch.batches(15)), 15)
    watch.cancel()
    list(watch)
    other.keep_history(b"replica-1", start["revision"], 0)
    check("  until it is not wanted any more", client.info()["followers"], 0)
    write(client, [(PUT, b"big", bytes(range(256)) * 400)])
    check("  when it goes", client.info()["compacted"] > start["revision"])
    lost = Position(start["epoch"], start["revision"], start["hash"])
    check("  and a watch of it is refused", code(next, client.watch(after=lost)), COMPACTED)
    check("  even with another hash", code(next, client.watch(after=lost._replace(hash=lost.hash ^ 1))), COMPACTED)
    check("  as is keeping it", code(client.keep_history, b"replica-1", start["revision"], 60_000), COMPACTED)
    for name, arguments, expected in (("what is still to come", (b"replica-1", checks.revision + 1, 60_000), INVALID_ARGUMENT),
                                      ("no name", (b"", checks.revision, 60_000), INVALID_ARGUMENT),
                                      ("a name too long", (b"n" * 257, checks.revision, 60_000), PROTOCOL_ERROR),
                                      ("a name that is no UTF-8", (b"\xFF", checks.revision, 60_000), PROTOCOL_ERROR),
                                      ("a duration too long", (b"replica-1", checks.revision, 1 << 63), PROTOCOL_ERROR)):
        check(f"  refused: {name}", code(client.keep_history, *arguments), expected)
    client.keep_history(b"n" * 256, checks.revision, (1 << 63) - 1)
    client.keep_history(b"n" * 256, checks.revision, 0)
    check("  for ever, and no more", client.info()["followers"], 0)
