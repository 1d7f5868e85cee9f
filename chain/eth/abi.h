/* chain/eth/abi.h: the contract ABI: arguments of calls, return data, and data of logs (Solidity documentation,
 * "Contract ABI Specification").
 *
 * A tuple is a head of 32-byte words and a tail. A static value sits in the head; a dynamic one (bytes, string,
 * T[], a tuple that holds one) leaves its offset in the head, counted from the start of that head, and its body in the tail. A
 * static tuple or fixed array is simply that many more words of its parent's head.
 *
 *     struct gs_abi_writer args;
 *     gs_abi_call(&args, &calldata, GS_CLAIMS_FN_POST, 3);     // post(bytes32,uint64,bytes)
 *     gs_abi_put_hash(&args, &model);
 *     gs_abi_put_u64(&args, nonce);
 *     gs_abi_put_bytes(&args, input);
 *     gs_abi_end(&args);                                       // then look at calldata.err
 *
 * Write a child (tuple or array) to its end before the next value of its parent. */
#ifndef GS_CHAIN_ETH_ABI_H
#define GS_CHAIN_ETH_ABI_H

#include "chain/core/buf.h"
#include "chain/core/u256.h"

enum { GS_ABI_WORD = 32 };

/* --- writing; errors stick to the buffer --- */

struct gs_abi_writer {
	struct gs_buf *out;
	size_t head; /* where this tuple's head starts in out */
	size_t next; /* where its next word goes */
	size_t end;  /* where its head ends */
};

/* Starts a tuple whose head is head_words words long, at the end of out. */
void gs_abi_begin(struct gs_abi_writer *w, struct gs_buf *out, size_t head_words);
/* The same after the four bytes of a function's selector. */
void gs_abi_call(struct gs_abi_writer *w, struct gs_buf *out, uint32_t selector, size_t head_words);
/* Asserts that every word of the head was written. */
void gs_abi_end(const struct gs_abi_writer *w);

void gs_abi_put_word(struct gs_abi_writer *w, const uint8_t word[32]);
void gs_abi_put_u64(struct gs_abi_writer *w, uint64_t v); /* any uintN */
void gs_abi_put_i64(struct gs_abi_writer *w, int64_t v);  /* any intN: sign-extended */
void gs_abi_put_bool(struct gs_abi_writer *w, bool v);
void gs_abi_put_u256(struct gs_abi_writer *w, const struct gs_u256 *v);
void gs_abi_put_wei(struct gs_abi_writer *w, struct gs_wei v);
void gs_abi_put_address(struct gs_abi_writer *w, const struct gs_address *v);
void gs_abi_put_hash(struct gs_abi_writer *w, const struct gs_hash *v); /* bytes32 */
/* bytesN, N <= 32: left-aligned. */
void gs_abi_put_fixed(struct gs_abi_writer *w, const void *bytes, size_t n);
/* bytes, string */
void gs_abi_put_bytes(struct gs_abi_writer *w, struct gs_bytes v);
/* bytes32[] */
void gs_abi_put_hashes(struct gs_abi_writer *w, const struct gs_hash *v, size_t count);
/* A dynamic tuple: *child is its writer. */
void gs_abi_put_tuple(struct gs_abi_writer *w, struct gs_abi_writer *child, size_t head_words);
/* T[] of count elements whose heads are element_words words each (1 for a dynamic T). */
void gs_abi_put_array(struct gs_abi_writer *w, struct gs_abi_writer *child, size_t count, size_t element_words);

/* --- reading: strict and bounds-checked; errors stick to the reader, values read after one are zero --- */

struct gs_abi_reader {
	struct gs_bytes data; /* from the start of this tuple's head to the end of the bytes */
	size_t next;
	enum gs_err err;
};

/* Reads a tuple that starts at data's first byte; data must outlive the reader and every view taken from it. */
struct gs_abi_reader gs_abi_read(struct gs_bytes data);
/* Reads the indexed values of a log: topics[1 .. count-1] as static words. */
struct gs_abi_reader gs_abi_read_topics(const struct gs_hash *topics, size_t count);

void gs_abi_get_word(struct gs_abi_reader *r, uint8_t out[32]);
uint64_t gs_abi_get_u64(struct gs_abi_reader *r); /* GS_ELIMIT when the word does not fit */
uint32_t gs_abi_get_u32(struct gs_abi_reader *r);
uint8_t gs_abi_get_u8(struct gs_abi_reader *r);
bool gs_abi_get_bool(struct gs_abi_reader *r); /* GS_EPARSE unless 0 or 1 */
struct gs_u256 gs_abi_get_u256(struct gs_abi_reader *r);
struct gs_wei gs_abi_get_wei(struct gs_abi_reader *r);
struct gs_address gs_abi_get_address(struct gs_abi_reader *r); /* GS_EPARSE when the upper 12 bytes are not zero */
struct gs_hash gs_abi_get_hash(struct gs_abi_reader *r);
/* bytes or string: a borrowed view into data. GS_EPARSE when it leaves data or is not padded with zeros. */
struct gs_bytes gs_abi_get_bytes(struct gs_abi_reader *r);
/* bytes32[] and other arrays of single words: a borrowed view, 32 bytes each; *count elements. */
struct gs_bytes gs_abi_get_words(struct gs_abi_reader *r, size_t *count);
/* A dynamic tuple. An error of the parent passes to the child; look at the child's own err after use. */
struct gs_abi_reader gs_abi_get_tuple(struct gs_abi_reader *r);
/* T[] with element_words words of head each; *count <= bytes left / 32. */
struct gs_abi_reader gs_abi_get_array(struct gs_abi_reader *r, size_t element_words, size_t *count);

#endif
