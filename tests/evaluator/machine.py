"""Asks the C implementation: a running tests/tools/machine_ask, one question and one answer a line."""
import json
import os
import struct
import subprocess

from functions import FUNCTIONS


class Machine:
    def __init__(self, build):
        self.build = build
        self.process = subprocess.Popen([os.path.join(build, "tests/tools/machine_ask")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        """The answer's words. Numbers among the question's are written in hexadecimal."""
        line = " ".join(f"{word:x}" if isinstance(word, int) else word for word in words)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"machine_ask ended at: {line[:200]}")
        return answer.split()

    def number(self, *words):
        return int(self.ask(*words)[0], 16)

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise RuntimeError("machine_ask failed")

    def generate(self, what, folder):
        """Writes a program of tests/tools/program_gen, its inputs and claimed outputs (none when it is exact): their paths."""
        program, inputs, claimed = (os.path.join(folder, name) for name in ("p.gsp", "p.bin", "p.claimed"))
        subprocess.run([os.path.join(self.build, "tests/tools/program_gen"), what, program, inputs, claimed], check=True,
                       stdout=subprocess.DEVNULL)
        return program, inputs, claimed

    def lower(self, model, folder, rng):
        """The program of an ONNX model, f32 inputs between -2 and 2, and an empty file; their paths."""
        program, inputs, claimed = (os.path.join(folder, name) for name in ("m.gsp", "m.bin", "m.claimed"))
        with open(claimed, "wb"):
            pass
        out = subprocess.run([os.path.join(self.build, "gainsay"), "program", model, "--output", program, "--json"],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        count = 32 * json.loads(out)["inputsChunks"]
        with open(inputs, "wb") as file:
            file.write(struct.pack(f"<{count}f", *(rng.uniform(-2, 2) for _ in range(count))))
        return program, inputs, claimed

    def forget_functions_to_come(self):
        """Leaves out of this evaluator's table what neither the page nor the C code has yet, and says so."""
        known = self.functions()
        to_come = [FUNCTIONS.pop(code).name for code in sorted(set(FUNCTIONS) - set(known))]
        if to_come:
            print(f"note: in this evaluator's table alone: {' '.join(to_come)}")
        return known

    def functions(self):
        """{code: whether it folds} of the whole table in C."""
        out = subprocess.run([os.path.join(self.build, "tests/tools/program_gen"), "functions"], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        return {int(line.split()[0], 16): "fold" in line.split()[2:] for line in out.splitlines()}
