"""A lease ends at its time, in the store as well, also where the host was down meanwhile."""

import time

from harness.vms_world import Ending, eventually


def test_a_lease_ends_at_its_time(ending: list[Ending]) -> None:
    running, down = ending
    for one in ending:
        assert one.keys.expiration is not None
        time.sleep(max(0.0, one.keys.expiration.timestamp() - time.time()))
    vast, vms, key = running.vast, running.vast.vms, running.keys.access_key_id
    assert eventually(lambda: vms.deleted(vast.reader) == [key])
    assert not vast.opens(running.keys)
    # Not before: whoever has it may use it to the end.
    (call,) = (call for call in vms.calls("DELETE") if call.access_key == key)
    ended = running.keys.expiration.timestamp()  # type: ignore[union-attr]
    assert ended <= call.at < ended + 10

    vast, vms, key = down.vast, down.vast.vms, down.keys.access_key_id
    assert vms.keys(vast.reader) == {key}
    assert vast.opens(down.keys)
    down.host.start()
    assert eventually(lambda: vms.deleted(vast.reader) == [key])
    assert not vast.opens(down.keys)
    for one in ending:
        lease = one.vast.leases()[0]
        assert (lease["state"], lease["revoked_at"] >= lease["expires_at"]) == ("revoked", True)
