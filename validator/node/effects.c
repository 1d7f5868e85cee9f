#include <stdlib.h>
#include <string.h>

#include "validator/node/node_state.h"

enum { EFFECT_BYTES_MAX = 512 * 1024 * 1024 };

enum gs_err gs_node_effects_init(struct gs_node_effects *effects)
{
	memset(effects, 0, sizeof(*effects));
	gs_buf_init(&effects->bytes, EFFECT_BYTES_MAX);
	effects->effect = malloc(GS_NODE_EFFECTS_MAX * sizeof(*effects->effect)); /* each is written as it is emitted */
	return effects->effect ? GS_OK : GS_ENOMEM;
}

void gs_node_effects_clear(struct gs_node_effects *effects)
{
	effects->count = 0;
	gs_buf_free(&effects->bytes);
	gs_buf_init(&effects->bytes, EFFECT_BYTES_MAX);
}

void gs_node_effects_free(struct gs_node_effects *effects)
{
	free(effects->effect);
	gs_buf_free(&effects->bytes);
	memset(effects, 0, sizeof(*effects));
}

static struct gs_bytes span(const struct gs_node_effects *effects, size_t at, size_t len)
{
	return len ? (struct gs_bytes){effects->bytes.ptr + at, len} : (struct gs_bytes){NULL, 0};
}

struct gs_bytes gs_node_effect_data(const struct gs_node_effects *effects, const struct gs_node_effect *effect)
{
	return span(effects, effect->data_at, effect->data_len);
}

struct gs_bytes gs_node_effect_more(const struct gs_node_effects *effects, const struct gs_node_effect *effect)
{
	return span(effects, effect->more_at, effect->more_len);
}

static bool is_there(const struct gs_node_effects *effects, const struct gs_node_effect *effect)
{
	for (size_t i = 0; i < effects->count; i++)
		if (effects->effect[i].kind == effect->kind && gs_hash_equal(&effects->effect[i].hash, &effect->hash))
			return true;
	return false;
}

enum gs_err gs_node_emit_two(struct gs_node_turn *t, struct gs_node_effect effect, struct gs_bytes data,
                             struct gs_bytes more)
{
	struct gs_node_effects *effects = t->effects;
	const size_t before = effects->count;
	enum gs_err err = gs_node_emit(t, effect, data);

	if (err || t->checking)
		return err;
	effects->effect[before].more_at = effects->bytes.len;
	effects->effect[before].more_len = more.len;
	if (more.len)
		gs_buf_append(&effects->bytes, more.ptr, more.len);
	return effects->bytes.err ? gs_fail(t->j->error, effects->bytes.err, "node: effects of one step are too large")
	                          : GS_OK;
}

enum gs_err gs_node_emit(struct gs_node_turn *t, struct gs_node_effect effect, struct gs_bytes data)
{
	struct gs_node_effects *effects = t->effects;

	if (t->checking) {
		/* What is said to another, or heard from it, is so again at every look: the entry for the next is checked instead. */
		const bool again = effect.kind == GS_EFFECT_TELL || effect.kind == GS_EFFECT_HEAR;
		t->left = t->left || (!again && !is_there(effects, &effect));
		return GS_OK;
	}
	if (effects->count == GS_NODE_EFFECTS_MAX)
		return gs_fail(t->j->error, GS_ELIMIT, "node: more than %d effects in one step", GS_NODE_EFFECTS_MAX);
	effect.lane = t->lane;
	effect.data_at = effects->bytes.len;
	effect.data_len = data.len;
	if (data.len)
		gs_buf_append(&effects->bytes, data.ptr, data.len);
	if (effects->bytes.err)
		return gs_fail(t->j->error, effects->bytes.err, "node: effects of one step are too large");
	effects->effect[effects->count++] = effect;
	return GS_OK;
}
