# SPDX-License-Identifier: Apache-2.0
"""HTTP(S) in front of the commands: requests, connections, what faults take over."""
import http.server
import json
import os
import socket
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

from . import control, exchange, faults, jobs, params, releases, signing, wire
from . import admin, converting, importing, instances, lists, networks, preparing, volumes  # noqa: F401: they declare commands
from .calls import CallLog
from .errors import ApiError, failure
from .hypervisor import Hypervisor
from .paging import Call
from .registry import COMMANDS
from .scheduler import Pace, Scheduler

API_PATH = "/client/api"
MAX_HEADER = 8192
MAX_FORM = 1 << 20
READ_ONLY = ("get", "list", "query", "find")


class Simulator:
    """One management server: an estate, its jobs, and the faults asked for."""

    def __init__(self, load, job_seconds=0.05, log=None, store=None):
        self.load, self.pace = load, Pace(job_seconds)
        self.switches = {}  # --fault: in force until taken back
        self.script = faults.Script()
        self.calls = CallLog(log)
        self.recent = []
        self.down_until = self.starting_until = 0
        self.sever = lambda: None  # all clients' connections
        self.scheduler, self.store = None, None
        self.reset()
        if store:
            store.load(self)
        self.store = store
        self.keep()

    def keep(self):
        """Something may have changed."""
        if self.store:
            self.store.save(self)

    def reset(self):
        """The estate as load() gives it, without jobs, and nobody has called."""
        if self.scheduler:
            self.scheduler.stop()
        self.calls.clear()
        self.estate = self.load()
        self.hypervisor = Hypervisor(self.estate)
        self.scheduler = Scheduler(self.estate, self.pace, self.keep)
        self.keep()

    def restart(self, acted="no", down=0.0, starting=0.0):
        """The management server dies and comes back: no connections for @down seconds, then HTML for @starting."""
        self.scheduler.restart(acted)
        self.down_until = time.monotonic() + down
        self.starting_until = self.down_until + starting
        if down:
            self.sever()

    def is_down(self):
        return time.monotonic() < self.down_until

    def upgrade(self, version):
        """From now on the server is of that version."""
        self.estate.release, self.estate.version = releases.of_version(version), version

    def control(self, verb, request):
        """What /sim/VERB does; wrong requests are an error of the test's."""
        status, reply = control.perform(self, verb, request)
        if status != 200:
            raise ValueError(f"/sim/{verb} {request}: {reply}")

    def add_dead_job(self, raw):
        """The row of a job that is over, without a result, under the id that the client chose."""
        entry, given = COMMANDS.get(raw.get("command")), {name.lower(): value for name, value in raw.items()}
        with self.estate.lock:
            if entry and given.get("customjobid") and not self.estate["job"].get(given["customjobid"]):
                caller = signing.authenticate(self.estate, raw, entry)
                self.scheduler.lose(jobs.add_row(self, entry, caller, None, given["customjobid"]))

    def answer(self, raw, fate=None):
        """(status, the whole reply as one member dict) for decoded parameters."""
        name = raw.get("command")
        entry = COMMANDS.get(name)
        if entry and not entry.exists(self.estate):
            entry = None
        try:
            with self.estate.lock:
                reply = self._perform(entry, raw, fate)
                if not name.lower().startswith(READ_ONLY):
                    self.keep()
                return 200, {self._key(entry, name): reply}
        except ApiError as error:
            key = "errorresponse" if error.generic_key else self._key(entry, name)
            return error.status, {key: error.body()}

    @staticmethod
    def _key(entry, name):
        if name is None:
            return "null"
        return entry.reply if entry else name.lower() + "response"

    def _perform(self, entry, raw, fate):
        self.estate.scratch.clear()
        ahead = float(self.switches.get("expired-clock") or 0)
        caller = signing.authenticate(self.estate, raw, entry, ahead)
        self._limit_rate(caller)
        if entry.is_async or entry.kind == "job":
            jobs.forget_expired(self)
        given = params.unpack(raw)
        params.check(self.estate, entry, given)
        call = Call(self, entry, caller, given)
        if not entry.is_async:
            return entry.handler(call)
        jobs.require_service(self)
        work = entry.handler(call)
        job_id = jobs.new_job_id(self.estate, given)
        jobs.submit(self, entry, caller, work, job_id, fate)
        return {**call.submit_extra, "jobid": job_id}

    def _limit_rate(self, caller):
        """Calls a second; the real limit does not bind root admins, this one binds all."""
        most = self.switches.get("rate-limit")
        if most is None:
            return
        clock = time.monotonic()
        self.recent = [at for at in self.recent if at > clock - 1]
        if len(self.recent) >= float(most or 1):
            wait_ms = int((self.recent[0] + 1 - clock) * 1000) + 1
            raise ApiError(429, "The given user has reached his/her account api limit, please retry after "
                                f"{wait_ms} ms.", 4545)
        self.recent.append(clock)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "CloudStack-Sim", ""
    disable_nagle_algorithm = True
    is_api = True

    def setup(self):
        super().setup()
        self.number = self.server.connected(self.connection)
        self.is_control = False

    def finish(self):
        self.server.disconnected(self.number)
        super().finish()

    def log_message(self, form, *values):
        pass

    # --- what goes back -----------------------------------------------------------

    def send_head(self, status, content_type, length, extra=()):
        self.send_response_only(status)
        for name, value in (("Content-Type", content_type), ("Content-Length", str(length)),
                            ("X-Content-Type-Options", "nosniff"), *extra):
            self.send_header(name, value)
        self.end_headers()

    def send_whole(self, status, content_type, body, extra=()):
        self.send_head(status, content_type, len(body), extra)
        self.wfile.write(body)

    def _html(self, status):
        self.send_whole(status, exchange.HTML_TYPE, exchange.HTML.format(exchange.PHRASES[status]).encode())

    # --- a call -------------------------------------------------------------------

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

    def _api(self):
        simulator, raw = self.server.simulator, self._form()
        if raw is None:
            self.close_connection = True
            return self._html(413)
        call = simulator.calls.begin(raw, signing.user_of(simulator.estate, raw), self.number)
        talk = exchange.Exchange(self, raw, call)
        try:
            if not (self._is_down(talk) or self._is_switched(talk) or self._is_hit(talk)):
                talk.reply()
        finally:
            talk.end()

    @staticmethod
    def _is_hit(talk):
        """True if a fault of the script took the reply's place."""
        met = talk.simulator.script.take(talk.call)
        if met:
            with talk.simulator.estate.lock:
                talk.simulator.keep()
        return faults.play(met, talk)

    def _is_down(self, talk):
        simulator = self.server.simulator
        if simulator.is_down():
            talk.drop()
        elif time.monotonic() < simulator.starting_until:
            talk.html(503)
        else:
            return False
        return True

    def _is_switched(self, talk):
        """True if a switch (--fault) took the reply's place."""
        switches = self.server.simulator.switches
        if "only" in switches and talk.raw.get("command", "") not in switches["only"].split(","):
            return False
        if "slow" in switches:
            time.sleep(float(switches["slow"] or 1))
        if "http-503" in switches:
            talk.html(503)
        elif "html" in switches:
            talk.html(200)
        elif "truncate" in switches:
            talk.cut(0.5)
        else:
            return False
        return True

    def carry_out(self, talk):
        """(status, body) of a call that no fault keeps from the commands."""
        simulator, name = talk.simulator, talk.raw.get("command", "")
        strict = simulator.estate.setting("enforce.post.requests.and.timestamps") == "true"
        if self.command == "GET" and strict and not name.lower().startswith(READ_ONLY):
            error = ApiError(400, f"State changing command {name} needs to be sent using POST request")
            return 400, {name.lower() + "response": error.body()}
        try:
            return simulator.answer(talk.raw, talk.fate)
        except Exception as bug:
            print(f"cloudstack-sim: {name}: {bug!r}", file=sys.stderr, flush=True)
            return 530, {name.lower() + "response": failure(f"stand-in failed: {bug!r}").body()}

    # --- paths --------------------------------------------------------------------

    def _dispatch(self):
        if len(self.raw_requestline) > MAX_HEADER:
            return self._html(414)
        path = urllib.parse.urlsplit(self.path).path.rstrip("/")
        if path == API_PATH and self.is_api:
            return self._api()
        if path.startswith("/sim/"):
            return self._control(path[len("/sim/"):])
        return self._html(404)

    def _control(self, verb):
        self.server.disconnected(self.number)  # not one of the clients' that a restart severs
        length = int(self.headers.get("Content-Length") or 0)
        try:
            request = json.loads(self.rfile.read(length) or b"{}") if length else {}
        except ValueError as error:
            return self.send_whole(400, wire.JSON_TYPE, json.dumps({"error": f"no JSON: {error}"}).encode())
        status, reply = control.perform(self.server.simulator, verb, request)
        return self.send_whole(status, wire.JSON_TYPE, json.dumps(reply).encode())

    do_GET = do_POST = _dispatch


class ControlHandler(Handler):
    """On the control channel of its own: /sim/VERB alone."""
    is_api = False
    disable_nagle_algorithm = False  # a Unix socket has none


def _pairs(text):
    """Items without '=' are dropped."""
    for item in text.split("&"):
        name, equals, value = item.partition("=")
        if equals:
            yield urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(value)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    context = None

    def __init__(self, address, handler, simulator):
        self.simulator = simulator
        self.lock, self.connections, self.count, self.resets = threading.Lock(), {}, 0, set()
        super().__init__(address, handler)

    def connected(self, connection):
        """The connection's number."""
        with self.lock:
            self.count += 1
            self.connections[self.count] = connection
            return self.count

    def disconnected(self, number):
        with self.lock:
            self.connections.pop(number, None)

    def sever(self):
        """Every client's connection ends at once."""
        with self.lock:
            for connection in self.connections.values():
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # it has ended already
                    pass

    def finish_request(self, request, client_address):
        """TLS is negotiated in the connection's thread: a silent client hurts nobody."""
        if self.context:
            request.settimeout(10)
            request = self.context.wrap_socket(request, server_side=True)
            request.settimeout(None)
        super().finish_request(request, client_address)

    def shutdown_request(self, request):
        """A connection that is to be reset must not be ended politely before."""
        if request in self.resets:
            self.resets.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that hangs up or refuses our certificate is no event here."""
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


class LocalServer(Server):
    """The control channel on a Unix socket."""
    address_family = socket.AF_UNIX

    def server_bind(self):
        if os.path.exists(self.server_address):
            os.unlink(self.server_address)
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "control", 0

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("control", 0)


def serve(simulator, host, port, cert=None, key=None):
    """The API's server; it is to be run."""
    server = Server((host, port), Handler, simulator)
    if cert:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(cert, key)
    simulator.sever = server.sever
    return server


def serve_control(simulator, place):
    """The control channel alone, on a port of the loopback or a path; None for neither."""
    if place is None:
        return None
    if place.isdigit():
        return Server(("127.0.0.1", int(place)), ControlHandler, simulator)
    return LocalServer(place, ControlHandler, simulator)
