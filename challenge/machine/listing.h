/* challenge/machine/listing.h: the instructions of a program that is being built.
 *
 * They are kept as descriptors, some hundred bytes each: a struct gs_instr takes 6 KiB, and a recurrent layer unrolls into
 * thousands. Until gs_program_seal lays out the trace, first_chunk, span and cost are zero, and a view of the trace
 * holds the index of the instruction that writes the tensor in place of its chunk. What each reads and writes is kept
 * beside its bytes, so that who orders instructions, or lays them out, decodes none. */
#ifndef GS_CHALLENGE_MACHINE_LISTING_H
#define GS_CHALLENGE_MACHINE_LISTING_H

#include "challenge/machine/program.h"

enum { GS_LISTING_REFS_MAX = 6 }; /* two an operand */

struct gs_listing_ref { /* a view: of which array, where in it (above) */
	uint32_t chunk;
	uint16_t at; /* where the descriptor spells a chunk: perhaps an earlier one */
	uint8_t space;
};

struct gs_listing_entry {
	uint32_t at, len; /* of the spelling, in bytes */
	uint32_t ref;     /* its first in ref[] */
	uint8_t refs;
	uint8_t dtype;  /* that it stores */
	uint64_t count; /* elements that it writes */
	uint64_t cost;  /* its own */
};

struct gs_listing {
	struct gs_buf bytes;            /* spellings; one that was replaced stays behind unused */
	struct gs_listing_entry *entry; /* owned */
	uint32_t count;
	uint32_t cap;
	struct gs_listing_ref *ref; /* owned; as the spellings */
	uint32_t ref_count, ref_cap;
};

void gs_listing_init(struct gs_listing *l);
void gs_listing_free(struct gs_listing *l); /* leaves an empty listing; twice is fine */
/* GS_EINVAL when no bytes spell the instruction (a function or dtype that is not in its table, too many axes or rows);
 * GS_ELIMIT beyond GS_INSTRUCTIONS_MAX; GS_ENOMEM. The listing is as it was then. */
GS_MUST enum gs_err gs_listing_append(struct gs_listing *l, const struct gs_instr *in);
GS_MUST enum gs_err gs_listing_replace(struct gs_listing *l, uint32_t i, const struct gs_instr *in);
/* Keeps the instructions order[0], order[1], ... of those that are there, each at most once, in this order. GS_ENOMEM. */
GS_MUST enum gs_err gs_listing_arrange(struct gs_listing *l, const uint32_t *order, uint32_t count);
/* Instruction i < count, decoded. */
struct gs_instr gs_listing_get(const struct gs_listing *l, uint32_t i);
/* The same to *out, where rows that a view does not have stay what they were: in a fraction of the time. */
void gs_listing_read(const struct gs_listing *l, uint32_t i, struct gs_instr *out);
uint64_t gs_listing_elements(const struct gs_listing *l, uint32_t i); /* that it writes */
uint64_t gs_listing_chunks(const struct gs_listing *l, uint32_t i);   /* of them */
/* The views of instruction i < count in their order, an operand's own before its index. Borrowed until the listing changes. */
const struct gs_listing_ref *gs_listing_refs(const struct gs_listing *l, uint32_t i, unsigned *count);
/* The same, to be told where else they lie. */
struct gs_listing_ref *gs_listing_refs_of(struct gs_listing *l, uint32_t i, unsigned *count);
/* The bytes from instruction i < count on, its views as they were when it was appended. Borrowed until the listing changes. */
struct gs_bytes gs_listing_bytes(const struct gs_listing *l, uint32_t i);

#endif
