#include <string.h>

#include "validator/node/audit.h"
#include "validator/node/node_state.h"
#include "validator/node/record.h"

enum { VERDICT_VERSION = 2, VERDICT_FIELDS = 5, VERDICT_BYTES_MAX = 4096 };

const char *gs_verdict_name(enum gs_verdict verdict)
{
	switch (verdict) {
	case GS_VERDICT_VALID: return "valid";
	case GS_VERDICT_INVALID: return "invalid";
	case GS_VERDICT_UNAVAILABLE: return "unavailable";
	}
	return "?";
}

enum gs_err gs_verdict_decode(struct gs_bytes bytes, struct gs_verdict_record *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	gs_record_open(&r, bytes, VERDICT_VERSION, VERDICT_FIELDS);
	out->verdict = (uint8_t)gs_record_get_u32(&r);
	out->time.unix_s = gs_record_get_u64(&r);
	out->computed_root = gs_record_get_hash(&r);
	out->trace_root = gs_record_get_hash(&r);
	gs_record_get_text(&r, out->reason, sizeof(out->reason));
	return gs_record_close(&r);
}

enum gs_err gs_node_load_verdict(struct gs_journal *j, const struct gs_hash *claim, struct gs_verdict_record *out)
{
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, GS_TABLE_VERDICTS, (struct gs_bytes){claim->b, sizeof(claim->b)}, &value);

	return err ? err : gs_verdict_decode(value, out);
}

/* Whether it says nothing that the stored one does not: what is tried again and again is entered in the audit log once. */
static bool says_the_same(struct gs_journal *j, const struct gs_hash *claim, const struct gs_verdict_record *verdict)
{
	struct gs_verdict_record before;

	return gs_node_load_verdict(j, claim, &before) == GS_OK && before.verdict == verdict->verdict &&
	       gs_hash_equal(&before.computed_root, &verdict->computed_root) &&
	       gs_hash_equal(&before.trace_root, &verdict->trace_root) && strcmp(before.reason, verdict->reason) == 0;
}

enum gs_err gs_node_store_verdict(struct gs_journal *j, const struct gs_hash *claim,
                                  const struct gs_verdict_record *verdict)
{
	struct gs_record_writer w;
	struct gs_buf value;
	const bool again = verdict->verdict == GS_VERDICT_UNAVAILABLE && says_the_same(j, claim, verdict);
	enum gs_err err;

	gs_buf_init(&value, VERDICT_BYTES_MAX);
	gs_record_begin(&w, &value, VERDICT_VERSION, VERDICT_FIELDS);
	gs_record_put_u64(&w, verdict->verdict);
	gs_record_put_u64(&w, verdict->time.unix_s);
	gs_record_put_hash(&w, &verdict->computed_root);
	gs_record_put_hash(&w, &verdict->trace_root);
	gs_record_put_text(&w, verdict->reason);
	gs_record_end(&w);
	err = value.err;
	if (!err)
		err = gs_journal_put(j, GS_TABLE_VERDICTS, (struct gs_bytes){claim->b, sizeof(claim->b)},
		                     gs_buf_view(&value));
	if (!err && !again)
		err = gs_audit_append_bytes(j, GS_AUDIT_VERDICT, claim, gs_buf_view(&value),
		                            gs_verdict_name((enum gs_verdict)verdict->verdict));
	gs_buf_free(&value);
	return err;
}
