"""Checks a WsStorage server, whose store is empty, with the client of wsstorage.py: a line for each check.

    python3 client.py wss://host:port/path ca.pem client.pem client.key holds.txt previous

The last says whether the store keeps previous values: "kept" or "none". It must keep at most 1 MiB of history.
Exit code 0: all hold. holds.txt then says what the store must hold: a line with its revision, then for every key in order a
line with key and value in hexadecimal.
"""
import ssl
import sys
import checks
from checks import *
from leases import leases, locks
from numbered import numbered_writes, records, resent, sessions
from watches import history, invalidations, repeats, small_batches, watches
from websocket import BINARY, CLOSE, CONTINUATION, PING, TEXT, Refused, WebSocket
from wsstorage import *


def reads_and_writes(client):
    info = client.info()
    check("info agrees with the welcome", [info[n] for n in ("epoch", "revision", "hash", "max_value", "max_batch")],
          [client.epoch, client.revision, client.hash, client.max_value, client.max_batch])
    check("info: an empty, writable store", [info[n] for n in ("revision", "hash", "read_only", "compacted")], [0] * 4)
    check("get: missing", client.get(b"temperature"), None)
    check("put", write(client, [(PUT, b"temperature", b"21.5")]), None)
    check("get", client.get(b"temperature"), b"21.5")
    write(client, [(PUT, b"", b"of the empty key"), (PUT, b"empty", b""), (PUT, bytes(range(256)), b"\x1F\x82BA")])
    check("get: empty key, empty value, a key of every byte",
          [client.get(b""), client.get(b"empty"), client.get(bytes(range(256)))], [b"of the empty key", b"", b"\x1F\x82BA"])
    check("get-many", client.get_many([b"empty", b"none", b"temperature", b"empty"]), [b"", None, b"21.5", b""])
    check("get-many: no keys", client.get_many([]), [])
    write(client, [(PUT, b"log/%d" % i, b"x") for i in range(5)] + [(PUT, b"log0", b"y"), (PUT, b"z1", b""), (PUT, b"a", b"1")])
    check("batch: put, remove, ranges", write(client, [(PUT, b"log/9", b"x"), (REMOVE_RANGE, b"log/", b"log0"),
          (PUT, b"log/7", b"after"), (REMOVE, b"a"), (REMOVE, b"none"), (REMOVE_RANGE, b"z", b""),
          (REMOVE_RANGE, b"m", b"b"), (PUT, b"v", b"1"), (PUT, b"v", b"2")]), None)
    check("batch: what it left", client.get_many([b"log/1", b"log/7", b"log/9", b"log0", b"a", b"z1", b"v"]),
          [None, b"after", None, b"y", None, None, b"2"])
    for name, held, failed in (("absent", (ABSENT, b"none"), (ABSENT, b"v")), ("present", (PRESENT, b"v"), (PRESENT, b"none")),
                               ("equal", (EQUAL, b"v", b"2"), (EQUAL, b"v", b"1"))):
        check(f"precondition {name}: held", write(client, [(PUT, b"c", name.encode())], [held]), None)
        check(f"precondition {name}: failed", write(client, [(PUT, b"c", b"wrong")], [held, held, failed, held]), 2)
        check(f"precondition {name}: only checked", client.write([], [held]), (checks.revision, None))
        check(f"precondition {name}: only checked, failed", client.write([], [failed])[1], 0)
    check("precondition equal: empty is not missing", [write(client, [(PUT, b"c", b"wrong")], [(EQUAL, key, b"")])
          for key in (b"none", b"empty")], [0, None])
    write(client, [(PUT, b"big", bytes(range(256)) * 400), (PUT, b"k" * 65536, b"longest key")])
    check("get: 100 KB, the longest key", [client.get(b"big"), client.get(b"k" * 65536)], [bytes(range(256)) * 400, b"longest key"])
    write(client, [(REMOVE, b"k" * 65536)])
    data, id = client.make(GET, field(b"v"))
    client.socket.send_frame(BINARY, data[:1], last=False)
    client.socket.send_frame(PING, b"still there?")
    client.socket.send_frame(CONTINUATION, data[1:3], last=False)
    client.socket.send_frame(CONTINUATION, data[3:])
    check("a message of three frames, with a ping between", client.get_reply(Fields(client.next(id, GET + 0x40))), b"2")
    check("  the pong", client.socket.pongs, [b"still there?"])


def scans(client):
    write(client, [(PUT, b"sensor/%03d" % i, b"%d" % i * 50) for i in range(100)] + [(PUT, b"sensor0", b"no"), (PUT, b"sens", b"no")])
    sensors = rows(b"sensor/", b"sensor0")
    check("scan: all", client.scan().rows(), rows())
    scan = client.scan(b"sensor/", b"sensor0", page=1024, credit=1500)
    check("scan: prefix, small pages and credit", scan.rows(), sensors)
    check("  pages", (len(scan.sizes) > 5, len(scan.revisions), scan.cancelled, max(scan.sizes) < 1024 + 200), (True, 1, 0, True))
    check("scan: reverse", client.scan(b"sensor/", b"sensor0", REVERSE, page=1024).rows(), sensors[::-1])
    check("scan: limit", client.scan(b"sensor/01", limit=7).rows(), rows(b"sensor/01")[:7])
    check("scan: reverse, limit", client.scan(b"", b"sensor/01", REVERSE, 7).rows(), rows(b"", b"sensor/01")[:-8:-1])
    check("scan: keys only", client.scan(b"sensor/", b"sensor0", KEYS_ONLY, page=1024).rows(), [(key, b"") for key, _ in sensors])
    check("scan: both, and limit", client.scan(b"sensor/", b"sensor0", 3, 2).rows(), [(b"sensor/099", b""), (b"sensor/098", b"")])
    check("scan: nothing there", [client.scan(b"x", b"y").rows(), client.scan(b"y", b"b").rows(), client.scan(b"v", b"v").rows()], [[]] * 3)
    check("scan: from the last key on", client.scan(b"v").rows(), [(b"v", b"2")])

    scan = client.scan(b"sensor/", b"sensor0", page=1024, credit=0)
    write(client, [(PUT, b"sensor/000", b"later")])
    check("scan: no page without credit", client.open[scan.id], [])
    scan.grant(1)
    first = next(scan)
    write(client, [(PUT, b"sensor/050", b"later"), (REMOVE, b"sensor/099")])
    check("scan: one page for a credit of 1", (client.open[scan.id], scan.credit <= 0), ([], True))
    scan.grant(1 << 20)
    got = first + scan.rows()
    check("scan: one revision, whatever is written", (got[1:] == sensors[1:], len(scan.revisions)), (True, 1))
    scan = client.scan(page=1024, credit=1)
    next(scan)
    scan.cancel()
    check("cancel", (scan.rows(), scan.cancelled), ([], 1))
    scan.grant(5)
    scan.cancel()
    check("a grant and a cancel after the end are ignored", client.get(b"v"), b"2")
    open_scans = [client.scan(credit=0) for _ in range(client.max_scans)]
    check("more scans than may be", code(client.scan().rows), LIMIT_EXCEEDED)
    for scan in open_scans:
        scan.cancel()
    check("  which end when they are cancelled", [(scan.rows(), scan.cancelled) for scan in open_scans], [([], 1)] * len(open_scans))


def pipelines(client, packed):
    """Many requests before the first reply is read, in packs or bare; replies may come in any order."""
    requests = []
    for i in range(60):
        operations = [(PUT, b"pipe/%d" % (i % 20), b"%d" % i)]
        precondition = [(ABSENT, b"pipe/19")] if i % 20 == 19 else []
        requests += [(WRITE, operations, client.make(WRITE, parts(precondition) + parts(operations))),
                     (GET, None, client.make(GET, field(b"v")))]
    for i in range(0, len(requests), 40):
        if packed:
            client.send_pack([data for _, _, (data, _) in requests[i:i + 40]])
        else:
            for _, _, (data, _) in requests[i:i + 40]:
                client.send_raw(data)
    replies = {id: Fields(client.next(id, type + 0x40)) for type, _, (_, id) in reversed(requests)}
    refused = [applied(client.write_reply(replies[id]), operations) for type, operations, (_, id) in requests if type == WRITE]
    gets = {client.get_reply(replies[id]) for type, _, (_, id) in requests if type == GET}
    check("writes of one connection are applied in order", refused, [0 if i in (39, 59) else None for i in range(60)])
    check("replies are matched by id", gets, {b"2"})
    check("what the writes left", client.scan(b"pipe/", b"pipe0").rows(), rows(b"pipe/", b"pipe0"))
    write(client, [(REMOVE, b"pipe/19")])


def takes_packs(client):
    """A server may send packs and need not: many requests at once are its best occasion."""
    for _ in range(100):
        requests = [client.make(GET, field(b"temperature")) for _ in range(128)]
        client.send_pack([data for data, _ in requests])
        values = {client.get_reply(Fields(client.next(id, GET + 0x40))) for _, id in requests}
        if values != {b"21.5"} or client.packs_taken:
            break
    check(f"packs of the server: {client.packs_taken}", (values, client.packs_taken > 0), ({b"21.5"}, True))


def errors(client):
    def raw(type, body):
        return code(client.call, type, body)
    check("an unknown type", raw(0x99, b"what?"), UNSUPPORTED)
    check("a server's type", raw(0xC2, b""), UNSUPPORTED)
    check("a second hello", raw(HELLO, varint(1) + varint(0) + field(b"") + varint(65536)), PROTOCOL_ERROR)
    for name, type, body in (("cut short", GET, b"\x05abc"), ("empty", GET, b""), ("too long", GET, field(b"v") + b"\0"),
                             ("varint not shortest", GET, b"\x81\x00a"), ("varint over 64 bits", GET, b"\xFF" * 9 + b"\x02"),
                             ("operation of unknown kind", WRITE, parts([]) + parts([(9, b"v")])),
                             ("operation cut short", WRITE, parts([]) + field(b"\x01\x01v")),
                             ("precondition among operations", WRITE, parts([]) + parts([(PRESENT, b"v")])),
                             ("fewer keys than counted", GET_MANY, varint(3) + field(b"v")),
                             ("scan flags", SCAN, field(b"") * 2 + varint(4) + varint(0) + varint(1024) + varint(0))):
        check(f"malformed: {name}", raw(type, body), PROTOCOL_ERROR)
    check("pages too small", code(client.scan(page=1023).rows), INVALID_ARGUMENT)
    check("pages too large", code(client.scan(page=1048577).rows), INVALID_ARGUMENT)
    for name, action, argument in (("get", client.get, b"k" * 65537), ("get-many", client.get_many, [b"v", b"k" * 65537]),
                                   ("put", client.write, [(PUT, b"v", b"wrong"), (PUT, b"k" * 65537, b"")]),
                                   ("range", client.write, [(REMOVE_RANGE, b"", b"k" * 65538)])):
        check(f"a key too long: {name}", code(action, argument), KEY_TOO_LARGE)
    check("a value too long", code(client.write, [(PUT, b"v", b"wrong"), (PUT, b"w", bytes(client.max_value + 1))]), VALUE_TOO_LARGE)
    check("too many keys", raw(GET_MANY, varint(1048577) + bytes(1048577)), INVALID_ARGUMENT)
    scan = client.scan(b"v", credit=0)
    client.send_raw(message(SCAN, field(b"") * 2 + varint(0) * 2 + varint(1024) + varint(0), scan.id))
    check("a scan with the id of an open one", code(scan.rows), PROTOCOL_ERROR)
    client.open[scan.id] = []
    scan.grant(1)
    check("  which goes on", scan.rows(), [(b"v", b"2")])
    client.send_pack([])
    check("an empty pack is nothing, the connection goes on, and nothing was changed", client.get_many([b"v", b"w"]), [b"2", None])
    client.open[b"client7/request+"] = []
    client.send_raw(message(GET, field(b"v"), b"client7/request+"))
    check("an id of 16 digits", client.get_reply(Fields(client.next(b"client7/request+", GET + 0x40))), b"2")


def small_messages(client):
    check("a value larger than the client takes", code(client.get, b"big"), RESULT_TOO_LARGE)
    check("values larger than the client takes", code(client.get_many, [b"big", b"v"]), RESULT_TOO_LARGE)
    check("a row larger than the client takes", code(client.scan(b"big").rows), RESULT_TOO_LARGE)
    check("pages that fit", client.scan(b"sensor/", b"sensor0").rows(), rows(b"sensor/", b"sensor0"))


def ends(connect):
    def closes(name, expected, data, opcode=BINARY):
        client = connect()
        client.socket.send_frame(opcode, data)
        check(f"{expected}: {name}", client.ended(), expected)

    get = field(b"v")
    closes("a text message", 1003, b"text", TEXT)
    closes("no trailer", 1002, b"no trailer!")
    closes("an empty message", 1002, b"")
    closes("no separator", 1002, get + b"\x82B")
    closes("an id of 17 digits", 1002, message(GET, get, b"A" * 17))
    closes("no id", 1002, message(GET, get))
    closes("a pack in a pack", 1002, message(CLIENT_PACK, field(message(CLIENT_PACK, field(message(INFO, b"", b"B"))))))
    closes("a pack cut short", 1002, message(CLIENT_PACK, b"\x09" + message(INFO, b"", b"B")))
    closes("a credit that is malformed", 1002, message(CREDIT, b"", b"B"))
    closes("a message too large", 1009, bytes(connect().max_message + 1))
    closes("a client that is done", 1000, (1000).to_bytes(2, "big") + b"done", CLOSE)


def beginnings(url, tls, no_certificate):
    def first(name, expected, data):
        client = Client.__new__(Client)
        client.socket, client.open, client.packs = WebSocket(url, tls), {b"A": []}, False
        client.send_raw(data)
        check(f"{expected}: first message {name}", client.ended(), expected)
        return client.open[b"A"]

    def status(url, tls, protocol="wsstorage.v1"):
        try:
            return WebSocket(url, tls, protocol).socket.close()
        except Refused as refused:
            return refused.args[0]

    (type, body), = first("of version 2", 1002, message(HELLO, varint(2) + b"whatever comes then", b"A"))
    check("  which is answered first", (type, Fields(body).varints(2)), (ERROR, [UNSUPPORTED_VERSION, 0]))
    hello = varint(1) + varint(0) + field(b"")
    check("  no answer", [first("no hello", 1002, message(INFO, b"", b"A")),
                          first("malformed", 1002, message(HELLO, hello, b"A")),
                          first("without an id", 1002, message(HELLO, hello + varint(65536))),
                          first("that takes too little", 1002, message(HELLO, hello + varint(4095), b"A")),
                          first("in a pack", 1002, message(CLIENT_PACK, field(message(HELLO, hello + varint(65536), b"A")))),
                          first("too long", 1009, message(HELLO, hello + varint(65536) + bytes(4096), b"A"))], [[]] * 6)
    check("a hello with other flags and more fields is welcome", Client(url, tls, flags=0xF8, more=b"more").get(b"v"), b"2")
    check("another path, another subprotocol", [status(url + "/other", tls), status(url, tls, "wsstorage.v9")], [404, 400])
    check("no certificate", status(url, no_certificate), 403)


def trust(ca):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(ca)
    return tls


def main(url, ca, certificate, key, holds_file, previous):
    tls, no_certificate = trust(ca), trust(ca)
    tls.load_cert_chain(certificate, key)

    def connect(**named):
        return Client(url, tls, **named)

    plain, packing, repeating = Client(url, tls), Client(url, tls, packs=True), Client(url, tls, packs=True, repeats=True)
    for title, part, *arguments in (("reads and writes", reads_and_writes, plain),
                                    ("scans", scans, plain), ("scans, answered in packs", scans, packing),
                                    ("pipelines", pipelines, plain, False), ("pipelines in packs", pipelines, plain, True),
                                    ("pipelines, answered in packs", pipelines, packing, False),
                                    ("pipelines in packs, answered in packs", pipelines, packing, True),
                                    ("the server's packs", takes_packs, packing),
                                    ("errors", errors, plain), ("errors, answered in packs", errors, packing),
                                    ("a client of small messages", small_messages, Client(url, tls, max_message=4096)),
                                    ("watches", watches, plain, packing, previous),
                                    ("watches, answered in packs", watches, packing, packing, previous),
                                    ("watches, with repeats", watches, repeating, packing, previous),
                                    ("repeats", repeats, repeating, plain),
                                    ("watches by a client of small messages", small_batches, connect, plain),
                                    ("invalidations", invalidations, plain, connect), ("history", history, plain, packing),
                                    ("sessions", sessions, connect), ("numbered writes", numbered_writes, connect),
                                    ("numbered writes, sent again", resent, connect, False),
                                    ("numbered writes, sent again in packs", resent, connect, True),
                                    ("numbered writes on record", records, connect),
                                    ("leases", leases, connect), ("locks and numbers", locks, connect),
                                    ("ends", ends, connect), ("beginnings", beginnings, url, tls, no_certificate)):
        print(f"{title}:")
        part(*arguments)
    check("all that the store holds", packing.scan().rows(), rows())
    with open(holds_file, "w", encoding="ascii") as file:
        file.writelines([f"{checks.revision}\n"] + [f"{key.hex()} {value.hex()}\n" for key, value in rows()])
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
