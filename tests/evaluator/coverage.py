"""What programs and steps have reached: every function, dtype and feature of the law must be met before a test believes itself."""
import collections

from descriptor import CLAIMED, INPUTS, PAD_SKIP, PAD_VALUE, PAD_ZERO, TRACE, WEIGHTS, Constant, Iota, Tensor
from functions import FUNCTIONS
from number import DTYPES

KINDS = ["padding", "map", "init", "body", "final"]
SPACES = {TRACE: "trace", WEIGHTS: "weights", INPUTS: "inputs", CLAIMED: "claimed outputs"}
PADS = {PAD_ZERO: "zero", PAD_SKIP: "skip", PAD_VALUE: "value"}
FEATURES = KINDS + [f"view of {space}" for space in SPACES.values()] + [
    "constant operand", "iota in a map", "iota in an init", "iota in a term", "view without rows", "view of several rows",
    "rule zero", "rule skip in a fold", "rule skip in a first", "rule value", "indirect row", "indirect row in an init",
    "indirect row in a term", "indices with rule zero", "indices with rule value", "indices of class I32",
    "indices of class I64", "epilogue of a map", "epilogue of a fold", "epilogue that changes the class", "K = 0",
    "K = 0 with an epilogue", "no output axis", "several output axes", "no reduction axis", "several reduction axes",
    "span beyond the tensor", "tensor of several chunks", "several outputs", "no inputs", "no weights", "skipped term",
    "first that passes over", "first of nothing", "NaN", "tensor with padding in its chunk", "out of range, zero",
    "out of range, value"]


# What random programs reach soon; the rest must be looked for.
COMMON = [feature for feature in FEATURES if feature != "first of nothing"]


class Coverage:
    def __init__(self):
        self.met = collections.Counter()

    def note(self, what, whether=True):
        self.met[what] += bool(whether)

    def note_program(self, program):
        self.note("several outputs", program.header.outputs > 1)
        self.note("no inputs", program.header.inputs_chunks == 0)
        self.note("no weights", program.header.weights_chunks == 0)
        for d in program.descriptors:
            self._note_instruction(d)
            for position, operand in enumerate(d.operands):
                self._note_operand(d, "map" if not d.is_fold else "a term" if position else "an init", operand)

    def _note_instruction(self, d):
        form = "fold" if d.is_fold else "map"
        self.note(f"{d.function.name} in a {form}")
        self.note(f"store of {d.store}")
        self.note(f"epilogue of a {form}", d.epilogue)
        self.note("epilogue that changes the class", d.epilogue and d.epilogue.result != d.function.result)
        self.note("K = 0", d.is_fold and d.terms == 0)
        self.note("K = 0 with an epilogue", d.is_fold and d.terms == 0 and d.epilogue)
        self.note("no output axis", not d.output_extents)
        self.note("several output axes", len(d.output_extents) > 1)
        self.note("no reduction axis", d.is_fold and not d.reduction_extents)
        self.note("several reduction axes", len(d.reduction_extents) > 1)
        self.note("span beyond the tensor", d.span > d.chunks)
        self.note("tensor of several chunks", d.chunks > 1)
        self.note("tensor with padding in its chunk", d.elements % d.store.per_chunk)

    def _note_operand(self, d, where, operand):
        self.note("constant operand", isinstance(operand, Constant))
        if isinstance(operand, Iota):
            self.note("iota in a map" if where == "map" else f"iota in {where}")
        if not isinstance(operand, Tensor):
            return
        view, indices = operand.view, operand.indirect
        self.note(f"view of {SPACES[view.space]}")
        self.note(f"load of {view.dtype}")
        self.note("view without rows", not view.rows)
        self.note("view of several rows", len(view.rows) > 1)
        self.note(f"rule {PADS[view.pad]}")
        self.note("rule skip in a fold", d.is_fold and view.pad == PAD_SKIP)
        self.note("rule skip in a first", d.function.is_first and view.pad == PAD_SKIP)
        if indices is not None:
            self.note("indirect row")
            self.note(f"indirect row in {where}")
            self.note(f"load of {indices.dtype}")
            self.note(f"indices with rule {PADS[indices.pad]}")
            self.note(f"indices of class {indices.dtype.register_class}")

    def note_step(self, d, step):
        self.note(step.kind)
        skipped = None in step.operands
        self.note("skipped term", step.kind == "body" and skipped)
        is_first = d.function.is_first and step.kind == "map"
        self.note("first that passes over", is_first and skipped)
        self.note("first of nothing", is_first and all(operand is None for operand in step.operands))
        self.note("NaN", d.store.register_class == "F32" and step.kind in ("map", "final")
                  and step.value == d.store.store(0x7FC00000))
        if step.kind in ("map", "body", "init"):
            self._note_out_of_range(d, step)

    def _note_out_of_range(self, d, step):
        operands = {"map": d.operands, "init": d.operands[:1], "body": d.operands[1:]}[step.kind]
        plain = [operand.view for operand in operands if isinstance(operand, Tensor) and operand.indirect is None]
        if len(plain) == 1 and len(operands) == len([o for o in operands if isinstance(o, Tensor)]) and not step.opened:
            self.note(f"out of range, {PADS[plain[0].pad]}")

    def missing(self, codes, features=FEATURES):
        """What was not met, of the functions with these codes, every dtype, and the features."""
        wanted = list(features)
        for code in codes:
            function = FUNCTIONS[code]
            wanted.append(f"{function.name} in a map")
            if function.can_fold:
                wanted.append(f"{function.name} in a fold")
        for dtype in DTYPES.values():
            wanted += [f"load of {dtype}", f"store of {dtype}"]
        return [what for what in wanted if not self.met[what]]
