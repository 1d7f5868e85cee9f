"""Chooses numbers, elements and judged steps to look at, from a seeded random.Random."""
from evaluate import judge, states
from number import F32, I32, INFINITY, NAN, SIGN, canonical_float, float_from_units, is_infinite, is_nan, units

WITHIN = 0xF1

SPECIAL = {
    F32: [0, SIGN, 1, SIGN | 1, 0x007FFFFF, 0x00800000, 0x3F800000, 0xBF800000, 0x3F7FFFFF, 0x3F800001, 0x3F000000,
          0x3FC00000, 0x40000000, 0xC0000000, 0x40200000, 0x40400000, 0xC0400000, 0x41200000, 0x42B17217, 0x42B17218,
          0xC2CFF1B4, 0xC2CFF1B5, 0xC2AEAC50, 0x4B000001, 0x4B800000, 0x4EFFFFFF, 0x4F000000, 0xCF000000, 0xCF000001,
          0x4F800000, 0x5EFFFFFF, 0x5F000000, 0xDF000000, 0x5F7FFFFF, 0x5F800000, 0x7F7FFFFF, 0xFF7FFFFF, INFINITY,
          INFINITY | SIGN, NAN, 0x3FC90FDB, 0x40490FDB, 0x3EAAAAAB, 0x477FE000, 0x477FF000, 0x33000000, 0x33800000],
    I32: [0, 1, 2, 3, 7, 31, 32, 33, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x00FFFFFF, 0x01000001,
          0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF],
    "I64": [0, 1, 2, 3, 7, 31, 32, 63, 64, 65, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, (1 << 53) + 1,
            (1 << 62) + (1 << 38), (1 << 62) + (1 << 38) + 1, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 63) + (1 << 39),
            (1 << 64) - 2, (1 << 64) - 1],
}


def register(random, register_class):
    """A canonical register: a special number, a plain one, or any bits."""
    bits = 64 if register_class == "I64" else 32
    which = random.randrange(4)
    if which == 0:
        return random.choice(SPECIAL[register_class])
    if register_class == F32:
        if which == 1:  # between 2^-8 and 2^8 or so, few digits
            return random.getrandbits(1) << 31 | random.randrange(119, 136) << 23 | random.getrandbits(5) << 18
        if which == 2:  # a neighbour of a special number
            return canonical_float(max(random.choice(SPECIAL[F32]) + random.randrange(-2, 3), 0) & 0xFFFFFFFF)
        return canonical_float(random.getrandbits(32))
    if which == 1:
        return random.randrange(-20, 21) & ((1 << bits) - 1)
    return random.getrandbits(bits) >> random.choice([0, 0, random.randrange(bits)])


def _comparison(random):
    """a, b and c of a `within`, a as near to the edge of the tolerance as a number gets, or one beside it."""
    b, absolute, relative = register(random, F32), register(random, F32), register(random, F32)
    if random.randrange(4):
        absolute, relative = absolute & ~SIGN, random.choice([0, random.randrange(80, 130) << 23 | random.getrandbits(23)])
    c = absolute << 32 | relative
    if random.randrange(4) == 0 or any(is_nan(x) or is_infinite(x) for x in (b, absolute, relative)):
        return [random.choice([b, canonical_float(b ^ SIGN), register(random, F32)]), b, c]
    reach = (units(absolute) << 149) + units(relative) * abs(units(b))
    edge = float_from_units((units(b) << 149) + random.choice([-reach, reach]), 1 << 149)
    return [canonical_float(max((edge & ~SIGN) + random.randrange(-1, 2), 0) | (edge & SIGN)), b, c]


def operands(random, function):
    """Registers for a function; now and then two of a class are equal or differ by a little."""
    if function.code == WITHIN:
        return _comparison(random)
    result = [register(random, c) for c in function.operands]
    if len(result) > 1 and function.operands[-1] == function.operands[-2] and random.randrange(4) == 0:
        result[-1] = result[-2] ^ random.choice([0, 0, 1, SIGN])
        if function.operands[-1] == F32:
            result[-1] = canonical_float(result[-1])
    return result


class Question:
    """A judged step: where, which, from which state, and what this evaluator says of it.

    `state` is the true s_t of a fold's element, where there is one.
    """

    def __init__(self, chunk, slot, t, previous, step, state=None):
        self.chunk = chunk
        self.slot = slot
        self.t = t
        self.previous = previous
        self.step = step
        self.state = state


def steps(random, execution, index, count):
    """Judged steps of instruction `index`: its edges first, then random ones; padding when there is any."""
    program = execution.program
    d = program.descriptors[index]

    def question(element, t, previous, state=None):
        chunk, slot = d.first_chunk + element // d.store.per_chunk, element % d.store.per_chunk
        return Question(chunk, slot, t, previous, judge(program, execution.arrays, chunk, slot, t, previous), state)

    places = d.span * d.store.per_chunk
    if places > d.elements:
        yield question(d.elements, 0, 0)
        yield question(random.randrange(d.elements, places), 0, 0)
    for n in range(count):
        element = [0, d.elements - 1][n] if n < 2 else random.randrange(d.elements)
        if not d.is_fold:
            yield question(element, 0, 0)
            continue
        known = states(d, element, execution.arrays)
        for t in sorted({0, 1, d.terms, d.terms + 1, random.randrange(d.terms + 2)}):
            previous = known[t - 1] if t else 0
            yield question(element, t, previous, known[t] if t <= d.terms else None)
            if t:  # and from what a liar might give
                yield question(element, t, register(random, d.function.operands[0]))
                yield question(element, t, random.choice([random.getrandbits(64), previous | 1 << random.randrange(32, 64),
                                                          1 << random.randrange(64), random.choice([0x7F800001, 0xFFC00000])]))
