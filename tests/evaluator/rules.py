"""Well-formedness (docs/machine.md, section 3.2), W2 to W8, of decoded descriptors and of a program."""
from descriptor import (CLAIMED, FOLD, INPUTS, MAP, PAD_SKIP, PAD_VALUE, TRACE, WEIGHTS, Constant, Iota, Tensor, Violation)
from merkle import depth_of
from number import F32, I32, I64, WIDE, is_canonical

OUTPUT_AXES_MAX = 8
REDUCTION_AXES_MAX = 8
AXES_MAX = 12
ROWS_MAX = 8
ELEMENTS_MAX = 1 << 31
TERMS_MAX = 1 << 18
OFFSET_MAX = 1 << 40
COEFFICIENT_MAX = 1 << 32
CHUNKS_MAX = 1 << 26
COST_MAX = (1 << 63) - 1
OPENED_MAX = 3
WITHIN = 0xF1


def need(condition, rule, text):
    if not condition:
        raise Violation(rule, text)


# --- W2 ---

def _check_register(register, register_class):
    need(is_canonical(register, register_class), "W2", f"{register:#x} is no register of {register_class}")


def _check_view_kind(view, register_class, allows_skip, axes):
    need(view.dtype.register_class == register_class, "W2", f"a view of {view.dtype} where {register_class} is wanted")
    need(view.pad != PAD_SKIP or allows_skip, "W2", "skip where it is not allowed")
    if view.pad == PAD_VALUE:
        _check_register(view.pad_register, register_class)
        need(view.pad_register != 0, "W2", "the pad value is zero: that is rule 0")
    for row in view.rows:
        _check_axes(row.affine, axes)


def _check_axes(affine, axes):
    need(all(axis < axes for axis in affine.coefficients), "W2", "a reduction axis where only output axes are allowed")


def _check_operand_kind(d, position, operand):
    register_class = d.function.operands[position]
    is_term = d.is_fold and position > 0
    axes = len(d.output_extents) + (len(d.reduction_extents) if is_term else 0)
    allows_skip = is_term or d.function.is_first
    if isinstance(operand, Constant):
        _check_register(operand.register, register_class)
    elif isinstance(operand, Iota):
        need(register_class != F32, "W2", "an iota of class F32")
        _check_axes(operand.affine, axes)
    else:
        _check_view_kind(operand.view, register_class, allows_skip, axes)
        if operand.indirect is not None:
            indirect_class = operand.indirect.dtype.register_class
            need(indirect_class in (I32, I64), "W2", "an indirect view of class F32")
            _check_view_kind(operand.indirect, indirect_class, False, axes)


def _check_kinds(d):
    if d.form == MAP:
        need(d.acc_code == 0, "W2", "a MAP with an acc dtype")
        need(not d.reduction_extents, "W2", "a MAP with reduction axes")
    else:
        need(d.function.can_fold, "W2", f"{d.function.name} cannot be folded")
        need(d.acc_code == WIDE[d.function.result].code, "W2", "the acc dtype is not the class's wide one")
    result = d.function.result
    if d.epilogue:
        need(not d.epilogue.is_first, "W2", "an epilogue `first`")
        need(d.epilogue.operands[d.epilogue_position] == result, "W2", "the epilogue does not take the function's result")
        classes = list(d.epilogue.operands)
        del classes[d.epilogue_position]
        for register, register_class in zip(d.epilogue_constants, classes):
            _check_register(register, register_class)
        result = d.epilogue.result
    need(d.store.register_class == result, "W2", f"the store dtype {d.store} for a result of class {result}")
    for position, operand in enumerate(d.operands):
        _check_operand_kind(d, position, operand)


def _check_comparison(d, header):
    """Every `within` is of the header's tolerances."""
    taken = []
    if d.function.code == WITHIN:
        taken.append(d.operands[2].register if isinstance(d.operands[2], Constant) else None)
    if d.epilogue and d.epilogue.code == WITHIN:
        taken.append(d.epilogue_constants[1] if d.epilogue_position < 2 else None)
    need(not taken or header.is_tolerant, "W2", "a `within` in an exact model")
    need(all(register == header.tolerance for register in taken), "W2", "a `within` of other tolerances than the header's")


# --- W3, W4, W5 ---

def _check_affine(affine):
    need(abs(affine.offset) <= OFFSET_MAX, "W3", f"offset {affine.offset}")
    for coefficient in affine.coefficients.values():
        need(abs(coefficient) <= COEFFICIENT_MAX, "W3", f"coefficient {coefficient}")


def views_of(d):
    return [view for operand in d.operands if isinstance(operand, Tensor) for view in operand.views]


def _check_sizes(d):
    need(len(d.output_extents) <= OUTPUT_AXES_MAX, "W3", "too many output axes")
    need(len(d.reduction_extents) <= REDUCTION_AXES_MAX, "W3", "too many reduction axes")
    need(len(d.output_extents) + len(d.reduction_extents) <= AXES_MAX, "W3", "too many axes")
    need(all(1 <= extent <= ELEMENTS_MAX for extent in d.output_extents), "W3", "output extent")
    need(d.elements <= ELEMENTS_MAX, "W3", f"{d.elements} elements")
    need(all(extent <= TERMS_MAX for extent in d.reduction_extents), "W3", "reduction extent")
    need(d.terms <= TERMS_MAX, "W3", f"{d.terms} terms")
    for operand in d.operands:
        if isinstance(operand, Iota):
            _check_affine(operand.affine)
    for view in views_of(d):
        need(len(view.rows) <= ROWS_MAX, "W3", "too many rows")
        need(1 <= view.count <= ELEMENTS_MAX, "W3", f"element count {view.count}")
        for row in view.rows:
            need(1 <= row.extent <= ELEMENTS_MAX, "W3", f"row extent {row.extent}")
            need(row.stride <= ELEMENTS_MAX, "W3", f"stride {row.stride}")
            _check_affine(row.affine)


def _check_places(d, chunks):
    need(d.span >= d.chunks, "W4", f"a span of {d.span} chunks for {d.chunks}")
    need(d.first_chunk + d.span <= CHUNKS_MAX, "W4", "the span ends beyond 2^26")
    for view in views_of(d):
        end = view.chunk + view.dtype.chunks(view.count)
        if view.space == TRACE:
            need(end <= d.first_chunk, "W4", "a view of the trace that is not written yet")
        else:
            need(end <= chunks[view.space], "W4", "a view beyond its array")


def _check_openings(d):
    def opened(operands):
        return sum(len(operand.views) for operand in operands if isinstance(operand, Tensor))
    steps = [d.operands] if d.form != FOLD else [d.operands[:1], d.operands[1:]]
    need(all(opened(operands) <= OPENED_MAX for operands in steps), "W5", "a step opens more than three chunks")


def check_descriptor(d, chunks):
    """W2 to W5: what one descriptor and the header show. chunks: how many the arrays but the trace have, by space."""
    _check_kinds(d)
    _check_sizes(d)
    _check_places(d, chunks)
    _check_openings(d)


# --- W6, W7, W8 ---

def _check_chain(header, descriptors):
    chunk = cost = 0
    for index, d in enumerate(descriptors):
        need(d.first_chunk == chunk, "W6", f"instruction {index} begins at chunk {d.first_chunk}, not {chunk}")
        cost += d.elements * (1 + d.terms if d.is_fold else 1)
        need(d.cost == cost and cost <= COST_MAX, "W6", f"instruction {index} has cost {d.cost}, not {cost}")
        chunk += d.span
    need(chunk == 1 << header.trace_depth, "W6", f"the last instruction ends at chunk {chunk}")


def _check_producers(descriptors):
    producers = {d.first_chunk: d for d in descriptors}
    for index, d in enumerate(descriptors):
        for view in views_of(d):
            if view.space == TRACE:
                producer = producers.get(view.chunk)
                need(producer is not None and producer.store is view.dtype and producer.elements == view.count, "W7",
                     f"a view of instruction {index} is not the tensor that was written there")


def _check_outputs(header, descriptors):
    outputs = descriptors[-header.outputs:]
    chunk = header.output_chunk
    for d in outputs:
        need(d.first_chunk == chunk, "W8", "the outputs do not lie one after the other from output_chunk")
        need(d.span == d.chunks or d is outputs[-1], "W8", "a gap between outputs")
        chunk += d.chunks
    need(header.output_depth == depth_of(chunk - header.output_chunk), "W8", "output_depth")
    need(header.output_chunk % (1 << header.output_depth) == 0, "W8", "output_chunk is no multiple of 2^output_depth")
    need(not header.is_tolerant or (outputs[0].store.name == "i32" and outputs[0].elements == 1), "W8", "the output is not one i32")
    need(header.trace_depth == depth_of(header.output_chunk + (1 << header.output_depth)), "W8", "trace_depth")


def check_program(header, descriptors):
    """All of W2 to W8, and what the header says about the descriptors."""
    chunks = {WEIGHTS: header.weights_chunks, INPUTS: header.inputs_chunks, CLAIMED: header.claimed_chunks}
    for d in descriptors:
        check_descriptor(d, chunks)
        _check_comparison(d, header)
    _check_chain(header, descriptors)
    _check_producers(descriptors)
    _check_outputs(header, descriptors)
    need(header.cost == descriptors[-1].cost, "header", "cost is not the last descriptor's")
