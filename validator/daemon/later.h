/* validator/daemon/later.h: effects that are done a little later, by timers of the loop. Whoever waits is the effect alone: the loop goes on,
 * and so do the chain's threads. */
#ifndef GS_VALIDATOR_DAEMON_LATER_H
#define GS_VALIDATOR_DAEMON_LATER_H

#include "validator/node/node.h"

struct event_base;
struct gs_later;

/* The time has come. data are lent for the call, which may add others. */
typedef void gs_later_do(void *self, const struct gs_node_effect *effect, struct gs_bytes data);

/* base and self are borrowed and outlive it. GS_ENOMEM. */
GS_MUST enum gs_err gs_later_open(struct event_base *base, gs_later_do *go, void *self, struct gs_later **out);
/* What waits still is not done any more. NULL is fine. */
void gs_later_close(struct gs_later *later);

/* Has it done after wait_ms, by the loop, never within this call; effects of one wait come in the order of their adding. The effect and
 * its data are copied. GS_ENOMEM. */
GS_MUST enum gs_err gs_later_add(struct gs_later *later, const struct gs_node_effect *effect, struct gs_bytes data,
                                 uint32_t wait_ms);
size_t gs_later_count(const struct gs_later *later);

#endif
