# SPDX-License-Identifier: Apache-2.0
"""Command line of the stand-in."""
import argparse
import os
import sys
import threading

from . import control, estate
from .server import Simulator, serve

LAB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "estates", "lab.json")


def arguments():
    parser = argparse.ArgumentParser(
        prog="cloudstack-sim", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="A stand-in for a CloudStack management server.",
        epilog="faults:\n" + "\n".join(f"  {name:14} {text}" for name, text in control.FAULTS.items()))
    parser.add_argument("--estate", default=LAB, metavar="FILE", help="state to start from (lab.json)")
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free one")
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS")
    parser.add_argument("--tls-cert", metavar="FILE", help="speak HTTPS")
    parser.add_argument("--tls-key", metavar="FILE")
    parser.add_argument("--admin-key", metavar="KEY", help="API key of the root admin, beside the estate's")
    parser.add_argument("--admin-secret", metavar="SECRET")
    parser.add_argument("--server-version", metavar="VERSION", help="4.23.0.0 or 4.20.3.0")
    parser.add_argument("--job-seconds", type=float, default=0.05, help="how long a job runs (0.05)")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[=VALUE]", help="see below")
    parser.add_argument("--log", metavar="FILE", help="one JSON line a request")
    return parser.parse_args()


def add_admin_key(loaded, key, secret):
    """For the first root admin, or the first account at all."""
    account = loaded["account"].first(accounttype=1) or loaded["account"].rows[0]
    loaded.keys.append({"apikey": key, "secretkey": secret, "userid": account["user"][0]["id"]})


def start(args):
    document = estate.read(args.estate)

    def load():
        loaded = estate.Estate(document, args.server_version)
        if args.admin_key:
            add_admin_key(loaded, args.admin_key, args.admin_secret or "")
        return loaded
    simulator = Simulator(load, args.job_seconds, args.log)
    for fault in args.fault:
        name, _, value = fault.partition("=")
        control.set_fault(simulator, name, value)
    return serve(simulator, args.listen, args.port, args.tls_cert, args.tls_key)


def main():
    args = arguments()
    try:
        server = start(args)
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f"cloudstack-sim: {error}")
    try:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        threading.Event().wait()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
