/* validator/node/agenda.h: which claims, games, batches and attestations must be looked at, and when.
 *
 * What is due follows from the stored facts alone (plan.c), but looking at all of them at every tick takes as long as there are many. The
 * agenda says at which of them a look can find anything. It is kept in the same transactions as the facts, in a table of its own:
 *
 *     part, time, id             a subject to look at. Time 0: at every look, until one says otherwise. Up to BACKLOG_LAST: as soon as
 *                                its turn comes, in the order of its blocks. Else: once the clock is there.
 *     'w', what for, window, id  an open claim that waits for something that is no time: room to be executed (a leaf, too; the value says what it is
 *                                ranked by), randomness, stake
 *     'W', what for              that has come: all that wait for it are looked at
 *     'l', batch, claim          open claims that are leaves of a batch
 *     'm', model, claim          open claims at whose end money of ours waits
 *     'n', model, batch          open batches of ours
 *     'a', claim                 attestations of ours that are not collected
 *     'p', class, due, intent    intents to be signed, the most urgent first
 *     'r', intent                intents on their way that will lock stake
 *     'v'                        what of the options all of that was made with
 *
 * Three rules keep it whole. (1) Every write of a fact, a verdict or an intent, and everything that a reorganisation takes back, goes
 * through the journal, which notes the record's key; before a step ends, the subjects that depend on the record are entered with time 0.
 * (2) A look notes whatever it decides by the clock: the earliest such time is when the subject is looked at again; or that it cannot tell,
 * and it stays at time 0. (3) Nothing is undone: an entry too many costs one look, which finds nothing and removes it. So the agenda
 * holds at least what must be looked at, never exactly that, and the state after a reorganisation is the same but for spare entries.
 *
 * With options.check_agenda all facts are looked at after looks at the agenda, and the step fails if that finds anything. */
#ifndef GS_VALIDATOR_NODE_AGENDA_H
#define GS_VALIDATOR_NODE_AGENDA_H

#include "validator/node/journal.h"

struct gs_node_turn;
struct gs_claim;

enum gs_agenda_part {
	GS_AGENDA_GAMES = 'A', /* by their first byte: obligations first, as a look at everything has them */
	GS_AGENDA_CLAIMS = 'B',
	GS_AGENDA_ATTESTED = 'C',
	GS_AGENDA_BATCHES = 'D',
	GS_AGENDA_WAITING = 'w',
	GS_AGENDA_WOKEN = 'W',
	GS_AGENDA_LEAVES = 'l',
	GS_AGENDA_MONEY = 'm',
	GS_AGENDA_OWN_BATCHES = 'n',
	GS_AGENDA_OWN_ATTESTED = 'a',
	GS_AGENDA_PLANNED = 'p',
	GS_AGENDA_RESERVED = 'r',
	GS_AGENDA_MADE = 'v',
};

enum gs_agenda_reason { GS_AGENDA_SLOT, GS_AGENDA_BEACON, GS_AGENDA_STAKE, GS_AGENDA_REASONS };

enum {
	GS_AGENDA_SWEEP_S = 300,
	GS_AGENDA_SWEEP_RECORDS = 1 << 14, /* stored ones that a sweep sees in one step, open or not */
};
enum {
	GS_AGENDA_KEY = 41, /* part, time, id: the shape of most */
	GS_AGENDA_KEY_MAX = 65,
	GS_AGENDA_NOW = 0,
	GS_AGENDA_BACKLOG_LAST = 1000 * 1000 * 1000, /* block numbers up to here are earlier than any time */
	GS_AGENDA_LOOKS_MAX = 1 << 16,               /* of one part in one step; the rest in the next */
};

/* What one look at a subject noted about the next. */
struct gs_agenda_note {
	bool always;           /* at the next look again */
	uint64_t at_s;         /* once the clock is there; 0: no time */
	uint32_t waits;        /* bits of enum gs_agenda_reason */
	uint64_t window_end_s; /* of the claim that waits: those whose window ends first come first */
};
/* For plan*.c. A time that is over already changes nothing: what it decides was decided by this look. */
void gs_agenda_always(struct gs_node_turn *t);
void gs_agenda_at(struct gs_node_turn *t, uint64_t unix_s);
void gs_agenda_wait(struct gs_node_turn *t, const struct gs_claim *claim, enum gs_agenda_reason reason);

struct gs_agenda_keys {
	uint8_t (*key)[GS_AGENDA_KEY_MAX]; /* owned */
	uint8_t *len;                      /* owned */
	size_t count;
	size_t cap;
	size_t max;
	uint64_t now_s;
};
void gs_agenda_keys_free(struct gs_agenda_keys *keys);
/* The last 32 bytes of a key. */
struct gs_hash gs_agenda_key_id(const struct gs_agenda_keys *keys, size_t i);

/* Keys below a prefix, at most `max`; of subjects only those whose time has come. */
GS_MUST enum gs_err gs_agenda_collect(struct gs_journal *j, struct gs_bytes prefix, size_t max, uint64_t now_s,
                                      struct gs_agenda_keys *out);
GS_MUST enum gs_err gs_agenda_put(struct gs_journal *j, struct gs_bytes key);
/* Nothing happens when it is not there. */
GS_MUST enum gs_err gs_agenda_del(struct gs_journal *j, struct gs_bytes key);
GS_MUST enum gs_err gs_agenda_set(struct gs_journal *j, struct gs_bytes key, bool there);

/* part, number, id: the key of a subject, of a planned intent. */
struct gs_bytes gs_agenda_key(uint8_t out[GS_AGENDA_KEY], enum gs_agenda_part part, uint64_t number,
                              const struct gs_hash *id);
/* part, first, second. second: NULL for a prefix. */
struct gs_bytes gs_agenda_pair(uint8_t out[GS_AGENDA_KEY_MAX], enum gs_agenda_part part, const struct gs_hash *first,
                               const struct gs_hash *second);
/* id: NULL for a prefix. */
struct gs_bytes gs_agenda_waiting(uint8_t out[GS_AGENDA_KEY_MAX], enum gs_agenda_reason reason, uint64_t window_end_s,
                                  const struct gs_hash *id);

/* Enters what depends on the records that were written since the last call. */
GS_MUST enum gs_err gs_agenda_enter_written(struct gs_node_turn *t);
/* Enters everything that is open when the agenda was made by another version of this, or with options by which other things are due. */
GS_MUST enum gs_err gs_agenda_open(struct gs_node_turn *t);
/* Enters everything that is open: after a reorganisation, since looks count blocks on top, and these are fewer then though no record of the
 * subject has changed; and every GS_AGENDA_SWEEP_S seconds without options.check_agenda: should the three rules ever have left something, it
 * is late by that and not lost. In slices of GS_AGENDA_SWEEP_RECORDS a step, so that a million claims are two minutes and not one long step. */
GS_MUST enum gs_err gs_agenda_sweep(struct gs_node_turn *t);
/* Looks at everything that is stored; an error if anything is due that a look at the agenda has left. */
GS_MUST enum gs_err gs_agenda_check(struct gs_node_turn *t);

#endif
