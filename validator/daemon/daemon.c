#include "validator/daemon/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "chain/rpc/pool.h"
#include "validator/daemon/daemon_state.h"
#include "validator/daemon/identity.h"
#include "validator/daemon/options.h"

void gs_daemon_stop(struct gs_daemon *d, enum gs_err err)
{
	d->err = err;
	event_base_loopbreak(d->base);
}

/* --- what the node asks of us --- */

static const struct gs_prover *prover_of(void *self, const struct gs_hash *claim)
{
	const struct gs_daemon *d = self;

	return gs_work_prover(gs_executions_work(d->executions), claim);
}

static enum gs_err sign(void *self, const struct gs_typed *what, struct gs_signature *out)
{
	const struct gs_daemon *d = self;
	const struct gs_signer signer = gs_session_signer(&d->session);
	struct gs_error why = {0};
	enum gs_err err = signer.sign_typed(signer.self, what, out, &why);

	if (err)
		gs_log_line(d->log, GS_LOG_WARN, "talk.unsigned", "why=\"%s\"", why.text);
	return err;
}

static enum gs_err draw(void *self, const struct gs_sample_source *source, struct gs_sample_lot *out)
{
	return gs_lots_draw(((const struct gs_daemon *)self)->lots, source, out);
}

/* --- events --- */

static enum gs_err on_executed(struct gs_daemon *d, const struct gs_execution_result *result)
{
	static const struct gs_address nobody;
	struct gs_node_input input = {.kind = GS_INPUT_DISTRUSTED, .as.distrusted = result->liar};
	enum gs_err err = gs_address_equal(&result->liar, &nobody) ? GS_OK : gs_daemon_feed(d, &input);

	if (err)
		return err;
	gs_executions_input(result, &input);
	return gs_daemon_feed(d, &input);
}

static void on_results(evutil_socket_t fd, short what, void *self)
{
	struct gs_daemon *d = self;
	struct gs_execution_result result;
	enum gs_err err = GS_OK;

	(void)fd;
	(void)what;
	while (!err && gs_executions_take(d->executions, &result))
		err = on_executed(d, &result);
	if (err)
		gs_daemon_stop(d, err);
}

static void on_signal(evutil_socket_t number, short what, void *self)
{
	struct gs_daemon *d = self;

	(void)what;
	gs_log_line(d->log, GS_LOG_INFO, "node.stopping", "signal=%d", (int)number);
	event_base_loopbreak(d->base);
}

/* --- putting it together --- */

static struct gs_node_options node_options(const struct gs_daemon *d)
{
	struct gs_node_options options = gs_options_of(d->config);

	options.contracts = d->io.contracts;
	options.self = d->session.account;
	options.validate = d->options->validate;
	options.defend = d->options->defend;
	options.finalise = d->options->finalise;
	options.start_time = gs_daemon_now(d);
	if (d->l1)
		options.l1.portal = *gs_l1_portal(d->l1);
	options.l1.on = d->l1 != NULL;
	return options;
}

static enum gs_err open_node(struct gs_daemon *d)
{
	struct gs_node_options options = node_options(d);
	const struct gs_node_surroundings surroundings = {.self = d, .prover = prover_of, .draw = draw, .sign = sign};
	enum gs_err err = gs_identity_check(&d->store, &d->session, d->config->db, &d->error);

	if (!err)
		err = gs_chain_io_rules(&d->io, &options, &d->error);
	if (!err)
		err = gs_chain_io_nonce(&d->io, &d->nonce, &d->error);
	if (err)
		return err;
	err = gs_lots_open(&d->store, d->config, &options.contracts, &options.self, &d->lots, &d->error);
	return err ? err : gs_node_open(&options, &d->store, &surroundings, d->log, &d->node, &d->error);
}

/* The window of a claim as the deployment's file has it; 0: it does not say. */
static double window_s(const struct gs_config *config)
{
	struct gs_deployment_origin *origin = calloc(1, sizeof(*origin));
	double window = 0;

	if (origin && gs_deployment_load_origin(config->deployment, origin, NULL) == GS_OK)
		window = (double)origin->parameters.claims.window_s;
	free(origin);
	return window;
}

static enum gs_err open_models(struct gs_daemon *d)
{
	const struct gs_config *config = d->config;
	char beside[GS_BINDER_PATH_MAX + sizeof("/readiness.json")];
	struct gs_librarian_options options = {.db = &d->store,
	                                       .readiness = config->model_store.readiness,
	                                       .downloads = (unsigned)config->model_store.downloads,
	                                       .log = d->log};
	enum gs_err err;

	snprintf(beside, sizeof(beside), "%s/readiness.json", config->db);
	if (!config->model_store.readiness[0])
		options.readiness = beside;
	options.terms.fetches = config->model_store.folder[0] && config->model_store.sources.count > 0;
	options.terms.window_s = window_s(config);
	options.terms.trace_bytes_max = (config->trace.memory_mib + config->trace.disk_mib) << 20;
	gs_readiness_machine(options.terms.machine);
	if (config->model_store.folder[0] && (err = gs_library_open(config, d->log, &d->models, &d->error)))
		return err;
	options.models = d->models;
	return gs_librarian_open(&options, &d->librarian, &d->error);
}

static enum gs_err open_work(struct gs_daemon *d)
{
	const struct gs_spill_options room = {
		.dir = d->config->trace.folder[0] ? d->config->trace.folder : d->config->db,
		.heap_bytes_max = d->config->trace.memory_mib << 20,
		.file_bytes_max = d->config->trace.disk_mib << 20,
	};
	enum gs_err err = gs_spill_open(&room, &d->spill, &d->error);

	if (err)
		return gs_fail_within(&d->error, err, "trace.folder");
	d->traces = gs_spill_home(d->spill);
	if ((err = open_models(d)))
		return err;
	const struct gs_model_supply supply = gs_librarian_supply(d->librarian);
	const struct gs_executions_options executions = {.config = d->config,
	                                                 .isa = d->options->isa,
	                                                 .log = d->log,
	                                                 .adversary = d->options->adversary,
	                                                 .traces = &d->traces,
	                                                 .supply = d->models ? &supply : NULL,
	                                                 .store = &d->store};
	err = gs_executions_open(&executions, &d->executions, &d->work_fd, &d->error);
	if (!err)
		gs_librarian_watch(d->librarian, gs_executions_work(d->executions));
	return err;
}

static enum gs_err open_all(struct gs_daemon *d)
{
	enum gs_err err;

	if (!d->config->db[0])
		return gs_fail(&d->error, GS_EINVAL, "db: not named; give --db DIR");
	if (!d->config->models[0] && !d->config->model_store.folder[0])
		return gs_fail(&d->error, GS_EINVAL,
		               "models: not named; give --models DIR, the folder with the models to check, or set "
		               "model_store.folder");
	err = gs_store_open(d->config->db, NULL, &d->db,
	                    &d->error); /* before anything is asked of the chain: it holds the lock */
	if (err)
		return err;
	d->store = gs_store_port(d->db);
	if ((err = gs_session_open(d->config, GS_SESSION_CONTRACTS | GS_SESSION_KEY, &d->session, &d->error)))
		return err;
	if ((err = gs_session_lock_node(&d->session, d->config, "a node", &d->key_lock, &d->error)))
		return err;
	gs_session_say_trust(&d->session, d->log);
	gs_chain_io_init(&d->io, &d->session, d->config, d->log);
	if ((err = gs_l1_open(d->config, &d->session, d->log, &d->l1, &d->l1_fd, &d->error)))
		return err;
	if ((err = open_work(d)))
		return err;
	if ((err = gs_batches_open(d->config->batches, &d->io.contracts, d->log, &d->batches)))
		return gs_fail(&d->error, err, "daemon: no memory");
	if ((err = gs_node_effects_init(&d->effects)))
		return gs_fail(&d->error, err, "daemon: no memory");
	err = open_node(d);
	return err ? err : gs_chain_thread_open(&d->io, &d->chain, &d->chain_fd, &d->error);
}

static enum gs_err on_command(void *self, struct gs_node_input *input)
{
	struct gs_daemon *d = self;
	const enum gs_err err = gs_daemon_feed(d, input);

	if (err)
		gs_daemon_stop(d, err);
	return err;
}

/* Without it commands have to wait until the node is stopped, which is no reason not to run. */
static enum gs_err open_commands(struct gs_daemon *d)
{
	const struct gs_commands_options options = {.base = d->base,
	                                            .folder = d->config->key.lock_folder,
	                                            .account = d->session.account,
	                                            .chain_id = d->session.chain_id,
	                                            .deployment = &d->session.deployment,
	                                            .store = &d->store,
	                                            .log = d->log,
	                                            .feed = on_command,
	                                            .self = d};
	struct gs_error why = {0};
	const enum gs_err err = gs_commands_open(&options, &d->commands, &why);

	if (err == GS_EIO)
		gs_log_line(d->log, GS_LOG_WARN, "command.none", "why=\"%s\"", why.text);
	return err == GS_EIO ? GS_OK : err;
}

static enum gs_err open_loop(struct gs_daemon *d)
{
	d->base = event_base_new();
	if (!d->base)
		return gs_fail(&d->error, GS_ENOMEM, "daemon: no event loop");
	if (gs_later_open(d->base, gs_daemon_ask_later, d, &d->later))
		return gs_fail(&d->error, GS_ENOMEM, "daemon: no memory");
	d->tick = event_new(d->base, -1, 0, gs_daemon_on_tick, d);
	d->answers = event_new(d->base, d->chain_fd, EV_READ | EV_PERSIST, gs_daemon_on_chain, d);
	d->results = event_new(d->base, d->work_fd, EV_READ | EV_PERSIST, on_results, d);
	d->sigint = event_new(d->base, SIGINT, EV_SIGNAL | EV_PERSIST, on_signal, d);
	d->sigterm = event_new(d->base, SIGTERM, EV_SIGNAL | EV_PERSIST, on_signal, d);
	if (d->l1 && (!(d->l1_answers = event_new(d->base, d->l1_fd, EV_READ | EV_PERSIST, gs_daemon_on_l1, d)) ||
	              event_add(d->l1_answers, NULL)))
		return gs_fail(&d->error, GS_ENOMEM, "daemon: no memory");
	if (!d->tick || !d->answers || !d->results || !d->sigint || !d->sigterm)
		return gs_fail(&d->error, GS_ENOMEM, "daemon: no memory");
	event_add(d->answers, NULL);
	event_add(d->results, NULL);
	event_add(d->sigint, NULL);
	event_add(d->sigterm, NULL);
	event_active(d->tick, EV_TIMEOUT, 0);
	return open_commands(d);
}

static enum gs_err start(struct gs_daemon *d)
{
	struct gs_node_input input = {.kind = GS_INPUT_START, .as.start.nonce = d->nonce};
	char self[GS_ADDRESS_TEXT_MAX];

	gs_address_format(&d->session.account, self);
	gs_log_line(d->log, GS_LOG_INFO, "node.started", "account=%s chain=%llu validate=%s defend=%s", self,
	            (unsigned long long)d->session.chain_id, d->options->validate ? "yes" : "no",
	            d->options->defend ? "yes" : "no");
	return gs_daemon_feed(d, &input);
}

static void close_all(struct gs_daemon *d)
{
	gs_daemon_free_pending(d);
	struct event *const events[] = {d->tick, d->answers, d->l1_answers, d->results, d->sigint, d->sigterm};
	for (size_t i = 0; i < GS_ARRAY_LEN(events); i++)
		if (events[i])
			event_free(events[i]);
	gs_later_close(d->later);
	gs_commands_close(d->commands);
	if (d->base)
		event_base_free(d->base);
	gs_chain_thread_close(d->chain);
	gs_l1_close(d->l1);
	gs_node_close(d->node);
	gs_lots_close(d->lots);
	gs_node_effects_free(&d->effects);
	gs_librarian_stop(d->librarian); /* before what it looks at goes, and it goes after who asks it */
	gs_executions_close(d->executions);
	gs_librarian_close(d->librarian);
	gs_library_close(d->models);
	gs_batches_close(d->batches);
	gs_spill_close(d->spill);
	gs_session_close(&d->session);
	gs_key_lock_release(&d->key_lock);
	if (d->db)
		gs_store_close(d->db);
}

/* The chain's thread has ended, or else its counters might be changing. */
static void say_stopped(struct gs_daemon *d)
{
	struct gs_pool_status status = {0};

	event_del(d->answers);
	gs_chain_thread_close(d->chain);
	d->chain = NULL;
	gs_rpc_pool_status(d->session.rpc, &status);
	gs_log_line(d->log, GS_LOG_INFO, "node.stopped", "reason=%s disagreements=%llu undecided=%llu",
	            d->options->until_claims ? "settled_or_signal" : "signal", (unsigned long long)status.disagreements,
	            (unsigned long long)status.undecided);
}

enum gs_err gs_daemon_run(const struct gs_config *config, const struct gs_daemon_options *options,
                          const struct gs_log *log, struct gs_node_summary *summary, struct gs_error *error)
{
	struct gs_daemon *d = calloc(1, sizeof(*d));
	enum gs_err err;

	if (!d)
		return gs_fail(error, GS_ENOMEM, "daemon: no memory");
	d->config = config;
	d->options = options;
	d->log = log;
	d->key_lock.fd = -1;
	d->started = time(NULL);
	gs_ready_begin(&d->ready);
	err = open_all(d);
	if (!err)
		err = open_loop(d);
	if (!err)
		err = start(d);
	if (!err) {
		event_base_dispatch(d->base);
		err = d->err;
	}
	if (!err && summary)
		err = gs_node_summarise(d->node, summary, &d->error);
	if (err)
		(void)gs_fail(error, err, "%s", d->error.text);
	else
		say_stopped(d);
	close_all(d);
	free(d);
	return err;
}
