/* Keys of TEEs: from memory, the store, or the registry. */
#include <stdlib.h>
#include <string.h>

#include "validator/daemon/watch_parts.h"

static size_t place_of(const struct gs_watch *w, const struct gs_hash *id)
{
	size_t low = 0, high = w->tees;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (memcmp(w->tee[middle].id.b, id->b, sizeof(id->b)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void gs_watch_tees_free(struct gs_watch *w)
{
	for (size_t i = 0; i < w->tees; i++)
		gs_tee_key_free(w->tee[i].key);
	free(w->tee);
	w->tee = NULL;
	w->tees = 0;
}

static enum gs_err insert(struct gs_watch *w, size_t at, const struct gs_watch_tee *tee, struct gs_error *error)
{
	struct gs_watch_tee *grown;

	if (w->tees == GS_WATCH_TEES_MAX)
		return gs_fail(error, GS_ELIMIT, "more than %d TEEs signed what was settled", GS_WATCH_TEES_MAX);
	grown = realloc(w->tee, (w->tees + 1) * sizeof(*grown));
	if (!grown)
		return gs_fail(error, GS_ENOMEM, "TEEs: no memory");
	w->tee = grown;
	memmove(grown + at + 1, grown + at, (w->tees - at) * sizeof(*grown));
	grown[at] = *tee;
	w->tees++;
	return GS_OK;
}

/* A key of another kind is a finding about the claims that name it. */
static enum gs_err open_key(struct gs_bytes key, struct gs_watch_tee *out, struct gs_error *error)
{
	struct gs_error why;
	const enum gs_err err = gs_tee_key_open(key, &out->key, &why);

	if (err == GS_EPARSE || err == GS_EUNSUPPORTED || err == GS_ELIMIT) {
		out->why = GS_EUNSUPPORTED;
		return GS_OK;
	}
	return err ? gs_fail(error, err, "TEEs: %s", why.text) : GS_OK;
}

/* getTEE, as it answers today: key and image of a TEE never change. What is not this TEE's key is no answer. */
static enum gs_err ask_registry(struct gs_watch *w, const struct gs_hash *id, struct gs_buf *answer,
                                struct gs_settled_tee *out)
{
	const struct gs_eth_call call = {.to = &w->facts.registry};
	struct gs_eth_call asked = call;
	struct gs_registry_tee tee;
	struct gs_error why = {0};
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, 4 + GS_ABI_WORD);
	gs_tee_record_call(id, &data);
	asked.data = gs_buf_view(&data);
	err = data.err ? data.err : gs_eth_do_call(w->session.rpc, &asked, gs_block_latest(), answer, &why);
	gs_buf_free(&data);
	if (!err)
		err = gs_registry_tee_read(gs_buf_view(answer), id, &tee);
	if (err) {
		char text[67];
		gs_hex_encode(id->b, sizeof(id->b), true, text);
		gs_log_line(w->o.log, GS_LOG_WARN, "tee.unknown", "tee=%s why=\"%s\"", text,
		            why.text[0] ? why.text : gs_err_name(err));
		return err == GS_ENOMEM ? err : GS_EIO;
	}
	*out = (struct gs_settled_tee){.key = tee.signing_key, .has_image = true, .image = tee.pcr_hash};
	return GS_OK;
}

static enum gs_err fetch(struct gs_watch *w, struct gs_journal *j, struct gs_watch_tee *tee, struct gs_error *error)
{
	struct gs_settled_tee record;
	struct gs_buf answer;
	enum gs_err err = gs_settled_tee(j, &tee->id, &record);

	if (err && err != GS_ENOTFOUND)
		return err;
	gs_buf_init(&answer, GS_ETH_RETURN_MAX);
	if (err && w->o.offline) {
		err = GS_EIO; /* nobody is asked */
	} else if (err) {
		err = ask_registry(w, &tee->id, &answer, &record);
		if (!err)
			err = gs_settled_put_tee(j, &tee->id, &record);
	}
	if (err == GS_EIO) {
		tee->why = GS_EIO;
		err = GS_OK;
	} else if (!err) {
		tee->has_image = record.has_image;
		tee->image = record.image;
		err = open_key(record.key, tee, error);
	}
	gs_buf_free(&answer);
	return err;
}

enum gs_err gs_watch_tee(struct gs_watch *w, struct gs_journal *j, const struct gs_hash *id,
                         const struct gs_watch_tee **out, struct gs_error *error)
{
	const size_t at = place_of(w, id);
	struct gs_watch_tee tee = {.id = *id};
	enum gs_err err = GS_OK;

	if (at == w->tees || !gs_hash_equal(&w->tee[at].id, id)) {
		err = fetch(w, j, &tee, error);
		if (!err && (err = insert(w, at, &tee, error)) != GS_OK)
			gs_tee_key_free(tee.key);
	}
	*out = err ? NULL : &w->tee[at];
	return err;
}
