/* The catalogue: products, quantized values, pooling, normalisation, attention, recurrent. */
#include "validator/onnx/catalogue_rows.h"

const struct gs_catalogue_row gs_catalogue_compute[] = {
	{
		.section = "Matrix products and convolution: never split",
		.operators = "MatMul 1 9 13",
		.attributes = "",
		.lowering = "acc = +0; acc = fma(acc, a[m,k], b[k,n]) for k ascending. Batches broadcast, rank 1 is "
			    "promoted. Integers: muladd",
		.limits = "",
	},
	{
		.section = "Matrix products and convolution: never split",
		.operators = "Gemm 1 6 7 9 11 13",
		.attributes = "alpha beta broadcast transA transB",
		.lowering = "alpha = beta = 1: acc = c[m,n] (or +0 without C), then fma(acc, a, b), k ascending. C' = "
			    "mul(C, beta) first when beta ≠ 1 (no C when beta is ±0). alpha ≠ 1 without C: MatMul "
			    "with epilogue mul(value, alpha); with C: t = MatMul in f32, y = fma(C', t, alpha)",
		.limits = "",
	},
	{
		.section = "Matrix products and convolution: never split",
		.operators = "Conv 1 11 22",
		.attributes = "auto_pad dilations group kernel_shape pads strides",
		.lowering = "acc = bias (or +0); acc = fma(acc, x, w), taps in the order input channel of the group, "
			    "then kernel axes row-major. A tap in the padding reads +0 and is not skipped. 1 to 3 "
			    "spatial dimensions, groups, strides, dilations, pads (also negative), auto_pad",
		.limits = "",
	},
	{
		.section = "Matrix products and convolution: never split",
		.operators = "ConvTranspose 1 11 22",
		.attributes = "auto_pad dilations group kernel_shape output_padding output_shape pads strides",
		.lowering =
			"stride − 1 zeros between neighbours of x (MAP copy through a table of indices, one "
			"dimension after the other), then as Conv with stride 1 and the kernel turned round: taps in "
			"the order input channel of the group, then input positions rising. With output_shape or "
			"SAME pads the missing elements are taken from both sides (one more before, SAME_UPPER: "
			"after); elements too many are put behind",
		.limits = "",
	},
	{
		.section = "Matrix products and convolution: never split",
		.operators = "Det 11 22",
		.attributes = "",
		.lowering =
			"by the first row: acc = mul(x_0, M_0), then fma(acc, x_j, M_j) with neg(x_j) for odd j, M_j the "
			"determinant without row 0 and column j; of one row: copy",
		.limits = "At most 5 rows",
	},
	{
		.section = "Matrix products and convolution: never split",
		.operators = "Einsum 12",
		.attributes = "equation",
		.lowering =
			"an operand is a window with a dimension a letter (a letter twice in a term: the diagonal; "
			"ellipses line up from the right; extents of 1 broadcast). From the left, the product of "
			"what there is with the next operand. First letters that only one of the two has and nothing "
			"later needs are summed: sum (integers: FOLD add), of the right operand, then of the left. "
			"Then FOLD fma from +0 (integers: muladd) over the letters that nothing later needs, in the "
			"order of the left operand's dimensions, then the right one's; MAP mul when there is none. "
			"One operand: sum, or a view. Wide in between.",
		.limits = "At most 12 letters a product",
	},
	{
		.section = "Matrix products and convolution: never split",
		.operators = "DFT 17 20",
		.attributes = "axis inverse onesided",
		.lowering =
			"FOLD fma from +0 over the input's elements n in rising order, its numbers p (1 or 2) "
			"inside: x[n, p] times a table of f32; inverse: epilogue div(value, N). Elements past N are "
			"left out. With angle a = ∓2πkn/N (inverse: +) the table adds cos a, −sin a (of the "
			"imaginary number) to the real and sin a, cos a to the imaginary output; onesided inverse: "
			"real output from ⌊N/2⌋ + 1 complex elements, those but n = 0 and n = N/2 doubled; N is "
			"2·(elements − 1) unless given. **Cosines** are binary64 by +, −, ·, / alone: the "
			"angle is brought to an eighth of a turn by whole numbers, x = 6.283185307179586·u / d, t = "
			"x·x, r = 1, then r = 1 − t / (k(k−1))·r for k = 18, 16, … 2 (sine: 19, 17, … 3, "
			"then x·r); sin(2πm/n) = cos(2π(4m + 3n mod 4n)/4n); rounded once to f32, −0 as +0",
		.limits = "",
	},
	{
		.section = "Matrix products and convolution: never split",
		.operators = "STFT 17",
		.attributes = "onesided",
		.lowering = "mul(signal frame, window) in f32 where there is a window, then the DFT of each frame",
		.limits = "",
	},
	{
		.section = "Quantized values",
		.operators = "QuantizeLinear 10 13 19 21 23 24 25",
		.attributes = "axis block_size output_dtype precision saturate",
		.lowering =
			"q = div(x, scale) in the type `precision` (the scale's type unless given; operands of other "
			"types are rounded to it first, i32 converted), then round. Without a zero point, or with 0: "
			"clip(q, least, most) of the type with epilogue to_i32. With one: t = clip(q, −2^20, 2^20) "
			"with epilogue to_i32, then i32.add(t, zero point) with epilogue i32.clip(value, least, "
			"most). NaN counts as 0. i8, u8, i16, u16. By axis, or by blocks; when blocks do not divide "
			"the axis the parameters are copied through a table of indices first",
		.limits = "",
	},
	{
		.section = "Quantized values",
		.operators = "DequantizeLinear 10 13 19 21 23 24 25",
		.attributes = "axis block_size output_dtype",
		.lowering = "mul(to_f32(i32.sub(x, zero point)), scale), the scale spread as above; stored as "
			    "output_dtype, or as the scale's type",
		.limits = "",
	},
	{
		.section = "Quantized values",
		.operators = "DynamicQuantizeLinear 11",
		.attributes = "",
		.lowering = "low = FOLD min from +0, high = FOLD max from +0 (more than 2^18 elements: one dimension "
			    "after the other from the last); scale = div(sub(high, low), 255); zero point = "
			    "to_i32(round(clip(neg(div(low, scale)), 0, 255))); y as QuantizeLinear with a zero point",
		.limits = "",
	},
	{
		.section = "Quantized values",
		.operators = "MatMulInteger 10, ConvInteger 10",
		.attributes = "auto_pad dilations group kernel_shape pads strides",
		.lowering =
			"a' = i32.sub(a, zero point), b' alike (8-bit inputs, result i32), then MatMul, or Conv. "
			"Zero points one, one a row of a, one a column of b; Conv: one, one an output channel of the "
			"weights",
		.limits = "",
	},
	{
		.section = "Quantized values",
		.operators = "QLinearMatMul 10 21, QLinearConv 10",
		.attributes = "auto_pad dilations group kernel_shape pads strides",
		.lowering = "acc as above (Conv from the bias) with epilogue to_f32; m = div(mul(a_scale, b_scale), "
			    "y_scale) in f32; q = mul(acc, m) with epilogue round; then from q as QuantizeLinear",
		.limits = "",
	},
	{
		.section = "Pooling and reductions",
		.operators = "MaxPool 1 8 10 11 12 22",
		.attributes = "auto_pad ceil_mode dilations kernel_shape pads storage_order strides",
		.lowering = "FOLD max from −inf (integers: from the type's least value), kernel axes row-major, taps "
			    "outside the input are skipped. ceil_mode drops a last window that would start in the "
			    "padding behind. Indices: select(eq(x, y), position, 2^63 − 1) for every tap (position "
			    "over the whole tensor, by an iota; storage_order 1: column-major within the plane), then "
			    "FOLD i64.min from 2^63 − 1, outside taps skipped",
		.limits = "",
	},
	{
		.section = "Pooling and reductions",
		.operators = "AveragePool 1 7 10 11 19 22",
		.attributes = "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides",
		.lowering =
			"FOLD add from +0 over the window, outside taps skipped, never split; then div by the number "
			"of taps that count: inside the input, or inside the padded input with count_include_pad. "
			"The same number everywhere: epilogue div(value, n); otherwise stored as f32 and divided by "
			"a constant table",
		.limits = "",
	},
	{
		.section = "Pooling and reductions",
		.operators = "GlobalAveragePool 1 22, ReduceMean 1 11 13 18",
		.attributes = "axes keepdims noop_with_empty_axes",
		.lowering = "sum with epilogue div(value, n) (integers: FOLD add, then div; u64: udiv)",
		.limits = "",
	},
	{
		.section = "Pooling and reductions",
		.operators = "GlobalMaxPool 1 22, ReduceMax 1 11 12 13 18 20, ReduceMin 1 11 12 13 18 20",
		.attributes = "axes keepdims noop_with_empty_axes",
		.lowering = "FOLD max from −inf, min from +inf (integers: the type's least value; 2^31−1 or "
			    "2^63−1; u64: umax from 0, umin from 2^64−1)",
		.limits = "",
	},
	{
		.section = "Pooling and reductions",
		.operators = "ReduceSum 1 11 13, ReduceProd 1 11 13 18",
		.attributes = "axes keepdims noop_with_empty_axes",
		.lowering = "sum; FOLD mul from 1",
		.limits = "",
	},
	{
		.section = "Pooling and reductions",
		.operators =
			"ReduceL1 1 11 13 18, ReduceSumSquare 1 11 13 18, ReduceL2 1 11 13 18, ReduceLogSum 1 11 13 "
			"18",
		.attributes = "axes keepdims noop_with_empty_axes",
		.lowering =
			"sum of abs(x) (u64: of x); sum of mul(x, x); the same with epilogue sqrt; sum with epilogue "
			"log",
		.limits = "",
	},
	{
		.section = "Pooling and reductions",
		.operators = "ReduceLogSumExp 1 11 13 18",
		.attributes = "axes keepdims noop_with_empty_axes",
		.lowering = "m = FOLD max from −inf with epilogue clip(value, ff7fffff, 7f7fffff); s = sum of "
			    "exp(sub(x, m)) with epilogue log; y = add(s, m)",
		.limits = "",
	},
	{
		.section = "Pooling and reductions",
		.operators = "LpPool 1 2 11 18 22, GlobalLpPool 1 2 22",
		.attributes = "auto_pad ceil_mode dilations kernel_shape p pads strides",
		.lowering =
			"t = abs(x) for p = 1, mul(x, x) for 2, otherwise abs(x) multiplied by itself p − 1 times "
			"from the left; LpPool: FOLD add from +0 over the window, outside taps skipped, never split; "
			"global: sum. p = 2: epilogue sqrt; above: exp of log(s) with epilogue div(value, p). p up "
			"to 16",
		.limits = "",
	},
	{
		.section = "Pooling and reductions",
		.operators = "MaxUnpool 9 11 22",
		.attributes = "kernel_shape pads strides",
		.lowering = "per plane, ScatterElements (none) of x into zeros at index − plane · elements of a "
			    "plane; an index of another plane is left out; then padded with zeros to output_shape",
		.limits = "",
	},
	{
		.section = "Pooling and reductions",
		.operators = "MaxRoiPool 1 22",
		.attributes = "pooled_shape spatial_scale",
		.lowering = "Corners mul(corner, scale), rounded half away from zero; bin p of n has the elements from "
			    "⌊p·length/n⌋ to ⌈(p+1)·length/n⌉ of length = max(end − start + 1, 1), cut to "
			    "the image; FOLD max from −inf through a table of indices, row-major; an empty bin is 0",
		.limits = "regions must be known.",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "Softmax 1 11 13",
		.attributes = "axis",
		.lowering = "m = FOLD max from −inf; e = exp(sub(x, m)) (epilogue exp); s = sum of e; y = div(e, s). "
			    "Before opset 13 over all dimensions from `axis` (default 1) on, from 13 over `axis` "
			    "(default −1)",
		.limits = "",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "LogSoftmax 1 11 13",
		.attributes = "axis",
		.lowering = "m as above; d = sub(x, m); s = sum of exp(d) with epilogue log; y = sub(d, s)",
		.limits = "",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "BatchNormalization 1 6 7 9 14 15",
		.attributes = "consumed_inputs epsilon is_test momentum spatial training_mode",
		.lowering =
			"a = div(scale, sqrt(add(var, epsilon))); b = fma(B, neg(mean), a); y = fma(b, x, a). a and "
			"b are folded when their inputs are constant.",
		.limits = "Training mode is refused",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "RMSNormalization 23",
		.attributes = "axis epsilon stash_type",
		.lowering = "r = sqrt(add(mean of mul(x, x), epsilon)), the mean as above; y = mul(div(x, r), scale)",
		.limits = "",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "GroupNormalization 18 21",
		.attributes = "epsilon num_groups stash_type",
		.lowering = "n as below over each group; y = fma(bias, n, scale); scale and bias by group before opset "
			    "21, by channel from 21",
		.limits = "",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "MeanVarianceNormalization 9 13",
		.attributes = "axes",
		.lowering = "mean, d and v as below; y = div(d, add(sqrt(v), 3089705f)). Default axes 0, 2, 3",
		.limits = "",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "LpNormalization 1 22",
		.attributes = "axis p",
		.lowering =
			"t = sum of abs(x), or (p = 2) sum of mul(x, x) with epilogue sqrt; y = div(x, select(eq(t, "
			"0), 1, t))",
		.limits = "",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "LRN 1 13",
		.attributes = "alpha beta bias size",
		.lowering =
			"s = FOLD add from +0 of mul(x, x) over `size` channels from c − floor((size − 1) / 2), "
			"those outside skipped; t = fma(bias, s, div(alpha, size)); y = div(x, p), where p is t "
			"(beta 1), sqrt(t) (0.5), mul(sqrt(t), sqrt(sqrt(t))) (0.75), or else exp(mul(log(t), beta))",
		.limits = "",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "LayerNormalization 17, InstanceNormalization 1 6 22",
		.attributes = "axis consumed_inputs epsilon stash_type",
		.lowering = "mean = sum of x, div n; d = sub(x, mean); v = sum of mul(d, d), div n; r = sqrt(add(v, "
			    "epsilon)); n = div(d, r); y = fma(bias, n, scale), or mul(n, scale) without bias. The "
			    "outputs Mean and InvStdDev are mean and div(1, r)",
		.limits = "",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "NegativeLogLikelihoodLoss 12 13 22",
		.attributes = "ignore_index reduction",
		.lowering =
			"l = neg(x[n, target, …]), a target out of range reads +0; w = weight[target]; l = mul(l, "
			"w) with weights. With ignore_index: l and w (or 1) become select(eq(target, ignore_index), "
			"+0, ·). none: l; sum: sum of l; mean: sum of l, divided (epilogue) by the number of "
			"targets, or by the sum of w when there are weights or an ignore_index",
		.limits = "",
	},
	{
		.section = "Softmax and normalisation",
		.operators = "SoftmaxCrossEntropyLoss 12 13",
		.attributes = "ignore_index reduction",
		.lowering =
			"LogSoftmax over dimension 1, then as above; log_prob is the LogSoftmax (then rounded to the "
			"type before the loss)",
		.limits = "",
	},
	{
		.section = "Attention",
		.operators = "Attention 23 24 25",
		.attributes =
			"is_causal kv_num_heads left_window_size q_num_heads qk_matmul_output_mode right_window_size "
			"scale softcap softmax_precision",
		.lowering =
			"q = mul(Q, scale), default div(1, sqrt(size)); s = FOLD fma from +0 over the size; softcap: "
			"mul(tanh(div(s, cap)), cap); mask: add, or select(mask, s, −inf), and keys that it does "
			"not reach are masked; nonpad_kv_seqlen: select(lt(key, length), s, −inf); "
			"right_window_size r (causal: 0) and left_window_size l, each when it is there: "
			"select(le(key − query, r + past), s, −inf) and select(le(query − key, l − past), s, "
			"−inf); with nonpad_kv_seqlen and no past_key le(key − query + queries − r, length) "
			"and le(length, key − query + queries + l); m = FOLD max from ff7fffff, e = exp(sub(s, "
			"m)), t = sum of e, p = div(e, select(eq(t, 0), 1, t)); y = MatMul(p, V). All in f32; heads "
			"share keys in groups. qk_matmul_output_mode 0 to 3: s after the product, the softcap, the "
			"masks, p",
		.limits = "",
	},
	{
		.section = "Attention",
		.operators = "RotaryEmbedding 23",
		.attributes = "interleaved num_heads rotary_embedding_dim",
		.lowering = "fma(neg(mul(b, sin)), a, cos) and fma(mul(b, cos), a, sin) for the pairs a, b",
		.limits = "",
	},
	{
		.section = "Attention",
		.operators = "ai.onnx.preview:FlexAttention 1",
		.attributes = "prob_mod scale score_mod softmax_precision",
		.lowering = "mul(FOLD fma from +0 of Q and K over the size, scale), default div(1, sqrt(size)), stored "
			    "as softmax_precision (f32, f16, bf16); score_mod; Softmax, stored alike; prob_mod; MatMul "
			    "with V. The graphs are lowered in place",
		.limits = "",
	},
	{
		.section = "Attention",
		.operators = "LinearAttention 27",
		.attributes = "chunk_size kv_num_heads q_num_heads scale update_rule",
		.lowering = "the state S is f32, from past_state or +0. For each step: S = mul(S, exp(decay)) with a "
			    "gate; u = v, with delta u = mul(beta, sub(v, FOLD fma from +0 of k and S over the keys' "
			    "size)); S = fma(S, k, u); o = FOLD fma from +0 of q and S over the keys' size. Y = mul(o, "
			    "scale) of all steps, default div(1, sqrt(size)).",
		.limits = "At most 4096 steps",
	},
	{
		.section = "Attention",
		.operators = "CausalConvWithState 27",
		.attributes = "activation",
		.lowering = "as Conv over the past state (or zeros) and the input, taps rising; silu, swish: mul(y, "
			    "Sigmoid(y)), y in f32. present_state: MAP copy of the last columns",
		.limits = "",
	},
	{
		.section = "Attention",
		.operators = "TensorScatter 24",
		.attributes = "axis mode",
		.lowering = "j = i64.sub(position, write index), circular: i64.mod(add(mod(j, n), n), n); MAP "
			    "first(update at j, past cache)",
		.limits = "",
	},
	{
		.section = "Recurrent",
		.operators = "LSTM 1 7 14 22",
		.attributes =
			"activation_alpha activation_beta activations clip direction hidden_size input_forget layout "
			"output_sequence",
		.lowering = "i, o, f = act(g) of the three together; with peepholes each alone: act(fma(g, c, p)), o "
			    "with the new c. f = sub(1, i) with input_forget. c = fma(mul(i, act2(g_c)), f, c); h = "
			    "mul(o, act3(c))",
		.limits = "",
	},
	{
		.section = "Recurrent",
		.operators = "GRU 1 3 7 14 22",
		.attributes = "activation_alpha activation_beta activations clip direction hidden_size layout "
			      "linear_before_reset output_sequence",
		.lowering =
			"z, r = act(g); n = act2(FOLD fma from S_t over mul(r, h)), or with linear_before_reset "
			"act2(fma(S_t, r, FOLD fma from Rb_h over h)), S then without Rb_h; h = fma(n, z, sub(h, n))",
		.limits = "",
	},
	{
		.section = "Recurrent",
		.operators = "RNN 1 7 14 22",
		.attributes = "activation_alpha activation_beta activations clip direction hidden_size layout "
			      "output_sequence",
		.lowering = "h = act(g)",
		.limits = "",
	},
	{.section = NULL},
};
