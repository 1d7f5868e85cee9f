/* validator/exec/window_portable.c: the kernels of window_kernels.h for any processor of the family that is compiled for. */
#include "validator/exec/window_body.h"

const struct gs_window_kernels gs_window_portable = WINDOW_TABLE;
