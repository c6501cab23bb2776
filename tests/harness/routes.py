"""The host's own route table, with the path parameters filled in by what stands before them."""

import re
from dataclasses import dataclass

_PARAMETER = re.compile(r"\{(\*?[A-Za-z0-9_-]+)\}")


@dataclass(frozen=True)
class Route:
    """One operation of the OpenAPI document."""

    method: str
    path: str

    def filled(self, names: dict[str, str]) -> str:
        """The path with real names. A parameter that nobody knows is an error: a new route must be named here."""
        parts = self.path.split("/")
        for at, part in enumerate(parts):
            if not (match := _PARAMETER.fullmatch(part)):
                continue
            before = parts[at - 1]
            for key in (f"{before}/{match[1]}", before):
                if key in names:
                    parts[at] = names[key]
                    break
            else:
                raise KeyError(f"{self.path}: what is {part} after '{before}'?")
        return "/".join(parts)

    @property
    def named(self) -> bool:
        return bool(_PARAMETER.search(self.path))


def routes(document: dict) -> list[Route]:
    verbs = {"get", "put", "post", "delete", "head", "patch"}
    return [
        Route(verb.upper(), path)
        for path, operations in sorted(document["paths"].items())
        for verb in operations
        if verb in verbs
    ]
