/* validator/node/node_state.h: what the parts of the node share while it steps. */
#ifndef GS_VALIDATOR_NODE_NODE_STATE_H
#define GS_VALIDATOR_NODE_NODE_STATE_H

#include "validator/node/agenda.h"
#include "validator/node/node.h"

struct gs_node_execution { /* asked for, or to be asked for again */
	struct gs_hash claim;
	struct gs_claim_body body; /* of a leaf that nobody has opened there is no record */
	bool running;
	unsigned failed; /* tries that came to nothing, one after the other */
	struct gs_time not_before;
};

struct gs_node_preparing { /* what is being signed: one at a time, for nonces come in a row */
	bool under_way;
	uint64_t nonce;
	struct gs_hash replaces; /* a transaction; zero: none */
	bool cancels;            /* a transfer of nothing to ourselves */
	bool hopeless;           /* because the call would revert */
	bool fills;              /* a gap */
	bool takes_over;         /* the nonce of `replaces`, whose own call nobody wants any more */
	enum gs_urgency urgency; /* by which a replacement's price is chosen */
	uint64_t deposit_gas;    /* L1: as in gs_tx_record */
};

struct gs_node_sweep { /* everything is entered on the agenda, as much in one step as is bounded (agenda.h) */
	bool wanted;   /* from the beginning on, since a reorganisation */
	bool under_way;
	uint8_t table;    /* which of those with subjects */
	uint8_t len;      /* 0: from its beginning on */
	uint8_t last[64]; /* the newest key of it that was seen */
};

struct gs_node_lane { /* the transactions of the chain, or of L1 */
	struct gs_node_preparing preparing;
	bool tend_prices;    /* something waits whose price was not looked at since the last look at the chain */
	bool ask_nonce;      /* something may have happened to the nonces */
	bool send_again;     /* a reorganisation may have dropped what waits */
	uint64_t pooled;     /* below it the endpoint has all nonces, as it said last, waiting or mined; 0: not known */
	uint64_t mined;      /* below it they are mined */
	struct gs_time told; /* when it said so */
	uint64_t sent_below; /* below it all was sent at the last look; 0: nothing was */
	bool sent_full;      /* that was as much as one look may send */
	unsigned doublings;  /* of GS_NODE_LINES_AT_ONCE, while the endpoint has all that was sent */
	uint64_t
		left_below; /* lines below it keep their nonces until the next look at the chain: taking one over was tried */
	struct
	{ /* what offers so much need not offer more, as was said of one of them since the last look at the chain */
		bool known;
		enum gs_urgency urgency;
		struct gs_wei max_fee, tip; /* per gas */
	} enough;
	struct {
		bool known; /* it is to be filled */
		bool tried; /* since the last look at the chain, in vain: no endpoint answered */
		uint64_t nonce;
		struct gs_time since; /* when it was seen first; 0: it was not */
	} gap;
};

struct gs_node {
	struct gs_node_options options;
	const struct gs_store *store;
	struct gs_node_surroundings surroundings;
	const struct gs_log *log;
	uint64_t block;      /* the newest block whose logs are applied */
	uint64_t final;      /* the stored blocks up to this one stay: it is of the chain's final part; 0: not known */
	uint64_t final_seen; /* the chain is final up to here, whatever is stored */
	struct gs_head walk; /* the lowest block known of a branch that forks below the tracker's blocks... */
	struct gs_hash walk_from; /* ...and the one that showed it */
	bool walking;
	struct gs_journal_watch watch; /* what this step wrote, so far */
	bool written;                  /* something was, since everything was checked... */
	unsigned unchecked;            /* ...and so many looks at the agenda ago that was */
	struct gs_time swept;          /* when everything was entered on the agenda */
	struct gs_node_sweep sweep;
	struct gs_hash policy;              /* the hash of options.sampling */
	struct gs_sample_source lot_source; /* the newest that was drawn from */
	struct gs_sample_lot lot;
	struct gs_node_lane lane[GS_LANES];
	bool look_forced;             /* something may be so late that it should go through L1 */
	struct gs_time l1_not_before; /* nothing new is tried on L1 */
	struct gs_time l1_told;       /* when it was last said that L1 cannot be used */
	struct gs_time bound_told;    /* when it was last said that a cap, a balance or the budget holds something up */
	struct gs_time budget_told;   /* the same of the budget, before anything is priced */
	struct gs_time poor_told;     /* when it was last said that a challenge cannot be afforded */
	struct gs_time none_told;     /* the same of a game without an answer */
	struct gs_time unknown_told;  /* the same of leaves whose data are not here */
	struct gs_time refused_told;  /* the same of messages that are no moves */
	struct gs_time attest_told;   /* the same of a claim that is not attested */
	size_t waiting, deferred;     /* as of the last look at what waits to be executed... */
	struct gs_time work_looked;   /* ...then */
	struct gs_time overload_told; /* when it was last said that more is drawn than can be executed */
	struct gs_time capital_told;  /* the same of what waits because funds are reserved */
	struct gs_time outlook_told;  /* when it was last said how long funds last */
	bool capital_alarm;           /* and that was an alarm */
	bool outlook_due;             /* it was told what there is, and not yet what that means */
	struct gs_funds funds;        /* as they were told last, at the price that gas is reckoned at... */
	struct gs_time funds_at;      /* ...then; 0: never */
	struct gs_time now;
	size_t queue_count;
	size_t execution_count;
	/* From here on large: what counts do not reach is not written when the node is opened. */
	struct gs_head_tracker tracker;         /* the branch that we believe in */
	struct gs_head_change change;           /* scratch of one header */
	struct gs_head queue[GS_HEAD_KEPT_MAX]; /* its newest blocks, oldest first, whose logs are still to come */
	struct gs_node_execution execution[GS_NODE_EXECUTIONS_MAX];
};

/* One step's working set. */
struct gs_node_turn {
	struct gs_node *node;
	struct gs_journal *j;
	struct gs_node_effects *effects;
	struct gs_hash block_hash;     /* of the block whose logs are applied */
	bool decoded;                  /* ids in its logs were compared */
	bool catching_up;              /* many blocks in one step: claims are not told one by one */
	struct gs_agenda_note note;    /* of the look that is under way */
	bool entered_undone;           /* what is entered is so because a reorganisation took something back */
	const struct gs_hash *handing; /* the sample that is begun, or given up, by this look; NULL: none is */
	bool shedding;                 /* given up */
	bool checking;                 /* whether anything was left: effects are compared, not added */
	bool left;                     /* something was */
	enum gs_lane lane;             /* whose transactions are looked at */
};

static inline struct gs_node_lane *gs_node_lane_of(const struct gs_node_turn *t)
{
	return &t->node->lane[t->lane];
}

/* Adds an effect of the turn's lane, and its bytes. GS_ELIMIT. */
GS_MUST enum gs_err gs_node_emit(struct gs_node_turn *t, struct gs_node_effect effect, struct gs_bytes data);
GS_MUST enum gs_err gs_node_emit_two(struct gs_node_turn *t, struct gs_node_effect effect, struct gs_bytes data,
                                     struct gs_bytes more);

/* Asks for the logs of the oldest block that waits for them. */
GS_MUST enum gs_err gs_node_fetch_logs(struct gs_node_turn *t);
/* One log of the block at which the journal stands. */
GS_MUST enum gs_err gs_node_apply_log(struct gs_node_turn *t, const struct gs_log_entry *entry);
GS_MUST enum gs_err gs_node_on_logs(struct gs_node_turn *t, const struct gs_node_input *in);
GS_MUST enum gs_err gs_node_on_header(struct gs_node_turn *t, const struct gs_head *head);
GS_MUST enum gs_err gs_node_load_final(struct gs_journal *j, uint64_t *out);
GS_MUST enum gs_err gs_node_on_final(struct gs_node_turn *t, uint64_t number, const struct gs_hash *hash);
/* GS_ECORRUPT, GS_EPARSE: the range contradicts itself or what is stored. */
GS_MUST enum gs_err gs_node_on_range(struct gs_node_turn *t, const struct gs_node_input *in);
/* Whether this node executes the claim of somebody else; decided, stored and told once: when it is posted, and, where that was before this node
 * validated, when it is looked at. Of one whose window was over when it was first seen, and that this node was to
 * decide about (gs_history_validates_since), the record says why it did not: GS_SAMPLE_DOWN or _BEHIND, with the draw that there would have been. */
GS_MUST enum gs_err gs_plan_sample_posted(struct gs_node_turn *t, const struct gs_event *posted);
GS_MUST enum gs_err gs_plan_sample(struct gs_node_turn *t, const struct gs_claim *claim, struct gs_sample *out);
/* A batch in calldata whose window was over when it was first seen: the same, once for all its leaves. */
GS_MUST enum gs_err gs_plan_sample_batch(struct gs_node_turn *t, const struct gs_event *posted);
/* The decision alone; a source of kind 0: there is none, and the claim is executed. block: that it was bound in. */
GS_MUST enum gs_err gs_plan_decide(struct gs_node_turn *t, const struct gs_claim *claim,
                                   const struct gs_sample_source *source, uint64_t block, struct gs_sample *out);
GS_MUST enum gs_err gs_plan_put_sample(struct gs_node_turn *t, const struct gs_hash *of,
                                       const struct gs_sample *sample);

/* What is due, from the stored facts: samples, executions, challenges, moves, finalisations, as intents and effects. */
GS_MUST enum gs_err gs_node_plan(struct gs_node_turn *t);
/* Whether a game of ours about the claim was ever opened, whatever became of the intent: by a deposit, by a transaction that an endpoint kept
 * quiet about when it called its nonce lost, or before the database was made. A second one would cost a second bond and bring nothing. */
GS_MUST enum gs_err gs_plan_challenged(struct gs_node_turn *t, const struct gs_claim *claim, bool *out);
/* One open claim, or one of which a demand's price is still locked. */
GS_MUST enum gs_err gs_plan_claim(struct gs_node_turn *t, const struct gs_hash *id);
/* One open game, off chain and on chain. */
GS_MUST enum gs_err gs_plan_open_game(struct gs_node_turn *t, const struct gs_hash *id, struct gs_game_record *scratch);
/* Plays one open game. scratch: room for its record. */
GS_MUST enum gs_err gs_plan_game(struct gs_node_turn *t, const struct gs_hash *id, struct gs_game_record *scratch);
/* Wants an open claim released that cannot have a verdict any more (its model is void, the deployment retired for good, its batch
 * over): its bond and fee come back, its games can be closed. *released: it is such a claim. */
GS_MUST enum gs_err gs_plan_release(struct gs_node_turn *t, const struct gs_claim *claim, bool *released);
/* Whether money of ours waits for the end of an open claim: what it locked, a stake on its trace, the price of data that we demanded.
 * Those who should end it may be gone, and anybody may. */
GS_MUST enum gs_err gs_plan_waits(struct gs_node_turn *t, const struct gs_claim *claim, bool *out);
/* What the claimant of an open claim owes, and what is due to others when it does not give it; of a claim that is over, what is still locked. */
GS_MUST enum gs_err gs_plan_duties(struct gs_node_turn *t, const struct gs_claim *claim);
/* Whether nothing of a claim's duties stands in the way of its being final, and by which epoch; if something can be done about that (randomness
 * recorded, its lot drawn), that is wanted. */
GS_MUST enum gs_err gs_plan_clearing(struct gs_node_turn *t, const struct gs_claim *claim, bool *cleared,
                                     uint64_t *epoch);
/* Tells what a game about the claim may come to; *affordable: free stake covers the bond. levels: of its batch's tree when the claim is a
 * leaf that must be opened first; else NULL. */
GS_MUST enum gs_err gs_plan_weigh_challenge(struct gs_node_turn *t, const struct gs_claim *claim,
                                            const unsigned *levels, bool *affordable);
/* Plays an open game off chain, if the other side does. *held: nothing is to be done about it on chain now. */
GS_MUST enum gs_err gs_plan_talk(struct gs_node_turn *t, const struct gs_hash *id, bool *held);
/* What somebody said about a game off chain. */
GS_MUST enum gs_err gs_plan_told(struct gs_node_turn *t, struct gs_bytes bytes);
/* An open batch: of others, its leaves are executed and a wrong one is opened; of ours, it is ended. */
GS_MUST enum gs_err gs_plan_batch(struct gs_node_turn *t, const struct gs_hash *id);
/* Of a batch that is over. */
GS_MUST enum gs_err gs_plan_forget_leaves(struct gs_node_turn *t, const struct gs_hash *batch);
/* Attests a claim of which this verdict was found, if the policy says so. */
GS_MUST enum gs_err gs_plan_attest(struct gs_node_turn *t, const struct gs_claim *claim,
                                   const struct gs_verdict_record *verdict);
/* What is due of an attestation of our own that is not collected. */
GS_MUST enum gs_err gs_plan_attested(struct gs_node_turn *t, const struct gs_attestation *attestation);
/* The stake that an intent on its way is going to lock for an attestation; zero for another. */
GS_MUST enum gs_err gs_plan_attesting(struct gs_journal *j, const struct gs_intent *intent,
                                      const struct gs_address *self, struct gs_wei *out);
/* What there is to pay with, and what of it is spoken for; except: by an intent that does not count, or NULL. */
GS_MUST enum gs_err gs_plan_capital(struct gs_node_turn *t, const struct gs_hash *except, struct gs_capital *out);
GS_MUST enum gs_err gs_plan_outlook(struct gs_node_turn *t, struct gs_capital_outlook *out);
/* Whether an attestation can be paid for with all that follows it. */
GS_MUST enum gs_err gs_plan_can_attest(struct gs_node_turn *t, bool *out);
/* *allowed becomes false, or *left (zero: any amount) less, when what the intent costs would be taken from what is spoken for. */
GS_MUST enum gs_err gs_capital_allows(struct gs_node_turn *t, const struct gs_intent *intent, struct gs_wei *left,
                                      bool *allowed);
/* Says how far funds go, once what the chain tells is known. */
GS_MUST enum gs_err gs_capital_tell(struct gs_node_turn *t);
GS_MUST enum gs_err gs_node_on_funds(struct gs_node_turn *t, const struct gs_funds *told);
/* Stake that nothing on its way will lock. */
GS_MUST enum gs_err gs_plan_free_stake(struct gs_node_turn *t, struct gs_wei *out);
/* Enters an intent, unless it is there. state may be NULL. due: by when it must be mined; 0: at any time. */
GS_MUST enum gs_err gs_plan_want(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_hash *subject,
                                 const struct gs_hash *state, const struct gs_address *to, struct gs_buf *calldata,
                                 struct gs_time due);
/* Whether there is nothing to do for it now. */
GS_MUST enum gs_err gs_plan_under_way(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_hash *subject,
                                      const struct gs_hash *state, bool *out);
/* What the verdict of a claim says that was found right by a worker's word alone. */
void gs_verdict_by_worker(const struct gs_address *worker, char out[GS_NODE_REASON_MAX]);
GS_MUST enum gs_err gs_node_on_command(struct gs_node_turn *t, const struct gs_node_input *in); /* command.c */
GS_MUST enum gs_err gs_node_on_distrusted(struct gs_node_turn *t, const struct gs_address *worker);
/* Whether it is not under way, and need not wait after a try that failed; else notes when to look again. */
GS_MUST enum gs_err gs_node_may_execute(struct gs_node_turn *t, const struct gs_claim *claim, bool *out);
/* Enters a sampled claim, or a leaf of this batch, among those that wait to be executed. */
GS_MUST enum gs_err gs_work_offer(struct gs_node_turn *t, const struct gs_claim *claim, const struct gs_hash *batch);
/* Begins what should be begun of them, and gives up what cannot be done in time. */
GS_MUST enum gs_err gs_work_look(struct gs_node_turn *t);
/* How many were given up, ever, and what was at stake in them. */
GS_MUST enum gs_err gs_work_shed(struct gs_journal *j, uint64_t *count, struct gs_wei *value);
GS_MUST enum gs_err gs_plan_is_shed(struct gs_node_turn *t, const struct gs_hash *id, bool *out);
/* One look at a claim that waits, led there by this entry; at a batch for one of its leaves. */
GS_MUST enum gs_err gs_plan_look_at_waiting(struct gs_node_turn *t, const struct gs_hash *claim, struct gs_bytes led);
GS_MUST enum gs_err gs_plan_look_at_leaf(struct gs_node_turn *t, const struct gs_hash *batch);
/* Asks for an execution of the claim now, before all samples, unless it is under way or must wait. */
GS_MUST enum gs_err gs_node_execute(struct gs_node_turn *t, const struct gs_claim *claim);

/* Transactions. At the start: the account's next nonce, and everything unmined sent again. */
GS_MUST enum gs_err gs_transactions_start(struct gs_node_turn *t, uint64_t chain_nonce);
/* Hands the next one of each lane out to be signed, unless one of it is being signed: a replacement, or the next intent. look: the endpoint is
 * asked anew, also for what it did not answer before. */
GS_MUST enum gs_err gs_transactions_next(struct gs_node_turn *t, bool look);
/* What came back of what was handed out, of a transaction, or of the account's nonce. */
GS_MUST enum gs_err gs_transactions_prepared(struct gs_node_turn *t, const struct gs_node_input *in);
GS_MUST enum gs_err gs_transactions_refused(struct gs_node_turn *t, const struct gs_node_input *in);
GS_MUST enum gs_err gs_transactions_kept(struct gs_node_turn *t, const struct gs_node_input *in);
GS_MUST enum gs_err gs_transactions_behind(struct gs_node_turn *t, uint64_t chain_nonce);
GS_MUST enum gs_err gs_transactions_lost(struct gs_node_turn *t, const struct gs_node_input *in);
GS_MUST enum gs_err gs_transactions_receipt(struct gs_node_turn *t, const struct gs_node_input *in);
GS_MUST enum gs_err gs_transactions_nonce(struct gs_node_turn *t, const struct gs_node_input *in);

/* Of the lowest lines that wait: watches them; sends again what has had no receipt for a while or what a reorganisation may have dropped, or all of
 * them (send_all); forgets what is deep. */
GS_MUST enum gs_err gs_tending_look(struct gs_node_turn *t, bool send_all);
/* A line has been settled: the one that is now among the lowest is looked for. */
GS_MUST enum gs_err gs_tending_next(struct gs_node_turn *t);
/* Whether what the intent does has not been done or become senseless. */
GS_MUST enum gs_err gs_tending_wanted(struct gs_node_turn *t, const struct gs_intent *intent, bool *out);
/* What the lines' waits are counted in: blocks of the chain, seconds of L1. */
uint64_t gs_tending_clock(const struct gs_node_turn *t);
struct gs_replacement {
	struct gs_tx_record old;
	struct gs_buf bytes; /* the caller's: what old.raw points to */
	enum gs_urgency urgency;
	bool cancels; /* nobody wants the call any more */
	bool first;   /* no line has a lower nonce: the others wait for it */
};
/* The first that has waited for so many blocks that it should offer more. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_tending_find(struct gs_node_turn *t, struct gs_replacement *out);
/* The lowest line whose call nobody wants any more, and that no block since has had: what is due by some time takes its nonce. urgency: of that;
 * except: its intent. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_tending_find_dead(struct gs_node_turn *t, enum gs_urgency urgency, const struct gs_hash *except,
                                         struct gs_replacement *out);
/* The endpoint has all nonces below this one: how many lines are tended at a look follows from it. */
void gs_tending_heard(struct gs_node_turn *t, uint64_t pending);
/* The endpoint has everything below `pending`, we have signed everything below `next`. *lower: nothing of ours waits behind what
 * nobody has, so that the next transaction can have that nonce. */
GS_MUST enum gs_err gs_tending_gap(struct gs_node_turn *t, uint64_t pending, uint64_t next, bool *lower);

/* At the start: since when a gap was seen. */
GS_MUST enum gs_err gs_tending_load_gap(struct gs_node_turn *t);

/* Through L1 (forced.c). The intent that waits in vain for longer than its share of the time, if there is one, and the gas of its
 * transaction on the chain. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_forced_next(struct gs_node_turn *t, struct gs_intent *out, struct gs_buf *data, uint64_t *gas);
/* The portal's calldata for it. */
GS_MUST enum gs_err gs_forced_call(struct gs_node_turn *t, const struct gs_intent *intent, uint64_t gas,
                                   struct gs_buf *out);
/* Looks at deposits: for the transactions that they lead to, and for what can be forgotten. */
GS_MUST enum gs_err gs_forced_look(struct gs_node_turn *t);
/* A receipt of L1; and one of the chain, of a transaction that is no record of ours. */
GS_MUST enum gs_err gs_forced_receipt(struct gs_node_turn *t, const struct gs_node_input *in);
/* One that was there, perhaps: a reorganisation of L1 took it back, and what was in its block may be in nobody's pool. */
GS_MUST enum gs_err gs_forced_no_receipt(struct gs_node_turn *t, const struct gs_hash *hash);
GS_MUST enum gs_err gs_forced_executed(struct gs_node_turn *t, const struct gs_node_input *in);

struct gs_spent {
	uint64_t day; /* since 1970 */
	struct gs_wei today;
	struct gs_wei total;
};
GS_MUST enum gs_err gs_budget_spent(struct gs_journal *j, struct gs_time now, struct gs_spent *out);
GS_MUST enum gs_err gs_budget_spend(struct gs_journal *j, enum gs_lane lane, struct gs_time now, struct gs_wei cost);
/* What gas costs a day at the present rate: an average over days, in which an hour counts 23/24 of the next. */
GS_MUST enum gs_err gs_budget_a_day(struct gs_journal *j, struct gs_time now, struct gs_wei *out);
/* *left: what the intent may cost; zero: anything. */
GS_MUST enum gs_err gs_budget_allows(struct gs_node_turn *t, const struct gs_intent *intent, struct gs_wei *left,
                                     bool *allowed);

/* GS_ENOTFOUND when there is none. */
GS_MUST enum gs_err gs_node_load_verdict(struct gs_journal *j, const struct gs_hash *claim,
                                         struct gs_verdict_record *out);
GS_MUST enum gs_err gs_node_store_verdict(struct gs_journal *j, const struct gs_hash *claim,
                                          const struct gs_verdict_record *verdict);

#endif
