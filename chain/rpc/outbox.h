/* chain/rpc/outbox.h: the calls that several parts make of one endpoint, on their way to it.
 *
 * Calls that are made before the loop turns go in one request (chain/rpc/endpoint.h, gs_endpoint_batch), as many as the endpoint is known
 * to take (chain/rpc/limits.h). A call that is the same as one that waits or is under way is not made again: both have its answer. A
 * request of several calls that is refused, or answered in disorder (one answer missing, ids that nobody asked with), is made again in
 * smaller ones, in the end call by call, so that nobody who asks hears of it; that one was too many is learnt. What is about the line (a
 * cut, a time-out) and about the rate of calls ends the calls as ever.
 *
 * Not for what has an effect: a transaction is sent by a call of its own. Same thread and loop as the endpoint. */
#ifndef GS_CHAIN_RPC_OUTBOX_H
#define GS_CHAIN_RPC_OUTBOX_H

#include "chain/rpc/endpoint.h"
#include "chain/rpc/limits.h"

struct gs_outbox;
struct gs_asked; /* somebody's part in a call that has not ended */

/* endpoint and limits are borrowed and outlive it. GS_ENOMEM. */
GS_MUST enum gs_err gs_outbox_open(struct event_base *base, struct gs_endpoint *endpoint, struct gs_limits *limits,
                                   struct gs_outbox **out, struct gs_error *error);
/* Forgets every call, without callbacks. Not from a callback. NULL is fine. */
void gs_outbox_close(struct gs_outbox *box);
/* As gs_endpoint_call: method is copied, params taken over, on failure too; the callback comes from the loop. *out is valid until it begins.
 * GS_ENOMEM. */
GS_MUST enum gs_err gs_outbox_call(struct gs_outbox *box, const char *method, json_t *params, gs_on_reply on_reply,
                                   void *self, struct gs_asked **out, struct gs_error *error);
/* No callback follows. Others who share the call have their answer. */
void gs_asked_cancel(struct gs_asked *asked);

#endif
