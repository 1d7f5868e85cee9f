/* validator/daemon/config.h: what an operator may set, from a YAML file, the environment and the command line.
 *
 * One table names every setting. A setting `policy.rate` is the key `rate` of the map `policy` in the file,
 * GAINSAY_POLICY_RATE in the environment, and may be a flag of a command; the later of file, environment, flag wins. */
#ifndef GS_VALIDATOR_DAEMON_CONFIG_H
#define GS_VALIDATOR_DAEMON_CONFIG_H

#include "chain/core/log.h"
#include "chain/core/u256.h"
#include "validator/daemon/binder.h"
#include "validator/node/policy.h"

enum gs_attest_mode { GS_ATTEST_MODE_OFF, GS_ATTEST_MODE_ON };
enum gs_budget_obligations { GS_BUDGET_OBLIGATIONS_NO, GS_BUDGET_OBLIGATIONS_YES };
enum gs_log_format { GS_LOG_FORMAT_TEXT, GS_LOG_FORMAT_JSON };

struct gs_config {
	struct gs_setting_list rpc;               /* endpoints of the chain */
	char ca_file[GS_BINDER_PATH_MAX];         /* PEM; "": the system's authorities */
	char rpc_header_file[GS_BINDER_PATH_MAX]; /* these as in chain/rpc/endpoint.h; "": none */
	char rpc_client_cert_file[GS_BINDER_PATH_MAX];
	char rpc_client_key_file[GS_BINDER_PATH_MAX];
	char rpc_proxy[GS_BINDER_PATH_MAX];
	int rpc_http2;                       /* 0 or 1 */
	uint64_t chain_id;                   /* 0: not set */
	char deployment[GS_BINDER_PATH_MAX]; /* JSON file of addresses; "" when not set, as for every path */
	char db[GS_BINDER_PATH_MAX];
	char models[GS_BINDER_PATH_MAX];          /* folder with .gsp and .onnx files */
	struct {                                  /* models that are fetched when they are wanted: docs/models.md */
		char folder[GS_BINDER_PATH_MAX];  /* of the store; "": nothing is fetched */
		struct gs_setting_list sources;   /* as in validator/models/source.h, in their order */
		char index[GS_BINDER_PATH_MAX];   /* JSON: where models are; "": none */
		uint64_t size_mib;                /* of all files together */
		uint64_t file_mib;                /* of one */
		char ca_file[GS_BINDER_PATH_MAX]; /* PEM; "": the system's authorities */
		char proxy[GS_BINDER_PATH_MAX];   /* "": none */
		uint64_t stall_s;   /* a source that sends next to nothing for so long is given up for now */
		uint64_t downloads; /* at once */
		char readiness[GS_BINDER_PATH_MAX]; /* file for others; "": readiness.json in db */
	} model_store;
	char batches[GS_BINDER_PATH_MAX]; /* folder with .batch files: data of leaves; "": none */
	struct {
		char keystore[GS_BINDER_PATH_MAX];
		char password_file[GS_BINDER_PATH_MAX];
		char hex_file[GS_BINDER_PATH_MAX]; /* 64 hex digits; for development chains */
		char remote[GS_BINDER_PATH_MAX];   /* a signer's address, http or https, instead of a file */
		char address[GS_BINDER_PATH_MAX];  /* the account that it signs for */
		char ca_file[GS_BINDER_PATH_MAX];  /* PEM, of the connection to it */
		char client_cert_file[GS_BINDER_PATH_MAX];
		char client_key_file[GS_BINDER_PATH_MAX];
		uint64_t timeout_ms;                  /* of one answer of it */
		char lock_folder[GS_BINDER_PATH_MAX]; /* of gs_key_lock_take; "": the user's own */
		int share;                            /* 1: commands send beside a node that has the lock */
	} key;
	struct {
		uint64_t rate_ppm;        /* share of claims that are re-executed, in millionths */
		uint64_t least_ppm;       /* that cost and load leave of it; UINT64_MAX: all of rate_ppm */
		struct gs_wei value_unit; /* the others as in validator/node/policy.h */
		uint64_t wrong_percent;
		uint64_t young_percent;
		uint64_t young_s;
		uint64_t cost_ms;
		uint64_t busy_ppm;
		struct gs_wei certain_above; /* a claim whose value at stake is this or more is always re-executed */
		char sampling_key_file
			[GS_BINDER_PATH_MAX]; /* 64 hex digits; not set: made at the first start, kept in the database */
	} policy;
	struct {                     /* attestations of claims that were found right */
		int mode;            /* enum gs_attest_mode */
		struct gs_wei stake; /* of one; less than the contract takes: the least it takes */
		uint64_t locked_ppm; /* the most that may be locked by them, in millionths of free and locked stake */
		struct gs_wei million_gas; /* what 10^6 gas cost, in tokens */
	} attest;
	struct {                                 /* play off chain */
		char folder[GS_BINDER_PATH_MAX]; /* that both sides of a game can write; "": everything on chain */
		uint64_t patience_s;
	} talk;
	struct {
		uint64_t keep_days; /* entries of the audit log; 0: for ever */
	} audit;
	struct {
		uint64_t poll_ms;        /* between looks at the chain */
		uint64_t resend_s;       /* a transaction without a receipt is sent again */
		uint64_t rpc_timeout_ms; /* of one call */
	} intervals;
	struct {
		uint64_t quorum;       /* endpoints that must agree; 0: all of two, a majority of three or more */
		struct gs_wei fee_max; /* per gas; zero: no cap */
		struct gs_wei fee_max_urgent; /* the same of what has a deadline that is close; zero: fee_max */
		uint64_t close_s;             /* a deadline is close */
		uint64_t bump_blocks;         /* without a receipt, before a transaction offers more */
		uint64_t settle_blocks;       /* after which what was mined is forgotten */
		uint64_t
			confirm_blocks; /* blocks on top before a claim is acted on by opening a game; due moves never wait */
		uint64_t final_blocks; /* where endpoints do not say what is final: so deep is taken for it */
	} chain;
	struct {                            /* the chain's L1, to go past the sequencer (validator/daemon/l1.h) */
		struct gs_setting_list rpc; /* endpoints; none: nothing goes through L1 */
		char rpc_header_file[GS_BINDER_PATH_MAX];
		uint64_t chain_id;
		char portal[GS_BINDER_PATH_MAX]; /* address of OptimismPortal */
		uint64_t escalate_ppm;  /* of the time there is for something: after so much it goes through L1 */
		struct gs_wei fee_max;  /* per gas; zero: no cap */
		struct gs_wei cost_max; /* of one deposit; zero: what the account has */
		uint64_t settle_blocks; /* on top of a deposit before it is taken for settled */
	} l1;
	struct {
		struct gs_wei gas_per_day; /* of gas and data on L1; zero: any amount */
		int obligations;           /* enum gs_budget_obligations */
	} budget;
	struct { /* executions of samples (validator/node/schedule.h) */
		uint64_t
			servers; /* that take one after another; 0: execution.threads, or with workers.queue not told */
		uint64_t margin_s; /* before a window ends by which its verdict must be there */
	} work;
	struct { /* validator/node/capital.h */
		uint64_t
			defences; /* of each model, of own claims that nobody has challenged: gas for so many games is kept */
		uint64_t price_percent; /* of today's price of gas, at which it is kept */
		uint64_t warn_games;    /* an alarm below so many games that could be paid for; 0: none */
		uint64_t warn_days;     /* an alarm when funds last shorter; 0: none */
	} capital;
	struct {
		uint64_t threads;      /* executions at once */
		uint64_t prepared_mib; /* of models that are kept ready to be run */
		uint64_t programs_mib; /* of programs in memory that nobody uses just now */
	} execution;
	struct {                                        /* that execute for this node: docs/scale.md */
		char queue[GS_BINDER_PATH_MAX];         /* redis:// or rediss://; "": none, all is executed here */
		char password_file[GS_BINDER_PATH_MAX]; /* of the queue's server; "": in the address, or none */
		char ca_file[GS_BINDER_PATH_MAX];       /* of rediss:// */
		char name[GS_BINDER_PATH_MAX];          /* which queue of the server; one node each */
		char keys_file[GS_BINDER_PATH_MAX];     /* addresses whose answers count, one a line */
		uint64_t check_ppm;                     /* share of the answers that is executed here as well */
		uint64_t wait_s;                        /* for an answer, before it is executed here */
	} workers;
	struct {                                   /* OpenGradient's chain and what it settles: docs/opengradient.md */
		struct gs_setting_list rpc;        /* endpoints of that chain, by the same TLS settings as the others */
		uint64_t chain_id;                 /* 0: not set */
		char registry[GS_BINDER_PATH_MAX]; /* addresses of its contracts, as for the next two */
		char batch_settlement[GS_BINDER_PATH_MAX];
		char individual_settlement[GS_BINDER_PATH_MAX];
		uint64_t registry_from;             /* the block from which on the registry is read */
		struct gs_setting_list aggregators; /* of Walrus, in their order */
		char archive[GS_BINDER_PATH_MAX];   /* folder; "": nothing is kept */
		uint64_t downloads;                 /* at once */
	} opengradient;
	struct {                                 /* what executions wrote, kept while a game may follow */
		uint64_t memory_mib;             /* of all traces in memory; what does not fit lies in files */
		uint64_t disk_mib;               /* of those files */
		char folder[GS_BINDER_PATH_MAX]; /* where they are; "": db */
	} trace;
	struct {
		int format; /* enum gs_log_format */
		int level;  /* enum gs_log_level */
	} log;
};

/* All of them, over struct gs_config. */
const struct gs_settings *gs_config_settings(void);
void gs_config_defaults(struct gs_config *config);
/* The sampling policy that these settings make. */
void gs_config_policy(const struct gs_config *config, struct gs_sampling_policy *out);
/* Reads a YAML file over what *config holds. Relative paths in it are taken from the file's own folder. */
GS_MUST enum gs_err gs_config_load(const char *path, struct gs_config *config, struct gs_error *error);
/* Reads GAINSAY_* over what *config holds; a variable with that prefix that names no setting is an error, but for
 * GAINSAY_CONFIG, GAINSAY_DATA, GAINSAY_BUILD, GAINSAY_ANVIL, GAINSAY_CONTRACTS and GAINSAY_TEST_*. environment: NULL-terminated "NAME=value". */
GS_MUST enum gs_err gs_config_environment(char *const *environment, struct gs_config *config, struct gs_error *error);
/* Sets one setting by name from text; a list is replaced, its items parted by commas. where names the origin in errors. */
GS_MUST enum gs_err gs_config_set(struct gs_config *config, const char *name, const char *value, const char *where,
                                  struct gs_error *error);

#endif
