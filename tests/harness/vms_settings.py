"""What differs between versions of VMS and between clusters. Tests change it while the double runs."""

from dataclasses import dataclass
from typing import Literal


@dataclass
class Settings:
    """The first value is what the vendor's own pages show."""

    access_life: float = 300
    refresh_life: float = 3600
    # The answer to a token that has ended.
    ended_status: Literal[403, 401] = 403
    # How far the cluster's clock is ahead of ours, in seconds.
    clock_ahead: float = 0
    # The pages show 200, the vendor's schema says 201.
    made_status: Literal[200, 201] = 200
    # Deletion with the key in a JSON body, and with the key in the path.
    body_deletion: bool = True
    path_deletion: bool = True
    # False: the server in front decodes `%2F`, so that a key with a slash in it is no path segment.
    path_slashes: bool = True
    # The reply of GET is an array, or an object with the array in it. The schema does not say.
    wrapped: bool = False
    # How fine `creation_time` is; `None`: it is not there.
    times: Literal["second", "microsecond"] | None = "second"
