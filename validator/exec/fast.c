#include "validator/exec/fast.h"

#include "validator/exec/across.h"
#include "validator/exec/chain.h"
#include "validator/exec/concat.h"
#include "validator/exec/direct.h"
#include "validator/exec/elements.h"
#include "validator/exec/move.h"
#include "validator/exec/plane.h"
#include "validator/exec/sweep.h"
#include "validator/exec/turned.h"
#include "validator/exec/window.h"

#include <stdlib.h>
#include <string.h>

struct gs_fast {
	enum { CONCAT, MOVE, PLANE, DIRECT, TURNED, REDUCE, ACROSS, CHAIN, SWEEP, ELEMENTS, WINDOW } form;
	void *is; /* owned; of SWEEP and ELEMENTS it lies behind this */
};

static bool host_little_endian(void)
{
	const uint16_t one = 1;
	return *(const uint8_t *)&one == 1;
}

/* With a copy of what it is, in one piece of memory: there are thousands in a recurrent layer. */
static enum gs_err keep(unsigned form, const void *what, size_t size, struct gs_fast **out)
{
	if ((*out = malloc(sizeof(**out) + size)) == NULL)
		return GS_ENOMEM;
	**out = (struct gs_fast){.form = form, .is = *out + 1};
	memcpy((*out)->is, what, size);
	return GS_OK;
}

/* Leaves in *whole, or else in *out, what was found. */
static enum gs_err prepare_map(const struct gs_instr *in, const struct gs_kernels *kernels, struct gs_fast **whole,
                               struct gs_fast *out)
{
	struct gs_elements elements;
	struct gs_concat *concat;
	struct gs_move *move;
	struct gs_sweep sweep;
	enum gs_err err = gs_concat_prepare(in, &concat);
	*out = (struct gs_fast){.form = CONCAT, .is = concat};
	if (err != GS_OK || concat != NULL)
		return err;
	err = gs_move_prepare(in, &move);
	*out = (struct gs_fast){.form = MOVE, .is = move};
	if (err != GS_OK || move != NULL)
		return err;
	if (gs_sweep_prepare(in, &sweep))
		return keep(SWEEP, &sweep, gs_sweep_bytes(&sweep), whole);
	if (gs_elements_prepare(in, kernels, &elements))
		return keep(ELEMENTS, &elements, sizeof(elements), whole);
	return GS_OK;
}

static enum gs_err prepare_fold(const struct gs_instr *in, const struct gs_kernels *kernels,
                                const struct gs_contraction *products, struct gs_fast *out)
{
	struct gs_window *window;
	enum gs_err err = gs_window_prepare(in, &window);
	*out = (struct gs_fast){.form = WINDOW, .is = window};
	if (err != GS_OK || window != NULL)
		return err;
	struct gs_reduce *reduce;
	err = gs_reduce_prepare(in, &reduce);
	*out = (struct gs_fast){.form = REDUCE, .is = reduce};
	if (err != GS_OK || reduce != NULL)
		return err;
	struct gs_across *across;
	err = gs_across_prepare(in, &across);
	*out = (struct gs_fast){.form = ACROSS, .is = across};
	if (err != GS_OK || across != NULL)
		return err;
	struct gs_chain *chain;
	err = gs_chain_prepare(in, &chain);
	*out = (struct gs_fast){.form = CHAIN, .is = chain};
	if (err != GS_OK || chain != NULL || products == NULL)
		return err;
	struct gs_plane *plane;
	err = gs_plane_prepare(in, products, &plane);
	*out = (struct gs_fast){.form = PLANE, .is = plane};
	if (err != GS_OK || plane != NULL)
		return err;
	struct gs_direct *direct;
	struct gs_turned *turned;
	bool turned_first = gs_turned_before_direct(kernels, products);
	if (turned_first) {
		err = gs_turned_prepare(in, kernels, products, &turned);
		*out = (struct gs_fast){.form = TURNED, .is = turned};
		if (err != GS_OK || turned != NULL)
			return err;
	}
	err = gs_direct_prepare(in, kernels, products, &direct);
	*out = (struct gs_fast){.form = DIRECT, .is = direct};
	if (err != GS_OK || direct != NULL || turned_first)
		return err;
	err = gs_turned_prepare(in, kernels, products, &turned);
	*out = (struct gs_fast){.form = TURNED, .is = turned};
	return err;
}

static void drop(struct gs_fast *fast)
{
	switch (fast->form) {
	case PLANE: gs_plane_free(fast->is); return;
	case DIRECT: gs_direct_free(fast->is); return;
	case TURNED: gs_turned_free(fast->is); return;
	case REDUCE: gs_reduce_free(fast->is); return;
	case ACROSS: gs_across_free(fast->is); return;
	case CHAIN: gs_chain_free(fast->is); return;
	case CONCAT:
	case MOVE:
	case WINDOW: free(fast->is); return;
	case ELEMENTS:
	case SWEEP: return;
	}
}

enum gs_err gs_fast_prepare_matched(const struct gs_instr *in, const struct gs_kernels *kernels,
                                    const struct gs_contraction *products, struct gs_fast **out)
{
	struct gs_fast fast = {.is = NULL};
	*out = NULL;
	if (!host_little_endian())
		return GS_OK; /* tensors are read as the host's numbers */
	enum gs_err err = in->form == GS_MAP ? prepare_map(in, kernels, out, &fast)
	                                     : prepare_fold(in, kernels, products, &fast);
	if (err != GS_OK || *out != NULL || fast.is == NULL)
		return err;
	if ((*out = malloc(sizeof(fast))) == NULL) {
		drop(&fast);
		return GS_ENOMEM;
	}
	**out = fast;
	return GS_OK;
}

enum gs_err gs_fast_prepare(const struct gs_instr *in, const struct gs_kernels *kernels, struct gs_fast **out)
{
	struct gs_contraction products;
	bool is = in->form == GS_FOLD && gs_pattern_contraction(in, kernels->lanes, &products);
	return gs_fast_prepare_matched(in, kernels, is ? &products : NULL, out);
}

void gs_fast_free(struct gs_fast *fast)
{
	if (fast)
		drop(fast);
	free(fast);
}

enum gs_err gs_fast_prepack(struct gs_fast *fast, const uint8_t *weights, const struct gs_kernels *kernels,
                            uint64_t *budget)
{
	return fast->form == TURNED ? gs_turned_prepack(fast->is, weights, kernels, budget) : GS_OK;
}

void gs_fast_borrow(struct gs_fast *fast, const struct gs_fast *of)
{
	GS_ASSERT(fast->form == of->form);
	if (fast->form == TURNED)
		gs_turned_borrow(fast->is, of->is);
}

bool gs_fast_packed(const struct gs_fast *fast)
{
	return fast->form == TURNED && gs_turned_packed(fast->is);
}

enum gs_err gs_fast_run(const struct gs_fast *fast, const struct gs_memory *mem, const struct gs_kernels *kernels,
                        struct gs_pool *pool, struct gs_room *room)
{
	switch (fast->form) {
	case CONCAT: gs_concat_run(fast->is, mem, pool); return GS_OK;
	case MOVE: gs_move_run(fast->is, mem, kernels, pool); return GS_OK;
	case PLANE: return gs_plane_run(fast->is, mem, kernels, pool, room);
	case DIRECT: return gs_direct_run(fast->is, mem, kernels, pool, room);
	case TURNED: return gs_turned_run(fast->is, mem, kernels, pool, room);
	case REDUCE: return gs_reduce_run(fast->is, mem, kernels, pool, room);
	case ACROSS: gs_across_run(fast->is, mem, kernels, pool); return GS_OK;
	case CHAIN: gs_chain_run(fast->is, mem, kernels, pool); return GS_OK;
	case SWEEP: gs_sweep_run(fast->is, mem, kernels, pool); return GS_OK;
	case ELEMENTS: gs_elements_run(fast->is, mem, kernels, pool); return GS_OK;
	case WINDOW: return gs_window_run(fast->is, mem, kernels, pool, room);
	}
	return GS_OK;
}

bool gs_fast_tells(const struct gs_fast *fast)
{
	return (fast->form == PLANE && gs_plane_tells(fast->is)) || (fast->form == DIRECT && gs_direct_tells(fast->is));
}

const struct gs_sweep *gs_fast_sweep(const struct gs_fast *fast)
{
	return fast->form == SWEEP ? fast->is : NULL;
}

const char *gs_fast_name(const struct gs_fast *fast)
{
	switch (fast->form) {
	case CONCAT: return "concat";
	case MOVE: return "move";
	case PLANE: return "plane";
	case DIRECT: return "direct";
	case TURNED: return "turned";
	case REDUCE: return "reduce";
	case ACROSS: return "across";
	case CHAIN: return "chain";
	case SWEEP: return "sweep";
	case ELEMENTS: return "elements";
	case WINDOW: return "window";
	}
	return "";
}
