/* validator/exec/narrow.h: products of integers whose rows lie in memory as i32, one number after another, beside lanes that
 * were packed beforehand.
 *
 * With few lanes, bringing rows into words, their words into tiles and adding them up takes longer than the products. Here a
 * block of rows, as much as stays in the first-level cache, is narrowed to bytes or halves in the order in which it lies, and
 * tiles read a row's words wherever they begin: a word's last places may hold the first numbers of the next row, beside which
 * lanes have zeros. What is subtracted to make bytes of numbers (contract.h) is chosen for every block. */
#ifndef GS_VALIDATOR_EXEC_NARROW_H
#define GS_VALIDATOR_EXEC_NARROW_H

#include "validator/exec/contract.h"

/* Whether it is of that kind, but for the numbers. */
bool gs_narrow_fits(const struct gs_contract *c, const struct gs_instr *in, const struct gs_kernels *kernels);

/* Writes the instruction's tensor, as gs_contract_run does. False when a number did not fit the words that lanes were packed in: all
 * is to be written in another way. ws has workers; nothing runs on what is written (gs_workspace_after). */
GS_MUST bool gs_narrow_run(const struct gs_contract *c, const struct gs_instr *in, const struct gs_memory *mem,
                           const struct gs_kernels *kernels, struct gs_pool *pool, struct gs_workspace *ws);

#endif
