# SPDX-License-Identifier: Apache-2.0
"""Replies as bytes: JSON with the server's un-escaping, or XML."""
import json
import re
from xml.sax.saxutils import escape

JSON_TYPE = "application/json;charset=utf-8"
XML_TYPE = "text/xml;charset=utf-8"
ESCAPED_UNIT = re.compile(r"\\u([0-9a-fA-F]{4})")


def to_json(body):
    """The server writes JSON and then replaces each \\uXXXX by the character, even
    where the backslash belongs to an escaped backslash of the text: so a text that
    holds a literal \\u0026 comes out as invalid JSON."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return ESCAPED_UNIT.sub(lambda match: chr(int(match[1], 16)), text)


def _element(name, value):
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    return f"<{name}>{_content(value)}</{name}>"


def _content(value):
    if isinstance(value, dict):
        return "".join(_element(name, member) for name, member in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))


def to_xml(body, version):
    (key, value), = body.items()
    return (f'<?xml version="1.0" encoding="UTF-8"?><{key} cloud-stack-version="{version}">'
            f"{_content(value)}</{key}>")


def serialize(body, form, version):
    """(content type, bytes); any form but 'json' is XML."""
    if form == "json":
        return JSON_TYPE, to_json(body).encode("utf-8", "surrogatepass")
    return XML_TYPE, to_xml(body, version).encode("utf-8", "surrogatepass")
