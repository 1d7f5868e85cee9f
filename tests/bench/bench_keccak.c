/* Commitments: leaves and whole trees, in GB of committed data a second and core, by every instruction set of this
 * processor. Beside them, in the same run: the same hashes one after the other over nettle's permutation, and OpenSSL's
 * SHA-256 over the same bytes. A tree takes two permutations for 128 bytes. */
#include <nettle/sha3.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "challenge/machine/merkle.h"
#include "tests/support/bench.h"

enum { LEAF_TAG = 0x00, NODE_TAG = 0x01 }; /* docs/machine.md, the tree of a trace */
enum { DEPTH = 15, CHUNKS = 1 << DEPTH, TASKS_MAX = 16 };
static const double BYTES = (double)CHUNKS * GS_CHUNK_BYTES;

struct buffers {
	uint8_t data[CHUNKS * GS_CHUNK_BYTES];
	struct gs_hash hash[CHUNKS];
	struct gs_hash root;
	uint8_t digest[EVP_MAX_MD_SIZE];
};

struct work {
	struct buffers *m;
	const struct gs_keccak_lanes *lanes;
};

/* One block over nettle's permutation: a tag and at most 134 bytes. */
static void nettle_hash(uint8_t tag, const uint8_t *data, size_t len, struct gs_hash *out)
{
	struct sha3_state s = {{0}};
	uint8_t block[GS_KECCAK_RATE] = {tag};

	memcpy(block + 1, data, len);
	block[1 + len] = 0x01;
	block[sizeof(block) - 1] |= 0x80;
	for (size_t i = 0; i < sizeof(block) / 8; i++)
		s.a[i] = gs_le64_read(block + 8 * i);
	sha3_permute(&s);
	for (size_t i = 0; i < sizeof(out->b) / 8; i++)
		gs_le64_write(out->b + 8 * i, s.a[i]);
}

static void one_leaves(void *context)
{
	struct buffers *m = ((struct work *)context)->m;
	for (size_t i = 0; i < CHUNKS; i++)
		nettle_hash(LEAF_TAG, m->data + i * GS_CHUNK_BYTES, GS_CHUNK_BYTES, &m->hash[i]);
}

static void one_tree(void *context)
{
	struct buffers *m = ((struct work *)context)->m;
	one_leaves(context);
	for (size_t count = CHUNKS / 2; count > 0; count /= 2)
		for (size_t i = 0; i < count; i++)
			nettle_hash(NODE_TAG, m->hash[2 * i].b, 2 * sizeof(m->hash[0].b), &m->hash[i]);
	m->root = m->hash[0];
}

static void sha256(void *context)
{
	struct buffers *m = ((struct work *)context)->m;
	if (EVP_Digest(m->data, sizeof(m->data), m->digest, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

static void leaves(void *context)
{
	struct work *w = context;
	gs_merkle_leaves(w->lanes, w->m->data, CHUNKS, w->m->hash);
}

static void tree_of(struct work *w, unsigned base)
{
	struct gs_merkle t;
	if (gs_merkle_build_from(w->lanes, w->m->data, CHUNKS, DEPTH, base, &t) != GS_OK)
		abort();
	gs_merkle_root(&t, &w->m->root);
	gs_merkle_free(&t);
}

static void tree(void *context)
{
	tree_of(context, GS_MERKLE_BLOCK_HEIGHT);
}

static void whole_tree(void *context)
{
	tree_of(context, 0);
}

/* As an executor commits: pieces of 96 chunks, each begun at a multiple of 100. */
static void stream(void *context)
{
	struct work *w = context;
	struct gs_merkle_stream s;
	struct gs_merkle t = {.memory = NULL};
	if (gs_merkle_stream_init(&s, w->lanes, CHUNKS, DEPTH, GS_MERKLE_BLOCK_HEIGHT, &t) != GS_OK)
		abort();
	for (uint64_t at = 0; at + 96 <= CHUNKS; at += 100)
		gs_merkle_stream_append(&s, at, w->m->data + at * GS_CHUNK_BYTES, 96);
	gs_merkle_stream_finish(&s, w->m->data);
	gs_merkle_root(&t, &w->m->root);
	gs_merkle_free(&t);
}

enum { SHA256, ONE_LEAVES, ONE_TREE, WHOLE, STREAM, LANES };

static void report(struct gs_bench *b, const struct gs_bench_task *task, const struct gs_keccak_lanes **kind,
                   unsigned kinds)
{
	char label[64];
	double sha = task[SHA256].median_s, one = task[ONE_LEAVES].median_s, one_whole = task[ONE_TREE].median_s;
	gs_bench_row(b, "SHA-256 over the data (OpenSSL)", BYTES / sha * 1e-9, "GB/s", 1, "itself");
	gs_bench_row(b, "nettle, leaves", BYTES / one * 1e-9, "GB/s", 1, "itself");
	gs_bench_row(b, "nettle, tree", BYTES / one_whole * 1e-9, "GB/s", 1, "itself");
	for (unsigned k = 0; k < kinds; k++) {
		const struct gs_bench_task *mine = task + LANES + (size_t)2 * k;
		snprintf(label, sizeof(label), "%s, leaves", kind[k]->isa);
		gs_bench_row(b, label, BYTES / mine[0].median_s * 1e-9, "GB/s", one / mine[0].median_s,
		             "nettle's speed");
		snprintf(label, sizeof(label), "%s, tree", kind[k]->isa);
		gs_bench_row(b, label, BYTES / mine[1].median_s * 1e-9, "GB/s", one_whole / mine[1].median_s,
		             "nettle's speed");
		snprintf(label, sizeof(label), "%s, tree, and SHA-256", kind[k]->isa);
		gs_bench_row(b, label, BYTES / mine[1].median_s * 1e-9, "GB/s", sha / mine[1].median_s,
		             "SHA-256's speed");
	}
	gs_bench_row(b, "best, all levels kept", BYTES / task[WHOLE].median_s * 1e-9, "GB/s",
	             task[LANES + 1].median_s / task[WHOLE].median_s, "levels from 10 up");
	gs_bench_row(b, "best, while it grows, gaps of 4 %", BYTES / task[STREAM].median_s * 1e-9, "GB/s",
	             task[LANES + 1].median_s / task[STREAM].median_s, "all at once");
	gs_bench_part(b, "exec-keccak", "keccak_gb_s", BYTES / task[LANES + 1].median_s * 1e-9);
}

int main(int argc, char **argv)
{
	struct gs_bench *b = gs_bench_begin(argc > 0 ? argv[0] : "", "keccak",
	                                    "commitments, GB of data a second (4 MiB, one thread)");
	struct buffers *m = calloc(1, sizeof(*m));
	if (b == NULL || m == NULL) {
		free(m);
		return b == NULL ? 1 : gs_bench_end(b) | 1;
	}
	struct gs_rng rng;
	gs_rng_seed(&rng, 1);
	for (size_t i = 0; i < sizeof(m->data); i += 8)
		gs_le64_write(m->data + i, gs_rng_u64(&rng));
	const struct gs_keccak_lanes *kind[GS_KECCAK_LANES_KINDS_MAX];
	unsigned kinds = gs_keccak_lanes_all(kind);
	struct work work[GS_KECCAK_LANES_KINDS_MAX];
	struct gs_bench_task task[TASKS_MAX];
	for (unsigned k = 0; k < kinds; k++) {
		work[k] = (struct work){m, kind[k]};
		task[LANES + 2 * k] = (struct gs_bench_task){leaves, &work[k], 0};
		task[LANES + 2 * k + 1] = (struct gs_bench_task){tree, &work[k], 0};
	}
	struct gs_hash root;
	one_tree(&work[0]);
	root = m->root;
	tree(&work[0]);
	if (!gs_hash_equal(&root, &m->root))
		abort(); /* nettle's tree is not ours */
	const gs_bench_work fixed[LANES] = {sha256, one_leaves, one_tree, whole_tree, stream};
	for (unsigned i = 0; i < LANES; i++)
		task[i] = (struct gs_bench_task){fixed[i], &work[0], 0};
	gs_bench_in_turns(task, LANES + 2 * kinds, GS_BENCH_PROCESSOR, 8);
	report(b, task, kind, kinds);
	free(m);
	return gs_bench_end(b);
}
