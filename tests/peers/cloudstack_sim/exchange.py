# SPDX-License-Identifier: Apache-2.0
"""One API request and what goes back: the means that faults have."""
import random
import socket
import struct
import time

from . import wire

HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
HTML_TYPE = "text/html;charset=iso-8859-1"
PHRASES = {401: "Unauthorized", 404: "Not Found", 413: "Payload Too Large", 414: "URI Too Long", 429: "Too Many Requests",
           502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


class Exchange:
    """act() carries the call out, once; then one of reply(), refuse(), drop() and so on. Lasts as long as the call."""

    def __init__(self, handler, raw, call):
        self.handler, self.raw, self.call = handler, raw, call
        self.simulator = handler.server.simulator
        self.answer = None
        self.fate = None  # of the job that the call starts

    def act(self):
        """(status, body as one member)"""
        if self.answer is None:
            self.answer = self.handler.carry_out(self)
            self.call["acted"] = self.answer[0] == 200
        return self.answer

    def end(self, status=None):
        self.simulator.calls.end(self.call, status)

    def reply(self, alter=None):
        """What the call answers; @alter gets the bytes and returns others."""
        status, body = self.act()
        content_type, data = wire.serialize(body, self.raw.get("response"), self.simulator.estate.version)
        self.send(status, content_type, alter(data) if alter else data, description(body) if status != 200 else ())

    def refuse(self, error, extra=()):
        """An error of the API, whatever the call did or would have done."""
        key = "errorresponse" if error.generic_key else (self.raw.get("command") or "null").lower() + "response"
        body = {key: error.body()}
        content_type, data = wire.serialize(body, self.raw.get("response"), self.simulator.estate.version)
        self.send(error.status, content_type, data, (*description(body), *extra))

    def html(self, status, text=None, extra=()):
        text = text or PHRASES.get(status, "Proxy error")
        self.send(status, HTML_TYPE, HTML.format(text).encode(), extra)

    def send(self, status, content_type, data, extra=()):
        self.end(status)
        self.handler.send_whole(status, content_type, data, extra)

    def cut(self, share):
        """The length of all, a share of the body, and the end."""
        status, body = self.act()
        content_type, data = wire.serialize(body, self.raw.get("response"), self.simulator.estate.version)
        self.end(status)
        self.handler.send_head(status, content_type, len(data))
        self.handler.wfile.write(data[:max(1, int(len(data) * share))])
        self.handler.wfile.flush()
        self.drop()

    def trickle(self, seconds, pieces=20):
        """The body in pieces over that time."""
        status, body = self.act()
        content_type, data = wire.serialize(body, self.raw.get("response"), self.simulator.estate.version)
        self.end(status)
        self.handler.send_head(status, content_type, len(data))
        size = max(1, -(-len(data) // pieces))
        for begin in range(0, len(data), size):
            time.sleep(seconds * size / len(data))
            self.handler.wfile.write(data[begin:begin + size])
            self.handler.wfile.flush()

    def noise(self, seed, length):
        self.act()
        self.send(200, wire.JSON_TYPE, random.Random(seed).randbytes(length))

    def drop(self, resets=False):
        """The connection ends, with a reset (RST) if asked for."""
        self.handler.close_connection = True
        connection = self.handler.connection
        try:
            if resets:
                self.handler.server.resets.add(connection)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # the client was faster
            pass


def description(body):
    text = next(iter(body.values())).get("errortext") or ""
    return (("X-Description", text.encode("ascii", "replace").decode().replace("\n", " ")),)
