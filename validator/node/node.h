/* validator/node/node.h: the node as a pure state machine: input -> step -> effects.
 *
 * It knows no socket, clock, thread or disk. A header, the logs of a block, the time, the result of an execution, the
 * fate of a transaction go in; what should be done about them comes out. State, and the intent of every
 * transaction, are committed in one store transaction before the effects are handed out, so that the process may die
 * at any instruction: the next one starts from the same intents. One node validates, defends, or both:
 *
 *     header ──► blocks to follow ──► logs ──► facts ──► sample ──► execute ──► verdict ──► challenge ──► moves ──► win
 *                (undo on reorg)                                                (claimant's side: moves against challengers)
 *
 * Every claim that is sampled is executed; where the output is not the claimed one, a second time by a different back end. Only
 * if both give the same output is the verdict `invalid`, and only `invalid` opens a game. Whatever could not be computed is `unavailable`.
 * Source: docs/node.md. */
#ifndef GS_VALIDATOR_NODE_NODE_H
#define GS_VALIDATOR_NODE_NODE_H

#include "chain/core/log.h"
#include "chain/eth/eip712.h"
#include "chain/eth/head.h"
#include "chain/eth/key.h"
#include "challenge/game/bonds.h"
#include "challenge/machine/prover.h"
#include "validator/node/attest.h"
#include "validator/node/capital.h"
#include "validator/node/facts.h"
#include "validator/node/intent.h"
#include "validator/node/sampling.h"

enum {
	GS_NODE_EFFECTS_MAX = 4096,
	GS_NODE_UNMINED_MAX = 1024, /* transactions; each may want two effects in one step */
	GS_NODE_REPLACED_MAX = 512, /* more, which replace others */
	GS_NODE_LINES_AT_ONCE =
		8, /* nonces whose transactions are looked for, and sent again, at one look, to begin with */
	GS_NODE_LINES_DOUBLINGS_MAX = 5, /* more at a look while the endpoint takes them: 256 */
	GS_NODE_EXECUTIONS_MAX = 256,    /* asked for and not answered yet */
	GS_NODE_RETELL_S = 60,           /* what stays wrong is said once in so many seconds */
	GS_NODE_RETRY_S = 15, /* the longest wait after an execution that could not be done; the first is 1 s */
	GS_NODE_FINALISE_GRACE_S =
		5, /* others are left so much time to do what is theirs: finalise a claim, end a game */
};

struct gs_node_options {
	struct gs_contracts contracts;
	struct gs_address self;
	bool validate; /* samples and challenges the claims of others */
	bool defend;   /* answers challenges of its own claims */
	bool finalise; /* finalises claims whose window is over */
	struct gs_sampling_policy sampling;
	struct gs_bond_rules bonds; /* of Disputes, as are the clocks: what a game may cost before it is opened */
	uint32_t claimant_budget_s;
	uint32_t challenger_budget_s;
	uint32_t minimum_time_s;
	uint32_t audit_bps; /* of Duties: share of claims that are drawn; 0: none */
	uint64_t epoch_s;
	struct gs_attest_policy attest;
	uint64_t confirm_blocks; /* on top of a claim before a game is opened; due moves never wait */
	uint64_t settle_blocks;  /* after which what was mined is forgotten */
	uint64_t resend_s;
	struct {
		struct gs_wei max;        /* per gas; zero: no cap */
		struct gs_wei max_urgent; /* of what has a deadline that is close; zero: the same */
		uint64_t close_s;         /* a deadline is close */
		uint64_t bump_blocks; /* without a receipt, before more is offered; fewer for what is due; 0: never */
	} fees;
	struct {
		struct gs_wei gas_per_day; /* zero: any amount */
		bool obligations;          /* of running games go on beyond it */
	} budget;
	struct gs_capital_policy capital;
	struct { /* executions of samples (validator/node/schedule.h) */
		uint32_t
			servers; /* that take one execution after another; 0: not told, and nothing is given up for want of time */
		uint64_t
			margin_s; /* before a window ends by which a verdict must be there, and a quarter of the window at most */
	} work;
	struct { /* past the sequencer */
		bool on;
		struct gs_address portal; /* OptimismPortal on L1 */
		uint32_t escalate_ppm;    /* of the time there is for an intent: after so much it is sent through L1 */
		struct gs_wei fee_max;    /* per gas on L1; zero: no cap */
		struct gs_wei cost_max;   /* of one deposit; zero: any amount */
	} l1;
	bool talk;                /* plays off chain with whoever does so, too */
	uint64_t talk_patience_s; /* with whoever does not answer */
	uint64_t audit_keep_s;    /* after which entries of the audit log are pruned; 0: never */
	/* For tests: everything is looked at beside the agenda after a look at it that comes after a write, and after each that comes so
	 * many looks after the last such check; a step fails that left something. So are the counts (counts.h) after steps that write what is
	 * counted. 1: after every look, and every step. 0: never. */
	unsigned check_agenda;
	uint64_t sweep_records; /* for tests: as GS_AGENDA_SWEEP_RECORDS; 0: that */
	struct gs_time start_time;
};

/* What the node asks of its surroundings while it steps; all answer from memory at once. */
struct gs_node_surroundings {
	void *self;
	/* The prover over this claim's execution, NULL when it has not been executed in this process. Borrowed for the step. */
	const struct gs_prover *(*prover)(void *self, const struct gs_hash *claim);
	/* The output of the node's verifiable random function for a source, over gs_sample_alpha of the options' chain and contract; some 150
	 * microseconds once a block that has claims. May be NULL where options.validate is false. GS_ENOMEM. */
	GS_MUST enum gs_err (*draw)(void *self, const struct gs_sample_source *source, struct gs_sample_lot *out);
	/* The node's signature of typed data, for what is said off chain; may be NULL where options.talk is false. A failure other than
	 * GS_ENOMEM ends the talk of that game, which goes on on chain. */
	GS_MUST enum gs_err (*sign)(void *self, const struct gs_typed *what, struct gs_signature *out);
};

enum gs_verdict { GS_VERDICT_VALID = 1, GS_VERDICT_INVALID = 2, GS_VERDICT_UNAVAILABLE = 3 };
const char *gs_verdict_name(enum gs_verdict verdict);

enum { GS_NODE_REASON_MAX = 256 };

struct gs_verdict_record {
	uint8_t verdict; /* enum gs_verdict */
	struct gs_time time;
	struct gs_hash computed_root;    /* of the output, both back ends; zero when unavailable */
	struct gs_hash trace_root;       /* of the whole execution; zero when unavailable, or not told */
	char reason[GS_NODE_REASON_MAX]; /* why unavailable; of valid: whose word that is, when it is a worker's */
};

enum gs_node_input_kind {
	GS_INPUT_START,  /* once, before all others */
	GS_INPUT_HEADER, /* the endpoint's newest header, or one that was asked for */
	GS_INPUT_LOGS,   /* of the block that was asked for */
	GS_INPUT_FINAL,  /* a block of the chain that is final: none up to there is ever taken back */
	GS_INPUT_RANGE,  /* all logs of many blocks in a row that are final, instead of one block after another */
	GS_INPUT_TIMER,  /* the endpoint's newest block is reached: time to look at what is due */
	GS_INPUT_EXECUTED,
	GS_INPUT_DISTRUSTED, /* a worker has lied: nothing that it answered counts any more, and open claims that it found right are executed again */
	GS_INPUT_LEAVES, /* data of claims that is not on chain: a batch of our own, or one that its claimant handed over */
	GS_INPUT_COMMAND, /* a call that the operator orders; again while it is waited for, which changes nothing unless it could not be sent before */
	GS_INPUT_TOLD,    /* what the other side of a game says off chain; nothing of it is believed */
	GS_INPUT_PREPARED, /* an intent was priced and signed */
	GS_INPUT_REFUSED, /* an intent cannot be signed: the call would revert, it costs too much, or no endpoint answered */
	GS_INPUT_KEPT,         /* instead of PREPARED: what was to be replaced offers enough, or has been mined */
	GS_INPUT_NONCE,        /* the account's next one */
	GS_INPUT_NONCE_BEHIND, /* instead of PREPARED: the account has used this nonce already, elsewhere */
	GS_INPUT_NONCE_LOST,   /* a transaction's nonce was taken by another */
	GS_INPUT_RECEIPT,
	GS_INPUT_FUNDS, /* what the account has, and what gas costs: now and then, and before anything is ventured */
	GS_INPUT_NO_RECEIPT, /* of a transaction on L1: the endpoint has none */
};

struct gs_node_input {
	enum gs_node_input_kind kind;
	enum gs_lane lane;  /* the effect's that is answered */
	struct gs_time now; /* the edge's clock; every kind has it */
	union {
		struct {
			uint64_t nonce; /* the account's next one on chain, mined transactions only */
		} start;
		struct gs_head header;
		struct {
			struct gs_hash block;
			const struct gs_log_entry *entries; /* of the node's contracts, in order */
			size_t count;
			bool decoded; /* gs_event_decode has taken each of them */
			bool newest; /* no block is known that follows: what is due is looked at in the same transaction */
		} logs;
		struct {
			uint64_t number; /* a smaller one than before changes nothing */
			struct gs_hash hash;
		} final;
		struct {
			struct gs_head first; /* the block after the newest stored one */
			struct gs_head last;  /* its number is at most the final one's */
			const struct gs_log_entry
				*entries; /* of the node's contracts, in order; each with its block's time */
			size_t count;
			bool decoded; /* gs_event_decode has taken each of them */
		} range;
		struct {
			struct gs_hash claim;
			bool computed;                 /* false: unavailable, for the reason below */
			struct gs_hash output_root;    /* by the executor */
			struct gs_hash reference_root; /* by the reference interpreter */
			struct gs_hash trace_root;     /* of the executor's trace */
			uint64_t took_us;              /* the first run of it; 0: not measured */
			struct gs_address by;          /* the worker whose word this is; zero: executed by this node */
			const char *reason;
		} executed;
		struct gs_address distrusted;
		struct gs_funds funds;
		struct gs_bytes told;
		struct {
			struct gs_hash id; /* drawn by whoever orders it: one id, one transaction */
			struct gs_address to;
			struct gs_bytes data; /* at most GS_INTENT_DATA_MAX */
		} command;
		struct {
			const struct gs_leaf_data *leaf;
			size_t count;
		} leaves;
		struct {
			struct gs_hash intent;
			uint64_t nonce;
			struct gs_hash tx;
			struct gs_bytes raw;
			struct gs_wei max_fee; /* per gas */
			struct gs_wei tip;
			uint64_t gas_limit;
		} prepared;
		struct {
			struct gs_hash intent;
			enum gs_tx_refusal kind;
			const char *reason;
		} refused;
		struct {
			bool enough; /* it offers what would be offered now, whatever the cap; else it waits for a cap, or its line has been mined */
			struct gs_wei max_fee, tip; /* enough: that, per gas */
		} kept;
		struct {
			uint64_t pending; /* with what waits at the endpoint */
			uint64_t mined;   /* without it, where it was asked for; else 0 */
		} nonce;
		struct {
			uint64_t nonce; /* the account's next one, pending transactions included */
		} nonce_behind;
		struct {
			struct gs_hash tx;
			uint64_t nonce; /* the account's next one now */
		} nonce_lost;
		struct {
			struct gs_hash tx;
			bool success;
			uint64_t block_number;
			struct gs_hash block_hash;
			struct gs_wei cost; /* gas, and data on L1 */
			/* L1 alone: */
			bool deep;              /* no reorganisation of L1 is expected to take it back */
			struct gs_hash deposit; /* the transaction that it leads to on the chain; zero: to none */
		} receipt;
		struct gs_hash no_receipt;
	} as;
};

enum gs_node_effect_kind {
	GS_EFFECT_FETCH_HEADER, /* by hash; answer with GS_INPUT_HEADER */
	GS_EFFECT_FETCH_LOGS,   /* of one block; answer with GS_INPUT_LOGS */
	GS_EFFECT_EXECUTE, /* answer with GS_INPUT_EXECUTED, and keep the trace for the prover while the claim is open */
	GS_EFFECT_PREPARE, /* price and sign with this nonce; answer with GS_INPUT_PREPARED, _REFUSED, _NONCE_BEHIND, or _KEPT */
	GS_EFFECT_NONCE, /* answer with GS_INPUT_NONCE */
	GS_EFFECT_SEND,  /* broadcast these bytes; a failure needs no answer but GS_INPUT_NONCE_LOST */
	GS_EFFECT_WATCH, /* look for the receipt; answer with GS_INPUT_RECEIPT when there is one; on L1 with _NO_RECEIPT when there is none */
	GS_EFFECT_TELL, /* hand these bytes to the other side of the game; they may get lost, and come again */
	GS_EFFECT_HEAR, /* what the other side of the game says; answer with GS_INPUT_TOLD if it said anything, be it old */
	GS_EFFECT_FORGET, /* the claim is settled: its trace may go */
	GS_EFFECT_RESYNC, /* the chain forked below what it had called final (or, where nobody calls anything final, below what is
	                   * kept): stop, and start with a new database */
};

struct gs_node_effect {
	enum gs_node_effect_kind kind;
	enum gs_lane lane;          /* PREPARE, NONCE, SEND, WATCH: where */
	struct gs_hash hash;        /* of the block, claim, intent or transaction */
	struct gs_hash model;       /* EXECUTE */
	struct gs_hash input_root;  /* EXECUTE */
	struct gs_hash output_root; /* EXECUTE: the claimed one */
	bool mined;                 /* NONCE: what is mined is wanted, too */
	struct gs_hash right_root;  /* EXECUTE: what comes out when the claim is right; zero: the model is not known */
	bool urgent;                /* EXECUTE: a game or a duty needs it: before all others */
	bool tolerant;              /* EXECUTE: the claimed outputs are an input as well */
	bool numbered;              /* WATCH: it is a transaction of the account's, with this nonce */
	bool own;       /* EXECUTE: a claim of ours, which we may have to defend; TELL, HEAR: we are the claimant */
	uint64_t nonce; /* PREPARE; WATCH where numbered */
	/* PREPARE: */
	struct gs_address to;
	uint64_t gas; /* 0: an estimate, which is a trial run */
	bool tried;   /* a trial run though gas is given */
	bool replaces;
	bool keeps;                         /* what is replaced may stay when it offers enough: KEPT */
	struct gs_wei fee_max;              /* per gas; zero: no cap */
	struct gs_wei least_fee, least_tip; /* per gas, of what replaces another */
	struct gs_wei cost_max;             /* zero: any amount */
	enum gs_urgency urgency;
	uint32_t wait_ms; /* a race: how long it is held back before it is tried and signed; nothing else is */
	size_t data_at;   /* EXECUTE: input bytes; PREPARE: calldata; SEND: raw; where they lie in effects->bytes */
	size_t data_len;
	size_t more_at; /* EXECUTE: output bytes as posted */
	size_t more_len;
};

struct gs_node_effects {
	struct gs_node_effect *effect; /* owned */
	size_t count;
	struct gs_buf bytes;
};
GS_MUST enum gs_err gs_node_effects_init(struct gs_node_effects *effects);
void gs_node_effects_clear(struct gs_node_effects *effects); /* before every step */
void gs_node_effects_free(struct gs_node_effects *effects);
struct gs_bytes gs_node_effect_data(const struct gs_node_effects *effects, const struct gs_node_effect *effect);
struct gs_bytes gs_node_effect_more(const struct gs_node_effects *effects, const struct gs_node_effect *effect);

struct gs_node;

/* Reads the stored blocks. store, surroundings and log are borrowed and outlive the node. */
GS_MUST enum gs_err gs_node_open(const struct gs_node_options *options, const struct gs_store *store,
                                 const struct gs_node_surroundings *surroundings, const struct gs_log *log,
                                 struct gs_node **out, struct gs_error *error);
void gs_node_close(struct gs_node *node); /* NULL is fine */

/* The newest block, NULL before the first. The edge fetches headers from the one after it on. */
const struct gs_head *gs_node_newest(const struct gs_node *node);

/* The newest stored block that is known to be final; 0: none is. */
uint64_t gs_node_final(const struct gs_node *node);

/* One step. A range that contradicts itself or what is stored changes nothing and is logged; whoever fetched it sees that the newest block
 * is as before. On an error nothing of it is stored and the node must be closed: the store or the chain's data failed it. */
GS_MUST enum gs_err gs_node_step(struct gs_node *node, const struct gs_node_input *input,
                                 struct gs_node_effects *effects, struct gs_error *error);

struct gs_node_summary {
	uint64_t claims;
	uint64_t final;
	uint64_t invalid;
	uint64_t open;
	uint64_t open_games;
	uint64_t open_batches; /* with leaves on chain */
	uint64_t attested;     /* own attestations that are not collected */
	uint64_t pending_txs;  /* that wait: nonces */
	struct gs_wei spent_today;
	struct gs_wei spent;      /* in all */
	uint64_t executions;      /* under way */
	uint64_t waiting;         /* to be executed, as of the last look... */
	uint64_t deferred;        /* ...of them, that there is no time for as it looks now */
	uint64_t shed;            /* samples that were given up for want of time, ever... */
	struct gs_wei shed_value; /* ...and what was at stake in them */
	struct gs_capital_outlook capital;
};
/* From what is counted as it is stored (counts.h), and from what is under way: a look at a few records, however many claims there are. */
GS_MUST enum gs_err gs_node_summarise(struct gs_node *node, struct gs_node_summary *out, struct gs_error *error);

struct gs_node_command {
	struct gs_hash intent;
	uint8_t status;    /* enum gs_intent_status; FAILED is the end of it when attempts is not 0 */
	uint32_t attempts; /* that failed: it would revert, did revert, or another transaction took its nonce */
	struct gs_hash tx; /* SIGNED: the newest; DONE: the mined one */
};
/* What became of what was ordered (GS_INPUT_COMMAND) with this id. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_node_command(const struct gs_store *store, const struct gs_hash *id, struct gs_node_command *out,
                                    struct gs_error *error);

/* Workers that were found lying (GS_INPUT_DISTRUSTED), ever. GS_ELIMIT: more than max. */
GS_MUST enum gs_err gs_node_distrusted(const struct gs_store *store, struct gs_address *out, size_t max, size_t *count,
                                       struct gs_error *error);

GS_MUST enum gs_err gs_verdict_decode(struct gs_bytes bytes, struct gs_verdict_record *out);

#endif
