# SPDX-License-Identifier: Apache-2.0
"""HTTP(S) in front of the commands: requests, errors' framing, access log, faults."""
import http.server
import json
import ssl
import sys
import threading
import time
import urllib.parse

from . import control, params, signing, wire
from . import admin, importing, instances, lists, networks, preparing, volumes  # noqa: F401: they declare commands
from .errors import ApiError, failure
from .hypervisor import Hypervisor
from .jobs import Runner, new_job_id, require_service
from .paging import Call
from .registry import COMMANDS

API_PATH = "/client/api"
MAX_HEADER = 8192
MAX_FORM = 1 << 20
READ_ONLY = ("get", "list", "query", "find")
HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class Simulator:
    """One management server: an estate, its jobs and the faults asked for."""

    def __init__(self, load, job_seconds=0.05, log=None):
        self.load, self.job_seconds = load, job_seconds
        self.faults = {}
        self.log = open(log, "a", encoding="utf-8") if log else None
        self.log_lock = threading.Lock()
        self.recent = []
        self.reset()

    def reset(self):
        """The estate as load() gives it, without jobs."""
        self.estate = self.load()
        self.hypervisor = Hypervisor(self.estate)
        self.runner = Runner(self.estate, self.job_seconds)

    def answer(self, raw):
        """(status, the whole reply as one member dict) for decoded parameters."""
        name = raw.get("command")
        entry = COMMANDS.get(name)
        try:
            with self.estate.lock:
                return 200, {self._key(entry, name): self._perform(entry, raw)}
        except ApiError as error:
            key = "errorresponse" if error.generic_key else self._key(entry, name)
            return error.status, {key: error.body()}

    @staticmethod
    def _key(entry, name):
        if name is None:
            return "null"
        return entry.reply if entry else name.lower() + "response"

    def _perform(self, entry, raw):
        self.estate.scratch.clear()
        ahead = float(self.faults.get("expired-clock") or 0)
        caller = signing.authenticate(self.estate, raw, entry, ahead)
        self._limit_rate(caller)
        given = params.unpack(raw)
        params.check(self.estate, entry, given)
        call = Call(self, entry, caller, given)
        if not entry.is_async:
            return entry.handler(call)
        require_service(self)
        job_id = new_job_id(self.estate, given)
        work = entry.handler(call)
        self.runner.submit(entry, caller, work, job_id)
        return {**call.submit_extra, "jobid": job_id}

    def _limit_rate(self, caller):
        """Calls a second; the real limit does not bind root admins, this one binds all."""
        most = self.faults.get("rate-limit")
        if most is None:
            return
        clock = time.monotonic()
        self.recent = [at for at in self.recent if at > clock - 1]
        if len(self.recent) >= float(most or 1):
            wait_ms = int((self.recent[0] + 1 - clock) * 1000) + 1
            raise ApiError(429, "The given user has reached his/her account api limit, please retry after "
                                f"{wait_ms} ms.", 4545)
        self.recent.append(clock)

    def record(self, raw, status):
        if self.log:
            shown = {k: v for k, v in raw.items() if k.lower() not in ("signature", "apikey")}
            line = json.dumps({"command": raw.get("command"), "params": shown, "status": status})
            with self.log_lock:
                self.log.write(line + "\n")
                self.log.flush()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "CloudStack-Sim", ""
    disable_nagle_algorithm = True

    def log_message(self, form, *values):
        pass

    def _reply(self, status, content_type, body, extra=(), may_fail=True):
        self.send_response_only(status)
        for name, value in (("Content-Type", content_type), ("Content-Length", str(len(body))),
                            ("X-Content-Type-Options", "nosniff"), *extra):
            self.send_header(name, value)
        self.end_headers()
        if may_fail and "truncate" in self.server.simulator.faults:
            self.wfile.write(body[:max(1, len(body) // 2)])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def _html(self, status, text):
        self._reply(status, "text/html;charset=iso-8859-1", HTML.format(text).encode())

    def _form(self):
        """Query and body merged as the server does: the query wins, first value counts."""
        query = urllib.parse.urlsplit(self.path).query
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_FORM:
            return None
        body = self.rfile.read(length).decode("utf-8", "replace") if length else ""
        raw = {}
        for name, value in _pairs(body):
            raw.setdefault(name, value)
        raw.update(dict(_pairs(query)))
        return raw

    def _injected(self):
        """True if a fault took the reply's place."""
        faults = self.server.simulator.faults
        if "slow" in faults:
            time.sleep(float(faults["slow"] or 1))
        if "http-503" in faults:
            self._html(503, "Service Unavailable")
        elif "html" in faults:
            self._html(200, "Proxy error")
        else:
            return False
        return True

    def _api(self):
        simulator = self.server.simulator
        raw = self._form()
        if raw is None:
            self.close_connection = True
            return self._html(413, "Payload Too Large")
        name = raw.get("command", "")
        if simulator.faults.get("only") and name not in simulator.faults["only"].split(","):
            return self._answer(raw)
        if self._injected():
            return simulator.record(raw, "fault")
        return self._answer(raw)

    def _answer(self, raw):
        simulator = self.server.simulator
        status, body = self._checked_answer(simulator, raw)
        content_type, data = wire.serialize(body, raw.get("response"), simulator.estate.version)
        simulator.record(raw, status)
        self._reply(status, content_type, data, _description(body) if status != 200 else ())

    def _checked_answer(self, simulator, raw):
        name = raw.get("command", "")
        strict = simulator.estate.setting("enforce.post.requests.and.timestamps") == "true"
        if self.command == "GET" and strict and not name.lower().startswith(READ_ONLY):
            error = ApiError(400, f"State changing command {name} needs to be sent using POST request")
            return 400, {name.lower() + "response": error.body()}
        try:
            return simulator.answer(raw)
        except Exception as bug:
            print(f"cloudstack-sim: {name}: {bug!r}", file=sys.stderr, flush=True)
            return 530, {name.lower() + "response": failure(f"stand-in failed: {bug!r}").body()}

    def _dispatch(self):
        if len(self.raw_requestline) > MAX_HEADER:
            return self._html(414, "URI Too Long")
        path = urllib.parse.urlsplit(self.path).path.rstrip("/")
        if path == API_PATH:
            return self._api()
        if path.startswith("/sim/"):
            return self._control(path[len("/sim/"):])
        return self._html(404, "Not Found")

    def _control(self, verb):
        length = int(self.headers.get("Content-Length") or 0)
        request = json.loads(self.rfile.read(length) or b"{}") if length else {}
        status, reply = control.perform(self.server.simulator, verb, request)
        self._reply(status, wire.JSON_TYPE, json.dumps(reply).encode(), may_fail=False)

    do_GET = do_POST = _dispatch


def _pairs(text):
    """Items without '=' are dropped."""
    for item in text.split("&"):
        name, equals, value = item.partition("=")
        if equals:
            yield urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(value)


def _description(body):
    text = next(iter(body.values())).get("errortext", "")
    return (("X-Description", text.encode("ascii", "replace").decode().replace("\n", " ")),)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    context = None

    def get_request(self):
        connection, address = super().get_request()
        return connection, address

    def finish_request(self, request, client_address):
        """TLS is negotiated in the connection's thread: a silent client hurts nobody."""
        if self.context:
            request.settimeout(10)
            request = self.context.wrap_socket(request, server_side=True)
            request.settimeout(None)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        """A client that hangs up or refuses our certificate is no event here."""
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


def serve(simulator, host, port, cert=None, key=None, is_quiet=False):
    server = Server((host, port), Handler)
    server.simulator = simulator
    if cert:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(cert, key)
    scheme = "https" if cert else "http"
    if not is_quiet:
        print(f"listening on {scheme}://{host}:{server.server_address[1]}{API_PATH}", flush=True)
    return server
