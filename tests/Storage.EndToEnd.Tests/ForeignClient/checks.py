"""What the checks have in common: their outcome, and what the store must hold."""
from wsstorage import *

INVALID_ARGUMENT, KEY_TOO_LARGE, VALUE_TOO_LARGE, RESULT_TOO_LARGE = 2, 3, 4, 6
UNSUPPORTED_VERSION, NOT_FOUND, PROTOCOL_ERROR, LIMIT_EXCEEDED, UNSUPPORTED = 12, 15, 21, 22, 24
COMPACTED, EPOCH_CHANGED, DIVERGED, OUTCOME_UNKNOWN, NUMBER_REUSED, LEASE_ENDED = range(26, 32)
failures = 0
holds = {}          # what the store must hold
revision = 0


def check(name, got, expected=True):
    global failures
    failures += got != expected
    print(f"ok    {name}" if got == expected else f"FAIL  {name}: {got!r:.300}, not {expected!r:.300}", flush=True)


def code(action, *arguments, **named):
    """Returns the code of the error that the action ends with; a read, and a refused write, change nothing."""
    try:
        return f"no error: {action(*arguments, **named)!r:.100}"
    except StoreError as error:
        return error.args[0] if error.args[1] == 0 else f"outcome {error.args[1]}"


def failure(action, *arguments, **named):
    """Returns code and outcome of the error that the action ends with."""
    try:
        return f"no error: {action(*arguments, **named)!r:.100}"
    except StoreError as error:
        return error.args[:2]


def write(client, operations, preconditions=()):
    """Writes to the store and, when the batch was applied, to holds."""
    return applied(client.write(operations, preconditions), operations)


def applied(reply, operations):
    if reply[1] is None and operations:
        commit(reply[0], operations)
    return reply[1]


def commit(at, operations):
    global revision
    revision += 1
    assert at == revision, f"revision {at}, not {revision}"
    for kind, key, *rest in operations:
        if kind == PUT:
            holds[key] = rest[0]
        else:
            for gone in [k for k in holds if (k == key if kind == REMOVE else within(k, key, rest[0]))]:
                del holds[gone]


def within(key, start, end):
    return key >= start and (not end or key < end)


def rows(start=b"", end=b""):
    return [(key, holds[key]) for key in sorted(holds) if within(key, start, end)]
