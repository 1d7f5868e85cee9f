/* validator/exec/sweep_portable.c: the kernels of sweep_kernels.h for any processor of the family that is compiled for. */
#include "validator/exec/sweep_body.h"

const struct gs_sweep_kernels gs_sweep_portable = SWEEP_TABLE;
