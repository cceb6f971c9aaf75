"""A client of wsstorage.v1, written from docs/protocol.md alone."""
from websocket import BINARY, Closed, WebSocket

HELLO, INFO, GET, GET_MANY, WRITE, SCAN, SCAN_CREDIT, CANCEL, CLIENT_PACK = *range(0x80, 0x88), 0x8F
SCAN_PAGE, SCAN_END, SERVER_PACK, ERROR = 0xC5, 0xC6, 0xCF, 0xFF
PUT, REMOVE, REMOVE_RANGE, ABSENT, PRESENT, EQUAL = 0x01, 0x02, 0x03, 0x11, 0x12, 0x13
REVERSE, KEYS_ONLY = 1, 2
DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


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

    def __init__(self, url, tls, packs=False, max_message=1 << 20, flags=0, more=b""):
        self.socket, self.open, self.last, self.packs_taken, self.packs = WebSocket(url, tls), {}, -1, 0, packs
        hello = varint(1) + varint(flags | packs) + field(b"python") + varint(max_message) + more
        welcome = Fields(self.next(self.send(HELLO, hello), HELLO + 0x40))
        assert welcome.varint() == 1
        self.server = welcome.field().decode()
        self.max_message, self.max_value, self.max_batch, self.max_requests, self.max_scans = welcome.varints(5)
        self.epoch, self.revision, self.hash = welcome.field(), *welcome.varints(2)

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

    def take(self, data, packed=False):
        type, body, id = split(data)
        if type == SERVER_PACK:
            assert self.packs and not packed and not id and body, "a pack that must not be"
            self.packs_taken += 1
            pack = Fields(body)
            while pack.at < len(body):
                self.take(pack.field(), packed=True)
        else:
            self.open[id].append((type, body))      # KeyError: a reply that nothing has asked for

    def next(self, id, *types):
        """Returns the body of the next message under the id, or raises its error; with two types, type and body."""
        while not self.open[id]:
            self.take(self.socket.receive())
        type, body = self.open[id].pop(0)
        if type in (ERROR, SCAN_END) or SCAN_END not in types:
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
        facts = [reply.field().decode(), reply.field(), *reply.varints(9)]
        reply.end()
        return dict(zip("engine epoch revision hash compacted bytes keys durability read_only max_value max_batch".split(), facts))

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
        self.client.send_raw(message(SCAN_CREDIT, varint(size), self.id))

    def cancel(self):
        self.client.send_raw(message(CANCEL, b"", self.id))

    def __iter__(self):
        return self

    def __next__(self):
        type, body = self.client.next(self.id, SCAN_PAGE, SCAN_END)
        page = Fields(body)
        if type == SCAN_END:
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
