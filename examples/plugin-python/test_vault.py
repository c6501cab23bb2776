"""`python -m unittest`: the pure part, without a host."""

import json
import unittest

import vault

CONFIG = {"vault_addr": "https://vault.example/", "read_role": "lake-read", "write_role": "lake-write", "mount": "aws"}
DATA = {"access_key": "ASIA", "secret_key": "s", "security_token": "t", "session_token": "t"}


def answered(status: int, body: object, **headers: str) -> tuple[dict[str, str], int]:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return vault.credential("lake-read", status, named, body if isinstance(body, bytes) else json.dumps(body).encode())


class Vault(unittest.TestCase):
    def refused(self, call, *arguments, **named) -> vault.Refused:
        with self.assertRaises(vault.Refused) as caught:
            call(*arguments, **named)
        return caught.exception

    def test_each_level_has_its_role(self):
        self.assertEqual(vault.role(CONFIG, [vault.READ, vault.READ]), "lake-read")
        self.assertEqual(vault.role(CONFIG, [vault.ALL]), "lake-write")

    def test_nothing_between_is_rounded(self):
        between = [(True, True, False), (True, False, True), (False, True, True), (False, True, False), (False, False, False)]
        for rights in [*([one] for one in between), [vault.READ, vault.ALL]]:
            refused = self.refused(vault.role, CONFIG, rights)
            self.assertEqual((refused.kind, refused.code), ("unsupported", "write-without-delete"))

    def test_the_request(self):
        asked = vault.request(CONFIG | {"mount": "/aws/eu west/", "namespace": "data/"}, "a/../b?", 900, "Ana Ö/x")
        self.assertEqual(asked.url, "https://vault.example/v1/aws/eu%20west/sts/a%2F..%2Fb%3F")
        self.assertIn(("X-Vault-Namespace", "data"), asked.headers)
        self.assertEqual(json.loads(asked.body), {"ttl": "900s", "role_session_name": "Ana---x"})
        short = json.loads(vault.request(CONFIG, "r", 900, "").body)["role_session_name"]
        self.assertGreaterEqual(len(short), 2)

    def test_old_and_new_names_of_the_token(self):
        for name in ("security_token", "session_token"):
            data = {key: value for key, value in DATA.items() if "token" not in key or key == name}
            keys, seconds = answered(200, {"lease_duration": 899, "data": data})
            self.assertEqual((keys["s3.session-token"], seconds), ("t", 899))

    def test_keys_of_users_are_refused(self):
        refused = self.refused(answered, 200, {"lease_duration": 900, "data": DATA | {"security_token": None, "session_token": None}})
        self.assertEqual(refused.code, "role-of-users")

    def test_refusals_are_told_apart(self):
        said = {"errors": ["permission denied"]}
        for status, kind, code in [
            (403, "denied", "token-refused"), (404, "invalid-config", "mount-unknown"), (429, "throttled", "vault-throttled"),
            (473, "unavailable", "vault-standby"), (307, "unavailable", "vault-standby"), (503, "unavailable", "vault-sealed"),
            (500, "upstream", "vault-fault"), (204, "upstream", "vault-unreadable"),
        ]:
            refused = self.refused(answered, status, said)
            self.assertEqual((refused.kind, refused.code), (kind, code))
        self.assertEqual(self.refused(answered, 429, said, Retry_After="3").retry_after_ms, 3000)
        self.assertEqual(self.refused(answered, 400, {"errors": ['Role "x" not found']}).code, "role-unknown")

    def test_what_is_unreadable(self):
        for body in (b"", b"[]", b"<html>", {"data": {}}, {"data": DATA}, {"data": DATA, "lease_duration": 0}):
            self.assertEqual(self.refused(answered, 200, body).kind, "upstream")

    def test_a_configuration_names_its_mistakes(self):
        self.assertEqual(vault.problems(CONFIG, ["vault_token"]), [])
        self.assertEqual([name for name, _ in vault.problems({}, [])], ["vault_token", "vault_addr", "read_role", "write_role"])
        self.assertEqual(self.refused(vault.require, {}, []).code, "invalid-config")
        bad = {"vault_addr": "https://v", "read_role": "..", "write_role": "a/b", "mount": "../sys", "namespace": "a//b"}
        self.assertEqual([name for name, _ in vault.problems(bad, [])], ["vault_token", "read_role", "write_role", "mount", "namespace"])


if __name__ == "__main__":
    unittest.main()
