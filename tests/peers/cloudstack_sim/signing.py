# SPDX-License-Identifier: Apache-2.0
"""Who is calling: API key, role, signature version 3, in the server's order."""
import base64
import datetime
import hashlib
import hmac
import re
import urllib.parse

from .errors import lacks_api, unauthorized

ROOT_ADMIN, DOMAIN_ADMIN, USER = 1, 2, 0
MAY_CALL = {"admin": (ROOT_ADMIN,), "domain": (ROOT_ADMIN, DOMAIN_ADMIN),
            "user": (ROOT_ADMIN, DOMAIN_ADMIN, USER)}
FARTHEST = datetime.timedelta(minutes=15)
DATE_FORMATS = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z")


class Caller:
    def __init__(self, account, user):
        self.account, self.user = account, user

    @property
    def is_root_admin(self):
        return self.account.get("accounttype") == ROOT_ADMIN

    @property
    def domain_id(self):
        return self.account["domainid"]


def encode(text):
    """java.net.URLEncoder with '+' turned into '%20': '*' stays, '~' does not."""
    return urllib.parse.quote(text, safe="*").replace("~", "%7E")


def string_to_sign(params):
    signed = sorted((name, value) for name, value in params.items() if name.lower() != "signature")
    return "&".join(f"{name}={encode(value)}" for name, value in signed).lower()


def signature(secret, params):
    digest = hmac.new(secret.encode(), string_to_sign(params).encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def parse_date(text):
    text = re.sub(r"Z$", "+0000", text)
    for form in DATE_FORMATS:
        try:
            return datetime.datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _lower(params):
    return {name.lower(): value for name, value in params.items()}


def _is_fresh(estate, given, clock_ahead_s):
    """Without version 3 'expires' counts for nothing, unless a setting demands both."""
    is_strict = estate.setting("enforce.post.requests.and.timestamps") == "true"
    if given.get("signatureversion") != "3":
        return not is_strict
    expires = parse_date(given.get("expires", ""))
    clock = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=clock_ahead_s)
    if expires is None or expires.tzinfo is None or expires < clock:
        return False
    return not is_strict or expires <= clock + FARTHEST


def _find_caller(estate, key):
    for account in estate["account"]:
        for user in account.get("user", []):
            if user["id"] == key.get("userid") or user.get("username") == key.get("user"):
                return Caller(account, user)
    return None


def _is_enabled(caller):
    return caller.account.get("state", "enabled") == "enabled" and caller.user.get("state") != "disabled"


def user_of(estate, params):
    """Whose key is named, for the log: nothing is checked."""
    wanted = next((value for name, value in params.items() if name.lower() == "apikey"), None)
    return next((key.get("user") or key["apikey"] for key in estate.keys if key["apikey"] == wanted), None)


def authenticate(estate, params, command, clock_ahead_s=0):
    """The Caller, or 401 or 432. @command is the registry's entry, None if unknown."""
    given = _lower(params)
    refusal = unauthorized(generic_key=command is None and "command" in params)
    key = next((k for k in estate.keys if k["apikey"] == given.get("apikey") and not k.get("revoked")), None)
    if command is None or key is None or "signature" not in given:
        raise refusal
    if not _is_fresh(estate, given, clock_ahead_s):
        raise refusal
    caller = _find_caller(estate, key)
    if caller is None or not _is_enabled(caller):
        raise refusal
    if caller.account.get("accounttype") not in MAY_CALL[command.role]:
        raise lacks_api(command.name, caller.account, caller.user["id"], estate.is_old)
    if not hmac.compare_digest(signature(key["secretkey"], params), given["signature"]):
        raise refusal
    return caller
