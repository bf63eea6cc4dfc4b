#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The helper as systemd starts it: one program a connection, the socket its standard input."""
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HELPER = ROOT / os.environ.get("B", "build") / "vm-ingest-helper"
count = failed = 0


def case(name, problems):
    """One TAP result; problems is a list of texts, empty when all is well."""
    global count, failed
    count += 1
    print(f"{'not ok' if problems else 'ok'} {count} - {name}")
    for text in problems[:8]:
        print(f"#   {text}")
    failed += bool(problems)
    sys.stdout.flush()


if os.getuid() != 0:
    print("1..0 # skip it must be root to be asked as root and as others")
    sys.exit(0)

work = pathlib.Path(tempfile.mkdtemp(prefix="vmi-helper-"))
calls = work / "calls"
systemctl = work / "systemctl"
systemctl.write_text(f"#!/bin/sh\necho \"$*\" >>{calls}\nenv >>{work}/environment\ntest ! -e {work}/fail\n")
systemctl.chmod(0o755)
work.chmod(0o755)
path = work / "socket"
listener = socket.socket(socket.AF_UNIX)
listener.bind(str(path))
path.chmod(0o666)
listener.listen(8)


def serve(sender):
    """Starts the helper for one connection that sender(connection) makes use of."""
    calls.write_text("")
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(path))
    server, _ = listener.accept()
    helper = subprocess.Popen([HELPER, systemctl], stdin=server, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              env={"SECRET_OF_SYSTEMD": "1", "PATH": "/usr/bin:/bin"})
    server.close()
    with client:
        client.settimeout(30)
        try:
            sender(client)
        except BrokenPipeError:
            pass
        reply = b""
        while True:
            try:
                part = client.recv(65536)
            except ConnectionResetError:
                break
            if not part:
                break
            reply += part
    log = helper.communicate(timeout=30)[1].decode()
    return reply, log, helper.returncode, calls.read_text()


def ask(line):
    reply, log, code, called = serve(lambda client: client.sendall(line))
    lines = reply.split(b"\n")
    assert len(lines) == 2 and not lines[1], reply
    return json.loads(lines[0]), log, code, called


problems = []
for line, want in ((b"reboot\n", "reboot --no-block --no-wall\n"), (b"poweroff\n", "poweroff --no-block --no-wall\n"),
                   (b"dry-run-start name=prod\n", "start --no-block -- vm-ingest-dry-run@prod.service\n")):
    reply, log, code, called = ask(line)
    if reply != {"ok": True} or code != 0 or called != want:
        problems.append(f"{line}: {reply} {code} {called!r}")
    if log.count("\n") != 1 or not log.startswith("user 0, process ") or not log.endswith(": done\n"):
        problems.append(f"{line}: logged {log!r}")
case("each verb does what it says, once, and is logged with who asked", problems)

leaked = [word for word in (work / "environment").read_text().split("\n") if "SECRET_OF_SYSTEMD" in word]
case("what it starts gets a clean environment", leaked)

problems = []
for line in (b"\n", b"sh -c reboot\n", b"reboot now=1\n", b"reboot;poweroff\n", b"dry-run-start name=../x\n", b"\xff\xfe\n",
             b"dry-run-start name=x\0y\n", b"reboot\r\n", b"dry-run-start name=x%0areboot\n", b"GET / HTTP/1.1\r\n"):
    reply, log, code, called = ask(line)
    if reply["ok"] or reply["code"] not in ("usage", "invalid") or not reply["error"] or called or code != 1:
        problems.append(f"{line}: {reply} {called!r}")
    if log.count("\n") != 1 or not log.isprintable() and not log[:-1].isprintable():
        problems.append(f"{line}: logged {log!r}")
case("what is not in the table starts nothing, and is logged on one line", problems)

reply, log, code, called = ask(b"x" * 200000 + b"\n")
case("a long request is cut off", [] if not reply["ok"] and "bytes at most" in reply["error"] and not called else [str(reply)])

reply, log, code, called = serve(lambda client: (client.sendall(b"reboot"), client.shutdown(socket.SHUT_WR)))[:4]
case("a request without its end is none", [] if b'"ok":false' in reply and not called else [str(reply)])

begin = time.monotonic()
reply, log, code, called = serve(lambda client: client.sendall(b"reb"))
seconds = time.monotonic() - begin
case("who sends nothing more is not waited for", [] if b'"timeout"' in reply and 5 < seconds < 25 and not called
     else [f"{reply} after {seconds:.0f} s"])

(work / "fail").touch()
reply, log, code, called = ask(b"reboot\n")
(work / "fail").unlink()
case("what fails is told with its exit code", [] if reply["code"] == "failed" and "exit code 1" in reply["error"] else [str(reply)])

# Another user: the socket's mode would keep him out; the helper does, too.
nobody = pwd.getpwnam("nobody").pw_uid
calls.write_text("")
pid = os.fork()
if pid == 0:
    os.setuid(nobody)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"reboot\n")
        answer = client.recv(65536)
    os._exit(0 if b'"code":"auth"' in answer and str(nobody).encode() in answer else 1)
server, _ = listener.accept()
helper = subprocess.run([HELPER, systemctl], stdin=server, stderr=subprocess.PIPE, timeout=30)
server.close()
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
case("another user is refused", [] if status == 0 and not calls.read_text() and helper.returncode == 1
     else [f"{status} {helper.returncode} {calls.read_text()!r}"])

done = subprocess.run([HELPER], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
case("without a socket it says who starts it", [] if done.returncode == 1 and "vm-ingest-helper.socket" in done.stderr
     else [done.stderr])

listener.close()
shutil.rmtree(work)
print(f"1..{count}")
sys.exit(1 if failed else 0)
