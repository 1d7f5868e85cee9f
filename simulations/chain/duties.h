/* simulations/chain/duties.h: what a claimant owes besides right answers, and who is paid for looking (docs/protocol.md, section
 * 6). Claims are those of simulations/chain.h; chain->now is the time of the call, chain->duties is set. */
#ifndef GS_SIMULATIONS_CHAIN_DUTIES_H
#define GS_SIMULATIONS_CHAIN_DUTIES_H

#include "simulations/chain.h"

enum { GS_SIM_EPOCHS_MAX = 512 };

struct gs_sim_duty_rules {
	uint32_t demand_s, audit_s, report_s, epoch_s;
	uint16_t audit_bps;
	struct gs_wei demand_base, demand_per_chunk, attest_stake;
};
struct gs_sim_beacon {
	uint64_t epoch, previous;
	struct gs_hash value;
};
struct gs_sim_duties {
	struct gs_sim_duty_rules rules;
	struct gs_wei promised;                         /* of the pool */
	unsigned beacons;                               /* recorded epochs... */
	struct gs_sim_beacon beacon[GS_SIM_EPOCHS_MAX]; /* ...in their order; those behind are undefined */
};

/* What a demand for a block of the claim's array costs. */
struct gs_wei gs_sim_duty_price(const struct gs_sim_chain *chain, uint8_t kind);

GS_MUST enum gs_err gs_sim_duty_demand(struct gs_sim_chain *chain, unsigned sender, uint8_t kind,
                                       struct gs_error *error);
GS_MUST enum gs_err gs_sim_duty_answer(struct gs_sim_chain *chain, struct gs_bytes chunks, const struct gs_hash *path,
                                       size_t levels, struct gs_error *error);
GS_MUST enum gs_err gs_sim_duty_unanswered(struct gs_sim_chain *chain, struct gs_error *error);
GS_MUST enum gs_err gs_sim_duty_drop_demand(struct gs_sim_chain *chain, struct gs_error *error);

/* randao: of the block at `now`. */
GS_MUST enum gs_err gs_sim_duty_record(struct gs_sim_duties *duties, const struct gs_sim_bank *bank, uint64_t now,
                                       const struct gs_hash *randao, struct gs_error *error);
GS_MUST enum gs_err gs_sim_duty_draw(struct gs_sim_chain *chain, uint64_t epoch, struct gs_error *error);
GS_MUST enum gs_err gs_sim_duty_publish(struct gs_sim_chain *chain, unsigned sender, const struct gs_hash *trace_root,
                                        const struct gs_hash *path, size_t levels, struct gs_error *error);
GS_MUST enum gs_err gs_sim_duty_unpublished(struct gs_sim_chain *chain, unsigned sender, struct gs_error *error);
/* Whether the claim may become final as far as audits go: GS_OK, "NotCleared", or "WrongEpoch". */
GS_MUST enum gs_err gs_sim_duty_cleared(const struct gs_sim_chain *chain, uint64_t epoch, struct gs_error *error);

GS_MUST enum gs_err gs_sim_duty_attest(struct gs_sim_chain *chain, unsigned sender,
                                       const struct gs_trace_tag *commitment, struct gs_wei stake,
                                       struct gs_error *error);
GS_MUST enum gs_err gs_sim_duty_report(struct gs_sim_chain *chain, unsigned sender, const struct gs_hash *trace_root,
                                       struct gs_error *error);
GS_MUST enum gs_err gs_sim_duty_collect(struct gs_sim_chain *chain, unsigned validator, struct gs_error *error);

#endif
