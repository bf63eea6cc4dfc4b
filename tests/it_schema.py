#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schemas accept the files that the program reads, and refuse the others."""
import copy
import glob
import json
import os
import sys

try:
    import jsonschema
except ImportError:
    print("1..0 # skip python3-jsonschema is not installed")
    sys.exit(0)

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
results = []


def case(name, trouble):
    results.append(not trouble)
    print(f"{'not ok' if trouble else 'ok'} {len(results)} - {name}")
    for line in str(trouble or "").splitlines():
        print(f"# {line}")


def load(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return json.load(file)


def refusal(validator, document):
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    return error and f"{list(error.absolute_path)}: {error.message}"[:300]


def parse(path):
    try:
        return load(path)
    except ValueError:
        return None


def mutants(document):
    """Documents that differ from a good one in one thing that makes them bad."""
    def changed(name, change):
        bad = copy.deepcopy(document)
        change(bad)
        return name, bad
    yield changed("other version", lambda d: d.update(apiVersion="vm-ingest/v2"))
    yield changed("other kind", lambda d: d.update(kind="Other"))
    yield changed("unknown member on top", lambda d: d.update(extra=1))
    for member in ("apiVersion", "kind", "records"):
        if member in document:
            yield changed(f"no {member}", lambda d, m=member: d.pop(m))
    for index, record in enumerate(document.get("records", [])):
        word, = record
        yield changed(f"unknown member in {word}",
                      lambda d, i=index, w=word: d["records"][i][w].update(extra=1))
        yield changed(f"{word} and something else",
                      lambda d, i=index: d["records"][i].update(extra={}))
        for member, value in record[word].items():
            wrong = {"a": 1} if not isinstance(value, dict) else 7
            yield changed(f"{word}.{member} of another type",
                          lambda d, i=index, w=word, m=member, x=wrong: d["records"][i][w].update({m: x}))


def main():
    schemas = sorted(glob.glob(os.path.join(TOP, "appliance/schema/*.schema.json")))
    case("there is a schema", None if schemas else "none in appliance/schema")
    for path in schemas:
        kind = os.path.basename(path).split(".")[0]
        schema = load(path)
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for name in sorted(glob.glob(os.path.join(TOP, "tests/corpus", kind, "*.json"))):
            short = os.path.relpath(name, TOP)
            document = parse(short)
            wrong = document is None or refusal(validator, document)
            if os.path.basename(name).startswith("valid-"):
                case(f"{kind}: accepts {os.path.basename(name)}", wrong and str(wrong))
                missed = [what for what, bad in mutants(document) if not refusal(validator, bad)]
                case(f"{kind}: refuses each slip in {os.path.basename(name)}", "\n".join(missed))
            elif os.path.basename(name).startswith("bad-"):
                case(f"{kind}: refuses {os.path.basename(name)}",
                     None if wrong else "accepted")
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
