#include "validator/daemon/l1.h"

#include <stdlib.h>
#include <string.h>

struct gs_l1 {
	struct gs_session session;
	struct gs_key_lock lock;
	struct gs_chain_portal portal;
	struct gs_chain_io io;
	struct gs_chain_thread *thread; /* uses io, and what is behind it, alone */
};

enum gs_err gs_l1_check_settings(const struct gs_config *config, uint64_t chain_id, struct gs_address *portal,
                                 struct gs_error *error)
{
	static const struct gs_address nobody;
	enum gs_err err;

	if (config->l1.rpc.count == 0)
		return config->l1.portal[0] || config->l1.chain_id
		               ? gs_fail(error, GS_EINVAL,
		                         "l1.rpc: no endpoint of L1 is named; name one, or leave l1 out")
		               : GS_OK;
	if (!config->l1.portal[0])
		return gs_fail(error, GS_EINVAL, "l1.portal: not named; say where the chain's OptimismPortal is on L1");
	err = gs_address_parse(config->l1.portal, portal, error);
	if (err)
		return gs_fail_within(error, err, "l1.portal");
	if (gs_address_equal(portal, &nobody))
		return gs_fail(error, GS_EINVAL, "l1.portal: the address is zero");
	if (!config->l1.chain_id)
		return gs_fail(error, GS_EINVAL,
		               "l1.chain_id: not named; nothing is signed for a chain that is not known");
	if (config->l1.chain_id == chain_id)
		return gs_fail(error, GS_EINVAL, "l1.chain_id: %llu is the chain itself, not its L1",
		               (unsigned long long)chain_id);
	if (!config->l1.escalate_ppm)
		return gs_fail(error, GS_EINVAL,
		               "l1.escalate_at: 0 would send everything through L1; give a share above 0, such as 0.5");
	return GS_OK;
}

static enum gs_err open_all(const struct gs_config *config, const struct gs_session *chain, const struct gs_log *log,
                            struct gs_l1 *l1, int *event_fd, struct gs_error *error)
{
	enum gs_err err = gs_session_open_l1(config, chain, &l1->session, error);
	if (!err)
		err = gs_session_lock_node(&l1->session, config, "a node, for L1", &l1->lock, error);
	if (err)
		return err;
	gs_chain_io_init(&l1->io, &l1->session, config, log);
	l1->io.portal = &l1->portal;
	l1->portal.settle_blocks = config->l1.settle_blocks;
	gs_rpc_log_to(l1->session.rpc, log);
	return gs_chain_thread_open(&l1->io, &l1->thread, event_fd, error);
}

enum gs_err gs_l1_open(const struct gs_config *config, const struct gs_session *chain, const struct gs_log *log,
                       struct gs_l1 **out, int *event_fd, struct gs_error *error)
{
	struct gs_address portal = {{0}};
	struct gs_l1 *l1;
	char text[GS_ADDRESS_TEXT_MAX];
	enum gs_err err = gs_l1_check_settings(config, chain->chain_id, &portal, error);

	*out = NULL;
	if (err || config->l1.rpc.count == 0)
		return err;
	l1 = calloc(1, sizeof(*l1));
	if (!l1)
		return gs_fail(error, GS_ENOMEM, "l1: no memory");
	l1->lock.fd = -1;
	l1->portal.address = portal;
	err = open_all(config, chain, log, l1, event_fd, error);
	if (err) {
		gs_l1_close(l1);
		return err;
	}
	gs_address_format(&portal, text);
	gs_log_line(log, GS_LOG_INFO, "l1.ready", "chain=%llu portal=%s escalate_ppm=%llu",
	            (unsigned long long)l1->session.chain_id, text, (unsigned long long)config->l1.escalate_ppm);
	*out = l1;
	return GS_OK;
}

void gs_l1_close(struct gs_l1 *l1)
{
	if (!l1)
		return;
	gs_chain_thread_close(l1->thread);
	gs_session_close(&l1->session);
	gs_key_lock_release(&l1->lock);
	free(l1);
}

const struct gs_address *gs_l1_portal(const struct gs_l1 *l1)
{
	return &l1->portal.address;
}

enum gs_err gs_l1_submit(struct gs_l1 *l1, const struct gs_chain_job *job)
{
	if (job->effect.kind != GS_EFFECT_PREPARE && gs_chain_thread_outstanding(l1->thread) >= GS_L1_OUTSTANDING_MAX)
		return GS_OK;
	return gs_chain_thread_submit(l1->thread, job);
}

struct gs_chain_result *gs_l1_take(struct gs_l1 *l1)
{
	return gs_chain_thread_take(l1->thread);
}
