"""MinIO as far as `AssumeRoleWithLDAPIdentity` goes. The store below enforces the policy that it is given."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

from harness.examples.sessions import Sessions
from harness.listener import Listener, Reply, Request
from harness.planted import Planted

_SPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
_KNOWN = {"Action", "Version", "LDAPUsername", "LDAPPassword", "DurationSeconds", "Policy"}


class Refused(Exception):
    """Carries the document of an error."""

    def __init__(self, status: int, code: str, message: str):
        text = f"<Type></Type><Code>{code}</Code><Message>{escape(message)}</Message>"
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse {_SPACE}><Error>{text}</Error></ErrorResponse>'
        self.reply = Reply(status, body.encode(), [("Content-Type", "application/xml")])
        super().__init__(message)


class Minio:
    """One server with one directory user."""

    def __init__(self, sessions: Sessions, planted: Planted):
        self.user = 'svc "lake" & co, ö'
        # Of characters that a form must escape.
        self.password = planted.note("LDAP password", planted.password("LDAP password") + "&=+ %2F")
        self.minted: list[dict[str, Any]] = []
        self._sessions = sessions
        self.wire = Listener(self._answer).start()

    def _answer(self, request: Request) -> Reply:
        try:
            return self._mint(request)
        except Refused as refused:
            return refused.reply

    def _mint(self, request: Request) -> Reply:
        form = self._form(request)
        policy = self._policy(form.get("Policy", ""))
        duration = form.get("DurationSeconds", "3600")
        if not duration.isascii() or not duration.isdigit() or not 900 <= int(duration) <= 31536000:
            raise Refused(400, "InvalidParameterValue", "Invalid or unsupported duration")
        self.minted.append({"policy": policy, "seconds": int(duration)})
        keys = self._sessions.mint(form["Policy"], int(duration))
        assert keys.expiration is not None
        ends = keys.expiration.strftime("%Y-%m-%dT%H:%M:%SZ")
        parts = {"AccessKeyId": keys.access_key_id, "SecretAccessKey": keys.secret_access_key, "Expiration": ends}
        parts["SessionToken"] = keys.session_token or ""
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts.items())
        name = "AssumeRoleWithLDAPIdentity"
        body = f"<{name}Response {_SPACE}><{name}Result><Credentials>{inner}</Credentials></{name}Result></{name}Response>"
        return Reply(200, body.encode(), [("Content-Type", "application/xml")])

    def _form(self, request: Request) -> dict[str, str]:
        if request.method != "POST" or request.target != "/":
            raise Refused(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        if not request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            raise Refused(400, "InvalidParameterValue", "no form")
        form = request.form()
        if set(form) - _KNOWN or form.get("Action") != "AssumeRoleWithLDAPIdentity" or form.get("Version") != "2011-06-15":
            raise Refused(400, "InvalidParameterValue", "Unsupported action")
        if (form.get("LDAPUsername"), form.get("LDAPPassword")) != (self.user, self.password):
            raise Refused(400, "InvalidParameterValue", "LDAP server error: LDAP auth failed for DN: Invalid Credentials")
        return form

    def _policy(self, text: str) -> dict[str, Any]:
        """A session without one would open all that the user may: no strategy of ours asks for that."""
        try:
            policy = json.loads(text)
        except ValueError:
            raise Refused(400, "MalformedPolicyDocument", "no policy") from None
        if len(text) > 2048 or policy.get("Version") != "2012-10-17" or not policy.get("Statement"):
            raise Refused(400, "InvalidParameterValue", "Session policy should not exceed 2048 characters")
        return policy
