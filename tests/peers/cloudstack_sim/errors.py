# SPDX-License-Identifier: Apache-2.0
"""Errors as the API reports them: HTTP status, cserrorcode, text."""

CS_RUNTIME = 4250
CS_INVALID_VALUE = 4350
CS_PERMISSION = 4365
CS_RESOURCE_ALLOCATION = 4370
CS_SERVER_API = 9999


class ApiError(Exception):
    """One refusal. cserrorcode None: the reply has none (401)."""

    def __init__(self, status, text, cserrorcode=CS_SERVER_API, generic_key=False, errorcode=None):
        super().__init__(text)
        self.status, self.text, self.errorcode = status, text, errorcode or status
        self.cserrorcode, self.generic_key = cserrorcode, generic_key

    def body(self):
        body = {"uuidList": [], "errorcode": self.errorcode}
        if self.cserrorcode is not None:
            body["cserrorcode"] = self.cserrorcode
        if self.text is not None:
            body["errortext"] = self.text
        return body


def unauthorized(generic_key=False):
    text = "unable to verify user credentials and/or request signature"
    return ApiError(401, text, None, generic_key)


def invalid(text):
    """InvalidParameterValueException: 431 on submit and in a job."""
    return ApiError(431, text, CS_INVALID_VALUE)


def bad_parameter(text):
    """A parameter that does not even reach the command."""
    return ApiError(431, text, CS_SERVER_API)


def failure(text):
    """CloudRuntimeException, and every other exception inside a job: 530."""
    return ApiError(530, text, CS_RUNTIME)


def null_pointer():
    """A NullPointerException: 530, and nobody says why."""
    return ApiError(530, None, CS_RUNTIME)


def forbidden(text):
    return ApiError(531, text, CS_PERMISSION)


def lacks_api(command, account, user_id, is_old):
    whom = f"for user id [{user_id}]" if is_old else account["name"]
    text = f"The API [{command}] does not exist or is not available for the account {whom}."
    return ApiError(432, text, CS_SERVER_API, generic_key=True)
