# SPDX-License-Identifier: Apache-2.0
"""A management server over HTTP(S): signed calls, and jobs waited for."""
import base64
import datetime
import hashlib
import hmac
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request

VALID_S = 600
POLL_S = 1.0
BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])')


class ServerError(Exception):
    """No answer that can be used."""


def _encode(text):
    """As java.net.URLEncoder does, a blank as %20."""
    return urllib.parse.quote(text, safe="*").replace("~", "%7E")


class Client:
    def __init__(self, url, key, secret, timeout_s=1800, poll_s=POLL_S):
        path = urllib.parse.urlsplit(url).path.rstrip("/")
        self.url = url.rstrip("/") + ("" if path else "/client/api")
        self.key, self.secret, self.timeout_s, self.poll_s = key, secret, timeout_s, poll_s

    def _signed(self, params):
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=VALID_S)
        params = {name: str(value) for name, value in params.items() if value is not None}
        params.update(apikey=self.key, response="json", signatureversion="3",
                      expires=expires.strftime("%Y-%m-%dT%H:%M:%S+0000"))
        text = "&".join(f"{name}={_encode(value)}" for name, value in sorted(params.items())).lower()
        digest = hmac.new(self.secret.encode(), text.encode(), hashlib.sha1).digest()
        return dict(params, signature=base64.b64encode(digest).decode())

    def call(self, **params):
        """(HTTP status, what the one member of the reply holds)"""
        form = urllib.parse.urlencode(self._signed(params)).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url, form), timeout=self.timeout_s) as reply:
                status, text = reply.status, reply.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as refused:
            status, text = refused.code, refused.read().decode("utf-8", "replace")
        except OSError as error:
            raise ServerError(f"{self.url}: {params['command']}: {error}") from error
        try:
            (_, body), = json.loads(BAD_ESCAPE.sub(r"\\\\", text), strict=False).items()
        except ValueError as error:
            raise ServerError(f"{self.url}: {params['command']}: HTTP {status}, no JSON: {text[:200]!r}") from error
        return status, body

    def asked(self, **params):
        """The reply to a call that must not be refused."""
        status, body = self.call(**params)
        if status != 200:
            raise ServerError(f"{params['command']}: HTTP {status}: {body.get('errortext')}")
        return body

    def job(self, job_id):
        """The finished job."""
        while True:
            job = self.asked(command="queryAsyncJobResult", jobid=job_id)
            if job["jobstatus"]:
                return job
            time.sleep(self.poll_s)

    def submit(self, params):
        """((stage, code, text) of the refusal or None, id of the VM that was made or None)"""
        status, body = self.call(**params)
        if status != 200:
            return ("submit", body["errorcode"], body.get("errortext")), None
        job = self.job(body["jobid"])
        result = job.get("jobresult")
        if job["jobstatus"] == 1:
            return None, result["virtualmachine"]["id"]
        if not isinstance(result, dict):
            raise ServerError(f"job {body['jobid']} ended without a result: look at the server, nothing more is sent")
        return ("job", job["jobresultcode"], result.get("errortext")), None
