#include "validator/node/capital.h"

enum gs_err gs_capital_price(const struct gs_funds *funds, uint64_t gas, uint64_t bytes, struct gs_wei *out)
{
	struct gs_wei data;
	enum gs_err err = gs_wei_mul_u64(funds->per_gas, gas, out);

	if (!err)
		err = gs_wei_mul_u64(funds->per_byte, bytes, &data);
	return err ? err : gs_wei_add(*out, data, out);
}

enum gs_err gs_capital_rest(const struct gs_funds *funds, const struct gs_worst_side *side, unsigned moves,
                            struct gs_wei *out)
{
	const unsigned left = side->transactions > moves ? side->transactions - moves : 1;
	const uint64_t at_most = left < side->transactions ? left * side->dearest : side->gas;

	return gs_capital_price(funds, at_most < side->gas ? at_most : side->gas, side->bytes, out);
}
