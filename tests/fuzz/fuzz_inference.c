/* Logs and calls of OpenGradient's chain: the first byte says what the rest is read as. Views stay inside, lists stay in proportion, numbers become binary32, and the shortest
 * decimal of a finite one is read as the same. */
#include <stdlib.h>
#include <string.h>

#include "validator/opengradient/events.h"
#include "validator/opengradient/inference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct gs_bytes view, struct gs_bytes all)
{
	if (view.len && (view.ptr < all.ptr || view.ptr + view.len > all.ptr + all.len))
		abort();
}

static void number(const struct gs_decimal *d)
{
	const uint32_t bits = gs_decimal_to_binary32(d);
	struct gs_decimal shortest;

	if (gs_decimal_of_binary32(bits, &shortest) != GS_OK)
		return;
	if (gs_decimal_to_binary32(&shortest) != bits && (bits & 0x7fffffff) != 0)
		abort();
}

static size_t walk(const struct gs_inference_values *v, struct gs_bytes all)
{
	size_t words = 0;

	for (size_t i = 0; i < v->tensors; i++) {
		const struct gs_inference_tensor *t = &v->tensor[i];
		inside(t->name, all);
		inside(t->numbers, all);
		inside(t->shape, all);
		(void)gs_inference_fits(t);
		for (size_t k = 0; k < t->count; k++) {
			const struct gs_decimal d = gs_inference_number(t, k);
			number(&d);
		}
		words += 1 + 2 * t->count + t->dims;
	}
	for (size_t i = 0; i < v->text_lists; i++) {
		inside(v->texts[i].name, all);
		for (size_t k = 0; k < v->texts[i].count; k++)
			inside(v->texts[i].value[k], all);
		words += 1 + v->texts[i].count;
	}
	return words;
}

static void inference(struct gs_bytes all, bool call)
{
	struct gs_inference value;

	if ((call ? gs_inference_read_call(all, &value, NULL) : gs_inference_read_event(all, &value, NULL)) != GS_OK)
		return;
	inside(value.id, all);
	inside(value.model, all);
	if (walk(&value.input, all) + walk(&value.output, all) + value.jsons > all.len / 32)
		abort();
	gs_inference_free(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gs_bytes all = {data + 1, size ? size - 1 : 0};
	struct gs_hash topics[3] = {gs_topic_batch_settlement};
	struct gs_batch_settlement batch;
	struct gs_individual_settlement one;
	struct gs_tee_record record;
	struct gs_hash id;

	if (size < 1)
		return 0;
	switch (data[0] % 5) {
	case 0: inference(all, false); break;
	case 1: inference(all, true); break;
	case 2:
		if (gs_batch_settlement_read(topics, 2, all, &batch) == GS_OK) {
			inside(batch.blob, all);
			if (gs_walrus_id(batch.blob, &id) == GS_OK && batch.blob.len != GS_WALRUS_TEXT)
				abort();
		}
		break;
	case 3:
		topics[0] = gs_topic_individual_settlement;
		if (gs_individual_settlement_read(topics, 3, all, &one) == GS_OK) {
			inside(one.blob, all);
			inside(one.settlement.signature, all);
		}
		break;
	default:
		if (gs_tee_record_read(all, &record) == GS_OK) {
			inside(record.endpoint, all);
			inside(record.key, all);
			inside(record.certificate, all);
		}
		break;
	}
	return 0;
}
