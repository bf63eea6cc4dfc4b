# SPDX-License-Identifier: Apache-2.0
"""Command line of the stand-in."""
import argparse
import os
import sys
import threading

from . import control, estate
from .scheduler import DAY_S
from .server import API_PATH, Simulator, serve, serve_control
from .store import Store

LAB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "estates", "lab.json")


def arguments():
    parser = argparse.ArgumentParser(
        prog="cloudstack-sim", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="A stand-in for a CloudStack management server.",
        epilog="switches for --fault, in force until taken back:\n" + "\n".join(f"  {name:14} {text}" for name, text in control.FAULTS.items()))
    parser.add_argument("--estate", default=LAB, metavar="FILE", help="state to start from (lab.json)")
    parser.add_argument("--vms", type=int, default=0, metavar="N",
                        help="so many VMs more on the hosts: vm-00001 and so on, each like the estate's first")
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free one")
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS")
    parser.add_argument("--tls-cert", metavar="FILE", help="speak HTTPS")
    parser.add_argument("--tls-key", metavar="FILE")
    parser.add_argument("--admin-key", metavar="KEY", help="API key of the root admin, beside the estate's")
    parser.add_argument("--admin-secret", metavar="SECRET")
    parser.add_argument("--server-version", metavar="VERSION", help="4.23.0.0 or 4.20.3.0")
    parser.add_argument("--job-seconds", default="0.05", metavar="N|COMMAND=N,..",
                        help="how long a job runs (0.05); '*' is every other command")
    parser.add_argument("--job-jitter", default=0, metavar="SHARE", help="0.3: up to 30 %% longer or shorter (0)")
    parser.add_argument("--job-seed", default=1, metavar="N", help="of the jitter (1)")
    parser.add_argument("--job-workers", default=125, metavar="N", help="jobs that run at once (125)")
    parser.add_argument("--host-jobs", default=0, metavar="N", help="jobs that talk to one host at once (0: any number)")
    parser.add_argument("--job-expire", default=DAY_S, metavar="SECONDS", help="how long a job is known (86400)")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[=VALUE]", help="see below")
    parser.add_argument("--faults", metavar="FILE", help="a script of faults, see tests/README.md")
    parser.add_argument("--state", metavar="FILE", help="keep the state there, and begin with what is kept")
    parser.add_argument("--control", metavar="PORT|PATH", help="/sim/VERB on a port or Unix socket of its own, too")
    parser.add_argument("--log", metavar="FILE", help="one JSON line a call")
    return parser.parse_args()


def add_admin_key(loaded, key, secret):
    """For the first root admin, or the first account at all."""
    account = loaded["account"].first(accounttype=1) or loaded["account"].rows[0]
    loaded.keys.append({"apikey": key, "secretkey": secret, "userid": account["user"][0]["id"]})


def start(args):
    document = estate.read(args.estate)
    document["instances"] = document.get("instances", []) + list(estate.more_instances(document, args.vms))

    def load():
        loaded = estate.Estate(document, args.server_version)
        if args.admin_key:
            add_admin_key(loaded, args.admin_key, args.admin_secret or "")
        return loaded
    simulator = Simulator(load, args.job_seconds, args.log, Store(args.state) if args.state else None)
    simulator.pace.set(jitter=args.job_jitter, seed=args.job_seed, workers=args.job_workers, hostjobs=args.host_jobs,
                       expire=args.job_expire)
    for fault in args.fault:
        name, _, value = fault.partition("=")
        control.set_fault(simulator, name, value)
    if args.faults and not simulator.script.faults:
        with open(args.faults, encoding="utf-8") as file:
            simulator.script.set(file.read())
    return simulator


def announce(args, server, control_server):
    scheme = "https" if args.tls_cert else "http"
    print(f"listening on {scheme}://{args.listen}:{server.server_address[1]}{API_PATH}", flush=True)
    if control_server:
        place = control_server.server_address
        print("control on", place if isinstance(place, str) else f"http://127.0.0.1:{place[1]}", flush=True)


def main():
    args = arguments()
    try:
        simulator = start(args)
        servers = [serve(simulator, args.listen, args.port, args.tls_cert, args.tls_key),
                   serve_control(simulator, args.control)]
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f"cloudstack-sim: {error}")
    try:
        for server in filter(None, servers):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        announce(args, *servers)
        threading.Event().wait()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
