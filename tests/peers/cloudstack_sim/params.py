# SPDX-License-Identifier: Apache-2.0
"""Parameters as the server reads them: unpacked, then checked against the command."""
import re

from .errors import ApiError, bad_parameter, failure, invalid

MAP_NAME = re.compile(r"([^\[\]]+)\[(\d+)\]\.?([^\[\]]+)$")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SCALARS = ("string", "integer", "long", "boolean", "date", "list", "map", "uuid", "short", "float")
MAX_LENGTH = 255


def unpack(raw):
    """{'a[0].b': v} to {'a': {0: {'b': v}}}; other names in lower case."""
    unpacked = {}
    for name, value in raw.items():
        if "[" not in name and "]" not in name:
            unpacked[name.lower()] = value
            continue
        match = MAP_NAME.match(name)
        if not match:
            raise ApiError(430, f"Unable to decode parameter {name}; if specifying an object array, "
                                "please use parameter[index].field=XXX, e.g. userGroupList[0].group=httpGroup")
        items = unpacked.setdefault(match[1].lower(), {})
        items.setdefault(int(match[2]), {})[match[3]] = value
    return unpacked


def items_of(value):
    """The entries of a map parameter, by index."""
    return [value[index] for index in sorted(value)] if isinstance(value, dict) else []


def _refuse(command, detail):
    return bad_parameter(f"Unable to execute API command {command.name.lower()} due to {detail}")


def _not_found(command, name, value):
    return _refuse(command, f"invalid value. Invalid parameter {name} value={value} due to incorrect long "
                            "value format, or entity does not exist or due to incorrect parameter annotation "
                            "for the field in api cmd class.")


def _check_entity(estate, command, spec, value):
    for single in value.split(",") if spec.is_list else [value]:
        if single == "-1" and spec.name == "projectid":
            continue
        if estate[spec.type].get(single) is None:
            raise _not_found(command, spec.name, single)


def _check_integer(command, spec, value):
    if not re.fullmatch(r"[+-]?\d+", value.strip()):
        raise _refuse(command, f"invalid value. Invalid parameter {spec.name} value={value} due to "
                               "incorrect integer value format.")


def _check_value(estate, command, spec, value):
    if isinstance(value, dict):
        return
    if value == "":
        if spec.required:
            raise invalid(f"Invalid value provided for API arg: {spec.name}")
        return
    if len(value) > spec.length and spec.type == "string":
        raise _refuse(command, "invalid value. Value greater than max allowed length "
                               f"{spec.length} for param: {spec.name}")
    if spec.type in ("integer", "long"):
        _check_integer(command, spec, value)
    elif spec.type not in SCALARS:
        _check_entity(estate, command, spec, value)


def check_characters(given):
    for name, value in given.items():
        if isinstance(value, str) and CONTROL.search(value):
            raise bad_parameter("Received value containing illegal ASCII non-printable characters for "
                                f"parameter {name}")


def check(estate, command, given):
    """Required, length, format, existence; unknown names are ignored."""
    check_characters(given)
    for spec in command.params.values():
        value = given.get(spec.name)
        if value == "" and not spec.required:
            del given[spec.name]
        if value is None:
            if spec.required:
                raise _refuse(command, f"missing parameter {spec.name}")
            continue
        _check_value(estate, command, spec, value)
    _check_tag_filter(command, given)
    _check_collation(command, given)


def _check_tag_filter(command, given):
    if not command.name.startswith("list"):
        return
    for item in items_of(given.get("tags")):
        if "value" not in item:
            raise invalid(f"No value is passed in for key {item.get('key')}")


def _check_collation(command, given):
    """Columns are three-byte UTF-8: a filter beyond the BMP fails in the database."""
    searched = [given.get(name) for name in ("name", "keyword") if isinstance(given.get(name), str)]
    if command.name.startswith("list") and any(ord(c) > 0xffff for text in searched for c in text):
        raise failure("Unable to find on DB, due to: Illegal mix of collations (utf8mb3_general_ci,IMPLICIT)"
                      " and (utf8mb4_general_ci,COERCIBLE) for operation '='")


def is_true(value):
    return isinstance(value, str) and value.lower() == "true"
