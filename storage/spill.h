/* storage/spill.h: room for traces that are too long for memory: temporary files, mapped.
 *
 * A trace has up to 2^26 chunks, 8 GiB. As long as all traces together stay below a limit they lie on the heap; one more lies in a file without a name (it
 * is gone when the process is, however it ends) whose blocks are reserved before it is used, so that a full disk is an
 * error when room is taken and not a signal in the middle of an execution. The kernel keeps of it in memory what it has
 * room for: parts that rest leave the process's memory at once and are on their way to the disk.
 * What a mapping cannot report is a disk that fails to read: that ends the process with SIGBUS. */
#ifndef GS_STORAGE_SPILL_H
#define GS_STORAGE_SPILL_H

#include "challenge/machine/trace.h"

enum { GS_SPILL_FILES_MAX = 64 }; /* at once */

struct gs_spill; /* of any threads */

struct gs_spill_options {
	const char *dir;         /* where the files are; must be there */
	uint64_t heap_bytes_max; /* of all that is not in files, together */
	uint64_t file_bytes_max; /* of all files together */
};

/* GS_EIO when dir is not a folder that files can be made in; GS_ENOMEM. */
GS_MUST enum gs_err gs_spill_open(const struct gs_spill_options *options, struct gs_spill **out,
                                  struct gs_error *error);
void gs_spill_close(struct gs_spill *spill); /* all room must have been given back; NULL is fine */
/* Valid until gs_spill_close. Taking returns GS_ELIMIT beyond file_bytes_max or GS_SPILL_FILES_MAX, GS_EIO when the disk
 * has no room or fails. */
struct gs_trace_home gs_spill_home(struct gs_spill *spill);
/* Bytes in files now. */
uint64_t gs_spill_file_bytes(struct gs_spill *spill);

#endif
