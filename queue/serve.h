/* queue/serve.h: what the blocking worker needs of a client. For queue/ only. */
#ifndef GS_QUEUE_SERVE_H
#define GS_QUEUE_SERVE_H

#include "queue/wait.h"

struct gs_queue *gs_queue_client_queue(struct gs_queue_client *client);
struct event_base *gs_queue_client_base(struct gs_queue_client *client);

#endif
