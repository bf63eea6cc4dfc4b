# SPDX-License-Identifier: Apache-2.0
"""build/tests/probe_sources as a process of a test: single instances read again, guests shut down."""
import json
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / os.environ.get("B", "build")
PROBE = BUILD / "tests/probe_sources"
WORKER = BUILD / "vm-ingest-libvirt-worker"


class Probe:
    def __init__(self, work, config, *args):
        """The program stands beside its libvirt worker, as when it is installed."""
        home = work / "probe"
        home.mkdir(exist_ok=True)
        for program in (PROBE, WORKER):
            if not (home / program.name).exists():
                shutil.copy(program, home)
        path = work / "probe.conf"
        path.write_text(config)
        path.chmod(0o600)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("GOVC_", "CLOUDSTACK_"))}
        self.process = subprocess.Popen([home / PROBE.name, "--config", path, *args], text=True, env=env,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def tell(self, *words):
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def ask(self, *words):
        self.tell(*words)
        return self.hear()

    def read(self, source, *ids, timeout_ms=0):
        return self.ask("read", source, timeout_ms, *ids)

    def read_one(self, source, instance, timeout_ms=0):
        """The row of one instance; a source that failed has its error in it."""
        answer = self.read(source, instance, timeout_ms=timeout_ms)
        return answer["instances"][0] if "instances" in answer else {"presence": None, **answer}

    def shutdown(self, source, instance, timeout_ms):
        return self.ask("shutdown", source, timeout_ms, instance)
