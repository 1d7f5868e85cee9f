/* simulations/nodes/endpoints.h: several endpoints of one party, of which so many must agree, and what befalls each of them.
 *
 * Who is asked, until when, and what the answers come to follows the pool's rules (chain/rpc/pool.h) by the production code for it
 * (chain/eth/quorum.h). Simulated is what an endpoint says. An honest one says what is so as far as it has heard of the chain; one that lies
 * says something else to a share of the questions, and all that lie tell the same lie, since that is what outvotes the honest.
 * Answers come at once or never; whom the pool asks first, which in production follows from how fast they are, is drawn. */
#ifndef GS_SIMULATIONS_NODES_ENDPOINTS_H
#define GS_SIMULATIONS_NODES_ENDPOINTS_H

#include "chain/core/rng.h"
#include "chain/eth/quorum.h"

enum gs_sim_question {
	GS_SIM_ASK_NEWEST,  /* the newest block: its number; subject 0 */
	GS_SIM_ASK_NUMBER,  /* the block with this number */
	GS_SIM_ASK_BLOCK,   /* the block with this hash */
	GS_SIM_ASK_LOGS,    /* of the block with this hash, or of a range that begins with this number */
	GS_SIM_ASK_RECEIPT, /* of a transaction */
	GS_SIM_ASK_CALL,    /* whether a call would succeed, at the newest block that enough have */
	GS_SIM_ASK_PENDING, /* the account's next nonce, with what waits */
	GS_SIM_ASK_MINED,   /* its next nonce, at the newest block that enough have */
	GS_SIM_ASK_BALANCE, /* there, too */
	GS_SIM_ASK_PRICE,   /* per gas, of the next block */
	GS_SIM_ASK_SEND,    /* told to everybody */
};

enum { GS_SIM_FORGED_SPAN = 8 /* blocks by which an invented newest block is off at most */ };

/* What one endpoint says, and what they come to. */
struct gs_sim_said {
	enum gs_quorum_vote vote; /* GS_VOTE_ANSWER, GS_VOTE_ABSENT, GS_VOTE_SILENT */
	bool refused;             /* an answer: it fails */
	uint64_t number;          /* of a block, a nonce, a price: what is compared */
	uint64_t lie;             /* 0: none. Otherwise which: the same for all that lie */
};

struct gs_sim_endpoint {
	bool lies;
	uint32_t silent;    /* of 1,000 questions that get no answer */
	uint32_t lag;       /* of 1,000 looks that show an older block */
	uint32_t requests;  /* that it answers between two looks; 0: all */
	uint32_t send_lost; /* of 1,000 transactions that get lost behind it */
	uint64_t offline_from_s, offline_to_s;
	uint64_t stale_from_s, stale_to_s; /* it shows no newer blocks than at the beginning */
	uint64_t dies_s;                   /* from then on it is gone for good */
	/* this look: */
	uint32_t asked;
	uint64_t top; /* the newest block that it has */
	uint64_t stale_top;
};

struct gs_sim_endpoints {
	size_t count; /* 0: the party has one, and its luck is the party's (actor.h) */
	size_t need;  /* that must agree */
	struct gs_sim_endpoint endpoint[GS_QUORUM_ENDPOINTS_MAX];
	uint32_t lies; /* of 1,000 questions: that those that lie do not tell the truth to */
	uint64_t key;  /* by which lies are drawn */
	uint64_t look; /* counts looks */
	struct gs_rng rng;
	struct gs_sim_said
		head; /* the newest block that so many have; vote: GS_VOTE_SILENT before one is known at this look */
	uint64_t outvoted;  /* answers that enough others decided against */
	uint64_t undecided; /* questions with contrary answers and no quorum */
};

/* What an honest endpoint says that has heard of the chain up to block `top`; called once for each that is asked. */
typedef void gs_sim_honest(void *self, uint64_t top, struct gs_sim_said *out);
struct gs_sim_asked {
	enum gs_sim_question question;
	uint64_t subject; /* a number, or the beginning of a hash */
	uint64_t forged;  /* GS_SIM_ASK_BLOCK: the lie by which there is such a block; 0: it is a real one */
	gs_sim_honest *honest;
	void *self;
};

/* A new look: who shows which block, and who answers anew. newest: of the chain. */
void gs_sim_endpoints_look(struct gs_sim_endpoints *e, uint64_t newest, uint64_t now_s);
/* Finds head: the newest block that so many have. False: there are too few answers, or no agreement. self and honest answer
 * GS_SIM_ASK_BLOCK there, subject being the block's number. */
bool gs_sim_endpoints_head(struct gs_sim_endpoints *e, uint64_t now_s);
/* What they agree on; state at the newest block needs a head. False: nothing. */
bool gs_sim_endpoints_ask(struct gs_sim_endpoints *e, const struct gs_sim_asked *asked, uint64_t now_s,
                          struct gs_sim_said *out);
/* Nothing befalls them any more; those that lie go on, those that are gone stay away. */
void gs_sim_endpoints_calm(struct gs_sim_endpoints *e);

#endif
