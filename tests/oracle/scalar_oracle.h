/* tests/oracle/scalar_oracle.h: the table of scalar functions once more, by MPFR and GMP, sharing no code with the machine.
 *
 * Operands and results are registers as docs/machine.md has them. Used to check what a dispute ended in. */
#ifndef GS_TESTS_ORACLE_SCALAR_ORACLE_H
#define GS_TESTS_ORACLE_SCALAR_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

/* False when the code is not in the table. `first` takes the operand that was chosen as a. */
bool oracle_apply(unsigned code, uint64_t a, uint64_t b, uint64_t c, uint64_t *out);
/* Register to stored bits of a dtype (ONNX code); false for a dtype that is not in the table. */
bool oracle_store(unsigned dtype, uint64_t value, uint64_t *out);
/* Frees what MPFR caches. */
void oracle_finish(void);

#endif
