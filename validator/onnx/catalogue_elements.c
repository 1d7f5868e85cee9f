/* The catalogue: element by element, reads between elements, order. */
#include "validator/onnx/catalogue_rows.h"

const struct gs_catalogue_row gs_catalogue_elements[] = {
	{
		.section = "Element by element",
		.operators =
			"Min 1 6 8 12 13, Max 1 6 8 12 13, Sum 1 6 8 13, Mean 1 6 8 13, Add 1 6 7 13 14, Sub 1 6 7 "
			"13 14, Mul 1 6 7 13 14, Div 1 6 7 13 14, Neg 1 6 13, Abs 1 6 13, Sqrt 1 6 13, Exp 1 6 13, "
			"Log 1 6 13, Tanh 1 6 13, Erf 9 13, Floor 1 6 13, Ceil 1 6 13, Round 11 22, Sin 7 22, Cos 7 "
			"22, Tan 7 22, Asin 7 22, Acos 7 22, Atan 7 22, Sinh 9 22, Cosh 9 22, Asinh 9 22, Acosh 9 "
			"22, Atanh 9 22",
		.attributes = "axis broadcast consumed_inputs",
		.lowering =
			"the function of that name. Min, Max, Sum: chained from the left; Mean: Sum, then div by the "
			"number of inputs. u64 is read without a sign: udiv, umin, umax",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Relu 1 6 13 14",
		.attributes = "consumed_inputs",
		.lowering = "max(x, +0)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Clip 1 6 11 12 13",
		.attributes = "consumed_inputs max min",
		.lowering = "clip(x, low, high); max(x, low) or min(x, high) with one limit; nothing with none. u64: "
			    "umin(umax(x, low), high)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "LeakyRelu 1 6 16",
		.attributes = "alpha consumed_inputs",
		.lowering = "t = mul(x, alpha); 0 < alpha ≤ 1: max(x, t); otherwise select(lt(x, 0), t, x). Default "
			    "alpha 3c23d70a",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Elu 1 6 22, Celu 12 28",
		.attributes = "alpha consumed_inputs",
		.lowering = "select(lt(x, 0), mul(expm1(x), alpha), x) (epilogue mul); Celu: expm1 of div(x, alpha). "
			    "Default alpha 1",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Selu 1 6 22",
		.attributes = "alpha consumed_inputs gamma",
		.lowering = "mul(Elu(x), gamma). Defaults 3fd62d7d, 3f867d5f",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Softplus 1 22",
		.attributes = "",
		.lowering = "add(max(x, 0), log1p(exp(neg(abs(x))))) (abs with epilogue neg, exp with epilogue log1p)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Mish 18 22",
		.attributes = "",
		.lowering = "mul(x, tanh(Softplus(x)))",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "PRelu 1 6 7 9 16",
		.attributes = "consumed_inputs",
		.lowering = "t = mul(x, slope); select(lt(x, 0), t, x)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "ThresholdedRelu 10 22",
		.attributes = "alpha",
		.lowering = "select(lt(alpha, x), x, +0)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Sigmoid 1 6 13",
		.attributes = "consumed_inputs",
		.lowering = "t = exp(neg(x)) (epilogue exp); y = div(1, add(t, 1)) (epilogue div, value second)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "HardSigmoid 1 6 22",
		.attributes = "alpha beta consumed_inputs",
		.lowering = "clip(fma(beta, x, alpha), 0, 1) (epilogue clip). Defaults 3e4ccccd, 3f000000",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "HardSwish 14 22",
		.attributes = "",
		.lowering = "mul(x, clip(fma(3f000000, x, 3e2aaaab), 0, 1))",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Softsign 1 22",
		.attributes = "",
		.lowering = "div(x, add(abs(x), 1))",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Gelu 20",
		.attributes = "approximate",
		.lowering =
			"t = erf(mul(x, 3f3504f3)) (epilogue erf); tanh: t = tanh(mul(x, mul(fma(1, mul(x, x), "
			"3d372713), 3f4c422a))) (epilogues mul, tanh); y = mul(x, mul(add(t, 1), 0.5)) (epilogue mul)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Affine 1, Scale 1, ScaledTanh 1, ParametricSoftplus 1",
		.attributes = "alpha beta scale",
		.lowering = "fma(beta, x, alpha); mul(x, scale); mul(tanh(mul(x, beta)), alpha); mul(Softplus(mul(x, "
			    "beta)), alpha) (epilogue mul)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Swish 24",
		.attributes = "alpha",
		.lowering = "mul(x, Sigmoid(mul(x, alpha))), without the mul for alpha = 1",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "SwiGLU 28",
		.attributes = "alpha",
		.lowering = "mul(mul(a, Sigmoid(mul(a, alpha))), b), without the inner mul for alpha = 1",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Shrink 9",
		.attributes = "bias lambd",
		.lowering = "select(lt(x, −lambd), add(x, bias), select(lt(lambd, x), sub(x, bias), +0))",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "IsNaN 9 13 20, IsInf 10 20",
		.attributes = "detect_negative detect_positive",
		.lowering = "eq(x, x) with epilogue i32.eq(value, 0); abs(x), or copy(x) for one side, with epilogue "
			    "eq(value, ±inf)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "BitShift 11",
		.attributes = "direction",
		.lowering = "shl, shr; u64 to the right: and(shr(a, b), not(shl(−1, sub(64, b))))",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "ImageScaler 1",
		.attributes = "bias scale",
		.lowering = "fma(bias[channel], x, scale)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Sign 9 13",
		.attributes = "",
		.lowering = "to_f32(i32.sub(lt(0, x), lt(x, 0))); 0 for NaN",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Reciprocal 1 6 13",
		.attributes = "consumed_inputs",
		.lowering = "div(1, x)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Pow 1 7 12 13 15",
		.attributes = "axis broadcast",
		.lowering =
			"the base's type. An exponent that is one constant and does not change the shape keeps: 1: "
			"x; 2: mul(x, x); 3: mul(mul(x, x), x); of a float also 0.5: sqrt(x); −1: div(1, x). "
			"Otherwise pow(x, y); an integer beside a float is rounded to f32 first (to_f32; u64 as "
			"unsigned), and where the base is the integer the result goes toward zero, saturating, as in "
			"Cast. Integer to the power of an integer: exact modulo 2^n, base i32 or i64: t_i = "
			"select(eq(and(y, 2^i), 0), 1, p_i), p_0 = x, p_(i+1) = mul(p_i, p_i); r = t_0, then mul(r, "
			"t_i) for i from 1 to the highest bit that a known exponent has set, or that the type has "
			"but for its sign. Where y may be negative (a signed type, and not known to be nowhere below "
			"0): select(lt(y, 0), select(eq(abs(x), 1), t_0, 0), r), the real value toward zero, and 0 "
			"for x = 0",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators =
			"Equal 1 7 11 13 19, Less 1 7 9 13, LessOrEqual 12 16, Greater 1 7 9 13, GreaterOrEqual 12 16",
		.attributes = "axis broadcast",
		.lowering = "eq, lt, le (u64: ult, ule), with the operands swapped for greater; stored as bool",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators =
			"And 1 7, Or 1 7, Xor 1 7, Not 1, BitwiseAnd 18, BitwiseOr 18, BitwiseXor 18, BitwiseNot 18",
		.attributes = "axis broadcast",
		.lowering = "i32.and or xor; Not: eq(x, 0); BitwiseNot: not",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Where 9 16",
		.attributes = "",
		.lowering = "select(condition, x, y)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Mod 10 13",
		.attributes = "fmod",
		.lowering = "integers: fmod = 1: mod(a, b); otherwise mod(add(mod(a, b), b), b); u64: umod(a, b). "
			    "Floats, with fmod = 1 only: f32.mod(a, b)",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "Cast 1 6 9 13 19 21 23 24 25, CastLike 15 19 21 23 24 25",
		.attributes = "round_mode saturate to",
		.lowering =
			"float to integer: toward zero, saturating to 32 or 64 bits, then modulo 2^n of the type; to "
			"bool: x ≠ 0 (float: eq(x, 0) with epilogue i32.eq(value, 0)); integer to float: nearest "
			"even. u64 from and to a float: to_u64 (saturating, below zero 0), u64.to_f32",
		.limits = "",
	},
	{
		.section = "Element by element",
		.operators = "BitCast 26",
		.attributes = "to",
		.lowering = "between types of one class: copy; f32 to i32 and back: to_bits, from_bits (every NaN "
			    "becomes `7fc00000`); u32 by way of i32. f16 and bf16 with another 16-bit type are refused",
		.limits = "",
	},
	{
		.section = "Reads between elements",
		.operators = "GridSample 16 20 22",
		.attributes = "align_corners mode padding_mode",
		.lowering = "p = mul(add(g, 1), (n − 1)/2) with aligned corners, otherwise mul(fma(−1, add(g, 1), "
			    "n), 0.5) (epilogue mul)",
		.limits = "",
	},
	{
		.section = "Reads between elements",
		.operators = "AffineGrid 20",
		.attributes = "align_corners",
		.lowering = "fma(fma(θ_n, x, θ_0), y, θ_1) and so on, the last dimension first; x = (2k + 1)/n − 1, "
			    "or 2k/(n − 1) − 1 with aligned corners (0 for n = 1), by table, binary64 rounded once",
		.limits = "",
	},
	{
		.section = "Reads between elements",
		.operators = "DeformConv 19 22",
		.attributes = "dilations group kernel_shape offset_group pads strides",
		.lowering =
			"p = add(regular position, offset); linear taps, zeros outside; weights times the mask; "
			"columns in f32; then FOLD fma from the bias (or +0) over input channels of the group, then "
			"kernel elements",
		.limits = "",
	},
	{
		.section = "Reads between elements",
		.operators = "RoiAlign 10 16 22",
		.attributes =
			"coordinate_transformation_mode mode output_height output_width sampling_ratio spatial_scale",
		.lowering = "A batch index outside reads 0",
		.limits = "s = fma(−0.5 or 0, corner, scale); length = sub(end, start) (output_half_pixel and before "
			  "opset 16: max with 1); p = fma(start, div(length, bins), bin + (i + 0.5)/samples by table); "
			  "inside: eq(clip(p, −1, n), p); p = clip(p, 0, n − 1), linear weights, 0 when not "
			  "inside, taps floor(p) and min(floor(p) + 1, n − 1). avg: FOLD fma from +0 over samples "
			  "(rows, columns), then taps (rows, columns), then div by the number of samples; max: mul(x, "
			  "w), then FOLD max from −inf over the same (ONNX's reference: products, not their sum). "
			  "sampling_ratio 0: ceil(div(length, bins)) samples, regions must be known; an empty region "
			  "is 0.",
	},
	{
		.section = "Order",
		.operators = "ArgMax 1 11 12 13, ArgMin 1 11 12 13",
		.attributes = "axis keepdims select_last_index",
		.lowering = "m = FOLD max from the least value (min from the greatest; u64: umax, umin); i = "
			    "select(eq(x, m), position, n − 1); FOLD min from n − 1. select_last_index: position or "
			    "0, FOLD max from 0.",
		.limits = "At most 2^18 elements along the axis",
	},
	{
		.section = "Order",
		.operators = "Hardmax 1 11 13",
		.attributes = "axis",
		.lowering =
			"eq(position, ArgMax), as a float; before opset 13 over all dimensions from `axis` on as one",
		.limits = "",
	},
	{
		.section = "Order",
		.operators = "TopK 1 10 11 24",
		.attributes = "axis k largest sorted",
		.lowering = "r_i = FOLD add of lt(x_i, x_j) (u64: ult) over j (smallest: lt(x_j, x_i)), then FOLD add "
			    "from it of eq(x_i, x_j), j ≥ i skipped; index_k = FOLD muladd of eq(r_i, k) and i; values "
			    "by the index.",
		.limits = "At most 2^14 elements along the axis",
	},
	{
		.section = "Order",
		.operators = "CumSum 11 14, CumProd 26",
		.attributes = "exclusive reverse",
		.lowering = "FOLD add from 0 (mul from 1) over the whole axis from the first element on (reverse: from "
			    "the last), terms past the position skipped",
		.limits = "",
	},
	{.section = NULL},
};
