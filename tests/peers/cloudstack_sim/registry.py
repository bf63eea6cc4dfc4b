# SPDX-License-Identifier: Apache-2.0
"""The table of commands, and listApis made from it.

A command is declared by a decorator with its parameters as one text:
'clusterid!:cluster name!:string details:map'. '!' is required, the word after ':' is
a type or the table in which the id must exist. apis.json holds what the server says
of some commands beyond that (descriptions, lengths, since).
"""
import json
import os

from . import shapes

COMMANDS = {}
HERE = os.path.dirname(os.path.abspath(__file__))
LIST_PARAMS = "keyword:string page:integer pagesize:integer"


class Param:
    def __init__(self, text, described):
        name, _, self.type = text.partition(":")
        self.is_list = self.type.endswith("[]")
        self.type = (self.type or "string").removesuffix("[]")
        self.required, self.name = name.endswith("!"), name.rstrip("!")
        self.length = described.get("length", 255)


class Command:
    def __init__(self, name, handler, params, **meta):
        described = {p["name"]: p for p in DESCRIBED.get(name, {}).get("params", [])}
        self.name, self.handler = name, handler
        self.params = {}
        for text in params.split():
            spec = Param(text, described.get(text.partition(":")[0].rstrip("!"), {}))
            self.params[spec.name] = spec
        self.role = meta.get("role", "admin")
        self.is_async = meta.get("is_async", False)
        self.reply = meta.get("reply", name.lower() + "response")
        self.cmd = meta.get("cmd", "")
        self.instance_type = meta.get("instance_type")
        self.instance_param = meta.get("instance_param")
        self.kind = meta.get("kind")
        self.since = meta.get("since")
        self.exists = meta.get("exists", lambda estate: True)  # here, in this release


def _described():
    with open(os.path.join(HERE, "apis.json"), encoding="utf-8") as file:
        return {api["name"]: api for api in json.load(file)}


DESCRIBED = _described()


def command(name, params="", **meta):
    def declare(handler):
        COMMANDS[name] = Command(name, handler, params, **meta)
        return handler
    return declare


STATE_SINCE_419 = {"listServiceOfferings": ("state",), "listDiskOfferings": ("state",)}


def _api_params(estate, entry):
    described = {p["name"]: p for p in DESCRIBED.get(entry.name, {}).get("params", [])}
    hidden = () if estate.release.kvm else STATE_SINCE_419.get(entry.name, ())
    known = [described[name] if name in described else _own_param(spec)
             for name, spec in entry.params.items() if name not in hidden]
    return known + [p for name, p in described.items() if name not in entry.params and name not in hidden]


def _own_param(spec):
    plain = spec.type in ("string", "integer", "long", "boolean", "date", "map", "uuid")
    kind = "list" if spec.is_list else spec.type if plain else "uuid"
    return {"name": spec.name, "description": spec.name, "type": kind, "length": spec.length,
            "required": spec.required}


def _api_response(estate, entry):
    shape = shapes.SHAPES.get(entry.kind, [])
    return [{"name": name, "description": name, "type": "string"} for name, marks, *_ in shape
            if not ("+" in marks and estate.is_old)] or [
                {"name": "success", "description": "success", "type": "boolean"}]


def describe(estate, entry):
    """One item of listApis."""
    described = DESCRIBED.get(entry.name, {})
    api = {"name": entry.name, "description": described.get("description", entry.name)}
    since = described.get("since", entry.since)
    if since:
        api["since"] = since
    api["isasync"] = entry.is_async
    for member in ("related",):
        if member in described:
            api[member] = described[member]
    api["params"] = _api_params(estate, entry)
    api["response"] = described.get("response") or _api_response(estate, entry)
    if "httprequesttype" in described and not estate.is_old:
        api["httprequesttype"] = described["httprequesttype"]
    return api
