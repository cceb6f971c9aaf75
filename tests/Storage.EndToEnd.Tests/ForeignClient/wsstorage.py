"""A client of wsstorage.v1, written from docs/protocol.md and docs/leases.md alone."""
from collections import namedtuple
from websocket import BINARY, Closed, WebSocket

HELLO, INFO, GET, GET_MANY, WRITE, SCAN, CREDIT, CANCEL = range(0x80, 0x88)
WATCH, NUMBERED_WRITE, INVALIDATE, KEEP_HISTORY, LEASE_GRANT, LEASE_END, CLIENT_PACK = *range(0x88, 0x8E), 0x8F
SCAN_PAGE, END, WATCH_MARK, WATCH_BATCH, WATCH_INVALIDATION, SERVER_PACK, REPEAT, ERROR = *range(0xC5, 0xC9), 0xCE, 0xCF, 0xD4, 0xFF
PUT, REMOVE, REMOVE_RANGE, ABSENT, PRESENT, EQUAL = 0x01, 0x02, 0x03, 0x11, 0x12, 0x13
REVERSE, KEYS_ONLY = 1, 2
AFTER, WATCH_KEYS_ONLY, PREVIOUS, INVALIDATIONS = 1, 2, 4, 8
SENT_BEFORE, UNANSWERED = 1, 2
DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


Position = namedtuple("Position", "epoch revision hash")
Batch = namedtuple("Batch", "revision hash time operations previous")
Invalidation = namedtuple("Invalidation", "ranges")


class StoreError(Exception):
    """A reply of type error: code, outcome, message."""


def varint(number):
    out = bytearray()
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    return bytes(out) + bytes([number])


def field(data):
    return varint(len(data)) + data


def parts(kinds):
    """Encodes operations or preconditions, each a tuple of its kind and its fields."""
    return field(b"".join(bytes([kind]) + b"".join(map(field, fields)) for kind, *fields in kinds))


def ranges(pairs):
    return varint(len(pairs)) + b"".join(field(start) + field(end) for start, end in pairs)


def message(type, body=b"", id=b""):
    return body + b"\x1F" + bytes([type]) + id


def split(data):
    start = len(data)
    while start > 0 and data[start - 1] in DIGITS:
        start -= 1
    assert len(data) - start <= 16 and start >= 2 and data[start - 2] == 0x1F, "no trailer"
    return data[start - 1], data[:start - 2], data[start:]


class Fields:
    """Reads the fields of a body, and demands that they are all of it."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def varint(self):
        value = 0
        for shift in range(0, 70, 7):
            byte = self.data[self.at]
            self.at += 1
            value += (byte & 127) << shift
            if byte < 128:
                assert (byte or shift == 0) and value < 2 ** 64, "no proper varint"
                return value
        raise AssertionError("a varint of more than 10 bytes")

    def varints(self, count):
        return [self.varint() for _ in range(count)]

    def field(self):
        size = self.varint()
        assert size <= len(self.data) - self.at, "a field that is cut short"
        self.at += size
        return self.data[self.at - size:self.at]

    def flag(self):
        value = self.varint()
        assert value <= 1
        return value

    def end(self):
        assert self.at == len(self.data), "bytes after the last field"


class Client:
    """A connection after its hello. Replies may come in any order: each is kept until it is asked for by its id."""

    def __init__(self, url, tls, packs=False, max_message=1 << 20, flags=0, more=b"", client_id=b"", repeats=False):
        self.socket, self.open, self.last, self.packs, self.repeats = WebSocket(url, tls), {}, -1, packs, repeats
        self.packs_taken = self.repeats_taken = 0
        flags |= (1 if packs else 0) | (2 if client_id else 0) | (4 if repeats else 0)
        hello = varint(1) + varint(flags) + field(b"python") + varint(max_message) + (field(client_id) if client_id else b"") + more
        welcome = Fields(self.next(self.send(HELLO, hello), HELLO + 0x40))
        assert welcome.varint() == 1
        self.server = welcome.field().decode()
        self.max_message, self.max_value, self.max_batch, self.max_requests, self.max_scans = welcome.varints(5)
        self.epoch, self.revision, self.hash = welcome.field(), *welcome.varints(2)
        self.features, self.max_watches, self.last_number, self.session_retention = welcome.varints(4)

    def make(self, type, body=b""):
        """Makes a request of the next id: a number in base 64."""
        self.last += 1
        number, id = self.last // 64, bytes([DIGITS[self.last % 64]])
        while number:
            number, id = number // 64, bytes([DIGITS[number % 64]]) + id
        self.open[id] = []
        return message(type, body, id), id

    def send(self, type, body=b""):
        data, id = self.make(type, body)
        self.socket.send_frame(BINARY, data)
        return id

    def send_raw(self, data):
        self.socket.send_frame(BINARY, data)

    def send_pack(self, messages):
        self.send_raw(message(CLIENT_PACK, b"".join(map(field, messages))))

    def take(self, data, said=None):
        """Takes a message, in a pack with those before it, and returns its type and body."""
        type, body, id = split(data)
        if type == SERVER_PACK:
            assert self.packs and said is None and not id and body, "a pack that must not be"
            self.packs_taken += 1
            pack, said = Fields(body), []
            while pack.at < len(body):
                said.append(self.take(pack.field(), said))
        elif type == REPEAT:
            repeat = Fields(body)
            back, count = repeat.varints(2)
            repeat.end()
            assert self.repeats and said is not None and 1 <= count <= back <= len(said), "a repeat that must not be"
            repeated = said[len(said) - back:][:count]
            assert all(type == WATCH_BATCH for type, _ in repeated), "a repeat of something else"
            self.repeats_taken += 1
            self.open[id].extend(repeated)
        else:
            self.open[id].append((type, body))      # KeyError: a reply that nothing has asked for
        return type, body

    def next(self, id, *types):
        """Returns the body of the next message under the id, or raises its error; with two types, type and body."""
        while not self.open[id]:
            self.take(self.socket.receive())
        type, body = self.open[id].pop(0)
        if type in (ERROR, END) or END not in types:
            assert not self.open.pop(id), "something came after the end of a request"
        if type == ERROR:
            error = Fields(body)
            code, outcome, text = *error.varints(2), error.field().decode()
            error.end()
            raise StoreError(code, outcome, text)
        assert type in types, f"type {type:X} is no answer"
        return body if len(types) == 1 else (type, body)

    def call(self, type, body=b""):
        return Fields(self.next(self.send(type, body), type + 0x40))

    def info(self):
        reply = self.call(INFO)
        facts = [reply.field().decode(), reply.field(), *reply.varints(12)]
        reply.end()
        return dict(zip("engine epoch revision hash compacted bytes keys durability read_only max_value max_batch history followers staleness"
                        .split(), facts))

    def get(self, key):
        return self.get_reply(self.call(GET, field(key)))

    @staticmethod
    def get_reply(reply):
        reply.varint()
        value = reply.field() if reply.flag() else None
        reply.end()
        return value

    def get_many(self, keys):
        reply = self.call(GET_MANY, varint(len(keys)) + b"".join(map(field, keys)))
        reply.varint()
        values = [reply.field() if reply.flag() else None for _ in range(reply.varint())]
        reply.end()
        return values

    def write(self, operations, preconditions=()):
        """Returns the revision and the place of the precondition that did not hold, or None."""
        return self.write_reply(self.call(WRITE, parts(preconditions) + parts(operations)))

    @staticmethod
    def write_reply(reply):
        revision, refused = reply.varints(2)
        reply.end()
        return revision, refused - 1 if refused else None

    def scan(self, start=b"", end=b"", flags=0, limit=0, page=65536, credit=1 << 20):
        body = field(start) + field(end) + varint(flags) + varint(limit) + varint(page) + varint(credit)
        return Scan(self, self.send(SCAN, body), credit)

    def watch(self, start=b"", end=b"", flags=0, after=None, interval=60_000, credit=1 << 20):
        position = field(after.epoch) + varint(after.revision) + varint(after.hash) if after else b""
        body = field(start) + field(end) + varint(flags | (AFTER if after else 0)) + position + varint(interval) + varint(credit)
        return Watch(self, self.send(WATCH, body), credit, after)

    def invalidate(self, pairs):
        """Returns how many watches were told."""
        reply = self.call(INVALIDATE, ranges(pairs))
        watches = reply.varint()
        reply.end()
        return watches

    def keep_history(self, follower, revision, milliseconds):
        self.call(KEEP_HISTORY, field(follower) + varint(revision) + varint(milliseconds)).end()

    def numbered(self, number, operations, preconditions=(), acknowledged=0, flags=0):
        return self.write_reply(self.call(NUMBERED_WRITE, self.numbered_body(number, operations, preconditions, acknowledged, flags)))

    @staticmethod
    def numbered_body(number, operations, preconditions=(), acknowledged=0, flags=0):
        return varint(number) + varint(acknowledged) + varint(flags) + parts(preconditions) + parts(operations)

    def grant_lease(self, lease, milliseconds):
        """Returns the time to live that was granted."""
        reply = self.call(LEASE_GRANT, varint(lease) + varint(milliseconds))
        granted, time_to_live = reply.varints(2)
        reply.end()
        assert granted == lease
        return time_to_live

    def end_lease(self, lease):
        self.call(LEASE_END, varint(lease)).end()

    def ended(self):
        """Returns the code with which the server closes, after whatever it still has to say."""
        try:
            while True:
                self.take(self.socket.receive())
        except Closed as closed:
            return closed.args[0]
        except (OSError, EOFError) as failure:
            return repr(failure)


class Scan:
    """An open scan. It iterates over pages: lists of rows."""

    def __init__(self, client, id, credit):
        self.client, self.id, self.credit, self.cancelled, self.revisions, self.sizes = client, id, credit, None, set(), []

    def grant(self, size):
        self.credit += size
        self.client.send_raw(message(CREDIT, varint(size), self.id))

    def cancel(self):
        self.client.send_raw(message(CANCEL, b"", self.id))

    def __iter__(self):
        return self

    def __next__(self):
        type, body = self.client.next(self.id, SCAN_PAGE, END)
        page = Fields(body)
        if type == END:
            self.cancelled = page.flag()
            page.end()
            raise StopIteration
        assert self.credit > 0, "a page without credit"
        self.revisions.add(page.varint())
        count, rows = page.varint(), Fields(page.field())
        page.end()
        self.sizes.append(len(rows.data))
        self.credit -= len(rows.data)
        result = [(rows.field(), rows.field()) for _ in range(count)]
        rows.end()
        assert result, "an empty page"
        return result

    def rows(self):
        """All rows; grants the bytes of each page again."""
        result = []
        for page in self:
            result += page
            self.grant(self.sizes[-1])
        return result


class Watch:
    """An open watch. It iterates over what it is told: positions (the marks), batches and invalidations."""

    def __init__(self, client, id, credit, after):
        self.client, self.id, self.credit, self.position, self.begun, self.size = client, id, credit, after, False, 0
        self.cancelled = None

    def grant(self, size):
        self.credit += size
        self.client.send_raw(message(CREDIT, varint(size), self.id))

    def cancel(self):
        self.client.send_raw(message(CANCEL, b"", self.id))

    def __iter__(self):
        return self

    def __next__(self):
        type, body = self.client.next(self.id, WATCH_MARK, WATCH_BATCH, WATCH_INVALIDATION, END)
        body = Fields(body)
        if type == END:
            self.cancelled = body.flag()
            told = None
        elif type == WATCH_MARK:
            told = self.mark(Position(body.field(), *body.varints(2)))
        elif type == WATCH_BATCH:
            told = self.batch(Batch(*body.varints(3), Fields(body.field()), Fields(body.field())))
        else:
            told = Invalidation([(body.field(), body.field()) for _ in range(body.varint())])
        body.end()
        if told is None:
            raise StopIteration
        assert self.begun, "the first message is no mark"
        return told

    def mark(self, mark):
        if self.position:
            assert mark.epoch == self.position.epoch and mark.revision >= self.position.revision, "a mark that goes back"
            assert mark.revision > self.position.revision or mark.hash == self.position.hash, "two hashes of one revision"
        self.position, self.begun = mark, True
        return mark

    def batch(self, batch):
        assert self.credit > 0, "a batch without credit"
        assert batch.revision > self.position.revision, "a revision that does not grow"
        self.position = Position(self.position.epoch, batch.revision, batch.hash)
        self.size = len(batch.operations.data) + len(batch.previous.data)
        self.credit -= self.size
        operations = self.operations(batch.operations)
        return batch._replace(operations=operations, previous=self.previous(batch.previous, len(operations)))

    @staticmethod
    def operations(data):
        operations = []
        while data.at < len(data.data):
            kind = data.data[data.at]
            data.at += 1
            assert PUT <= kind <= REMOVE_RANGE
            operations.append((kind, *(data.field() for _ in range(1 if kind == REMOVE else 2))))
        assert operations, "a batch that does not touch the range"
        return operations

    @staticmethod
    def previous(data, count):
        """For each operation 0 for unknown, None for absent, or a value; or nothing at all."""
        if not data.data:
            return []
        kinds = {0: lambda: 0, 1: lambda: None, 2: data.field}
        held = [kinds[data.varint()]() for _ in range(count)]
        data.end()
        return held

    def batches(self, count):
        """The next batches, with the marks between them left out; grants the bytes of each again."""
        result = []
        while len(result) < count:
            told = next(self)
            if isinstance(told, Batch):
                result.append(told)
                self.grant(self.size)
        return result

    def reach(self, revision):
        """What is told until the watch has told everything up to the revision."""
        result = []
        while not self.begun or self.position.revision < revision:
            told = next(self)
            if isinstance(told, Batch):
                result.append(told)
                self.grant(self.size)
        return result
