/* The catalogue: moving elements. */
#include "validator/onnx/catalogue_rows.h"

const struct gs_catalogue_row gs_catalogue_move[] = {
	{
		.section = "Moving elements",
		.operators =
			"Reshape 1 5 13 14 19 21 23 24 25, Flatten 1 9 11 13 21 23 24 25, Squeeze 1 11 13 21 23 24 "
			"25, Unsqueeze 1 11 13 21 23 24 25, Identity 1 13 14 16 19 21 23 24 25, Transpose 1 13 21 23 "
			"24 25, Slice 1 10 11 13, Split 1 2 11 13 18, Expand 8 13, Dropout 1 6 7 10 12 13 22",
		.attributes =
			"allowzero axes axis consumed_inputs ends is_test num_outputs perm ratio seed shape split "
			"starts",
		.lowering = "views (The walk, 2).",
		.limits = "Dropout: its input, and a mask of ones; training mode is refused unless its ratio is 0",
	},
	{
		.section = "Moving elements",
		.operators = "Concat 1 4 11 13",
		.attributes = "axis",
		.lowering = "groups of three from the left become one MAP `first` whose operands are skipped outside "
			    "their own part; repeated until one is left",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "Pad 1 2 11 13 18 19 21 23 24 25",
		.attributes = "mode paddings pads value",
		.lowering = "constant: MAP copy whose reads outside the input give the value; reflect, edge, wrap: one "
			    "dimension after the other, MAP copy through a table of indices",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "Resize 10 11 13 18 19, Upsample 1 7 9 10",
		.attributes = "antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside "
			      "extrapolation_value height_scale keep_aspect_ratio_policy mode nearest_mode scales "
			      "width_scale",
		.lowering =
			"one dimension after the other, those with scale 1 and the same extent left out. nearest: "
			"MAP copy through a table of indices. linear, cubic: FOLD fma from +0 over the taps in "
			"rising order, x through a table of indices (clamped to the edge), times a table of f32 "
			"weights; all but the last dimension stored as f32. The position x of an output is computed "
			"in binary64 by ONNX's formula for the transformation mode (align_corners with scale · extent "
			"as the length of the output, as in ONNX's reference data); before opset 11 it is o / scale, nearest rounds down. Taps start at "
			"ceil(x) − 1 + floor(−r) + 1, r the kernel's radius (1, 2; divided by a scale below 1 "
			"with antialias), 2 − 2·(floor(−r) + 1) of them; weights are ONNX's kernels in binary64 "
			"at (tap − x)·min(scale, 1), divided by their sum with antialias or exclude_outside, "
			"rounded once to f32. Positions outside a crop read the extrapolation value with weight 1.",
		.limits = "At most 4096 taps",
	},
	{
		.section = "Moving elements",
		.operators = "Trilu 14, EyeLike 9 22",
		.attributes = "dtype k upper",
		.lowering = "select(mask, x, 0), mask by lt of an iota over rows and columns; eq of an iota with k",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "OneHot 9 11",
		.attributes = "axis",
		.lowering = "i = index as i64, from the end when negative; select(eq(iota, i), on, off)",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "ReverseSequence 10",
		.attributes = "batch_axis time_axis",
		.lowering = "i = select(lt(t, length), sub(length, t + 1), t), then MAP copy through the indirect row",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "Tile 1 6 13, DepthToSpace 1 11 13, SpaceToDepth 1 13",
		.attributes = "blocksize mode",
		.lowering = "one MAP copy; reshape, transpose, reshape",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "Gather 1 11 13, GatherElements 11 13",
		.attributes = "axis",
		.lowering = "i = select(lt(index, 0), add(index, extent), index), then MAP copy through the indirect "
			    "row. Indices known at lowering are checked; at run time one out of range reads zero",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "GatherND 11 12 13",
		.attributes = "batch_dims",
		.lowering =
			"i = i_0, then muladd(i_c, i, extent_c) for c ascending, each i_c from the end when negative "
			"(i64); MAP copy through i. Known indices are checked; at run time one out of range reads "
			"another element or zero",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "ScatterElements 11 13 16 18, Scatter 9 11, ScatterND 11 13 16 18",
		.attributes = "axis reduction",
		.lowering =
			"add, mul, max, min: FOLD from the old element over the updates in order, those whose index "
			"(ScatterND: as in GatherND) is another position skipped. none: k = FOLD i32.max from −1 "
			"over the updates' numbers in the same way, then MAP first(update k, old element).",
		.limits = "At most 2^18 updates, a step for each and every element",
	},
	{
		.section = "Moving elements",
		.operators = "Range 11 27",
		.attributes = "stash_type",
		.lowering = "the number of elements is exact: the least n ≥ 0 with start + n·step at the limit or "
			    "past it. i32 and i64 with start and step within 2^31: MAP copy of an iota; others "
			    "fma(start, i, step) (i64.to_f32 of an iota; integers muladd)",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "Col2Im 18",
		.attributes = "dilations pads strides",
		.lowering =
			"one spatial dimension after the other: FOLD add from 0 over the block's elements in rising "
			"order, the patch through a table of indices, taps of no patch skipped; wide in between",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "CenterCropPad 18, Crop 1",
		.attributes = "axes border scale",
		.lowering = "a window, then MAP copy with zeros outside where dimensions grow; half of the difference, "
			    "rounded down, before. Crop: a window",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "Compress 9 11, NonZero 9 13, Unique 11",
		.attributes = "axis sorted",
		.lowering = "Gather through a table, of a known condition. NonZero, Unique of known values are "
			    "constants; NaN sorts last and equals itself",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "HannWindow 17, HammingWindow 17, BlackmanWindow 17",
		.attributes = "output_datatype periodic",
		.lowering = "constants: v = a0, then fma(v, a_k, cos(2πki/N)) for k = 1, 2, cosines as in DFT; a = "
			    "3f000000, bf000000; 3f0b2164, bee9bd38; 3ed70a3d, bf000000, 3da3d70a. N is size, or size "
			    "− 1 (symmetric)",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "MelWeightMatrix 17",
		.attributes = "output_datatype",
		.lowering =
			"constant, in f32: L = log1p(div(hertz, 700)) of both edges, step = div(sub(L1, L0), filters "
			"+ 2), bin_i = floor(div(mul(mul(700, expm1(fma(L0, i, step))), length + 1), rate)); weights "
			"div(j − low, peak − low) up to the peak, div(high − j, high − peak) from it on",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "TfIdfVectorizer 9",
		.attributes =
			"max_gram_length max_skip_count min_gram_length mode ngram_counts ngram_indexes pool_int64s "
			"pool_strings weights",
		.lowering =
			"integers as i64. For every length: FOLD i32.add from 0, over skips, then places, of the and "
			"of eq(x[place + j·(skip + 1)], pool[j]) over j, n-grams that end outside skipped, as f32; "
			"the columns by a table. TFIDF: mul(count, weight); IDF: select(lt(0, count), weight, 0)",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators = "Optional 15, OptionalGetElement 15 18, OptionalHasElement 15 18",
		.attributes = "type",
		.lowering = "views of a tensor that is given; constant: whether it is given",
		.limits = "",
	},
	{
		.section = "Moving elements",
		.operators =
			"Constant 1 9 11 12 13 19 21 23 24 25, ConstantOfShape 9 20 21 23 24 25, Shape 1 13 15 19 21 "
			"23 24 25, Size 1 13 19 21 23 24 25",
		.attributes = "end sparse_value start value value_float value_floats value_int value_ints value_string "
			      "value_strings",
		.lowering = "constants",
		.limits = "",
	},
	{.section = NULL},
};
