"""The packed words of a game's state and of a claim (docs/protocol.md, 4.1 and 5.1), and the schedule of a game (5.2)."""

COMMIT, SELECT, REVEAL, ELEMENT, STATES, SEGMENT, STEP = range(1, 8)
OUTPUT = 9
SEGMENTS = 65  # stretches that a reveal of states cuts the unknown into, at most


def bits(word, at, width):
    return word >> at & (1 << width) - 1


def state_of(a, c):
    """The fields of a state that tell how far the search is: `a` has the descent, `c` the element and the fold."""
    return {
        "ordinal": bits(a, 80, 16), "units": bits(a, 64, 16), "phase": bits(a, 56, 8), "move": bits(a, 48, 8),
        "depth": bits(a, 40, 8), "round": bits(a, 32, 8), "position": bits(a, 0, 32),
        "element": bits(c, 176, 40), "low": bits(c, 152, 24), "high": bits(c, 128, 24),
        "lowValue": bits(c, 64, 64), "highValue": bits(c, 0, 64),
    }


def pick_of(pick):
    """What selectElement chose: child, slot, instruction."""
    return bits(pick, 0, 32), bits(pick, 32, 32), bits(pick, 64, 32)


def value_of(lot):
    """What is at stake in a claim."""
    return bits(lot, 0, 128)


def status_of(slot):
    """Of a claim's slot: 1 open, 2 invalid, 3 final, 4 void."""
    return bits(slot, 0, 8)


def bond_of(terms, value):
    return bits(terms, 152, 96) + value * bits(terms, 64, 16) // 10000


def chunk_levels(depth):
    return min(2, depth)


def rounds(depth):
    """Levels that each round of the descent goes down."""
    above = depth - chunk_levels(depth)
    if above == 0:
        return []
    first = min(5, above)
    rest = above - first
    more = -(-max(above - 5, 0) // 5)
    return [first] + [i * rest // more - (i - 1) * rest // more for i in range(1, more + 1)]


def level_of(state):
    """The level of a state's node during the descent."""
    return state["depth"] - sum(rounds(state["depth"])[:state["round"]])


def narrowed(state, segment, values):
    """low, high, lowValue and highValue after a selection among the states that were shown."""
    unknown = state["high"] - state["low"]
    stride = (unknown + SEGMENTS) // SEGMENTS
    count = unknown // stride
    width = len(values) // count
    shown = [int.from_bytes(values[i:i + width], "big") for i in range(0, len(values), width)]
    out = dict(state, low=state["low"] + stride * segment, cells=count + 1)
    if segment > 0:
        out["lowValue"] = shown[segment - 1]
    if segment < count:
        out["high"], out["highValue"] = state["low"] - 1 + stride * (segment + 1), shown[segment]
    return out
