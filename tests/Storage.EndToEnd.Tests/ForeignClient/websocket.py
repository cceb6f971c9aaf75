"""As much of a WebSocket client (RFC 6455) as wsstorage.v1 needs, with nothing but Python's standard library."""
import base64
import hashlib
import os
import socket
import struct
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Closed(Exception):
    """The server closed the connection, with this code."""


class Refused(Exception):
    """The server answered the upgrade with this status, and these headers."""


class WebSocket:
    """An open connection. A server that says nothing for 10 s, which is less than its ping takes, has failed a check."""

    def __init__(self, url, tls, protocol="wsstorage.v1"):
        parts = urlsplit(url)
        plain = socket.create_connection((parts.hostname, parts.port), timeout=10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = tls.wrap_socket(plain, server_hostname=parts.hostname)
        self.buffer, self.pongs = bytearray(), []
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                             f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n").encode())
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            self.fill()
        status, *lines = self.take(end + 4).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        if status.split()[1] != "101":
            self.socket.close()
            raise Refused(int(status.split()[1]), headers)
        assert headers["sec-websocket-accept"] == accept and headers["sec-websocket-protocol"] == protocol

    def fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("the connection ended without a close")
        self.buffer += data

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def send_frame(self, opcode, payload, last=True):
        size = len(payload)
        length = (bytes([0x80 | size]) if size < 126 else b"\xFE" + struct.pack(">H", size) if size < 65536
                  else b"\xFF" + struct.pack(">Q", size))
        mask = os.urandom(4)
        masked = int.from_bytes(payload, "big") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        self.socket.sendall(bytes([opcode | (0x80 if last else 0)]) + length + mask + masked.to_bytes(size, "big"))

    def receive(self):
        """Returns the next message; it answers pings, and a close, which it raises."""
        message = b""
        while True:
            first, second = self.take(2)
            assert first & 0x70 == 0 and second < 128, "a frame of an extension, or a masked one"
            size = second if second < 126 else int.from_bytes(self.take(2 if second == 126 else 8), "big")
            payload, opcode = self.take(size), first & 15
            if opcode == CLOSE:
                self.send_frame(CLOSE, payload[:2])
                raise Closed(int.from_bytes(payload[:2], "big"), payload[2:].decode())
            elif opcode == PING:
                self.send_frame(PONG, payload)
            elif opcode == PONG:
                self.pongs.append(payload)
            else:
                assert opcode == (CONTINUATION if message else BINARY), f"a frame of opcode {opcode}"
                message += payload
                if first & 0x80:
                    return message
