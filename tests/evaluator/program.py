"""Program files: the header (docs/machine.md, section 3.3), the io bytes and the whole file (section 6)."""
from descriptor import Reader, Writer, decode, product
from merkle import Tree, array_tree, descriptor_leaf, keccak256
from number import CHUNK_BYTES, DTYPES
from rules import ELEMENTS_MAX, check_program, need

MAGIC = b"GSPROG1\n"
WORD = 32
LAW = 1
DOMAIN = keccak256(b"gainsay.model")
FIELDS = ["domain", "law", "lowering", "onnx_hash", "program_root", "instructions", "weights_root", "weights_chunks",
          "inputs_chunks", "trace_depth", "output_chunk", "output_depth", "outputs", "cost", "tolerance_abs",
          "tolerance_rel", "io_hash"]  # word 15: the claimed outputs' chunks in its upper half, too
HASHES = {"domain", "onnx_hash", "program_root", "weights_root", "io_hash"}
HEADER_BYTES = WORD * len(FIELDS)
IO_TENSORS_MAX = 256
NAME_MAX = 255
RANK_MAX = 8
IO_CHUNK_MAX = 1 << 26
# Least and greatest value of the fields that are numbers.
RANGES = {"law": (LAW, LAW), "lowering": (0, 2**32 - 1), "instructions": (1, 1 << 20), "weights_chunks": (0, 1 << 26),
          "inputs_chunks": (0, 1 << 26), "trace_depth": (0, 26), "output_chunk": (0, (1 << 26) - 1),
          "output_depth": (0, 26), "outputs": (1, 256), "cost": (0, 2**63 - 1), "tolerance_abs": (0, 0x49800000),
          "tolerance_rel": (0, 2**64 - 1)}
RELATIVE_MAX = 0x3F800000
CLAIMED_CHUNKS_MAX = 1 << 22


class Header:
    """The seventeen words: hashes as 32 bytes, numbers as integers."""

    def __init__(self, data):
        self.data = bytes(data)
        for index, field in enumerate(FIELDS):
            word = self.data[index * WORD:(index + 1) * WORD]
            if field in HASHES:
                setattr(self, field, word)
                continue
            value = int.from_bytes(word, "big")
            least, greatest = RANGES[field]
            need(least <= value <= greatest, "header", f"{field} is {value}")
            setattr(self, field, value)
        need(self.domain == DOMAIN, "header", "another domain")
        need(self.outputs <= self.instructions, "header", "more outputs than instructions")
        self.claimed_chunks, self.relative = divmod(self.tolerance_rel, 1 << 32)
        if self.is_tolerant:
            self._check_tolerance()

    @property
    def is_tolerant(self):
        return self.tolerance_abs != 0 or self.tolerance_rel != 0

    @property
    def tolerance(self):
        """The operand c of every `within`."""
        return self.tolerance_abs << 32 | self.relative

    def _check_tolerance(self):
        need(self.relative <= RELATIVE_MAX, "header", f"a relative tolerance {self.relative:#x}")
        need(self.tolerance != 0, "header", "claimed outputs, and both tolerances 0")
        need(1 <= self.claimed_chunks <= CLAIMED_CHUNKS_MAX, "header", f"{self.claimed_chunks} chunks of claimed outputs")
        need(self.outputs == 1 and self.output_depth == 0, "header", "a tolerant model has one output of one chunk")

    @property
    def model_id(self):
        return keccak256(self.data)


class IoTensor:
    def __init__(self, name, dtype, dims, chunk, bound):
        self.name = name
        self.dtype = dtype
        self.dims = dims
        self.chunk = chunk
        self.bound = bound

    @property
    def elements(self):
        return max(product(self.dims), 1)  # one without elements is there as one element

    @property
    def chunks(self):
        return self.dtype.chunks(self.elements)


def _io_tensor(reader):
    length = reader.uint()
    need(length <= NAME_MAX, "io", f"a name of {length} bytes")
    name = reader.take(length)
    need(0 not in name, "io", "a name with a zero byte")
    code = reader.number(1)
    need(code in DTYPES, "io", f"no dtype has the code {code}")
    rank = reader.number(1)
    need(rank <= RANK_MAX, "io", f"rank {rank}")
    dims = [reader.uint() for _ in range(rank)]
    need(max(dims, default=0) <= ELEMENTS_MAX and product(d for d in dims if d) <= ELEMENTS_MAX, "io", f"dimensions {dims}")
    chunk = reader.uint()
    need(chunk <= IO_CHUNK_MAX, "io", f"chunk {chunk}")
    return IoTensor(name, DTYPES[code], dims, chunk, reader.take(32))


def decode_io(data):
    """(inputs, outputs, bounds) of the io bytes."""
    reader = Reader(data, "io")
    lists = []
    for _ in range(3):
        count = reader.uint()
        need(count <= IO_TENSORS_MAX, "io", f"{count} tensors")
        lists.append([_io_tensor(reader) for _ in range(count)])
    reader.end()
    return tuple(lists)


def _check_packed(tensors, chunks):
    """Tensors that have an array of their own."""
    chunk = 0
    for tensor in tensors:
        need(tensor.chunk == chunk, "io", f"a tensor at chunk {tensor.chunk}, not {chunk}")
        chunk += tensor.chunks
    need(chunk == chunks, "io", f"tensors of {chunk} chunks")


def check_io(header, inputs, outputs, descriptors):
    """Inputs and outputs lie where the io bytes say, and are what they say."""
    _check_packed(inputs, header.inputs_chunks)
    if header.is_tolerant:
        _check_packed(outputs, header.claimed_chunks)
        return
    need(len(outputs) == header.outputs, "io", f"{len(outputs)} outputs")
    for tensor, d in zip(outputs, descriptors[-header.outputs:]):
        need(tensor.dtype is d.store and tensor.elements == d.elements
             and tensor.chunk == d.first_chunk - header.output_chunk, "io", "an output that no instruction writes")


class Program:
    """A program file that satisfies the law; reading it raises Violation otherwise."""

    def __init__(self, data):
        reader = Reader(data, "file")
        need(reader.take(len(MAGIC)) == MAGIC, "file", "it does not begin with GSPROG1")
        self.header = Header(reader.take(HEADER_BYTES))
        self.io_bytes = reader.take(reader.uint())
        self.descriptor_bytes = [reader.take(reader.uint()) for _ in range(self.header.instructions)]
        self.weights = reader.take(self.header.weights_chunks * CHUNK_BYTES)
        reader.end()
        self.inputs, self.outputs, self.bounds = decode_io(self.io_bytes)
        self.descriptors = [decode(each) for each in self.descriptor_bytes]
        check_program(self.header, self.descriptors)
        check_io(self.header, self.inputs, self.outputs, self.descriptors)
        self._check_roots()

    def _check_roots(self):
        header = self.header
        need(header.io_hash == keccak256(self.io_bytes), "header", "io_hash is not the hash of the io bytes")
        need(header.program_root == program_root(self.descriptor_bytes), "header", "program_root")
        need(header.weights_root == array_tree(self.weights).root, "header", "weights_root")

    def owner(self, chunk):
        """The index of the instruction whose span covers a chunk of the trace."""
        return next(index for index, d in enumerate(self.descriptors)
                    if d.first_chunk <= chunk < d.first_chunk + d.span)


def program_root(descriptor_bytes):
    return Tree([descriptor_leaf(each) for each in descriptor_bytes]).root


def read(path):
    with open(path, "rb") as file:
        return Program(file.read())


def header_bytes(fields):
    """The 544 bytes of a header given as a dictionary, for tests that write programs."""
    return b"".join(fields[field] if field in HASHES else fields[field].to_bytes(WORD, "big") for field in FIELDS)


def file_bytes(header, io_bytes, descriptor_bytes, weights):
    writer = Writer()
    writer.data += MAGIC + header
    for part in [io_bytes] + list(descriptor_bytes):
        writer.uint(len(part))
        writer.data += part
    return bytes(writer.data + weights)
