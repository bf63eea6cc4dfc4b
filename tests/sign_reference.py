#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CloudStack's request signature once more, for test_cloudstack_sign: shares no code with ours.

Each line of stdin: secret, then name and value in turns, each as hex, separated by blanks.
Each line of stdout: the signature.
"""
import base64
import hashlib
import hmac
import sys
import urllib.parse

for line in sys.stdin:
    secret, *rest = [bytes.fromhex(word[1:]) for word in line.split()]
    pairs = sorted(zip(rest[::2], rest[1::2]))
    # Java's URLEncoder keeps '*' and encodes '~'; quote() does the opposite.
    text = "&".join(
        name.decode() + "=" + urllib.parse.quote(value, safe="*").replace("~", "%7E")
        for name, value in pairs
    )
    digest = hmac.new(secret, text.lower().encode(), hashlib.sha1).digest()
    print(base64.b64encode(digest).decode())
