/* validator/daemon/doctor.h: everything between a configuration and a node that works, looked at one by one, without changing anything.
 *
 * Each finding is a line: what was looked at, what was found, how that is judged, and what to do about it. A finding never ends the
 * others: what cannot be looked at because something before it failed is left out. */
#ifndef GS_VALIDATOR_DAEMON_DOCTOR_H
#define GS_VALIDATOR_DAEMON_DOCTOR_H

#include "validator/daemon/config.h"

enum gs_judgement { GS_WELL, GS_DOUBTFUL, GS_ILL };
enum { GS_DOCTOR_LINES_MAX = 128, GS_DOCTOR_TEXT_MAX = 512 };

struct gs_finding {
	enum gs_judgement judgement;
	char what[64];
	char found[GS_DOCTOR_TEXT_MAX];
	const char *advice; /* constant; "" where there is none */
};
struct gs_doctor {
	struct gs_finding finding
		[GS_DOCTOR_LINES_MAX]; /* what does not fit is left out, and never silently: the last line says so */
	size_t count;
};

/* Adds a finding. */
void gs_doctor_say(struct gs_doctor *d, enum gs_judgement judgement, const char *what, const char *advice,
                   const char *fmt, ...) GS_PRINTF(5, 6);
bool gs_doctor_is_ill(const struct gs_doctor *d);

/* Endpoints (reached, of one chain, fresh, with the old logs, of one mind about a settled block and its logs), the contracts (there, as their
 * parameters and the compiled sources make them), the key (kept well, opens or is with a signer that answers), stake and balance. */
void gs_doctor_chain(struct gs_doctor *d, const struct gs_config *config);
/* The database's folder (opens, has room, syncs fast), the models, this process's limits, and the system's clock. */
void gs_doctor_machine(struct gs_doctor *d, const struct gs_config *config);
/* The store of models, where one is configured: its folder, what is in it, its size against the disk, its sources. Part of gs_doctor_machine. */
void gs_doctor_models(struct gs_doctor *d, const struct gs_config *config);
/* L1, where it is configured: endpoints, portal, the account's ether there (account: NULL where it is not known). chain_id: of the chain above it, 0
 * where it is not known. Part of gs_doctor_chain. */
void gs_doctor_l1(struct gs_doctor *d, const struct gs_config *config, uint64_t chain_id,
                  const struct gs_address *account);
/* The key's part, which gs_doctor_chain goes on with: true when *account is known. */
bool gs_doctor_key(struct gs_doctor *d, const struct gs_config *config, struct gs_address *account);

#endif
