"""Checks of section 9: writes that are applied once."""
import os
from checks import *
from wsstorage import *


def sessions(connect):
    """Which connections have a session, and what becomes of two with the same."""
    plain = connect()
    check("no client-id: no session", (plain.features & 1, plain.last_number, plain.session_retention), (1, 0, 0))
    check("  and no numbered writes", failure(plain.numbered, 1, [(PUT, b"v", b"wrong")]), (UNSUPPORTED, 0))
    me, other = os.urandom(16), os.urandom(16)
    first, second = connect(client_id=me), connect(client_id=other)
    check("a session: nothing is known of it", (first.features & 1, first.last_number, first.session_retention > 60), (1, 0, True))
    body = (7, [(PUT, b"n/1", b"1")])
    reply = first.numbered(*body)
    check("a numbered write", (applied(reply, body[1]), reply[0]), (None, first.info()["revision"]))
    next(first.watch())
    again = connect(client_id=me, more=b"more")
    check("4000: another connection with the client-id", first.ended(), 4000)
    check("  which knows the last number", again.last_number, 7)
    check("  and the first outcome", again.numbered(*body, flags=SENT_BEFORE), reply)
    check("  while others stay", (second.get(b"n/1"), second.last_number), (b"1", 0))
    check("a write that fails begins no session", (failure(second.numbered, 5, [(PUT, b"k" * 65537, b"")]),
          failure(second.numbered, 5, [(PUT, b"v", b"wrong")], flags=SENT_BEFORE)), ((KEY_TOO_LARGE, 0), (OUTCOME_UNKNOWN, 2)))
    for name, id in (("short", bytes(15)), ("long", bytes(17))):
        try:
            check(f"1002: a client-id that is too {name}", connect(client_id=id), None)
        except Closed as closed:
            check(f"1002: a client-id that is too {name}", closed.args[0], 1002)


def numbered_writes(connect):
    me = os.urandom(16)
    client = connect(client_id=me)
    put = [(PUT, b"n/a", b"1")]
    absent = [(ABSENT, b"n/a")]
    outcomes = {}

    def send(number, operations, preconditions=(), **named):
        outcomes[number] = client.numbered(number, operations, preconditions, **named)
        return applied(outcomes[number], operations)

    check("executed", send(10, put, absent), None)
    check("refused by a precondition", send(11, put, [(PRESENT, b"n/a"), *absent]), 1)
    check("a gap, and an operation less", send(20, [], absent), 0)
    check("only checked", send(21, [], [(PRESENT, b"n/a")]), None)
    write(client, [(REMOVE, b"n/a")])
    check("lower than another", send(15, [(PUT, b"n/b", b"1")]), None)
    client = connect(client_id=me)
    check("the last number, whatever became of it", client.last_number, 21)
    for number, batch in ((10, (put, absent)), (11, (put, [(PRESENT, b"n/a"), *absent])), (20, ([], absent)),
                          (21, ([], [(PRESENT, b"n/a")]))):
        check(f"{number} again: the first outcome", client.numbered(number, *batch, flags=SENT_BEFORE), outcomes[number])
        check("  whatever the flags", client.numbered(number, *batch), outcomes[number])
    check("nothing was applied again", client.get(b"n/a"), None)
    check("10 for other operations", failure(client.numbered, 10, [(PUT, b"n/a", b"2")], absent), (NUMBER_REUSED, 0))
    check("10 for other preconditions", failure(client.numbered, 10, put, [], flags=SENT_BEFORE), (NUMBER_REUSED, 0))
    check("30 acknowledges 11", send(30, put, absent, acknowledged=11), None)
    check("10 is not known any more", [failure(client.numbered, 10, put, absent, flags=flags) for flags in (0, 1, 3)],
          [(OUTCOME_UNKNOWN, 2)] * 3)
    check("nor a number that was never used", failure(client.numbered, 3, put), (OUTCOME_UNKNOWN, 2))
    check("20 still is", client.numbered(20, [], absent, acknowledged=5, flags=SENT_BEFORE), outcomes[20])
    check("sent before, and not arrived", send(31, [(PUT, b"n/c", b"1")], flags=SENT_BEFORE), None)
    check("a write that fails", failure(client.numbered, 40, [(PUT, b"k" * 65537, b"")]), (KEY_TOO_LARGE, 0))
    check("  leaves no record", send(40, [(PUT, b"n/d", b"1")]), None)
    for name, arguments in (("number 0", (0, put)), ("acknowledges itself", (50, put, (), 50)), ("flags", (50, put, (), 0, 4))):
        check(f"malformed: {name}", failure(client.numbered, *arguments), (PROTOCOL_ERROR, 0))

    for flags, expected in ((0, None), (SENT_BEFORE, OUTCOME_UNKNOWN), (SENT_BEFORE | UNANSWERED, None), (UNANSWERED, None)):
        stranger, operations = connect(client_id=os.urandom(16)), [(PUT, b"n/e", b"%d" % flags)]
        if expected:
            check(f"an unknown session, flags {flags}", failure(stranger.numbered, 5, operations, flags=flags), (expected, 2))
            check("  begins none", failure(stranger.numbered, 5, operations, flags=flags), (expected, 2))
        else:
            reply = stranger.numbered(5, operations, flags=flags)
            check(f"an unknown session, flags {flags}", applied(reply, operations), None)
            check("  which it begins", stranger.numbered(5, operations, flags=SENT_BEFORE), reply)


def resent(connect, packed):
    """Writes are under way when the connection is replaced; all are sent again, some more come after them."""
    me = os.urandom(16)
    batches = {number: ([(PUT, b"n/r%d" % number, b""), (PUT, b"n/last", b"%d" % number)], [(ABSENT, b"n/r%d" % number)])
               for number in range(1, 200)}

    def send(client, numbers, flags):
        made = [client.make(NUMBERED_WRITE, client.numbered_body(number, *batches[number], flags=flags)) for number in numbers]
        if packed:
            client.send_pack([data for data, _ in made])
        else:
            for data, _ in made:
                client.send_raw(data)
        return [id for _, id in made]

    send(connect(client_id=me), range(1, 151), 0)
    client = connect(client_id=me)
    ids = send(client, range(1, 151), SENT_BEFORE | UNANSWERED) + send(client, range(151, 200), 0)
    replies = [client.write_reply(Fields(client.next(id, NUMBERED_WRITE + 0x40))) for id in ids]
    check("all are applied once, in order", [applied(reply, batches[number][0]) for number, reply in zip(batches, replies)],
          [None] * 199)
    check("  the last one last", client.get(b"n/last"), b"199")
    write(client, [(REMOVE_RANGE, b"n/r", b"n/s")])


def records(connect):
    """As many writes on record as may be. They only check, so that they take no revision."""
    client = connect(client_id=os.urandom(16))

    def send(numbers):
        made = [client.make(NUMBERED_WRITE, client.numbered_body(number, [], [(PRESENT, b"v")])) for number in numbers]
        for i in range(0, len(made), 128):
            client.send_pack([data for data, _ in made[i:i + 128]])
        return [client.write_reply(Fields(client.next(id, NUMBERED_WRITE + 0x40)))[1] for _, id in made]

    refused = [outcome for first in range(1, 65537, 4096) for outcome in send(range(first, first + 4096))]
    check("65,536 writes on record", (len(refused), set(refused)), (65536, {None}))
    check("  and one more", failure(client.numbered, 65537, [(PUT, b"v", b"wrong")]), (LIMIT_EXCEEDED, 0))
    check("  which leaves no record, and goes when one is acknowledged",
          client.numbered(65537, [], [(PRESENT, b"v")], acknowledged=1)[1], None)
