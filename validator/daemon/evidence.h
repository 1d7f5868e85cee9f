/* validator/daemon/evidence.h: all that a node knows of one claim, as one file that another machine can check (docs/evidence.md).
 *
 * The file is one msgpack array; its parts are records as the node stores them (validator/node/record.h), and lists of these, each item behind its length
 * in 4 bytes (chain/eth/trie.h). Its last field is keccak256 of every byte before it. A struct gs_evidence holds views of such bytes; the functions
 * here are pure but for gs_evidence_add_chain, which asks an endpoint, and gs_evidence_check, which may execute a model. */
#ifndef GS_VALIDATOR_DAEMON_EVIDENCE_H
#define GS_VALIDATOR_DAEMON_EVIDENCE_H

#include "chain/rpc/rpc.h"
#include "validator/daemon/lots.h"
#include "validator/node/node.h"

enum {
	GS_EVIDENCE_VERSION = 1,
	GS_EVIDENCE_BYTES_MAX = 60 * 1024 * 1024,
	GS_EVIDENCE_BLOCKS_MAX = 1024,
	GS_EVIDENCE_RECEIPTS_MAX = 4096, /* and as many transactions */
	GS_EVIDENCE_LOGS_MAX = 16384,
	GS_EVIDENCE_GAMES_MAX = 64,
	GS_EVIDENCE_LINKS_MAX = 65536,      /* of the audit log */
	GS_EVIDENCE_ENTRIES_MAX = 4096,     /* of it, about the claim */
	GS_EVIDENCE_BLOCK_ITEMS_MAX = 4096, /* transactions of a block */
	GS_EVIDENCE_RANGE = 2000,           /* blocks of one question for logs */
	GS_EVIDENCE_NOTES_MAX = 16 * 1024,
};

struct gs_evidence {
	struct gs_contracts contracts;
	struct gs_address validator; /* whose node made it */
	struct gs_time made;
	uint64_t block; /* the newest that the node knew */
	uint64_t final; /* the newest final one; 0: not known */
	/* the claim, as the node's database has it */
	struct gs_hash claim;
	struct gs_claim_body body;
	struct gs_u256 terms_word;
	uint64_t posted_block;
	struct gs_hash posted_tx;
	uint8_t status; /* enum gs_claim_status */
	uint32_t games;
	struct gs_bytes header;        /* of the model: GS_EVENT_HEADER_BYTES */
	struct gs_bytes input, output; /* as far as they are known: zeros may be missing at the end, empty: not known */
	/* what was decided; empty: nothing, or held back (notes say which) */
	struct gs_bytes verdict;      /* gs_verdict_decode */
	struct gs_bytes sample;       /* gs_sample_decode */
	struct gs_bytes policy;       /* gs_policy_decode */
	struct gs_bytes sampling_key; /* GS_VRF_PUBLIC_BYTES */
	/* the contract's clocks */
	uint32_t claimant_budget_s, challenger_budget_s, minimum_time_s; /* 0: not known */
	/* the chain: lists */
	struct gs_bytes blocks; /* headers, rlp; their blocks' numbers rise */
	struct gs_bytes
		receipts; /* of transactions that had something to do with the claim: records gs_evidence_item */
	struct gs_bytes transactions; /* the same, signed */
	struct gs_bytes talks;        /* games played off chain: records [1, game, stored talk] */
	/* the audit log */
	uint64_t audit_count; /* entries in it; 0: there is none */
	struct gs_hash audit_head;
	struct gs_bytes audit; /* links from the head down to the first entry about the claim: gs_evidence_link */
	struct gs_bytes notes; /* what is left out, and why: lines of text */
};

/* Something in a block that its header commits to. */
struct gs_evidence_item {
	uint32_t block;        /* which of `blocks`, from 0 */
	uint32_t index;        /* in the block */
	struct gs_bytes bytes; /* empty where a proof ends in them */
	struct gs_bytes proof; /* gs_trie_verify; empty: there is none */
};
void gs_evidence_put_item(const struct gs_evidence_item *item, struct gs_buf *out);
GS_MUST enum gs_err gs_evidence_get_item(struct gs_bytes record, struct gs_evidence_item *out);

/* One entry of the audit log, in full where it is about the claim, else by its digest. */
struct gs_evidence_link {
	uint64_t index;
	struct gs_hash before, skipped; /* the hashes that its own commits to (validator/node/audit.h) */
	struct gs_hash digest;          /* of the entry */
	struct gs_bytes entry;          /* empty: not shown */
};
void gs_evidence_put_link(const struct gs_evidence_link *link, struct gs_buf *out);
GS_MUST enum gs_err gs_evidence_get_link(struct gs_bytes record, struct gs_evidence_link *out);

/* The file's bytes. Errors stick to out. */
void gs_evidence_encode(const struct gs_evidence *e, struct gs_buf *out);
/* Whether these bytes begin as such a file does, of any version. */
bool gs_evidence_is(struct gs_bytes bytes);
/* *out: views into bytes. GS_EUNSUPPORTED: of another version. GS_ECORRUPT: changed or cut, or not in its form. GS_ELIMIT. */
GS_MUST enum gs_err gs_evidence_decode(struct gs_bytes bytes, struct gs_evidence *out, struct gs_error *error);

/* --- making one --- */

struct gs_evidence_room { /* what an evidence that is made points to */
	struct gs_buf header, input, output, verdict, sample, policy, key, blocks, receipts, transactions, talks, audit,
		notes;
};
void gs_evidence_room_init(struct gs_evidence_room *room);
void gs_evidence_room_free(struct gs_evidence_room *room);
/* The views of what room holds now. */
void gs_evidence_view_room(const struct gs_evidence_room *room, struct gs_evidence *e);
/* From a node's database. The sampling decision is in it only if it may be shown (gs_samples_may_show). *out points into room. key: public, NULL: not
 * known. GS_ENOTFOUND: the node has seen no such claim. */
GS_MUST enum gs_err gs_evidence_collect(struct gs_journal *j, const struct gs_contracts *contracts,
                                        const struct gs_lots_domain *domain, const struct gs_vrf_public *key,
                                        const struct gs_hash *claim, struct gs_time now, struct gs_evidence_room *room,
                                        struct gs_evidence *out, struct gs_error *error);
/* Adds what an endpoint tells: headers of the blocks in which something was said of the claim, receipts with their proofs, transactions, clocks. What it
 * cannot give is noted. An error: the endpoint does not answer, or contradicts itself. */
GS_MUST enum gs_err gs_evidence_add_chain(struct gs_rpc *rpc, struct gs_evidence_room *room, struct gs_evidence *e,
                                          struct gs_error *error);

/* --- checking one --- */

enum gs_evidence_finding { GS_EVIDENCE_HOLDS, GS_EVIDENCE_FAILS, GS_EVIDENCE_UNCHECKED };
typedef void (*gs_evidence_tell)(void *context, const char *part, enum gs_evidence_finding finding, const char *words);

struct gs_evidence_options {
	const struct gs_contracts *contracts; /* NULL: of whatever deployment */
	const char *models;                   /* folder; NULL: nothing is executed */
	gs_evidence_tell tell;
	void *context;
};
/* Looks at every part and tells what it finds, part by part. An error: memory, or this machine's own: nothing about the evidence. */
GS_MUST enum gs_err gs_evidence_check(const struct gs_evidence *e, const struct gs_evidence_options *options,
                                      struct gs_error *error);

#endif
